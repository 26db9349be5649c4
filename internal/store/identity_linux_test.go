package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAFileStaysItselfWhenItIsMovedAndWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := os.WriteFile(path, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	before, err := identity(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := filepath.Join(t.TempDir(), "b")
	if err := os.Rename(path, moved); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(moved, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(moved, time.Time{}, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	after, err := identity(moved)
	if err != nil || after != before {
		t.Errorf("identity %q (%v), was %q", after, err, before)
	}
	copied := filepath.Join(t.TempDir(), "c")
	if err := os.WriteFile(copied, []byte("b"), 0o600); err != nil {
		t.Fatal(err)
	}
	if other, err := identity(copied); err != nil || other == before {
		t.Errorf("a copy has the identity %q (%v), that of the original", other, err)
	}
	if strings.Contains(before, " born ") == strings.Contains(before, ":") {
		t.Errorf("identity %q, want a number with either its birth or its device", before)
	}
}
