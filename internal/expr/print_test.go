package expr_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
)

func parse(t *testing.T, text string) *expr.Expression {
	t.Helper()
	expression, err := expr.Parse(text, nil)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return expression
}

func TestTheCanonicalTextHasOneWayOfWriting(t *testing.T) {
	for text, want := range map[string]string{
		"Switch( [a],,\n\"k\" ,  \"v\")":   `Switch([a], , "k", "v")`,
		`Switch([a], , "k", )`:             `Switch([a], , "k", )`,
		`ToLower([ a ], )`:                 `ToLower([a], )`,
		`Left ("a\b\"c\\", +3, , )`:        `Left("a\\b\"c\\", 3)`,
		`Left("x",-1)`:                     `Left("x", -1)`,
		`Join("", &HF7, 1000, 2.50)`:       `Join("", 247, 1000, 2.50)`,
		`[a]&"b"&[c]="x"`:                  `[a] & "b" & [c] = "x"`,
		`IIF([a]<>1,IgnoreObjectFlow,"x")`: `IIF([a] <> 1, IgnoreObjectFlow, "x")`,
		"\"two\nlines, \t火\"":              "\"two\nlines, \t火\"",
	} {
		if got := parse(t, text).Canonical(); got != want {
			t.Errorf("%s is printed %s, want %s", text, got, want)
		}
	}
}

func TestAnExpressionRemembersTheTextThatWasWritten(t *testing.T) {
	const text = "Left( [a] ,\n 3 )"
	if got := parse(t, text).String(); got != text {
		t.Errorf("%q, want %q", got, text)
	}
}

// The first is the sample of Graph's parseExpression; the others follow from its form.
func TestTheTreeIsTheOneThatGraphShows(t *testing.T) {
	for text, want := range map[string]string{
		`Mid([userPrincipalName], 1, 8)`: `{"expression":"Mid([userPrincipalName], 1, 8)","name":"Mid","type":"Function","parameters":[
			{"key":"source","value":{"expression":"[userPrincipalName]","name":"userPrincipalName","parameters":[],"type":"Attribute"}},
			{"key":"start","value":{"expression":"\"1\"","name":"1","parameters":[],"type":"Constant"}},
			{"key":"length","value":{"expression":"\"8\"","name":"8","parameters":[],"type":"Constant"}}]}`,
		`[mail]`: `{"expression":"[mail]","name":"mail","parameters":[],"type":"Attribute"}`,
		`"a\"b"`: `{"expression":"\"a\\\"b\"","name":"a\"b","parameters":[],"type":"Constant"}`,
		`Switch([a],,"k",,"l",UTF8)`: `{"expression":"Switch([a], , \"k\", , \"l\", UTF8)","name":"Switch","type":"Function","parameters":[
			{"key":"source","value":{"expression":"[a]","name":"a","parameters":[],"type":"Attribute"}},
			{"key":"key","value":{"expression":"\"k\"","name":"k","parameters":[],"type":"Constant"}},
			{"key":"key","value":{"expression":"\"l\"","name":"l","parameters":[],"type":"Constant"}},
			{"key":"value","value":{"expression":"UTF8","name":"UTF8","parameters":[],"type":"Constant"}}]}`,
		`[a] & "b" = "c"`: `{"expression":"[a] & \"b\" = \"c\"","name":"=","type":"Function","parameters":[
			{"key":"left","value":{"expression":"[a] & \"b\"","name":"Append","type":"Function","parameters":[
				{"key":"source","value":{"expression":"[a]","name":"a","parameters":[],"type":"Attribute"}},
				{"key":"suffix","value":{"expression":"\"b\"","name":"b","parameters":[],"type":"Constant"}}]}},
			{"key":"right","value":{"expression":"\"c\"","name":"c","parameters":[],"type":"Constant"}}]}`,
	} {
		got, err := json.Marshal(parse(t, text).Tree())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(decode(t, want), decode(t, string(got))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func decode(t *testing.T, text string) (value any) {
	t.Helper()
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&value); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return value
}
