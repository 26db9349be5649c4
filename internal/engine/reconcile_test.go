package engine_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// reconcile asks for a reconcile, works until nothing is queued, lets its pauses pass, and returns it.
func (w *world) reconcile(repair bool) engine.Run {
	w.Helper()
	run, err := w.engine.Reconcile(w.Context(), w.instance.ID, repair)
	if err != nil {
		w.Fatal(err)
	}
	return w.over(run)
}

// over works on a run until it is over, letting its pauses pass.
func (w *world) over(run engine.Run) engine.Run {
	w.Helper()
	for range 100 {
		w.work(w.engine)
		now, err := w.engine.GetRun(w.Context(), w.org, run.ID)
		if err != nil {
			w.Fatal(err)
		}
		if now.State.Over() {
			if now.State != engine.Succeeded {
				w.Fatalf("the run ended as %s at %s %s: %+v", now.State, now.Step, now.Progress.Reconciling.Stage, now.Failure)
			}
			return now
		}
		w.now = w.now.Add(time.Second)
		if err := w.engine.Tick(w.Context()); err != nil {
			w.Fatal(err)
		}
	}
	w.Fatal("the run does not end")
	return run
}

// found lists what a reconcile found: action, object and reason's code.
func (w *world) found(run engine.Run) []string {
	w.Helper()
	var found []string
	for _, entry := range w.entries(run) {
		if !strings.HasPrefix(entry.Reason.Text, "drift: ") {
			w.Errorf("the reason %q does not say that this is drift", entry.Reason.Text)
		}
		if entry.Open {
			w.Errorf("the line about %s waits for something", entry.SourceName)
		}
		found = append(found, string(entry.State)+" "+string(entry.Action)+" "+entry.ObjectName)
	}
	slices.Sort(found)
	return found
}

// behindItsBack writes a user of the directory as no run and no person can.
func (w *world) behindItsBack(user directory.User, change func(*directory.User)) {
	w.Helper()
	before := user.Version
	user.Attributes = user.Attributes.Clone()
	change(&user)
	user.Version++
	if err := w.db.UpdateUser(w.Context(), user, before); err != nil {
		w.Fatal(err)
	}
}

func TestAReconcileOfTwoEqualSidesFindsNothing(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	run := w.reconcile(true)
	if found := w.found(run); len(found) != 0 || run.Progress.Drift() != 0 {
		t.Errorf("the reconcile found %v", found)
	}
	if run.Progress.Read != 60 || run.Progress.Planned < 60 {
		t.Errorf("it read %d and compared %d objects, want 60 and more", run.Progress.Read, run.Progress.Planned)
	}
	last := w.current().Health.Reconcile
	if last == nil || last.Run != run.ID || last.EndedAt.IsZero() || last.Drift != 0 || last.Failure != nil {
		t.Errorf("the instance says of it: %+v", last)
	}
}

func TestAReconcileRepairsWhatWasChangedBehindTheSync(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	people := w.people(4)
	changed, removed, untied := w.linked(id(people[0])), w.linked(id(people[1])), w.linked(id(people[2]))
	w.behindItsBack(changed, func(u *directory.User) { u.Attributes.Set("title", "Impostor") })
	if err := w.db.DeleteUsers(t.Context(), w.org, []ident.ID{removed.ID}); err != nil {
		t.Fatal(err)
	}
	if err := w.db.DeleteLinks(t.Context(), w.instance.ID, []string{untied.SourceID}); err != nil {
		t.Fatal(err)
	}
	if w.good(engine.Incremental).Progress.Planned != 0 {
		t.Fatal("an incremental run saw the drift by itself")
	}

	report := w.reconcile(false)
	want := []string{
		"proposed create " + removed.Name(), "proposed update " + changed.Label(), "proposed update " + untied.Label(),
	}
	got := w.found(report)
	if len(got) != len(want) || report.Progress.Drift() != 3 {
		t.Errorf("the report has %q (%d), want about %q", got, report.Progress.Drift(), want)
	}
	if w.good(engine.Incremental).Progress.Planned != 0 || w.linked(changed.SourceID).Attributes.Text("title") != "Impostor" {
		t.Error("the report wrote something")
	}

	repaired := w.reconcile(true)
	if repaired.Progress.Drift() != 3 {
		t.Errorf("the reconcile found %d, want 3", repaired.Progress.Drift())
	}
	for _, entry := range w.entries(repaired) {
		if entry.SourceID == changed.SourceID && (entry.Before.Text("title") != "Impostor" || !entry.After.Has("title")) {
			t.Errorf("the diff is %v → %v", entry.Before, entry.After)
		}
	}
	if w.linked(changed.SourceID).Attributes.Text("title") == "Impostor" {
		t.Error("the changed user was not repaired")
	}
	w.linked(removed.SourceID)
	if again := w.found(w.reconcile(true)); len(again) != 0 {
		t.Errorf("after the repair it found %q", again)
	}
}

func TestAReconcileMendsAMirrorThatMissedAChange(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	known, err := w.db.LoadUsers(t.Context(), w.instance.ConnectionID, []string{person}, false)
	if err != nil {
		t.Fatal(err)
	}
	missed := known[person]
	missed.Record = missed.Record.Clone()
	missed.Record.Set("jobTitle", "Missed")
	missed.Hash = attr.Hash(missed.Record.AppendJSON(nil))
	// Somebody whom the tenant never had, as the rest of a removal that was missed.
	phantom := missed
	phantom.Seq, phantom.SourceID, phantom.Record = 0, "00000000-0000-4000-8000-000000000001", missed.Record.Clone()
	phantom.Record.Set("userPrincipalName", "phantom@"+attr.Domain(missed.Record.Text("userPrincipalName")))
	phantom.Record.Set("id", phantom.SourceID)
	phantom.Hash = attr.Hash(phantom.Record.AppendJSON(nil))
	if err := w.db.SaveUsers(t.Context(), w.instance.ConnectionID, []mirror.User{missed, phantom}, 0); err != nil {
		t.Fatal(err)
	}
	w.good(engine.Incremental)
	if w.linked(person).Attributes.Text("title") != "Missed" {
		t.Fatal("the mirror did not lead the directory astray")
	}

	run := w.reconcile(true)
	if run.Progress.Drift() != 2 {
		t.Errorf("the reconcile found %q, want the title and the phantom", w.found(run))
	}
	if title := w.linked(person).Attributes.Text("title"); title == "Missed" {
		t.Errorf("the title is still %q", title)
	}
	if user := w.linked(phantom.SourceID); user.Active() || user.DeletedAt().IsZero() {
		t.Errorf("who is nowhere in the tenant is %+v, want him in the recycle bin", user.Attributes)
	}
}

func TestWhomNothingTiesIsTiedAgainOrDeactivated(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	away, stray := w.linked(id(w.people(2)[0])), w.linked(id(w.people(2)[1]))
	settings := engine.DefaultSettings()
	// One is out of scope and inactive and has lost the tie, the other names somebody whom the tenant never had.
	settings.Scope.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "id", Operator: scope.NotEquals, Value: away.SourceID}}}}
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Settings: &settings}); err != nil {
		t.Fatal(err)
	}
	w.good(engine.Incremental)
	away = w.linked(away.SourceID)
	w.behindItsBack(away, func(u *directory.User) { u.Attributes.Set("active", true) })
	if err := w.db.DeleteLinks(t.Context(), w.instance.ID, []string{away.SourceID, stray.SourceID}); err != nil {
		t.Fatal(err)
	}
	const nobody = "00000000-0000-4000-8000-000000000002"
	w.behindItsBack(stray, func(u *directory.User) {
		u.SourceID = nobody
		u.Attributes.Set("externalId", nobody)
		u.Attributes.Set("userName", "stray@"+attr.Domain(stray.Name()))
	})

	report := w.reconcile(false)
	for _, user := range []string{away.SourceID, nobody} {
		if !w.linked(user).Active() {
			t.Errorf("the report deactivated %s", user)
		}
	}
	run := w.reconcile(true)
	if report.Progress.Drift() != run.Progress.Drift() || run.Progress.Drift() != 3 { // and the person of the stray, who lost his user
		t.Errorf("it found %q, the report %q", w.found(run), w.found(report))
	}
	for _, user := range []string{away.SourceID, nobody} {
		if w.linked(user).Active() {
			t.Errorf("%s is still active: %q", user, w.found(run))
		}
	}
	if again := w.found(w.reconcile(true)); len(again) != 0 {
		t.Errorf("after the repair it found %q", again)
	}
}

func TestGroupsAndTheirMembersAreReconciled(t *testing.T) {
	w := newWorld(t, 30)
	people, names := w.lettered("abcd")
	sales, other := w.group("Sales", people[:3]...), w.group("Other", people[3])
	w.keeps(nil, of(sales), of(other))
	w.kept("at first", names, "Other, ours: d", "Sales, ours: a b c")
	group := w.groupNamed("Sales")
	leave := []plan.Change{{
		Action: plan.Leave, Object: plan.Members, ObjectID: group.ID, SourceID: sales,
		Members: []plan.Member{{Source: mustID(t, people[1]), Object: w.linked(people[1]).ID}},
	}}
	if _, err := orgdir.New(w.dir, w.org, w.instance.ID).ApplyMembers(t.Context(), leave); err != nil {
		t.Fatal(err)
	}
	group = w.groupNamed("Sales")
	renamed, before := group, group.Version
	renamed.Attributes = group.Attributes.Clone()
	renamed.Attributes.Set("displayName", "Impostors")
	renamed.Version++
	if err := w.db.UpdateGroup(t.Context(), renamed, before); err != nil {
		t.Fatal(err)
	}
	if w.good(engine.Incremental).Progress.Planned != 0 {
		t.Fatal("an incremental run saw the drift by itself")
	}
	report := w.reconcile(false)
	if report.Progress.Drift() != 2 || w.groupNamed("Impostors").ID != group.ID {
		t.Errorf("the report has %q, want the name and the member, and nothing written", w.found(report))
	}
	run := w.reconcile(true)
	if run.Progress.Drift() != 2 {
		t.Errorf("the reconcile found %q", w.found(run))
	}
	w.kept("after the reconcile", names, "Other, ours: d", "Sales, ours: a b c")
	if again := w.found(w.reconcile(true)); len(again) != 0 {
		t.Errorf("after the repair it found %q", again)
	}
}

func TestGroupsThatNothingTiesAreTiedAgainOrSaid(t *testing.T) {
	w := newWorld(t, 30)
	people, names := w.lettered("ab")
	deleted, unknown := w.group("Deleted", people[0]), w.group("Unknown", people[1])
	w.keeps(nil, of(deleted), of(unknown))
	w.kept("at first", names, "Deleted, ours: a", "Unknown, ours: b")
	groups, err := w.db.LoadGroups(t.Context(), w.instance.ConnectionID, []string{deleted, unknown})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.db.DeleteGroupLinks(t.Context(), w.current(), []int64{groups[deleted].Seq, groups[unknown].Seq}); err != nil {
		t.Fatal(err)
	}
	w.control("DELETE", "/sim/groups/"+deleted, nil)
	w.keeps(nil, of(deleted))
	w.kept("after the ties were lost", names, "Deleted, ours: a", "Unknown, ours: b")

	run := w.reconcile(true)
	found := w.found(run)
	want := []string{"proposed delete Deleted", "skipped skip Unknown"}
	if !slices.Equal(found, want) {
		t.Errorf("it found %q, want %q", found, want)
	}
	w.kept("after the reconcile", names, "Unknown, ours: b")
}

// slow has the instance look at so few objects in a second that a reconcile of some dozens pauses.
func (w *world) slow(perSecond int) {
	w.Helper()
	pace := engine.DefaultReconciles()
	pace.PerSecond = perSecond
	if _, err := w.engine.ChangeInstance(w.Context(), w.instance.ID, engine.Change{Reconciles: &pace}); err != nil {
		w.Fatal(err)
	}
}

func TestAnUrgentChangeOvertakesAReconcileWhichThenGoesOn(t *testing.T) {
	w := newWorld(t, 80)
	w.good(engine.Incremental)
	w.slow(20)
	person := id(w.people(1)[0])
	run, err := w.engine.Reconcile(t.Context(), w.instance.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	overtakes := 0
	for !run.State.Over() {
		w.work(w.engine)
		if run, err = w.engine.GetRun(t.Context(), w.org, run.ID); err != nil {
			t.Fatal(err)
		}
		if run.State.Over() {
			break
		}
		if run.State != engine.Waiting {
			t.Fatalf("the reconcile is %s, want it to pause", run.State)
		}
		overtakes++
		title := "Urgent " + string(rune('a'+overtakes))
		w.control("PATCH", "/sim/users/"+person, map[string]any{"jobTitle": title})
		urgent := w.good(engine.Incremental)
		if urgent.Progress.Counts["update"] != 1 || w.linked(person).Attributes.Text("title") != title {
			t.Errorf("the urgent run did %v while the reconcile was at %s", urgent.Progress.Counts, run.Progress.Reconciling.Stage)
		}
		w.now = w.now.Add(10 * time.Second)
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if overtakes < 3 || run.State != engine.Succeeded {
		t.Errorf("the reconcile was overtaken %d times and %s", overtakes, run.State)
	}
	if found := w.found(run); len(found) != 0 {
		t.Errorf("it took ordinary changes for drift: %q", found)
	}
	if want := 80 + w.users(); run.Progress.Planned != want {
		t.Errorf("it compared %d objects, want the %d of both sides, each once", run.Progress.Planned, want)
	}
}

func TestAReconcileBeginsBehindWhatIsQueuedAndGivesWayAfterOnePiece(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	reconcile, err := w.engine.Reconcile(t.Context(), w.instance.ID, true)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.engine.Reconcile(t.Context(), w.instance.ID, true)
	if err != nil || again.ID != reconcile.ID {
		t.Errorf("asked for twice there are two reconciles (%v)", err)
	}
	urgent, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	first, second := w.ended(urgent), w.ended(reconcile)
	if first.State != engine.Succeeded || second.State != engine.Succeeded || second.StartedAt.Before(first.StartedAt) {
		t.Errorf("the urgent run is %s, the reconcile %s", first.State, second.State)
	}
}

// users counts those of the directory.
func (w *world) users() int {
	w.Helper()
	users, err := w.dir.ListUsers(w.Context(), w.org, directory.UserQuery{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	return len(users)
}

// ended reads a run again.
func (w *world) ended(run engine.Run) engine.Run {
	w.Helper()
	run, err := w.engine.GetRun(w.Context(), w.org, run.ID)
	if err != nil {
		w.Fatal(err)
	}
	return run
}

func TestAReconcileGoesOnWhereADeadNodeLeftIt(t *testing.T) {
	w := newWorld(t, 80)
	w.good(engine.Incremental)
	changed := w.linked(id(w.people(1)[0]))
	w.behindItsBack(changed, func(u *directory.User) { u.Attributes.Set("title", "Impostor") })
	w.slow(20)
	run, err := w.engine.Reconcile(t.Context(), w.instance.ID, false)
	if err != nil {
		t.Fatal(err)
	}
	for !w.ended(run).State.Over() {
		w.work(w.engine)
		w.engine = w.newEngine() // another node, which the pause leaves the run to
		w.now = w.now.Add(time.Minute)
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	run = w.ended(run)
	if run.Fence < 4 || run.Progress.Planned != 80+w.users() || run.Progress.Drift() != 1 || len(w.entries(run)) != 1 {
		t.Errorf("after %d nodes it compared %d objects and found %d: %q", run.Fence, run.Progress.Planned, run.Progress.Drift(), w.found(run))
	}
}

func TestAReconcileBeginsByItselfOnceAWeekWhileAutoSyncIsOn(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	reconciles := func() []engine.Run {
		t.Helper()
		w.work(w.engine)
		runs, err := w.db.ListRuns(t.Context(), engine.RunQuery{Org: w.org, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		return slices.DeleteFunc(runs, func(r engine.Run) bool { return !r.Kind.Reconciles() })
	}
	tick := func(after time.Duration) {
		t.Helper()
		w.now = w.now.Add(after)
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	tick(8 * 24 * time.Hour)
	if len(reconciles()) != 0 {
		t.Error("a reconcile began by itself while Auto Sync is off")
	}
	on := true
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		tick(time.Minute)
	}
	if runs := reconciles(); len(runs) != 1 || runs[0].Kind != engine.Reconcile || runs[0].Trigger != engine.TriggerSchedule {
		t.Errorf("there are %d reconciles, want one with repair", len(runs))
	}
	tick(6 * 24 * time.Hour)
	if len(reconciles()) != 1 {
		t.Error("the next one began before the week was over")
	}
	never := engine.Reconciles{}
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Reconciles: &never}); err != nil {
		t.Fatal(err)
	}
	tick(3 * 24 * time.Hour)
	if len(reconciles()) != 1 {
		t.Error("a reconcile began although none is to begin by itself")
	}
	if _, err := w.engine.Reconcile(t.Context(), w.create("New", nil).ID, true); err == nil {
		t.Error("an instance that never ran is reconciled")
	}
}

func TestADeactivationByAReconcileIsGuarded(t *testing.T) {
	w := newWorld(t, 120)
	w.good(engine.Incremental)
	var phantoms []mirror.User
	for _, person := range w.people(30) {
		user := w.linked(id(person))
		w.behindItsBack(user, func(u *directory.User) {
			u.SourceID = strings.Replace(u.SourceID, u.SourceID[:4], "ffff", 1)
			u.Attributes.Set("externalId", u.SourceID)
			u.Attributes.Set("userName", "stray."+u.Name())
		})
		if err := w.db.DeleteLinks(t.Context(), w.instance.ID, []string{user.SourceID}); err != nil {
			t.Fatal(err)
		}
		phantoms = append(phantoms, mirror.User{SourceID: user.SourceID})
	}
	w.reconcile(true)
	if held := w.status().Held; held != len(phantoms) {
		t.Errorf("%d deactivations are held, want %d", held, len(phantoms))
	}
}

func mustID(t *testing.T, text string) ident.ID {
	t.Helper()
	parsed, err := ident.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}
