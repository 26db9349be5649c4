package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const objectColumns = "SELECT " + mirrorColumns + `, l.object_id, COALESCE(l.status, ''), c.id, c.run_id, COALESCE(c.state, ''),
	COALESCE(c.fingerprint, ''), COALESCE(c.attempts, 0), COALESCE(c.failed_at, 0), COALESCE(c.action, ''), COALESCE(c.decided_by, '')`

// anOpen is the condition of the one open change c of an object, as the partial index changes_open says it. It finds no group for a user: source
// ids are unique in a tenant.
const anOpen = "c.open = 1 AND c.object_type <> 2"

const dirtyObjects = objectColumns + ` FROM dirty d JOIN mirror_users m ON m.connection_id = $1 AND m.seq = d.seq
	LEFT JOIN links l ON l.instance_id = $2 AND l.seq = m.seq
	LEFT JOIN changes c ON c.instance_id = $3 AND c.source_id = m.source_id AND ` + anOpen + `
	WHERE d.instance_id = $4 AND d.seq > $5 ORDER BY d.seq LIMIT $6`

const allObjects = objectColumns + ` FROM mirror_users m
	LEFT JOIN links l ON l.instance_id = $1 AND l.seq = m.seq
	LEFT JOIN changes c ON c.instance_id = $2 AND c.source_id = m.source_id AND ` + anOpen + `
	WHERE m.connection_id = $3 AND m.seq > $4 ORDER BY m.seq LIMIT $5`

func scanObject(rows *sql.Rows) (engine.Object, error) {
	var m mirrored
	var link engine.Link
	open := engine.Entry{Open: true}
	into := append(m.into(), &link.ObjectID, &link.Status, &open.ID, &open.RunID, &open.State, &open.Fingerprint, &open.Attempts,
		stamp{&open.FailedAt}, &open.Action, &open.DecidedBy)
	if err := rows.Scan(into...); err != nil {
		return engine.Object{}, err
	}
	if err := m.finish(); err != nil {
		return engine.Object{}, err
	}
	object := engine.Object{User: m.user}
	if !link.ObjectID.IsZero() {
		link.SourceID = m.user.SourceID
		object.Link = link
	}
	if !open.ID.IsZero() {
		open.SourceID = m.user.SourceID
		object.Open = &open
	}
	return object, nil
}

// DirtyObjects returns up to limit objects after a Seq that changed since they were last planned, in the order of Seq.
func (db *DB) DirtyObjects(ctx context.Context, instance engine.Instance, after int64, limit int) ([]engine.Object, error) {
	return collect(ctx, db, dirtyObjects, []any{instance.ConnectionID, instance.ID, instance.ID, instance.ID, after, limit}, scanObject)
}

// AllObjects returns up to limit objects of the mirror after a Seq, in the order of Seq.
func (db *DB) AllObjects(ctx context.Context, instance engine.Instance, after int64, limit int) ([]engine.Object, error) {
	return collect(ctx, db, allObjects, []any{instance.ID, instance.ID, instance.ConnectionID, after, limit}, scanObject)
}

// CountObjects returns how many objects are dirty; all of the mirror if all.
func (db *DB) CountObjects(ctx context.Context, instance engine.Instance, all bool) (int, error) {
	if all {
		return db.count(ctx, "SELECT COUNT(*) FROM mirror_users WHERE connection_id = $1", instance.ConnectionID)
	}
	return db.count(ctx, "SELECT COUNT(*) FROM dirty WHERE instance_id = $1", instance.ID)
}

// InsertEntries adds entries.
func (db *DB) InsertEntries(ctx context.Context, entries []engine.Entry) error {
	err := db.insertRows(ctx, insertEntries, len(entries), func(args []any, i int) []any { return appendEntry(args, &entries[i]) })
	if isDuplicate(err) {
		return fault.Wrap(fault.Conflict, "OpenEntry", err, "an object has another open entry in the journal")
	}
	return err
}

// CloseEntries takes open entries, by id, to a final state.
func (db *DB) CloseEntries(ctx context.Context, ids []ident.ID, state engine.EntryState, at time.Time) error {
	_, err := execListed(ctx, db, listed{head: "UPDATE changes SET state = $, open = 0, settled_at = $ WHERE open = 1 AND id"},
		[]any{string(state), micros(at)}, ids)
	return err
}

// ReplaceEntries writes entries over open ones of the same ids, whatever their run; it fails as fault.Stale when one of them is not
// open any more.
func (db *DB) ReplaceEntries(ctx context.Context, entries []engine.Entry) error {
	ids := make([]ident.ID, len(entries))
	for i, entry := range entries {
		ids[i] = entry.ID
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		count, err := execListed(ctx, db, listed{head: "DELETE FROM changes WHERE open = 1 AND id"}, nil, ids)
		if err != nil {
			return err
		}
		if count != len(ids) {
			return fault.New(fault.Stale, "EntryClosed", "%d of %d entries of the journal are not open any more", len(ids)-count, len(ids))
		}
		return db.InsertEntries(ctx, entries)
	})
}

// PostponeEntries sets the retry of open failed entries: attempts is added to, and retryAt replaces the old time.
func (db *DB) PostponeEntries(ctx context.Context, ids []ident.ID, retryAt []time.Time) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for i, id := range ids {
			_, err := db.exec(ctx, "UPDATE changes SET attempts = attempts + 1, retry_at = $1 WHERE open = 1 AND state = 'failed' AND id = $2",
				micros(retryAt[i]), id)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// ClearDirty removes the dirty rows of objects by Seq.
func (db *DB) ClearDirty(ctx context.Context, instance ident.ID, seqs []int64) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM dirty WHERE instance_id = $ AND seq"}, []any{instance}, seqs)
	return err
}
