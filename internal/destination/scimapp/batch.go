package scimapp

import (
	"context"
	"errors"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// load reads what changes are about.
func (a *App) load(ctx context.Context, client *scimclient.Client, kind Kind, changes []plan.Change) (*batch, error) {
	b := &batch{
		App: a, client: client, kind: kind, changes: changes, results: make([]destination.Result, len(changes)), pending: make([]bool, len(changes)),
		objects: make(map[ident.ID]Object, len(changes)), holders: make(map[string]ident.ID, len(changes)), managers: map[string]string{},
		unsure: map[ident.ID]bool{}, busy: map[any]bool{}, stuck: map[ident.ID]bool{}, saved: map[ident.ID]bool{},
	}
	ids := make([]ident.ID, 0, len(changes))
	var names, bosses []string
	for _, change := range changes {
		if !change.Action.Writes() {
			return nil, fault.New(fault.Internal, "", "a change that does not write (%s) was to be sent", change.Action)
		}
		ids = append(ids, change.ObjectID)
		if name := change.After.Text(kind.name()); name != "" && kind == Users {
			names = append(names, name)
		}
		if boss := change.After.Text(attr.Manager); boss != "" {
			bosses = append(bosses, boss)
		}
	}
	objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
	if err != nil {
		return nil, err
	}
	holders, err := a.Store.RemoteObjectsBy(ctx, a.Service, kind, kind.name(), names)
	if err != nil {
		return nil, err
	}
	for _, object := range slices.Concat(objects, holders) {
		if object.Kind == kind {
			b.objects[object.ID] = object
		}
		if boss := object.Record.Text(attr.Manager); boss != "" {
			bosses = append(bosses, boss)
		}
	}
	for _, holder := range holders {
		b.holders[attr.NameKey(holder.Name())] = holder.ID
	}
	if b.managers, err = a.managersOf(ctx, bosses); err != nil {
		return nil, err
	}
	intents, err := a.Store.RemoteIntents(ctx, a.Service, a.Instance, ids)
	for _, intent := range intents {
		b.unsure[intent.Object] = intent.Creates && intent.Attempts > 1
	}
	return b, err
}

// managersOf returns the service's ids of people, by their ids in the tenant.
func (a *App) managersOf(ctx context.Context, sourceIDs []string) (map[string]string, error) {
	slices.Sort(sourceIDs)
	tied, err := a.Store.RemoteObjectsTied(ctx, a.Service, a.Instance, slices.Compact(sourceIDs))
	managers := make(map[string]string, len(tied))
	for _, object := range tied {
		if object.Kind == Users {
			managers[object.SourceID] = object.RemoteID
		}
	}
	return managers, err
}

// refuse takes in that the service will not do an operation.
func (b *batch) refuse(ctx context.Context, s sending, refusal error) {
	change := b.changes[s.place]
	switch {
	case fault.Is(refusal, fault.NotFound) && s.operation.Method != scimclient.Create: // somebody removed it there
		delete(b.objects, s.object.ID)
		delete(b.saved, s.object.ID)
		b.gone = append(b.gone, s.object.ID)
		b.results[s.place].Superseded = true
	case fault.Is(refusal, fault.Conflict):
		b.conflict(ctx, s, change, refusal)
	default:
		b.failed(s.place, refusal)
	}
}

// failed settles a change with the words of the service.
func (b *batch) failed(place int, refusal error) {
	code, text := "Refused", refusal.Error()
	if f := fault.Of(refusal); f != nil && f.Code != "" {
		code = f.Code
	}
	b.fail(place, code, "the service refuses it: "+text)
}

// conflict is for a name, or an external id, that somebody has in the service. Of whom nobody knew here is noted: the next plan ties him, or says who
// holds the name.
func (b *batch) conflict(ctx context.Context, s sending, change plan.Change, refusal error) {
	news, err := b.whoHolds(ctx, s.object)
	known := false
	if err == nil && news != nil {
		known, err = b.known(ctx, news)
	}
	switch {
	case err != nil:
		b.leave(s, err)
	case news != nil && !known:
		b.discover(*news)
		b.results[s.place].Superseded = true
	case news != nil && change.Action == plan.Create && b.matchable(news, s.object):
		b.results[s.place].Superseded = true
	case news != nil && !change.Removal:
		b.fail(s.place, plan.NameHeld, "name held by "+news.Name)
	default:
		b.failed(s.place, refusal)
	}
}

// matchable reports whether the resource belongs to nobody and carries the object's external id: the next plan ties it.
func (b *batch) matchable(found *scimclient.Resource, object Object) bool {
	id := b.byRemoteID(found.ID)
	return id.Owner.IsZero() && found.ExternalID == object.Record.Text(attr.ExternalID)
}

func (b *batch) byRemoteID(remoteID string) Object {
	for _, object := range b.objects {
		if object.RemoteID == remoteID {
			return object
		}
	}
	return Object{}
}

// whoHolds returns the resource of the service that stands in an object's way, nil if none is found.
func (b *batch) whoHolds(ctx context.Context, object Object) (*scimclient.Resource, error) {
	for _, path := range []string{attr.ExternalID, b.kind.name()} {
		value := object.Record.Text(path)
		if value == "" {
			continue
		}
		found, err := b.client.Find(ctx, b.kind.of(), path, value)
		if errors.Is(err, scimclient.ErrNoFilter) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for i := range found {
			if found[i].ID != object.RemoteID {
				return &found[i], nil
			}
		}
	}
	return nil, nil
}

// known reports whether there is an object here for a resource.
func (b *batch) known(ctx context.Context, resource *scimclient.Resource) (bool, error) {
	if b.byRemoteID(resource.ID).RemoteID != "" {
		return true, nil
	}
	objects, err := b.Store.RemoteObjectsOf(ctx, b.Service, b.kind, []string{resource.ID})
	for _, object := range objects {
		b.objects[object.ID] = object
	}
	return len(objects) > 0, err
}

// discover notes an object of the service that nobody knew of.
func (b *batch) discover(resource scimclient.Resource) {
	b.keep(Object{ID: ident.New(b.Now()), Kind: b.kind, RemoteID: resource.ID, Version: 1, Record: b.read(b.kind, resource.Body)})
}

// record stores what became of the changes, in the transaction of the context.
func (b *batch) record(ctx context.Context) error {
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		if err := b.Store.DeleteRemoteObjects(ctx, b.Service, b.gone); err != nil {
			return err
		}
		saved := make([]Object, 0, len(b.saved))
		for id := range b.saved {
			saved = append(saved, b.objects[id])
		}
		slices.SortFunc(saved, byID)
		if err := b.Store.SaveRemoteObjects(ctx, b.Service, saved); err != nil {
			return err
		}
		var settled []ident.ID
		for i, change := range b.changes {
			if !b.pending[i] {
				settled = append(settled, change.ObjectID)
			}
		}
		return b.Store.DeleteRemoteIntents(ctx, b.Service, b.Instance, settled)
	})
}
