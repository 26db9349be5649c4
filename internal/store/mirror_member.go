package store

import (
	"context"
	"database/sql"

	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// touchMembers makes the users among members e of a group dirty for the instances whose scope they come into by it. The instances come first: where
// there are none, no member is looked at.
var touchMembers = listed{
	head: `INSERT INTO dirty (instance_id, seq) SELECT g.instance_id, m.seq FROM instance_groups g CROSS JOIN instance_reach r
		CROSS JOIN mirror_members e CROSS JOIN mirror_users m WHERE g.connection_id = $ AND g.group_seq = $
		AND r.instance_id = g.instance_id AND r.by_membership = 1 AND e.connection_id = g.connection_id AND e.group_seq = g.group_seq
		AND m.connection_id = e.connection_id AND m.source_id = ` + memberText + ` AND e.member_id`, tail: onceOnly,
}

// touchMemberships makes memberships dirty for the instances that have an object for the group. Whether all members are being compared does not
// matter: that may have gone past these already.
var touchMemberships = listed{
	head: `INSERT INTO dirty_members (instance_id, group_seq, member_id) SELECT l.instance_id, l.group_seq, e.member_id FROM group_links l
		CROSS JOIN mirror_members e WHERE l.connection_id = $ AND l.group_seq = $ AND e.connection_id = l.connection_id AND e.group_seq = l.group_seq
		AND e.member_id`, tail: onceOnly,
}

// compareAgain has every instance that has an object for a group compare all its members when it is wanted and read again. That they go with the group
// does not say that anybody left it.
const compareAgain = "UPDATE group_links SET whole = 1 WHERE connection_id = $1 AND group_seq = $2 AND whole = 0"

// touch makes members of a group, by their ids, and their memberships dirty for every instance that is concerned.
func (db *DB) touch(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) error {
	touches, err := db.touches(ctx, connection, group)
	for _, q := range touches {
		if _, err := execListed(ctx, db, q, []any{connection, group}, ids); err != nil {
			return err
		}
	}
	return err
}

const concerned = `SELECT EXISTS (SELECT 1 FROM instance_groups g CROSS JOIN instance_reach r WHERE g.connection_id = $1 AND g.group_seq = $2
	AND r.instance_id = g.instance_id AND r.by_membership = 1),
	EXISTS (SELECT 1 FROM group_links WHERE connection_id = $3 AND group_seq = $4)`

// touches returns what has to be made dirty with members of a group: nothing, while no instance knows the group, which is so while a tenant is read
// for the first time.
func (db *DB) touches(ctx context.Context, connection ident.ID, group int64) ([]listed, error) {
	var members, memberships bool
	err := db.each(ctx, concerned, []any{connection, group, connection, group}, func(rows *sql.Rows) error {
		return rows.Scan(&members, &memberships)
	})
	var touches []listed
	if members {
		touches = append(touches, touchMembers)
	}
	if memberships {
		touches = append(touches, touchMemberships)
	}
	return touches, err
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

// SaveMembers adds members, or replaces their kind, seen in a generation. The users among them become dirty for every instance into whose scope the
// group brings them, and the memberships for every instance that has an object for the group.
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

// DropMembers takes members out of a group; they become dirty as SaveMembers says.
func (db *DB) DropMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.touch(ctx, connection, group, ids); err != nil {
			return err
		}
		_, err := execListed(ctx, db, dropMembers, []any{connection, group}, ids)
		return err
	})
}

// CountSeen counts the members that were seen in a generation last.
func (db *DB) CountSeen(ctx context.Context, connection ident.ID, group, generation int64) (int, error) {
	return db.count(ctx, seenMembers, connection, group, generation)
}

const seenMembers = "SELECT COUNT(*) FROM mirror_members WHERE connection_id = $1 AND group_seq = $2 AND seen_in = $3"

// unseenMembers are the first members of a group that a generation has not seen; users and groups in the recycle bin stay.
const unseenMembers = `(SELECT e.member_id FROM mirror_members e WHERE e.connection_id = $ AND e.group_seq = $ AND e.seen_in <> $
	AND NOT EXISTS (SELECT 1 FROM mirror_users m WHERE m.connection_id = e.connection_id AND m.source_id = ` + memberText + ` AND m.state = 'deleted')
	AND (e.kind <> 2 OR NOT EXISTS (SELECT 1 FROM mirror_groups g
		WHERE g.connection_id = e.connection_id AND g.source_id = ` + memberText + ` AND g.state = 'deleted'))
	ORDER BY e.member_id LIMIT $)`

// anyMembers are the first members of a group.
const anyMembers = `(SELECT e.member_id FROM mirror_members e WHERE e.connection_id = $ AND e.group_seq = $ ORDER BY e.member_id LIMIT $)`

// DropUnseen removes up to limit members that the generation has not seen, and returns how many; they become dirty as SaveMembers says. For generation 0
// it removes any members, since nobody wants the group any more, or it is gone: then no membership becomes dirty, and the group Whole.
func (db *DB) DropUnseen(ctx context.Context, connection ident.ID, group, generation int64, limit int) (int, error) {
	some, args := unseenMembers, []any{connection, group, generation, limit}
	if generation == 0 {
		some, args = anyMembers, []any{connection, group, limit}
	}
	args = append([]any{connection, group}, args...)
	count := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		touches, err := db.touches(ctx, connection, group)
		if err != nil {
			return err
		}
		for _, touch := range touches {
			query, args := numbered(touch.head+" IN "+some+touch.tail), args
			if generation == 0 && touch == touchMemberships {
				query, args = compareAgain, args[:2]
			}
			if _, err := db.exec(ctx, query, args...); err != nil {
				return err
			}
		}
		count, err = db.exec(ctx, numbered(dropMembers.head+" IN "+some), args...)
		return err
	})
	return count, err
}

// Arrived notes users and groups whose memberships are to be asked for.
func (db *DB) Arrived(ctx context.Context, connection ident.ID, sourceIDs []string) error {
	return db.insertRows(ctx, insert{head: "INSERT INTO mirror_arrivals (connection_id, source_id) VALUES", columns: 2, tail: onceOnly},
		len(sourceIDs), func(args []any, i int) []any { return append(args, connection, sourceIDs[i]) })
}

// Arrivals returns up to limit users and groups whose memberships are to be asked for.
func (db *DB) Arrivals(ctx context.Context, connection ident.ID, limit int) ([]string, error) {
	return collect(ctx, db, "SELECT source_id FROM mirror_arrivals WHERE connection_id = $1 ORDER BY source_id LIMIT $2", []any{connection, limit},
		func(rows *sql.Rows) (id string, err error) { return id, rows.Scan(&id) })
}

// Settled forgets users and groups whose memberships were asked for.
func (db *DB) Settled(ctx context.Context, connection ident.ID, sourceIDs []string) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM mirror_arrivals WHERE connection_id = $ AND source_id"}, []any{connection}, sourceIDs)
	return err
}

var countGroupUsers = listed{
	head: `SELECT g.source_id, (SELECT COUNT(*) FROM mirror_members m WHERE m.connection_id = g.connection_id AND m.group_seq = g.seq AND m.kind = 1)
		FROM mirror_groups g WHERE g.connection_id = $ AND g.source_id`,
}

// CountGroupUsers counts the users who are direct members of groups, by the group's id; groups that the mirror does not follow, and those without users, are
// absent.
func (db *DB) CountGroupUsers(ctx context.Context, connection ident.ID, groups []string) (map[string]int, error) {
	counts := make(map[string]int, len(groups))
	err := eachListed(ctx, db, countGroupUsers, []any{connection}, groups, func(rows *sql.Rows) error {
		var id string
		var count int
		err := rows.Scan(&id, &count)
		if count > 0 {
			counts[id] = count
		}
		return err
	})
	return counts, err
}
