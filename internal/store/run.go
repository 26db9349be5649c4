package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const runColumns = `SELECT org_id, id, instance_id, kind, started_by, requested_by, config_version, state, step, node, fence, lease_until,
	not_before, queued_at, started_at, ended_at, progress, failure, undo, plan_id FROM runs`

func scanRun(rows *sql.Rows) (engine.Run, error) {
	var r engine.Run
	var progress, failure, undo sql.RawBytes
	err := rows.Scan(&r.OrgID, &r.ID, &r.InstanceID, &r.Kind, &r.Trigger, &r.RequestedBy, &r.ConfigVersion, &r.State, &r.Step, &r.Node,
		&r.Fence, stamp{&r.LeaseUntil}, stamp{&r.NotBefore}, stamp{&r.QueuedAt}, stamp{&r.StartedAt}, stamp{&r.EndedAt}, &progress, &failure, &undo, &r.Plan)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(progress, &r.Progress); err != nil {
		return r, fmt.Errorf("read the progress of the run %s: %w", r.ID, err)
	}
	if failure != nil {
		r.Failure = &engine.Failure{}
		if err := json.Unmarshal(failure, r.Failure); err != nil {
			return r, fmt.Errorf("read the failure of the run %s: %w", r.ID, err)
		}
	}
	if undo != nil {
		r.Undo = &engine.Undoing{}
		if err := json.Unmarshal(undo, r.Undo); err != nil {
			return r, fmt.Errorf("read what the run %s takes back: %w", r.ID, err)
		}
	}
	return r, nil
}

// runDocuments returns progress and failure as they are stored.
func runDocuments(r engine.Run) (progress string, failure any, err error) {
	if progress, err = document(r.Progress); err != nil || r.Failure == nil {
		return progress, nil, err
	}
	failure, err = document(r.Failure)
	return progress, failure, err
}

// InsertRun adds a run.
func (db *DB) InsertRun(ctx context.Context, r engine.Run) error {
	progress, failure, err := runDocuments(r)
	if err != nil {
		return err
	}
	var undo any
	if r.Undo != nil {
		if undo, err = document(r.Undo); err != nil {
			return err
		}
	}
	_, err = db.exec(ctx, `INSERT INTO runs (org_id, id, instance_id, kind, started_by, requested_by, config_version, state, step, node, fence,
		lease_until, not_before, queued_at, started_at, ended_at, progress, failure, undo, plan_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
		r.OrgID, r.ID, r.InstanceID, string(r.Kind), r.Trigger, r.RequestedBy, r.ConfigVersion, string(r.State), string(r.Step), r.Node, r.Fence,
		micros(r.LeaseUntil), micros(r.NotBefore), micros(r.QueuedAt), micros(r.StartedAt), micros(r.EndedAt), progress, failure, undo, r.Plan)
	return err
}

// Run fails as fault.NotFound.
func (db *DB) Run(ctx context.Context, id ident.ID) (engine.Run, error) {
	return one(ctx, db, runColumns+" WHERE id = $1", []any{id}, scanRun, fault.New(fault.NotFound, "UnknownRun", "there is no run %s", id))
}

// SaveRun replaces the run, but for what it takes back or applies, which stays as it was asked for; it fails as fault.Stale when the stored fence is not the given one. A lease that RenewLeases extended meanwhile
// is not shortened, unless it is given up (zero) or the fence changes.
func (db *DB) SaveRun(ctx context.Context, r engine.Run, fence int64) error {
	progress, failure, err := runDocuments(r)
	if err != nil {
		return err
	}
	lease := micros(r.LeaseUntil)
	count, err := db.exec(ctx, `UPDATE runs SET kind = $1, started_by = $2, requested_by = $3, config_version = $4, state = $5, step = $6,
		lease_until = CASE WHEN $7 > 0 AND fence = $8 AND lease_until > $9 THEN lease_until ELSE $10 END,
		node = $11, fence = $12, not_before = $13, queued_at = $14, started_at = $15, ended_at = $16, progress = $17, failure = $18
		WHERE id = $19 AND fence = $20`,
		string(r.Kind), r.Trigger, r.RequestedBy, r.ConfigVersion, string(r.State), string(r.Step), lease, r.Fence, lease, lease, r.Node, r.Fence,
		micros(r.NotBefore), micros(r.QueuedAt), micros(r.StartedAt), micros(r.EndedAt), progress, failure, r.ID, fence)
	if err == nil && count == 0 {
		return fault.New(fault.Stale, "RunTaken", "the run %s was taken over by another node or removed", r.ID)
	}
	return err
}

// ListRuns returns a page of runs, newest first.
func (db *DB) ListRuns(ctx context.Context, query engine.RunQuery) ([]engine.Run, error) {
	var where condition
	if !query.Instance.IsZero() {
		where.and("instance_id = $", query.Instance)
	}
	where.and("org_id = $", query.Org)
	if !query.Before.IsZero() {
		where.and("id < $", query.Before)
	}
	text, args := where.text(runColumns, " ORDER BY id DESC LIMIT $", query.Limit)
	return collect(ctx, db, text, args, scanRun)
}

// ApplicationsOf returns the runs that apply what a dry run showed, newest first.
func (db *DB) ApplicationsOf(ctx context.Context, plan ident.ID) ([]engine.Run, error) {
	return collect(ctx, db, runColumns+" WHERE plan_id = $1 ORDER BY id DESC", []any{plan}, scanRun)
}

// OpenRuns returns the runs that are not over, of one instance or, for the zero id, of all, oldest first.
func (db *DB) OpenRuns(ctx context.Context, instance ident.ID) ([]engine.Run, error) {
	query := runColumns + " WHERE state IN ('queued', 'running', 'waiting')"
	if instance.IsZero() {
		return collect(ctx, db, query+" ORDER BY id", nil, scanRun)
	}
	return collect(ctx, db, query+" AND instance_id = $1 ORDER BY id", []any{instance}, scanRun)
}

// RenewLeases extends the leases of a node's running runs.
func (db *DB) RenewLeases(ctx context.Context, node ident.ID, until time.Time) error {
	_, err := db.exec(ctx, `UPDATE runs SET lease_until = $1 WHERE state IN ('queued', 'running', 'waiting') AND state = 'running' AND node = $2`,
		micros(until), node)
	return err
}

// DropRun removes a run that left no changes.
func (db *DB) DropRun(ctx context.Context, id ident.ID) error {
	_, err := db.exec(ctx, "DELETE FROM runs WHERE id = $1", id)
	return err
}
