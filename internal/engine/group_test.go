package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/scope"
)

// group makes a group of the tenant with these members, people or groups by their ids, and returns its id.
func (w *world) group(name string, members ...string) string {
	w.Helper()
	made := id(w.control(http.MethodPost, "/sim/groups", map[string]any{"displayName": name}))
	if len(members) > 0 {
		w.join(made, members...)
	}
	return made
}

func (w *world) join(group string, members ...string) {
	w.Helper()
	w.control(http.MethodPost, "/sim/groups/"+group+"/join", map[string]any{"members": members})
}

func (w *world) leave(group string, members ...string) {
	w.Helper()
	w.control(http.MethodPost, "/sim/groups/"+group+"/leave", map[string]any{"members": members})
}

// someone returns the ids of n people of the tenant who may sign in.
func (w *world) someone(n int) []string {
	w.Helper()
	ids := make([]string, n)
	for i, person := range w.people(n) {
		ids[i] = id(person)
	}
	return ids
}

// selects makes the settings select groups.
func (w *world) selects(instance engine.Instance, groups ...scope.SelectedGroup) {
	w.Helper()
	settings := engine.DefaultSettings()
	settings.Scope = scope.Rules{Groups: groups}
	settings.Thresholds.Count, settings.Thresholds.Absolute = 100_000, 100_000
	if _, err := w.engine.ChangeInstance(w.Context(), instance.ID, engine.Change{Settings: &settings}); err != nil {
		w.Fatal(err)
	}
}

// inScope returns the source ids of the active people whom the instance manages, sorted.
func (w *world) inScope(instance engine.Instance) []string {
	w.Helper()
	users, err := w.dir.ListUsers(w.Context(), w.org, directory.UserQuery{Limit: 10_000})
	if err != nil {
		w.Fatal(err)
	}
	ids := []string{}
	for _, user := range users {
		if user.Owner == instance.ID && user.Active() {
			ids = append(ids, user.SourceID)
		}
	}
	slices.Sort(ids)
	return ids
}

func (w *world) scoped(what string, want ...string) {
	w.Helper()
	if run := w.run(engine.Incremental); run.State != engine.Succeeded {
		w.Fatalf("%s: the run %s: %+v", what, run.State, run.Failure)
	}
	want = slices.Clone(want)
	slices.Sort(want)
	if diff := cmp.Diff(want, w.inScope(w.instance), cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		w.Errorf("%s (-want +in scope):\n%s", what, diff)
	}
}

func TestSelectedGroupsBringTheirMembers(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(8)
	sales := w.group("Sales", p[0], p[1], p[2])
	w.selects(w.instance, scope.SelectedGroup{ID: sales})
	w.scoped("at first", p[0], p[1], p[2])
	w.join(sales, p[3])
	w.leave(sales, p[0])
	w.scoped("joined and left", p[1], p[2], p[3])
	w.join(sales, p[0])
	w.scoped("back", p[0], p[1], p[2], p[3])
}

// of selects a group without the groups inside it, under one with them.
func of(id string) scope.SelectedGroup { return scope.SelectedGroup{ID: id} }

func under(id string) scope.SelectedGroup {
	return scope.SelectedGroup{ID: strings.ToUpper(id), Nested: true}
}

func TestNestedGroupsAreFollowedWhenAskedInCyclesToo(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(6)
	low := w.group("Low", p[3])
	middle := w.group("Middle", p[2], low)
	top := w.group("Top", p[1], middle)
	w.selects(w.instance, of(top))
	w.scoped("the selected group alone", p[1])
	w.selects(w.instance, under(top))
	w.scoped("all levels", p[1], p[2], p[3])
	w.join(low, top, p[4])
	w.scoped("a cycle", p[1], p[2], p[3], p[4])
	w.join(top, top)
	w.scoped("a group in itself", p[1], p[2], p[3], p[4])
	w.leave(top, middle)
	w.scoped("unnested", p[1])
	w.join(top, low)
	w.scoped("nested elsewhere", p[1], p[3], p[4])
	w.selects(w.instance, of(top), of(middle), of(middle))
	w.scoped("child groups one by one", p[1], p[2])
	w.selects(w.instance)
	w.scoped("nothing selected")
	w.calls(1, "an instance without groups")
}

// calls asserts how many requests a run makes of Graph when nothing changed.
func (w *world) calls(want int, what string) {
	w.Helper()
	w.good(engine.Incremental)
	w.control(http.MethodDelete, "/sim/stats", nil)
	w.good(engine.Incremental)
	stats := w.control(http.MethodGet, "/sim/stats", nil)
	if calls, _ := stats["graph_calls"].(float64); int(calls) != want {
		w.Errorf("%s: %v requests, want %d: %v", what, calls, want, stats)
	}
}

func TestWhoIsInTwoGroupsStaysUntilTheLastIsGone(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(3)
	one, two := w.group("One", p[0], p[1]), w.group("Two", p[0], p[2])
	w.selects(w.instance, of(one), of(two))
	w.scoped("at first", p[0], p[1], p[2])
	w.leave(one, p[0])
	w.scoped("out of one", p[0], p[1], p[2])
	w.calls(2, "groups of which nothing changed")
	w.control(http.MethodDelete, "/sim/groups/"+two, nil)
	w.scoped("the other deleted", p[1])
}

func TestADeletedGroupBringsNobodyUntilItIsRestored(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(4)
	team := id(w.control(http.MethodPost, "/sim/groups", map[string]any{"displayName": "Team", "kind": "microsoft365"}))
	inside := w.group("Inside", p[2])
	w.join(team, p[0], p[1], inside)
	w.selects(w.instance, under(team))
	w.scoped("at first", p[0], p[1], p[2])
	w.control(http.MethodDelete, "/sim/groups/"+team, nil)
	w.scoped("deleted")
	if lost := w.status(); len(lost.LostGroups) != 1 || !strings.Contains(lost.Explanation, team) {
		t.Errorf("the status says nothing of the deleted group: %+v", lost)
	}
	w.join(inside, p[3])
	w.scoped("joined what is inside a deleted group")
	w.control(http.MethodPost, "/sim/groups/"+team+"/restore", nil)
	w.scoped("restored", p[0], p[1], p[2], p[3])
	if lost := w.status(); len(lost.LostGroups) != 0 {
		t.Errorf("the status says of a live group: %s", lost.Explanation)
	}
	w.control(http.MethodDelete, "/sim/groups/"+team, nil)
	w.control(http.MethodPost, "/sim/groups/"+team+"/purge", nil)
	w.scoped("purged")
}

func TestAnUnknownGroupIsSaidAndStopsNobody(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(2)
	const nowhere = "00000000-0000-4000-8000-000000000bad"
	w.selects(w.instance, of(nowhere), of(w.group("Sales", p[0])))
	w.scoped("one group is unknown", p[0])
	if status := w.status(); !slices.Equal(status.LostGroups, []string{nowhere}) || !strings.Contains(status.Explanation, nowhere) {
		t.Errorf("the status is %+v", status)
	}
	settings := engine.DefaultSettings()
	settings.Scope = scope.Rules{Groups: []scope.SelectedGroup{{ID: "sales"}}}
	_, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Settings: &settings})
	if err == nil || !strings.Contains(err.Error(), `"sales" is not the object id of a group`) {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestInstancesOfOneConnectionHaveTheirOwnGroups(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(5)
	one, two := w.group("One", p[0], p[1]), w.group("Two", p[2])
	w.selects(w.instance, of(one))
	w.scoped("the first instance", p[0], p[1])
	second := w.create("Second", nil)
	w.selects(second, of(two))
	both := func(what string, first, other []string) {
		t.Helper()
		w.runOf(second, engine.Incremental)
		if diff := cmp.Diff(other, w.inScope(second)); diff != "" {
			t.Errorf("%s, the second instance (-want +in scope):\n%s", what, diff)
		}
		w.scoped(what+", the first instance", first...)
	}
	both("at first", []string{p[0], p[1]}, []string{p[2]})
	w.join(two, p[3])
	w.join(one, p[4])
	both("joined", []string{p[0], p[1], p[4]}, sorted(p[2], p[3]))
	w.join(one, two)
	w.selects(w.instance, under(one))
	w.leave(two, p[2], p[3])
	both("one owner each", []string{p[0], p[1], p[4]}, []string{})
	if err := w.engine.DeleteInstance(t.Context(), second.ID); err != nil {
		t.Fatal(err)
	}
	w.join(two, p[3])
	w.scoped("the second is deleted", p[0], p[1], p[3], p[4])
}

func sorted(ids ...string) []string { slices.Sort(ids); return ids }

func TestAMassRemovalByAGroupIsHeld(t *testing.T) {
	w := newWorld(t, 400)
	p := w.someone(300)
	team := w.group("Team", p...)
	w.selects(w.instance, of(team))
	w.scoped("at first", p...)
	w.settings(func(s *engine.Settings) { s.Thresholds = engine.DefaultSettings().Thresholds })
	w.control(http.MethodDelete, "/sim/groups/"+team, nil)
	w.scoped("the group is gone", p...)
	if status := w.status(); status.Held != 300 || status.Job != engine.StatusHeld {
		t.Errorf("%d are held, the status is %s", status.Held, status.Job)
	}
}

func TestWhoIsRestoredIsAskedForHisGroups(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(4)
	sales := w.group("Sales", p...)
	w.control(http.MethodDelete, "/sim/users/"+p[0], nil) // the mirror never sees him
	w.good(engine.Incremental)
	w.control(http.MethodDelete, "/sim/users/"+p[1], nil)
	w.selects(w.instance, of(sales))
	w.scoped("two are in the recycle bin", p[2], p[3])
	w.control(http.MethodPost, "/sim/users/"+p[0]+"/restore", nil)
	w.control(http.MethodPost, "/sim/users/"+p[1]+"/restore", nil)
	w.scoped("restored", p...)
	w.control(http.MethodDelete, "/sim/users/"+p[2], nil)
	w.scoped("another deleted", p[0], p[1], p[3])
	w.control(http.MethodPost, "/sim/users/"+p[2]+"/restore", nil)
	w.scoped("and restored", p...)
	w.good(engine.Full)
	w.scoped("after a full run", p...)
}

func TestWithoutTheRightToReadGroupsTheRunSaysWhichOneIsNeeded(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(2)
	sales := w.group("Sales", p[0])
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/groups", "kind": "no-consent"})
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/$batch", "kind": "no-consent"})
	w.good(engine.Incremental)
	w.selects(w.instance, of(sales))
	w.good(engine.Incremental) // with the settings that were in force
	if status := w.status(); status.Job != engine.StatusFailing || !strings.Contains(status.Explanation, "GroupMember.Read.All") || status.OutOfScope > 10 {
		t.Errorf("the status is %+v", status)
	}
	w.control(http.MethodDelete, "/sim/faults", nil)
	w.scoped("consent given", p[0])
}

func TestTheReasonNamesTheGroupAndExplainAllWays(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(2)
	berlin := w.group("Berlin", p[0])
	sales := w.group("Sales", p[1], berlin)
	all := w.group("All", p[0], sales)
	w.join(berlin, all) // a cycle
	w.selects(w.instance, under(sales))
	w.scoped("at first", p[0], p[1])
	reasons := map[string]string{}
	for _, user := range p {
		x := w.explain(user, false)
		reasons[user] = x.Step(engine.ScopeStep).Text
	}
	if !strings.Contains(reasons[p[0]], `is a member of "Berlin", which is in the selected group "Sales"`) ||
		!strings.Contains(reasons[p[1]], `is a member of the selected group "Sales"`) {
		t.Errorf("the reasons are %q", reasons)
	}
	w.selects(w.instance, under(all), of(berlin), under(sales))
	w.scoped("three selected", p[0], p[1])
	names := func(user string) []string {
		ways, err := w.engine.Ways(t.Context(), w.current(), strings.ToUpper(user))
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, way := range ways {
			steps := make([]string, len(way))
			for i, step := range way {
				steps[i] = step.Name
			}
			all = append(all, strings.Join(steps, " > "))
		}
		slices.Sort(all)
		return all
	}
	want := []string{"All", "All > Sales > Berlin", "Berlin", "Sales > Berlin", "Sales > Berlin > All"}
	if diff := cmp.Diff(want, names(p[0])); diff != "" {
		t.Errorf("the ways (-want +got):\n%s", diff)
	}
	facts := w.explain(p[1], false).Step(engine.ScopeStep).Facts
	if !slices.ContainsFunc(facts, func(f engine.Fact) bool { return cmp.Equal(f.Value, any([]string{"Sales", "All > Sales"})) }) {
		t.Errorf("explain tells no ways: %+v", facts)
	}
	if diff := cmp.Diff([]string{"All > Sales", "Sales"}, names(p[1])); diff != "" {
		t.Errorf("the other's ways (-want +got):\n%s", diff)
	}
}

// current returns the instance as it is stored now.
func (w *world) current() engine.Instance {
	w.Helper()
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		w.Fatal(err)
	}
	return instance
}

func TestAPreviewWaitsForGroupsThatWereNotReadYet(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(3)
	inside := w.group("Inside", p[2])
	one, two := w.group("One", p[0]), w.group("Two", p[1], inside)
	w.selects(w.instance, of(one))
	w.scoped("at first", p[0])
	preview := func(groups ...scope.SelectedGroup) engine.Preview {
		t.Helper()
		settings := engine.DefaultSettings()
		settings.Scope = scope.Rules{Groups: groups}
		preview, err := w.engine.Preview(t.Context(), w.current(), settings)
		if err != nil {
			t.Fatal(err)
		}
		return preview
	}
	if unread := preview(of(one), of(two)); unread.UnreadGroups != 1 || unread.Users != 0 || len(unread.Warnings) == 0 {
		t.Errorf("the preview of a group that was not read: %+v", unread)
	}
	other := w.create("Other", nil)
	w.selects(other, under(two))
	w.runOf(other, engine.Incremental)
	if read := preview(of(one), under(two)); read.InScope != 3 || !read.Complete {
		t.Errorf("the preview of groups that another instance has had read: %+v", read)
	}
	if w.inScope(w.instance)[0] != p[0] || len(w.inScope(w.instance)) != 1 {
		t.Error("a preview changed something")
	}
}

func TestOnDemandBringsWhoHasJustJoined(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(3)
	sales := w.group("Sales", p[0])
	w.selects(w.instance, of(sales))
	w.scoped("at first", p[0])
	w.join(sales, p[1])
	if x := w.provisioned(p[1]); x.Outcome != engine.OutcomeSuccess {
		t.Errorf("who has just joined: %s: %s", x.Outcome, x.Step(engine.ScopeStep).Text)
	}
	if x := w.provisioned(p[2]); x.Outcome != engine.OutcomeSkipped || !strings.Contains(x.Step(engine.ScopeStep).Text, "not a member of the selected group") {
		t.Errorf("who is no member: %s: %s", x.Outcome, x.Step(engine.ScopeStep).Text)
	}
	w.scoped("the next run", p[0], p[1])
}

func TestARunOfGroupsGoesOnWhereAnotherNodeLeftIt(t *testing.T) {
	w := newWorld(t, 60)
	p := w.someone(6)
	inside := w.group("Inside", p[1], p[2])
	sales := w.group("Sales", p[0], inside)
	for i := range 16 {
		w.selects(w.instance)
		w.scoped("nothing selected")
		w.selects(w.instance, under(sales))
		w.join(inside, p[3])
		turns := 0
		stop := func(run engine.Run) bool { turns++; return turns > i || run.State.Over() }
		if run := w.interrupt(engine.Incremental, stop, func() { w.leave(inside, p[3]) }); run.State != engine.Succeeded {
			t.Fatalf("interrupted after %d turns the run %s: %+v", i, run.State, run.Failure)
		}
		w.scoped(fmt.Sprintf("interrupted after %d turns", i), p[0], p[1], p[2])
	}
}
