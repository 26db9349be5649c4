package expr_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "write the golden files and docs/reference/expressions.md")

// golden runs the archives of a folder of testdata. Each is a theme; a case is a file with the name of the case and one named `… gives` behind it.
func golden(t *testing.T, folder string, give func(t *testing.T, data string) string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(archive.Files); i += 2 {
				name := archive.Files[i].Name
				if i+1 == len(archive.Files) || archive.Files[i+1].Name != name+" gives" {
					t.Fatalf("%q has not what it gives behind it", name)
				}
				t.Run(name, func(t *testing.T) {
					got := give(t, string(archive.Files[i].Data))
					if *update {
						archive.Files[i+1].Data = []byte(got)
					} else if diff := cmp.Diff(string(archive.Files[i+1].Data), got); diff != "" {
						t.Errorf("(-want +got):\n%s", diff)
					}
				})
			}
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
