package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// archivedUser is the document of a removed user.
type archivedUser struct {
	Attributes attr.Record `json:"attributes"`
	Owner      ident.ID    `json:"owner,omitzero"`
	OwnerName  string      `json:"ownerName,omitempty"`
	SourceID   string      `json:"sourceId,omitempty"`
	Origin     string      `json:"origin"`
	Version    int64       `json:"version"`
	CreatedAt  time.Time   `json:"createdAt"`
	UpdatedAt  time.Time   `json:"updatedAt"`
	// Groups are the marks of the memberships by the ids of the groups.
	Groups map[ident.ID]directory.Marks `json:"groups,omitempty"`
}

// archivedGroups are the memberships of whoever was removed, in the document.
func archivedGroups(memberships []directory.Membership) map[ident.ID]directory.Marks {
	if len(memberships) == 0 {
		return nil
	}
	groups := make(map[ident.ID]directory.Marks, len(memberships))
	for _, m := range memberships {
		groups[m.Group] = m.Marks
	}
	return groups
}

// membershipsIn reads what archivedGroups stored, in the order of the groups; nil if it is nothing.
func membershipsIn(groups map[ident.ID]directory.Marks, member ident.ID, is directory.MemberType) []directory.Membership {
	if len(groups) == 0 {
		return nil
	}
	memberships := make([]directory.Membership, 0, len(groups))
	for group, marks := range groups {
		memberships = append(memberships, directory.Membership{Pair: directory.Pair{Group: group, Member: member}, Type: is, Marks: marks})
	}
	slices.SortFunc(memberships, func(a, b directory.Membership) int { return bytes.Compare(a.Group[:], b.Group[:]) })
	return memberships
}

var insertArchived = insert{
	head: `INSERT INTO archive (org_id, id, name, former_name, name_key, former_name_key, archived_at, keep_until, reason, document)
		VALUES`,
	columns: 10,
}

// SaveArchived adds copies of removed users.
func (db *DB) SaveArchived(ctx context.Context, archived []directory.Archived) error {
	documents := make([]string, len(archived))
	for i, a := range archived {
		var err error
		if documents[i], err = document(archivedUser{
			Attributes: a.User.Attributes, Owner: a.User.Owner, OwnerName: a.User.OwnerName, SourceID: a.User.SourceID, Origin: a.User.Origin,
			Version: a.User.Version, CreatedAt: a.User.CreatedAt, UpdatedAt: a.User.UpdatedAt, Groups: archivedGroups(a.Memberships),
		}); err != nil {
			return err
		}
	}
	return db.insertRows(ctx, insertArchived, len(archived), func(args []any, i int) []any {
		a := archived[i]
		return append(args, a.OrgID, a.ID, a.Name, a.FormerName, attr.NameKey(a.Name), attr.NameKey(a.FormerName), micros(a.ArchivedAt),
			micros(a.KeepUntil), a.Reason, documents[i])
	})
}

const archivedColumns = "SELECT org_id, id, name, former_name, archived_at, keep_until, reason, document FROM archive"

func scanArchived(rows *sql.Rows) (directory.Archived, error) {
	var a directory.Archived
	var raw sql.RawBytes
	err := rows.Scan(&a.OrgID, &a.ID, &a.Name, &a.FormerName, stamp{&a.ArchivedAt}, stamp{&a.KeepUntil}, &a.Reason, &raw)
	if err != nil {
		return a, err
	}
	var user archivedUser
	if err := json.Unmarshal(raw, &user); err != nil {
		return a, fmt.Errorf("read the archived user %s: %w", a.ID, err)
	}
	a.User = directory.User{
		OrgID: a.OrgID, ID: a.ID, Attributes: user.Attributes, Owner: user.Owner, OwnerName: user.OwnerName, SourceID: user.SourceID,
		Origin: user.Origin, Version: user.Version, CreatedAt: user.CreatedAt, UpdatedAt: user.UpdatedAt,
	}
	a.Memberships = membershipsIn(user.Groups, a.ID, directory.UserMember)
	return a, nil
}

// ListArchived finds copies by either name, by name key, or all if name is "", newest first, after the given id.
func (db *DB) ListArchived(ctx context.Context, org ident.ID, name string, after ident.ID, limit int) ([]directory.Archived, error) {
	var where condition
	where.and("org_id = $", org)
	if name != "" {
		where.and("(name_key = $ OR former_name_key = $)", attr.NameKey(name), attr.NameKey(name))
	}
	if !after.IsZero() {
		where.and("(archived_at, id) < (SELECT archived_at, id FROM archive WHERE org_id = $ AND id = $)", org, after)
	}
	text, args := where.text(archivedColumns, " ORDER BY archived_at DESC, id DESC LIMIT $", limit)
	return collect(ctx, db, text, args, scanArchived)
}

// ArchivedByID returns the copies with these ids that exist, in no order.
func (db *DB) ArchivedByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.Archived, error) {
	copies := make([]directory.Archived, 0, len(ids))
	err := eachListed(ctx, db, listed{head: archivedColumns + " WHERE org_id = $ AND id"}, []any{org}, ids, func(rows *sql.Rows) error {
		kept, err := scanArchived(rows)
		copies = append(copies, kept)
		return err
	})
	return copies, err
}

// DeleteArchived removes copies; those that do not exist are passed over.
func (db *DB) DeleteArchived(ctx context.Context, org ident.ID, ids []ident.ID) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM archive WHERE org_id = $ AND id"}, []any{org}, ids)
	return err
}

// DropArchived removes copies whose KeepUntil is before the time, and returns how many.
func (db *DB) DropArchived(ctx context.Context, before time.Time) (int, error) {
	return db.exec(ctx, "DELETE FROM archive WHERE keep_until < $1", micros(before))
}
