package engine

import (
	"context"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// prepare does what comes before a plan for a remote destination: asks it what it can do, reads what it holds the first time, and finds out what became
// of changes whose sending was broken off. A reconcile reads everything again. ready is false if it is time to make room.
func (e *Engine) prepare(ctx context.Context, w *work, remote destination.Remote) (ready bool, err error) {
	if w.run.Kind.Reconciles() && !w.run.Progress.Reconciling.Renewed {
		err := e.advance(ctx, w, func(ctx context.Context, run *Run) error {
			run.Progress.Reconciling.Renewed = true
			return remote.Renew(ctx)
		})
		if err != nil {
			return false, err
		}
	}
	until := e.Machine().Add(saveEvery)
	for {
		done, err := remote.Prepare(ctx)
		if err != nil || done {
			w.prepared = done
			return done, ofDestination(err)
		}
		if e.Machine().After(until) {
			return false, e.Store.InTx(ctx, func(ctx context.Context) error { return e.save(ctx, w.run) })
		}
	}
}

// applyRemote does the next piece of work of a run that writes to a remote destination: intent, call, result (rule 14). Nothing is sent inside of a
// transaction. What the destination could not take now stays planned.
func (e *Engine) applyRemote(ctx context.Context, w *work, remote destination.Remote) error {
	if parked, err := e.parkRemote(ctx, w, remote); err != nil || parked {
		return err
	}
	entries, changes, err := e.intend(ctx, w, remote)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return e.endRemotePart(ctx, w, remote)
	}
	sent, err := remote.Send(ctx, changes)
	if err != nil {
		return ofDestination(err)
	}
	// What was sent is recorded also when the server is asked to stop.
	err = e.advance(context.WithoutCancel(ctx), w, func(ctx context.Context, run *Run) error {
		if err := sent.Record(ctx); err != nil {
			return err
		}
		return e.settleSent(ctx, w, run, entries, sent)
	})
	if err != nil {
		return err
	}
	f := fault.Of(sent.Cause)
	if f != nil && f.Kind == fault.Throttled || !slices.Contains(sent.Pending, false) {
		return ofDestination(sent.Cause)
	}
	return nil
}

// ofDestination says of a fault that it is the destination's: the tenant's read the same.
func ofDestination(err error) error {
	f := fault.Of(err)
	if f == nil {
		return err
	}
	told := *f
	told.Message = "the destination: " + f.Message
	if told.Code == "" {
		told.Code = "DestinationFailed"
	}
	return &told
}

// parkRemote sets names aside that go round in a circle.
func (e *Engine) parkRemote(ctx context.Context, w *work, remote destination.Remote) (bool, error) {
	parking, err := e.Store.NextEntries(ctx, w.run.ID, true, applyBatch)
	if err != nil || len(parking) == 0 {
		return false, err
	}
	ids := make([]ident.ID, len(parking))
	for i, entry := range parking {
		ids[i] = entry.ObjectID
	}
	if err := e.Store.InTx(ctx, func(ctx context.Context) error { return e.save(ctx, w.run) }); err != nil {
		return false, err // a run that was ended meanwhile sets no name aside
	}
	if err := remote.Park(ctx, ids); err != nil {
		return false, ofDestination(err)
	}
	return true, e.Store.InTx(ctx, func(ctx context.Context) error {
		for _, entry := range parking {
			entry.State = Parked
			if err := e.Store.RankEntry(ctx, entry); err != nil {
				return err
			}
		}
		return e.save(ctx, w.run)
	})
}

// intend returns the next entries, all of objects of one type, after noting that they are going to be sent.
func (e *Engine) intend(ctx context.Context, w *work, remote destination.Remote) (entries []Entry, changes []plan.Change, err error) {
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		entries, changes = nil, nil
		next, err := e.Store.NextEntries(ctx, w.run.ID, false, applyBatch)
		if err != nil {
			return err
		}
		for _, entry := range next {
			if entry.Object != next[0].Object {
				break
			}
			change, err := e.reveal(entry)
			if err != nil {
				return err
			}
			entries, changes = append(entries, entry), append(changes, change)
		}
		if len(changes) == 0 {
			return nil
		}
		if err := remote.Intend(ctx, changes); err != nil {
			return err
		}
		return e.save(ctx, w.run)
	})
	return entries, changes, err
}

// endRemotePart ends a part of the run when nothing is left to be sent.
func (e *Engine) endRemotePart(ctx context.Context, w *work, remote destination.Remote) error {
	done, err := remote.Settle(ctx)
	if err != nil {
		return ofDestination(err)
	}
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		if !done {
			return nil
		}
		return e.nextPart(ctx, w, run)
	})
}

// settleSent takes in what became of changes that were sent.
func (e *Engine) settleSent(ctx context.Context, w *work, run *Run, entries []Entry, sent destination.Sent) error {
	batch := settled{run: run, now: e.Now()}
	var members []Entry
	var joined []destination.MembersResult
	settledNow := 0
	for i, entry := range entries {
		switch {
		case sent.Pending[i]:
			continue
		case entry.Object == plan.Members:
			members, joined = append(members, entry), append(joined, sent.Members[i])
		default:
			batch.add(entry, sent.Results[i])
		}
		settledNow++
	}
	if err := e.settleMembers(ctx, &batch, members, joined); err != nil {
		return err
	}
	return e.finishBatch(ctx, w, batch, settledNow)
}
