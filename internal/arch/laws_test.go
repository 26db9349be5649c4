package arch_test

import (
	"fmt"
	"go/ast"
	"regexp"
	"slices"
	"strings"
)

// law finds what breaks one rule, a sentence for each breach that names the file and says what to do.
type law struct {
	name   string
	breach func(tree []pkg) []string
}

var laws = []law{
	{"every package has its row in the layout", unlisted},
	{"a package imports only packages listed before it", outOfOrder},
	{"a package comment begins with the sentence of the layout", unspoken},
	{"pure packages know no I/O, no clock and no randomness", impurities},
	{"the simulated tenant imports nothing of ours", leakedIntoSimulator},
	{"SQL and the job queue stay where they are", strayed},
	{"an interface has at most eight methods", overgrown},
	{"the package that implements an interface does not declare it", selfImplemented},
	{"only packages for tests import testing", testingInProduction},
	{"a package's name says what is inside", shapelessNames},
	{"Go code is under cmd, internal, e2e, bench and web", misplaced},
}

func find(dir string) (int, bool) {
	i := slices.IndexFunc(layout, func(e entry) bool { return e.path == dir })
	return i, i >= 0
}

func unlisted(tree []pkg) (out []string) {
	for _, p := range tree {
		dir, ok := p.internal()
		if !ok {
			continue
		}
		if _, listed := find(dir); !listed {
			out = append(out, fmt.Sprintf("%s is not in the layout: add its sentence to internal/arch/layout_test.go, after the packages it imports", p.dir))
		}
	}
	return out
}

func outOfOrder(tree []pkg) (out []string) {
	for _, p := range tree {
		dir, _ := p.internal()
		at, listed := find(dir)
		if !listed {
			continue
		}
		for _, f := range p.production() {
			for _, imported := range f.imports {
				other, ours := strings.CutPrefix(imported, module+"/internal/")
				if i, ok := find(other); ours && ok && i >= at {
					out = append(out, fmt.Sprintf("%s imports %s, which comes later in the layout: let %s declare the interface that it needs", f.path, other, dir))
				}
			}
		}
	}
	return out
}

// grammar takes out the words that a comment needs to be a sentence and a table does not.
var grammar = strings.NewReplacer("; it is ", "; ", "; it ", "; ")

func unspoken(tree []pkg) (out []string) {
	for _, p := range tree {
		dir, _ := p.internal()
		i, listed := find(dir)
		if !listed || len(p.production()) == 0 {
			continue
		}
		want := regexp.MustCompile(`^Package ` + p.name + ` (\w+ )?` + regexp.QuoteMeta(layout[i].sentence) + `\W`)
		var comments []string
		for _, f := range p.production() {
			if f.syntax.Doc != nil {
				comments = append(comments, grammar.Replace(strings.Join(strings.Fields(f.syntax.Doc.Text()), " ")+" "))
			}
		}
		switch {
		case len(comments) != 1:
			out = append(out, fmt.Sprintf("%s has %d package comments: it needs one", p.dir, len(comments)))
		case !want.MatchString(comments[0]):
			out = append(out, fmt.Sprintf("%s: the package comment must begin with: Package %s (a verb) %s", p.dir, p.name, layout[i].sentence))
		}
	}
	return out
}

func impurities(tree []pkg) (out []string) {
	for _, p := range tree {
		dir, _ := p.internal()
		if i, listed := find(dir); !listed || !layout[i].pure {
			continue
		}
		for _, f := range p.production() {
			for _, imported := range f.imports {
				bad := slices.ContainsFunc(impure, func(pattern string) bool { return below(imported, pattern) })
				if bad && !slices.Contains(pureThough, imported) {
					out = append(out, fmt.Sprintf("%s imports %s: a pure package takes what it needs as arguments", f.path, imported))
				}
			}
			out = append(out, impureCallsIn(f)...)
		}
	}
	return out
}

func impureCallsIn(f file) (out []string) {
	for imported, names := range impureCalls {
		local := f.localName(imported)
		if local == "." {
			out = append(out, fmt.Sprintf("%s imports %s without its name", f.path, imported))
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := selector.X.(*ast.Ident); ok && local != "" && x.Name == local && slices.Contains(names, selector.Sel.Name) {
				out = append(out, fmt.Sprintf("%s uses %s.%s: a pure package takes the time and new identifiers as arguments", f.path, local, selector.Sel.Name))
			}
			return true
		})
	}
	slices.Sort(out)
	return out
}

func leakedIntoSimulator(tree []pkg) (out []string) {
	for _, p := range tree {
		if p.dir != "internal/entrasim" && !strings.HasPrefix(p.dir, "internal/entrasim/") {
			continue
		}
		for _, f := range p.files {
			for _, imported := range f.imports {
				if below(imported, module) && !below(imported, module+"/internal/entrasim") {
					out = append(out, fmt.Sprintf("%s imports %s: a wire format shared with the simulator is a wire format that no test checks", f.path, imported))
				}
			}
		}
	}
	return out
}

func strayed(tree []pkg) (out []string) {
	for _, p := range tree {
		dir, _ := p.internal()
		for _, f := range p.files {
			for _, imported := range f.imports {
				homes := homesOf(imported)
				if homes != nil && !slices.ContainsFunc(homes, func(home string) bool { return below(dir, home) }) {
					out = append(out, fmt.Sprintf("%s imports %s, which belongs to %s", f.path, imported, strings.Join(homes, ", ")))
				}
			}
		}
	}
	return out
}

// homesOf returns the packages that may import the path, or nil if all may.
func homesOf(imported string) []string {
	best, homes := "", []string(nil)
	for pattern, allowed := range confined {
		if below(imported, pattern) && len(pattern) > len(best) {
			best, homes = pattern, allowed
		}
	}
	return homes
}

func testingInProduction(tree []pkg) (out []string) {
	for _, p := range tree {
		if strings.HasSuffix(p.name, "test") {
			continue
		}
		for _, f := range p.production() {
			for _, imported := range f.imports {
				if below(imported, "testing") || below(imported, "net/http/httptest") {
					out = append(out, fmt.Sprintf("%s imports %s: what tests share lives in a package whose name ends in test", f.path, imported))
				}
			}
		}
	}
	return out
}

func shapelessNames(tree []pkg) (out []string) {
	for _, p := range tree {
		for part := range strings.SplitSeq(p.dir, "/") {
			if slices.Contains(shapeless, part) {
				out = append(out, fmt.Sprintf("%s: the name %q says nothing; name the package after what it provides", p.dir, part))
			}
		}
	}
	return out
}

func misplaced(tree []pkg) (out []string) {
	homes := []string{"cmd", "internal", "e2e", "bench", "web"}
	for _, p := range tree {
		if top, _, _ := strings.Cut(p.dir, "/"); !slices.Contains(homes, top) {
			out = append(out, fmt.Sprintf("%s: Go code belongs under %s", p.files[0].path, strings.Join(homes, ", ")))
		}
	}
	return out
}
