package storetest

import (
	"fmt"
	"slices"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// person returns the source id of person number i, as Graph writes ids, and the same as bytes.
func person(i int) (text string, id ident.ID) {
	text = fmt.Sprintf("0f0f0f0f-0000-4000-8abc-%012d", i)
	id, err := ident.Parse(text)
	if err != nil {
		panic(err) // the format is right
	}
	return text, id
}

// crowd fills the mirror with people from 1 to n, none of them dirty, and returns their ids as bytes.
func (f *fixture) crowd(t *testing.T, n int) []ident.ID {
	t.Helper()
	texts, ids := make([]string, n), make([]ident.ID, n)
	for i := range n {
		texts[i], ids[i] = person(i + 1)
	}
	f.fillMirror(t, texts...)
	f.clean(t, f.instance)
	return ids
}

// savedGroups saves live wanted groups and returns their places.
func (f *fixture) savedGroups(t *testing.T, connection ident.ID, ids ...string) map[string]mirror.Group {
	t.Helper()
	groups := make([]mirror.Group, len(ids))
	for i, id := range ids {
		groups[i] = mirror.Group{SourceID: id, State: plan.Live, Wanted: true, Record: attr.From(map[string]any{"displayName": "Group " + id})}
	}
	f.must(t, f.SaveGroups(f.ctx, connection, groups))
	saved, err := f.LoadGroups(f.ctx, connection, ids)
	f.must(t, err)
	return saved
}

// savedGroup saves a group in a state whose id is that of person number i.
func (f *fixture) savedGroup(t *testing.T, i int, state plan.SourceState) (mirror.Group, ident.ID) {
	t.Helper()
	text, id := person(i)
	group := f.savedGroups(t, f.instance.ConnectionID, text)[text]
	group.State = state
	f.must(t, f.SaveGroups(f.ctx, f.instance.ConnectionID, []mirror.Group{group}))
	return group, id
}

func users(ids ...ident.ID) []mirror.Member {
	members := make([]mirror.Member, len(ids))
	for i, id := range ids {
		members[i] = mirror.Member{ID: id, Kind: mirror.MemberUser}
	}
	return members
}

// dirtyPeople lists the numbers of the dirty people of crowd, and cleans.
func (f *fixture) dirtyPeople(t *testing.T, instance engine.Instance) []int {
	t.Helper()
	numbers := []int{}
	for _, id := range f.dirty(t, instance) {
		var number int
		if _, err := fmt.Sscanf(id[24:], "%d", &number); err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, number)
	}
	f.clean(t, instance)
	return numbers
}

func mirrorGroupCases() []testCase {
	return []testCase{
		{"groups get their places per connection and keep them", groupPlaces},
		{"members are kept per group and found from both sides", members},
		{"who joins or leaves a group is dirty for the instances that reach it", touchedMembers},
		{"a change of what is reached makes the members dirty", reachedMembers},
		{"whom a full read has not seen goes, in pieces, but for the recycle bin", unseenMembers},
		{"arrivals are kept until they are settled", func(t *testing.T, f *fixture) {
			connection := f.instance.ConnectionID
			f.must(t, f.Arrived(f.ctx, connection, []string{"c", "a", "b"}))
			f.must(t, f.Arrived(f.ctx, connection, []string{"a"}))
			got, err := f.Arrivals(f.ctx, connection, 2)
			f.must(t, err)
			same(t, "two of them", []string{"a", "b"}, got)
			f.must(t, f.Settled(f.ctx, connection, got))
			got, err = f.Arrivals(f.ctx, connection, 2)
			f.must(t, err)
			same(t, "the rest", []string{"c"}, got)
			got, err = f.Arrivals(f.ctx, f.newConnection(t).ID, 2)
			f.must(t, err)
			same(t, "of another connection", 0, len(got))
		}},
		{"what is deleted takes its memberships along", forgottenMembers},
	}
}

func groupPlaces(t *testing.T, f *fixture) {
	connection := f.instance.ConnectionID
	saved := f.savedGroups(t, connection, "b", "a")
	same(t, "places", []int64{1, 2}, []int64{saved["b"].Seq, saved["a"].Seq})
	a := saved["a"]
	a.State, a.DeletedAt, a.Wanted, a.Due, a.ReadIn, a.ListedIn, a.Doubt, a.Others = plan.Deleted, start, false, true, 7, 6, -1, 3
	a.Record = nil
	f.must(t, f.SaveGroups(f.ctx, connection, []mirror.Group{{SourceID: "c", State: plan.Gone, Due: true}, a}))
	all, err := f.AllGroups(f.ctx, connection)
	f.must(t, err)
	a.Record = attr.Record{}
	same(t, "all", []mirror.Group{saved["b"], a, {Seq: 3, SourceID: "c", State: plan.Gone, Due: true, Record: attr.Record{}}}, all)
	due, err := f.DueGroups(f.ctx, connection, 0, 1)
	f.must(t, err)
	same(t, "the first that is due", []mirror.Group{a}, due)
	due, err = f.DueGroups(f.ctx, connection, a.Seq, 10)
	f.must(t, err)
	same(t, "the others that are due", all[2:], due)
	f.must(t, f.DropGroups(f.ctx, connection, []int64{a.Seq, 99}))
	all, err = f.AllGroups(f.ctx, connection)
	f.must(t, err)
	same(t, "left", 2, len(all))
	other := f.newConnection(t)
	same(t, "the first place elsewhere", int64(1), f.savedGroups(t, other.ID, "a")["a"].Seq)
	fails(t, "a connection that does not exist", fault.NotFound, f.SaveGroups(f.ctx, ident.New(start), []mirror.Group{{SourceID: "a"}}))
}

func members(t *testing.T, f *fixture) {
	connection, ids := f.instance.ConnectionID, f.crowd(t, 5)
	groups := f.savedGroups(t, connection, "g", "h")
	g, h := groups["g"].Seq, groups["h"].Seq
	f.must(t, f.SaveMembers(f.ctx, connection, g, append(users(ids[0], ids[1]), mirror.Member{ID: ids[4], Kind: mirror.MemberGroup}), 1))
	f.must(t, f.SaveMembers(f.ctx, connection, h, users(ids[1]), 1))
	got, err := f.LoadMembers(f.ctx, connection, g, ids)
	f.must(t, err)
	same(t, "members", map[ident.ID]mirror.MemberKind{ids[0]: mirror.MemberUser, ids[1]: mirror.MemberUser, ids[4]: mirror.MemberGroup}, got)
	texts := []string{"nobody", ids[0].String(), ids[1].String(), ids[2].String()}
	of, err := f.GroupsOf(f.ctx, connection, texts)
	f.must(t, err)
	same(t, "groups of people", map[string][]int64{ids[0].String(): {g}, ids[1].String(): {g, h}}, of)
	nested, err := f.NestedGroups(f.ctx, connection)
	f.must(t, err)
	same(t, "nesting", map[int64][]ident.ID{g: {ids[4]}}, nested)
	f.must(t, f.SaveMembers(f.ctx, connection, g, []mirror.Member{{ID: ids[0], Kind: mirror.MemberGroup}}, 1))
	f.must(t, f.DropMembers(f.ctx, connection, g, []ident.ID{ids[4], ids[3]}))
	nested, err = f.NestedGroups(f.ctx, connection)
	f.must(t, err)
	same(t, "a member of another kind", map[int64][]ident.ID{g: {ids[0]}}, nested)
	elsewhere, err := f.GroupsOf(f.ctx, f.newConnection(t).ID, texts)
	f.must(t, err)
	same(t, "elsewhere", 0, len(elsewhere))
}

func touchedMembers(t *testing.T, f *fixture) {
	connection, ids := f.instance.ConnectionID, f.crowd(t, 5)
	held, err := f.Connection(f.ctx, connection)
	f.must(t, err)
	second := f.newInstance(t, held, "Second")
	f.clean(t, second)
	groups := f.savedGroups(t, connection, "g", "h")
	g := groups["g"].Seq
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{ConfigVersion: 1, Graph: 1}, []int64{g}, true))
	f.must(t, f.SaveReach(f.ctx, second, engine.Reach{ConfigVersion: 1, Graph: 1}, []int64{groups["h"].Seq}, true))
	_, stranger := person(99)
	f.must(t, f.SaveMembers(f.ctx, connection, g, users(ids[0], ids[2], stranger), 1))
	same(t, "joined", []int{1, 3}, f.dirtyPeople(t, f.instance))
	same(t, "in an instance that does not reach the group", []int{}, f.dirtyPeople(t, second))
	f.must(t, f.SawMembers(f.ctx, connection, g, []ident.ID{ids[0]}, 2))
	same(t, "seen", []int{}, f.dirtyPeople(t, f.instance))
	f.must(t, f.DropMembers(f.ctx, connection, g, []ident.ID{ids[2], ids[3]}))
	same(t, "left", []int{3}, f.dirtyPeople(t, f.instance))
}

func reachedMembers(t *testing.T, f *fixture) {
	connection, ids := f.instance.ConnectionID, f.crowd(t, 6)
	groups := f.savedGroups(t, connection, "g", "h", "i")
	g, h, i := groups["g"].Seq, groups["h"].Seq, groups["i"].Seq
	f.must(t, f.SaveMembers(f.ctx, connection, g, users(ids[0], ids[1]), 1))
	f.must(t, f.SaveMembers(f.ctx, connection, h, users(ids[2]), 1))
	f.must(t, f.SaveMembers(f.ctx, connection, i, users(ids[1], ids[4]), 1))
	before, err := f.Reach(f.ctx, f.instance.ID)
	f.must(t, err)
	same(t, "before the first", engine.Reach{}, before)
	first := engine.Reach{ConfigVersion: 2, Graph: 5}
	f.must(t, f.SaveReach(f.ctx, f.instance, first, []int64{g, h}, true))
	same(t, "reached first", []int{1, 2, 3}, f.dirtyPeople(t, f.instance))
	got, err := f.Reach(f.ctx, f.instance.ID)
	f.must(t, err)
	same(t, "kept", first, got)
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{ConfigVersion: 3, Graph: 5}, []int64{i, h}, true))
	same(t, "one instead of another", []int{1, 2, 5}, f.dirtyPeople(t, f.instance))
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{ConfigVersion: 4, Graph: 6}, []int64{h, i}, true))
	same(t, "nothing new", []int{}, f.dirtyPeople(t, f.instance))
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{}, nil, true))
	same(t, "nothing reached", []int{2, 3, 5}, f.dirtyPeople(t, f.instance))
}

func unseenMembers(t *testing.T, f *fixture) {
	connection, ids := f.instance.ConnectionID, f.crowd(t, 6)
	groups := f.savedGroups(t, connection, "g", "h")
	g, h := groups["g"].Seq, groups["h"].Seq
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{Graph: 1}, []int64{g}, true))
	_, stranger := person(99)
	f.must(t, f.SaveMembers(f.ctx, connection, g, users(append(slices.Clone(ids), stranger)...), 1))
	f.must(t, f.SaveMembers(f.ctx, connection, h, users(ids...), 1))
	f.must(t, f.SawMembers(f.ctx, connection, g, ids[:2], 2))
	text := ids[2].String()
	loaded, err := f.LoadUsers(f.ctx, connection, []string{text}, false)
	f.must(t, err)
	binned := loaded[text]
	binned.State, binned.DeletedAt = plan.Deleted, start
	f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{binned}, 0))
	f.clean(t, f.instance)
	inBin, inside := f.savedGroup(t, 97, plan.Deleted)
	live, outside := f.savedGroup(t, 98, plan.Live)
	f.must(t, f.SaveMembers(f.ctx, connection, g, []mirror.Member{{ID: inside, Kind: mirror.MemberGroup}, {ID: outside, Kind: mirror.MemberGroup}}, 1))
	seen, err := f.CountSeen(f.ctx, connection, g, 2)
	f.must(t, err)
	same(t, "seen in the last read", 2, seen)
	drop := func(generation int64, limit, want int) {
		t.Helper()
		count, err := f.DropUnseen(f.ctx, connection, g, generation, limit)
		f.must(t, err)
		same(t, "dropped", want, count)
	}
	drop(2, 2, 2)
	same(t, "dirty after the first piece", []int{4, 5}, f.dirtyPeople(t, f.instance))
	drop(2, 100, 3)
	nested, err := f.NestedGroups(f.ctx, connection)
	f.must(t, err)
	same(t, "groups inside without "+live.SourceID+", with the one in the recycle bin, "+inBin.SourceID, map[int64][]ident.ID{g: {inside}}, nested)
	f.must(t, f.DropMembers(f.ctx, connection, g, []ident.ID{inside}))
	same(t, "dirty after the rest", []int{6}, f.dirtyPeople(t, f.instance))
	left, err := f.LoadMembers(f.ctx, connection, g, append(slices.Clone(ids), stranger))
	f.must(t, err)
	same(t, "left", 3, len(left))
	drop(0, 2, 2)
	drop(0, 2, 1)
	drop(0, 2, 0)
	same(t, "dirty when the group was emptied", []int{1, 2, 3}, f.dirtyPeople(t, f.instance))
	left, err = f.LoadMembers(f.ctx, connection, h, ids)
	f.must(t, err)
	same(t, "of the other group", 6, len(left))
}

func forgottenMembers(t *testing.T, f *fixture) {
	connection, ids := f.instance.ConnectionID, f.crowd(t, 3)
	g := f.savedGroups(t, connection, "g")["g"].Seq
	f.must(t, f.SaveMembers(f.ctx, connection, g, users(ids...), 1))
	text := ids[1].String()
	loaded, err := f.LoadUsers(f.ctx, connection, []string{text}, false)
	f.must(t, err)
	gone := loaded[text]
	gone.State = plan.Gone
	f.must(t, f.SaveUsers(f.ctx, connection, []mirror.User{gone}, 0))
	f.must(t, f.Sweep(f.ctx, connection))
	left, err := f.LoadMembers(f.ctx, connection, g, ids)
	f.must(t, err)
	same(t, "while he is to be planned", 3, len(left))
	f.clean(t, f.instance)
	f.must(t, f.Sweep(f.ctx, connection))
	left, err = f.LoadMembers(f.ctx, connection, g, ids)
	f.must(t, err)
	same(t, "when he is forgotten", map[ident.ID]mirror.MemberKind{ids[0]: mirror.MemberUser, ids[2]: mirror.MemberUser}, left)
	f.must(t, f.SaveReach(f.ctx, f.instance, engine.Reach{Graph: 1}, []int64{g}, true))
	f.must(t, f.DeleteInstance(f.ctx, f.instance))
	reach, err := f.Reach(f.ctx, f.instance.ID)
	f.must(t, err)
	same(t, "what a deleted instance reached", engine.Reach{}, reach)
	left, err = f.LoadMembers(f.ctx, connection, g, ids)
	f.must(t, err)
	same(t, "of a deleted connection", 0, len(left))
}
