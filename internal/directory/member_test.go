package directory_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// join puts members into a group by hand, all of whom must come in.
func (w *world) join(group ident.ID, members ...ident.ID) []directory.MemberResult {
	w.Helper()
	refs := make([]directory.MemberRef, len(members))
	for i, id := range members {
		refs[i].ID = id
	}
	results, err := w.AddMembers(w.Context(), w.org, group, refs)
	w.through(results, err)
	return results
}

// part takes members out of a group by hand.
func (w *world) part(group ident.ID, members ...ident.ID) []directory.MemberResult {
	w.Helper()
	results, err := w.RemoveMembers(w.Context(), w.org, group, members)
	w.through(results, err)
	return results
}

// sync applies changes of members by the instance, all of which must come through.
func (w *world) sync(changes ...directory.MemberChange) []directory.MemberResult {
	w.Helper()
	results, err := w.ApplyMembers(w.Context(), w.org, w.instance, changes)
	w.through(results, err)
	return results
}

func (w *world) through(results []directory.MemberResult, err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
	for i, result := range results {
		if result.Failure != nil || result.Superseded {
			w.Fatalf("change %d was not made: %+v", i, result)
		}
	}
}

// membersOf returns the marks of a group's members by user name, or by name of the group, read page by page; the numbers must agree.
func (w *world) membersOf(group ident.ID) map[string]directory.Marks {
	w.Helper()
	marks := map[string]directory.Marks{}
	synced := int64(0)
	query := directory.MemberQuery{Limit: 3}
	for {
		page, err := w.Members(w.Context(), w.org, group, query)
		if err != nil {
			w.Fatal(err)
		}
		for _, member := range page {
			name := member.UserName
			if member.Type == directory.GroupMember {
				name = member.DisplayName
			}
			marks[name] = member.Marks
			query.After = member.Member
			synced += int64(member.Marks & directory.Synced)
		}
		if len(page) < query.Limit {
			break
		}
	}
	if now := w.groupNow(group); now.Members != int64(len(marks)) || now.SyncedMembers != synced {
		w.Errorf("%s counts %d members and %d synced ones, and has %d and %d", now.Name(), now.Members, now.SyncedMembers, len(marks), synced)
	}
	return marks
}

func TestWhoIsAddedTwiceIsOneMemberAndOneEvent(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com", attr.DisplayName, "Ada")
	group := w.group("Sales")
	label := "Ada <ada@example.com> (" + ada.ID.String() + ")"
	added := w.sole(func() {
		same(t, "results", []directory.MemberResult{{Changed: true}, {}}, w.join(group.ID, ada.ID, ada.ID))
	})
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "member.add", ObjectID: group.ID.String(), ObjectName: "Sales",
		After: record("members", []string{label}),
	}, added)
	w.silent(func() { same(t, "results", []directory.MemberResult{{}}, w.join(group.ID, ada.ID)) })
	if now := w.groupNow(group.ID); now.Revision != 2 || now.Version != 1 || now.Members != 1 {
		t.Errorf("the group is %+v", now)
	}
	removed := w.sole(func() { w.part(group.ID, ada.ID, ada.ID) })
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "member.remove", ObjectID: group.ID.String(), ObjectName: "Sales",
		Before: record("members", []string{label}),
	}, removed)
	w.silent(func() { w.part(group.ID, ada.ID, ident.New(w.now)) })
}

func TestWhoCannotBeAMemberFailsAndTheOthersComeIn(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	sales, berlin := w.group("Sales"), w.group("Berlin")
	results, err := w.AddMembers(t.Context(), w.org, sales.ID, []directory.MemberRef{
		{ID: ident.New(w.now)},
		{ID: sales.ID},
		{ID: ada.ID, Type: directory.GroupMember},
		{ID: berlin.ID, Type: directory.UserMember},
		{ID: ada.ID, Type: directory.UserMember},
		{ID: berlin.ID, Type: directory.GroupMember},
	})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, result := range results {
		code := "in"
		if result.Failure != nil {
			code = result.Failure.Code
		}
		codes = append(codes, code)
	}
	same(t, "results", []string{"UnknownMember", "OwnMember", "WrongType", "WrongType", "in", "in"}, codes)
	same(t, "members", map[string]directory.Marks{"ada@example.com": directory.ByHand, "Berlin": directory.ByHand}, w.membersOf(sales.ID))
	_, err = w.AddMembers(t.Context(), w.org, ident.New(w.now), []directory.MemberRef{{ID: ada.ID}})
	refused(t, err, fault.NotFound, "UnknownGroup")
	_, err = w.Members(t.Context(), w.org, ident.New(w.now), directory.MemberQuery{Limit: 1})
	refused(t, err, fault.NotFound, "UnknownGroup")
}

func TestNobodyOfAnotherOrganizationBecomesAMember(t *testing.T) {
	w := newWorld(t)
	group := w.group("Sales")
	other := w.organization("Other")
	stranger, err := w.CreateUser(t.Context(), other, record(attr.UserName, "eve@other.example"))
	if err != nil {
		t.Fatal(err)
	}
	results, err := w.AddMembers(t.Context(), w.org, group.ID, []directory.MemberRef{{ID: stranger.ID}})
	if err != nil || results[0].Failure == nil {
		t.Errorf("the stranger gives %+v, %v", results, err)
	}
	_, err = w.AddMembers(t.Context(), other, group.ID, []directory.MemberRef{{ID: stranger.ID}})
	refused(t, err, fault.NotFound, "UnknownGroup")
}

func TestMembersPutInByHandStayWhateverTheSyncDoes(t *testing.T) {
	w := newWorld(t)
	ada, grace := w.user("ada@example.com"), w.user("grace@example.com")
	group := w.group("Sales", ada.ID)
	take := groupChange(group, plan.Update, record(attr.ExternalID, "0a-1b"))
	take.SourceID = "0a-1b"
	w.applyGroups(take)
	pair := func(member ident.ID, add bool) directory.MemberChange {
		return directory.MemberChange{Pair: directory.Pair{Group: group.ID, Member: member}, Add: add}
	}
	before := w.groupNow(group.ID)
	w.silent(func() {
		same(t, "both marks", []directory.MemberResult{{Changed: true}, {}}, w.sync(pair(ada.ID, true), pair(ada.ID, true)))
	})
	same(t, "members", map[string]directory.Marks{"ada@example.com": directory.Synced | directory.ByHand}, w.membersOf(group.ID))
	w.sync(pair(ada.ID, false), pair(grace.ID, false))
	same(t, "members", map[string]directory.Marks{"ada@example.com": directory.ByHand}, w.membersOf(group.ID))
	after := w.groupNow(group.ID)
	if after.Revision != before.Revision {
		t.Errorf("marks alone moved the revision from %d to %d", before.Revision, after.Revision)
	}
	same(t, "out and in", []directory.MemberResult{{Changed: true}, {Changed: true}, {Changed: true}},
		w.sync(pair(grace.ID, true), pair(grace.ID, false), pair(grace.ID, true)))
	same(t, "members", map[string]directory.Marks{"ada@example.com": directory.ByHand, "grace@example.com": directory.Synced}, w.membersOf(group.ID))
}

func TestAnInstanceChangesOnlyMembersOfItsOwnGroups(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	manual, owned := w.group("Manual"), w.managedGroup("Owned", "0a-1b")
	changes := []directory.MemberChange{
		{Pair: directory.Pair{Group: manual.ID, Member: ada.ID}, Add: true},
		{Pair: directory.Pair{Group: owned.ID, Member: ada.ID}, Add: true},
		{Pair: directory.Pair{Group: ident.New(w.now), Member: ada.ID}, Add: true},
	}
	results, err := w.ApplyMembers(t.Context(), w.org, w.instance, changes)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "results", []directory.MemberResult{{Superseded: true}, {Changed: true}, {Superseded: true}}, results)
	results, err = w.ApplyMembers(t.Context(), w.org, ident.New(w.now), changes[1:2])
	if err != nil {
		t.Fatal(err)
	}
	same(t, "results of another", []directory.MemberResult{{Superseded: true}}, results)
	same(t, "members", map[string]directory.Marks{}, w.membersOf(manual.ID))
}

func TestGroupsMayBeMembersOfEachOtherInACircle(t *testing.T) {
	w := newWorld(t)
	a, b := w.group("A"), w.group("B")
	w.join(a.ID, b.ID)
	w.join(b.ID, a.ID)
	same(t, "members of A", map[string]directory.Marks{"B": directory.ByHand}, w.membersOf(a.ID))
	if err := w.DeleteGroup(t.Context(), w.org, a.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "members of B afterwards", map[string]directory.Marks{}, w.membersOf(b.ID))
}

func TestAUserInTheRecycleBinStaysAMemberAndAPurgedOneLeaves(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", objectID)
	sales, berlin := w.managedGroup("Sales", "0a-1b", ada.ID), w.group("Berlin", ada.ID, w.user("grace@example.com").ID)
	w.apply(change(ada, plan.Deactivate, record(attr.Active, false, attr.UserName, inTheBin+"ada@example.com", attr.DeletedAt, "2026-11-20T08:00:00Z")))
	page, err := w.Members(t.Context(), w.org, sales.ID, directory.MemberQuery{Limit: 10})
	if err != nil || len(page) != 1 || page[0].Active || !page[0].Deleted || page[0].Type != directory.UserMember {
		t.Errorf("in the bin he is shown as %+v (%v)", page, err)
	}
	w.apply(change(w.get(ada.ID), plan.Delete, nil))
	same(t, "members of Sales", map[string]directory.Marks{}, w.membersOf(sales.ID))
	same(t, "members of Berlin", map[string]directory.Marks{"grace@example.com": directory.ByHand}, w.membersOf(berlin.ID))
	if now := w.groupNow(berlin.ID); now.Revision != berlin.Revision+1 {
		t.Errorf("the revision of Berlin went from %d to %d", berlin.Revision, now.Revision)
	}
}

func TestARestoredUserIsAMemberAgainOfTheGroupsThatExist(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", objectID)
	sales, berlin, gone := w.managedGroup("Sales", "0a-1b", ada.ID), w.group("Berlin", ada.ID), w.group("Gone", ada.ID)
	w.apply(change(ada, plan.Delete, nil))
	if err := w.DeleteGroup(t.Context(), w.org, gone.ID); err != nil {
		t.Fatal(err)
	}
	w.apply(restored(ada))
	same(t, "members of Sales", map[string]directory.Marks{"ada@example.com": directory.Synced}, w.membersOf(sales.ID))
	same(t, "members of Berlin", map[string]directory.Marks{"ada@example.com": directory.ByHand}, w.membersOf(berlin.ID))
	of, err := w.MemberOf(t.Context(), w.org, ada.ID, ident.ID{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, membership := range of {
		names[membership.Of.Name()] = true
	}
	same(t, "his groups", []string{"Berlin", "Sales"}, slices.Sorted(maps.Keys(names)))
}

// crowd lets the instance create users, and returns their ids.
func (w *world) crowd(n int) []ident.ID {
	w.Helper()
	ids := make([]ident.ID, n)
	changes := make([]plan.Change, 0, 1000)
	for i := range ids {
		ids[i] = ident.New(w.now)
		name := fmt.Sprintf("u%06d@example.com", i)
		changes = append(changes, plan.Change{
			Action: plan.Create, SourceID: name, ObjectID: ids[i], TakesName: name, After: record(attr.Active, true, attr.UserName, name),
		})
		if len(changes) == cap(changes) || i == n-1 {
			w.apply(changes...)
			changes = changes[:0]
		}
	}
	return ids
}
