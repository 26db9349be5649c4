package expr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

var now = time.Date(2025, 7, 30, 14, 5, 0, 0, time.UTC)

// values are the attributes that the cases below refer to; all others are absent.
var values = expr.Record{
	"userPrincipalName": "John.Doe@contoso.com", "givenName": "John", "surname": "Doe", "country": "USA", "state": "QLD",
	"empty": "", "null": nil, "blocked": true, "enabled": false, "IsSoftDeleted": "False", "count": 12.5, "badge": "007", "age": "41",
	"phones": []string{"+1 555", "+1 556"}, "one": []string{"only"}, "none": []string{}, "mixed": []any{"a", 1.0, nil, true},
	"object": map[string]any{"a": "b"}, "nested": []any{[]any{"a"}}, "spaced": "  a b\u00a0", "greek": "ΣΊΣΥΦΟΣ", "emoji": "👩‍🚀 Ada 火",
	"turkish": "ISPARTA iğne", "zero": 0, "minus": "-1", "id": "9007199254740993",
}

// evaluate computes an expression over a record, at a fixed time and with bytes that are always the same.
func evaluate(t *testing.T, text string, record expr.Record) (expr.Result, error) {
	t.Helper()
	expression, err := expr.Parse(text, nil)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	return expression.Evaluate(&expr.Input{Attribute: record.Attribute, Now: now, Random: strings.NewReader(strings.Repeat("0123456789abcdef", 1<<10))})
}

// expect evaluates expressions over values and compares what flows.
func expect[V any](t *testing.T, cases map[string]V) {
	t.Helper()
	for text, want := range cases {
		if got, err := evaluate(t, text, values); err != nil || got.Action != expr.Flow || !cmp.Equal(got.Value.Any(), any(want)) {
			t.Errorf("%s = %#v %s, %v, want %#v", text, got.Value.Any(), got.Action, err, want)
		}
	}
}

func TestEachFunctionGivesWhatItsPageSays(t *testing.T) {
	expect(t, map[string]any{
		`Append([userPrincipalName], ".test")`:   "John.Doe@contoso.com.test",
		`Append([null], "x")`:                    "x",
		`Append([null], [null])`:                 nil,
		`Append("", [null])`:                     "",
		`Coalesce([null], [empty], "x")`:         "x",
		`Coalesce([null], [none], [surname])`:    "Doe",
		`Coalesce([null], [phones])`:             []string{"+1 555", "+1 556"},
		`Coalesce([null])`:                       nil,
		`IIF([country] = "USA", "in", "out")`:    "in",
		`IIF([country] = "usa", "in", "out")`:    "out",
		`IIF("true", , "out")`:                   nil,
		`IIF([count], 1, 2)`:                     1.0,
		`IsNull([null])`:                         true,
		`IsNull([missing])`:                      true,
		`IsNull([none])`:                         true,
		`IsNull([empty])`:                        false,
		`IsNullOrEmpty([empty])`:                 true,
		`IsNullOrEmpty([phones])`:                false,
		`IsPresent([empty])`:                     false,
		`IsPresent([enabled])`:                   true,
		`Join(", ", "", [surname], [givenName])`: "Doe, John",
		`Join(";", [phones], [null], [mixed])`:   "+1 555;+1 556;a;1;True",
		`Join("", 1000, -2.50)`:                  "1000-2.50",
		`Join("-", [null], [empty])`:             nil,
		`Left("John Doe", 4)`:                    "John",
		`Left("John Doe", -1)`:                   "John Doe",
		`Left("John Doe", 0)`:                    "",
		`Left("Jo", "5")`:                        "Jo",
		`Left([null], 3)`:                        "",
		`Left([greek], 3)`:                       "ΣΊΣ",
		`Mid([givenName], 1, 3)`:                 "Joh",
		`Mid([surname], "2", "99")`:              "oe",
		`Mid([surname], 4, 1)`:                   "",
		`Mid([emoji], 5, 3)`:                     "Ada",
		`Mid([null], 1, 1)`:                      "",
		`Not([IsSoftDeleted])`:                   true,
		`Not([blocked])`:                         false,
		`Not("TRUE")`:                            false,
		`Not([null])`:                            true,
		`StripSpaces([spaced])`:                  "ab\u00a0",
		`StripSpaces([null])`:                    nil,
		`Switch([IsSoftDeleted], , "False", "True", "True", "False")`:   "True",
		`Switch([state], "Sydney", "NSW", "Sydney", "QLD", "Brisbane")`: "Brisbane",
		`Switch([state], "Sydney", "qld", "Brisbane")`:                  "Sydney",
		`Switch([state], , "NSW", "Sydney")`:                            nil,
		`Switch([null], "default", "", "none")`:                         "none",
		`Switch([empty], "default", "", "none")`:                        "none",
		`Switch(IsPresent([surname]), "Default", "True", [surname])`:    "Doe",
		`Switch([state], "x", "QLD", )`:                                 nil,
		`ToLower([userPrincipalName])`:                                  "john.doe@contoso.com",
		`ToLower([greek], )`:                                            "σίσυφοσ",
		`ToLower([turkish], "tr-TR")`:                                   "ısparta iğne",
		`ToUpper([turkish], "tr")`:                                      "ISPARTA İĞNE",
		`ToUpper([turkish], "en-US")`:                                   "ISPARTA IĞNE",
		`ToUpper("straße")`:                                             "STRAßE",
		`ToLower([null])`:                                               nil,
		`ToLower([one])`:                                                "only",
		`Trim([spaced])`:                                                "a b",
	})
}

func TestExpressionsNestLikeTheOnesInUse(t *testing.T) {
	expect(t, map[string]any{
		"Join(\"\",\n\tMid([surname],1,1) ,\r\n ToLower ( Mid([surname], 2, 64), ))":                               "Doe",
		`Switch(Join("+", Switch([a],[a],"","other"), Switch([state],[state],"","other")), "x", "other+QLD", "y")`: "y",
		`IIF([country]="USA",IIF([state]="CA","True","False"),"False")`:                                            "False",
		`IIF([country]="Canada","True",IIF([state]="QLD","True","False"))`:                                         "True",
		`Switch([badge], [badge], "", "N/A")`:                                                                      "007",
		`[surname]`:                                                                                                "Doe", `[ surname ]`: "Doe", `[phones]`: []string{"+1 555", "+1 556"}, `[mixed]`: []string{"a", "1", "True"},
		`"a \"quoted\" \\ \d"`: `a "quoted" \ \d`, `12`: 12.0, `""`: "", `[count]`: 12.5,
		`&HF7`: 247.0, `Join("",&Hf,"-", &H10)`: "15-16", `UTF8`: "UTF8", `vbTextCompare`: 1.0,
		"Join\n(\u00a0\u2003\",\"\t,[surname]\r\n,[state])": "Doe,QLD", `-5`: -5.0, `+5`: 5.0, `Left("abc",+2)`: "ab",
	})
}

func TestTheAmpersandJoinsTexts(t *testing.T) {
	expect(t, map[string]any{
		`[givenName] & " " & [surname]`: "John Doe", `"a"&"b"`: "ab", `"a"&&H10`: "a16", `[null] & "x"`: "x", `"x" & [missing]`: "x",
		`[null] & [missing]`: nil, `[null] & ""`: "", `Left("abc" & "def", 4) & 1`: "abcd1", `[blocked] & [badge]`: "True007",
		`"a" & "b" = "ab"`: true, `"ab" = "a" & [surname]`: false, `[one]&"!"`: "only!",
	})
}

func TestAnActionTakesThePlaceOfTheValue(t *testing.T) {
	for text, want := range map[string]expr.Action{
		`IgnoreFlowIfNullOrEmpty([null])`:                                      expr.IgnoreAttribute,
		`IgnoreFlowIfNullOrEmpty([empty])`:                                     expr.IgnoreAttribute,
		`IgnoreFlowIfNullOrEmpty([none])`:                                      expr.IgnoreAttribute,
		`IgnoreFlowIfNullOrEmpty([surname])`:                                   expr.Flow,
		`IgnoreFlowIfNullOrEmpty([phones])`:                                    expr.Flow,
		`Append("x", IgnoreFlowIfNullOrEmpty([null]))`:                         expr.IgnoreAttribute,
		`IIF([country] = "USA", IgnoreAttributeFlow, "x")`:                     expr.IgnoreAttribute,
		`IIF([country] = "USA", IgnoreObjectFlow, "x")`:                        expr.IgnoreObject,
		`IIF([country] = "UK", IgnoreObjectFlow, "x")`:                         expr.Flow,
		`IgnoreObjectFlow`:                                                     expr.IgnoreObject,
		`IIF([country] = "USA", IIF([null] = "", IgnoreObjectFlow, "x"), "y")`: expr.IgnoreObject,
	} {
		got, err := evaluate(t, text, values)
		if err != nil || got.Action != want {
			t.Errorf("%s = %s, %v, want %s", text, got.Action, err, want)
		}
		if got.Action != expr.Flow && got.Value.Kind() != expr.Null {
			t.Errorf("%s has action %s and value %v", text, got.Action, got.Value.Any())
		}
	}
}

func TestComparisonIsLooselyTyped(t *testing.T) {
	expect(t, map[string]bool{
		`[badge] = 7`: true, `[badge] = "7"`: false, `[badge] <> "7"`: true, `[surname] = 7`: false, `[surname] <> 7`: true,
		`[blocked] = "true"`: true, `[enabled] = "False"`: true, `[blocked] <> [enabled]`: true,
		`[null] = ""`: true, `[null] = [missing]`: true, `[null] <> "x"`: true, `[null] = 0`: false,
		`[null] < 5`: false, `[null] >= 0`: false, `[empty] > ""`: false,
		`[age] > 5`: true, `[age] > "5"`: true, `[age] < 41.5`: true, `[age] <= 41`: true, `[age] >= 42`: false, `"b" > "a"`: true, `"B" >= "a"`: false,
		`[one] = "only"`: true, `Left([surname], 1) = "D"`: true, `[count] = 12.5`: true, `[count] > 12`: true, `[count] <> "12.50"`: false,
		`[id] = 9007199254740993`: true, `[id] = 9007199254740992`: false, `[id] > "9007199254740992"`: true, `" 7 " = 7`: true,
	})
}

func TestABranchThatIsNotTakenIsNotEvaluated(t *testing.T) {
	for _, text := range []string{
		`Switch([state], Mid("x", [zero], 1), "QLD", "fine", Mid("x", [zero], 1), "x")`,
		`IIF([country]="USA", "fine", Left("x", [surname]))`,
		`IIF([country]="FR", Left("x", [surname]), "fine")`,
		`Coalesce("fine", Left("x", [surname]))`,
	} {
		if got, err := evaluate(t, text, values); err != nil || got.Value.Any() != "fine" {
			t.Errorf("%s = %v, %v, want fine", text, got.Value.Any(), err)
		}
	}
}

func TestAnEvaluationErrorSaysWhereAndWhat(t *testing.T) {
	long := strings.Repeat("x", expr.MaxText/2+1)
	values := expr.Record{
		"long": long, "abc": "abc", "half": 1.5, "zero": 0, "minus": -1, "big": "99999999999", "culture": "no such culture", "object": map[string]any{}, "nested": []any{[]any{"a"}}, "phones": []string{"1", "2"}, "odd": struct{}{},
		"uneven": []any{map[string]any{}, "a"}, "objects": []any{map[string]any{"value": "x"}},
	}
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{`Trim([object])`, 6, "object is an object"},
		{`[nested]`, 1, "a list in a list"},
		{`[uneven]`, 1, "uneven holds objects beside other values"},
		{`ToLower([objects])`, 1, "ToLower: argument 1 holds objects"},
		{`[objects] = "x"`, 11, "multi-valued"},
		{`"x" & [phones]`, 5, "Join makes one text"},
		{`Join(",", [odd])`, 11, "odd is an object"},
		{`Not([odd])`, 5, "object"},
		{`IsNull([odd])`, 8, "object"},
		{`IsNullOrEmpty([odd])`, 15, "object"},
		{`IsPresent([odd])`, 11, "object"},
		{`IIF([odd], 1, 2)`, 5, "object"},
		{`Coalesce([odd], 1)`, 10, "object"},
		{`Switch([odd], , "a", "b")`, 8, "object"},
		{`Switch("c", , [odd], "b")`, 15, "object"},
		{`Append([odd], "a")`, 8, "object"},
		{`Append("a", [odd])`, 13, "object"},
		{`Join([odd], "a")`, 6, "object"},
		{`[odd] = 1`, 1, "object"},
		{`1 = [odd]`, 5, "object"},
		{`ToLower([phones])`, 1, "ToLower: argument 1 has 2 values"},
		{`[phones] = "1"`, 10, "multi-valued"},
		{`"abc" > 5`, 7, `"abc" and "5" cannot be compared as numbers`},
		{`[abc] > [half]`, 7, `"abc" and "1.5" cannot be compared as numbers`},
		{`Left("abc", [abc])`, 1, `Left: argument 2 must be a whole number, it is "abc"`},
		{`Left("abc", [half])`, 1, `whole number`},
		{`Left("abc", [big])`, 1, `argument 2, 99999999999, is too large`},
		{`Left("abc", [phones])`, 1, `whole number`},
		{`Left([odd], 1)`, 6, "object"},
		{`Left("a", [odd])`, 11, "object"},
		{`Mid("abc", [zero], 1)`, 1, "start 0"},
		{`Mid("abc", 1, [minus])`, 1, "length -1"},
		{`Mid("abc", 1, [null])`, 1, "whole number"},
		{`Mid("abc", [null], 1)`, 1, "whole number"},
		{`Mid([odd], 1, 1)`, 5, "object"},
		{`ToUpper("a", [culture])`, 1, "not the name of a culture"},
		{`ToUpper("a", [odd])`, 14, "object"},
		{`[long] & [long]`, 8, "at most 65536"},
		{`Append([long], [long])`, 1, "at most 65536"},
		{`Join("", [long], [long])`, 1, "more than 65536"},
	} {
		_, err := evaluate(t, c.text, values)
		failed, ok := errors.AsType[*expr.EvaluationError](err)
		if !ok || !fault.Is(err, fault.Invalid) {
			t.Errorf("%s = %v, want an evaluation error", c.text, err)
			continue
		}
		if failed.Line != 1 || failed.Column != c.column || !strings.Contains(failed.Message, c.says) {
			t.Errorf("%s = %v, want column %d, %s", c.text, failed, c.column, c.says)
		}
	}
}

func TestAnEvaluationErrorTellsTheLineAsWell(t *testing.T) {
	_, err := evaluate(t, "Append(\"ü\",\n\t Left(\"a\", [surname]))", values)
	if failed, ok := errors.AsType[*expr.EvaluationError](err); !ok || failed.Line != 2 || failed.Column != 3 {
		t.Errorf("%v, want line 2, column 3", err)
	}
}

func TestAnExpressionKnowsItsAttributes(t *testing.T) {
	expression, err := expr.Parse(`IIF([b] = [a], Join(",", [b], [ c ]), "[d]")`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "a", "c"}, expression.Attributes()); diff != "" {
		t.Error(diff)
	}
}

func TestARecordIsReadAsPeopleWriteIt(t *testing.T) {
	got, err := expr.ParseRecord([]string{
		"a=x=y", "[b]=", " c =z", `list:=["a",1,null]`, "mail:=null", "number:=1.5", "yes:=true", "two=1", "two=2", "two=3",
		`roles:=[{"value":"admin"}]`,
	})
	want := expr.Record{
		"a": "x=y", "b": "", "c": "z", "list": []any{"a", 1.0, nil}, "mail": nil, "number": 1.5, "yes": true, "two": []any{"1", "2", "3"},
		"roles": []any{map[string]any{"value": "admin"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	_, err = expr.ParseRecord([]string{"a", "=x", ":=1", "b:=nonsense", `c:={"d":1}`, "fine=1"})
	if lines := strings.Split(fmt.Sprint(err), "\n"); len(lines) != 5 {
		t.Errorf("%v, want five errors", err)
	}
}
