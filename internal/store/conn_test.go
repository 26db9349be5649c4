package store

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

func pool(t *testing.T, p pragmas) *sql.DB {
	t.Helper()
	db, err := openPool(filepath.Join(t.TempDir(), "test.db"), 1, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func TestAConnectionWithOtherSettingsIsRefused(t *testing.T) {
	p := writerPragmas()
	for i, s := range p.set {
		if s.name == "synchronous" {
			p.set[i].value = "NORMAL"
		}
	}
	err := pool(t, p).PingContext(t.Context())
	if err == nil || !strings.Contains(err.Error(), "synchronous=1 where 2 is required") {
		t.Errorf("want a refusal that names the setting, got %v", err)
	}
}

func TestTheSameQueryCanRunWhileItsRowsAreRead(t *testing.T) {
	db := pool(t, writerPragmas())
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const query = "SELECT value FROM json_each('[1,2,3]')"
	sum := 0
	var read func(depth int)
	read = func(depth int) {
		rows, err := tx.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var value int
			if err := rows.Scan(&value); err != nil {
				t.Fatal(err)
			}
			sum += value
			if depth > 0 {
				read(depth - 1)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
	read(2)
	if want := 6 + 3*6 + 9*6; sum != want {
		t.Errorf("want %d, got %d", want, sum)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
}

func TestMoreQueriesThanAreKeptRunAllTheSame(t *testing.T) {
	db := pool(t, writerPragmas())
	for round := range 2 {
		for i := range 3 * keptStatements {
			var got int
			if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d", i)).Scan(&got); err != nil || got != i {
				t.Fatalf("round %d: want %d, got %d, %v", round, i, got, err)
			}
		}
	}
}

func TestPlaceholdersAreRebound(t *testing.T) {
	if got, want := rebind("a = $1 AND b IN ($2, $10)"), "a = ? AND b IN (?, ?)"; got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}
