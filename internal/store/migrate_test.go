package store

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

func openWith(t *testing.T, path string, migrations fs.FS) *DB {
	t.Helper()
	noon := func() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }
	db, err := Open(t.Context(), Config{Path: path, Logger: slog.New(slog.DiscardHandler), Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	db.migrations = migrations
	return db
}

// migrationsWith returns the program's migrations with one more, and the version of the schema before and after that one.
func migrationsWith(t *testing.T, extra string) (migrations fs.FS, before, after int64) {
	t.Helper()
	with := fstest.MapFS{}
	names, err := fs.Glob(embedded(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		data, err := fs.ReadFile(embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		with[name] = &fstest.MapFile{Data: data}
	}
	if before, err = newestVersion(embedded()); err != nil {
		t.Fatal(err)
	}
	with[fmt.Sprintf("%05d_extra.sql", before+1)] = &fstest.MapFile{Data: []byte("-- +goose Up\n" + extra + ";\n")}
	return with, before, before + 1
}

func TestAMigrationLeavesACopyOfWhatWasThereBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	db := openWith(t, path, embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + ".schema-0.backup"); err == nil {
		t.Error("an empty database was copied")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	migrations, before, after := migrationsWith(t, "CREATE TABLE extra (id BLOB)")
	db = openWith(t, path, migrations)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if version, err := db.SchemaVersion(t.Context()); err != nil || version != after {
		t.Errorf("want schema %d, got %d, %v", after, version, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	old := openWith(t, fmt.Sprintf("%s.schema-%d.backup", path, before), embedded())
	if version, err := old.SchemaVersion(t.Context()); err != nil || version != before {
		t.Errorf("want schema %d in the copy, got %d, %v", before, version, err)
	}
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	db := openWith(t, path, embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var before int64
	db.migrations, before, _ = migrationsWith(t, "CREATE TABLE extra (id BLOB); DROP TABLE nobody")
	if err := db.Migrate(t.Context()); err == nil {
		t.Fatal("the migration should fail")
	}
	version, err := db.SchemaVersion(t.Context())
	if err != nil || version != before {
		t.Errorf("want schema %d, got %d, %v", before, version, err)
	}
	tables, err := db.count(t.Context(), "SELECT COUNT(*) FROM sqlite_master WHERE name = 'extra'")
	if err != nil || tables != 0 {
		t.Errorf("the failed migration left its table: %d, %v", tables, err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// The queries that run once for each page of a large tenant must not read the whole of a table.
func TestFrequentQueriesUseTheirIndexes(t *testing.T) {
	db := openWith(t, filepath.Join(t.TempDir(), "rollcall.db"), embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	id := ident.ID{1}
	inactive := false
	for name, query := range map[string]directory.UserQuery{
		"users_deleted (org_id=? AND user_name_key>?)":                 {Deleted: true},
		"users_inactive (org_id=? AND user_name_key>?)":                {Active: &inactive},
		"users_elsewhence (org_id=? AND origin=? AND user_name_key>?)": {Origin: "SCIM"},
		"users_by_name (org_id=? AND user_name_key>?)":                 {Origin: "Entra"},
	} {
		text, args := usersText(id, query)
		if got, want := db.queryPlan(t, text, args), "SEARCH u USING INDEX "+name; got[0] != want {
			t.Errorf("%+v: want %q, got %q", query, want, got[0])
		}
	}
	for name, c := range map[string]struct {
		query string
		args  []any
		want  []string
	}{
		"next entries": {
			selectEntries + " WHERE run_id = $1 AND state IN ('planned', 'parked') ORDER BY phase, rank, id LIMIT $2",
			[]any{id, 10},
			[]string{"SEARCH changes USING INDEX changes_pending (run_id=?)"},
		},
		"entries to park": {
			selectEntries + " WHERE run_id = $1 AND state = 'planned' AND park = 1 ORDER BY phase, rank, id LIMIT $2",
			[]any{id, 10},
			[]string{"SEARCH changes USING INDEX changes_to_park (run_id=?)"},
		},
		"dirty objects": {
			dirtyObjects,
			[]any{id, id, id, id, 0, 10},
			[]string{
				"SEARCH d USING PRIMARY KEY (instance_id=? AND seq>?)",
				"SEARCH m USING INDEX sqlite_autoindex_mirror_users_1 (connection_id=? AND seq=?)",
				"SEARCH l USING PRIMARY KEY (instance_id=? AND seq=?) LEFT-JOIN",
				"SEARCH c USING INDEX changes_open (instance_id=? AND source_id=?) LEFT-JOIN",
			},
		},
		"held entries": {
			selectEntries + " WHERE org_id = $1 AND instance_id = $2 AND state IN ('held') AND open = 1 ORDER BY id LIMIT $3",
			[]any{id, id, 10},
			[]string{"SEARCH changes USING INDEX changes_open_by_state (org_id=? AND state=?)"},
		},
		"mails that are due": {
			dueMails,
			[]any{0, 10},
			[]string{"SEARCH mails USING INDEX mails_waiting (next_at<?)", "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"},
		},
		"the newest mails": {
			listMails,
			[]any{id, 10},
			[]string{"SEARCH mails USING INDEX sqlite_autoindex_mails_1 (org_id=?)"},
		},
		"settled mails": {
			dropMails,
			[]any{0},
			[]string{"SEARCH mails USING INDEX mails_settled (settled_at<?)"},
		},
		"open entries by state": {
			countOpen,
			[]any{id, 1},
			[]string{"SEARCH changes USING COVERING INDEX changes_open_by_instance (instance_id=?)"},
		},
		"links by status": {
			countLinks,
			[]any{id, id},
			[]string{
				"COMPOUND QUERY",
				"LEFT-MOST SUBQUERY",
				"SEARCH links USING PRIMARY KEY (instance_id=?)",
				"UNION ALL",
				"SEARCH links USING COVERING INDEX links_elsewhere (instance_id=?)",
			},
		},
		"settling": {
			db.listedText(settleApplied, 4),
			[]any{0, id, id, id, id, id},
			[]string{"SEARCH changes USING INDEX sqlite_autoindex_changes_1 (run_id=? AND id=?)"},
		},
		"look-up by external id": {
			db.listedText(listed{head: "SELECT u.id FROM users u WHERE u.org_id = $ AND u.external_key <> 0 AND u.external_key"}, 4),
			[]any{id, "a", "b", "c", "d"},
			[]string{"SEARCH u USING INDEX users_by_external_key (org_id=? AND external_key=?)"},
		},
		"objects of a service by name": {
			db.listedText(remoteBy(remoteByName), 2),
			[]any{id, id, 1, "a", "b"},
			[]string{
				"SEARCH o USING PRIMARY KEY (service_id=? AND id=?)",
				"LIST SUBQUERY 1",
				"SEARCH m USING COVERING INDEX remote_objects_by_name (service_id=? AND kind=? AND name_key=?)",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
		"objects of a service by what they are tied to": {
			db.listedText(remoteBy(remoteByTie), 2),
			[]any{id, id, id, "a", "b"},
			[]string{
				"SEARCH o USING PRIMARY KEY (service_id=? AND id=?)",
				"LIST SUBQUERY 1",
				"SEARCH m USING COVERING INDEX remote_objects_by_source (service_id=? AND owner_id=? AND source_id=?)",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
		"objects of a service that are not settled": {
			numbered(remoteColumns + " WHERE o.service_id = $ AND " + unsettledRemote),
			[]any{id, id, id},
			[]string{
				"SEARCH o USING PRIMARY KEY (service_id=? AND id=?)",
				"LIST SUBQUERY 2",
				"SEARCH m USING COVERING INDEX remote_objects_unsettled (service_id=? AND owner_id=?)",
				"CORRELATED SCALAR SUBQUERY 1",
				"SEARCH b USING COVERING INDEX remote_objects_by_source (service_id=? AND owner_id=? AND source_id=?)",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
		"objects of a service whom nobody settles": {
			numbered(remoteColumns + " WHERE o.service_id = $ AND " + forsakenRemote),
			[]any{id, id},
			[]string{
				"SEARCH o USING PRIMARY KEY (service_id=? AND id=?)",
				"LIST SUBQUERY 1",
				"SEARCH m USING COVERING INDEX remote_objects_unsettled (service_id=? AND owner_id=?)",
				"SEARCH i USING INDEX sqlite_autoindex_instances_1 (id=?) LEFT-JOIN",
			},
		},
		"groups of a service with members": {
			db.listedText(remoteGroupsWith, 2),
			[]any{id, id, id, id, id},
			[]string{
				"SEARCH m USING PRIMARY KEY (service_id=? AND group_id=? AND member_id=?)",
				"LIST SUBQUERY 3",
				"SEARCH u USING COVERING INDEX remote_members_by_member (service_id=? AND member_id=?)",
				"SEARCH g USING PRIMARY KEY (service_id=? AND id=?)",
				"SEARCH o USING PRIMARY KEY (service_id=? AND id=?) LEFT-JOIN",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := db.queryPlan(t, c.query, c.args); !slices.Equal(got, c.want) {
				t.Errorf("want %q, got %q", c.want, got)
			}
		})
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

func (db *DB) queryPlan(t *testing.T, query string, args []any) []string {
	t.Helper()
	rows, err := db.writer.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+rebind(query), args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var number, parent, unused int
		var step string
		if err := rows.Scan(&number, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		out = append(out, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSettingsThatKeptAllGroupsByTakingAllUsersSaySo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	earlier := fstest.MapFS{}
	names, err := fs.Glob(embedded(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name < "00030" {
			data, err := fs.ReadFile(embedded(), name)
			if err != nil {
				t.Fatal(err)
			}
			earlier[name] = &fstest.MapFile{Data: data}
		}
	}
	db := openWith(t, path, earlier)
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := []string{
		`{"scope":{"allUsers":true,"groupObjects":true}}`, `{"scope":{"allUsers":true}}`, `{"scope":{"allUsers":true,"groupObjects":true,"groups":[{"id":"a"}]}}`,
	}
	for i, document := range before {
		_, err := db.WriterDB().ExecContext(t.Context(), "INSERT INTO configs (instance_id, version, created_at, document) VALUES (x'01', ?, 0, ?)", i, document)
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	db = openWith(t, path, embedded())
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{`{"scope":{"allUsers":true,"groupObjects":true,"allGroups":true}}`, before[1], before[2]}
	for i := range want {
		var got string
		if err := db.WriterDB().QueryRowContext(t.Context(), "SELECT document FROM configs WHERE version = ?", i).Scan(&got); err != nil || got != want[i] {
			t.Errorf("want %s, got %s, %v", want[i], got, err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
