package directory

import (
	"bytes"
	"context"
	"slices"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// MemberChange puts a member into a group or takes him out.
type MemberChange struct {
	Pair
	// Type that the member must have; "" for whichever he has. It does not matter when he is taken out.
	Type MemberType
	// Add puts in; else the member is taken out.
	Add bool
}

// MemberResult is what became of one change of members. If neither Superseded nor Failure is set, the group is as the change wants it.
type MemberResult struct {
	// Changed: it was not before; or, with a Failure, at least the mark is gone that could be taken away.
	Changed bool
	// Superseded: the group is not there any more, or belongs to somebody else.
	Superseded bool
	// Failure says why the change is not possible: UnknownMember, WrongType, OwnMember, or Managed for whom only a sync takes out; nil otherwise.
	Failure *plan.Reason
}

// memberPiece is how many changes of members are read and written together: memory does not grow with the list.
const memberPiece = 1000

// memberBatch applies changes of members piece by piece, in one transaction.
type memberBatch struct {
	*Service
	org ident.ID
	// mine reports whether whoever changes members may do so in the group.
	mine func(Group) bool
	// puts is the mark that adding gives; takes are the marks that removing takes away.
	puts, takes Marks
	// keeps says why members stay whom other marks keep in; nil where that is no failure.
	keeps *plan.Reason
	// labels: it is asked for how those are called who are to be added.
	labels bool
	// groups are those met so far.
	groups map[ident.ID]Group

	// Of one piece: those who are to be added, and the rows as they were and as they will be.
	known   map[ident.ID]KnownMember
	was, is map[Pair]Membership
}

// apply writes the changes and returns what became of each, at its place. Pieces are cut in the order of the tables' keys, in which those of a large
// group that come in the order of the tenant lie close together; changes of the same membership keep their order.
func (b *memberBatch) apply(ctx context.Context, changes []MemberChange) ([]MemberResult, error) {
	places := make([]int, len(changes))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(i, j int) int { return comparePairs(changes[i].Pair, changes[j].Pair) })
	results := make([]MemberResult, len(changes))
	for piece := range slices.Chunk(places, memberPiece) {
		if err := b.load(ctx, changes, piece); err != nil {
			return nil, err
		}
		for _, place := range piece {
			results[place] = b.one(changes[place])
		}
		if err := b.flush(ctx); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// load reads what the changes at some places, which are in the order of the pairs, are about.
func (b *memberBatch) load(ctx context.Context, changes []MemberChange, piece []int) error {
	var unmet, added []ident.ID
	pairs := make([]Pair, len(piece))
	for i, place := range piece {
		change := changes[place]
		pairs[i] = change.Pair
		if _, met := b.groups[change.Group]; !met {
			unmet = append(unmet, change.Group)
		}
		if change.Add {
			added = append(added, change.Member)
		}
	}
	groups, err := b.store.GroupsByID(ctx, b.org, distinct(unmet))
	if err != nil {
		return err
	}
	for _, group := range groups {
		b.groups[group.ID] = group
	}
	if b.known, err = b.store.KnownMembers(ctx, b.org, distinct(added), b.labels); err != nil {
		return err
	}
	rows, err := b.store.Memberships(ctx, b.org, slices.Compact(pairs))
	b.was, b.is = make(map[Pair]Membership, len(rows)), make(map[Pair]Membership, len(piece))
	for _, row := range rows {
		b.was[row.Pair] = row
	}
	return err
}

// one decides about one change.
func (b *memberBatch) one(change MemberChange) MemberResult {
	group, exists := b.groups[change.Group]
	if !exists || !b.mine(group) {
		return MemberResult{Superseded: true}
	}
	row, known := b.is[change.Pair]
	if !known {
		row = b.was[change.Pair]
	}
	before := row.Marks
	if change.Add {
		if failure := b.refuse(change); failure != nil {
			return MemberResult{Failure: failure}
		}
		row = Membership{Pair: change.Pair, Type: b.known[change.Member].Type, Marks: before | b.puts}
	} else {
		row.Marks = before &^ b.takes
	}
	b.is[change.Pair] = row
	result := MemberResult{Changed: row.Marks != before}
	if !change.Add && row.Marks != 0 {
		result.Failure = b.keeps
	}
	return result
}

// refuse says why somebody cannot be added; nil if he can.
func (b *memberBatch) refuse(change MemberChange) *plan.Reason {
	member, known := b.known[change.Member]
	switch {
	case change.Group == change.Member:
		return &plan.Reason{Code: "OwnMember", Text: "a group cannot be a member of itself"}
	case !known:
		return &plan.Reason{Code: "UnknownMember", Text: "there is no user or group " + change.Member.String() + " in the directory"}
	case change.Type != "" && change.Type != member.Type:
		return &plan.Reason{Code: "WrongType", Text: change.Member.String() + " is a " + string(member.Type) + ", not a " + string(change.Type)}
	}
	return nil
}

// flush writes what differs, in the order of the tables' keys.
func (b *memberBatch) flush(ctx context.Context) error {
	var save []Membership
	var remove []Pair
	tallies := newTallies()
	for pair, row := range b.is {
		was := b.was[pair]
		if was.Marks == row.Marks {
			continue
		}
		tallies.add(pair.Group, was.Marks, row.Marks)
		if row.Marks == 0 {
			remove = append(remove, pair)
		} else {
			save = append(save, row)
		}
	}
	return b.writeMembers(ctx, b.org, save, remove, tallies)
}

// writeMembers stores a batch of changed rows, in the order of the table's key, with the numbers of their groups.
func (s *Service) writeMembers(ctx context.Context, org ident.ID, save []Membership, remove []Pair, tallies tallies) error {
	if len(tallies) == 0 {
		return nil
	}
	slices.SortFunc(save, func(a, b Membership) int { return comparePairs(a.Pair, b.Pair) })
	slices.SortFunc(remove, comparePairs)
	return s.store.ChangeMembers(ctx, org, save, remove, tallies.sorted(), s.now())
}

func comparePairs(a, b Pair) int {
	if c := bytes.Compare(a.Group[:], b.Group[:]); c != 0 {
		return c
	}
	return bytes.Compare(a.Member[:], b.Member[:])
}

// tallies are what a batch adds to the numbers of each group.
type tallies map[ident.ID]Tally

func newTallies() tallies { return tallies{} }

// add counts one row whose marks changed; no marks are no row.
func (t tallies) add(group ident.ID, was, is Marks) {
	tally := t[group]
	tally.Group = group
	tally.Members += present(is) - present(was)
	tally.Synced += present(is&Synced) - present(was&Synced)
	tally.Visible = tally.Visible || present(is) != present(was)
	t[group] = tally
}

func present(marks Marks) int64 {
	if marks == 0 {
		return 0
	}
	return 1
}

func (t tallies) sorted() []Tally {
	sorted := make([]Tally, 0, len(t))
	for _, tally := range t {
		sorted = append(sorted, tally)
	}
	slices.SortFunc(sorted, func(a, b Tally) int { return bytes.Compare(a.Group[:], b.Group[:]) })
	return sorted
}
