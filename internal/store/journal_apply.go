package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// errEnough ends reading rows.
var errEnough = errors.New("enough rows")

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

// membersTogether is how many members NextEntries returns changes of, but for those that the last one has more: they are applied in one transaction. In a
// large group they are spread over all of it, so that few transactions write its pages seldom.
const membersTogether = 50_000

// NextEntries returns up to limit planned entries of the run in the order of phase, rank, id, and ends behind the one with which they are about
// membersTogether. With parking, only those that want their name set aside and are not parked yet.
func (db *DB) NextEntries(ctx context.Context, run ident.ID, parking bool, limit int) ([]engine.Entry, error) {
	// The state is named as the partial index names it, or the database would not use it.
	condition := "state IN ('planned', 'parked')"
	if parking {
		condition = "state = 'planned' AND park = 1"
	}
	var entries []engine.Entry
	members := 0
	text := selectEntries + " WHERE run_id = $1 AND " + condition + " ORDER BY phase, rank, id LIMIT $2"
	err := db.each(ctx, text, []any{run, limit}, func(rows *sql.Rows) error {
		entry, err := scanEntry(rows)
		if err != nil {
			return err
		}
		entries = append(entries, entry)
		if members += len(entry.Members); members >= membersTogether {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return entries, err
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
