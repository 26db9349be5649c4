package entrasim

import (
	"cmp"
	"iter"
	"slices"
)

// A ref names an object of the tenant in four bytes: a user or group by its number, or something else that can be a
// member. Refs sort by kind, then number.
type ref uint32

// A refKind is what a ref names.
type refKind uint8

const (
	refUser  refKind = iota
	refGroup         // number of a group
	refOther         // a device, contact or the like: number in groupDirectory.others
)

// maxNumber is the largest number that a ref can hold.
const maxNumber = 1<<29 - 1

func newRef(kind refKind, number int) ref {
	return ref(uint32(kind)<<29 | uint32(number)) //nolint:gosec // G115: numbers of objects are below maxNumber
}

func (r ref) kind() refKind { return refKind(r >> 29 & 3) }
func (r ref) number() int   { return int(r & maxNumber) }

// An edge is a membership that began or, with the bit left, ended.
type edge uint32

const left edge = 1 << 31

func (e edge) member() ref  { return ref(e &^ left) }
func (e edge) isLeft() bool { return e&left != 0 }

func compareEdges(a, b edge) int { return cmp.Compare(a.member(), b.member()) }

// refSetBlock is how many refs a block of a refSet holds at most.
const refSetBlock = 1024

// A refSet is a set of refs in ascending blocks: four bytes each, and adding one moves at most a block. The zero value is empty.
type refSet struct {
	blocks [][]ref
	size   int
}

// find is where a ref is or would be.
func (s *refSet) find(r ref) (block, at int, found bool) {
	block, exact := slices.BinarySearchFunc(s.blocks, r, func(b []ref, r ref) int { return cmp.Compare(b[0], r) })
	if exact {
		return block, 0, true
	}
	if block == 0 {
		return 0, 0, false
	}
	at, found = slices.BinarySearch(s.blocks[block-1], r)
	return block - 1, at, found
}

func (s *refSet) has(r ref) bool {
	_, _, found := s.find(r)
	return found
}

func (s *refSet) add(r ref) bool {
	block, at, found := s.find(r)
	switch {
	case found:
		return false
	case len(s.blocks) == 0:
		s.blocks = [][]ref{{r}}
	case len(s.blocks[block]) < refSetBlock:
		s.blocks[block] = slices.Insert(s.blocks[block], at, r)
	case block == len(s.blocks)-1 && at == refSetBlock: // ascending refs fill their blocks
		s.blocks = append(s.blocks, []ref{r})
	default:
		half := slices.Clone(s.blocks[block][refSetBlock/2:])
		s.blocks[block] = s.blocks[block][: refSetBlock/2 : refSetBlock/2]
		s.blocks = slices.Insert(s.blocks, block+1, half)
		return s.add(r)
	}
	s.size++
	return true
}

func (s *refSet) remove(r ref) bool {
	block, at, found := s.find(r)
	if !found {
		return false
	}
	s.blocks[block] = slices.Delete(s.blocks[block], at, at+1)
	if len(s.blocks[block]) == 0 {
		s.blocks = slices.Delete(s.blocks, block, block+1)
	}
	s.size--
	return true
}

// next is the smallest ref from r on.
func (s *refSet) next(r ref) (ref, bool) {
	block, at, _ := s.find(r)
	if block < len(s.blocks) && at == len(s.blocks[block]) {
		block, at = block+1, 0
	}
	if block >= len(s.blocks) {
		return 0, false
	}
	return s.blocks[block][at], true
}

// A membership is who is in a group: a stretch of the people and a few others from its beginning, and what came and
// went since. A group of everybody costs nothing before somebody leaves it.
type membership struct {
	from, to int   // the numbers of users from to to-1
	others   []ref // groups and others, ascending
	added    refSet
	dropped  refSet // out of the above
	counts   [3]int // of members by kind
}

func newMembership(from, to int, others ...ref) *membership {
	m := &membership{from: from, to: to, others: others}
	m.counts[refUser] = to - from
	for _, r := range others {
		m.counts[r.kind()]++
	}
	return m
}

func (m *membership) original(r ref) bool {
	if r.kind() == refUser {
		return m.from <= r.number() && r.number() < m.to
	}
	_, found := slices.BinarySearch(m.others, r)
	return found
}

func (m *membership) has(r ref) bool {
	if m.original(r) {
		return !m.dropped.has(r)
	}
	return m.added.has(r)
}

// apply lets an edge begin or end; false if there was nothing to do.
func (m *membership) apply(e edge) bool {
	r := e.member()
	if m.has(r) != e.isLeft() {
		return false
	}
	if e.isLeft() {
		m.counts[r.kind()]--
	} else {
		m.counts[r.kind()]++
	}
	switch original := m.original(r); {
	case original && e.isLeft():
		return m.dropped.add(r)
	case original:
		return m.dropped.remove(r)
	case e.isLeft():
		return m.added.remove(r)
	default:
		return m.added.add(r)
	}
}

func (m *membership) nextOriginal(r ref) (ref, bool) {
	for {
		if r.kind() == refUser && max(r.number(), m.from) < m.to {
			r = newRef(refUser, max(r.number(), m.from))
		} else {
			at, _ := slices.BinarySearch(m.others, r)
			if at == len(m.others) {
				return 0, false
			}
			r = m.others[at]
		}
		if m.dropped.size == 0 || !m.dropped.has(r) {
			return r, true
		}
		r++
	}
}

// next is the smallest member from r on.
func (m *membership) next(r ref) (ref, bool) {
	a, okA := m.nextOriginal(r)
	if m.added.size == 0 {
		return a, okA
	}
	b, okB := m.added.next(r)
	if !okA || okB && b < a {
		return b, okB
	}
	return a, okA
}

// A memberView is a membership with its latest edges undone: as the lagging replica shows it.
type memberView struct {
	membership *membership
	undone     []edge // ascending; those without left are shown though they are gone
}

func (v memberView) has(r ref) bool {
	if at, found := slices.BinarySearchFunc(v.undone, edge(r), compareEdges); found {
		return !v.undone[at].isLeft()
	}
	return v.membership.has(r)
}

// next is the smallest member from r on.
func (v memberView) next(r ref) (ref, bool) {
	if len(v.undone) == 0 {
		return v.membership.next(r)
	}
	for {
		a, okA := v.membership.next(r)
		at, _ := slices.BinarySearchFunc(v.undone, edge(r), compareEdges)
		if at == len(v.undone) || okA && a < v.undone[at].member() {
			return a, okA
		}
		if u := v.undone[at]; !u.isLeft() {
			return u.member(), true
		}
		r = v.undone[at].member() + 1
	}
}

// all are the members from r on, ascending.
func (v memberView) all(r ref) iter.Seq[ref] {
	return func(yield func(ref) bool) {
		for m, ok := v.next(r); ok; m, ok = v.next(m + 1) {
			if !yield(m) {
				return
			}
		}
	}
}
