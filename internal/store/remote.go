package store

import (
	"context"
	"database/sql"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/ident"
)

const remoteColumns = `SELECT o.id, o.kind, o.remote_id, o.owner_id, COALESCE(i.name, ''), o.source_id, o.version, o.seen, o.parked, o.awaits,
	o.to_be_synced, o.awaited, o.attributes, o.echo FROM remote_objects o LEFT JOIN instances i ON i.id = o.owner_id`

func scanRemote(rows *sql.Rows) (scimapp.Object, error) {
	var o scimapp.Object
	var attributes, echo sql.RawBytes
	err := rows.Scan(&o.ID, &o.Kind, &o.RemoteID, &o.Owner, &o.OwnerName, &o.SourceID, &o.Version, &o.Seen, &o.Parked, &o.Awaits,
		&o.ToBeSynced, &o.Awaited, &attributes, &echo)
	if err != nil {
		return o, err
	}
	if o.Record, err = recordOf(attributes); err != nil {
		return o, err
	}
	o.Echo, err = recordOf(echo)
	return o, err
}

// remoteBy selects objects by values that have an index. Their ids are looked up there first: without statistics SQLite takes reading the whole
// service for cheaper than looking into an index and then into the table.
func remoteBy(where string) listed {
	return listed{head: remoteColumns + " WHERE o.service_id = $ AND o.id IN (SELECT m.id FROM remote_objects m WHERE m.service_id = $ AND " + where, tail: ")"}
}

const (
	remoteByName = "m.kind = $ AND m.name_key"
	remoteByTie  = "m.owner_id = $ AND m.source_id"
)

func listRemoteBy[T any](ctx context.Context, db *DB, service ident.ID, where string, before []any, values []T) ([]scimapp.Object, error) {
	var objects []scimapp.Object
	err := eachListed(ctx, db, remoteBy(where), append([]any{service, service}, before...), values, func(rows *sql.Rows) error {
		object, err := scanRemote(rows)
		objects = append(objects, object)
		return err
	})
	return objects, err
}

// RemoteObjects returns the objects of both kinds with these ids that exist, in no order.
func (db *DB) RemoteObjects(ctx context.Context, service ident.ID, ids []ident.ID) ([]scimapp.Object, error) {
	return listRemoteBy(ctx, db, service, "m.id", nil, ids)
}

// RemoteObjectsBy returns the objects of a kind with one of the values: of attr.ExternalID exactly, of the others by name key.
func (db *DB) RemoteObjectsBy(ctx context.Context, service ident.ID, kind scimapp.Kind, path string, values []string) ([]scimapp.Object, error) {
	before := []any{int64(kind)}
	keys := make([]string, len(values))
	for i, value := range values {
		keys[i] = attr.NameKey(value)
	}
	switch {
	case path == attr.ExternalID:
		digests := make([]int64, len(values))
		for i, value := range values {
			digests[i] = externalKey(value)
		}
		objects, err := listRemoteBy(ctx, db, service, "m.kind = $ AND m.external_key <> 0 AND m.external_key", before, digests)
		return slices.DeleteFunc(objects, func(o scimapp.Object) bool { return !slices.Contains(values, o.Record.Text(path)) }), err
	case kind == scimapp.Users && path == attr.DisplayName:
		return listRemoteBy(ctx, db, service, "m.kind = $ AND m.kind = 1 AND m.display_key", before, keys)
	default:
		return listRemoteBy(ctx, db, service, remoteByName, before, keys)
	}
}

// RemoteObjectsOf returns the objects of a kind with these ids of the service.
func (db *DB) RemoteObjectsOf(ctx context.Context, service ident.ID, kind scimapp.Kind, remoteIDs []string) ([]scimapp.Object, error) {
	return listRemoteBy(ctx, db, service, "m.kind = $ AND m.remote_id", []any{int64(kind)}, remoteIDs)
}

// RemoteObjectsTied returns the objects that an instance ties to source objects.
func (db *DB) RemoteObjectsTied(ctx context.Context, service, owner ident.ID, sourceIDs []string) ([]scimapp.Object, error) {
	return listRemoteBy(ctx, db, service, remoteByTie, []any{owner}, sourceIDs)
}

// The few that are not settled are found by remote_objects_unsettled.
const (
	unsettledRemote = `o.id IN (SELECT m.id FROM remote_objects m WHERE m.service_id = $ AND m.owner_id = $ AND (m.parked <> '' OR m.awaits <> '')
		AND (m.parked <> '' OR EXISTS (SELECT 1 FROM remote_objects b WHERE b.service_id = m.service_id AND b.owner_id = m.owner_id AND b.source_id = m.awaits)))`
	forsakenRemote = "o.id IN (SELECT m.id FROM remote_objects m WHERE m.service_id = $ AND m.owner_id IS NULL AND m.parked <> '')"
)

// ListRemoteObjects returns up to limit objects that the filter keeps, in the order of their ids.
func (db *DB) ListRemoteObjects(ctx context.Context, service ident.ID, filter scimapp.Filter, limit int) ([]scimapp.Object, error) {
	var where condition
	where.and("o.service_id = $", service)
	where.and("o.kind = $", int64(filter.Kind))
	where.and("o.id > $", filter.After[:])
	if !filter.Owner.IsZero() {
		where.and("o.owner_id = $", filter.Owner)
	}
	if filter.SeenBefore > 0 {
		where.and("o.seen < $", filter.SeenBefore)
	}
	if filter.Unsettled {
		where.and(unsettledRemote, service, filter.Owner)
	}
	if filter.Forsaken {
		where.and(forsakenRemote, service)
	}
	text, args := where.text(remoteColumns, " ORDER BY o.id LIMIT $", limit)
	return collect(ctx, db, text, args, scanRemote)
}

var (
	insertRemote = insert{
		head: `INSERT INTO remote_objects (service_id, id, kind, remote_id, owner_id, source_id, name_key, display_key, external_key, version, seen,
			parked, awaits, to_be_synced, awaited, attributes, echo) VALUES`,
		columns: 17,
		tail: `ON CONFLICT (service_id, id) DO UPDATE SET remote_id = excluded.remote_id, owner_id = excluded.owner_id,
			source_id = excluded.source_id, name_key = excluded.name_key, display_key = excluded.display_key,
			external_key = excluded.external_key, version = excluded.version, seen = excluded.seen, parked = excluded.parked,
			awaits = excluded.awaits, to_be_synced = excluded.to_be_synced, awaited = excluded.awaited, attributes = excluded.attributes,
			echo = excluded.echo`,
	}
	deleteRemote        = listed{head: "DELETE FROM remote_objects WHERE service_id = $ AND id"}
	deleteRemoteMembers = listed{
		head: `DELETE FROM remote_members WHERE service_id = $ AND (group_id, member_id) IN (SELECT m.group_id, m.member_id FROM remote_members m
			WHERE m.service_id = $ AND m.member_id`, tail: ")",
	}
)

// SaveRemoteObjects inserts or replaces. What stands under the same id of the service and another id, and nobody owns, makes way.
func (db *DB) SaveRemoteObjects(ctx context.Context, service ident.ID, objects []scimapp.Object) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, kind := range []scimapp.Kind{scimapp.Users, scimapp.Groups} {
			if err := db.makeWay(ctx, service, kind, objects); err != nil {
				return err
			}
		}
		return db.insertRows(ctx, insertRemote, len(objects), func(args []any, i int) []any {
			o := &objects[i]
			return append(args, service, o.ID, int64(o.Kind), o.RemoteID, o.Owner, o.SourceID, attr.NameKey(o.Name()),
				attr.NameKey(o.Record.Text(attr.DisplayName)), externalKey(o.Record.Text(attr.ExternalID)), o.Version, o.Seen, o.Parked, o.Awaits,
				bit(o.ToBeSynced), o.Awaited, attributes(o.Record), record(o.Echo))
		})
	})
}

// makeWay removes what nobody owns and has the ids of the service of other objects.
func (db *DB) makeWay(ctx context.Context, service ident.ID, kind scimapp.Kind, objects []scimapp.Object) error {
	byRemote := map[string]ident.ID{}
	var remoteIDs []string
	for _, o := range objects {
		if o.Kind == kind {
			byRemote[o.RemoteID] = o.ID
			remoteIDs = append(remoteIDs, o.RemoteID)
		}
	}
	known, err := db.RemoteObjectsOf(ctx, service, kind, remoteIDs)
	if err != nil {
		return err
	}
	var gone []ident.ID
	for _, o := range known {
		if o.ID != byRemote[o.RemoteID] && o.Owner.IsZero() {
			gone = append(gone, o.ID)
		}
	}
	return db.DeleteRemoteObjects(ctx, service, gone)
}

// DeleteRemoteObjects removes objects, and them as members of groups.
func (db *DB) DeleteRemoteObjects(ctx context.Context, service ident.ID, ids []ident.ID) error {
	if _, err := execListed(ctx, db, deleteRemoteMembers, []any{service, service}, ids); err != nil {
		return err
	}
	_, err := execListed(ctx, db, deleteRemote, []any{service}, ids)
	return err
}
