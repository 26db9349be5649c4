package engine

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// Bounds of what is told of the members of one group: how many are looked at for who would join or leave, how many failed changes are looked through
// for those of members, and how many of these are named.
const (
	mostMembersLooked = 20 * memberBatch
	mostFailuresRead  = 10 * memberBatch
	mostAwaitedNamed  = 10
)

// tellMembers adds to the step act who is in the group, and what would become of its members.
func (e *Engine) tellMembers(ctx context.Context, f foreseenGroup, step *ExplainedStep) error {
	group := f.group
	if f.does && f.change.Link {
		group.Link.ObjectID = f.change.ObjectID // zero for a group that is created
	}
	ends := f.does && (f.change.Action == plan.Delete || f.change.Action == plan.Release || f.change.Action == plan.Fail)
	if group.Link.ObjectID.IsZero() && (!f.judged.drafts[0].InScope() || ends) {
		return nil
	}
	if !group.Link.ObjectID.IsZero() {
		if err := e.tellPresent(ctx, f.work, group, step); err != nil {
			return err
		}
	}
	switch {
	case ends || group.State != plan.Live:
		return nil
	case !group.readable():
		step.fact("would join or leave", "not known before a run of the instance has read who is in the group")
		return nil
	}
	t, err := e.tallyMembers(ctx, f.work, group)
	if err != nil {
		return err
	}
	t.tell(step)
	awaited, count, err := e.awaited(ctx, f.work, group)
	if err == nil && count > 0 {
		step.fact("awaited, because their own changes failed", count)
		step.fact("awaited", awaited)
	}
	return err
}

// tellPresent says how many members the object of a group has, and what of them waits for a person or is pinned.
func (e *Engine) tellPresent(ctx context.Context, w *work, group GroupObject, step *ExplainedStep) error {
	target, able := w.target.(destination.Groups)
	if !able {
		return noGroups()
	}
	synced, err := target.CountSynced(ctx, []ident.ID{group.Link.ObjectID})
	if err != nil {
		return err
	}
	step.fact("put in by the sync", synced[group.Link.ObjectID])
	objects, err := e.Directory.GroupsByID(ctx, w.instance.OrgID, []ident.ID{group.Link.ObjectID})
	if err != nil {
		return err
	}
	if len(objects) > 0 {
		step.fact("put in by hand only", objects[0].Members-synced[group.Link.ObjectID])
		step.fact("to be synced", objects[0].ToBeSynced)
	}
	open, err := e.Store.OpenMembers(ctx, w.instance.ID, group.Seq)
	if err != nil {
		return err
	}
	waiting := map[EntryState]int{}
	for _, entry := range open {
		waiting[entry.State] += entry.MemberCount()
	}
	for _, told := range []struct {
		state EntryState
		name  string
	}{{Held, "held to leave"}, {Approved, "approved to leave"}, {Rejected, "rejected to leave"}} {
		if waiting[told.state] > 0 {
			step.fact(told.name, waiting[told.state])
		}
	}
	pinned, err := e.countPinned(ctx, w.instance, group)
	if err == nil && pinned > 0 {
		step.fact("pinned by an undo", pinned)
	}
	return err
}

// countPinned counts the memberships of a group that are pinned.
func (e *Engine) countPinned(ctx context.Context, instance Instance, group GroupObject) (int, error) {
	query := PinQuery{Org: instance.OrgID, Instance: instance.ID, Limit: memberBatch}
	for {
		pins, err := e.Store.ListPins(ctx, query)
		if err != nil || len(pins) == 0 {
			return 0, err
		}
		for _, pin := range pins {
			if pin.Object == plan.Members && pin.SourceSeq == -group.Seq {
				return pin.Members, nil
			}
		}
		query.After = pins[len(pins)-1].ID
	}
}

// memberTally counts what a plan of members comes to.
type memberTally struct {
	// joins and leaves would be written; missing are members whom the directory does not have.
	joins, leaves, missing int
	// looked counts the members that were looked at; whole: all of them, and not only those that changed. cut: there are more.
	looked     int
	whole, cut bool
}

func (t memberTally) tell(step *ExplainedStep) {
	least := ""
	if t.cut {
		least = fmt.Sprintf("at least %%d, among the %d members that were looked at", t.looked)
	}
	say := func(name string, count int) {
		if least != "" {
			step.fact(name, fmt.Sprintf(least, count))
			return
		}
		step.fact(name, count)
	}
	say("would join", t.joins)
	say("would leave", t.leaves)
	if t.whole {
		say("not in the directory, or not in scope", t.missing)
	}
}

// tallyMembers plans the members of a group and writes nothing: all of them, if the next run would compare them all, else those that changed.
func (e *Engine) tallyMembers(ctx context.Context, w *work, group GroupObject) (memberTally, error) {
	t := memberTally{whole: group.Link.Whole || group.Link.ObjectID.IsZero() || group.Link.Group == 0}
	if !t.whole {
		return t, e.tallyDirty(ctx, w, group, &t)
	}
	for after := (ident.ID{}); !t.cut; {
		members, err := e.Store.MirrorMembers(ctx, w.instance, group.Seq, after, memberBatch)
		if err != nil {
			return t, err
		}
		if len(members) == 0 {
			break
		}
		after = members[len(members)-1].ID
		if err := e.tally(ctx, w, group, members, &t); err != nil {
			return t, err
		}
	}
	for after := (ident.ID{}); !t.cut && !group.Link.ObjectID.IsZero(); {
		members, last, err := e.placed(ctx, w, group, after)
		if err != nil || last.IsZero() {
			return t, err
		}
		after = last
		if err := e.tally(ctx, w, group, members, &t); err != nil {
			return t, err
		}
	}
	return t, nil
}

func (e *Engine) tallyDirty(ctx context.Context, w *work, group GroupObject, t *memberTally) error {
	for after := (MemberPlace{Group: group.Seq}); !t.cut; {
		places, err := e.Store.DirtyMembers(ctx, w.instance, after, memberBatch)
		if err != nil {
			return err
		}
		var ids []ident.ID
		for _, place := range places {
			if place.Group == group.Seq {
				ids = append(ids, place.Member)
			}
		}
		if len(ids) == 0 {
			return nil
		}
		after = places[len(ids)-1]
		members, err := e.Store.MembersByID(ctx, w.instance, group.Seq, ids)
		if err != nil {
			return err
		}
		if err := e.tally(ctx, w, group, members, t); err != nil {
			return err
		}
	}
	return nil
}

// tally adds some members. What a person has to decide, or rejected, is not counted.
func (e *Engine) tally(ctx context.Context, w *work, group GroupObject, members []MemberObject, t *memberTally) error {
	run := Run{ID: ident.New(e.Now()), Kind: DryRun, Progress: Progress{Part: PartMembers, Counts: map[string]int{}}}
	batch, err := e.judgeMembers(ctx, w, &run, group, members)
	if err != nil {
		return err
	}
	t.joins += len(batch.joins)
	t.leaves += len(batch.leaves) + len(batch.drops)
	for _, member := range members {
		if member.In && member.Link.Status != plan.InScope {
			t.missing++
		}
	}
	t.looked += len(members)
	t.cut = t.looked >= mostMembersLooked
	return nil
}

// awaited counts the members whose own change failed, so that they are not in the directory, and tells of the first of them.
func (e *Engine) awaited(ctx context.Context, w *work, group GroupObject) (named []string, count int, err error) {
	for _, of := range []plan.ObjectType{plan.User, plan.Group} {
		query := EntryQuery{
			Org: w.instance.OrgID, Instance: w.instance.ID, States: []EntryState{EntryFailed}, Open: true, Object: &of, Limit: memberBatch,
		}
		for read := 0; read < mostFailuresRead; {
			failed, err := e.Store.ListEntries(ctx, query)
			if err != nil {
				return nil, 0, err
			}
			if len(failed) == 0 {
				break
			}
			read += len(failed)
			query.After = failed[len(failed)-1].ID
			missing, err := e.missingMembers(ctx, w, group, failed)
			if err != nil {
				return nil, 0, err
			}
			for _, entry := range missing {
				if count++; count <= mostAwaitedNamed {
					named = append(named, awaitedText(entry))
				}
			}
		}
	}
	return named, count, nil
}

func awaitedText(entry Entry) string {
	text := entry.SourceName + ": " + entry.Reason.Text
	if !entry.RetryAt.IsZero() {
		text += "; tried again at " + entry.RetryAt.UTC().Format(time.RFC3339)
	}
	return text
}

// missingMembers returns those of the entries that are about members of the group who have no tie in scope.
func (e *Engine) missingMembers(ctx context.Context, w *work, group GroupObject, entries []Entry) ([]Entry, error) {
	var ids []ident.ID
	var about []Entry
	for _, entry := range entries {
		if id, err := ident.Parse(entry.SourceID); err == nil {
			ids, about = append(ids, id), append(about, entry)
		}
	}
	members, err := e.Store.MembersByID(ctx, w.instance, group.Seq, ids)
	var missing []Entry
	for i, member := range members {
		isTied := !member.Link.ObjectID.IsZero() && member.Link.Status == plan.InScope
		if member.In && !isTied && (about[i].Status == plan.InScope || member.Kind == mirror.MemberGroup) {
			missing = append(missing, about[i])
		}
	}
	return missing, err
}
