package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// Reach returns what the instance's groups were computed from last, zeros before the first time.
func (db *DB) Reach(ctx context.Context, instance ident.ID) (engine.Reach, error) {
	var reach engine.Reach
	err := db.each(ctx, "SELECT config_version, graph_version FROM instance_reach WHERE instance_id = $1", []any{instance},
		func(rows *sql.Rows) error { return rows.Scan(&reach.ConfigVersion, &reach.Graph) })
	return reach, err
}

// SaveReach replaces the groups, by Seq, that the instance reaches. Those that are new or left out become dirty. So do the members of all who come
// into scope by their groups now and did not before, or the other way round.
func (db *DB) SaveReach(ctx context.Context, instance engine.Instance, reach engine.Reach, groups []int64, byMembership bool) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		before, err := collect(ctx, db, "SELECT group_seq FROM instance_groups WHERE instance_id = $1", []any{instance.ID}, scanSeq)
		if err != nil {
			return err
		}
		brought, err := db.count(ctx, "SELECT by_membership FROM instance_reach WHERE instance_id = $1", instance.ID)
		if err != nil {
			return err
		}
		if err := db.changeReach(ctx, instance, missing(before, groups), missing(groups, before)); err != nil {
			return err
		}
		if brought == 0 {
			before = nil
		}
		bringing := groups
		if !byMembership {
			bringing = nil
		}
		for _, changed := range [][]int64{missing(before, bringing), missing(bringing, before)} {
			if _, err := execListed(ctx, db, touchGroups, []any{instance.ID, instance.ConnectionID}, changed); err != nil {
				return err
			}
		}
		_, err = db.exec(ctx, `INSERT INTO instance_reach (instance_id, config_version, graph_version, by_membership) VALUES ($1, $2, $3, $4)
			ON CONFLICT (instance_id) DO UPDATE SET config_version = excluded.config_version, graph_version = excluded.graph_version,
			by_membership = excluded.by_membership`,
			instance.ID, reach.ConfigVersion, reach.Graph, bit(byMembership))
		return err
	})
}

// DropDirtyGroups removes all dirty rows of groups.
func (db *DB) DropDirtyGroups(ctx context.Context, instance ident.ID) error {
	_, err := db.exec(ctx, "DELETE FROM dirty_groups WHERE instance_id = $1", instance)
	return err
}

func scanSeq(rows *sql.Rows) (seq int64, err error) {
	err = rows.Scan(&seq)
	return seq, err
}

// missing returns those of the second list that the first lacks.
func missing(from, of []int64) []int64 {
	has := make(map[int64]bool, len(from))
	for _, seq := range from {
		has[seq] = true
	}
	var lacks []int64
	for _, seq := range of {
		if !has[seq] {
			lacks = append(lacks, seq)
		}
	}
	return lacks
}

// touchGroups makes the users among the members of groups dirty.
var touchGroups = listed{
	head: `INSERT INTO dirty (instance_id, seq) SELECT $, m.seq FROM mirror_members e JOIN mirror_users m
		ON m.connection_id = e.connection_id AND m.source_id = ` + memberText + ` WHERE e.connection_id = $ AND e.group_seq`,
	tail: onceOnly,
}

func (db *DB) changeReach(ctx context.Context, instance engine.Instance, added, removed []int64) error {
	for _, changed := range [][]int64{added, removed} {
		err := db.insertRows(ctx, insertDirtyGroups, len(changed), func(args []any, i int) []any { return append(args, instance.ID, changed[i]) })
		if err != nil {
			return err
		}
	}
	_, err := execListed(ctx, db, listed{head: "DELETE FROM instance_groups WHERE instance_id = $ AND group_seq"}, []any{instance.ID}, removed)
	if err != nil {
		return err
	}
	return db.insertRows(ctx, insert{head: "INSERT INTO instance_groups (connection_id, instance_id, group_seq) VALUES", columns: 3},
		len(added), func(args []any, i int) []any { return append(args, instance.ConnectionID, instance.ID, added[i]) })
}

var groupsOf = listed{
	head: "SELECT member_id, group_seq FROM mirror_members WHERE connection_id = $ AND member_id", tail: " ORDER BY member_id, group_seq",
}

// GroupsOf returns the groups, by Seq in ascending order, that each of the users is a direct member of, by the users' source ids. Only wanted
// groups are known.
func (db *DB) GroupsOf(ctx context.Context, connection ident.ID, sourceIDs []string) (map[string][]int64, error) {
	ids := make([]ident.ID, 0, len(sourceIDs))
	texts := make(map[ident.ID]string, len(sourceIDs))
	for _, text := range sourceIDs {
		if id, err := ident.Parse(text); err == nil {
			ids = append(ids, id)
			texts[id] = text
		}
	}
	groups := map[string][]int64{}
	err := eachListed(ctx, db, groupsOf, []any{connection}, ids, func(rows *sql.Rows) error {
		var id ident.ID
		var seq int64
		if err := rows.Scan(&id, &seq); err != nil {
			return err
		}
		groups[texts[id]] = append(groups[texts[id]], seq)
		return nil
	})
	return groups, err
}
