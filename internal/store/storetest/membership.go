package storetest

import (
	"slices"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

func membershipCases() []testCase {
	return []testCase{
		{"a membership is dirty when it comes or goes, where its group has an object", touchedMemberships},
		{"a membership is dirty when the tie of a user comes, changes or goes", tiedMemberships},
		{"the tie of a user concerns groups that hold him without his being in them", heldMemberships},
		{"a membership is dirty when the tie of a group comes, changes or goes", nestedMemberships},
		{"dirty memberships are read in order, page by page, and cleared", dirtyMemberships},
		{"members come with their ties, in the order of their ids", mirrorMembers},
		{"members are found by id, whoever knows them", membersByID},
		{"members in scope whose own change failed are awaited", awaitedMembers},
		{"there is something left to say of groups until all are said to be there", awaitingGroups},
	}
}

// places are memberships of people in a group, by their ids.
func (f *fixture) places(group mirror.Group, ids ...ident.ID) []engine.MemberPlace {
	places := make([]engine.MemberPlace, len(ids))
	for i, id := range ids {
		places[i] = engine.MemberPlace{Group: group.Seq, Member: id}
	}
	return places
}

// dirtyMembers lists the instance's dirty memberships, and cleans.
func (f *fixture) dirtyMembers(t *testing.T, instance engine.Instance) []engine.MemberPlace {
	t.Helper()
	places, err := f.DirtyMembers(f.ctx, instance, engine.MemberPlace{}, 1000)
	f.must(t, err)
	f.must(t, f.ClearDirtyMembers(f.ctx, instance.ID, places))
	return places
}

func touchedMemberships(t *testing.T, f *fixture) {
	connection, ids, groups, second := f.instance.ConnectionID, f.crowd(t, 6), f.cohorts(t, 2), f.another(t)
	g, h := groups[0], groups[1]
	f.tie(t, f.instance, g)
	f.tie(t, second, h)
	f.must(t, f.SaveMembers(f.ctx, connection, g.Seq, users(ids[0], ids[1]), 1))
	same(t, "joined", f.places(g, ids[0], ids[1]), f.dirtyMembers(t, f.instance))
	same(t, "in another instance", f.places(g), f.dirtyMembers(t, second))
	f.must(t, f.SawMembers(f.ctx, connection, g.Seq, ids[:1], 2))
	same(t, "seen", f.places(g), f.dirtyMembers(t, f.instance))
	whole := engine.GroupLink{Group: g.Seq, ObjectID: ident.New(start), Whole: true}
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, []engine.GroupLink{whole}))
	f.must(t, f.SaveMembers(f.ctx, connection, g.Seq, users(ids[2], ids[3]), 2))
	same(t, "joined while all are compared", f.places(g, ids[2], ids[3]), f.dirtyMembers(t, f.instance))
	f.must(t, f.DropMembers(f.ctx, connection, g.Seq, []ident.ID{ids[3], ids[5]}))
	same(t, "left", f.places(g, ids[3]), f.dirtyMembers(t, f.instance))
	_, err := f.DropUnseen(f.ctx, connection, g.Seq, 2, 10)
	f.must(t, err)
	same(t, "not seen", f.places(g, ids[1]), f.dirtyMembers(t, f.instance))
	whole.Whole = false
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, []engine.GroupLink{whole}))
	_, err = f.DropUnseen(f.ctx, connection, g.Seq, 0, 1)
	f.must(t, err)
	same(t, "emptied, which says of nobody that he left", f.places(g), f.dirtyMembers(t, f.instance))
	compared, err := f.LinkedGroups(f.ctx, f.instance, true, 0, 10)
	f.must(t, err)
	same(t, "to be compared as a whole", 1, len(compared))
	f.must(t, f.DeleteGroupLinks(f.ctx, f.instance, []int64{g.Seq}))
	f.must(t, f.SaveMembers(f.ctx, connection, g.Seq, users(ids[4]), 2))
	f.tie(t, f.instance, g)
	same(t, "joined without an object", f.places(g), f.dirtyMembers(t, f.instance))
}

func tiedMemberships(t *testing.T, f *fixture) {
	connection, ids, groups, second := f.instance.ConnectionID, f.crowd(t, 3), f.cohorts(t, 3), f.another(t)
	g, h, untied := groups[0], groups[1], groups[2]
	for _, group := range groups {
		f.must(t, f.SaveMembers(f.ctx, connection, group.Seq, users(ids[0], ids[1]), 1))
	}
	f.linkAll(t, ids[1].String())
	f.tie(t, second, untied)
	f.tie(t, f.instance, g, h)
	both := append(f.places(g, ids[0]), f.places(h, ids[0])...)
	same(t, "when nothing was tied", f.places(g), f.dirtyMembers(t, f.instance))
	link := f.linkAll(t, ids[0].String(), ids[2].String())[0]
	same(t, "a tie comes", both, f.dirtyMembers(t, f.instance))
	same(t, "in another instance", f.places(g), f.dirtyMembers(t, second))
	link.Status = plan.OutOfScope
	f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, []engine.Link{link}))
	same(t, "a tie changes", both, f.dirtyMembers(t, f.instance))
	f.must(t, f.DeleteLinks(f.ctx, f.instance.ID, []string{ids[0].String(), "nobody"}))
	same(t, "a tie goes", both, f.dirtyMembers(t, f.instance))
}

func heldMemberships(t *testing.T, f *fixture) {
	ids, groups := f.crowd(t, 3), f.cohorts(t, 4)
	g, h, pinned, untied := groups[0], groups[1], groups[2], groups[3]
	f.tie(t, f.instance, g, h, pinned)
	held := func(state engine.EntryState, group mirror.Group, ids ...ident.ID) engine.Entry {
		e := f.ofMembers(group, ids...)
		e.State, e.Open = state, state != engine.Dropped
		return e
	}
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
		held(engine.Held, g, ids[1], ids[0]), held(engine.Held, g, ids[1]), held(engine.Rejected, h, ids[0]), held(engine.Dropped, pinned, ids[1]),
		held(engine.Held, untied, ids[0]),
	}))
	f.must(t, f.SaveMemberPins(f.ctx, f.instance.ID, f.run.ID, []engine.MemberPin{
		{Group: pinned.Seq, Member: ids[0]}, {Group: pinned.Seq, Member: ids[2]}, {Group: untied.Seq, Member: ids[0]},
	}))
	want := slices.Concat(f.places(g, ids[0]), f.places(h, ids[0]), f.places(pinned, ids[0]))
	f.linkAll(t, ids[0].String())
	same(t, "a tie comes", want, f.dirtyMembers(t, f.instance))
	f.must(t, f.DeleteLinks(f.ctx, f.instance.ID, []string{ids[0].String()}))
	same(t, "a tie goes", want, f.dirtyMembers(t, f.instance))
	same(t, "in another instance", f.places(g), f.dirtyMembers(t, f.another(t)))
}

func nestedMemberships(t *testing.T, f *fixture) {
	connection, groups := f.instance.ConnectionID, f.cohorts(t, 3)
	outer, inner, other := groups[0], groups[1], groups[2]
	_, innerID := cohort(2)
	nested := []mirror.Member{{ID: innerID, Kind: mirror.MemberGroup}}
	for _, group := range []mirror.Group{outer, inner, other} { // also in itself, and in one without an object
		f.must(t, f.SaveMembers(f.ctx, connection, group.Seq, nested, 1))
	}
	f.tie(t, f.instance, outer)
	f.dirtyMembers(t, f.instance)
	link := f.tie(t, f.instance, inner)[0]
	same(t, "tied", append(f.places(outer, innerID), f.places(inner, innerID)...), f.dirtyMembers(t, f.instance))
	link.Whole, link.Awaited = true, 7
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, []engine.GroupLink{link}))
	same(t, "tied to the same object", f.places(outer), f.dirtyMembers(t, f.instance))
	link.ObjectID = ident.New(start)
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, []engine.GroupLink{link}))
	same(t, "tied to another object", append(f.places(outer, innerID), f.places(inner, innerID)...), f.dirtyMembers(t, f.instance))
	_, someone := person(1)
	f.must(t, f.MarkMembersDirty(f.ctx, f.instance.ID, inner.Seq, []ident.ID{someone}))
	f.must(t, f.DeleteGroupLinks(f.ctx, f.instance, []int64{inner.Seq, other.Seq}))
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, nil))
	same(t, "untied", f.places(outer, innerID), f.dirtyMembers(t, f.instance))
	count, err := f.CountGroupLinks(f.ctx, f.instance.ID)
	f.must(t, err)
	same(t, "ties", 1, count)
	f.tie(t, f.instance, inner)
	same(t, "tied again, without what was dirty before", append(f.places(outer, innerID), f.places(inner, innerID)...), f.dirtyMembers(t, f.instance))
}

func dirtyMemberships(t *testing.T, f *fixture) {
	ids, groups := f.crowd(t, 3), f.cohorts(t, 3)
	f.tie(t, f.instance, groups[0], groups[2])
	for _, group := range groups {
		f.must(t, f.MarkMembersDirty(f.ctx, f.instance.ID, group.Seq, []ident.ID{ids[2], ids[0], ids[2]}))
	}
	want := append(f.places(groups[0], ids[0], ids[2]), f.places(groups[2], ids[0], ids[2])...)
	var got []engine.MemberPlace
	for after := (engine.MemberPlace{}); ; after = got[len(got)-1] {
		page, err := f.DirtyMembers(f.ctx, f.instance, after, 3)
		f.must(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
	}
	same(t, "all, without those of a group that has no object", want, got)
	f.must(t, f.ClearDirtyMembers(f.ctx, f.instance.ID, []engine.MemberPlace{want[0], want[3], {Group: 99, Member: ids[0]}}))
	same(t, "the rest", want[1:3], f.dirtyMembers(t, f.instance))
	same(t, "in another instance", f.places(groups[0]), f.dirtyMembers(t, f.another(t)))
}

// fillGroup fills a group with three people, the second of whom is tied, a stranger, and two groups, the second of which is tied. It returns the
// members in the order of their ids.
func (f *fixture) fillGroup(t *testing.T) (mirror.Group, []engine.MemberObject) {
	t.Helper()
	ids, groups := f.crowd(t, 4), f.cohorts(t, 3)
	_, stranger := person(99)
	_, first := cohort(2)
	_, second := cohort(3)
	f.must(t, f.SaveMembers(f.ctx, f.instance.ConnectionID, groups[0].Seq, append(users(ids[0], ids[1], ids[2], stranger),
		mirror.Member{ID: first, Kind: mirror.MemberGroup}, mirror.Member{ID: second, Kind: mirror.MemberGroup}), 1))
	link, tie := f.linkAll(t, ids[1].String())[0], f.tie(t, f.instance, groups[2])[0]
	loaded, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, []string{ids[0].String(), ids[1].String(), ids[2].String()}, true)
	f.must(t, err)
	untied := func(id ident.ID, seq int64) engine.Link { return engine.Link{SourceID: id.String(), SourceSeq: seq} }
	link.SourceSeq = loaded[ids[1].String()].Seq
	return groups[0], []engine.MemberObject{
		{ID: first, Kind: mirror.MemberGroup, In: true, Link: untied(first, groups[1].Seq)},
		{ID: second, Kind: mirror.MemberGroup, In: true, Link: engine.Link{
			SourceID: second.String(), SourceSeq: groups[2].Seq, ObjectID: tie.ObjectID, Status: plan.InScope,
		}},
		{ID: ids[0], Kind: mirror.MemberUser, In: true, Link: untied(ids[0], loaded[ids[0].String()].Seq)},
		{ID: ids[1], Kind: mirror.MemberUser, In: true, Link: link},
		{ID: ids[2], Kind: mirror.MemberUser, In: true, Link: untied(ids[2], loaded[ids[2].String()].Seq)},
		{ID: stranger, Kind: mirror.MemberUser, In: true},
	}
}

func mirrorMembers(t *testing.T, f *fixture) {
	group, want := f.fillGroup(t)
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []engine.MemberObject
		for after := (ident.ID{}); ; after = got[len(got)-1].ID {
			page, err := f.MirrorMembers(f.ctx, f.instance, group.Seq, after, limit)
			f.must(t, err)
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		same(t, "members", want, got)
	}
	second := f.another(t)
	got, err := f.MirrorMembers(f.ctx, second, group.Seq, want[0].ID, 1)
	f.must(t, err)
	want[1].Link.ObjectID, want[1].Link.Status = ident.ID{}, ""
	same(t, "for an instance without ties", want[1:2], got)
}

func membersByID(t *testing.T, f *fixture) {
	group, want := f.fillGroup(t)
	fourth, outsider := person(4)
	_, nobody := person(77)
	_, self := cohort(1)
	f.must(t, f.DropMembers(f.ctx, f.instance.ConnectionID, group.Seq, []ident.ID{want[1].ID, want[3].ID}))
	loaded, err := f.LoadUsers(f.ctx, f.instance.ConnectionID, []string{fourth}, true)
	f.must(t, err)
	want[1].In, want[3].In = false, false
	want = append(want,
		engine.MemberObject{ID: outsider, Kind: mirror.MemberUser, Link: engine.Link{SourceID: fourth, SourceSeq: loaded[fourth].Seq}},
		engine.MemberObject{ID: self, Kind: mirror.MemberGroup, Link: engine.Link{SourceID: self.String(), SourceSeq: group.Seq}},
		engine.MemberObject{ID: nobody}, engine.MemberObject{}, want[3], engine.MemberObject{})
	slices.Reverse(want)
	ids := make([]ident.ID, len(want))
	for i, member := range want {
		ids[i] = member.ID
	}
	got, err := f.MembersByID(f.ctx, f.instance, group.Seq, ids)
	f.must(t, err)
	same(t, "members, one of them asked for twice", want, got)
}

func awaitedMembers(t *testing.T, f *fixture) {
	connection, ids, groups := f.instance.ConnectionID, f.crowd(t, 8), f.cohorts(t, 4)
	g, h, untied, nested := groups[0], groups[1], groups[2], groups[3]
	_, nestedID := cohort(4)
	for _, group := range []mirror.Group{g, untied} {
		f.must(t, f.SaveMembers(f.ctx, connection, group.Seq, append(users(ids...), mirror.Member{ID: nestedID, Kind: mirror.MemberGroup}), 1))
	}
	f.must(t, f.SaveMembers(f.ctx, connection, h.Seq, users(ids[0]), 1))
	ties := f.tie(t, f.instance, g, h)
	failed := func(i int, state engine.EntryState, status plan.LinkStatus) engine.Entry {
		e := f.open(ids[i].String(), state, "X")
		e.Status = status
		return e
	}
	group := f.ofGroup(nested)
	group.State, group.Open, group.RetryAt = engine.EntryFailed, true, start.Add(time.Hour)
	links := f.linkAll(t, ids[2].String(), ids[3].String())
	links[1].Status = plan.OutOfScope
	f.must(t, f.SaveLinks(f.ctx, f.org, f.instance.ID, links[1:]))
	f.must(t, f.InsertEntries(f.ctx, []engine.Entry{
		failed(0, engine.EntryFailed, plan.InScope),    // is not there
		failed(1, engine.EntrySkipped, plan.InScope),   // is not to come
		failed(2, engine.EntryFailed, plan.InScope),    // is there, but a change failed
		failed(3, engine.EntryFailed, plan.InScope),    // is to come back
		failed(4, engine.EntryFailed, plan.OutOfScope), // is to go
		group,
	}))
	_, awaited, err := f.Awaiting(f.ctx, f.instance)
	f.must(t, err)
	same(t, "awaited", map[int64]int64{g.Seq: 3, h.Seq: 1}, awaited)
	ties[1].Awaited = 0
	f.must(t, f.SaveGroupLinks(f.ctx, f.instance, ties[1:]))
	said, _, err := f.Awaiting(f.ctx, f.instance)
	f.must(t, err)
	same(t, "ties, also of one of which it was said that all are there", ties, said)
	f.tie(t, f.instance, nested)
	_, awaited, err = f.Awaiting(f.ctx, f.instance)
	f.must(t, err)
	same(t, "when the group is there", map[int64]int64{g.Seq: 2, h.Seq: 1}, awaited)
	_, awaited, err = f.Awaiting(f.ctx, f.another(t))
	f.must(t, err)
	same(t, "in another instance", 0, len(awaited))
}

func awaitingGroups(t *testing.T, f *fixture) {
	ids, groups := f.crowd(t, 1), f.cohorts(t, 3)
	f.must(t, f.SaveMembers(f.ctx, f.instance.ConnectionID, groups[0].Seq, users(ids...), 1))
	ties := f.tie(t, f.instance, groups[:2]...)
	for _, c := range []struct {
		first, second int64
		want          []engine.GroupLink
	}{
		{-1, 0, ties[:1]}, {0, 2, ties[1:]}, {0, 0, nil},
	} {
		ties[0].Awaited, ties[1].Awaited = c.first, c.second
		f.must(t, f.SaveGroupLinks(f.ctx, f.instance, ties))
		some, err := f.AnyAwaiting(f.ctx, f.instance.ID)
		f.must(t, err)
		same(t, "something to say", len(c.want) > 0, some)
		links, _, err := f.Awaiting(f.ctx, f.instance)
		f.must(t, err)
		same(t, "ties", c.want, links)
	}
	some, err := f.AnyAwaiting(f.ctx, f.another(t).ID)
	f.must(t, err)
	same(t, "something to say in another instance", false, some)
}
