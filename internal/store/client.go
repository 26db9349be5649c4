package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const clientColumns = `SELECT c.org_id, c.id, c.name, c.role, c.source, c.profile, c.administrator_id, COALESCE(a.role, ''), c.issuer,
	c.subject, c.audience, c.keys_url, c.created_at, c.revoked_at, c.take_over FROM clients c LEFT JOIN administrators a ON a.id = c.administrator_id`

func scanClient(rows *sql.Rows) (directory.Client, error) {
	var c directory.Client
	err := rows.Scan(&c.OrgID, &c.ID, &c.Name, &c.Role, &c.Source, &c.Profile, &c.AdministratorID, &c.AdministratorRole, &c.Federation.Issuer,
		&c.Federation.Subject, &c.Federation.Audience, &c.Federation.KeysURL, stamp{&c.CreatedAt}, stamp{&c.RevokedAt},
		&c.TakeOver)
	return c, err
}

// SaveClient inserts a client.
func (db *DB) SaveClient(ctx context.Context, c directory.Client) error {
	_, err := db.exec(ctx, `INSERT INTO clients (org_id, id, name, role, source, profile, administrator_id, issuer, subject, audience, keys_url,
		created_at, revoked_at, take_over) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		c.OrgID, c.ID, c.Name, string(c.Role), string(c.Source), string(c.Profile), c.AdministratorID, c.Federation.Issuer, c.Federation.Subject,
		c.Federation.Audience, c.Federation.KeysURL, micros(c.CreatedAt), micros(c.RevokedAt), bit(c.TakeOver))
	return err
}

// Client fails as fault.NotFound.
func (db *DB) Client(ctx context.Context, id ident.ID) (directory.Client, error) {
	return one(ctx, db, clientColumns+" WHERE c.id = $1", []any{id}, scanClient,
		fault.New(fault.NotFound, "UnknownClient", "there is no client %s", id))
}

// ListClients returns those of an organization, newest first.
func (db *DB) ListClients(ctx context.Context, org ident.ID) ([]directory.Client, error) {
	return collect(ctx, db, clientColumns+" WHERE c.org_id = $1 ORDER BY c.id DESC", []any{org}, scanClient)
}

// RevokeClient ends the client and its access tokens; what ended before keeps its time.
func (db *DB) RevokeClient(ctx context.Context, id ident.ID, at time.Time) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	return db.InTx(ctx, func(ctx context.Context) error {
		if _, err := db.exec(ctx, "UPDATE clients SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0", micros(at), id); err != nil {
			return err
		}
		_, err := db.exec(ctx, "UPDATE tokens SET revoked_at = $1 WHERE client_id = $2 AND revoked_at = 0", micros(at), id)
		return err
	})
}

const secretColumns = "SELECT s.client_id, s.hash, s.created_at, s.expires_at, s.announced FROM client_secrets s" //nolint:gosec // a query, not a credential

func scanSecret(rows *sql.Rows) (directory.ClientSecret, error) {
	var s directory.ClientSecret
	err := rows.Scan(&s.ClientID, &s.Hash, stamp{&s.CreatedAt}, stamp{&s.ExpiresAt}, &s.Notice)
	return s, err
}

// ClientSecrets returns those of a client, the oldest first.
func (db *DB) ClientSecrets(ctx context.Context, client ident.ID) ([]directory.ClientSecret, error) {
	return collect(ctx, db, secretColumns+" WHERE s.client_id = $1 ORDER BY s.created_at, s.hash", []any{client}, scanSecret)
}

// SaveSecret inserts or replaces.
func (db *DB) SaveSecret(ctx context.Context, s directory.ClientSecret) error {
	_, err := db.exec(ctx, `INSERT INTO client_secrets (client_id, hash, created_at, expires_at, announced) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (client_id, hash) DO UPDATE SET expires_at = excluded.expires_at, announced = excluded.announced`,
		s.ClientID, s.Hash, micros(s.CreatedAt), micros(s.ExpiresAt), int64(s.Notice))
	return err
}

// DeleteSecret removes a secret; one that does not exist is passed over.
func (db *DB) DeleteSecret(ctx context.Context, s directory.ClientSecret) error {
	_, err := db.exec(ctx, "DELETE FROM client_secrets WHERE client_id = $1 AND hash = $2", s.ClientID, s.Hash)
	return err
}

// ExpiringSecrets returns the newest secrets of clients that are not revoked, as far as they end between the two times, the next one first.
func (db *DB) ExpiringSecrets(ctx context.Context, from, until time.Time) ([]directory.ClientSecret, error) {
	return collect(ctx, db, secretColumns+` JOIN clients c ON c.id = s.client_id
		WHERE c.revoked_at = 0 AND s.expires_at BETWEEN $1 AND $2
		AND NOT EXISTS (SELECT 1 FROM client_secrets n WHERE n.client_id = s.client_id AND n.created_at > s.created_at)
		ORDER BY s.expires_at, s.hash`, []any{micros(from), micros(until)}, scanSecret)
}
