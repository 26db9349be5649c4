package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/scope"
	"rollcall/internal/source"
)

func user(id, userType string) source.User {
	u := source.User{ID: id}
	if userType != "" {
		u.Record.Set("userType", userType)
	}
	return u
}

func compile(t testing.TB, rules scope.Rules) *scope.Scope {
	t.Helper()
	s, err := rules.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryDecisionNamesItsRuleAndReason(t *testing.T) {
	some := scope.Rules{Users: []string{"A-1", " a-2 ", "a-1", ""}, NeverTouch: []string{"a-2", "z-9"}}
	three := scope.Rules{Users: []string{"a-1", "a-2", "a-3"}, IncludeGuests: true}
	all := scope.Rules{AllUsers: true, Users: []string{"a-1"}, NeverTouch: []string{"z-9"}}
	for _, c := range []struct {
		name  string
		rules scope.Rules
		user  source.User
		want  scope.Decision
	}{
		{"a member when all are taken", all, user("b-1", "Member"), scope.Decision{In: true, Rule: scope.AllUsers, Reason: "all users are in scope"}},
		{"a user without type is a member", all, user("b-1", ""), scope.Decision{In: true, Rule: scope.AllUsers, Reason: "all users are in scope"}},
		{"a guest when all are taken", all, user("b-1", "guest"), scope.Decision{Rule: scope.Guests, Reason: "is a guest, and guests are not included"}},
		{"never touch comes before all users", all, user("Z-9", "Guest"), scope.Decision{Never: true, Rule: scope.NeverTouch, Reason: "is on the list of users never to touch"}},
		{"a selected user in another case", some, user("a-1", ""), scope.Decision{In: true, Rule: scope.Selected, Reason: "is one of the 2 selected users"}},
		{"never touch comes before selection", some, user("a-2", ""), scope.Decision{Never: true, Rule: scope.NeverTouch, Reason: "is on the list of users never to touch"}},
		{"a selected guest", some, user("a-1", "Guest"), scope.Decision{Rule: scope.Guests, Reason: "is a guest, and guests are not included"}},
		{"a selected guest where guests are included", three, user("a-1", "Guest"), scope.Decision{In: true, Rule: scope.Selected, Reason: "is one of the 3 selected users"}},
		{"somebody else", three, user("b-1", ""), scope.Decision{Rule: scope.NotSelected, Reason: "is not among the 3 selected users"}},
		{"the only selected user", scope.Rules{Users: []string{"a-1"}}, user("a-1", ""), scope.Decision{In: true, Rule: scope.Selected, Reason: "is the selected user"}},
		{"not the only selected user", scope.Rules{Users: []string{"a-1"}}, user("b-1", ""), scope.Decision{Rule: scope.NotSelected, Reason: "is not the selected user"}},
		{"no rules at all", scope.Rules{}, user("a-1", ""), scope.Decision{Rule: scope.NotSelected, Reason: "is not selected: nobody is"}},
		{"a user without id is never selected", some, user("", ""), scope.Decision{Rule: scope.NotSelected, Reason: "is not among the 2 selected users"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, compile(t, c.rules).Decide(c.user)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestADecisionAllocatesNothing(t *testing.T) {
	s := compile(t, scope.Rules{Users: []string{"9f2b8c1e-0000-4000-8000-000000000001"}})
	member := user("9f2b8c1e-0000-4000-8000-000000000001", "Member")
	if allocations := testing.AllocsPerRun(100, func() { s.Decide(member) }); allocations > 0 {
		t.Errorf("%v allocations for one decision, want none", allocations)
	}
}
