package engine_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// rejects has Ada reject changes; all that is held if there are none.
func (w *world) rejects(changes ...ident.ID) {
	w.Helper()
	if _, err := w.engine.Decide(audit.WithActor(w.Context(), audit.Actor{Name: "Ada"}), w.instance.ID, changes, false); err != nil {
		w.Fatal(err)
	}
}

// stays expects the act step to say that a removal was rejected.
func (w *world) stays(what string, x *engine.Explanation) {
	w.Helper()
	act := x.Step(engine.ActStep)
	if x.Outcome != engine.OutcomeSkipped || act.State != engine.StepSkipped || act.Code != "Rejected" || !strings.Contains(act.Text, "Ada rejected the removal on 2026-11-23 08:00 UTC") {
		w.Errorf("%s: %s, the act step is %s %q: %s", what, x.Outcome, act.State, act.Code, act.Text)
	}
	for _, attribute := range act.Attributes {
		if attribute.Written {
			w.Errorf("%s: %s is said to be written", what, attribute.Target)
		}
	}
}

func TestARejectedRemovalIsSaidAndNotDoneOnDemandUntilItIsApproved(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	blocked := w.someone(20)
	for _, person := range blocked {
		w.control(http.MethodPost, "/sim/users/"+person+"/block", nil)
	}
	w.good(engine.Incremental)
	held := w.held()
	w.rejects(held[blocked[0]], held[blocked[1]])
	w.stays("explained", w.explain(blocked[0], false))
	w.stays("explained live", w.explain(blocked[0], true))
	_, results := w.provision(blocked[0])
	w.stays("on demand", &results[0].Explanation)
	if !w.linked(blocked[0]).Active() {
		t.Error("a run on demand did what was rejected")
	}
	w.control(http.MethodDelete, "/sim/users/"+blocked[1], nil)
	_, results = w.provision(blocked[1])
	if act := results[0].Step(engine.ActStep); act.Code != "Held" || !w.linked(blocked[1]).Active() || w.held()[blocked[1]].IsZero() {
		t.Errorf("another removal than the rejected one is %q: %s; want it held", act.Code, act.Text)
	}
	_, results = w.provision(blocked[2])
	if results[0].Outcome != engine.OutcomeSuccess || w.linked(blocked[2]).Active() {
		t.Errorf("what was held only comes to %s, want it done on demand", results[0].Outcome)
	}
	w.decide(true, held[blocked[0]])
	w.work(w.engine)
	if w.linked(blocked[0]).Active() {
		t.Error("the rejection was taken back, and the user is Active still")
	}
}

func TestRejectedLeavesAreKeptByDryRunsRunsOnDemandAndPins(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	w.rejects()
	if dry := w.good(engine.DryRun); dry.Progress.Groups["held-members"]+dry.Progress.Groups["leave"] != 0 {
		t.Errorf("a dry run foretells %v, while real ones do nothing", dry.Progress.Groups)
	}
	_, results := w.provision(people[0])
	w.demanded("on demand", results, "skipped Rejected")

	w.control(http.MethodDelete, "/sim/users/"+people[1], nil)
	run := w.good(engine.Incremental)
	w.undo(run)
	w.good(engine.Incremental)
	w.lift("members Big")
	w.good(engine.Incremental)
	if group := w.groupNamed("Big"); group.Members != 120 {
		t.Errorf("after a pin was lifted the group has %d members, want all 120, whose leaving was rejected", group.Members)
	}
}

func TestApprovingAllWhereNothingIsHeldIsNoError(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	if count, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); count != 0 || err != nil || len(w.queue.runs) != 0 {
		t.Errorf("%d approved, %v, %d runs asked for; want nothing", count, err, len(w.queue.runs))
	}
}

func TestTheLatestChangesOfAnExplanationAreThoseThatWereMade(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	w.now = w.now.Add(time.Minute)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	w.now = w.now.Add(time.Minute)
	w.control(http.MethodPatch, "/sim/groups/"+big, map[string]any{"displayName": "Bigger"})
	w.good(engine.DryRun)
	w.good(engine.Incremental)
	w.now = w.now.Add(time.Minute)
	w.decide(true, w.held()[big])
	w.work(w.engine)
	history := w.explainGroup(big, false).Step(engine.ActStep).History
	if len(history) != 4 || history[0].Action != plan.Leave || history[1].Action != plan.Update {
		t.Errorf("the latest changes are %+v, want leaving, the new name, joining, the creation", history)
	}
	for _, change := range history {
		if change.State != engine.Applied {
			t.Errorf("%s is told as %s", change.Action, change.State)
		}
	}
}

func TestAPreviewSaysHowManyRemovalsWouldBeHeld(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	for count, want := range map[int]int{8: 0, 20: 20} {
		settings := engine.DefaultSettings()
		var titles []string
		for _, person := range w.people(count) {
			title, _ := person["userPrincipalName"].(string)
			titles = append(titles, regexp.QuoteMeta(title))
		}
		settings.Scope.Filters = []scope.Filter{{Name: "not these", Clauses: []scope.Clause{
			{Attribute: "userPrincipalName", Operator: "NOT REGEX MATCH", Value: "^(" + strings.Join(titles, "|") + ")$"},
		}}}
		preview, err := w.engine.Preview(t.Context(), w.current(), settings)
		if err != nil || preview.Held != want || preview.Changes[plan.Deactivate] != count {
			t.Errorf("of %d removals (%v) %d are foretold to be held (%v), want %d", count, preview.Changes, preview.Held, err, want)
		}
	}
}
