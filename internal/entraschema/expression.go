package entraschema

import (
	"errors"
	"fmt"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/mapping"
)

// origin is what an attributeMappingSource says: an attribute or a constant by its name, or the text of an expression.
type origin struct {
	kind mapping.Kind
	name string
	text string
	// parsed is the text; nil if it is no expression.
	parsed *expr.Expression
}

// readExpression reads an attributeMappingSource. Its text counts; where there is none, it is made of the tree of parameters.
func (in *importer) readExpression(from *node, subject string) (origin, error) {
	text, name, kind := from.member("expression").string(), from.member("name").string(), from.member("type").string()
	from.skip("parameters")
	var err error
	if strings.TrimSpace(text) == "" {
		if text, err = in.rebuild(from); err != nil {
			return origin{}, err
		}
		if strings.EqualFold(kind, string(expr.TreeFunction)) {
			in.note(Changed, from, subject, "the source has no expression; it is made of the parameters: %s", cut(text))
		}
	}
	parsed, err := expr.Parse(text, nil)
	if err != nil {
		return unparsed(text, name, kind), nil //nolint:nilerr // mapping.Compile says what is wrong with it
	}
	tree := parsed.Tree()
	in.compare(from, tree, subject)
	switch {
	case isExpression(tree):
		return origin{kind: mapping.Expression, text: text, parsed: parsed}, nil
	case tree.Type == expr.TreeAttribute:
		return origin{kind: mapping.Direct, name: tree.Name, text: text, parsed: parsed}, nil
	}
	return origin{kind: mapping.Constant, name: tree.Name, text: text, parsed: parsed}, nil
}

// unparsed reads a source whose text is no expression: attributes without brackets and constants without quotes occur. A function stays as it
// is, for mapping.Compile to say what is wrong with it.
func unparsed(text, name, kind string) origin {
	if name == "" {
		name = strings.TrimSpace(text)
	}
	switch {
	case strings.EqualFold(kind, string(expr.TreeAttribute)):
		return origin{kind: mapping.Direct, name: name, text: text}
	case strings.EqualFold(kind, string(expr.TreeConstant)):
		return origin{kind: mapping.Constant, name: name, text: text}
	}
	return origin{kind: mapping.Expression, text: text}
}

// compare notes where text and tree of a source say different things.
func (in *importer) compare(from *node, tree expr.Tree, subject string) {
	if from.member("expression").empty() {
		return
	}
	if difference := in.differ(from, tree); difference != "" {
		in.note(Changed, from, subject, "the expression counts, and its parameters say something else: %s", difference)
	}
}

// differ says where a source differs from the tree of its text, "" for nowhere. What is missing in the source does not differ; a
// word's type and name are not compared, since how Graph writes them is not documented.
func (in *importer) differ(from *node, tree expr.Tree) string {
	kind, name, parameters := from.member("type").string(), from.member("name").string(), from.member("parameters").list()
	switch {
	case tree.Type == expr.TreeConstant && isExpression(tree):
		return ""
	case kind != "" && !strings.EqualFold(kind, string(tree.Type)):
		return fmt.Sprintf("the type is %s, not %s", label(kind), tree.Type)
	case name != "" && name != tree.Name && !isOperation(tree):
		return fmt.Sprintf("the name is %s, not %s", label(name), label(tree.Name))
	case len(parameters) == 0 || isOperation(tree):
		return ""
	case len(parameters) != len(tree.Parameters):
		return fmt.Sprintf("%s has %d parameters, not %d", cut(tree.Name), len(parameters), len(tree.Parameters))
	}
	for i, parameter := range parameters {
		want := tree.Parameters[i]
		key := in.slot(tree.Name, parameter.member("key").string())
		if key != "" && key != want.Key {
			return fmt.Sprintf("parameter %d of %s is %s, not %s", i+1, tree.Name, key, want.Key)
		}
		value := parameter.member("value")
		if value == nil || value.kind != objectNode {
			continue
		}
		if difference := in.differ(value, want.Value); difference != "" {
			return difference
		}
	}
	return ""
}

// isOperation reports whether a part is a comparison or a concatenation: what Graph makes of them is not documented.
func isOperation(tree expr.Tree) bool {
	return tree.Type == expr.TreeFunction && !strings.HasPrefix(tree.Expression, tree.Name+"(")
}

// functionParameters returns the parameters of all functions by their names.
func functionParameters() map[string][]expr.Parameter {
	index := map[string][]expr.Parameter{}
	for _, function := range expr.Functions() {
		index[function.Name] = function.Parameters
	}
	return index
}

// legacyKeys are the keys that two parameters of Replace have in Graph (samples of attributeMappingSource), in lower case, with their names
// in the documentation of the functions.
var legacyKeys = map[string]string{"find": "oldvalue", "replacement": "replacementvalue"}

// slot returns the name that a parameter of a function has here; "" if it is not known.
func (in *importer) slot(function, key string) string {
	key = strings.ToLower(key)
	if legacy, ok := legacyKeys[key]; ok && function == "Replace" {
		key = legacy
	}
	for _, p := range in.parameters[function] {
		if strings.EqualFold(p.Name, key) {
			return p.Name
		}
	}
	return ""
}

// rebuild makes the text of a source from its type, name and parameters.
func (in *importer) rebuild(from *node) (string, error) {
	text, name := from.member("expression").string(), from.member("name").string()
	if from.parent.kind == objectNode && strings.EqualFold(from.name, "value") && strings.TrimSpace(text) != "" {
		return text, nil
	}
	switch kind := from.member("type").string(); {
	case strings.EqualFold(kind, string(expr.TreeConstant)):
		return quoteConstant(name), nil
	case name == "":
		return "", errors.New("the name is missing")
	case strings.EqualFold(kind, string(expr.TreeAttribute)):
		return "[" + name + "]", nil
	case strings.EqualFold(kind, string(expr.TreeFunction)):
		return in.rebuildCall(name, from.member("parameters").list())
	default:
		return "", fmt.Errorf("the type is %s", label(kind))
	}
}

var constantEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func quoteConstant(text string) string { return `"` + constantEscapes.Replace(text) + `"` }

// rebuildCall makes a function call; what is left out between the parameters becomes an empty argument.
func (in *importer) rebuildCall(function string, parameters []*node) (string, error) {
	known, ok := in.parameters[function]
	if !ok {
		return "", fmt.Errorf("the function %s is not known here", label(function))
	}
	arguments := make([]string, 0, len(parameters))
	for _, parameter := range parameters {
		value := parameter.member("value")
		if value == nil || value.kind != objectNode {
			return "", fmt.Errorf("a parameter of %s has no value", function)
		}
		text, err := in.rebuild(value)
		if err != nil {
			return "", err
		}
		key := in.slot(function, parameter.member("key").string())
		if key == "" {
			return "", fmt.Errorf("%s has no parameter %s", function, label(parameter.member("key").string()))
		}
		for !isSlot(known, len(arguments), key) {
			if len(arguments) > 2*len(parameters)+len(known) {
				return "", fmt.Errorf("the parameters of %s stand in another order", function)
			}
			arguments = append(arguments, "")
		}
		arguments = append(arguments, text)
	}
	return function + "(" + strings.Join(arguments, ", ") + ")", nil
}

// isSlot reports whether argument i of a function, counted from 0, is the parameter. The parameters that repeat follow the others again and
// again.
func isSlot(known []expr.Parameter, i int, name string) bool {
	if i >= len(known) {
		repeats := 0
		for _, p := range known {
			if p.Repeats {
				repeats++
			}
		}
		if repeats == 0 {
			return false
		}
		i = len(known) - repeats + (i-len(known))%repeats
	}
	return known[i].Name == name
}
