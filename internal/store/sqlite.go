package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"modernc.org/sqlite"

	"rollcall/internal/fault"
)

const (
	// readers is how many connections read at the same time.
	readers = 4
	// Caches in KiB: fixed, so that memory does not grow with the data. They take twice as much: a page with what SQLite notes of it is a little
	// more than 4,096 bytes, for which the driver's allocator hands out 8,192. That of a reader is empty after every write. Pages have
	// SQLite's 4,096 bytes: larger ones were no faster for a first sync of 50,000 users, and they multiply what the indexes of random keys write
	// in a large database.
	writerCache, readerCache = 20 << 10, 2 << 10
	// checkpointPages is the length of the write-ahead log, in pages, at which a commit moves it into the file. SQLite's default of
	// 1,000 moves the same pages over and over during a bulk load.
	checkpointPages = 12000
	// walLimit is the length of the log, in bytes, at which a commit waits until all readers let go of it.
	walLimit = 64 << 20
	// busyMillis is how long a statement waits for another program that has the file locked.
	busyMillis = 5000
)

// Config says which database to open.
type Config struct {
	// Path of the SQLite file; it and its folder are made if they do not exist.
	Path   string
	Logger *slog.Logger
	// Now tells the time that is kept as that of the last start.
	Now func() time.Time
}

// DB is an open database. It implements the stores that directory, mirror and engine declare.
type DB struct {
	path       string
	logger     *slog.Logger
	now        func() time.Time
	migrations fs.FS
	lock       *os.File
	writer     *sql.DB
	readers    *sql.DB
	commits    *writer
	scans      *turns
	admitted   *admission
	texts      sync.Map // rebound texts by query, bulkKey or listedKey
	fromCopy   bool
}

// Open opens a database for this process alone. It does not migrate: a schema newer than this program's is refused, an older one is
// for Migrate. A file that is locked, is no database or may not be written is a fault that names it and the remedy.
func Open(ctx context.Context, config Config) (*DB, error) {
	path, err := filepath.Abs(config.Path)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", config.Path, err)
	}
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	lock, err := lockFile(path)
	if err != nil {
		return nil, err
	}
	db := &DB{path: path, logger: config.Logger, now: config.Now, migrations: embedded(), lock: lock, scans: newTurns(maxScans), admitted: newAdmission()}
	if err := db.connect(ctx); err != nil {
		return nil, errors.Join(explain(path, err), db.Close())
	}
	return db, nil
}

func (db *DB) connect(ctx context.Context) error {
	err := registerFunctions()
	if err != nil {
		return err
	}
	if db.writer, err = openPool(db.path, 1, writerPragmas()); err != nil {
		return err
	}
	if err := db.writer.PingContext(ctx); err != nil {
		return err
	}
	if db.readers, err = openPool(db.path, readers, readerPragmas()); err != nil {
		return err
	}
	if err := db.readers.PingContext(ctx); err != nil {
		return err
	}
	if err := db.refuseNewer(ctx); err != nil {
		return err
	}
	db.commits = newWriter(db.writer, db.boundLog)
	return nil
}

// Close waits for the writes under way and closes the database.
func (db *DB) Close() error {
	var errs []error
	if db.commits != nil {
		db.commits.close()
	}
	for _, pool := range []*sql.DB{db.readers, db.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	return errors.Join(append(errs, db.lock.Close())...)
}

// WriterDB returns the pool of the one writing connection, for the job queue. Inside InTx it must not be used: TxFrom gives the
// transaction that holds the connection.
func (db *DB) WriterDB() *sql.DB { return db.writer }

// Path returns the file's absolute path.
func (db *DB) Path() string { return db.path }

// Commits counts the transactions that InTx committed; callers that shared one count once.
func (db *DB) Commits() int64 { return db.commits.commits.Load() }

// pragmas are settings of a connection. Those in checked must be answered when they are read back.
type pragmas struct {
	set     []setting
	checked []setting
}

func writerPragmas() pragmas {
	return pragmas{
		set: []setting{
			{"busy_timeout", strconv.Itoa(busyMillis)},
			{"journal_mode", "WAL"},
			{"synchronous", synchronous},
			{"cache_size", strconv.Itoa(-writerCache)},
			{"wal_autocheckpoint", strconv.Itoa(checkpointPages)},
			{"journal_size_limit", strconv.Itoa(walLimit)},
			// A statement that inserts many rows keeps what it may have to take back; in a file that would double what is written.
			{"temp_store", "MEMORY"},
			{"mmap_size", "0"},
		},
		checked: []setting{{"journal_mode", "wal"}, {"synchronous", synchronousAnswer}},
	}
}

func readerPragmas() pragmas {
	return pragmas{
		set: []setting{
			{"busy_timeout", strconv.Itoa(busyMillis)},
			{"synchronous", synchronous},
			{"cache_size", strconv.Itoa(-readerCache)},
			{"mmap_size", "0"},
			{"query_only", "1"},
		},
		checked: []setting{{"journal_mode", "wal"}, {"synchronous", synchronousAnswer}, {"query_only", "1"}},
	}
}

func openPool(path string, size int, p pragmas) (*sql.DB, error) {
	query := url.Values{"_txlock": {"immediate"}}
	for _, s := range p.set {
		query.Add("_pragma", s.name+"("+s.value+")")
	}
	file := url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: query.Encode()}
	inner, err := sqlite.NewConnector(file.String())
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", path, err)
	}
	pool := sql.OpenDB(connector{Connector: inner, wanted: p.checked})
	pool.SetMaxOpenConns(size)
	pool.SetMaxIdleConns(size)
	return pool, nil
}

// boundLog keeps the write-ahead log from growing without end while readers keep SQLite from starting it anew.
func (db *DB) boundLog() {
	info, err := os.Stat(db.path + "-wal")
	if err != nil || info.Size() <= walLimit {
		return
	}
	if _, err := db.writer.ExecContext(context.Background(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		db.logger.Warn("the write-ahead log could not be shortened", "path", db.path, "bytes", info.Size(), "error", err)
	}
}

// prepareFile makes the folder and the file, both for the owner only, and refuses what is not a database.
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fault.Wrap(fault.Invalid, "DatabaseFolder", err, fmt.Sprintf("the folder of the database %s cannot be made", path)).
			WithRemedy("Make it, or name another path.")
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the path
	if err != nil {
		return fault.Wrap(fault.Invalid, "DatabaseRights", err, fmt.Sprintf("the database %s cannot be opened", path)).
			WithRemedy("Give the user that runs Rollcall the right to read and write the file and its folder, or name another path.")
	}
	head := make([]byte, len(fileHead))
	n, err := file.Read(head)
	if err := errors.Join(ignoreEOF(err), file.Close()); err != nil {
		return fault.Wrap(fault.Invalid, "DatabaseRights", err, fmt.Sprintf("the database %s cannot be read", path)).
			WithRemedy("Name a file.")
	}
	if n > 0 && string(head) != fileHead {
		return notADatabase(path, nil)
	}
	return nil
}

// fileHead is how every SQLite file begins (https://sqlite.org/fileformat.html, section 1.3).
const fileHead = "SQLite format 3\x00"
