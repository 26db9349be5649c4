package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// Cursor returns the cursor of a connection; the zero cursor before the first save.
func (db *DB) Cursor(ctx context.Context, connection ident.ID) (mirror.Cursor, error) {
	var cursor mirror.Cursor
	err := db.each(ctx, "SELECT version, document FROM cursors WHERE connection_id = $1", []any{connection}, func(rows *sql.Rows) error {
		var raw sql.RawBytes
		if err := rows.Scan(&cursor.Version, &raw); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &cursor); err != nil {
			return fmt.Errorf("read the cursor of connection %s: %w", connection, err)
		}
		return nil
	})
	return cursor, err
}

// SaveCursor fails as fault.Stale when cursor.Version is not the stored one.
func (db *DB) SaveCursor(ctx context.Context, connection ident.ID, cursor mirror.Cursor) error {
	text, err := document(cursor)
	if err != nil {
		return err
	}
	var count int
	if cursor.Version == 0 {
		count, err = db.exec(ctx, "INSERT INTO cursors (connection_id, version, document) VALUES ($1, 1, $2) ON CONFLICT (connection_id) DO NOTHING",
			connection, text)
	} else {
		count, err = db.exec(ctx, "UPDATE cursors SET version = version + 1, document = $1 WHERE connection_id = $2 AND version = $3",
			text, connection, cursor.Version)
	}
	if err == nil && count == 0 {
		return fault.New(fault.Stale, "CursorMoved", "another pull of the same tenant went on meanwhile")
	}
	return err
}

const (
	mirrorColumns = "m.seq, m.source_id, m.state, m.deleted_at, m.hash, m.attributes"
	// bareColumns leave the attributes on the disk.
	bareColumns = "m.seq, m.source_id, m.state, m.deleted_at, m.hash, NULL"
)

// mirrored scans a user of the mirror.
type mirrored struct {
	user       mirror.User
	attributes sql.RawBytes
}

func (m *mirrored) into() []any {
	return []any{&m.user.Seq, &m.user.SourceID, &m.user.State, stamp{&m.user.DeletedAt}, &m.user.Hash, &m.attributes}
}

func (m *mirrored) finish() (err error) {
	m.user.Record, err = recordOf(m.attributes)
	return err
}

func scanMirrored(rows *sql.Rows) (mirror.User, error) {
	var m mirrored
	if err := rows.Scan(m.into()...); err != nil {
		return m.user, err
	}
	err := m.finish()
	return m.user, err
}

// LoadUsers returns the users with these source ids; without their records if bare.
func (db *DB) LoadUsers(ctx context.Context, connection ident.ID, sourceIDs []string, bare bool) (map[string]mirror.User, error) {
	columns := mirrorColumns
	if bare {
		columns = bareColumns
	}
	users := make(map[string]mirror.User, len(sourceIDs))
	q := listed{head: "SELECT " + columns + " FROM mirror_users m WHERE m.connection_id = $ AND m.source_id"}
	err := eachListed(ctx, db, q, []any{connection}, sourceIDs, func(rows *sql.Rows) error {
		user, err := scanMirrored(rows)
		users[user.SourceID] = user
		return err
	})
	return users, err
}

const mirrorInsert = "INSERT INTO mirror_users (connection_id, seq, source_id, state, deleted_at, hash, seen, attributes, names) VALUES"

var (
	insertMirrored = insert{head: mirrorInsert, columns: 9}
	updateMirrored = insert{head: mirrorInsert, columns: 9, tail: `ON CONFLICT (connection_id, seq) DO UPDATE SET state = excluded.state,
		deleted_at = excluded.deleted_at, hash = excluded.hash, attributes = excluded.attributes, names = excluded.names,
		seen = CASE WHEN excluded.seen > 0 THEN excluded.seen ELSE mirror_users.seen END`}
)

// SaveUsers inserts the users whose Seq is 0 and replaces the others, marks all as seen in the generation (none if it is 0), and makes each
// dirty for every instance of the connection. Replaced users must have been read with their records.
func (db *DB) SaveUsers(ctx context.Context, connection ident.ID, users []mirror.User, generation int64) error {
	var fresh, known []mirror.User
	for _, user := range users {
		if user.Seq == 0 {
			fresh = append(fresh, user)
		} else {
			known = append(known, user)
		}
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		if err := db.insertUsers(ctx, connection, fresh, generation); err != nil {
			return err
		}
		return db.replaceUsers(ctx, connection, known, generation)
	})
}

func (db *DB) insertUsers(ctx context.Context, connection ident.ID, users []mirror.User, generation int64) error {
	if len(users) == 0 {
		return nil
	}
	next, err := db.count(ctx, "UPDATE connections SET next_seq = next_seq + $1 WHERE id = $2 RETURNING next_seq", len(users), connection)
	if err != nil {
		return err
	}
	if next == 0 {
		return fault.New(fault.NotFound, "UnknownConnection", "there is no connection %s", connection)
	}
	first := next - len(users)
	for i := range users {
		users[i].Seq = int64(first + i)
	}
	if err := db.writeMirrored(ctx, insertMirrored, connection, users, generation); err != nil {
		return err
	}
	_, err = db.exec(ctx, `INSERT INTO dirty (instance_id, seq) SELECT i.id, m.seq FROM instances i JOIN mirror_users m
		ON m.connection_id = i.connection_id WHERE i.connection_id = $1 AND m.seq >= $2 AND m.seq < $3 ON CONFLICT DO NOTHING`,
		connection, first, next)
	return err
}

func (db *DB) replaceUsers(ctx context.Context, connection ident.ID, users []mirror.User, generation int64) error {
	if err := db.writeMirrored(ctx, updateMirrored, connection, users, generation); err != nil {
		return err
	}
	seqs := make([]int64, len(users))
	for i, user := range users {
		seqs[i] = user.Seq
	}
	_, err := execListed(ctx, db, listed{
		head: `INSERT INTO dirty (instance_id, seq) SELECT i.id, m.seq FROM instances i JOIN mirror_users m
		ON m.connection_id = i.connection_id WHERE i.connection_id = $ AND m.seq`, tail: " ON CONFLICT DO NOTHING",
	}, []any{connection}, seqs)
	return err
}

func (db *DB) writeMirrored(ctx context.Context, statement insert, connection ident.ID, users []mirror.User, generation int64) error {
	return db.insertRows(ctx, statement, len(users), func(args []any, i int) []any {
		u := users[i]
		return append(args, connection, u.Seq, u.SourceID, string(u.State), micros(u.DeletedAt), u.Hash, generation, attributes(u.Record), namesOf(u.Record))
	})
}

// namesOf are what a picker finds a user by.
func namesOf(record attr.Record) string {
	return attr.NameKey(record.Text("displayName")) + "\n" + attr.NameKey(record.Text("userPrincipalName"))
}

// FindTenantUsers returns up to limit live users whose displayName or userPrincipalName contains the text, by name.
func (db *DB) FindTenantUsers(ctx context.Context, connection ident.ID, text string, limit int) ([]mirror.User, error) {
	return collect(ctx, db, "SELECT "+mirrorColumns+` FROM mirror_users m
		WHERE m.connection_id = $1 AND m.state = 'live' AND m.names LIKE $2 ESCAPE '\' ORDER BY m.names, m.seq LIMIT $3`,
		[]any{connection, containing(attr.NameKey(text)), limit}, scanMirrored)
}

// namedUser is the first user of a state whose userPrincipalName it is.
func namedUser(state plan.SourceState) string {
	return "SELECT " + mirrorColumns + ` FROM mirror_users m
		WHERE m.connection_id = $1 AND m.state = '` + string(state) + `' AND m.names LIKE $2 ESCAPE '\' ORDER BY m.names, m.seq LIMIT 1`
}

// NamedTenantUser returns the user with a userPrincipalName, in any case: a live one, or else one in the recycle bin; the zero User if there is none.
func (db *DB) NamedTenantUser(ctx context.Context, connection ident.ID, name string) (mirror.User, error) {
	for _, state := range []plan.SourceState{plan.Live, plan.Deleted} { // each has an index of its own
		var user mirror.User
		err := db.each(ctx, namedUser(state), []any{connection, "%\n" + literal(attr.NameKey(name))}, func(rows *sql.Rows) (err error) {
			user, err = scanMirrored(rows)
			return err
		})
		if err != nil || user.SourceID != "" {
			return user, err
		}
	}
	return mirror.User{}, nil
}

// SawUsers marks users, by Seq, as seen in the generation, nothing else.
func (db *DB) SawUsers(ctx context.Context, connection ident.ID, seqs []int64, generation int64) error {
	_, err := execListed(ctx, db, listed{head: "UPDATE mirror_users SET seen = $ WHERE connection_id = $ AND seq"},
		[]any{generation, connection}, seqs)
	return err
}

// UnseenUsers returns up to limit live users, with records, that the generation has not seen, in the order of Seq, after afterSeq.
func (db *DB) UnseenUsers(ctx context.Context, connection ident.ID, generation, afterSeq int64, limit int) ([]mirror.User, error) {
	return collect(ctx, db, "SELECT "+mirrorColumns+` FROM mirror_users m
		WHERE m.connection_id = $1 AND m.seq > $2 AND m.state = 'live' AND m.seen <> $3 ORDER BY m.seq LIMIT $4`,
		[]any{connection, afterSeq, generation, limit}, scanMirrored)
}

// BinUsersBefore returns up to limit users that went to the recycle bin before the time, oldest first.
func (db *DB) BinUsersBefore(ctx context.Context, connection ident.ID, before time.Time, limit int) ([]mirror.User, error) {
	return collect(ctx, db, "SELECT "+mirrorColumns+` FROM mirror_users m
		WHERE m.connection_id = $1 AND m.state = 'deleted' AND m.deleted_at < $2 ORDER BY m.deleted_at, m.seq LIMIT $3`,
		[]any{connection, micros(before), limit}, scanMirrored)
}
