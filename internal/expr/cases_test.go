package expr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
)

func readCase(t *testing.T, entry string) expr.Case {
	t.Helper()
	cases, err := expr.ReadCases(strings.NewReader("[" + entry + "]"))
	if err != nil {
		t.Fatal(err)
	}
	return cases[0]
}

func TestACaseIsJudged(t *testing.T) {
	passed := func(expected, got string) expr.Outcome {
		return expr.Outcome{Passed: true, Expected: expected, Got: got}
	}
	failed := func(expected, got string) expr.Outcome { return expr.Outcome{Expected: expected, Got: got} }
	for name, c := range map[string]struct {
		entry string
		want  expr.Outcome
	}{
		"a text":                         {`{"expression": "[a]", "attributes": {"a": "x"}, "expected": "x"}`, passed(`"x"`, `"x"`)},
		"another text":                   {`{"expression": "[a]", "attributes": {"a": "X"}, "expected": "x"}`, failed(`"x"`, `"X"`)},
		"a number and its text":          {`{"expression": "BitAnd(7, 15)", "expected": "7"}`, passed(`"7"`, `7`)},
		"a text and its number":          {`{"expression": "CStr(7)", "expected": 7}`, passed(`7`, `"7"`)},
		"two texts that read as numbers": {`{"expression": "CStr(7)", "expected": "07"}`, failed(`"07"`, `"7"`)},
		"a boolean and its text":         {`{"expression": "Not(1)", "expected": "False"}`, passed(`"False"`, `false`)},
		"a text and its boolean":         {`{"expression": "[a]", "attributes": {"a": "True"}, "expected": true}`, passed(`true`, `"True"`)},
		"nothing and the empty text":     {`{"expression": "[a]", "expected": ""}`, passed(`""`, `null`)},
		"the empty text and null":        {`{"expression": "Left([a], 1)", "expected": null}`, passed(`null`, `""`)},
		"a value and null":               {`{"expression": "CStr(7)", "expected": null}`, failed(`null`, `"7"`)},
		"expected left out":              {`{"expression": "Left([a], 1)"}`, passed(`""`, `""`)},
		"expected left out, a value":     {`{"expression": "CStr(7)"}`, failed(`""`, `"7"`)},
		"a list":                         {`{"expression": "Split([a], \",\")", "attributes": {"a": "x,1"}, "expected": ["x", 1]}`, passed(`["x", 1]`, `["x","1"]`)},
		"a list in another order":        {`{"expression": "Split([a], \",\")", "attributes": {"a": "x,y"}, "expected": ["y", "x"]}`, failed(`["y", "x"]`, `["x","y"]`)},
		"a list of one":                  {`{"expression": "[a]", "attributes": {"a": ["x"]}, "expected": "x"}`, passed(`"x"`, `["x"]`)},
		"an empty list":                  {`{"expression": "[a]", "expected": []}`, passed(`[]`, `null`)},
		"objects": {
			`{"expression": "[a]", "attributes": {"a": [{"value": "x", "n": 1}]}, "expected": [{"n": 1, "value": "x"}]}`,
			passed(`[{"n": 1, "value": "x"}]`, `[{"n":1,"value":"x"}]`),
		},
		"an action":       {`{"expression": "IgnoreObjectFlow", "expected": {"$action": "ignoreObject"}}`, passed(`{"$action": "ignoreObject"}`, `{"$action":"ignoreObject"}`)},
		"another action":  {`{"expression": "IgnoreObjectFlow", "expected": {"$action": "escrow"}}`, failed(`{"$action": "escrow"}`, `{"$action":"ignoreObject"}`)},
		"no action":       {`{"expression": "CStr(7)", "expected": {"$action": "escrow"}}`, failed(`{"$action": "escrow"}`, `"7"`)},
		"a reason":        {`{"expression": "Error(\"why\")", "expected": "x"}`, failed(`"x"`, `{"$action":"escrow","reason":"why"}`)},
		"a value taken":   {`{"expression": "SelectUniqueValue(\"a\", \"b\")", "target_values_taken": ["a"], "expected": "b"}`, passed(`"b"`, `"b"`)},
		"a time":          {`{"expression": "Now()", "now": "2021-07-02T15:33:38Z", "expected": "7/2/2021 3:33:38 PM"}`, passed(`"7/2/2021 3:33:38 PM"`, `"7/2/2021 3:33:38 PM"`)},
		"any value":       {`{"expression": "CStr(7)", "expected": null, "provenance": "documented-without-output"}`, passed(`{"$any":"value"}`, `"7"`)},
		"any value, none": {`{"expression": "Error(\"why\")", "expected": null, "provenance": "documented-without-output"}`, failed(`{"$any":"value"}`, `{"$action":"escrow","reason":"why"}`)},
		"a log value":     {`{"expression": "Redact(\"x\")", "expected": "x", "log_value": "[Redact]"}`, passed(`"x"`, `"x"`)},
		"no log value":    {`{"expression": "CStr(\"x\")", "expected": "x", "log_value": "[Redact]"}`, failed(`{"$log":"[Redact]"}`, `{"$log":"x"}`)},
		"a pattern":       {`{"expression": "CStr(\"x1\")", "expected": null, "expected_pattern": "^[a-z]\\d$"}`, passed(`{"$pattern":"^[a-z]\\d$"}`, `"x1"`)},
		"another pattern": {`{"expression": "CStr(\"xx\")", "expected": null, "expected_pattern": "^[a-z]\\d$"}`, failed(`{"$pattern":"^[a-z]\\d$"}`, `"xx"`)},
		"a pattern that we cannot read": {
			`{"expression": "CStr(\"x\")", "expected": null, "expected_pattern": "^(?=x)"}`,
			expr.Outcome{Passed: true, Expected: `{"$pattern":"^(?=x)"}`, Got: `"x"`, Note: "not checked: ^(?=x)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, readCase(t, c.entry).Run(noon, seeded(1))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnErrorIsAnOutcomeLikeOthers(t *testing.T) {
	for _, expression := range []string{`Item([a], 1)`, `Item([a], 0)`, `Nothing()`} {
		c := expr.Case{Expression: expression, Expected: json.RawMessage(`{"$action":"error"}`)}
		if outcome := c.Run(noon, seeded(1)); !outcome.Passed || !strings.Contains(outcome.Got, `"reason":"`) {
			t.Errorf("%s: %+v", expression, outcome)
		}
		c.Expected = json.RawMessage(`"x"`)
		if outcome := c.Run(noon, seeded(1)); outcome.Passed {
			t.Errorf("%s: %+v", expression, outcome)
		}
	}
}

func TestClausesOfAPatternAreChecked(t *testing.T) {
	for pattern, c := range map[string]struct {
		text string
		fits bool
		note string
	}{
		"length 10, >=2 digits, >=2 specials, >=2 upper, >=1 lower, none of ?,": {"1@!2BaRg53", true, ""},
		"length 9":                 {"1@!2BaRg53", false, ""},
		">=5 digits":               {"1@!2BaRg53", false, ""},
		">=1 letter":               {"1", false, ""},
		"none of @":                {"1@", false, ""},
		"5 characters, no digits":  {"mVAdX", true, ""},
		"5 characters, no digits ": {"mVAdX", true, "not checked: no digits "},
		"4 characters":             {"éééé", true, ""},
		"no digits":                {"a1", false, ""},
		"a word, length 1":         {"a", true, "not checked: a word"},
		"length x, >=y digits":     {"a", true, "not checked: length x, >=y digits"},
		"2 digits":                 {"a", true, "not checked: 2 digits"},
	} {
		test := expr.Case{Expression: `CStr([a])`, Attributes: map[string]any{"a": c.text}, ExpectedPattern: pattern, Expected: json.RawMessage("null")}
		if outcome := test.Run(noon, nil); outcome.Passed != c.fits || outcome.Note != c.note {
			t.Errorf("%q for %q: %+v", pattern, c.text, outcome)
		}
	}
}

func TestAFileThatIsNoListOfCasesSaysWhere(t *testing.T) {
	for file, says := range map[string]string{
		`{}`:  "not a JSON array",
		`[1]`: "case 1 of the file",
		`[{"id": 3, "expression": "a"}, {"id": 7}]`:                            "case 2 of the file, id 7: it has no expression",
		`[{"id": 3, "expression": "[a]", "attributes": {"a": {"b": 1}}}]`:      "id 3: a is an object",
		`[{"id": 3, "expression": "[a]", "expected": {"$action": "explode"}}]`: `id 3: there is no $action "explode"`,
		`[{"id": 3, "expression": "[a]", "now": "yesterday"}]`:                 "case 1 of the file",
		`[{"id": 3, "expression": "[a]", "target_values_taken": "x"}]`:         "target_values_taken",
	} {
		if _, err := expr.ReadCases(strings.NewReader(file)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %q", file, err, says)
		}
	}
}
