package plan

import (
	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// Trace is what Draft and Decide looked at to come to a change, for people who ask why.
type Trace struct {
	// Decision of the scope; Blocked: the person may not sign in to the tenant.
	Decision scope.Decision
	Blocked  bool
	// Filters are the scoping filters with every clause's verdict.
	Filters []scope.FilterTrace
	// Linked is the object that the person is tied to, nil for none.
	Linked *Target
	// Keys are what was looked up in the destination, each with whom it found.
	Keys []KeyTrace
	// Matches are the objects that the person can be tied to, found by MatchedBy; only for somebody in scope without a link.
	Matches   []Target
	MatchedBy Key
	// Mapped: the mappings were evaluated; Attributes tells how.
	Mapped     bool
	Attributes []mapping.Trace
}

// KeyTrace is a key and the objects that have it.
type KeyTrace struct {
	Key
	Found []Target
}

// Trace tells what the decision about a draft rests on. It asks the very functions that Draft and Decide ask.
func (r *Rules) Trace(d Draft, found Found) Trace {
	user := source.User{ID: d.source.ID, Record: d.source.Record}
	trace := Trace{
		Decision: d.decision, Blocked: d.blocked(), Filters: r.Scope.Trace(user), Linked: d.linked, Mapped: d.mapped.Wanted != nil,
	}
	for _, key := range r.Keys(d) {
		trace.Keys = append(trace.Keys, KeyTrace{Key: key, Found: found.ByKey[key]})
	}
	if d.InScope() && d.linked == nil {
		trace.Matches, trace.MatchedBy = r.matches(d, found)
	}
	if trace.Mapped {
		user.SoftDeleted = d.softDeleted()
		trace.Attributes = r.Mapping.Explain(user, r.circumstances())
	}
	return trace
}

// Label is what people call the object: display name and address.
func (t Target) Label() string {
	return label(t.Record.Text(attr.DisplayName), t.Record.Text(attr.UserName), t.ID.String())
}
