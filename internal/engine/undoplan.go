package engine

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// planUndo turns the next entries of the earlier run into entries that take them back: those about users, then those about groups, then those about
// members, which depend on what becomes of the others.
func (e *Engine) planUndo(ctx context.Context, w *work) error {
	target, reversible := w.target.(destination.Reversible)
	if !reversible {
		return fault.New(fault.Conflict, "NotReversible", "in this destination nothing can be taken back")
	}
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		of, limit := run.Progress.Part.of(), planBatch
		if of == plan.Members {
			limit = undoneMembersBatch
		}
		done, err := e.Store.ListEntries(ctx, EntryQuery{
			Org: run.OrgID, Run: run.Undo.Run, IDs: run.Undo.Entries, Object: &of, After: run.Progress.AfterEntry, Limit: limit,
		})
		if err != nil {
			return err
		}
		if len(done) == 0 {
			run.planNextUndone()
			return nil
		}
		return e.takeBack(ctx, w, run, target, done)
	})
}

// planNextUndone goes on to the next part of an undo's plan. What was planned is applied in one part.
func (r *Run) planNextUndone() {
	r.Progress.AfterEntry = ident.ID{}
	switch r.Progress.Part {
	case PartUsers:
		r.Progress.Part = PartGroups
	case PartGroups:
		r.Progress.Part = PartMembers
	default:
		r.Progress.Part, r.Step = PartUsers, StepGuard
	}
}

// takeBack writes the entries that take others back.
func (e *Engine) takeBack(ctx context.Context, w *work, run *Run, target destination.Reversible, done []Entry) error {
	batch := undo{run: run, now: e.Now()}
	applied := batch.applied(done)
	var err error
	groups, able := target.(destination.ReversibleGroups)
	switch {
	case run.Progress.Part == PartUsers:
		err = e.takeBackUsers(ctx, w, &batch, target, applied)
	case !able:
		err = noGroups()
	case run.Progress.Part == PartGroups:
		err = e.takeBackGroups(ctx, w, &batch, groups, applied)
	default:
		err = e.takeBackMembers(ctx, w, &batch, groups, applied)
	}
	if err != nil {
		return err
	}
	run.Progress.AfterEntry = done[len(done)-1].ID
	run.Progress.Planned += len(applied)
	return e.Store.InsertEntries(ctx, batch.entries)
}

// takeBackUsers plans what takes changes of users back.
func (e *Engine) takeBackUsers(ctx context.Context, w *work, batch *undo, target destination.Reversible, applied []Entry) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	if batch.redacted, err = e.redacted(ctx, w); err != nil {
		return err
	}
	terms, err := target.Terms(ctx)
	if err != nil {
		return err
	}
	withTerms := *rules
	withTerms.Domains, withTerms.RequireDomain, withTerms.Now = terms.Domains, terms.RequireDomain, batch.now
	standings, err := e.standings(ctx, w, rules, target, applied)
	if err != nil {
		return err
	}
	found, err := e.findForUndo(ctx, target, applied, standings)
	if err != nil {
		return err
	}
	for i, entry := range applied {
		change := withTerms.TakeBack(standings[i].done, standings[i].Standing, entry.pinned(), found)
		added := batch.add(entry, overlaid(entry, change, standings[i].History), standings[i].seq)
		for _, record := range []*attr.Record{&added.Before, &added.After} {
			if err := e.seal(*added, record, batch.sealed(entry)); err != nil {
				return err
			}
		}
	}
	return nil
}

// cannotUndo says why nothing can be taken back, whatever the object looks like.
func cannotUndo(entry Entry) (plan.Reason, bool) {
	switch {
	case entry.State != Applied:
		return plan.Reason{Code: plan.NotApplied, Text: "was not done by that run: it is " + string(entry.State)}, true
	case entry.SourceName == "":
		return plan.Reason{Code: plan.Scrubbed, Text: "the journal does not hold any more what was before: its retention is over"}, true
	}
	return plan.Reason{}, false
}

// pinned reports whether applying the entry of an undo pinned its object.
func (entry Entry) pinned() bool { return !entry.Undoes.IsZero() && entry.Reason.Code != plan.Redone }

// standing is how the object of an applied entry stands now.
type standing struct {
	plan.Standing
	// done is the entry's change with its sealed values.
	done plan.Change
	// seq is the place of the person in the mirror, 0 if it does not hold him any more.
	seq int64
}

// overlaid says of an entry that cannot be taken back, because its own run changed the object once more, that this is so: a run on demand may.
func overlaid(entry Entry, change plan.Change, history plan.History) plan.Change {
	if (change.Reason.Code == plan.ChangedSince || change.Reason.Code == plan.ObjectGone) &&
		len(history) > 0 && history[len(history)-1].Run == entry.RunID {
		change.Reason.Text += "; that is the same run, whose later change of the " + entry.Object.String() + " comes first: undo it once more for this one"
	}
	return change
}

// standings asks directory, archive, mirror and journal about the objects of entries.
func (e *Engine) standings(
	ctx context.Context, w *work, rules *plan.Rules, target destination.Reversible, entries []Entry,
) ([]standing, error) {
	var objects []ident.ID
	var sources []string
	for _, entry := range entries {
		objects, sources = append(objects, entry.ObjectID), append(sources, entry.SourceID)
	}
	current, err := targetsByID(target.Objects(ctx, objects))
	if err != nil {
		return nil, err
	}
	removed, err := targetsByID(target.Removed(ctx, objects))
	if err != nil {
		return nil, err
	}
	people, err := e.Store.LoadUsers(ctx, w.connection.ID, sources, false)
	if err != nil {
		return nil, err
	}
	persons, err := e.persons(ctx, w, rules, people)
	if err != nil {
		return nil, err
	}
	standings := make([]standing, len(entries))
	var doubtful []ident.ID
	for i, entry := range entries {
		s := &standings[i]
		if s.done, err = e.reveal(entry); err != nil {
			return nil, err
		}
		s.Source, s.seq = plan.Source{ID: entry.SourceID, State: plan.Gone}, 0
		if person, known := people[entry.SourceID]; known {
			s.Source, s.seq = persons[entry.SourceID], person.Seq
		}
		s.Current, s.Archived = current[entry.ObjectID], removed[entry.ObjectID]
		if !s.Latest(s.done) {
			doubtful = append(doubtful, entry.ObjectID)
		}
	}
	deeds, err := e.Store.Deeds(ctx, w.run.OrgID, doubtful)
	for i, entry := range entries {
		standings[i].History = plan.NewHistory(deeds[entry.ObjectID])
	}
	return standings, err
}

// persons gives people of the mirror to the rules, with the groups by which they are reached.
func (e *Engine) persons(ctx context.Context, w *work, rules *plan.Rules, people map[string]mirror.User) (map[string]plan.Source, error) {
	objects := make([]Object, 0, len(people))
	for _, person := range people {
		objects = append(objects, Object{User: person})
	}
	through, err := e.memberships(ctx, w, rules, objects)
	persons := make(map[string]plan.Source, len(people))
	for i, object := range objects {
		person := object.Source()
		if through != nil {
			person.Through = through[i]
		}
		persons[person.ID] = person
	}
	return persons, err
}

func targetsByID(targets []plan.Target, err error) (map[ident.ID]*plan.Target, error) {
	byID := make(map[ident.ID]*plan.Target, len(targets))
	for i, target := range targets {
		byID[target.ID] = &targets[i]
	}
	return byID, err
}

// findForUndo asks who holds the names that come back.
func (e *Engine) findForUndo(ctx context.Context, target destination.Destination, entries []Entry, standings []standing) (plan.Found, error) {
	var found plan.Found
	var keys []plan.Key
	for i := range entries {
		keys = append(keys, plan.UndoKeys(standings[i].done, standings[i].Standing)...)
	}
	if len(keys) == 0 {
		return found, nil
	}
	var err error
	found.ByKey, err = target.Find(ctx, keys)
	return found, err
}

// undo collects what planning a batch of an undo writes.
type undo struct {
	run      *Run
	now      time.Time
	redacted []string
	entries  []Entry
}

// applied returns those of the entries that can be taken back unless their objects say otherwise, and notes the others.
func (u *undo) applied(done []Entry) []Entry {
	var applied []Entry
	for _, entry := range done {
		if because, cannot := cannotUndo(entry); !cannot {
			applied = append(applied, entry)
		} else if because.Code != "" && (u.run.Undo.Entries != nil || entry.Action != plan.Skip && entry.Action != plan.Match) {
			u.skip(entry, because)
		}
	}
	return applied
}

// skip notes an entry that cannot be taken back.
func (u *undo) skip(entry Entry, because plan.Reason) {
	u.add(entry, plan.Change{
		Action: plan.Skip, Object: entry.Object, Phase: plan.Write, SourceID: entry.SourceID, SourceName: entry.SourceName, ObjectID: entry.ObjectID,
		ObjectName: entry.ObjectName, Status: entry.Status, Reason: because,
	}, entry.SourceSeq)
}

// add notes the change that takes an entry back, or why none does. None of an undo's entries waits for anything: what cannot be done is told,
// and not tried again.
func (u *undo) add(entry Entry, change plan.Change, seq int64) *Entry {
	change.Undoes = entry.ID
	added := Entry{
		ID: ident.New(u.now), OrgID: u.run.OrgID, InstanceID: u.run.InstanceID, RunID: u.run.ID, Change: change, SourceSeq: seq,
		State: Planned, Fingerprint: change.Fingerprint(u.run.ConfigVersion), PlannedAt: u.now,
	}
	switch {
	case change.Action == plan.Fail:
		added.failed(u.now, false)
		u.run.Progress.count("failed", 1)
	case change.Action == plan.Skip:
		added.State, added.SettledAt = EntrySkipped, u.now
		u.run.Progress.count("skipped", 1)
	case u.run.Kind.Dry():
		added.State = Proposed
		u.run.Progress.count(string(change.Action), max(1, len(change.Members)))
	default:
		u.run.Progress.ToApply++
	}
	if change.Reason.Code == plan.UndoneDespiteEntra {
		u.run.Progress.DespiteEntra++
	}
	u.entries = append(u.entries, added)
	return &u.entries[len(u.entries)-1]
}

// sealed are the paths whose values nobody is shown: those that the mapping redacts now, and those that were sealed in the entry.
func (u *undo) sealed(entry Entry) []string {
	paths := slices.Clone(u.redacted)
	for _, record := range []attr.Record{entry.Before, entry.After} {
		for _, field := range record {
			if _, sealed := attr.Sealed(field.Value); sealed && !slices.Contains(paths, field.Name) {
				paths = append(paths, field.Name)
			}
		}
	}
	return paths
}

// tombstone is a person whom the mirror has forgotten because he was purged and nothing tied him to the directory any more.
func tombstone(entry Entry, now time.Time) mirror.User {
	return mirror.User{SourceID: entry.SourceID, State: plan.Gone, DeletedAt: now.UTC().Truncate(time.Second), Record: attr.Record{}, Hash: attr.Hash([]byte("{}"))}
}
