package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

// MailSettings returns those of an organization; the zero value with its id if it has none.
func (db *DB) MailSettings(ctx context.Context, org ident.ID) (notify.Settings, error) {
	found, err := collect(ctx, db, `SELECT org_id, host, port, tls_mode, user_name, sealed_password, sender, language, changed_at FROM mail_settings
		WHERE org_id = $1`, []any{org}, func(rows *sql.Rows) (notify.Settings, error) {
		var s notify.Settings
		err := rows.Scan(&s.OrgID, &s.Host, &s.Port, &s.TLS, &s.User, &s.SealedPassword, &s.From, &s.Language, stamp{&s.ChangedAt})
		return s, err
	})
	if err != nil || len(found) == 0 {
		return notify.Settings{OrgID: org}, err
	}
	return found[0], nil
}

// SaveMailSettings inserts or replaces.
func (db *DB) SaveMailSettings(ctx context.Context, s notify.Settings) error {
	_, err := db.exec(ctx, `INSERT INTO mail_settings (org_id, host, port, tls_mode, user_name, sealed_password, sender, language, changed_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (org_id) DO UPDATE SET host = excluded.host, port = excluded.port, tls_mode = excluded.tls_mode, user_name = excluded.user_name,
		sealed_password = excluded.sealed_password, sender = excluded.sender, language = excluded.language, changed_at = excluded.changed_at`,
		s.OrgID, s.Host, s.Port, string(s.TLS), s.User, s.SealedPassword, s.From, s.Language, micros(s.ChangedAt))
	return err
}

// InsertMail adds a mail; one with the same organization, key and recipient stays alone.
func (db *DB) InsertMail(ctx context.Context, m notify.Mail) error {
	facts, err := document(m.Facts)
	if err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO mails (org_id, id, event_key, kind, recipient, facts, state, attempts, next_at, created_at, settled_at, answer)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (org_id, event_key, recipient) DO NOTHING`,
		m.OrgID, m.ID, m.Key, string(m.Kind), m.To, facts, string(m.State), m.Attempts, micros(m.NextAt), micros(m.CreatedAt), micros(m.SettledAt), m.Answer)
	return err
}

const mailColumns = "SELECT org_id, id, event_key, kind, recipient, facts, state, attempts, next_at, created_at, settled_at, answer FROM mails"

func scanMail(rows *sql.Rows) (notify.Mail, error) {
	var m notify.Mail
	var facts sql.RawBytes
	err := rows.Scan(&m.OrgID, &m.ID, &m.Key, &m.Kind, &m.To, &facts, &m.State, &m.Attempts, stamp{&m.NextAt}, stamp{&m.CreatedAt}, stamp{&m.SettledAt}, &m.Answer)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(facts, &m.Facts); err != nil {
		return m, fmt.Errorf("read the facts of the mail %s: %w", m.ID, err)
	}
	return m, nil
}

const dueMails = mailColumns + " WHERE state = 'waiting' AND next_at <= $1 ORDER BY next_at, id LIMIT $2"

// DueMails returns waiting mails whose next attempt is due, the first due ones first.
func (db *DB) DueMails(ctx context.Context, now time.Time, limit int) ([]notify.Mail, error) {
	return collect(ctx, db, dueMails, []any{micros(now), limit}, scanMail)
}

// SaveMail replaces state, attempts, times and answer of a waiting mail with so many attempts; otherwise it fails as fault.Stale.
func (db *DB) SaveMail(ctx context.Context, m notify.Mail, attempts int) error {
	count, err := db.exec(ctx, `UPDATE mails SET state = $1, attempts = $2, next_at = $3, settled_at = $4, answer = $5
		WHERE org_id = $6 AND id = $7 AND state = 'waiting' AND attempts = $8`,
		string(m.State), m.Attempts, micros(m.NextAt), micros(m.SettledAt), m.Answer, m.OrgID, m.ID, attempts)
	if err == nil && count == 0 {
		return fault.New(fault.Stale, "MailMoved", "the mail %s was sent or tried by somebody else", m.ID)
	}
	return err
}

const listMails = mailColumns + " WHERE org_id = $1 ORDER BY id DESC LIMIT $2"

// ListMails returns the newest mails of an organization.
func (db *DB) ListMails(ctx context.Context, org ident.ID, limit int) ([]notify.Mail, error) {
	return collect(ctx, db, listMails, []any{org, limit}, scanMail)
}

const dropMails = "DELETE FROM mails WHERE state <> 'waiting' AND settled_at < $1"

// DropMails removes mails that were settled before the time.
func (db *DB) DropMails(ctx context.Context, before time.Time) (int, error) {
	return db.exec(ctx, dropMails, micros(before))
}
