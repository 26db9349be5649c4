package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var insertLinks = insert{
	head: "INSERT INTO links (org_id, instance_id, source_id, object_id, status) VALUES", columns: 5,
	tail: "ON CONFLICT (instance_id, source_id) DO UPDATE SET object_id = excluded.object_id, status = excluded.status",
}

// SaveLinks inserts or replaces the ties of source objects.
func (db *DB) SaveLinks(ctx context.Context, org, instance ident.ID, links []engine.Link) error {
	// In the order of the key, rows that share a page of the table are written together.
	links = slices.Clone(links)
	slices.SortFunc(links, func(a, b engine.Link) int { return cmp.Compare(a.SourceID, b.SourceID) })
	return db.insertRows(ctx, insertLinks, len(links), func(args []any, i int) []any {
		return append(args, org, instance, links[i].SourceID, links[i].ObjectID, string(links[i].Status))
	})
}

// DeleteLinks removes the ties of source objects.
func (db *DB) DeleteLinks(ctx context.Context, instance ident.ID, sourceIDs []string) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM links WHERE instance_id = $ AND source_id"}, []any{instance}, sourceIDs)
	return err
}

// CountLinks counts by status.
func (db *DB) CountLinks(ctx context.Context, instance ident.ID) (map[plan.LinkStatus]int, error) {
	return tally[plan.LinkStatus](ctx, db, "SELECT status, COUNT(*) FROM links WHERE instance_id = $1 GROUP BY status", instance)
}

// tally reads a query of names and numbers.
func tally[K ~string](ctx context.Context, db *DB, query string, args ...any) (map[K]int, error) {
	counts := map[K]int{}
	err := db.each(ctx, query, args, func(rows *sql.Rows) error {
		var name K
		var count int
		if err := rows.Scan(&name, &count); err != nil {
			return err
		}
		if count > 0 {
			counts[name] = count
		}
		return nil
	})
	return counts, err
}

// Claimants names, for objects of the destination, another instance whose open failed entry OwnedByOther is about the object.
func (db *DB) Claimants(ctx context.Context, instance ident.ID, objects []ident.ID) (map[ident.ID]string, error) {
	claimants := map[ident.ID]string{}
	q := listed{head: `SELECT c.object_id, i.name FROM changes c JOIN instances i ON i.id = c.instance_id
		WHERE c.org_id = (SELECT org_id FROM instances WHERE id = $) AND c.open = 1 AND c.state = 'failed'
		AND c.reason_code = 'OwnedByOther' AND c.instance_id <> $ AND c.object_id`}
	err := eachListed(ctx, db, q, []any{instance, instance}, objects, func(rows *sql.Rows) error {
		var object ident.ID
		var name string
		if err := rows.Scan(&object, &name); err != nil {
			return err
		}
		claimants[object] = name
		return nil
	})
	return claimants, err
}
