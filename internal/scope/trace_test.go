package scope_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

func TestATraceTellsEveryClauseAlsoThoseThatNeedNotBeAsked(t *testing.T) {
	compiled, err := scope.Rules{AllUsers: true, Filters: []scope.Filter{
		{Name: "Berlin", Clauses: []scope.Clause{
			{Attribute: "city", Operator: scope.Equals, Value: "Berlin"}, {Attribute: "department", Operator: scope.IsNull},
		}},
		{Clauses: []scope.Clause{{Attribute: "city", Operator: scope.EndsWith, Value: "is"}}},
	}}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	user := source.User{ID: "u", Record: attr.From(map[string]any{"city": "Paris"})}
	want := []scope.FilterTrace{
		{Name: `"Berlin"`, Clauses: []scope.ClauseTrace{
			{Clause: `city EQUALS "Berlin"`, Property: "city", Value: "Paris"}, {Clause: "department IS NULL", Property: "department", Holds: true},
		}},
		{Name: "filter 2", Passed: true, Clauses: []scope.ClauseTrace{{Clause: `city ENDS_WITH "is"`, Property: "city", Value: "Paris", Holds: true}}},
	}
	if diff := cmp.Diff(want, compiled.Trace(user)); diff != "" {
		t.Error(diff)
	}
}

func TestATraceAgreesWithTheDecision(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"", "a", "b", "ab"})
		var rules scope.Rules
		rules.AllUsers = true
		for range rapid.IntRange(1, 3).Draw(t, "filters") {
			var filter scope.Filter
			for range rapid.IntRange(1, 3).Draw(t, "clauses") {
				clause := scope.Clause{Attribute: rapid.SampledFrom([]string{"city", "state"}).Draw(t, "attribute"), Operator: scope.IsNull}
				if value := word.Draw(t, "value"); value != "" {
					clause.Operator, clause.Value = rapid.SampledFrom([]scope.Operator{scope.Equals, scope.NotEquals, scope.Includes}).Draw(t, "operator"), value
				}
				filter.Clauses = append(filter.Clauses, clause)
			}
			rules.Filters = append(rules.Filters, filter)
		}
		compiled, err := rules.Compile()
		if err != nil {
			t.Fatal(err)
		}
		user := source.User{ID: "u", Record: attr.From(map[string]any{"city": word.Draw(t, "city"), "state": word.Draw(t, "state")})}
		passed := false
		for _, filter := range compiled.Trace(user) {
			all := true
			for _, clause := range filter.Clauses {
				all = all && clause.Holds
			}
			if all != filter.Passed {
				t.Fatalf("filter %s passed: %v, its clauses: %v", filter.Name, filter.Passed, filter.Clauses)
			}
			passed = passed || filter.Passed
		}
		if decision := compiled.Decide(user); decision.In != passed {
			t.Fatalf("decided %v, traced %v", decision, passed)
		}
	})
}
