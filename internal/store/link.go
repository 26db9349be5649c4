package store

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var insertLinks = insert{
	head: "INSERT INTO links (org_id, instance_id, seq, object_id, status) VALUES", columns: 5,
	tail: "ON CONFLICT (instance_id, seq) DO UPDATE SET object_id = excluded.object_id, status = excluded.status",
}

// SaveLinks inserts or replaces the ties of source objects; those that the mirror does not hold any more are passed over. Their memberships in groups
// with objects become dirty.
//
// A link is stored under the place of its source object in the mirror: a first sync then writes links in the order of their key, and
// planning reads them in the order of the objects.
func (db *DB) SaveLinks(ctx context.Context, org, instance ident.ID, links []engine.Link) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		held, err := db.placed(ctx, instance, links)
		if err != nil {
			return err
		}
		sourceIDs := make([]string, len(held))
		for i, link := range held {
			sourceIDs[i] = link.SourceID
		}
		if err := db.touchTies(ctx, instance, sourceIDs); err != nil {
			return err
		}
		slices.SortFunc(held, func(a, b engine.Link) int { return cmp.Compare(a.SourceSeq, b.SourceSeq) })
		return db.insertRows(ctx, insertLinks, len(held), func(args []any, i int) []any {
			return append(args, org, instance, held[i].SourceSeq, held[i].ObjectID, string(held[i].Status))
		})
	})
}

// placed returns the links with the places of their source objects, without those that the mirror does not hold any more. Who knows the place
// already saves the look-up, which in a large tenant is the costliest part.
func (db *DB) placed(ctx context.Context, instance ident.ID, links []engine.Link) ([]engine.Link, error) {
	var unknown []string
	for _, link := range links {
		if link.SourceSeq == 0 {
			unknown = append(unknown, link.SourceID)
		}
	}
	seqs, err := db.places(ctx, instance, unknown)
	if err != nil {
		return nil, err
	}
	held := make([]engine.Link, 0, len(links))
	for _, link := range links {
		if link.SourceSeq == 0 {
			link.SourceSeq = seqs[link.SourceID]
		}
		if link.SourceSeq != 0 {
			held = append(held, link)
		}
	}
	return held, nil
}

// DeleteLinks removes the ties of source objects. Their memberships in groups with objects become dirty.
func (db *DB) DeleteLinks(ctx context.Context, instance ident.ID, sourceIDs []string) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		places, err := db.places(ctx, instance, sourceIDs)
		if err != nil {
			return err
		}
		_, err = execListed(ctx, db, listed{head: "DELETE FROM links WHERE instance_id = $ AND seq"}, []any{instance},
			slices.Collect(maps.Values(places)))
		if err != nil {
			return err
		}
		return db.touchTies(ctx, instance, sourceIDs)
	})
}

// places returns the Seq of source objects in the instance's mirror.
func (db *DB) places(ctx context.Context, instance ident.ID, sourceIDs []string) (map[string]int64, error) {
	places := make(map[string]int64, len(sourceIDs))
	q := listed{head: `SELECT source_id, seq FROM mirror_users
		WHERE connection_id = (SELECT connection_id FROM instances WHERE id = $) AND source_id`}
	err := eachListed(ctx, db, q, []any{instance}, sourceIDs, func(rows *sql.Rows) error {
		var id string
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return err
		}
		places[id] = seq
		return nil
	})
	return places, err
}

// countLinks counts all, under no status, and by links_elsewhere those that are not in scope.
const countLinks = `SELECT '', COUNT(*) FROM links WHERE instance_id = $1 UNION ALL
	SELECT status, COUNT(*) FROM links WHERE instance_id = $2 AND status <> 'in-scope' GROUP BY status`

// CountLinks counts by status. Those in scope are the rest: to read the status of each takes five times as long as to count all.
func (db *DB) CountLinks(ctx context.Context, instance ident.ID) (map[plan.LinkStatus]int, error) {
	counts, err := tally[plan.LinkStatus](ctx, db, countLinks, instance, instance)
	rest := counts[""]
	delete(counts, "")
	for _, count := range counts {
		rest -= count
	}
	if rest > 0 {
		counts[plan.InScope] = rest
	}
	return counts, err
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

// removedWith goes by changes_removals, in which an instance has few deletions of groups.
var removedWith = listed{head: `SELECT DISTINCT source_id FROM changes WHERE instance_id = $ AND object_type = 1 AND removal = 1
	AND state = 'applied' AND object_type <> 2 AND action = 'delete' AND source_id`}

// RemovedWith returns those of the groups, by their ids in the tenant, whose objects were removed because they were deleted there.
func (db *DB) RemovedWith(ctx context.Context, instance ident.ID, groups []string) (map[string]bool, error) {
	removed := map[string]bool{}
	err := eachListed(ctx, db, removedWith, []any{instance}, groups, func(rows *sql.Rows) error {
		var source string
		err := rows.Scan(&source)
		removed[source] = true
		return err
	})
	return removed, err
}

// Claimants names, for objects of the destination, another instance with Auto Sync on whose open failed entry OwnedByOther is about the object.
func (db *DB) Claimants(ctx context.Context, instance ident.ID, objects []ident.ID) (map[ident.ID]string, error) {
	claimants := map[ident.ID]string{}
	q := listed{head: `SELECT c.object_id, i.name FROM changes c JOIN instances i ON i.id = c.instance_id
		WHERE c.org_id = (SELECT org_id FROM instances WHERE id = $) AND c.open = 1 AND c.state = 'failed'
		AND c.reason_code = 'OwnedByOther' AND c.instance_id <> $ AND i.auto_sync = 1
		AND NOT EXISTS (SELECT 1 FROM mirror_users m JOIN dirty d ON d.instance_id = c.instance_id AND d.seq = m.seq
			WHERE m.connection_id = i.connection_id AND m.source_id = c.source_id)
		AND NOT EXISTS (SELECT 1 FROM mirror_groups m JOIN dirty_groups d ON d.instance_id = c.instance_id AND d.group_seq = m.seq
			WHERE m.connection_id = i.connection_id AND m.source_id = c.source_id)
		AND c.object_id`}
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
