package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// keeps makes the instance keep the groups as objects, or all if it takes all users and none are given, and takes all users but those whom the change of the rules leaves out.
func (w *world) keeps(change func(*scope.Rules), groups ...scope.SelectedGroup) {
	w.Helper()
	settings := engine.DefaultSettings()
	settings.Scope = scope.Rules{AllUsers: true, GroupObjects: true, Groups: groups}
	settings.Thresholds.Count, settings.Thresholds.Absolute = 100_000, 100_000
	if change != nil {
		change(&settings.Scope)
	}
	settings.Scope.AllGroups = settings.Scope.AllUsers && len(settings.Scope.Groups) == 0
	if _, err := w.engine.ChangeInstance(w.Context(), w.instance.ID, engine.Change{Settings: &settings}); err != nil {
		w.Fatal(err)
	}
}

// groups tells the groups of the directory: name, whose they are, what is missing, and the members with their marks, by their names here.
func (w *world) groups(names map[string]string) []string {
	w.Helper()
	groups, err := w.dir.ListGroups(w.Context(), w.org, directory.GroupQuery{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	lines := []string{}
	for _, group := range groups {
		owner := "nobody's"
		if group.Owner == w.instance.ID {
			owner = "ours"
		} else if !group.Owner.IsZero() {
			owner = group.OwnerName
		}
		line := fmt.Sprintf("%s, %s", group.Name(), owner)
		if group.ToBeSynced {
			line += fmt.Sprintf(", awaits %d", group.Awaited)
		}
		lines = append(lines, strings.TrimSuffix(line+": "+strings.Join(w.members(group.ID, names), " "), ": "))
	}
	slices.Sort(lines)
	return lines
}

func (w *world) members(group ident.ID, names map[string]string) []string {
	w.Helper()
	members, err := w.dir.Members(w.Context(), w.org, group, directory.MemberQuery{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	lines := []string{}
	for _, member := range members {
		name := member.DisplayName
		if member.Type == directory.UserMember {
			user, err := w.dir.User(w.Context(), w.org, member.Member)
			if err != nil {
				w.Fatal(err)
			}
			name = names[user.SourceID]
		}
		lines = append(lines, name+map[directory.Marks]string{directory.Synced: "", directory.ByHand: "(hand)", directory.Synced | directory.ByHand: "(both)"}[member.Marks])
	}
	slices.Sort(lines)
	return lines
}

// kept runs the instance and expects the groups of the directory.
func (w *world) kept(what string, names map[string]string, want ...string) engine.Run {
	w.Helper()
	run := w.good(engine.Incremental)
	slices.Sort(want)
	if diff := cmp.Diff(want, w.groups(names), cmp.Transformer("none", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		w.Errorf("%s (-want +directory):\n%s\n%v", what, diff, run.Progress.Groups)
	}
	return run
}

// restorable makes a group of the kind that waits in the recycle bin when it is deleted.
func (w *world) restorable(name string) string {
	w.Helper()
	return id(w.control(http.MethodPost, "/sim/groups", map[string]any{"displayName": name, "kind": "microsoft365"}))
}

// lettered gives people of the tenant names for a test.
func (w *world) lettered(letters string) (people []string, names map[string]string) {
	w.Helper()
	people, names = w.someone(len(letters)), map[string]string{}
	for i, letter := range letters {
		names[people[i]] = string(letter)
	}
	return people, names
}

func (w *world) groupNamed(name string) directory.Group {
	w.Helper()
	groups, err := w.dir.FindGroups(w.Context(), w.org, attr.DisplayName, []string{name})
	if err != nil || len(groups) != 1 {
		w.Fatalf("%d groups are called %s (%v), want one", len(groups), name, err)
	}
	return groups[0]
}

func TestSelectedGroupsAreKeptWithTheirMembersInTheRunThatBringsThese(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcd")
	sales := w.restorable("Sales")
	w.join(sales, p[0], p[1])
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	w.join(sales, p[2])
	w.leave(sales, p[0])
	run := w.kept("joined and left", names, "Sales, ours: b c")
	if got := run.Progress.Groups; got["join"] != 1 || got["leave"] != 1 {
		t.Errorf("counts %v, want one join and one leave", got)
	}
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": "Sales EMEA"})
	w.kept("renamed", names, "Sales EMEA, ours: b c")
	w.control(http.MethodDelete, "/sim/groups/"+sales, nil)
	w.kept("deleted", names)
	w.control(http.MethodPost, "/sim/groups/"+sales+"/restore", nil)
	run = w.kept("restored", names, "Sales EMEA, ours: b c")
	if entry := w.entries(run)[0]; entry.Action != plan.Create || !strings.Contains(entry.Reason.Text, "created again without whom people had put in by hand") {
		t.Errorf("it is %s because it %s", entry.Action, entry.Reason.Text)
	}
	if run := w.good(engine.Full); len(w.entries(run)) != 0 {
		t.Errorf("planning all again after applying gives %v", w.entries(run))
	}
	w.kept("planned again", names, "Sales EMEA, ours: b c")
}

func TestAGroupThatIsNotSelectedAnyMoreStaysAndBelongsToNobody(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	group := w.groupNamed("Sales")
	if _, err := w.dir.ChangeGroup(t.Context(), w.org, group.ID, attr.From(map[string]any{attr.DisplayName: "Mine"}), 0); !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Denied) {
		t.Errorf("changing a synchronised group by hand: %v", err)
	}
	w.keeps(func(rules *scope.Rules) { rules.GroupObjects = false }, of(sales))
	w.kept("switched off", names, "Sales, nobody's: a b")
	if _, err := w.dir.ChangeGroup(t.Context(), w.org, group.ID, attr.From(map[string]any{attr.DisplayName: "Mine"}), 0); err != nil {
		t.Errorf("changing a group that nobody manages: %v", err)
	}
	w.keeps(nil, of(sales))
	w.kept("selected again", names, "Sales, ours: a b")
	other := w.group("Other", p[0])
	w.keeps(nil, of(other))
	w.kept("another one instead", names, "Other, ours: a", "Sales, nobody's: a b")
}

func TestWhoComesIntoScopeLaterIsPutIntoHisGroupsInThatRun(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales := w.group("Sales", p...)
	onlyTwo := func(rules *scope.Rules) { rules.AllUsers, rules.Users, rules.AllGroups = false, p[:2], false }
	withGroup := func(rules *scope.Rules) { rules.NeverTouch = []string{p[2]} }
	w.keeps(withGroup, of(sales))
	w.kept("one is never touched", names, "Sales, ours: a b")
	w.keeps(nil, of(sales))
	w.kept("everybody", names, "Sales, ours: a b c")
	w.keeps(onlyTwo)
	w.kept("two people and no group", names, "Sales, nobody's: a b c")
}

func TestWhoGoesOutOfScopeLeavesTheGroupAndWhoIsInTheRecycleBinStays(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	w.control(http.MethodPatch, "/sim/users/"+p[0], map[string]any{"department": "Out"})
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b c")
	w.keeps(func(rules *scope.Rules) {
		rules.Filters = []scope.Filter{{Name: "not out", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Value: "Out"}}}}
	}, of(sales))
	w.kept("a filter leaves one out", names, "Sales, ours: b c")
	w.control(http.MethodDelete, "/sim/users/"+p[1], nil)
	w.kept("one is deleted", names, "Sales, ours: b c")
	w.control(http.MethodPost, "/sim/users/"+p[1]+"/restore", nil)
	w.kept("and restored", names, "Sales, ours: b c")
}

func TestGroupsInsideGroupsAreMembersWhereTheyAreKept(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	low := w.group("Low", p[2])
	middle := w.group("Middle", p[1], low)
	top := w.group("Top", p[0], middle)
	w.keeps(nil, under(top))
	w.kept("all levels", names, "Top, ours: Middle a", "Middle, ours: Low b", "Low, ours: c")
	w.join(low, top)
	w.join(top, top)
	w.kept("a cycle, and a group in itself", names, "Top, ours: Middle a", "Middle, ours: Low b", "Low, ours: Top c")
	w.leave(middle, low)
	w.kept("not nested any more", names, "Top, ours: Middle a", "Middle, ours: b", "Low, nobody's: Top c")
	w.keeps(nil, of(top))
	w.kept("the selected group alone", names, "Top, ours: a", "Middle, nobody's: b", "Low, nobody's: Top c")
}

func TestWhomPeoplePutInStays(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abcd")
	sales := w.group("Sales", p[0], p[1])
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	group := w.groupNamed("Sales")
	for _, person := range []string{p[1], p[2]} {
		if _, err := w.dir.AddMembers(t.Context(), w.org, group.ID, []directory.MemberRef{{ID: w.linked(person).ID}}); err != nil {
			t.Fatal(err)
		}
	}
	w.join(sales, p[3])
	w.leave(sales, p[0], p[1])
	w.kept("two left, one of them was put in by hand as well", names, "Sales, ours: b(hand) c(hand) d")
	w.good(engine.Full)
	w.kept("planned again", names, "Sales, ours: b(hand) c(hand) d")
}

func TestAGroupAwaitsMembersWhoFailed(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	person := w.control(http.MethodGet, "/sim/users/"+p[1], nil)
	upn, _ := person["userPrincipalName"].(string)
	if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{attr.UserName: upn, attr.ExternalID: "somebody-else"})); err != nil {
		t.Fatal(err)
	}
	other, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{attr.UserName: "x" + upn, attr.ExternalID: p[1]}))
	if err != nil {
		t.Fatal(err)
	}
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("one cannot be made", names, "Sales, ours, awaits 1: a")
	if err := w.dir.DeleteUser(t.Context(), w.org, other.ID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(7 * time.Hour)
	w.kept("the other one is gone, and it was tried again", names, "Sales, ours: a b")
}

func TestNamesOfGroupsRepeat(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	one, two := w.group("Sales", p[0]), w.group("SALES", p[1])
	if _, err := w.dir.CreateGroup(t.Context(), w.org, attr.From(map[string]any{attr.DisplayName: "Sales"})); err != nil {
		t.Fatal(err)
	}
	w.keeps(nil, of(one), of(two))
	w.kept("two of one name, and one by hand", names, "SALES, ours: b", "Sales, nobody's", "Sales, ours: a")
}

func TestAGroupOfThatNameIsTakenOverIfItIsTheOnlyOne(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	group, err := w.dir.CreateGroup(t.Context(), w.org, attr.From(map[string]any{attr.DisplayName: "sales"}))
	if err != nil {
		t.Fatal(err)
	}
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("taken over", names, "Sales, ours: a b")
	if got := w.groupNamed("Sales"); got.ID != group.ID || got.SourceID != sales {
		t.Errorf("the group is %v of %s, want the one that was there", got.ID, got.SourceID)
	}
}

func TestWhoHasNoNameFailsAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales, nameless := w.group("Sales", p[0]), w.group("Nameless", p[1])
	w.control(http.MethodPatch, "/sim/groups/"+nameless, map[string]any{"displayName": " "})
	w.keeps(nil, of(sales), of(nameless))
	run := w.kept("one has no name", names, "Sales, ours: a")
	if run.Progress.Groups["failed"] != 1 {
		t.Errorf("counts %v, want one failed", run.Progress.Groups)
	}
	w.control(http.MethodPatch, "/sim/groups/"+nameless, map[string]any{"displayName": "Named"})
	w.kept("it has one now", names, "Named, ours: b", "Sales, ours: a")
}

func TestTooManyDeletedGroupsAreHeldUntilApproved(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("a")
	var all []scope.SelectedGroup
	var want []string
	for i := range 8 {
		group := w.restorable(fmt.Sprint("Group ", i))
		w.join(group, p...)
		all = append(all, of(group))
		want = append(want, fmt.Sprintf("Group %d, ours: a", i))
	}
	w.keeps(nil, all...)
	w.kept("at first", names, want...)
	for _, group := range all[:5] {
		w.control(http.MethodDelete, "/sim/groups/"+group.ID, nil)
	}
	run := w.kept("five of eight are deleted", names, want...)
	if run.Progress.Groups["held"] != 5 || run.Progress.Held == "" || len(w.held()) != 5 {
		t.Fatalf("counts %v, %d held, %q", run.Progress.Groups, len(w.held()), run.Progress.Held)
	}
	w.control(http.MethodPost, "/sim/groups/"+all[0].ID+"/restore", nil)
	w.decide(true, w.held()[all[1].ID])
	w.decide(false, w.held()[all[2].ID])
	w.work(w.engine)
	w.kept("one came back, one is approved, one rejected", names, slices.Delete(slices.Clone(want), 1, 2)...)
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.kept("the rest is approved", names, want[0], want[2], want[5], want[6], want[7])
}

func TestTooManyWhoLeaveOneGroupAreHeldAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big, small := w.group("Big", people...), w.group("Small", people[:20]...)
	w.keeps(nil, of(big), of(small))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.leave(small, people[:5]...)
	w.join(small, people[30])
	run := w.good(engine.Incremental)
	if got := run.Progress.Groups; got["held-members"] != 60 || got["leave"] != 5 || got["join"] != 1 {
		t.Fatalf("counts %v, want 60 held, 5 left, 1 joined", got)
	}
	count := func(name string) int64 { w.Helper(); return w.groupNamed(name).Members }
	if count("Big") != 120 || count("Small") != 16 {
		t.Fatalf("%d and %d members, want 120 and 16", count("Big"), count("Small"))
	}
	// Ten come back by themselves; whoever else is held stays held, and a new one who leaves is added to them.
	w.join(big, people[:10]...)
	w.leave(big, people[70])
	w.good(engine.Incremental)
	if w.heldMembers() != 50 || count("Big") != 119 {
		t.Errorf("%d are held, want those 50 who are still away; %d members, want all but the one who left alone", w.heldMembers(), count("Big"))
	}
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.good(engine.Incremental)
	if count("Big") != 69 || w.heldMembers() != 0 {
		t.Errorf("%d members, %d held; want 69 and none", count("Big"), w.heldMembers())
	}
}

// heldMembers counts who is held to leave.
func (w *world) heldMembers() int {
	w.Helper()
	of := plan.Members
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{
		Org: w.org, Instance: w.instance.ID, Open: true, States: []engine.EntryState{engine.Held}, Object: &of, Limit: 1000,
	})
	if err != nil {
		w.Fatal(err)
	}
	count := 0
	for _, entry := range entries {
		count += len(entry.Members)
	}
	return count
}

func TestADryRunForeseesGroupsAndTheirMembers(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	low := w.group("Low", p[2])
	top := w.group("Top", p[0], p[1], low)
	w.keeps(nil, under(top))
	dry := w.good(engine.DryRun)
	want := map[string]int{"create": 2, "join": 4}
	if diff := cmp.Diff(want, dry.Progress.Groups); diff != "" {
		t.Errorf("the dry run (-want +got):\n%s", diff)
	}
	if got := w.groups(names); len(got) != 0 {
		t.Errorf("a dry run wrote %v", got)
	}
	run := w.kept("the run", names, "Low, ours: c", "Top, ours: Low a b")
	if diff := cmp.Diff(want, run.Progress.Groups); diff != "" {
		t.Errorf("the run (-want +got):\n%s", diff)
	}
	w.leave(top, p[0])
	dry = w.good(engine.DryRun)
	if diff := cmp.Diff(map[string]int{"match": 2, "leave": 1}, dry.Progress.Groups); diff != "" {
		t.Errorf("the second dry run (-want +got):\n%s", diff)
	}
}

func TestWhatIsHeldAboutTheMembersOfAGroupEndsWithTheGroup(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big, other := w.group("Big", people...), w.group("Other", people[0])
	w.keeps(nil, of(big), of(other))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	if w.heldMembers() != 60 {
		t.Fatalf("%d are held, want 60", w.heldMembers())
	}
	w.keeps(nil, of(other))
	w.good(engine.Incremental)
	if w.heldMembers() != 0 {
		t.Errorf("%d are held to leave a group that nobody keeps", w.heldMembers())
	}
}
