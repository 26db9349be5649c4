package storetest

import (
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupStandingCases are about how groups stand: the numbers of a summary, and the lists behind them.
func groupStandingCases() []testCase {
	return []testCase{
		{"groups are synced, to be synced, or in trouble, and each number has its list", standingGroups},
		{"open entries are counted by what they are about, those of members by member", openByType},
		{"a change is found by its id alone, whatever run it belongs to", changesByID},
		{"the log is narrowed by what changes are about", logByType},
	}
}

func standingGroups(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 6)
	links := f.tie(t, f.instance, groups[:5]...)
	links[0].Awaited, links[1].Awaited, links[2].Awaited, links[4].Awaited = 0, 3, 0, 2 // the fourth was never told
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, links))
	other := f.newInstance(t, f.newConnection(t), "Other")
	failed, loose := f.ofGroup(groups[4]), f.ofGroup(groups[5])
	failed.State, failed.Open, loose.State, loose.Open = engine.EntryFailed, true, engine.EntrySkipped, true
	held := f.ofGroup(groups[0])
	held.State, held.Open = engine.Held, true
	about := f.ofMembers(groups[2], ident.New(start))
	about.State, about.Open = engine.EntryFailed, true
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{failed, loose, held, about}))

	counts, err := f.CountStanding(f.ctx, f.instance)
	f.must(t, err)
	same(t, "numbers", engine.GroupCounts{Synced: 2, ToBeSynced: 2, Awaited: 3}, counts)
	counts, err = f.CountStanding(f.ctx, other)
	f.must(t, err)
	same(t, "numbers of another instance", engine.GroupCounts{}, counts)
	for bucket, want := range map[engine.Bucket][]string{
		engine.BucketSynced:     {groups[0].SourceID, groups[2].SourceID},
		engine.BucketToBeSynced: {groups[1].SourceID, groups[3].SourceID},
	} {
		var got []string
		for after, more := int64(0), true; more; {
			page, err := f.ListStanding(f.ctx, f.instance, bucket, after, 1)
			f.must(t, err)
			if more = len(page) > 0; more {
				got, after = append(got, page[0].SourceID), page[0].Seq
				same(t, "group "+page[0].SourceID, page[0].Seq, page[0].Link.Group)
			}
		}
		same(t, string(bucket), want, got)
	}
}

func openByType(t *testing.T, f *fixture) {
	g := f.cohorts(t, 2)
	group, about, more := f.ofGroup(g[0]), f.ofMembers(g[0], ident.New(start), ident.New(start)), f.ofMembers(g[1], ident.New(start))
	user := f.open("a", engine.Held, "X")
	closed := f.entry("b")
	for _, e := range []*engine.Entry{&group, &about, &more} {
		e.State, e.Open = engine.Held, true
	}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{group, about, more, user, closed, f.open("c", engine.EntryFailed, "X")}))
	for of, want := range map[plan.ObjectType]map[engine.EntryState]int{
		plan.User: {engine.Held: 1, engine.EntryFailed: 1}, plan.Group: {engine.Held: 1}, plan.Members: {engine.Held: 3},
	} {
		counts, err := f.CountOpen(f.ctx, f.instance.ID, of)
		f.must(t, err)
		same(t, of.String(), want, counts)
	}
}

func changesByID(t *testing.T, f *fixture) {
	a, b := f.entry("a"), f.open("b", engine.Held, "X")
	a.RunID = f.newRun(t, f.instance).ID
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{a, b}))
	for _, want := range []engine.Entry{a, b} {
		same(t, want.SourceID, []engine.Entry{want}, f.list(t, engine.EntryQuery{IDs: []ident.ID{want.ID}}))
	}
	got, err := f.ListEntries(f.ctx, engine.EntryQuery{Org: ident.New(start), IDs: []ident.ID{a.ID}, Limit: 1})
	f.must(t, err)
	same(t, "in another organization", 0, len(got))
}

func logByType(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	user, group, about := f.entry("a"), f.ofGroup(g), f.ofMembers(g, ident.New(start))
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{user, group, about}))
	for _, q := range []struct {
		types []plan.ObjectType
		want  []engine.Entry
	}{
		{nil, []engine.Entry{user, group, bare(about)}},
		{[]plan.ObjectType{plan.User}, []engine.Entry{user}},
		{[]plan.ObjectType{plan.Group, plan.Members}, []engine.Entry{group, bare(about)}},
	} {
		entries, next, err := f.ListLog(f.ctx, engine.LogQuery{Org: f.org, Objects: q.types, Oldest: true, Limit: 10})
		f.must(t, err)
		same(t, "types", q.want, entries)
		same(t, "the page behind", engine.LogPlace{}, next)
	}
}
