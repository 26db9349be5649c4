package store

import (
	"context"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// HoldRemovals takes the run's planned removals that nobody approved to Held and returns their number.
func (db *DB) HoldRemovals(ctx context.Context, run ident.ID, at time.Time) (int, error) {
	return db.exec(ctx, `UPDATE changes SET state = 'held', open = 1, settled_at = $1
		WHERE run_id = $2 AND state IN ('planned', 'parked') AND removal = 1 AND approved_removal = 0`, micros(at), run)
}

// RecentRemovals counts applied removals, without approved ones, since the time.
func (db *DB) RecentRemovals(ctx context.Context, instance ident.ID, since time.Time) (int, error) {
	return db.count(ctx, `SELECT COUNT(*) FROM changes
		WHERE instance_id = $1 AND removal = 1 AND state = 'applied' AND settled_at >= $2 AND approved_removal = 0`, instance, micros(since))
}

// RankEntry stores rank, park flag, and what changes when a name cannot be had: the whole change and the state.
func (db *DB) RankEntry(ctx context.Context, e engine.Entry) error {
	_, err := db.exec(ctx, `UPDATE changes SET action = $1, phase = $2, rank = $3, park = $4, object_name = $5, reason_code = $6,
		reason_text = $7, before_doc = $8, after_doc = $9, link = $10, status = $11, takes_name = $12, frees_name = $13, holder_id = $14,
		holder_name = $15, removal = $16, follow_up = $17, state = $18, open = $19, attempts = $20, failed_at = $21, retry_at = $22,
		settled_at = $23 WHERE run_id = $24 AND id = $25`,
		string(e.Action), int64(e.Phase), int64(e.Rank), bit(e.Park), e.ObjectName, e.Reason.Code, e.Reason.Text, record(e.Before),
		record(e.After), bit(e.Link), string(e.Status), e.TakesName, e.FreesName, e.HolderID, e.HolderName, bit(e.Removal), bit(e.FollowUp),
		string(e.State), bit(e.Open), int64(e.Attempts), micros(e.FailedAt), micros(e.RetryAt), micros(e.SettledAt), e.RunID, e.ID)
	return err
}

// NextEntries returns up to limit planned entries of the run in the order of phase, rank, id. With parking, only those that want their name
// set aside and are not parked yet.
func (db *DB) NextEntries(ctx context.Context, run ident.ID, parking bool, limit int) ([]engine.Entry, error) {
	// The state is named as the partial index names it, or the database would not use it.
	condition := "state IN ('planned', 'parked')"
	if parking {
		condition = "state = 'planned' AND park = 1"
	}
	return collect(ctx, db, selectEntries+" WHERE run_id = $1 AND "+condition+" ORDER BY phase, rank, id LIMIT $2", []any{run, limit}, scanEntry)
}

var settleApplied = listed{head: "UPDATE changes SET state = 'applied', open = 0, settled_at = $ WHERE run_id = $ AND id"}

// SettleApplied takes planned or parked entries to Applied, and closes them.
func (db *DB) SettleApplied(ctx context.Context, run ident.ID, ids []ident.ID, at time.Time) error {
	_, err := execListed(ctx, db, settleApplied, []any{micros(at), run}, ids)
	return err
}

// SettleEntry stores state, open, attempts, times and reason of one entry.
func (db *DB) SettleEntry(ctx context.Context, e engine.Entry) error {
	_, err := db.exec(ctx, `UPDATE changes SET state = $1, open = $2, attempts = $3, failed_at = $4, retry_at = $5, settled_at = $6,
		reason_code = $7, reason_text = $8 WHERE run_id = $9 AND id = $10`,
		string(e.State), bit(e.Open), int64(e.Attempts), micros(e.FailedAt), micros(e.RetryAt), micros(e.SettledAt), e.Reason.Code, e.Reason.Text,
		e.RunID, e.ID)
	return err
}
