package arch_test

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// Method sets by name, read from the syntax alone. What cannot be known without type checking, an embedded type of a library,
// counts as one method: enough to notice an interface that grows.

// port is one interface type and the names of its methods.
type port struct {
	file, name string
	methods    []string // all, those of embedded interfaces included
	entries    int      // what its declaration lists: methods, and interfaces that it embeds
}

// closed reports whether nobody outside the package can implement it: a sum of the package's own types, not a port.
func (p port) closed() bool {
	return slices.ContainsFunc(p.methods, func(name string) bool { return !ast.IsExported(name) })
}

// methodSets resolves embedded types across the packages of the tree.
type methodSets struct {
	types   map[string]declared            // by package folder + "." + type name
	methods map[string]map[string]struct{} // declared with a receiver, same key
}

type declared struct {
	file file
	dir  string
	spec *ast.TypeSpec
}

func collect(tree []pkg) methodSets {
	sets := methodSets{types: map[string]declared{}, methods: map[string]map[string]struct{}{}}
	for _, p := range tree {
		for _, f := range p.production() {
			for _, decl := range f.syntax.Decls {
				switch d := decl.(type) {
				case *ast.GenDecl:
					for _, spec := range d.Specs {
						if t, ok := spec.(*ast.TypeSpec); ok {
							sets.types[p.dir+"."+t.Name.Name] = declared{file: f, dir: p.dir, spec: t}
						}
					}
				case *ast.FuncDecl:
					sets.addMethod(p.dir, d)
				}
			}
		}
	}
	return sets
}

func (s methodSets) addMethod(dir string, d *ast.FuncDecl) {
	if d.Recv == nil || len(d.Recv.List) != 1 {
		return
	}
	key := dir + "." + baseName(d.Recv.List[0].Type)
	if s.methods[key] == nil {
		s.methods[key] = map[string]struct{}{}
	}
	s.methods[key][d.Name.Name] = struct{}{}
}

// baseName returns the name of the type under pointers and type arguments, qualified if it is another package's.
func baseName(e ast.Expr) string {
	switch t := e.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.StarExpr:
		return baseName(t.X)
	case *ast.IndexExpr:
		return baseName(t.X)
	case *ast.IndexListExpr:
		return baseName(t.X)
	case *ast.SelectorExpr:
		return baseName(t.X) + "." + t.Sel.Name
	default:
		return ""
	}
}

// of returns the names of the methods of the type: declared, listed, promoted from what it embeds.
func (s methodSets) of(key string) map[string]struct{} {
	return s.gather(key, map[string]bool{})
}

func (s methodSets) gather(key string, seen map[string]bool) map[string]struct{} {
	all := map[string]struct{}{}
	if seen[key] {
		return all
	}
	seen[key] = true
	for name := range s.methods[key] {
		all[name] = struct{}{}
	}
	d, ok := s.types[key]
	if !ok {
		return all
	}
	var fields *ast.FieldList
	switch t := d.spec.Type.(type) {
	case *ast.InterfaceType:
		fields = t.Methods
	case *ast.StructType:
		fields = t.Fields
	default:
		return all
	}
	for _, field := range fields.List {
		s.addField(all, d, field, seen)
	}
	return all
}

func (s methodSets) addField(all map[string]struct{}, d declared, field *ast.Field, seen map[string]bool) {
	if len(field.Names) > 0 {
		if _, method := field.Type.(*ast.FuncType); method && isInterface(d.spec) {
			all[field.Names[0].Name] = struct{}{}
		}
		return
	}
	name := baseName(field.Type)
	if name == "" {
		return
	}
	key := s.resolve(d, name)
	if _, known := s.types[key]; !known {
		if isInterface(d.spec) {
			all[name] = struct{}{}
		}
		return
	}
	for method := range s.gather(key, seen) {
		all[method] = struct{}{}
	}
}

// resolve turns a name as the file writes it into a key of the tree.
func (s methodSets) resolve(d declared, name string) string {
	qualifier, base, qualified := strings.Cut(name, ".")
	if !qualified {
		return d.dir + "." + name
	}
	for _, imported := range d.file.imports {
		if d.file.localName(imported) == qualifier {
			return path.Clean(strings.TrimPrefix(imported, module+"/")) + "." + base
		}
	}
	return name
}

func isInterface(spec *ast.TypeSpec) bool {
	_, ok := spec.Type.(*ast.InterfaceType)
	return ok
}

// ports returns the package's interfaces that have methods; type constraints have none.
func (s methodSets) ports(p pkg) (out []port) {
	for key, d := range s.types {
		declaration, ok := d.spec.Type.(*ast.InterfaceType)
		if !ok || d.dir != p.dir {
			continue
		}
		if methods := sorted(s.of(key)); len(methods) > 0 {
			out = append(out, port{file: d.file.path, name: d.spec.Name.Name, methods: methods, entries: declaration.Methods.NumFields()})
		}
	}
	slices.SortFunc(out, func(a, b port) int { return strings.Compare(a.name, b.name) })
	return out
}

// concrete returns the names of the package's exported types that are not interfaces.
func (s methodSets) concrete(p pkg) (out []string) {
	for _, d := range s.types {
		if d.dir == p.dir && !isInterface(d.spec) && d.spec.Name.IsExported() {
			out = append(out, d.spec.Name.Name)
		}
	}
	slices.Sort(out)
	return out
}

func sorted(set map[string]struct{}) (out []string) {
	for name := range set {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// overgrown counts an embedded interface as one: a store that is handed over whole is the sum of roles, each of which is small and
// is counted where it is declared.
func overgrown(tree []pkg) (out []string) {
	sets := collect(tree)
	for _, p := range tree {
		for _, port := range sets.ports(p) {
			if port.entries > maxMethods {
				out = append(out, fmt.Sprintf("%s: interface %s lists %d methods, more than %d: declare what each consumer needs", port.file, port.name, port.entries, maxMethods))
			}
		}
	}
	return out
}

func selfImplemented(tree []pkg) (out []string) {
	sets := collect(tree)
	for _, p := range tree {
		for _, port := range sets.ports(p) {
			if !ast.IsExported(port.name) || port.closed() {
				continue
			}
			for _, name := range sets.concrete(p) {
				has := sets.of(p.dir + "." + name)
				missing := func(method string) bool { _, ok := has[method]; return !ok }
				if !slices.ContainsFunc(port.methods, missing) {
					out = append(out, fmt.Sprintf("%s: %s implements interface %s of the same package: let the consumer declare it", port.file, name, port.name))
				}
			}
		}
	}
	return out
}
