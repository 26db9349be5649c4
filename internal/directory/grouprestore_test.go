package directory_test

import (
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/plan"
)

// What is written in between makes the batch write what it has so far: the group outside is still in the archive then.
func TestGroupsInsideEachOtherComeBackInOneBatchWithTheirNumbers(t *testing.T) {
	w := newWorld(t)
	all, sales, other := w.managedGroup("All", "a"), w.managedGroup("Sales", "s"), w.managedGroup("Other", "o")
	w.sync(directory.MemberChange{Pair: directory.Pair{Group: all.ID, Member: sales.ID}, Add: true})
	all, sales = w.groupNow(all.ID), w.groupNow(sales.ID)
	w.applyGroups(groupChange(all, plan.Delete, nil), groupChange(sales, plan.Delete, nil))
	w.applyGroups(groupRestored(sales), groupChange(other, plan.Update, record(attr.DisplayName, "Another")), groupRestored(all))
	if now := w.groupNow(all.ID); now.Members != 1 || now.SyncedMembers != 1 || len(w.membersOf(all.ID)) != 1 {
		t.Errorf("%d members, %d of them synchronised, and %d rows; want one each", now.Members, now.SyncedMembers, len(w.membersOf(all.ID)))
	}
}
