package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

const mirrorMembers = `SELECT member_id, kind FROM mirror_members WHERE connection_id = $1 AND group_seq = $2 AND member_id > $3
	ORDER BY member_id LIMIT $4`

// MirrorMembers returns up to limit direct members of a group, in the order of their ids, after one.
func (db *DB) MirrorMembers(ctx context.Context, instance engine.Instance, group int64, after ident.ID, limit int) ([]engine.MemberObject, error) {
	members, err := collect(ctx, db, mirrorMembers, []any{instance.ConnectionID, group, after[:], limit},
		func(rows *sql.Rows) (engine.MemberObject, error) {
			m := engine.MemberObject{In: true}
			err := rows.Scan(&m.ID, &m.Kind)
			return m, err
		})
	if err != nil {
		return nil, err
	}
	return members, db.resolveMembers(ctx, instance, members)
}

// MembersByID returns what is known of each of the ids, at its place.
func (db *DB) MembersByID(ctx context.Context, instance engine.Instance, group int64, ids []ident.ID) ([]engine.MemberObject, error) {
	kinds, err := db.LoadMembers(ctx, instance.ConnectionID, group, ids)
	if err != nil {
		return nil, err
	}
	members := make([]engine.MemberObject, len(ids))
	for i, id := range ids {
		kind, in := kinds[id]
		members[i] = engine.MemberObject{ID: id, Kind: kind, In: in}
	}
	return members, db.resolveMembers(ctx, instance, members)
}

var (
	tiesOfUsers = listed{head: `SELECT m.source_id, m.seq, l.object_id, COALESCE(l.status, '') FROM mirror_users m
		LEFT JOIN links l ON l.instance_id = $ AND l.seq = m.seq WHERE m.connection_id = $ AND m.source_id`}
	tiesOfGroups = listed{head: `SELECT m.source_id, m.seq, l.object_id, CASE WHEN l.object_id IS NULL THEN '' WHEN m.state = 'live' THEN 'in-scope' ELSE 'deleted' END
		FROM mirror_groups m
		LEFT JOIN group_links l ON l.instance_id = $ AND l.group_seq = m.seq WHERE m.connection_id = $ AND m.source_id`}
)

// resolveMembers fills in the ties of members, and the kinds of those whose kind is not known yet.
func (db *DB) resolveMembers(ctx context.Context, instance engine.Instance, members []engine.MemberObject) error {
	for _, of := range []struct {
		kind mirror.MemberKind
		ties listed
	}{{mirror.MemberUser, tiesOfUsers}, {mirror.MemberGroup, tiesOfGroups}} {
		texts := make([]string, 0, len(members))
		places := make(map[string][]int, len(members))
		for i, member := range members {
			if member.Kind != 0 && member.Kind != of.kind || member.ID.IsZero() {
				continue
			}
			text := member.ID.String()
			if places[text] == nil {
				texts = append(texts, text)
			}
			places[text] = append(places[text], i)
		}
		err := eachListed(ctx, db, of.ties, []any{instance.ID, instance.ConnectionID}, texts, func(rows *sql.Rows) error {
			var link engine.Link
			if err := rows.Scan(&link.SourceID, &link.SourceSeq, &link.ObjectID, &link.Status); err != nil {
				return err
			}
			for _, place := range places[link.SourceID] {
				members[place].Kind, members[place].Link = of.kind, link
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
