package store

import (
	"context"
	"database/sql"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const serviceColumns = "SELECT org_id, id, profile, base_url, token_url, client_id, scope, sealed_secret, created_at FROM remote_services"

func scanService(rows *sql.Rows) (engine.RemoteService, error) {
	var s engine.RemoteService
	err := rows.Scan(&s.OrgID, &s.ID, &s.Profile, &s.BaseURL, &s.TokenURL, &s.ClientID, &s.Scope, &s.SealedSecret, stamp{&s.CreatedAt})
	return s, err
}

// RemoteService fails as fault.NotFound.
func (db *DB) RemoteService(ctx context.Context, id ident.ID) (engine.RemoteService, error) {
	return one(ctx, db, serviceColumns+" WHERE id = $1", []any{id}, scanService,
		fault.New(fault.NotFound, "UnknownService", "there is no remote service %s", id))
}

// ListRemoteServices returns those of an organization.
func (db *DB) ListRemoteServices(ctx context.Context, org ident.ID) ([]engine.RemoteService, error) {
	return collect(ctx, db, serviceColumns+" WHERE org_id = $1 ORDER BY base_url", []any{org}, scanService)
}

// SaveRemoteService inserts or replaces.
func (db *DB) SaveRemoteService(ctx context.Context, s engine.RemoteService) error {
	_, err := db.exec(ctx, `INSERT INTO remote_services (org_id, id, profile, base_url, token_url, client_id, scope, sealed_secret, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET profile = excluded.profile, token_url = excluded.token_url,
		client_id = excluded.client_id, scope = excluded.scope, sealed_secret = excluded.sealed_secret`,
		s.OrgID, s.ID, s.Profile, s.BaseURL, s.TokenURL, s.ClientID, s.Scope, s.SealedSecret, micros(s.CreatedAt))
	return err
}

// releaseService lets go of what a deleted instance owned in its remote service, and forgets the service if no other instance writes to it.
func (db *DB) releaseService(ctx context.Context, instance engine.Instance) error {
	if instance.ServiceID.IsZero() {
		return nil
	}
	_, err := db.exec(ctx, `UPDATE remote_objects SET owner_id = NULL, source_id = '', to_be_synced = 0, awaited = 0, version = version + 1
		WHERE service_id = $1 AND owner_id = $2`, instance.ServiceID, instance.ID)
	if err != nil {
		return err
	}
	if _, err := db.exec(ctx, "DELETE FROM remote_intents WHERE instance_id = $1", instance.ID); err != nil {
		return err
	}
	users, err := db.count(ctx, "SELECT COUNT(*) FROM instances WHERE service_id = $1", instance.ServiceID)
	if err != nil || users > 0 {
		return err
	}
	for _, query := range []string{
		"DELETE FROM remote_objects WHERE service_id = $1",
		"DELETE FROM remote_members WHERE service_id = $1",
		"DELETE FROM remote_states WHERE service_id = $1",
		"DELETE FROM remote_services WHERE id = $1",
	} {
		if _, err := db.exec(ctx, query, instance.ServiceID); err != nil {
			return err
		}
	}
	return nil
}
