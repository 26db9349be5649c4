package plan

import (
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
	"rollcall/internal/source"
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
	// Through is how the object is a member of a group that the selection of the scope reaches.
	Through scope.Membership
	// Tie is the status of the link to its object of the destination, "" if there is none or it is not at hand.
	Tie LinkStatus
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
	// Schema is what the destination can take; nil for everything.
	Schema *Schema
	// Now is the time of the plan, for expressions that look at it.
	Now time.Time
}

// Needs returns the Graph properties that scope and mapping look at, sorted. Without all of them in the mirror nobody may be planned.
func (r *Rules) Needs() []string {
	needs := slices.Concat(r.Scope.Needs(), r.Mapping.Needs())
	slices.Sort(needs)
	return slices.Compact(needs)
}

// Draft is what is known of one object before the destination has been searched for it.
type Draft struct {
	source   Source
	linked   *Target
	decision scope.Decision
	mapped   mapping.Result
}

// Draft decides the scope of a source object and maps it. linked is the object it is tied to, nil if there is none (any more).
func (r *Rules) Draft(object Source, linked *Target) Draft {
	user := source.User{ID: object.ID, Record: object.Record}
	draft := Draft{source: object, linked: linked, decision: r.Scope.DecideMember(user, object.Through)}
	if !draft.decision.In && draft.decision.Rule == scope.ByFilter && r.filtersByRedacted() {
		draft.decision.Reason = "passes none of the scoping filters"
	}
	if object.State != Live || draft.decision.Never || !draft.decision.In && (linked == nil || !linked.Record.Has(attr.DeletedAt)) {
		return draft
	}
	user.SoftDeleted = draft.softDeleted()
	draft.mapped = r.Mapping.Map(user, r.circumstances())
	return draft
}

// filtersByRedacted reports whether the scoping filters look at what nobody is shown: their reasons tell values.
func (r *Rules) filtersByRedacted() bool {
	return slices.ContainsFunc(r.Mapping.RedactedSources(), func(property string) bool { return slices.Contains(r.Scope.Needs(), property) })
}

func (r *Rules) circumstances() mapping.Circumstances {
	return mapping.Circumstances{Now: r.Now, Instance: r.Instance}
}

// softDeleted is what IsSoftDeleted says to expressions.
func (d Draft) softDeleted() bool { return d.blocked() || !d.decision.In }

// InScope reports whether the object is live and in scope.
func (d Draft) InScope() bool { return d.source.State == Live && d.decision.In }

// blocked reports whether the person may not sign in to the tenant.
func (d Draft) blocked() bool {
	return d.source.Record.Has("accountEnabled") && !d.source.Record.Bool("accountEnabled")
}

// Keys lists what to look up in the destination before Decide: for an object without a link what it may be matched by, in order of
// precedence; and the holders of the names that it is going to take, or may take.
func (r *Rules) Keys(d Draft) []Key {
	if name := d.binName(); name != "" {
		return []Key{matchKey(attr.UserName, name)}
	}
	if d.source.State != Live {
		return nil
	}
	if d.linked != nil {
		name := d.nameOf(*d.linked)
		if key := attr.NameKey(name); name != "" && key != attr.NameKey(d.linked.Record.Text(attr.UserName)) {
			return []Key{{Path: attr.UserName, Value: key}}
		}
		return nil
	}
	return r.keysToMatch(d)
}

func (r *Rules) keysToMatch(d Draft) []Key {
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
		for _, name := range d.newNames() {
			keys = append(keys, matchKey(attr.UserName, name))
		}
	}
	return keys
}

// newNames returns the userNames that an object which has to be created may get, the best first.
func (d Draft) newNames() []string {
	for _, record := range []attr.Record{d.mapped.Wanted, d.mapped.OnCreate} {
		if name := record.Text(attr.UserName); name != "" {
			return []string{name}
		}
	}
	return d.mapped.UserNames
}

// nameOf returns the userName that an object should have: what the mapping says, or, where the mapping leaves existing names alone, the name it
// had before it went to the recycle bin; "" if the name stays.
func (d Draft) nameOf(target Target) string {
	if name := d.mapped.Wanted.Text(attr.UserName); name != "" || !target.Record.Has(attr.DeletedAt) {
		return name
	}
	return strings.TrimPrefix(target.Record.Text(attr.UserName), binPrefix(d.source))
}

func matchKey(path, value string) Key {
	if path == attr.UserName {
		value = attr.NameKey(value)
	}
	return Key{Path: path, Value: value}
}
