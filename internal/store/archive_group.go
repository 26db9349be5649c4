package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// archivedGroup is the document of a removed group.
type archivedGroup struct {
	Attributes attr.Record `json:"attributes"`
	Owner      ident.ID    `json:"owner,omitzero"`
	OwnerName  string      `json:"ownerName,omitempty"`
	SourceID   string      `json:"sourceId,omitempty"`
	Origin     string      `json:"origin"`
	Version    int64       `json:"version"`
	Revision   int64       `json:"revision"`
	ToBeSynced bool        `json:"toBeSynced,omitempty"`
	Awaited    int64       `json:"awaited,omitempty"`
	CreatedAt  time.Time   `json:"createdAt"`
	UpdatedAt  time.Time   `json:"updatedAt"`
	// Groups are the marks of the group's own memberships by the ids of the groups.
	Groups map[ident.ID]directory.Marks `json:"groups,omitempty"`
}

var insertArchivedGroups = insert{
	head:    "INSERT INTO group_archive (org_id, id, archived_at, keep_until, reason, members, synced_members, document) VALUES",
	columns: 8,
}

// SaveArchivedGroups adds copies of groups that are about to be deleted.
func (db *DB) SaveArchivedGroups(ctx context.Context, archived []directory.ArchivedGroup) error {
	documents := make([]string, len(archived))
	for i, a := range archived {
		var err error
		g := a.Group
		if documents[i], err = document(archivedGroup{
			Attributes: g.Attributes, Owner: g.Owner, OwnerName: g.OwnerName, SourceID: g.SourceID, Origin: g.Origin, Version: g.Version,
			Revision: g.Revision, ToBeSynced: g.ToBeSynced, Awaited: g.Awaited, CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt,
			Groups: archivedGroups(a.Memberships),
		}); err != nil {
			return err
		}
	}
	return db.insertRows(ctx, insertArchivedGroups, len(archived), func(args []any, i int) []any {
		a := archived[i]
		return append(args, a.OrgID, a.ID, micros(a.ArchivedAt), micros(a.KeepUntil), a.Reason, a.Group.Members, a.Group.SyncedMembers, documents[i])
	})
}

var archivedGroupsByID = listed{
	head: `SELECT org_id, id, archived_at, keep_until, reason, members, synced_members, document FROM group_archive WHERE org_id = $ AND id`,
}

func scanArchivedGroup(rows *sql.Rows) (directory.ArchivedGroup, error) {
	var a directory.ArchivedGroup
	var raw sql.RawBytes
	g := &a.Group
	err := rows.Scan(&a.OrgID, &a.ID, stamp{&a.ArchivedAt}, stamp{&a.KeepUntil}, &a.Reason, &g.Members, &g.SyncedMembers, &raw)
	if err != nil {
		return a, err
	}
	var kept archivedGroup
	if err := json.Unmarshal(raw, &kept); err != nil {
		return a, fmt.Errorf("read the archived group %s: %w", a.ID, err)
	}
	*g = directory.Group{
		OrgID: a.OrgID, ID: a.ID, Attributes: kept.Attributes, Owner: kept.Owner, OwnerName: kept.OwnerName, SourceID: kept.SourceID,
		Origin: kept.Origin, Version: kept.Version, Revision: kept.Revision, Members: g.Members, SyncedMembers: g.SyncedMembers,
		ToBeSynced: kept.ToBeSynced, Awaited: kept.Awaited, CreatedAt: kept.CreatedAt, UpdatedAt: kept.UpdatedAt,
	}
	a.Memberships = membershipsIn(kept.Groups, a.ID, directory.GroupMember)
	return a, nil
}

// ArchivedGroupsByID returns the copies with these ids that exist, in no order.
func (db *DB) ArchivedGroupsByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.ArchivedGroup, error) {
	copies := make([]directory.ArchivedGroup, 0, len(ids))
	err := eachListed(ctx, db, archivedGroupsByID, []any{org}, ids, func(rows *sql.Rows) error {
		kept, err := scanArchivedGroup(rows)
		copies = append(copies, kept)
		return err
	})
	return copies, err
}

// DeleteArchivedGroups removes copies of groups that exist again; those that do not exist are passed over.
func (db *DB) DeleteArchivedGroups(ctx context.Context, org ident.ID, ids []ident.ID) error {
	_, err := execListed(ctx, db, listed{head: "DELETE FROM group_archive WHERE org_id = $ AND id"}, []any{org}, ids)
	return err
}

// DropArchivedGroups removes copies whose KeepUntil is before the time, leaves the rows of their members to SweepMembers, and returns how many.
func (db *DB) DropArchivedGroups(ctx context.Context, before time.Time) (int, error) {
	dropped := 0
	err := db.InTx(ctx, func(ctx context.Context) error {
		_, err := db.exec(ctx, `INSERT INTO group_remains (org_id, group_id) SELECT org_id, id FROM group_archive WHERE keep_until < $1
			ON CONFLICT (org_id, group_id) DO NOTHING`, micros(before))
		if err != nil {
			return err
		}
		dropped, err = db.exec(ctx, "DELETE FROM group_archive WHERE keep_until < $1", micros(before))
		return err
	})
	return dropped, err
}
