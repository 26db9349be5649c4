package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Kinds of members, as they are stored.
const (
	userKind  = 1
	groupKind = 2
)

func kindOf(t directory.MemberType) int64 {
	if t == directory.GroupMember {
		return groupKind
	}
	return userKind
}

func typeOf(kind int64) directory.MemberType {
	if kind == groupKind {
		return directory.GroupMember
	}
	return directory.UserMember
}

func scanMembership(rows *sql.Rows) (directory.Membership, error) {
	var m directory.Membership
	var kind int64
	err := rows.Scan(&m.Group, &m.Member, &kind, &m.Marks)
	m.Type = typeOf(kind)
	return m, err
}

// Statements about rows that are named one by one. The whole key stands in each row, so that the database looks each of them up.
var (
	selectMembers = insert{
		head:    "SELECT group_id, member_id, kind, marks FROM group_members WHERE (org_id, group_id, member_id) IN (VALUES",
		columns: 3, tail: ")",
	}
	deleteMembers = insert{
		head: "DELETE FROM group_members WHERE (org_id, group_id, member_id) IN (VALUES", columns: 3, tail: ")",
	}
	saveMembers = insert{
		head: "INSERT INTO group_members (org_id, group_id, member_id, kind, marks) VALUES", columns: 5,
		tail: "ON CONFLICT (org_id, group_id, member_id) DO UPDATE SET marks = excluded.marks",
	}
)

// Memberships returns those of the pairs that exist, in no order.
func (db *DB) Memberships(ctx context.Context, org ident.ID, pairs []directory.Pair) ([]directory.Membership, error) {
	var found []directory.Membership
	var args []any
	err := pieces(len(pairs), func(from, to int) error {
		args = args[:0]
		for _, pair := range pairs[from:to] {
			args = append(args, org, pair.Group, pair.Member)
		}
		return db.eachText(ctx, db.bulkText(selectMembers, to-from), args, func(rows *sql.Rows) error {
			m, err := scanMembership(rows)
			found = append(found, m)
			return err
		})
	})
	return found, err
}

var membershipsOf = listed{head: `SELECT m.org_id, m.group_id, m.member_id, m.kind, m.marks FROM group_members m
	WHERE NOT EXISTS (SELECT 1 FROM group_remains r WHERE r.org_id = m.org_id AND r.group_id = m.group_id) AND m.member_id`}

// MembershipsOf returns all that the members have in groups that exist or are in the archive, in no order.
func (db *DB) MembershipsOf(ctx context.Context, org ident.ID, members []ident.ID) ([]directory.Membership, error) {
	var found []directory.Membership
	err := eachListed(ctx, db, membershipsOf, nil, members, func(rows *sql.Rows) error {
		var m directory.Membership
		var of ident.ID
		var kind int64
		err := rows.Scan(&of, &m.Group, &m.Member, &kind, &m.Marks)
		m.Type = typeOf(kind)
		if of == org {
			found = append(found, m)
		}
		return err
	})
	return found, err
}

const memberColumns = `SELECT m.group_id, m.member_id, m.kind, m.marks, COALESCE(u.active, 1), COALESCE(u.deleted, 0),
	COALESCE(u.attributes, g.attributes) FROM group_members m
	LEFT JOIN users u ON m.kind = 1 AND u.org_id = m.org_id AND u.id = m.member_id
	LEFT JOIN groups g ON m.kind = 2 AND g.org_id = m.org_id AND g.id = m.member_id`

// ListMembers returns a page of a group's members in the order of their ids.
func (db *DB) ListMembers(ctx context.Context, org, group ident.ID, query directory.MemberQuery) ([]directory.Member, error) {
	var where condition
	where.and("m.org_id = $", org)
	where.and("m.group_id = $", group)
	if !query.After.IsZero() {
		where.and("m.member_id > $", query.After)
	}
	if query.Type != "" {
		where.and("m.kind = $", kindOf(query.Type))
	}
	text, args := where.text(memberColumns, " ORDER BY m.member_id LIMIT $", query.Limit)
	return collect(ctx, db, text, args, func(rows *sql.Rows) (directory.Member, error) {
		var m directory.Member
		var kind int64
		var raw sql.RawBytes
		if err := rows.Scan(&m.Group, &m.Member, &kind, &m.Marks, &m.Active, &m.Deleted, &raw); err != nil {
			return m, err
		}
		m.Type = typeOf(kind)
		attributes, err := recordOf(raw)
		m.DisplayName, m.UserName = attributes.Text(attr.DisplayName), attributes.Text(attr.UserName)
		return m, err
	})
}

// Of a member whom somebody else owns, or nobody, the external id stands for his id in the tenant.
const syncedMembers = `SELECT m.member_id, m.kind, COALESCE(
		CASE WHEN u.owner_id = o.owner_id THEN u.source_id ELSE u.attributes ->> 'externalId' END,
		CASE WHEN g.owner_id = o.owner_id THEN g.source_id ELSE g.attributes ->> 'externalId' END, '')
	FROM groups o JOIN group_members m ON m.org_id = o.org_id AND m.group_id = o.id
	LEFT JOIN users u ON m.kind = 1 AND u.org_id = m.org_id AND u.id = m.member_id
	LEFT JOIN groups g ON m.kind = 2 AND g.org_id = m.org_id AND g.id = m.member_id
	WHERE o.org_id = $1 AND o.id = $2 AND o.owner_id = $3 AND m.member_id > $4 AND m.marks & 1 = 1 ORDER BY m.member_id LIMIT $5`

// ListSyncedMembers returns members with the mark Synced of a group that the instance owns, in the order of their ids, after one.
func (db *DB) ListSyncedMembers(ctx context.Context, org, instance, group, after ident.ID, limit int) ([]directory.SyncedMember, error) {
	return collect(ctx, db, syncedMembers, []any{org, group, instance, orgKey(after), limit}, func(rows *sql.Rows) (directory.SyncedMember, error) {
		var m directory.SyncedMember
		var kind int64
		err := rows.Scan(&m.ID, &kind, &m.SourceID)
		m.Type = typeOf(kind)
		return m, err
	})
}

const memberOfColumns = "SELECT m.group_id, m.member_id, m.kind, m.marks, " + groupFields + ` FROM group_members m
	JOIN groups g ON g.org_id = m.org_id AND g.id = m.group_id LEFT JOIN instances i ON i.id = g.owner_id
	WHERE m.member_id = $1 AND m.group_id > $2 ORDER BY m.group_id LIMIT $3`

// ListMemberOf returns a page of the groups that a user or group is a direct member of, in the order of their ids, behind the given one.
func (db *DB) ListMemberOf(ctx context.Context, org, member, after ident.ID, limit int) ([]directory.MemberOf, error) {
	found, err := collect(ctx, db, memberOfColumns, []any{member, orgKey(after), limit}, func(rows *sql.Rows) (directory.MemberOf, error) {
		var m directory.MemberOf
		var kind int64
		targets, finish := groupScan(&m.Of)
		if err := rows.Scan(append([]any{&m.Group, &m.Member, &kind, &m.Marks}, targets...)...); err != nil {
			return m, err
		}
		m.Type = typeOf(kind)
		return m, finish()
	})
	return slices.DeleteFunc(found, func(m directory.MemberOf) bool { return m.Of.OrgID != org }), err
}

// knownMembers are the queries of KnownMembers. Those of types alone are answered by the indexes.
var knownMembers = [...]struct {
	is             directory.MemberType
	types, labeled listed
}{
	{
		directory.UserMember,
		listed{head: "SELECT id, '', '' FROM users WHERE org_id = $ AND id"},
		listed{head: "SELECT id, attributes ->> 'displayName', attributes ->> 'userName' FROM users WHERE org_id = $ AND id"},
	},
	{
		directory.GroupMember,
		listed{head: "SELECT id, '', '' FROM groups WHERE org_id = $ AND id"},
		listed{head: "SELECT id, '', attributes ->> 'displayName' FROM groups WHERE org_id = $ AND id"},
	},
}

// KnownMembers tells of each of the ids that is a user or group what it is, and how it is called if labels are wanted.
func (db *DB) KnownMembers(ctx context.Context, org ident.ID, ids []ident.ID, labels bool) (map[ident.ID]directory.KnownMember, error) {
	members := make(map[ident.ID]directory.KnownMember, len(ids))
	for _, query := range knownMembers {
		text := query.types
		if labels {
			text = query.labeled
		}
		unknown := ids
		if len(members) > 0 {
			unknown = slices.DeleteFunc(slices.Clone(ids), func(id ident.ID) bool { return members[id].Type != "" })
		}
		err := eachListed(ctx, db, text, []any{org}, unknown, func(rows *sql.Rows) error {
			var id ident.ID
			var display, name sql.RawBytes
			err := rows.Scan(&id, &display, &name)
			members[id] = directory.KnownMember{Type: query.is, Label: directory.UserLabel(string(display), string(name))}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return members, nil
}

// ChangeMembers saves rows, new ones or with other marks, removes others, and adds to the numbers of their groups. A group whose members
// changed visibly gets the next revision and the time. Of groups in the archive only the numbers change.
func (db *DB) ChangeMembers(ctx context.Context, org ident.ID, save []directory.Membership, remove []directory.Pair, tallies []directory.Tally,
	at time.Time,
) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		err := db.insertRows(ctx, saveMembers, len(save), func(args []any, i int) []any {
			m := save[i]
			return append(args, org, m.Group, m.Member, kindOf(m.Type), int64(m.Marks))
		})
		if err != nil {
			return err
		}
		err = db.insertRows(ctx, deleteMembers, len(remove), func(args []any, i int) []any {
			return append(args, org, remove[i].Group, remove[i].Member)
		})
		if err != nil {
			return err
		}
		for _, tally := range tallies {
			if err := db.addTally(ctx, org, tally, at); err != nil {
				return err
			}
		}
		return nil
	})
}

// addTally adds to the numbers of a group, or of its copy in the archive.
func (db *DB) addTally(ctx context.Context, org ident.ID, tally directory.Tally, at time.Time) error {
	// The time never goes back, and stays as it is when nothing visible happened.
	seen := int64(0)
	if tally.Visible {
		seen = micros(at)
	}
	count, err := db.exec(ctx, `UPDATE groups SET members = members + $1, synced_members = synced_members + $2, revision = revision + $3,
		updated_at = CASE WHEN updated_at < $4 THEN $5 ELSE updated_at END WHERE org_id = $6 AND id = $7`,
		tally.Members, tally.Synced, bit(tally.Visible), seen, seen, org, tally.Group)
	if err != nil || count > 0 {
		return err
	}
	_, err = db.exec(ctx, "UPDATE group_archive SET members = members + $1, synced_members = synced_members + $2 WHERE org_id = $3 AND id = $4",
		tally.Members, tally.Synced, org, tally.Group)
	return err
}

// SweepMembers removes up to limit rows of groups that are neither there nor in the archive, of all organizations, and returns how many.
func (db *DB) SweepMembers(ctx context.Context, limit int) (int, error) {
	swept := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		type remains struct{ org, group ident.ID }
		left, err := collect(ctx, db, "SELECT org_id, group_id FROM group_remains ORDER BY org_id, group_id LIMIT $1", []any{limit},
			func(rows *sql.Rows) (remains, error) {
				var r remains
				err := rows.Scan(&r.org, &r.group)
				return r, err
			})
		if err != nil {
			return err
		}
		for _, r := range left {
			count, err := db.exec(ctx, `DELETE FROM group_members WHERE org_id = $1 AND group_id = $2 AND member_id IN
				(SELECT member_id FROM group_members WHERE org_id = $3 AND group_id = $4 LIMIT $5)`, r.org, r.group, r.org, r.group, limit-swept)
			if err != nil {
				return err
			}
			if swept += count; swept >= limit {
				return nil
			}
			if _, err := db.exec(ctx, "DELETE FROM group_remains WHERE org_id = $1 AND group_id = $2", r.org, r.group); err != nil {
				return err
			}
		}
		return nil
	})
	return swept, err
}
