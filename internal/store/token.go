package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// tokenColumns reads tokens; one is suspended while the user for whom it acts is inactive or does not exist.
//
//nolint:gosec // a query, not a credential
const tokenColumns = `SELECT t.org_id, t.id, t.name, t.role, t.user_id, t.administrator_id, COALESCE(a.role, ''), t.created_at, t.expires_at,
	t.revoked_at, t.notice, t.hash, CASE WHEN t.user_id IS NOT NULL AND COALESCE(u.active, 0) = 0 THEN 1 ELSE 0 END, t.old_hash, t.old_until,
	t.source, t.profile, CASE WHEN instr(' ' || o.blocked_sources || ' ', ' ' || t.source || ' ') > 0 AND t.source <> '' THEN 1 ELSE 0 END,
	t.client_id, t.used_at, t.take_over
	FROM tokens t LEFT JOIN administrators a ON a.id = t.administrator_id LEFT JOIN organizations o ON o.id = t.org_id
	LEFT JOIN users u ON u.org_id = t.org_id AND u.id = t.user_id`

func scanToken(rows *sql.Rows) (directory.Token, error) {
	var t directory.Token
	err := rows.Scan(&t.OrgID, &t.ID, &t.Name, &t.Role, &t.UserID, &t.AdministratorID, &t.AdministratorRole, stamp{&t.CreatedAt},
		stamp{&t.ExpiresAt}, stamp{&t.RevokedAt}, &t.Notice, &t.Hash, &t.Suspended, &t.OldHash, stamp{&t.OldUntil}, &t.Source, &t.Profile,
		&t.Blocked, &t.ClientID, stamp{&t.UsedAt}, &t.TakeOver)
	return t, err
}

// SaveToken inserts a token.
func (db *DB) SaveToken(ctx context.Context, t directory.Token) error {
	_, err := db.exec(ctx, `INSERT INTO tokens (org_id, id, name, role, user_id, administrator_id, created_at, expires_at, revoked_at, hash,
		old_hash, old_until, source, profile, client_id, used_at, notice, take_over)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		orgKey(t.OrgID), t.ID, t.Name, string(t.Role), t.UserID, t.AdministratorID, micros(t.CreatedAt), micros(t.ExpiresAt),
		micros(t.RevokedAt), t.Hash, t.OldHash, micros(t.OldUntil), string(t.Source), string(t.Profile), t.ClientID, micros(t.UsedAt), int64(t.Notice),
		bit(t.TakeOver))
	return err
}

// TokenByHash returns the token whose secret, or whose secret before that, has the hash. It fails as fault.NotFound.
func (db *DB) TokenByHash(ctx context.Context, hash []byte) (directory.Token, error) {
	inside := db.tx(ctx) != nil
	known, found, version := db.admitted.token(hash)
	if found && !inside {
		return known, nil
	}
	unknown := fault.New(fault.NotFound, "UnknownToken", "there is no such token")
	token, err := one(ctx, db, tokenColumns+" WHERE t.hash = $1", []any{hash}, scanToken, unknown)
	if fault.Of(err) == unknown {
		token, err = one(ctx, db, tokenColumns+" WHERE t.old_hash = $1", []any{hash}, scanToken, unknown)
	}
	if err == nil && !inside {
		db.admitted.keepToken(hash, token, version)
	}
	return token, err
}

// Token fails as fault.NotFound.
func (db *DB) Token(ctx context.Context, id ident.ID) (directory.Token, error) {
	return one(ctx, db, tokenColumns+" WHERE t.id = $1", []any{id}, scanToken,
		fault.New(fault.NotFound, "UnknownToken", "there is no token %s", id))
}

// ListTokens returns the organization's tokens and, for the zero organization, all tokens there are; newest first. Access tokens are left out.
func (db *DB) ListTokens(ctx context.Context, org ident.ID) ([]directory.Token, error) {
	if org.IsZero() {
		return collect(ctx, db, tokenColumns+" WHERE t.client_id IS NULL ORDER BY t.id DESC", nil, scanToken)
	}
	return collect(ctx, db, tokenColumns+" WHERE t.org_id = $1 AND t.client_id IS NULL ORDER BY t.id DESC", []any{org}, scanToken)
}

// RevokeToken ends a token; one that ended before keeps its time. It fails as fault.NotFound.
func (db *DB) RevokeToken(ctx context.Context, id ident.ID, at time.Time) error {
	defer db.afterCommit(ctx, db.admitted.forget)
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

// ExpiringTokens returns the tokens, of all organizations and of the server, that are not revoked and end between the two times, the next one
// first; access tokens are left out.
func (db *DB) ExpiringTokens(ctx context.Context, from, until time.Time) ([]directory.Token, error) {
	return collect(ctx, db, tokenColumns+` WHERE t.revoked_at = 0 AND t.client_id IS NULL AND t.expires_at BETWEEN $1 AND $2
		ORDER BY t.expires_at, t.id`, []any{micros(from), micros(until)}, scanToken)
}

// NoteToken stores the latest notice that was given about a token.
func (db *DB) NoteToken(ctx context.Context, id ident.ID, notice directory.Notice) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	_, err := db.exec(ctx, "UPDATE tokens SET notice = $1 WHERE id = $2", int64(notice), id)
	return err
}
