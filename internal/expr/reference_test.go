package expr_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"text/template"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/expr"
)

//go:generate go test -run TestTheReferencePageIsMadeFromTheFunctionTable -update .

const referencePage = "../../docs/reference/expressions.md"

func TestTheReferencePageIsMadeFromTheFunctionTable(t *testing.T) {
	got := reference(t)
	if *update {
		if err := os.WriteFile(referencePage, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(referencePage)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(written), got); diff != "" {
		t.Errorf("the page is stale; go generate ./internal/expr makes it again (-written +got):\n%s", diff)
	}
}

type family struct {
	Title     string
	Functions []expr.Function
}

// reference makes the page.
func reference(t *testing.T) string {
	t.Helper()
	page := struct {
		Families                       []family
		Functions                      []expr.Function
		Notation                       string
		MaxLength, MaxNesting, MaxText int
	}{Notation: expr.Notation, Functions: functions, MaxLength: expr.MaxLength, MaxNesting: expr.MaxNesting, MaxText: expr.MaxText}
	for _, title := range expr.Families() {
		one := family{Title: title}
		for _, f := range functions {
			if f.Family == title {
				one.Functions = append(one.Functions, f)
			}
		}
		page.Families = append(page.Families, one)
	}
	made, err := template.New("reference.tmpl").Funcs(template.FuncMap{
		"anchor":  anchor,
		"cell":    func(text string) string { return strings.ReplaceAll(text, "|", `\|`) },
		"command": command,
		"how":     how,
		"shown": func(e expr.Example) (string, error) {
			record, err := expr.ParseRecord(e.Attributes)
			if err != nil || e.Result != "" {
				return e.Result, err
			}
			return resultAsJSON(t, e.Expression, record), nil
		},
	}).ParseFiles("testdata/reference.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := made.Execute(&out, page); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// anchor is the name of a heading in a link: lower case, hyphens for blanks, no punctuation.
func anchor(title string) string {
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), ",", ""), " ", "-")
}

func how(p expr.Parameter) string {
	var notes []string
	switch {
	case p.Place:
		notes = append(notes, "its place may be empty")
	case !p.Required:
		notes = append(notes, "may be left out at the end")
	}
	if p.Repeats {
		notes = append(notes, "may be repeated")
	}
	return strings.Join(notes, ", ")
}

// command is what to type for an example.
func command(e expr.Example) string {
	words := []string{"rollcall expr eval"}
	for _, attribute := range e.Attributes {
		words = append(words, "-a", shellQuoted(attribute))
	}
	return strings.Join(append(words, shellQuoted(e.Expression)), " ")
}

func shellQuoted(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

func TestEveryExampleOfThePageGivesWhatItPrints(t *testing.T) {
	for _, f := range functions {
		if len(f.Examples) == 0 {
			t.Errorf("%s has no example", f.Name)
		}
		for _, e := range f.Examples {
			record, err := expr.ParseRecord(e.Attributes)
			if err != nil {
				t.Errorf("%s: %v", f.Name, err)
				continue
			}
			got := resultAsJSON(t, e.Expression, record)
			if e.Result != "" && !cmp.Equal(decode(t, got), decode(t, e.Result)) {
				t.Errorf("%s\ngives %s, the page says %s", command(e), got, e.Result)
			}
			if !strings.Contains(e.Expression, f.Name+"(") {
				t.Errorf("%s is no example for %s", e.Expression, f.Name)
			}
		}
	}
}

// resultAsJSON evaluates an expression and writes what comes of it as the command line does.
func resultAsJSON(t *testing.T, text string, record expr.Record) string {
	t.Helper()
	result, err := evaluate(t, text, record)
	if err != nil {
		t.Errorf("%s: %v", text, err)
	}
	value := result.Value.Any()
	if result.Action != expr.Flow {
		instead := map[string]any{"$action": result.Action.String()}
		if result.Reason != "" {
			instead["reason"] = result.Reason
		}
		value = instead
	}
	made, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(made)
}
