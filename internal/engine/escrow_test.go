package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// seldom makes the instance run by itself every forty minutes.
func (w *world) seldom(instance engine.Instance) {
	w.Helper()
	on, interval := true, 40*time.Minute
	if _, err := w.engine.ChangeInstance(w.Context(), instance.ID, engine.Change{AutoSync: &on, Interval: &interval}); err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
}

func TestAFailedChangeIsTriedAtOnceWhenItsCauseChanges(t *testing.T) {
	for name, c := range map[string]struct {
		// fail makes the change of a person fail, mend takes the cause away; neither starts a run.
		fail, mend func(t *testing.T, w *world)
	}{
		"the mapping": {
			func(_ *testing.T, w *world) {
				w.control(http.MethodPatch, "/sim/users/"+id(w.people(1)[0]), map[string]any{"jobTitle": strings.Repeat("x", 600)})
			},
			func(t *testing.T, w *world) {
				settings, err := w.db.Settings(t.Context(), w.instance.ID, w.current().ConfigVersion)
				if err != nil {
					t.Fatal(err)
				}
				for i := range settings.Attributes {
					if settings.Attributes[i].Source == "jobTitle" {
						settings.Attributes[i].Source = "department"
					}
				}
				w.change(engine.Change{Settings: &settings})
			},
		},
		"the domain rule": {
			func(t *testing.T, w *world) {
				if _, err := w.dir.AddDomain(t.Context(), w.org, "elsewhere.example"); err != nil {
					t.Fatal(err)
				}
				if err := w.dir.RequireVerifiedDomain(t.Context(), w.org, true); err != nil {
					t.Fatal(err)
				}
				w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "ada@contoso.example"})
			},
			func(t *testing.T, w *world) {
				if _, err := w.dir.AddDomain(t.Context(), w.org, "contoso.example"); err != nil {
					t.Fatal(err)
				}
				if err := w.engine.DomainsChanged(t.Context(), w.org); err != nil {
					t.Fatal(err)
				}
			},
		},
		"the holder of the name": {
			func(t *testing.T, w *world) {
				w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "ada@contoso.example"})
				w.now = w.now.Add(40 * time.Minute)
				w.tick()
				w.control(http.MethodDelete, "/sim/users/ada@contoso.example", nil)
				w.now = w.now.Add(40 * time.Minute)
				w.tick()
				_, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{"userName": "ada@contoso.example"}))
				if err != nil {
					t.Fatal(err)
				}
				w.control(http.MethodPost, "/sim/users/ada@contoso.example/restore", nil)
			},
			func(t *testing.T, w *world) {
				held := w.named("ada@contoso.example")
				if err := w.dir.DeleteUser(t.Context(), w.org, held.ID); err != nil {
					t.Fatal(err)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 20)
			w.good(engine.Incremental)
			w.seldom(w.instance)
			c.fail(t, w)
			w.now = w.now.Add(40 * time.Minute)
			w.tick()
			if entry := w.failure(); entry.Attempts != 1 {
				t.Fatalf("%d attempts", entry.Attempts)
			}
			w.now = w.now.Add(time.Minute)
			w.tick()
			w.failure()
			c.mend(t, w)
			w.tick()
			if failed := w.status().Failed; failed != 0 {
				t.Errorf("%d failed, want the change to be tried at once", failed)
			}
		})
	}
}

// named returns the user who has the name.
func (w *world) named(name string) directory.User {
	w.Helper()
	users, err := w.dir.FindUsers(w.Context(), w.org, attr.UserName, []string{attr.NameKey(name)})
	if err != nil || len(users) != 1 {
		w.Fatalf("%d users are named %s (%v)", len(users), name, err)
	}
	return users[0]
}

func TestAClaimIsTriedAtOnceWhenTheOwnerLetsGo(t *testing.T) {
	for name, letGo := range map[string]func(w *world){
		"a narrower scope": func(w *world) {
			w.change(engine.Change{Settings: nobody()})
			w.work(w.engine)
		},
		"the owner is deleted": func(w *world) {
			if err := w.engine.DeleteInstance(w.Context(), w.instance.ID); err != nil {
				w.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 10)
			w.good(engine.Incremental)
			w.seldom(w.instance)
			person := id(w.people(1)[0])
			settings := nobody()
			settings.Scope.Users = []string{person}
			second := w.create("Second", settings)
			w.seldom(second)
			if user := w.linked(person); user.Owner != w.instance.ID {
				t.Fatalf("the owner is %s", user.Owner)
			}
			w.now = w.now.Add(time.Minute)
			letGo(w)
			w.tick()
			if user := w.linked(person); user.Owner != second.ID || !user.Active() {
				t.Errorf("owner %s, active %v; want the second instance at once, and Active", user.Owner, user.Active())
			}
		})
	}
}

// busy is the built-in directory when it cannot take changes.
type busy struct {
	*orgdir.Directory
	refusal *error
}

// Apply refuses as long as there is a refusal.
func (b busy) Apply(ctx context.Context, changes []plan.Change) ([]destination.Result, error) {
	if *b.refusal != nil {
		return nil, *b.refusal
	}
	return b.Directory.Apply(ctx, changes)
}

func TestABusyDestinationIsNoFailureOfItsObjects(t *testing.T) {
	throttled := fault.New(fault.Throttled, "429", "the destination was asked too much")
	throttled.RetryAfter = 10 * time.Minute
	for name, c := range map[string]struct {
		refusal error
		state   engine.State
	}{
		"429":                {throttled, engine.Waiting},
		"429 without a time": {fault.New(fault.Throttled, "429", "the destination was asked too much"), engine.Failed},
		"503":                {fault.New(fault.Unavailable, "503", "the destination does not answer"), engine.Failed},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 10)
			var refusal error
			w.engine.Destination = func(instance engine.Instance) destination.Destination {
				return busy{orgdir.New(w.dir, instance.OrgID, instance.ID), &refusal}
			}
			refusal = c.refusal
			if run := w.run(engine.Incremental); run.State != c.state {
				t.Errorf("the run is %s, want %s", run.State, c.state)
			}
			if status := w.status(); status.Failed != 0 || status.Job == engine.StatusQuarantine {
				t.Errorf("%d failed, status %s; want no failure of an object, and no quarantine", status.Failed, status.Job)
			}
			refusal = nil
			w.now = w.now.Add(11 * time.Minute)
			w.tick()
			w.good(engine.Incremental)
			if status := w.status(); status.Failed != 0 || status.Synced == 0 {
				t.Errorf("afterwards %d failed and %d are synced", status.Failed, status.Synced)
			}
		})
	}
}

func TestWhatWaitsForAnotherTryIsTriedWhenSomebodyAsks(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	people := w.people(3)
	for _, person := range people {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": strings.Repeat("x", 600)})
	}
	w.good(engine.Incremental)
	attempts := func() map[string]int {
		entries, err := w.db.ListEntries(t.Context(), engine.EntryQuery{Org: w.org, Open: true, States: []engine.EntryState{engine.EntryFailed}, Limit: 10})
		if err != nil {
			t.Fatal(err)
		}
		tries := map[string]int{}
		for _, entry := range entries {
			tries[entry.SourceID] = entry.Attempts
		}
		return tries
	}
	entries, err := w.db.ListEntries(t.Context(), engine.EntryQuery{Org: w.org, SourceID: id(people[0]), Open: true, Limit: 10})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries (%v)", len(entries), err)
	}
	retry := func(ids ...ident.ID) int {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		count, run, err := w.engine.RetryNow(t.Context(), w.instance.ID, ids)
		if err != nil || run.Trigger != engine.TriggerManual {
			t.Fatalf("%v, run %+v", err, run)
		}
		w.work(w.engine)
		return count
	}
	if count := retry(entries[0].ID); count != 1 || attempts()[id(people[0])] != 2 || attempts()[id(people[1])] != 1 {
		t.Errorf("one: %d were tried, attempts %v", count, attempts())
	}
	if count := retry(); count != 3 || attempts()[id(people[0])] != 3 || attempts()[id(people[1])] != 2 {
		t.Errorf("all: %d were tried, attempts %v", count, attempts())
	}
	if entry := w.journal(id(people[0])); !entry[len(entry)-1].FailedAt.Equal(entries[0].FailedAt) {
		t.Errorf("the first failure was at %v, now %v", entries[0].FailedAt, entry[len(entry)-1].FailedAt)
	}
	if _, _, err := w.engine.RetryNow(t.Context(), w.instance.ID, []ident.ID{ident.New(w.now)}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown one: %v", err)
	}
	for _, person := range people {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": "Clerk"})
	}
	w.good(engine.Incremental)
	if count, _, err := w.engine.RetryNow(t.Context(), w.instance.ID, nil); count != 0 || err != nil || len(w.queue.runs) != 0 {
		t.Errorf("all of nothing: %d, %v, %d runs", count, err, len(w.queue.runs))
	}
}
