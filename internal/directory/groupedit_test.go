package directory_test

import (
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// step changes the members of a group as a SCIM request does.
func (w *world) step(group ident.ID, step directory.MemberStep) error {
	w.Helper()
	_, err := w.EditGroup(w.Context(), w.org, group, directory.Writer{}, func(directory.Group) (directory.GroupEdit, error) {
		return directory.GroupEdit{Members: []directory.MemberStep{step}}, nil
	})
	return err
}

func TestAnEditTakesNobodyOutOfASynchronisedGroupWhomTheSyncPutIn(t *testing.T) {
	w := newWorld(t)
	synced, both, hand := w.user("synced@example.com"), w.user("both@example.com"), w.user("hand@example.com")
	group := w.managedGroup("Sales", "0a-1b", synced.ID, both.ID)
	w.join(group.ID, hand.ID, both.ID)
	before := w.membersOf(group.ID)
	everybody := func(directory.Member) bool { return true }
	w.silent(func() {
		for what, step := range map[string]directory.MemberStep{
			"the synced":    {Remove: []ident.ID{hand.ID, synced.ID}},
			"both":          {Remove: []ident.ID{both.ID}},
			"everybody":     {RemoveWhere: everybody},
			"all but one":   {OnlyThese: true, Only: []directory.MemberRef{{ID: both.ID}}},
			"somebody else": {OnlyThese: true, Only: []directory.MemberRef{{ID: hand.ID}}},
		} {
			refused(t, w.step(group.ID, step), fault.Conflict, "Managed", "Sales")
			same(t, what, before, w.membersOf(group.ID))
		}
	})
	if err := w.step(group.ID, directory.MemberStep{OnlyThese: true, Only: []directory.MemberRef{{ID: both.ID}, {ID: synced.ID}}}); err != nil {
		t.Fatal(err)
	}
	delete(before, "hand@example.com")
	before["synced@example.com"] |= directory.ByHand
	same(t, "members afterwards", before, w.membersOf(group.ID))
	if err := w.step(group.ID, directory.MemberStep{RemoveWhere: func(m directory.Member) bool { return m.Member == hand.ID }}); err != nil {
		t.Errorf("who is no member is taken out: %v", err)
	}
}
