package engine

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// settleUndoneGroups ties and pins groups of which something was taken back, and lifts the pins of an undo that was taken back itself.
func (e *Engine) settleUndoneGroups(ctx context.Context, w *work, target destination.ReversibleGroups, batch settled, entries []Entry) error {
	sources := make([]string, len(entries))
	for i, entry := range entries {
		sources[i] = entry.SourceID
	}
	groups, err := e.undoneGroups(ctx, w, batch, entries, sources)
	if err != nil {
		return err
	}
	var links []GroupLink
	synced := map[ident.ID]int64{}
	var known, pinned []Entry
	var lifted []int64
	for _, entry := range entries {
		group, is := groups[entry.SourceID]
		if !is {
			continue // purged and forgotten: nothing can happen to it any more
		}
		known = append(known, entry)
		if entry.Link {
			link := GroupLink{Group: group.Seq, ObjectID: entry.ObjectID, Whole: true, Awaited: -1}
			if object := (GroupObject{Group: group}); !object.readable() { // nothing will be compared, so that nothing is awaited
				link.Whole, link.Awaited, synced[entry.ObjectID] = false, 0, 0
			}
			links = append(links, link)
		}
		if entry.pinned() {
			pinned = append(pinned, entry)
		} else {
			lifted = append(lifted, -group.Seq)
		}
	}
	if err := e.Store.SaveGroupLinks(ctx, w.instance, links); err != nil {
		return err
	}
	if len(synced) > 0 {
		if err := target.SaveGroupProgress(ctx, synced); err != nil {
			return err
		}
	}
	if err := e.Store.DeletePins(ctx, w.instance.ID, lifted); err != nil {
		return err
	}
	if err := e.pinGroups(ctx, w, pinned, batch.now); err != nil {
		return err
	}
	if err := e.keepMemberships(ctx, w, target, known, batch.now); err != nil {
		return err
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, sources, false)
}

// undoneGroups returns the groups of an undo's entries as the mirror knows them. What is tied again and is not known any more is noted as purged
// again, as with people.
func (e *Engine) undoneGroups(
	ctx context.Context, w *work, batch settled, entries []Entry, sources []string,
) (map[string]mirror.Group, error) {
	groups, err := e.Store.LoadGroups(ctx, w.connection.ID, sources)
	if err != nil {
		return nil, err
	}
	var forgotten []mirror.Group
	for _, entry := range entries {
		if _, known := groups[entry.SourceID]; !known && entry.Link {
			forgotten = append(forgotten, mirror.Group{
				SourceID: entry.SourceID, State: plan.Gone, DeletedAt: batch.now.UTC().Truncate(time.Second), Record: attr.Record{},
			})
		}
	}
	if len(forgotten) == 0 {
		return groups, nil
	}
	if err := e.Store.SaveGroups(ctx, w.connection.ID, forgotten); err != nil {
		return nil, err
	}
	return e.Store.LoadGroups(ctx, w.connection.ID, sources)
}

// pinGroups pins what entries of an undo took back, as the groups stand now.
func (e *Engine) pinGroups(ctx context.Context, w *work, entries []Entry, now time.Time) error {
	if len(entries) == 0 {
		return nil
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	sources := make([]string, len(entries))
	for i, entry := range entries {
		sources[i] = entry.SourceID
	}
	groups, err := e.knownGroups(ctx, w, sources)
	if err != nil {
		return err
	}
	pins := make([]Pin, len(entries))
	for i, entry := range entries {
		group := groups[entry.SourceID]
		pins[i] = w.pinOf(entry, now)
		pins[i].SourceSeq = -group.Seq
		pins[i].Look(group.source(rules).Draft(nil), pinnedOfGroups())
	}
	return e.Store.SavePins(ctx, pins)
}

// pinnedOfGroups are the properties of groups whose change ends a pin.
func pinnedOfGroups() []string { return []string{"displayName"} }

// keepMemberships pins memberships of users or groups whom entries of an undo tied or gave another status, and lifts such pins where the undo was
// taken back itself.
func (e *Engine) keepMemberships(ctx context.Context, w *work, target destination.ReversibleGroups, entries []Entry, now time.Time) error {
	var back []Entry
	var lifted []ident.ID
	for _, entry := range entries {
		if entry.pinned() {
			if entry.Link || entry.Status != entry.StatusBefore {
				back = append(back, entry)
			}
			continue
		}
		if id, err := ident.Parse(entry.SourceID); err == nil {
			lifted = append(lifted, id)
		}
	}
	if err := e.Store.DeleteRunMemberPins(ctx, w.instance.ID, w.run.Undo.Run, lifted); err != nil {
		return err
	}
	return e.pinMemberships(ctx, w, target, back, now)
}
