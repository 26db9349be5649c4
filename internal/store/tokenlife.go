package store

import (
	"context"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// UpdateToken replaces secrets, end, administrator and the latest notice.
func (db *DB) UpdateToken(ctx context.Context, t directory.Token) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	_, err := db.exec(ctx, `UPDATE tokens SET hash = $1, old_hash = $2, old_until = $3, expires_at = $4, administrator_id = $5, notice = $6
		WHERE id = $7`, t.Hash, t.OldHash, micros(t.OldUntil), micros(t.ExpiresAt), t.AdministratorID, int64(t.Notice), t.ID)
	return err
}

// TouchToken notes when the token was used.
func (db *DB) TouchToken(ctx context.Context, id ident.ID, at time.Time) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	_, err := db.exec(ctx, "UPDATE tokens SET used_at = $1 WHERE id = $2", micros(at), id)
	return err
}

// DropAccessTokens removes access tokens that expired before the time.
func (db *DB) DropAccessTokens(ctx context.Context, before time.Time) (int, error) {
	defer db.afterCommit(ctx, db.admitted.forget)
	return db.exec(ctx, "DELETE FROM tokens WHERE client_id IS NOT NULL AND expires_at < $1", micros(before))
}

// UseAssertion notes until when an assertion is known as used; false if it was used before.
func (db *DB) UseAssertion(ctx context.Context, digest []byte, until time.Time) (bool, error) {
	count, err := db.exec(ctx, "INSERT INTO used_assertions (digest, expires_at) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING", digest, micros(until))
	return count > 0, err
}

// DropAssertions forgets those that were to be known until before the time.
func (db *DB) DropAssertions(ctx context.Context, before time.Time) (int, error) {
	return db.exec(ctx, "DELETE FROM used_assertions WHERE expires_at < $1", micros(before))
}
