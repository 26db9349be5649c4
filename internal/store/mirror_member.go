package store

import (
	"context"
	"database/sql"

	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// reachedBy continues a query of members e: the users of the mirror that they are, and the instances that reach their group.
const reachedBy = ` JOIN instance_groups g ON g.connection_id = e.connection_id AND g.group_seq = e.group_seq
	JOIN mirror_users m ON m.connection_id = e.connection_id AND m.source_id = ` + memberText

var touchMembers = listed{
	head: "INSERT INTO dirty (instance_id, seq) SELECT g.instance_id, m.seq FROM mirror_members e" + reachedBy +
		" WHERE e.connection_id = $ AND e.group_seq = $ AND e.member_id", tail: onceOnly,
}

// touch makes members of a group, by their ids, dirty for every instance that reaches the group.
func (db *DB) touch(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) error {
	_, err := execListed(ctx, db, touchMembers, []any{connection, group}, ids)
	return err
}

// LoadMembers returns those of the ids that are members of the group, by its Seq.
func (db *DB) LoadMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) (map[ident.ID]mirror.MemberKind, error) {
	members := make(map[ident.ID]mirror.MemberKind, len(ids))
	q := listed{head: "SELECT member_id, kind FROM mirror_members WHERE connection_id = $ AND group_seq = $ AND member_id"}
	err := eachListed(ctx, db, q, []any{connection, group}, ids, func(rows *sql.Rows) error {
		var id ident.ID
		var kind mirror.MemberKind
		if err := rows.Scan(&id, &kind); err != nil {
			return err
		}
		members[id] = kind
		return nil
	})
	return members, err
}

var saveMirrorMembers = insert{
	head: "INSERT INTO mirror_members (connection_id, group_seq, member_id, kind, seen_in) VALUES", columns: 5,
	tail: "ON CONFLICT (connection_id, group_seq, member_id) DO UPDATE SET kind = excluded.kind, seen_in = excluded.seen_in",
}

// SaveMembers adds members, or replaces their kind, seen in a generation. The users among them become dirty for every instance that reaches
// the group.
func (db *DB) SaveMembers(ctx context.Context, connection ident.ID, group int64, members []mirror.Member, generation int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		err := db.insertRows(ctx, saveMirrorMembers, len(members), func(args []any, i int) []any {
			return append(args, connection, group, members[i].ID, int64(members[i].Kind), generation)
		})
		if err != nil {
			return err
		}
		ids := make([]ident.ID, len(members))
		for i, member := range members {
			ids[i] = member.ID
		}
		return db.touch(ctx, connection, group, ids)
	})
}

// SawMembers marks members as seen in a generation, nothing else.
func (db *DB) SawMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID, generation int64) error {
	_, err := execListed(ctx, db, listed{head: "UPDATE mirror_members SET seen_in = $ WHERE connection_id = $ AND group_seq = $ AND member_id"},
		[]any{generation, connection, group}, ids)
	return err
}

var dropMembers = listed{head: "DELETE FROM mirror_members WHERE connection_id = $ AND group_seq = $ AND member_id"}

// DropMembers takes members out of a group; they become dirty for every instance that reaches it.
func (db *DB) DropMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.touch(ctx, connection, group, ids); err != nil {
			return err
		}
		_, err := execListed(ctx, db, dropMembers, []any{connection, group}, ids)
		return err
	})
}

// unseenMembers are the first members of a group that a generation has not seen; users in the recycle bin stay.
const unseenMembers = `(SELECT e.member_id FROM mirror_members e WHERE e.connection_id = $ AND e.group_seq = $ AND e.seen_in <> $
	AND NOT EXISTS (SELECT 1 FROM mirror_users m WHERE m.connection_id = e.connection_id AND m.source_id = ` + memberText + ` AND m.state = 'deleted')
	ORDER BY e.member_id LIMIT $)`

// anyMembers are the first members of a group.
const anyMembers = `(SELECT e.member_id FROM mirror_members e WHERE e.connection_id = $ AND e.group_seq = $ ORDER BY e.member_id LIMIT $)`

// DropUnseen removes up to limit members that the generation has not seen, and returns how many; for generation 0 any members.
func (db *DB) DropUnseen(ctx context.Context, connection ident.ID, group, generation int64, limit int) (int, error) {
	some, args := unseenMembers, []any{connection, group, generation, limit}
	if generation == 0 {
		some, args = anyMembers, []any{connection, group, limit}
	}
	args = append([]any{connection, group}, args...)
	count := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, numbered(touchMembers.head+" IN "+some+touchMembers.tail), args...); err != nil {
			return err
		}
		var err error
		count, err = db.exec(ctx, numbered(dropMembers.head+" IN "+some), args...)
		return err
	})
	return count, err
}

// Arrived notes users whose memberships are to be asked for.
func (db *DB) Arrived(ctx context.Context, connection ident.ID, sourceIDs []string) error {
	return db.insertRows(ctx, insert{head: "INSERT INTO mirror_arrivals (connection_id, source_id) VALUES", columns: 2, tail: onceOnly},
		len(sourceIDs), func(args []any, i int) []any { return append(args, connection, sourceIDs[i]) })
}

// Arrivals returns up to limit users whose memberships are to be asked for.
func (db *DB) Arrivals(ctx context.Context, connection ident.ID, limit int) ([]string, error) {
	return collect(ctx, db, "SELECT source_id FROM mirror_arrivals WHERE connection_id = $1 ORDER BY source_id LIMIT $2", []any{connection, limit},
		func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
}

// Settled forgets users whose memberships were asked for.
func (db *DB) Settled(ctx context.Context, connection ident.ID, sourceIDs []string) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM mirror_arrivals WHERE connection_id = $ AND source_id"}, []any{connection}, sourceIDs)
	return err
}
