package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// holdLeaves holds back who leaves a group if too many leave it at once. Each group is weighed by itself.
func (e *Engine) holdLeaves(ctx context.Context, w *work, run *Run, share plan.Share) error {
	leaving, err := e.Store.PlannedLeaves(ctx, run.ID)
	if err != nil {
		return err
	}
	target, able := w.target.(destination.Groups)
	if !able {
		return nil
	}
	groups := make([]int64, 0, len(leaving))
	for group := range leaving {
		groups = append(groups, group)
	}
	slices.Sort(groups)
	for _, seq := range groups {
		recent, err := e.Store.RecentRemovals(ctx, w.instance.ID, plan.Members, seq, e.Now().Add(-guardWindow))
		if err != nil {
			return err
		}
		if leaving[seq]+recent <= share.Count {
			continue
		}
		linked, err := e.Store.LinkedGroups(ctx, w.instance, false, seq-1, 1)
		if err != nil {
			return err
		}
		if len(linked) == 0 || linked[0].Seq != seq {
			continue
		}
		counts, err := target.CountSynced(ctx, []ident.ID{linked[0].Link.ObjectID})
		if err != nil {
			return err
		}
		because := share.Check(plan.Removals{Planned: leaving[seq], Recent: recent, Managed: int(counts[linked[0].Link.ObjectID])},
			fmt.Sprintf("members of the group %q", linked[0].Label()))
		if because == "" {
			continue
		}
		if err := e.hold(ctx, run, seq, leaving[seq], because); err != nil {
			return err
		}
	}
	return nil
}

// applyMembers writes who joins and leaves. Those for whom nothing changed are taken out of the journal's line, so that an undo does not
// take out who was there before.
func (e *Engine) applyMembers(ctx context.Context, w *work, batch *settled, entries []Entry, changes []plan.Change) error {
	target, able := w.target.(destination.Groups)
	if !able {
		return noGroups()
	}
	results, err := target.ApplyMembers(ctx, changes)
	if err != nil {
		return err
	}
	return e.settleMembers(ctx, batch, entries, results)
}

// settleMembers takes in what became of entries about members.
func (e *Engine) settleMembers(ctx context.Context, batch *settled, entries []Entry, results []destination.MembersResult) error {
	for i, entry := range entries {
		if results[i].Superseded || results[i].Failure != nil {
			batch.add(entry, destination.Result{Superseded: results[i].Superseded, Failure: results[i].Failure})
			continue
		}
		whole := len(results[i].Changed) == len(entry.Members)
		if entry.Members = results[i].Changed; !whole {
			if err := e.Store.SaveMembersOf(ctx, entry); err != nil {
				return err
			}
		}
		batch.addMembers(entry)
	}
	return nil
}

// addMembers takes in an entry with those of its members who joined or left.
func (s *settled) addMembers(entry Entry) {
	if s.run.Kind.Undoes() {
		s.addUndo(entry, destination.Result{Applied: true})
		return
	}
	if len(entry.Members) == 0 { // there already, or gone by themselves
		entry.State, entry.SettledAt = Dropped, s.now
		s.others = append(s.others, entry)
		return
	}
	s.did(entry, len(entry.Members))
}

// leaveReleased takes objects that the instance lets go of out of the groups that it keeps, in the transaction in which it does: planning knows
// members by their ties only, which are gone then.
func (e *Engine) leaveReleased(ctx context.Context, w *work, run *Run, released []plan.Member) error {
	target, able := w.target.(destination.Groups)
	if !able || len(released) == 0 {
		return nil
	}
	ids := make([]ident.ID, len(released))
	for i, member := range released {
		ids[i] = member.Object
	}
	inside, err := target.SyncedIn(ctx, ids)
	if err == nil && run.Kind.Undoes() {
		err = e.dropPlanned(ctx, run, inside)
	}
	if err != nil || len(inside) == 0 {
		return err
	}
	groups, err := e.groupsAround(ctx, w, target, slices.Collect(maps.Keys(inside)))
	if err != nil {
		return err
	}
	var entries []Entry
	for _, group := range groups {
		leaving := joining{planned: planned{run: run, now: e.Now()}, group: group}
		for _, member := range released {
			if slices.Contains(inside[group.Link.ObjectID], member.Object) {
				leaving.drops = append(leaving.drops, member)
			}
		}
		leaving.enter()
		entries = append(entries, leaving.inserts...)
	}
	if !run.Kind.Undoes() {
		if err := e.leaveNow(ctx, target, run, entries); err != nil {
			return err
		}
	}
	return e.Store.InsertEntries(ctx, entries)
}

// groupsAround returns the groups of some objects. Those that a run lets go of, too, keep their members.
func (e *Engine) groupsAround(ctx context.Context, w *work, target destination.Groups, ids []ident.ID) ([]GroupObject, error) {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, err
	}
	objects, err := target.GroupsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	sources := make([]string, len(objects))
	byID := make(map[string]ident.ID, len(objects))
	for i, object := range objects {
		sources[i], byID[object.SourceID] = object.SourceID, object.ID
	}
	groups, err := e.Store.GroupObjectsOf(ctx, w.instance, sources)
	if !w.run.Kind.Undoes() {
		groups = slices.DeleteFunc(groups, func(group GroupObject) bool { return !group.source(rules).Kept })
	}
	for i := range groups {
		groups[i].Link.ObjectID = byID[groups[i].SourceID]
	}
	return groups, err
}

// leaveNow does what entries about leaving say, before they are in the journal.
func (e *Engine) leaveNow(ctx context.Context, target destination.Groups, run *Run, entries []Entry) error {
	changes := make([]plan.Change, len(entries))
	for i, entry := range entries {
		changes[i] = entry.Change
	}
	if remote, is := target.(destination.Remote); is { // which is told at the end of the part
		if err := remote.Intend(ctx, changes); err != nil {
			return err
		}
	} else {
		results, err := target.ApplyMembers(ctx, changes)
		if err != nil {
			return err
		}
		for i := range entries {
			entries[i].Members = results[i].Changed
		}
	}
	for i := range entries {
		entries[i].State, entries[i].SettledAt = Applied, e.Now()
		run.Progress.Applied++
		run.Progress.countOf(plan.Members, string(plan.Leave), len(entries[i].Members))
	}
	return nil
}

// announce says of groups whether all their members in scope are there, as far as that changed. A run that planned nothing does so as well where
// something was left to say: the run before may have been broken off after its last change.
func (e *Engine) announce(ctx context.Context, w *work, run *Run) error {
	target, able := w.target.(destination.Groups)
	if !able || run.Kind.Dry() {
		return nil
	}
	if run.Progress.Planned == 0 {
		some, err := e.Store.AnyAwaiting(ctx, w.instance.ID)
		if err != nil || !some {
			return err
		}
	}
	links, awaited, err := e.Store.Awaiting(ctx, w.instance)
	if err != nil {
		return err
	}
	progress := map[ident.ID]int64{}
	var said []GroupLink
	for _, link := range links {
		if now := awaited[link.Group]; now != link.Awaited && !link.Whole {
			link.Awaited, progress[link.ObjectID] = now, now
			said = append(said, link)
		}
	}
	if len(said) == 0 {
		return nil
	}
	if err := target.SaveGroupProgress(ctx, progress); err != nil {
		return err
	}
	return e.Store.SaveGroupLinks(ctx, w.instance, said)
}
