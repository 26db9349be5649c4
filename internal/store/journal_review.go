package store

import (
	"context"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// ListEntries returns a page of entries in the order of their ids, or the other way round.
func (db *DB) ListEntries(ctx context.Context, query engine.EntryQuery) ([]engine.Entry, error) {
	var where condition
	where.and("org_id = $", query.Org)
	for _, id := range []struct {
		column string
		value  ident.ID
	}{{"run_id", query.Run}, {"instance_id", query.Instance}, {"object_id", query.ObjectID}} {
		if !id.value.IsZero() {
			where.and(id.column+" = $", id.value)
		}
	}
	if query.SourceID != "" {
		where.and("source_id = $", query.SourceID)
	}
	if query.IDs != nil {
		in(&where, "id", query.IDs)
	}
	if len(query.States) > 0 {
		in(&where, "state", texts(query.States))
	}
	if query.Open {
		where.and("open = 1")
	}
	if len(query.Actions) > 0 {
		in(&where, "action", texts(query.Actions))
	}
	behind, order := "id > $", " ORDER BY id LIMIT $"
	if query.Newest {
		behind, order = "id < $", " ORDER BY id DESC LIMIT $"
	}
	if !query.After.IsZero() {
		where.and(behind, query.After)
	}
	text, args := where.text(selectEntries, order, query.Limit)
	return collect(ctx, db, text, args, scanEntry)
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

// CountOpen counts an instance's open entries by state.
func (db *DB) CountOpen(ctx context.Context, instance ident.ID) (map[engine.EntryState]int, error) {
	return tally[engine.EntryState](ctx, db, "SELECT state, COUNT(*) FROM changes WHERE instance_id = $1 AND open = 1 GROUP BY state", instance)
}

// DecideEntries takes held entries of the instance, by id or all if ids is nil, to Approved or Rejected, marks their objects dirty, and
// returns how many.
func (db *DB) DecideEntries(
	ctx context.Context, instance engine.Instance, ids []ident.ID, state engine.EntryState, by string, at time.Time,
) (int, error) {
	const held = "instance_id = $ AND open = 1 AND state = 'held'"
	const decide = "UPDATE changes SET state = $, approved_removal = $, decided_by = $, settled_at = $ WHERE " + held
	mark := "INSERT INTO dirty (instance_id, seq) SELECT $, m.seq FROM changes c JOIN mirror_users m ON m.connection_id = $" +
		" AND m.source_id = c.source_id WHERE c.instance_id = $ AND c.open = 1 AND c.state = 'held'"
	markArgs := []any{instance.ID, instance.ConnectionID, instance.ID}
	decideArgs := []any{string(state), bit(state == engine.Approved), by, micros(at), instance.ID}
	var count int
	err := db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if ids == nil {
			if _, err = db.exec(ctx, numbered(mark+onceOnly), markArgs...); err != nil {
				return err
			}
			count, err = db.exec(ctx, numbered(decide), decideArgs...)
			return err
		}
		if _, err = execListed(ctx, db, listed{head: mark + " AND c.id", tail: onceOnly}, markArgs, ids); err != nil {
			return err
		}
		count, err = execListed(ctx, db, listed{head: decide + " AND id"}, decideArgs, ids)
		return err
	})
	return count, err
}

// CountMirror counts the users of a connection's mirror by state. It reads narrow indexes only, not the users.
func (db *DB) CountMirror(ctx context.Context, connection ident.ID) (map[plan.SourceState]int, error) {
	all, err := db.count(ctx, "SELECT COUNT(*) FROM mirror_users WHERE connection_id = $1", connection)
	if err != nil {
		return nil, err
	}
	counts := map[plan.SourceState]int{}
	for state, query := range map[plan.SourceState]string{
		plan.Deleted: "SELECT COUNT(*) FROM mirror_users WHERE connection_id = $1 AND state = 'deleted'",
		plan.Gone:    "SELECT COUNT(*) FROM mirror_users WHERE connection_id = $1 AND state = 'gone'",
	} {
		count, err := db.count(ctx, query, connection)
		if err != nil {
			return nil, err
		}
		if count > 0 {
			counts[state] = count
		}
		all -= count
	}
	if all > 0 {
		counts[plan.Live] = all
	}
	return counts, nil
}
