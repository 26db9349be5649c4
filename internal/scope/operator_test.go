package scope_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// cityIs is a user whose city has the value; nil for none.
func cityIs(value any) source.User {
	return source.User{ID: "a-1", Record: attr.Record{{Name: "city", Value: value}}}
}

// filtered compiles a scope of all users with one filter.
func filtered(t testing.TB, clauses ...scope.Clause) *scope.Scope {
	t.Helper()
	return compile(t, scope.Rules{AllUsers: true, IncludeGuests: true, Filters: []scope.Filter{{Clauses: clauses}}})
}

// What city may be, so that every operator is asked about each of these.
var kinds = []struct {
	name string
	is   func(value any) bool
}{
	{"null", func(v any) bool { return v == nil }},
	{"an empty text", func(v any) bool { return v == "" }},
	{"an empty list", func(v any) bool { l, ok := v.([]string); return ok && len(l) == 0 }},
	{"a list of empty texts", func(v any) bool { l, ok := v.([]string); return ok && len(l) > 0 && l[0] == "" }},
	{"several values", func(v any) bool { l, ok := v.([]string); return ok && len(l) > 1 }},
	{"mixed values", func(v any) bool { _, ok := v.([]any); return ok }},
	{"a boolean", func(v any) bool { _, ok := v.(bool); return ok }},
	{"a number", func(v any) bool { _, ok := v.(float64); return ok }},
	{"an object", func(v any) bool { _, ok := v.(map[string]any); return ok }},
	{"non-Latin text", func(v any) bool { s, ok := v.(string); return ok && s != "" && s[0] >= 0x80 }},
}

// list makes what encoding/json makes of an array of anything.
func list(values ...any) []any { return values }

var nobody = []any{nil, "", []string{}, []string{"", ""}, list(nil, "")}

var object = map[string]any{"costCenter": "Berlin"}

var operatorCases = []struct {
	name      string
	operator  scope.Operator
	value     string
	holds     []any
	holdsNot  []any
	withEmpty bool // holds where there is no value
}{
	{
		name: "EQUALS compares exactly", operator: scope.Equals, value: "Berlin",
		holds:    []any{"Berlin", []string{"Paris", "Berlin"}, list("Berlin", 1.0)},
		holdsNot: []any{"berlin", "Berlin ", "東京", true, 5.0, object, []string{"Paris", "Rome"}, list(nil, object)},
	},
	{
		name: "EQUALS knows other scripts", operator: scope.Equals, value: "東京",
		holds: []any{"東京", []string{"", "東京"}}, holdsNot: []any{"京東", true, 5.0, object, "Берлин"},
	},
	{
		name: "EQUALS takes a boolean in any case, and a text as it is", operator: scope.Equals, value: "TRUE",
		holds: []any{true, list(true)}, holdsNot: []any{false, "True", "true"},
	},
	{name: "EQUALS writes numbers without exponent", operator: scope.Equals, value: "3000000000", holds: []any{3e9}, holdsNot: []any{3e9 + 1, "3e9", "3000000000.0"}},
	{
		name: "NOT EQUALS wants a value that is another", operator: scope.NotEquals, value: "Berlin",
		holds:    []any{"berlin", "東京", true, 5.0, []string{"Paris", "Rome"}, []string{"", "Rome"}, list("Rome", nil)},
		holdsNot: []any{"Berlin", []string{"Paris", "Berlin"}, object, list("Rome", "Berlin")},
	},
	{name: "NOT EQUALS takes a boolean in any case", operator: scope.NotEquals, value: "false", holds: []any{true}, holdsNot: []any{false}},
	{
		name: "IS NULL is for what is null or empty", operator: scope.IsNull, withEmpty: true,
		holdsNot: []any{"Berlin", " ", "東京", false, 0.0, object, []string{"", "x"}, []string{"a", "b"}, list("", 1.0)},
	},
	{
		name: "IS NOT NULL is for what has a value", operator: scope.IsNotNull,
		holds: []any{"Berlin", " ", "東京", false, 0.0, object, []string{"", "x"}, []string{"a", "b"}, list("", 1.0)},
	},
	{
		name: "IS TRUE wants true", operator: scope.IsTrue,
		holds: []any{true, "True", "true", "TRUE", []string{"False", "True"}, list(false, true)}, holdsNot: []any{false, "False", "yes", "真", 1.0, object},
	},
	{
		name: "IS FALSE wants false, not the lack of a value", operator: scope.IsFalse,
		holds: []any{false, "False", "false", []string{"False", "True"}, list(false, true)}, holdsNot: []any{true, "True", "no", "偽", 0.0, object},
	},
	{
		name: "& wants the value in a text", operator: scope.OccursIn, value: "Berlin, Paris; 東京 True 5",
		holds:    []any{"Berlin", "Par", "東京", "東", true, 5.0, []string{"Rome", "Paris"}, list("Rome", "Paris")},
		holdsNot: []any{"berlin", "Rome", "京東", false, 6.0, object, []string{"Rome", ""}},
	},
	{
		name: "!& wants a value that is not in a text", operator: scope.OccursNotIn, value: "Berlin, Paris; 東京 True 5",
		holds:    []any{"berlin", "Rome", "京東", false, 6.0, []string{"Rome", ""}, []string{"Rome", "Madrid"}, list("Rome")},
		holdsNot: []any{"Berlin", "Par", "東京", true, 5.0, object, []string{"Rome", "Paris"}},
	},
	{
		name: "ENDS_WITH compares the end", operator: scope.EndsWith, value: "京",
		holds: []any{"東京", "京", []string{"東京", "Rome"}, list("東京")}, holdsNot: []any{"京都", "Rome", true, 5.0, object, []string{"Rome", "Paris"}},
	},
	{name: "ENDS_WITH tells case", operator: scope.EndsWith, value: "@contoso.com", holds: []any{"ada@contoso.com"}, holdsNot: []any{"ada@Contoso.com", "ada@contoso.com.example"}},
	{
		name: "Includes wants a part", operator: scope.Includes, value: "lin",
		holds:    []any{"Berlin", "lindau", []string{"Rome", "Berlin"}, list("Berlin")},
		holdsNot: []any{"BERLIN", "li", "東京", true, 5.0, object, []string{"Rome", "Paris"}},
	},
	{
		name: "Greater_Than compares integers", operator: scope.GreaterThan, value: "9",
		holds:    []any{"10", "+10", "010", 10.0, "123456789012345678901234567890", []string{"1", "10"}, list("x", 10.0)},
		holdsNot: []any{"9", "8", "-10", "9.5", "10.5", 9.5, "1e3", " 10", "ten", "１０", "-", "+", true, object, []string{"1", "2"}},
	},
	{name: "Greater_Than knows negative numbers", operator: scope.GreaterThan, value: "-10", holds: []any{"-9", "0", "-0", "5"}, holdsNot: []any{"-10", "-11", "-100"}},
	{
		name: "Greater_Than_OR_EQUALS lets the same number in", operator: scope.GreaterThanOrEqual, value: "0",
		holds:    []any{"0", "-0", "+0", "000", "1", 0.0, 1.0, []string{"-1", "0"}, list(0.0)},
		holdsNot: []any{"-1", -1.0, "x", "〇", true, object, []string{"-1", "-2"}},
	},
	{
		name: "REGEX MATCH finds the pattern anywhere", operator: scope.RegexMatch, value: `([1-9][0-9])|京`,
		holds:    []any{"10", "a 99 b", "東京", 10.0, []string{"x", "42"}, list("x", 42.0)},
		holdsNot: []any{"1", "x", "Берлин", true, 5.0, object, []string{"x", "y"}},
	},
	{name: "REGEX MATCH matches the whole where it says so, and tells case", operator: scope.RegexMatch, value: `^.*\@domain\.com$`, holds: []any{"ada@domain.com"}, holdsNot: []any{"ada@domain.com.example", "ada@Domain.com"}},
	{
		name: "NOT REGEX MATCH wants a value without the pattern", operator: scope.NotRegexMatch, value: `[1-9][0-9]`,
		holds:    []any{"1", "x", "東京", true, 5.0, []string{"x", "y"}, list("x", nil)},
		holdsNot: []any{"10", "a 99 b", 10.0, object, []string{"x", "42"}},
	},
}

func TestAnOperatorHoldsOrDoesNot(t *testing.T) {
	for _, c := range operatorCases {
		t.Run(c.name, func(t *testing.T) {
			s := filtered(t, scope.Clause{Attribute: "city", Operator: c.operator, Value: c.value})
			ask := func(values []any, want bool) {
				for _, value := range values {
					if got := s.Decide(cityIs(value)); got.In != want {
						t.Errorf("city %#v: %v, want %v: %s", value, got.In, want, got.Reason)
					}
				}
			}
			ask(c.holds, true)
			ask(c.holdsNot, false)
			ask(nobody, c.withEmpty)
		})
	}
}

func TestEveryOperatorIsAskedAboutEveryKindOfValue(t *testing.T) {
	for _, operator := range scope.Operators() {
		asked := slices.Clone(nobody)
		for _, c := range operatorCases {
			if c.operator == operator.Name {
				asked = slices.Concat(asked, c.holds, c.holdsNot)
			}
		}
		for _, kind := range kinds {
			if !slices.ContainsFunc(asked, kind.is) {
				t.Errorf("no case asks %s about %s", operator.Name, kind.name)
			}
		}
	}
}

func TestOperatorsAreThoseOfEntraWithTheirArity(t *testing.T) {
	var got []string
	for _, operator := range scope.Operators() {
		if operator.Meaning == "" {
			t.Errorf("%s has no meaning", operator.Name)
		}
		got = append(got, string(operator.Name)+": "+string(operator.Arity))
	}
	want := []string{
		"EQUALS: Binary", "NOT EQUALS: Binary", "IS NULL: Unary", "IS NOT NULL: Unary", "IS TRUE: Unary", "IS FALSE: Unary", "&: Binary",
		"!&: Binary", "ENDS_WITH: Binary", "Includes: Binary", "Greater_Than: Binary", "Greater_Than_OR_EQUALS: Binary",
		"REGEX MATCH: Binary", "NOT REGEX MATCH: Binary",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnOperatorIsReadInAnySpellingAndWrittenInEntras(t *testing.T) {
	for written, want := range map[string]scope.Operator{
		"not equals": scope.NotEquals, "NOT_EQUALS": scope.NotEquals, " Not  Equals ": scope.NotEquals, "ends with": scope.EndsWith,
		"EndsWith": scope.EndsWith, "greater than or equals": scope.GreaterThanOrEqual, "includes": scope.Includes, "!&": scope.OccursNotIn,
		"regex_match": scope.RegexMatch, "is__null": scope.IsNull, "contains": "contains", "": "",
	} {
		text, err := json.Marshal(map[string]string{"attribute": "city", "operator": written})
		if err != nil {
			t.Fatal(err)
		}
		var clause scope.Clause
		if err := json.Unmarshal(text, &clause); err != nil {
			t.Fatal(err)
		}
		if clause.Operator != want {
			t.Errorf("%q is read as %q, want %q", written, clause.Operator, want)
		}
	}
	s := filtered(t, scope.Clause{Attribute: "city", Operator: "ends_with", Value: "京"})
	if got := s.Decide(cityIs("Paris")).Reason; got != `does not pass the scoping filter: filter 1 wants city ENDS_WITH "京", it is "Paris"` {
		t.Error(got)
	}
}

func TestAttributesThatEntraRefusesAreAllowed(t *testing.T) {
	user := source.User{ID: "a-1", Record: attr.From(map[string]any{
		"userType": "Guest", "manager": "4a7c0000-0000-4000-8000-000000000002", "createdDateTime": "2026-11-23T04:11:38Z",
		"proxyAddresses": []string{"SMTP:ada@contoso.com", "smtp:ada@contoso.example"}, "accountEnabled": true,
		"userPrincipalName": "ada_contoso.com#EXT#@fabrikam.example", "onPremisesExtensionAttributes": map[string]any{"extensionAttribute3": "A7"},
	})}
	for _, clause := range []scope.Clause{
		{Attribute: "userType", Operator: scope.Equals, Value: "Guest"},
		{Attribute: "manager", Operator: scope.Equals, Value: "4a7c0000-0000-4000-8000-000000000002"},
		{Attribute: "createdDateTime", Operator: scope.RegexMatch, Value: "^2026-"},
		{Attribute: "proxyAddresses", Operator: scope.EndsWith, Value: "@contoso.example"},
		{Attribute: "proxyAddresses", Operator: scope.NotRegexMatch, Value: "fabrikam"},
		{Attribute: "accountEnabled", Operator: scope.IsTrue},
		{Attribute: "userPrincipalName", Operator: scope.Equals, Value: "ada@contoso.com"},
		{Attribute: "originalUserPrincipalName", Operator: scope.Includes, Value: "#EXT#"},
		{Attribute: "extensionAttribute3", Operator: scope.Equals, Value: "A7"},
		{Attribute: "objectId", Operator: scope.Equals, Value: "a-1"},
	} {
		if got := filtered(t, clause).Decide(user); !got.In || got.Rule != scope.ByFilter {
			t.Errorf("%v: %v", clause, got)
		}
	}
}

func TestTheReferencePageTellsOfEveryOperator(t *testing.T) {
	page, err := os.ReadFile("../../docs/reference/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, operator := range scope.Operators() {
		if row := "| `" + string(operator.Name) + "` | " + operator.Meaning; !strings.Contains(strings.ReplaceAll(string(page), "`^` and `$`", "^ and $"), row) {
			t.Errorf("docs/reference/configuration.md lacks the row %q", row)
		}
	}
}
