package store

import (
	"context"
	"database/sql"

	"rollcall/internal/destination/scimapp"
	"rollcall/internal/ident"
)

const remoteMemberColumns = `SELECT m.group_id, m.member_id, m.is_group, m.marks, COALESCE(o.remote_id, ''), COALESCE(o.source_id, ''), o.owner_id
	FROM remote_members m LEFT JOIN remote_objects o ON o.service_id = m.service_id AND o.id = m.member_id`

func scanRemoteMember(rows *sql.Rows) (scimapp.Member, error) {
	var m scimapp.Member
	err := rows.Scan(&m.Group, &m.Member, &m.Nested, &m.Marks, &m.RemoteID, &m.SourceID, &m.Owner)
	return m, err
}

// RemoteMembers returns up to limit members of a group that have one of the marks, in the order of their ids, after one.
func (db *DB) RemoteMembers(ctx context.Context, service, group, after ident.ID, marks scimapp.Marks, limit int) ([]scimapp.Member, error) {
	return collect(ctx, db, remoteMemberColumns+` WHERE m.service_id = $1 AND m.group_id = $2 AND m.member_id > $3 AND (m.marks & $4) <> 0
		ORDER BY m.member_id LIMIT $5`, []any{service, group, after[:], int64(marks), limit}, scanRemoteMember)
}

func listRemoteMembers(ctx context.Context, db *DB, q listed, before []any, values []ident.ID) ([]scimapp.Member, error) {
	var members []scimapp.Member
	err := eachListed(ctx, db, q, before, values, func(rows *sql.Rows) error {
		member, err := scanRemoteMember(rows)
		members = append(members, member)
		return err
	})
	return members, err
}

var remoteMembersOf = listed{head: remoteMemberColumns + " WHERE m.service_id = $ AND m.group_id = $ AND m.member_id"}

// RemoteMembersOf returns those of the members that have a row in the group.
func (db *DB) RemoteMembersOf(ctx context.Context, service, group ident.ID, members []ident.ID) ([]scimapp.Member, error) {
	return listRemoteMembers(ctx, db, remoteMembersOf, []any{service, group}, members)
}

var (
	insertRemoteMembers = insert{
		head: "INSERT INTO remote_members (service_id, group_id, member_id, is_group, marks) VALUES", columns: 5,
		tail: "ON CONFLICT (service_id, group_id, member_id) DO UPDATE SET marks = excluded.marks",
	}
	deleteRemoteMembership = listed{head: "DELETE FROM remote_members WHERE service_id = $ AND group_id = $ AND member_id"}
)

// SaveRemoteMembers inserts, replaces, and removes those without marks.
func (db *DB) SaveRemoteMembers(ctx context.Context, service ident.ID, members []scimapp.Member) error {
	var kept []scimapp.Member
	gone := map[ident.ID][]ident.ID{}
	for _, member := range members {
		if member.Marks == 0 {
			gone[member.Group] = append(gone[member.Group], member.Member)
		} else {
			kept = append(kept, member)
		}
	}
	for group, ids := range gone {
		if _, err := execListed(ctx, db, deleteRemoteMembership, []any{service, group}, ids); err != nil {
			return err
		}
	}
	return db.insertRows(ctx, insertRemoteMembers, len(kept), func(args []any, i int) []any {
		return append(args, service, kept[i].Group, kept[i].Member, bit(kept[i].Nested), int64(kept[i].Marks))
	})
}

var countRemoteSynced = listed{
	head: `SELECT o.id, (SELECT COUNT(*) FROM remote_members m WHERE m.service_id = o.service_id AND m.group_id = o.id AND (m.marks & 1) <> 0)
		FROM remote_objects o WHERE o.service_id = $ AND o.owner_id = $ AND o.kind = 2 AND o.id`,
}

// CountRemoteSynced counts by group, of those that the instance owns, whom an instance put in.
func (db *DB) CountRemoteSynced(ctx context.Context, service, owner ident.ID, groups []ident.ID) (map[ident.ID]int64, error) {
	counts := make(map[ident.ID]int64, len(groups))
	err := eachListed(ctx, db, countRemoteSynced, []any{service, owner}, groups, func(rows *sql.Rows) error {
		var group ident.ID
		var count int64
		err := rows.Scan(&group, &count)
		counts[group] = count
		return err
	})
	return counts, err
}

const inOwnedGroups = ` JOIN remote_objects g ON g.service_id = m.service_id AND g.id = m.group_id WHERE m.service_id = $ AND g.owner_id = $`

var remoteGroupsWith = listed{
	head: remoteMemberColumns + inOwnedGroups + ` AND (m.marks & 1) <> 0 AND (m.group_id, m.member_id) IN (SELECT u.group_id, u.member_id
		FROM remote_members u WHERE u.service_id = $ AND u.member_id`, tail: ")",
}

// RemoteGroupsWith returns the rows of the members whom an instance put into groups that this one owns.
func (db *DB) RemoteGroupsWith(ctx context.Context, service, owner ident.ID, members []ident.ID) ([]scimapp.Member, error) {
	return listRemoteMembers(ctx, db, remoteGroupsWith, []any{service, owner, service}, members)
}

var unsureRemoteMembers = numbered(remoteMemberColumns + inOwnedGroups + " AND m.marks > 3 ORDER BY m.group_id, m.member_id LIMIT $")

// UnsureRemoteMembers returns up to limit rows of groups that the instance owns of which nobody knows whether the service was told.
func (db *DB) UnsureRemoteMembers(ctx context.Context, service, owner ident.ID, limit int) ([]scimapp.Member, error) {
	return collect(ctx, db, unsureRemoteMembers, []any{service, owner, limit}, scanRemoteMember)
}

// SweepRemoteMembers removes up to limit rows of groups that are gone, and returns how many.
func (db *DB) SweepRemoteMembers(ctx context.Context, service ident.ID, limit int) (int, error) {
	return db.exec(ctx, `DELETE FROM remote_members WHERE service_id = $1 AND (group_id, member_id) IN (SELECT m.group_id, m.member_id
		FROM remote_members m LEFT JOIN remote_objects g ON g.service_id = m.service_id AND g.id = m.group_id
		WHERE m.service_id = $2 AND g.id IS NULL LIMIT $3)`, service, service, limit)
}
