package engine

import (
	"context"
	"maps"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// planBatch is how many objects are planned in one transaction.
const planBatch = 1000

// plan turns the next objects into entries.
func (e *Engine) plan(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		done, err := e.yield(ctx, w, &run)
		if err != nil {
			return err
		}
		var objects []Object
		if !done {
			if objects, err = e.objects(ctx, w); err != nil {
				return err
			}
		}
		if len(objects) == 0 {
			run.Step = StepGuard
		} else if err := e.planObjects(ctx, w, &run, rules, objects); err != nil {
			return err
		}
		if err := e.save(ctx, run); err != nil {
			return err
		}
		w.run = run
		return nil
	})
}

func (e *Engine) objects(ctx context.Context, w *work) ([]Object, error) {
	if w.run.Kind == DryRun {
		return e.Store.AllObjects(ctx, w.instance, w.run.Progress.After, planBatch)
	}
	return e.Store.DirtyObjects(ctx, w.instance, w.run.Progress.After, planBatch)
}

// yield reports whether the run leaves what it has not planned yet to a later one. So it does when newer settings were saved: all is dirty
// for these, and planned with the old ones nobody would look at it again (rule 5). So it does when somebody else reads the tenant in full:
// the list may come from a replica that is behind, and until the replay the mirror holds people who are deleted as alive (rule 7).
func (e *Engine) yield(ctx context.Context, w *work, run *Run) (bool, error) {
	if run.Kind == DryRun {
		return false, nil
	}
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if fault.Is(err, fault.NotFound) {
		return false, errFenced
	}
	if err != nil || instance.ConfigVersion != run.ConfigVersion {
		return true, err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	run.Progress.FollowUp = run.Progress.FollowUp || cursor.Full != nil
	return cursor.Full != nil, err
}

func (e *Engine) planObjects(ctx context.Context, w *work, run *Run, rules *plan.Rules, objects []Object) error {
	terms, err := w.target.Terms(ctx)
	if err != nil {
		return err
	}
	withTerms := *rules
	withTerms.Domains, withTerms.RequireDomain = terms.Domains, terms.RequireDomain
	drafts, found, err := e.lookUp(ctx, w, &withTerms, objects)
	if err != nil {
		return err
	}
	batch := planned{run: run, now: e.Now()}
	for i, object := range objects {
		change, does := withTerms.Decide(drafts[i], found)
		batch.add(object, change, does, drafts[i].InScope())
	}
	run.Progress.Planned += len(objects)
	run.Progress.After = objects[len(objects)-1].Seq
	return e.write(ctx, w.instance, batch)
}

// lookUp drafts the objects and asks the destination what their changes depend on.
func (e *Engine) lookUp(ctx context.Context, w *work, rules *plan.Rules, objects []Object) ([]plan.Draft, plan.Found, error) {
	var found plan.Found
	linked, err := e.linked(ctx, w, objects)
	if err != nil {
		return nil, found, err
	}
	drafts := make([]plan.Draft, len(objects))
	var keys []plan.Key
	var leaving []ident.ID
	for i, object := range objects {
		var target *plan.Target
		if t, ok := linked[object.Link.ObjectID]; ok && !t.Owner.IsZero() {
			target = &t
		}
		drafts[i] = rules.Draft(object.Source(), target)
		keys = append(keys, rules.Keys(drafts[i])...)
		if target != nil && object.State == plan.Live && !drafts[i].InScope() {
			leaving = append(leaving, target.ID)
		}
	}
	if len(keys) > 0 {
		if found.ByKey, err = w.target.Find(ctx, keys); err != nil {
			return nil, found, err
		}
	}
	if len(leaving) > 0 {
		found.Claimed, err = e.Store.Claimants(ctx, w.instance.ID, leaving)
	}
	return drafts, found, err
}

func (e *Engine) linked(ctx context.Context, w *work, objects []Object) (map[ident.ID]plan.Target, error) {
	var ids []ident.ID
	for _, object := range objects {
		if !object.Link.ObjectID.IsZero() {
			ids = append(ids, object.Link.ObjectID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	targets, err := w.target.Objects(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[ident.ID]plan.Target, len(targets))
	for _, target := range targets {
		byID[target.ID] = target
	}
	return byID, nil
}

// planned collects what planning a batch writes.
type planned struct {
	run       *Run
	now       time.Time
	inserts   []Entry
	replaced  []Entry
	dropped   []ident.ID
	overtaken []ident.ID
	postponed []ident.ID
	retryAt   []time.Time
	seqs      []int64
}

// add takes one object's change in: as a new entry, as an open entry taken over, or as nothing new.
func (p *planned) add(object Object, change plan.Change, does, inScope bool) {
	p.seqs = append(p.seqs, object.Seq)
	if p.run.Kind == DryRun {
		p.propose(object, change, does, inScope)
		return
	}
	open := object.Open
	if !does {
		if open != nil {
			p.dropped = append(p.dropped, open.ID)
		}
		return
	}
	fingerprint := change.Fingerprint(p.run.ConfigVersion)
	if open == nil || open.Fingerprint != fingerprint {
		entry := p.entry(change, fingerprint)
		if open != nil {
			p.overtaken = append(p.overtaken, open.ID)
			if open.State == EntryFailed && entry.State == EntryFailed {
				entry.Attempts, entry.FailedAt = open.Attempts+1, open.FailedAt
				entry.RetryAt = retryAt(entry.FailedAt, entry.Attempts, p.now)
			}
			if (open.State == Held || open.State == Approved || open.State == Rejected) && entry.State == Planned && change.Removal {
				p.keepHeld(&entry)
			}
		}
		p.inserts = append(p.inserts, entry)
		return
	}
	p.repeat(object, change, fingerprint)
}

// keepHeld holds a removal that differs from the held, approved or rejected one it replaces: it must not slip through because the object or
// the settings changed meanwhile.
func (p *planned) keepHeld(entry *Entry) {
	entry.State, entry.Open = Held, true
	p.run.Progress.ToApply--
	p.run.Progress.Removals--
	p.run.Progress.count("held", 1)
}

// repeat is for an object whose plan equals its open entry.
func (p *planned) repeat(object Object, change plan.Change, fingerprint string) {
	open := object.Open
	switch {
	case open.State == Approved, open.State == EntryFailed && change.Action != plan.Fail:
		entry := p.entry(change, fingerprint)
		entry.ID, entry.Attempts, entry.FailedAt, entry.DecidedBy = open.ID, open.Attempts, open.FailedAt, open.DecidedBy
		if open.State == Approved {
			entry.ApprovedRemoval = true
			p.run.Progress.Removals--
		}
		p.replaced = append(p.replaced, entry)
	case open.State == EntryFailed:
		p.postponed = append(p.postponed, open.ID)
		p.retryAt = append(p.retryAt, retryAt(open.FailedAt, open.Attempts+1, p.now))
	}
}

// entry makes the journal's line of a change and counts it.
func (p *planned) entry(change plan.Change, fingerprint string) Entry {
	entry := Entry{
		ID: ident.New(p.now), OrgID: p.run.OrgID, InstanceID: p.run.InstanceID, RunID: p.run.ID, Change: change,
		State: Planned, Fingerprint: fingerprint, PlannedAt: p.now,
	}
	switch change.Action {
	case plan.Create:
		entry.ObjectID = ident.New(p.now)
	case plan.Fail:
		entry.State, entry.Open, entry.Attempts, entry.FailedAt = EntryFailed, true, 1, p.now
		entry.RetryAt = retryAt(p.now, 1, p.now)
		p.run.Progress.count("failed", 1)
	case plan.Skip:
		entry.State, entry.Open = EntrySkipped, true
		p.run.Progress.count("skipped", 1)
	default:
	}
	if entry.State == Planned {
		p.run.Progress.ToApply++
		if change.Removal {
			p.run.Progress.Removals++
		}
	}
	return entry
}

// propose makes the entry of a dry run, which shows matches as well and leaves open entries alone.
func (p *planned) propose(object Object, change plan.Change, does, inScope bool) {
	if !does {
		if object.Link.ObjectID.IsZero() || !inScope {
			p.run.Progress.count("out-of-scope", 1)
			return
		}
		change = plan.Change{
			Action: plan.Match, Phase: plan.Write, SourceID: object.SourceID, ObjectID: object.Link.ObjectID, Status: object.Link.Status,
			SourceName: plan.SourceName(object.Source()), ObjectName: plan.SourceName(object.Source()),
			Reason: plan.Reason{Code: "Matched", Text: "linked, and nothing differs"},
		}
	}
	entry := p.entry(change, change.Fingerprint(p.run.ConfigVersion))
	entry.Open = false
	if entry.State == Planned {
		entry.State = Proposed
		p.run.Progress.ToApply--
		p.run.Progress.count(string(change.Action), 1)
	}
	p.inserts = append(p.inserts, entry)
}

func (e *Engine) write(ctx context.Context, instance Instance, batch planned) error {
	for _, closing := range []struct {
		ids   []ident.ID
		state EntryState
	}{{batch.dropped, Dropped}, {batch.overtaken, Superseded}} {
		if len(closing.ids) == 0 {
			continue
		}
		if err := e.Store.CloseEntries(ctx, closing.ids, closing.state, batch.now); err != nil {
			return err
		}
	}
	if len(batch.replaced) > 0 {
		if err := e.Store.ReplaceEntries(ctx, batch.replaced); err != nil {
			return err
		}
	}
	if len(batch.postponed) > 0 {
		if err := e.Store.PostponeEntries(ctx, batch.postponed, batch.retryAt); err != nil {
			return err
		}
	}
	if len(batch.inserts) > 0 {
		if err := e.Store.InsertEntries(ctx, batch.inserts); err != nil {
			return err
		}
	}
	if batch.run.Kind == DryRun {
		return nil
	}
	return e.Store.ClearDirty(ctx, instance.ID, batch.seqs)
}

// retryAt is when the next try after so many failures is due: 6, 12 and 24 hours after the first failure, then daily.
func retryAt(first time.Time, attempts int, now time.Time) time.Time {
	delays := []time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
	if attempts >= 1 && attempts <= len(delays) {
		if due := first.Add(delays[attempts-1]); due.After(now) {
			return due
		}
	}
	return now.Add(24 * time.Hour)
}

func (p *Progress) count(outcome string, n int) { p.Counts[outcome] += n }

// clone copies the run with its counts, so that a transaction that fails leaves the original as it was.
func (r Run) clone() Run {
	counts := make(map[string]int, len(r.Progress.Counts)+4)
	maps.Copy(counts, r.Progress.Counts)
	r.Progress.Counts = counts
	return r
}
