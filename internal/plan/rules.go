package plan

import (
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
)

// SourceState says where in its life an object of the tenant is.
type SourceState string

// The states of a source object.
const (
	Live    SourceState = "live"
	Deleted SourceState = "deleted" // in the recycle bin
	Gone    SourceState = "gone"    // purged
)

// Source is an object of the tenant as the mirror knows it: after a deletion, as it was last seen.
type Source struct {
	ID        string
	State     SourceState
	DeletedAt time.Time
	Record    attr.Record
}

// Target is an object of the destination as it is now.
type Target struct {
	ID      ident.ID
	Version int64
	Record  attr.Record
	// Owner is the instance that manages the object; zero for none. OwnerName is for people.
	Owner     ident.ID
	OwnerName string
	// SourceID is the source object that the owner ties it to.
	SourceID string
}

// Key names a value by which objects of the destination are looked up: attr.UserName (Value is a name key), attr.ExternalID, or a
// matching attribute.
type Key struct{ Path, Value string }

// Rules are one version of an instance's configuration, compiled, with what it depends on.
type Rules struct {
	Instance ident.ID
	Scope    *scope.Scope
	Mapping  *mapping.Set
	// Domains are the verified domains, in lower case. RequireDomain refuses names outside them (D10).
	Domains       map[string]bool
	RequireDomain bool
}

// Draft is what is known of one object before the destination has been searched for it.
type Draft struct {
	source   Source
	linked   *Target
	decision scope.Decision
	mapped   mapping.Result
}

// Draft decides the scope of a source object and maps it. linked is the object it is tied to, nil if there is none (any more).
func (r *Rules) Draft(source Source, linked *Target) Draft {
	draft := Draft{source: source, linked: linked}
	draft.decision = r.Scope.Decide(scope.User{ID: source.ID, UserType: source.Record.Text("userType")})
	if source.State != Live || draft.decision.Never || !draft.decision.In && (linked == nil || !linked.Record.Has(attr.DeletedAt)) {
		return draft
	}
	blocked := source.Record.Has("accountEnabled") && !source.Record.Bool("accountEnabled")
	draft.mapped = r.Mapping.Map(mapping.Source{
		ID: source.ID, Record: source.Record, SoftDeleted: blocked || !draft.decision.In,
	})
	return draft
}

// InScope reports whether the object is live and in scope.
func (d Draft) InScope() bool { return d.source.State == Live && d.decision.In }

// blocked reports whether the person may not sign in to the tenant.
func (d Draft) blocked() bool {
	return d.source.Record.Has("accountEnabled") && !d.source.Record.Bool("accountEnabled")
}

// Keys lists what to look up in the destination before Decide: for an object without a link what it may be matched by, in order of
// precedence; and the holder of the name that it is going to take.
func (r *Rules) Keys(d Draft) []Key {
	if name := d.binName(); name != "" {
		return []Key{matchKey(attr.UserName, name)}
	}
	name := d.mapped.Wanted.Text(attr.UserName)
	if d.source.State != Live || name == "" {
		return nil
	}
	if d.linked != nil {
		if key := attr.NameKey(name); key != attr.NameKey(d.linked.Record.Text(attr.UserName)) {
			return []Key{{Path: attr.UserName, Value: key}}
		}
		return nil
	}
	keys := make([]Key, 0, 3)
	if external := d.mapped.Wanted.Text(attr.ExternalID); external != "" {
		keys = append(keys, Key{Path: attr.ExternalID, Value: external})
	}
	named := false
	for _, path := range r.Mapping.Matching() {
		if path == attr.ExternalID {
			continue
		}
		if value := d.mapped.Wanted.Text(path); value != "" {
			keys = append(keys, matchKey(path, value))
			named = named || path == attr.UserName
		}
	}
	if !named {
		keys = append(keys, matchKey(attr.UserName, name))
	}
	return keys
}

func matchKey(path, value string) Key {
	if path == attr.UserName {
		value = attr.NameKey(value)
	}
	return Key{Path: path, Value: value}
}
