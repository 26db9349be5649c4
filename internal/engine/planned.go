package engine

import (
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

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
	// unpinned are the places of objects whose pins ended, learnt are pins that know more now.
	unpinned []int64
	learnt   []Pin
	seqs     []int64
	// holds are the source objects of which a dry run would have held the removal that is applied now.
	holds map[string]bool
}

// add takes one object's change in: as a new entry, as an open entry taken over, or as nothing new.
func (p *planned) add(object Object, change plan.Change, does, inScope bool) {
	p.seqs = append(p.seqs, object.Seq)
	change.StatusBefore = object.Link.Status
	if p.run.Kind == DryRun {
		p.propose(object, change, does, inScope)
		return
	}
	if p.run.Kind == OnDemand {
		p.asked(object, change, does)
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
		entry := p.entry(object.Seq, change, fingerprint)
		if open != nil {
			p.overtaken = append(p.overtaken, open.ID)
			if open.State == EntryFailed && entry.State == EntryFailed {
				entry.Attempts, entry.FailedAt = open.Attempts+1, open.FailedAt
				entry.RetryAt = retryAt(entry.FailedAt, p.now)
			}
		}
		if (open.decides() || p.holds[entry.SourceID]) && entry.State == Planned && change.Removal {
			p.keepHeld(&entry)
		}
		p.inserts = append(p.inserts, entry)
		return
	}
	p.repeat(object, change, fingerprint)
}

// decides reports whether a removal waits for a person in an object's open entry, nil for none, or a person decided on it.
func (entry *Entry) decides() bool {
	return entry != nil && (entry.State == Held || entry.State == Approved || entry.State == Rejected)
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
		entry := p.entry(object.Seq, change, fingerprint)
		entry.ID, entry.Attempts, entry.FailedAt, entry.DecidedBy = open.ID, open.Attempts, open.FailedAt, open.DecidedBy
		if open.State == Approved {
			entry.ApprovedRemoval = true
			p.run.Progress.Removals--
		} else if p.holds[entry.SourceID] && entry.Removal {
			p.keepHeld(&entry)
		}
		p.replaced = append(p.replaced, entry)
	case open.State == EntryFailed:
		p.postponed = append(p.postponed, open.ID)
		p.retryAt = append(p.retryAt, retryAt(open.FailedAt, p.now))
	}
}

// entry makes the journal's line of a change and counts it.
func (p *planned) entry(seq int64, change plan.Change, fingerprint string) Entry {
	entry := Entry{
		ID: ident.New(p.now), OrgID: p.run.OrgID, InstanceID: p.run.InstanceID, RunID: p.run.ID, Change: change, SourceSeq: seq,
		State: Planned, Fingerprint: fingerprint, PlannedAt: p.now,
	}
	switch change.Action {
	case plan.Create:
		if entry.ObjectID.IsZero() { // a dry run that is applied gave it one
			entry.ObjectID = ident.New(p.now)
		}
	case plan.Fail:
		entry.State, entry.Open, entry.Attempts, entry.FailedAt = EntryFailed, true, 1, p.now
		entry.RetryAt = retryAt(p.now, p.now)
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
			SourceName: plan.SourceName(object.Source()), ObjectName: plan.SourceName(object.Source()), Object: p.run.Progress.Part.of(),
			Reason: plan.Reason{Code: "Matched", Text: "linked, and nothing differs"},
		}
	}
	entry := p.entry(object.Seq, change, change.Fingerprint(p.run.ConfigVersion))
	entry.Open = false
	if entry.State == Planned {
		p.foresee(&entry, object.Open)
	}
	p.inserts = append(p.inserts, entry)
}

// foresee says what a real run would do with a change: apply it, or leave it to what people decided, or have not decided yet, about the
// object's removal.
func (p *planned) foresee(entry, open *Entry) {
	p.run.Progress.ToApply--
	entry.State = Proposed
	if !entry.Removal || !open.decides() {
		p.run.Progress.count(string(entry.Action), 1)
		return
	}
	p.run.Progress.Removals-- // decided, so the guard does not weigh it
	same := open.Fingerprint == entry.Fingerprint
	switch {
	case same && open.State == Approved:
		entry.ApprovedRemoval = true
	case same && open.State == Rejected:
		entry.State, entry.Reason.Text = Rejected, entry.Reason.Text+"; rejected by "+open.DecidedBy+", so nothing is done"
		p.run.Progress.count("rejected", 1)
		return
	default:
		entry.State = Held
		p.run.Progress.count("held", 1)
	}
	p.run.Progress.count(string(entry.Action), 1)
}

// retryAt is when the next try is due: 6, 12 and 24 hours after the first failure, then daily. Tries between, because somebody asked or a cause
// changed, leave these times as they are.
func retryAt(first, now time.Time) time.Time {
	for _, delay := range []time.Duration{6 * time.Hour, 12 * time.Hour, 24 * time.Hour} {
		if due := first.Add(delay); due.After(now) {
			return due
		}
	}
	return now.Add(24 * time.Hour)
}

// asked takes in what is to be done for somebody whom a person asked for by name: now, whatever stands open about him. Another run's entry
// about him is overtaken, also one that is held, since whoever asks may decide that. What was rejected stays so until the rejection is taken back, and
// another removal in its place is held.
func (p *planned) asked(object Object, change plan.Change, does bool) {
	open := object.Open
	if !does {
		if open != nil {
			p.dropped = append(p.dropped, open.ID)
		}
		return
	}
	fingerprint := change.Fingerprint(p.run.ConfigVersion)
	if open != nil && open.State == Rejected && open.Fingerprint == fingerprint {
		return
	}
	entry := p.entry(object.Seq, change, fingerprint)
	if open != nil {
		p.overtaken = append(p.overtaken, open.ID)
		switch {
		case open.State == Rejected && entry.State == Planned && change.Removal:
			p.keepHeld(&entry)
		case open.State == EntryFailed && entry.State == EntryFailed:
			entry.Attempts, entry.FailedAt = open.Attempts+1, open.FailedAt
			entry.RetryAt = retryAt(entry.FailedAt, p.now)
		case open.State == Approved && entry.State == Planned && entry.Removal && open.Fingerprint == entry.Fingerprint:
			entry.ApprovedRemoval, entry.DecidedBy = true, open.DecidedBy
			p.run.Progress.Removals--
		}
	}
	p.inserts = append(p.inserts, entry)
}
