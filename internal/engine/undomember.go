package engine

import (
	"context"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// undoneMembersBatch is how many entries about members, of a thousand each at most, are taken back in one transaction.
const undoneMembersBatch = 10

// takeBackMembers plans what takes changes of members back. The run's entries about users and groups are in the journal by now.
func (e *Engine) takeBackMembers(ctx context.Context, w *work, batch *undo, target destination.ReversibleGroups, entries []Entry) error {
	rules := plan.GroupRules{Instance: w.instance.ID}
	for _, entry := range entries {
		if len(entry.Members) == 0 {
			continue // nobody's membership changed
		}
		standing, err := e.membersStanding(ctx, w, target, entry)
		if err != nil {
			return err
		}
		batch.add(entry, rules.TakeBackMembers(entry.Change, standing, entry.pinned()), entry.SourceSeq)
	}
	return nil
}

// membersStanding asks the directory, and the journal of the undo itself, about a group and members whom an entry is about.
func (e *Engine) membersStanding(
	ctx context.Context, w *work, target destination.ReversibleGroups, entry Entry,
) (standing plan.MembersStanding, err error) {
	groups, err := targetsByID(target.GroupsByID(ctx, []ident.ID{entry.ObjectID}))
	if err != nil {
		return standing, err
	}
	standing.Current = groups[entry.ObjectID]
	if standing.Current == nil || standing.Current.Owner != w.instance.ID {
		standing.Returns, err = e.returns(ctx, w, entry.ObjectID)
		return standing, err
	}
	members := make([]ident.ID, len(entry.Members))
	for i, member := range entry.Members {
		members[i] = member.Object
	}
	if standing.Synced, err = target.SyncedMembers(ctx, entry.ObjectID, members); err != nil || entry.Action != plan.Leave {
		return standing, err
	}
	standing.Gone, err = e.gone(ctx, w, target, entry.Members)
	return standing, err
}

// gone returns those of the members who do not exist and whom the undo does not restore.
func (e *Engine) gone(ctx context.Context, w *work, target destination.ReversibleGroups, members []plan.Member) (map[ident.ID]bool, error) {
	gone := make(map[ident.ID]bool, len(members))
	var users, groups []ident.ID
	for _, member := range members {
		if gone[member.Object] = true; member.Group {
			groups = append(groups, member.Object)
		} else {
			users = append(users, member.Object)
		}
	}
	found := func(targets []plan.Target, err error) error {
		for _, there := range targets {
			delete(gone, there.ID)
		}
		return err
	}
	if len(users) > 0 {
		if err := found(w.target.Objects(ctx, users)); err != nil {
			return nil, err
		}
	}
	if len(groups) > 0 {
		if err := found(target.GroupsByID(ctx, groups)); err != nil {
			return nil, err
		}
	}
	for id := range gone {
		returns, err := e.returns(ctx, w, id)
		if err != nil {
			return nil, err
		}
		if returns {
			delete(gone, id)
		}
	}
	return gone, nil
}

// returns reports whether the undo that is being planned restores an object or ties it.
func (e *Engine) returns(ctx context.Context, w *work, object ident.ID) (bool, error) {
	entries, err := e.Store.ListEntries(ctx, EntryQuery{
		Org: w.run.OrgID, Run: w.run.ID, ObjectID: object, States: []EntryState{Planned, Proposed}, Limit: MostUndone, Bare: true,
	})
	for _, entry := range entries {
		if entry.Object != plan.Members && entry.Link {
			return true, err
		}
	}
	return false, err
}

// settleUndoneMembers pins memberships that were taken back, and lifts the pins of an undo that was taken back itself.
func (e *Engine) settleUndoneMembers(ctx context.Context, w *work, target destination.ReversibleGroups, batch settled, entries []Entry) error {
	for _, entry := range entries {
		ids := make([]ident.ID, 0, len(entry.Members))
		for _, member := range entry.Members {
			if !member.Source.IsZero() { // nothing ties the others to the tenant, which a pin is about
				ids = append(ids, member.Source)
			}
		}
		group, linked, err := e.linkedGroup(ctx, w, entry.SourceSeq)
		if err != nil {
			return err
		}
		switch {
		case len(ids) == 0 || !linked:
		case entry.pinned():
			err = e.pinMembers(ctx, w, target, group, ids, w.pinOf(entry, batch.now))
		default:
			if err := e.Store.DeleteMemberPins(ctx, w.instance.ID, group.Seq, ids); err != nil {
				return err
			}
			err = e.Store.MarkMembersDirty(ctx, w.instance.ID, group.Seq, ids)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropPlanned leaves out whom the undo's own entries still take out, of members by group.
func (e *Engine) dropPlanned(ctx context.Context, run *Run, inside map[ident.ID][]ident.ID) error {
	for group, members := range inside {
		leaving, err := e.stillLeaving(ctx, run, group, members)
		if err != nil {
			return err
		}
		inside[group] = slices.DeleteFunc(members, func(id ident.ID) bool { return leaving[id] })
		if len(inside[group]) == 0 {
			delete(inside, group)
		}
	}
	return nil
}

// stillLeaving returns those of the members whom planned entries of the run take out of the group.
func (e *Engine) stillLeaving(ctx context.Context, run *Run, group ident.ID, members []ident.ID) (map[ident.ID]bool, error) {
	of := plan.Members
	query := EntryQuery{
		Org: run.OrgID, Run: run.ID, ObjectID: group, Object: &of, States: []EntryState{Planned}, Actions: []plan.Action{plan.Leave},
		Limit: undoneMembersBatch,
	}
	leaving := make(map[ident.ID]bool, len(members))
	for {
		entries, err := e.Store.ListEntries(ctx, query)
		if err != nil || len(entries) == 0 {
			return leaving, err
		}
		for _, entry := range entries {
			for _, member := range entry.Members {
				if slices.Contains(members, member.Object) {
					leaving[member.Object] = true
				}
			}
		}
		query.After = entries[len(entries)-1].ID
	}
}
