package engine

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// addUndo takes in the result of an undo's entry. What could not be done stays as it is: nobody tries it again.
func (s *settled) addUndo(entry Entry, result destination.Result) {
	switch {
	case result.Applied:
		s.applied, s.undone = append(s.applied, entry.ID), append(s.undone, entry)
		s.objects = append(s.objects, entry.ObjectID)
		if entry.FreesName != "" {
			s.names = append(s.names, entry.FreesName)
		}
		s.undid(entry)
		if s.done == nil {
			s.done = map[plan.Action]int{}
		}
		s.done[entry.Action]++
		return
	case result.Superseded:
		entry.Reason = plan.Reason{Code: plan.ChangedSince, Text: "was changed while the undo ran"}
	default:
		entry.Reason = *result.Failure
	}
	entry.failed(s.now, false)
	s.others = append(s.others, entry)
	s.run.Progress.countOf(entry.Object, "failed", 1)
}

// undid notes what an applied entry of an undo unties, and counts it.
func (s *settled) undid(entry Entry) {
	s.release(entry)
	switch {
	case entry.Object == plan.Members:
		s.run.Progress.countOf(entry.Object, string(entry.Action), len(entry.Members))
		return
	case entry.Object == plan.Group && entry.unties():
		s.ungrouped = append(s.ungrouped, entry.SourceSeq)
	case entry.Object == plan.User:
		s.again = append(s.again, entry.SourceID)
		if entry.unties() {
			s.unlinks = append(s.unlinks, entry.SourceID)
		}
	}
	s.run.Progress.countOf(entry.Object, string(entry.Action), 1)
}

// unties reports whether the entry of an undo ends a link.
func (entry Entry) unties() bool { return entry.Action == plan.Delete || entry.Action == plan.Release }

// gives reports whether the entry of an undo gives somebody access, or takes him back.
func (entry Entry) gives() bool {
	return entry.Action == plan.Restore || entry.Action == plan.Join || entry.Link || entry.After.Bool(attr.Active)
}

// settleUndo ties and pins what was taken back, and lifts the pins of an undo that was taken back itself.
func (e *Engine) settleUndo(ctx context.Context, w *work, batch settled) error {
	of := map[plan.ObjectType][]Entry{}
	for _, entry := range batch.undone {
		of[entry.Object] = append(of[entry.Object], entry)
	}
	target, groups := w.target.(destination.ReversibleGroups)
	if len(of[plan.User]) > 0 {
		if err := e.settleUndoneUsers(ctx, w, batch, of[plan.User]); err != nil {
			return err
		}
		if groups {
			if err := e.keepMemberships(ctx, w, target, of[plan.User], batch.now); err != nil {
				return err
			}
		}
	}
	if len(of[plan.Group]) > 0 {
		if err := e.settleUndoneGroups(ctx, w, target, batch, of[plan.Group]); err != nil {
			return err
		}
	}
	return e.settleUndoneMembers(ctx, w, target, batch, of[plan.Members])
}

// settleUndoneUsers ties and pins users of whom something was taken back, and lifts pins.
func (e *Engine) settleUndoneUsers(ctx context.Context, w *work, batch settled, undone []Entry) error {
	people, err := e.undonePeople(ctx, w, batch, undone)
	if err != nil {
		return err
	}
	var links []Link
	var pinned []Entry
	var lifted []int64
	for _, entry := range undone {
		person, known := people[entry.SourceID]
		if !known {
			continue // purged and forgotten: nothing can happen to him any more
		}
		if !entry.unties() {
			links = append(links, Link{SourceID: entry.SourceID, SourceSeq: person.Seq, ObjectID: entry.ObjectID, Status: entry.Status})
		}
		if entry.pinned() {
			pinned = append(pinned, entry)
		} else {
			lifted = append(lifted, person.Seq)
		}
	}
	if err := e.Store.SaveLinks(ctx, w.instance.OrgID, w.instance.ID, links); err != nil {
		return err
	}
	if err := e.Store.DeletePins(ctx, w.instance.ID, lifted); err != nil {
		return err
	}
	return e.pin(ctx, w, pinned, people, batch.now)
}

// pin pins what entries of an undo took back, as the people stand now.
func (e *Engine) pin(ctx context.Context, w *work, entries []Entry, people map[string]mirror.User, now time.Time) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	persons, err := e.persons(ctx, w, rules, people)
	if err != nil {
		return err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	if err != nil {
		return err
	}
	pins := make([]Pin, len(entries))
	for i, entry := range entries {
		pins[i] = w.pinOf(entry, now)
		pins[i].SourceSeq = people[entry.SourceID].Seq
		pins[i].Look(rules.Draft(persons[entry.SourceID], nil), cursor.Attributes)
	}
	return e.Store.SavePins(ctx, pins)
}

// undonePeople returns the people of an undo's entries as the mirror knows them. Whoever gets a link back and is not known any more is noted
// as purged again: that is what the mirror knew of him last, and only by a link will his removal be planned when the pin is lifted.
func (e *Engine) undonePeople(ctx context.Context, w *work, batch settled, undone []Entry) (map[string]mirror.User, error) {
	ids := make([]string, len(undone))
	for i, entry := range undone {
		ids[i] = entry.SourceID
	}
	people, err := e.Store.LoadUsers(ctx, w.connection.ID, ids, false)
	if err != nil {
		return nil, err
	}
	var forgotten []mirror.User
	for _, entry := range undone {
		if _, known := people[entry.SourceID]; !known && !entry.unties() {
			forgotten = append(forgotten, tombstone(entry, batch.now))
		}
	}
	if len(forgotten) == 0 {
		return people, nil
	}
	if err := e.Store.SaveUsers(ctx, w.connection.ID, forgotten, 0); err != nil {
		return nil, err
	}
	return e.Store.LoadUsers(ctx, w.connection.ID, ids, false)
}
