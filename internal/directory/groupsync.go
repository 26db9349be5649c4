package directory

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// ApplyGroupChanges writes a batch of one run's changes of groups in the order given: Create, Update, Release, Delete, Restore. It is to groups what
// ApplyChanges is to users: in the transaction of the context or in one of its own, results at the changes' places, an error means that
// nothing was written.
//
// A change is superseded when the group's version moved on or another instance owns it meanwhile (rule 3). It fails as MissingDisplayName when
// the group would have no name. Names may repeat. A group that the instance makes or takes over is To Be Synced until SaveGroupProgress says
// otherwise. A group that is released keeps its members with their marks, so that a later owner can tell whom a sync put in.
//
// A group that is restored comes from the archive, which keeps its copy no longer, with those of its members who exist and into those of its
// groups that do; the instance owns it if the change links it, else nobody does. No copy of the planned version supersedes the change.
func (s *Service) ApplyGroupChanges(ctx context.Context, org, instance ident.ID, changes []plan.Change) ([]Result, error) {
	results := make([]Result, len(changes))
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		b, err := s.loadGroups(ctx, org, instance, changes)
		if err != nil {
			return err
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
	groups  map[ident.ID]Group
	inserts []Group
	// archived are the copies of groups that are to be restored; restored are those of groups among inserts.
	archived map[ident.ID]ArchivedGroup
	restored []ArchivedGroup
	// removals are the reasons for removing groups, by their ids.
	removals map[ident.ID]string
}

func (s *Service) loadGroups(ctx context.Context, org, instance ident.ID, changes []plan.Change) (*groupBatch, error) {
	b := &groupBatch{
		Service: s, org: org, instance: instance, now: s.now(), groups: make(map[ident.ID]Group, len(changes)),
		archived: map[ident.ID]ArchivedGroup{}, removals: map[ident.ID]string{},
	}
	ids := make([]ident.ID, len(changes))
	var restorable []ident.ID
	for i, change := range changes {
		ids[i] = change.ObjectID
		if change.Action == plan.Restore {
			restorable = append(restorable, change.ObjectID)
		}
	}
	groups, err := s.store.GroupsByID(ctx, org, distinct(ids))
	if err != nil {
		return nil, err
	}
	for _, group := range groups {
		b.groups[group.ID] = group
	}
	copies, err := s.ArchivedGroups(ctx, org, distinct(restorable))
	for _, kept := range copies {
		b.archived[kept.ID] = kept
	}
	return b, err
}

func (b *groupBatch) apply(ctx context.Context, change plan.Change) (Result, error) {
	group, exists := b.groups[change.ObjectID]
	asPlanned := exists && group.Version == change.BaseVersion && (group.Owner.IsZero() || group.Owner == b.instance)
	switch change.Action {
	case plan.Create:
		asPlanned = !exists
	case plan.Restore:
		kept, isKept := b.archived[change.ObjectID]
		asPlanned = !exists && isKept && kept.Group.Version+1 == change.BaseVersion
	default:
	}
	if !asPlanned {
		return Result{Superseded: true}, nil
	}
	switch change.Action {
	case plan.Delete:
		if err := b.flushInserts(ctx); err != nil { // the group may be among them
			return Result{}, err
		}
		b.removals[group.ID] = change.Reason.Text
		delete(b.groups, group.ID)
		return Result{Applied: true}, nil
	case plan.Restore:
		b.restore(change)
		return Result{Applied: true}, nil
	case plan.Create:
		group = Group{OrgID: b.org, ID: change.ObjectID, Origin: "Entra", CreatedAt: b.now}
	case plan.Update, plan.Release:
	default:
		return Result{}, fault.New(fault.Internal, "", "a change that groups do not know (%s) was to be applied", change.Action)
	}
	return b.write(ctx, group, change)
}

// restore makes the group of the copy in the archive again.
func (b *groupBatch) restore(change plan.Change) {
	kept := b.archived[change.ObjectID]
	delete(b.archived, change.ObjectID)
	group := kept.Group
	group.Owner, group.SourceID, group.ToBeSynced, group.Awaited = ident.ID{}, "", false, 0
	if change.Link {
		group.Owner, group.SourceID, group.ToBeSynced = b.instance, change.SourceID, true
	}
	// As with users: one for the removal, one for the restoration.
	group.Version, group.Revision, group.UpdatedAt = change.BaseVersion+1, group.Revision+2, b.now
	b.groups[group.ID] = group
	b.inserts, b.restored = append(b.inserts, group), append(b.restored, kept)
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

// flushInserts writes new and restored groups, and puts the restored ones back into their groups.
func (b *groupBatch) flushInserts(ctx context.Context) error {
	inserts, restored := b.inserts, b.restored
	b.inserts, b.restored = nil, nil
	if len(inserts) == 0 {
		return nil
	}
	if err := b.store.InsertGroups(ctx, inserts); err != nil || len(restored) == 0 {
		return err
	}
	ids := make([]ident.ID, len(restored))
	var memberships []Membership
	for i, kept := range restored {
		ids[i] = kept.ID
		memberships = append(memberships, kept.Memberships...)
	}
	if err := b.store.DeleteArchivedGroups(ctx, b.org, ids); err != nil {
		return err
	}
	if err := b.rejoin(ctx, b.org, memberships); err != nil {
		return err
	}
	return b.recount(ctx)
}

// recount reads the copies of groups that are still to be restored again: a member who came back has changed their numbers.
func (b *groupBatch) recount(ctx context.Context) error {
	copies, err := b.store.ArchivedGroupsByID(ctx, b.org, distinct(slices.Collect(maps.Keys(b.archived))))
	for _, kept := range copies {
		b.archived[kept.ID] = kept
	}
	return err
}
