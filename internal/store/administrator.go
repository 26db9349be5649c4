package store

import (
	"context"
	"database/sql"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const administratorColumns = `SELECT org_id, id, name, role, created_at, email, password, language, theme, signed_in_at, tour_step, tour_person, tour_left
	FROM administrators`

func scanAdministrator(rows *sql.Rows) (directory.Administrator, error) {
	var a directory.Administrator
	err := rows.Scan(&a.OrgID, &a.ID, &a.Name, &a.Role, stamp{&a.CreatedAt}, &a.Email, &a.Password, &a.Language, &a.Theme, stamp{&a.SignedInAt},
		&a.Tour.Step, &a.Tour.Person, &a.Tour.Left)
	return a, err
}

// SaveAdministrator inserts or replaces.
func (db *DB) SaveAdministrator(ctx context.Context, a directory.Administrator) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	_, err := db.exec(ctx, `INSERT INTO administrators (org_id, id, name, role, created_at, email, email_key, password, language, theme, signed_in_at,
		tour_step, tour_person, tour_left) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, email = excluded.email, email_key = excluded.email_key,
		password = excluded.password, language = excluded.language, theme = excluded.theme, signed_in_at = excluded.signed_in_at,
		tour_step = excluded.tour_step, tour_person = excluded.tour_person, tour_left = excluded.tour_left`,
		orgKey(a.OrgID), a.ID, a.Name, string(a.Role), micros(a.CreatedAt), a.Email, attr.NameKey(a.Email), a.Password, a.Language, a.Theme,
		micros(a.SignedInAt), a.Tour.Step, a.Tour.Person, bit(a.Tour.Left))
	return err
}

// Administrators returns those of an organization, of the server for the zero organization, in the order in which they were made.
func (db *DB) Administrators(ctx context.Context, org ident.ID) ([]directory.Administrator, error) {
	return collect(ctx, db, administratorColumns+" WHERE org_id = $1 ORDER BY id", []any{orgKey(org)}, scanAdministrator)
}

// Administrator fails as fault.NotFound.
func (db *DB) Administrator(ctx context.Context, id ident.ID) (directory.Administrator, error) {
	return one(ctx, db, administratorColumns+" WHERE id = $1", []any{id}, scanAdministrator,
		fault.New(fault.NotFound, "UnknownAdministrator", "there is no administrator %s", id))
}

// AdministratorByEmail fails as fault.NotFound.
func (db *DB) AdministratorByEmail(ctx context.Context, email string) (directory.Administrator, error) {
	return one(ctx, db, administratorColumns+" WHERE email_key = $1 AND email_key <> ''", []any{attr.NameKey(email)}, scanAdministrator,
		fault.New(fault.NotFound, "UnknownAdministrator", "no administrator has this address"))
}

// DeleteAdministrator removes one; there may be none.
func (db *DB) DeleteAdministrator(ctx context.Context, id ident.ID) error {
	defer db.afterCommit(ctx, db.admitted.forget)
	_, err := db.exec(ctx, "DELETE FROM administrators WHERE id = $1", id)
	return err
}

const invitationColumns = "SELECT org_id, id, role, email, hash, created_at, expires_at FROM invitations"

func scanInvitation(rows *sql.Rows) (directory.Invitation, error) {
	var i directory.Invitation
	err := rows.Scan(&i.OrgID, &i.ID, &i.Role, &i.Email, &i.Hash, stamp{&i.CreatedAt}, stamp{&i.ExpiresAt})
	return i, err
}

// SaveInvitation inserts an invitation.
func (db *DB) SaveInvitation(ctx context.Context, i directory.Invitation) error {
	_, err := db.exec(ctx, "INSERT INTO invitations (org_id, id, role, email, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		orgKey(i.OrgID), i.ID, string(i.Role), i.Email, i.Hash, micros(i.CreatedAt), micros(i.ExpiresAt))
	return err
}

// InvitationByHash fails as fault.NotFound.
func (db *DB) InvitationByHash(ctx context.Context, hash []byte) (directory.Invitation, error) {
	return one(ctx, db, invitationColumns+" WHERE hash = $1", []any{hash}, scanInvitation,
		fault.New(fault.NotFound, "UnknownInvitation", "the link is not known"))
}

// ListInvitations returns those of an organization, of the server for the zero organization, the newest first.
func (db *DB) ListInvitations(ctx context.Context, org ident.ID) ([]directory.Invitation, error) {
	return collect(ctx, db, invitationColumns+" WHERE org_id = $1 ORDER BY id DESC", []any{orgKey(org)}, scanInvitation)
}

// DeleteInvitation reports whether there was such a one.
func (db *DB) DeleteInvitation(ctx context.Context, org, id ident.ID) (bool, error) {
	count, err := db.exec(ctx, "DELETE FROM invitations WHERE org_id = $1 AND id = $2", orgKey(org), id)
	return count > 0, err
}
