package e2e_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"rollcall/e2e"
)

// size says how hard a test tries.
type size struct {
	// people of the tenant, changes of a round, kills or rounds.
	people, changes, times int
}

// TestAServerKilledAtAnyMomentGoesOnAndDoesEachChangeOnce kills the server at random moments of an initial run and of incremental ones.
// A twin that nobody disturbs reads the same tenant at the same points.
func TestAServerKilledAtAnyMomentGoesOnAndDoesEachChangeOnce(t *testing.T) {
	killAtRandom(t, size{people: 20_000, changes: 2000, times: 50})
}

func killAtRandom(t *testing.T, s size) {
	c := newCrash(t, s.people)
	// Three fifths of the moments lie in the initial run, the others in as many incremental ones as it takes.
	c.left = s.times * 3 / 5
	c.round(t, "initial")
	c.left += s.times - s.times*3/5
	for n := 0; n == 0 || c.left > 0; n++ {
		if n == 20 {
			t.Fatalf("%d of %d kills are left after %d incremental runs: these end too quickly", c.left, s.times, n)
		}
		c.random(t, s.changes)
		c.round(t, "incremental "+strconv.Itoa(n+1))
	}
	c.compare(t)
	t.Logf("killed %d times; the slowest restart went on after %s", s.times, c.slowest)
}

// crash is a tenant with two servers that read it: one that is killed and its twin.
type crash struct {
	tenant       *e2e.Tenant
	victim, twin *side
	model        e2e.Model
	draws        *rand.Rand
	// left is how many kills remain, slowest the longest time from a start to the first progress.
	left    int
	slowest time.Duration
}

// side is a server with its instance.
type side struct {
	e2e.Server
	instance string
}

func newCrash(t *testing.T, people int) *crash {
	t.Helper()
	seed := seedOf(t)
	c := &crash{draws: rand.New(rand.NewPCG(seed, 1))}
	c.tenant = startTenant(t, people, seed)
	c.victim, c.twin = startSide(t, c.tenant), startSide(t, c.tenant)
	return c
}

// seedOf returns the seed of ROLLCALL_SEED, or one of its own, and says how to repeat the test.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano()) % 1_000_000
	if text := os.Getenv("ROLLCALL_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatalf("ROLLCALL_SEED: %v", err)
		}
	}
	seed = max(seed, 1)
	t.Logf("repeat with ROLLCALL_SEED=%d", seed)
	return seed
}

func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("rollcall")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func startTenant(t *testing.T, people int, seed uint64) *e2e.Tenant {
	t.Helper()
	tenant, err := e2e.StartTenant(t.Context(), program(t), people, seed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tenant.Stop(); err != nil { // it has files to remove
			t.Error(err)
		}
	})
	return tenant
}

// startSide starts a server whose instance runs when it is told to, and whose guard lets everything pass.
func startSide(t *testing.T, tenant *e2e.Tenant) *side {
	t.Helper()
	s := &side{Server: e2e.Server{Program: program(t), Data: filepath.Join(t.TempDir(), "data"), Tenant: tenant}}
	var err error
	s.instance, err = s.SetUp(t.Context(), map[string]any{"thresholds": map[string]any{"count": 1_000_000, "percent": 100, "absolute": 1_000_000}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// random makes random changes in the tenant, of all kinds.
func (c *crash) random(t *testing.T, changes int) {
	t.Helper()
	randomChanges(t, c.tenant, c.draws.Uint64(), changes, "change", "rename", "manager", "create", "change", "block", "delete", "unblock", "restore", "purge")
}

func randomChanges(t *testing.T, tenant *e2e.Tenant, seed uint64, changes int, kinds ...string) []string {
	t.Helper()
	var answer struct {
		Changed []string `json:"changed"`
	}
	err := tenant.Control.Do(t.Context(), http.MethodPost, "/sim/random", map[string]any{"changes": changes, "seed": seed >> 1, "kinds": kinds}, &answer)
	if err != nil {
		t.Fatal(err)
	}
	return answer.Changed
}

// round brings both servers up to date, the victim while it is killed again and again.
func (c *crash) round(t *testing.T, name string) {
	t.Helper()
	run := ask(t, c.victim, "incremental")
	kills := 0
	for over := false; !over && c.left > 0; c.left-- {
		over = c.kill(t, run)
		kills++
	}
	if err := c.victim.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.await(t, c.victim, run)
	began := time.Now()
	c.await(t, c.twin, ask(t, c.twin, "incremental"))
	t.Logf("%s: %d kills; undisturbed it takes %s", name, kills, time.Since(began).Round(time.Millisecond))
	people, err := c.tenant.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c.model.Follow(people)
}

func ask(t *testing.T, s *side, kind string) e2e.Run {
	t.Helper()
	run, err := s.Sync(t.Context(), s.instance, kind)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func (c *crash) await(t *testing.T, s *side, run e2e.Run) {
	t.Helper()
	run, err := s.Wait(t.Context(), s.instance, run, 2*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if run.State != "succeeded" {
		t.Fatalf("the run ended as %+v", run)
	}
}

// resumeLimit is what the requirements allow between a start and the first progress.
const resumeLimit = 10 * time.Second

// kill lets the server live for a random while, kills it, starts it again and waits until it goes on. It reports whether the run is over.
func (c *crash) kill(t *testing.T, run e2e.Run) (over bool) {
	t.Helper()
	c.live(t)
	if err := c.victim.Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := c.victim.Launch(t.Context()); err != nil {
		t.Fatal(err)
	}
	if c.draws.IntN(4) == 0 {
		return false // the next kill comes in the start itself
	}
	over = c.resumes(t, run)
	c.slowest = max(c.slowest, time.Since(began))
	return over
}

// live waits for a random while: mostly short ones, since the program works quickly.
func (c *crash) live(t *testing.T) {
	t.Helper()
	longest := []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 200 * time.Millisecond, 400 * time.Millisecond}[c.draws.IntN(4)]
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(c.draws.Int64N(int64(longest))))
	defer cancel()
	<-ctx.Done()
}

// resumes waits until the run goes on after a start: until its row changes, or the tenant is asked again.
func (c *crash) resumes(t *testing.T, run e2e.Run) (over bool) {
	t.Helper()
	calls, err := c.tenant.GraphCalls(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := c.victim.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	var first *e2e.Run
	err = c.victim.Until(t.Context(), resumeLimit, func(ctx context.Context) bool {
		now, err := c.victim.Run(ctx, run.ID)
		if err != nil {
			return false
		}
		if first == nil {
			first = &now
		}
		asked, err := c.tenant.GraphCalls(ctx)
		over = now.Over()
		return over || err == nil && asked > calls || now.Step != first.Step || now.Progress != first.Progress
	})
	if err != nil {
		t.Fatalf("the run did not go on after a kill: %v", err)
	}
	return over
}

// compare compares the directories with what is expected, and the journals with each other.
func (c *crash) compare(t *testing.T) {
	t.Helper()
	journals := map[*side][]e2e.Change{}
	for name, s := range map[string]*side{"the server that was killed": c.victim, "its twin": c.twin} {
		expectDirectory(t, name, &c.model, s)
		journals[s] = journalOf(t, s)
	}
	for _, line := range few(e2e.Beyond(journals[c.victim], journals[c.twin])) {
		t.Errorf("only the server that was killed: %s", line)
	}
	for _, line := range few(e2e.Beyond(journals[c.twin], journals[c.victim])) {
		t.Errorf("only the twin: %s", line)
	}
	t.Logf("%d journal lines", len(journals[c.twin]))
	if len(journals[c.twin]) == 0 {
		t.Error("the journals are empty")
	}
}

func journalOf(t *testing.T, s *side) []e2e.Change {
	t.Helper()
	journal, err := s.Journal(t.Context(), s.instance)
	if err != nil {
		t.Fatal(err)
	}
	return journal
}

func expectDirectory(t *testing.T, name string, model *e2e.Model, s *side) {
	t.Helper()
	users, err := s.Users(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range model.Compare(users, s.instance, 10) {
		t.Errorf("%s: %s", name, difference)
	}
	t.Logf("%s: %d users compared", name, len(users))
}

// few returns the first few lines.
func few(lines []string) []string { return lines[:min(len(lines), 10)] }
