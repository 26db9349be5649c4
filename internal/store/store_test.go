package store_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/store"
	"rollcall/internal/store/storetest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func config(path string) store.Config {
	return store.Config{Path: path, Logger: slog.New(slog.DiscardHandler), Now: func() time.Time { return noon }}
}

func open(t *testing.T, path string) *store.DB {
	t.Helper()
	db, err := store.Open(t.Context(), config(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestSQLiteDoesWhatDirectoryMirrorAndEngineAskFor(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Open {
		path := filepath.Join(t.TempDir(), "rollcall.db")
		return func(t *testing.T) storetest.Backend { return open(t, path) }
	})
}
