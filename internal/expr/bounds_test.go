package expr_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/expr"
)

// The bounds are many times what a machine with nothing else to do needs, at most a tenth of a second, for busy machines and the race detector. What they
// guard against took seconds and minutes.
const (
	mostTime   = 5 * time.Second
	mostMemory = 80 << 20
)

// taken measures how long a function runs, and how much memory it allocates. It runs again if the bounds are not kept: the machine may have been
// busy with something else.
func taken(mostTime time.Duration, run func()) (took time.Duration, memory uint64) {
	for range 4 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		run()
		took = time.Since(began)
		runtime.ReadMemStats(&after)
		if memory = after.TotalAlloc - before.TotalAlloc; took <= mostTime {
			break
		}
	}
	return took, memory
}

// joined is an expression of parts, as many as there is room for, none of which gives anything.
func joined(part string) string {
	part = fmt.Sprintf(`, IIF(IsNull(%s), "", "")`, part)
	return `Join(""` + strings.Repeat(part, (expr.MaxLength-10)/len([]rune(part))) + ")"
}

// objects are a list of so many.
func objects(count int, one any) []any { return slices.Repeat([]any{one}, count) }

func TestNoEvaluationTakesLong(t *testing.T) {
	distinct := make([]string, 1<<20)
	for i := range distinct {
		distinct[i] = fmt.Sprintf("%04x", i)
	}
	record := expr.Record{
		"x": strings.Repeat("x", 2000), "big": strings.Repeat("x", 60_000), "accents": "a" + strings.Repeat("\u0301\u0300", 5000),
		"ligatures": strings.Repeat("ﷺ", 3600), "words": strings.Repeat("é ", 1700), "many": strings.Repeat("a ", 2000), "set": strings.Repeat("abc€", 100),
		"mega": strings.Repeat("a", 1<<20), "needle": strings.Repeat("a", 1<<19) + "b", "s": strings.Repeat("ſ", 1<<19),
		"strings": make([]string, 1<<20), "distinct": distinct, "objects": objects(1<<20, map[string]any{"a": "b"}), "few": objects(200, map[string]any{"a": "b"}),
		"mixed": objects(1<<20, "x"), "tall": objects(1, map[string]any{"a": strings.Repeat("<", 1<<20)}),
		"classes": strings.Repeat(`[\w-]`, 40), "classes2": "(?i)" + strings.Repeat("[!-\U0010ffff]", 13), "repeats": `(?:a{1,30}){60}`,
		"groups": strings.Repeat("(a?)", 450), "dollars": strings.Repeat("$1", 30_000), "braces": strings.Repeat("${", 30_000), "layout": strings.Repeat("dddd ", 190),
		"digits": strings.Repeat("9", 700) + "." + strings.Repeat("9", 700), "commas": strings.Repeat("a,", 30_000), "one": "a",
	}
	for _, text := range []string{
		// of a review
		joined(`Replace([x],,".*y|x",,"",,)`),
		`Replace([big],,"x*?y|x*z|x",,"",,)`,
		`Replace([big],,"(x+x+)+y",,"",,)`,
		joined(`NormalizeDiacritics([accents])`),
		joined(`NormalizeDiacritics([ligatures])`),
		joined(`PCase([words],"")`),
		joined(`InStr([mega],[needle])`),
		joined(`InStr([s],[needle],1,vbTextCompare)`),
		joined(`Item([strings],1)`),
		joined(`[objects]`), joined(`[few]`), joined(`[mixed]`), joined(`[tall]`),
		joined(`Word([many],99999,[set])`),
		joined(`RandomString(256,0,0,0,0)`),
		joined(`FormatDateTime(CDate("1/1/2020"),,[layout],[layout])`),
		strings.Repeat("[big]&", 1600) + `"x"`,
		// and others
		joined(`Replace("a",,[classes],,"",,)`),
		joined(`Replace("a",,[classes2],,"",,)`),
		joined(`Replace([one],,[repeats],,"",,)`),
		joined(`Replace([x],,[groups],,"",,)`),
		joined(`Replace([x],,"()",,[dollars],,)`),
		joined(`Replace("a",,"b",,[braces],,)`),
		joined(`Replace([x],,"^",,"` + strings.Repeat("$_", 32) + `",,)`),
		joined(`Replace([x],,"x*?y|(x)",1,"",,)`),
		joined(`Replace("",,"(x*?y|x*z)+",1,,[big],)`),
		joined(`RemoveDuplicates([distinct])`),
		joined(`RemoveDuplicates(Split([commas],","))`),
		joined(`Trim([strings])`),
		joined(`[digits] > 1`),
		joined(`ConvertFromBase64(ConvertToBase64([words]), UTF32)`),
		joined(`Replace([x], "x", , , "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", , )`),
		joined(`StringFromSid(ConvertToBase64([x]))`),
	} {
		expression, err := expr.Parse(text, nil)
		if err != nil {
			t.Errorf("%.60s: %.300v", text, err)
			continue
		}
		took, memory := taken(mostTime, func() {
			_, err = expression.Evaluate(&expr.Input{Attribute: record.Attribute, Now: now, Random: seeded(1)})
		})
		t.Logf("%v, %d MB: %.60s: %.150v", took.Round(time.Millisecond), memory>>20, text, err)
		if took > mostTime || memory > mostMemory {
			t.Errorf("%.80s takes %v and %d MB", text, took, memory>>20)
		}
	}
}

func TestNoTextTakesLongToRead(t *testing.T) {
	patterns := func(pattern string) string {
		part := `,Replace([a],,"` + pattern + `",,"",,)`
		return `Join(""` + strings.Repeat(part, (expr.MaxLength-10)/len([]rune(part))) + ")"
	}
	for _, text := range []string{
		strings.Repeat("[", 9999), strings.Repeat("Foo(", 2499), strings.Repeat("Fooxxxxxxxxxxxx(),", 555), strings.Repeat("'a", 5000), strings.Repeat("‘", 9999),
		strings.Repeat("'", 9999), strings.Repeat("a'", 5000), strings.Repeat("{", 9999), strings.Repeat("a ", 5000), strings.Repeat("ä", 9999), strings.Repeat(`"\`, 5000),
		strings.Repeat("x", 9999) + "(", "[" + strings.Repeat("é", 9990), distinctAttributes(),
		patterns(`[\\w-]`), patterns("(?i)[!-\uffff]"), patterns(strings.Repeat("[!-\U0010ffff]", 250)), patterns("(?i)" + strings.Repeat("[!-\U0010ffff]", 250)),
		patterns(strings.Repeat(`[\\wa]`, 300)), patterns(strings.Repeat(`[\\W-[\\S]]`, 150)), patterns(`\\w{1990}`), patterns(`a{0,1900}`), patterns(`a{6000}`), patterns(`(?:(?:a?){40}){40}`),
		patterns(strings.Repeat("(a|b|c|d|", 100) + strings.Repeat(")", 100)), patterns(strings.Repeat("[", 500)), patterns("[" + strings.Repeat("[:", 900)), patterns(strings.Repeat(`\\p{L}\\P{L}`, 100)),
		patterns("[" + strings.Repeat(`\\p{L}\\P{Lu}\\p{N}`, 30) + "]"), patterns(strings.Repeat("{1111111111", 150)), patterns(strings.Repeat("(?i)", 400)),
	} {
		if length := len([]rune(text)); length > expr.MaxLength {
			t.Fatalf("%.20s has %d characters", text, length)
		}
		var err error
		took, memory := taken(mostTime/5, func() { _, err = expr.Parse(text, refuseUnknown) })
		t.Logf("%v, %d KB: %.60q: %.100v", took.Round(10*time.Microsecond), memory>>10, text, err)
		if took > mostTime/5 || memory > mostMemory/4 {
			t.Errorf("%.80q takes %v and %d KB", text, took, memory>>10)
		}
	}
}

func distinctAttributes() string {
	var out strings.Builder
	for i := 0; out.Len() < 9990; i++ {
		fmt.Fprintf(&out, "[%x]&", i)
	}
	return out.String() + `""`
}

// A pattern that is remembered is charged as one that is not, and a pattern of another evaluation is not taken for it.
func TestAPatternOfTheRecordGivesTheSameWhateverWasEvaluatedBefore(t *testing.T) {
	expression, err := expr.Parse(`Replace([a],,[p],,"-",,)`, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan string)
	for worker := range 4 {
		go func() {
			for i := range 200 {
				pattern := []string{"a", "b", "ab|c"}[(worker+i)%3]
				want := map[string]string{"a": "-bc", "b": "a-c", "ab|c": "--"}[pattern]
				result, err := expression.Evaluate(&expr.Input{Attribute: expr.Record{"a": "abc", "p": pattern}.Attribute})
				if err != nil || result.Value.Any() != want {
					done <- fmt.Sprintf("%s: %v, %v; want %s", pattern, result.Value.Any(), err, want)
					return
				}
			}
			done <- ""
		}()
	}
	for range 4 {
		if wrong := <-done; wrong != "" {
			t.Error(wrong)
		}
	}
	costly, err := expr.Parse(joined(`Replace("a",,[p],,"",,)`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for count := 1; count <= 40; count++ {
		record := expr.Record{"p": strings.Repeat(`[\w-]`, count)}
		_, first := costly.Evaluate(&expr.Input{Attribute: record.Attribute})
		_, second := costly.Evaluate(&expr.Input{Attribute: record.Attribute})
		if fmt.Sprint(first) != fmt.Sprint(second) {
			t.Fatalf("%d classes: %v, then %v", count, first, second)
		}
	}
}

func TestAListThatIsUsedOftenIsConvertedOnce(t *testing.T) {
	asked := 0
	in := &expr.Input{Attribute: func(string) any {
		asked++
		return []any{map[string]any{"value": fmt.Sprint(asked)}}
	}}
	expression, err := expr.Parse(`Join("", AppRoleAssignments([appRoleAssignments]), AppRoleAssignments([appRoleAssignments]))`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"11", "22"} {
		if result, err := expression.Evaluate(in); err != nil || result.Value.Any() != want {
			t.Errorf("%v, %v; want %s", result.Value.Any(), err, want)
		}
	}
}

func TestNamesAreCutInEveryMessage(t *testing.T) {
	name := strings.Repeat("n", 199)
	_, err := evaluate(t, `Trim([`+name+`])`, expr.Record{name: struct{}{}})
	_, _, assigned := expr.ParseAssignment(name + ":={}")
	_, _, notAssigned := expr.ParseAssignment(name)
	_, cases := expr.ReadCases(strings.NewReader(`[{"expression":"[a]","attributes":{"` + name + `":{}}}]`))
	_, action := expr.ReadCases(strings.NewReader(`[{"expression":"[a]","expected":{"$action":"` + name + `"}}]`))
	for _, err := range []error{err, assigned, notAssigned, cases, action} {
		if err == nil || strings.Contains(err.Error(), name[:50]) || !strings.Contains(err.Error(), name[:40]) {
			t.Error(err)
		}
	}
}
