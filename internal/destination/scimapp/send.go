package scimapp

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// creations is how often something is sent whose outcome stays unknown: the creation of an object, or of memberships.
const creations = 3

// Send sends changes of objects of one type, in the order given as far as one depends on another.
func (a *App) Send(ctx context.Context, changes []plan.Change) (destination.Sent, error) {
	if len(changes) == 0 {
		return destination.Sent{Record: func(context.Context) error { return nil }}, nil
	}
	client, err := a.connect(ctx)
	if err != nil {
		return destination.Sent{}, err
	}
	if changes[0].Object == plan.Members {
		return a.sendMembers(ctx, client, changes, false)
	}
	kind := Users
	if changes[0].Object == plan.Group {
		kind = Groups
	}
	b, err := a.load(ctx, client, kind, changes)
	if err != nil {
		return destination.Sent{}, err
	}
	for i := range changes {
		b.add(ctx, i)
	}
	b.flush(ctx)
	b.unpark(ctx)
	return destination.Sent{Results: b.results, Pending: b.pending, Cause: b.cause, Record: b.record}, nil
}

// batch is changes of users, or of groups, that are being sent: in waves, because the service does not keep the order of what it is sent at once.
type batch struct {
	*App
	client  *scimclient.Client
	kind    Kind
	changes []plan.Change
	results []destination.Result
	pending []bool
	cause   error
	// objects are those that exist, as they are after what was done so far.
	objects map[ident.ID]Object
	// holders says who has a name key, as far as these changes care. Names of groups repeat.
	holders map[string]ident.ID
	// managers are the service's ids of people, by their ids in the tenant.
	managers map[string]string
	// unsure creations were begun before.
	unsure map[ident.ID]bool
	// wave is what is sent next; busy are the objects and names that it is about.
	wave []sending
	busy map[any]bool
	// stuck are objects whose change is pending, so that nobody may rely on them.
	stuck map[ident.ID]bool
	saved map[ident.ID]bool
	gone  []ident.ID
}

// sending is one change that is sent.
type sending struct {
	place     int
	operation scimclient.Operation
	// object as it is when the operation is done.
	object Object
	tries  int
}

// unsendable reports whether the service has no such objects.
func (b *batch) unsendable() bool {
	_, has := b.said.Types[b.kind.of()]
	return !has
}

// add decides about one change: it has its result, or is part of the wave.
func (b *batch) add(ctx context.Context, i int) {
	change := b.changes[i]
	name := change.After.Text(b.kind.name())
	if b.busy[change.ObjectID] || b.kind == Users && name != "" && b.busy[attr.NameKey(name)] {
		b.flush(ctx)
	}
	if b.cause != nil && b.halted() {
		b.pending[i], b.stuck[change.ObjectID] = true, true
		return
	}
	object, exists := b.objects[change.ObjectID]
	switch {
	case b.stuck[change.ObjectID]:
		b.pending[i] = true
		return
	case b.unsendable():
		b.fail(i, plan.NotSupported, "the service has no resources of the type "+string(b.kind.of()))
		return
	case change.Action == plan.Create && exists,
		change.Action != plan.Create && (!exists || object.Version != change.BaseVersion || !object.Owner.IsZero() && object.Owner != b.Instance):
		b.results[i].Superseded = true
		return
	case b.refused(i, object):
		return
	}
	s := sending{place: i, object: object}
	b.prepare(&s, change)
	if s.operation.Method == "" {
		b.done(s, nil)
		return
	}
	b.wave = append(b.wave, s)
	b.busy[change.ObjectID] = true
	if b.kind == Users {
		b.busy[attr.NameKey(object.Name())], b.busy[attr.NameKey(s.object.Name())] = true, true
	}
}

// halted reports whether the service takes nothing at all: what was refused for its credentials, or canceled, is not tried again.
func (b *batch) halted() bool {
	switch fault.KindOf(b.cause) {
	case fault.Throttled, fault.Unavailable:
		return false
	default:
		return true
	}
}

// fail settles a change that cannot be done.
func (b *batch) fail(i int, code, text string) {
	b.results[i].Failure = &plan.Reason{Code: code, Text: text}
}

// refused settles a change that cannot give its object the name it wants.
func (b *batch) refused(i int, object Object) bool {
	change := b.changes[i]
	name := change.After.Text(b.kind.name())
	switch {
	case b.kind == Groups && change.Action == plan.Create && strings.TrimSpace(name) == "":
		b.fail(i, "MissingDisplayName", "a group needs a name")
		return true
	case b.kind == Groups, name == "":
		return false
	}
	holder, held := b.holders[attr.NameKey(name)]
	switch {
	case !held || holder == change.ObjectID:
		return b.fixed(i, object, name)
	case b.stuck[holder]:
		b.pending[i] = true
	case change.Removal:
		b.results[i].Superseded = true
	default:
		b.fail(i, plan.NameHeld, "name held by "+b.objects[holder].Target().Label())
	}
	return true
}

// fixed settles a change that renames somebody in a service where names stay as they are.
func (b *batch) fixed(i int, object Object, name string) bool {
	if b.said.Rename || object.RemoteID == "" || object.Name() == name || b.changes[i].Removal {
		return false
	}
	b.fail(i, "NameFixed", "the service does not change the userName of somebody who exists")
	return true
}

// prepare fills the operation of a change and the object as it is afterwards; no method if the service has nothing to do.
func (b *batch) prepare(s *sending, change plan.Change) {
	before := s.object
	s.operation.Type, s.operation.ID = b.kind.of(), before.RemoteID
	s.object.Version++
	s.object.Parked = ""
	switch change.Action {
	case plan.Delete:
		s.operation.Method = scimclient.Delete
		return
	case plan.Create:
		s.object = Object{ID: change.ObjectID, Kind: b.kind, Version: 1, ToBeSynced: b.kind == Groups}
	case plan.Release:
		s.object.Owner, s.object.SourceID, s.object.OwnerName = ident.ID{}, "", ""
		s.object.ToBeSynced, s.object.Awaited = false, 0
	default:
		s.object.ToBeSynced = before.ToBeSynced || b.kind == Groups && change.Link
	}
	if change.Action != plan.Release {
		s.object.Owner, s.object.SourceID = b.Instance, change.SourceID
	}
	s.object.Record = attr.Record{}.Merge(before.Record).Merge(change.After)
	if !b.said.Rename && before.RemoteID != "" && b.kind == Users {
		s.object.Record.Set(attr.UserName, before.Record.Text(attr.UserName))
	}
	manager := b.manager(&s.object)
	if change.Action == plan.Create {
		s.operation.Method, s.operation.Body = scimclient.Create, b.whole(b.kind, s.object.Record, manager)
		return
	}
	b.alter(s, before, manager)
}

// manager returns the service's id of an object's manager, and notes one who is not there yet.
func (b *batch) manager(object *Object) string {
	source := object.Record.Text(attr.Manager)
	object.Awaits = ""
	if source == "" || b.kind == Groups {
		return ""
	}
	id := b.managers[source]
	if id == "" {
		object.Awaits = source
	}
	return id
}

// alter fills the operation that makes an object of what it was.
func (b *batch) alter(s *sending, before Object, manager string) {
	former := ""
	if source := before.Record.Text(attr.Manager); before.Awaits == "" {
		former = b.managers[source]
		if former == "" && s.object.Record.Text(attr.Manager) == "" {
			former = source // somebody whom only the service knows
		}
	}
	was, is := b.resource(b.kind, before.Record, former), b.resource(b.kind, s.object.Record, manager)
	ops := b.patches(b.kind, was, is)
	if len(ops) == 0 {
		return
	}
	if b.said.Patch {
		s.operation.Method, s.operation.Ops = scimclient.Patch, ops
		return
	}
	s.operation.Method, s.operation.Body = scimclient.Replace, b.whole(b.kind, s.object.Record, manager)
}

// flush sends the wave and settles its changes. What is unknown afterwards is looked up and, if it was not done, sent again.
func (b *batch) flush(ctx context.Context) {
	for len(b.wave) > 0 {
		wave := b.wave
		b.wave = nil
		if wave = b.lookUpUnsure(ctx, wave); len(wave) == 0 {
			break
		}
		operations := make([]scimclient.Operation, len(wave))
		for i, s := range wave {
			operations[i] = s.operation
		}
		outcomes, err := b.client.Send(ctx, operations)
		if err != nil {
			for _, s := range wave {
				b.leave(s, err)
			}
			break
		}
		for i, s := range wave {
			b.settle(ctx, s, outcomes[i])
		}
	}
	clear(b.busy)
}

// leave keeps a change for another time.
func (b *batch) leave(s sending, cause error) {
	b.pending[s.place], b.stuck[s.object.ID] = true, true
	if b.cause == nil || !b.halted() {
		b.cause = cause
	}
}

// settle takes in what became of one operation.
func (b *batch) settle(ctx context.Context, s sending, outcome scimclient.Outcome) {
	switch outcome.Status {
	case scimclient.Done:
		b.done(s, outcome.Resource)
	case scimclient.Unknown:
		b.unsure[s.object.ID] = true
		if s.tries++; s.tries < creations {
			b.wave = append(b.wave, s)
			return
		}
		b.leave(s, patience(outcome))
	case scimclient.Later:
		b.leave(s, patience(outcome))
	default:
		b.refuse(ctx, s, outcome.Fault)
	}
}

// patience is why something has to be sent again.
func patience(outcome scimclient.Outcome) error {
	if outcome.RetryAfter > 0 {
		wait := fault.Wrap(fault.Throttled, "Throttled", outcome.Fault, "the service asks for patience")
		wait.RetryAfter = outcome.RetryAfter
		return wait
	}
	if fault.KindOf(outcome.Fault).Temporary() {
		return outcome.Fault
	}
	return fault.Wrap(fault.Unavailable, "ServiceUnavailable", outcome.Fault, "the service could not take a change")
}

// done takes in what the service did; resource is what it holds now, nil if it did not say.
func (b *batch) done(s sending, resource *scimclient.Resource) {
	b.results[s.place] = destination.Result{Applied: true}
	before := b.objects[s.object.ID]
	if key := attr.NameKey(before.Name()); b.holders[key] == s.object.ID {
		delete(b.holders, key)
	}
	if s.operation.Method == scimclient.Delete {
		delete(b.objects, s.object.ID)
		delete(b.saved, s.object.ID)
		b.gone = append(b.gone, s.object.ID)
		return
	}
	if resource != nil {
		s.object.RemoteID = resource.ID
	}
	if s.operation.Method != "" {
		s.object.Echo = nil
		if resource != nil && resource.Body != nil {
			s.object.Echo = b.echo(s.object, b.read(b.kind, resource.Body))
		}
	}
	b.keep(s.object)
}

// echo is what the service made of an object, where that is something else; of its manager in the service's words.
func (b *batch) echo(object Object, seen attr.Record) attr.Record {
	differs := echo(object.Record, seen)
	sent, shown := "", seen.Text(attr.ManagerValue)
	if object.Awaits == "" {
		sent = b.managers[object.Record.Text(attr.Manager)]
	}
	if b.kind == Users && sent != shown {
		differs.Set(attr.Manager, shown)
	}
	return differs
}

// keep notes an object as it is now.
func (b *batch) keep(object Object) {
	b.objects[object.ID], b.saved[object.ID] = object, true
	if object.Name() != "" {
		b.holders[attr.NameKey(object.Name())] = object.ID
	}
	if object.Owner == b.Instance && b.kind == Users {
		b.managers[object.SourceID] = object.RemoteID
	}
}
