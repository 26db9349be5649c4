package engine

import (
	"context"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// applyBatch is how many entries are applied in one transaction.
const applyBatch = 500

// apply writes the next entries to the destination; names that go round in a circle are set aside first.
func (e *Engine) apply(ctx context.Context, w *work) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		parking, err := e.Store.NextEntries(ctx, w.run.ID, true, applyBatch)
		if err != nil {
			return err
		}
		if len(parking) > 0 {
			return e.park(ctx, w, parking)
		}
		entries, err := e.Store.NextEntries(ctx, w.run.ID, false, applyBatch)
		if err != nil {
			return err
		}
		run := w.run.clone()
		if len(entries) == 0 {
			run.Step = StepEnd
		} else if err := e.applyEntries(ctx, w, &run, entries); err != nil {
			return err
		}
		if err := e.save(ctx, run); err != nil {
			return err
		}
		w.run = run
		return nil
	})
}

func (e *Engine) park(ctx context.Context, w *work, entries []Entry) error {
	ids := make([]ident.ID, len(entries))
	for i, entry := range entries {
		ids[i] = entry.ObjectID
		entry.State = Parked
		if err := e.Store.RankEntry(ctx, entry); err != nil {
			return err
		}
	}
	if err := w.target.Park(ctx, ids); err != nil {
		return err
	}
	return e.save(ctx, w.run)
}

func (e *Engine) applyEntries(ctx context.Context, w *work, run *Run, entries []Entry) error {
	changes := make([]plan.Change, len(entries))
	for i, entry := range entries {
		var err error
		if changes[i], err = e.reveal(entry); err != nil {
			return err
		}
	}
	results, err := w.target.Apply(ctx, changes)
	if err != nil {
		return err
	}
	batch := settled{run: run, now: e.Now()}
	for i, entry := range entries {
		batch.add(entry, results[i])
	}
	run.Progress.Applied += len(entries)
	if err := e.settle(ctx, w, batch); err != nil {
		return err
	}
	for action, count := range batch.done {
		e.Observer.EntriesSettled(action, Applied, count)
	}
	return nil
}

// settled collects what the results of a batch write.
type settled struct {
	run     *Run
	now     time.Time
	applied []ident.ID
	others  []Entry
	links   []Link
	unlinks []string
	// names and objects that changed hands, and source objects to plan again.
	names   []string
	objects []ident.ID
	again   []string
	// undone are the applied entries of an undo.
	undone []Entry
	done   map[plan.Action]int
}

func (s *settled) add(entry Entry, result destination.Result) {
	switch {
	case s.run.Kind.Undoes():
		s.addUndo(entry, result)
	case result.Applied:
		s.apply(entry)
	case result.Superseded, result.Failure != nil && result.Failure.Code == plan.NameHeld && entry.HolderID.IsZero():
		// A name that was free when the run planned has gone to somebody since: a new plan may find that he is to be taken over.
		entry.State, entry.Open, entry.SettledAt = Superseded, false, s.now
		s.others = append(s.others, entry)
		s.again = append(s.again, entry.SourceID)
		s.run.Progress.FollowUp = true
		s.run.Progress.count("superseded", 1)
	default:
		entry.Reason = *result.Failure
		entry.failed(s.now, true)
		s.others = append(s.others, entry)
		s.run.Progress.count("failed", 1)
	}
}

func (s *settled) apply(entry Entry) {
	s.applied = append(s.applied, entry.ID)
	s.run.Progress.count(string(entry.Action), 1)
	if s.done == nil {
		s.done = map[plan.Action]int{}
	}
	s.done[entry.Action]++
	if entry.FreesName != "" {
		s.names = append(s.names, entry.FreesName)
	}
	if entry.FollowUp {
		s.again = append(s.again, entry.SourceID)
		s.run.Progress.FollowUp = true
	}
	switch {
	case entry.Action == plan.Delete || entry.Action == plan.Release:
		s.unlinks = append(s.unlinks, entry.SourceID)
		s.objects = append(s.objects, entry.ObjectID)
	case entry.Link || entry.Status != entry.StatusBefore:
		s.links = append(s.links, Link{SourceID: entry.SourceID, SourceSeq: entry.SourceSeq, ObjectID: entry.ObjectID, Status: entry.Status})
	}
}

func (e *Engine) settle(ctx context.Context, w *work, batch settled) error {
	for _, entry := range batch.others {
		if err := e.Store.SettleEntry(ctx, entry); err != nil {
			return err
		}
	}
	if len(batch.applied) > 0 {
		if err := e.Store.SettleApplied(ctx, w.run.ID, batch.applied, batch.now); err != nil {
			return err
		}
	}
	if len(batch.links) > 0 {
		if err := e.Store.SaveLinks(ctx, w.instance.OrgID, w.instance.ID, batch.links); err != nil {
			return err
		}
	}
	if len(batch.unlinks) > 0 {
		if err := e.Store.DeleteLinks(ctx, w.instance.ID, batch.unlinks); err != nil {
			return err
		}
	}
	if len(batch.names)+len(batch.objects) > 0 {
		if err := e.Store.WakeFailed(ctx, w.instance.OrgID, batch.names, batch.objects); err != nil {
			return err
		}
	}
	if err := e.settleUndo(ctx, w, batch); err != nil || len(batch.again) == 0 {
		return err
	}
	return e.Store.MarkDirty(ctx, w.instance, batch.again)
}

// unparkRun gives the objects whose names a run set aside their names back, because it will not apply their changes.
func (e *Engine) unparkRun(ctx context.Context, target destination.Destination, run Run) error {
	query := EntryQuery{Org: run.OrgID, Run: run.ID, States: []EntryState{Parked}, Limit: applyBatch}
	for {
		entries, err := e.Store.ListEntries(ctx, query)
		if err != nil || len(entries) == 0 {
			return err
		}
		ids := make([]ident.ID, len(entries))
		for i, entry := range entries {
			ids[i] = entry.ObjectID
		}
		if err := target.Unpark(ctx, ids); err != nil {
			return err
		}
		query.After = entries[len(entries)-1].ID
	}
}
