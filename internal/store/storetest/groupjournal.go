package storetest

import (
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// groupJournalCases are about the lines of the journal that are about groups and their members.
func groupJournalCases() []testCase {
	return []testCase{
		{"changes of groups and members come back as they were written, and by type", groupEntries},
		{"a group has one open entry of its own, and any number about its members", openGroups},
		{"the log of a group is found by its id, and is not that of the user with the same place", groupLog},
		{"the guard weighs users, groups and the members of each group apart", groupRemovals},
		{"entries of groups and members are woken as those of users are", wokenGroups},
		{"decisions about groups and members have them planned again", decidedGroups},
		{"who joins or leaves is no change of the group", groupDeeds},
		{"a claim on a group's object counts until the group is to be planned again", groupClaims},
		{"closed entries of groups lose their names and those of members, whose number stays", scrubbedGroups},
		{"entries about very many members are applied a few at a time", crowdedEntries},
	}
}

// ofGroup makes a planned creation of a group.
func (f *fixture) ofGroup(group mirror.Group) engine.Entry {
	e := f.entry(group.SourceID)
	e.Object, e.SourceSeq, e.TakesName = plan.Group, group.Seq, ""
	return e
}

// ofMembers makes a planned change about people of a crowd, by their ids, in a group.
func (f *fixture) ofMembers(group mirror.Group, ids ...ident.ID) engine.Entry {
	e := f.ofGroup(group)
	e.Action, e.Object, e.Phase, e.Link, e.After = plan.Leave, plan.Members, plan.Reference, false, nil
	e.Removal = true
	for _, id := range ids {
		e.Members = append(e.Members, plan.Member{Source: id, Object: ident.New(start)})
	}
	return e
}

// bare is the entry without those whom it is about.
func bare(e engine.Entry) engine.Entry {
	e.Unnamed, e.Members = len(e.Members), nil
	return e
}

func (f *fixture) list(t *testing.T, query engine.EntryQuery) []engine.Entry {
	t.Helper()
	query.Org, query.Limit = f.org, 100
	entries, err := f.ListEntries(f.ctx, query)
	f.must(t, err)
	return entries
}

func groupEntries(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	user, group, about := f.entry("a"), f.ofGroup(g), f.ofMembers(g, ident.New(start), ident.New(start))
	user.SourceSeq, about.Members[1].Group = g.Seq, true
	about.Members[1].Object = ident.ID{}
	all := []engine.Entry{user, group, about}
	f.must(t, f.InsertEntries(f.ctx, all))
	same(t, "all", all, f.list(t, engine.EntryQuery{}))
	for i, of := range []plan.ObjectType{plan.User, plan.Group, plan.Members} {
		same(t, of.String(), all[i:i+1], f.list(t, engine.EntryQuery{Object: &of}))
	}
	about.Members = about.Members[1:]
	f.must(t, f.SaveMembersOf(f.ctx, about))
	of := plan.Members
	same(t, "with fewer members", []engine.Entry{about}, f.list(t, engine.EntryQuery{Object: &of}))
	same(t, "without members", []engine.Entry{user, group, bare(about)}, f.list(t, engine.EntryQuery{Bare: true}))
	next, err := f.NextEntries(f.ctx, f.run.ID, false, 10)
	f.must(t, err)
	same(t, "to apply", []engine.Entry{user, group, about}, next)
}

func openGroups(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 2)
	opened := func(e engine.Entry, state engine.EntryState) engine.Entry {
		e.State, e.Open = state, true
		return e
	}
	own := opened(f.ofGroup(groups[0]), engine.EntryFailed)
	one, two := opened(f.ofMembers(groups[0], ident.New(start)), engine.Held), opened(f.ofMembers(groups[0], ident.New(start), ident.New(start)), engine.Held)
	other, user := opened(f.ofMembers(groups[1], ident.New(start)), engine.Rejected), f.open("a", engine.EntryFailed, "X")
	user.SourceSeq = groups[0].Seq
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, two, one, other, user, f.ofMembers(groups[0], ident.New(start))}))
	fails(t, "a second one of the group", fault.Conflict, f.InsertEntries(f.ctx, []engine.Entry{opened(f.ofGroup(groups[0]), engine.Held)}))
	got, err := f.OpenMembers(f.ctx, f.instance.ID, groups[0].Seq)
	f.must(t, err)
	same(t, "about its members", []engine.Entry{bare(one), bare(two)}, got)
	about := func(what string, want []engine.Entry, members ...ident.ID) {
		t.Helper()
		got, err := f.OpenAbout(f.ctx, f.instance.ID, groups[0].Seq, members)
		f.must(t, err)
		same(t, "about "+what, want, got)
	}
	about("two of them", []engine.Entry{one, two}, two.Members[1].Object, one.Members[0].Source)
	about("one of them, twice", []engine.Entry{two}, two.Members[0].Source, two.Members[1].Source)
	about("somebody else", nil, ident.New(start), other.Members[0].Source, ident.ID{})
	for of, want := range map[plan.ObjectType]map[engine.EntryState]int{
		plan.User: {engine.EntryFailed: 1}, plan.Group: {engine.EntryFailed: 1}, plan.Members: {engine.Held: 3, engine.Rejected: 1},
	} {
		counts, err := f.CountOpen(f.ctx, f.instance.ID, of)
		f.must(t, err)
		same(t, "open of "+of.String(), want, counts)
	}
	f.must(t, f.CloseEntries(f.ctx, []ident.ID{one.ID, own.ID}, engine.Dropped, start))
	got, err = f.OpenMembers(f.ctx, f.instance.ID, groups[0].Seq)
	f.must(t, err)
	same(t, "when one is closed", []engine.Entry{bare(two)}, got)
	about("a member of the closed one", nil, one.Members[0].Source)
}

func groupLog(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	text, _ := person(1)
	f.fillMirror(t, text)
	user, group, about := f.entry(text), f.ofGroup(g), f.ofMembers(g, ident.New(start))
	user.SourceSeq = 1
	same(t, "the group has the user's place", user.SourceSeq, group.SourceSeq)
	entries := map[string]engine.Entry{"user": user, "group": group, "members": bare(about)}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{user, group, about}))
	for name, c := range map[string]struct {
		who  engine.LogPeople
		want []string
	}{
		"user":  {engine.LogPeople{Sources: []string{text}}, []string{"user"}},
		"group": {engine.LogPeople{Sources: []string{g.SourceID}}, []string{"group", "members"}},
	} {
		same(t, name, c.want, f.log(t, engine.LogQuery{Org: f.org, Who: &c.who, Limit: 10, Oldest: true}, entries))
	}
}

func groupRemovals(t *testing.T, f *fixture) {
	groups := f.cohorts(t, 3)
	crowd := func(n int) []ident.ID {
		ids := make([]ident.ID, n)
		for i := range ids {
			ids[i] = ident.New(start)
		}
		return ids
	}
	removal := func(e engine.Entry, state engine.EntryState, approved bool, settled time.Time) engine.Entry {
		e.Removal, e.State, e.ApprovedRemoval, e.SettledAt = true, state, approved, settled
		return e
	}
	later := start.Add(2 * time.Hour)
	deleted := func(g mirror.Group) engine.Entry {
		e := f.ofGroup(g)
		e.Action = plan.Delete
		return e
	}
	joins := f.ofMembers(groups[0], crowd(7)...)
	joins.Action, joins.Removal = plan.Join, false
	user := f.entry("u")
	user.SourceSeq = groups[0].Seq
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
		removal(user, engine.Planned, false, time.Time{}), removal(f.entry("recent"), engine.Applied, false, later),
		removal(deleted(groups[0]), engine.Planned, false, time.Time{}), removal(deleted(groups[1]), engine.Applied, false, later),
		removal(deleted(groups[2]), engine.Applied, false, later),
		joins, removal(f.ofMembers(groups[0], crowd(2)...), engine.Planned, false, time.Time{}),
		removal(f.ofMembers(groups[0], crowd(3)...), engine.Planned, false, time.Time{}),
		removal(f.ofMembers(groups[0], crowd(11)...), engine.Planned, true, time.Time{}),
		removal(f.ofMembers(groups[1], crowd(4)...), engine.Planned, false, time.Time{}),
		removal(f.ofMembers(groups[1], crowd(6)...), engine.Applied, false, later), removal(f.ofMembers(groups[1], crowd(1)...), engine.Applied, false, later),
		removal(f.ofMembers(groups[1], crowd(5)...), engine.Applied, true, later), removal(f.ofMembers(groups[1], crowd(5)...), engine.Applied, false, start),
		removal(f.ofMembers(groups[2], crowd(9)...), engine.Applied, false, later),
	}))
	leaves, err := f.PlannedLeaves(f.ctx, f.run.ID)
	f.must(t, err)
	same(t, "planned leaves", map[int64]int{groups[0].Seq: 5, groups[1].Seq: 4}, leaves)
	for name, c := range map[string]struct {
		of    plan.ObjectType
		group int64
		want  int
	}{
		"users": {plan.User, 0, 1}, "groups": {plan.Group, 0, 2}, "members of one group": {plan.Members, groups[1].Seq, 7},
		"members of another": {plan.Members, groups[0].Seq, 0},
	} {
		recent, err := f.RecentRemovals(f.ctx, f.instance.ID, c.of, c.group, start.Add(time.Hour))
		f.must(t, err)
		same(t, "recent, "+name, c.want, recent)
	}
	for _, c := range []struct {
		name  string
		of    plan.ObjectType
		group int64
		want  int
	}{
		{"members of one group", plan.Members, groups[0].Seq, 2},
		{"members of it again", plan.Members, groups[0].Seq, 0},
		{"members of all groups", plan.Members, 0, 1},
		{"groups", plan.Group, 0, 1},
		{"users", plan.User, 0, 1},
	} {
		held, err := f.HoldRemovals(f.ctx, f.run.ID, c.of, c.group, start)
		f.must(t, err)
		same(t, "held, "+c.name, c.want, held)
	}
	same(t, "left to do", 2, len(f.list(t, engine.EntryQuery{States: []engine.EntryState{engine.Planned}})))
	same(t, "open", 5, len(f.list(t, engine.EntryQuery{States: []engine.EntryState{engine.Held}, Open: true})))
}

func wokenGroups(t *testing.T, f *fixture) {
	ids, groups := f.crowd(t, 3), f.cohorts(t, 2)
	f.tie(t, f.instance, groups[0])
	failed := func(e engine.Entry, code string, retry time.Duration) engine.Entry {
		e.State, e.Open, e.Attempts, e.FailedAt, e.RetryAt, e.Reason.Code = engine.EntryFailed, true, 1, start, start.Add(retry), code
		return e
	}
	own, about := failed(f.ofGroup(groups[1]), "A", 3*time.Hour), failed(f.ofMembers(groups[0], ids[0], ids[2]), "B", time.Hour)
	untied := failed(f.ofMembers(groups[1], ids[0]), "B", time.Hour) // its group has no object any more
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, about, untied}))
	group, members := []int64{groups[1].Seq}, f.places(groups[0], ids[0], ids[2])
	for _, c := range []struct {
		name    string
		act     func() error
		groups  []int64
		members []engine.MemberPlace
	}{
		{"due", func() error { return f.WakeDue(f.ctx, f.instance, start.Add(2*time.Hour)) }, nil, members},
		{"due later", func() error { return f.WakeDue(f.ctx, f.instance, start.Add(4*time.Hour)) }, group, members},
		{"by code", func() error { return f.WakeCode(f.ctx, f.org, []string{"A"}) }, group, nil},
		{"by the code of others", func() error { return f.WakeCode(f.ctx, f.org, []string{"B", "C"}) }, nil, members},
		{"by object", func() error { return f.WakeFailed(f.ctx, f.org, nil, []ident.ID{about.ObjectID}) }, nil, members},
		{"by objects", func() error { return f.WakeFailed(f.ctx, f.org, nil, []ident.ID{about.ObjectID, own.ObjectID}) }, group, members},
		{"in another organization", func() error { return f.WakeCode(f.ctx, ident.New(start), []string{"A", "B"}) }, nil, nil},
	} {
		f.must(t, c.act())
		same(t, "groups, "+c.name, c.groups, f.dirtyGroups(t, f.instance))
		same(t, "members, "+c.name, c.members, f.dirtyMembers(t, f.instance))
		same(t, "people, "+c.name, []int{}, f.dirtyPeople(t, f.instance))
	}
	run := f.newRun(t, f.instance)
	planned, leaving, approved := f.ofGroup(groups[0]), f.ofMembers(groups[0], ids[1]), f.ofMembers(groups[0], ids[2])
	approved.ApprovedRemoval = true
	for _, entry := range []*engine.Entry{&planned, &leaving, &approved} {
		entry.RunID = run.ID
	}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{planned, leaving, approved}))
	count, err := f.WakeRun(f.ctx, f.instance, run.ID, start)
	f.must(t, err)
	same(t, "left by a run", 3, count)
	same(t, "groups of the run", []int64{groups[0].Seq}, f.dirtyGroups(t, f.instance))
	same(t, "members of the run", f.places(groups[0], ids[1], ids[2]), f.dirtyMembers(t, f.instance))
	same(t, "superseded", 2, len(f.list(t, engine.EntryQuery{Run: run.ID, States: []engine.EntryState{engine.Superseded}})))
	same(t, "approved again", 1, len(f.list(t, engine.EntryQuery{Run: run.ID, States: []engine.EntryState{engine.Approved}, Open: true})))
}

func decidedGroups(t *testing.T, f *fixture) {
	ids, groups := f.crowd(t, 2), f.cohorts(t, 2)
	f.tie(t, f.instance, groups...)
	held := func(e engine.Entry) engine.Entry {
		e.State, e.Open = engine.Held, true
		return e
	}
	own, about, other := held(f.ofGroup(groups[0])), held(f.ofMembers(groups[0], ids[0])), held(f.ofMembers(groups[1], ids[1]))
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, about, other}))
	count, err := f.DecideEntries(f.ctx, f.instance, []ident.ID{about.ID}, engine.Approved, "Ada", start)
	f.must(t, err)
	same(t, "approved", 1, count)
	same(t, "groups", []int64{}, f.dirtyGroups(t, f.instance))
	same(t, "members", f.places(groups[0], ids[0]), f.dirtyMembers(t, f.instance))
	count, err = f.DecideEntries(f.ctx, f.instance, nil, engine.Rejected, "Bo", start)
	f.must(t, err)
	same(t, "the rest rejected", 2, count)
	same(t, "groups of the rest", []int64{groups[0].Seq}, f.dirtyGroups(t, f.instance))
	same(t, "members of the rest", f.places(groups[1], ids[1]), f.dirtyMembers(t, f.instance))
}

func groupDeeds(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	own, about := f.ofGroup(g), f.ofMembers(g, ident.New(start))
	about.ObjectID, own.State, about.State = own.ObjectID, engine.Applied, engine.Applied
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, about}))
	deeds, err := f.Deeds(f.ctx, f.org, []ident.ID{own.ObjectID})
	f.must(t, err)
	same(t, "deeds", 1, len(deeds[own.ObjectID]))
	same(t, "the deed", own.ID, deeds[own.ObjectID][0].Entry)
}

func groupClaims(t *testing.T, f *fixture) {
	g, owner := f.cohorts(t, 1)[0], f.another(t)
	claim := f.ofGroup(g)
	claim.State, claim.Open, claim.Reason.Code = engine.EntryFailed, true, "OwnedByOther"
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{claim}))
	for _, want := range []int{1, 0} {
		claimants, err := f.Claimants(f.ctx, owner.ID, []ident.ID{claim.ObjectID})
		f.must(t, err)
		same(t, "claimants", want, len(claimants))
		f.must(t, f.MarkGroupsDirty(f.ctx, f.instance, []string{g.SourceID}, false))
	}
}

func scrubbedGroups(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	own, about, nameless := f.ofGroup(g), f.ofMembers(g, ident.New(start), ident.New(start)), f.ofMembers(g, ident.New(start))
	nameless.SourceName, nameless.ObjectName, nameless.Reason.Text = "", "", ""
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{own, about, nameless}))
	for _, want := range []int{3, 0} {
		count, err := f.ScrubEntries(f.ctx, f.org, ident.Before(start.Add(time.Hour)), 10)
		f.must(t, err)
		same(t, "scrubbed", want, count)
	}
	entries := f.list(t, engine.EntryQuery{})
	for _, entry := range entries {
		if entry.SourceName+entry.ObjectName+entry.Reason.Text != "" || entry.After != nil || entry.Members != nil {
			t.Errorf("left of %s: %+v", entry.Object, entry)
		}
	}
	same(t, "members", []int{0, 2, 1}, []int{entries[0].MemberCount(), entries[1].MemberCount(), entries[2].MemberCount()})
}

func crowdedEntries(t *testing.T, f *fixture) {
	g := f.cohorts(t, 1)[0]
	crowd := make([]ident.ID, 15_000)
	for i := range crowd {
		crowd[i] = ident.New(start)
	}
	few, own := f.ofMembers(g, crowd[0]), f.ofGroup(g)
	few.Rank, own.Phase = -1, plan.Free
	var entries []engine.Entry
	for range 6 {
		entries = append(entries, f.ofMembers(g, crowd...))
	}
	f.must(t, f.InsertEntries(f.ctx, append(entries, few, own)))
	for _, want := range []int{6, 2, 0} { // the group, a member, and four times fifteen thousand; then the others
		next, err := f.NextEntries(f.ctx, f.run.ID, false, 100)
		f.must(t, err)
		same(t, "together", want, len(next))
		ids := make([]ident.ID, len(next))
		for i, entry := range next {
			ids[i] = entry.ID
		}
		f.must(t, f.SettleApplied(f.ctx, f.run.ID, ids, start))
	}
}
