package expr

import (
	"strings"
)

// Canonical returns the expression in one way of writing: a comma and a blank between arguments, a blank around operators, numbers in
// decimal, \\ and \" in texts. An argument that was left out stays empty between its commas. Parsing it gives the same expression.
func (e *Expression) Canonical() string { return string(e.root.print(nil)) }

func (n *node) print(out []byte) []byte {
	switch {
	case n == nil:
		return out
	case n.kind == attributeNode:
		return append(append(append(out, '['), n.name...), ']')
	case n.kind == wordNode:
		return append(out, n.name...)
	case n.kind == constantNode && n.value.kind == Number:
		return append(out, n.value.text...)
	case n.kind == constantNode:
		return appendQuoted(out, n.value.text)
	case n.kind == callNode:
		return n.printCall(out)
	}
	out = n.arguments[0].print(out)
	out = append(append(append(out, ' '), n.name...), ' ')
	return n.arguments[1].print(out)
}

func (n *node) printCall(out []byte) []byte {
	out = append(append(out, n.name...), '(')
	for i, argument := range n.arguments {
		if i > 0 {
			out = append(out, ", "...)
		}
		out = argument.print(out)
	}
	return append(out, ')')
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

func appendQuoted(out []byte, text string) []byte {
	return append(append(append(out, '"'), escapes.Replace(text)...), '"')
}

// TreeType is the type of a part of an expression in Graph (attributeMappingSourceType).
type TreeType string

// The types of parts.
const (
	TreeAttribute TreeType = "Attribute"
	TreeConstant  TreeType = "Constant"
	TreeFunction  TreeType = "Function"
)

// Tree is an expression as Graph shows one that it has parsed (attributeMappingSource).
type Tree struct {
	// Expression is the canonical text of the part.
	Expression string `json:"expression"`
	// Name of the attribute or function, or the text of the constant.
	Name string   `json:"name"`
	Type TreeType `json:"type"`
	// Parameters of a function, without those that were left out; empty for anything else.
	Parameters []TreeParameter `json:"parameters"`
}

// TreeParameter is an argument with the name of its parameter. Repeated parameters have the same name.
type TreeParameter struct {
	Key   string `json:"key"`
	Value Tree   `json:"value"`
}

// Tree returns the expression as Graph would. A number is a constant in quotes there. Graph has no functions for comparisons and &:
// a comparison is a function named by its operator with the parameters left and right, and & is Append.
func (e *Expression) Tree() Tree { return e.root.tree() }

func (n *node) tree() Tree {
	tree := Tree{Name: n.name, Expression: string(n.print(nil)), Parameters: []TreeParameter{}}
	switch n.kind {
	case attributeNode:
		tree.Type = TreeAttribute
	case wordNode:
		tree.Type = TreeConstant
	case constantNode:
		tree.Type, tree.Name = TreeConstant, n.value.text
		tree.Expression = string(appendQuoted(nil, n.value.text))
	case callNode:
		tree.Type = TreeFunction
		for i, argument := range n.arguments {
			if argument != nil {
				tree.Parameters = append(tree.Parameters, TreeParameter{Key: n.function.parameter(i).name, Value: argument.tree()})
			}
		}
	case comparisonNode, concatenationNode:
		keys := [2]string{"left", "right"}
		if tree.Type = TreeFunction; n.kind == concatenationNode {
			tree.Name, keys = "Append", [2]string{"source", "suffix"}
		}
		for i, argument := range n.arguments {
			tree.Parameters = append(tree.Parameters, TreeParameter{Key: keys[i], Value: argument.tree()})
		}
	}
	return tree
}
