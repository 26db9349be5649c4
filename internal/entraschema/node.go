package entraschema

import (
	"slices"
	"strconv"
	"strings"
)

type nodeKind uint8

const (
	nullNode nodeKind = iota
	booleanNode
	numberNode
	stringNode
	arrayNode
	objectNode
)

// node is a JSON value that knows where it stands. A nil node is a value that is not there; it reads like null.
type node struct {
	kind    nodeKind
	boolean bool
	// text of a string or a number.
	text string
	// items of an array, or members of an object in their order.
	items []*node
	// parent holds the value: a member by its name, an item of an array by its index.
	parent *node
	name   string
	index  int
	// read is set when somebody asks for a member; what nobody asked for is unknown.
	read bool
	// misread is set when somebody asks for something that the value is not, and it is not empty.
	misread bool
}

// path returns the place of the value in the document, as in synchronizationRules[0].name.
func (n *node) path() string {
	if n == nil || n.parent == nil {
		return ""
	}
	above := n.parent.path()
	if n.parent.kind == arrayNode {
		return above + "[" + strconv.Itoa(n.index) + "]"
	}
	if above == "" {
		return n.name
	}
	return above + "." + n.name
}

// member returns the member of an object with the name, in any case; of several the last. nil if there is none.
func (n *node) member(name string) *node {
	if n == nil {
		return nil
	}
	if n.kind != objectNode {
		n.misread = n.misread || !n.empty()
		return nil
	}
	for _, item := range slices.Backward(n.items) {
		if strings.EqualFold(item.name, name) {
			item.read = true
			return item
		}
	}
	return nil
}

// skip marks members as known that hold no setting.
func (n *node) skip(names ...string) {
	for _, name := range names {
		n.member(name)
	}
}

// list returns the items of an array. An object with members is a list of one: PowerShell writes it so. There are none in anything else.
func (n *node) list() []*node {
	switch {
	case n == nil:
		return nil
	case n.kind == arrayNode:
		return n.items
	case n.kind == objectNode && len(n.items) > 0:
		return []*node{n}
	}
	n.misread = n.misread || !n.empty()
	return nil
}

// string returns a text, a number as it is written or a boolean as True or False, "" for anything else.
func (n *node) string() string {
	switch {
	case n == nil:
		return ""
	case n.kind == booleanNode && n.boolean:
		return "True"
	case n.kind == booleanNode:
		return "False"
	case n.kind == arrayNode || n.kind == objectNode:
		n.misread = n.misread || !n.empty()
	}
	return n.text
}

// isTrue reports whether the value is true, or the text true in any case.
func (n *node) isTrue() bool { return strings.EqualFold(n.string(), "true") }

// isFalse reports whether the value is false, or the text false in any case.
func (n *node) isFalse() bool { return strings.EqualFold(n.string(), "false") }

// empty reports whether there is nothing in the value: null, "", [], {}, or arrays and objects with nothing in them.
func (n *node) empty() bool {
	if n == nil {
		return true
	}
	switch n.kind {
	case nullNode:
		return true
	case stringNode:
		return n.text == ""
	case arrayNode, objectNode:
		for _, item := range n.items {
			if !item.empty() {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// unread returns the members that nobody asked for and that say something. Annotations of OData are not among them.
func (n *node) unread() []*node {
	if n == nil || n.kind != objectNode {
		return nil
	}
	var list []*node
	for _, item := range n.items {
		odata := strings.Contains(strings.ToLower(item.name), "@odata.")
		if !item.read && !odata && !item.empty() {
			list = append(list, item)
		}
	}
	return list
}
