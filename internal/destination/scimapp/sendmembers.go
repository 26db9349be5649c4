package scimapp

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scimclient"
)

// memberPage is how many members are read at a time.
const memberPage = 1000

// crowd is changes of members that are being sent.
type crowd struct {
	*App
	client  *scimclient.Client
	changes []plan.Change
	results []destination.MembersResult
	pending []bool
	cause   error
	// groups are those that exist.
	groups map[ident.ID]Object
	// rows are the memberships as they are after what was done so far.
	rows map[[2]ident.ID]Member
	// objects are those who may be members.
	objects map[ident.ID]Object
	gone    []ident.ID
	wave    []joining
	busy    map[ident.ID]bool
	// unsure: the service may have been told of any of it before.
	unsure bool
}

// joining is an operation on one group, and the memberships that it makes.
type joining struct {
	place     int
	operation scimclient.Operation
	rows      []Member
	members   []plan.Member
	// tries counts how often it was sent with an unknown outcome.
	tries int
}

// sendMembers sends who joins and leaves groups. unsure: the service may have been told of any of it before.
func (a *App) sendMembers(ctx context.Context, client *scimclient.Client, changes []plan.Change, unsure bool) (destination.Sent, error) {
	c, err := a.gather(ctx, client, changes)
	if err != nil {
		return destination.Sent{}, err
	}
	c.unsure = unsure
	for i := range changes {
		if err := c.add(ctx, i); err != nil {
			return destination.Sent{}, err
		}
	}
	c.flush(ctx)
	return destination.Sent{Members: c.results, Pending: c.pending, Cause: c.cause, Record: c.record}, nil
}

// gather reads what changes of members are about.
func (a *App) gather(ctx context.Context, client *scimclient.Client, changes []plan.Change) (*crowd, error) {
	c := &crowd{
		App: a, client: client, changes: changes, results: make([]destination.MembersResult, len(changes)), pending: make([]bool, len(changes)),
		groups: map[ident.ID]Object{}, rows: map[[2]ident.ID]Member{}, objects: map[ident.ID]Object{},
		busy: map[ident.ID]bool{},
	}
	var ids []ident.ID
	inGroup := map[ident.ID][]ident.ID{}
	for _, change := range changes {
		ids = append(ids, change.ObjectID)
		for _, member := range change.Members {
			ids = append(ids, member.Object)
			inGroup[change.ObjectID] = append(inGroup[change.ObjectID], member.Object)
		}
	}
	slices.SortFunc(ids, func(a, b ident.ID) int { return slices.Compare(a[:], b[:]) })
	objects, err := a.Store.RemoteObjects(ctx, a.Service, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	for _, object := range objects {
		c.objects[object.ID] = object
		if object.Kind == Groups {
			c.groups[object.ID] = object
		}
	}
	for group, members := range inGroup {
		rows, err := a.Store.RemoteMembersOf(ctx, a.Service, group, members)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			c.rows[[2]ident.ID{group, row.Member}] = row
		}
	}
	return c, nil
}

// add decides about one change.
func (c *crowd) add(ctx context.Context, i int) error {
	change := c.changes[i]
	if c.busy[change.ObjectID] {
		c.flush(ctx)
	}
	group, exists := c.groups[change.ObjectID]
	if !exists || group.Owner != c.Instance {
		c.results[i].Superseded = true
		return nil
	}
	var rows []Member
	var members []plan.Member
	unsure := c.unsure
	for _, member := range change.Members {
		row, does := c.turn(group.ID, member, change.Action == plan.Join)
		if !does {
			continue
		}
		if c.tells(group.ID, row) {
			unsure = unsure || c.rows[[2]ident.ID{group.ID, row.Member}].Marks&Repeated != 0
			rows, members = append(rows, row), append(members, member)
			continue
		}
		c.done(i, []Member{row}, []plan.Member{member})
	}
	if unsure && len(rows) > 0 {
		rows, members = c.missing(ctx, i, group, rows, members)
	}
	if len(rows) == 0 {
		return nil
	}
	return c.line(ctx, i, group, rows, members)
}

// turn returns the row of a member as it will be; false if nothing changes, or he cannot be a member.
func (c *crowd) turn(group ident.ID, member plan.Member, in bool) (Member, bool) {
	row := c.rows[[2]ident.ID{group, member.Object}]
	object, exists := c.objects[member.Object]
	if !in {
		row.Marks, row.RemoteID = row.Marks&^(Synced|Joining|Leaving|Repeated), object.RemoteID
		row.Group, row.Member = group, member.Object
		return row, c.rows[[2]ident.ID{group, member.Object}].Marks&Synced != 0
	}
	if !exists || member.Object == group || (object.Kind == Groups) != member.Group || row.Marks&Synced != 0 && row.Marks&Leaving == 0 {
		return row, false
	}
	return Member{Group: group, Member: member.Object, Nested: member.Group, Marks: row.Marks&Manual | Synced, RemoteID: object.RemoteID}, true
}

// tells reports whether the service has to be told: who was put in by hand is there, and stays.
func (c *crowd) tells(group ident.ID, row Member) bool {
	was := c.rows[[2]ident.ID{group, row.Member}].Marks
	return row.RemoteID != "" && (was.there() != row.Marks.there() || was&Leaving != 0 && row.Marks&Synced != 0)
}

// line puts the operations of a change into the wave.
func (c *crowd) line(ctx context.Context, place int, group Object, rows []Member, members []plan.Member) error {
	c.busy[group.ID] = true
	if !c.said.Patch {
		operation, err := c.replacing(ctx, group, rows)
		c.wave = append(c.wave, joining{place: place, operation: operation, rows: rows, members: members})
		return err
	}
	for from := 0; from < len(rows); from += c.said.MaxMembersPerPatch {
		to := min(from+c.said.MaxMembersPerPatch, len(rows))
		c.wave = append(c.wave, joining{
			place: place, operation: patchMembers(group.RemoteID, rows[from:to]), rows: rows[from:to], members: members[from:to],
		})
	}
	return nil
}

// patchMembers is the operation that puts members into a group, those with the mark Synced, and takes the others out.
func patchMembers(group string, rows []Member) scimclient.Operation {
	var joining []any
	operation := scimclient.Operation{Method: scimclient.Patch, Type: scimclient.Group, ID: group, Once: true}
	for _, row := range rows {
		if row.Marks&Synced != 0 {
			joining = append(joining, map[string]any{"value": row.RemoteID})
			continue
		}
		operation.Ops = append(operation.Ops, scimclient.PatchOp{Op: "remove", Path: fmt.Sprintf("members[value eq %q]", row.RemoteID)})
	}
	if len(joining) > 0 {
		operation.Ops = append(operation.Ops, scimclient.PatchOp{Op: "add", Path: "members", Value: joining})
	}
	return operation
}

// replacing is the operation that writes a group with all its members, for services that know no other.
func (a *App) replacing(ctx context.Context, group Object, rows []Member) (scimclient.Operation, error) {
	changed := make(map[ident.ID]bool, len(rows))
	members := []any{}
	for _, row := range rows {
		changed[row.Member] = true
		if row.Marks.there() {
			members = append(members, map[string]any{"value": row.RemoteID})
		}
	}
	operation := scimclient.Operation{Method: scimclient.Replace, Type: scimclient.Group, ID: group.RemoteID}
	for after := (ident.ID{}); ; {
		page, err := a.Store.RemoteMembers(ctx, a.Service, group.ID, after, Synced|Manual, memberPage)
		if err != nil {
			return operation, err
		}
		for _, row := range page {
			if !changed[row.Member] && row.RemoteID != "" {
				members = append(members, map[string]any{"value": row.RemoteID})
			}
			after = row.Member
		}
		if len(page) < memberPage {
			break
		}
	}
	operation.Body = a.whole(Groups, group.Record, "")
	operation.Body["members"] = members
	return operation, nil
}

// flush sends the wave and settles it.
func (c *crowd) flush(ctx context.Context) {
	wave := c.wave
	c.wave = nil
	clear(c.busy)
	if len(wave) == 0 {
		return
	}
	operations := make([]scimclient.Operation, len(wave))
	for i, j := range wave {
		operations[i] = j.operation
	}
	outcomes, err := c.client.Send(ctx, operations)
	if err != nil {
		c.cause = err
		for _, j := range wave {
			c.pending[j.place] = true
		}
		return
	}
	for i, j := range wave {
		switch outcome := outcomes[i]; {
		case outcome.Status == scimclient.Done:
			c.done(j.place, j.rows, j.members)
		case outcome.Status == scimclient.Unknown && j.tries+1 < creations:
			c.again(ctx, j)
		case outcome.Status != scimclient.Refused:
			c.pending[j.place], c.cause = true, patience(outcome)
		case fault.Is(outcome.Fault, fault.NotFound) && c.vanished(ctx, c.changes[j.place].ObjectID):
			c.results[j.place].Superseded = true
		default:
			c.results[j.place].Failure = &plan.Reason{Code: "Refused", Text: "the service refuses it: " + outcome.Fault.Error()}
		}
	}
	c.flush(ctx) // what is sent again
}

// vanished reports whether the service has a group no more, and forgets it then.
func (c *crowd) vanished(ctx context.Context, group ident.ID) bool {
	object, exists := c.groups[group]
	if !exists {
		return true
	}
	if _, err := c.client.Get(ctx, scimclient.Group, object.RemoteID, "id"); !fault.Is(err, fault.NotFound) {
		return false
	}
	delete(c.groups, group)
	c.gone = append(c.gone, group)
	return true
}

// done takes in memberships that are as they should be.
func (c *crowd) done(place int, rows []Member, members []plan.Member) {
	changed := append(c.results[place].Changed, members...)
	c.results[place].Changed = slices.DeleteFunc(slices.Clone(c.changes[place].Members), func(m plan.Member) bool { return !slices.Contains(changed, m) })
	for _, row := range rows {
		c.rows[[2]ident.ID{row.Group, row.Member}] = row
	}
}

// record stores the memberships, in the transaction of the context. What was refused is as it was before; what is pending stays unsure as a whole.
func (c *crowd) record(ctx context.Context) error {
	var rows []Member
	for i, change := range c.changes {
		if c.pending[i] {
			continue
		}
		for _, member := range change.Members {
			if row, known := c.rows[[2]ident.ID{change.ObjectID, member.Object}]; known {
				row.Marks &= Synced | Manual
				rows = append(rows, row)
			}
		}
	}
	return c.Store.InTx(ctx, func(ctx context.Context) error {
		if err := c.Store.DeleteRemoteObjects(ctx, c.Service, c.gone); err != nil {
			return err
		}
		return c.Store.SaveRemoteMembers(ctx, c.Service, rows)
	})
}
