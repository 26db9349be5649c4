package expr_test

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
)

// nasty are beginnings for the fuzzers beside the documented expressions.
var nasty = []string{
	"", " ", `"`, `[`, `(`, `)`, `,`, `&`, `=`, `\`, "\xff", `""`, `[]`, `"\"`, `"\\"`, `&H`, `&&H1`, `-`, `1.`, `+-1`, `'x' = “y”`, `a==b!=c&&d||e`,
	strings.Repeat("B", 5000) + "(1)", "Not(" + strings.Repeat("b", 5000) + ")", strings.Repeat("(", 200), strings.Repeat("Not(", 101), strings.Repeat("Append([a],", 99) + `"x"` + strings.Repeat(")", 99),
	strings.Repeat(`[b]&`, 2000) + `"x"`, "Join(\"\"" + strings.Repeat(",[long]", 1000) + ")", `Switch([a],,"` + strings.Repeat(`x","`, 500) + `")`,
	`Replace([long], , "(a|b|,| )*?c(a*)*$", , "$&$&$&$&", , )`, `Replace([long], , "", , "xxxxxxxxxxxxxxxx", , )`,
	`Replace([long], "a", , , "aaaaaaaaaaaaaaaaaaaa", , )`, `Replace("a", [a], , , [b], , )`, `Replace([a], , [b], , [c], , )`,
	`Replace([a], "a", , , , , [long])`, `ConvertToBase64(ConvertToUTF8Hex([long]))`, `ConvertFromBase64([a], "UTF32")`,
	`FormatDateTime([date], , [a], [b])`, `DateAdd("yyyy", [n], [date])`, `DateAdd("s", 9223372036854775807, Now())`, `DateDiff("s", "0001-01-01", "9999-12-31")`,
	`NumFromDate(DateFromNum([n]))`, `BitAnd(-1, [n])`, `Mid([a], 2147483647, 2147483647)`, `Left([a], [n])`, `Word([long], 2147483647, [b])`,
	`RandomString(256, 64, 64, 64, 64, [a])`, `Guid() & Guid()`, `SelectUniqueValue([a], [b], Guid())`, `PCase([a], [b])`, `NormalizeDiacritics([a])`,
	`Split([long], [b])`, `Item(Split([a], ","), [n])`, `RemoveDuplicates([list])`, `Join([a], [list], [roles])`, `AppRoleAssignmentsComplex([roles])`,
	`IIF([n] >= 2, Error([a]), IgnoreFlowIfNullOrEmpty([b]))`, `InStr([a], [b], [n], vbTextCompare)`, `DNComponent([a], [n])`, `StringFromSid([a])`,
}

// documentedExpressions are those of the reference pages.
func documentedExpressions(f *testing.F) []string {
	data, err := os.ReadFile("testdata/documented.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []struct{ Expression string }
	if err := json.Unmarshal(data, &cases); err != nil {
		f.Fatal(err)
	}
	list := make([]string, len(cases))
	for i, c := range cases {
		list[i] = c.Expression
	}
	return list
}

func FuzzParse(f *testing.F) {
	for _, text := range slices.Concat(nasty, documentedExpressions(f)) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list := syntaxErrors(t, text)
		for i, one := range list {
			lines := strings.Split(text, "\n")
			if one.Line < 1 || one.Line > len(lines) || one.Column < 1 || one.Column > utf8.RuneCountInString(lines[one.Line-1])+1 {
				t.Errorf("%v is outside of the text", one)
			}
			if i > 0 && (list[i-1].Line > one.Line || list[i-1].Line == one.Line && list[i-1].Column > one.Column) {
				t.Errorf("%v comes before %v", list[i-1], one)
			}
			if one.Message == "" || strings.HasSuffix(one.Message, ".") || len(one.Message) > 2000 || !utf8.ValidString(one.Message) {
				t.Errorf("%v is no sentence", one)
			}
		}
		if len(list) > 100 {
			t.Errorf("%d errors", len(list))
		}
		read, err := expr.Parse(text, nil)
		if err != nil {
			return
		}
		again, err := expr.Parse(read.Canonical(), nil)
		if err != nil {
			if len([]rune(read.Canonical())) > expr.MaxLength {
				return // white space was added
			}
			t.Fatalf("%q is printed %q: %v", text, read.Canonical(), err)
		}
		if !reflect.DeepEqual(read.Tree(), again.Tree()) || again.Canonical() != read.Canonical() { // cmp takes exponential time with the depth
			t.Fatalf("%q is printed %q, then %q", text, read.Canonical(), again.Canonical())
		}
	})
}

func FuzzEvaluate(f *testing.F) {
	for i, text := range slices.Concat(nasty, documentedExpressions(f)) {
		f.Add(text, []string{"", "abc, def", "ÆÖß\u0304", "2012-03-16-07:00", "\xff", "yyyy-MM-dd"}[i%6], "(a|b)*", float64(i), uint16(i))
	}
	f.Fuzz(func(t *testing.T, text, a, b string, number float64, times uint16) {
		expression, err := expr.Parse(text, nil)
		if err != nil {
			return
		}
		if !utf8.ValidString(a) || !utf8.ValidString(b) || len(a) > expr.MaxText || len(b) > expr.MaxText {
			a, b = strings.ToValidUTF8(a[:min(len(a), 100)], "?"), strings.ToValidUTF8(b[:min(len(b), 100)], "?")
		}
		long := strings.Repeat(a, min(int(times), expr.MaxText/(len(a)+1)))
		record := fuzzedRecord(a, b, long, number)
		known := expression.Attributes()
		run := func() (expr.Result, error) {
			return expression.Evaluate(&expr.Input{
				Attribute: func(name string) any {
					if !slices.Contains(known, name) {
						t.Fatalf("%q looks %q up, which Attributes does not list", text, name)
					}
					return record(name)
				},
				Now: now.Add(time.Duration(times) * time.Hour), Random: drawn(uint64(times)),
				Taken: func(value string) (bool, error) { return value == a, nil },
			})
		}
		began := time.Now()
		result, err := run()
		if took := time.Since(began); took > 5*time.Second {
			t.Fatalf("%q takes %v", text, took)
		}
		if message := wrongResult(result, err); message != "" {
			t.Fatalf("%q: %s", text, message)
		}
		again, errAgain := run()
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || again.Action != result.Action || !cmp.Equal(result.Value.Any(), again.Value.Any(), cmp.Comparer(sameNumber)) {
			t.Fatalf("%q gives %v %v, then %v %v", text, result.Value.Any(), err, again.Value.Any(), errAgain)
		}
	})
}

// fuzzedRecord gives every attribute a value: the kind goes by its name, or by the length of it.
func fuzzedRecord(a, b, long string, number float64) func(name string) any {
	objects := []any{map[string]any{"value": a, "displayName": b}, map[string]any{"value": number}}
	kinds := []any{a, b, long, number, number > 0, []string{a, b, a}, objects, nil, []any{a, number, nil, true}, "2021-08-25", map[string]any{"x": a}, ""}
	named := map[string]any{"a": a, "b": b, "c": b, "long": long, "n": number, "list": kinds[5], "roles": objects, "appRoleAssignments": objects, "date": kinds[9]}
	return func(name string) any {
		if value, ok := named[name]; ok {
			return value
		}
		return kinds[len(name)%len(kinds)]
	}
}
