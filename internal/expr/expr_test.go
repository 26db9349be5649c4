package expr_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
	"rollcall/internal/fault"
)

// values are the attributes that the cases below refer to; all others are absent.
var values = map[string]any{
	"userPrincipalName": "John.Doe@contoso.com", "givenName": "John", "surname": "Doe", "country": "USA", "state": "QLD",
	"empty": "", "null": nil, "blocked": true, "enabled": false, "IsSoftDeleted": "False", "count": 12.5, "badge": "007", "age": "41",
	"phones": []string{"+1 555", "+1 556"}, "one": []string{"only"}, "none": []string{}, "mixed": []any{"a", 1.0, nil, true},
	"object": map[string]any{"a": "b"}, "nested": []any{[]any{"a"}}, "spaced": "  a b\u00a0", "greek": "ΣΊΣΥΦΟΣ", "emoji": "👩‍🚀 Ada 火",
	"turkish": "ISPARTA iğne",
}

func lookup(name string) any { return values[name] }

func evaluate(t *testing.T, text string) (any, error) {
	t.Helper()
	expression, err := expr.Parse(text)
	if err != nil {
		t.Fatalf("Parse(%s): %v", text, err)
	}
	value, err := expression.Evaluate(lookup)
	return value.Any(), err
}

func TestEachFunctionGivesWhatItsPageSays(t *testing.T) {
	for text, want := range map[string]any{
		`Append([userPrincipalName], ".test")`:   "John.Doe@contoso.com.test",
		`Append([null], "x")`:                    "x",
		`Append([null], [null])`:                 nil,
		`Append("", [null])`:                     "",
		`Coalesce([null], [empty], "x")`:         "",
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
	} {
		got, err := evaluate(t, text)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s = %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestExpressionsNestLikeTheOnesInUse(t *testing.T) {
	for text, want := range map[string]any{
		"Join(\"\",\n\tMid([surname],1,1) ,\r\n ToLower ( Mid([surname], 2, 64), ))":                               "Doe",
		`Switch(Join("+", Switch([a],[a],"","other"), Switch([state],[state],"","other")), "x", "other+QLD", "y")`: "y",
		`IIF([country]="USA",IIF([state]="CA","True","False"),"False")`:                                            "False",
		`IIF([country]="Canada","True",IIF([state]="QLD","True","False"))`:                                         "True",
		`Switch([badge], [badge], "", "N/A")`:                                                                      "007",
		`[surname]`:                                                                                                "Doe", `[ surname ]`: "Doe", `[phones]`: []string{"+1 555", "+1 556"}, `[mixed]`: []string{"a", "1", "True"},
		`"a \"quoted\" \\ \d"`: `a "quoted" \ \d`, `12`: 12.0, `""`: "", `[count]`: 12.5,
	} {
		if got, err := evaluate(t, text); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%s = %#v, %v, want %#v", text, got, err, want)
		}
	}
}

func TestComparisonIsLooselyTyped(t *testing.T) {
	for text, want := range map[string]bool{
		`[badge] = 7`: true, `[badge] = "7"`: false, `[badge] <> "7"`: true, `[surname] = 7`: false, `[surname] <> 7`: true,
		`[blocked] = "true"`: true, `[enabled] = "False"`: true, `[blocked] <> [enabled]`: true,
		`[null] = ""`: true, `[null] = [missing]`: true, `[null] <> "x"`: true, `[null] = 0`: false,
		`[null] < 5`: false, `[null] >= 0`: false, `[empty] > ""`: false,
		`[age] > 5`: true, `[age] > "5"`: true, `[age] < 41.5`: true, `[age] <= 41`: true, `[age] >= 42`: false, `"b" > "a"`: true, `"B" >= "a"`: false,
		`[one] = "only"`: true, `Left([surname], 1) = "D"`: true,
	} {
		if got, err := evaluate(t, text); err != nil || got != want {
			t.Errorf("%s = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestABranchThatIsNotTakenIsNotEvaluated(t *testing.T) {
	for _, text := range []string{
		`Switch([state], Mid("x", 0, 1), "QLD", "fine", Mid("x", 0, 1), "x")`,
		`IIF([country]="USA", "fine", Left("x", "y"))`,
		`IIF([country]="FR", Left("x", "y"), "fine")`,
		`Coalesce("fine", Left("x", "y"))`,
	} {
		if got, err := evaluate(t, text); err != nil || got != "fine" {
			t.Errorf("%s = %v, %v, want fine", text, got, err)
		}
	}
}

func TestASyntaxErrorSaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
		says         string
	}{
		{"", 1, 1, "empty"},
		{"   \n ", 1, 1, "empty"},
		{`Lower([a])`, 1, 1, "there is no function Lower; known are Append, Coalesce, IIF"},
		{`tolower([a])`, 1, 1, "write ToLower"},
		{"Join(\", \",\n  Foo([a]))", 2, 3, "there is no function Foo"},
		{"\"ü\" = Foo()", 1, 7, "there is no function Foo"},
		{`Left([a])`, 1, 1, "Left(source, numChars) (the first characters of the source); here it has 1 argument"},
		{`Not()`, 1, 1, "no arguments"},
		{`Not([a], [b])`, 1, 1, "2 arguments"},
		{`Not([a], [b], )`, 1, 1, "2 arguments"},
		{`Append(, "x")`, 1, 1, "argument 1, source, is empty"},
		{`Coalesce([a], , [b])`, 1, 1, "argument 2, source, is empty"},
		{`Switch([a], "x", "y")`, 1, 1, "Switch(source, [defaultValue], key, [value], …)"},
		{`Switch([a], "x", "y", "z", "w")`, 1, 1, "5 arguments"},
		{`Switch([a], "x", , "z")`, 1, 1, "argument 3, key, is empty"},
		{`Switch([a], "x", "y", "z", , "w")`, 1, 1, "argument 5, key, is empty"},
		{`Append("a" "b")`, 1, 12, `missing before "b"`},
		{`Append("a", "b"`, 1, 7, "not closed"},
		{`Append("a", `, 1, 13, "breaks off"},
		{`Append("a", "b`, 1, 13, "no closing double quote"},
		{`[a`, 1, 1, "no closing bracket"},
		{`[]`, 1, 1, "no attribute name"},
		{`[a[b]]`, 1, 1, "no closing bracket"},
		{`a`, 1, 1, "neither a function call"},
		{`'a'`, 1, 1, "means nothing here"},
		{`Append("a", {b})`, 1, 13, "means nothing here"},
		{`"a" = "b" = "c"`, 1, 11, "two comparisons"},
		{`"a" =`, 1, 6, "breaks off"},
		{`= "a"`, 1, 1, `"=" stands where`},
		{`Not([a]))`, 1, 9, `ends before ")"`},
		{`Left("a", -)`, 1, 11, "is not a number"},
		{`Left("a", 1.)`, 1, 11, "is not a number"},
		{`Left("a", ` + strings.Repeat("9", 400) + `)`, 1, 11, "too large"},
		{`"` + strings.Repeat("é", expr.MaxLength) + `"`, 1, 1, "10002 characters; at most 10000"},
		{strings.Repeat("Not(", 101) + `"a"` + strings.Repeat(")", 101), 1, 401, "deeper than 100"},
	} {
		_, err := expr.Parse(c.text)
		syntax, ok := errors.AsType[*expr.SyntaxError](err)
		if !ok || !fault.Is(err, fault.Invalid) {
			t.Errorf("Parse(%.60s) = %v, want a syntax error", c.text, err)
			continue
		}
		if syntax.Line != c.line || syntax.Column != c.column || !strings.Contains(syntax.Message, c.says) {
			t.Errorf("Parse(%.60s) = %v, want line %d, column %d, %s", c.text, syntax, c.line, c.column, c.says)
		}
	}
}

func TestTheLimitsThemselvesAreAllowed(t *testing.T) {
	for _, text := range []string{
		`"` + strings.Repeat("é", expr.MaxLength-2) + `"`,
		strings.Repeat("Not(", expr.MaxNesting) + `"a"` + strings.Repeat(")", expr.MaxNesting),
	} {
		if _, err := expr.Parse(text); err != nil {
			t.Errorf("Parse(%.20s…) = %v", text, err)
		}
	}
}

func TestAnEvaluationErrorSaysWhereAndWhat(t *testing.T) {
	long := strings.Repeat("x", expr.MaxText/2+1)
	values := map[string]any{"long": long, "object": map[string]any{}, "nested": []any{[]any{"a"}}, "phones": []string{"1", "2"}, "odd": struct{}{}, "listed": []any{map[string]any{}}}
	for _, c := range []struct {
		text   string
		column int
		says   string
	}{
		{`Trim([object])`, 6, "object is an object"},
		{`[nested]`, 1, "a list in a list"},
		{`[listed]`, 1, "listed is an object"},
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
		{`Left("abc", "b")`, 1, `Left: argument 2 must be a whole number, it is "b"`},
		{`Left("abc", 1.5)`, 1, `whole number`},
		{`Left("abc", 99999999999)`, 1, `whole number`},
		{`Left([odd], 1)`, 6, "object"},
		{`Left("a", [odd])`, 11, "object"},
		{`Mid("abc", 0, 1)`, 1, "start 0"},
		{`Mid("abc", 1, -1)`, 1, "length -1"},
		{`Mid("abc", 1, [null])`, 1, "whole number"},
		{`Mid("abc", [null], 1)`, 1, "whole number"},
		{`Mid([odd], 1, 1)`, 5, "object"},
		{`ToUpper("a", "no such culture")`, 1, "not the name of a culture"},
		{`ToUpper("a", "x")`, 1, "not the name of a culture"},
		{`ToUpper("a", [odd])`, 14, "object"},
		{`Append([long], [long])`, 1, "at most 1048576"},
		{`Join("", [long], [long])`, 1, "more than 1048576"},
	} {
		expression, err := expr.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = expression.Evaluate(func(name string) any { return values[name] })
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

func TestAnExpressionKnowsItsAttributes(t *testing.T) {
	expression, err := expr.Parse(`IIF([b] = [a], Join(",", [b], [ c ]), "[d]")`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"b", "a", "c"}, expression.Attributes()); diff != "" {
		t.Error(diff)
	}
}

func FuzzEvaluate(f *testing.F) {
	f.Add(`Switch([IsSoftDeleted], , "False", "True", "True", "False")`, "False", "x", true, 1.5)
	f.Add(`Join(", ", Mid([a], 1, 3), Left([b], -1), ToUpper([a], "tr"), IIF([n] >= 2, [t], [l]))`, "\xff\x00", "İß", false, -1.0)
	f.Add(`Append(Trim("\\\"\x"), Coalesce(StripSpaces([a]), Not([t] <> [n]), IsNull([l])))`, "", " ", false, 1e300)
	f.Add(strings.Repeat("Append([a],", 99)+`"x"`+strings.Repeat(")", 99), "abc", "", true, 0.0)
	f.Fuzz(func(t *testing.T, text, a, b string, flag bool, number float64) {
		expression, err := expr.Parse(text)
		if err != nil {
			if _, ok := errors.AsType[*expr.SyntaxError](err); !ok {
				t.Fatalf("%q: %v is not a syntax error", text, err)
			}
			return
		}
		record := map[string]any{"a": a, "b": b, "t": flag, "n": number, "l": []string{a, b}}
		known := expression.Attributes()
		evaluate := func() (expr.Value, error) {
			return expression.Evaluate(func(name string) any {
				if !strings.Contains(strings.Join(known, "\n"), name) {
					t.Fatalf("%q looks %q up, which Attributes does not list", text, name)
				}
				return record[name]
			})
		}
		value, err := evaluate()
		if again, errAgain := evaluate(); (err == nil) != (errAgain == nil) || err == nil && again.Kind() == expr.Text && again.Any() != value.Any() {
			t.Fatalf("%q gives %v, then %v", text, value, again)
		}
		if _, ok := errors.AsType[*expr.EvaluationError](err); err != nil && !ok {
			t.Fatalf("%q: %v is not an evaluation error", text, err)
		}
		if made, single := value.Text(); single && len(made) > expr.MaxText+len(text)+len(a)+len(b) {
			t.Fatalf("%q made %d bytes", text, len(made))
		}
	})
}

func BenchmarkEvaluate(b *testing.B) {
	expression, err := expr.Parse(`Switch([IsSoftDeleted], , "False", "True", "True", "False")`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if value, err := expression.Evaluate(lookup); err != nil || !value.True() {
			b.Fatal(value, err)
		}
	}
}
