package scope_test

import (
	"encoding/json"
	"slices"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// opposite are the operators that negate each other where there is one value, and those that do so always.
var opposite = map[scope.Operator]scope.Operator{
	scope.Equals: scope.NotEquals, scope.OccursIn: scope.OccursNotIn, scope.RegexMatch: scope.NotRegexMatch, scope.IsNull: scope.IsNotNull,
}

// in reports whether the value passes a filter of one clause. ok is false if the clause is refused.
func in(operator scope.Operator, value string, user source.User) (in, ok bool) {
	s, err := scope.Rules{AllUsers: true, Filters: []scope.Filter{{Clauses: []scope.Clause{{Attribute: "city", Operator: operator, Value: value}}}}}.Compile()
	return err == nil && s.Decide(user).In, err == nil
}

// FuzzDecide compiles a clause of anything and asks it about anything. city is JSON where it can be read as such, else a text.
func FuzzDecide(f *testing.F) {
	for _, operator := range scope.Operators() {
		for _, city := range []string{"null", `""`, `["a","b"]`, `[null,1,{"a":[]}]`, "true", "12", "Berlin", "東京"} {
			f.Add(string(operator.Name), "Berlin", city)
			f.Add(string(operator.Name), "12", city)
			f.Add(string(operator.Name), "", city)
		}
	}
	f.Add("REGEX MATCH", `(?<a>x+x+)+y`, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")
	f.Fuzz(func(t *testing.T, operator, value, city string) {
		var record attr.Record
		if err := json.Unmarshal([]byte(`{"city":`+city+`}`), &record); err != nil {
			record = attr.Record{{Name: "city", Value: city}}
		}
		user := source.User{ID: "a-1", Record: record}
		s, err := scope.Rules{AllUsers: true, Filters: []scope.Filter{
			{Name: value, Clauses: []scope.Clause{{Attribute: "city", Operator: scope.Operator(operator), Value: value}}},
		}}.Compile()
		if err != nil {
			if !fault.Is(err, fault.Invalid) || err.Error() == "" {
				t.Fatalf("%v must be the caller's to repair", err)
			}
			return
		}
		first := s.Decide(user)
		if first != s.Decide(user) || first.Rule != scope.ByFilter || first.Reason == "" || first.Never {
			t.Fatalf("%+v", first)
		}
		if limit := 20_000; utf8.RuneCountInString(first.Reason) > limit {
			t.Fatalf("a reason of %d characters", utf8.RuneCountInString(first.Reason))
		}
	})
}

func TestOppositeOperatorsDisagreeAboutEveryOneValue(t *testing.T) {
	text := rapid.OneOf(rapid.StringN(1, 10, -1), rapid.StringMatching("[a-c]{1,3}"), rapid.SampledFrom([]string{"True", "false", "5", "東京"}))
	one := rapid.OneOf(text.AsAny(), rapid.Bool().AsAny(), rapid.IntRange(-9, 9).AsAny())
	rapid.Check(t, func(t *rapid.T) {
		value, city := text.Draw(t, "value"), one.Draw(t, "city")
		if number, ok := city.(int); ok {
			city = float64(number)
		}
		for positive, negative := range opposite {
			operand := value
			if positive == scope.IsNull {
				operand = ""
			}
			yes, ok := in(positive, operand, cityIs(city))
			no, _ := in(negative, operand, cityIs(city))
			if ok && yes == no {
				t.Fatalf("city %#v: both %s %q and its opposite are %v", city, positive, operand, yes)
			}
		}
	})
}

// Over several values a positive operator is true if it is for one of them, a negative one if it is for each, empty ones aside.
func TestSeveralValuesAreAskedOneByOne(t *testing.T) {
	text := rapid.OneOf(rapid.StringMatching("[a-c]{0,3}"), rapid.StringMatching("-?[0-9]{0,2}"), rapid.SampledFrom([]string{"True", "false", ""}))
	rapid.Check(t, func(t *rapid.T) {
		operator := rapid.SampledFrom(scope.Operators()).Draw(t, "operator")
		value := ""
		if operator.Arity == scope.Binary {
			value = text.Draw(t, "value")
		}
		values := rapid.SliceOfN(text, 0, 4).Draw(t, "values")
		some := slices.DeleteFunc(slices.Clone(values), func(v string) bool { return v == "" })
		holds := func(v string) bool { yes, _ := in(operator.Name, value, cityIs(v)); return yes }
		want := slices.ContainsFunc(some, holds)
		switch {
		case operator.Negative:
			want = len(some) > 0 && !slices.ContainsFunc(some, func(v string) bool { return !holds(v) })
		case operator.Name == scope.IsNull:
			want = len(some) == 0
		}
		mixed := make([]any, len(values))
		for i, v := range values {
			mixed[i] = v
		}
		for _, city := range []any{values, mixed} {
			if got, ok := in(operator.Name, value, cityIs(city)); ok && got != want {
				t.Fatalf("%s %q over %#v: %v, want %v", operator.Name, value, city, got, want)
			}
		}
	})
}

func TestGreaterAndGreaterOrEqualDifferWhereNumbersAreTheSame(t *testing.T) {
	number := rapid.StringMatching("[+-]?0{0,2}[0-9]{1,25}")
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		above, _ := in(scope.GreaterThan, b, cityIs(a))
		below, _ := in(scope.GreaterThan, a, cityIs(b))
		atLeast, _ := in(scope.GreaterThanOrEqual, b, cityIs(a))
		atMost, _ := in(scope.GreaterThanOrEqual, a, cityIs(b))
		if above && below || above == atMost || below == atLeast {
			t.Fatalf("%s and %s: greater %v, less %v, at least %v, at most %v", a, b, above, below, atLeast, atMost)
		}
		if same, _ := in(scope.GreaterThanOrEqual, a, cityIs(a)); !same {
			t.Fatalf("%s is not at least itself", a)
		}
	})
}

// A filter more lets nobody out, a clause more lets nobody in.
func TestFiltersWidenAndClausesNarrow(t *testing.T) {
	clause := rapid.Custom(func(t *rapid.T) scope.Clause {
		operator := rapid.SampledFrom(scope.Operators()).Draw(t, "operator")
		c := scope.Clause{Attribute: rapid.SampledFrom([]string{"city", "department", "accountEnabled"}).Draw(t, "attribute"), Operator: operator.Name}
		if operator.Arity == scope.Binary {
			c.Value = rapid.SampledFrom([]string{"1", "2", "12"}).Draw(t, "value")
		}
		return c
	})
	filter := rapid.Custom(func(t *rapid.T) scope.Filter {
		return scope.Filter{Clauses: rapid.SliceOfN(clause, 1, 3).Draw(t, "clauses")}
	})
	rapid.Check(t, func(t *rapid.T) {
		filters := rapid.SliceOfN(filter, 1, 3).Draw(t, "filters")
		user := person("a-1", map[string]any{
			"city":           rapid.SampledFrom([]any{nil, "1", "2", "12"}).Draw(t, "city"),
			"department":     rapid.SampledFrom([]any{nil, []string{"1"}, []string{"1", "2"}}).Draw(t, "department"),
			"accountEnabled": rapid.Bool().Draw(t, "enabled"),
		})
		decide := func(filters []scope.Filter) bool {
			s, err := scope.Rules{AllUsers: true, Filters: filters}.Compile()
			if err != nil {
				t.Fatal(err)
			}
			return s.Decide(user).In
		}
		before := decide(filters)
		if wider := decide(append(slices.Clone(filters), filter.Draw(t, "one more"))); before && !wider {
			t.Fatal("a filter more lets somebody out")
		}
		narrower := slices.Clone(filters)
		narrower[0].Clauses = append(slices.Clone(narrower[0].Clauses), clause.Draw(t, "one clause more"))
		if !before && decide(narrower) {
			t.Fatal("a clause more lets somebody in")
		}
	})
}
