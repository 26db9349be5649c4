package store

import (
	"container/list"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
)

// keptStatements is how many prepared statements a connection keeps.
const keptStatements = 128

// connector opens connections that keep their statements prepared and whose settings were read back.
type connector struct {
	driver.Connector
	// wanted are settings that each new connection must answer with; a connection with others is refused.
	wanted []setting
}

// setting is a PRAGMA and the answer that it must give.
type setting struct{ name, value string }

// Connect implements driver.Connector.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	full, ok := inner.(fullConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("the driver's %T lacks a method", inner), inner.Close())
	}
	for _, s := range c.wanted {
		if err := check(ctx, full, s); err != nil {
			return nil, errors.Join(err, inner.Close())
		}
	}
	return &conn{fullConn: full, kept: map[string]*list.Element{}, recent: list.New()}, nil
}

func check(ctx context.Context, c fullConn, s setting) (err error) {
	rows, err := c.QueryContext(ctx, "PRAGMA "+s.name, nil)
	if err != nil {
		return fmt.Errorf("read the setting %s: %w", s.name, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	row := make([]driver.Value, 1)
	if err := rows.Next(row); err != nil {
		return fmt.Errorf("read the setting %s: %w", s.name, err)
	}
	if got := fmt.Sprint(row[0]); got != s.value {
		return fmt.Errorf("the database answers %s=%s where %s is required", s.name, got, s.value)
	}
	return nil
}

// fullConn is what the driver's connections can do.
type fullConn interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// preparedStmt is what the driver's statements can do.
type preparedStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// conn keeps the statements prepared that were used last, by their text, whoever runs them. database/sql uses a connection from one
// goroutine at a time.
type conn struct {
	fullConn
	kept   map[string]*list.Element
	recent *list.List // of *statement, the latest used first
}

type statement struct {
	text string
	preparedStmt
	// busy while rows are being read: SQLite has one cursor per prepared statement.
	busy bool
}

// ExecContext implements driver.ExecerContext.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if !keepable(text) {
		return c.fullConn.ExecContext(ctx, text, args)
	}
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil || s.busy {
		return c.fullConn.ExecContext(ctx, text, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if !keepable(text) {
		return c.fullConn.QueryContext(ctx, text, args)
	}
	s, err := c.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	if s == nil || s.busy {
		return c.fullConn.QueryContext(ctx, text, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{Rows: rows, statement: s}, nil
}

// Close implements driver.Conn.
func (c *conn) Close() error {
	var errs []error
	for element := c.recent.Front(); element != nil; element = element.Next() {
		if s, ok := element.Value.(*statement); ok {
			errs = append(errs, s.Close())
		}
	}
	return errors.Join(append(errs, c.fullConn.Close())...)
}

// keepable reports whether a text is one statement that is worth keeping: no settings, no beginning or end of a transaction, no script.
func keepable(text string) bool {
	text = strings.TrimLeft(text, " \t\r\n")
	for _, verb := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK TO"} {
		if strings.HasPrefix(text, verb) {
			return !strings.Contains(text, ";")
		}
	}
	return false
}

// statement returns the prepared statement of a text; nil if it cannot be kept.
func (c *conn) statement(ctx context.Context, text string) (*statement, error) {
	if element, found := c.kept[text]; found {
		c.recent.MoveToFront(element)
		s, _ := element.Value.(*statement)
		return s, nil
	}
	prepared, err := c.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	full, ok := prepared.(preparedStmt)
	if !ok {
		return nil, prepared.Close()
	}
	c.evict()
	s := &statement{text: text, preparedStmt: full}
	c.kept[text] = c.recent.PushFront(s)
	return s, nil
}

// evict closes the statement used longest ago when there are too many.
func (c *conn) evict() {
	if c.recent.Len() < keptStatements {
		return
	}
	for element := c.recent.Back(); element != nil; element = element.Prev() {
		s, ok := element.Value.(*statement)
		if !ok || s.busy {
			continue
		}
		c.recent.Remove(element)
		delete(c.kept, s.text)
		_ = s.Close() // reports again how the last execution failed; that was told already
		return
	}
}

// keptRows gives its statement back when it is closed.
type keptRows struct {
	driver.Rows
	statement *statement
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	err := r.Rows.Close()
	r.statement.busy = false
	return err
}
