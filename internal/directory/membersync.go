package directory

import (
	"context"
	"slices"

	"rollcall/internal/ident"
)

// ApplyMembers writes a batch of one run's changes of members in the order given, in the transaction of the context or in one of its own; an
// error means that nothing was written. Results stand at the changes' places.
//
// A change is superseded when the group is gone or the instance does not own it. It fails when there is no such member, when he is not of the
// given type, and when a group would become its own member. Whoever was put in by hand as well stays when the instance takes him out. The
// same changes again change nothing.
//
// A member who comes or goes changes revision and time of the group, not its version, which only attributes and owner move: a run that
// renames a group does not compete with the run's own members, nor with anybody else's.
func (s *Service) ApplyMembers(ctx context.Context, org, instance ident.ID, changes []MemberChange) ([]MemberResult, error) {
	var results []MemberResult
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		b := memberBatch{
			Service: s, org: org, mine: func(group Group) bool { return group.Owner == instance }, puts: Synced, takes: Synced,
			groups: map[ident.ID]Group{},
		}
		var err error
		results, err = b.apply(ctx, changes)
		return err
	})
	return results, err
}

// leave takes users or groups that are being removed out of all groups, and returns what they were members of.
func (s *Service) leave(ctx context.Context, org ident.ID, members []ident.ID) (map[ident.ID][]Membership, error) {
	rows, err := s.store.MembershipsOf(ctx, org, members)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	pairs := make([]Pair, len(rows))
	left := make(map[ident.ID][]Membership, len(members))
	tallies := newTallies()
	for i, row := range rows {
		pairs[i] = row.Pair
		left[row.Member] = append(left[row.Member], row)
		tallies.add(row.Group, row.Marks, 0)
	}
	return left, s.writeMembers(ctx, org, nil, pairs, tallies)
}

// SyncedMembers returns those of the ids that the instance put into the group; nobody if the group is not the instance's.
func (s *Service) SyncedMembers(ctx context.Context, org, instance, group ident.ID, ids []ident.ID) (map[ident.ID]bool, error) {
	groups, err := s.store.GroupsByID(ctx, org, []ident.ID{group})
	if err != nil || len(groups) == 0 || groups[0].Owner != instance {
		return nil, err
	}
	ids = distinct(ids)
	pairs := make([]Pair, len(ids))
	for i, id := range ids {
		pairs[i] = Pair{Group: group, Member: id}
	}
	rows, err := s.store.Memberships(ctx, org, pairs)
	synced := make(map[ident.ID]bool, len(rows))
	for _, row := range rows {
		if row.Marks.Has(Synced) {
			synced[row.Member] = true
		}
	}
	return synced, err
}

// SyncedIn returns by group, of those that the instance owns, who of the users and groups was put into it by the instance.
func (s *Service) SyncedIn(ctx context.Context, org, instance ident.ID, members []ident.ID) (map[ident.ID][]ident.ID, error) {
	rows, err := s.store.MembershipsOf(ctx, org, members)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	ids := make([]ident.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.Group
	}
	groups, err := s.store.GroupsByID(ctx, org, distinct(ids))
	if err != nil {
		return nil, err
	}
	own := make(map[ident.ID]bool, len(groups))
	for _, group := range groups {
		own[group.ID] = group.Owner == instance
	}
	in := map[ident.ID][]ident.ID{}
	for _, row := range rows {
		if own[row.Group] && row.Marks.Has(Synced) {
			in[row.Group] = append(in[row.Group], row.Member)
		}
	}
	return in, nil
}

// ListSynced returns up to limit members whom the instance put into the group, in the order of their ids, after one; nobody if the group is
// not the instance's.
func (s *Service) ListSynced(ctx context.Context, org, instance, group, after ident.ID, limit int) ([]SyncedMember, error) {
	return s.store.ListSyncedMembers(ctx, org, instance, group, after, limit)
}

// rejoin puts restored users and groups back into the groups that they left, with the marks that they had there, in the archive too, where they
// wait for the group to be restored; groups that are in neither are passed over.
func (s *Service) rejoin(ctx context.Context, org ident.ID, memberships []Membership) error {
	if len(memberships) == 0 {
		return nil
	}
	ids := make([]ident.ID, len(memberships))
	for i, row := range memberships {
		ids[i] = row.Group
	}
	exists, err := s.restorable(ctx, org, distinct(ids))
	if err != nil {
		return err
	}
	save := make([]Membership, 0, len(memberships))
	tallies := newTallies()
	for _, row := range memberships {
		if exists[row.Group] {
			save = append(save, row)
			tallies.add(row.Group, 0, row.Marks)
		}
	}
	return s.writeMembers(ctx, org, save, nil, tallies)
}

// restorable returns those of the groups that exist or are in the archive.
func (s *Service) restorable(ctx context.Context, org ident.ID, ids []ident.ID) (map[ident.ID]bool, error) {
	groups, err := s.store.GroupsByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	found := make(map[ident.ID]bool, len(ids))
	for _, group := range groups {
		found[group.ID] = true
	}
	copies, err := s.store.ArchivedGroupsByID(ctx, org, slices.DeleteFunc(ids, func(id ident.ID) bool { return found[id] }))
	for _, kept := range copies {
		found[kept.ID] = true
	}
	return found, err
}
