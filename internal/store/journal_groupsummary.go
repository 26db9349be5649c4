package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/mirror"
)

// troubledGroup is the condition of a tie l whose group m has an open change that says why nothing can be done.
const troubledGroup = `EXISTS (SELECT 1 FROM changes c WHERE c.instance_id = l.instance_id AND c.source_id = m.source_id AND ` + anOpen +
	` AND c.state IN ('failed', 'skipped'))`

const countGroupLinks = `SELECT COUNT(CASE WHEN awaited = 0 THEN 1 END), COUNT(CASE WHEN awaited <> 0 THEN 1 END),
	COALESCE(SUM(CASE WHEN awaited > 0 THEN awaited END), 0) FROM group_links WHERE instance_id = $1`

// countTroubledGroups begins with the open changes, which are few.
const countTroubledGroups = `SELECT COUNT(CASE WHEN l.awaited = 0 THEN 1 END), COUNT(CASE WHEN l.awaited <> 0 THEN 1 END),
	COALESCE(SUM(CASE WHEN l.awaited > 0 THEN l.awaited END), 0) FROM changes c
	CROSS JOIN mirror_groups m CROSS JOIN group_links l
	WHERE c.instance_id = $1 AND c.open = 1 AND c.object_type <> 2 AND c.object_type = 1 AND c.state IN ('failed', 'skipped')
	AND m.connection_id = $2 AND m.source_id = c.source_id AND l.instance_id = c.instance_id AND l.group_seq = m.seq`

// CountStanding counts an instance's groups that have an object, by whether all their members in scope are there.
func (db *DB) CountStanding(ctx context.Context, instance engine.Instance) (engine.GroupCounts, error) {
	var all, troubled engine.GroupCounts
	for _, part := range []struct {
		query string
		args  []any
		into  *engine.GroupCounts
	}{
		{countGroupLinks, []any{instance.ID}, &all},
		{countTroubledGroups, []any{instance.ID, instance.ConnectionID}, &troubled},
	} {
		err := db.each(ctx, part.query, part.args, func(rows *sql.Rows) error {
			return rows.Scan(&part.into.Synced, &part.into.ToBeSynced, &part.into.Awaited)
		})
		if err != nil {
			return engine.GroupCounts{}, err
		}
	}
	all.Synced, all.ToBeSynced, all.Awaited = all.Synced-troubled.Synced, all.ToBeSynced-troubled.ToBeSynced, all.Awaited-troubled.Awaited
	return all, nil
}

const listStanding = `SELECT m.seq, m.source_id, m.state, m.deleted_at, m.wanted, m.due, m.read_in, m.doubt, m.others, m.attributes,
	l.object_id, l.whole, l.awaited FROM group_links l CROSS JOIN mirror_groups m
	WHERE l.instance_id = $1 AND l.group_seq > $2 AND m.connection_id = $3 AND m.seq = l.group_seq AND NOT ` + troubledGroup

// ListStanding returns up to limit groups of BucketSynced or BucketToBeSynced, behind a place of the mirror.
func (db *DB) ListStanding(
	ctx context.Context, instance engine.Instance, bucket engine.Bucket, after int64, limit int,
) ([]engine.GroupObject, error) {
	there := " AND l.awaited = 0"
	if bucket == engine.BucketToBeSynced {
		there = " AND l.awaited <> 0"
	}
	return collect(ctx, db, listStanding+there+" ORDER BY l.group_seq LIMIT $4", []any{instance.ID, after, instance.ConnectionID, limit},
		func(rows *sql.Rows) (engine.GroupObject, error) {
			var g mirror.Group
			var raw sql.RawBytes
			link := engine.GroupLink{}
			err := rows.Scan(&g.Seq, &g.SourceID, &g.State, stamp{&g.DeletedAt}, &g.Wanted, &g.Due, &g.ReadIn, &g.Doubt, &g.Others, &raw,
				&link.ObjectID, &link.Whole, &link.Awaited)
			if err != nil {
				return engine.GroupObject{}, err
			}
			link.Group = g.Seq
			g.Record, err = recordOf(raw)
			return engine.GroupObject{Group: g, Link: link}, err
		})
}
