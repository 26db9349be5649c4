package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"rollcall/internal/fault"
)

// textKeys are the members of an instance file that hold text, or a list of texts.
var textKeys = []string{
	"name", "tenantId", "cloud", "clientId", "clientSecretFile", "users", "id", "neverTouch", "attribute", "operator", "value",
	"source", "type", "profile", "baseUrl", "tokenFile", "tokenUrl", "constant", "expression", "target", "default", "addresses",
}

// decodeYAML reads an instance file. A text that looks like a number is taken as it is written: the value 007 is not 7.
func decodeYAML(path string, text []byte, file *instanceFile) error {
	parsed, err := parser.ParseBytes(text, 0)
	if err != nil {
		return yamlMistake{path: path, text: text}.fault(err)
	}
	var found ast.Node
	for _, document := range parsed.Docs {
		switch {
		case document.Body == nil:
		case found != nil:
			return fault.New(fault.Invalid, "InstanceFile", "%s holds more than one document", path).WithRemedy("Apply one file for each instance.")
		default:
			found = document.Body
		}
	}
	if found == nil {
		return nil
	}
	texts := textTaker{}
	ast.Walk(&texts, found)
	if texts.wrong != nil {
		return yamlMistake{path, text, found}.fault(texts.wrong)
	}
	file.selects = says(found, "scope.allUsers", "scope.users", "scope.groups")
	file.objects, file.allGroups = says(found, "scope.groupObjects"), says(found, "scope.allGroups")
	file.weighs = map[string]bool{}
	for _, name := range []string{"count", "percent", "absolute", "groups.count", "groups.percent", "members.count", "members.percent"} {
		file.weighs[name] = says(found, "thresholds."+name)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(nil), yaml.Strict())
	if err := decoder.DecodeFromNode(found, file); err != nil {
		return yamlMistake{path, text, found}.fault(err)
	}
	return nil
}

// says reports whether a file has one of the members: one that is null says nothing.
func says(file ast.Node, members ...string) bool {
	for _, name := range members {
		path, err := yaml.PathString("$." + name)
		if err != nil {
			continue
		}
		if node, err := path.FilterNode(file); err == nil && node != nil && node.Type() != ast.NullType {
			return true
		}
	}
	return false
}

// textTaker makes texts of all scalars that stand where texts belong.
type textTaker struct{ wrong error }

// Visit implements ast.Visitor.
func (t *textTaker) Visit(node ast.Node) ast.Visitor {
	member, ok := node.(*ast.MappingValueNode)
	if !ok || !slices.Contains(textKeys, member.Key.GetToken().Value) {
		return t
	}
	key := member.Key.GetToken().Value
	switch member.Value.(type) {
	case *ast.TagNode, *ast.AnchorNode, *ast.AliasNode:
		if key == "operator" {
			written := member.Value.GetToken()
			t.wrong = &yaml.SyntaxError{Token: written, Message: fmt.Sprintf("the operator %s needs quotes: '%s'", written.Value, written.Value)}
		}
	}
	member.Value = asText(member.Value)
	if list, ok := member.Value.(*ast.SequenceNode); ok {
		for i := range list.Values {
			list.Values[i] = asText(list.Values[i])
		}
	}
	return t
}

// asText makes a text of a scalar other than null. It gets single quotes: where the decoder writes a text out, to read it by a type of its own, it
// loses escapes.
func asText(node ast.Node) ast.Node {
	written := node.GetToken()
	value := written.Value
	switch n := node.(type) {
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
	case *ast.StringNode:
		value = n.Value
	default:
		return node
	}
	quoted := "'" + strings.ReplaceAll(value, "'", "''") + "'"
	return &ast.StringNode{BaseNode: &ast.BaseNode{Path: node.GetPath()}, Token: token.SingleQuote(value, quoted, written.Position), Value: value}
}
