package scimapp

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/scimclient"
)

func byID(a, b Object) int { return bytes.Compare(a.ID[:], b.ID[:]) }

// Park gives users names of which nobody else wants any. Where names stay as they are nobody is renamed, and the changes fail for that. What is going to
// be sent is noted first: names are given back also if the process dies between the two.
func (a *App) Park(ctx context.Context, ids []ident.ID) error {
	if _, err := a.connect(ctx); err != nil || !a.said.Rename {
		return err
	}
	err := a.Store.InTx(ctx, func(ctx context.Context) error {
		objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
		if err != nil {
			return err
		}
		objects = slices.DeleteFunc(objects, func(o Object) bool { return o.Kind != Users || o.Parked != "" })
		for i := range objects {
			object := &objects[i]
			object.Parked = object.Name()
			object.Record.Set(attr.UserName, strings.ReplaceAll(object.ID.String(), "-", "")+object.Parked)
		}
		return a.Store.SaveRemoteObjects(ctx, a.Service, objects)
	})
	if err != nil {
		return err
	}
	return a.rename(ctx, ids, func(_ *batch, object *Object) bool { return object.Parked != "" })
}

// Unpark gives names back that Park set aside; who lost his to somebody keeps the temporary one.
func (a *App) Unpark(ctx context.Context, ids []ident.ID) error {
	return a.rename(ctx, ids, (*batch).giveBack)
}

// giveBack gives an object its name back, if nobody has it.
func (b *batch) giveBack(object *Object) bool {
	former := object.Parked
	if former == "" {
		return false
	}
	object.Parked = ""
	if holder, held := b.holders[attr.NameKey(former)]; !held || holder == object.ID {
		object.Record = object.Record.Clone()
		object.Record.Set(attr.UserName, former)
	} else {
		object.Version++
	}
	return true
}

// rename changes the names of users outside of any change.
func (a *App) rename(ctx context.Context, ids []ident.ID, to func(b *batch, object *Object) bool) error {
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
	if err != nil {
		return err
	}
	var former []string
	for _, object := range objects {
		former = append(former, object.Parked)
	}
	b, err := a.load(ctx, client, Users, nil)
	if err != nil {
		return err
	}
	holders, err := a.Store.RemoteObjectsBy(ctx, a.Service, Users, attr.UserName, former)
	if err != nil {
		return err
	}
	for _, holder := range holders {
		b.holders[attr.NameKey(holder.Name())] = holder.ID
	}
	slices.SortFunc(objects, byID)
	b.renameAll(ctx, objects, to)
	if b.cause != nil {
		return b.cause
	}
	return b.record(ctx)
}

// renameAll sends new names of objects.
func (b *batch) renameAll(ctx context.Context, objects []Object, to func(b *batch, object *Object) bool) {
	var renamed []Object
	var operations []scimclient.Operation
	for _, object := range objects {
		before := object.Name()
		if object.Kind != Users || !to(b, &object) {
			continue
		}
		if object.Name() == before && object.Parked == "" {
			b.keep(object)
			continue
		}
		renamed = append(renamed, object)
		operations = append(operations, b.naming(object))
	}
	if len(operations) == 0 {
		return
	}
	outcomes, err := b.client.Send(ctx, operations)
	if err != nil {
		b.cause = err
		return
	}
	for i, outcome := range outcomes {
		switch outcome.Status {
		case scimclient.Done:
			b.keep(renamed[i])
		case scimclient.Refused:
			b.keepAsItIs(objects, renamed[i])
		default:
			b.cause = patience(outcome)
		}
	}
}

// keepAsItIs is for an object that the service does not rename. One that was to be set aside has its own name; another stays with the temporary one, and
// the next plan meets it so.
func (b *batch) keepAsItIs(objects []Object, renamed Object) {
	for _, object := range objects {
		if object.ID != renamed.ID {
			continue
		}
		if renamed.Parked != "" {
			object.Record = object.Record.Clone()
			object.Record.Set(attr.UserName, renamed.Parked)
		} else {
			object.Version++
		}
		object.Parked = ""
		b.keep(object)
	}
}

// naming is the operation that gives an object its name.
func (b *batch) naming(object Object) scimclient.Operation {
	operation := scimclient.Operation{Type: scimclient.User, ID: object.RemoteID, Method: scimclient.Patch}
	operation.Ops = []scimclient.PatchOp{{Op: "replace", Path: attr.UserName, Value: object.Name()}}
	if !b.said.Patch {
		operation.Method, operation.Ops = scimclient.Replace, nil
		operation.Body = b.whole(Users, object.Record, b.managers[object.Record.Text(attr.Manager)])
	}
	return operation
}

// unpark gives objects their names back whose changes set them aside and were not done.
func (b *batch) unpark(ctx context.Context) {
	var parked []Object
	for i, change := range b.changes {
		object := b.objects[change.ObjectID]
		if change.Park && !b.pending[i] && !b.results[i].Applied && object.Parked != "" {
			parked = append(parked, object)
		}
	}
	if len(parked) == 0 || b.cause != nil {
		return
	}
	b.renameAll(ctx, parked, (*batch).giveBack)
}
