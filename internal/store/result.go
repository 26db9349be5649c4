package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

var objectsOf = listed{head: objectColumns + ` FROM mirror_users m
	LEFT JOIN links l ON l.instance_id = $ AND l.seq = m.seq
	LEFT JOIN changes c ON c.instance_id = $ AND c.source_id = m.source_id AND ` + anOpen + `
	WHERE m.connection_id = $ AND m.source_id`}

// ObjectsOf returns the objects with these source ids that the mirror holds, in the order of Seq.
func (db *DB) ObjectsOf(ctx context.Context, instance engine.Instance, sourceIDs []string) ([]engine.Object, error) {
	var objects []engine.Object
	err := eachListed(ctx, db, objectsOf, []any{instance.ID, instance.ID, instance.ConnectionID}, sourceIDs, func(rows *sql.Rows) error {
		object, err := scanObject(rows)
		objects = append(objects, object)
		return err
	})
	slices.SortFunc(objects, func(a, b engine.Object) int { return cmp.Compare(a.Seq, b.Seq) })
	return objects, err
}

var insertResults = insert{
	head: "INSERT INTO run_results (org_id, run_id, place, document) VALUES", columns: 4,
	tail: "ON CONFLICT (run_id, place) DO UPDATE SET document = excluded.document",
}

// SaveResults inserts results, or replaces those of the same run and place.
func (db *DB) SaveResults(ctx context.Context, results []engine.Result) error {
	documents := make([]string, len(results))
	for i, result := range results {
		var err error
		if documents[i], err = document(result.Explanation); err != nil {
			return err
		}
	}
	return db.insertRows(ctx, insertResults, len(results), func(args []any, i int) []any {
		return append(args, results[i].OrgID, results[i].RunID, int64(results[i].Place), documents[i])
	})
}

// Results returns what a run on demand found, in the order in which people were asked for.
func (db *DB) Results(ctx context.Context, run ident.ID) ([]engine.Result, error) {
	return collect(ctx, db, "SELECT org_id, run_id, place, document FROM run_results WHERE run_id = $1 ORDER BY place", []any{run},
		func(rows *sql.Rows) (engine.Result, error) {
			var r engine.Result
			var raw sql.RawBytes
			if err := rows.Scan(&r.OrgID, &r.RunID, &r.Place, &raw); err != nil {
				return r, err
			}
			if err := json.Unmarshal(raw, &r.Explanation); err != nil {
				return r, fmt.Errorf("read the results of the run %s: %w", run, err)
			}
			return r, nil
		})
}

// DropResults removes the results of the organization's runs before the given one, and returns how many.
func (db *DB) DropResults(ctx context.Context, org, before ident.ID) (int, error) {
	return db.exec(ctx, "DELETE FROM run_results WHERE run_id < $1 AND org_id = $2", before, org)
}
