package mapping_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

var update = flag.Bool("update", false, "write the results of the golden tests into testdata")

// user is the input of a golden case: what the mirror knows of one user.
type user struct {
	ID          string      `json:"id"`
	SoftDeleted bool        `json:"softDeleted,omitempty"`
	Record      attr.Record `json:"record"`
}

// outcome is the result of a golden case.
type outcome struct {
	Wanted    attr.Record       `json:"wanted"`
	OnCreate  attr.Record       `json:"onCreate,omitempty"`
	UserNames []string          `json:"userNames,omitempty"`
	Active    bool              `json:"active"`
	Ignored   *mapping.Problem  `json:"ignored,omitempty"`
	Problems  []mapping.Problem `json:"problems,omitempty"`
	Warnings  []mapping.Problem `json:"warnings,omitempty"`
}

// circumstances of all golden cases.
var circumstances = mapping.Circumstances{Now: time.Date(2026, 8, 3, 9, 30, 0, 0, time.UTC), Instance: ident.ID{1, 2, 3}}

// Each archive of testdata is a theme: `mappings` holds what replaces or extends the sixteen default mappings, then come pairs of
// `… user` and `… gives`. Where mappings are wrong there are pairs of `… mappings` and `… is refused` instead.
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
	attributes := mapping.Defaults()
	for i := 0; i < len(archive.Files); i++ {
		file := archive.Files[i]
		name, what, _ := cut(file.Name)
		var got []byte
		switch what {
		case "mappings":
			if name == "" {
				attributes = override(t, attributes, file.Data)
				continue
			}
			_, err := mapping.Compile(override(t, mapping.Defaults(), file.Data))
			if err == nil {
				t.Errorf("%s: Compile accepts it", name)
				continue
			}
			got = []byte(strings.ReplaceAll(err.Error(), "; ", ";\n") + "\n")
		case "user":
			got = mapUser(t, attributes, file.Data)
		default:
			t.Fatalf("unexpected file %q", file.Name)
		}
		i++
		if *update {
			archive.Files[i].Data = got
		} else if diff := cmp.Diff(string(archive.Files[i].Data), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", archive.Files[i].Name, diff)
		}
	}
}

// cut splits "a guest user" into "a guest" and "user".
func cut(name string) (before, last string, found bool) {
	if i := strings.LastIndexByte(name, ' '); i >= 0 {
		return name[:i], name[i+1:], true
	}
	return "", name, false
}

// override puts mappings in place of the default ones with the same target, an empty kind removing it, and appends the others.
func override(t *testing.T, attributes []mapping.Attribute, data []byte) []mapping.Attribute {
	t.Helper()
	var changes []mapping.Attribute
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&changes); err != nil {
		t.Fatal(err)
	}
	for _, change := range changes {
		i := 0
		for i < len(attributes) && attributes[i].Target != change.Target {
			i++
		}
		switch {
		case i == len(attributes):
			attributes = append(attributes, change)
		case change.Kind == "":
			attributes = append(attributes[:i:i], attributes[i+1:]...)
		default:
			attributes[i] = change
			if change.Target == attr.UserName && change.Matching == 0 && change.Apply != mapping.OnlyOnCreate {
				attributes[i].Matching = 1
			}
		}
	}
	return attributes
}

func mapUser(t *testing.T, attributes []mapping.Attribute, data []byte) []byte {
	t.Helper()
	set, err := mapping.Compile(attributes)
	if err != nil {
		t.Fatal(err)
	}
	var u user
	if err := json.Unmarshal(data, &u); err != nil {
		t.Fatal(err)
	}
	person := source.User{ID: u.ID, Record: u.Record, SoftDeleted: u.SoftDeleted}
	result := set.Map(person, circumstances)
	if diff := cmp.Diff(result, set.Map(person, circumstances)); diff != "" {
		t.Errorf("mapping twice differs:\n%s", diff)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(outcome(result)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
