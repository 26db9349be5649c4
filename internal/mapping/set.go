package mapping

import (
	"slices"
	"sync"

	"golang.org/x/text/language"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/source"
)

// Set is a list of attribute mappings, checked and compiled. It does not change any more; any number of goroutines may use it.
type Set struct {
	rules       []rule // in the order of their paths
	sources     map[string]source.Attribute
	needs       []string
	matching    []string
	hidden      []string
	evaluations sync.Pool // of *evaluation
}

// Result is what the mappings make of one user.
type Result struct {
	// Wanted is what the destination should hold, by SCIM path. A nil value empties the attribute; it occurs only where the mapping says
	// clear when empty. An attribute whose source has no value is absent. active, if its mapping gives a value, equals Active.
	Wanted attr.Record
	// OnCreate are further values for a user who is created: of mappings that apply only on creation, and defaults in place of
	// values that are absent or nil in Wanted.
	OnCreate attr.Record
	// UserNames are what SelectUniqueValue offers for the userName of a user who is created, the best first; OnCreate has none then.
	UserNames []string
	// Active is what the mapping of active says; true if it says nothing, since a mapping can only restrict.
	Active bool
	// Ignored: an expression says that nothing is to be done for this user, and where. Nil otherwise.
	Ignored *Problem
	// Problems lists the attributes that could not be mapped; their values are left out. One with userName comes first.
	Problems []Problem
	// Warnings lists values that are written although they look wrong.
	Warnings []Problem
}

// Needs returns the Graph properties to $select, sorted. The caller must not change the list.
func (s *Set) Needs() []string { return s.needs }

// Matching returns the paths of the matching attributes in the order of precedence. The caller must not change the list.
func (s *Set) Matching() []string { return s.matching }

// Redacted returns the paths whose values nobody is shown (Redact), sorted.
func (s *Set) Redacted() []string { return s.paths(func(uses expr.Uses) bool { return uses.Redact }) }

// Timed returns the paths whose values change with the time (Now), and not only with the user, sorted.
func (s *Set) Timed() []string { return s.paths(func(uses expr.Uses) bool { return uses.Clock }) }

func (s *Set) paths(which func(expr.Uses) bool) []string {
	var paths []string
	for i := range s.rules {
		if which(s.rules[i].uses()) {
			paths = append(paths, s.rules[i].path)
		}
	}
	return paths
}

// OffersNames reports whether a user who is created gets one of several userNames (SelectUniqueValue).
func (s *Set) OffersNames() bool {
	return slices.ContainsFunc(s.rules, func(r rule) bool { return r.unique() })
}

func (r *rule) uses() expr.Uses {
	if r.expression == nil {
		return expr.Uses{}
	}
	return r.expression.Uses()
}

// Map makes the wanted destination record of a user.
func (s *Set) Map(u source.User, c Circumstances) Result {
	e := s.evaluations.Get().(*evaluation) //nolint:errcheck,forcetypeassert // nothing else is ever put there
	defer s.evaluations.Put(e)
	e.user, e.Now, e.instance = u, c.Now, c.Instance
	result := Result{Wanted: make(attr.Record, 0, len(s.rules)), Active: true}
	for i := range s.rules {
		result.put(&s.rules[i], e)
	}
	return result
}

// put evaluates one mapping and puts what comes of it where it belongs.
func (result *Result) put(r *rule, e *evaluation) expr.Action {
	value, action, p := r.evaluate(e)
	if p == nil && value == nil && action != expr.IgnoreObject && len(e.candidates) == 0 {
		p = r.missing(action)
	}
	switch {
	case p != nil && r.uses().Redact:
		result.add(*problem(p.Code, r.target, "%s: the value does not suit the attribute, or has none; it is not shown (%s)", r.path, expr.Redacted))
	case p != nil:
		result.add(*p)
	case action == expr.IgnoreObject:
		if result.Ignored == nil || result.Ignored.OnCreate { // what always applies counts before what matters on creation only
			result.Ignored = problem(Ignored, r.target, "the mapping of %s says IgnoreObjectFlow", r.path)
		}
	case action == expr.IgnoreAttribute:
	case r.uses().Unique:
		result.UserNames = e.candidates
	default:
		result.take(r, value)
	}
	return action
}

// missing says what a user lacks who gets no value for what tells one user from another; nil for other attributes. A userName that the
// expression leaves alone, and an externalId, are missed only by who has to be created.
func (r *rule) missing(action expr.Action) *Problem {
	var p *Problem
	switch r.path {
	case attr.UserName:
		p = problem(MissingUserName, r.target, "userName is missing: %s has no value", r.origin)
		p.OnCreate = p.OnCreate || action == expr.IgnoreAttribute
	case attr.ExternalID:
		p = problem(MissingExternalID, r.target, "externalId is missing: %s has no value", r.origin)
		p.OnCreate = true
	}
	return p
}

// evaluate makes the value of one attribute; nil if there is none.
func (r *rule) evaluate(e *evaluation) (any, expr.Action, *Problem) {
	e.candidates = nil
	switch r.kind {
	case Direct:
		value, p := r.accept(r.source.Read(e.user))
		return value, expr.Flow, p
	case Constant:
		return r.constant, expr.Flow, nil
	case Expression:
		result, err := e.run(r)
		switch {
		case err != nil:
			return nil, expr.Flow, problem(ExpressionFailed, r.target, "%s: %v", r.path, err)
		case r.uses().Unique:
			return nil, expr.Flow, r.acceptCandidates(e)
		case result.Action == expr.Escrow:
			return nil, expr.Escrow, problem(Escrowed, r.target, "%s: %s", r.path, result.Reason)
		}
		value, p := r.acceptResult(result.Value)
		return value, result.Action, p
	default:
		return nil, expr.Flow, nil
	}
}

// acceptCandidates keeps the candidates that the attribute can hold. It fails if there were some and none is left.
func (r *rule) acceptCandidates(e *evaluation) *Problem {
	var fit []string
	var wrong *Problem
	for _, candidate := range e.candidates {
		if _, p := r.accept(candidate); p != nil {
			wrong = p
		} else if candidate != "" {
			fit = append(fit, candidate)
		}
	}
	if e.candidates = fit; len(fit) == 0 {
		return wrong
	}
	return nil
}

func (r *rule) acceptResult(value expr.Value) (any, *Problem) {
	text, single := value.Text()
	switch {
	case single && r.boolean:
		return r.parseBoolean(text)
	case single:
		return r.accept(text)
	default:
		return r.accept(value.Any())
	}
}

// take puts a value, or the lack of one, where it belongs. Rules come in the order of their paths, and so do the fields of a record.
func (result *Result) take(r *rule, value any) {
	switch {
	case value == nil:
		if r.clear && !r.onCreate {
			result.Wanted = append(result.Wanted, attr.Field{Name: r.path})
		}
		if r.defaultValue != nil {
			result.OnCreate = append(result.OnCreate, attr.Field{Name: r.path, Value: r.defaultValue})
		}
	case r.onCreate:
		result.OnCreate = append(result.OnCreate, attr.Field{Name: r.path, Value: value})
	default:
		if active, ok := value.(bool); ok && r.path == attr.Active {
			result.Active = active
		}
		result.Wanted = append(result.Wanted, attr.Field{Name: r.path, Value: value})
	}
	if text, ok := value.(string); ok && r.country && !isCountry(text) {
		shown := quote(text)
		if r.uses().Redact {
			shown = expr.Redacted
		}
		result.Warnings = append(result.Warnings, *problem(UnknownCountry, r.target, "%s is %s, which is no ISO 3166 alpha-2 code of a country", r.path, shown))
	}
}

// isCountry reports whether the text is an ISO 3166-1 alpha-2 code in upper case.
func isCountry(text string) bool {
	region, err := language.ParseRegion(text)
	return err == nil && len(text) == 2 && region.IsCountry() && region.Canonicalize().String() == text
}

func (result *Result) add(p Problem) {
	result.Problems = append(result.Problems, p)
	if last := len(result.Problems) - 1; p.Target == attr.UserName {
		copy(result.Problems[1:], result.Problems[:last])
		result.Problems[0] = p
	}
}
