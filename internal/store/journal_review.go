package store

import (
	"context"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// inRuns are the entries of an organization, for those that are wanted by their ids: no index finds closed ones by these alone.
const inRuns = "run_id IN (SELECT id FROM runs WHERE org_id = $)"

// ListEntries returns a page of entries in the order of their ids, or the other way round.
func (db *DB) ListEntries(ctx context.Context, query engine.EntryQuery) ([]engine.Entry, error) {
	var where condition
	if query.IDs != nil && query.Run.IsZero() && !query.Open {
		where.and(inRuns, query.Org)
	} else {
		where.and("org_id = $", query.Org)
	}
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
	if query.Object != nil {
		where.and("object_type = $", int64(*query.Object))
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
	columns := selectEntries
	if query.Bare {
		columns = selectBare
	}
	text, args := where.text(columns, order, query.Limit)
	return collect(ctx, db, text, args, scanEntry)
}

func texts[T ~string](values []T) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = string(value)
	}
	return out
}

const (
	// Both go by changes_open_by_instance; countOpenMembers reads the changes of members too, which are few.
	countOpen        = "SELECT state, COUNT(*) FROM changes WHERE instance_id = $1 AND open = 1 AND object_type = $2 GROUP BY state"
	countOpenMembers = "SELECT state, SUM(member_count) FROM changes WHERE instance_id = $1 AND open = 1 AND object_type = 2 GROUP BY state"
)

// CountOpen counts an instance's open entries about objects of a type by state; of plan.Members the members that they are about.
func (db *DB) CountOpen(ctx context.Context, instance ident.ID, of plan.ObjectType) (map[engine.EntryState]int, error) {
	if of == plan.Members {
		return tally[engine.EntryState](ctx, db, countOpenMembers, instance)
	}
	return tally[engine.EntryState](ctx, db, countOpen, instance, int64(of))
}

// DecideEntries takes held entries of the instance, by id or all if ids is nil, to Approved or Rejected, marks their objects dirty, and
// returns how many. By id, rejected ones are approved as well.
func (db *DB) DecideEntries(
	ctx context.Context, instance engine.Instance, ids []ident.ID, state engine.EntryState, by string, at time.Time,
) (int, error) {
	mark := heldEntries + "c.instance_id"
	if ids != nil && state == engine.Approved {
		mark = approvableEntries + "c.instance_id"
	}
	decide := listed{head: "UPDATE changes AS c SET state = $, approved_removal = $, decided_by = $, settled_at = $ WHERE " + mark}
	args := []any{string(state), bit(state == engine.Approved), by, micros(at)}
	var count int
	err := db.InTx(ctx, func(ctx context.Context) error {
		var err error
		if ids == nil {
			if err = markEntries(ctx, db, mark, nil, []ident.ID{instance.ID}); err != nil {
				return err
			}
			count, err = execListed(ctx, db, decide, args, []ident.ID{instance.ID})
			return err
		}
		mark, decide.head = mark+" = $ AND c.id", decide.head+" = $ AND c.id"
		if err = markEntries(ctx, db, mark, []any{instance.ID}, ids); err != nil {
			return err
		}
		count, err = execListed(ctx, db, decide, append(args, instance.ID), ids)
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
