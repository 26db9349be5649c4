package engine

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// partingTime is how long a deletion waits for a remote service at most.
const partingTime = 20 * time.Second

// part ends what an instance has under way in a remote service, before it is deleted: people whose names are being exchanged get those that they
// were to have, or, where that has not begun, their own ones back. It says what a service that does not answer leaves behind; "" for nothing.
func (e *Engine) part(ctx context.Context, id ident.ID) (unfinished string, err error) {
	var remote destination.Remote
	var circle []plan.Change
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		remote, circle = nil, nil
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		var is bool
		if remote, is = e.Destination(instance).(destination.Remote); !is {
			return nil
		}
		open, err := e.Store.OpenRuns(ctx, id)
		if err != nil {
			return err
		}
		for _, run := range open {
			exchanging, err := e.circle(ctx, run)
			if err != nil {
				return err
			}
			circle = append(circle, exchanging...)
			if _, err := e.Store.WakeRun(ctx, instance, run.ID, e.Now()); err != nil {
				return err
			}
			if err := e.fenceOff(ctx, run); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || remote == nil {
		return "", err
	}
	if err := e.leaveInOrder(ctx, remote, circle); err != nil {
		e.Logger.WarnContext(ctx, "service not left in order", "instance", id.String(), "error", err.Error())
		return "users of the destination may have kept a temporary name, or lack a manager or a group: " + err.Error(), nil
	}
	return "", nil
}

// fenceOff ends a run in whatever step it is: who works on it cannot save anything any more.
func (e *Engine) fenceOff(ctx context.Context, run Run) error {
	fence := run.Fence
	run.State, run.EndedAt, run.Fence = Canceled, e.Now(), fence+1
	return e.Store.SaveRun(ctx, run, fence)
}

// leaveInOrder sends the rest of changes that exchange names, and whatever else sending left.
func (e *Engine) leaveInOrder(ctx context.Context, remote destination.Remote, circle []plan.Change) error {
	ctx, cancel := context.WithTimeout(ctx, partingTime)
	defer cancel()
	if len(circle) > 0 {
		if err := remote.Intend(ctx, circle); err != nil {
			return err
		}
		sent, err := remote.Send(ctx, circle)
		if err != nil {
			return err
		}
		if err := sent.Record(ctx); err != nil {
			return err
		}
		if sent.Cause != nil {
			return sent.Cause
		}
	}
	for {
		if done, err := remote.Settle(ctx); err != nil || done {
			return err
		}
	}
}

// circle returns, in their order, the changes of a run that are still to be done about names of which some are set aside already: those of the people
// who have temporary ones, and of whoever holds what they want.
func (e *Engine) circle(ctx context.Context, run Run) ([]plan.Change, error) {
	var found []Entry
	query := EntryQuery{Org: run.OrgID, Run: run.ID, States: []EntryState{Parked}, Limit: applyBatch}
	for {
		parked, err := e.Store.ListEntries(ctx, query)
		if err != nil {
			return nil, err
		}
		if found = append(found, parked...); len(parked) < applyBatch {
			break
		}
		query.After = parked[len(parked)-1].ID
	}
	known := make(map[ident.ID]bool, len(found))
	for _, entry := range found {
		known[entry.ObjectID] = true
	}
	for i := 0; i < len(found); i++ { // which grows
		holder := found[i].HolderID
		if holder.IsZero() || known[holder] {
			continue
		}
		known[holder] = true
		held, err := e.Store.ListEntries(ctx, EntryQuery{Org: run.OrgID, Run: run.ID, ObjectID: holder, States: []EntryState{Planned}, Limit: 1})
		if err != nil {
			return nil, err
		}
		found = append(found, held...)
	}
	slices.SortFunc(found, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(a.Rank, b.Rank), bytes.Compare(a.ID[:], b.ID[:]))
	})
	changes := make([]plan.Change, len(found))
	for i, entry := range found {
		var err error
		if changes[i], err = e.reveal(entry); err != nil {
			return nil, err
		}
	}
	return changes, nil
}
