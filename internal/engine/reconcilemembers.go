package engine

import (
	"context"
	"slices"

	"rollcall/internal/ident"
)

// compareMembers compares the next members of the next group: as compareNext does, whichever groups are to be compared as a whole. A group that
// differs is compared by the next run as a whole.
func (e *Engine) compareMembers(ctx context.Context, w *work, run *Run) error {
	at := &run.Progress.Members
	groups, err := e.Store.LinkedGroups(ctx, w.instance, false, at.Past, 1)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		run.enter(ReconcileOwnedUsers)
		return nil
	}
	group := groups[0]
	dirty, some, err := e.dirtyIn(ctx, w, group)
	if err != nil {
		return err
	}
	if !some || group.Link.Whole || !group.readable() { // the next run looks at all of it, or nothing is known for sure
		*at = MembersPlanned{Past: group.Seq}
		return nil
	}
	members, more, err := e.nextMembers(ctx, w, group, at)
	switch {
	case err != nil:
		return err
	case !more:
		return e.membersCompared(ctx, w, run, group)
	}
	run.Progress.Planned += len(members)
	return e.enterMemberDrift(ctx, w, run, group, slices.DeleteFunc(members, func(m MemberObject) bool { return dirty[m.ID] }))
}

// membersCompared goes on to the next group. One that differs is left to the next run: marked before, its other members would not be compared.
func (e *Engine) membersCompared(ctx context.Context, w *work, run *Run, group GroupObject) error {
	at := &run.Progress.Reconciling
	run.Progress.Members = MembersPlanned{Past: group.Seq}
	differs := at.Differs && run.Kind == Reconcile
	at.Differs = false
	if !differs {
		return nil
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, []string{group.SourceID}, true)
}

// dirtyIn returns the members of a group whom the next run looks at; some is false if these are so many that the group may as well be left to it.
func (e *Engine) dirtyIn(ctx context.Context, w *work, group GroupObject) (dirty map[ident.ID]bool, some bool, err error) {
	places, err := e.Store.DirtyMembers(ctx, w.instance, MemberPlace{Group: group.Seq}, memberBatch)
	if err != nil {
		return nil, false, err
	}
	dirty = map[ident.ID]bool{}
	for _, place := range places {
		if place.Group == group.Seq {
			dirty[place.Member] = true
		}
	}
	return dirty, len(dirty) < memberBatch, nil
}

// enterMemberDrift enters what differs about some members of a group.
func (e *Engine) enterMemberDrift(ctx context.Context, w *work, run *Run, group GroupObject, members []MemberObject) error {
	if len(members) == 0 {
		return nil
	}
	batch, err := e.judgeMembers(ctx, w, run, group, members)
	if err != nil {
		return err
	}
	for i := range batch.inserts {
		entry := &batch.inserts[i]
		entry.Reason.Text = drift + ": " + entry.Reason.Text
		run.Progress.count(drift, len(entry.Members))
	}
	at := &run.Progress.Reconciling
	at.Differs = at.Differs || len(batch.inserts) > 0
	return e.writeDrift(ctx, w, batch.planned)
}
