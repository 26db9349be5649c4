package mapping

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/source"
)

// AttributeError is what is wrong with one attribute mapping.
type AttributeError struct {
	// Index is the place of the mapping in the list, from 0; -1 if one is missing.
	Index int
	// Target is the path of the mapping as it was written.
	Target string
	// Err says what is wrong. For an expression it wraps an *expr.SyntaxError with the position.
	Err error
}

// Error names the target and says what is wrong.
func (e *AttributeError) Error() string {
	if e.Target == "" {
		return fmt.Sprintf("mapping %d: %v", e.Index+1, e.Err)
	}
	return e.Target + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *AttributeError) Unwrap() error { return e.Err }

// Errors is everything that is wrong with a list of mappings.
type Errors = fault.List[*AttributeError]

// rule is a compiled attribute mapping.
type rule struct {
	target
	kind         Kind
	source       source.Attribute
	expression   *expr.Expression
	constant     any
	defaultValue any
	clear        bool
	// origin names where the value comes from, for messages.
	origin string
}

// compiler collects the rules, and everything that is wrong.
type compiler struct {
	rules    []rule
	sources  map[string]source.Attribute
	targets  map[string]int // by path in lower case, the index of the mapping
	matching []Attribute
	errors   Errors
}

// Compile checks a list of attribute mappings and makes it quick to apply. The error is a fault of kind Invalid that wraps Errors: all that is
// wrong, at once.
func Compile(attributes []Attribute) (*Set, error) {
	c := compiler{sources: map[string]source.Attribute{}, targets: make(map[string]int, len(attributes))}
	for i, attribute := range attributes {
		r, err := c.compile(attribute, i)
		if err != nil {
			c.errors = append(c.errors, &AttributeError{Index: i, Target: attribute.Target, Err: err})
			continue
		}
		c.rules = append(c.rules, r)
	}
	for _, path := range permanent {
		if _, present := c.targets[strings.ToLower(path)]; !present {
			c.errors = append(c.errors, &AttributeError{Index: -1, Target: path, Err: errors.New("this mapping cannot be removed")})
		}
	}
	matching := c.precedence()
	if len(c.errors) > 0 {
		return nil, fault.Wrap(fault.Invalid, "InvalidMapping", c.errors, "the attribute mappings are not valid")
	}
	slices.SortFunc(c.rules, func(a, b rule) int { return strings.Compare(a.path, b.path) })
	set := &Set{rules: c.rules, sources: c.sources, needs: source.Properties(slices.Collect(maps.Values(c.sources))...), matching: matching}
	set.hidden = set.hiddenSources()
	set.evaluations.New = func() any { return newEvaluation(set) }
	return set, nil
}

func (c *compiler) compile(a Attribute, index int) (rule, error) {
	t, err := parseTarget(a.Target)
	if err != nil {
		return rule{}, err
	}
	key := strings.ToLower(t.path)
	if first, taken := c.targets[key]; taken {
		return rule{}, fmt.Errorf("mapping %d fills the same attribute", first+1)
	}
	c.targets[key] = index
	t.onCreate = a.Apply == OnlyOnCreate
	r := rule{target: t, kind: a.Kind, clear: a.ClearWhenEmpty}
	if a.Apply != "" && a.Apply != Always && a.Apply != OnlyOnCreate {
		return rule{}, fmt.Errorf("a mapping applies %q or %q, not %q", Always, OnlyOnCreate, a.Apply)
	}
	if err := c.value(&r, a); err != nil {
		return rule{}, err
	}
	defaultValue, p := t.accept(a.Default)
	if p != nil {
		return rule{}, fmt.Errorf("the default value: %s", p.Text)
	}
	r.defaultValue = defaultValue
	if err := r.suits(a); err != nil {
		return rule{}, err
	}
	if a.Matching != 0 {
		a.Target = t.path
		c.matching = append(c.matching, a)
	}
	return r, nil
}

// value compiles where the value comes from.
func (c *compiler) value(r *rule, a Attribute) error {
	switch a.Kind {
	case Direct:
		if a.Source == "" {
			return errors.New("the source is missing: it names the attribute of the tenant to copy")
		}
		attribute, err := source.Find(a.Source)
		if err != nil {
			return err
		}
		if err := attribute.Missing(); err != nil {
			return err
		}
		if attribute.MultiValued {
			return fmt.Errorf("%s has several values; an expression such as Join(\",\", [%s]) makes one text of them", a.Source, a.Source)
		}
		r.source, r.origin = attribute, a.Source
		c.sources[a.Source] = attribute
	case Constant:
		if a.Constant == "" {
			return errors.New("the constant is empty")
		}
		constant, p := r.accept(a.Constant)
		if p != nil {
			return fmt.Errorf("the constant: %s", p.Text)
		}
		r.constant = constant
	case Expression:
		expression, err := expr.Parse(a.Expression, func(name string) error {
			attribute, err := source.Find(name)
			if err != nil {
				return err
			}
			c.sources[name] = attribute
			return attribute.Missing() // the language has functions over it, but a mapping would fail for everybody
		})
		r.expression, r.origin = expression, "the expression"
		return err
	case None:
	default:
		return fmt.Errorf("a mapping is %q, %q, %q or %q, not %q", Direct, Constant, Expression, None, a.Kind)
	}
	return nil
}

// suits checks what only some attributes allow.
func (r *rule) suits(a Attribute) error {
	identifying := r.path == attr.UserName || r.path == attr.ExternalID
	reference := r.kind == Direct && r.source.Reference
	switch {
	case r.path == attr.Manager && !reference && r.kind != None, reference && r.path != attr.Manager:
		return fmt.Errorf("the manager is a reference to another user: map manager directly to %s, and nothing else to it", attr.Manager)
	case r.path == attr.Manager && r.defaultValue != nil:
		return errors.New("the manager can have no default value")
	case r.path == attr.Active && (r.onCreate || r.clear || r.defaultValue != nil):
		return errors.New("this attribute is always applied and never empty; leave out onlyOnCreate, the default value and clearWhenEmpty")
	case identifying && (r.kind == None || r.kind == Constant || r.clear || r.defaultValue != nil):
		return errors.New("this attribute tells one user from another: it needs a direct mapping or an expression, with no default value and not cleared")
	case r.path == attr.ExternalID && r.onCreate:
		return errors.New("this attribute ties users to the tenant, so it is always applied; leave out onlyOnCreate")
	case (identifying || r.path == attr.DisplayName) && r.uses().Redact:
		return errors.New("this attribute stands in every list and every reason, so that Redact cannot hide it")
	case r.unique() && (r.path != attr.UserName || !r.onCreate || a.Matching != 0):
		return fmt.Errorf("SelectUniqueValue fills %s only, in a mapping that is applied on creation only and is no matching attribute; match by %s instead", attr.UserName, attr.ExternalID)
	}
	return r.matches(a)
}

// unique reports whether the value depends on what others have.
func (r *rule) unique() bool { return r.expression != nil && r.expression.Uses().Unique }

// matches checks what a matching attribute needs.
func (r *rule) matches(a Attribute) error {
	switch {
	case a.Matching < 0:
		return fmt.Errorf("the precedence of a matching attribute counts from 1, not %d", a.Matching)
	case a.Matching == 0:
		return nil
	case !slices.Contains(matchable, r.path):
		return fmt.Errorf("users can be matched by %s only", strings.Join(matchable, ", "))
	case r.onCreate || r.kind == None || r.kind == Constant:
		return errors.New("a matching attribute needs a direct mapping or an expression that is always applied")
	}
	return nil
}

// precedence puts the matching attributes in their order.
func (c *compiler) precedence() []string {
	slices.SortStableFunc(c.matching, func(a, b Attribute) int { return cmp.Compare(a.Matching, b.Matching) })
	paths := make([]string, len(c.matching))
	for i, a := range c.matching {
		paths[i] = a.Target
		if i > 0 && a.Matching == c.matching[i-1].Matching {
			err := fmt.Errorf("%s has the matching precedence %d too", c.matching[i-1].Target, a.Matching)
			c.errors = append(c.errors, &AttributeError{Index: c.targets[strings.ToLower(a.Target)], Target: a.Target, Err: err})
		}
	}
	if len(paths) == 0 && len(c.errors) == 0 {
		err := errors.New("no mapping is a matching attribute; userName is the usual one")
		c.errors = append(c.errors, &AttributeError{Index: -1, Target: attr.UserName, Err: err})
	}
	return paths
}
