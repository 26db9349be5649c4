package plan

import (
	"bytes"
	"slices"

	"rollcall/internal/ident"
)

// Claim is one change that wants a name which another object holds, or which another change of the same run wants too; or a change
// by which such a holder gives its name up.
type Claim struct {
	// Entry identifies the change to the caller; claims are taken in its order.
	Entry ident.ID
	// Object is the object that the change is about.
	Object ident.ID
	Phase  Phase
	// Takes and Frees are name keys, "" for none. Holder is the object that has Takes now, zero for nobody.
	Takes, Frees string
	Holder       ident.ID
	HolderName   string
	// SourceName names the change's object in what others are told.
	SourceName string
	// Blocked: the change will not be applied now (it is held, or failed already), so it frees nothing.
	Blocked bool
}

// Resolution says what becomes of a claim.
type Resolution struct {
	Entry ident.ID
	// Rank orders claims within their phase.
	Rank int
	// Park: the object's present name must be set aside before the first phase.
	Park bool
	// Failed: the name cannot be had; Holder says who has it, or who gets it.
	Failed bool
	Holder string
}

// ResolveNames orders the claims of a run so that a name is freed before it is taken, breaks circles by parking one object, and fails
// the claims on names that stay taken. Applied in the order of phase, rank and entry, the others never meet a name that somebody has.
// Of several claims on one name that comes free, the one that closes a circle wins, because nobody in the circle could move otherwise; else
// the first. The result is in the order of entries; claims that are Blocked get no resolution.
func ResolveNames(claims []Claim) []Resolution {
	claims = slices.DeleteFunc(slices.Clone(claims), func(claim Claim) bool { return claim.Blocked })
	slices.SortStableFunc(claims, func(a, b Claim) int { return bytes.Compare(a.Entry[:], b.Entry[:]) })
	r := resolver{
		claims: claims, freer: make(map[string]int, len(claims)), winner: make(map[string]int, len(claims)),
		state: make([]progress, len(claims)), circular: make([]bool, len(claims)), out: make([]Resolution, len(claims)),
	}
	for i, claim := range claims {
		r.out[i].Entry = claim.Entry
		if _, known := r.freer[claim.Frees]; claim.Frees != "" && !known {
			r.freer[claim.Frees] = i
		}
	}
	for i := range claims {
		r.findCircle(i)
	}
	for i, claim := range claims {
		if w, taken := r.winner[claim.Takes]; claim.Takes != "" && (!taken || r.beats(i, w)) {
			r.winner[claim.Takes] = i
		}
	}
	for i := range claims {
		r.settle(i)
	}
	return r.out
}

// progress of a claim through the resolver.
type progress uint8

const (
	unseen progress = iota
	onPath
	searched
	settled
)

// dependency of a claim: another claim, or one of these.
const (
	nobody = -1 // the name is free
	keeper = -2 // the name's holder keeps it
)

type resolver struct {
	claims []Claim
	// freer is the claim that frees a name, winner the one that gets it.
	freer, winner map[string]int
	state         []progress
	circular      []bool
	out           []Resolution
}

// dependency returns the claim that frees the name which claim i takes. A removal comes too late for everybody else, and is not parked,
// since the archive keeps the name.
func (r *resolver) dependency(i int) int {
	claim := &r.claims[i]
	if claim.Takes == "" || claim.Holder.IsZero() || claim.Holder == claim.Object {
		return nobody
	}
	j, planned := r.freer[claim.Takes]
	if !planned || r.claims[j].Object != claim.Holder || r.claims[j].Phase == Remove && claim.Phase != Remove {
		return keeper
	}
	return j
}

// findCircle follows the dependencies from claim i and marks the circle that they run into, if it was not found before. Each claim has one
// dependency at most, so there is one way only.
func (r *resolver) findCircle(i int) {
	var path []int
	for i >= 0 && r.state[i] == unseen {
		r.state[i] = onPath
		path = append(path, i)
		i = r.dependency(i)
	}
	if i >= 0 && r.state[i] == onPath {
		r.breakCircle(path[slices.Index(path, i):])
	}
	for _, member := range path {
		r.state[member] = searched
	}
}

// breakCircle parks the holders whose turn comes in a later phase than their names are wanted; where there is none, the first member.
func (r *resolver) breakCircle(circle []int) {
	parked := false
	for _, i := range circle {
		r.circular[i] = true
		if j := r.dependency(i); r.claims[j].Phase > r.claims[i].Phase {
			r.out[j].Park, parked = true, true
		}
	}
	if !parked {
		r.out[slices.Min(circle)].Park = true
	}
}

// beats reports whether claim i gets the name before claim other.
func (r *resolver) beats(i, other int) bool {
	if r.circular[i] != r.circular[other] {
		return r.circular[i]
	}
	return r.claims[i].Holder.IsZero() && !r.claims[other].Holder.IsZero()
}

// settle decides claim i after the one that it depends on. All claims on one name depend on the same one, so a winner never fails in
// favour of nobody.
func (r *resolver) settle(i int) {
	if r.state[i] == settled {
		return
	}
	r.state[i] = settled
	claim, out := &r.claims[i], &r.out[i]
	j := r.dependency(i)
	if j >= 0 && !r.out[j].Park {
		r.settle(j)
	}
	w := r.winner[claim.Takes]
	switch {
	case j == keeper || j >= 0 && r.out[j].Failed:
		out.Failed, out.Holder = true, claim.HolderName
	case claim.Takes != "" && w != i:
		out.Failed, out.Holder = true, r.claims[w].SourceName
	case j < 0 || r.out[j].Park || r.claims[j].Phase < claim.Phase:
	case r.claims[j].Phase > claim.Phase:
		r.out[j].Park = true
	default:
		out.Rank = r.out[j].Rank + 1
	}
}
