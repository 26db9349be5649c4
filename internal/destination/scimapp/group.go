package scimapp

import (
	"context"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// GroupsByID returns the groups with these ids that exist, in no order.
func (a *App) GroupsByID(ctx context.Context, ids []ident.ID) ([]plan.Target, error) {
	return a.byID(ctx, Groups, ids)
}

// FindGroups returns the groups that have the values of the keys, under these keys, in the order of their ids.
func (a *App) FindGroups(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error) {
	return a.find(ctx, Groups, keys)
}

// owns returns the group if the instance manages it.
func (a *App) owns(ctx context.Context, group ident.ID) (bool, error) {
	objects, err := a.Store.RemoteObjects(ctx, a.Service, []ident.ID{group})
	return err == nil && len(objects) == 1 && objects[0].Kind == Groups && objects[0].Owner == a.Instance, err
}

// SyncedMembers returns those of the ids that an instance put into the group.
func (a *App) SyncedMembers(ctx context.Context, group ident.ID, ids []ident.ID) (map[ident.ID]bool, error) {
	if mine, err := a.owns(ctx, group); err != nil || !mine {
		return nil, err
	}
	rows, err := a.Store.RemoteMembersOf(ctx, a.Service, group, ids)
	synced := make(map[ident.ID]bool, len(rows))
	for _, row := range rows {
		if row.Marks&Synced != 0 {
			synced[row.Member] = true
		}
	}
	return synced, err
}

// ListSynced returns a page of those whom an instance put into the group.
func (a *App) ListSynced(ctx context.Context, group, after ident.ID, limit int) ([]destination.SyncedMember, error) {
	if mine, err := a.owns(ctx, group); err != nil || !mine {
		return nil, err
	}
	rows, err := a.Store.RemoteMembers(ctx, a.Service, group, after, Synced, limit)
	listed := make([]destination.SyncedMember, len(rows))
	for i, row := range rows {
		listed[i] = destination.SyncedMember{ID: row.Member, Group: row.Nested}
		if row.Owner == a.Instance {
			listed[i].SourceID = row.SourceID
		}
	}
	return listed, err
}

// CountSynced returns how many members an instance put into each of the groups that are this one's.
func (a *App) CountSynced(ctx context.Context, groups []ident.ID) (map[ident.ID]int64, error) {
	return a.Store.CountRemoteSynced(ctx, a.Service, a.Instance, groups)
}

// SyncedIn returns by group of the instance who of the members was put into it.
func (a *App) SyncedIn(ctx context.Context, members []ident.ID) (map[ident.ID][]ident.ID, error) {
	rows, err := a.Store.RemoteGroupsWith(ctx, a.Service, a.Instance, members)
	inside := map[ident.ID][]ident.ID{}
	for _, row := range rows {
		inside[row.Group] = append(inside[row.Group], row.Member)
	}
	return inside, err
}

// SaveGroupProgress says how many members the groups of the instance wait for. The service is not told.
func (a *App) SaveGroupProgress(ctx context.Context, awaited map[ident.ID]int64) error {
	ids := make([]ident.ID, 0, len(awaited))
	for id := range awaited {
		ids = append(ids, id)
	}
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
		if err != nil {
			return err
		}
		objects = slices.DeleteFunc(objects, func(o Object) bool { return o.Kind != Groups || o.Owner != a.Instance })
		for i := range objects {
			objects[i].Awaited = awaited[objects[i].ID]
			objects[i].ToBeSynced = objects[i].Awaited > 0
		}
		return a.Store.SaveRemoteObjects(ctx, a.Service, objects)
	})
}
