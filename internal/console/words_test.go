package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"
)

// asked finds the keys that templates and handlers ask for; mentioned any text that may be a key, or the beginning of one.
var (
	asked     = regexp.MustCompile(`(?:\{\{|\(|\s)t "([a-z][A-Za-z0-9.-]+)"|\bsay\("([a-z][A-Za-z0-9.-]+)"`)
	mentioned = regexp.MustCompile(`"([a-z][A-Za-z0-9-]*(?:\.[A-Za-z0-9-]+)*\.?)"`)
)

// sources returns the package's Go files and pages as one text.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, pattern := range []string{"*.go", "pages/*.html"} {
		files, err := fs.Glob(os.DirFS("."), pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || file == "doc.go" {
				continue
			}
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(data)
		}
	}
	return all.String()
}

func TestEveryTextIsInEveryLanguageAndUsed(t *testing.T) {
	catalogues, err := loadWords()
	if err != nil {
		t.Fatal(err)
	}
	text := sources(t)
	exact, prefixes := map[string]bool{}, []string{}
	for _, found := range mentioned.FindAllStringSubmatch(text, -1) {
		if strings.HasSuffix(found[1], ".") {
			prefixes = append(prefixes, found[1])
		}
		exact[found[1]] = true
	}
	used := func(key string) bool {
		if exact[key] || exact[strings.TrimSuffix(key, ".text")] {
			return true
		}
		for _, prefix := range prefixes {
			if strings.HasPrefix(key, prefix) {
				return true
			}
		}
		return false
	}
	for _, found := range asked.FindAllStringSubmatch(text, -1) {
		key := found[1] + found[2]
		if strings.HasSuffix(key, ".") {
			continue
		}
		if !catalogues["en"].has(key) {
			t.Errorf("%s is asked for, and no catalogue has it", key)
		}
	}
	for name, w := range catalogues {
		for key, text := range w.texts {
			for other, v := range catalogues {
				if !v.has(key) {
					t.Errorf("%s is in %s and not in %s", key, name, other)
				}
			}
			if !used(key) {
				t.Errorf("%s (%s) is used nowhere", key, name)
			}
			if text.other == "" {
				t.Errorf("%s (%s) is empty", key, name)
			}
		}
	}
}
