package expr_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/expr"
)

// A case is attributes, each behind "-a " as on the command line, and expressions, one on each line. It gives a line for each expression: its
// value as JSON, the action and its reason, or what is wrong. "taken" as an attribute lists the values that SelectUniqueValue finds taken.
func TestEachFunctionGivesForEverySortOfValueWhatItsTableSays(t *testing.T) {
	golden(t, "functions", func(t *testing.T, data string) string {
		var assignments, gives []string
		for line := range strings.Lines(strings.TrimSpace(data)) {
			line = strings.TrimSuffix(line, "\n")
			if assignment, ok := strings.CutPrefix(line, "-a "); ok {
				assignments = append(assignments, assignment)
				continue
			}
			record, err := expr.ParseRecord(assignments)
			if err != nil {
				t.Fatal(err)
			}
			gives = append(gives, given(line, record))
		}
		return strings.Join(gives, "\n") + "\n"
	})
}

// given evaluates an expression and shows what comes of it in one line.
func given(text string, record expr.Record) string {
	expression, err := expr.Parse(text, nil)
	if err != nil {
		return "refused: " + strings.TrimPrefix(err.Error(), "the expression cannot be read: ")
	}
	result, err := expression.Evaluate(&expr.Input{
		Attribute: record.Attribute, Now: noon, Random: seeded(7),
		Taken: func(value string) (bool, error) {
			taken, _ := expr.ValueOf(record["taken"])
			list, _ := taken.Any().([]string)
			return slices.Contains(list, value), nil
		},
	})
	switch {
	case err != nil:
		return "error: " + strings.TrimPrefix(err.Error(), "the expression has no result: ")
	case result.Action != expr.Flow:
		return strings.TrimSpace(result.Action.String() + " " + result.Reason)
	}
	value, err := json.Marshal(result.Value.Any())
	if err != nil {
		return err.Error()
	}
	return strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(value))
}

func TestEveryFunctionHasGoldenCases(t *testing.T) {
	archives, err := os.ReadDir("testdata/functions")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, archive := range archives {
		data, err := os.ReadFile("testdata/functions/" + archive.Name())
		if err != nil {
			t.Fatal(err)
		}
		all.Write(data)
	}
	for _, f := range expr.Functions() {
		if !strings.Contains(all.String(), f.Name+"(") {
			t.Errorf("%s has no golden case", f.Name)
		}
	}
}

func TestEveryExampleGivesWhatItSays(t *testing.T) {
	for _, f := range expr.Functions() {
		if len(f.Examples) == 0 || f.Meaning == "" || f.Gives == "" {
			t.Errorf("%s lacks an example, its meaning or what it gives", f.Name)
		}
		for _, example := range f.Examples {
			record, err := expr.ParseRecord(example.Attributes)
			if err != nil {
				t.Fatal(err)
			}
			got := given(example.Expression, record)
			if action, ok := strings.CutPrefix(example.Result, `{"$action":`); ok {
				example.Result = strings.Trim(action, `"}`)
			}
			if example.Result != "" && got != example.Result || strings.HasPrefix(got, "error") || strings.HasPrefix(got, "refused") {
				t.Errorf("%s %v\nwant %s\ngot  %s", example.Expression, example.Attributes, example.Result, got)
			}
		}
	}
}

func TestWithoutASourceOfRandomValuesNothingIsDrawn(t *testing.T) {
	for _, text := range []string{`Guid()`, `RandomString(8,1,1,1,1)`} {
		expression, err := expr.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := expression.Evaluate(&expr.Input{}); err == nil || !strings.Contains(err.Error(), "no source of random values") {
			t.Errorf("%s: %v", text, err)
		}
		if _, err := expression.Evaluate(&expr.Input{Random: strings.NewReader("abc")}); err == nil || !strings.Contains(err.Error(), "the source of random values fails") {
			t.Errorf("%s with too few bytes: %v", text, err)
		}
	}
}

// Bytes that are no fair choice are drawn again; a source that gives nothing else does not hold the evaluation up for ever.
func TestASourceThatNeverGivesAFairByteEndsTheEvaluation(t *testing.T) {
	expression, err := expr.Parse(`RandomString(8,8,0,0,0)`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := expression.Evaluate(&expr.Input{Random: constantBytes(255)}); err == nil || !strings.Contains(err.Error(), "too much work") {
		t.Error(err)
	}
}

type constantBytes byte

func (b constantBytes) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(b)
	}
	return len(p), nil
}

func TestCharactersAreDrawnWithoutBias(t *testing.T) {
	expression, err := expr.Parse(`RandomString(256,0,0,0,0)`, nil)
	if err != nil {
		t.Fatal(err)
	}
	counts, random := map[rune]int{}, seeded(3)
	const rounds = 400
	for range rounds {
		result, err := expression.Evaluate(&expr.Input{Random: random})
		if err != nil {
			t.Fatal(err)
		}
		text, _ := result.Value.Text()
		for _, r := range text {
			counts[r]++
		}
	}
	mean := rounds * 256 / len(counts)
	if len(counts) != 93 {
		t.Errorf("%d characters were drawn, want 93", len(counts))
	}
	for r, count := range counts {
		if count < mean*8/10 || count > mean*12/10 { // more than five standard deviations
			t.Errorf("%q was drawn %d times, on average %d", r, count, mean)
		}
	}
}

func TestUniqueValuesAreAskedForInOrderAndNoFurtherThanNeeded(t *testing.T) {
	expression, err := expr.Parse(`SelectUniqueValue([null], "", "a", "b", Error("not needed"))`, nil)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	result, err := expression.Evaluate(&expr.Input{
		Attribute: expr.Record{}.Attribute,
		Taken: func(value string) (bool, error) {
			asked = append(asked, value)
			return value == "a", nil
		},
	})
	if err != nil || result.Value.Any() != "b" || !slices.Equal(asked, []string{"a", "b"}) {
		t.Errorf("%v, %v, asked for %q", result.Value.Any(), err, asked)
	}
	failure := fmt.Errorf("the database is away")
	_, err = expression.Evaluate(&expr.Input{Attribute: expr.Record{}.Attribute, Taken: func(string) (bool, error) { return false, failure }})
	if err != failure { //nolint:errorlint // it must come back as it is
		t.Errorf("%v, want %v as it is", err, failure)
	}
}

func TestUsesOfTheFunctionsAreKnown(t *testing.T) {
	for text, want := range map[string]expr.Uses{
		`Join("", Now(), [a])`: {Clock: true},
		`Redact(Guid())`:       {Random: true, Redact: true},
		`SelectUniqueValue([a], RandomString(4,0,0,0,0))`: {Unique: true, Random: true},
		`CDate([a])`: {},
	} {
		expression, err := expr.Parse(text, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := expression.Uses(); got != want {
			t.Errorf("%s uses %+v, want %+v", text, got, want)
		}
	}
}

func TestResultsAreBoundedAndBuiltNoFurther(t *testing.T) {
	long := strings.Repeat("ä", expr.MaxText/2)
	record := expr.Record{"long": long, "quotes": strings.Repeat(`"`, 1000), "pattern": "(a|b|c|d|e|f|g|h)*x"}
	for _, text := range []string{
		`Replace([long], "ä", , , [long], , )`,
		`Replace("x", "x", , , , , Append([long], "x"))`,
		`Replace([long], , "(.)", , "$1$1$1", , )`,
		"Replace([long], , \"ä\", , \"$`$'\", , )",
		`Replace([long], , "(?<g>.)", "g", [quotes], , )`,
		`Replace([long], , [pattern], , "", , )`,
		`ConvertToBase64([long])`,
		`ConvertToUTF8Hex([long])`,
		`Split(Replace([long], "ä", , , "a,", , ), "ä")`,
		`Append([long], Join("", [long], "x"))`,
	} {
		got := given(text, record)
		if !strings.HasPrefix(got, "error: ") && len(got) > expr.MaxText+expr.MaxText/2 {
			t.Errorf("%s gives %d bytes", text, len(got))
		}
		if strings.HasPrefix(got, "refused") {
			t.Errorf("%s %s", text, got)
		}
	}
}
