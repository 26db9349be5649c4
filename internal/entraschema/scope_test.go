package entraschema_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entraschema"
	"rollcall/internal/scope"
)

// scoped imports a schema whose object mapping of users has this JSON as its scope.
func scoped(t interface {
	Helper()
	Fatal(...any)
}, small []byte, scopeText string,
) (entraschema.Configuration, []entraschema.Note) {
	t.Helper()
	got, notes, err := entraschema.Import(bytes.Replace(small, []byte(`"scope": null`), []byte(`"scope": `+scopeText), 1))
	if err != nil {
		t.Fatal(err)
	}
	return got, notes
}

// shownFilters writes filters as people read them, one a line, without their names.
func shownFilters(filters []scope.Filter) string {
	lines := make([]string, len(filters))
	for i, f := range filters {
		clauses := make([]string, len(f.Clauses))
		for j, c := range f.Clauses {
			clauses[j] = strings.TrimSpace(fmt.Sprintf("%s %s %s", c.Attribute, c.Operator, c.Value))
		}
		lines[i] = strings.Join(clauses, " and ")
	}
	return strings.Join(lines, "\n")
}

const (
	city       = `{"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":["Bern"]}}`
	inCity     = "city EQUALS Bern"
	letsNobody = "objectId IS NULL"
)

// ConvertTo-Json makes a list of one to its element where it was piped.
func TestWhatPowerShellFlattenedIsReadAsAListOfOne(t *testing.T) {
	for _, scopeText := range []string{
		`{"groups":[{"name":"a","clauses":[` + city + `]}]}`,
		`{"groups":{"name":"a","clauses":[` + city + `]}}`,
		`{"groups":{"name":"a","clauses":` + city + `}}`,
		`[{"groups":[{"name":"a","clauses":[` + city + `]}]}]`,
		`[[{"Groups":{"Clauses":` + city + `}}]]`,
		`{"groups":{"clauses":{"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":"Bern"}}}}`,
	} {
		got, notes := scoped(t, small(t), scopeText)
		if shown := shownFilters(got.Filters); shown != inCity || len(notes) > 0 {
			t.Errorf("%s is read as %q, with the notes %v", scopeText, shown, notes)
		}
	}
}

// Each of them is something in Entra that restricts who is in scope, and that is not understood here.
func TestWhatIsNotUnderstoodInAScopeLetsNobodyIn(t *testing.T) {
	clause := func(members string) string { return `{"groups":[{"name":"a","clauses":[{` + members + `}]}]}` }
	for _, scopeText := range []string{
		`[{"groups":[{"clauses":[` + city + `]}]},{}]`,
		`true`, `0`, `[null,1]`,
		`{"groups":false}`, `{"groups":7}`,
		`{"groups":[[{"clauses":[` + city + `]}]]}`,
		`{"groups":[{"name":"a"}]}`, `{"groups":[{"name":"a","clauses":[]}]}`,
		`{"groups":[{"name":"a","clauses":[` + city + `],"negate":true}]}`,
		`{"groups":[{"name":"a","clauses":` + city + `,"Clauses":null}]}`,
		`{"filterGroups":[{"clauses":[` + city + `]}]}`,
		`{"groups":[{"clauses":[` + city + `]}],"groups":[]}`,
		`{"inputFilterGroups":"System.Object[]"}`, `{"categoryFilterGroups":[{"clauses":[{}]}]}`,
		clause(`"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":["B"]},"negate":true`),
		clause(`"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":["B"],"not":1}`),
		clause(`"sourceOperandName":"city","operatorName":"NOT EQUALS","targetOperand":{"values":["A",{"a":1}]}`),
		clause(`"sourceOperandName":"city","operatorName":"NOT EQUALS","targetOperand":{"values":["A",[]]}`),
		clause(`"sourceOperandName":"city","operatorName":"NOT EQUALS","targetOperand":{"values":{"A":"B"}}`),
		clause(`"sourceOperandName":"city","operatorName":"NOT REGEX MATCH","targetOperand":{"values":["^a",""]}`),
		clause(`"sourceOperandName":"city","operatorName":"IS NOT NULL","targetOperand":"B"`),
		`{"groups":[` + strings.Repeat(`{},`, 500) + `{"clauses":[` + city + `]}]}`,
		`null,"Scope":{"groups":[{"clauses":[` + city + `]}]},"scope":null`,
	} {
		got, notes := scoped(t, small(t), scopeText)
		for _, f := range got.Filters {
			if !strings.Contains(shownFilters([]scope.Filter{f}), letsNobody) {
				t.Errorf("%s lets in who passes %v", scopeText, f)
			}
		}
		if len(got.Filters) == 0 || len(notes) < 2 || !strings.HasPrefix(got.Filters[0].Name, "nobody") {
			t.Errorf("%s is read as %v, with the notes %v", scopeText, got.Filters, notes)
		}
		compiles(t, got)
	}
}

func TestAScopeWithNothingInItLetsEverybodyIn(t *testing.T) {
	for _, scopeText := range []string{
		`null`, `""`, `{}`, `[]`, `[{}]`, `{"groups":null}`, `{"groups":[]}`, `{"groups":{}}`, `{"groups":[],"inputFilterGroups":[],"categoryFilterGroups":[]}`,
		`{"groups":[{}]}`, `{"groups":[{"name":null,"clauses":[]}]}`, `{"@odata.type":"#microsoft.graph.filter","AdditionalProperties":{}}`,
	} {
		if got, _ := scoped(t, small(t), scopeText); len(got.Filters) > 0 {
			t.Errorf("%s is read as %v", scopeText, got.Filters)
		}
	}
}

// Whoever is to be in scope in Entra must pass the filters for reading and those of the category as well.
func TestFiltersForReadingAndOfTheCategoryBecomePartOfEveryScopingFilter(t *testing.T) {
	group := func(attribute string, values ...string) string {
		list, err := json.Marshal(values)
		if err != nil {
			t.Fatal(err)
		}
		return `{"name":"` + attribute + `","clauses":[{"sourceOperandName":"` + attribute + `","operatorName":"EQUALS","targetOperand":{"values":` + string(list) + `}}]}`
	}
	for _, c := range []struct{ name, scope, want string }{
		{"reading alone", `{"groups":[],"inputFilterGroups":[` + group("city", "Bern") + `]}`, "city EQUALS Bern"},
		{"category alone", `{"categoryFilterGroups":` + group("city", "Bern") + `}`, "city EQUALS Bern"},
		{
			"all three",
			`{"groups":[` + group("city", "Bern", "Basel") + `],"inputFilterGroups":[` + group("country", "CH") + `,` + group("country", "LI") + `],"categoryFilterGroups":[` + group("userType", "Member") + `]}`,
			"city EQUALS Bern and country EQUALS CH and userType EQUALS Member\n" +
				"city EQUALS Bern and country EQUALS LI and userType EQUALS Member\n" +
				"city EQUALS Basel and country EQUALS CH and userType EQUALS Member\n" +
				"city EQUALS Basel and country EQUALS LI and userType EQUALS Member",
		},
		{
			"one that cannot be read",
			`{"groups":[` + group("city", "Bern") + `],"inputFilterGroups":[` + group("shoeSize", "42") + `]}`,
			"objectId IS NULL and city EQUALS Bern",
		},
		{
			"one of two that cannot be read",
			`{"groups":[` + group("city", "Bern") + `],"inputFilterGroups":[` + group("shoeSize", "42") + `,` + group("country", "CH") + `]}`,
			"city EQUALS Bern and country EQUALS CH",
		},
		{
			"more than can be combined",
			`{"groups":[` + group("city", strings.Split(strings.Repeat("a ", 3)+"b c d e f g h i j", " ")...) + `],"inputFilterGroups":[` +
				group("country", strings.Split("a b c d e f g h i j k", " ")...) + `]}`,
			letsNobody,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, notes := scoped(t, small(t), c.scope)
			if diff := cmp.Diff(c.want, shownFilters(got.Filters)); diff != "" || len(notes) == 0 {
				t.Error(diff, notes)
			}
			compiles(t, got)
		})
	}
}

func TestARestrictionOfTheRuleOrOfTheObjectMappingThatHasNoPlaceHereLetsNobodyIn(t *testing.T) {
	for _, c := range []struct{ old, new string }{
		{`"containerFilter": null`, `"containerFilter": {"includedContainers":["OU=Sales,DC=example,DC=com"]}`},
		{`"groupFilter": null`, `"groupFilter": {"includedGroups":["6f2b7c2e-0000-4000-8000-000000000001"]}`},
		{`"groupFilter": null`, `"GroupFilter": "System.Object", "groupFilter": null`},
		{`"flowTypes": "Add, Update, Delete"`, `"metadata": [{"key":"Disposition","value":"Discard"}]`},
		{`"flowTypes": "Add, Update, Delete"`, `"metadata": {"key":"Unsynchronized","value":"true"}`},
	} {
		document := bytes.Replace(small(t), []byte(c.old), []byte(c.new), 1)
		if strings.HasPrefix(c.new, `"metadata"`) {
			document = bytes.Replace(document, []byte("\"metadata\": [],\n          \"attributeMappings\""), []byte(`"attributeMappings"`), 1)
		}
		for _, with := range []struct{ scope, want string }{
			{`null`, letsNobody},
			{`{"groups":[{"name":"Bern","clauses":[` + city + `]}]}`, letsNobody + " and " + inCity},
		} {
			got, notes := scoped(t, document, with.scope)
			if shown := shownFilters(got.Filters); shown != with.want || len(notes) < 2 {
				t.Errorf("%s with the scope %s is read as %q, with the notes %v", c.new, with.scope, shown, notes)
			}
		}
	}
}

// What stands where Graph has another kind of value is told, wherever it stands.
func TestValuesOfAnotherKindThanGraphHasAreNoted(t *testing.T) {
	for _, c := range []struct{ old, new, path string }{
		{`"flowTypes": "Add, Update, Delete"`, `"flowTypes": ["Add"]`, "synchronizationRules[0].objectMappings[0].flowTypes"},
		{`"matchingPriority": 1`, `"matchingPriority": [1]`, "synchronizationRules[0].objectMappings[0].attributeMappings[0].matchingPriority"},
		{`"exportMissingReferences": false`, `"exportMissingReferences": {"a":"b"}`, "synchronizationRules[0].objectMappings[0].attributeMappings[0].exportMissingReferences"},
		{`"objects": [`, `"objects": "System.Object[]", "former": [`, "directories[0].objects"},
	} {
		document := bytes.Replace(small(t), []byte(c.old), []byte(c.new), 1)
		_, notes, err := entraschema.Import(document)
		if err != nil {
			t.Fatal(err)
		}
		found := 0
		for _, n := range notes {
			if n.Path == c.path && n.Effect == entraschema.Dropped {
				found++
			}
		}
		if found != 1 {
			t.Errorf("%s: %d notes about it among %v", c.new, found, notes)
		}
	}
}
