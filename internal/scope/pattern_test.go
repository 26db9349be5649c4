package scope_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall/internal/scope"
)

// matching is a filter of one pattern for the city.
func matching(pattern string) scope.Clause {
	return scope.Clause{Attribute: "city", Operator: scope.RegexMatch, Value: pattern}
}

func TestPatternsThatAreTooLargeTogetherAreRefused(t *testing.T) {
	word := strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 50)
	clauses := make([]scope.Clause, 100)
	for i := range clauses {
		clauses[i] = matching("^" + word + "$")
	}
	if got := filtered(t, clauses[:50]...).Decide(cityIs(word)); !got.In {
		t.Error(got.Reason)
	}
	_, err := scope.Rules{Filters: []scope.Filter{{Clauses: clauses}}}.Compile()
	if err == nil || !strings.Contains(err.Error(), "clause 100: REGEX MATCH ") || !strings.Contains(err.Error(), "the patterns of all filters are too large together") {
		t.Errorf("%.300v", err)
	}
}

// No pattern that is taken needs long for any value, so that no decision has to be given up: the time grows with the value and no faster. The
// bound is far away, for busy machines and the race detector; the patterns that are refused took seconds for a kilobyte.
func TestAPatternIsTakenOnlyIfItIsQuickForEveryValue(t *testing.T) {
	alternatives := func(count int) string {
		list := make([]string, count)
		for i := range list {
			list[i] = fmt.Sprintf(`unit%02d`, i)
		}
		return "(" + strings.Join(list, "|") + ")"
	}
	values := []string{
		strings.Repeat("x", 4<<10), strings.Repeat("ééß", 700), strings.Repeat("unit0", 800),
	}
	for _, c := range []struct {
		pattern string
		taken   bool
	}{
		{`^(A|B)[0-9]+$`, true},
		{`^[A-Za-z0-9._%+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}$`, true},
		{`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`, true},
		{`^` + alternatives(60) + `$`, true},
		{`(x+x+)+y`, true},
		{`(?:.?){62}y`, true},
		{`(?i)x.{120}y`, true},
		{`[\w-]{120}@`, true},
		{`(?:(a|b|c|d|e|f|g|h|i|j|x)?){5}y`, true},
		{`(?:[x-é]+[X-ß]*){20}\b@`, true},
		{`(?:(?:.?){140}){140}y`, false},
		{`^.{1,200}$`, true},
		{alternatives(90), true},
		{`(?:(?:.?){14}){14}y`, true},
		{`.{200}y`, true},
		{`[\w-]{500}`, true},
		{`(x{1,60}){1,60}y`, false},
		{`[\w-]{1500}`, false},
	} {
		s, err := scope.Rules{AllUsers: true, Filters: []scope.Filter{{Clauses: []scope.Clause{matching(c.pattern)}}}}.Compile()
		if (err == nil) != c.taken || err != nil && !strings.Contains(err.Error(), "could take too long to match") && !strings.Contains(err.Error(), "too large") {
			t.Errorf("%.60s: %.300v", c.pattern, err)
		}
		for _, value := range values {
			if err != nil {
				break
			}
			began := time.Now()
			s.Decide(cityIs(value))
			took := time.Since(began)
			if t.Logf("%v %.60s %.10s…", took.Round(100*time.Microsecond), c.pattern, value); took > time.Second {
				t.Errorf("%.60s takes %v for %.10s…", c.pattern, took, value)
			}
		}
	}
}

// A request of a megabyte can hold some five hundred of the largest patterns, or ten thousand small ones.
func TestFiltersOfTheMostExpensivePatternsAreReadQuickly(t *testing.T) {
	for _, pattern := range []string{
		strings.Repeat(`[\wa]`, 399), "(?i)" + strings.Repeat("[!-\U0010ffff]", 399), strings.Repeat(`[\W-[\S]]`, 220), `\w{1990}`, `a{0,6000}`, `[\w-]`, `.`,
		strings.Repeat(`\p{L}\P{L}`, 200), strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 50), strings.Repeat("(", 900), `(?:(?:.?){14}){14}y`, `(?:a|b|c|d|e){1000}`,
	} {
		count := min(scope.MaxFilters*scope.MaxClauses, (1<<20)/(len(pattern)+60))
		filters := make([]scope.Filter, (count+scope.MaxClauses-1)/scope.MaxClauses)
		for i := range count {
			f := &filters[i/scope.MaxClauses]
			f.Clauses = append(f.Clauses, matching(pattern))
		}
		took := time.Hour
		var err error
		for range 3 {
			began := time.Now()
			_, err = scope.Rules{AllUsers: true, Filters: filters}.Compile()
			if took = min(took, time.Since(began)); took < 2*time.Second {
				break
			}
		}
		t.Logf("%v: %d times %.40s: %.150v", took.Round(time.Millisecond), count, pattern, err)
		if took > 10*time.Second { // a tenth of a second, if the machine has nothing else to do
			t.Errorf("%d times %.40s takes %v", count, pattern, took)
		}
	}
}
