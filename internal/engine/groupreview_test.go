package engine_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// setUpAgain fills the group Big with so many people, deletes the instance, lets some of them leave the group in the tenant, and sets an instance
// up again that must not touch these: they are users of nobody, whom the former instance put into the group.
func (w *world) setUpAgain(members, leaving int) {
	w.Helper()
	people := w.someone(members)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	if err := w.engine.DeleteInstance(w.Context(), w.instance.ID); err != nil {
		w.Fatal(err)
	}
	w.leave(big, people[:leaving]...)
	w.instance = w.create("Again", nil)
	w.keeps(func(r *scope.Rules) { r.NeverTouch = people[:leaving] }, of(big))
}

func (w *world) counts(what, group string, members int64, held int) {
	w.Helper()
	if n, h := w.groupNamed(group).Members, w.heldMembers(); n != members || h != held {
		w.Errorf("%s: %d members and %d held, want %d and %d", what, n, h, members, held)
	}
}

// refusing is the built-in directory while it takes no members.
type refusing struct {
	*orgdir.Directory
	refusal *error
}

func (d refusing) ApplyMembers(ctx context.Context, changes []plan.Change) ([]destination.MembersResult, error) {
	if *d.refusal != nil {
		return nil, *d.refusal
	}
	return d.Directory.ApplyMembers(ctx, changes)
}

func notOut() []scope.Filter {
	return []scope.Filter{{Name: "not out", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Value: "Out"}}}}
}

func (w *world) dismiss(person string) {
	w.Helper()
	w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"department": "Out"})
}

func TestARunThatCannotTakeOutUsersOfNobodyEndsAndTheNextDoesIt(t *testing.T) {
	w := newWorld(t, 60)
	w.setUpAgain(30, 5)
	var refusal error = fault.New(fault.Unavailable, "503", "the destination does not answer")
	w.engine.Destination = func(i engine.Instance) destination.Destination {
		return refusing{orgdir.New(w.dir, i.OrgID, i.ID), &refusal}
	}
	if run := w.run(engine.Incremental); run.State != engine.Failed {
		t.Errorf("the run is %s, want Failed", run.State)
	}
	refusal = nil
	w.good(engine.Incremental)
	w.counts("afterwards", "Big", 25, 0)
}

func TestUsersOfNobodyWhoAreHeldToLeaveDoWhenApproved(t *testing.T) {
	w := newWorld(t, 200)
	w.setUpAgain(120, 60)
	w.good(engine.Incremental)
	w.counts("held", "Big", 120, 60)
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.counts("approved", "Big", 60, 0)
}

func TestWhatTookOutUsersOfNobodyIsUndoneAndRedone(t *testing.T) {
	w := newWorld(t, 60)
	w.setUpAgain(30, 5)
	run := w.good(engine.Incremental)
	undo := w.undo(run)
	w.counts("undone", "Big", 30, 0)
	w.undo(undo)
	w.good(engine.Incremental)
	w.counts("redone", "Big", 25, 0)
}

func TestMembersOfAChangeArePagedWhoeverTheyAre(t *testing.T) {
	w := newWorld(t, 60)
	w.setUpAgain(30, 5)
	for _, entry := range w.entries(w.good(engine.Incremental)) {
		seen := 0
		for after := (ident.ID{}); entry.Object == plan.Members && seen <= 5; {
			page, err := w.engine.ChangeMembers(t.Context(), w.org, entry.ID, after, 2)
			if err != nil || len(page) == 0 {
				break
			}
			seen, after = seen+len(page), page[len(page)-1].Object
		}
		if seen != len(entry.Members) {
			t.Errorf("pages of a change of %d members show %d", len(entry.Members), seen)
		}
	}
}

func TestWhoCannotBeTiedStaysInTheGroupWhereHeIsInEntra(t *testing.T) {
	w := newWorld(t, 60)
	sales := w.group("Sales", w.someone(30)...)
	w.keeps(nil, of(sales))
	w.good(engine.Incremental)
	if err := w.engine.DeleteInstance(t.Context(), w.instance.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := w.dir.AddDomain(t.Context(), w.org, "elsewhere.example"); err != nil {
		t.Fatal(err)
	}
	if err := w.dir.RequireVerifiedDomain(t.Context(), w.org, true); err != nil {
		t.Fatal(err)
	}
	w.instance = w.create("Again", nil)
	w.keeps(nil, of(sales))
	w.good(engine.Incremental) // all users fail as UnverifiedDomain
	w.counts("set up again", "Sales", 30, 0)
}

func TestAGroupThatTheNextInstanceTakesOverKeepsThePeopleOfTheFirst(t *testing.T) {
	w := newWorld(t, 60)
	people := w.someone(30)
	sales, other := w.group("Sales", people...), w.group("Other", people[0])
	w.keeps(nil, of(sales), of(other))
	w.good(engine.Incremental)
	settings := engine.DefaultSettings()
	settings.Scope = scope.Rules{GroupObjects: true, Groups: []scope.SelectedGroup{of(sales)}}
	second := w.create("Second", &settings)
	w.runOf(second, engine.Incremental)
	w.keeps(nil, of(other)) // the first keeps all people, and lets go of Sales
	w.good(engine.Incremental)
	w.runOf(second, engine.Incremental)
	w.counts("taken over", "Sales", 30, 0)
}

func TestAShortListOfAGroupThatIsSelectedAgainTakesNobodyOut(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales, other := w.group("Sales", p...), w.group("Other", p...)
	w.keeps(nil, of(sales), of(other))
	w.good(engine.Incremental)
	w.keeps(nil, of(other))
	w.kept("deselected", names, "Sales, nobody's: a b c", "Other, ours: a b c")
	w.keeps(nil, of(sales), of(other))
	w.control(http.MethodPost, "/sim/faults", map[string]any{"kind": "empty-end", "route": "/v1.0/groups/" + sales + "/members"})
	w.run(engine.Incremental)
	w.run(engine.Incremental)
	w.control(http.MethodDelete, "/sim/faults", nil)
	w.kept("selected again", names, "Sales, ours: a b c", "Other, ours: a b c")
}

func TestAFullRunWeighsWhoLeftOnce(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:31]...)
	w.good(engine.Full)
	w.counts("31 left", "Big", 89, 0)
}

func TestADryRunCountsWhoLeavesOnce(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("ab")
	w.dismiss(p[0])
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.good(engine.Incremental)
	w.keeps(func(r *scope.Rules) { r.Filters = notOut() }, of(sales))
	if dry := w.good(engine.DryRun); dry.Progress.Groups["leave"] != 1 {
		t.Errorf("the dry run says that %d leave, want 1", dry.Progress.Groups["leave"])
	}
	for _, entry := range w.entries(w.good(engine.Full)) {
		if entry.Object == plan.Members && len(entry.Members) == 0 {
			t.Errorf("an entry about nobody: %s, %s", entry.Action, entry.Reason.Text)
		}
	}
}

func TestWhoLeavesTheScopeLeavesTheGroupInWhichAnUndoPinnedHim(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	filtered := func(r *scope.Rules) { r.Filters = notOut() }
	w.keeps(filtered, of(sales))
	w.good(engine.Incremental)
	w.leave(sales, p[0])
	w.undo(w.kept("a left", names, "Sales, ours: b"))
	w.kept("taken back", names, "Sales, ours: a b")
	w.dismiss(p[0])
	w.kept("a is out of scope", names, "Sales, ours: b")
}

func TestWhoLeavesTheScopeLeavesTheGroupThoughHisLeavingIsHeld(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(func(r *scope.Rules) { r.Filters = notOut() }, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	w.dismiss(people[0])
	w.good(engine.Incremental)
	w.counts("one is out of scope", "Big", 119, 59)
}

func TestWhoLeavesTheScopeLeavesAGroupWhoseDeletionWasTakenBack(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales := w.restorable("Sales")
	w.join(sales, p...)
	w.keeps(func(r *scope.Rules) { r.Filters = notOut() }, of(sales))
	w.good(engine.Incremental)
	w.control(http.MethodDelete, "/sim/groups/"+sales, nil)
	w.undo(w.kept("deleted", names))
	w.kept("taken back", names, "Sales, ours: a b c")
	w.dismiss(p[0])
	w.kept("a is out of scope", names, "Sales, ours: b c")
}

func TestAGroupInsideIsFoundWhenItIsRestoredThoughTheOuterOneWasReadMeanwhile(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(2)
	child := w.restorable("Child")
	w.join(child, p[1])
	parent := w.group("Parent", p[0], child)
	w.selects(w.instance, under(parent))
	w.scoped("at first", p[0], p[1])
	w.control(http.MethodDelete, "/sim/groups/"+child, nil)
	w.control(http.MethodPost, "/sim/delta/expire", nil)
	w.scoped("the child is in the recycle bin", p[0])
	w.control(http.MethodPost, "/sim/groups/"+child+"/restore", nil)
	w.scoped("restored", p[0], p[1])
}

func TestAGroupThatIsLetGoLeavesTheOthersAlsoIfTheRunEndsInBetween(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	low := w.group("Low", p[1])
	top := w.group("Top", p[0], low)
	w.keeps(nil, under(top))
	w.good(engine.Incremental)
	w.keeps(nil, of(top))
	w.interrupt(engine.Incremental, func(run engine.Run) bool {
		return run.Progress.Part == engine.PartGroups && run.Step == engine.StepApply && run.Progress.Groups["release"] == 1
	}, func() {
		if err := w.newEngine().Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	w.kept("the selected group alone", names, "Top, ours: a", "Low, nobody's: b")
}

func TestADryRunForeseesThatAGroupThatIsLetGoLeavesTheOthers(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("ab")
	low := w.group("Low", p[1])
	top := w.group("Top", p[0], low)
	w.keeps(nil, under(top))
	w.good(engine.Incremental)
	w.keeps(nil, of(top))
	dry, run := w.good(engine.DryRun), w.good(engine.Incremental)
	if dry.Progress.Groups["leave"] != run.Progress.Groups["leave"] {
		t.Errorf("the dry run foretells %v, the run does %v", dry.Progress.Groups, run.Progress.Groups)
	}
}

func TestAGroupThatIsLetGoKeepsWhoIsLetGoInTheSameRun(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("abc")
	sales := w.group("Sales", p...)
	one := func(r *scope.Rules) { r.AllUsers, r.Users, r.AllGroups = false, p[:1], false }
	w.keeps(one, of(sales))
	w.good(engine.Incremental)
	settings, on := engine.DefaultSettings(), true
	settings.Scope = scope.Rules{Users: p[1:]}
	second := w.create("Second", &settings)
	w.runOf(second, engine.Incremental)
	if _, err := w.engine.ChangeInstance(t.Context(), second.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.keeps(one)
	w.good(engine.Incremental)
	w.counts("deselected", "Sales", 3, 0)
}

func TestAGroupWhoseDeletionWasRejectedIsLetGoWhenItIsDeselected(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("a")
	var all []scope.SelectedGroup
	for i := range 5 {
		group := w.restorable(fmt.Sprint("G", i))
		w.join(group, p...)
		all = append(all, of(group))
	}
	w.keeps(nil, all...)
	w.good(engine.Incremental)
	for _, group := range all[:4] {
		w.control(http.MethodDelete, "/sim/groups/"+group.ID, nil)
	}
	w.good(engine.Incremental)
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, false); err != nil {
		t.Fatal(err)
	}
	w.keeps(nil, all[4])
	w.kept("deselected", names, "G0, nobody's: a", "G1, nobody's: a", "G2, nobody's: a", "G3, nobody's: a", "G4, ours: a")
}

func TestAGroupIsNotToBeSyncedForEverAfterARunThatWasBrokenOffAtItsEnd(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.interrupt(engine.Incremental, func(run engine.Run) bool {
		return run.Progress.Part == engine.PartMembers && run.Step == engine.StepApply && run.Progress.Applied == run.Progress.ToApply
	}, func() {
		if err := w.newEngine().Abandon(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
	w.kept("the next run", names, "Sales, ours: a b c")
}

func TestWhatIsHeldAboutSomebodyWhoIsGoneEnds(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	w.control(http.MethodDelete, "/sim/users/"+people[0], nil)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/users/"+people[0]+"/purge", nil)
	w.good(engine.Incremental)
	w.counts("one was purged", "Big", 119, 59)
}

func TestMembershipsOfAGroupThatIsGoneAreNotLookedAtByEveryRun(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("abc")
	var all []scope.SelectedGroup
	for range 5 {
		group := w.restorable("G")
		w.join(group, p...)
		all = append(all, of(group))
	}
	w.keeps(nil, all...)
	w.good(engine.Incremental)
	for _, group := range all[:4] {
		w.control(http.MethodDelete, "/sim/groups/"+group.ID, nil)
	}
	for range 6 { // held, and purged in the tenant meanwhile
		w.good(engine.Incremental)
		w.now = w.now.AddDate(0, 0, 10)
	}
	dirty, err := w.db.DirtyMembers(t.Context(), w.instance, engine.MemberPlace{}, 1000)
	if err != nil || len(dirty) != 0 {
		t.Errorf("%d memberships are looked at by every run (%v)", len(dirty), err)
	}
}

func TestAGroupThatIsNotSelectedAnyMoreIsForgotten(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(3)
	sales, other := w.group("Sales", p...), w.group("Other", p...)
	w.selects(w.instance, of(sales), of(other))
	w.good(engine.Incremental)
	w.selects(w.instance, of(other))
	w.good(engine.Incremental)
	w.good(engine.Incremental)
	groups, err := w.db.AllGroups(t.Context(), w.instance.ConnectionID)
	dirty, err2 := w.db.DirtyGroups(t.Context(), w.instance, 0, 100)
	if err != nil || err2 != nil || len(groups) != 1 || len(dirty) != 0 {
		t.Errorf("%d groups in the mirror and %d dirty, want one and none", len(groups), len(dirty))
	}
}

func TestTheJournalForgetsWhoWasInAGroup(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("ab")
	w.keeps(nil, of(w.group("Sales", p...)))
	run := w.good(engine.Incremental)
	w.now = w.now.AddDate(0, 0, 100)
	if err := w.engine.Expire(t.Context(), w.org, 90); err != nil {
		t.Fatal(err)
	}
	for _, entry := range w.entries(run) {
		if len(entry.Members) > 0 {
			t.Errorf("an entry of a run 100 days ago names %d members", len(entry.Members))
		}
	}
}
