package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// MemberPin keeps one membership as an undo left it.
type MemberPin struct {
	// Group is the Seq of the group in the mirror, Member the member's object id in the tenant.
	Group  int64
	Member ident.ID
	plan.MembershipPin
}

// MemberPins keeps pins of memberships. With the last one of a group goes the Pin that lists them. Methods join the transaction of the context.
type MemberPins interface {
	// SaveMemberPins inserts pins that an undo run gives, or replaces those of the same memberships.
	SaveMemberPins(ctx context.Context, instance, run ident.ID, pins []MemberPin) error
	// MemberPins returns the pins of members of a group, by its Seq.
	MemberPins(ctx context.Context, instance ident.ID, group int64, members []ident.ID) (map[ident.ID]plan.MembershipPin, error)
	// DeleteMemberPins removes the pins of members of a group.
	DeleteMemberPins(ctx context.Context, instance ident.ID, group int64, members []ident.ID) error
	// DeleteRunMemberPins removes the pins that a run gave to members, in all groups.
	DeleteRunMemberPins(ctx context.Context, instance, run ident.ID, members []ident.ID) error
	// DeleteGroupMemberPins removes all pins of members of groups.
	DeleteGroupMemberPins(ctx context.Context, instance ident.ID, groups []int64) error
}

// membership gives a member of a group to the rules.
func (m MemberObject) membership(synced bool) plan.Membership {
	return plan.Membership{
		Member: plan.Member{Source: m.ID, Object: m.Link.ObjectID, Group: m.Kind == mirror.MemberGroup},
		In:     m.In, Status: m.Link.Status, Synced: synced,
	}
}

// unpinned returns those of a group's members whose memberships are to be planned, those who are pinned, by their ids in the destination, and those
// whose pins ended, by their ids in the tenant. Pinned memberships are left as they are.
func (e *Engine) unpinned(
	ctx context.Context, w *work, group GroupObject, members []MemberObject, synced map[ident.ID]bool,
) (planned []MemberObject, pinned, ended []ident.ID, err error) {
	ids := make([]ident.ID, len(members))
	for i, member := range members {
		ids[i] = member.ID
	}
	pins, err := e.Store.MemberPins(ctx, w.instance.ID, group.Seq, ids)
	if err != nil || len(pins) == 0 {
		return members, nil, nil, err
	}
	for _, member := range members {
		pin, has := pins[member.ID]
		switch {
		case !has:
			planned = append(planned, member)
		case pin.Holds(member.membership(synced[member.Link.ObjectID])):
			pinned = append(pinned, member.Link.ObjectID)
		default:
			planned, ended = append(planned, member), append(ended, member.ID)
		}
	}
	return planned, pinned, ended, nil
}

// pinMembers pins those of some members of a group whose membership a plan would change now.
func (e *Engine) pinMembers(
	ctx context.Context, w *work, target destination.Groups, group GroupObject, ids []ident.ID, pin Pin,
) error {
	members, err := e.Store.MembersByID(ctx, w.instance, group.Seq, ids)
	if err != nil {
		return err
	}
	objects := make([]ident.ID, 0, len(members))
	for _, member := range members {
		if !member.Link.ObjectID.IsZero() {
			objects = append(objects, member.Link.ObjectID)
		}
	}
	synced, err := target.SyncedMembers(ctx, group.Link.ObjectID, objects)
	if err != nil {
		return err
	}
	var pins []MemberPin
	for _, member := range members {
		if member.Link.ObjectID.IsZero() || member.Link.ObjectID == group.Link.ObjectID {
			continue
		}
		if kept, needed := member.membership(synced[member.Link.ObjectID]).Pin(); needed {
			pins = append(pins, MemberPin{Group: group.Seq, Member: member.ID, MembershipPin: kept})
		}
	}
	if len(pins) == 0 {
		return nil
	}
	if err := e.Store.SaveMemberPins(ctx, w.instance.ID, w.run.ID, pins); err != nil {
		return err
	}
	pin.Object, pin.SourceSeq, pin.SourceID, pin.ObjectID, pin.ObjectName = plan.Members, -group.Seq, group.SourceID, group.Link.ObjectID, group.Label()
	return e.Store.SavePins(ctx, []Pin{pin})
}

// pinOf is a pin of what an entry of the undo took back, without what it is about.
func (w *work) pinOf(entry Entry, now time.Time) Pin {
	return Pin{
		ID: entry.ID, OrgID: entry.OrgID, InstanceID: entry.InstanceID, Object: entry.Object, SourceID: entry.SourceID, ObjectID: entry.ObjectID,
		ObjectName: entry.ObjectName, RunID: entry.RunID,
		Pin: plan.Pin{Run: w.run.Undo.Run, By: w.run.RequestedBy, At: now, Why: w.run.Undo.Reason, Keeps: entry.gives()},
	}
}

// pinMemberships pins memberships of users or groups who came back or whose status changed by an undo, in the groups that Entra says and in those
// in which they are: as nothing was taken back about these, a plan would put them in or take them out.
func (e *Engine) pinMemberships(ctx context.Context, w *work, target destination.ReversibleGroups, entries []Entry, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	memberships, err := e.membershipsOf(ctx, w, target, entries)
	if err != nil {
		return err
	}
	for _, seq := range slices.Sorted(maps.Keys(memberships)) {
		group, linked, err := e.linkedGroup(ctx, w, seq)
		if err != nil {
			return err
		}
		if !linked {
			continue
		}
		pin := w.pinOf(entries[0], now)
		pin.ID = ident.New(now) // the entry's own is that of the person's pin
		if err := e.pinMembers(ctx, w, target, group, memberships[seq], pin); err != nil {
			return err
		}
	}
	return nil
}

// membershipsOf returns the members among those whom entries are about, by the Seqs of groups that have them in the mirror or in the directory.
func (e *Engine) membershipsOf(ctx context.Context, w *work, target destination.ReversibleGroups, entries []Entry) (map[int64][]ident.ID, error) {
	var sources []string
	var objects []ident.ID
	for _, entry := range entries {
		sources, objects = append(sources, entry.SourceID), append(objects, entry.ObjectID)
	}
	inEntra, err := e.Store.GroupsOf(ctx, w.connection.ID, sources)
	if err != nil {
		return nil, err
	}
	synced, err := e.syncedIn(ctx, w, target, objects)
	if err != nil {
		return nil, err
	}
	memberships := map[int64][]ident.ID{}
	for _, entry := range entries {
		member, err := ident.Parse(entry.SourceID)
		if err != nil {
			continue // no tenant has such a member
		}
		seqs := append(slices.Clone(inEntra[entry.SourceID]), synced[entry.ObjectID]...)
		slices.Sort(seqs)
		for _, seq := range slices.Compact(seqs) {
			memberships[seq] = append(memberships[seq], member)
		}
	}
	return memberships, nil
}

// syncedIn returns the groups, by Seq, into which the instance put each of the members.
func (e *Engine) syncedIn(ctx context.Context, w *work, target destination.Groups, members []ident.ID) (map[ident.ID][]int64, error) {
	inside, err := target.SyncedIn(ctx, members)
	if err != nil || len(inside) == 0 {
		return nil, err
	}
	groups, err := target.GroupsByID(ctx, slices.Collect(maps.Keys(inside)))
	if err != nil {
		return nil, err
	}
	sources := make([]string, len(groups))
	for i, group := range groups {
		sources[i] = group.SourceID
	}
	known, err := e.Store.LoadGroups(ctx, w.connection.ID, sources)
	seqs := make(map[ident.ID][]int64, len(members))
	for _, group := range groups {
		of, is := known[group.SourceID]
		if !is {
			continue
		}
		for _, member := range inside[group.ID] {
			seqs[member] = append(seqs[member], of.Seq)
		}
	}
	return seqs, err
}

// linkedGroup returns the group at a place that has an object; false if there is none.
func (e *Engine) linkedGroup(ctx context.Context, w *work, seq int64) (GroupObject, bool, error) {
	groups, err := e.Store.LinkedGroups(ctx, w.instance, false, seq-1, 1)
	if err != nil || len(groups) == 0 || groups[0].Seq != seq {
		return GroupObject{}, false, err
	}
	return groups[0], true, nil
}
