package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

const selectMirrorGroups = "SELECT seq, source_id, state, deleted_at, wanted, due, read_in, listed_in, doubt, others, attributes FROM mirror_groups"

func scanMirrorGroup(rows *sql.Rows) (mirror.Group, error) {
	var g mirror.Group
	var raw sql.RawBytes
	err := rows.Scan(&g.Seq, &g.SourceID, &g.State, stamp{&g.DeletedAt}, &g.Wanted, &g.Due, &g.ReadIn, &g.ListedIn, &g.Doubt,
		&g.Others, &raw)
	if err != nil {
		return g, err
	}
	g.Record, err = recordOf(raw)
	return g, err
}

// LoadGroups returns the groups with these source ids.
func (db *DB) LoadGroups(ctx context.Context, connection ident.ID, sourceIDs []string) (map[string]mirror.Group, error) {
	groups := make(map[string]mirror.Group, len(sourceIDs))
	q := listed{head: selectMirrorGroups + " WHERE connection_id = $ AND source_id"}
	err := eachListed(ctx, db, q, []any{connection}, sourceIDs, func(rows *sql.Rows) error {
		group, err := scanMirrorGroup(rows)
		groups[group.SourceID] = group
		return err
	})
	return groups, err
}

// DueGroups returns up to limit groups that are due, in the order of Seq, after a Seq.
func (db *DB) DueGroups(ctx context.Context, connection ident.ID, after int64, limit int) ([]mirror.Group, error) {
	return collect(ctx, db, selectMirrorGroups+" WHERE connection_id = $1 AND due = 1 AND seq > $2 ORDER BY seq LIMIT $3",
		[]any{connection, after, limit}, scanMirrorGroup)
}

// AllGroups returns all groups in the order of Seq.
func (db *DB) AllGroups(ctx context.Context, connection ident.ID) ([]mirror.Group, error) {
	return collect(ctx, db, selectMirrorGroups+" WHERE connection_id = $1 ORDER BY seq", []any{connection}, scanMirrorGroup)
}

const nestedGroups = "SELECT group_seq, member_id FROM mirror_members WHERE connection_id = $1 AND kind = 2 ORDER BY group_seq, member_id"

// NestedGroups returns the ids of the groups that are members of each, by its Seq.
func (db *DB) NestedGroups(ctx context.Context, connection ident.ID) (map[int64][]ident.ID, error) {
	nested := map[int64][]ident.ID{}
	err := db.each(ctx, nestedGroups, []any{connection}, func(rows *sql.Rows) error {
		var seq int64
		var id ident.ID
		if err := rows.Scan(&seq, &id); err != nil {
			return err
		}
		nested[seq] = append(nested[seq], id)
		return nil
	})
	return nested, err
}

var saveMirrorGroups = insert{
	head: `INSERT INTO mirror_groups (connection_id, seq, source_id, state, deleted_at, wanted, due, read_in, listed_in, doubt, others,
		attributes) VALUES`, columns: 12,
	tail: `ON CONFLICT (connection_id, seq) DO UPDATE SET state = excluded.state, deleted_at = excluded.deleted_at, wanted = excluded.wanted,
		due = excluded.due, read_in = excluded.read_in, listed_in = excluded.listed_in, doubt = excluded.doubt, others = excluded.others,
		attributes = excluded.attributes`,
}

// SaveGroups inserts the groups whose Seq is 0 and replaces the others. Those whose state or properties change become dirty for every instance that
// reaches them or has an object for them.
func (db *DB) SaveGroups(ctx context.Context, connection ident.ID, groups []mirror.Group) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.touchChanged(ctx, connection, groups); err != nil {
			return err
		}
		fresh := 0
		for _, group := range groups {
			if group.Seq == 0 {
				fresh++
			}
		}
		next := 0
		if fresh > 0 {
			end, err := db.count(ctx, "UPDATE connections SET next_group_seq = next_group_seq + $1 WHERE id = $2 RETURNING next_group_seq", fresh, connection)
			if err != nil {
				return err
			}
			if end == 0 {
				return fault.New(fault.NotFound, "UnknownConnection", "there is no connection %s", connection)
			}
			next = end - fresh
		}
		return db.insertRows(ctx, saveMirrorGroups, len(groups), func(args []any, i int) []any {
			g := &groups[i]
			seq := g.Seq
			if seq == 0 {
				seq = int64(next)
				next++
			}
			return append(args, connection, seq, g.SourceID, string(g.State), micros(g.DeletedAt), bit(g.Wanted), bit(g.Due), g.ReadIn, g.ListedIn,
				g.Doubt, g.Others, attributes(g.Record))
		})
	})
}

// DropGroups removes groups, by Seq, that have no members. Those that an instance reaches, has an object for, or is to plan, stay until it has dealt
// with them: Sweep removes them then.
func (db *DB) DropGroups(ctx context.Context, connection ident.ID, seqs []int64) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM mirror_groups" + unwantedGroups + " AND mirror_groups.seq"}, []any{connection}, seqs)
	return err
}

var (
	markReached = listed{
		head: "INSERT INTO dirty_groups (instance_id, group_seq) SELECT instance_id, group_seq FROM instance_groups WHERE connection_id = $ AND group_seq",
		tail: onceOnly,
	}
	markLinked = listed{
		head: "INSERT INTO dirty_groups (instance_id, group_seq) SELECT instance_id, group_seq FROM group_links WHERE connection_id = $ AND group_seq",
		tail: onceOnly,
	}
)

// touchChanged makes groups that are to be saved dirty, if their state or properties differ from what is stored, for every instance that reaches them or
// has an object for them. New ones are neither reached nor tied yet.
func (db *DB) touchChanged(ctx context.Context, connection ident.ID, groups []mirror.Group) error {
	saved := make(map[int64]*mirror.Group, len(groups))
	for i := range groups {
		if groups[i].Seq != 0 {
			saved[groups[i].Seq] = &groups[i]
		}
	}
	var changed []int64
	q := listed{head: selectMirrorGroups + " WHERE connection_id = $ AND seq"}
	err := eachListed(ctx, db, q, []any{connection}, slices.Collect(maps.Keys(saved)), func(rows *sql.Rows) error {
		before, err := scanMirrorGroup(rows)
		now := saved[before.Seq]
		if err == nil && (before.State != now.State || !before.DeletedAt.Equal(now.DeletedAt) || !before.Record.Equal(now.Record)) {
			changed = append(changed, before.Seq)
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, mark := range []listed{markReached, markLinked} {
		if _, err := execListed(ctx, db, mark, []any{connection}, changed); err != nil {
			return err
		}
	}
	return nil
}
