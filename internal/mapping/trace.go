package mapping

import (
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/source"
)

// Outcome says what one mapping makes of one user.
type Outcome string

// The outcomes.
const (
	// Valued: the mapping gives the value.
	Valued Outcome = "value"
	// CreateOnly: the mapping gives a value, and only a user who is created gets it.
	CreateOnly Outcome = "only on create"
	// Offered: the mapping offers several userNames, of which a user who is created gets the first that is free.
	Offered Outcome = "offered"
	// Defaulted: there is no value; a user who is created gets the default, one who exists is left as he is.
	Defaulted Outcome = "default"
	// Cleared: there is no value, and the attribute is emptied.
	Cleared Outcome = "cleared"
	// Empty: there is no value, and the attribute is left as it is.
	Empty Outcome = "no value"
	// AttributeIgnored and UserIgnored: the expression says that the attribute, or the whole user, is left as it is.
	AttributeIgnored Outcome = "ignored"
	UserIgnored      Outcome = "user ignored"
	// Unmapped: the attribute could not be mapped, and Text says why.
	Unmapped Outcome = "problem"
)

// Input is an attribute of the tenant that a mapping looked at.
type Input struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// Trace says how one mapping came to its outcome for one user. Of an expression that uses Redact all values are expr.Redacted.
type Trace struct {
	// Target is the SCIM path.
	Target string `json:"target"`
	Kind   Kind   `json:"kind"`
	// Source is the attribute, the constant or the text of the expression.
	Source string `json:"source,omitempty"`
	// Inputs are the attributes that the mapping names, in the order of appearance.
	Inputs  []Input `json:"inputs,omitempty"`
	Outcome Outcome `json:"outcome"`
	// Value is what the outcome gives, the default included; nil if it gives none. Offers has the userNames of Offered, the best first.
	Value  any      `json:"value,omitempty"`
	Offers []string `json:"offers,omitempty"`
	// Text is a sentence about a problem, or a warning; without full stop.
	Text string `json:"text,omitempty"`
	// Redacted: nobody is shown the values.
	Redacted bool `json:"redacted,omitempty"`
}

// Explain maps a user as Map does, and tells of each mapping how it came to its outcome, in the order of the targets.
func (s *Set) Explain(u source.User, c Circumstances) []Trace {
	e := s.evaluations.Get().(*evaluation) //nolint:errcheck,forcetypeassert // nothing else is ever put there
	defer s.evaluations.Put(e)
	e.user, e.Now, e.instance = u, c.Now, c.Instance
	traces := make([]Trace, len(s.rules))
	for i := range s.rules {
		r := &s.rules[i]
		alone := Result{Active: true}
		action := alone.put(r, e)
		trace := Trace{Target: r.path, Kind: r.kind, Source: r.written(), Redacted: r.uses().Redact}
		for _, attribute := range r.attributes(s) {
			trace.Inputs = append(trace.Inputs, Input{Name: attribute.Name, Value: attribute.Read(u)})
		}
		trace.judge(r, action, alone)
		trace.redact()
		traces[i] = trace
	}
	return traces
}

// judge reads the outcome from what the mapping alone made of the user.
func (t *Trace) judge(r *rule, action expr.Action, alone Result) {
	for _, warning := range alone.Warnings {
		t.Text = warning.Text
	}
	wanted, onCreate := alone.Wanted.Get(r.path), alone.OnCreate.Get(r.path)
	switch {
	case len(alone.Problems) > 0:
		t.Outcome, t.Text = Unmapped, alone.Problems[0].Text
	case alone.Ignored != nil:
		t.Outcome = UserIgnored
	case action == expr.IgnoreAttribute:
		t.Outcome = AttributeIgnored
	case len(alone.UserNames) > 0:
		t.Outcome, t.Offers = Offered, alone.UserNames
	case wanted != nil:
		t.Outcome, t.Value = Valued, wanted
	case onCreate != nil && r.onCreate && !attr.Equal(onCreate, r.defaultValue):
		t.Outcome, t.Value = CreateOnly, onCreate
	case onCreate != nil:
		t.Outcome, t.Value = Defaulted, onCreate
		if alone.Wanted.Has(r.path) {
			t.Text = "of a user who exists it is emptied"
		}
	case alone.Wanted.Has(r.path):
		t.Outcome = Cleared
	default:
		t.Outcome = Empty
	}
}

// redact hides what nobody is shown.
func (t *Trace) redact() {
	if !t.Redacted {
		return
	}
	for i := range t.Inputs {
		t.Inputs[i].Value = expr.Redacted
	}
	if t.Value != nil {
		t.Value = expr.Redacted
	}
	if t.Offers != nil {
		t.Offers = []string{expr.Redacted}
	}
}

// written is the source, constant or expression of a rule as it was configured.
func (r *rule) written() string {
	switch r.kind {
	case Direct:
		return r.source.Name
	case Constant:
		return fmt.Sprint(r.constant)
	case Expression:
		return r.expression.String()
	default:
		return ""
	}
}

// attributes are those of the tenant that a rule looks at.
func (r *rule) attributes(s *Set) []source.Attribute {
	switch r.kind {
	case Direct:
		return []source.Attribute{r.source}
	case Expression:
		var list []source.Attribute
		for _, name := range r.expression.Attributes() {
			list = append(list, s.sources[name])
		}
		return list
	default:
		return nil
	}
}

// RedactedSources returns the Graph properties that only mappings which use Redact look at: whoever shows a user's record hides them. Sorted.
// Those by which people are called, and by which scope and lifecycle decide anyway, are not among them. The caller must not change the list.
func (s *Set) RedactedSources() []string { return s.hidden }

func (s *Set) hiddenSources() []string {
	open, hidden := source.Properties(), []string{}
	for i := range s.rules {
		r := &s.rules[i]
		for _, attribute := range r.attributes(s) {
			if r.uses().Redact {
				hidden = append(hidden, attribute.Property)
			} else {
				open = append(open, attribute.Property)
			}
		}
	}
	slices.Sort(hidden)
	return slices.DeleteFunc(slices.Compact(hidden), func(property string) bool { return property == "" || slices.Contains(open, property) })
}
