package store

import (
	"context"
	"time"

	"rollcall/internal/ident"
)

// DropEvents removes audit events from before the time, and returns how many.
func (db *DB) DropEvents(ctx context.Context, before time.Time) (int, error) {
	return db.exec(ctx, "DELETE FROM audit_events WHERE at < $1", micros(before))
}

// ScrubEntries empties what closed entries of runs before the given one know of people; how many members a change was about stays. Ids of runs are
// ordered by time.
func (db *DB) ScrubEntries(ctx context.Context, before ident.ID, limit int) (int, error) {
	return db.exec(ctx, `UPDATE changes SET before_doc = NULL, after_doc = NULL, source_name = '', object_name = '', reason_text = '',
		holder_name = '', takes_name = '', frees_name = '', members = NULL
		WHERE (run_id, id) IN (SELECT run_id, id FROM changes WHERE run_id < $1 AND open = 0 AND (source_name <> '' OR members IS NOT NULL) LIMIT $2)`, before, limit)
}
