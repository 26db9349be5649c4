package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var saveGroupLinks = insert{
	head: "INSERT INTO group_links (org_id, connection_id, instance_id, group_seq, object_id, whole, awaited) VALUES", columns: 7,
	tail: `ON CONFLICT (instance_id, group_seq) DO UPDATE SET object_id = excluded.object_id, whole = excluded.whole, awaited = excluded.awaited`,
}

// SaveGroupLinks inserts ties or replaces them. A group that is tied for the first time, or to another object, becomes dirty as a member of the groups
// with objects that it is in.
func (db *DB) SaveGroupLinks(ctx context.Context, instance engine.Instance, links []engine.GroupLink) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		groups := make([]int64, len(links))
		for i, link := range links {
			groups[i] = link.Group
		}
		before := make(map[int64]ident.ID, len(links))
		q := listed{head: "SELECT group_seq, object_id FROM group_links WHERE instance_id = $ AND group_seq"}
		err := eachListed(ctx, db, q, []any{instance.ID}, groups, func(rows *sql.Rows) error {
			var seq int64
			var object ident.ID
			err := rows.Scan(&seq, &object)
			before[seq] = object
			return err
		})
		if err != nil {
			return err
		}
		var tied []int64
		for _, link := range links {
			if before[link.Group] != link.ObjectID {
				tied = append(tied, link.Group)
			}
		}
		if err := db.insertRows(ctx, saveGroupLinks, len(links), func(args []any, i int) []any {
			link := links[i]
			return append(args, instance.OrgID, instance.ConnectionID, instance.ID, link.Group, link.ObjectID, bit(link.Whole), link.Awaited)
		}); err != nil {
			return err
		}
		return db.touchTiesOfGroups(ctx, instance, tied)
	})
}

// DeleteGroupLinks removes ties, with the dirty members of the groups.
func (db *DB) DeleteGroupLinks(ctx context.Context, instance engine.Instance, groups []int64) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.touchTiesOfGroups(ctx, instance, groups); err != nil {
			return err
		}
		for _, head := range []string{
			"DELETE FROM group_links WHERE instance_id = $ AND group_seq",
			"DELETE FROM dirty_members WHERE instance_id = $ AND group_seq",
		} {
			if _, err := execListed(ctx, db, listed{head: head}, []any{instance.ID}, groups); err != nil {
				return err
			}
		}
		return nil
	})
}

// touchTiesOfGroups is touchTies for groups by Seq.
func (db *DB) touchTiesOfGroups(ctx context.Context, instance engine.Instance, groups []int64) error {
	if len(groups) == 0 {
		return nil
	}
	var sourceIDs []string
	q := listed{head: "SELECT source_id FROM mirror_groups WHERE connection_id = $ AND seq"}
	err := eachListed(ctx, db, q, []any{instance.ConnectionID}, groups, func(rows *sql.Rows) error {
		text, err := scanText(rows)
		sourceIDs = append(sourceIDs, text)
		return err
	})
	if err != nil {
		return err
	}
	return db.touchTies(ctx, instance.ID, sourceIDs)
}

// touchTied makes the memberships of members e dirty in the groups for which the instance has an object, touchPinned those that an undo pinned: the
// mirror may know nothing of these.
var (
	touchTied = listed{
		head: `INSERT INTO dirty_members (instance_id, group_seq, member_id) SELECT l.instance_id, e.group_seq, e.member_id FROM mirror_members e
		CROSS JOIN group_links l WHERE l.instance_id = $ AND l.group_seq = e.group_seq
		AND e.connection_id = (SELECT i.connection_id FROM instances i WHERE i.id = $) AND e.member_id`, tail: onceOnly,
	}
	touchPinned = listed{
		head: `INSERT INTO dirty_members (instance_id, group_seq, member_id) SELECT p.instance_id, p.group_seq, p.member_id FROM member_pins p
		CROSS JOIN group_links l WHERE p.instance_id = $ AND l.instance_id = p.instance_id AND l.group_seq = p.group_seq AND p.member_id`,
		tail: onceOnly,
	}
)

// touchTies makes the memberships of users and groups dirty whose ties to objects come, change or go, by their ids in the tenant: where they are
// members in the mirror, where an undo pinned them, and where a change about them stands open. Where no group has an object, as in the part of a first
// sync that is about users, that costs one look-up.
func (db *DB) touchTies(ctx context.Context, instance ident.ID, sourceIDs []string) error {
	count, err := db.count(ctx, "SELECT EXISTS (SELECT 1 FROM group_links WHERE instance_id = $1)", instance)
	if err != nil || count == 0 {
		return err
	}
	ids := memberIDs(sourceIDs)
	if _, err := execListed(ctx, db, touchTied, []any{instance, instance}, ids); err != nil {
		return err
	}
	if _, err := execListed(ctx, db, touchPinned, []any{instance}, ids); err != nil {
		return err
	}
	return db.touchNamed(ctx, instance, ids)
}

const namedInOpen = `SELECT source_seq, members FROM changes WHERE instance_id = $1 AND open = 1 AND object_type = 2 ORDER BY source_seq, id`

// touchNamed makes the memberships of members dirty whom open changes of members name, by their ids in the tenant.
func (db *DB) touchNamed(ctx context.Context, instance ident.ID, ids []ident.ID) error {
	if len(ids) == 0 {
		return nil
	}
	asked := asSet(ids)
	named := map[int64][]ident.ID{}
	err := db.each(ctx, namedInOpen, []any{instance}, func(rows *sql.Rows) error {
		var place int64
		var members sql.RawBytes
		if err := rows.Scan(&place, &members); err != nil {
			return err
		}
		group := placeInJournal(plan.Members, place)
		for ; len(members) >= memberSize; members = members[memberSize:] {
			if id := ident.ID(members[:16]); asked[id] {
				named[group] = append(named[group], id)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for group, members := range named {
		if err := db.MarkMembersDirty(ctx, instance, group, members); err != nil {
			return err
		}
	}
	return nil
}

func asSet(ids []ident.ID) map[ident.ID]bool {
	set := make(map[ident.ID]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}

// memberIDs returns the ids of source objects as members of groups are kept by; other texts are nobody's.
func memberIDs(sourceIDs []string) []ident.ID {
	ids := make([]ident.ID, 0, len(sourceIDs))
	for _, text := range sourceIDs {
		if id, err := ident.Parse(text); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
