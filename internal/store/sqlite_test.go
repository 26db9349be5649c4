package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/store"
)

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// refused checks that an error is one sentence that names the file and comes with a remedy.
func refused(t *testing.T, kind fault.Kind, path string, err error) {
	t.Helper()
	failure := fault.Of(err)
	if failure == nil || failure.Kind != kind {
		t.Fatalf("want a fault %s, got %v", kind, err)
	}
	if !strings.Contains(failure.Message, path) || failure.Remedy == "" {
		t.Errorf("the message %q should name %s, and the remedy %q should not be empty", failure.Message, path, failure.Remedy)
	}
}

func withInstance(t *testing.T, db *store.DB) engine.Instance {
	t.Helper()
	instance := engine.Instance{ID: ident.New(noon), OrgID: ident.New(noon), ConnectionID: ident.New(noon), Name: "Main", AutoSync: true}
	check(t, db.SaveInstance(t.Context(), instance))
	return instance
}

func autoSync(t *testing.T, db *store.DB, instance engine.Instance) bool {
	t.Helper()
	got, err := db.Instance(t.Context(), instance.ID)
	check(t, err)
	return got.AutoSync
}

func TestFileAndFolderAreForTheOwnerOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "rollcall.db")
	db := open(t, path)
	check(t, db.SaveDomain(t.Context(), directory.Domain{OrgID: ident.New(noon), Name: "a.example"}))
	for file, want := range map[string]os.FileMode{filepath.Dir(path): 0o700 | os.ModeDir, path: 0o600, path + "-wal": 0o600, path + ".lock": 0o600} {
		info, err := os.Stat(file)
		check(t, err)
		if info.Mode() != want {
			t.Errorf("%s: want mode %s, got %s", file, want, info.Mode())
		}
	}
	check(t, db.Close())
}

func TestASecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	db := open(t, path)
	_, err := store.Open(t.Context(), config(path))
	refused(t, fault.Unavailable, path, err)
	if !strings.Contains(err.Error(), "another Rollcall process (pid ") {
		t.Errorf("the error should name the process: %v", err)
	}
	check(t, db.Close())
	check(t, open(t, path).Close())
}

func TestADatabaseLockedByAnotherProgramIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	check(t, open(t, path).Close())
	other, err := sql.Open("sqlite", path)
	check(t, err)
	other.SetMaxOpenConns(1)
	// Rollback mode takes the whole file, as a shell that converts or repairs it does.
	for _, statement := range []string{"PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE"} {
		_, err = other.ExecContext(t.Context(), statement)
		check(t, err)
	}
	_, err = store.Open(t.Context(), config(path))
	refused(t, fault.Unavailable, path, err)
	check(t, other.Close())
}

func TestWhatIsNoDatabaseIsRefused(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	check(t, os.WriteFile(text, []byte("this is not a database at all"), 0o600))
	_, err := store.Open(t.Context(), config(text))
	refused(t, fault.Invalid, text, err)
	left, err := os.ReadFile(text)
	check(t, err)
	if string(left) != "this is not a database at all" {
		t.Errorf("the file was changed: %q", left)
	}
	_, err = store.Open(t.Context(), config(folder))
	refused(t, fault.Invalid, folder, err)
	below := filepath.Join(text, "rollcall.db")
	_, err = store.Open(t.Context(), config(below))
	refused(t, fault.Invalid, below, err)
}

func TestADamagedDatabaseIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	check(t, open(t, path).Close())
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	check(t, err)
	_, err = file.WriteAt([]byte(strings.Repeat("garbage", 600)), 16)
	check(t, errors.Join(err, file.Close()))
	_, err = store.Open(t.Context(), config(path))
	if failure := fault.Of(err); failure == nil || failure.Remedy == "" || !strings.Contains(failure.Message, path) {
		t.Errorf("want a fault that names the file and a remedy, got %v", err)
	}
}

func TestEveryWriteIsFlushedBeforeItIsAnswered(t *testing.T) {
	db := open(t, filepath.Join(t.TempDir(), "rollcall.db"))
	var synchronous int
	var mode string
	check(t, db.WriterDB().QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&synchronous))
	check(t, db.WriterDB().QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode))
	if synchronous != 2 || mode != "wal" {
		t.Errorf("want synchronous 2 (FULL) and journal_mode wal, got %d and %s", synchronous, mode)
	}
	check(t, db.Close())
}

func TestTheLogOfABulkLoadStaysBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	db := open(t, path)
	reason := strings.Repeat("x", 1<<20)
	for range 100 {
		event := directory.Archived{OrgID: ident.New(noon), ID: ident.New(noon), Reason: reason, ArchivedAt: noon, KeepUntil: noon}
		check(t, db.SaveArchived(t.Context(), []directory.Archived{event}))
	}
	info, err := os.Stat(path + "-wal")
	check(t, err)
	if info.Size() > 64<<20 {
		t.Errorf("the write-ahead log has %d bytes", info.Size())
	}
	check(t, db.Close())
}

func TestANewerSchemaIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rollcall.db")
	db := open(t, path)
	version, err := db.SchemaVersion(t.Context())
	check(t, err)
	_, err = db.WriterDB().ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)", version+1)
	check(t, errors.Join(err, db.Close()))
	_, err = store.Open(t.Context(), config(path))
	refused(t, fault.Invalid, path, err)
}

func TestABackupIsWholeAndDoesNothingByItself(t *testing.T) {
	folder := t.TempDir()
	db := open(t, filepath.Join(folder, "rollcall.db"))
	instance := withInstance(t, db)
	to := filepath.Join(folder, "copy.db")
	check(t, db.Backup(t.Context(), to))
	if !autoSync(t, db, instance) {
		t.Error("the backup switched Auto Sync off in the original")
	}
	if err := db.Backup(t.Context(), to); !fault.Is(err, fault.Conflict) {
		t.Errorf("a file that exists: want a conflict, got %v", err)
	}
	if err := db.Backup(t.Context(), filepath.Join(folder, "missing", "copy.db")); !fault.Is(err, fault.Invalid) {
		t.Errorf("a folder that does not exist: want invalid, got %v", err)
	}
	info, err := os.Stat(to)
	check(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("the copy has mode %s", info.Mode())
	}
	second := filepath.Join(folder, "second.db")
	check(t, store.BackupFile(t.Context(), db.Path(), second)) // beside the process that has it open
	for _, path := range []string{to, second} {
		restored := open(t, path)
		if autoSync(t, restored, instance) || !restored.StartedFromCopy() {
			t.Errorf("%s: Auto Sync is on, or nobody noticed that it is a copy", path)
		}
		check(t, restored.Close())
	}
	check(t, db.Close())
	third := filepath.Join(folder, "third.db")
	check(t, store.BackupFile(t.Context(), db.Path(), third))
	content, err := os.ReadFile(third)
	check(t, err)
	check(t, os.WriteFile(db.Path(), content, 0o600)) // the same file as before, with what the backup holds
	restored := open(t, db.Path())
	if autoSync(t, restored, instance) || !restored.StartedFromCopy() {
		t.Error("written over the original: Auto Sync is on, or nobody noticed that it is a copy")
	}
	check(t, restored.Close())
	if names, err := filepath.Glob(filepath.Join(folder, ".rollcall-backup-*")); err != nil || len(names) > 0 {
		t.Errorf("left behind: %v %v", names, err)
	}
}

func TestACopiedFileStartsWithAutoSyncOff(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "rollcall.db")
	db := open(t, path)
	instance := withInstance(t, db)
	check(t, db.Close())

	again := open(t, path)
	if again.StartedFromCopy() || !autoSync(t, again, instance) {
		t.Error("the same file counts as a copy")
	}
	check(t, again.Close())

	content, err := os.ReadFile(path)
	check(t, err)
	copied := filepath.Join(folder, "copied.db")
	check(t, os.WriteFile(copied, content, 0o600))
	other := open(t, copied)
	if !other.StartedFromCopy() || autoSync(t, other, instance) {
		t.Error("a copied file counts as the original")
	}
	// Somebody confirms by switching it on; from then on the copy is an original.
	instance.AutoSync = true
	check(t, other.SaveInstance(t.Context(), instance))
	check(t, other.Close())
	confirmed := open(t, copied)
	if confirmed.StartedFromCopy() || !autoSync(t, confirmed, instance) {
		t.Error("the confirmed copy is not believed")
	}
	check(t, confirmed.Close())
}

func TestWhatWasAnsweredSurvivesAKill(t *testing.T) {
	if path := os.Getenv("ROLLCALL_STORE_VICTIM"); path != "" {
		db := open(t, path)
		check(t, db.SaveDomain(t.Context(), directory.Domain{OrgID: ident.New(noon), Name: "answered.example"}))
		_ = db.InTx(t.Context(), func(ctx context.Context) error {
			check(t, db.SaveDomain(ctx, directory.Domain{OrgID: ident.New(noon), Name: "unanswered.example"}))
			process, err := os.FindProcess(os.Getpid())
			check(t, err)
			check(t, process.Kill())
			select {} // until the kill arrives
		})
	}
	path := filepath.Join(t.TempDir(), "rollcall.db")
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestWhatWasAnsweredSurvivesAKill$")
	victim.Env = append(os.Environ(), "ROLLCALL_STORE_VICTIM="+path)
	if output, err := victim.CombinedOutput(); err == nil {
		t.Fatalf("the process was not killed: %s", output)
	}
	db := open(t, path)
	var names string
	check(t, db.WriterDB().QueryRowContext(t.Context(), "SELECT GROUP_CONCAT(name) FROM domains").Scan(&names))
	if names != "answered.example" {
		t.Errorf("want answered.example alone, got %s", names)
	}
	check(t, db.Close())
}
