package directory_test

import (
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// group creates a group by hand.
func (w *world) group(name string, members ...ident.ID) directory.Group {
	w.Helper()
	group, err := w.CreateGroup(w.Context(), w.org, record(attr.DisplayName, name))
	if err != nil {
		w.Fatal(err)
	}
	if len(members) > 0 {
		w.join(group.ID, members...)
	}
	return w.groupNow(group.ID)
}

func (w *world) groupNow(id ident.ID) directory.Group {
	w.Helper()
	group, err := w.Group(w.Context(), w.org, id)
	if err != nil {
		w.Fatal(err)
	}
	return group
}

// managedGroup lets the instance create a group, whose object id in the tenant is sourceID.
func (w *world) managedGroup(name, sourceID string, members ...ident.ID) directory.Group {
	w.Helper()
	id := ident.New(w.now)
	w.applyGroups(plan.Change{
		Action: plan.Create, SourceID: sourceID, ObjectID: id, After: record(attr.DisplayName, name, attr.ExternalID, sourceID),
	})
	for _, member := range members {
		w.sync(directory.MemberChange{Pair: directory.Pair{Group: id, Member: member}, Add: true})
	}
	return w.groupNow(id)
}

// groupChange is a change of a group as it is now.
func groupChange(group directory.Group, action plan.Action, after attr.Record) plan.Change {
	return plan.Change{Action: action, SourceID: group.SourceID, ObjectID: group.ID, BaseVersion: group.Version, After: after}
}

// applyGroups applies changes of groups, all of which must come through.
func (w *world) applyGroups(changes ...plan.Change) {
	w.Helper()
	results, err := w.ApplyGroupChanges(w.Context(), w.org, w.instance, changes)
	if err != nil {
		w.Fatal(err)
	}
	for i, result := range results {
		if !result.Applied {
			w.Fatalf("change %d was not applied: %+v", i, result)
		}
	}
}

// groupNames lists the groups of a query.
func (w *world) groupNames(query directory.GroupQuery) []string {
	w.Helper()
	query.Limit = 1000
	groups, err := w.ListGroups(w.Context(), w.org, query)
	if err != nil {
		w.Fatal(err)
	}
	names := make([]string, len(groups))
	for i, group := range groups {
		names[i] = group.Name()
	}
	return names
}

func TestAGroupIsMadeChangedAndDeletedByHandWithAnEventForEach(t *testing.T) {
	w := newWorld(t)
	var group directory.Group
	made := w.sole(func() { group = w.group("Sales") })
	same(t, "creation", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "group.create", ObjectID: group.ID.String(), ObjectName: "Sales",
		After: record(attr.DisplayName, "Sales"),
	}, made)
	same(t, "group", directory.Group{
		OrgID: w.org, ID: group.ID, Attributes: record(attr.DisplayName, "Sales"), Origin: "Manual", Version: 1, Revision: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}, group)

	w.now = w.now.Add(time.Hour)
	changed := w.sole(func() {
		answered, err := w.ChangeGroup(t.Context(), w.org, group.ID, record("DisplayName", "Sales Europe", "DESCRIPTION", "All of them"), 1)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "answer", w.groupNow(group.ID), answered)
	})
	same(t, "change", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "group.change", ObjectID: group.ID.String(), ObjectName: "Sales",
		Before: record(attr.DisplayName, "Sales", directory.Description, nil),
		After:  record(attr.DisplayName, "Sales Europe", directory.Description, "All of them"),
	}, changed)
	if now := w.groupNow(group.ID); now.Version != 2 || now.Revision != 2 || !now.UpdatedAt.Equal(w.now) {
		t.Errorf("the changed group is %+v", now)
	}
	w.silent(func() {
		if _, err := w.ChangeGroup(t.Context(), w.org, group.ID, record(directory.Description, "All of them"), 0); err != nil {
			t.Fatal(err)
		}
	})

	gone := w.sole(func() {
		if err := w.DeleteGroup(t.Context(), w.org, group.ID); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "deletion", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "group.delete", ObjectID: group.ID.String(), ObjectName: "Sales Europe",
		Before: record(attr.DisplayName, "Sales Europe", directory.Description, "All of them"),
	}, gone)
	_, err := w.Group(t.Context(), w.org, group.ID)
	refused(t, err, fault.NotFound, "UnknownGroup")
}

func TestWhatAGroupCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	group := w.group("Sales")
	for name, c := range map[string]struct {
		attributes attr.Record
		code       string
	}{
		"no name":            {record(directory.Description, "x"), "MissingDisplayName"},
		"an empty name":      {record(attr.DisplayName, " \t"), "MissingDisplayName"},
		"a number as a name": {record(attr.DisplayName, 7.0), "BadValue"},
		"a name of two lines": {
			record(attr.DisplayName, "a\nb"), "BadValue",
		},
		"a long name":      {record(attr.DisplayName, string(make([]rune, 513))), "ValueTooLong"},
		"an id":            {record(attr.DisplayName, "x", "ID", "7"), "ReadOnly"},
		"members":          {record(attr.DisplayName, "x", "Members", []string{"7"}), "ReadOnly"},
		"something else":   {record(attr.DisplayName, "x", "a b", "7"), "BadPath"},
		"a name taken out": {record(attr.DisplayName, nil), "MissingDisplayName"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.CreateGroup(t.Context(), w.org, c.attributes)
			refused(t, err, fault.Invalid, c.code)
			if c.attributes.Has(attr.DisplayName) {
				_, err = w.ChangeGroup(t.Context(), w.org, group.ID, c.attributes, 0)
				refused(t, err, fault.Invalid, c.code)
			}
		})
	}
	same(t, "group", group, w.groupNow(group.ID))
}

func TestTwoGroupsMayHaveOneName(t *testing.T) {
	w := newWorld(t)
	w.group("Sales")
	w.group("SALES")
	w.managedGroup("Sales", "0a-1b")
	same(t, "groups", []string{"Sales", "SALES", "Sales"}, w.groupNames(directory.GroupQuery{Search: "sale"}))
	found, err := w.FindGroups(t.Context(), w.org, attr.DisplayName, []string{"sales"})
	if err != nil || len(found) != 3 {
		t.Errorf("found %d groups (%v), want 3", len(found), err)
	}
}

func TestAGroupThatWasReadBeforeSomebodyJoinedIsNotOverwritten(t *testing.T) {
	w := newWorld(t)
	group := w.group("Sales")
	w.join(group.ID, w.user("ada@example.com").ID)
	_, err := w.ChangeGroup(t.Context(), w.org, group.ID, record(attr.DisplayName, "x"), group.Revision)
	refused(t, err, fault.Stale, "VersionMismatch", "Sales")
	if _, err := w.ChangeGroup(t.Context(), w.org, group.ID, record(attr.DisplayName, "x"), w.groupNow(group.ID).Revision); err != nil {
		t.Error(err)
	}
}

func TestASynchronisedGroupIsReadOnlyForPeopleUntilItIsReleased(t *testing.T) {
	w := newWorld(t)
	ada, grace := w.user("ada@example.com"), w.user("grace@example.com")
	group := w.managedGroup("Sales", "0a-1b", ada.ID)
	_, changeErr := w.ChangeGroup(t.Context(), w.org, group.ID, record(directory.Description, "x"), 0)
	for _, err := range []error{changeErr, w.DeleteGroup(t.Context(), w.org, group.ID)} {
		refused(t, err, fault.Conflict, "Managed", "Sales")
	}
	same(t, "group", group, w.groupNow(group.ID))

	w.applyGroups(groupChange(group, plan.Release, nil))
	if now := w.groupNow(group.ID); !now.Owner.IsZero() || now.SourceID != "" || now.ToBeSynced || now.Version != 2 {
		t.Errorf("the released group is %+v", now)
	}
	same(t, "members stay", map[string]directory.Marks{"ada@example.com": directory.Synced}, w.membersOf(group.ID))
	w.join(group.ID, grace.ID)
	w.part(group.ID, ada.ID)
	same(t, "members afterwards", map[string]directory.Marks{"grace@example.com": directory.ByHand}, w.membersOf(group.ID))
	if err := w.DeleteGroup(t.Context(), w.org, group.ID); err != nil {
		t.Error(err)
	}
}

func TestPeoplePutMembersIntoASynchronisedGroupAndTakeOnlyThoseOutAgain(t *testing.T) {
	w := newWorld(t)
	synced, both, hand := w.user("synced@example.com"), w.user("both@example.com"), w.user("hand@example.com")
	group := w.managedGroup("Sales", "0a-1b", synced.ID, both.ID)
	w.join(group.ID, hand.ID, both.ID)
	same(t, "members", map[string]directory.Marks{
		"synced@example.com": directory.Synced, "both@example.com": directory.Synced | directory.ByHand, "hand@example.com": directory.ByHand,
	}, w.membersOf(group.ID))

	var results []directory.MemberResult
	left := w.sole(func() {
		var err error
		if results, err = w.RemoveMembers(t.Context(), w.org, group.ID, []ident.ID{synced.ID, both.ID, hand.ID}); err != nil {
			t.Fatal(err)
		}
	})
	names := []string{"both@example.com (" + both.ID.String() + ")", "hand@example.com (" + hand.ID.String() + ")"}
	same(t, "whom the event names", record("members", names), left.Before)
	for i, want := range []struct{ changed, fails bool }{{false, true}, {true, true}, {true, false}} {
		got := results[i]
		if got.Changed != want.changed || (got.Failure != nil) != want.fails || want.fails && got.Failure.Code != "Managed" {
			t.Errorf("%d: the result is %+v", i, got)
		}
	}
	same(t, "members afterwards", map[string]directory.Marks{
		"synced@example.com": directory.Synced, "both@example.com": directory.Synced,
	}, w.membersOf(group.ID))
	_, err := w.AddMembers(t.Context(), w.org, ident.New(w.now), nil)
	refused(t, err, fault.NotFound, "UnknownGroup")
}

func TestARunMakesRenamesTakesOverAndDeletesGroups(t *testing.T) {
	w := newWorld(t)
	w.silent(func() {
		group := w.managedGroup("Sales", "0a-1b")
		if group.Origin != "Entra" || group.Owner != w.instance || !group.ToBeSynced || group.Version != 1 || group.Revision != 1 {
			t.Errorf("created as %+v", group)
		}
		w.now = w.now.Add(time.Hour)
		w.applyGroups(groupChange(group, plan.Update, record(attr.DisplayName, "Sales Europe")))
		now := w.groupNow(group.ID)
		if now.Name() != "Sales Europe" || now.Version != 2 || now.Revision != 2 || !now.UpdatedAt.Equal(w.now) || !now.ToBeSynced {
			t.Errorf("renamed as %+v", now)
		}
		w.applyGroups(groupChange(now, plan.Delete, nil))
		_, err := w.Group(t.Context(), w.org, group.ID)
		refused(t, err, fault.NotFound, "UnknownGroup")
	})
	manual := w.group("Berlin")
	match := groupChange(manual, plan.Update, record(attr.ExternalID, "2c-3d"))
	match.SourceID, match.Link = "2c-3d", true
	w.applyGroups(match)
	if got := w.groupNow(manual.ID); got.Origin != "Manual" || got.Owner != w.instance || got.SourceID != "2c-3d" || !got.ToBeSynced {
		t.Errorf("taken over as %+v", got)
	}
}

func TestChangesOfOneGroupFollowEachOtherInABatch(t *testing.T) {
	w := newWorld(t)
	id := ident.New(w.now)
	created := directory.Group{ID: id, SourceID: "0a-1b", Version: 1}
	create := plan.Change{Action: plan.Create, SourceID: "0a-1b", ObjectID: id, After: record(attr.DisplayName, "Sales")}
	w.applyGroups(create, groupChange(created, plan.Update, record(directory.Description, "x")))
	if got := w.groupNow(id); got.Version != 2 || got.Attributes.Text(directory.Description) != "x" {
		t.Errorf("the group is %+v", got)
	}
	create.ObjectID = ident.New(w.now)
	created.ID = create.ObjectID
	w.applyGroups(create, groupChange(created, plan.Delete, nil))
	same(t, "groups", []string{"Sales"}, w.groupNames(directory.GroupQuery{}))
}

func TestAChangeOfAGroupThatMovedOnIsSuperseded(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b")
	w.applyGroups(groupChange(group, plan.Update, record(directory.Description, "x")))
	stolen := w.managedGroup("Berlin", "2c-3d")
	rival := ident.New(w.now)
	again := plan.Change{Action: plan.Create, SourceID: "0a-1b", ObjectID: group.ID, After: record(attr.DisplayName, "Sales")}
	gone := groupChange(directory.Group{ID: ident.New(w.now), Version: 1}, plan.Delete, nil)
	results, err := w.ApplyGroupChanges(t.Context(), w.org, w.instance, []plan.Change{groupChange(group, plan.Delete, nil), again, gone})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "results", []directory.Result{{Superseded: true}, {Superseded: true}, {Superseded: true}}, results)
	results, err = w.ApplyGroupChanges(t.Context(), w.org, rival, []plan.Change{groupChange(stolen, plan.Release, nil)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "results of the rival", []directory.Result{{Superseded: true}}, results)
	same(t, "groups", []string{"Berlin", "Sales"}, w.groupNames(directory.GroupQuery{Owner: w.instance}))
}

func TestMembersWhoComeAndGoDoNotSupersedeTheRenamingOfTheirGroup(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b")
	w.now = w.now.Add(time.Hour)
	w.sync(directory.MemberChange{Pair: directory.Pair{Group: group.ID, Member: w.user("ada@example.com").ID}, Add: true})
	now := w.groupNow(group.ID)
	if now.Version != group.Version || now.Revision != group.Revision+1 || !now.UpdatedAt.Equal(w.now) {
		t.Errorf("after somebody joined it is %+v", now)
	}
	w.applyGroups(groupChange(group, plan.Update, record(attr.DisplayName, "Sales Europe")))
}

func TestAGroupWithoutANameFailsAndTheOthersGoOn(t *testing.T) {
	w := newWorld(t)
	named := w.managedGroup("Sales", "0a-1b")
	results, err := w.ApplyGroupChanges(t.Context(), w.org, w.instance, []plan.Change{
		{Action: plan.Create, SourceID: "2c-3d", ObjectID: ident.New(w.now), After: record(attr.ExternalID, "2c-3d")},
		groupChange(named, plan.Update, record(attr.DisplayName, nil)),
		{Action: plan.Create, SourceID: "4e-5f", ObjectID: ident.New(w.now), After: record(attr.DisplayName, "Berlin")},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, result := range results[:2] {
		if result.Failure == nil || result.Failure.Code != "MissingDisplayName" {
			t.Errorf("change %d gives %+v", i, result)
		}
	}
	same(t, "groups", []string{"Berlin", "Sales"}, w.groupNames(directory.GroupQuery{}))
}

func TestAGroupKnowsNoOtherChanges(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b")
	for _, action := range []plan.Action{plan.Match, plan.Skip, plan.Fail, plan.Deactivate, plan.Reactivate} {
		_, err := w.ApplyGroupChanges(t.Context(), w.org, w.instance, []plan.Change{groupChange(group, action, record(directory.Description, "x"))})
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s gives %v, want an internal failure", action, err)
		}
	}
	same(t, "the group", group, w.groupNow(group.ID))
}

func TestProgressIsShownAndIsNoChangeOfTheGroup(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b")
	report := func(instance ident.ID, progress directory.GroupProgress) {
		t.Helper()
		if err := w.SaveGroupProgress(t.Context(), w.org, instance, []directory.GroupProgress{progress}); err != nil {
			t.Fatal(err)
		}
	}
	report(w.instance, directory.GroupProgress{Group: group.ID, ToBeSynced: true, Awaited: 7})
	report(ident.New(w.now), directory.GroupProgress{Group: group.ID})
	want := group
	want.Awaited = 7
	same(t, "the group", want, w.groupNow(group.ID))
	same(t, "to be synced", []string{"Sales"}, w.groupNames(directory.GroupQuery{ToBeSynced: true}))
	report(w.instance, directory.GroupProgress{Group: group.ID})
	count, err := w.CountGroups(t.Context(), w.org, directory.GroupQuery{ToBeSynced: true})
	if err != nil || count != 0 {
		t.Errorf("%d groups are to be synced (%v), want none", count, err)
	}
}
