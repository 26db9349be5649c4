package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/plan"
)

// bucketScan is how many places of the mirror one page of a bucket looks at.
const bucketScan = 50_000

// troubledUser selects the open entries c of users of an instance who failed or are skipped; with changes_open_by_instance they come in the order of
// their places.
const troubledUser = "c.instance_id = $ AND c.open = 1 AND c.object_type = 0 AND c.state IN ('failed', 'skipped')"

// countTroubled counts them all, and those who are in scope.
var countTroubled = numbered(`SELECT COUNT(*), COUNT(CASE WHEN l.status = 'in-scope' THEN 1 END) FROM changes c
	LEFT JOIN links l ON l.instance_id = c.instance_id AND l.seq = c.source_seq WHERE ` + troubledUser)

// countAway counts, of the users in a state that few are in, those who are troubled, and the others who are in scope.
func countAway(state plan.SourceState) string {
	return numbered(`SELECT COUNT(CASE WHEN u.troubled THEN 1 END), COUNT(CASE WHEN u.in_scope AND NOT u.troubled THEN 1 END) FROM (SELECT
		EXISTS (SELECT 1 FROM changes c WHERE ` + troubledUser + ` AND c.source_seq = m.seq) AS troubled,
		EXISTS (SELECT 1 FROM links l WHERE l.instance_id = $ AND l.seq = m.seq AND l.status = 'in-scope') AS in_scope
		FROM mirror_users m WHERE m.connection_id = $ AND m.state = '` + string(state) + `') u`)
}

// CountTroubled counts the instance's people whose open entry failed or is skipped, and those whom the tenant lost before a run dealt with it.
func (db *DB) CountTroubled(ctx context.Context, instance engine.Instance) (engine.Troubled, error) {
	var t engine.Troubled
	err := db.each(ctx, countTroubled, []any{instance.ID}, func(rows *sql.Rows) error { return rows.Scan(&t.Live, &t.InScope) })
	if err != nil {
		return t, err
	}
	for _, state := range []plan.SourceState{plan.Deleted, plan.Gone} { // each has an index of its own
		err := db.each(ctx, countAway(state), []any{instance.ID, instance.ID, instance.ConnectionID}, func(rows *sql.Rows) error {
			var troubled, away int
			err := rows.Scan(&troubled, &away)
			t.Live, t.Away = t.Live-troubled, t.Away+away
			return err
		})
		if err != nil {
			return t, err
		}
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
