package entrasim

import (
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestAMembershipIsASetOfRefs(t *testing.T) {
	draws := rand.New(rand.NewPCG(1, 2))
	m := newMembership(100, 3000, newRef(refGroup, 4), newRef(refGroup, 9), newRef(refOther, 1))
	model := map[ref]bool{newRef(refGroup, 4): true, newRef(refGroup, 9): true, newRef(refOther, 1): true}
	for i := 100; i < 3000; i++ {
		model[newRef(refUser, i)] = true
	}
	for range 20_000 {
		r := newRef(refKind(draws.IntN(3)), draws.IntN(5000))
		e := edge(r)
		if draws.IntN(2) == 0 {
			e |= left
		}
		if done := m.apply(e); done != (model[r] == e.isLeft()) {
			t.Fatalf("apply(%x) = %v, member before: %v", e, done, model[r])
		}
		if delete(model, r); !e.isLeft() {
			model[r] = true
		}
		if m.has(r) == e.isLeft() {
			t.Fatalf("has(%x) after %x", r, e)
		}
	}
	got := slices.Collect(memberView{membership: m}.all(0))
	if diff := cmp.Diff(slices.Sorted(maps.Keys(model)), got); diff != "" {
		t.Error(diff)
	}
	if n := m.counts[0] + m.counts[1] + m.counts[2]; n != len(model) {
		t.Errorf("counted %d of %d", n, len(model))
	}
	from := newRef(refUser, 2500)
	if diff := cmp.Diff(slices.DeleteFunc(got, func(r ref) bool { return r < from }), slices.Collect(memberView{membership: m}.all(from))); diff != "" {
		t.Error(diff)
	}
}

func TestOneStepCostsTheSameInALargeGroup(t *testing.T) {
	moved := func(size int) float64 {
		d := groupTenant(size, 1, 0)
		n, err := d.createGroup(time.Unix(0, 0), newMembership(0, 0), func(*group) {})
		if err != nil {
			t.Fatal(err)
		}
		edges := make([]edge, size)
		for i := range edges {
			edges[i] = edge(newRef(refUser, i))
		}
		d.changeMembers(n, time.Unix(1, 0), edges)
		i := 0
		return testing.AllocsPerRun(100, func() {
			i += 2
			d.changeMembers(n, time.Unix(2, 0), []edge{edge(newRef(refUser, i)) | left})
			d.netEdges(d.log.head(), d.log.head()-1)
		})
	}
	if small, large := moved(300), moved(250_000); large > small+2 {
		t.Errorf("%v allocations in a group of 300, %v in one of 250,000", small, large)
	}
}

// groupTenant has so many people, groups and members of each group.
func groupTenant(users, groups, members int) *directory {
	s := &Server{Users: users, Groups: groups, GroupMembers: members}
	s.ready()
	return s.directory
}

func TestTheHoldersOfAMemberAreThoseThatListIt(t *testing.T) {
	for _, size := range []struct{ users, groups, members, nesting int }{
		{1000, 0, 0, 0}, {10, 40, 7, 3}, {333, 200, 11, 5}, {50, 30, 80, 0}, {20, 3, 5, 0}, {100, 20, -1, -1}, {7, 1, 1, 1},
	} {
		s := &Server{Users: size.users, Groups: size.groups, GroupMembers: size.members, GroupNesting: size.nesting}
		s.ready()
		want := map[ref][]int{}
		for n := range s.directory.groups.objects {
			for m := range s.directory.membersAt(n, head).all(0) {
				want[m] = append(want[m], n)
			}
		}
		for kind, count := range map[refKind]int{refUser: size.users, refGroup: s.directory.groups.seed.count, refOther: s.directory.groups.seed.count} {
			for i := range count {
				r := newRef(kind, i)
				if diff := cmp.Diff(want[r], s.directory.groupsOf(r, head)); diff != "" {
					t.Fatalf("%+v: holders of %d %d: %s", size, kind, i, diff)
				}
			}
		}
	}
}

func TestALaggingReplicaShowsTheMembersOfItsMoment(t *testing.T) {
	draws := rand.New(rand.NewPCG(3, 4))
	d := groupTenant(60, 12, 20)
	d.lag = time.Hour
	now := time.Unix(1_000_000, 0)
	var moments [][][]ref // by sequence number, then group
	remember := func() {
		var all [][]ref
		for n := range d.groups.objects {
			all = append(all, slices.Collect(d.membersAt(n, head).all(0)))
		}
		moments = append(moments, all)
	}
	remember()
	for len(moments) <= 400 {
		e := edge(newRef(refKind(draws.IntN(2)), draws.IntN(12)))
		if draws.IntN(2) == 0 {
			e |= left
		}
		if d.changeMembers(draws.IntN(12), now, []edge{e}) > 0 {
			remember()
		}
	}
	for seq, all := range moments {
		for n, want := range all {
			view := d.membersAt(n, seq)
			if diff := cmp.Diff(want, slices.Collect(view.all(0))); diff != "" {
				t.Fatalf("group %d at %d: %s", n, seq, diff)
			}
			for i := range 12 {
				if r := newRef(refUser, i); view.has(r) != slices.Contains(want, r) {
					t.Fatalf("group %d at %d: has(%d)", n, seq, r)
				}
			}
		}
	}
	// What a stretch of the log sums up leads from its beginning to its end.
	for n, want := range moments[400] {
		members := map[ref]bool{}
		for _, r := range moments[100][n] {
			members[r] = true
		}
		for _, e := range d.netEdges(d.groups.objects[n].last, 100) {
			if delete(members, e.member()); !e.isLeft() {
				members[e.member()] = true
			}
		}
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(members))); diff != "" {
			t.Errorf("group %d from 100 to 400: %s", n, diff)
		}
	}
}
