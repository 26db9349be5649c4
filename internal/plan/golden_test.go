package plan_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"rollcall/internal/plan"
)

var update = flag.Bool("update", false, "write the results of the golden tests into testdata")

// Each archive of testdata is a theme. `rules` is the configuration of the cases after it; a case is a pair of `… case` and `… gives`, which
// holds the change, null for none. Every case is checked against the invariants as well.
func TestGolden(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no golden files", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			runArchive(t, archive)
			if *update {
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func runArchive(t *testing.T, archive *txtar.Archive) {
	var rules *plan.Rules
	for i := 0; i < len(archive.Files); i++ {
		file := archive.Files[i]
		if file.Name == "rules" {
			rules = compileRules(t, file.Data)
			continue
		}
		name, isCase := strings.CutSuffix(file.Name, " case")
		if i++; !isCase || i == len(archive.Files) || archive.Files[i].Name != name+" gives" {
			t.Fatalf("%q is not a case with what it gives behind it", file.Name)
		}
		t.Run(name, func(t *testing.T) {
			var c goldenCase
			decode(t, file.Data, &c)
			got := show(t, c.decide(rules))
			if *update {
				archive.Files[i].Data = got
			} else if diff := cmp.Diff(string(archive.Files[i].Data), string(got)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			checkInvariants(t, rules, c)
		})
	}
}

func decode(t *testing.T, data []byte, v any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// show writes a change as the golden files hold it.
func show(t *testing.T, change *plan.Change) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	var shown any
	if change != nil {
		shown = shownChange(*change)
	}
	if err := encoder.Encode(shown); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
