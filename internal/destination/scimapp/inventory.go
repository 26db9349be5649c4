package scimapp

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

const (
	// discoverEvery is how long what a service says of itself is believed.
	discoverEvery = 24 * time.Hour
	// checkPage is how many objects that an inventory did not see are asked for in one piece.
	checkPage = 50
)

// Prepare does the next piece of what comes before a plan.
func (a *App) Prepare(ctx context.Context) (done bool, err error) {
	client, err := a.Client(ctx)
	if err != nil {
		return false, err
	}
	discovery, inventory, err := a.Store.RemoteState(ctx, a.Service)
	if err != nil {
		return false, err
	}
	if discovery.At.IsZero() || a.Now().Sub(discovery.At) > discoverEvery {
		service, err := client.Discover(ctx)
		if err != nil {
			return false, err
		}
		a.learn(service)
		return false, a.Store.SaveRemoteDiscovery(ctx, a.Service, Discovery{At: a.Now(), Service: service})
	}
	a.learn(discovery.Service)
	if inventory.Stage != Complete {
		return false, a.inventory(ctx, client, inventory)
	}
	return a.Settle(ctx)
}

// Renew has the next Prepare read all objects of the service again. One that is under way goes on: it is not older than what asks for it.
func (a *App) Renew(ctx context.Context) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		_, inventory, err := a.Store.RemoteState(ctx, a.Service)
		if err != nil || inventory.Stage != Complete {
			return err
		}
		return a.Store.SaveRemoteInventory(ctx, a.Service, Inventory{Number: inventory.Number + 1, Stage: ReadUsers})
	})
}

// inventory does the next piece of an inventory.
func (a *App) inventory(ctx context.Context, client *scimclient.Client, at Inventory) error {
	switch at.Stage {
	case ReadUsers:
		return a.readPage(ctx, client, at, Users, ReadGroups)
	case ReadGroups:
		return a.readPage(ctx, client, at, Groups, ReadMembers)
	case ReadMembers:
		return a.readMembers(ctx, client, at)
	case MissingUsers:
		return a.checkMissing(ctx, client, at, Users, MissingGroups)
	case MissingGroups:
		return a.checkMissing(ctx, client, at, Groups, Complete)
	default:
		return a.advance(ctx, at, Inventory{Number: at.Number + 1, Stage: ReadUsers})
	}
}

// advance saves how far the inventory is, in the transaction of the context; fault.Stale if another instance of the service was faster.
func (a *App) advance(ctx context.Context, from, to Inventory) error {
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		_, now, err := a.Store.RemoteState(ctx, a.Service)
		if err != nil {
			return err
		}
		if now != from {
			return errOvertaken
		}
		return a.Store.SaveRemoteInventory(ctx, a.Service, to)
	})
}

// errOvertaken: another instance that writes to the service did the same piece of its inventory meanwhile.
var errOvertaken = fault.New(fault.Stale, "Overtaken", "another instance reads the service as well")

// in saves a piece of an inventory, unless another instance did.
func (a *App) in(ctx context.Context, from, to Inventory, do func(ctx context.Context) error) error {
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		if err := a.advance(ctx, from, to); err != nil {
			return err
		}
		return do(ctx)
	})
	if fault.Is(err, fault.Stale) {
		return nil
	}
	return err
}

// readPage reads the next page of users or groups, without members.
func (a *App) readPage(ctx context.Context, client *scimclient.Client, at Inventory, kind Kind, after Stage) error {
	next := at
	next.Stage, next.Cursor = after, ""
	if _, has := a.said.Types[kind.of()]; !has {
		return a.in(ctx, at, next, func(context.Context) error { return nil })
	}
	page, err := client.List(ctx, kind.of(), scimclient.Page{Cursor: at.Cursor, Count: at.Count, Without: []string{"members", "groups"}})
	if fault.Is(err, fault.Expired) && at.Cursor != "" {
		return a.in(ctx, at, Inventory{Number: at.Number, Stage: at.Stage, Read: at.Read}, func(context.Context) error { return nil })
	}
	if err != nil {
		return err
	}
	if page.Next != "" {
		next.Stage, next.Cursor = at.Stage, page.Next
	}
	next.Read += len(page.Resources)
	return a.in(ctx, at, next, func(ctx context.Context) error { return a.see(ctx, kind, page.Resources, at.Number) })
}

// see takes in resources that were read.
func (a *App) see(ctx context.Context, kind Kind, resources []scimclient.Resource, number int64) error {
	remoteIDs := make([]string, len(resources))
	for i, resource := range resources {
		remoteIDs[i] = resource.ID
	}
	known, err := a.Store.RemoteObjectsOf(ctx, a.Service, kind, remoteIDs)
	if err != nil {
		return err
	}
	byRemote := make(map[string]Object, len(known))
	for _, object := range known {
		byRemote[object.RemoteID] = object
	}
	managers, err := a.bossesOf(ctx, kind, known, resources)
	if err != nil {
		return err
	}
	for _, resource := range resources {
		object, exists := byRemote[resource.ID]
		seen := a.read(kind, resource.Body)
		switch {
		case !exists:
			object = Object{ID: ident.New(a.Now()), Kind: kind, RemoteID: resource.ID, Version: 1, Record: seen}
		case object.Owner.IsZero():
			if boss := object.Record.Get(attr.DeletedAt); boss != nil {
				seen.Set(attr.DeletedAt, boss)
			}
			if !object.Record.Equal(seen) {
				object.Record, object.Version = seen, object.Version+1
			}
		default:
			differs := object.reread(seen)
			if kind == Users && managers.reread(&object, seen.Text(attr.ManagerValue)) || differs {
				object.Version++
			}
		}
		object.Seen = number
		byRemote[resource.ID] = object
	}
	objects := make([]Object, 0, len(byRemote))
	for _, object := range byRemote {
		objects = append(objects, object)
	}
	return a.Store.SaveRemoteObjects(ctx, a.Service, objects)
}

// checkMissing asks for objects that the inventory did not see: a list that fails to show somebody says nothing, an answer 404 does.
func (a *App) checkMissing(ctx context.Context, client *scimclient.Client, at Inventory, kind Kind, after Stage) error {
	missing, err := a.Store.ListRemoteObjects(ctx, a.Service, Filter{Kind: kind, SeenBefore: at.Number}, checkPage)
	if err != nil {
		return err
	}
	var seen []scimclient.Resource
	var gone []ident.ID
	for _, object := range missing {
		resource, err := client.Get(ctx, kind.of(), object.RemoteID)
		switch {
		case fault.Is(err, fault.NotFound):
			gone = append(gone, object.ID)
		case err != nil:
			return err
		default:
			seen = append(seen, resource)
		}
	}
	next := at
	if len(missing) < checkPage {
		next.Stage = after
	}
	next.Read += len(missing)
	return a.in(ctx, at, next, func(ctx context.Context) error {
		if err := a.Store.DeleteRemoteObjects(ctx, a.Service, gone); err != nil {
			return err
		}
		if next.Stage == Complete {
			for {
				if swept, err := a.Store.SweepRemoteMembers(ctx, a.Service, memberPage); err != nil || swept < memberPage {
					return err
				}
			}
		}
		return a.see(ctx, kind, seen, at.Number)
	})
}
