package store

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// sizes are the numbers of rows, or of values, that statements are prepared for; more are cut into such pieces, so that a handful of
// prepared statements serves every number.
var sizes = [...]int{maxRows, 64, 16, 4, 1}

// pieces cuts n into sizes.
func pieces(n int, each func(from, to int) error) error {
	from := 0
	for _, size := range sizes {
		for n-from >= size {
			if err := each(from, from+size); err != nil {
				return err
			}
			from += size
		}
	}
	return nil
}

// insert describes a statement that inserts many rows: head is "INSERT INTO table (columns) VALUES", tail follows the rows.
type insert struct {
	head    string
	columns int
	tail    string
}

// insertRows runs the statement for n rows in the transaction of the context, or in one of its own; add appends the values of row i.
func (db *DB) insertRows(ctx context.Context, statement insert, n int, add func(args []any, i int) []any) error {
	if db.tx(ctx) == nil {
		return db.InTx(ctx, func(ctx context.Context) error { return db.insertRows(ctx, statement, n, add) })
	}
	var args []any
	return pieces(n, func(from, to int) error {
		args = args[:0]
		for i := from; i < to; i++ {
			args = add(args, i)
		}
		_, err := db.execText(ctx, db.bulkText(statement, to-from), args)
		return err
	})
}

type bulkKey struct {
	insert
	rows int
}

// bulkText returns the text for a number of rows.
func (db *DB) bulkText(statement insert, rows int) string {
	key := bulkKey{insert: statement, rows: rows}
	if text, found := db.texts.Load(key); found {
		if known, ok := text.(string); ok {
			return known
		}
	}
	row := "(" + strings.TrimSuffix(strings.Repeat("$, ", statement.columns), ", ") + ")"
	text := numbered(statement.head + " " + strings.TrimSuffix(strings.Repeat(row+", ", rows), ", ") + " " + statement.tail)
	text = rebind(text)
	db.texts.Store(key, text)
	return text
}

// numbered gives each $ its number.
func numbered(text string) string {
	parts := strings.Split(text, "$")
	var out strings.Builder
	out.WriteString(parts[0])
	for i, part := range parts[1:] {
		out.WriteByte('$')
		out.WriteString(strconv.Itoa(i + 1))
		out.WriteString(part)
	}
	return out.String()
}

// listed is a query that ends in "IN (values)", between what comes before and after it.
type listed struct{ head, tail string }

type listedKey struct {
	listed
	values int
}

// listedText returns the text for a number of values.
func (db *DB) listedText(q listed, values int) string {
	key := listedKey{listed: q, values: values}
	if text, found := db.texts.Load(key); found {
		if known, ok := text.(string); ok {
			return known
		}
	}
	text := rebind(numbered(q.head + " IN ($" + strings.Repeat(", $", values-1) + ")" + q.tail))
	db.texts.Store(key, text)
	return text
}

// listedArgs returns before, then the values from..to, then after.
func listedArgs[T any](before []any, values []T, after []any) []any {
	args := make([]any, 0, len(before)+len(values)+len(after))
	args = append(args, before...)
	for _, value := range values {
		args = append(args, value)
	}
	return append(args, after...)
}

// eachListed calls scan for every row that has one of the values. before holds the values of placeholders before the list.
func eachListed[T any](ctx context.Context, db *DB, q listed, before []any, values []T, scan func(*sql.Rows) error) error {
	return pieces(len(values), func(from, to int) error {
		return db.eachText(ctx, db.listedText(q, to-from), listedArgs(before, values[from:to], nil), scan)
	})
}

// execListed runs a statement for all of the values and returns how many rows it touched. before and after hold the values of
// placeholders before and after the list.
func execListed[T any](ctx context.Context, db *DB, q listed, before []any, values []T, after ...any) (int, error) {
	total := 0
	if db.tx(ctx) == nil && len(values) > 0 {
		err := db.InTx(ctx, func(ctx context.Context) error {
			var err error
			total, err = execListed(ctx, db, q, before, values, after...)
			return err
		})
		return total, err
	}
	err := pieces(len(values), func(from, to int) error {
		count, err := db.execText(ctx, db.listedText(q, to-from), listedArgs(before, values[from:to], after))
		total += count
		return err
	})
	return total, err
}
