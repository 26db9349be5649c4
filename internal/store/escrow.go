package store

import (
	"context"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// RetryEntries makes the next try of open failed entries of the instance due, by id or all if ids is nil, and returns how many.
func (db *DB) RetryEntries(ctx context.Context, instance ident.ID, ids []ident.ID, due time.Time) (int, error) {
	if ids == nil {
		return db.exec(ctx, "UPDATE changes SET retry_at = $1 WHERE instance_id = $2 AND open = 1 AND state = 'failed'", micros(due), instance)
	}
	return execListed(ctx, db, listed{head: "UPDATE changes SET retry_at = $ WHERE instance_id = $ AND open = 1 AND state = 'failed' AND id"},
		[]any{micros(due), instance}, ids)
}

// dirtyEntry is that what the entry c is about is to be planned again. Groups have places below zero in the journal.
const dirtyEntry = `CASE c.object_type
	WHEN 0 THEN EXISTS (SELECT 1 FROM dirty d WHERE d.instance_id = c.instance_id AND d.seq = c.source_seq)
	WHEN 1 THEN EXISTS (SELECT 1 FROM dirty_groups d WHERE d.instance_id = c.instance_id AND d.group_seq = -c.source_seq)
	ELSE EXISTS (SELECT 1 FROM dirty_members d WHERE d.instance_id = c.instance_id AND d.group_seq = -c.source_seq) END`

// anythingDirty spares looking through many failures between runs, when hardly anything is dirty.
const anythingDirty = `(EXISTS (SELECT 1 FROM dirty d WHERE d.instance_id = instances.id)
	OR EXISTS (SELECT 1 FROM dirty_groups d WHERE d.instance_id = instances.id)
	OR EXISTS (SELECT 1 FROM dirty_members d WHERE d.instance_id = instances.id))`

// Woken returns the instances of the organization with Auto Sync whose next run lies behind the time, and that have something to plan again
// whose change failed: a person, a group, or members of a group.
func (db *DB) Woken(ctx context.Context, org ident.ID, now time.Time) ([]engine.Instance, error) {
	return collect(ctx, db, instanceColumns+` WHERE org_id = $1 AND auto_sync = 1 AND next_run_at > $2 AND `+anythingDirty+`
		AND EXISTS (SELECT 1 FROM changes c WHERE c.instance_id = instances.id AND c.open = 1 AND c.state = 'failed' AND `+dirtyEntry+")",
		[]any{org, micros(now)}, scanInstance)
}
