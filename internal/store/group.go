package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// groupFields are the columns of a group g with its owner i, for groupScan.
const groupFields = `g.org_id, g.id, g.owner_id, COALESCE(i.name, ''), g.source_id, g.origin, g.version, g.revision, g.members, g.synced_members,
	g.to_be_synced, g.awaited, g.created_at, g.updated_at, g.attributes`

const groupColumns = "SELECT " + groupFields + " FROM groups g LEFT JOIN instances i ON i.id = g.owner_id"

// groupScan returns where groupFields go, and what to call after the scan.
func groupScan(group *directory.Group) ([]any, func() error) {
	var attributes sql.RawBytes
	targets := []any{
		&group.OrgID, &group.ID, &group.Owner, &group.OwnerName, &group.SourceID, &group.Origin, &group.Version, &group.Revision,
		&group.Members, &group.SyncedMembers, &group.ToBeSynced, &group.Awaited,
		stamp{&group.CreatedAt},
		stamp{&group.UpdatedAt},
		&attributes,
	}
	return targets, func() error {
		var err error
		group.OwnerName = directory.NameOwner(group.Owner, group.OwnerName)
		group.Attributes, err = recordOf(attributes)
		return err
	}
}

func scanGroup(rows *sql.Rows) (directory.Group, error) {
	var group directory.Group
	targets, finish := groupScan(&group)
	if err := rows.Scan(targets...); err != nil {
		return group, err
	}
	return group, finish()
}

func listGroups[T any](ctx context.Context, db *DB, column string, org ident.ID, values []T) ([]directory.Group, error) {
	groups := make([]directory.Group, 0, len(values))
	q := listed{head: groupColumns + " WHERE g.org_id = $ AND g." + column}
	err := eachListed(ctx, db, q, []any{org}, values, func(rows *sql.Rows) error {
		group, err := scanGroup(rows)
		groups = append(groups, group)
		return err
	})
	return groups, err
}

// GroupsByID returns those that exist, in no order.
func (db *DB) GroupsByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.Group, error) {
	return listGroups(ctx, db, "id", org, ids)
}

// GroupsBy returns those that have one of the values in attr.ExternalID (exactly) or attr.DisplayName (by name key).
func (db *DB) GroupsBy(ctx context.Context, org ident.ID, path string, values []string) ([]directory.Group, error) {
	switch path {
	case attr.ExternalID:
		keys := make([]int64, len(values))
		wanted := make(map[string]bool, len(values))
		for i, value := range values {
			keys[i], wanted[value] = externalKey(value), true
		}
		groups, err := listGroups(ctx, db, "external_key <> 0 AND g.external_key", org, keys)
		return slices.DeleteFunc(groups, func(g directory.Group) bool { return !wanted[g.Attributes.Text(attr.ExternalID)] }), err
	case attr.DisplayName:
		keys := make([]string, len(values))
		for i, value := range values {
			keys[i] = attr.NameKey(value)
		}
		return listGroups(ctx, db, "display_name_key", org, keys)
	}
	return nil, fmt.Errorf("groups cannot be looked up by %s", path)
}

// groupCondition is what a query asks of groups, wherever the page begins.
func groupCondition(org ident.ID, query directory.GroupQuery) *condition {
	where := &condition{}
	where.and("g.org_id = $", org)
	if query.ExternalID != "" {
		where.and("g.external_key <> 0 AND g.external_key = $", externalKey(query.ExternalID))
	}
	if !query.Owner.IsZero() {
		where.and("g.owner_id = $", query.Owner)
	}
	if query.Managed != nil && *query.Managed {
		where.and("g.owner_id IS NOT NULL")
	}
	if query.Managed != nil && !*query.Managed {
		where.and("g.owner_id IS NULL")
	}
	if query.ToBeSynced {
		where.and("g.to_be_synced = 1")
	}
	if query.Search != "" {
		where.and(`g.display_name_key LIKE $ ESCAPE '\'`, containing(attr.NameKey(query.Search)))
	}
	return where
}

// ListGroups returns a page of groups in the order of their name keys and ids.
func (db *DB) ListGroups(ctx context.Context, org ident.ID, query directory.GroupQuery) ([]directory.Group, error) {
	where := groupCondition(org, query)
	if !query.After.ID.IsZero() {
		where.and("(g.display_name_key, g.id) > ($, $)", query.After.NameKey, query.After.ID)
	}
	text, args := where.text(groupColumns, " ORDER BY g.display_name_key, g.id LIMIT $", query.Limit)
	groups, err := collect(ctx, db, text, args, scanGroup)
	if query.ExternalID != "" { // digests may be equal where ids are not
		groups = slices.DeleteFunc(groups, func(g directory.Group) bool { return g.Attributes.Text(attr.ExternalID) != query.ExternalID })
	}
	return groups, err
}

// CountGroups counts all groups that a query would list.
func (db *DB) CountGroups(ctx context.Context, org ident.ID, query directory.GroupQuery) (int, error) {
	text, args := groupCondition(org, query).text("SELECT COUNT(*) FROM groups g", "")
	return db.count(ctx, text, args...)
}

var insertGroups = insert{
	head: `INSERT INTO groups (org_id, id, display_name_key, external_key, owner_id, source_id, origin, version, revision, members,
		synced_members, to_be_synced, awaited, created_at, updated_at, attributes) VALUES`,
	columns: 16,
}

// InsertGroups adds new groups.
func (db *DB) InsertGroups(ctx context.Context, groups []directory.Group) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		err := db.insertRows(ctx, insertGroups, len(groups), func(args []any, i int) []any {
			g := groups[i]
			return append(args, g.OrgID, g.ID, attr.NameKey(g.Name()), externalKey(g.Attributes.Text(attr.ExternalID)), g.Owner, g.SourceID,
				g.Origin, g.Version, g.Revision, g.Members, g.SyncedMembers, bit(g.ToBeSynced), g.Awaited, micros(g.CreatedAt), micros(g.UpdatedAt),
				attributes(g.Attributes))
		})
		for org, count := range perOrganization(len(groups), func(i int) ident.ID { return groups[i].OrgID }) {
			if err == nil {
				err = db.countMore(ctx, org, 0, count)
			}
		}
		return err
	})
}

// UpdateGroup replaces attributes, owner, version, time and progress if the stored version is the given one, and adds one to the revision;
// else it fails as fault.Stale. The numbers of members stay.
func (db *DB) UpdateGroup(ctx context.Context, g directory.Group, version int64) error {
	count, err := db.exec(ctx, `UPDATE groups SET display_name_key = $1, external_key = $2, owner_id = $3, source_id = $4, version = $5,
		revision = revision + 1, to_be_synced = $6, awaited = $7, updated_at = $8, attributes = $9
		WHERE org_id = $10 AND id = $11 AND version = $12`,
		attr.NameKey(g.Name()), externalKey(g.Attributes.Text(attr.ExternalID)), g.Owner, g.SourceID, g.Version, bit(g.ToBeSynced), g.Awaited,
		micros(g.UpdatedAt), attributes(g.Attributes), g.OrgID, g.ID, version)
	if err == nil && count == 0 {
		return fault.New(fault.Stale, "VersionMismatch", "the group %s was changed or removed meanwhile", g.Name()).
			WithRemedy("Read it again and repeat the change.")
	}
	return err
}

var insertRemains = listed{
	head: `INSERT INTO group_remains (org_id, group_id) SELECT g.org_id, g.id FROM groups g
		WHERE NOT EXISTS (SELECT 1 FROM group_archive a WHERE a.org_id = g.org_id AND a.id = g.id) AND g.org_id = $ AND g.id`,
	tail: " ON CONFLICT (org_id, group_id) DO NOTHING",
}

// DeleteGroups removes groups; those that do not exist are passed over. The rows of their members stay: those of groups of which the archive
// has a copy as long as it has, those of the others until SweepMembers removes them.
func (db *DB) DeleteGroups(ctx context.Context, org ident.ID, ids []ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := execListed(ctx, db, insertRemains, []any{org}, ids); err != nil {
			return err
		}
		count, err := execListed(ctx, db, listed{head: "DELETE FROM groups WHERE org_id = $ AND id"}, []any{org}, ids)
		if err != nil {
			return err
		}
		return db.countMore(ctx, org, 0, -count)
	})
}

// SaveGroupProgress stores how far groups of the instance are; versions and revisions stay.
func (db *DB) SaveGroupProgress(ctx context.Context, org, instance ident.ID, progress []directory.GroupProgress) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, p := range progress {
			_, err := db.exec(ctx, "UPDATE groups SET to_be_synced = $1, awaited = $2 WHERE org_id = $3 AND id = $4 AND owner_id = $5",
				bit(p.ToBeSynced), p.Awaited, org, p.Group, instance)
			if err != nil {
				return err
			}
		}
		return nil
	})
}
