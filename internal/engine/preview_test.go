package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// preview foretells what changed settings would do.
func (w *world) preview(change func(*engine.Settings)) engine.Preview {
	w.Helper()
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		w.Fatal(err)
	}
	settings, err := w.db.Settings(w.Context(), instance.ID, instance.ConfigVersion)
	if err != nil {
		w.Fatal(err)
	}
	change(&settings)
	preview, err := w.engine.Preview(w.Context(), instance, settings)
	if err != nil {
		w.Fatal(err)
	}
	return preview
}

// warning returns the text of the warning with a code; "" if there is none.
func warning(p engine.Preview, code string) string {
	for _, w := range p.Warnings {
		if w.Code == code {
			return w.Text
		}
	}
	return ""
}

func selecting(groups ...scope.SelectedGroup) func(*engine.Settings) {
	return func(s *engine.Settings) { s.Scope = scope.Rules{Groups: groups} }
}

func TestAPreviewBeforeTheFirstReadSaysOneThing(t *testing.T) {
	w := newWorld(t, 20)
	p := w.preview(func(*engine.Settings) {})
	if !p.NeverRead || p.Users != 0 || len(p.Warnings) != 1 || warning(p, engine.NeedsRead) != "nothing is known of the tenant yet: the first run reads it" {
		t.Errorf("foretold as %+v", p)
	}
}

func TestAPreviewOfGroupsThatWereNotReadCountsNobody(t *testing.T) {
	w := newWorld(t, 20)
	sales := w.group("Sales", w.someone(1)...)
	w.good(engine.Incremental)
	const restStays = " read first; until then the present settings stay in force"
	p := w.preview(selecting(of(sales)))
	if p.UnreadGroups != 1 || p.Users != 0 || warning(p, engine.NeedsRead) != "the members of 1 selected group are"+restStays {
		t.Errorf("one group is foretold as %+v", p)
	}
	p = w.preview(selecting(under(sales), of(w.group("Berlin"))))
	if warning(p, engine.NeedsRead) != "the members of 2 selected groups, and of the groups inside, are"+restStays {
		t.Errorf("nested groups are foretold as %+v", p)
	}
}

func TestAPreviewWarnsThatNobodyWouldBeInScope(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	if p := w.preview(func(*engine.Settings) {}); len(p.Warnings) > 0 {
		t.Errorf("settings that take everybody are warned of: %+v", p.Warnings)
	}
	p := w.preview(selecting())
	if p.InScope != 0 || warning(p, engine.NobodyInScope) != "nobody would be in scope: scope selects nobody; allUsers: true takes everybody" {
		t.Errorf("a scope that selects nobody is foretold as %+v", p)
	}
	p = w.preview(func(s *engine.Settings) {
		s.Scope.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "city", Operator: scope.Equals, Value: "Atlantis"}}}}
	})
	if !strings.Contains(warning(p, engine.NobodyInScope), "none is selected and passes the filters") {
		t.Errorf("a filter that nobody passes is foretold as %+v", p)
	}
}

func TestAPreviewTellsWhyPeopleWouldFail(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	p := w.preview(mapped("title", `FormatDateTime([displayName], , "yyyy-MM-dd", "yyyy")`))
	if len(p.Failures) != 1 || p.Failures[0].Count != p.Changes[plan.Fail] || p.Failures[0].Count < 2 || p.Failures[0].Text == "" || p.Failures[0].Code == "" {
		t.Errorf("%d would fail, because of %+v", p.Changes[plan.Fail], p.Failures)
	}
}

func TestAWarningOfDoublesSaysToSwitchAutoSyncOffFirst(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	other := func(s *engine.Settings) {
		mapped("userName", `Append("x", [userPrincipalName])`)(s)
		s.Attributes[len(s.Attributes)-1].Matching = 1
	}
	for _, on := range []bool{true, false} {
		if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{AutoSync: &on}); err != nil {
			t.Fatal(err)
		}
		said := warning(w.preview(other), engine.MakesDoubles)
		if said == "" || strings.Contains(said, "switch Auto Sync off first (autoSync: false), then look at a dry run") != on {
			t.Errorf("Auto Sync %v: %q", on, said)
		}
	}
}

func TestAGroupThatBringsNobodyIsSaidByPreviewAndExplanation(t *testing.T) {
	w := newWorld(t, 20)
	people := w.someone(2)
	const nowhere = "00000000-0000-4000-8000-000000000bad"
	w.selects(w.instance, of(nowhere), of(w.group("Sales", people[0])))
	w.good(engine.Incremental)
	if p := w.preview(func(*engine.Settings) {}); !strings.Contains(warning(p, engine.LostGroups), nowhere) {
		t.Errorf("the preview warns %+v", p.Warnings)
	}
	if text := w.explain(people[1], false).Step(engine.ScopeStep).Text; !strings.Contains(text, nowhere+" brings nobody") {
		t.Errorf("who is out is told: %s", text)
	}
	if text := w.explain(people[0], false).Step(engine.ScopeStep).Text; strings.Contains(text, nowhere) {
		t.Errorf("who is in is told: %s", text)
	}
}

func TestAHeldRemovalIsExplainedAsHeld(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(30)
	for _, person := range victims {
		w.control(http.MethodDelete, "/sim/users/"+id(person), nil)
	}
	w.good(engine.Incremental)
	x := w.explain(id(victims[0]), false)
	act := x.Step(engine.ActStep)
	if act.Code != "Held" || act.State != engine.StepSkipped || x.Outcome != engine.OutcomeSkipped || !strings.HasPrefix(act.Text, "Held: waits for approval") ||
		fact(act, "guard") != `"held: waits for approval"` || fact(act, "action") != `"`+string(plan.Deactivate)+`"` {
		t.Errorf("explained as %s: %+v", x.Outcome, act)
	}
}

func TestAPreviewForetellsWhatTheNextRunDoesAboutGroups(t *testing.T) {
	w := newWorld(t, 20)
	sales, berlin := w.group("Sales", w.someone(3)...), w.group("Berlin")
	w.control(http.MethodPost, "/sim/groups/"+sales+"/join", map[string]any{"members": []string{berlin}})
	keeping := func(objects bool, groups ...scope.SelectedGroup) func(*engine.Settings) {
		return func(s *engine.Settings) {
			s.Scope = scope.Rules{AllUsers: true, GroupObjects: objects, AllGroups: len(groups) == 0, Groups: groups}
		}
	}
	w.good(engine.Incremental)
	if p := w.preview(keeping(true)); !p.Groups.Unread || p.Users == 0 {
		t.Errorf("groups that were never read are foretold as %+v", p.Groups)
	}
	w.settings(selecting(under(sales)))
	w.good(engine.Incremental)
	p := w.preview(keeping(true, under(sales)))
	if p.Groups.Kept != 2 || p.Groups.Changes[plan.Create] != 2 {
		t.Errorf("groups that would be made are foretold as %+v", p.Groups)
	}
	w.settings(keeping(true, under(sales)))
	w.good(engine.Incremental)
	if p := w.preview(keeping(true, under(sales))); p.Groups.Kept != 2 || len(p.Groups.Changes) > 0 {
		t.Errorf("groups that stay are foretold as %+v", p.Groups)
	}
	if p := w.preview(keeping(true, of(berlin))); p.Groups.Kept != 1 || p.Groups.Changes[plan.Release] != 1 {
		t.Errorf("a group that is not selected any more is foretold as %+v", p.Groups)
	}
	if p := w.preview(keeping(false)); p.Groups.Kept != 0 || p.Groups.Changes[plan.Release] != 2 {
		t.Errorf("groups that are not kept any more are foretold as %+v", p.Groups)
	}
}
