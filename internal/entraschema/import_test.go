package entraschema_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"rollcall/internal/entraschema"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
)

// configuration is entraschema.Configuration as golden files show it.
type configuration struct {
	Attributes []mapping.Attribute `json:"attributes"`
	Filters    []scope.Filter      `json:"filters"`
}

// Each archive of testdata is a schema that Entra, Graph or PowerShell could have written, the configuration that is made of it, and the notes.
func TestSchemasOfEntraAreReadAsTheGoldenFilesSay(t *testing.T) {
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
			schema := archive.Files[0]
			got, notes, err := entraschema.Import(schema.Data)
			if err != nil {
				t.Fatal(err)
			}
			shown := []txtar.File{schema, {Name: "configuration.json", Data: show(t, got)}, {Name: "notes", Data: list(notes)}}
			if *update {
				archive.Files = shown
				if err := os.WriteFile(path, txtar.Format(archive), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(archive.Files, shown, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			compiles(t, got)
		})
	}
}

func compiles(t *testing.T, c entraschema.Configuration) {
	t.Helper()
	if _, err := mapping.Compile(c.Attributes); err != nil {
		t.Error(err)
	}
	if _, err := (scope.Rules{Filters: c.Filters}).Compile(); err != nil {
		t.Error(err)
	}
}

func show(t *testing.T, c entraschema.Configuration) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(configuration(c)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// list writes a note as two lines: what became of which thing and where, then why.
func list(notes []entraschema.Note) []byte {
	var out bytes.Buffer
	for _, n := range notes {
		fmt.Fprintf(&out, "%s %q %s\n    %s\n", n.Effect, n.Subject, n.Path, n.Text)
	}
	return out.Bytes()
}

// small is a schema with the mappings that every instance has.
func small(t testing.TB) []byte {
	t.Helper()
	document, err := entraschema.Export(entraschema.Configuration{Attributes: mapping.Defaults()[:6]}, entraschema.Names{})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func TestDocumentsInAnyEncodingOfUnicodeAreRead(t *testing.T) {
	plain := bytes.ReplaceAll(small(t), []byte("Rollcall"), []byte("Zürich 🚲"))
	for _, c := range []struct {
		name  string
		mark  bool
		order interface {
			binary.ByteOrder
			binary.AppendByteOrder
		}
	}{
		{"UTF-8", false, nil},
		{"UTF-8 with byte order mark", true, nil},
		{"UTF-16LE", false, binary.LittleEndian},
		{"UTF-16LE with byte order mark", true, binary.LittleEndian},
		{"UTF-16BE", false, binary.BigEndian},
		{"UTF-16BE with byte order mark", true, binary.BigEndian},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := string(plain)
			if c.mark {
				text = "\ufeff" + text
			}
			document := []byte(text)
			if c.order != nil {
				document = nil
				for _, unit := range utf16.Encode([]rune(text)) {
					document = c.order.AppendUint16(document, unit)
				}
			}
			comesBack(t, document, entraschema.Configuration{Attributes: mapping.Defaults()[:6]})
		})
	}
}

func TestWhatIsNoSchemaOfUsersIsRefusedWithAWordOnWhatToDownload(t *testing.T) {
	inbound := `{"synchronizationRules":[{"sourceDirectoryName":"Workday","targetDirectoryName":"Azure Active Directory","objectMappings":[{"sourceObjectName":"User","targetObjectName":"User"}]}]}`
	for _, c := range []struct{ name, document, want string }{
		{"nothing", " \n", "the document is empty"},
		{"a web page", "<!doctype html>", "the document is not JSON: line 1, column 1: invalid character '<'"},
		{"an answer with its header", "HTTP/1.1 200 OK\n\n{}", "the document is not JSON: line 1"},
		{"the first half", "{\"version\":\n [1,", "the document is not JSON: line 2, column 5: it breaks off"},
		{"a comma too many", "{\"a\":[1,]}", "the document is not JSON"},
		{"two documents", "{} {}", "something follows the end of the document"},
		{"a text", `"schema"`, "the document is JSON, but no object"},
		{"a list", "[]", "the document is JSON, but no object"},
		{"another object", `{"displayName":"x","value":[{"id":1}]}`, "it has no synchronizationRules"},
		{"no rules", `{"synchronizationRules":[]}`, "the schema has no mapping of users"},
		{"groups only", `{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"Group","targetObjectName":"Group"}]}]}`, "the schema has no mapping of users"},
		{"rules without mappings", `{"synchronizationRules":[null,1,{"objectMappings":null}]}`, "the schema has no mapping of users"},
		{"users into Entra", inbound, "the schema brings users from Workday to Azure Active Directory, not from Entra to an application"},
		{"PowerShell without -Depth", `{"SynchronizationRules":[{"ObjectMappings":["Microsoft.Graph.PowerShell.Models.MicrosoftGraphObjectMapping"]}]}`, "with PowerShell use ConvertTo-Json -Depth 100"},
		{"PowerShell with too little depth", `{"SynchronizationRules":[{"ObjectMappings":[{"SourceObjectName":"User","AttributeMappings":"System.Object[]"}]}]}`, "with PowerShell use ConvertTo-Json -Depth 100"},
		{"much nesting", strings.Repeat("[", 100_000), "values are nested deeper than 400"},
		{"many values", "[" + strings.Repeat("1,", entraschema.MaxValues) + "1]", "there are more than 250000 values"},
		{"many bytes", strings.Repeat(" ", entraschema.MaxBytes+1), "at most 8388608 are read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, notes, err := entraschema.Import([]byte(c.document))
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "Review your schema here") {
				t.Errorf("want %q, got %v", c.want, err)
			}
			if len(notes) > 0 {
				t.Error("a refused document has notes", notes)
			}
		})
	}
}

// A disabled mapping, and one of another rule, stand before the one that is in force.
func TestTheMappingOfUsersThatIsInForceIsTaken(t *testing.T) {
	object := func(name, enabled string) string {
		return `{"name":"` + name + `","enabled":` + enabled + `,"sourceObjectName":"User","targetObjectName":"User","attributeMappings":[
			{"targetAttributeName":"title","source":{"expression":"\"` + name + `\""}}]}`
	}
	rule := func(priority, mappings string) string {
		return `{"priority":` + priority + `,"sourceDirectoryName":"azure active directory","objectMappings":[` + mappings + `]}`
	}
	for _, c := range []struct{ name, rules, want string }{
		{"the enabled one", rule("1", object("off", "false")+","+object("on", "true")), "on"},
		{"that of the first priority", rule("2", object("second", "true")) + "," + rule("1", object("first", "true")), "first"},
		{"a disabled one if there is no other", rule("1", object("off", "false")), "off"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := entraschema.Import([]byte(`{"synchronizationRules":[` + c.rules + `]}`))
			if err != nil {
				t.Fatal(err)
			}
			if got.Attributes[0].Constant != c.want {
				t.Errorf("the mapping of %q was taken", got.Attributes[0].Constant)
			}
		})
	}
}

func TestFiltersThatCannotBeReadLetNobodyIn(t *testing.T) {
	for _, scopeText := range []string{
		`"System.Object"`, `{"groups":"System.Object[]"}`, `{"groups":["Microsoft.Graph.FilterGroup"]}`, `{"groups":[{"name":"a","clauses":"System.Object[]"}]}`,
		`{"groups":[{"clauses":[{}]}]}`, `{"groups":[{"clauses":[null, 1]}]}`,
		`{"groups":[{"clauses":[{"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":[` + strings.Repeat(`"a","b",`, 10) + `"c"]}},
			{"sourceOperandName":"city","operatorName":"EQUALS","targetOperand":{"values":[` + values(150) + `]}}]}]}`,
	} {
		document := bytes.Replace(small(t), []byte(`"scope": null`), []byte(`"scope": `+scopeText), 1)
		got, notes, err := entraschema.Import(document)
		if err != nil {
			t.Fatal(err)
		}
		want := []scope.Clause{{Attribute: "objectId", Operator: scope.IsNull}}
		if len(got.Filters) != 1 || !cmp.Equal(got.Filters[0].Clauses, want) || len(notes) < 2 {
			t.Errorf("%s is read as %v, with the notes %v", scopeText, got.Filters, notes)
		}
		compiles(t, got)
	}
}

func values(count int) string {
	list := make([]string, count)
	for i := range list {
		list[i] = fmt.Sprintf(`"v%d"`, i)
	}
	return strings.Join(list, ",")
}

func TestMoreNotesThanCanBeListedAreCounted(t *testing.T) {
	many := strings.Repeat(`{"key":"Colour","value":"red"},`, 5000) + `{"key":"Colour","value":"blue"}`
	document := bytes.Replace(small(t), []byte(`"scope": null`), []byte(`"scope": null, "metadata": [`+many+`]`), 1)
	document = bytes.Replace(document, []byte(`      "metadata": [],
          "attributeMappings"`), []byte(`      "attributeMappings"`), 1)
	_, notes, err := entraschema.Import(document)
	if err != nil {
		t.Fatal(err)
	}
	if last := notes[len(notes)-1].Text; len(notes) != 2001 || last != "there are 3001 more notes than can be listed" {
		t.Errorf("%d notes, the last of which is %q", len(notes), last)
	}
}

func TestOfTooManyMappingsTheFirstAreRead(t *testing.T) {
	var many strings.Builder
	for i := range 1200 {
		fmt.Fprintf(&many, `{"targetAttributeName":"emails[type eq \"e%d\"].value"},`, i)
	}
	document := `{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[` + strings.TrimSuffix(many.String(), ",") + `]}]}]}`
	got, notes, err := entraschema.Import([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Attributes) != 506 || notes[0].Text != "there are 1200 of them; only the first 500 are read" {
		t.Errorf("%d mappings, notes %v", len(got.Attributes), notes)
	}
	compiles(t, got)
}

// Looking for the names that are nearest to unknown ones takes its time: an expression full of them is not looked through to the end.
func TestAnExpressionOfManyUnknownAttributesIsDroppedWithOneOfThem(t *testing.T) {
	expression := "[unknownA]&[unknownB]&[unknownC]&[unknownD]&[unknownE]&[unknownF]&[unknownG]"
	document := `{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[{"targetAttributeName":"title","source":{"expression":"` + expression + `"}}]}]}]}`
	_, notes, err := entraschema.Import([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	want := entraschema.Note{
		Path: "synchronizationRules[0].objectMappings[0].attributeMappings[0]", Subject: "title", Effect: entraschema.Dropped,
		Text: `users of the tenant have no attribute "unknownF"`,
	}
	if diff := cmp.Diff(want, notes[0]); diff != "" {
		t.Error(diff)
	}
}

// What is read compiles, and comes back from its own export unchanged.
func FuzzImport(f *testing.F) {
	const frame = `{"synchronizationRules":[{"objectMappings":[{"sourceObjectName":"User","attributeMappings":[%s],"scope":%s}]}]}`
	f.Add([]byte(`{"value":[{"schema":{"synchronizationRules":[{"sourceDirectoryName":"AAD","containerFilter":{"a":1},"objectMappings":[{"sourceObjectName":"User",
		"enabled":false,"flowTypes":"Add","metadata":[{"key":"a","value":"b"}]}]}],"directories":[{"name":"","objects":[{"name":"","attributes":[
		{"name":"title","flowNullValues":true,"required":true,"defaultValue":"x","mutability":"Immutable","caseExact":false}]}]}]}}]}`))
	for _, part := range parts(f, `targetAttributeName`) {
		f.Add(fmt.Appendf(nil, frame, part, "null"))
	}
	for _, part := range parts(f, `clauses`) {
		f.Add(fmt.Appendf(nil, frame, "", `{"groups":[`+part+`]}`))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		got, _, err := entraschema.Import(document)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		exported, err := entraschema.Export(got, entraschema.Names{})
		if err != nil {
			t.Fatal(err)
		}
		comesBack(t, exported, got)
	})
}

// parts returns the objects of the golden schemas that have a member, each once and without blanks. Mutating them one by one finds more in
// less time than mutating whole schemas.
func parts(f *testing.F, member string) []string {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	found := map[string]bool{}
	var walk func(value any)
	walk = func(value any) {
		switch v := value.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case map[string]any:
			if _, ok := v[member]; ok {
				text, err := json.Marshal(v)
				if err != nil {
					f.Fatal(err)
				}
				found[string(text)] = true
			}
			for _, item := range v {
				walk(item)
			}
		}
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(archive.Files[0].Data, &document); err != nil {
			f.Fatal(err)
		}
		walk(document)
	}
	if len(found) < 10 {
		f.Fatal("the golden schemas have no", member)
	}
	return slices.Sorted(maps.Keys(found))
}
