package jobs

import (
	"context"
	"database/sql"
	"time"
)

// SetTurn shortens how long a job may go on. Call it before Start.
func (q *Queue) SetTurn(d time.Duration) { q.turn = d }

// RemoveFinished does what the queue does once a minute.
func RemoveFinished(ctx context.Context, db *sql.DB, age time.Duration) (int64, error) {
	return removeFinished(ctx, db, age)
}
