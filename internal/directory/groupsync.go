package directory

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// ApplyGroupChanges writes a batch of one run's changes of groups in the order given: Create, Update, Release, Delete. It is to groups what
// ApplyChanges is to users: in the transaction of the context or in one of its own, results at the changes' places, an error means that
// nothing was written.
//
// A change is superseded when the group's version moved on or another instance owns it meanwhile (rule 3). It fails as MissingDisplayName when
// the group would have no name. Names may repeat. A group that the instance makes or takes over is To Be Synced until SaveGroupProgress says
// otherwise. A group that is released keeps its members with their marks, so that a later owner can tell whom a sync put in.
func (s *Service) ApplyGroupChanges(ctx context.Context, org, instance ident.ID, changes []plan.Change) ([]Result, error) {
	results := make([]Result, len(changes))
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		ids := make([]ident.ID, len(changes))
		for i, change := range changes {
			ids[i] = change.ObjectID
		}
		groups, err := s.store.GroupsByID(ctx, org, distinct(ids))
		if err != nil {
			return err
		}
		b := groupBatch{Service: s, org: org, instance: instance, now: s.now(), groups: make(map[ident.ID]Group, len(groups))}
		for _, group := range groups {
			b.groups[group.ID] = group
		}
		for i, change := range changes {
			if results[i], err = b.apply(ctx, change); err != nil {
				return err
			}
		}
		return b.flush(ctx)
	})
	if err != nil {
		return nil, err
	}
	return results, nil
}

// SaveGroupProgress says of groups of the instance whether all their members in scope are there. Groups of others are passed over.
func (s *Service) SaveGroupProgress(ctx context.Context, org, instance ident.ID, progress []GroupProgress) error {
	return s.store.SaveGroupProgress(ctx, org, instance, progress)
}

// groupBatch applies changes: updates at once, inserts and removals in bulk.
type groupBatch struct {
	*Service
	org, instance ident.ID
	now           time.Time
	// groups are those that exist, as they are after what this batch did.
	groups   map[ident.ID]Group
	inserts  []Group
	removals []ident.ID
}

func (b *groupBatch) apply(ctx context.Context, change plan.Change) (Result, error) {
	group, exists := b.groups[change.ObjectID]
	asPlanned := exists && group.Version == change.BaseVersion && (group.Owner.IsZero() || group.Owner == b.instance)
	if change.Action == plan.Create {
		asPlanned = !exists
	}
	if !asPlanned {
		return Result{Superseded: true}, nil
	}
	switch change.Action {
	case plan.Delete:
		if err := b.flushInserts(ctx); err != nil { // the group may be among them
			return Result{}, err
		}
		b.removals = append(b.removals, group.ID)
		delete(b.groups, group.ID)
		return Result{Applied: true}, nil
	case plan.Create:
		group = Group{OrgID: b.org, ID: change.ObjectID, Origin: "Entra", CreatedAt: b.now}
	case plan.Update, plan.Release:
	default:
		return Result{}, fault.New(fault.Internal, "", "a change that groups do not know (%s) was to be applied", change.Action)
	}
	return b.write(ctx, group, change)
}

// write stores what becomes of a group, a new one too.
func (b *groupBatch) write(ctx context.Context, group Group, change plan.Change) (Result, error) {
	base := group.Version
	group.Attributes = group.Attributes.Merge(change.After)
	switch {
	case change.Action == plan.Release:
		group.Owner, group.SourceID, group.ToBeSynced, group.Awaited = ident.ID{}, "", false, 0
	case group.Owner != b.instance:
		group.Owner, group.SourceID, group.ToBeSynced, group.Awaited = b.instance, change.SourceID, true, 0
	default:
		group.SourceID = change.SourceID
	}
	if change.Action != plan.Release && strings.TrimSpace(group.Name()) == "" {
		return Result{Failure: &plan.Reason{Code: "MissingDisplayName", Text: "a group needs a " + attr.DisplayName}}, nil
	}
	group.Version, group.Revision, group.UpdatedAt = base+1, group.Revision+1, b.now
	b.groups[group.ID] = group
	if change.Action == plan.Create {
		b.inserts = append(b.inserts, group)
		return Result{Applied: true}, nil
	}
	if err := b.flushInserts(ctx); err != nil {
		return Result{}, err
	}
	return Result{Applied: true}, b.store.UpdateGroup(ctx, group, base)
}

// flush writes inserts and removals.
func (b *groupBatch) flush(ctx context.Context) error {
	if err := b.flushInserts(ctx); err != nil || len(b.removals) == 0 {
		return err
	}
	return b.removeGroups(ctx, b.org, b.removals)
}

func (b *groupBatch) flushInserts(ctx context.Context) error {
	inserts := b.inserts
	b.inserts = nil
	if len(inserts) == 0 {
		return nil
	}
	return b.store.InsertGroups(ctx, inserts)
}
