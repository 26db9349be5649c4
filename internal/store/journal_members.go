package store

import (
	"context"
	"database/sql"
	"maps"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// dirtyMembers passes over the rows of groups without an object.
const dirtyMembers = `SELECT d.group_seq, d.member_id FROM dirty_members d CROSS JOIN group_links l
	WHERE d.instance_id = $ AND (d.group_seq, d.member_id) > ($, $) AND l.instance_id = d.instance_id AND l.group_seq = d.group_seq
	ORDER BY d.group_seq, d.member_id LIMIT $`

// DirtyMembers returns up to limit dirty memberships of groups with objects, after a place, in order.
func (db *DB) DirtyMembers(ctx context.Context, instance engine.Instance, after engine.MemberPlace, limit int) ([]engine.MemberPlace, error) {
	return collect(ctx, db, numbered(dirtyMembers), []any{instance.ID, after.Group, after.Member[:], limit},
		func(rows *sql.Rows) (engine.MemberPlace, error) {
			var place engine.MemberPlace
			err := rows.Scan(&place.Group, &place.Member)
			return place, err
		})
}

var insertDirtyMembers = insert{head: "INSERT INTO dirty_members (instance_id, group_seq, member_id) VALUES", columns: 3, tail: onceOnly}

// MarkMembersDirty makes memberships dirty, whatever the group.
func (db *DB) MarkMembersDirty(ctx context.Context, instance ident.ID, group int64, members []ident.ID) error {
	return db.insertRows(ctx, insertDirtyMembers, len(members), func(args []any, i int) []any { return append(args, instance, group, members[i]) })
}

var clearDirtyMembers = listed{head: "DELETE FROM dirty_members WHERE instance_id = $ AND group_seq = $ AND member_id"}

// ClearDirtyMembers removes dirty rows.
func (db *DB) ClearDirtyMembers(ctx context.Context, instance ident.ID, places []engine.MemberPlace) error {
	byGroup := map[int64][]ident.ID{}
	for _, place := range places {
		byGroup[place.Group] = append(byGroup[place.Group], place.Member)
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		for group, members := range byGroup {
			if _, err := execListed(ctx, db, clearDirtyMembers, []any{instance, group}, members); err != nil {
				return err
			}
		}
		return nil
	})
}

const (
	openMembers = selectBare + " WHERE instance_id = $1 AND source_seq = $2 AND open = 1 AND object_type = 2 ORDER BY id"
	// openNames finds out which of them are to be read: reading all would make an entry of each, with all its members, for a few.
	openNames = "SELECT id, members FROM changes WHERE instance_id = $1 AND source_seq = $2 AND open = 1 AND object_type = 2"
)

var openByID = listed{head: selectEntries + " WHERE open = 1 AND id", tail: " ORDER BY id"}

// OpenMembers returns the open entries about the group's members, by its Seq, in the order of their ids, bare (engine.EntryQuery.Bare).
func (db *DB) OpenMembers(ctx context.Context, instance ident.ID, group int64) ([]engine.Entry, error) {
	return collect(ctx, db, openMembers, []any{instance, placeInJournal(plan.Members, group)}, scanEntry)
}

// OpenAbout returns those of the open entries about the group's members that name one of some members, by their ids in the tenant or in the
// destination, in the order of the entries' ids.
func (db *DB) OpenAbout(ctx context.Context, instance ident.ID, group int64, members []ident.ID) ([]engine.Entry, error) {
	asked := asSet(members)
	delete(asked, ident.ID{})
	var about []ident.ID
	err := db.each(ctx, openNames, []any{instance, placeInJournal(plan.Members, group)}, func(rows *sql.Rows) error {
		var id ident.ID
		var named sql.RawBytes
		if err := rows.Scan(&id, &named); err != nil {
			return err
		}
		for ; len(named) >= memberSize; named = named[memberSize:] {
			if asked[ident.ID(named[:16])] || asked[ident.ID(named[16:32])] {
				about = append(about, id)
				break
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var entries []engine.Entry
	err = eachListed(ctx, db, openByID, nil, about, func(rows *sql.Rows) error {
		entry, err := scanEntry(rows)
		entries = append(entries, entry)
		return err
	})
	slices.SortFunc(entries, func(a, b engine.Entry) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return entries, err
}

// failedArrivals are the open failed entries of those who would be in scope and are not there: users without a link in scope, and groups without a tie.
const failedArrivals = `SELECT c.source_id FROM changes c LEFT JOIN mirror_users m ON m.connection_id = $ AND m.source_id = c.source_id
	LEFT JOIN links l ON l.instance_id = c.instance_id AND l.seq = m.seq AND l.status = 'in-scope'
	WHERE c.instance_id = $ AND c.open = 1 AND c.state = 'failed' AND c.object_type = 0 AND c.status = 'in-scope' AND l.object_id IS NULL
	UNION ALL SELECT c.source_id FROM changes c LEFT JOIN group_links l ON l.instance_id = c.instance_id AND l.group_seq = -c.source_seq
	WHERE c.instance_id = $ AND c.open = 1 AND c.state = 'failed' AND c.object_type = 1 AND l.object_id IS NULL`

// awaitedIn returns a row for each membership: asked to count them by group, the database would go through all members of the connection.
var awaitedIn = listed{head: `SELECT e.group_seq FROM mirror_members e CROSS JOIN group_links l
	WHERE l.instance_id = $ AND l.group_seq = e.group_seq AND e.connection_id = $ AND e.member_id`}

// somethingSaid holds for ties of which something other than "all are there" was said last. That none is below -1 needs not be asked, but for it the
// database goes by the index group_links_awaiting, and not through all ties.
const somethingSaid = "instance_id = $1 AND awaited <> 0 AND awaited >= -1"

const (
	anyAwaiting  = "SELECT 1 FROM group_links WHERE " + somethingSaid + " LIMIT 1"
	awaitingTies = "SELECT group_seq, object_id, whole, awaited FROM group_links WHERE " + somethingSaid
)

var namedTies = listed{head: "SELECT group_seq, object_id, whole, awaited FROM group_links WHERE instance_id = $ AND awaited = 0 AND group_seq"}

// AnyAwaiting reports whether something other than "all are there" was said last of a group with an object, or nothing yet.
func (db *DB) AnyAwaiting(ctx context.Context, instance ident.ID) (bool, error) {
	some, err := db.count(ctx, anyAwaiting, instance)
	return some > 0, err
}

// Awaiting returns the ties of groups of which that was said last, and of those that await members now; and for the latter, by Seq, how many.
func (db *DB) Awaiting(ctx context.Context, instance engine.Instance) ([]engine.GroupLink, map[int64]int64, error) {
	awaited, err := db.awaited(ctx, instance)
	if err != nil {
		return nil, nil, err
	}
	scan := func(rows *sql.Rows) (engine.GroupLink, error) {
		var link engine.GroupLink
		err := rows.Scan(&link.Group, &link.ObjectID, &link.Whole, &link.Awaited)
		return link, err
	}
	links, err := collect(ctx, db, awaitingTies, []any{instance.ID}, scan)
	if err != nil {
		return nil, nil, err
	}
	err = eachListed(ctx, db, namedTies, []any{instance.ID}, slices.Collect(maps.Keys(awaited)), func(rows *sql.Rows) error {
		link, err := scan(rows)
		links = append(links, link)
		return err
	})
	return links, awaited, err
}

// awaited counts, for groups with objects by Seq, the members in scope who are not there because their own change failed and waits for another try.
func (db *DB) awaited(ctx context.Context, instance engine.Instance) (map[int64]int64, error) {
	sourceIDs, err := collect(ctx, db, numbered(failedArrivals), []any{instance.ConnectionID, instance.ID, instance.ID}, scanText)
	if err != nil {
		return nil, err
	}
	awaited := map[int64]int64{}
	err = eachListed(ctx, db, awaitedIn, []any{instance.ID, instance.ConnectionID}, memberIDs(sourceIDs), func(rows *sql.Rows) error {
		group, err := scanSeq(rows)
		awaited[group]++
		return err
	})
	return awaited, err
}

var foreseen = listed{head: `SELECT source_seq, action, object_id, status, link FROM changes
	WHERE run_id = $ AND object_type = $ AND state = 'proposed' AND instance_id = $ AND source_seq`}

// Foreseen returns what a dry run proposes for users, or for groups, by their places: the proposed entries with Action, ObjectID, Status and Link only.
func (db *DB) Foreseen(ctx context.Context, instance, run ident.ID, of plan.ObjectType, places []int64) (map[int64]engine.Entry, error) {
	stored := make([]int64, len(places))
	for i, place := range places {
		stored[i] = placeInJournal(of, place)
	}
	entries := make(map[int64]engine.Entry, len(places))
	err := eachListed(ctx, db, foreseen, []any{run, int64(of), instance}, stored, func(rows *sql.Rows) error {
		var seq int64
		var entry engine.Entry
		err := rows.Scan(&seq, &entry.Action, &entry.ObjectID, &entry.Status, &entry.Link)
		entries[placeInJournal(of, seq)] = entry
		return err
	})
	return entries, err
}
