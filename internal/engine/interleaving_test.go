package engine_test

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// stepwise returns an engine over the same database, as another node, whose Advance does one step of a run at a time: by its machine's clock
// each look at it takes three seconds.
func (w *world) stepwise() *engine.Engine {
	machine := w.now
	config := w.newEngine().Config
	config.Machine = func() time.Time {
		machine = machine.Add(3 * time.Second)
		return machine
	}
	config.Node = ident.New(w.now)
	return engine.New(config)
}

// interrupt asks for a run, calls between once, when the run is as far as until says, and lets the run and all that is queued end.
func (w *world) interrupt(kind engine.Kind, until func(engine.Run) bool, between func()) engine.Run {
	w.Helper()
	run, err := w.engine.SyncNow(w.Context(), w.instance.ID, kind)
	if err != nil {
		w.Fatal(err)
	}
	w.queue.runs = nil
	stepwise := w.stepwise()
	called := false
	for again := true; again; {
		if again, err = stepwise.Advance(w.Context(), run.ID); err != nil {
			w.Fatal(err)
		}
		if run, err = w.engine.GetRun(w.Context(), w.org, run.ID); err != nil {
			w.Fatal(err)
		}
		if !called && until(run) {
			called = true
			between()
		}
	}
	if !called {
		w.Fatalf("the run ended as %s without coming to where it was to be interrupted", run.State)
	}
	w.work(w.engine)
	if run, err = w.engine.GetRun(w.Context(), w.org, run.ID); err != nil {
		w.Fatal(err)
	}
	return run
}

// firstPlanned is when the first thousand objects are planned, and there are more.
func firstPlanned(run engine.Run) bool {
	return run.Step == engine.StepPlan && run.Progress.Planned == 1000
}

func (w *world) change(change engine.Change) {
	w.Helper()
	if _, err := w.engine.ChangeInstance(w.Context(), w.instance.ID, change); err != nil {
		w.Fatal(err)
	}
}

func (w *world) set(autoSync bool) { w.Helper(); w.change(engine.Change{AutoSync: &autoSync}) }

// nobody is a scope of nobody, with thresholds that let everything pass.
func nobody() *engine.Settings {
	settings := engine.DefaultSettings()
	settings.Scope.AllUsers = false
	settings.Thresholds = plan.Thresholds{Count: 100_000, Percent: 100, Absolute: 100_000}
	return &settings
}

func TestSettingsSavedWhileARunReadsAreAppliedToEverybodyByTheNext(t *testing.T) {
	w := newWorld(t, 100)
	created := w.good(engine.Incremental).Progress.Counts["create"]
	run, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	w.queue.runs = nil
	config, saved := w.newEngine().Config, false
	config.Tenant = func(connection engine.Connection) (mirror.Tenant, error) {
		if !saved {
			saved = true
			w.change(engine.Change{Settings: nobody()})
		}
		return w.tenant(connection)
	}
	if _, err := engine.New(config).Advance(t.Context(), run.ID); err != nil {
		t.Fatal(err)
	}
	if next := w.good(engine.Incremental); next.Progress.Counts["deactivate"] != created {
		t.Errorf("the run after the settings were saved did %v, want %d people deactivated", next.Progress.Counts, created)
	}
}

func TestSettingsSavedWhileARunPlansLeaveNobodyBehindOrFailed(t *testing.T) {
	w := newWorld(t, 2500)
	first := w.interrupt(engine.Incremental, firstPlanned, func() {
		settings := engine.DefaultSettings()
		settings.Scope.IncludeGuests = true
		w.change(engine.Change{Settings: &settings})
	})
	if first.State != engine.Succeeded || first.Progress.Counts["failed"] != 0 {
		t.Errorf("the run under the old settings ended as %s with %v, want nobody failed", first.State, first.Progress.Counts)
	}
	w.good(engine.Incremental)
	if status := w.status(); status.Synced+status.Skipped != 2500 || status.Failed != 0 {
		t.Errorf("in the end the status is %+v, want all 2500 synced or skipped", status)
	}
}

func TestSomebodyWhoChangesWhileARunPlansIsCreatedOnceAndUpdatedNext(t *testing.T) {
	w := newWorld(t, 1500)
	person := w.people(1)[0]
	settings := nobody()
	second := w.create("Second", settings)
	first := w.interrupt(engine.Incremental, firstPlanned, func() {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": "Changed at once"})
		w.runOf(second, engine.Incremental) // its pull brings the change
	})
	if first.Progress.Counts["failed"] != 0 {
		t.Errorf("the run counts %v: somebody failed for his own name", first.Progress.Counts)
	}
	w.good(engine.Incremental)
	if user := w.linked(id(person)); user.Attributes.Text("title") != "Changed at once" || w.status().Failed != 0 {
		t.Errorf("title %q, %d failed; want the change to have arrived", user.Attributes.Text("title"), w.status().Failed)
	}
}

func TestARunPlansNobodyWhileAnotherReadsTheTenantInFull(t *testing.T) {
	w := newWorld(t, 1500)
	second := w.create("Second", nobody())
	var full engine.Run
	first := w.interrupt(engine.Incremental, firstPlanned, func() {
		var err error
		if full, err = w.engine.SyncNow(t.Context(), second.ID, engine.Full); err != nil {
			t.Fatal(err)
		}
		w.queue.runs = nil
		reader := w.stepwise()
		for cursor := (mirror.Cursor{}); cursor.Full == nil; {
			if _, err := reader.Advance(t.Context(), full.ID); err != nil {
				t.Fatal(err)
			}
			if cursor, err = w.db.Cursor(t.Context(), w.instance.ConnectionID); err != nil {
				t.Fatal(err)
			}
		}
	})
	if first.State != engine.Succeeded || first.Progress.Planned != 1000 {
		t.Errorf("the run ended as %s with %d planned, want it to stop at 1000", first.State, first.Progress.Planned)
	}
	if status := w.status(); status.Synced+status.Skipped+status.OutOfScope != 1500 || status.Failed != 0 || status.OutOfScope > 400 {
		t.Errorf("after the follow-up run the status is %+v, want everybody", status)
	}
}

func TestAutoSyncOffEndsTheRunThatNobodyAskedFor(t *testing.T) {
	w := newWorld(t, 100)
	created := w.good(engine.Incremental).Progress.Counts["create"]
	w.set(true)
	w.work(w.engine)
	w.change(engine.Change{Settings: nobody()}) // starts a run by itself
	w.set(false)
	w.work(w.engine)
	runs, err := w.db.ListRuns(t.Context(), engine.RunQuery{Org: w.org, Instance: w.instance.ID, Limit: 1})
	if err != nil || len(runs) != 1 || runs[0].State != engine.Canceled {
		t.Errorf("the last run is %+v (%v), want it canceled", runs, err)
	}
	if status := w.status(); status.Synced != created || status.Job != engine.StatusPaused {
		t.Errorf("the status is %+v, want nothing written and Paused", status)
	}
	if run := w.good(engine.Incremental); run.Progress.Counts["deactivate"] != created {
		t.Errorf("a run that is asked for does %v, want all %d", run.Progress.Counts, created)
	}
}

func TestAbandonedRunsWriteNothingMoreAndLoseNothing(t *testing.T) {
	w := newWorld(t, 1500)
	run := w.interrupt(engine.Incremental, func(run engine.Run) bool {
		return run.Progress.Applied > 0 && run.Progress.Applied < run.Progress.ToApply
	}, func() {
		if err := w.newEngine().Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if run.State != engine.Canceled || w.status().Synced != run.Progress.Applied {
		t.Errorf("the run is %s with %d applied and %d synced, want it canceled where it was", run.State, run.Progress.Applied, w.status().Synced)
	}
	w.good(engine.Incremental)
	if dry := w.good(engine.DryRun); dry.Progress.Counts["create"] != 0 {
		t.Errorf("after the next run %v is proposed, want nobody to create", dry.Progress.Counts)
	}
}

func TestAGoodRunByHandEndsTheBackOffOfQuarantine(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.now = w.now.Add(2 * time.Hour)
	w.set(true)
	w.work(w.engine)
	for range 12 {
		if run := w.run(engine.Incremental); run.State != engine.Failed {
			t.Fatalf("the run is %s, want failed", run.State)
		}
	}
	w.control(http.MethodPost, "/sim/secret/restore", nil)
	w.good(engine.Incremental)
	instance, err := w.engine.Instance(t.Context(), w.org, w.instance.ID)
	if err != nil || instance.NextRunAt.Sub(w.now) > instance.Interval {
		t.Errorf("after a good run the next one is due in %s (%v), want within %s", instance.NextRunAt.Sub(w.now), err, instance.Interval)
	}
}

func TestAScheduleSurvivesAClockThatWasSetBack(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	w.set(true)
	w.work(w.engine)
	w.now = w.now.AddDate(1, 0, 0) // wrong for a moment
	w.tick()
	w.now = w.now.AddDate(-1, 0, 1)
	w.tick()
	instance, err := w.engine.Instance(t.Context(), w.org, w.instance.ID)
	if err != nil || instance.NextRunAt.Sub(w.now) > instance.Interval || !instance.Health.LastRunAt.Equal(w.now) {
		t.Errorf("the next run is due at %v, the last ended at %v (%v); now is %v", instance.NextRunAt, instance.Health.LastRunAt, err, w.now)
	}
}

// tick starts what is due and works on it.
func (w *world) tick() {
	w.Helper()
	if err := w.engine.Tick(w.Context()); err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
}

func TestAWaitThatTheTenantAsksForHasAnEnd(t *testing.T) {
	w := newWorld(t, 10)
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/users", "kind": "error", "status": 429, "retry_after_seconds": 1_000_000})
	run := w.run(engine.Incremental)
	if run.State != engine.Waiting || run.NotBefore.Sub(w.now) > time.Hour {
		t.Fatalf("the run is %s until %v, want it to wait for an hour at most", run.State, run.NotBefore)
	}
	w.control(http.MethodDelete, "/sim/faults", nil)
	w.now = w.now.AddDate(-1, 0, 0) // even if the clock was wrong before
	w.tick()
	if run, err := w.engine.GetRun(t.Context(), w.org, run.ID); err != nil || run.State != engine.Succeeded {
		t.Errorf("the run is %s (%v), want it to have gone on", run.State, err)
	}
}

func TestTwoRunsOfAnInstanceNeverWorkAtOnce(t *testing.T) {
	w := newWorld(t, 1500)
	w.interrupt(engine.Incremental, firstPlanned, func() {
		w.now = w.now.AddDate(-1, 0, 0) // the clock is set back: what is made now sorts before the run under way
		second, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Full)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.newEngine().Advance(t.Context(), second.ID); err != nil {
			t.Fatal(err)
		}
		if second, err = w.engine.GetRun(t.Context(), w.org, second.ID); err != nil || second.State != engine.Queued {
			t.Errorf("the second run is %s (%v), want it to wait for the first", second.State, err)
		}
	})
}

func TestARejectedRemovalIsAskedAboutAgainWhenItIsAnotherOne(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(30)
	for _, person := range victims {
		w.control(http.MethodPost, "/sim/users/"+id(person)+"/block", nil)
	}
	w.good(engine.Incremental)
	held := w.held()
	w.decide(false, held[id(victims[0])])
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	settings := engine.DefaultSettings()
	settings.Scope.IncludeGuests = true
	w.change(engine.Change{Settings: &settings})
	w.good(engine.Incremental)
	if user := w.linked(id(victims[0])); !user.Active() || len(w.held()) != 1 {
		t.Errorf("after other settings active is %v and %d are held, want the rejected removal to be held", user.Active(), len(w.held()))
	}
}

func TestTheGuardWeighsRemovalsAgainstPeopleWhoAreInScope(t *testing.T) {
	w := newWorld(t, 600)
	w.good(engine.Incremental)
	var chosen []string
	for _, person := range w.people(100) {
		chosen = append(chosen, id(person))
	}
	settings := *nobody()
	settings.Scope.Users = chosen
	w.change(engine.Change{Settings: &settings})
	w.good(engine.Incremental) // a hundred are left, the others are linked and Inactive
	w.now = w.now.Add(25 * time.Hour)
	settings.Thresholds = plan.DefaultThresholds()
	w.change(engine.Change{Settings: &settings})
	w.good(engine.Incremental)
	for _, source := range chosen[:20] {
		w.control(http.MethodPost, "/sim/users/"+source+"/block", nil)
	}
	if run := w.good(engine.Incremental); run.Progress.Counts["held"] != 20 {
		t.Errorf("counts %v (%s), want a fifth of the people in scope to be held", run.Progress.Counts, run.Progress.Held)
	}
}

func TestNobodyIsReleasedToAnInstanceThatIsPaused(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := w.people(1)[0]
	settings := nobody()
	settings.Scope.Users = []string{id(person)}
	second := w.create("Second", settings) // Auto Sync off
	w.runOf(second, engine.Incremental)
	w.change(engine.Change{Settings: nobody()})
	w.good(engine.Incremental)
	if user := w.linked(id(person)); user.Active() {
		t.Error("somebody who left the scope is Active still, because an instance that does nothing by itself claims him")
	}
}

func TestPeopleOfADeletedInstanceAreTakenOverByTheNextRunOfTheirClaimant(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := w.people(1)[0]
	settings := nobody()
	settings.Scope.Users = []string{id(person)}
	second := w.create("Second", settings)
	w.runOf(second, engine.Incremental)
	if err := w.engine.DeleteInstance(t.Context(), w.instance.ID); err != nil {
		t.Fatal(err)
	}
	w.runOf(second, engine.Incremental)
	if user := w.linked(id(person)); user.Owner != second.ID {
		t.Errorf("the owner is %s, want the second instance", user.Owner)
	}
}

func TestARunThatSomebodyAskedForIsKeptAlsoWhenTheScheduleWasFirst(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	w.set(true)
	w.work(w.engine)
	w.now = w.now.Add(time.Minute)
	if err := w.engine.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := w.good(engine.Incremental) // finds the scheduled one still queued
	for range 3 {
		w.now = w.now.Add(time.Minute)
		w.tick()
	}
	if run, err := w.engine.GetRun(t.Context(), w.org, asked.ID); err != nil || run.Trigger != engine.TriggerManual {
		t.Errorf("the run that was asked for is %+v (%v), want it kept as asked for", run, err)
	}
}

func TestADeletedInstanceLeavesNothingOfARunThatReads(t *testing.T) {
	w := newWorld(t, 30)
	run, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	config, deleted := w.newEngine().Config, false
	config.Logger = slog.New(slog.DiscardHandler)
	config.Tenant = func(connection engine.Connection) (mirror.Tenant, error) {
		tenant, err := w.tenant(connection)
		return deleting{Tenant: tenant, before: func(ctx context.Context) {
			if !deleted {
				deleted = true
				if err := w.engine.DeleteInstance(ctx, w.instance.ID); err != nil {
					t.Error(err)
				}
			}
		}}, err
	}
	if again, err := engine.New(config).Advance(t.Context(), run.ID); again || err != nil {
		t.Errorf("Advance = %v, %v; want it to leave the run", again, err)
	}
	if cursor, err := w.db.Cursor(t.Context(), w.instance.ConnectionID); err != nil || cursor.Version != 0 {
		t.Errorf("the connection that is gone has the cursor %+v (%v), want none", cursor, err)
	}
}

// deleting calls before with the first page.
type deleting struct {
	mirror.Tenant
	before func(ctx context.Context)
}

func (d deleting) Follow(ctx context.Context, link string) (graph.Page, error) {
	d.before(ctx)
	return d.Tenant.Follow(ctx, link)
}

func TestAnApprovalOutlivesTheRunThatCouldNotApplyIt(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(30)
	for _, person := range victims {
		w.control(http.MethodPost, "/sim/users/"+id(person)+"/block", nil)
	}
	w.good(engine.Incremental)
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.interrupt(engine.Incremental, func(run engine.Run) bool { return run.Step == engine.StepApply }, func() {
		if err := w.newEngine().Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	if run := w.good(engine.Incremental); run.Progress.Counts["deactivate"] != 30 || len(w.held()) != 0 {
		t.Errorf("the next run counts %v, want the thirty approved removals applied", run.Progress.Counts)
	}
}

func TestADefectFailsItsRunAndNotTheSchedule(t *testing.T) {
	w := newWorld(t, 10)
	run, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	config := w.newEngine().Config
	config.Destination = func(instance engine.Instance) destination.Destination {
		return defective{w.engine.Destination(instance)}
	}
	if again, err := engine.New(config).Advance(t.Context(), run.ID); again || err != nil {
		t.Errorf("Advance = %v, %v", again, err)
	}
	if run, err = w.engine.GetRun(t.Context(), w.org, run.ID); err != nil || run.State != engine.Failed || run.Failure.Remedy == "" {
		t.Errorf("the run is %s with %+v (%v), want it failed with a remedy", run.State, run.Failure, err)
	}
	w.good(engine.Incremental)
}

// defective panics where planning asks it something.
type defective struct{ destination.Destination }

func (defective) Terms(context.Context) (destination.Terms, error) { panic("a defect") }

func TestSomebodyWhoIsCreatedByHandBeforeHisRunAppliesIsTakenOverAtOnce(t *testing.T) {
	w := newWorld(t, 20)
	person := w.people(1)[0]
	name, _ := person["userPrincipalName"].(string)
	w.interrupt(engine.Incremental, func(run engine.Run) bool { return run.Step == engine.StepApply }, func() {
		if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{"userName": name})); err != nil {
			t.Fatal(err)
		}
	})
	if status := w.status(); status.Failed != 0 {
		t.Errorf("%d failed, want nobody", status.Failed)
	}
	if user := w.linked(id(person)); user.Owner != w.instance.ID || user.Origin != "Manual" {
		t.Errorf("the user by hand is owned by %q, want the instance", user.Owner)
	}
}
