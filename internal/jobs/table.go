package jobs

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"rollcall/internal/ident"
)

// What River has no words for is said in SQL here, about its table river_job (riversqlite v0.49.0, migration 8): args is JSONB,
// times are text in UTC as SQLite's datetime writes them.

// migrate brings River's tables to the version that the library needs.
func migrate(ctx context.Context, db *sql.DB, logger *slog.Logger) error {
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: logger})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("job queue: bring tables up to date: %w", err)
	}
	return nil
}

// recoverRunning makes jobs of a process that died available, without counting the try, and returns how many there were.
func recoverRunning(ctx context.Context, db *sql.DB) (int64, error) {
	result, err := db.ExecContext(ctx, `UPDATE river_job SET state = 'available', attempt = max(attempt - 1, 0) WHERE state = 'running'`)
	if err != nil {
		return 0, fmt.Errorf("job queue: take up jobs of the last process: %w", err)
	}
	return result.RowsAffected()
}

// isWaiting reports whether a job for the run waits for a worker, so that it will see what the transaction writes. A job that a
// worker has may have looked already: it does not count.
func isWaiting(ctx context.Context, tx *sql.Tx, run ident.ID) (bool, error) {
	var waits bool
	err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM river_job
		WHERE state = 'available' AND queue = ? AND kind = ? AND json_extract(args, '$.run') = ?)`,
		queueName, kind, run.String()).Scan(&waits)
	if err != nil {
		return false, fmt.Errorf("job queue: look for run %s: %w", run, err)
	}
	return waits, nil
}

// removeFinished removes jobs that ended longer than age ago, whatever their end, and returns how many.
func removeFinished(ctx context.Context, db *sql.DB, age time.Duration) (int64, error) {
	result, err := db.ExecContext(ctx, `DELETE FROM river_job
		WHERE state IN ('cancelled', 'completed', 'discarded') AND finalized_at < datetime('now', 'subsec', ?)`,
		fmt.Sprintf("%+.3f seconds", -age.Seconds()))
	if err != nil {
		return 0, fmt.Errorf("job queue: remove finished jobs: %w", err)
	}
	return result.RowsAffected()
}
