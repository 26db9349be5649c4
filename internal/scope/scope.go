// Package scope decides who is in scope, and says why.
//
// Rules are what an administrator configures; Compile makes them quick to ask. Every decision names the rule that made it and gives its
// reason as a sentence about the user.
package scope

import (
	"fmt"
	"strings"
)

// Rules say which users of the tenant an instance manages. The zero Rules manage nobody.
type Rules struct {
	// AllUsers takes every user of the tenant; Users is not looked at then.
	AllUsers bool `json:"allUsers,omitempty"`
	// Users are the object ids of the selected users.
	Users []string `json:"users,omitempty"`
	// IncludeGuests lets guests in, whether all users or selected ones are taken. Without it a selected guest stays out.
	IncludeGuests bool `json:"includeGuests,omitempty"`
	// NeverTouch are the object ids of users whom no run may create, change or deactivate.
	NeverTouch []string `json:"neverTouch,omitempty"`
}

// Scope is a compiled set of rules. It does not change any more; any number of goroutines may ask it.
type Scope struct {
	all, guests          bool
	selected, neverTouch map[string]struct{}
	selectedReason       string
	notSelectedReason    string
}

// User is what a decision needs to know of a user.
type User struct {
	// ID is the object id in the tenant, a GUID in any case.
	ID string
	// UserType is Graph's userType: "Member", "Guest", or "" for accounts older than the property, which are members.
	UserType string
}

// What Decision.Rule may say, in the order in which the rules are asked.
const (
	// NeverTouch: the user is on the list of users never to touch.
	NeverTouch = "never-touch"
	// Guests: the user is a guest, and guests are not included.
	Guests = "guests"
	// AllUsers: all users are in scope.
	AllUsers = "all-users"
	// Selected: the user was selected.
	Selected = "selected-users"
	// NotSelected: no rule takes the user.
	NotSelected = "not-selected"
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

// Compile makes the rules quick to ask. Ids that are empty are ignored, ids that occur twice count once.
func (r Rules) Compile() *Scope {
	s := &Scope{all: r.AllUsers, guests: r.IncludeGuests, selected: idSet(r.Users), neverTouch: idSet(r.NeverTouch)}
	switch count := len(s.selected); count {
	case 0:
		s.notSelectedReason = "is not selected: nobody is"
	case 1:
		s.selectedReason = "is the selected user"
		s.notSelectedReason = "is not the selected user"
	default:
		s.selectedReason = fmt.Sprintf("is one of the %d selected users", count)
		s.notSelectedReason = fmt.Sprintf("is not among the %d selected users", count)
	}
	return s
}

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

// Decide says whether the user is in scope, and why. It allocates nothing for ids in lower case.
func (s *Scope) Decide(u User) Decision {
	id := idKey(u.ID)
	if _, found := s.neverTouch[id]; found {
		return Decision{Never: true, Rule: NeverTouch, Reason: "is on the list of users never to touch"}
	}
	if !s.guests && strings.EqualFold(u.UserType, "Guest") {
		return Decision{Rule: Guests, Reason: "is a guest, and guests are not included"}
	}
	if s.all {
		return Decision{In: true, Rule: AllUsers, Reason: "all users are in scope"}
	}
	if _, found := s.selected[id]; found {
		return Decision{In: true, Rule: Selected, Reason: s.selectedReason}
	}
	return Decision{Rule: NotSelected, Reason: s.notSelectedReason}
}
