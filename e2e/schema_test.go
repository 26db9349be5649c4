package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"rollcall/internal/app"
	"rollcall/internal/store"
)

// newerSchema DIR: makes the database of a server that is not running one of a program to come.
func (s *session) newerSchema(args []string) (_ string, err error) {
	if len(args) != 1 {
		return "", fmt.Errorf("%w: newer-schema DIR", errUsage)
	}
	ctx := context.Background()
	path := filepath.Join(s.work, args[0], app.DatabaseFile)
	database, err := store.Open(ctx, store.Config{Path: path, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	_, err = database.WriterDB().ExecContext(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)")
	return "", err
}
