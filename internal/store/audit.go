package store

import (
	"context"
	"database/sql"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// AppendEvent adds an event.
func (db *DB) AppendEvent(ctx context.Context, event audit.Event) error {
	_, err := db.exec(ctx, `INSERT INTO audit_events (org_id, id, at, token_id, actor_name, address, request_id, action, object_id, object_name,
		before_doc, after_doc) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		orgKey(event.OrgID), event.ID, micros(event.At), event.Actor.TokenID, event.Actor.Name, event.Actor.Address, event.Actor.RequestID,
		event.Action, event.ObjectID, event.ObjectName, record(event.Before), record(event.After))
	return err
}

// ListEvents returns events of the organization, or of the server for the zero one, newest first.
func (db *DB) ListEvents(ctx context.Context, org ident.ID, query directory.EventQuery) ([]audit.Event, error) {
	var where condition
	where.and("org_id = $", orgKey(org))
	if !query.After.IsZero() {
		where.and("id < $", query.After)
	}
	if !query.From.IsZero() { // ids are ordered by time
		where.and("id >= $", ident.Before(query.From))
	}
	if !query.Until.IsZero() {
		where.and("id < $", ident.Before(query.Until))
	}
	if query.Kind != "" {
		where.and("action >= $ AND action < $", query.Kind+".", query.Kind+"/")
	}
	if query.Actor != "" {
		where.and(`actor_name LIKE $ ESCAPE '\'`, resembling(query.Actor))
	}
	if query.Object != "" {
		where.and(`(object_name LIKE $ ESCAPE '\' OR object_id = $)`, resembling(query.Object), query.Object)
	}
	text, args := where.text(`SELECT org_id, id, at, token_id, actor_name, address, request_id, action, object_id, object_name, before_doc,
		after_doc FROM audit_events`, " ORDER BY id DESC LIMIT $", query.Limit)
	return collect(ctx, db, text, args, scanEvent)
}

func scanEvent(rows *sql.Rows) (audit.Event, error) {
	var event audit.Event
	var before, after sql.RawBytes
	err := rows.Scan(&event.OrgID, &event.ID, stamp{&event.At}, &event.Actor.TokenID, &event.Actor.Name, &event.Actor.Address,
		&event.Actor.RequestID, &event.Action, &event.ObjectID, &event.ObjectName, &before, &after)
	if err != nil {
		return event, err
	}
	if event.Before, err = recordOf(before); err != nil {
		return event, err
	}
	event.After, err = recordOf(after)
	return event, err
}
