package directory_test

import (
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// archivedGroup returns the copy of a removed group; nil if the archive has none.
func (w *world) archivedGroup(id ident.ID) *directory.ArchivedGroup {
	w.Helper()
	copies, err := w.ArchivedGroups(w.Context(), w.org, []ident.ID{id})
	if err != nil {
		w.Fatal(err)
	}
	if len(copies) == 0 {
		return nil
	}
	return &copies[0]
}

// groupRestored is the change that puts a removed group back for the instance.
func groupRestored(group directory.Group) plan.Change {
	back := groupChange(group, plan.Restore, group.Attributes)
	back.BaseVersion, back.Link = group.Version+1, true
	return back
}

// restored is the change that puts a removed user back.
func restored(user directory.User) plan.Change {
	back := change(user, plan.Restore, user.Attributes)
	back.BaseVersion, back.Link, back.TakesName = user.Version+1, true, attr.NameKey(user.Name())
	return back
}

func TestARemovedGroupIsKeptInTheArchive(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", objectID)
	synced, manual := w.managedGroup("Sales", "0a-1b", ada.ID), w.group("Berlin", ada.ID)
	removal := groupChange(synced, plan.Delete, nil)
	removal.Reason.Text = "was deleted in Entra"
	w.applyGroups(removal)
	if err := w.DeleteGroup(audit.WithActor(t.Context(), audit.Actor{Name: "Grace"}), w.org, manual.ID); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		group  directory.Group
		reason string
	}{{synced, "was deleted in Entra"}, {manual, "removed by Grace"}} {
		same(t, c.group.Name(), &directory.ArchivedGroup{
			OrgID: w.org, ID: c.group.ID, Group: c.group, ArchivedAt: w.now, KeepUntil: w.now.AddDate(0, 0, 30), Reason: c.reason,
		}, w.archivedGroup(c.group.ID))
		if of, err := w.MemberOf(t.Context(), w.org, ada.ID, ident.ID{}, 10); err != nil || len(of) != 0 {
			t.Errorf("the member is still in %d groups (%v)", len(of), err)
		}
	}
}

func TestARestoredGroupIsWhatItWas(t *testing.T) {
	w := newWorld(t)
	ada, grace := w.managed("ada@example.com", objectID), w.user("grace@example.com")
	all := w.group("All")
	group := w.group("Sales", grace.ID)
	take := groupChange(group, plan.Update, record(attr.ExternalID, "0a-1b"))
	take.SourceID = "0a-1b"
	w.applyGroups(take)
	w.sync(directory.MemberChange{Pair: directory.Pair{Group: group.ID, Member: ada.ID}, Add: true})
	w.join(all.ID, group.ID)
	group, members := w.groupNow(group.ID), w.membersOf(group.ID)
	w.applyGroups(groupChange(group, plan.Delete, nil))
	same(t, "members of All meanwhile", map[string]directory.Marks{}, w.membersOf(all.ID))

	w.applyGroups(groupRestored(group))
	want := group
	want.Version, want.Revision, want.ToBeSynced = group.Version+2, group.Revision+2, true
	same(t, "group", want, w.groupNow(group.ID))
	same(t, "members", members, w.membersOf(group.ID))
	same(t, "members of All", map[string]directory.Marks{"Sales": directory.ByHand}, w.membersOf(all.ID))
	if kept := w.archivedGroup(group.ID); kept != nil {
		t.Errorf("the archive still has %+v", kept)
	}
}

func TestARestoredGroupThatIsNotLinkedBelongsToNobody(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b", w.user("ada@example.com").ID)
	w.applyGroups(groupChange(group, plan.Delete, nil))
	back := groupRestored(group)
	back.Link = false
	w.applyGroups(back)
	if now := w.groupNow(group.ID); !now.Owner.IsZero() || now.SourceID != "" || now.ToBeSynced || now.SyncedMembers != 1 {
		t.Errorf("restored as %+v", now)
	}
}

func TestAGroupThatIsNotKeptOrWasRestoredAlreadyIsSuperseded(t *testing.T) {
	w := newWorld(t)
	group, alive := w.managedGroup("Sales", "0a-1b"), w.managedGroup("Berlin", "2c-3d")
	w.applyGroups(groupChange(group, plan.Delete, nil))
	older, unknown := groupRestored(group), groupRestored(group)
	older.BaseVersion--
	unknown.ObjectID = ident.New(w.now)
	results, err := w.ApplyGroupChanges(t.Context(), w.org, w.instance,
		[]plan.Change{older, unknown, groupRestored(alive), groupRestored(group), groupRestored(group)})
	if err != nil {
		t.Fatal(err)
	}
	gone := directory.Result{Superseded: true}
	same(t, "results", []directory.Result{gone, gone, gone, {Applied: true}, gone}, results)

	w.applyGroups(groupChange(w.groupNow(group.ID), plan.Delete, nil))
	again := groupRestored(w.archivedGroup(group.ID).Group)
	w.now = w.now.AddDate(0, 0, 31)
	if results, err = w.ApplyGroupChanges(t.Context(), w.org, w.instance, []plan.Change{again}); err != nil {
		t.Fatal(err)
	}
	same(t, "past retention", []directory.Result{gone}, results)
}

// A user and his group are removed and come back, in every order: afterwards he is its member again, and its numbers are right.
func TestWhoComesBackIsInTheGroupThatComesBack(t *testing.T) {
	for _, c := range []struct{ name, order string }{
		{"the group within the user's absence", "UGgu"},
		{"the user within the group's absence", "GUug"},
		{"the user first and first back", "UGug"},
		{"the group first and first back", "GUgu"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ada, stays := w.managed("ada@example.com", objectID), w.user("grace@example.com")
			group := w.managedGroup("Sales", "0a-1b", ada.ID, stays.ID)
			for _, step := range c.order {
				switch step {
				case 'U':
					w.apply(change(ada, plan.Delete, nil))
				case 'u':
					w.apply(restored(ada))
				case 'G':
					w.applyGroups(groupChange(group, plan.Delete, nil))
				case 'g':
					w.applyGroups(groupRestored(group))
				}
			}
			same(t, "members", map[string]directory.Marks{"ada@example.com": directory.Synced, "grace@example.com": directory.Synced}, w.membersOf(group.ID))
		})
	}
}

func TestWhoIsGoneIsNotInTheGroupThatComesBack(t *testing.T) {
	w := newWorld(t)
	ada, nested := w.managed("ada@example.com", objectID), w.managedGroup("Nested", "2c-3d")
	group := w.managedGroup("Sales", "0a-1b", ada.ID, nested.ID, w.user("grace@example.com").ID)
	w.applyGroups(groupChange(group, plan.Delete, nil))
	w.apply(change(ada, plan.Delete, nil))
	w.applyGroups(groupChange(nested, plan.Delete, nil))
	w.applyGroups(groupRestored(group))
	same(t, "members", map[string]directory.Marks{"grace@example.com": directory.Synced}, w.membersOf(group.ID))
}

func TestGroupsThatAreMembersOfEachOtherComeBackSoTogether(t *testing.T) {
	w := newWorld(t)
	a, b := w.managedGroup("A", "0a-1b"), w.managedGroup("B", "2c-3d")
	w.sync(
		directory.MemberChange{Pair: directory.Pair{Group: a.ID, Member: b.ID}, Add: true},
		directory.MemberChange{Pair: directory.Pair{Group: b.ID, Member: a.ID}, Add: true},
	)
	w.applyGroups(groupChange(a, plan.Delete, nil), groupChange(b, plan.Delete, nil))
	w.applyGroups(groupRestored(b), groupRestored(a))
	same(t, "members of A", map[string]directory.Marks{"B": directory.Synced}, w.membersOf(a.ID))
	same(t, "members of B", map[string]directory.Marks{"A": directory.Synced}, w.membersOf(b.ID))
}

func TestARestoredGroupIsChangedAndRemovedInTheSameBatch(t *testing.T) {
	w := newWorld(t)
	group := w.managedGroup("Sales", "0a-1b", w.user("ada@example.com").ID)
	w.applyGroups(groupChange(group, plan.Delete, nil))
	rename := groupChange(group, plan.Update, record(attr.DisplayName, "Sales Europe"))
	rename.BaseVersion = group.Version + 2
	remove := groupChange(group, plan.Delete, nil)
	remove.BaseVersion = group.Version + 3
	w.applyGroups(groupRestored(group), rename, remove)
	same(t, "groups", []string{}, w.groupNames(directory.GroupQuery{}))
	if kept := w.archivedGroup(group.ID); kept == nil || kept.Group.Name() != "Sales Europe" || kept.Group.Members != 1 {
		t.Errorf("the archive has %+v", kept)
	}
}

func TestMembersOfARemovedGroupAreSweptWhenItsCopyIsDropped(t *testing.T) {
	w := newWorld(t)
	const size = 10_500 // more than one transaction takes
	large := w.group("Large")
	users := w.crowd(size)
	w.join(large.ID, users...)
	if err := w.DeleteGroup(t.Context(), w.org, large.ID); err != nil {
		t.Fatal(err)
	}
	_, err := w.Members(t.Context(), w.org, large.ID, directory.MemberQuery{Limit: 1})
	refused(t, err, fault.NotFound, "UnknownGroup")
	pair := []directory.Pair{{Group: large.ID, Member: users[size-1]}}
	for _, c := range []struct{ days, left int }{{30, 1}, {1, 0}} {
		w.now = w.now.AddDate(0, 0, c.days)
		if err := w.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if rows, err := w.Memberships(t.Context(), w.org, pair); err != nil || len(rows) != c.left {
			t.Errorf("on %s there are %d rows (%v), want %d", w.now, len(rows), err, c.left)
		}
	}
	if left, err := w.db.SweepMembers(t.Context(), 1); err != nil || left != 0 {
		t.Errorf("%d rows were left to sweep (%v)", left, err)
	}
}

func TestAUserWhoComesBackAfterHisGroupIsPastRetentionIsJustNoMember(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", objectID)
	group := w.managedGroup("Sales", "0a-1b", ada.ID)
	w.applyGroups(groupChange(group, plan.Delete, nil))
	w.now = w.now.AddDate(0, 0, 20)
	rows := []directory.Pair{{Group: group.ID, Member: ada.ID}}
	w.apply(change(ada, plan.Delete, nil)) // leaves the removed group
	w.now = w.now.AddDate(0, 0, 11)
	if err := w.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.apply(restored(ada))
	if left, err := w.Memberships(t.Context(), w.org, rows); err != nil || len(left) != 0 {
		t.Errorf("rows of the dropped group came back: %+v (%v)", left, err)
	}
}
