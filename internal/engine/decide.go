package engine

import (
	"bytes"
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Seen is what somebody looked at before he decides on it.
type Seen struct {
	// Changes are held changes by id, each with the fingerprint that it had.
	Changes map[ident.ID]string
	// Through stands, in the place of Changes, for all that was held up to the change of this id: what was held later was not seen.
	Through ident.ID
}

// DecideSeen is Decide for what somebody has seen. A change that is not held any more, or is not what it was, is left alone and counted in
// changed; nothing being held any more of all of it is no error.
func (e *Engine) DecideSeen(ctx context.Context, id ident.ID, seen Seen, approve bool) (decided, changed int, err error) {
	if seen.Through.IsZero() == (len(seen.Changes) == 0) {
		return 0, 0, fault.New(fault.Invalid, "BadDecision", "give either changes or the last of all")
	}
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		ids, err := e.stillHeld(ctx, instance, seen)
		if err != nil {
			return err
		}
		changed = max(0, len(seen.Changes)-len(ids))
		if len(ids) == 0 {
			return nil
		}
		decided, err = e.Decide(ctx, id, ids, approve)
		return err
	})
	return decided, changed, err
}

// stillHeld returns the ids of what was seen and is held as it was.
func (e *Engine) stillHeld(ctx context.Context, instance Instance, seen Seen) ([]ident.ID, error) {
	query := EntryQuery{Org: instance.OrgID, Instance: instance.ID, Open: true, States: []EntryState{Held}, Bare: true, Limit: planBatch}
	if seen.Through.IsZero() {
		for id := range seen.Changes {
			query.IDs = append(query.IDs, id)
		}
	}
	var ids []ident.ID
	for {
		entries, err := e.Store.ListEntries(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, entry := range entries {
			fingerprint, named := seen.Changes[entry.ID]
			if named && fingerprint == entry.Fingerprint || !seen.Through.IsZero() && bytes.Compare(entry.ID[:], seen.Through[:]) <= 0 {
				ids = append(ids, entry.ID)
			}
		}
		if len(entries) < planBatch {
			return ids, nil
		}
		query.After = entries[len(entries)-1].ID
	}
}
