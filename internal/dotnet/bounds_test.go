package dotnet_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"rollcall/internal/dotnet"
)

// enough is a budget for everything but what is meant to be too much: some tenths of a second.
func enough() *dotnet.Budget { return &dotnet.Budget{Steps: 20_000_000} }

func TestAPatternThatWouldTakeForeverIsGivenUp(t *testing.T) {
	const slow = `(?s)a.*b|.` // looks for a b behind every a, and finds none
	budget := enough()
	if _, err := compile(t, slow).Replace(strings.Repeat("a", 1000), "x", 10_000, budget); err != nil || budget.Steps > 19_000_000 {
		t.Errorf("a text of common size: %v, and %d steps are left", err, budget.Steps)
	}
	long := strings.Repeat("a", 100_000)
	_, err := compile(t, slow).Replace(long, "x", 1_000_000, budget)
	if err == nil || !strings.Contains(err.Error(), "takes too long with this pattern") || budget.Steps >= 0 || budget.Steps < -1000 {
		t.Errorf("%v, and %d steps are left", err, budget.Steps)
	}
	for name, run := range map[string]func(*dotnet.Budget) error{
		"a group": func(b *dotnet.Budget) error { _, _, err := compile(t, `(a)+b`).Group(long, "1", b); return err },
		"a group that is replaced": func(b *dotnet.Budget) error {
			_, err := compile(t, `(a)`).ReplaceGroup(long, "1", "", math.MaxInt, b)
			return err
		},
		"many captures": func(b *dotnet.Budget) error {
			_, err := compile(t, strings.Repeat("(a?)", 100)+"b").Replace(long[:1000], "", math.MaxInt, b)
			return err
		},
		"many parts that say nothing": func(b *dotnet.Budget) error {
			_, err := compile(t, `()`).Replace(long[:1000], strings.Repeat("$1", 1000), math.MaxInt, b)
			return err
		},
		"a replacement of many parts": func(b *dotnet.Budget) error {
			_, err := compile(t, `b`).Replace("a", strings.Repeat("$0", 60_000), math.MaxInt, b)
			return err
		},
		"a name that never ends": func(b *dotnet.Budget) error {
			_, err := compile(t, `b`).Replace("a", strings.Repeat("${0}${a", 60_000), math.MaxInt, b)
			return err
		},
	} {
		if err := run(&dotnet.Budget{Steps: 100_000}); err == nil || !strings.Contains(err.Error(), "takes too long") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each class has hundreds of ranges, or makes the option i look at thousands of letters.
func TestLargeClassesAreCountedTogether(t *testing.T) {
	for _, c := range []struct {
		class string
		ok    int // so often it may stand in a pattern, and not twice as often
	}{
		{`[\w-]`, 20}, {`[\W-[\S]]`, 10}, {`[\p{L}\p{N}-]`, 10}, {"(?i)[!-\U0010ffff]", 7}, {`(?i)[\w!-\uffff]`, 5},
	} {
		if _, err := dotnet.CompileRegexp(strings.Repeat(c.class, c.ok)); err != nil {
			t.Errorf("%d times %s: %v", c.ok, c.class, err)
		}
		_, err := dotnet.CompileRegexp(strings.Repeat(c.class, min(c.ok*6, 2000/utf8.RuneCountInString(c.class))))
		if problem, ok := errors.AsType[*dotnet.PatternError](err); !ok || !strings.Contains(problem.Message, "too many large character classes") {
			t.Errorf("many times %s: %v", c.class, err)
		}
	}
	for _, pattern := range []string{strings.Repeat(`\w`, 1000), strings.Repeat(`\P{L}`, 400), strings.Repeat(`[^a]`, 500), "(?i)" + strings.Repeat(`[^a-z]`, 330)} {
		if _, err := dotnet.CompileRegexp(pattern); err != nil {
			t.Errorf("%.20s: %v", pattern, err)
		}
	}
}

func TestCompilingIsPaidFromTheBudgetAlsoIfItFails(t *testing.T) {
	for _, c := range []struct {
		pattern     string
		least, most int
	}{
		{`^\d{4}$`, 50, 500}, {`[\w-]`, 750, 3000}, {`\p{L}(`, 600, 1500}, {"(?i)[!-\U0010ffff]", 2500, 6000}, {`(a{100}){100}`, 5, 50}, {`a{1500}`, 12_000, 13_000},
	} {
		budget := enough()
		before := budget.Steps
		_, err := dotnet.CompileRegexpWithin(c.pattern, 2000, budget)
		if used := before - budget.Steps; used < c.least || used > c.most {
			t.Errorf("%s took %d steps, %v", c.pattern, used, err)
		}
	}
	budget := &dotnet.Budget{Steps: 5000}
	if _, err := dotnet.CompileRegexpWithin(`a{1200}`, 2000, budget); err == nil || budget.Steps >= 0 {
		t.Errorf("%v, and %d steps are left", err, budget.Steps)
	}
	if _, err := dotnet.CompileRegexpWithin(`a{2100}`, 2000, enough()); err == nil || !strings.Contains(err.Error(), "over 2000 steps") {
		t.Error(err)
	}
	if _, err := dotnet.CompileRegexpWithin(`(?:a+){990}`, 2000, enough()); err != nil {
		t.Error(err)
	}
}

// The width is what one character can make run, not the whole pattern.
func TestTheWidthOfAPatternIsThatOfItsWidestCharacter(t *testing.T) {
	domains := make([]string, 60)
	for i := range domains {
		domains[i] = fmt.Sprintf(`company%02d\.example`, i)
	}
	for _, c := range []struct {
		pattern     string
		least, most int
	}{
		{`^(A|B)[0-9]+$`, 3, 12},
		{`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, 30, 40},
		{`@(` + strings.Join(domains, "|") + `)$`, 60, 400},
		{`(?:(?:.?){14}){14}y`, 200, 700},
		{`(?i)k{100}`, 100, 110},
		{`\w{500}`, 500, 510},
		{strings.Repeat("a", 50) + strings.Repeat("b", 70), 70, 75},
		{`[a-m]{50}[h-z]{60}`, 110, 115},
		{``, 1, 3},
		{`$`, 1, 4},
	} {
		r := compile(t, c.pattern)
		if width := r.Width(1000); width < c.least || width > c.most || width > r.Size() {
			t.Errorf("%.40s has the width %d and the size %d", c.pattern, width, r.Size())
		}
	}
	if width := compile(t, `(?:.?){5000}`).Width(300); width != 301 {
		t.Errorf("more than 300 is %d", width)
	}
}

func TestTheLargestPatternsCompileAndMatchInBoundedSpace(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat("(", 1000) + strings.Repeat(")", 1000), strings.Repeat("[^", 666) + strings.Repeat("]", 666),
		strings.Repeat(`\W`, 1000), "[" + strings.Repeat(`\W\S\P{L}`, 220) + "]", "(?i)[" + strings.Repeat(`a-[\W-[`, 20) + "a" + strings.Repeat("]", 41),
		strings.Repeat("a?", 1000), strings.Repeat("(?:", 399) + "a" + strings.Repeat(")*", 399), "(?:a?){5000}", "a{0,6000}", strings.Repeat("|", 2000),
		strings.Repeat("(?i)", 500), "[" + strings.Repeat("-[", 900), strings.Repeat("(?<a>", 300) + strings.Repeat(")", 300),
	} {
		if n := utf8.RuneCountInString(pattern); n > 2000 {
			t.Errorf("%.20q has %d characters", pattern, n)
		}
		r, err := dotnet.CompileRegexp(pattern)
		if err != nil {
			continue // refused is bounded too
		}
		if r.Size() > 20_000 {
			t.Errorf("%.20q compiles to %d instructions", pattern, r.Size())
		}
		if _, err := r.Replace(strings.Repeat("aß-", 100), "$0", 10_000, enough()); err != nil {
			t.Logf("%.20q: %v", pattern, err)
		}
	}
}

func BenchmarkMatchWhatIsAsWideAsCanBe(b *testing.B) {
	text := strings.Repeat("xX", 32<<10)
	for _, pattern := range []string{`(?:.?){60}y`, `x.{120}y`, `(?i)(?:x+){40}y`, `[\w-]{120}y`, `(?:(a|b|c|d|e|f|g|h|i|j|k|l|m|n|o)?){3}y`} {
		r := compile(b, pattern)
		b.Run(fmt.Sprint(pattern, " of width ", r.Width(math.MaxInt-1)), func(b *testing.B) {
			for b.Loop() {
				if r.MatchString(text) {
					b.Fatal("a match")
				}
			}
		})
	}
}

// The classes are the most expensive ones to make for their length.
func BenchmarkCompileLargeClasses(b *testing.B) {
	for _, class := range []string{`[\w-]`, "(?i)[!-\U0010ffff]", `[\W-[\S]]`} {
		b.Run(class, func(b *testing.B) {
			steps := 0
			for b.Loop() {
				budget := enough()
				if _, err := dotnet.CompileRegexpWithin(strings.Repeat(class, 60), 2000, budget); err == nil {
					b.Fatal("it compiles")
				}
				steps += enough().Steps - budget.Steps
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/step")
		})
	}
}
