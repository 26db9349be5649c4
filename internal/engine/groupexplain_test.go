package engine_test

import (
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

// explainGroup explains a group and asserts that nothing was written for it.
func (w *world) explainGroup(which string, live bool, members ...string) *engine.Explanation {
	w.Helper()
	before := w.db.Commits()
	x, err := w.engine.ExplainGroup(w.Context(), w.current(), which, members, live)
	if err != nil {
		w.Fatal(err)
	}
	if after := w.db.Commits(); after != before {
		w.Errorf("explaining %s made %d commits, want none", which, after-before)
	}
	if len(x.Steps) != 5 || x.Object != plan.Group {
		w.Fatalf("explained in %d steps as %v, want five of a group", len(x.Steps), x.Object)
	}
	return &x
}

func codes(x *engine.Explanation) string {
	words := make([]string, len(x.Memberships))
	for i, m := range x.Memberships {
		words[i] = m.Code
	}
	return strings.Join(words, " ")
}

func TestAGroupIsExplainedFromBeforeTheFirstReadToItsRelease(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcd")
	sales := w.restorable("Sales")
	w.join(sales, p[0], p[1])
	w.keeps(nil, of(sales))
	x := w.explainGroup(sales, false)
	if x.Outcome != engine.OutcomeFailed || x.Step(engine.ImportStep).Code != "Unknown" {
		t.Errorf("before the first read: %s, %s", x.Outcome, states(x))
	}
	x = w.explainGroup(sales, true, p[0], p[3])
	if x.Outcome != engine.OutcomeSuccess || x.Step(engine.ActStep).Code != "Added" || x.Step(engine.ScopeStep).Code != "Selected" || x.Name != "Sales" {
		t.Errorf("live: %s, %s, %+v", x.Outcome, states(x), x.Step(engine.ActStep))
	}
	if x.Memberships[0].In != true || x.Memberships[1].In != false {
		t.Errorf("live: %+v", x.Memberships)
	}
	w.kept("at first", names, "Sales, ours: a b")
	x = w.explainGroup("SALES", false, p[0], p[3], "nobody@contoso.example")
	if x.Outcome != engine.OutcomeSkipped || x.Step(engine.ActStep).Code != "Unchanged" || codes(x) != "There NotAMember Unknown" {
		t.Errorf("nothing differs: %s, %q, %s", x.Outcome, x.Step(engine.ActStep).Code, codes(x))
	}
	if act := x.Step(engine.ActStep); fact(act, "put in by the sync") != "2" || fact(act, "would join") != "0" || len(act.History) == 0 {
		t.Errorf("the act step is %+v", act)
	}
	if step := x.Step(engine.ImportStep); fact(step, "people in it") != "2" {
		t.Errorf("the import step is %+v", step)
	}
	w.join(sales, p[2])
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": "Sales EMEA"})
	x = w.explainGroup(sales, true, p[2])
	if x.Step(engine.ActStep).Code != "Renamed" || codes(x) != "Joined" || attribute(x, attr.DisplayName).After != "Sales EMEA" {
		t.Errorf("changed: %+v, %s", x.Step(engine.ActStep), codes(x))
	}
	if x = w.explainGroup(sales, false, p[2]); codes(x) != "NotAMember" {
		t.Errorf("explaining stored what the tenant said: %s", codes(x))
	}
	object := w.groupNamed("Sales")
	if x = w.explainGroup(object.ID.String(), false); x.SourceID != sales || x.ObjectID != object.ID {
		t.Errorf("by the id of the directory: %+v", x)
	}
	w.keeps(func(rules *scope.Rules) { rules.GroupObjects = false }, of(sales))
	x = w.explainGroup(sales, false, p[0])
	if x.Step(engine.ScopeStep).Code != "ObjectsOff" || x.Step(engine.ActStep).Code != "Unmanaged" {
		t.Errorf("switched off: %+v", x.Step(engine.ScopeStep))
	}
}

func TestAnExplainedGroupTellsAllWaysAndWhoIsAwaited(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	person := w.control(http.MethodGet, "/sim/users/"+p[1], nil)
	for _, external := range []string{"one", "two"} {
		attributes := map[string]any{attr.UserName: external + name(person), attr.ExternalID: p[1]}
		if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(attributes)); err != nil {
			t.Fatal(err)
		}
	}
	low := w.group("Low", p[0], p[1])
	middle := w.group("Middle", low)
	top := w.group("Top", middle, low)
	w.keeps(nil, under(top), of(low))
	w.kept("one cannot be made", names, "Low, ours, awaits 1: a", "Middle, ours: Low", "Top, ours: Low Middle")
	x := w.explainGroup("Low", false, p[1], low)
	if got := fact(x.Step(engine.ScopeStep), "reached through"); got != `["Low","Top \u003e Low","Top \u003e Middle \u003e Low"]` {
		t.Errorf("reached through %s", got)
	}
	act := x.Step(engine.ActStep)
	if fact(act, "awaited, because their own changes failed") != "1" || !strings.Contains(fact(act, "awaited"), "make it unique") {
		t.Errorf("awaited: %+v", act.Facts)
	}
	if codes(x) != "NotInDirectory NotAMember" || !strings.Contains(x.Memberships[0].Scope, "make it unique") {
		t.Errorf("%+v", x.Memberships)
	}
	if x := w.explainGroup("Top", false, low, middle); codes(x) != "There There" {
		t.Errorf("nested groups: %+v", x.Memberships)
	}
	w.group("Low")
	w.keeps(nil, under(top), of(low), of(w.group("LOW")))
	w.good(engine.Incremental)
	if _, err := w.engine.ExplainGroup(t.Context(), w.current(), "low", nil, false); !fault.Is(err, fault.Invalid) {
		t.Errorf("a name of two groups: %v", err)
	}
}

func TestAPersonsExplanationTellsHisGroups(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales, board := w.group("Sales", p[0]), w.group("Board", p[1])
	w.keeps(nil, of(sales), of(board))
	w.kept("at first", names, "Board, ours: b", "Sales, ours: a")
	group := w.groupNamed("Board")
	if _, err := w.dir.AddMembers(t.Context(), w.org, group.ID, []directory.MemberRef{{ID: w.linked(p[0]).ID}}); err != nil {
		t.Fatal(err)
	}
	if x := w.explain(p[0], false); codes(x) != "There" || x.Memberships[0].GroupName != "Sales" || !x.Memberships[0].Synced {
		t.Errorf("%+v", x.Memberships)
	}
	if x := w.explainGroup("Board", false, p[0]); codes(x) != "ByHand" || fact(x.Step(engine.ActStep), "put in by hand only") != "1" {
		t.Errorf("put in by hand: %+v", x.Memberships)
	}
	w.keeps(func(rules *scope.Rules) { rules.NeverTouch = p[2:] }, of(sales), of(board))
	w.join(sales, p[2])
	w.good(engine.Incremental)
	if x := w.explain(p[2], false); codes(x) != "There" && codes(x) != "NotInScope" && codes(x) != "NotInDirectory" {
		t.Errorf("never touched: %+v", x.Memberships)
	}
}
