package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/source"
)

// comparisonTime is how long people are compared before the answer is of a part.
const comparisonTime = 5 * time.Second

// Comparison is what another mapping of one attribute makes of the people in scope, by the users whom the mirror knows. Nothing is written (C2).
type Comparison struct {
	// Users in scope were looked at; Complete if these are all. Changed counts those whose value would be another one, Failing those who would get none
	// because of a problem.
	Users, Changed, Failing int
	Complete                bool
	// Unknown are properties that the mappings need and that nothing is known of yet; nobody is compared then.
	Unknown []string
	// Examples are some of those in scope, those first whose value changes.
	Examples []ValueChange
}

// ValueChange is one user's value, now and with the other mapping; [Redact] where nobody is to be shown it.
type ValueChange struct {
	SourceID, Name, UserPrincipalName string
	Before, After                     any
	// Problem says why there is no value; "" if there is none.
	Problem string
}

// CompareMapping maps the target with the present settings and with others, for the people whom the present ones take. who, an object id or
// userPrincipalName, is the first of the examples, whether in scope or not; "" for nobody.
func (e *Engine) CompareMapping(ctx context.Context, instance Instance, settings Settings, target, who string, examples int) (c Comparison, err error) {
	next, err := settings.compile()
	if err != nil {
		return c, invalid([]error{err})
	}
	present, err := e.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return c, err
	}
	now, err := present.compile()
	if err != nil {
		return c, err
	}
	path, err := attr.ParsePath(target)
	if err != nil {
		return c, invalid([]error{err})
	}
	compare := comparing{target: path.String(), now: now.Mapping, next: next.Mapping, at: mapping.Circumstances{Now: e.Now(), Instance: instance.ID}, examples: examples}
	redacted := func(path string) bool { return strings.EqualFold(path, compare.target) }
	compare.hidden = slices.ContainsFunc(now.Mapping.Redacted(), redacted) || slices.ContainsFunc(next.Mapping.Redacted(), redacted)
	if c.Unknown, err = e.unread(ctx, instance, next.Mapping.Needs()); err != nil || c.Unknown != nil {
		return c, err
	}
	if who != "" {
		user, err := e.TenantUser(ctx, instance, who)
		if err != nil {
			return c, err
		}
		var chosen Comparison
		compare.add(user.User, &chosen)
		defer func() { c.Examples = append(chosen.Examples, c.Examples...) }()
	}
	w := &work{instance: instance, connection: Connection{ID: instance.ConnectionID}}
	for seq, until := int64(0), e.Machine().Add(comparisonTime); !e.Machine().After(until); {
		objects, err := e.Store.AllObjects(ctx, instance, seq, planBatch)
		if err != nil {
			return c, err
		}
		if err := e.compareBatch(ctx, w, now, compare, objects, &c); err != nil {
			return c, err
		}
		if c.Complete = len(objects) < planBatch; c.Complete {
			break
		}
		seq = objects[len(objects)-1].Seq
	}
	return c, nil
}

// unread returns those of the properties of which nothing is known yet.
func (e *Engine) unread(ctx context.Context, instance Instance, properties []string) ([]string, error) {
	cursor, err := e.Store.Cursor(ctx, instance.ConnectionID)
	if err != nil {
		return nil, err
	}
	var unknown []string
	for _, property := range properties {
		if !slices.Contains(cursor.Attributes, property) {
			unknown = append(unknown, property)
		}
	}
	return unknown, nil
}

func (e *Engine) compareBatch(ctx context.Context, w *work, now *plan.Rules, compare comparing, objects []Object, c *Comparison) error {
	through, err := e.memberships(ctx, w, now, objects)
	if err != nil {
		return err
	}
	for i, object := range objects {
		if object.State != plan.Live {
			continue
		}
		user := source.User{ID: object.SourceID, Record: object.Record}
		decision := now.Scope.Decide(user)
		if through != nil {
			decision = now.Scope.DecideMember(user, through[i])
		}
		if decision.In {
			user.SoftDeleted = user.Record.Has("accountEnabled") && !user.Record.Bool("accountEnabled")
			compare.add(user, c)
		}
	}
	return nil
}

// comparing maps one target in two ways.
type comparing struct {
	target    string
	now, next *mapping.Set
	at        mapping.Circumstances
	hidden    bool
	examples  int
}

func (m comparing) add(user source.User, c *Comparison) {
	before, _ := m.value(m.now.Map(user, m.at))
	after, wrong := m.value(m.next.Map(user, m.at))
	changed := fmt.Sprint(before) != fmt.Sprint(after) || wrong != ""
	c.Users++
	if changed {
		c.Changed++
	}
	if wrong != "" {
		c.Failing++
	}
	full := len(c.Examples) >= m.examples
	if full && (!changed || c.Changed > m.examples) {
		return
	}
	change := ValueChange{
		SourceID: user.ID, Name: user.Record.Text("displayName"), UserPrincipalName: user.Record.Text("userPrincipalName"), Before: before, After: after, Problem: wrong,
	}
	if m.hidden {
		change.Before, change.After, change.Problem = expr.Redacted, expr.Redacted, ""
	}
	if changed {
		c.Examples = slices.Insert(c.Examples, min(c.Changed-1, len(c.Examples)), change)
	} else {
		c.Examples = append(c.Examples, change)
	}
	c.Examples = c.Examples[:min(len(c.Examples), m.examples)]
}

// value is that of the target, or why there is none.
func (m comparing) value(result mapping.Result) (value any, wrong string) {
	for _, record := range []attr.Record{result.Wanted, result.OnCreate} {
		for _, field := range record {
			if strings.EqualFold(field.Name, m.target) && value == nil {
				value = field.Value
			}
		}
	}
	if value == nil && m.target == attr.UserName && len(result.UserNames) > 0 {
		value = result.UserNames[0]
	}
	for _, problem := range result.Problems {
		if strings.EqualFold(problem.Target, m.target) {
			wrong = problem.Text
		}
	}
	return value, wrong
}
