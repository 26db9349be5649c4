package dotnet

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// patterns draws patterns that mean the same to .NET and to Go's regexp.
func patterns() *rapid.Generator[string] {
	atom := rapid.SampledFrom([]string{
		"a", "b", "ab", "ä", ".", "[ab]", "[^a]", "[b-ä]", "^", `\A`, `\z`, `\b`, `\B`, "(?s:.)", "(?m:^)", "(?m:$)", "(?i:A)", "(?i:[^B])", `\n`, "", "()",
	})
	quantifier := rapid.SampledFrom([]string{"", "", "*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}?", "{1,3}?", "{0}"})
	var pattern func(depth int) *rapid.Generator[string]
	pattern = func(depth int) *rapid.Generator[string] {
		return rapid.Custom(func(t *rapid.T) string {
			var out strings.Builder
			for i := range rapid.IntRange(1, 4).Draw(t, "parts") {
				if i > 0 && rapid.IntRange(0, 3).Draw(t, "bar") == 0 {
					out.WriteString("|")
				}
				part := "(?:" + atom.Draw(t, "atom") + ")"
				if depth > 0 && rapid.Bool().Draw(t, "group") {
					part = "(" + pattern(depth-1).Draw(t, "inside") + ")"
				}
				out.WriteString(part + quantifier.Draw(t, "quantifier"))
			}
			return out.String()
		})
	}
	return pattern(3)
}

const maxSteps = 20_000_000

func TestTheMatcherFindsWhatGoFinds(t *testing.T) {
	texts := rapid.StringOf(rapid.SampledFrom([]rune("aabbAä\n -"))).Filter(func(s string) bool { return len(s) < 200 })
	matches := 0
	rapid.Check(t, func(t *rapid.T) {
		pattern := patterns().Draw(t, "pattern")
		theirs, err := regexp.Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := CompileRegexp(pattern)
		if err != nil {
			t.Fatal(err)
		}
		text := texts.Draw(t, "text")
		if strings.Contains(pattern, `\b`) || strings.Contains(pattern, `\B`) {
			text = strings.ReplaceAll(text, "ä", "x") // Go's \b knows ASCII only
		}
		want := theirs.FindStringSubmatchIndex(text)
		var got []int
		m := ours.machine(maxSteps)
		if m.find(text, 0, 0, 2*ours.slots) {
			got = m.match
			matches++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q in %q (-Go +ours):\n%s", pattern, text, diff)
		}
		if ours.MatchString(text) != (want != nil) {
			t.Fatalf("%q in %q: MatchString says something else", pattern, text)
		}
		if used := maxSteps - m.steps; used > 1+(len(text)+1)*(1+(2+2*m.thread)*ours.Size()) {
			t.Fatalf("%q in %q took %d steps", pattern, text, used)
		}
		m.steps = maxSteps
		m.find(text, 0, 0, 0)
		if used := maxSteps - m.steps; used > 2+2*ours.Size()+(len(text)+1)*(2+2*ours.Width(ours.Size())) {
			t.Fatalf("%q in %q took %d steps with a width of %d", pattern, text, used, ours.Width(ours.Size()))
		}
	})
	if matches == 0 {
		t.Error("no pattern matched anything")
	}
}

func TestASearchFromTheMiddleKnowsWhatComesBefore(t *testing.T) {
	for _, c := range []struct {
		pattern string
		start   int
		want    string
	}{
		{`\b\w`, 1, "[3 4]"}, {`^a`, 1, "[]"}, {`(?m)^a`, 2, "[6 7]"}, {`\Ba`, 1, "[1 2]"}, {`a`, 7, "[]"}, {`\z`, 7, "[7 7]"},
	} {
		r, err := CompileRegexp(c.pattern)
		if err != nil {
			t.Fatal(err)
		}
		m := r.machine(maxSteps)
		m.match = nil
		m.find("aa bb\na", c.start, 0, 2)
		if got := fmt.Sprint(m.match); got != c.want {
			t.Errorf("%s from %d: got %s; want %s", c.pattern, c.start, got, c.want)
		}
	}
}

func BenchmarkReplaceInAPhoneNumber(b *testing.B) {
	r, err := CompileRegexp(`\+(?<isdCode>\d* )(?<phoneNumber>\d{10})`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if got, err := r.Replace("+91 9998887777", "${phoneNumber}", 1000, &Budget{Steps: maxSteps}); got != "9998887777" {
			b.Fatal(got, err)
		}
	}
}

func BenchmarkMatchADomain(b *testing.B) {
	r, err := CompileRegexp(`.*\@domain.com`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if !r.MatchString("firstname.lastname@domain.com") {
			b.Fatal("no match")
		}
	}
}
