package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
)

// bucketScan is how many places of the mirror one page of a bucket looks at.
const bucketScan = 50_000

// CountTroubled counts the instance's people whose open entry failed or is skipped, and those whom the tenant lost before a run dealt with it.
func (db *DB) CountTroubled(ctx context.Context, instance engine.Instance) (engine.Troubled, error) {
	var t engine.Troubled
	err := db.each(ctx, `SELECT COUNT(CASE WHEN l.status = 'in-scope' THEN 1 END), COUNT(CASE WHEN m.state = 'live' THEN 1 END) FROM changes c
		JOIN mirror_users m ON m.connection_id = $1 AND m.source_id = c.source_id
		LEFT JOIN links l ON l.instance_id = c.instance_id AND l.seq = m.seq
		WHERE c.instance_id = $2 AND c.open = 1 AND c.state IN ('failed', 'skipped') AND c.object_type = 0`,
		[]any{instance.ConnectionID, instance.ID}, func(rows *sql.Rows) error { return rows.Scan(&t.InScope, &t.Live) })
	if err != nil {
		return t, err
	}
	for _, state := range []string{"'deleted'", "'gone'"} { // each has an index of its own
		away, err := db.count(ctx, `SELECT COUNT(*) FROM mirror_users m JOIN links l ON l.instance_id = $1 AND l.seq = m.seq AND l.status = 'in-scope'
			WHERE m.connection_id = $2 AND m.state = `+state+` AND NOT EXISTS (SELECT 1 FROM changes c
				WHERE c.instance_id = $3 AND c.source_id = m.source_id AND `+anOpen+` AND c.state IN ('failed', 'skipped'))`,
			instance.ID, instance.ConnectionID, instance.ID)
		if err != nil {
			return t, err
		}
		t.Away += away
	}
	return t, nil
}

// buckets are the conditions of the people of the mirror who are in a bucket.
var buckets = map[engine.Bucket]string{
	engine.BucketSynced:     "l.status = 'in-scope' AND COALESCE(c.state, '') NOT IN ('failed', 'skipped')",
	engine.BucketInBin:      "l.status = 'deleted'",
	engine.BucketOutOfScope: "m.state = 'live' AND COALESCE(l.status, '') <> 'in-scope' AND COALESCE(c.state, '') NOT IN ('failed', 'skipped')",
}

// ListBucket returns up to limit people of a bucket behind a place of the mirror, and the place behind which the next page begins.
func (db *DB) ListBucket(
	ctx context.Context, instance engine.Instance, bucket engine.Bucket, after int64, limit int,
) ([]engine.Object, int64, error) {
	last, err := db.count(ctx, "SELECT COALESCE(MAX(seq), 0) FROM mirror_users WHERE connection_id = $1", instance.ConnectionID)
	if err != nil {
		return nil, 0, err
	}
	end := min(after+bucketScan, int64(last))
	objects, err := collect(ctx, db, objectColumns+` FROM mirror_users m
		LEFT JOIN links l ON l.instance_id = $1 AND l.seq = m.seq
		LEFT JOIN changes c ON c.instance_id = $2 AND c.source_id = m.source_id AND `+anOpen+`
		WHERE m.connection_id = $3 AND m.seq > $4 AND m.seq <= $5 AND `+buckets[bucket]+" ORDER BY m.seq LIMIT $6",
		[]any{instance.ID, instance.ID, instance.ConnectionID, after, end, limit + 1}, scanObject)
	switch {
	case err != nil:
		return nil, 0, err
	case len(objects) > limit:
		return objects[:limit], objects[limit-1].Seq, nil
	case end < int64(last):
		return objects, end, nil
	}
	return objects, 0, nil
}
