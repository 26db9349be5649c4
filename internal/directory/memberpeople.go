package directory

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// MemberRef names somebody who is to become a member. Type may be "".
type MemberRef struct {
	ID   ident.ID
	Type MemberType
}

// AddMembers puts users and groups into a group by hand, into one that an instance manages too, where they stay whatever the sync does;
// results stand at their places. Who is a member already stays one. Lists of any length are taken, a thousand to a transaction: an error in
// the middle leaves the part before it done, and the whole call can be repeated. It fails as fault.NotFound.
func (s *Service) AddMembers(ctx context.Context, org, group ident.ID, members []MemberRef) ([]MemberResult, error) {
	changes := make([]MemberChange, len(members))
	for i, member := range members {
		changes[i] = MemberChange{Pair: Pair{Group: group, Member: member.ID}, Type: member.Type, Add: true}
	}
	return s.changeByHand(ctx, org, group, Writer{}, changes, "member.add")
}

// RemoveMembers takes members out of a group; who is none stays none. Of a managed group only those leave who were put in by hand: whom the
// sync put in, too, stays and gets a Failure, Managed. Otherwise it is as AddMembers.
func (s *Service) RemoveMembers(ctx context.Context, org, group ident.ID, members []ident.ID) ([]MemberResult, error) {
	return s.removeMembers(ctx, org, group, Writer{}, members)
}

func (s *Service) removeMembers(ctx context.Context, org, group ident.ID, by Writer, members []ident.ID) ([]MemberResult, error) {
	changes := make([]MemberChange, len(members))
	for i, member := range members {
		changes[i] = MemberChange{Pair: Pair{Group: group, Member: member}}
	}
	return s.changeByHand(ctx, org, group, by, changes, "member.remove")
}

// changeByHand applies changes of one group's members, and records in each transaction who came or left.
func (s *Service) changeByHand(
	ctx context.Context, org, id ident.ID, by Writer, changes []MemberChange, action string,
) ([]MemberResult, error) {
	if len(changes) == 0 { // the group is checked all the same
		_, err := s.Group(ctx, org, id)
		return nil, err
	}
	results := make([]MemberResult, 0, len(changes))
	for piece := range slices.Chunk(changes, memberPiece) {
		err := s.store.InTx(ctx, func(ctx context.Context) error {
			group, err := s.Group(ctx, org, id)
			if err != nil {
				return err
			}
			b := memberBatch{
				Service: s, org: org, mine: func(Group) bool { return true }, puts: ByHand, takes: Synced | ByHand, labels: true,
				groups: map[ident.ID]Group{id: group},
			}
			if !by.owns(group.Owner) {
				b.takes, b.keeps = ByHand, &plan.Reason{Code: "Managed", Text: fmt.Sprintf(
					"%s manages the group %s and put the member in; take the member out of it in Entra", group.OwnerName, group.Name())}
			}
			done, err := b.apply(ctx, piece)
			if err != nil {
				return err
			}
			results = append(results, done...)
			return b.recordMembers(ctx, group, action, piece, done)
		})
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// recordMembers appends an event that names those who came or left, if somebody did.
func (b *memberBatch) recordMembers(ctx context.Context, group Group, action string, changes []MemberChange, results []MemberResult) error {
	ids := make([]ident.ID, 0, len(changes))
	for i, change := range changes {
		if results[i].Changed {
			ids = append(ids, change.Member)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	known := b.known
	if !changes[0].Add {
		var err error
		if known, err = b.store.KnownMembers(ctx, b.org, ids, true); err != nil {
			return err
		}
	}
	labels := make([]string, len(ids))
	for i, id := range ids {
		labels[i] = known[id].Label + " (" + id.String() + ")"
	}
	event := audit.Event{OrgID: group.OrgID, Action: action, ObjectID: group.ID.String(), ObjectName: group.Name()}
	names := attr.From(map[string]any{"members": labels})
	if changes[0].Add {
		event.After = names
	} else {
		event.Before = names
	}
	return b.record(ctx, event)
}
