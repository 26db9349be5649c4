package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/expr"
	"rollcall/internal/plan"
)

func TestAMistakeIsPointedAtWhateverStandsBeforeIt(t *testing.T) {
	long := strings.Repeat("x", 80)
	for name, c := range map[string]struct {
		text         string
		line, column int
		want         string
	}{
		"the beginning":   {"Foo(1)", 1, 1, "    Foo(1)\n    ^"},
		"the second line": {"a\r\n  b\r\nc", 2, 3, "      b\n      ^"},
		"a tab":           {"\tFoo", 1, 2, "     Foo\n     ^"},
		"ideographs":      {`"日本" Foo`, 1, 6, "    \"日本\" Foo\n           ^"},
		"an escape":       {"\x1b[2J Foo", 1, 6, "    \\u001b[2J Foo\n              ^"},
		"the end":         {"Foo(", 1, 5, "    Foo(\n        ^"},
		"far out":         {long + "!" + long, 1, 81, "    …" + long[:50] + "!" + long[:49] + "…\n    " + strings.Repeat(" ", 51) + "^"},
		"nowhere":         {"Foo", 7, 1, ""},
	} {
		_, got, _ := strings.Cut(pointed(c.text, api.ExpressionError{Line: c.line, Column: c.column, Message: "no"}), "\n")
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, c.want)
		}
	}
}

func TestEveryFunctionIsDescribedAndItsExamplesGiveTheirResults(t *testing.T) {
	for _, f := range expr.Functions() {
		got := call(t, nil, "expr", "functions", strings.ToLower(f.Name))
		got.want(t, 0, "")
		if !strings.HasPrefix(got.stdout, f.Signature+"\n") || !strings.Contains(got.stdout, "Example: rollcall expr eval ") {
			t.Errorf("%s:\n%s", f.Name, got.stdout)
		}
		for _, example := range f.Examples {
			args := []string{"expr", "eval"}
			for _, attribute := range example.Attributes {
				args = append(args, "-a", attribute)
			}
			got := call(t, nil, append(args, "--", example.Expression)...)
			if got.code != 0 || got.stderr != "" && !strings.Contains(example.Expression, "Redact(") {
				t.Errorf("%s: exit code %d, %s", example.Expression, got.code, got.stderr)
			}
			if example.Result != "" && !sameJSON(t, got.stdout, example.Result) {
				t.Errorf("%s gives %s, not %s", example.Expression, got.stdout, example.Result)
			}
		}
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	var compact [2]string
	for i, text := range []string{a, b} {
		var value any
		if err := json.Unmarshal([]byte(text), &value); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		again, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		compact[i] = string(again)
	}
	return compact[0] == compact[1]
}

func TestANumberKeepsAllItsDigits(t *testing.T) {
	if got := call(t, nil, "expr", "eval", "12345678901234567890"); got.stdout != "12345678901234567890\n" {
		t.Errorf("got %s", got.stdout)
	}
}

func TestWhatIsAskedIsDoneOnlyIfSomebodyAgrees(t *testing.T) {
	id := anID.String()
	preview := api.Preview{Differences: []string{"attributes: - title"}, Complete: true, Users: 2, InScope: 1, Warnings: []api.Warning{{Text: "mind this"}}}
	schema := file(t, "schema.json", "{}")
	env, bodies := answers(t, map[string]any{
		"GET instances":                               api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"GET instances/" + id:                         api.Instance{ID: anID, Name: "Demo"},
		"POST instances/" + id + "/preview":           preview,
		"POST instances/" + id + "/mappings/restore":  api.Instance{ID: anID, Name: "Demo"},
		"PUT instances/" + id + "/schema?dryRun=true": api.SchemaImport{Preview: preview, Notes: []api.SchemaNote{{Effect: "dropped", Subject: "x", Text: "no\u202e"}}},
		"PUT instances/" + id + "/schema":             api.SchemaImport{Saved: true, Preview: preview},
	})
	asked := func(key string) bool { _, found := bodies[key]; return found }
	call(t, env, "instance", "restore-mappings", "demo").want(t, 2, "restoring the default mappings of Demo replaces its own ones. Confirm it with --yes.")
	call(t, env, "instance", "schema", "import", "demo", schema).want(t, 2, "importing a schema replaces mappings and filters of Demo. Confirm it with --yes.")
	call(t, env, "instance", "restore-mappings", "demo").want(t, 2, "  attributes: - title\nIn scope: 1 of 2 users of the tenant.")
	if asked("POST instances/"+id+"/mappings/restore") || asked("PUT instances/"+id+"/schema") {
		t.Fatal("something was changed")
	}
	got := call(t, env, "instance", "schema", "import", "demo", schema, "--dry-run")
	got.want(t, 0, "Warning: mind this.")
	want := "Not carried over as it is:\n  dropped x: no\\u202e\nInstance Demo would be changed:\n  attributes: - title\nIn scope: 1 of 2 users of the tenant.\nThe next run: nobody to change.\n"
	if got.stdout != want || asked("PUT instances/"+id+"/schema") {
		t.Errorf("dry run:\n%s", got.stdout)
	}
	call(t, env, "instance", "restore-mappings", "demo", "--yes").want(t, 0, "Warning: mind this.")
	call(t, env, "instance", "schema", "import", "demo", schema, "-y").want(t, 0, "Warning: mind this.")
	if !asked("POST instances/"+id+"/mappings/restore") || !asked("PUT instances/"+id+"/schema") || bodies["PUT instances/"+id+"/schema"] != "{}" {
		t.Errorf("not everything was asked for: %v", bodies)
	}
}

func TestAPreviewSaysWhatTheNextRunDoes(t *testing.T) {
	got := previewText(api.Preview{Users: 1000, InScope: 900, Renamed: 1, Beside: 2, Actions: map[plan.Action]int{"create": 2, "deactivate": 100}})
	want := "There are too many users to look at all of them now; of the first 1000:\nIn scope: 900 of 1000 users of the tenant.\n" +
		"The next run: 2 to create, 100 to deactivate.\nOf them 1 existing user gets another userName.\nOf them 2 are created beside an existing user.\n"
	if got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestAPreviewSaysWhatBecomesOfGroups(t *testing.T) {
	people := "In scope: 9 of 9 users of the tenant.\nThe next run: nobody to change.\n"
	for want, groups := range map[string]api.GroupPreview{
		people: {},
		people + "All groups of the tenant are read first; what becomes of them cannot be counted yet.\n": {Unread: true},
		people + "Groups kept: 3; none to change.\n":                                                      {Kept: 3},
		people + "Groups kept: 3; the next run: 2 to create, 1 to release.\n":                             {Kept: 3, Actions: map[plan.Action]int{"create": 2, "release": 1}},
	} {
		if got := previewText(api.Preview{Complete: true, Users: 9, InScope: 9, Groups: groups}); got != want {
			t.Errorf("got\n%s", got)
		}
	}
}

func TestAPreviewThatCannotCountSaysWhatIsReadFirst(t *testing.T) {
	for want, preview := range map[string]api.Preview{
		"Nothing is known of the tenant yet: the first run reads it; what it does then cannot be counted yet.\n":  {NeverRead: true, NeedsRead: []string{"city"}, UnreadGroups: 1},
		"The next run reads the whole tenant first; what it does then cannot be counted yet.\n":                   {NeedsRead: []string{"city"}},
		"The next run reads the members of the selected groups first; what it does then cannot be counted yet.\n": {UnreadGroups: 1},
	} {
		if got := previewText(preview); got != want {
			t.Errorf("got %s", got)
		}
	}
}

func TestAPreviewTellsUpToFiveReasonsOfFailures(t *testing.T) {
	preview := api.Preview{Complete: true, Users: 9, InScope: 9, Actions: map[plan.Action]int{"fail": 9}}
	for _, code := range []string{"A", "B", "C", "D", "E", "F"} {
		preview.Failures = append(preview.Failures, api.FailureReason{Code: code, Text: "because of " + code, Count: 2})
	}
	got := previewText(preview)
	if !strings.Contains(got, "  2 to fail (A), such as: because of A.\n") || !strings.Contains(got, "(E)") || strings.Contains(got, "(F)") {
		t.Errorf("told\n%s", got)
	}
}

func TestATestFileIsRefusedInItsOwnWords(t *testing.T) {
	for text, want := range map[string]string{
		`[{"id": 1, "expresion": "1"}]`:                                `case 1 of the file, id 1: there is no member "expresion"`,
		`[{"id": "a", "expression": "1"}, {"id": "b", "now": "soon"}]`: "case 2 of the file, id b: now is a time",
		`[{"expression": 1}]`:                                          "case 1 of the file, id 1: expression is a text",
		`[{"expression": "1", "attributes": []}]`:                      "attributes is an object",
		`[{"id": {}, "expression": "1"}]`:                              "id is a whole number or a text",
		`{"id": 1}`:                                                    "it is not a JSON array of objects",
		"[\n{]":                                                        "line 2: it is not a JSON array of cases",
		`[{"expression": ""}]`:                                         "it has no expression",
	} {
		got := call(t, nil, "expr", "test", file(t, "cases.json", text))
		got.want(t, 2, want)
		if strings.Contains(got.stderr, "Go ") || strings.Contains(got.stderr, "struct") {
			t.Errorf("%s: told in the words of the program: %s", text, got.stderr)
		}
	}
	got := call(t, nil, "expr", "test", file(t, "cases.json", `[{"id": "first", "expression": "1", "expected": "1"}, {"id": "second", "expression": "1", "expected": 2}]`))
	got.want(t, 1, "")
	if !strings.Contains(got.stdout, "case second failed") || !strings.HasSuffix(got.stdout, "\n1 passed, 1 failed\n") {
		t.Errorf("told\n%s", got.stdout)
	}
}

func TestSeveralValuesOfOneAttributeAreCollected(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-a", "x:=1", "-a", "x:=2"}, "\"1;2\"\n"},
		{[]string{"-a", "x=1", "-a", `x:=["2","3"]`}, "\"1;2;3\"\n"},
		{[]string{"-a", "x:=null", "-a", "x=1"}, "\"1\"\n"},
	} {
		if got := call(t, nil, append([]string{"expr", "eval", `Join(";", [x])`}, c.args...)...); got.stdout != c.want {
			t.Errorf("%v: %s%s", c.args, got.stdout, got.stderr)
		}
	}
}
