package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
)

// refused fails unless a run's plan is refused with the code.
func (w *world) refused(id ident.ID, code string) {
	w.Helper()
	_, err := w.engine.ApplyPlan(w.Context(), w.org, id)
	if f := fault.Of(err); f == nil || f.Kind != fault.Conflict || f.Code != code {
		w.Errorf("applying it says %v, want %s", err, code)
	}
}

func TestAPlanIsAppliedOnceAndOnlyWhileItIsOne(t *testing.T) {
	w := newWorld(t, 60)
	dry := w.good(engine.DryRun)
	name := "Renamed"
	w.change(engine.Change{Name: &name}) // no setting
	run := w.applied(dry)
	if diff := cmp.Diff(dry.Progress.Counts["create"], run.Progress.Counts["create"]); diff != "" || run.Plan != dry.ID || w.status().Job == engine.StatusNotRun {
		t.Errorf("of %v it did %v, status %s", dry.Progress.Counts, run.Progress.Counts, w.status().Job)
	}
	w.refused(dry.ID, "PlanApplied")
	w.refused(run.ID, "NoPlan")
	w.refused(w.good(engine.DryRun).ID, "NothingToApply")

	w.patch(id(w.people(1)[0]), map[string]any{"jobTitle": "Chief"})
	dry = w.good(engine.DryRun)
	w.change(engine.Change{Settings: nobody()})
	w.refused(dry.ID, "PlanOutdated")

	dry = w.good(engine.DryRun)
	w.now = w.now.AddDate(0, 0, 91)
	if err := w.engine.Expire(t.Context(), w.org, 90); err != nil {
		t.Fatal(err)
	}
	w.refused(dry.ID, "PlanForgotten")

	dry = w.good(engine.DryRun)
	if err := w.engine.DeleteInstance(t.Context(), w.instance.ID); err != nil {
		t.Fatal(err)
	}
	w.refused(dry.ID, "InstanceDeleted")
}

func TestAPlanOfAnotherOrganizationIsUnknown(t *testing.T) {
	w := newWorld(t, 20)
	dry := w.good(engine.DryRun)
	other, err := w.dir.CreateOrganization(t.Context(), "Other")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.ApplyPlan(t.Context(), other.ID, dry.ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("it says %v, want that there is no such run", err)
	}
}

func TestNothingButThePlanIsWrittenAlthoughMoreIsToDo(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	people := w.people(3)
	w.patch(id(people[0]), map[string]any{"jobTitle": "Shown"})
	w.patch(id(people[1]), map[string]any{"jobTitle": "Shown"})
	dry := w.good(engine.DryRun)
	w.patch(id(people[1]), map[string]any{"jobTitle": "Changed since"})
	w.patch(id(people[2]), map[string]any{"jobTitle": "Not shown"})
	run := w.applied(dry)
	titles := func() (titles []string) {
		for _, person := range people {
			titles = append(titles, w.linked(id(person)).Attributes.Text("title"))
		}
		return titles
	}
	before := titles()
	if before[0] != "Shown" || before[1] == "Shown" || before[1] == "Changed since" || before[2] == "Not shown" {
		t.Errorf("the titles are %v, want the first alone changed", before)
	}
	if c := run.Progress.Counts; c["update"] != 1 || c["superseded"] != 1 || len(w.queue.runs) > 0 {
		t.Errorf("the run counts %v, want one update and one superseded, and no run to follow while Auto Sync is off", c)
	}
	if entry := w.entry(run, id(people[1])); entry.State != engine.Superseded || entry.Reason.Code != "ChangedSince" || entry.Open {
		t.Errorf("of him who changed since it says %s: %s %s", entry.State, entry.Reason.Code, entry.Reason.Text)
	}
	w.good(engine.Incremental)
	if diff := cmp.Diff([]string{"Shown", "Changed since", "Not shown"}, titles()); diff != "" {
		t.Errorf("behind the next run (-want +got):\n%s", diff)
	}
}

func TestWhatTheDryRunWouldHoldIsHeldWhenItIsApplied(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(12) // more than ten, and more than five per cent
	for _, person := range victims {
		w.control(http.MethodDelete, "/sim/users/"+id(person), nil)
	}
	w.patch(id(w.people(1)[0]), map[string]any{"jobTitle": "Bystander"})
	dry := w.good(engine.DryRun)
	shown := 0
	for _, entry := range w.entries(dry) {
		if entry.State == engine.Held && !entry.Open {
			shown++
		}
	}
	if shown != 12 || dry.Progress.Counts["held"] != 12 || len(w.held()) != 0 {
		t.Fatalf("the dry run shows %d held and counts %v, and %d are, want 12, 12 and none", shown, dry.Progress.Counts, len(w.held()))
	}
	for _, person := range victims[:4] { // so few that the guard would let the others pass
		w.control(http.MethodPost, "/sim/users/"+id(person)+"/restore", nil)
	}
	run := w.applied(dry)
	if c := run.Progress.Counts; c["held"] != 8 || run.Progress.Held != dry.Progress.Held || run.Progress.Held == "" || c["update"] != 1 || c["deactivate"] != 0 || len(w.held()) != 8 {
		t.Errorf("it did %v and %d are held, want 8 held and one update", c, len(w.held()))
	}
	w.good(engine.Incremental)
	if len(w.held()) != 8 {
		t.Errorf("behind the next run %d are held, want the same 8", len(w.held()))
	}
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if user := w.linked(id(victims[11])); user.Active() || len(w.held()) != 0 {
		t.Errorf("behind the approval %v, %d held", user.Attributes, len(w.held()))
	}
}

func TestMembersWhomTheDryRunWouldHoldAreHeldWhenItIsApplied(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big, small := w.group("Big", people...), w.group("Small", people[:20]...)
	w.keeps(nil, of(big), of(small))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.leave(small, people[:5]...)
	w.join(small, people[30])
	dry := w.good(engine.DryRun)
	w.join(big, people[:15]...) // 45 are below the threshold of fifty
	w.leave(small, people[6])   // not shown
	run := w.applied(dry)
	if got := run.Progress.Groups; got["held-members"] != 45 || got["leave"] != 5 || got["join"] != 1 {
		t.Errorf("counts %v, want 45 held, 5 left, 1 joined", got)
	}
	if w.heldMembers() != 45 || w.groupNamed("Big").Members != 120 || w.groupNamed("Small").Members != 16 {
		t.Errorf("%d held, %d and %d members", w.heldMembers(), w.groupNamed("Big").Members, w.groupNamed("Small").Members)
	}
	w.good(engine.Incremental)
	if w.heldMembers() != 45 || w.groupNamed("Small").Members != 15 {
		t.Errorf("behind the next run %d held and %d members of the small group", w.heldMembers(), w.groupNamed("Small").Members)
	}
}

func TestValuesThatFollowTheClockAreThoseThatWereShown(t *testing.T) {
	w := newWorld(t, 30)
	w.settings(func(s *engine.Settings) {
		s.Attributes = append(s.Attributes, mapping.Attribute{Kind: mapping.Expression, Expression: `FormatDateTime(Now(), , "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm")`, Target: "nickName"})
	})
	dry := w.good(engine.DryRun)
	shown := map[string]string{}
	for _, entry := range w.entries(dry) {
		shown[entry.SourceID] = entry.After.Text("nickName")
	}
	w.now = w.now.Add(5 * time.Minute)
	run := w.applied(dry)
	for _, entry := range w.entries(run) {
		if got := w.linked(entry.SourceID).Attributes.Text("nickName"); got == "" || got != shown[entry.SourceID] {
			t.Errorf("%s has %q, shown was %q", entry.SourceName, got, shown[entry.SourceID])
		}
	}
}

// stepwiseApplication lets every step of applying a plan be done by another node, calls between before each, and works on what is behind.
func (w *world) stepwiseApplication(dry engine.Run, between func(engine.Run)) engine.Run {
	w.Helper()
	run, err := w.engine.ApplyPlan(w.Context(), w.org, dry.ID)
	if err != nil {
		w.Fatal(err)
	}
	w.queue.runs = nil
	for range 100 {
		again, err := w.stepwise().Advance(w.Context(), run.ID)
		if err != nil {
			w.Fatal(err)
		}
		if run, err = w.engine.GetRun(w.Context(), w.org, run.ID); err != nil || !again {
			return run
		}
		between(run)
		w.now = w.now.Add(time.Minute) // the lease is over
	}
	w.Fatal("the run does not end")
	return run
}

func TestApplyingAPlanGoesOnWhereItsNodeDiedAndDoesEverythingOnce(t *testing.T) {
	w := newWorld(t, 1500)
	people := w.someone(480)
	group := w.group("Big", people...)
	w.keeps(nil, of(group))
	dry := w.good(engine.DryRun)
	steps := map[engine.Part]map[engine.Step]bool{}
	run := w.stepwiseApplication(dry, func(run engine.Run) {
		if steps[run.Progress.Part] == nil {
			steps[run.Progress.Part] = map[engine.Step]bool{}
		}
		steps[run.Progress.Part][run.Step] = true
	})
	if run.State != engine.Succeeded || run.Progress.Counts["superseded"]+run.Progress.Groups["superseded"] > 0 {
		t.Fatalf("it ended as %s with %v and %v (%v)", run.State, run.Progress.Counts, run.Progress.Groups, run.Failure)
	}
	for _, part := range []engine.Part{engine.PartUsers, engine.PartGroups, engine.PartMembers} {
		if !steps[part][engine.StepApply] {
			t.Errorf("it was not taken over while it applied %q: %v", part, steps)
		}
	}
	if run.Progress.Counts["create"] != dry.Progress.Counts["create"] || run.Progress.Groups["join"] != dry.Progress.Groups["join"] {
		t.Errorf("shown were %v and %v, done %v and %v", dry.Progress.Counts, dry.Progress.Groups, run.Progress.Counts, run.Progress.Groups)
	}
	created := map[string]int{}
	for _, entry := range w.entries(run) {
		created[entry.SourceID+string(entry.Action)]++
	}
	for key, times := range created {
		if times > 1 && key != group+"join" {
			t.Errorf("%s is in the journal %d times", key, times)
		}
	}
	users, err := w.dir.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 10_000})
	if err != nil || len(users) != dry.Progress.Counts["create"] || w.groupNamed("Big").Members != int64(dry.Progress.Groups["join"]) {
		t.Errorf("%d users and %d members (%v)", len(users), w.groupNamed("Big").Members, err)
	}
}

func TestSettingsThatAreSavedWhileAPlanIsAppliedEndIt(t *testing.T) {
	w := newWorld(t, 1500)
	dry := w.good(engine.DryRun)
	saved := false
	run := w.stepwiseApplication(dry, func(run engine.Run) {
		if !saved && firstPlanned(run) {
			saved = true
			settings := engine.DefaultSettings()
			settings.Scope.IncludeGuests = true
			w.change(engine.Change{Settings: &settings})
		}
	})
	if !saved || run.State != engine.Failed || run.Failure.Code != "PlanOutdated" || run.Progress.Applied != 0 {
		t.Fatalf("it ended as %s (%v) with %d applied, want a failure that names the settings", run.State, run.Failure, run.Progress.Applied)
	}
	if health := w.current().Health; health.BadRuns != 0 || health.LastFailure != nil {
		t.Errorf("the instance's health says %+v; nothing is wrong with it", health)
	}
	w.good(engine.Incremental)
	if status := w.status(); status.Synced+status.Skipped != 1500 || status.Failed != 0 {
		t.Errorf("in the end the status is %+v, want all 1500 synced or skipped", status)
	}
}

func TestAPlanOfWhichNothingWasAppliedCanBeAppliedAgain(t *testing.T) {
	w := newWorld(t, 30)
	dry := w.good(engine.DryRun)
	first, err := w.engine.ApplyPlan(t.Context(), w.org, dry.ID)
	if err != nil {
		t.Fatal(err)
	}
	w.refused(dry.ID, "PlanApplied") // it waits
	w.queue.runs = nil
	if err := w.newEngine().Abandon(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.queue.runs = nil
	if first, err = w.engine.GetRun(t.Context(), w.org, first.ID); err != nil || first.State != engine.Canceled {
		t.Fatalf("the first is %s (%v)", first.State, err)
	}
	if run := w.applied(dry); run.Progress.Counts["create"] != dry.Progress.Counts["create"] {
		t.Errorf("shown was %v, done %v", dry.Progress.Counts, run.Progress.Counts)
	}
}

func TestAPlanIsAppliedToARemoteService(t *testing.T) {
	w := newWorld(t, 100)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	dry := w.good(engine.DryRun)
	if len(s.users()) != 0 {
		t.Fatal("a dry run must not write")
	}
	people := w.people(2)
	w.patch(id(people[0]), map[string]any{"jobTitle": "Changed since"})
	run := w.applied(dry)
	if c := run.Progress.Counts; c["create"] != dry.Progress.Counts["create"]-1 || c["superseded"] != 1 || len(s.users()) != c["create"] {
		t.Errorf("shown was %v, done %v; the service has %d users", dry.Progress.Counts, run.Progress.Counts, len(s.users()))
	}
	w.good(engine.Incremental)
	w.sameAs(s)
	s.calls.Store(0)
	if again := w.good(engine.Full); again.Progress.ToApply != 0 || s.calls.Load() != 0 {
		t.Errorf("behind it %v is to be done, with %d requests", again.Progress.Counts, s.calls.Load())
	}
}
