package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"rollcall/internal/destination/scimapp"
	"rollcall/internal/ident"
)

// RemoteState returns what a service says of itself and how far its inventory is; zero values for a service that was never asked.
func (db *DB) RemoteState(ctx context.Context, service ident.ID) (scimapp.Discovery, scimapp.Inventory, error) {
	var discovery scimapp.Discovery
	var inventory scimapp.Inventory
	err := db.each(ctx, "SELECT discovery, inventory FROM remote_states WHERE service_id = $1", []any{service}, func(rows *sql.Rows) error {
		var said, read sql.RawBytes
		if err := rows.Scan(&said, &read); err != nil {
			return err
		}
		if err := json.Unmarshal(said, &discovery); err != nil {
			return fmt.Errorf("read what the service %s says of itself: %w", service, err)
		}
		if err := json.Unmarshal(read, &inventory); err != nil {
			return fmt.Errorf("read the inventory of the service %s: %w", service, err)
		}
		return nil
	})
	return discovery, inventory, err
}

// SaveRemoteDiscovery stores what a service says of itself.
func (db *DB) SaveRemoteDiscovery(ctx context.Context, service ident.ID, discovery scimapp.Discovery) error {
	text, err := document(discovery)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO remote_states (service_id, discovery, inventory) VALUES ($1, $2, '{}')
		ON CONFLICT (service_id) DO UPDATE SET discovery = excluded.discovery`, service, text)
	return err
}

// SaveRemoteInventory stores how far the inventory of a service is.
func (db *DB) SaveRemoteInventory(ctx context.Context, service ident.ID, inventory scimapp.Inventory) error {
	text, err := document(inventory)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO remote_states (service_id, discovery, inventory) VALUES ($1, '{}', $2)
		ON CONFLICT (service_id) DO UPDATE SET inventory = excluded.inventory`, service, text)
	return err
}

var insertRemoteIntents = insert{
	head:    "INSERT INTO remote_intents (service_id, instance_id, object_id, kind, creates, external_id, name, attempts) VALUES",
	columns: 8,
	tail:    "ON CONFLICT (service_id, instance_id, object_id) DO UPDATE SET attempts = remote_intents.attempts + 1",
}

// SaveRemoteIntents inserts them, or counts another attempt.
func (db *DB) SaveRemoteIntents(ctx context.Context, service, instance ident.ID, intents []scimapp.Intent) error {
	return db.insertRows(ctx, insertRemoteIntents, len(intents), func(args []any, i int) []any {
		n := &intents[i]
		return append(args, service, instance, n.Object, int64(n.Kind), bit(n.Creates), n.ExternalID, n.Name, int64(1))
	})
}

const remoteIntentColumns = "SELECT object_id, kind, creates, external_id, name, attempts FROM remote_intents WHERE service_id = $ AND instance_id = $"

func scanRemoteIntent(rows *sql.Rows) (scimapp.Intent, error) {
	var n scimapp.Intent
	err := rows.Scan(&n.Object, &n.Kind, &n.Creates, &n.ExternalID, &n.Name, &n.Attempts)
	return n, err
}

var (
	remoteIntents       = listed{head: remoteIntentColumns + " AND object_id"}
	listRemoteIntents   = numbered(remoteIntentColumns + " ORDER BY object_id LIMIT $")
	deleteRemoteIntents = listed{head: "DELETE FROM remote_intents WHERE service_id = $ AND instance_id = $ AND object_id"}
)

// RemoteIntents returns those about the objects.
func (db *DB) RemoteIntents(ctx context.Context, service, instance ident.ID, objects []ident.ID) ([]scimapp.Intent, error) {
	var intents []scimapp.Intent
	err := eachListed(ctx, db, remoteIntents, []any{service, instance}, objects, func(rows *sql.Rows) error {
		intent, err := scanRemoteIntent(rows)
		intents = append(intents, intent)
		return err
	})
	return intents, err
}

// ListRemoteIntents returns up to limit of any.
func (db *DB) ListRemoteIntents(ctx context.Context, service, instance ident.ID, limit int) ([]scimapp.Intent, error) {
	return collect(ctx, db, listRemoteIntents, []any{service, instance, limit}, scanRemoteIntent)
}

// DeleteRemoteIntents removes those about the objects.
func (db *DB) DeleteRemoteIntents(ctx context.Context, service, instance ident.ID, objects []ident.ID) error {
	_, err := execListed(ctx, db, deleteRemoteIntents, []any{service, instance}, objects)
	return err
}
