package storetest

import (
	"fmt"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

func groupObjectCases() []testCase {
	return []testCase{
		{"groups come with their tie and open entry, and are planned once", groupObjects},
		{"groups are marked by their ids, or all that are reached or have an object", markedGroups},
		{"names of groups are counted by their keys", groupNames},
		{"a group is dirty where it is reached or has an object, when its state or properties change", changedGroups},
		{"a group is dirty when it is reached, and when it is not any more", reachedGroups},
		{"memberships make people dirty only where they bring them into scope", byMembership},
		{"a group that nobody wants stays until the instances have dealt with it", unwantedGroups},
		{"a deleted instance leaves nothing of its groups", deletedGroups},
		{"what a dry run proposes is found by place, for users and groups apart", foreseen},
	}
}

// cohort returns the source id of group number i, as Graph writes ids, and the same as bytes.
func cohort(i int) (text string, id ident.ID) {
	text = fmt.Sprintf("0e0e0e0e-0000-4000-8abc-%012d", i)
	id, err := ident.Parse(text)
	if err != nil {
		panic(err) // the format is right
	}
	return text, id
}

// cohorts saves live wanted groups with the numbers from 1 to n and returns them in this order.
func (f *fixture) cohorts(t *testing.T, n int) []mirror.Group {
	t.Helper()
	texts := make([]string, n)
	for i := range n {
		texts[i], _ = cohort(i + 1)
	}
	saved := f.savedGroups(t, f.instance.ConnectionID, texts...)
	groups := make([]mirror.Group, n)
	for i, text := range texts {
		groups[i] = saved[text]
	}
	return groups
}

// tie gives groups an object each.
func (f *fixture) tie(t *testing.T, instance engine.Instance, groups ...mirror.Group) []engine.GroupLink {
	t.Helper()
	links := make([]engine.GroupLink, len(groups))
	for i, group := range groups {
		links[i] = engine.GroupLink{Group: group.Seq, ObjectID: ident.New(start), Awaited: -1}
	}
	f.must(t, f.SaveGroupLinks(f.ctx, instance, links))
	return links
}

func (f *fixture) reach(t *testing.T, instance engine.Instance, byMembership bool, groups ...mirror.Group) {
	t.Helper()
	seqs := make([]int64, len(groups))
	for i, group := range groups {
		seqs[i] = group.Seq
	}
	f.must(t, f.SaveReach(f.ctx, instance, engine.Reach{ConfigVersion: 1, Graph: 1}, seqs, byMembership))
}

// dirtyGroups lists the places of the instance's dirty groups, and cleans.
func (f *fixture) dirtyGroups(t *testing.T, instance engine.Instance) []int64 {
	t.Helper()
	groups, err := f.DirtyGroups(f.ctx, instance, 0, 1000)
	f.must(t, err)
	seqs := []int64{}
	for _, group := range groups {
		seqs = append(seqs, group.Seq)
	}
	f.must(t, f.ClearDirtyGroups(f.ctx, instance.ID, seqs))
	return seqs
}

// another makes a second instance on the same connection, with nobody dirty.
func (f *fixture) another(t *testing.T) engine.Instance {
	t.Helper()
	connection, err := f.Connection(f.ctx, f.instance.ConnectionID)
	f.must(t, err)
	second := f.newInstance(t, connection, "Second")
	f.clean(t, second)
	return second
}

func groupObjects(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 3)
	f.reach(t, f.instance, false, groups[0], groups[1])
	links := f.tie(t, f.instance, groups[1], groups[2])
	open := f.ofGroup(groups[0])
	open.State, open.Open, open.Attempts, open.FailedAt = engine.EntryFailed, true, 2, start
	about := f.ofMembers(groups[1], ident.New(start))
	about.State, about.Open = engine.Held, true
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{open, about}))
	want := []engine.GroupObject{
		{Group: groups[0], Reached: true, Open: &engine.Entry{
			ID: open.ID, RunID: open.RunID, State: open.State, Open: true, Fingerprint: open.Fingerprint, Attempts: 2, FailedAt: start,
			Change: plan.Change{Object: plan.Group, Action: plan.Create, SourceID: groups[0].SourceID},
		}},
		{Group: groups[1], Reached: true, Link: links[0]},
		{Group: groups[2], Link: links[1]},
	}
	got, err := f.DirtyGroups(f.ctx, f.instance, 0, 10)
	f.must(t, err)
	same(t, "dirty: those that are reached now", want[:2], got)
	got, err = f.DirtyGroups(f.ctx, f.instance, groups[0].Seq, 1)
	f.must(t, err)
	same(t, "the next one", want[1:2], got)
	got, err = f.AllGroupObjects(f.ctx, f.instance, 0, 10)
	f.must(t, err)
	same(t, "all", want, got)
	got, err = f.AllGroupObjects(f.ctx, f.instance, groups[0].Seq, 1)
	f.must(t, err)
	same(t, "one of all", want[1:2], got)
	f.must(t, f.ClearDirtyGroups(f.ctx, f.instance.ID, []int64{groups[1].Seq, 99}))
	same(t, "dirty afterwards", []int64{groups[0].Seq}, f.dirtyGroups(t, f.instance))
	second := f.another(t)
	for _, instance := range []engine.Instance{f.instance, second} {
		f.must(t, f.MarkGroupsDirty(f.ctx, instance, []string{groups[0].SourceID, groups[1].SourceID}, false))
	}
	f.must(t, f.DropDirtyGroups(f.ctx, f.instance.ID))
	same(t, "dirty when nothing is to be planned", []int64{}, f.dirtyGroups(t, f.instance))
	same(t, "dirty in another instance", []int64{groups[0].Seq, groups[1].Seq}, f.dirtyGroups(t, second))
	links[1].Whole, links[1].Awaited = true, 3
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, links[1:]))
	want[2].Link = links[1]
	for name, c := range map[string]struct {
		whole bool
		after int64
		limit int
		want  []engine.GroupObject
	}{"linked": {false, 0, 10, want[1:]}, "the first": {false, 0, 1, want[1:2]}, "the second": {false, groups[1].Seq, 1, want[2:]}, "whole": {true, 0, 10, want[2:]}} {
		got, err := f.LinkedGroups(f.ctx, f.instance, c.whole, c.after, c.limit)
		f.must(t, err)
		same(t, name, c.want, got)
	}
	none, err := f.AllGroupObjects(f.ctx, second, 0, 10)
	f.must(t, err)
	same(t, "in another instance", 0, len(none))
}

func markedGroups(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 4)
	f.tie(t, f.instance, groups[0], groups[1])
	f.reach(t, f.instance, false, groups[2])
	f.dirtyGroups(t, f.instance)
	whole := func() []int64 {
		linked, err := f.LinkedGroups(f.ctx, f.instance, true, 0, 10)
		f.must(t, err)
		seqs := []int64{}
		for _, group := range linked {
			seqs = append(seqs, group.Seq)
		}
		return seqs
	}
	f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, []string{groups[3].SourceID, groups[1].SourceID, "?"}, false))
	same(t, "some", []int64{groups[1].Seq, groups[3].Seq}, f.dirtyGroups(t, f.instance))
	f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, []string{}, true))
	same(t, "none", []int64{}, f.dirtyGroups(t, f.instance))
	f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, nil, false))
	same(t, "all", []int64{groups[0].Seq, groups[1].Seq, groups[2].Seq}, f.dirtyGroups(t, f.instance))
	same(t, "whole so far", []int64{}, whole())
	f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, []string{groups[3].SourceID, groups[1].SourceID}, true))
	same(t, "some are whole", []int64{groups[1].Seq}, whole())
	f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, nil, true))
	same(t, "all that have an object are", []int64{groups[0].Seq, groups[1].Seq}, whole())
	same(t, "elsewhere", []int64{}, f.dirtyGroups(t, f.another(t)))
}

func groupNames(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 5)
	for i, name := range []string{"Sales", " sALES ", "Engineering", "Sales", "Sales"} {
		groups[i].Record = attr.From(map[string]any{"displayName": name})
	}
	groups[3].State = plan.Deleted
	f.must(t, f.SaveGroups(f.ctx, f.instance.ConnectionID, groups))
	f.reach(t, f.instance, false, groups[:4]...)
	names, err := f.GroupNames(f.ctx, f.instance)
	f.must(t, err)
	same(t, "names", map[string]int{attr.NameKey("Sales"): 2, attr.NameKey("Engineering"): 1}, names)
}

func changedGroups(t *testing.T, f *fixture) {
	groups, second := f.cohorts(t, 3), f.another(t)
	f.reach(t, f.instance, false, groups[0])
	f.tie(t, f.instance, groups[1])
	f.tie(t, second, groups[0])
	f.dirtyGroups(t, f.instance)
	save := func(change func(g *mirror.Group)) {
		t.Helper()
		for i := range groups {
			change(&groups[i])
		}
		f.must(t, f.SaveGroups(f.ctx, f.instance.ConnectionID, groups))
	}
	save(func(g *mirror.Group) { g.Due, g.ReadIn, g.Doubt, g.Others = true, 5, 1, 2 })
	same(t, "when only the reading goes on", []int64{}, f.dirtyGroups(t, f.instance))
	changes := map[string]func(g *mirror.Group){
		"renamed": func(g *mirror.Group) { g.Record = attr.From(map[string]any{"displayName": "Renamed " + g.SourceID}) },
		"deleted": func(g *mirror.Group) { g.State, g.DeletedAt = plan.Deleted, start },
	}
	for name, change := range changes {
		save(change)
		same(t, name, []int64{groups[0].Seq, groups[1].Seq}, f.dirtyGroups(t, f.instance))
		same(t, name+", in the other instance", []int64{groups[0].Seq}, f.dirtyGroups(t, second))
		save(change)
		same(t, name+" again", []int64{}, f.dirtyGroups(t, f.instance))
	}
}

func reachedGroups(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 3)
	f.reach(t, f.instance, false, groups[0], groups[1])
	same(t, "reached", []int64{groups[0].Seq, groups[1].Seq}, f.dirtyGroups(t, f.instance))
	f.reach(t, f.instance, false, groups[1], groups[2])
	same(t, "one instead of another", []int64{groups[0].Seq, groups[2].Seq}, f.dirtyGroups(t, f.instance))
	f.reach(t, f.instance, true, groups[1], groups[2])
	same(t, "nothing new", []int64{}, f.dirtyGroups(t, f.instance))
	f.reach(t, f.instance, true)
	same(t, "nothing reached", []int64{groups[1].Seq, groups[2].Seq}, f.dirtyGroups(t, f.instance))
}

func byMembership(t *testing.T, f *fixture) {
	connection, ids, groups, second := f.instance.ConnectionID, f.crowd(t, 4), f.cohorts(t, 2), f.another(t)
	g, h := groups[0], groups[1]
	f.reach(t, f.instance, false, g)
	f.reach(t, second, true, g)
	f.must(t, f.SaveMembers(f.ctx, connection, g.Seq, users(ids[:3]...), 1))
	f.must(t, f.SaveMembers(f.ctx, connection, h.Seq, users(ids[3]), 1))
	f.must(t, f.DropMembers(f.ctx, connection, g.Seq, ids[2:3]))
	same(t, "in scope anyway", []int{}, f.dirtyPeople(t, f.instance))
	same(t, "in scope by membership", []int{1, 2, 3}, f.dirtyPeople(t, second))
	f.reach(t, f.instance, false, g, h)
	same(t, "more groups, in scope anyway", []int{}, f.dirtyPeople(t, f.instance))
	f.reach(t, f.instance, true, g, h)
	same(t, "from now on by membership", []int{1, 2, 4}, f.dirtyPeople(t, f.instance))
	f.reach(t, f.instance, true, g, h)
	same(t, "as before", []int{}, f.dirtyPeople(t, f.instance))
	_, err := f.DropUnseen(f.ctx, connection, h.Seq, 0, 10)
	f.must(t, err)
	same(t, "when a group is emptied", []int{4}, f.dirtyPeople(t, f.instance))
	f.reach(t, f.instance, false, g, h)
	same(t, "not by membership any more", []int{1, 2}, f.dirtyPeople(t, f.instance))
}

func unwantedGroups(t *testing.T, f *fixture) {
	connection, groups := f.instance.ConnectionID, f.cohorts(t, 3)
	g, h := groups[0], groups[1]
	f.reach(t, f.instance, false, groups...)
	links := f.tie(t, f.instance, g)
	f.dirtyGroups(t, f.instance)
	left := func(name string, want ...mirror.Group) {
		t.Helper()
		f.must(t, f.DropGroups(f.ctx, connection, []int64{g.Seq, h.Seq}))
		f.must(t, f.Sweep(f.ctx, connection))
		all, err := f.AllGroups(f.ctx, connection)
		f.must(t, err)
		same(t, name, want, all)
	}
	left("while they are wanted", groups...)
	for i := range groups {
		groups[i].Wanted = false
	}
	f.must(t, f.SaveGroups(f.ctx, connection, groups))
	left("while the instance reaches them", groups...)
	f.reach(t, f.instance, false)
	left("while they are to be planned", groups...)
	same(t, "to be planned", 3, len(f.dirtyGroups(t, f.instance)))
	f.must(t, f.SaveMembers(f.ctx, connection, groups[2].Seq, users(ident.New(start)), 1))
	left("while one has an object, and one has members", groups[0], groups[2])
	f.must(t, f.DeleteGroupLinks(f.ctx, f.instance, []int64{links[0].Group}))
	_, err := f.DropUnseen(f.ctx, connection, groups[2].Seq, 0, 10)
	f.must(t, err)
	left("when all is done")
}

func deletedGroups(t *testing.T, f *fixture) {
	ids, groups, second := f.crowd(t, 1), f.cohorts(t, 1), f.another(t)
	for _, instance := range []engine.Instance{f.instance, second} {
		f.reach(t, instance, true, groups...)
		f.tie(t, instance, groups...)
		f.must(t, f.MarkMembersDirty(f.ctx, instance.ID, groups[0].Seq, ids))
	}
	f.must(t, f.DeleteInstance(f.ctx, f.instance))
	for want, instance := range []engine.Instance{f.instance, second} {
		count, err := f.CountGroupLinks(f.ctx, instance.ID)
		f.must(t, err)
		same(t, "ties", want, count)
		same(t, "dirty groups", want, len(f.dirtyGroups(t, instance)))
		f.tie(t, instance, groups...) // what is left of a deleted one would be seen again
		same(t, "dirty members", want, len(f.dirtyMembers(t, instance)))
	}
}

func foreseen(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 2)
	user, group, about, done := f.entry("a"), f.ofGroup(groups[0]), f.ofMembers(groups[0], ident.New(start)), f.ofGroup(groups[1])
	user.SourceSeq, user.Status = groups[0].Seq, plan.OutOfScope
	for _, entry := range []*engine.Entry{&user, &group, &about} {
		entry.State = engine.Proposed
	}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{user, group, about, done}))
	places := []int64{groups[0].Seq, groups[1].Seq, 99}
	for of, entry := range map[plan.ObjectType]engine.Entry{plan.User: user, plan.Group: group} {
		got, err := f.Foreseen(f.ctx, f.instance.ID, f.run.ID, of, places)
		f.must(t, err)
		want := engine.Entry{Change: plan.Change{Action: entry.Action, ObjectID: entry.ObjectID, Status: entry.Status, Link: true}}
		same(t, of.String(), map[int64]engine.Entry{groups[0].Seq: want}, got)
	}
	got, err := f.Foreseen(f.ctx, f.instance.ID, f.newRun(t, f.instance).ID, plan.User, places)
	f.must(t, err)
	same(t, "by another run", 0, len(got))
}
