package storetest

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// group makes a directory group with a name.
func (f *fixture) group(name string) directory.Group {
	return directory.Group{
		OrgID: f.org, ID: ident.New(start), Attributes: attr.From(map[string]any{attr.DisplayName: name, attr.ExternalID: "x-" + name}),
		Owner: f.instance.ID, OwnerName: f.instance.Name, SourceID: "s-" + name, Origin: "Entra", Version: 1, Revision: 1, ToBeSynced: true,
		Awaited: 3, CreatedAt: start, UpdatedAt: start,
	}
}

func (f *fixture) insertGroups(t *testing.T, names ...string) []directory.Group {
	t.Helper()
	groups := make([]directory.Group, len(names))
	for i, name := range names {
		groups[i] = f.group(name)
	}
	f.must(t, f.InsertGroups(f.ctx, groups))
	return groups
}

func (f *fixture) groupIs(t *testing.T, want directory.Group) {
	t.Helper()
	got, err := f.GroupsByID(f.ctx, f.org, []ident.ID{want.ID})
	f.must(t, err)
	same(t, "group", []directory.Group{want}, got)
}

func byID(groups []directory.Group) []directory.Group {
	slices.SortFunc(groups, func(a, b directory.Group) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return groups
}

func groupCases() []testCase {
	return []testCase{
		{"groups are found by id, external id and display name, which repeat", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Ärzte", "Sales", "SALES")
			groups[2].Attributes = groups[1].Attributes.Clone()
			groups[2].Attributes.Set(attr.DisplayName, "SALES")
			groups[2].Version, groups[2].Revision = 2, 2
			f.must(t, f.UpdateGroup(f.ctx, groups[2], 1))
			got, err := f.GroupsByID(f.ctx, f.org, []ident.ID{groups[0].ID, groups[2].ID, ident.New(start)})
			f.must(t, err)
			same(t, "by id", []directory.Group{groups[0], groups[2]}, byID(got))
			got, err = f.GroupsBy(f.ctx, f.org, attr.ExternalID, []string{"x-Sales", "x-SALES", ""})
			f.must(t, err)
			same(t, "by external id", groups[1:], byID(got))
			got, err = f.GroupsBy(f.ctx, f.org, attr.DisplayName, []string{"ÄRZTE", "nobody"})
			f.must(t, err)
			same(t, "by name", groups[:1], got)
			got, err = f.GroupsBy(f.ctx, f.org, attr.DisplayName, []string{"sales"})
			f.must(t, err)
			same(t, "by a name that repeats", groups[1:], byID(got))
			if got, err := f.GroupsBy(f.ctx, f.org, "description", []string{"x"}); err == nil {
				t.Errorf("groups by description: want an error, got %v", got)
			}
			got, err = f.GroupsByID(f.ctx, ident.New(start), []ident.ID{groups[0].ID})
			f.must(t, err)
			same(t, "in another organization", 0, len(got))
		}},
		{"a group is written only on the version that was read", func(t *testing.T, f *fixture) {
			group := f.insertGroups(t, "Sales")[0]
			f.join(t, group, f.insertUsers(t, "a@x")[0].ID)
			changed := group
			changed.Attributes = attr.From(map[string]any{attr.DisplayName: "Sales Europe"})
			changed.Owner, changed.OwnerName, changed.SourceID, changed.Version = ident.ID{}, "", "", 2
			changed.ToBeSynced, changed.Awaited, changed.UpdatedAt = false, 0, start.Add(2*time.Hour)
			fails(t, "on another version", fault.Stale, f.UpdateGroup(f.ctx, changed, 7))
			f.must(t, f.UpdateGroup(f.ctx, changed, 1))
			fails(t, "twice", fault.Stale, f.UpdateGroup(f.ctx, changed, 1))
			changed.Revision, changed.Members, changed.SyncedMembers = 3, 1, 1
			f.groupIs(t, changed)
			f.must(t, f.DeleteGroups(f.ctx, f.org, []ident.ID{group.ID}))
			fails(t, "a removed group", fault.Stale, f.UpdateGroup(f.ctx, changed, 2))
		}},
		{"pages of groups follow the order of names, then of ids", groupPages},
		{"groups are listed and counted by text, external id, owner and progress", groupFilters},
		{"progress is stored for the owner's groups only, and is no new version", func(t *testing.T, f *fixture) {
			groups := f.insertGroups(t, "Sales", "Other")
			groups[1].Owner, groups[1].OwnerName, groups[1].Version, groups[1].Revision = ident.ID{}, "", 2, 2
			f.must(t, f.UpdateGroup(f.ctx, groups[1], 1))
			f.must(t, f.SaveGroupProgress(f.ctx, f.org, f.instance.ID, []directory.GroupProgress{
				{Group: groups[0].ID}, {Group: groups[1].ID}, {Group: ident.New(start), ToBeSynced: true},
			}))
			groups[0].ToBeSynced, groups[0].Awaited = false, 0
			f.groupIs(t, groups[0])
			f.groupIs(t, groups[1])
		}},
		{"a deleted instance leaves its groups with their members, unmanaged", func(t *testing.T, f *fixture) {
			group := f.insertGroups(t, "Sales")[0]
			f.join(t, group, f.insertUsers(t, "a@x")[0].ID)
			f.must(t, f.DeleteInstance(f.ctx, f.instance))
			group.Owner, group.OwnerName, group.SourceID, group.ToBeSynced, group.Awaited = ident.ID{}, "", "", false, 0
			group.Version, group.Revision, group.Members, group.SyncedMembers, group.UpdatedAt = 2, 3, 1, 1, start.Add(time.Hour)
			f.groupIs(t, group)
			same(t, "members", 1, len(f.members(t, group)))
		}},
	}
}

func groupPages(t *testing.T, f *fixture) {
	names := []string{"zoe", "Same", "Émile", "same", "SAME", "作者", "a_b"}
	all := f.insertGroups(t, names...)
	slices.SortFunc(all, func(a, b directory.Group) int {
		if c := bytes.Compare([]byte(a.Place().NameKey), []byte(b.Place().NameKey)); c != 0 {
			return c
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	var got []directory.Group
	var query directory.GroupQuery
	for query.Limit = 2; ; query.After = got[len(got)-1].Place() {
		page, err := f.ListGroups(f.ctx, f.org, query)
		f.must(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	same(t, "groups in order", all, got)
}

func groupFilters(t *testing.T, f *fixture) {
	groups := f.insertGroups(t, "a_b", "aXb", "100%")
	groups[1].Owner, groups[1].Version, groups[1].ToBeSynced = ident.ID{}, 2, false
	f.must(t, f.UpdateGroup(f.ctx, groups[1], 1))
	yes, no := true, false
	for _, c := range []struct {
		name  string
		query directory.GroupQuery
		want  []string
	}{
		{"an underscore is not a wildcard", directory.GroupQuery{Search: "A_B"}, []string{"a_b"}},
		{"a percent sign is not a wildcard", directory.GroupQuery{Search: "0%"}, []string{"100%"}},
		{"by external id", directory.GroupQuery{ExternalID: "x-aXb"}, []string{"aXb"}},
		{"by part of an external id", directory.GroupQuery{ExternalID: "x-"}, nil},
		{"of an owner", directory.GroupQuery{Owner: f.instance.ID, Search: "b"}, []string{"a_b"}},
		{"managed", directory.GroupQuery{Managed: &yes}, []string{"100%", "a_b"}},
		{"unmanaged", directory.GroupQuery{Managed: &no}, []string{"aXb"}},
		{"to be synced", directory.GroupQuery{ToBeSynced: true}, []string{"100%", "a_b"}},
		{"all", directory.GroupQuery{}, []string{"100%", "a_b", "aXb"}},
	} {
		c.query.Limit = 10
		page, err := f.ListGroups(f.ctx, f.org, c.query)
		f.must(t, err)
		var got []string
		for _, group := range page {
			got = append(got, group.Name())
		}
		same(t, c.name, c.want, got)
		c.query.Limit, c.query.After = 1, groups[1].Place()
		count, err := f.CountGroups(f.ctx, f.org, c.query)
		f.must(t, err)
		same(t, "number: "+c.name, len(c.want), count)
	}
}

func manyGroups(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("g%05d", i)
	}
	return names
}
