package store

import (
	"context"
	"database/sql"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupObjectColumns are those of a group m of the mirror with its tie l and, from r, whether the instance reaches it. openColumns follow them.
const groupObjectColumns = `SELECT m.seq, m.source_id, m.state, m.deleted_at, m.wanted, m.due, m.read_in, m.doubt, m.others, m.attributes,
	r.group_seq IS NOT NULL, COALESCE(l.group_seq, 0), l.object_id, COALESCE(l.whole, 0), COALESCE(l.awaited, 0), `

// openColumns are those of the open entry c of an object, noColumns stand in their place where it is not asked for.
const (
	openColumns = `c.id, c.run_id, COALESCE(c.state, ''), COALESCE(c.fingerprint, ''), COALESCE(c.attempts, 0), COALESCE(c.failed_at, 0),
		COALESCE(c.action, ''), COALESCE(c.decided_by, '')`
	noColumns = "NULL, NULL, '', '', 0, 0, '', ''"
)

const (
	isReached = " LEFT JOIN instance_groups r ON r.instance_id = $ AND r.group_seq = m.seq"
	isLinked  = " LEFT JOIN group_links l ON l.instance_id = $ AND l.group_seq = m.seq"
	isOpen    = " LEFT JOIN changes c ON c.instance_id = $ AND c.source_id = m.source_id AND " + anOpen
)

const dirtyGroups = groupObjectColumns + openColumns + " FROM dirty_groups d JOIN mirror_groups m ON m.connection_id = $ AND m.seq = d.group_seq" +
	isReached + isLinked + isOpen + " WHERE d.instance_id = $ AND d.group_seq > $ ORDER BY d.group_seq LIMIT $"

const allGroupObjects = groupObjectColumns + openColumns + " FROM mirror_groups m" + isReached + isLinked + isOpen +
	" WHERE m.connection_id = $ AND m.seq > $ AND (r.group_seq IS NOT NULL OR l.group_seq IS NOT NULL) ORDER BY m.seq LIMIT $"

const linkedGroups = groupObjectColumns + noColumns + " FROM group_links l JOIN mirror_groups m ON m.connection_id = $ AND m.seq = l.group_seq" +
	isReached + " WHERE l.instance_id = $ AND l.group_seq > $"

func scanGroupObject(rows *sql.Rows) (engine.GroupObject, error) {
	var g engine.GroupObject
	var raw sql.RawBytes
	open := engine.Entry{Open: true}
	err := rows.Scan(&g.Seq, &g.SourceID, &g.State, stamp{&g.DeletedAt}, &g.Wanted, &g.Due, &g.ReadIn, &g.Doubt, &g.Others, &raw,
		&g.Reached, &g.Link.Group, &g.Link.ObjectID, &g.Link.Whole, &g.Link.Awaited, &open.ID, &open.RunID, &open.State, &open.Fingerprint,
		&open.Attempts, stamp{&open.FailedAt}, &open.Action, &open.DecidedBy)
	if err != nil {
		return g, err
	}
	if !open.ID.IsZero() {
		open.SourceID, open.Object = g.SourceID, plan.Group
		g.Open = &open
	}
	g.Record, err = recordOf(raw)
	return g, err
}

// DirtyGroups returns up to limit groups after a Seq that changed since they were last planned, in the order of Seq.
func (db *DB) DirtyGroups(ctx context.Context, instance engine.Instance, after int64, limit int) ([]engine.GroupObject, error) {
	args := []any{instance.ConnectionID, instance.ID, instance.ID, instance.ID, instance.ID, after, limit}
	return collect(ctx, db, numbered(dirtyGroups), args, scanGroupObject)
}

// AllGroupObjects returns up to limit groups after a Seq that the instance reaches or has an object for, in the order of Seq.
func (db *DB) AllGroupObjects(ctx context.Context, instance engine.Instance, after int64, limit int) ([]engine.GroupObject, error) {
	args := []any{instance.ID, instance.ID, instance.ID, instance.ConnectionID, after, limit}
	return collect(ctx, db, numbered(allGroupObjects), args, scanGroupObject)
}

// LinkedGroups returns up to limit groups with an object, after a Seq, in the order of Seq, without Open; only those that are Whole if whole.
func (db *DB) LinkedGroups(ctx context.Context, instance engine.Instance, whole bool, after int64, limit int) ([]engine.GroupObject, error) {
	query := linkedGroups
	if whole {
		query += " AND l.whole = 1"
	}
	return collect(ctx, db, numbered(query+" ORDER BY l.group_seq LIMIT $"), []any{instance.ConnectionID, instance.ID, instance.ID, after, limit},
		scanGroupObject)
}

const reachedRecords = `SELECT m.attributes FROM instance_groups r CROSS JOIN mirror_groups m
	WHERE r.instance_id = $1 AND m.connection_id = $2 AND m.seq = r.group_seq AND m.state = 'live'`

// GroupNames counts the live groups that the instance reaches by name key.
func (db *DB) GroupNames(ctx context.Context, instance engine.Instance) (map[string]int, error) {
	names := map[string]int{}
	err := db.each(ctx, reachedRecords, []any{instance.ID, instance.ConnectionID}, func(rows *sql.Rows) error {
		var raw sql.RawBytes
		if err := rows.Scan(&raw); err != nil {
			return err
		}
		record, err := recordOf(raw)
		names[attr.NameKey(strings.TrimSpace(record.Text("displayName")))]++
		return err
	})
	return names, err
}

// ClearDirtyGroups removes the dirty rows of groups by Seq.
func (db *DB) ClearDirtyGroups(ctx context.Context, instance ident.ID, groups []int64) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM dirty_groups WHERE instance_id = $ AND group_seq"}, []any{instance}, groups)
	return err
}

var insertDirtyGroups = insert{head: "INSERT INTO dirty_groups (instance_id, group_seq) VALUES", columns: 2, tail: onceOnly}

var markNamedGroups = listed{
	head: "INSERT INTO dirty_groups (instance_id, group_seq) SELECT $, seq FROM mirror_groups WHERE connection_id = $ AND source_id", tail: onceOnly,
}

var compareNamedGroups = listed{
	head: `UPDATE group_links SET whole = 1 WHERE instance_id = $ AND whole = 0
		AND group_seq IN (SELECT seq FROM mirror_groups WHERE connection_id = $ AND source_id`, tail: ")",
}

// MarkGroupsDirty makes groups dirty, by their ids in the tenant, those that the mirror does not hold are passed over; all that the instance reaches
// or has an object for if ids is nil. With whole, those that have an object become Whole as well.
func (db *DB) MarkGroupsDirty(ctx context.Context, instance engine.Instance, sourceIDs []string, whole bool) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if sourceIDs == nil {
			return db.markAllGroups(ctx, instance.ID, whole)
		}
		_, err := execListed(ctx, db, markNamedGroups, []any{instance.ID, instance.ConnectionID}, sourceIDs)
		if err != nil || !whole {
			return err
		}
		_, err = execListed(ctx, db, compareNamedGroups, []any{instance.ID, instance.ConnectionID}, sourceIDs)
		return err
	})
}

func (db *DB) markAllGroups(ctx context.Context, instance ident.ID, whole bool) error {
	queries := []string{
		"INSERT INTO dirty_groups (instance_id, group_seq) SELECT instance_id, group_seq FROM instance_groups WHERE instance_id = $1" + onceOnly,
		"INSERT INTO dirty_groups (instance_id, group_seq) SELECT instance_id, group_seq FROM group_links WHERE instance_id = $1" + onceOnly,
	}
	if whole {
		queries = append(queries, "UPDATE group_links SET whole = 1 WHERE instance_id = $1 AND whole = 0")
	}
	for _, query := range queries {
		if _, err := db.exec(ctx, query, instance); err != nil {
			return err
		}
	}
	return nil
}
