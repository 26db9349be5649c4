package engine

import (
	"context"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// takeBackGroups plans what takes changes of groups back.
func (e *Engine) takeBackGroups(ctx context.Context, w *work, batch *undo, target destination.ReversibleGroups, entries []Entry) error {
	standings, err := e.groupStandings(ctx, w, target, entries)
	if err != nil {
		return err
	}
	rules := plan.GroupRules{Instance: w.instance.ID}
	for i, entry := range entries {
		s := standings[i]
		change := rules.TakeBack(entry.Change, s.GroupStanding, entry.pinned())
		batch.add(entry, overlaid(entry, change, s.History), s.seq)
	}
	return nil
}

// groupStanding is how the object of an applied entry about a group stands now.
type groupStanding struct {
	plan.GroupStanding
	// seq is the place of the group in the mirror, 0 if it does not hold it any more.
	seq int64
}

// groupStandings asks directory, archive, mirror and journal about the groups of entries.
func (e *Engine) groupStandings(ctx context.Context, w *work, target destination.ReversibleGroups, entries []Entry) ([]groupStanding, error) {
	var objects []ident.ID
	var sources []string
	for _, entry := range entries {
		objects, sources = append(objects, entry.ObjectID), append(sources, entry.SourceID)
	}
	current, err := targetsByID(target.GroupsByID(ctx, objects))
	if err != nil {
		return nil, err
	}
	removed, err := targetsByID(target.RemovedGroups(ctx, objects))
	if err != nil {
		return nil, err
	}
	groups, err := e.knownGroups(ctx, w, sources)
	if err != nil {
		return nil, err
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, err
	}
	standings := make([]groupStanding, len(entries))
	var doubtful []ident.ID
	for i, entry := range entries {
		s := &standings[i]
		s.Source = plan.Source{ID: entry.SourceID, State: plan.Gone}
		if group, known := groups[entry.SourceID]; known {
			s.Source, s.seq, s.Tied = group.source(rules).Source, group.Seq, group.Link.ObjectID
		}
		s.Current, s.Archived = current[entry.ObjectID], removed[entry.ObjectID]
		if !s.Latest(entry.Change) {
			doubtful = append(doubtful, entry.ObjectID)
		}
	}
	deeds, err := e.Store.Deeds(ctx, w.run.OrgID, doubtful)
	for i, entry := range entries {
		standings[i].History = plan.NewHistory(deeds[entry.ObjectID])
	}
	return standings, err
}

// knownGroups returns groups of the mirror with their ties, by their ids in the tenant.
func (e *Engine) knownGroups(ctx context.Context, w *work, sourceIDs []string) (map[string]GroupObject, error) {
	groups, err := e.Store.LoadGroups(ctx, w.connection.ID, sourceIDs)
	if err != nil {
		return nil, err
	}
	known := make(map[string]GroupObject, len(groups))
	for id, group := range groups {
		object := GroupObject{Group: group}
		objects, err := e.Store.AllGroupObjects(ctx, w.instance, group.Seq-1, 1) // none if the instance neither reaches the group nor has an object for it
		if err != nil {
			return nil, err
		}
		if len(objects) > 0 && objects[0].Seq == group.Seq {
			object = objects[0]
		}
		known[id] = object
	}
	return known, nil
}
