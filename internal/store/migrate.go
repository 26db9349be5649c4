package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pressly/goose/v3"

	"rollcall/internal/fault"
)

//go:embed migrations/sqlite/*.sql
var migrationFiles embed.FS

func embedded() fs.FS {
	sub, err := fs.Sub(migrationFiles, "migrations/sqlite")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return sub
}

// newestVersion is the schema that this program knows: the highest number among its migrations.
func newestVersion(migrations fs.FS) (int64, error) {
	names, err := fs.Glob(migrations, "*.sql")
	if err != nil {
		return 0, fmt.Errorf("list the migrations: %w", err)
	}
	newest := int64(0)
	for _, name := range names {
		number, _, _ := strings.Cut(path.Base(name), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("the migration %s has no number: %w", name, err)
		}
		newest = max(newest, version)
	}
	return newest, nil
}

// SchemaVersion returns the number of the newest migration that the database has; 0 for an empty one.
func (db *DB) SchemaVersion(ctx context.Context) (int64, error) {
	return schemaVersion(ctx, db.readers)
}

func schemaVersion(ctx context.Context, pool *sql.DB) (int64, error) {
	var tables int
	err := pool.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'goose_db_version'").Scan(&tables)
	if err != nil || tables == 0 {
		return 0, err
	}
	var version int64
	err = pool.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM goose_db_version WHERE is_applied = 1").Scan(&version)
	return version, err
}

// refuseNewer keeps an older program from a database that it would not understand (I4).
func (db *DB) refuseNewer(ctx context.Context) error {
	version, err := db.SchemaVersion(ctx)
	if err != nil {
		return err
	}
	newest, err := newestVersion(db.migrations)
	if err != nil || version <= newest {
		return err
	}
	return fault.New(fault.Invalid, "SchemaTooNew", "the database %s has schema %d, which is newer than this program's %d", db.path, version, newest).
		WithRemedy("Install the newer Rollcall, or restore the backup that it made before migrating.")
}

// Migrate brings the schema up to this program's, after a copy of a database that has an older one was put beside it (I4). Then it looks
// whether the file is a copy: if so, every Auto Sync is off until somebody switches it on again (I3).
func (db *DB) Migrate(ctx context.Context) error {
	version, err := db.SchemaVersion(ctx)
	if err != nil {
		return explain(db.path, err)
	}
	newest, err := newestVersion(db.migrations)
	if err != nil {
		return err
	}
	if version > 0 && version < newest {
		if err := db.keepOld(ctx, version); err != nil {
			return err
		}
	}
	if version < newest {
		if err := db.up(ctx); err != nil {
			return explain(db.path, err)
		}
		db.logger.InfoContext(ctx, "the database was migrated", "path", db.path, "from", version, "to", newest)
	}
	return db.rememberFile(ctx)
}

func (db *DB) up(ctx context.Context) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db.writer, db.migrations, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database %s: %w", db.path, err)
	}
	return nil
}

// keepOld puts a copy beside the database before its schema changes. One that is there already, of an attempt that failed, stays: it is
// the same schema.
func (db *DB) keepOld(ctx context.Context, version int64) error {
	to := fmt.Sprintf("%s.schema-%d.backup", db.path, version)
	if _, err := os.Stat(to); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return explainWrite(db.path, err)
	}
	if err := db.Backup(ctx, to); err != nil {
		return err
	}
	db.logger.InfoContext(ctx, "a copy was made before migrating", "path", to)
	return nil
}

// StartedFromCopy reports whether the file was another one when the database was last in use: a copy, or a restored backup. Migrate finds
// out.
func (db *DB) StartedFromCopy() bool { return db.fromCopy }

// rememberFile compares the file with the one of the last start.
func (db *DB) rememberFile(ctx context.Context) error {
	file, err := identity(db.path)
	if err != nil {
		return err
	}
	return db.InTx(ctx, func(ctx context.Context) error {
		var before string
		var started time.Time
		err := db.each(ctx, "SELECT file, started_at FROM starts", nil, func(rows *sql.Rows) error { return rows.Scan(&before, stamp{&started}) })
		if err != nil {
			return err
		}
		if before != "" && before != file {
			db.fromCopy = true
			if _, err := db.exec(ctx, "UPDATE instances SET auto_sync = 0"); err != nil {
				return err
			}
			db.logger.WarnContext(ctx, "the database is a copy; Auto Sync is off for every instance until it is switched on again",
				"path", db.path, "original_started_at", started)
		}
		if _, err := db.exec(ctx, "DELETE FROM starts"); err != nil {
			return err
		}
		_, err = db.exec(ctx, "INSERT INTO starts (file, started_at) VALUES ($1, $2)", file, micros(db.now()))
		return err
	})
}
