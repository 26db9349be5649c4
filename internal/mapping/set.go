package mapping

import (
	"rollcall/internal/attr"
)

// Set is a list of attribute mappings, checked and compiled. It does not change any more; any number of goroutines may use it.
type Set struct {
	rules    []rule // in the order of their paths
	sources  map[string]sourceAttribute
	needs    []string
	matching []string
}

// Result is what the mappings make of one user.
type Result struct {
	// Wanted is what the destination should hold, by SCIM path. A nil value empties the attribute; it occurs only where the mapping says
	// clear when empty. An attribute whose source has no value is absent. active, if its mapping gives a value, equals Active.
	Wanted attr.Record
	// OnCreate are further values for a user who is created: of mappings that apply only on creation, and defaults in place of
	// values that are absent or nil in Wanted.
	OnCreate attr.Record
	// Active is what the mapping of active says; true if it says nothing, since a mapping can only restrict.
	Active bool
	// Problems lists the attributes that could not be mapped; their values are left out. One with userName comes first.
	Problems []Problem
}

// Needs returns the Graph properties to $select, sorted. The caller must not change the list.
func (s *Set) Needs() []string { return s.needs }

// Matching returns the paths of the matching attributes in the order of precedence. The caller must not change the list.
func (s *Set) Matching() []string { return s.matching }

// Map makes the wanted destination record of a user.
func (s *Set) Map(u Source) Result {
	result := Result{Wanted: make(attr.Record, 0, len(s.rules)), Active: true}
	var lookup func(name string) any
	for i := range s.rules {
		r := &s.rules[i]
		if r.kind == Expression && lookup == nil {
			lookup = s.lookup(u)
		}
		value, p := r.evaluate(u, lookup)
		if p == nil && value == nil && r.path == attr.UserName {
			p = problem(MissingUserName, r.target, "userName is missing: %s has no value", r.origin)
		}
		if p != nil {
			result.add(*p)
			continue
		}
		result.take(r, value)
	}
	return result
}

// lookup answers the expressions' questions about a user. It gets a copy, so that a Map without expressions allocates none.
func (s *Set) lookup(u Source) func(name string) any {
	return func(name string) any { return s.sources[name].read(u) }
}

// evaluate makes the value of one attribute; nil if there is none.
func (r *rule) evaluate(u Source, lookup func(name string) any) (any, *Problem) {
	switch r.kind {
	case Direct:
		return r.accept(r.source.read(u))
	case Constant:
		return r.constant, nil
	case Expression:
		value, err := r.expression.Evaluate(lookup)
		if err != nil {
			return nil, problem(ExpressionFailed, r.target, "%s: %v", r.path, err)
		}
		text, single := value.Text()
		switch {
		case single && r.boolean:
			return r.parseBoolean(text)
		case single:
			return r.accept(text)
		default:
			return r.accept(value.Any())
		}
	default:
		return nil, nil
	}
}

// take puts a value, or the lack of one, where it belongs. Rules come in the order of their paths, and so do the fields of a record.
func (result *Result) take(r *rule, value any) {
	switch {
	case value == nil:
		if r.clear && !r.onlyOnCreate {
			result.Wanted = append(result.Wanted, attr.Field{Name: r.path})
		}
		if r.defaultValue != nil {
			result.OnCreate = append(result.OnCreate, attr.Field{Name: r.path, Value: r.defaultValue})
		}
	case r.onlyOnCreate:
		result.OnCreate = append(result.OnCreate, attr.Field{Name: r.path, Value: value})
	default:
		if active, ok := value.(bool); ok && r.path == attr.Active {
			result.Active = active
		}
		result.Wanted = append(result.Wanted, attr.Field{Name: r.path, Value: value})
	}
}

func (result *Result) add(p Problem) {
	result.Problems = append(result.Problems, p)
	if last := len(result.Problems) - 1; p.Target == attr.UserName {
		copy(result.Problems[1:], result.Problems[:last])
		result.Problems[0] = p
	}
}
