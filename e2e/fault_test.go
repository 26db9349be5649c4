package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"rollcall/e2e"
)

// TestATenantThatAnswersWronglyHarmsNobody lets a tenth of all answers of the tenant be late, refused, broken or incomplete, and still the
// directory becomes what it should, and nobody is deactivated whom the tenant did not block or delete.
func TestATenantThatAnswersWronglyHarmsNobody(t *testing.T) {
	readThroughFaults(t, size{people: 3000, changes: 60, times: 80})
}

// faultKinds is every way in which an answer can be wrong. Each strikes with the same probability.
var faultKinds = []map[string]any{
	{"kind": "latency", "delay_ms": 50},
	{"kind": "throttle", "retry_after_seconds": 0},
	{"kind": "throttle", "retry_after_seconds": 1},
	{"kind": "throttle"},
	{"kind": "error", "status": 500},
	{"kind": "error", "status": 503, "retry_after_seconds": 0},
	{"kind": "error", "status": 504},
	{"kind": "cut"},
	{"kind": "invalid-json"},
	{"kind": "empty-page"},
	{"kind": "empty-end"},
	{"kind": "repeat-page"},
	{"kind": "truncated-page"},
	{"kind": "expired-delta"},
	{"kind": "reset-delta"},
}

// faultShare of all answers is wrong.
const faultShare = 0.1

func readThroughFaults(t *testing.T, s size) {
	seed := seedOf(t)
	f := &faulty{tenant: startTenant(t, s.people, seed), draws: rand.New(rand.NewPCG(seed, 2)), was: map[string]string{}, departures: map[string]int{}, ended: map[string]int{}}
	f.model.Lax = true
	f.side = startSide(t, f.tenant)
	f.follow(t)
	f.inject(t, seed)
	for n := range s.times {
		f.round(t, n, s.changes)
	}
	f.recover(t)
	expectDirectory(t, "after all faults", &f.model, f.side)
	f.expectNobodyHarmed(t)
}

// faulty is a tenant that answers wrongly, with a server that reads it.
type faulty struct {
	tenant *e2e.Tenant
	side   *side
	model  e2e.Model
	draws  *rand.Rand
	// was says how each person stood at last, departures how often the tenant blocked, deleted or purged him, which is how often he may be
	// deactivated or removed.
	was        map[string]string
	departures map[string]int
	// ended counts the runs by how they ended.
	ended map[string]int
}

func (f *faulty) inject(t *testing.T, seed uint64) {
	t.Helper()
	for i, rule := range faultKinds {
		rule["probability"], rule["seed"] = faultShare/float64(len(faultKinds)), seed+uint64(i)
		f.control(t, http.MethodPost, "/sim/faults", rule, nil)
	}
}

func (f *faulty) control(t *testing.T, method, path string, body, answer any) {
	t.Helper()
	if err := f.tenant.Control.Do(t.Context(), method, path, body, answer); err != nil {
		t.Fatal(err)
	}
}

// round changes the tenant and lets the server read it; one round in eight reads everything anew.
func (f *faulty) round(t *testing.T, n, changes int) {
	t.Helper()
	if n > 0 {
		randomChanges(t, f.tenant, f.draws.Uint64(), changes, "change", "rename", "create", "manager", "block", "unblock", "delete", "restore", "purge")
		f.follow(t)
	}
	kind := "incremental"
	if f.draws.IntN(8) == 0 {
		kind = "full"
	}
	f.run(t, kind)
}

// follow notes the state of the tenant, and who left.
func (f *faulty) follow(t *testing.T) {
	t.Helper()
	people, err := f.tenant.People(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	f.model.Follow(people)
	is := make(map[string]string, len(people))
	for _, person := range people {
		id := fmt.Sprint(person["id"])
		switch is[id] = fmt.Sprint(person["state"]); {
		case is[id] == "live" && person["accountEnabled"] == false:
			is[id] = "blocked"
			fallthrough
		case is[id] == "deleted":
			if f.was[id] != "" && f.was[id] != is[id] {
				f.departures[id]++
			}
		}
	}
	for id := range f.was {
		if is[id] == "" {
			f.departures[id] += 2 // Inactive first, then removed
		}
	}
	f.was = is
}

// run runs the instance once. The run may fail, since the tenant does.
func (f *faulty) run(t *testing.T, kind string) e2e.Run {
	t.Helper()
	run, err := f.side.Wait(t.Context(), f.side.instance, ask(t, f.side, kind), 2*time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	outcome := kind + " " + run.State
	if run.Failure != nil {
		outcome += " " + run.Failure.Code
	}
	f.ended[outcome]++
	return run
}

// recover switches the faults off and lets the server read until all is well. What an incomplete answer to a question for changes left
// out comes with the next full read.
func (f *faulty) recover(t *testing.T) {
	t.Helper()
	var rules struct {
		Rules []struct {
			Kind  string `json:"kind"`
			Fired int    `json:"fired"`
			Seen  int    `json:"seen"`
		} `json:"faults"`
	}
	f.control(t, http.MethodGet, "/sim/faults", nil, &rules)
	fired, asked := 0, 0
	for _, rule := range rules.Rules {
		fired, asked = fired+rule.Fired, max(asked, rule.Seen)
		t.Logf("%s: %d of %d", rule.Kind, rule.Fired, rule.Seen)
	}
	t.Logf("%d of %d answers were faulty", fired, asked)
	if float64(fired) < faultShare/2*float64(asked) {
		t.Error("these are too few")
	}
	f.control(t, http.MethodDelete, "/sim/faults", nil, nil)
	t.Logf("runs: %v", f.ended)
	for _, kind := range []string{"incremental", "full"} {
		if run := f.run(t, kind); run.State != "succeeded" {
			t.Errorf("without faults the run ended as %+v", run)
		}
		users, err := f.side.Users(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("after the next %s run %d users differ", kind, len(f.model.Compare(users, f.side.instance, len(users))))
	}
}

// expectNobodyHarmed looks in the journal for people who were deactivated or removed more often than the tenant asked for.
func (f *faulty) expectNobodyHarmed(t *testing.T) {
	t.Helper()
	removed := map[string]int{}
	journal := journalOf(t, f.side)
	for _, change := range journal {
		if change.State == "applied" && (change.Action == "deactivate" || change.Action == "delete") {
			removed[change.SourceID]++
		}
	}
	for id, times := range removed {
		if times > f.departures[id] {
			t.Errorf("%s was deactivated or removed %d times; the tenant asked for it %d times", id, times, f.departures[id])
		}
	}
	t.Logf("%d journal lines; %d people were rightly deactivated or removed", len(journal), len(removed))
	if len(removed) == 0 {
		t.Error("nobody was deactivated at all")
	}
}
