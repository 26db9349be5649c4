package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"rollcall/internal/fault"
)

// Backup writes a consistent copy of the database to a new file while work goes on (I3). In the copy every Auto Sync is off. A file that
// exists already is a fault.Conflict and stays as it is.
func (db *DB) Backup(ctx context.Context, to string) error {
	return BackupFile(ctx, db.path, to)
}

// BackupFile does what DB.Backup does for a database that another process may have open.
func BackupFile(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil {
		return fault.Wrap(fault.Invalid, "NoDatabase", err, fmt.Sprintf("the database %s cannot be read", from)).
			WithRemedy("Name the file that the server uses.")
	}
	// Not a reader of the pool: SQLite counts VACUUM INTO as a write, which query_only forbids.
	pool, err := openPool(from, 1, pragmas{set: []setting{{"busy_timeout", strconv.Itoa(busyMillis)}}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	return backup(ctx, pool, from, to)
}

func backup(ctx context.Context, pool *sql.DB, from, to string) (err error) {
	if _, err := os.Lstat(to); err == nil {
		return exists(to)
	}
	folder, err := os.MkdirTemp(filepath.Dir(to), ".rollcall-backup-")
	if err != nil {
		return unwritable(to, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	draft := filepath.Join(folder, "draft")
	// The file is made first, so that nobody else can read it at any moment.
	if err := os.WriteFile(draft, nil, 0o600); err != nil {
		return unwritable(to, err)
	}
	if _, err := pool.ExecContext(ctx, "VACUUM INTO ?", draft); err != nil {
		return fault.Wrap(fault.Unavailable, "BackupFailed", explain(from, err), "the copy "+to+" could not be written").
			WithRemedy("Look at the free room and the rights of its folder.")
	}
	if err := disarm(ctx, draft); err != nil {
		return explain(draft, err)
	}
	if err := flush(draft); err != nil {
		return unwritable(to, err)
	}
	if err := os.Link(draft, to); err != nil { // unlike a rename, never over a file that appeared meanwhile
		if errors.Is(err, fs.ErrExist) {
			return exists(to)
		}
		return unwritable(to, err)
	}
	return flush(filepath.Dir(to))
}

// disarm switches every Auto Sync off in a copy, and marks it as one.
func disarm(ctx context.Context, path string) (err error) {
	pool, err := openPool(path, 1, pragmas{set: []setting{{"journal_mode", "DELETE"}, {"synchronous", "FULL"}}, checked: []setting{{"synchronous", "2"}}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	version, err := schemaVersion(ctx, pool)
	if err != nil || version == 0 {
		return err
	}
	// Put in the place of the original, over the very same file, it must be known as a copy too.
	_, err = pool.ExecContext(ctx, "UPDATE instances SET auto_sync = 0; UPDATE starts SET file = 'backup'")
	return err
}

// flush waits until a file, or the names in a folder, are on the disk.
func flush(path string) error {
	file, err := os.Open(path) //nolint:gosec // made here
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

func exists(to string) error {
	return fault.New(fault.Conflict, "FileExists", "the file %s exists already", to).WithRemedy("Name a new file, or remove that one first.")
}

func unwritable(to string, err error) error {
	return fault.Wrap(fault.Invalid, "BackupFolder", err, fmt.Sprintf("the copy %s cannot be written", to)).
		WithRemedy("Name a folder that exists and that may be written.")
}
