// Package scope decides who is in scope, and says why.
//
// Rules are what an administrator configures; Compile checks them and makes them quick to ask. Every decision names the rule that made it
// and gives its reason as a sentence about the user.
//
// Rules are asked in this order: users never to touch; guests; the selection (all users, or some, by themselves or as members of groups); the
// scoping filters, which restrict all users as well as selected ones.
package scope

import (
	"strings"

	"rollcall/internal/source"
)

// Rules say which users of the tenant an instance manages. The zero Rules manage nobody.
type Rules struct {
	// AllUsers takes every user of the tenant; Users is not looked at then.
	AllUsers bool `json:"allUsers,omitempty"`
	// Users are the object ids of the selected users.
	Users []string `json:"users,omitempty"`
	// Groups are the selected groups; they bring their members, unless all users are taken anyway.
	Groups []SelectedGroup `json:"groups,omitempty"`
	// GroupObjects keeps groups as well as people: the selected ones, with those inside them where they are nested; with AllGroups, every group of
	// the tenant.
	GroupObjects bool `json:"groupObjects,omitempty"`
	AllGroups    bool `json:"allGroups,omitempty"`
	// IncludeGuests lets guests in, whether all users or selected ones are taken. Without it a selected guest stays out.
	IncludeGuests bool `json:"includeGuests,omitempty"`
	// NeverTouch are the object ids of users whom no run may create, change or deactivate.
	NeverTouch []string `json:"neverTouch,omitempty"`
	// Filters are the scoping filters: whoever is taken must pass one of them. With none, everybody who is taken is in.
	Filters []Filter `json:"filters,omitempty"`
}

// Scope is a compiled set of rules. It does not change any more; any number of goroutines may ask it.
type Scope struct {
	all, guests          bool
	objects, allGroups   bool
	selected, neverTouch map[string]struct{}
	groups               []SelectedGroup
	selectedReason       string
	notSelectedReason    string
	filters              []filter
	needs                []string
}

// What Decision.Rule may say, in the order in which the rules are asked.
const (
	// NeverTouch: the user is on the list of users never to touch.
	NeverTouch = "never-touch"
	// Guests: the user is a guest, and guests are not included.
	Guests = "guests"
	// NotSelected: neither are all users taken, nor was this one selected, nor is he a member of a selected group.
	NotSelected = "not-selected"
	// ByFilter: there are scoping filters; the user passes one of them, or none.
	ByFilter = "scoping-filter"
	// AllUsers: all users are in scope, and there are no filters.
	AllUsers = "all-users"
	// Selected: the user was selected, and there are no filters.
	Selected = "selected-users"
	// GroupMembers: the user is a member of a selected group, and there are no filters.
	GroupMembers = "group-members"
)

// Decision says whether a user is in scope, and why.
type Decision struct {
	// In: the instance manages the user.
	In bool
	// Never: whatever else holds, nothing may be written for this user. In is false then.
	Never bool
	// Rule is what decided, one of the constants above.
	Rule string
	// Reason is a sentence about the user without subject or full stop: "is a guest, and guests are not included". For AllUsers it
	// reads "all users are in scope".
	Reason string
}

// Compile checks the rules and makes them quick to ask. Ids that are empty are ignored, ids that occur twice count once. Rules without
// filters never fail; otherwise the error is a fault of kind Invalid that wraps Errors: all that is wrong with the filters, at once.
func (r Rules) Compile() (*Scope, error) {
	s := &Scope{
		all: r.AllUsers, guests: r.IncludeGuests, objects: r.GroupObjects, allGroups: r.AllGroups, selected: idSet(r.Users), neverTouch: idSet(r.NeverTouch),
	}
	if !r.AllUsers || r.GroupObjects {
		s.groups = groupSet(r.Groups)
	}
	s.selectedReason, s.notSelectedReason = selectionReasons(len(s.selected), len(s.groups))
	var err error
	s.filters, s.needs, err = compileFilters(r.Filters)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Needs returns the Graph properties that decisions look at, sorted. The caller must not change the list.
func (s *Scope) Needs() []string { return s.needs }

func idSet(ids []string) map[string]struct{} {
	set := make(map[string]struct{}, len(ids))
	for _, id := range ids {
		if id = idKey(id); id != "" {
			set[id] = struct{}{}
		}
	}
	return set
}

func idKey(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

// Decide says whether the user is in scope, and why, if he is a member of no group that the selection reaches.
func (s *Scope) Decide(u source.User) Decision { return s.DecideMember(u, Membership{}) }

// DecideMember says whether the user is in scope, and why; through is how he is a member of a group that the selection reaches. u.SoftDeleted
// is not looked at: it follows from the decision. Without filters and groups, and for whoever passes a filter by texts and booleans, it
// allocates nothing for ids in lower case.
func (s *Scope) DecideMember(u source.User, through Membership) Decision {
	id := idKey(u.ID)
	if _, found := s.neverTouch[id]; found {
		return Decision{Never: true, Rule: NeverTouch, Reason: "is on the list of users never to touch"}
	}
	if !s.guests && strings.EqualFold(u.Record.Text("userType"), "Guest") {
		return Decision{Rule: Guests, Reason: "is a guest, and guests are not included"}
	}
	_, selected := s.selected[id]
	member := through != (Membership{}) && len(s.groups) > 0
	if !s.all && !selected && !member {
		return Decision{Rule: NotSelected, Reason: s.notSelectedReason}
	}
	for i := range s.filters {
		if s.filters[i].failing(u) == nil {
			return Decision{In: true, Rule: ByFilter, Reason: s.filters[i].passed}
		}
	}
	switch {
	case len(s.filters) > 0:
		return Decision{Rule: ByFilter, Reason: s.notPassed(u)}
	case s.all:
		return Decision{In: true, Rule: AllUsers, Reason: "all users are in scope"}
	case !selected:
		return Decision{In: true, Rule: GroupMembers, Reason: through.reason()}
	}
	return Decision{In: true, Rule: Selected, Reason: s.selectedReason}
}
