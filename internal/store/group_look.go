package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

var groupObjectsOf = listed{head: groupObjectColumns + openColumns + " FROM mirror_groups m" + isReached + isLinked + isOpen +
	" WHERE m.connection_id = $ AND m.source_id"}

// GroupObjectsOf returns the groups with these source ids that the mirror holds, in no order.
func (db *DB) GroupObjectsOf(ctx context.Context, instance engine.Instance, sourceIDs []string) ([]engine.GroupObject, error) {
	var groups []engine.GroupObject
	args := []any{instance.ID, instance.ID, instance.ID, instance.ConnectionID}
	err := eachListed(ctx, db, groupObjectsOf, args, sourceIDs, func(rows *sql.Rows) error {
		group, err := scanGroupObject(rows)
		groups = append(groups, group)
		return err
	})
	return groups, err
}

const countMirrorMembers = "SELECT kind, COUNT(*) FROM mirror_members WHERE connection_id = $1 AND group_seq = $2 GROUP BY kind"

// CountMirrorMembers counts the direct members of a group of the mirror, by its Seq.
func (db *DB) CountMirrorMembers(ctx context.Context, connection ident.ID, group int64) (map[mirror.MemberKind]int, error) {
	counts := map[mirror.MemberKind]int{}
	err := db.each(ctx, countMirrorMembers, []any{connection, group}, func(rows *sql.Rows) error {
		var kind mirror.MemberKind
		var count int
		err := rows.Scan(&kind, &count)
		counts[kind] = count
		return err
	})
	return counts, err
}
