package scope

import "rollcall/internal/source"

// FilterTrace says how one scoping filter judged a user.
type FilterTrace struct {
	// Name is what messages call the filter.
	Name string `json:"name"`
	// Passed: all clauses hold. One such filter is enough.
	Passed  bool          `json:"passed"`
	Clauses []ClauseTrace `json:"clauses"`
}

// ClauseTrace says how one clause judged a user.
type ClauseTrace struct {
	// Clause as messages write it: city EQUALS "Berlin".
	Clause string `json:"clause"`
	// Property is the Graph property that the clause looks at, Value what it holds for the user; nil if it holds nothing.
	Property string `json:"property"`
	Value    any    `json:"value"`
	Holds    bool   `json:"holds"`
}

// Trace shows every clause of every filter with the user's value and its verdict, also those that Decide need not ask. Empty if there are no
// filters.
func (s *Scope) Trace(u source.User) []FilterTrace {
	traces := make([]FilterTrace, len(s.filters))
	for i := range s.filters {
		f := &s.filters[i]
		traces[i] = FilterTrace{Name: f.label, Passed: f.failing(u) == nil, Clauses: make([]ClauseTrace, len(f.clauses))}
		for j := range f.clauses {
			c := &f.clauses[j]
			traces[i].Clauses[j] = ClauseTrace{Clause: c.text, Property: c.attribute.Property, Value: c.attribute.Read(u), Holds: c.holds(u)}
		}
	}
	return traces
}
