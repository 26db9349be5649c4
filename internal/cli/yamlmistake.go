package cli

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"rollcall/internal/fault"
)

// yamlMistake tells what is wrong with a file in its own terms.
type yamlMistake struct {
	path string
	text []byte
	// root is what was parsed; nil if it is no YAML.
	root ast.Node
}

// bareOperator is an operator that YAML takes for something else.
var bareOperator = regexp.MustCompile(`\boperator["']?\s*:\s+(!?&)(?:[\s,}]|$)`)

// fault says in which line what is wrong, and what belongs there.
func (m yamlMistake) fault(err error) error {
	var located yaml.Error
	if !errors.As(err, &located) || located.GetToken() == nil {
		return fault.New(fault.Invalid, "InstanceFile", "%s: %v", m.path, err)
	}
	at := located.GetToken()
	wrong := func(line int, format string, args ...any) *fault.Error {
		return fault.New(fault.Invalid, "InstanceFile", "%s, line %d: %s", m.path, line, fmt.Sprintf(format, args...))
	}
	if unknown, ok := errors.AsType[*yaml.UnknownFieldError](err); ok {
		return wrong(at.Position.Line, "%s", unknown.Message).WithRemedy("%s", m.namesAround(at))
	}
	if mistyped, ok := errors.AsType[*yaml.TypeError](err); ok {
		return wrong(at.Position.Line, "%s %s, not %s", m.name(at), belongs(mistyped.DstType), m.found(at)).WithRemedy("An example: examples/instance.yaml.")
	}
	if large, ok := errors.AsType[*yaml.OverflowError](err); ok {
		return wrong(at.Position.Line, "%s %s, and %s is too large", m.name(at), belongs(large.DstType), large.SrcNum)
	}
	if unexpected, ok := errors.AsType[*yaml.UnexpectedNodeTypeError](err); ok {
		return wrong(at.Position.Line, "%s is %s, not %s", m.name(at), nodeName(unexpected.Expected), nodeName(unexpected.Actual)).
			WithRemedy("An example: examples/instance.yaml.")
	}
	for i, line := range strings.Split(string(m.text), "\n") {
		if found := bareOperator.FindStringSubmatch(line); found != nil {
			return wrong(i+1, "the operator %s needs quotes: '%s'", found[1], found[1])
		}
	}
	f := wrong(at.Position.Line, "%s", located.GetMessage())
	if strings.Contains(f.Message, "anchor") || strings.Contains(f.Message, "alias") {
		return f.WithRemedy("In YAML a value that begins with & or * needs quotes: operator: '&'.")
	}
	return f.WithRemedy("An example: examples/instance.yaml.")
}

// name is the place of a value, such as scope.allUsers.
func (m yamlMistake) name(at *token.Token) string {
	if node := m.node(at, false); node != nil {
		if place := strings.TrimPrefix(strings.TrimPrefix(node.GetPath(), "$"), "."); place != "" {
			return place
		}
	}
	return "what stands here"
}

// found is what was written instead of what belongs there.
func (m yamlMistake) found(at *token.Token) string {
	if node := m.node(at, false); node != nil && (node.Type() == ast.SequenceType || node.Type() == ast.MappingType || node.Type() == ast.MappingValueType) {
		return nodeName(node.Type())
	}
	return strconv.Quote(at.Value)
}

// node is the value, or the key, that begins with a token; nil if none does.
func (m yamlMistake) node(at *token.Token, key bool) ast.Node {
	if m.root == nil {
		return nil
	}
	finder := nodeFinder{at: at.Position, key: key}
	ast.Walk(&finder, m.root)
	return finder.node
}

type nodeFinder struct {
	at   *token.Position
	key  bool
	node ast.Node
}

// Visit implements ast.Visitor.
func (f *nodeFinder) Visit(node ast.Node) ast.Visitor {
	begins := func(node ast.Node) bool {
		position := node.GetToken().Position
		return f.node == nil && position.Line == f.at.Line && position.Column == f.at.Column
	}
	switch n := node.(type) {
	case *ast.MappingValueNode:
		if f.key && begins(n.Key) || !f.key && begins(n.Value) {
			f.node = n.Value
		}
	case *ast.SequenceNode:
		for _, value := range n.Values {
			if !f.key && begins(value) {
				f.node = value
			}
		}
	}
	return f
}

// namesAround lists the names that are known where an unknown one stands.
func (m yamlMistake) namesAround(at *token.Token) string {
	place := ""
	if node := m.node(at, true); node != nil {
		path := strings.TrimPrefix(strings.TrimPrefix(node.GetPath(), "$"), ".")
		place = path[:max(0, strings.LastIndex(path, "."))]
	}
	of := reflect.TypeFor[instanceFile]()
	for step := range strings.SplitSeq(place, ".") {
		name, _, _ := strings.Cut(step, "[")
		if inner := memberType(of, name); inner != nil {
			of = inner
		}
	}
	var names []string
	for field := range of.Fields() {
		if name := memberName(field); name != "" {
			names = append(names, name)
		}
	}
	where := "Names there"
	if place == "" {
		where = "Names are those of the API"
	}
	return where + ": " + strings.Join(names, ", ") + "."
}

// memberType is the object type of a member, or of the items of a member that is a list; nil if there is none.
func memberType(of reflect.Type, name string) reflect.Type {
	for field := range of.Fields() {
		if name == "" || memberName(field) != name {
			continue
		}
		inner := field.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			return inner
		}
	}
	return nil
}

// memberName is what a file calls a field; "" if it does not have it.
func memberName(field reflect.StructField) string {
	tag := field.Tag.Get("yaml")
	if tag == "" {
		tag = field.Tag.Get("json")
	}
	name, _, _ := strings.Cut(tag, ",")
	if !field.IsExported() || name == "-" {
		return ""
	}
	return name
}

// belongs says what a member is.
func belongs(want reflect.Type) string {
	for want != nil && want.Kind() == reflect.Pointer {
		want = want.Elem()
	}
	if want == nil {
		return "is something else"
	}
	switch want.Kind() {
	case reflect.Bool:
		return "is true or false"
	case reflect.Int, reflect.Int64, reflect.Int32:
		return "is a whole number"
	case reflect.Float64:
		return "is a number"
	case reflect.String:
		return "is a text"
	case reflect.Slice:
		return "is a list"
	default:
		return "is an object"
	}
}

// nodeName is what people call a kind of node.
func nodeName(kind ast.NodeType) string {
	switch kind {
	case ast.SequenceType:
		return "a list"
	case ast.MappingType, ast.MappingValueType:
		return "an object"
	case ast.StringType, ast.LiteralType:
		return "a text"
	case ast.IntegerType, ast.FloatType:
		return "a number"
	case ast.BoolType:
		return "true or false"
	case ast.NullType:
		return "empty"
	default:
		return "something else"
	}
}
