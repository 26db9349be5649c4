package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// holdRemovals holds those of a run's removals that a condition names.
const holdRemovals = `UPDATE changes SET state = 'held', open = 1, settled_at = $
	WHERE state IN ('planned', 'parked') AND removal = 1 AND approved_removal = 0 AND object_type = $ AND run_id = $`

// holdOfGroup finds the entries of one group by its place: going through all that a run has still to do, once for each group, would take long.
const holdOfGroup = ` AND instance_id = (SELECT r.instance_id FROM runs r WHERE r.id = $) AND source_seq = $`

// HoldRemovals takes the run's planned removals of a type that nobody approved to Held and returns their number; only those of one group, by its
// Seq, if it is not 0.
func (db *DB) HoldRemovals(ctx context.Context, run ident.ID, of plan.ObjectType, group int64, at time.Time) (int, error) {
	if group == 0 {
		return db.exec(ctx, numbered(holdRemovals), micros(at), int64(of), run)
	}
	return db.exec(ctx, numbered(holdRemovals+holdOfGroup), micros(at), int64(of), run, run, placeInJournal(of, group))
}

// holdProposed finds the changes by the index changes_rare.
const (
	holdProposed = "UPDATE changes SET state = 'held' WHERE run_id = $ AND " + rare + `
		AND state = 'proposed' AND removal = 1 AND approved_removal = 0 AND object_type = $`
	ofOneGroup = " AND source_seq = $"
)

// HoldProposed takes the removals of a type that a dry run proposes and nobody approved to Held, closed; only those of one group, by its Seq, if it is
// not 0.
func (db *DB) HoldProposed(ctx context.Context, run ident.ID, of plan.ObjectType, group int64) error {
	text, args := holdProposed, []any{run, int64(of)}
	if group != 0 {
		text, args = text+ofOneGroup, append(args, placeInJournal(of, group))
	}
	_, err := db.exec(ctx, numbered(text), args...)
	return err
}

const recentRemovals = `SELECT COUNT(*) FROM changes WHERE instance_id = $1 AND removal = 1 AND state = 'applied' AND object_type <> 2
	AND object_type = $2 AND settled_at >= $3 AND approved_removal = 0`

const recentLeaves = `SELECT COALESCE(SUM(member_count), 0) FROM changes WHERE instance_id = $1 AND removal = 1 AND state = 'applied' AND object_type = 2
	AND source_seq = $2 AND settled_at >= $3 AND approved_removal = 0`

// RecentRemovals counts applied removals of a type, without approved ones, since the time: for plan.Members the members of one group, by its Seq.
func (db *DB) RecentRemovals(ctx context.Context, instance ident.ID, of plan.ObjectType, group int64, since time.Time) (int, error) {
	if of != plan.Members {
		return db.count(ctx, recentRemovals, instance, int64(of), micros(since))
	}
	return db.count(ctx, recentLeaves, instance, placeInJournal(of, group), micros(since))
}

// plannedLeaves finds the changes by the index changes_rare: a run that brings everybody in has none.
const plannedLeaves = "SELECT source_seq, SUM(member_count) FROM changes WHERE run_id = $1 AND " + rare + ` AND object_type = 2
	AND state IN ('planned', 'parked', 'proposed') AND removal = 1 AND approved_removal = 0 GROUP BY source_seq`

// PlannedLeaves counts, for each group by Seq, the members whom planned (or, for a dry run, proposed) removals of the run take out, without approved
// ones.
func (db *DB) PlannedLeaves(ctx context.Context, run ident.ID) (map[int64]int, error) {
	leaves := map[int64]int{}
	err := db.each(ctx, plannedLeaves, []any{run}, func(rows *sql.Rows) error {
		var seq int64
		var count int
		err := rows.Scan(&seq, &count)
		leaves[placeInJournal(plan.Members, seq)] = count
		return err
	})
	return leaves, err
}

// CountGroupLinks counts the instance's ties of groups.
func (db *DB) CountGroupLinks(ctx context.Context, instance ident.ID) (int, error) {
	return db.count(ctx, "SELECT COUNT(*) FROM group_links WHERE instance_id = $1", instance)
}

// SaveMembersOf replaces the members of an entry.
func (db *DB) SaveMembersOf(ctx context.Context, entry engine.Entry) error {
	_, err := db.exec(ctx, "UPDATE changes SET member_count = $1, members = $2 WHERE run_id = $3 AND id = $4",
		len(entry.Members), membersBlob(entry.Members), entry.RunID, entry.ID)
	return err
}
