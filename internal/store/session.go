package store

import (
	"context"
	"database/sql"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const sessionColumns = "SELECT id, administrator_id, hash, address, agent, created_at, used_at, expires_at FROM sessions"

func scanSession(rows *sql.Rows) (directory.Session, error) {
	var s directory.Session
	err := rows.Scan(&s.ID, &s.AdministratorID, &s.Hash, &s.Address, &s.Agent, stamp{&s.CreatedAt}, stamp{&s.UsedAt}, stamp{&s.ExpiresAt})
	return s, err
}

// SaveSession inserts a session.
func (db *DB) SaveSession(ctx context.Context, s directory.Session) error {
	_, err := db.exec(ctx, `INSERT INTO sessions (id, administrator_id, hash, address, agent, created_at, used_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		s.ID, s.AdministratorID, s.Hash, s.Address, s.Agent, micros(s.CreatedAt), micros(s.UsedAt), micros(s.ExpiresAt))
	return err
}

// SessionByHash fails as fault.NotFound.
func (db *DB) SessionByHash(ctx context.Context, hash []byte) (directory.Session, error) {
	return one(ctx, db, sessionColumns+" WHERE hash = $1", []any{hash}, scanSession, fault.New(fault.NotFound, "UnknownSession", "there is no such session"))
}

// ListSessions returns the sessions of an administrator, the newest first.
func (db *DB) ListSessions(ctx context.Context, administrator ident.ID) ([]directory.Session, error) {
	return collect(ctx, db, sessionColumns+" WHERE administrator_id = $1 ORDER BY id DESC", []any{administrator}, scanSession)
}

// TouchSession notes when the session was used.
func (db *DB) TouchSession(ctx context.Context, id ident.ID, at time.Time) error {
	_, err := db.exec(ctx, "UPDATE sessions SET used_at = $1 WHERE id = $2", micros(at), id)
	return err
}

// DeleteSessions removes all of the administrator.
func (db *DB) DeleteSessions(ctx context.Context, administrator ident.ID) error {
	_, err := db.exec(ctx, "DELETE FROM sessions WHERE administrator_id = $1", administrator)
	return err
}

// DeleteSession removes one of the administrator, and reports whether there was such a one.
func (db *DB) DeleteSession(ctx context.Context, administrator, id ident.ID) (bool, error) {
	n, err := db.exec(ctx, "DELETE FROM sessions WHERE administrator_id = $1 AND id = $2", administrator, id)
	return n > 0, err
}

// DropSessions removes those that expired, or were used last, before the times.
func (db *DB) DropSessions(ctx context.Context, expired, used time.Time) (int, error) {
	return db.exec(ctx, "DELETE FROM sessions WHERE expires_at < $1 OR used_at < $2", micros(expired), micros(used))
}
