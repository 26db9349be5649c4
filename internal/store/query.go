package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// text returns the query as the database at hand wants it.
func (db *DB) text(query string) string {
	if text, found := db.texts.Load(query); found {
		if rebound, ok := text.(string); ok {
			return rebound
		}
	}
	rebound := rebind(query)
	db.texts.Store(query, rebound)
	return rebound
}

// exec runs a statement in the transaction of the context, or in one of its own, and returns how many rows it touched.
func (db *DB) exec(ctx context.Context, query string, args ...any) (int, error) {
	return db.execText(ctx, db.text(query), args)
}

func (db *DB) execText(ctx context.Context, text string, args []any) (int, error) {
	tx := db.tx(ctx)
	if tx == nil {
		var count int
		err := db.InTx(ctx, func(ctx context.Context) error {
			var err error
			count, err = db.execText(ctx, text, args)
			return err
		})
		return count, err
	}
	result, err := tx.ExecContext(lasting(ctx), text, args...)
	if err != nil {
		return 0, explain(db.path, err)
	}
	count, err := result.RowsAffected()
	return int(count), err
}

// lasting is the context without its end: a statement interrupted inside a transaction would take the whole group of callers with it.
func lasting(ctx context.Context) context.Context {
	if ctx.Done() == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// rows runs a query in the transaction of the context, or on one of the reading connections.
func (db *DB) rows(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if tx := db.tx(ctx); tx != nil {
		return tx.QueryContext(lasting(ctx), text, args...)
	}
	return db.readers.QueryContext(ctx, text, args...)
}

// each calls scan for every row of a query.
func (db *DB) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	return db.eachText(ctx, db.text(query), args, scan)
}

func (db *DB) eachText(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) (err error) {
	rows, err := db.rows(ctx, text, args)
	if err != nil {
		return explain(db.path, err)
	}
	defer func() { err = errors.Join(err, explain(db.path, rows.Close())) }()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return explain(db.path, rows.Err())
}

// collect returns what scan makes of the rows of a query.
func collect[T any](ctx context.Context, db *DB, query string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var out []T
	err := db.each(ctx, query, args, func(rows *sql.Rows) error {
		item, err := scan(rows)
		if err != nil {
			return err
		}
		out = append(out, item)
		return nil
	})
	return out, err
}

// one returns the only row of a query; missing is the error when there is none.
func one[T any](ctx context.Context, db *DB, query string, args []any, scan func(*sql.Rows) (T, error), missing *fault.Error) (T, error) {
	found, err := collect(ctx, db, query, args, scan)
	if err != nil || len(found) == 0 {
		var zero T
		if err == nil {
			err = missing
		}
		return zero, err
	}
	return found[0], nil
}

// count returns the number that a query answers with.
func (db *DB) count(ctx context.Context, query string, args ...any) (int, error) {
	var count int
	err := db.each(ctx, query, args, func(rows *sql.Rows) error { return rows.Scan(&count) })
	return count, err
}

// condition collects the parts of a WHERE clause. Each part has its values as $; they are numbered in the end.
type condition struct {
	parts []string
	args  []any
}

func (c *condition) and(part string, args ...any) {
	c.parts = append(c.parts, part)
	c.args = append(c.args, args...)
}

// in adds a comparison with one of several values; with none it is true of nothing.
func in[T any](c *condition, column string, values []T) {
	if len(values) == 0 {
		c.and("1 = 0")
		return
	}
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	c.and(column+" IN ($"+strings.Repeat(", $", len(values)-1)+")", args...)
}

// text returns head, the clause, and tail, with numbered placeholders; args belong to the placeholders of the tail.
func (c *condition) text(head, tail string, args ...any) (string, []any) {
	return numbered(head + " WHERE " + strings.Join(c.parts, " AND ") + tail), append(append([]any(nil), c.args...), args...)
}

// micros is how a time is stored: microseconds since 1970, 0 for none.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// stamp scans what micros stored.
type stamp struct{ to *time.Time }

// Scan implements sql.Scanner.
func (s stamp) Scan(value any) error {
	number, ok := value.(int64)
	switch {
	case value == nil || ok && number == 0:
		*s.to = time.Time{}
	case ok:
		*s.to = time.UnixMicro(number).UTC()
	default:
		return fmt.Errorf("a time cannot be read from %T", value)
	}
	return nil
}

// bit is how a boolean is stored.
func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// orgKey is how the organization is stored where it may be zero, for the server itself: no key column is NULL.
func orgKey(org ident.ID) []byte { return append([]byte(nil), org[:]...) }

// document is how a value is stored as JSON.
func document(value any) (string, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return "", fmt.Errorf("store a %T: %w", value, err)
	}
	return string(data), nil
}

// record is how attributes are stored: canonical JSON, NULL for none.
func record(r attr.Record) any {
	if r == nil {
		return nil
	}
	return string(r.AppendJSON(make([]byte, 0, 64*len(r)+2)))
}

// recordOf reads what record stored.
func recordOf(raw sql.RawBytes) (attr.Record, error) {
	if raw == nil {
		return nil, nil
	}
	r, err := attr.ParseRecord(raw)
	if err != nil {
		return nil, fmt.Errorf("read from the database: %w", err)
	}
	return r, nil
}
