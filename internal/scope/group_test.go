package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/scope"
)

func TestGroupsBringTheirMembers(t *testing.T) {
	one := scope.Rules{Groups: []scope.SelectedGroup{{ID: "g-1"}}, NeverTouch: []string{"z-9"}}
	two := scope.Rules{Users: []string{"a-1"}, Groups: []scope.SelectedGroup{{ID: "g-1"}, {ID: "g-2", Nested: true}}}
	filtered := one
	filtered.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "city", Operator: "EQUALS", Value: "Berlin"}}}}
	member, inside := scope.Membership{Group: "Sales"}, scope.Membership{Group: "Berlin", Selected: "Sales"}
	for _, c := range []struct {
		name    string
		rules   scope.Rules
		id      string
		guest   string
		through scope.Membership
		want    scope.Decision
	}{
		{"a member", one, "b-1", "", member, scope.Decision{In: true, Rule: scope.GroupMembers, Reason: `is a member of the selected group "Sales"`}},
		{"a member of a group inside", two, "b-1", "", inside, scope.Decision{In: true, Rule: scope.GroupMembers, Reason: `is a member of "Berlin", which is in the selected group "Sales"`}},
		{"nobody's member", one, "b-1", "", scope.Membership{}, scope.Decision{Rule: scope.NotSelected, Reason: "is not a member of the selected group"}},
		{"neither selected nor a member", two, "b-1", "", scope.Membership{}, scope.Decision{Rule: scope.NotSelected, Reason: "is not the selected user, and not a member of one of the 2 selected groups"}},
		{"selected and a member", two, "A-1", "", member, scope.Decision{In: true, Rule: scope.Selected, Reason: "is the selected user"}},
		{"a guest", one, "b-1", "Guest", member, scope.Decision{Rule: scope.Guests, Reason: "is a guest, and guests are not included"}},
		{"never to touch", one, "z-9", "", member, scope.Decision{Never: true, Rule: scope.NeverTouch, Reason: "is on the list of users never to touch"}},
		{"a member who passes no filter", filtered, "b-1", "", member, scope.Decision{Rule: scope.ByFilter, Reason: `does not pass the scoping filter: filter 1 wants city EQUALS "Berlin", it is empty`}},
		{"all users", scope.Rules{AllUsers: true, Groups: one.Groups}, "b-1", "", member, scope.Decision{In: true, Rule: scope.AllUsers, Reason: "all users are in scope"}},
		{"a membership where no groups are selected", scope.Rules{}, "b-1", "", member, scope.Decision{Rule: scope.NotSelected, Reason: "is not selected: nobody is"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, compile(t, c.rules).DecideMember(user(c.id, c.guest), c.through)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSelectedGroupsCountOnceWhateverTheirCase(t *testing.T) {
	rules := scope.Rules{Groups: []scope.SelectedGroup{{ID: "G-2"}, {ID: " g-1 "}, {ID: "g-2", Nested: true}, {ID: ""}}}
	want := []scope.SelectedGroup{{ID: "g-2", Nested: true}, {ID: "g-1"}}
	if diff := cmp.Diff(want, compile(t, rules).Groups()); diff != "" {
		t.Error(diff)
	}
	rules.AllUsers = true
	if groups := compile(t, rules).Groups(); len(groups) != 0 {
		t.Errorf("%v are looked at although all users are taken", groups)
	}
}
