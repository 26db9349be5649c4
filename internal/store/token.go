package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// selectTokens reads tokens; one is suspended while the user for whom it acts is inactive or does not exist.
//
//nolint:gosec // a query, not a credential
const selectTokens = `SELECT t.org_id, t.id, t.name, t.role, t.user_id, t.administrator_id, COALESCE(a.role, ''), t.created_at, t.expires_at,
	t.revoked_at, t.notice, t.hash, CASE WHEN t.user_id IS NOT NULL AND COALESCE(u.active, 0) = 0 THEN 1 ELSE 0 END
	FROM tokens t LEFT JOIN administrators a ON a.id = t.administrator_id
	LEFT JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id`

func scanToken(rows *sql.Rows) (directory.Token, error) {
	var t directory.Token
	err := rows.Scan(&t.OrgID, &t.ID, &t.Name, &t.Role, &t.UserID, &t.AdministratorID, &t.AdministratorRole, stamp{&t.CreatedAt},
		stamp{&t.ExpiresAt}, stamp{&t.RevokedAt}, &t.Notice, &t.Hash, &t.Suspended)
	return t, err
}

// SaveToken inserts a token.
func (db *DB) SaveToken(ctx context.Context, t directory.Token) error {
	_, err := db.exec(ctx, `INSERT INTO tokens (org_id, id, name, role, user_id, administrator_id, created_at, expires_at, revoked_at, hash)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		orgKey(t.OrgID), t.ID, t.Name, string(t.Role), t.UserID, t.AdministratorID, micros(t.CreatedAt), micros(t.ExpiresAt),
		micros(t.RevokedAt), t.Hash)
	return err
}

// TokenByHash fails as fault.NotFound.
func (db *DB) TokenByHash(ctx context.Context, hash []byte) (directory.Token, error) {
	return one(ctx, db, selectTokens+" WHERE t.hash = $1", []any{hash}, scanToken,
		fault.New(fault.NotFound, "UnknownToken", "there is no such token"))
}

// Token fails as fault.NotFound.
func (db *DB) Token(ctx context.Context, id ident.ID) (directory.Token, error) {
	return one(ctx, db, selectTokens+" WHERE t.id = $1", []any{id}, scanToken,
		fault.New(fault.NotFound, "UnknownToken", "there is no token %s", id))
}

// ListTokens returns the organization's tokens and, for the zero organization, all tokens there are; newest first.
func (db *DB) ListTokens(ctx context.Context, org ident.ID) ([]directory.Token, error) {
	if org.IsZero() {
		return collect(ctx, db, selectTokens+" ORDER BY t.id DESC", nil, scanToken)
	}
	return collect(ctx, db, selectTokens+" WHERE t.org_id = $1 ORDER BY t.id DESC", []any{org}, scanToken)
}

// RevokeToken ends a token; one that ended before keeps its time. It fails as fault.NotFound.
func (db *DB) RevokeToken(ctx context.Context, id ident.ID, at time.Time) error {
	return db.InTx(ctx, func(ctx context.Context) error {
		count, err := db.exec(ctx, "UPDATE tokens SET revoked_at = $1 WHERE id = $2 AND revoked_at = 0", micros(at), id)
		if err != nil || count > 0 {
			return err
		}
		_, err = db.Token(ctx, id)
		return err
	})
}

// RevokeUserTokens revokes what acts for the users.
func (db *DB) RevokeUserTokens(ctx context.Context, org ident.ID, users []ident.ID, at time.Time) error {
	_, err := execListed(ctx, db, listed{head: "UPDATE tokens SET revoked_at = $ WHERE org_id = $ AND revoked_at = 0 AND user_id"},
		[]any{micros(at), orgKey(org)}, users)
	return err
}

// SaveAdministrator inserts or replaces.
func (db *DB) SaveAdministrator(ctx context.Context, a directory.Administrator) error {
	_, err := db.exec(ctx, `INSERT INTO administrators (org_id, id, name, role, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role`,
		orgKey(a.OrgID), a.ID, a.Name, string(a.Role), micros(a.CreatedAt))
	return err
}

// ExpiringTokens returns the tokens, of all organizations and of the server, that are not revoked and end between the two times, the next one
// first.
func (db *DB) ExpiringTokens(ctx context.Context, from, until time.Time) ([]directory.Token, error) {
	return collect(ctx, db, selectTokens+" WHERE t.revoked_at = 0 AND t.expires_at BETWEEN $1 AND $2 ORDER BY t.expires_at, t.id",
		[]any{micros(from), micros(until)}, scanToken)
}

// NoteToken stores the latest notice that was given about a token.
func (db *DB) NoteToken(ctx context.Context, id ident.ID, notice directory.Notice) error {
	_, err := db.exec(ctx, "UPDATE tokens SET notice = $1 WHERE id = $2", int64(notice), id)
	return err
}

// Administrators returns those of an organization, of the server for the zero organization, in the order in which they were made.
func (db *DB) Administrators(ctx context.Context, org ident.ID) ([]directory.Administrator, error) {
	return collect(ctx, db, "SELECT org_id, id, name, role, created_at FROM administrators WHERE org_id = $1 ORDER BY id", []any{orgKey(org)},
		func(rows *sql.Rows) (directory.Administrator, error) {
			var a directory.Administrator
			err := rows.Scan(&a.OrgID, &a.ID, &a.Name, &a.Role, stamp{&a.CreatedAt})
			return a, err
		})
}
