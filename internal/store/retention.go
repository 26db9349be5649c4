package store

import (
	"context"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// DropEvents removes audit events of the organization, or of the server for the zero one, from before the time, and returns how many.
func (db *DB) DropEvents(ctx context.Context, org ident.ID, before time.Time) (int, error) {
	return db.exec(ctx, "DELETE FROM audit_events WHERE "+oldEvents, org, ident.Before(before))
}

// Ids of events and runs are ordered by time.
const (
	oldEvents = "org_id = $1 AND id < $2"
	// oldChanges are the closed entries that know of people still.
	oldChanges = `changes WHERE run_id IN (SELECT id FROM runs WHERE org_id = $1 AND id < $2) AND open = 0 AND (source_name <> '' OR members IS NOT NULL)
		LIMIT $3`
)

// ScrubEntries empties what closed entries of the organization's runs before the given one know of people; how many members a change was about stays.
func (db *DB) ScrubEntries(ctx context.Context, org, before ident.ID, limit int) (int, error) {
	return db.exec(ctx, `UPDATE changes SET before_doc = NULL, after_doc = NULL, source_name = '', object_name = '', reason_text = '',
		holder_name = '', takes_name = '', frees_name = '', members = NULL
		WHERE (run_id, id) IN (SELECT run_id, id FROM `+oldChanges+")", org, before, limit)
}

// KeepArchived has the copies of removed users and groups end so long after they were archived.
func (db *DB) KeepArchived(ctx context.Context, org ident.ID, life time.Duration) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, table := range []string{"archive", "group_archive"} {
			if _, err := db.exec(ctx, "UPDATE "+table+" SET keep_until = archived_at + $1 WHERE org_id = $2", life.Microseconds(), org); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountExpiring counts what is from before the times, each up to the limit.
func (db *DB) CountExpiring(ctx context.Context, org ident.ID, ends directory.Ends, limit int) (directory.Expiring, error) {
	var counts directory.Expiring
	for _, part := range []struct {
		count *int
		from  string
		end   any
	}{
		{&counts.Changes, oldChanges, ident.Before(ends.Changes)},
		{&counts.Audit, "audit_events WHERE " + oldEvents + " LIMIT $3", ident.Before(ends.Audit)},
		{&counts.Users, "archive WHERE org_id = $1 AND archived_at < $2 LIMIT $3", micros(ends.Archive)},
		{&counts.Groups, "group_archive WHERE org_id = $1 AND archived_at < $2 LIMIT $3", micros(ends.Archive)},
	} {
		var err error
		if *part.count, err = db.count(ctx, "SELECT COUNT(*) FROM (SELECT 1 FROM "+part.from+")", org, part.end, limit); err != nil {
			return counts, err
		}
	}
	return counts, nil
}
