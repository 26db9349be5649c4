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

// SaveReach replaces the groups, by Seq, whose members the instance's selection brings. The members of those that are new or left out become
// dirty.
func (db *DB) SaveReach(ctx context.Context, instance engine.Instance, reach engine.Reach, groups []int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		before := map[int64]bool{}
		err := db.each(ctx, "SELECT group_seq FROM instance_groups WHERE instance_id = $1", []any{instance.ID}, func(rows *sql.Rows) error {
			var seq int64
			if err := rows.Scan(&seq); err != nil {
				return err
			}
			before[seq] = true
			return nil
		})
		if err != nil {
			return err
		}
		var added, removed []int64
		for _, seq := range groups {
			if !before[seq] {
				added = append(added, seq)
			}
			delete(before, seq)
		}
		for seq := range before {
			removed = append(removed, seq)
		}
		if err := db.changeReach(ctx, instance, added, removed); err != nil {
			return err
		}
		_, err = db.exec(ctx, `INSERT INTO instance_reach (instance_id, config_version, graph_version) VALUES ($1, $2, $3)
			ON CONFLICT (instance_id) DO UPDATE SET config_version = excluded.config_version, graph_version = excluded.graph_version`,
			instance.ID, reach.ConfigVersion, reach.Graph)
		return err
	})
}

var touchGroups = listed{
	head: `INSERT INTO dirty (instance_id, seq) SELECT $, m.seq FROM mirror_members e JOIN mirror_users m
		ON m.connection_id = e.connection_id AND m.source_id = ` + memberText + ` WHERE e.connection_id = $ AND e.group_seq`,
	tail: onceOnly,
}

func (db *DB) changeReach(ctx context.Context, instance engine.Instance, added, removed []int64) error {
	for _, changed := range [][]int64{added, removed} {
		if _, err := execListed(ctx, db, touchGroups, []any{instance.ID, instance.ConnectionID}, changed); err != nil {
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
