package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const instanceColumns = `SELECT org_id, id, connection_id, name, auto_sync, interval_micros, config_version, next_run_at, created_at, health,
	reconcile_micros, reconcile_repair, reconcile_per_second, service_id, notify_addresses, notify_failures FROM instances`

func scanInstance(rows *sql.Rows) (engine.Instance, error) {
	var i engine.Instance
	var interval, reconcile int64
	var health, addresses sql.RawBytes
	err := rows.Scan(&i.OrgID, &i.ID, &i.ConnectionID, &i.Name, &i.AutoSync, &interval, &i.ConfigVersion, stamp{&i.NextRunAt},
		stamp{&i.CreatedAt}, &health, &reconcile, &i.Reconciles.Repair, &i.Reconciles.PerSecond, &i.ServiceID,
		&addresses, &i.Notification.OnFailure)
	if err != nil {
		return i, err
	}
	i.Interval, i.Reconciles.Every = time.Duration(interval)*time.Microsecond, time.Duration(reconcile)*time.Microsecond
	if err := json.Unmarshal(health, &i.Health); err != nil {
		return i, fmt.Errorf("read the health of the instance %s: %w", i.Name, err)
	}
	if err := json.Unmarshal(addresses, &i.Notification.Addresses); err != nil {
		return i, fmt.Errorf("read the addresses of the instance %s: %w", i.Name, err)
	}
	if len(i.Notification.Addresses) == 0 {
		i.Notification.Addresses = nil
	}
	return i, nil
}

// Instance fails as fault.NotFound.
func (db *DB) Instance(ctx context.Context, id ident.ID) (engine.Instance, error) {
	return one(ctx, db, instanceColumns+" WHERE id = $1", []any{id}, scanInstance,
		fault.New(fault.NotFound, "UnknownInstance", "there is no instance %s", id))
}

// ListInstances returns those of one organization by name; of all organizations for the zero id.
func (db *DB) ListInstances(ctx context.Context, org ident.ID) ([]engine.Instance, error) {
	if org.IsZero() {
		return collect(ctx, db, instanceColumns+" ORDER BY org_id, name_key", nil, scanInstance)
	}
	return collect(ctx, db, instanceColumns+" WHERE org_id = $1 ORDER BY name_key", []any{org}, scanInstance)
}

// SaveInstance inserts or replaces; a name that another instance of the organization has fails as fault.Conflict. Connection and remote service of
// an instance never change: its links and dirty rows stand under places in that connection's mirror.
func (db *DB) SaveInstance(ctx context.Context, i engine.Instance) error {
	health, err := document(i.Health)
	if err != nil {
		return err
	}
	addresses, err := document(append([]string{}, i.Notification.Addresses...))
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO instances (org_id, id, connection_id, name, name_key, auto_sync, interval_micros, config_version,
		next_run_at, created_at, health, reconcile_micros, reconcile_repair, reconcile_per_second, service_id, notify_addresses, notify_failures)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_key = excluded.name_key,
		auto_sync = excluded.auto_sync, interval_micros = excluded.interval_micros, config_version = excluded.config_version,
		next_run_at = excluded.next_run_at, health = excluded.health, reconcile_micros = excluded.reconcile_micros,
		reconcile_repair = excluded.reconcile_repair, reconcile_per_second = excluded.reconcile_per_second, notify_addresses = excluded.notify_addresses,
		notify_failures = excluded.notify_failures`,
		i.OrgID, i.ID, i.ConnectionID, i.Name, attr.NameKey(i.Name), bit(i.AutoSync), i.Interval.Microseconds(), i.ConfigVersion,
		micros(i.NextRunAt), micros(i.CreatedAt), health, i.Reconciles.Every.Microseconds(), bit(i.Reconciles.Repair), i.Reconciles.PerSecond, i.ServiceID,
		addresses, bit(i.Notification.OnFailure))
	if isDuplicate(err) {
		return fault.New(fault.Conflict, "InstanceExists", "the organization has another instance with the name %s", i.Name)
	}
	return err
}

// Settings fails as fault.NotFound.
func (db *DB) Settings(ctx context.Context, instance ident.ID, version int64) (engine.Settings, error) {
	return one(ctx, db, "SELECT document FROM configs WHERE instance_id = $1 AND version = $2", []any{instance, version},
		func(rows *sql.Rows) (engine.Settings, error) {
			var raw sql.RawBytes
			var settings engine.Settings
			if err := rows.Scan(&raw); err != nil {
				return settings, err
			}
			if err := json.Unmarshal(raw, &settings); err != nil {
				return settings, fmt.Errorf("read version %d of the settings of instance %s: %w", version, instance, err)
			}
			return settings, nil
		}, fault.New(fault.NotFound, "UnknownSettings", "there is no version %d of the settings of instance %s", version, instance))
}

// SaveSettings adds a version; one that exists fails as fault.Conflict, since versions never change.
func (db *DB) SaveSettings(ctx context.Context, instance ident.ID, version int64, settings engine.Settings, at time.Time) error {
	text, err := document(settings)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, "INSERT INTO configs (instance_id, version, created_at, document) VALUES ($1, $2, $3, $4)",
		instance, version, micros(at), text)
	return err
}

// DeleteInstance removes the instance with its links, settings, dirty rows and open changes, and its connection with the mirror if no
// other instance uses it. Users and groups that it owned stay as they are, unmanaged. Runs and closed changes stay as history.
func (db *DB) DeleteInstance(ctx context.Context, instance engine.Instance) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		for _, query := range []string{
			"DELETE FROM links WHERE instance_id = $1",
			"DELETE FROM configs WHERE instance_id = $1",
			"DELETE FROM dirty WHERE instance_id = $1",
			"DELETE FROM dirty_groups WHERE instance_id = $1",
			"DELETE FROM dirty_members WHERE instance_id = $1",
			"DELETE FROM group_links WHERE instance_id = $1",
			"DELETE FROM instance_groups WHERE instance_id = $1",
			"DELETE FROM instance_reach WHERE instance_id = $1",
			"DELETE FROM pins WHERE instance_id = $1",
			"DELETE FROM member_pins WHERE instance_id = $1",
			"DELETE FROM changes WHERE instance_id = $1 AND open = 1",
			"DELETE FROM instances WHERE id = $1",
		} {
			if _, err := db.exec(ctx, query, instance.ID); err != nil {
				return err
			}
		}
		_, err := db.exec(ctx, "UPDATE users SET owner_id = NULL, source_id = '', version = version + 1 WHERE org_id = $1 AND owner_id = $2",
			instance.OrgID, instance.ID)
		if err != nil {
			return err
		}
		_, err = db.exec(ctx, `UPDATE groups SET owner_id = NULL, source_id = '', to_be_synced = 0, awaited = 0, version = version + 1,
			revision = revision + 1 WHERE org_id = $1 AND owner_id = $2`, instance.OrgID, instance.ID)
		if err != nil {
			return err
		}
		if err := db.releaseService(ctx, instance); err != nil {
			return err
		}
		return db.dropConnection(ctx, instance.ConnectionID)
	})
}

// dropConnection removes a connection and its mirror if no instance uses it.
func (db *DB) dropConnection(ctx context.Context, id ident.ID) error {
	users, err := db.count(ctx, "SELECT COUNT(*) FROM instances WHERE connection_id = $1", id)
	if err != nil || users > 0 {
		return err
	}
	for _, query := range []string{
		"DELETE FROM mirror_users WHERE connection_id = $1",
		"DELETE FROM mirror_members WHERE connection_id = $1",
		"DELETE FROM mirror_groups WHERE connection_id = $1",
		"DELETE FROM mirror_arrivals WHERE connection_id = $1",
		"DELETE FROM tenant_groups WHERE connection_id = $1",
		"DELETE FROM tenant_nesting WHERE connection_id = $1",
		"DELETE FROM sign_ins WHERE connection_id = $1",
		"DELETE FROM cursors WHERE connection_id = $1",
		"DELETE FROM connections WHERE id = $1",
	} {
		if _, err := db.exec(ctx, query, id); err != nil {
			return err
		}
	}
	return nil
}
