package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// provisionGroup asks for a group with members and works until nothing is queued. The first result is that of the group.
func (w *world) provisionGroup(group string, members ...string) (engine.Run, []engine.Result) {
	w.Helper()
	run, err := w.engine.ProvisionGroup(w.Context(), w.instance.ID, group, members)
	if err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
	return w.results(run)
}

// outcomes are those of results, with the codes of the memberships, on one line.
func outcomes(results []engine.Result) string {
	words := make([]string, len(results))
	for i, result := range results {
		words[i] = string(result.Outcome)
		for _, m := range result.Memberships {
			words[i] += " " + m.Code
		}
	}
	return strings.Join(words, ", ")
}

func (w *world) demanded(what string, results []engine.Result, want string) {
	w.Helper()
	if got := outcomes(results); got != want {
		w.Errorf("%s: %s, want %s", what, got, want)
		for _, result := range results {
			for _, step := range result.Steps {
				w.Logf("%s: %s %s %q %s", result.Who, step.Name, step.State, step.Code, step.Text)
			}
		}
	}
}

func (w *world) directoryIs(what string, names map[string]string, want ...string) {
	w.Helper()
	if got := strings.Join(w.groups(names), "; "); got != strings.Join(want, "; ") {
		w.Errorf("%s: the directory holds %s, want %s", what, got, strings.Join(want, "; "))
	}
}

func TestAGroupIsProvisionedWithChosenMembersBeforeTheTenantWasEverRead(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcd")
	sales := w.group("Sales", p[0], p[1], p[2])
	w.keeps(func(rules *scope.Rules) { rules.AllUsers = false }, of(sales))
	run, results := w.provisionGroup(sales, p[0], p[3])
	if run.State != engine.Succeeded || len(results) != 3 || results[0].Object != plan.Group || states(&results[0].Explanation) != "ok, ok, ok, ok, ok" {
		t.Fatalf("the run ended as %s: %+v, %s", run.State, run.Failure, outcomes(results))
	}
	// Of the fourth person nothing can be decided: whether he comes into scope by another way is not known.
	w.demanded("before the first read", results, "success, success Joined, failed")
	w.directoryIs("before the first read", names, "Sales, ours, awaits 0: a")
	if users, err := w.dir.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 10}); err != nil || len(users) != 1 {
		t.Errorf("the directory holds %d users (%v), want one", len(users), err)
	}
	stands := w.standing()
	if got := fmt.Sprint(stands[engine.BucketToBeSynced]); !strings.Contains(got, "Sales") {
		t.Errorf("the group stands as %v, want To Be Synced", stands)
	}
	w.kept("the next run completes it", names, "Sales, ours: a b c")
	if again := w.good(engine.Full); len(w.entries(again)) != 0 {
		t.Errorf("a full run afterwards finds %d changes, want none", len(w.entries(again)))
	}
}

func TestExactlyTheChosenMembersJoinAndLeaveOnDemand(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcdef")
	sales := w.restorable("Sales")
	w.join(sales, p[0], p[1], p[2])
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b c")
	w.join(sales, p[3], p[4])
	w.leave(sales, p[0], p[1])
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": "Sales EMEA"})
	_, results := w.provisionGroup("sales", p[3], p[0], p[5], p[2])
	w.demanded("four are chosen", results, "success, success Joined, success Left, skipped NotAMember, skipped There")
	w.directoryIs("four are chosen", names, "Sales EMEA, ours: b c d")
	if act := results[0].Step(engine.ActStep); fact(act, "joined") == "null" || fact(act, "members that stay as they are") != "2" || !strings.Contains(act.Text, "1 joined, 1 left") {
		t.Errorf("the group's act step is %+v", act)
	}
	w.control(http.MethodDelete, "/sim/groups/"+sales, nil)
	_, results = w.provisionGroup(sales, p[2])
	w.demanded("deleted", results, "success, skipped GroupNotKept")
	w.directoryIs("deleted", names)
	w.control(http.MethodPost, "/sim/groups/"+sales+"/restore", nil)
	_, results = w.provisionGroup(sales, p[2])
	w.demanded("restored", results, "success, success Joined")
	w.kept("the next run does the rest", names, "Sales EMEA, ours: c d e")
}

func TestAnotherPersonsMembershipWaitsForItsOwnRun(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales, board := w.group("Sales", p[0]), w.group("Board", p[0])
	w.keeps(nil, of(sales), of(board))
	w.kept("at first", names, "Board, ours: a", "Sales, ours: a")
	w.join(sales, p[1], p[2])
	w.join(board, p[1])
	w.leave(board, p[0])
	_, results := w.provision(p[1])
	w.demanded("a person", results, "success Joined Joined")
	w.directoryIs("a person", names, "Board, ours: a b", "Sales, ours: a b")
	if act := results[0].Step(engine.ActStep); act.Text != "Nothing of the user differs. Joined the groups Sales, Board." && act.Text != "Nothing of the user differs. Joined the groups Board, Sales." {
		t.Errorf("the act step says %q", act.Text)
	}
	_, results = w.provision(p[0])
	w.demanded("nobody leaves by a run for people, since a replica may be behind", results, "skipped There There")
	w.kept("the next run", names, "Board, ours: b", "Sales, ours: a b c")
}

func TestAPersonOutOfScopeLeavesHisGroupsOnDemand(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	filtered := func(rules *scope.Rules) {
		rules.Filters = []scope.Filter{{Name: "not out", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Value: "Out"}}}}
	}
	w.keeps(filtered, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	w.control(http.MethodPatch, "/sim/users/"+p[0], map[string]any{"department": "Out"})
	_, results := w.provision(p[0])
	w.demanded("out of scope", results, "success OutOfScope")
	w.directoryIs("out of scope", names, "Sales, ours: b")
}

func TestTheGuardHoldsNoMembershipThatWasAskedForAndCountsIt(t *testing.T) {
	w := newWorld(t, 60)
	people := w.someone(8)
	sales := w.group("Sales", people...)
	w.keeps(nil, of(sales))
	settings, err := w.db.Settings(t.Context(), w.instance.ID, w.current().ConfigVersion)
	if err != nil {
		t.Fatal(err)
	}
	settings.Thresholds.Members = &plan.Share{Count: 2, Percent: 1}
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Settings: &settings}); err != nil {
		t.Fatal(err)
	}
	w.good(engine.Incremental)
	w.leave(sales, people[:4]...)
	if run := w.good(engine.Incremental); run.Progress.Groups["held-members"] != 4 {
		t.Fatalf("counts %v, want four held", run.Progress.Groups)
	}
	if x := w.explainGroup(sales, false, people[0]); x.Memberships[0].Code != "Held" || fact(x.Step(engine.ActStep), "held to leave") != "4" {
		t.Errorf("explained as %+v", x.Memberships[0])
	}
	_, results := w.provisionGroup(sales, people[0], people[1])
	w.demanded("two of those who are held", results, "success, success Left, success Left")
	if counts, err := w.db.CountOpen(t.Context(), w.instance.ID, plan.Members); err != nil || counts[engine.Held] != 2 {
		t.Errorf("%d members are held (%v), want the two who were not asked for", counts[engine.Held], err)
	}
	w.leave(sales, people[4])
	if run := w.good(engine.Incremental); run.Progress.Groups["leave"] != 0 {
		t.Errorf("counts %v, want one more held because of those on demand", run.Progress.Groups)
	}
}

func TestWhatAGroupOnDemandCannotBeIsSaid(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales, other := w.group("Sales", p...), w.group("Other", p...)
	w.keeps(nil, of(sales))
	run, results := w.provisionGroup("00000000-0000-4000-8000-00000000dead", p[0])
	w.demanded("unknown", results, "failed, skipped")
	if run.State != engine.Succeeded || len(w.entries(run)) != 0 || results[0].Step(engine.ImportStep).Code != "Unknown" {
		t.Errorf("unknown: %s with %d changes, %+v", run.State, len(w.entries(run)), results[0].Step(engine.ImportStep))
	}
	_, results = w.provisionGroup(other, p[0])
	w.demanded("not selected", results, "skipped, success")
	if step := results[0].Step(engine.ScopeStep); step.Code != "NotSelected" || step.State != engine.StepSkipped {
		t.Errorf("not selected: %+v", step)
	}
	w.directoryIs("not selected", names)
	if _, err := w.dir.CreateGroup(t.Context(), w.org, attr.From(map[string]any{attr.DisplayName: "sales"})); err != nil {
		t.Fatal(err)
	}
	_, results = w.provisionGroup(sales)
	w.demanded("a group of the name is there, and the tenant was not read", results, "failed")
	if step := results[0].Step(engine.MatchStep); step.Code != engine.NeedsRead {
		t.Errorf("it says %+v", step)
	}
	w.kept("the next run takes it over", names, "Sales, ours: a b")
	w.group("Sales")
	for _, c := range []struct {
		what, group string
		members     []string
	}{{"no group", " ", nil}, {"too many", sales, strings.Fields(strings.Repeat("x ", 26))}} {
		for i := range c.members {
			c.members[i] += fmt.Sprint(i)
		}
		if _, err := w.engine.ProvisionGroup(t.Context(), w.instance.ID, c.group, c.members); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", c.what, err)
		}
	}
	w.keeps(func(rules *scope.Rules) { rules.GroupObjects = false }, of(sales))
	_, results = w.provisionGroup(sales, p[0])
	w.demanded("Sync group objects is off", results, "success, skipped GroupNotKept")
	w.directoryIs("let go", names, "Sales, nobody's: a b")
}

func TestARunForAGroupGoesOnWithNewerSettings(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	run, err := w.engine.ProvisionGroup(t.Context(), w.instance.ID, sales, p[:1])
	if err != nil {
		t.Fatal(err)
	}
	w.keeps(func(rules *scope.Rules) { rules.NeverTouch = p[1:] }, of(sales))
	w.work(w.engine)
	_, results := w.results(run)
	w.demanded("with newer settings", results, "success, success Joined")
	w.kept("the rest", names, "Sales, ours: a")
}

func TestARunForAGroupThatCannotReachTheTenantSaysSoOfTheGroupAndItsMembers(t *testing.T) {
	w := newWorld(t, 20)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.control(http.MethodPost, "/sim/consent/revoke", nil)
	run, results := w.provisionGroup(sales, p[0])
	if run.State != engine.Failed || results[0].Step(engine.ConnectStep).State != engine.StepFailed {
		t.Errorf("the run ended as %s, %+v", run.State, results[0].Step(engine.ConnectStep))
	}
	w.demanded("without consent", results, "failed, failed")
	w.control(http.MethodPost, "/sim/consent/grant", nil)
	_, results = w.provisionGroup(sales, p[0])
	w.demanded("with consent", results, "success, success Joined")
	w.directoryIs("with consent", names, "Sales, ours, awaits 0: a")
}

func TestARunForAGroupEndsRightWhereverNewerSettingsComeBetween(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b c")
	for i := range 12 {
		w.leave(sales, p[0])
		w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": fmt.Sprint("Sales ", i)})
		run, err := w.engine.ProvisionGroup(t.Context(), w.instance.ID, sales, p[:2])
		if err != nil {
			t.Fatal(err)
		}
		w.queue.runs = nil
		stepwise := w.stepwise()
		again := true
		for turn := 0; again; turn++ {
			if again, err = stepwise.Advance(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
			if turn == i {
				w.keeps(func(rules *scope.Rules) { rules.NeverTouch = []string{fmt.Sprintf("00000000-0000-4000-8000-%012d", i)} }, of(sales))
			}
		}
		ended, results := w.results(run)
		if ended.State != engine.Succeeded || results[0].Outcome != engine.OutcomeSuccess || results[1].Outcome != engine.OutcomeSuccess ||
			results[2].Outcome != engine.OutcomeSkipped {
			t.Errorf("settings saved after turn %d: %s, %s", i, ended.State, outcomes(results))
		}
		w.directoryIs(fmt.Sprint("settings saved after turn ", i), names, fmt.Sprintf("Sales %d, ours: b c", i))
		w.work(w.engine)
		w.join(sales, p[0])
		w.kept(fmt.Sprint("the run after turn ", i), names, fmt.Sprintf("Sales %d, ours: a b c", i))
	}
}
