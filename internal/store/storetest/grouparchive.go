package storetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// archiveGroup moves a group, as it is now, to the archive.
func (f *fixture) archiveGroup(t *testing.T, group directory.Group, keepUntil time.Time, of ...directory.Membership) directory.ArchivedGroup {
	t.Helper()
	now, err := f.GroupsByID(f.ctx, f.org, []ident.ID{group.ID})
	f.must(t, err)
	kept := directory.ArchivedGroup{
		OrgID: f.org, ID: group.ID, Group: now[0], ArchivedAt: start, KeepUntil: keepUntil, Reason: "was deleted in Entra", Memberships: of,
	}
	f.must(t, f.SaveArchivedGroups(f.ctx, []directory.ArchivedGroup{kept}))
	f.must(t, f.DeleteGroups(f.ctx, f.org, []ident.ID{group.ID}))
	return kept
}

// keptGroups are the copies of groups that the archive has, in the order of their ids.
func (f *fixture) keptGroups(t *testing.T, groups ...directory.Group) []directory.ArchivedGroup {
	t.Helper()
	ids := make([]ident.ID, len(groups))
	for i, group := range groups {
		ids[i] = group.ID
	}
	kept, err := f.ArchivedGroupsByID(f.ctx, f.org, ids)
	f.must(t, err)
	slices.SortFunc(kept, func(a, b directory.ArchivedGroup) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return kept
}

// groupTotal is how many groups the organization is said to have.
func (f *fixture) groupTotal(t *testing.T) int {
	t.Helper()
	page, err := f.QueryGroups(f.ctx, f.org, directory.ResourceQuery{Limit: 1, Total: true})
	f.must(t, err)
	return page.Total
}

func groupArchiveCases() []testCase {
	return []testCase{
		{"a removed group is kept with all that it was until it exists again", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Sales", "All")
			ada := f.insertUsers(t, "ada@x")[0]
			f.join(t, groups[0], ada.ID)
			want := f.archiveGroup(t, groups[0], start.AddDate(0, 0, 1), row(groups[1], groups[0].ID, directory.GroupMember))
			same(t, "copies", []directory.ArchivedGroup{want}, f.keptGroups(t, groups...))
			stranger, err := f.ArchivedGroupsByID(f.ctx, ident.New(start), []ident.ID{groups[0].ID})
			f.must(t, err)
			same(t, "in another organization", 0, len(stranger))
			same(t, "rows of members", 1, len(f.members(t, groups[0])))
			same(t, "groups while one is in the archive", 1, f.groupTotal(t))

			f.must(t, f.InsertGroups(f.ctx, []directory.Group{want.Group}))
			f.must(t, f.DeleteArchivedGroups(f.ctx, f.org, []ident.ID{groups[0].ID, groups[1].ID}))
			same(t, "copies afterwards", 0, len(f.keptGroups(t, groups...)))
			f.groupIs(t, want.Group)
			same(t, "groups afterwards", 2, f.groupTotal(t))
			swept, err := f.SweepMembers(f.ctx, 10)
			f.must(t, err)
			same(t, "rows that were swept", 0, swept)
		}},
		{"members leave and rejoin a group in the archive, which counts them and changes in nothing else", func(t *testing.T, f *fixture) {
			group := f.insertGroups(t, "Sales")[0]
			users := f.insertUsers(t, "ada@x", "bo@x")
			f.join(t, group, users[0].ID, users[1].ID)
			want := f.archiveGroup(t, group, start.AddDate(0, 0, 1))
			rows, err := f.MembershipsOf(f.ctx, f.org, []ident.ID{users[0].ID})
			f.must(t, err)
			same(t, "rows of a member", []directory.Membership{row(group, users[0].ID, directory.UserMember)}, rows)
			tally := directory.Tally{Group: group.ID, Members: -1, Synced: -1, Visible: true}
			f.must(t, f.ChangeMembers(f.ctx, f.org, nil, []directory.Pair{rows[0].Pair}, []directory.Tally{tally}, start.AddDate(1, 0, 0)))
			want.Group.Members, want.Group.SyncedMembers = 1, 1
			same(t, "copies", []directory.ArchivedGroup{want}, f.keptGroups(t, group))
		}},
		{"past retention a copy is dropped, and the rows of members are left to the sweep", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Sales", "Berlin")
			ada := f.insertUsers(t, "ada@x")[0]
			f.join(t, groups[0], ada.ID)
			f.join(t, groups[1], ada.ID)
			f.archiveGroup(t, groups[0], start)
			later := f.archiveGroup(t, groups[1], start.Add(time.Hour))
			for i, want := range []int{1, 0} {
				dropped, err := f.DropArchivedGroups(f.ctx, start.Add(time.Minute))
				f.must(t, err)
				if dropped != want {
					t.Errorf("call %d dropped %d copies, want %d", i, dropped, want)
				}
			}
			same(t, "copies", []directory.ArchivedGroup{later}, f.keptGroups(t, groups...))
			rows, err := f.MembershipsOf(f.ctx, f.org, []ident.ID{ada.ID})
			f.must(t, err)
			same(t, "rows of a member", []directory.Membership{row(groups[1], ada.ID, directory.UserMember)}, rows)
			swept, err := f.SweepMembers(f.ctx, 10)
			f.must(t, err)
			same(t, "rows that were swept", 1, swept)
			same(t, "rows of the other group", 1, len(f.members(t, groups[1])))
		}},
	}
}
