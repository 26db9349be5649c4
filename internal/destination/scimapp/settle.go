package scimapp

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// settlePage is how many leftovers are settled in one piece.
const settlePage = 500

// Settle does the next piece of what sending left.
func (a *App) Settle(ctx context.Context) (done bool, err error) {
	intents, err := a.Store.ListRemoteIntents(ctx, a.Service, a.Instance, checkPage)
	if err != nil {
		return false, err
	}
	if len(intents) > 0 {
		return false, a.resolve(ctx, intents)
	}
	unsettled, err := a.Store.ListRemoteObjects(ctx, a.Service, Filter{Kind: Users, Owner: a.Instance, Unsettled: true}, settlePage)
	if err != nil {
		return false, err
	}
	if len(unsettled) == 0 { // somebody whose instance was deleted while the service did not answer
		if unsettled, err = a.Store.ListRemoteObjects(ctx, a.Service, Filter{Kind: Users, Forsaken: true}, settlePage); err != nil {
			return false, err
		}
	}
	if len(unsettled) > 0 {
		return false, a.tidy(ctx, unsettled)
	}
	unsure, err := a.Store.UnsureRemoteMembers(ctx, a.Service, a.Instance, settlePage)
	if err != nil || len(unsure) == 0 {
		return err == nil, err
	}
	return false, a.sendAgain(ctx, unsure)
}

// resolve finds out what became of changes whose sending was broken off: it reads their objects.
func (a *App) resolve(ctx context.Context, intents []Intent) error {
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	ids := make([]ident.ID, len(intents))
	for i, intent := range intents {
		ids[i] = intent.Object
	}
	objects, err := a.Store.RemoteObjects(ctx, a.Service, ids)
	if err != nil {
		return err
	}
	known := make(map[ident.ID]Object, len(objects))
	for _, object := range objects {
		known[object.ID] = object
	}
	seen := map[Kind][]scimclient.Resource{}
	var gone []ident.ID
	for _, intent := range intents {
		resource, removed, err := outcomeOf(ctx, client, intent, known[intent.Object])
		switch {
		case err != nil:
			return err
		case removed:
			gone = append(gone, intent.Object)
		case resource != nil:
			seen[intent.Kind] = append(seen[intent.Kind], *resource)
		}
	}
	return a.Store.InTx(ctx, func(ctx context.Context) error {
		_, inventory, err := a.Store.RemoteState(ctx, a.Service)
		if err != nil {
			return err
		}
		if err := a.Store.DeleteRemoteObjects(ctx, a.Service, gone); err != nil {
			return err
		}
		for kind, resources := range seen {
			if err := a.see(ctx, kind, resources, inventory.Number); err != nil {
				return err
			}
		}
		return a.Store.DeleteRemoteIntents(ctx, a.Service, a.Instance, ids)
	})
}

// outcomeOf returns what the service holds of the object of an intent, nil if nothing was made of it; removed: it holds it no more.
func outcomeOf(ctx context.Context, client *scimclient.Client, intent Intent, known Object) (resource *scimclient.Resource, removed bool, err error) {
	if known.RemoteID == "" {
		if intent.Creates {
			resource, err = lookUp(ctx, client, intent.Kind, intent.ExternalID, intent.Name)
		}
		return resource, false, err
	}
	read, err := client.Get(ctx, intent.Kind.of(), known.RemoteID)
	if fault.Is(err, fault.NotFound) {
		return nil, true, nil
	}
	return &read, false, err
}

// tidy gives users the names back that were set aside, and names managers who are there by now.
func (a *App) tidy(ctx context.Context, objects []Object) error {
	var parked []ident.ID
	var waiting []Object
	for _, object := range objects {
		if object.Parked != "" {
			parked = append(parked, object.ID)
		} else {
			waiting = append(waiting, object)
		}
	}
	if len(parked) > 0 {
		return a.Unpark(ctx, parked)
	}
	return a.nameManagers(ctx, waiting)
}

// nameManagers tells the service the managers of users.
func (a *App) nameManagers(ctx context.Context, objects []Object) error {
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	b, err := a.load(ctx, client, Users, nil)
	if err != nil {
		return err
	}
	bosses := make([]string, len(objects))
	for i, object := range objects {
		bosses[i] = object.Awaits
	}
	if b.managers, err = a.managersOf(ctx, bosses); err != nil {
		return err
	}
	var operations []scimclient.Operation
	var told []Object
	for _, object := range objects {
		s := sending{object: object}
		s.operation.Type, s.operation.ID = scimclient.User, object.RemoteID
		s.object.Awaits = ""
		b.alter(&s, object, b.managers[object.Awaits])
		if s.operation.Method == "" { // the service knows no managers
			b.keep(s.object)
			continue
		}
		operations, told = append(operations, s.operation), append(told, s.object)
	}
	if err := b.tell(ctx, operations, told); err != nil {
		return err
	}
	return b.record(ctx)
}

// tell sends operations on objects that are not part of any change; whom the service refuses it for stays without.
func (b *batch) tell(ctx context.Context, operations []scimclient.Operation, objects []Object) error {
	if len(operations) == 0 {
		return nil
	}
	outcomes, err := b.client.Send(ctx, operations)
	if err != nil {
		return err
	}
	var later error
	for i, outcome := range outcomes {
		switch outcome.Status {
		case scimclient.Done, scimclient.Refused:
			b.keep(objects[i])
		default:
			later = patience(outcome)
		}
	}
	if later != nil && len(b.saved) == 0 {
		return later
	}
	return nil
}

// sendAgain tells the service again who joins and leaves, because nobody knows whether it was told.
func (a *App) sendAgain(ctx context.Context, unsure []Member) error {
	var changes []plan.Change
	for _, row := range unsure {
		action := plan.Join
		if row.Marks&Leaving != 0 {
			action = plan.Leave
		}
		last := len(changes) - 1
		if last < 0 || changes[last].ObjectID != row.Group || changes[last].Action != action {
			changes = append(changes, plan.Change{Object: plan.Members, Action: action, ObjectID: row.Group})
			last++
		}
		changes[last].Members = append(changes[last].Members, plan.Member{Object: row.Member, Group: row.Nested})
	}
	client, err := a.connect(ctx)
	if err != nil {
		return err
	}
	sent, err := a.sendMembers(ctx, client, changes, true)
	if err != nil {
		return err
	}
	if err := sent.Record(ctx); err != nil {
		return err
	}
	for _, pending := range sent.Pending {
		if !pending {
			return nil
		}
	}
	return sent.Cause
}
