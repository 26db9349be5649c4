package engine_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/engine"
)

// historyEvents is how many events a history has; ROLLCALL_SEED chooses the histories, and the one with a given number only with -run.
const historyEvents = 200

// Whatever happens to people, groups, settings and time, and however often a run is killed or meets a broken answer: the directory becomes what a
// small model works out from the tenant, it is the same as in a world in which every run went through at once, and the journal of the disturbed
// world has the same rows.
//
// Both worlds see the tenant in the same states, since between two events the disturbed one runs until it is through. What a read can lose without a
// word (pages without half of their values), and what makes only one of the two read all people again, is left out: there the worlds may differ, and
// e2e looks at that.
func TestHistoriesEndAsTheirModelSaysWhateverDisturbsThem(t *testing.T) {
	seed := historySeed(t)
	total := &tally{counts: map[string]int{}}
	t.Run("histories", func(t *testing.T) {
		for i := range uint64(histories) {
			t.Run(fmt.Sprint("seed ", seed+i), func(t *testing.T) {
				t.Parallel()
				tell(t, seed+i, total)
			})
		}
	})
	t.Logf("in all: %v", total.counts)
	for _, what := range []string{"kills", "failed runs", "user delete", "user deactivate", "group create", "group delete", "group release", "join", "leave"} {
		if total.counts[what] == 0 && !t.Failed() {
			t.Errorf("there was no %s at all", what)
		}
	}
}

// historySeed is that of the first history: the same ones every time, so that a change is judged by what it did; `make soak` chooses others.
func historySeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(400)
	if text := os.Getenv("ROLLCALL_HISTORIES"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ROLLCALL_HISTORIES: %v", err)
		}
	}
	t.Logf("repeat with ROLLCALL_HISTORIES=%d", max(seed, 1))
	return max(seed, 1)
}

// tally counts what happened in all histories.
type tally struct {
	mutex  sync.Mutex
	counts map[string]int
}

func (t *tally) add(what string, n int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.counts[what] += n
}

// chronicle is a history of two worlds in lockstep: torn is disturbed, calm is not.
type chronicle struct {
	*testing.T
	*rand.Rand
	calm, torn *side
	model      *model
	rules      ruleset
	// guarded: the guard holds what is removed, and everything is approved.
	guarded bool
	// left are those who left a group since the last run.
	left map[string]bool
	// fully: the next read is one in full.
	fully bool
	names int
	notes []string
	total *tally
}

func tell(t *testing.T, seed uint64, total *tally) {
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	c := &chronicle{
		T: t, Rand: rand.New(rand.NewPCG(seed, 23)), calm: newSide(t, seed, now), torn: newSide(t, seed, now), total: total,
		model: &model{users: map[string]modelUser{}, groups: map[string]modelGroup{}, away: map[string]bool{}, unsure: map[string]bool{}},
		left:  map[string]bool{},
	}
	c.guarded = c.IntN(4) == 0
	c.model.guarded = c.guarded
	c.rules.titled = "jobTitle"
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("what happened:\n%s", strings.Join(c.notes, "\n"))
		}
	})
	c.rescope()
	c.sync()
	syncs := 0
	for happened := 0; happened < historyEvents && !t.Failed(); {
		for range min(1+c.IntN(20), historyEvents-happened) {
			c.happenOnce()
			happened++
		}
		c.sync()
		if syncs++; syncs%6 == 0 {
			c.compareJournals()
		}
	}
	c.compareJournals()
	c.count()
}

func (c *chronicle) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// sync brings both directories up to date and compares them with each other and with the model.
func (c *chronicle) sync() {
	c.Helper()
	kind := engine.Incremental
	if c.IntN(8) == 0 || c.fully {
		kind, c.fully = engine.Full, false
	}
	c.note("---- %s", kind)
	c.disturb(kind)
	c.calm.good(kind)
	c.left = map[string]bool{}
	c.total.add("held", len(c.calm.holds()))
	for _, side := range []*side{c.calm, c.torn} {
		side.settle()
	}
	c.compare()
}

// settle approves whatever is held, and runs until nothing is left to do.
func (s *side) settle() {
	s.Helper()
	for range 12 {
		if len(s.holds()) > 0 {
			s.approve()
		}
		if run := s.good(engine.Incremental); run.Progress.Planned == 0 && len(s.holds()) == 0 {
			return
		}
	}
	s.Fatal("there is always something left to do")
}

// compareJournals demands that both journals have the same rows, each as often: that is more than that the disturbed one has none that the other lacks.
func (c *chronicle) compareJournals() {
	c.Helper()
	tenant := c.calm.tenantNow()
	calm, torn := c.model.told(c.calm.journal(), tenant), c.model.told(c.torn.journal(), tenant)
	if more := beyond(torn, calm); len(more) > 0 {
		c.Errorf("only the journal of the disturbed world has\n%s", strings.Join(more, "\n"))
	}
	if less := beyond(calm, torn); len(less) > 0 {
		c.Errorf("only the journal of the undisturbed world has\n%s", strings.Join(less, "\n"))
	}
	if c.Failed() {
		c.FailNow()
	}
}

func (c *chronicle) compare() {
	c.Helper()
	calm, torn := c.calm.holdings(), c.torn.holdings()
	tenant := c.calm.tenantNow()
	if diff := cmp.Diff(tenant, c.torn.tenantNow(), cmp.AllowUnexported(tenantState{}, tenantPerson{}, tenantGroup{})); diff != "" {
		c.Fatalf("the tenants:\n%s", diff)
	}
	c.model.follow(tenant, c.rules, c.calm.now, calm)
	if diff := cmp.Diff(c.model.sure(calm), c.model.sure(torn)); diff != "" {
		c.Errorf("the directories (-undisturbed +disturbed):\n%s", diff)
	}
	if wrong := c.model.differences(tenant, calm, c.calm.now); len(wrong) > 0 {
		c.Errorf("by the model\n%s", strings.Join(wrong, "\n"))
		c.tellOf(wrong)
	}
	if c.Failed() {
		c.FailNow()
	}
}

// beyond lists the rows that another journal lacks, or has less often.
func beyond(rows, other []string) []string {
	left := map[string]int{}
	for _, row := range other {
		left[row]++
	}
	return slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
		left[row]--
		return left[row] >= 0
	})
}

// disturb lets the disturbed world have its troubles before it runs well: part of the work is done then, or none, or all of it.
func (c *chronicle) disturb(kind engine.Kind) {
	c.Helper()
	if c.IntN(5) == 0 {
		c.torn.good(kind)
		return
	}
	if c.IntN(3) > 0 {
		for range 1 + c.IntN(2) {
			rule := c.trouble()
			c.note("fault %v", rule)
			c.torn.control(http.MethodPost, "/sim/faults", rule)
		}
	}
	for range 1 + c.IntN(3) {
		kind := kind
		if c.IntN(8) == 0 {
			kind = engine.DryRun
		}
		var lives []int
		for range c.IntN(4) {
			lives = append(lives, 1+c.IntN(30))
		}
		run := c.torn.dying(kind, lives)
		c.note("a run with the lives %v ended as %s %+v", lives, run.State, run.Failure)
		c.total.add("kills", len(lives))
		if run.State == engine.Failed {
			c.total.add("failed runs", 1)
		}
	}
	c.torn.control(http.MethodDelete, "/sim/faults", nil)
	c.recover(kind)
}

// recover runs the disturbed world until it is well: what stays broken for long is asked for anew. Where the tenant asked for patience, both worlds
// wait.
func (c *chronicle) recover(kind engine.Kind) {
	c.Helper()
	for range 6 {
		switch run := c.torn.run(kind); run.State {
		case engine.Succeeded:
			return
		case engine.Failed:
		default:
			c.pass(time.Hour)
			c.torn.tick()
		}
	}
	c.Fatal("without faults the runs fail still")
}

// trouble is a fault that hides nothing: what an answer lacks is seen to be missing, or asked for again.
func (c *chronicle) trouble() map[string]any {
	rule := map[string]any{"times": 1 + c.IntN(6), "skip": c.IntN(4)}
	routes := map[string][]string{
		"":                          {"throttle", "error", "cut", "invalid-json"},
		"/v1.0/users/delta":         {"error", "cut", "repeat-page", "short-page"},
		"/v1.0/groups/delta":        {"error", "cut", "repeat-page", "short-page", "expired-delta", "reset-delta", "lost-page", "swap-pages"},
		"/v1.0/groups/{id}/members": {"error", "cut", "invalid-json"},
		"/v1.0/$batch":              {"error", "cut", "invalid-json"},
		"/{tenant}/oauth2*":         {"error", "cut", "expired-secret"},
	}
	names := []string{"", "/v1.0/users/delta", "/v1.0/groups/delta", "/v1.0/groups/{id}/members", "/v1.0/$batch", "/{tenant}/oauth2*"}
	route := names[c.IntN(len(names))]
	rule["route"], rule["kind"] = route, routes[route][c.IntN(len(routes[route]))]
	if rule["kind"] == "throttle" {
		rule["retry_after_seconds"] = c.IntN(2)
		if c.guarded { // which weighs 24 hours, and the worlds would wait at different moments of them
			rule["kind"] = "error"
		}
	}
	return rule
}

// count counts what the journals have.
func (c *chronicle) count() {
	c.Helper()
	for _, row := range c.calm.journal() {
		c.total.add("rows", 1)
		for _, what := range []string{"user create", "user update", "user deactivate", "user reactivate", "user delete", "group create", "group update", "group delete", "group release", "join", "leave"} {
			of, action, pair := strings.Cut(what, " ")
			if pair && strings.HasPrefix(row, of+" ") && strings.Contains(row, " "+action+" ") || !pair && strings.HasSuffix(row, " "+what) {
				c.total.add(what, 1)
			}
		}
	}
}

var identifier = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// tellOf lists what the journal has of the people and groups that the first differences name.
func (c *chronicle) tellOf(wrong []string) {
	c.Helper()
	journal := c.calm.journal()
	for _, difference := range wrong[:min(2, len(wrong))] {
		for _, id := range identifier.FindAllString(difference, 2) {
			about := slices.DeleteFunc(slices.Clone(journal), func(row string) bool { return !strings.Contains(row, id) })
			c.Logf("the journal has of %s\n%s", id, strings.Join(about, "\n"))
		}
	}
}
