package arch_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// module is the module's path, as go.mod has it.
const module = "rollcall"

// file is one parsed Go file.
type file struct {
	path    string // from the root of the module
	test    bool
	imports []string
	syntax  *ast.File
}

// pkg is one folder with Go files in it.
type pkg struct {
	dir   string // from the root of the module, "." for the root itself
	name  string
	files []file
}

// internal returns the folder below internal/, or false if it is elsewhere.
func (p pkg) internal() (string, bool) { return strings.CutPrefix(p.dir, "internal/") }

// production returns the files that are not tests.
func (p pkg) production() []file {
	return slices.DeleteFunc(slices.Clone(p.files), func(f file) bool { return f.test })
}

// load parses every Go file of the module except testdata, hidden folders and modules inside the module, whatever the build
// tags: a rule holds on every platform and in every kind of build.
func load(root fs.FS) ([]pkg, error) {
	byDir := map[string]*pkg{}
	err := fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return skipDir(root, name, d)
		case !strings.HasSuffix(name, ".go"):
			return nil
		}
		f, err := parse(root, name)
		if err != nil {
			return err
		}
		dir := path.Dir(name)
		if byDir[dir] == nil {
			byDir[dir] = &pkg{dir: dir}
		}
		p := byDir[dir]
		p.files = append(p.files, f)
		if !f.test {
			p.name = f.syntax.Name.Name
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	tree := make([]pkg, 0, len(byDir))
	for _, p := range byDir {
		tree = append(tree, *p)
	}
	slices.SortFunc(tree, func(a, b pkg) int { return strings.Compare(a.dir, b.dir) })
	return tree, nil
}

func skipDir(root fs.FS, name string, d fs.DirEntry) error {
	if name == "." {
		return nil
	}
	if strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"testdata", "node_modules", "bin"}, d.Name()) {
		return fs.SkipDir
	}
	if _, err := fs.Stat(root, path.Join(name, "go.mod")); err == nil {
		return fs.SkipDir
	}
	return nil
}

func parse(root fs.FS, name string) (file, error) {
	source, err := fs.ReadFile(root, name)
	if err != nil {
		return file{}, err
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return file{}, err
	}
	f := file{path: name, test: strings.HasSuffix(name, "_test.go"), syntax: syntax}
	for _, spec := range syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return file{}, fmt.Errorf("%s: import %s: %w", name, spec.Path.Value, err)
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}

// localName returns the name under which the file knows the import, or "" if it does not import it by a name.
func (f file) localName(imported string) string {
	for _, spec := range f.syntax.Imports {
		if value, err := strconv.Unquote(spec.Path.Value); err != nil || value != imported {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(imported)
	}
	return ""
}

// below reports whether the import path is the pattern or lies under it.
func below(imported, pattern string) bool {
	return imported == pattern || strings.HasPrefix(imported, pattern+"/")
}
