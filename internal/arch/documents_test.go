package arch_test

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// What is written about the code is held against the code: the README's list of packages, the licences in NOTICE, links.

var (
	requirement = regexp.MustCompile(`(?m)^(?:require )?\t?([a-z0-9][\w.~/-]*\.[\w.~/-]+) v[0-9]`)
	packageRow  = regexp.MustCompile("(?m)^\\| \\[`([a-z/]+)`\\]\\(internal/[a-z/]+\\) \\| (.*) \\|$")
	link        = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fenced      = regexp.MustCompile("(?s)```.*?```")
)

func TestTheDocumentsAgreeWithTheCode(t *testing.T) {
	for _, fault := range disagreements(t, os.DirFS(root)) {
		t.Error(fault)
	}
}

func TestDocumentsThatDisagreeAreNoticed(t *testing.T) {
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"go.mod": "module rollcall\n\ngo 1.26.0\n\nrequire example.org/named v1.0.0\n\nrequire (\n\texample.org/named/v2 v2.1.0\n" +
			"\texample.org/forgotten v0.1.0 // indirect\n)\n",
		"NOTICE": "  example.org/named          MIT\n  example.org/named/v2\n",
		"README.md": "| [`fault`](internal/fault) | classifies errors |\n| [`sso`](internal/sso) | signs people in by OIDC or SAML |\n" +
			"[a](docs/a.md#part) [b](https://example.org/) [c](#here)\n```\n[d](nowhere)\n```\n",
		"docs/a.md":               "[up](../README.md) [lost](b.md)\n",
		"internal/fault/fault.go": "package fault\n",
		"internal/ident/ident.go": "package ident\n",
	} {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	want := []string{
		"NOTICE does not name example.org/forgotten: add it under its licence",
		"README.md says that fault classifies errors; the layout says: classifies errors by what the caller can do about them",
		"README.md lists internal/sso, which does not exist",
		"README.md does not list internal/ident: | [`ident`](internal/ident) | identifiers: time-ordered, sixteen bytes in the database, text everywhere else |",
		"README.md links to internal/sso, which does not exist",
		"docs/a.md links to docs/b.md, which does not exist",
	}
	if diff := cmp.Diff(want, disagreements(t, files)); diff != "" {
		t.Errorf("disagreements (-want +got):\n%s", diff)
	}
}

func disagreements(t *testing.T, root fs.FS) []string {
	t.Helper()
	tree, err := load(root)
	if err != nil {
		t.Fatal(err)
	}
	out := unnamedModules(read(t, root, "go.mod"), read(t, root, "NOTICE"))
	out = append(out, wrongRows(tree, read(t, root, "README.md"))...)
	return append(out, deadLinks(t, root)...)
}

func read(t *testing.T, root fs.FS, name string) string {
	t.Helper()
	text, err := fs.ReadFile(root, name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func unnamedModules(gomod, notice string) (out []string) {
	for _, m := range requirement.FindAllStringSubmatch(gomod, -1) {
		if !regexp.MustCompile(`(?m)^  ` + regexp.QuoteMeta(m[1]) + `(\s|$)`).MatchString(notice) {
			out = append(out, fmt.Sprintf("NOTICE does not name %s: add it under its licence", m[1]))
		}
	}
	return out
}

func wrongRows(tree []pkg, readme string) (out []string) {
	exists := map[string]bool{}
	for _, p := range tree {
		if dir, ok := p.internal(); ok {
			exists[dir] = true
		}
	}
	listed := map[string]bool{}
	for _, row := range packageRow.FindAllStringSubmatch(readme, -1) {
		dir, sentence := row[1], row[2]
		listed[dir] = true
		if i, ok := find(dir); ok && layout[i].sentence != sentence {
			out = append(out, fmt.Sprintf("README.md says that %s %s; the layout says: %s", dir, sentence, layout[i].sentence))
		}
		if !exists[dir] {
			out = append(out, fmt.Sprintf("README.md lists internal/%s, which does not exist", dir))
		}
	}
	for _, e := range layout {
		if exists[e.path] && !listed[e.path] {
			out = append(out, fmt.Sprintf("README.md does not list internal/%s: | [`%s`](internal/%s) | %s |", e.path, e.path, e.path, e.sentence))
		}
	}
	return out
}

// deadLinks follows the relative links of the root's and docs' Markdown files, parts of pages not included.
func deadLinks(t *testing.T, root fs.FS) (out []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/decisions/*.md"} {
		pages, err := fs.Glob(root, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, page := range pages {
			for _, l := range link.FindAllStringSubmatch(fenced.ReplaceAllString(read(t, root, page), ""), -1) {
				target, _, _ := strings.Cut(l[1], "#")
				if target == "" || strings.Contains(target, ":") {
					continue
				}
				target = path.Join(path.Dir(page), target)
				if _, err := fs.Stat(root, target); err != nil {
					out = append(out, fmt.Sprintf("%s links to %s, which does not exist", page, target))
				}
			}
		}
	}
	return out
}
