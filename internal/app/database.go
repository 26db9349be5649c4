package app

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/store"
)

// Migration says what Migrate did: the numbers of the schema before and after.
type Migration struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// Migrate brings the database in the folder up to this program's schema. No server may be using it. It makes none: a folder without a
// database is fault.NotFound.
func Migrate(ctx context.Context, folder string, logger *slog.Logger, now func() time.Time) (done Migration, err error) {
	if _, err := os.Stat(filepath.Join(folder, DatabaseFile)); errors.Is(err, fs.ErrNotExist) {
		return done, noDatabase(folder, "; `rollcall serve` makes a new one")
	}
	database, err := store.Open(ctx, store.Config{Path: filepath.Join(folder, DatabaseFile), Logger: logger, Now: now})
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, database.Close()) }()
	if done.From, err = database.SchemaVersion(ctx); err != nil {
		return done, err
	}
	if err = database.Migrate(ctx); err != nil {
		return done, err
	}
	done.To, err = database.SchemaVersion(ctx)
	return done, err
}

// Backup copies the database in the folder to a new file, while a server may be using it. The sealing key is not in the copy.
func Backup(ctx context.Context, folder, to string) error {
	from := filepath.Join(folder, DatabaseFile)
	if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
		return noDatabase(folder, "")
	}
	return store.BackupFile(ctx, from, to)
}

func noDatabase(folder, more string) error {
	return fault.New(fault.NotFound, "NoDatabase", "there is no database in %s", folder).
		WithRemedy("Give the folder of the server with --data (ROLLCALL_DATA)%s.", more)
}
