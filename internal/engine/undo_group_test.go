package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// hold expects the groups of the directory as they are, and after runs that look at all. Groups that are tied again are To Be Synced until then.
func (w *world) hold(what string, names map[string]string, want ...string) {
	w.Helper()
	slices.Sort(want)
	none := cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })
	now := w.groups(names)
	for i := range now {
		now[i] = strings.Replace(now[i], ", awaits 0", "", 1)
	}
	if diff := cmp.Diff(want, now, none); diff != "" {
		w.Errorf("%s (-want +directory):\n%s", what, diff)
	}
	w.kept(what+", after a run", names, want...)
	if run := w.good(engine.DryRun); run.Progress.Groups["join"]+run.Progress.Groups["leave"] > 0 {
		w.Errorf("%s, a dry run would do %v", what, run.Progress.Groups)
	}
	w.good(engine.Full)
	w.kept(what+", after a full run", names, want...)
}

// pinned tells what pins are about: the type, the name, and of members how many.
func (w *world) pinned() map[string]int {
	w.Helper()
	about := map[string]int{}
	for _, pin := range w.pins() {
		about[pin.Object.String()+" "+pin.ObjectName] = pin.Members
	}
	return about
}

func (w *world) lift(about string) {
	w.Helper()
	for _, pin := range w.pins() {
		if pin.Object.String()+" "+pin.ObjectName == about {
			if err := w.engine.LiftPin(w.Context(), w.org, pin.ID); err != nil {
				w.Fatal(err)
			}
			return
		}
	}
	w.Fatalf("nothing about %s is pinned: %v", about, w.pinned())
}

func TestAGroupAndItsMembersStayAsTheyWereTakenBackUntilEntraChangesThem(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcd")
	sales := w.group("Sales", p[0], p[1])
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": "Wrong"})
	w.join(sales, p[2], p[3])
	w.leave(sales, p[0])
	run := w.kept("changed", names, "Wrong, ours: b c d")

	dry := w.undoAs(engine.UndoRequest{Run: run.ID, DryRun: true})
	if diff := cmp.Diff(map[string]int{"update": 1, "join": 1, "leave": 2}, dry.Progress.Groups); diff != "" || len(w.pins()) != 0 {
		t.Errorf("the dry run (-want +got):\n%s", diff)
	}
	undo := w.undo(run)
	if diff := cmp.Diff(dry.Progress.Groups, undo.Progress.Groups); diff != "" {
		t.Errorf("the undo (-foretold +done):\n%s", diff)
	}
	w.hold("taken back", names, "Sales, ours: a b")
	if diff := cmp.Diff(map[string]int{"group Sales": 0, "members Sales": 3}, w.pinned()); diff != "" {
		t.Errorf("the pins (-want +got):\n%s", diff)
	}
	if reason := w.skipped()[sales]; !strings.Contains(reason, "until Entra changes the group") {
		t.Errorf("the status tells of the pinned group %q", reason)
	}
	w.leave(sales, p[2])
	w.join(sales, p[0])
	w.kept("two memberships changed in Entra, so that theirs are free", names, "Sales, ours: a b")
	w.join(sales, p[2])
	w.leave(sales, p[0])
	w.kept("and changed once more", names, "Sales, ours: b c")
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": "Right"})
	w.kept("a new name ends the pin of the group", names, "Right, ours: b c")
	w.lift("members Right")
	w.kept("the last one is lifted", names, "Right, ours: b c d")
	if len(w.pins()) != 0 {
		t.Errorf("%v is pinned still", w.pinned())
	}
}

func TestAnUndoneGroupIsNotMadeAgainAndRedoneWithItsMembers(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	low := w.group("Low", p[2])
	top := w.group("Top", p[0], p[1], low)
	w.good(engine.Incremental)
	w.keeps(nil, under(top))
	run := w.kept("at first", names, "Low, ours: c", "Top, ours: Low a b")
	ids := []ident.ID{w.groupNamed("Low").ID, w.groupNamed("Top").ID}
	undo := w.undo(run)
	if got := undo.Progress.Groups; got["delete"] != 2 || got["leave"] != 4 || got["failed"] != 0 {
		t.Errorf("the undo did %v", got)
	}
	w.hold("the groups are gone", names)
	redo := w.undo(undo)
	if got := redo.Progress.Groups; got["restore"] != 2 || got["join"] != 4 || got["failed"]+got["skipped"] != 0 {
		t.Errorf("the undo of the undo did %v", got)
	}
	w.hold("the groups are back", names, "Low, ours: c", "Top, ours: Low a b")
	if got := []ident.ID{w.groupNamed("Low").ID, w.groupNamed("Top").ID}; !slices.Equal(got, ids) || len(w.pins()) != 0 {
		t.Errorf("the groups are %v with %d pins, want %v and none", got, len(w.pins()), ids)
	}
}

func TestAGroupThatWasTakenOverIsLetGoWithoutWhomTheRunPutIn(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	w.good(engine.Incremental)
	group, err := w.dir.CreateGroup(t.Context(), w.org, attr.From(map[string]any{attr.DisplayName: "sales"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, person := range p[1:] {
		if _, err := w.dir.AddMembers(t.Context(), w.org, group.ID, []directory.MemberRef{{ID: w.linked(person).ID}}); err != nil {
			t.Fatal(err)
		}
	}
	sales := w.group("Sales", p[0], p[1])
	w.keeps(nil, of(sales))
	run := w.kept("taken over", names, "Sales, ours: a b(both) c(hand)")
	undo := w.undo(run)
	w.hold("let go", names, "sales, nobody's: b(hand) c(hand)")
	if got, err := w.dir.Group(t.Context(), w.org, group.ID); err != nil || got.Attributes.Has(attr.ExternalID) {
		t.Errorf("the group is %v (%v)", got.Attributes, err)
	}
	w.undo(undo)
	w.hold("taken over again", names, "Sales, ours: a b(both) c(hand)")
	if len(w.pins()) != 0 {
		t.Errorf("%v is pinned still", w.pinned())
	}
}

func TestAGroupThatWasLetGoIsOursAgain(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales, other := w.group("Sales", p...), w.group("Other")
	w.keeps(nil, of(sales), of(other))
	w.kept("at first", names, "Other, ours", "Sales, ours: a b")
	w.keeps(nil, of(other))
	run := w.kept("not selected", names, "Other, ours", "Sales, nobody's: a b")
	undo := w.undo(run)
	w.hold("taken back", names, "Other, ours", "Sales, ours: a b")
	w.undo(undo)
	w.hold("let go again", names, "Other, ours", "Sales, nobody's: a b")
}

func TestADeletedGroupComesBackWithItsMembersAndGoesWhenThePinIsLifted(t *testing.T) {
	for _, how := range []string{"deleted", "purged"} {
		t.Run(how, func(t *testing.T) {
			w := newWorld(t, 60)
			p, names := w.lettered("abc")
			sales, other := w.restorable("Sales"), w.group("Other", p[2])
			w.join(sales, p[0], p[1])
			others := "Other, ours: c"
			if how == "purged" {
				w.join(other, sales)
				others = "Other, ours: Sales c"
			}
			w.keeps(nil, of(sales), of(other))
			w.kept("at first", names, "Sales, ours: a b", others)
			before := w.groupNamed("Sales").ID
			w.control(http.MethodDelete, "/sim/groups/"+sales, nil)
			if how == "purged" {
				w.control(http.MethodPost, "/sim/groups/"+sales+"/purge", nil)
			}
			run := w.kept("gone", names, "Other, ours: c")
			w.good(engine.Incremental)
			if entry := w.about(w.undo(run), sales); !strings.Contains(entry.Reason.Text, "the group is deleted in Entra") {
				t.Errorf("the undo says %s", entry.Reason.Text)
			}
			w.hold("restored", names, "Sales, ours: a b", others)
			if w.groupNamed("Sales").ID != before {
				t.Error("it is another group")
			}
			w.lift("group Sales")
			w.kept("the pin is lifted", names, "Other, ours: c")
		})
	}
}

// about returns the entry of a run about a group itself.
func (w *world) about(run engine.Run, group string) engine.Entry {
	w.Helper()
	for _, entry := range w.entries(run) {
		if entry.SourceID == group && entry.Object == plan.Group {
			return entry
		}
	}
	w.Fatalf("the run has no entry about the group %s", group)
	return engine.Entry{}
}

func TestMembersWhoChangedSinceAreLeftAlone(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcde")
	sales := w.group("Sales")
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours")
	w.join(sales, p...)
	run := w.kept("all joined", names, "Sales, ours: a b c d e")
	w.leave(sales, p[0], p[1])
	w.kept("two left", names, "Sales, ours: c d e")
	for _, dryRun := range []bool{true, false} {
		undo := w.undoAs(engine.UndoRequest{Run: run.ID, DryRun: dryRun, Reason: "wrong"})
		if entry := w.only(undo); entry.Action != plan.Leave || len(entry.Members) != 3 || !strings.Contains(entry.Reason.Text, "2 of 5 members changed since") {
			t.Errorf("dry run %v: %s of %d: %s", dryRun, entry.Action, len(entry.Members), entry.Reason.Text)
		}
	}
	w.hold("three are taken out", names, "Sales, ours")
	if entry := w.only(w.undo(run)); entry.State != engine.EntrySkipped || entry.Reason.Code != plan.ChangedSince {
		t.Errorf("a second time: %s, %+v", entry.State, entry.Reason)
	}
	w.keeps(func(rules *scope.Rules) { rules.GroupObjects = false }, of(sales))
	w.kept("let go", names, "Sales, nobody's")
	if entry := w.only(w.undo(run)); entry.Reason.Code != plan.NotManaged {
		t.Errorf("of a group that is nobody's: %+v", entry.Reason)
	}
	if err := w.dir.DeleteGroup(t.Context(), w.org, w.groupNamed("Sales").ID); err != nil {
		t.Fatal(err)
	}
	if entry := w.only(w.undo(run)); entry.Reason.Code != plan.ObjectGone {
		t.Errorf("of a group that is gone: %+v", entry.Reason)
	}
}

func TestOneGroupOfARunIsTakenBackAlone(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	one, two := w.group("One"), w.group("Two")
	w.keeps(nil, of(one), of(two))
	w.kept("at first", names, "One, ours", "Two, ours")
	w.join(one, p...)
	w.join(two, p...)
	w.patch(p[0], map[string]any{"jobTitle": "New"})
	run := w.kept("joined", names, "One, ours: a b", "Two, ours: a b")
	undo := w.undo(run, w.groupNamed("Two").ID)
	w.hold("one is taken back", names, "One, ours: a b", "Two, ours")
	if title := w.linked(p[0]).Attributes.Text("title"); title != "New" || len(w.entries(undo)) != 1 {
		t.Errorf("the title is %q, the undo has %d entries", title, len(w.entries(undo)))
	}
	w.undo(undo)
	w.hold("undone once more", names, "One, ours: a b", "Two, ours: a b")
}

func TestWhoComesBackIsInHisGroupsAgain(t *testing.T) {
	w := newWorld(t, 60)
	people, names := w.lettered("bcdefghijklmnopqrsta")
	p := []string{people[19], people[0], people[1]} // the first of these is nobody's manager
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b c")
	w.control(http.MethodDelete, "/sim/users/"+p[0], nil)
	w.kept("in the recycle bin", names, "Sales, ours: a b c")
	w.control(http.MethodPost, "/sim/users/"+p[0]+"/purge", nil)
	w.keeps(func(rules *scope.Rules) { rules.AllUsers, rules.Users = false, p[2:] }, of(sales))
	w.leave(sales, p[1])
	run := w.kept("one is purged, one out of scope", names, "Sales, ours: c")
	undo := w.undo(run)
	w.hold("taken back", names, "Sales, ours: a b c")
	w.undo(undo)
	w.hold("done again", names, "Sales, ours: c")
	if len(w.pins()) != 0 {
		t.Errorf("%v is pinned still", w.pinned())
	}
}

func TestPinnedMembersGoWithTheirGroup(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales, other := w.group("Sales", p[0]), w.group("Other")
	w.keeps(nil, of(sales), of(other))
	w.kept("at first", names, "Other, ours", "Sales, ours: a")
	w.join(sales, p[1])
	w.undo(w.kept("joined", names, "Other, ours", "Sales, ours: a b"))
	w.keeps(nil, of(other))
	w.kept("let go", names, "Other, ours", "Sales, nobody's: a")
	if len(w.pins()) != 0 {
		t.Errorf("%v is pinned still", w.pinned())
	}
	w.keeps(nil, of(sales), of(other))
	w.kept("selected again", names, "Other, ours", "Sales, ours: a b")
}

func TestWhoIsLetGoByAnUndoLeavesTheGroupsThatHeJoinedLater(t *testing.T) {
	w := newWorld(t, 60)
	people, names := w.lettered("ab")
	upn, _ := w.control(http.MethodGet, "/sim/users/"+people[0], nil)["userPrincipalName"].(string)
	mine, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{attr.UserName: upn}))
	if err != nil {
		t.Fatal(err)
	}
	sales := w.group("Sales", people[1])
	w.keeps(nil, of(sales))
	run := w.kept("one is taken over", names, "Sales, ours: b")
	w.join(sales, people[0])
	w.kept("and joins", names, "Sales, ours: a b")
	undo := w.undo(run, mine.ID)
	names[""] = "a" // nobody's any more
	w.hold("let go", names, "Sales, ours: b")
	w.undo(undo)
	w.hold("taken over again", names, "Sales, ours: a b")
}

func TestWhatARunDidLastToAGroupAndItsMembersIsTakenBack(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	group := w.group("Sales", p[0], p[1])
	w.keeps(nil, of(group))
	w.kept("the first run", names, "Sales, ours: a b")
	w.leave(group, p[0])
	w.join(group, p[2])
	w.kept("the second", names, "Sales, ours: b c")
	object := w.groupNamed("Sales").ID
	latest, err := w.engine.Latest(t.Context(), w.org, object)
	if err != nil || len(latest) != 2 || latest[0].Object != plan.Members || latest[0].MemberCount() != 1 {
		t.Fatalf("the latest are %+v (%v), want who joined and who left", latest, err)
	}
	if _, err := w.engine.UndoLatest(t.Context(), w.org, object, "a mistake", false); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if diff := cmp.Diff([]string{"Sales, ours: a b"}, w.groups(names)); diff != "" {
		t.Errorf("behind the undo (-want +got):\n%s", diff)
	}
	w.kept("the next run", names, "Sales, ours: a b")
}
