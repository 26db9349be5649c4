package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

const (
	// anyEntry looks whether there is an entry at all; mostly there is none.
	anyEntry  = "SELECT 1 FROM changes c WHERE "
	markUsers = `INSERT INTO dirty (instance_id, seq) SELECT c.instance_id, m.seq FROM changes c JOIN instances i ON i.id = c.instance_id
		JOIN mirror_users m ON m.connection_id = i.connection_id AND m.source_id = c.source_id WHERE c.object_type = 0 AND `
	markGroups = `INSERT INTO dirty_groups (instance_id, group_seq) SELECT c.instance_id, m.seq FROM changes c
		JOIN instances i ON i.id = c.instance_id
		JOIN mirror_groups m ON m.connection_id = i.connection_id AND m.source_id = c.source_id WHERE c.object_type = 1 AND `
	// aboutMembers selects changes of members of groups that still have an object.
	aboutMembers = `SELECT c.run_id, c.id FROM changes c CROSS JOIN group_links l
		WHERE l.instance_id = c.instance_id AND l.group_seq = -c.source_seq AND c.object_type = 2 AND `
)

// markEntries makes dirty what the entries c that meet a condition are about, each for the instance of its entry: users, groups, or members of groups.
// The condition ends in a column that is compared with the values.
func markEntries[T any](ctx context.Context, db *DB, where string, before []any, values []T) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		some := false
		err := eachListed(ctx, db, listed{head: anyEntry + where, tail: " LIMIT 1"}, before, values, func(*sql.Rows) error {
			some = true
			return nil
		})
		if err != nil || !some {
			return err
		}
		for _, head := range []string{markUsers, markGroups} {
			if _, err := execListed(ctx, db, listed{head: head + where, tail: onceOnly}, before, values); err != nil {
				return err
			}
		}
		var found [][2]ident.ID
		err = eachListed(ctx, db, listed{head: aboutMembers + where}, before, values, func(rows *sql.Rows) error {
			var key [2]ident.ID
			err := rows.Scan(&key[0], &key[1])
			found = append(found, key)
			return err
		})
		if err != nil {
			return err
		}
		for _, key := range found { // one by one: each may be about a thousand members
			if err := db.markMembersOf(ctx, key[0], key[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

// markMembersOf makes the members dirty whom an entry is about. Those who leave because nothing ties them any more are found when the group is compared as
// a whole, since a membership is known by its member's tie.
func (db *DB) markMembersOf(ctx context.Context, run, id ident.ID) error {
	entries, err := collect(ctx, db, selectEntries+" WHERE run_id = $1 AND id = $2", []any{run, id}, scanEntry)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		ids := make([]ident.ID, 0, len(entry.Members))
		for _, member := range entry.Members {
			if !member.Source.IsZero() {
				ids = append(ids, member.Source)
			}
		}
		if len(ids) < len(entry.Members) || entry.Action == plan.Leave && !entry.Removal {
			const whole = "UPDATE group_links SET whole = 1 WHERE instance_id = $1 AND group_seq = $2"
			if _, err := db.exec(ctx, whole, entry.InstanceID, entry.SourceSeq); err != nil {
				return err
			}
		}
		if err := db.MarkMembersDirty(ctx, entry.InstanceID, entry.SourceSeq, ids); err != nil {
			return err
		}
	}
	return nil
}

const (
	failedEntries = "c.open = 1 AND c.state = 'failed' AND "
	heldEntries   = "c.open = 1 AND c.state = 'held' AND "
	// approvableEntries are those that can be approved one by one: a rejection can be taken back.
	approvableEntries = "c.open = 1 AND c.state IN ('held', 'rejected') AND "
)

// WakeDue marks the objects of open failed entries whose retry is due.
func (db *DB) WakeDue(ctx context.Context, instance engine.Instance, now time.Time) error {
	return markEntries(ctx, db, failedEntries+"c.retry_at > 0 AND c.retry_at <= $ AND c.instance_id", []any{micros(now)}, []ident.ID{instance.ID})
}

// WakeFailed marks the objects, of every instance of the organization, whose open failed entry wants one of the name keys, or is about one
// of the objects.
func (db *DB) WakeFailed(ctx context.Context, org ident.ID, names []string, objects []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := markEntries(ctx, db, failedEntries+"c.org_id = $ AND c.takes_name", []any{org}, names); err != nil {
			return err
		}
		return markEntries(ctx, db, failedEntries+"c.org_id = $ AND c.object_id", []any{org}, objects)
	})
}

// WakeCode marks the objects, of every instance of the organization, whose open failed entry has one of the codes.
func (db *DB) WakeCode(ctx context.Context, org ident.ID, codes []string) error {
	return markEntries(ctx, db, failedEntries+"c.org_id = $ AND c.reason_code", []any{org}, codes)
}

// What a run has still to do is found by changes_pending, and by nothing but the run: with the instance the database would rather go through the
// instance's whole journal.
const (
	pendingEntries = "c.state IN ('planned', 'parked') AND c.run_id"
	wakeRun        = `UPDATE changes SET state = CASE WHEN approved_removal = 1 THEN 'approved' ELSE 'superseded' END,
		open = approved_removal, settled_at = $1 WHERE run_id = $2 AND state IN ('planned', 'parked')`
)

// WakeRun marks the objects of a run's planned and parked entries and supersedes these, because the run ended before applying them; removals
// that a person approved are approved again. It returns how many.
func (db *DB) WakeRun(ctx context.Context, _ engine.Instance, run ident.ID, at time.Time) (int, error) {
	var count int
	err := db.InTx(ctx, func(ctx context.Context) error {
		if err := markEntries(ctx, db, pendingEntries, nil, []ident.ID{run}); err != nil {
			return err
		}
		var err error
		count, err = db.exec(ctx, wakeRun, micros(at), run)
		return err
	})
	return count, err
}
