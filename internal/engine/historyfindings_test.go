package engine_test

import (
	"net/http"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// What the random histories found, each in its smallest form.

func TestWhoIsBlockedAndGoesOutOfScopeLeavesHisGroupsAndComesBackIntoThem(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	w.control(http.MethodPost, "/sim/users/"+p[0]+"/block", nil)
	w.kept("one is blocked", names, "Sales, ours: a b")
	synced := w.status().Synced
	w.keeps(func(rules *scope.Rules) {
		rules.Filters = []scope.Filter{{Name: "not a", Clauses: []scope.Clause{{Attribute: "objectId", Operator: "NOT EQUALS", Value: p[0]}}}}
	}, of(sales))
	w.kept("and out of scope", names, "Sales, ours: b")
	if status := w.status(); status.Synced != synced-1 {
		t.Errorf("%d are synced, want one less than the %d before", status.Synced, synced)
	}
	w.keeps(nil, of(sales))
	w.kept("in scope again, and blocked still", names, "Sales, ours: a b")
	if dry := w.good(engine.DryRun); dry.Progress.Counts["update"] != 0 {
		t.Errorf("a dry run would do %v", dry.Progress.Counts)
	}
}

func TestAGroupThatIsNotKeptAnyMoreLeavesTheOnesThatAreKeptAgainWithoutBeingHeld(t *testing.T) {
	for _, failing := range []bool{false, true} {
		w := newWorld(t, 60)
		p, names := w.lettered("ab")
		low := w.group("Low", p[0])
		top := w.group("Top", p[1], low)
		w.keeps(nil, under(top))
		w.kept("at first", names, "Low, ours: a", "Top, ours: Low b")
		w.keeps(func(rules *scope.Rules) { rules.GroupObjects = false }, under(top))
		w.kept("no groups are kept", names, "Low, nobody's: a", "Top, nobody's: Low b")
		settings := engine.DefaultSettings()
		settings.Scope = scope.Rules{AllUsers: true, GroupObjects: true, Groups: []scope.SelectedGroup{of(top)}}
		settings.Thresholds.Members = &plan.Share{}
		w.change(engine.Change{Settings: &settings})
		if failing { // what the run planned is given back
			w.interrupt(engine.Incremental, func(run engine.Run) bool {
				return run.Step == engine.StepApply && run.Progress.Part == engine.PartMembers
			}, func() {
				if err := w.newEngine().Abandon(t.Context()); err != nil {
					t.Fatal(err)
				}
			})
		}
		w.kept("the upper one alone", names, "Low, nobody's: a", "Top, ours: b")
		if held := w.heldMembers(); held != 0 {
			t.Errorf("%d are held", held)
		}
	}
}
