package entraschema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/attr"
	"rollcall/internal/entraschema"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// says reports whether there is anything in a JSON value but null, empty texts, lists and objects, and annotations of OData.
func says(value any) bool {
	switch v := value.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return slices.ContainsFunc(v, says)
	case map[string]any:
		for name, member := range v {
			if !strings.Contains(strings.ToLower(name), "@odata.") && says(member) {
				return true
			}
		}
		return false
	}
	return true
}

// restricts checks that a scope with anything in it leaves a filter, and that the filters compile and come back.
func restricts(t interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}, small, scopeText []byte,
) {
	t.Helper()
	var value any
	if json.Unmarshal(scopeText, &value) != nil {
		return
	}
	got, notes, err := entraschema.Import(bytes.Replace(small, []byte(`"scope": null`), slices.Concat([]byte(`"scope": `), scopeText), 1))
	if err != nil {
		return // too deep, or too much
	}
	if says(value) && len(got.Filters) == 0 {
		t.Fatalf("everybody is in scope by %s, with the notes %v", scopeText, notes)
	}
	document, err := entraschema.Export(got, entraschema.Names{})
	if err != nil {
		t.Fatal(err)
	}
	comesBack(t, document, got)
}

// FuzzScope reads any JSON as the scope of the mapping of users.
func FuzzScope(f *testing.F) {
	document := small(f)
	for _, part := range parts(f, `clauses`) {
		for _, frame := range []string{`{"groups":[%s]}`, `{"groups":%s}`, `[{"inputFilterGroups":[%s]}]`, `{"groups":[],"categoryFilterGroups":[%s,null]}`} {
			f.Add(fmt.Appendf(nil, frame, part))
		}
	}
	f.Fuzz(func(t *testing.T, scopeText []byte) { restricts(t, document, scopeText) })
}

// drawJSON draws a value of any shape, of the words that scopes have.
func drawJSON(t *rapid.T, depth int) any {
	kinds := 6
	if depth > 5 {
		kinds = 4
	}
	switch rapid.IntRange(0, kinds-1).Draw(t, "kind") {
	case 0:
		return nil
	case 1:
		return rapid.SampledFrom([]string{"", "city", "EQUALS", "NOT EQUALS", "IS NULL", "Bern", "System.Object[]"}).Draw(t, "text")
	case 2:
		return rapid.Bool().Draw(t, "boolean")
	case 3:
		return rapid.IntRange(-1, 9).Draw(t, "number")
	case 4:
		list := make([]any, rapid.IntRange(0, 3).Draw(t, "items"))
		for i := range list {
			list[i] = drawJSON(t, depth+1)
		}
		return list
	}
	object := map[string]any{}
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		name := rapid.SampledFrom([]string{
			"groups", "inputFilterGroups", "categoryFilterGroups", "Groups", "name", "clauses", "operatorName", "sourceOperandName", "targetOperand", "values", "x", "@odata.type",
		}).Draw(t, "name")
		object[name] = drawJSON(t, depth+1)
	}
	return object
}

func TestAScopeWithAnythingInItNeverLetsEverybodyIn(t *testing.T) {
	document := small(t)
	rapid.Check(t, func(t *rapid.T) {
		text, err := json.Marshal(drawJSON(t, 0))
		if err != nil {
			t.Fatal(err)
		}
		restricts(t, document, text)
	})
}

// condition is a filterClause as Entra means it.
type condition struct {
	attribute, operator string
	values              []string
}

func (c condition) holds(user map[string]string) bool {
	value := user[c.attribute]
	switch c.operator {
	case "IS NULL":
		return value == ""
	case "NOT EQUALS":
		return value != "" && !slices.Contains(c.values, value)
	}
	return value != "" && slices.Contains(c.values, value)
}

// groups is one list of filterGroups: one group is enough, and all its clauses must hold.
type groups [][]condition

func (g groups) pass(user map[string]string) bool {
	return len(g) == 0 || slices.ContainsFunc(g, func(clauses []condition) bool {
		return !slices.ContainsFunc(clauses, func(c condition) bool { return !c.holds(user) })
	})
}

// filters is how many filters of one value each the list becomes.
func (g groups) filters() int {
	count := 0
	for _, clauses := range g {
		product := 1
		for _, c := range clauses {
			if c.operator == "EQUALS" {
				product *= len(c.values)
			}
		}
		count += product
	}
	return max(count, 1)
}

func drawGroups(t *rapid.T) groups {
	value := rapid.SampledFrom([]string{"a", "b", "c"})
	clause := rapid.Custom(func(t *rapid.T) condition {
		c := condition{
			attribute: rapid.SampledFrom([]string{"city", "department"}).Draw(t, "attribute"),
			operator:  rapid.SampledFrom([]string{"EQUALS", "NOT EQUALS", "IS NULL"}).Draw(t, "operator"),
		}
		if c.operator != "IS NULL" {
			c.values = rapid.SliceOfNDistinct(value, 1, 2, rapid.ID).Draw(t, "values")
		}
		return c
	})
	return rapid.SliceOfN(rapid.SliceOfN(clause, 1, 2), 0, 2).Draw(t, "groups")
}

// mangler writes a scope as tools do, and damages it.
type mangler struct {
	t *rapid.T
	// damaged: something was put in that Graph does not have.
	damaged, damages bool
}

func (m *mangler) chance(what string) bool { return rapid.IntRange(0, 7).Draw(m.t, what) == 0 }

func (m *mangler) damage() bool {
	hit := m.damages && m.chance("damage")
	m.damaged = m.damaged || hit
	return hit
}

// rubbish is nothing that Graph has, nor a value to compare with.
func (m *mangler) rubbish() any {
	return rapid.SampledFrom([]any{map[string]any{"x": "y"}, []any{1}, []any{[]any{"a"}}, map[string]any{"name": "z"}}).Draw(m.t, "rubbish")
}

func (m *mangler) list(items ...any) any {
	if m.damage() {
		items = append(items, m.rubbish())
	}
	if len(items) == 1 && m.chance("flat") {
		if _, list := items[0].([]any); !list {
			return items[0]
		}
	}
	return items
}

func (m *mangler) object(members map[string]any) any {
	written := map[string]any{}
	for name, value := range members {
		written[rapid.SampledFrom([]string{name, strings.ToUpper(name)}).Draw(m.t, "case")] = value
	}
	if m.damage() {
		written["negate"] = m.rubbish()
	}
	if m.damage() {
		return m.rubbish()
	}
	return written
}

func (m *mangler) groups(list groups) any {
	written := make([]any, len(list))
	for i, group := range list {
		clauses := make([]any, len(group))
		for j, c := range group {
			values := make([]any, len(c.values))
			for k, value := range c.values {
				values[k] = value
			}
			clauses[j] = m.object(map[string]any{
				"sourceOperandName": c.attribute, "operatorName": c.operator, "targetOperand": m.object(map[string]any{"values": m.list(values...)}),
			})
		}
		written[i] = m.object(map[string]any{"name": "g", "clauses": m.list(clauses...)})
	}
	return m.list(written...)
}

// Written as tools write it, a scope means the same; damaged, it lets in nobody whom it kept out.
func TestADamagedScopeLetsNobodyInWhomItKeptOut(t *testing.T) {
	document := small(t)
	rapid.Check(t, func(t *rapid.T) {
		m := mangler{t: t, damages: rapid.Bool().Draw(t, "damages")}
		lists := map[string]groups{"groups": drawGroups(t), "inputFilterGroups": drawGroups(t), "categoryFilterGroups": drawGroups(t)}
		members, filters := map[string]any{}, 1
		for name, list := range lists {
			members[name] = m.groups(list)
			filters *= list.filters()
		}
		text, err := json.Marshal(m.list(m.object(members)))
		if err != nil {
			t.Fatal(err)
		}
		got, notes := scoped(t, document, string(text))
		decide, err := scope.Rules{AllUsers: true, Filters: got.Filters}.Compile()
		if err != nil {
			t.Fatal(err)
		}
		for _, city := range []string{"", "a", "b", "c"} {
			for _, department := range []string{"", "a", "b", "c"} {
				user := map[string]string{"city": city, "department": department}
				want := true
				for _, list := range lists {
					want = want && list.pass(user)
				}
				record := attr.Record{{Name: "city", Value: city}, {Name: "department", Value: department}}
				in := decide.Decide(source.User{ID: "1", Record: record}).In
				if in && !want || want && !in && !m.damaged && filters <= scope.MaxFilters {
					t.Fatalf("%v is in scope: %v, of %s, read as %v, with the notes %v", user, in, text, got.Filters, notes)
				}
			}
		}
	})
}

// What patterns may cost, alone and together, package scope says.
func TestOfPatternsThatAreTooLargeTogetherThoseThatFitAreTaken(t *testing.T) {
	group := func(name string, count int, pattern string) string {
		clause := `{"sourceOperandName":"city","operatorName":"REGEX MATCH","targetOperand":{"values":["` + pattern + `"]}}`
		return `{"name":"` + name + `","clauses":[` + strings.Repeat(clause+",", count-1) + clause + `]}`
	}
	const usual = `^\\w{100}$`
	many := make([]string, 90)
	for i := range many {
		many[i] = group(fmt.Sprint(i), 25, usual)
	}
	for _, c := range []struct {
		name, scope string
		nobody      bool
	}{
		{"one filter of patterns that take long", `{"groups":[` + group("a", 90, strings.Repeat(`[\\wa]`, 420)) + `]}`, true},
		{"ninety filters", `{"groups":[` + strings.Join(many, ",") + `]}`, false},
		{
			"one that combining repeats ninety times",
			`{"groups":[` + group("a", 25, usual) + `],"inputFilterGroups":[{"clauses":[{"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":[` + values(90) + `]}}]}]}`,
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, notes := scoped(t, small(t), c.scope)
			if text := fmt.Sprint(notes); !strings.Contains(text, "the filter is left out whole, and nobody is in scope by it: city REGEX MATCH") {
				t.Errorf("the notes are %.600s", text)
			}
			if count, closed := len(got.Filters), shownFilters(got.Filters) == letsNobody; count == 0 || count >= 90 || closed != c.nobody {
				t.Errorf("there are %d filters; they let nobody in: %v", count, closed)
			}
			compiles(t, got)
		})
	}
}
