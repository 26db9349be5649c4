package plan

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"rollcall/internal/ident"
)

// Deed is one applied change of an object, as its history tells it.
type Deed struct {
	// Entry is the change's line of the journal; Undoes is the one that it takes back, zero for none.
	Entry, Undoes ident.ID
	Run           ident.ID
	Action        Action
	// Base is the version of the object before the change.
	Base int64
	At   time.Time
}

// History is all that runs did to one object, in the order in which it was done.
type History []Deed

// NewHistory puts deeds of one object in their order, each once. Versions tell it: each change adds one, also across a removal and a
// restoration.
func NewHistory(deeds []Deed) History {
	sorted := slices.SortedFunc(slices.Values(deeds), func(a, b Deed) int {
		return cmp.Or(cmp.Compare(a.Base, b.Base), bytes.Compare(a.Entry[:], b.Entry[:]))
	})
	return slices.CompactFunc(sorted, func(a, b Deed) bool { return a.Entry == b.Entry })
}

// Shows reports whether the object, which has the version now, is untouched since the change, or shows again what the change left behind,
// because all that came later was taken back; and whether the change itself was taken back.
//
// Each deed leads from one state to the next. One that takes another back leads to the state before that one. Who changes an object
// without the journal, a person by hand, leaves a gap in the versions: the state behind it is like no other.
func (h History) Shows(done Change, version int64) (untouched, taken bool) {
	type state struct{ ident.ID }
	var at state
	before, after := map[ident.ID]state{}, map[ident.ID]state{}
	var asked ident.ID
	next := int64(-1)
	for _, deed := range h {
		if deed.Base != next {
			at = state{ID: deed.Entry}
			at.ID[0] ^= 0x80 // like no other
		}
		before[deed.Entry] = at
		if known, undoes := before[deed.Undoes]; undoes {
			at = known
		} else {
			at = state{ID: deed.Entry}
		}
		after[deed.Entry] = at
		if next = deed.Base + 1; next == done.LeavesVersion() {
			asked = deed.Entry
		}
	}
	if asked.IsZero() || next != version {
		return false, false
	}
	return after[asked] == at, after[asked] != at && before[asked] == at
}

// last tells what was done last, for the end of a sentence.
func (h History) last() string {
	if len(h) == 0 {
		return ", by hand; the audit log says by whom"
	}
	deed := h[len(h)-1]
	return ", by the run " + deed.Run.String() + " at " + deed.At.UTC().Format(time.RFC3339)
}

// lastAt tells who made the version of the object.
func (h History) lastAt(version int64) string {
	if len(h) == 0 || h[len(h)-1].Base+1 != version {
		return History(nil).last()
	}
	return h.last()
}
