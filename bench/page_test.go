//go:build bench

package bench

import (
	_ "embed"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"
)

// allSizes are those of the page; from leastWithGroups on they are measured with groups as well.
var allSizes = []int{1000, 10_000, 50_000, 500_000}

const leastWithGroups = 10_000

// TestBenchmarksMeetTheirTargets measures and writes the page. Missed targets are written there, and fail the test.
func TestBenchmarksMeetTheirTargets(t *testing.T) {
	sizes := sizesOf(t)
	var all []figures
	for _, users := range sizes {
		if !slices.Contains(allSizes, users) && users == hugeGroup {
			continue // measured below
		}
		t.Run(strconv.Itoa(users), func(t *testing.T) { all = append(all, measure(t, users)...) })
		if users >= leastWithGroups {
			t.Run(strconv.Itoa(users)+" with groups", func(t *testing.T) { all = append(all, measureGroups(t, users)...) })
		}
	}
	targets := append(judge(all), measureMapping(t)...)
	if len(sizes) == len(allSizes) || slices.Contains(sizes, hugeGroup) {
		targets = append(targets, measureMembership(t)...)
	}
	var pages pageFigures
	var provisioning scimFigures
	if len(sizes) == len(allSizes) {
		targets = append(targets, measureDestination(t)...)
		pages = measurePages(t)
		targets = append(targets, pages.targets()...)
		provisioning = measureSCIM(t) // the last: it keeps the test on one processor
		targets = append(targets, provisioning.targets()...)
	}
	for _, target := range targets {
		if target.Verdict == missed {
			t.Errorf("%s: %s, %s", target.What, target.Got, target.Verdict)
		}
	}
	if len(sizes) < len(allSizes) {
		t.Log("not all sizes were measured: docs/benchmarks.md stays as it is")
		return
	}
	write(t, page{
		Date: time.Now().UTC().Format(time.DateOnly), Go: runtime.Version(), Cores: runtime.NumCPU(),
		CPU: fact(t, "/proc/cpuinfo", "model name"), Memory: fact(t, "/proc/meminfo", "MemTotal"), Rows: rows(all), SCIM: provisioning.rows(),
		Pages: pages.rows(), Bundle: kilobytes(pages.bundle), Targets: targets,
	})
}

func sizesOf(t testing.TB) []int {
	t.Helper()
	text := os.Getenv("ROLLCALL_BENCH_SIZES")
	if text == "" {
		return allSizes
	}
	var sizes []int
	for part := range strings.SplitSeq(text, ",") {
		size, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || size < 1 {
			t.Fatalf("ROLLCALL_BENCH_SIZES: %q is not a number of users", part)
		}
		sizes = append(sizes, size)
	}
	return sizes
}

// page is what the template is filled with.
type page struct {
	Date, Go, CPU, Memory string
	Cores                 int
	Rows                  []row
	SCIM                  []scimRow
	Pages                 []pageRow
	Bundle                string
	Targets               []target
}

type row struct{ Users, What, CPU, Peak, Wall, Calls string }

var names = map[string]string{
	"first": "first sync", "nothing": "nothing changed", "changes": "100 changes",
	"first-groups": "first sync with groups", "nothing-groups": "nothing changed, with groups", "changes-groups": "100 changes of groups",
}

func rows(all []figures) []row {
	out := make([]row, len(all))
	for i, f := range all {
		out[i] = row{
			Users: thousands(f.users), What: names[f.what], CPU: seconds(f.cpu), Peak: mebibytes(f.peak), Wall: seconds(f.wall), Calls: thousands(f.calls),
		}
	}
	return out
}

// target is one of the figures to reach.
type target struct{ What, Goal, Got, Verdict string }

// tell logs targets, and fails for those that were missed.
func tell(t *testing.T, targets []target) {
	t.Helper()
	for _, target := range targets {
		t.Logf("%s: %s, %s: %s", target.What, target.Goal, target.Got, target.Verdict)
		if target.Verdict == missed {
			t.Errorf("%s: %s, %s", target.What, target.Got, target.Verdict)
		}
	}
}

const (
	met    = "met"
	missed = "**missed**"
)

func judged(what, goal, got string, reached bool) target {
	if reached {
		return target{what, goal, got, met}
	}
	return target{what, goal, got, missed}
}

// judge compares the figures with the targets, as far as their sizes were measured.
func judge(all []figures) []target {
	find := func(users int, what string) (figures, bool) {
		for _, f := range all {
			if f.users == users && f.what == what {
				return f, true
			}
		}
		return figures{}, false
	}
	var targets []target
	add := func(what, goal, got string, reached bool) {
		targets = append(targets, judged(what, goal, got, reached))
	}
	middle, hasMiddle := find(50_000, "first")
	large, hasLarge := find(500_000, "first")
	if hasMiddle {
		add("50,000 users, first sync, CPU", "at most 8 s", seconds(middle.cpu), middle.cpu <= 8*time.Second)
		add("50,000 users, first sync, memory", "at most 150 MiB", mebibytes(middle.peak), middle.peak <= 150<<20)
	}
	for _, users := range []int{50_000, 500_000} {
		if f, measured := find(users, "nothing"); measured {
			add(thousands(users)+" users, nothing changed, Graph calls", "at most 3", strconv.Itoa(f.calls), f.calls <= 3)
			add(thousands(users)+" users, nothing changed, time", "at most 1 s", seconds(f.wall), f.wall <= time.Second)
		}
	}
	compare := func(what string, middle, large figures) {
		cpu, memory := float64(large.cpu)/float64(middle.cpu), float64(large.peak)/float64(middle.peak)
		add("500,000 users, "+what+", CPU", "at most 13 times that of 50,000", fmt.Sprintf("%.1f times", cpu), cpu <= 13)
		add("500,000 users, "+what+", memory", "at most 1.3 times that of 50,000", fmt.Sprintf("%.2f times", memory), memory <= 1.3)
	}
	if hasMiddle && hasLarge {
		compare("first sync", middle, large)
	}
	middle, hasMiddle = find(50_000, "first-groups")
	large, hasLarge = find(500_000, "first-groups")
	if hasMiddle {
		add("50,000 users and 1,004 groups, first sync, CPU", "at most 15 s", seconds(middle.cpu), middle.cpu <= 15*time.Second)
		add("50,000 users and 1,004 groups, first sync, memory", "at most 200 MiB", mebibytes(middle.peak), middle.peak <= 200<<20)
	}
	if hasMiddle && hasLarge {
		compare("with 10,004 groups and 1,000,000 memberships, first sync", middle, large)
	}
	return targets
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// fact reads a value of one of the system's lists.
func fact(t *testing.T, path, name string) string {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		if key, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

//go:embed benchmarks.md.tmpl
var pageText string

func write(t *testing.T, p page) {
	t.Helper()
	const path = "../docs/benchmarks.md"
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := template.Must(template.New("page").Parse(pageText)).Execute(file, p); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	t.Log("wrote " + path)
}
