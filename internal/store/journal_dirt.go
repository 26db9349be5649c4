package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// markEntries makes the objects of entries dirty, for the instance of each entry.
const markEntries = `INSERT INTO dirty (instance_id, seq) SELECT c.instance_id, m.seq FROM changes c JOIN instances i ON i.id = c.instance_id
	JOIN mirror_users m ON m.connection_id = i.connection_id AND m.source_id = c.source_id WHERE `

const onceOnly = " ON CONFLICT DO NOTHING"

// MarkAllDirty makes every object of the instance's mirror dirty.
func (db *DB) MarkAllDirty(ctx context.Context, instance engine.Instance) error {
	_, err := db.exec(ctx, "INSERT INTO dirty (instance_id, seq) SELECT $1, seq FROM mirror_users WHERE connection_id = $2"+onceOnly,
		instance.ID, instance.ConnectionID)
	return err
}

// MarkDirty makes objects dirty; those that the mirror does not hold are passed over.
func (db *DB) MarkDirty(ctx context.Context, instance engine.Instance, sourceIDs []string) error {
	_, err := execListed(ctx, db, listed{
		head: "INSERT INTO dirty (instance_id, seq) SELECT $, seq FROM mirror_users WHERE connection_id = $ AND source_id", tail: onceOnly,
	}, []any{instance.ID, instance.ConnectionID}, sourceIDs)
	return err
}

// WakeDue marks the objects of open failed entries whose retry is due.
func (db *DB) WakeDue(ctx context.Context, instance engine.Instance, now time.Time) error {
	_, err := db.exec(ctx, markEntries+"c.instance_id = $1 AND c.open = 1 AND c.state = 'failed' AND c.retry_at > 0 AND c.retry_at <= $2"+onceOnly,
		instance.ID, micros(now))
	return err
}

// WakeFailed marks the objects, of every instance of the organization, whose open failed entry wants one of the name keys, or is about one
// of the objects.
func (db *DB) WakeFailed(ctx context.Context, org ident.ID, names []string, objects []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		wake := func(column string) listed {
			return listed{head: markEntries + "c.org_id = $ AND c.open = 1 AND c.state = 'failed' AND c." + column, tail: onceOnly}
		}
		if _, err := execListed(ctx, db, wake("takes_name"), []any{org}, names); err != nil {
			return err
		}
		_, err := execListed(ctx, db, wake("object_id"), []any{org}, objects)
		return err
	})
}

// WakeCode marks the objects, of every instance of the organization, whose open failed entry has one of the codes.
func (db *DB) WakeCode(ctx context.Context, org ident.ID, codes []string) error {
	_, err := execListed(ctx, db, listed{
		head: markEntries + "c.org_id = $ AND c.open = 1 AND c.state = 'failed' AND c.reason_code", tail: onceOnly,
	}, []any{org}, codes)
	return err
}

// WakeRun marks the objects of a run's planned and parked entries and supersedes these, because the run ended before applying them; removals
// that a person approved are approved again. It returns how many.
func (db *DB) WakeRun(ctx context.Context, instance engine.Instance, run ident.ID, at time.Time) (int, error) {
	var count int
	err := db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, markEntries+"c.instance_id = $1 AND c.run_id = $2 AND c.state IN ('planned', 'parked')"+onceOnly, instance.ID, run)
		if err != nil {
			return err
		}
		count, err = db.exec(ctx, `UPDATE changes SET state = CASE WHEN approved_removal = 1 THEN 'approved' ELSE 'superseded' END,
			open = approved_removal, settled_at = $1 WHERE instance_id = $2 AND run_id = $3 AND state IN ('planned', 'parked')`, micros(at), instance.ID, run)
		return err
	})
	return count, err
}

// forgotten are the users of the mirror who are gone, have no link any more, and need not be planned again.
const forgotten = ` WHERE mirror_users.connection_id = $1 AND mirror_users.state = 'gone'
	AND NOT EXISTS (SELECT 1 FROM instances i JOIN links l ON l.instance_id = i.id
		WHERE i.connection_id = mirror_users.connection_id AND l.seq = mirror_users.seq)
	AND NOT EXISTS (SELECT 1 FROM instances i JOIN dirty d ON d.instance_id = i.id
		WHERE i.connection_id = mirror_users.connection_id AND d.seq = mirror_users.seq)`

// dropForgotten looks the rows up by the index of members; otherwise SQLite reads all members of the connection.
var dropForgotten = listed{
	head: `DELETE FROM mirror_members WHERE (connection_id, group_seq, member_id) IN
		(SELECT connection_id, group_seq, member_id FROM mirror_members WHERE connection_id = $ AND member_id`, tail: ")",
}

// Sweep forgets users of the mirror who are gone, have no link any more, and need not be planned again, and their memberships.
func (db *DB) Sweep(ctx context.Context, connection ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		var members []ident.ID
		err := db.each(ctx, "SELECT mirror_users.source_id FROM mirror_users"+forgotten, []any{connection}, func(rows *sql.Rows) error {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			if id, err := ident.Parse(text); err == nil {
				members = append(members, id)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if _, err = execListed(ctx, db, dropForgotten, []any{connection}, members); err != nil {
			return err
		}
		_, err = db.exec(ctx, "DELETE FROM mirror_users"+forgotten, connection)
		return err
	})
}
