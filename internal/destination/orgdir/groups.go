package orgdir

import (
	"bytes"
	"context"
	"maps"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// GroupsByID returns the groups with these ids that exist, in no order.
func (d *Directory) GroupsByID(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	groups, err := d.service.GroupsByID(ctx, d.org, ids)
	if err != nil {
		return nil, err
	}
	targets := make([]plan.Target, len(groups))
	for i, group := range groups {
		targets[i] = group.Target()
	}
	return targets, nil
}

// FindGroups returns the groups that have the values of the keys, under these keys, in the order of their ids.
func (d *Directory) FindGroups(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error) {
	return find(keys, func(path string, values []string) ([]plan.Target, error) {
		groups, err := d.service.FindGroups(ctx, d.org, path, values)
		targets := make([]plan.Target, len(groups))
		for i, group := range groups {
			targets[i] = group.Target()
		}
		return targets, err
	})
}

// ApplyGroups writes changes of groups.
func (d *Directory) ApplyGroups(ctx context.Context, changes []plan.Change) ([]destination.Result, error) {
	return results(d.service.ApplyGroupChanges(ctx, d.org, d.instance, changes))
}

// RemovedGroups returns the groups with these ids whose copies are in the archive.
func (d *Directory) RemovedGroups(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	copies, err := d.service.ArchivedGroups(ctx, d.org, ids)
	targets := make([]plan.Target, len(copies))
	for i, kept := range copies {
		targets[i] = kept.Group.Target()
	}
	return targets, err
}

// SyncedMembers returns those of the ids that the instance put into the group.
func (d *Directory) SyncedMembers(ctx context.Context, group ident.ID, ids []ident.ID) (map[ident.ID]bool, error) {
	return d.service.SyncedMembers(ctx, d.org, d.instance, group, ids)
}

// ListSynced returns a page of those whom the instance put into the group.
func (d *Directory) ListSynced(ctx context.Context, group, after ident.ID, limit int) ([]destination.SyncedMember, error) {
	members, err := d.service.ListSynced(ctx, d.org, d.instance, group, after, limit)
	listed := make([]destination.SyncedMember, len(members))
	for i, member := range members {
		listed[i] = destination.SyncedMember{ID: member.ID, SourceID: member.SourceID, Group: member.Type == directory.GroupMember}
	}
	return listed, err
}

// CountSynced returns how many members the instance put into each of the groups that are its own.
func (d *Directory) CountSynced(ctx context.Context, ids []ident.ID) (map[ident.ID]int64, error) {
	groups, err := d.service.GroupsByID(ctx, d.org, ids)
	counts := make(map[ident.ID]int64, len(groups))
	for _, group := range groups {
		if group.Owner == d.instance {
			counts[group.ID] = group.SyncedMembers
		}
	}
	return counts, err
}

// SyncedIn returns by group who of the members was put into it by the instance.
func (d *Directory) SyncedIn(ctx context.Context, members []ident.ID) (map[ident.ID][]ident.ID, error) {
	return d.service.SyncedIn(ctx, d.org, d.instance, members)
}

// ApplyMembers writes changes of members.
func (d *Directory) ApplyMembers(ctx context.Context, changes []plan.Change) ([]destination.MembersResult, error) {
	members := 0
	for _, change := range changes {
		members += len(change.Members)
	}
	wanted := make([]directory.MemberChange, 0, members)
	for _, change := range changes {
		for _, member := range change.Members {
			wanted = append(wanted, memberChange(change, member))
		}
	}
	written, err := d.service.ApplyMembers(ctx, d.org, d.instance, wanted)
	if err != nil {
		return nil, err
	}
	results := make([]destination.MembersResult, len(changes))
	for i, change := range changes {
		for j, member := range change.Members {
			results[i].Superseded = written[j].Superseded // of all of them or none: they are of one group
			if written[j].Changed {
				results[i].Changed = append(results[i].Changed, member)
			}
		}
		written = written[len(change.Members):]
	}
	return results, nil
}

func memberChange(change plan.Change, member plan.Member) directory.MemberChange {
	is := directory.UserMember
	if member.Group {
		is = directory.GroupMember
	}
	return directory.MemberChange{
		Pair: directory.Pair{Group: change.ObjectID, Member: member.Object}, Type: is, Add: change.Action == plan.Join,
	}
}

// SaveGroupProgress says how many members the groups wait for.
func (d *Directory) SaveGroupProgress(ctx context.Context, awaited map[ident.ID]int64) error {
	progress := make([]directory.GroupProgress, 0, len(awaited))
	for _, group := range slices.SortedFunc(maps.Keys(awaited), func(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) }) {
		progress = append(progress, directory.GroupProgress{Group: group, ToBeSynced: awaited[group] > 0, Awaited: awaited[group]})
	}
	return d.service.SaveGroupProgress(ctx, d.org, d.instance, progress)
}
