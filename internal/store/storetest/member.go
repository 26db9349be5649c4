package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// row makes a membership that a sync made.
func row(group directory.Group, member ident.ID, is directory.MemberType) directory.Membership {
	return directory.Membership{Pair: directory.Pair{Group: group.ID, Member: member}, Type: is, Marks: directory.Synced}
}

func sorted(pairs []directory.Pair) []directory.Pair {
	slices.SortFunc(pairs, func(a, b directory.Pair) int {
		return cmp.Or(bytes.Compare(a.Group[:], b.Group[:]), bytes.Compare(a.Member[:], b.Member[:]))
	})
	return pairs
}

// join puts users into the group, an hour after the start.
func (f *fixture) join(t *testing.T, group directory.Group, users ...ident.ID) {
	t.Helper()
	rows := make([]directory.Membership, len(users))
	for i, user := range users {
		rows[i] = row(group, user, directory.UserMember)
	}
	n := int64(len(users))
	f.must(t, f.ChangeMembers(f.ctx, f.org, rows, nil, []directory.Tally{{Group: group.ID, Members: n, Synced: n, Visible: true}}, start.Add(time.Hour)))
}

func (f *fixture) members(t *testing.T, group directory.Group) []directory.Member {
	t.Helper()
	members, err := f.ListMembers(f.ctx, f.org, group.ID, directory.MemberQuery{Limit: 10_000})
	f.must(t, err)
	return members
}

func inOrder(rows []directory.Membership) []directory.Membership {
	slices.SortFunc(rows, func(a, b directory.Membership) int {
		return bytes.Compare(append(a.Group[:], a.Member[:]...), append(b.Group[:], b.Member[:]...))
	})
	return rows
}

func memberCases() []testCase {
	return []testCase{
		{"rows of members are saved, marked, found by pair and removed", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Sales", "Berlin")
			ada := f.insertUsers(t, "ada@x")[0]
			rows := []directory.Membership{
				row(groups[0], ada.ID, directory.UserMember), row(groups[0], groups[1].ID, directory.GroupMember), row(groups[1], ada.ID, directory.UserMember),
			}
			f.must(t, f.ChangeMembers(f.ctx, f.org, rows, nil, nil, start))
			rows[0].Marks = directory.ByHand | directory.Synced
			f.must(t, f.ChangeMembers(f.ctx, f.org, rows[:1], []directory.Pair{rows[2].Pair}, nil, start))
			got, err := f.Memberships(f.ctx, f.org, []directory.Pair{rows[0].Pair, rows[1].Pair, rows[2].Pair, {Group: ident.New(start), Member: ada.ID}})
			f.must(t, err)
			same(t, "rows", inOrder(rows[:2]), inOrder(got))
			got, err = f.Memberships(f.ctx, ident.New(start), []directory.Pair{rows[0].Pair})
			f.must(t, err)
			same(t, "in another organization", 0, len(got))
			got, err = f.Memberships(f.ctx, f.org, nil)
			f.must(t, err)
			same(t, "none asked for", 0, len(got))
		}},
		{"what is visible gives the group a revision and a time, marks alone do not", func(t *testing.T, f *fixture) {
			group := f.insertGroups(t, "Sales")[0]
			at := start.Add(time.Hour)
			f.must(t, f.ChangeMembers(f.ctx, f.org, nil, nil, []directory.Tally{{Group: group.ID, Members: 5, Synced: 4, Visible: true}}, at))
			f.must(t, f.ChangeMembers(f.ctx, f.org, nil, nil, []directory.Tally{{Group: group.ID, Synced: -1}}, at.Add(time.Hour)))
			f.must(t, f.ChangeMembers(f.ctx, f.org, nil, nil, []directory.Tally{{Group: group.ID, Members: -1, Visible: true}}, start))
			group.Members, group.SyncedMembers, group.Revision, group.UpdatedAt = 4, 3, 3, at
			f.groupIs(t, group)
		}},
		{"a group lists its users and groups, page by page", listedMembers},
		{"a member lists his groups, page by page", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "C", "A", "B")
			users := f.insertUsers(t, "ada@x", "bo@x")
			var want []directory.MemberOf
			for _, group := range groups {
				f.join(t, group, users[0].ID)
				group.Members, group.SyncedMembers, group.Revision, group.UpdatedAt = 1, 1, 2, start.Add(time.Hour)
				want = append(want, directory.MemberOf{Membership: row(group, users[0].ID, directory.UserMember), Of: group})
			}
			got, err := f.ListMemberOf(f.ctx, f.org, users[0].ID, ident.ID{}, 2)
			f.must(t, err)
			same(t, "first page", want[:2], got)
			got, err = f.ListMemberOf(f.ctx, f.org, users[0].ID, groups[1].ID, 2)
			f.must(t, err)
			same(t, "second page", want[2:], got)
			got, err = f.ListMemberOf(f.ctx, f.org, users[1].ID, ident.ID{}, 2)
			f.must(t, err)
			same(t, "of somebody without groups", 0, len(got))
		}},
		{"who is a user, who a group, and who is neither", func(t *testing.T, f *fixture) {
			user, group := f.insertUsers(t, "ada@x")[0], f.insertGroups(t, "Sales")[0]
			ids := []ident.ID{user.ID, group.ID, ident.New(start)}
			got, err := f.KnownMembers(f.ctx, f.org, ids, false)
			f.must(t, err)
			same(t, "types", map[ident.ID]directory.KnownMember{user.ID: {Type: directory.UserMember}, group.ID: {Type: directory.GroupMember}}, got)
			got, err = f.KnownMembers(f.ctx, f.org, ids, true)
			f.must(t, err)
			same(t, "with labels", map[ident.ID]directory.KnownMember{
				user.ID: {Type: directory.UserMember, Label: user.Label()}, group.ID: {Type: directory.GroupMember, Label: group.Name()},
			}, got)
			got, err = f.KnownMembers(f.ctx, ident.New(start), []ident.ID{user.ID}, false)
			f.must(t, err)
			same(t, "in another organization", 0, len(got))
		}},
		{"what several are direct members of, in one organization", func(t *testing.T, f *fixture) {
			groups, users := f.insertGroups(t, "Sales", "Berlin"), f.insertUsers(t, "ada@x", "bo@x", "cy@x")
			f.join(t, groups[0], users[0].ID, users[1].ID)
			f.join(t, groups[1], users[0].ID, users[2].ID)
			got, err := f.PairsOf(f.ctx, f.org, []ident.ID{users[0].ID, users[1].ID, ident.New(start)})
			f.must(t, err)
			same(t, "pairs", sorted([]directory.Pair{
				{Group: groups[0].ID, Member: users[0].ID}, {Group: groups[0].ID, Member: users[1].ID}, {Group: groups[1].ID, Member: users[0].ID},
			}), sorted(got))
			got, err = f.PairsOf(f.ctx, ident.New(start), []ident.ID{users[0].ID})
			f.must(t, err)
			same(t, "in another organization", 0, len(got))
		}},
		{"the rows of deleted groups are out of sight at once and swept in batches", sweptMembers},
		{"more members than fit one statement come and go", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, manyGroups(700)...)
			user := f.insertUsers(t, "ada@x")[0]
			rows, pairs, tallies := []directory.Membership{}, []directory.Pair{}, []directory.Tally{}
			for _, group := range groups {
				rows = append(rows, row(group, user.ID, directory.UserMember))
				pairs = append(pairs, rows[len(rows)-1].Pair)
				tallies = append(tallies, directory.Tally{Group: group.ID, Members: 1, Synced: 1, Visible: true})
			}
			f.must(t, f.ChangeMembers(f.ctx, f.org, rows, nil, tallies, start))
			got, err := f.Memberships(f.ctx, f.org, pairs)
			f.must(t, err)
			same(t, "rows", rows, inOrder(got))
			got, err = f.MembershipsOf(f.ctx, f.org, []ident.ID{user.ID})
			f.must(t, err)
			same(t, "rows of the user", rows, inOrder(got))
			f.must(t, f.ChangeMembers(f.ctx, f.org, nil, pairs, nil, start))
			got, err = f.Memberships(f.ctx, f.org, pairs)
			f.must(t, err)
			same(t, "rows afterwards", 0, len(got))
		}},
		{"an archived user keeps what he was a member of", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Sales", "Berlin")
			user := f.user("ada@x")
			kept := directory.Archived{
				OrgID: f.org, ID: user.ID, User: user, Name: user.Name(), FormerName: user.Name(), ArchivedAt: start, KeepUntil: start.AddDate(0, 0, 1),
				Memberships: []directory.Membership{row(groups[0], user.ID, directory.UserMember), row(groups[1], user.ID, directory.UserMember)},
			}
			kept.Memberships[1].Marks |= directory.ByHand
			f.must(t, f.SaveArchived(f.ctx, []directory.Archived{kept}))
			got, err := f.ArchivedByID(f.ctx, f.org, []ident.ID{user.ID})
			f.must(t, err)
			same(t, "copy", []directory.Archived{kept}, got)
		}},
	}
}

func listedMembers(t *testing.T, f *fixture) {
	groups := f.insertGroups(t, "Sales", "Berlin")
	users := f.insertUsers(t, "ada@x", "bo@x", "cy@x")
	users[1].Attributes, users[1].Version = users[1].Attributes.Clone(), 2
	users[1].Attributes.Set(attr.Active, false)
	users[1].Attributes.Set(attr.DeletedAt, "2026-03-01T00:00:00Z")
	f.must(t, f.UpdateUser(f.ctx, users[1], 1))
	nested := row(groups[0], groups[1].ID, directory.GroupMember)
	f.must(t, f.ChangeMembers(f.ctx, f.org, []directory.Membership{nested}, nil, nil, start))
	f.join(t, groups[0], users[0].ID, users[1].ID, users[2].ID)
	want := []directory.Member{{Membership: nested, DisplayName: "Berlin", Active: true}}
	for i, user := range users {
		want = append(want, directory.Member{
			Membership: row(groups[0], user.ID, directory.UserMember), DisplayName: "Display " + user.Name(), UserName: user.Name(),
			Active: i != 1, Deleted: i == 1,
		})
	}
	same(t, "all", want, f.members(t, groups[0]))
	for _, c := range []struct {
		name  string
		query directory.MemberQuery
		want  []directory.Member
	}{
		{"first page", directory.MemberQuery{Limit: 2}, want[:2]},
		{"second page", directory.MemberQuery{Limit: 2, After: users[0].ID}, want[2:]},
		{"groups only", directory.MemberQuery{Limit: 9, Type: directory.GroupMember}, want[:1]},
		{"users only", directory.MemberQuery{Limit: 9, Type: directory.UserMember}, want[1:]},
	} {
		got, err := f.ListMembers(f.ctx, f.org, groups[0].ID, c.query)
		f.must(t, err)
		same(t, c.name, c.want, got)
	}
	same(t, "of an empty group", 0, len(f.members(t, groups[1])))
}

func sweptMembers(t *testing.T, f *fixture) {
	groups := f.insertGroups(t, "Large", "Small", "Kept")
	names := make([]string, 25)
	for i := range names {
		names[i] = fmt.Sprintf("u%02d@x", i)
	}
	ids := []ident.ID{}
	for _, user := range f.insertUsers(t, names...) {
		ids = append(ids, user.ID)
	}
	f.join(t, groups[0], ids...)
	f.join(t, groups[1], ids[0])
	f.join(t, groups[2], ids...)
	f.must(t, f.DeleteGroups(f.ctx, f.org, []ident.ID{groups[0].ID, groups[1].ID}))
	f.must(t, f.DeleteGroups(f.ctx, f.org, []ident.ID{groups[0].ID}))
	of, err := f.ListMemberOf(f.ctx, f.org, ids[0], ident.ID{}, 10)
	f.must(t, err)
	same(t, "groups of a member", 1, len(of))
	rows, err := f.MembershipsOf(f.ctx, f.org, ids[:1])
	f.must(t, err)
	same(t, "rows of a member", []directory.Membership{row(groups[2], ids[0], directory.UserMember)}, rows)
	for i, want := range []int{10, 10, 6, 0} {
		swept, err := f.SweepMembers(f.ctx, 10)
		f.must(t, err)
		same(t, fmt.Sprintf("swept by call %d", i), want, swept)
	}
	same(t, "members of a deleted group", 0, len(f.members(t, groups[0])))
	same(t, "members of the other group", 25, len(f.members(t, groups[2])))
}
