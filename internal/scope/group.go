package scope

import "fmt"

// SelectedGroup is a selected group of the tenant. It brings the users who are its direct members.
type SelectedGroup struct {
	// ID is the group's object id.
	ID string `json:"id"`
	// Nested brings the members of the groups inside it as well, at all levels.
	Nested bool `json:"nested,omitempty"`
}

// Membership says through which group a user is reached by the selection. The zero Membership says that he is not.
type Membership struct {
	// Group is the name of a group of which the user is a direct member.
	Group string
	// Selected is the name of a selected group through which Group is reached; "" if Group is selected itself.
	Selected string
}

func (m Membership) reason() string {
	if m.Selected == "" {
		return "is a member of the selected group " + quote(m.Group)
	}
	return "is a member of " + quote(m.Group) + ", which is in the selected group " + quote(m.Selected)
}

// Groups returns the selected groups, each once, with ids in lower case, in the order of the rules; none if all users are taken and groups are
// not kept. The caller must not change the list.
func (s *Scope) Groups() []SelectedGroup { return s.groups }

// Objects reports whether groups are kept as well as people, and all whether it is every group of the tenant.
func (s *Scope) Objects() (kept, all bool) {
	return s.objects, s.objects && s.allGroups
}

// ByMembership reports whether being a member of a group can bring somebody into scope.
func (s *Scope) ByMembership() bool { return !s.all && len(s.groups) > 0 }

func groupSet(groups []SelectedGroup) []SelectedGroup {
	var set []SelectedGroup
	places := make(map[string]int, len(groups))
	for _, group := range groups {
		id := idKey(group.ID)
		if id == "" {
			continue
		}
		place, repeated := places[id]
		if !repeated {
			places[id] = len(set)
			set = append(set, SelectedGroup{ID: id, Nested: group.Nested})
			continue
		}
		set[place].Nested = set[place].Nested || group.Nested
	}
	return set
}

// selectionReasons say of a user that he was selected by himself, and that nothing selects him.
func selectionReasons(users, groups int) (selected, not string) {
	switch users {
	case 0:
		not = "is not selected: nobody is"
	case 1:
		selected, not = "is the selected user", "is not the selected user"
	default:
		selected, not = fmt.Sprintf("is one of the %d selected users", users), fmt.Sprintf("is not among the %d selected users", users)
	}
	members := "the selected group"
	if groups > 1 {
		members = fmt.Sprintf("one of the %d selected groups", groups)
	}
	switch {
	case groups == 0:
	case users == 0:
		not = "is not a member of " + members
	default:
		not += ", and not a member of " + members
	}
	return selected, not
}
