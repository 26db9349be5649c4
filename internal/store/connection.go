package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const connectionColumns = `SELECT org_id, id, tenant_id, cloud, client_id, form, sealed_secret, thumbprint, secret_expires_at, secret_notice, state, standing,
	created_at FROM connections`

func scanConnection(rows *sql.Rows) (engine.Connection, error) {
	var c engine.Connection
	var standing sql.RawBytes
	err := rows.Scan(&c.OrgID, &c.ID, &c.TenantID, &c.Cloud, &c.ClientID, &c.Form, &c.SealedSecret, &c.Thumbprint, stamp{&c.SecretExpiresAt},
		&c.SecretNotice, &c.State, &standing, stamp{&c.CreatedAt})
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(standing, &c.Standing); err != nil {
		return c, fmt.Errorf("read the standing of the connection %s: %w", c.ID, err)
	}
	return c, nil
}

// Connection fails as fault.NotFound.
func (db *DB) Connection(ctx context.Context, id ident.ID) (engine.Connection, error) {
	return one(ctx, db, connectionColumns+" WHERE id = $1", []any{id}, scanConnection, fault.New(fault.NotFound, "UnknownConnection", "there is no connection %s", id))
}

// ListConnections returns those of an organization, the oldest first; of all organizations for the zero id.
func (db *DB) ListConnections(ctx context.Context, org ident.ID) ([]engine.Connection, error) {
	if org.IsZero() {
		return collect(ctx, db, connectionColumns+" ORDER BY id", nil, scanConnection)
	}
	return collect(ctx, db, connectionColumns+" WHERE org_id = $1 ORDER BY id", []any{org}, scanConnection)
}

// SaveConnection inserts or replaces.
func (db *DB) SaveConnection(ctx context.Context, c engine.Connection) error {
	standing, err := document(c.Standing)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO connections (org_id, id, tenant_id, cloud, client_id, form, sealed_secret, thumbprint, secret_expires_at,
		secret_notice, state, standing, created_at, next_seq) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)
		ON CONFLICT (id) DO UPDATE SET tenant_id = excluded.tenant_id, cloud = excluded.cloud, client_id = excluded.client_id, form = excluded.form,
		sealed_secret = excluded.sealed_secret, thumbprint = excluded.thumbprint, secret_expires_at = excluded.secret_expires_at,
		secret_notice = excluded.secret_notice, state = excluded.state, standing = excluded.standing`,
		c.OrgID, c.ID, c.TenantID, c.Cloud, c.ClientID, string(c.Form), c.SealedSecret, c.Thumbprint, micros(c.SecretExpiresAt), int64(c.SecretNotice),
		string(c.State), standing, micros(c.CreatedAt))
	return err
}

// ExpiringConnections returns the connections of all organizations whose credential ends before the time.
func (db *DB) ExpiringConnections(ctx context.Context, before time.Time) ([]engine.Connection, error) {
	return collect(ctx, db, connectionColumns+" WHERE secret_expires_at > 0 AND secret_expires_at <= $1 ORDER BY secret_expires_at, id",
		[]any{micros(before)}, scanConnection)
}

// DeleteConnection removes a connection with its mirror; one that an instance uses fails as fault.Conflict.
func (db *DB) DeleteConnection(ctx context.Context, id ident.ID) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		users, err := db.count(ctx, "SELECT COUNT(*) FROM instances WHERE connection_id = $1", id)
		switch {
		case err != nil:
			return err
		case users > 0:
			return fault.New(fault.Conflict, "ConnectionInUse", "an instance uses the connection").WithRemedy("Delete the instance first.")
		}
		return db.dropConnection(ctx, id)
	})
}

// SaveSignIn inserts, and forgets those that ended before now.
func (db *DB) SaveSignIn(ctx context.Context, s engine.SignIn, now time.Time) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "DELETE FROM sign_ins WHERE expires_at < $1", micros(now)); err != nil {
			return err
		}
		_, err := db.exec(ctx, `INSERT INTO sign_ins (org_id, connection_id, state_hash, step, bound, redirect_uri, nonce, sealed_verifier, expires_at,
			instance_id, shared) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			s.OrgID, s.ConnectionID, s.Key, string(s.Step), s.Bound, s.RedirectURI, s.Nonce, s.SealedVerifier, micros(s.ExpiresAt), s.InstanceID, bit(s.Shared))
		return err
	})
}

// SignIn fails as fault.NotFound.
func (db *DB) SignIn(ctx context.Context, key []byte) (engine.SignIn, error) {
	return one(ctx, db, `SELECT org_id, connection_id, state_hash, step, bound, redirect_uri, nonce, sealed_verifier, expires_at, instance_id, shared
		FROM sign_ins WHERE state_hash = $1`, []any{key}, func(rows *sql.Rows) (engine.SignIn, error) {
		var s engine.SignIn
		err := rows.Scan(&s.OrgID, &s.ConnectionID, &s.Key, &s.Step, &s.Bound, &s.RedirectURI, &s.Nonce, &s.SealedVerifier, stamp{&s.ExpiresAt}, &s.InstanceID, &s.Shared)
		return s, err
	}, fault.New(fault.NotFound, "UnknownSignIn", "there is no such sign-in"))
}

// DropSignIn forgets a sign-in.
func (db *DB) DropSignIn(ctx context.Context, key []byte) error {
	_, err := db.exec(ctx, "DELETE FROM sign_ins WHERE state_hash = $1", key)
	return err
}
