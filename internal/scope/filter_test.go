package scope_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

var (
	berlin = scope.Clause{Attribute: "city", Operator: scope.Equals, Value: "Berlin"}
	sales  = scope.Clause{Attribute: "department", Operator: scope.Equals, Value: "Sales"}
	able   = scope.Clause{Attribute: "accountEnabled", Operator: scope.IsTrue}
	paid   = scope.Clause{Attribute: "employeeId", Operator: scope.GreaterThan, Value: "99"}
	listed = scope.Clause{Attribute: "proxyAddresses", Operator: scope.IsNotNull}
)

func person(id string, values map[string]any) source.User {
	return source.User{ID: id, Record: attr.From(values)}
}

func TestClausesOfAFilterAllHoldAndOfFiltersOneIsEnough(t *testing.T) {
	s := compile(t, scope.Rules{AllUsers: true, Filters: []scope.Filter{
		{Name: "Berlin sales", Clauses: []scope.Clause{berlin, sales}},
		{Clauses: []scope.Clause{paid}},
	}})
	for _, c := range []struct {
		name   string
		values map[string]any
		want   string
	}{
		{"both clauses", map[string]any{"city": "Berlin", "department": "Sales"}, `in: passes the scoping filter "Berlin sales"`},
		{"the other filter", map[string]any{"city": "Rome", "employeeId": "100"}, "in: passes scoping filter 2"},
		{"both filters", map[string]any{"city": "Berlin", "department": "Sales", "employeeId": "100"}, `in: passes the scoping filter "Berlin sales"`},
		{
			"one clause of two",
			map[string]any{"city": "Berlin", "department": "Law", "employeeId": "99"},
			`out: passes none of the 2 scoping filters: "Berlin sales" wants department EQUALS "Sales", it is "Law"; filter 2 wants employeeId Greater_Than "99", it is "99"`,
		},
		{"nothing known", nil, `out: passes none of the 2 scoping filters: "Berlin sales" wants city EQUALS "Berlin", it is empty; filter 2 wants employeeId Greater_Than "99", it is empty`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.Decide(person("a-1", c.values))
			where := "out: "
			if got.In {
				where = "in: "
			}
			if got.Rule != scope.ByFilter || where+got.Reason != c.want {
				t.Errorf("%s by %s\nwant %s", where+got.Reason, got.Rule, c.want)
			}
		})
	}
}

func TestFiltersRestrictAllUsersAndSelectedOnes(t *testing.T) {
	filters := []scope.Filter{{Name: "Berlin", Clauses: []scope.Clause{berlin}}}
	all := scope.Rules{AllUsers: true, Filters: filters, NeverTouch: []string{"n-1"}}
	some := scope.Rules{Users: []string{"a-1", "a-2"}, Filters: filters, NeverTouch: []string{"n-1"}}
	in, out := map[string]any{"city": "Berlin"}, map[string]any{"city": "Paris"}
	guest := map[string]any{"city": "Berlin", "userType": "Guest"}
	passes, fails := `passes the scoping filter "Berlin"`, `does not pass the scoping filter: "Berlin" wants city EQUALS "Berlin", it is "Paris"`
	for _, c := range []struct {
		name  string
		rules scope.Rules
		user  source.User
		want  scope.Decision
	}{
		{"one of all who passes", all, person("b-1", in), scope.Decision{In: true, Rule: scope.ByFilter, Reason: passes}},
		{"one of all who does not", all, person("b-1", out), scope.Decision{Rule: scope.ByFilter, Reason: fails}},
		{"a selected user who passes", some, person("A-1", in), scope.Decision{In: true, Rule: scope.ByFilter, Reason: passes}},
		{"a selected user who does not", some, person("a-1", out), scope.Decision{Rule: scope.ByFilter, Reason: fails}},
		{"somebody who would pass and is not selected", some, person("b-1", in), scope.Decision{Rule: scope.NotSelected, Reason: "is not among the 2 selected users"}},
		{"a guest who would pass", all, person("b-1", guest), scope.Decision{Rule: scope.Guests, Reason: "is a guest, and guests are not included"}},
		{"one never to touch who would pass", all, person("n-1", in), scope.Decision{Never: true, Rule: scope.NeverTouch, Reason: "is on the list of users never to touch"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, compile(t, c.rules).Decide(c.user)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAReasonNamesThreeFiltersAndCutsWhatIsLong(t *testing.T) {
	long := strings.Repeat("長", 70)
	filters := []scope.Filter{
		{Name: long, Clauses: []scope.Clause{{Attribute: "city", Operator: scope.Equals, Value: long}}},
		{Clauses: []scope.Clause{{Attribute: "accountEnabled", Operator: scope.IsTrue}}},
		{Clauses: []scope.Clause{{Attribute: "proxyAddresses", Operator: scope.Includes, Value: "@contoso.com"}}},
	}
	for range 4 {
		filters = append(filters, scope.Filter{Clauses: []scope.Clause{sales}})
	}
	user := person("a-1", map[string]any{"city": long + "い", "accountEnabled": false, "proxyAddresses": []string{"a@x", "b@x", "c@x", "d@x", "e@x"}})
	cut := `"` + strings.Repeat("長", 60) + `"…`
	want := "passes none of the 7 scoping filters: " + cut + " wants city EQUALS " + cut + ", it is " + cut +
		"; filter 2 wants accountEnabled IS TRUE, it is False" +
		`; filter 3 wants proxyAddresses Includes "@contoso.com", it is "a@x", "b@x", "c@x" and 2 more; and 4 more`
	if diff := cmp.Diff(want, compile(t, scope.Rules{AllUsers: true, Filters: filters}).Decide(user).Reason); diff != "" {
		t.Error(diff)
	}
}

func TestAScopeNeedsWhatItsFiltersLookAt(t *testing.T) {
	want := []string{"accountEnabled", "displayName", "id", "userPrincipalName", "userType"}
	if diff := cmp.Diff(want, compile(t, scope.Rules{}).Needs()); diff != "" {
		t.Errorf("without filters:\n%s", diff)
	}
	s := filtered(t, berlin, listed, scope.Clause{Attribute: "mobile", Operator: scope.IsNull}, scope.Clause{Attribute: "extensionAttribute1", Operator: scope.IsNull})
	want = []string{
		"accountEnabled", "city", "displayName", "id", "mobilePhone", "onPremisesExtensionAttributes", "proxyAddresses", "userPrincipalName", "userType",
	}
	if diff := cmp.Diff(want, s.Needs()); diff != "" {
		t.Error(diff)
	}
}

func TestAllThatIsWrongWithTheFiltersIsSaidAtOnce(t *testing.T) {
	_, err := scope.Rules{AllUsers: true, Filters: []scope.Filter{
		{Name: "Berlin", Clauses: []scope.Clause{
			{Attribute: "cty", Operator: scope.Equals, Value: "Berlin"},
			berlin,
			{Attribute: "city", Operator: "EQUAL", Value: "Berlin"},
			{Attribute: "zzzzzzzzzz", Operator: "contains", Value: "x"},
			{Operator: "!=", Value: "x"},
			{},
		}},
		{},
		{Clauses: []scope.Clause{
			{Attribute: "city", Operator: scope.Equals},
			{Attribute: "city", Operator: scope.IsNull, Value: "x"},
			{Attribute: "employeeId", Operator: scope.GreaterThan, Value: "9.5"},
			{Attribute: "employeeId", Operator: "greater_than_or_equals", Value: " 9"},
			{Attribute: "IsSoftDeleted", Operator: scope.IsFalse},
			{Attribute: "appRoleAssignments", Operator: scope.IsNotNull},
			{Attribute: "city", Operator: "IS_MEMBER_OF", Value: "Sales"},
		}},
	}}.Compile()
	if !fault.Is(err, fault.Invalid) {
		t.Fatalf("%v must be the caller's to repair", err)
	}
	const all = "EQUALS, NOT EQUALS, IS NULL, IS NOT NULL, IS TRUE, IS FALSE, &, !&, ENDS_WITH, Includes, Greater_Than, Greater_Than_OR_EQUALS, REGEX MATCH, NOT REGEX MATCH"
	want := []string{
		`filter 1 "Berlin", clause 1: users of the tenant have no attribute "cty"; city is the nearest`,
		`filter 1 "Berlin", clause 3: there is no operator "EQUAL"; EQUALS is the nearest`,
		`filter 1 "Berlin", clause 4: users of the tenant have no attribute "zzzzzzzzzz"; there is no operator "contains"; there are ` + all,
		`filter 1 "Berlin", clause 5: the attribute is missing; there is no operator "!="; there are ` + all,
		`filter 1 "Berlin", clause 6: the attribute is missing; the operator is missing; there are ` + all,
		`filter 2: a filter needs a clause; without any it would let everybody in`,
		`filter 3, clause 1: EQUALS needs a value; IS NULL finds what is empty`,
		`filter 3, clause 2: IS NULL takes no value, and there is "x"`,
		`filter 3, clause 3: Greater_Than compares integers, and "9.5" is none`,
		`filter 3, clause 4: Greater_Than_OR_EQUALS compares integers, and " 9" is none`,
		`filter 3, clause 5: IsSoftDeleted is computed from the scope itself; filter by accountEnabled`,
		`filter 3, clause 6: appRoleAssignments has no value for anybody: the app role assignments of users are not read from the tenant`,
		`filter 3, clause 7: IsMemberOf works in no scoping filter, in Entra neither; to take the members of a group, select the group in the scope`,
	}
	list, ok := errors.AsType[scope.Errors](err)
	if !ok {
		t.Fatalf("%v is no list", err)
	}
	var got []string
	for _, one := range list {
		got = append(got, one.Error())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text := err.Error(); text != "the scoping filters are not valid: "+strings.Join(want, "; ") {
		t.Error(text)
	}
	if last := list[len(list)-1]; last.Filter != 2 || last.Clause != 6 || last.Name != "" || list[5].Clause != -1 {
		t.Errorf("%+v does not tell the place", last)
	}
}

func TestAPatternThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	for _, operator := range []scope.Operator{scope.RegexMatch, scope.NotRegexMatch} {
		_, err := scope.Rules{Filters: []scope.Filter{{Clauses: []scope.Clause{{Attribute: "city", Operator: operator, Value: "Ber(lin"}}}}}.Compile()
		pattern, ok := errors.AsType[*dotnet.PatternError](err)
		if !ok || pattern.Message == "" {
			t.Fatalf("%s: %v does not tell what is wrong with the pattern", operator, err)
		}
		if text := err.Error(); !strings.Contains(text, "filter 1, clause 1: "+string(operator)+` "Ber(lin": `) || !strings.Contains(text, pattern.Message) {
			t.Error(text)
		}
	}
}

func TestMoreThanAHundredFiltersOrClausesAreRefused(t *testing.T) {
	rules := func(filters, clauses int) scope.Rules {
		r := scope.Rules{AllUsers: true}
		for range filters {
			r.Filters = append(r.Filters, scope.Filter{Clauses: make([]scope.Clause, clauses)})
			for i := range clauses {
				r.Filters[len(r.Filters)-1].Clauses[i] = berlin
			}
		}
		return r
	}
	if got := compile(t, rules(100, 100)).Decide(cityIs("Berlin")); !got.In {
		t.Error(got.Reason)
	}
	for want, r := range map[string]scope.Rules{
		"there are 101 filters; at most 100 are allowed":          rules(101, 1),
		"filter 1: it has 101 clauses; at most 100 are allowed":   rules(1, 101),
		"filter 1: it has 5000 clauses; at most 100 are allowed":  rules(1, 5000),
		"there are 10000 filters; at most 100 are allowed":        rules(10_000, 1),
		"there are 1000000 filters; at most 100 are allowed; fil": {Filters: make([]scope.Filter, 1_000_000)},
	} {
		_, err := r.Compile()
		if err == nil || !strings.HasPrefix(err.Error(), "the scoping filters are not valid: "+want) {
			t.Errorf("want %s, got %.200v", want, err)
		}
	}
}

func TestRulesWithoutFiltersNeverFail(t *testing.T) {
	for _, r := range []scope.Rules{{}, {AllUsers: true}, {Users: []string{"no id", ""}, NeverTouch: []string{"\x00"}}, {Filters: []scope.Filter{}}} {
		if _, err := r.Compile(); err != nil {
			t.Errorf("%+v: %v", r, err)
		}
	}
}

// usual is a scope with filters as people write them, and users of whom each passes another one.
func usual(t testing.TB) (*scope.Scope, []source.User) {
	t.Helper()
	s := compile(t, scope.Rules{AllUsers: true, Filters: []scope.Filter{
		{Name: "Berlin sales", Clauses: []scope.Clause{able, berlin, sales}},
		{Name: "paid", Clauses: []scope.Clause{able, paid}},
		{Name: "listed", Clauses: []scope.Clause{
			{Attribute: "proxyAddresses", Operator: scope.EndsWith, Value: "@contoso.com"},
			{Attribute: "country", Operator: scope.OccursNotIn, Value: "DE, AT, CH"},
			{Attribute: "department", Operator: scope.RegexMatch, Value: "^(Sales|Law)$"},
		}},
	}})
	return s, []source.User{
		person("a-1", map[string]any{"accountEnabled": true, "city": "Berlin", "department": "Sales"}),
		person("a-2", map[string]any{"accountEnabled": true, "city": "Paris", "employeeId": "100"}),
		person("a-3", map[string]any{
			"accountEnabled": false, "country": "FR", "department": "Law", "proxyAddresses": []string{"smtp:a@x", "SMTP:a@contoso.com"},
		}),
	}
}

func TestWhoPassesAFilterIsDecidedWithoutAllocating(t *testing.T) {
	s, users := usual(t)
	for i, user := range users {
		t.Run(fmt.Sprintf("filter %d", i+1), func(t *testing.T) {
			if got := s.Decide(user); !got.In {
				t.Fatal(got.Reason)
			}
			if allocations := testing.AllocsPerRun(100, func() { s.Decide(user) }); allocations > 0 {
				t.Errorf("%v allocations for one decision, want none", allocations)
			}
		})
	}
}

func BenchmarkDecide(b *testing.B) {
	s, users := usual(b)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		if !s.Decide(users[i%len(users)]).In {
			b.Fatal("out")
		}
		i++
	}
}

func TestRulesAreWrittenAsTheyAreRead(t *testing.T) {
	const text = `{"allUsers":true,"filters":[{"name":"Berlin","clauses":[` +
		`{"attribute":"city","operator":"EQUALS","value":"Berlin"},{"attribute":"country","operator":"IS NOT NULL"}]}]}`
	var rules scope.Rules
	if err := json.Unmarshal([]byte(strings.NewReplacer("EQUALS", "equals", "IS NOT NULL", "is_not_null").Replace(text)), &rules); err != nil {
		t.Fatal(err)
	}
	want := []scope.Filter{{Name: "Berlin", Clauses: []scope.Clause{berlin, {Attribute: "country", Operator: scope.IsNotNull}}}}
	if diff := cmp.Diff(want, rules.Filters); diff != "" {
		t.Error(diff)
	}
	written, err := json.Marshal(rules)
	if err != nil || string(written) != text {
		t.Errorf("%s %v", written, err)
	}
}
