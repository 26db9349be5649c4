package engine

import (
	"context"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// applyBatch is how many entries are applied in one transaction at most; NextEntries gives fewer of those about many members.
const applyBatch = 500

// apply writes the next entries to the destination; names that go round in a circle are set aside first.
func (e *Engine) apply(ctx context.Context, w *work) error {
	if remote, is := w.target.(destination.Remote); is {
		return e.applyRemote(ctx, w, remote)
	}
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
			err = e.nextPart(ctx, w, &run)
		} else {
			err = e.applyEntries(ctx, w, &run, entries)
		}
		if err != nil {
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
	batch := settled{run: run, now: e.Now()}
	for from := 0; from < len(entries); { // an undo has changes of all kinds
		of, to := entries[from].Object, from+1
		for to < len(entries) && entries[to].Object == of {
			to++
		}
		if err := e.applyAlike(ctx, w, &batch, entries[from:to], changes[from:to]); err != nil {
			return err
		}
		from = to
	}
	return e.finishBatch(ctx, w, batch, len(entries))
}

// finishBatch writes what the results of so many entries are.
func (e *Engine) finishBatch(ctx context.Context, w *work, batch settled, entries int) error {
	batch.run.Progress.Applied += entries
	if err := e.settle(ctx, w, batch); err != nil {
		return err
	}
	for action, count := range batch.done {
		e.Observer.EntriesSettled(action, Applied, count)
	}
	return nil
}

// applyAlike writes changes of objects of one type.
func (e *Engine) applyAlike(ctx context.Context, w *work, batch *settled, entries []Entry, changes []plan.Change) error {
	var results []destination.Result
	var err error
	switch entries[0].Object {
	case plan.Members:
		return e.applyMembers(ctx, w, batch, entries, changes)
	case plan.Group:
		groups, ok := w.target.(destination.Groups)
		if !ok {
			return noGroups()
		}
		results, err = groups.ApplyGroups(ctx, changes)
	default:
		results, err = w.target.Apply(ctx, changes)
	}
	if err != nil {
		return err
	}
	for i, entry := range entries {
		batch.add(entry, results[i])
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
	// released are users and groups that were let go.
	released []plan.Member
	// groups, ungrouped and groupsAgain are for groups what links, unlinks and again are for users; groups by Seq.
	groups      []GroupLink
	ungrouped   []int64
	groupsAgain []string
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
		s.supersede(entry)
	default:
		entry.Reason = *result.Failure
		entry.failed(s.now, true)
		s.others = append(s.others, entry)
		s.run.Progress.countOf(entry.Object, "failed", 1)
	}
}

// supersede closes an entry whose object is to be planned again.
func (s *settled) supersede(entry Entry) {
	entry.State, entry.Open, entry.SettledAt = Superseded, false, s.now
	s.others = append(s.others, entry)
	s.planAgain(entry)
	s.run.Progress.FollowUp = true
	s.run.Progress.countOf(entry.Object, "superseded", 1)
}

func (s *settled) planAgain(entry Entry) {
	if entry.Object == plan.User {
		s.again = append(s.again, entry.SourceID)
	} else {
		s.groupsAgain = append(s.groupsAgain, entry.SourceID)
	}
}

// did notes an entry that was applied, to so many objects.
func (s *settled) did(entry Entry, objects int) {
	s.applied = append(s.applied, entry.ID)
	s.run.Progress.countOf(entry.Object, string(entry.Action), objects)
	if s.done == nil {
		s.done = map[plan.Action]int{}
	}
	s.done[entry.Action] += objects
}

func (s *settled) apply(entry Entry) {
	s.did(entry, 1)
	if entry.FreesName != "" {
		s.names = append(s.names, entry.FreesName)
	}
	if entry.FollowUp {
		s.planAgain(entry)
		s.run.Progress.FollowUp = true
	}
	if entry.Object == plan.Group {
		s.applyGroup(entry)
		return
	}
	switch {
	case entry.Action == plan.Delete || entry.Action == plan.Release:
		s.unlinks = append(s.unlinks, entry.SourceID)
		s.objects = append(s.objects, entry.ObjectID)
		s.release(entry)
	case entry.Link || entry.Status != entry.StatusBefore:
		s.links = append(s.links, Link{SourceID: entry.SourceID, SourceSeq: entry.SourceSeq, ObjectID: entry.ObjectID, Status: entry.Status})
	}
}

// release notes an object that was let go.
func (s *settled) release(entry Entry) {
	if source, err := ident.Parse(entry.SourceID); err == nil && entry.Action == plan.Release {
		s.released = append(s.released, plan.Member{Source: source, Object: entry.ObjectID, Group: entry.Object == plan.Group})
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
	if err := e.leaveReleased(ctx, w, batch.run, batch.released); err != nil {
		return err
	}
	if len(batch.unlinks) > 0 {
		if err := e.Store.DeleteLinks(ctx, w.instance.ID, batch.unlinks); err != nil {
			return err
		}
	}
	if err := e.settleGroups(ctx, w, batch); err != nil {
		return err
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
// A remote destination does it before the next plan.
func (e *Engine) unparkRun(ctx context.Context, target destination.Destination, run Run) error {
	if _, remote := target.(destination.Remote); remote {
		return nil
	}
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
