package scim

import "rollcall/internal/attr"

// Operator compares an attribute with a value (RFC 7644, table 3).
type Operator string

// The operators. Present has no value.
const (
	Equal          Operator = "eq"
	NotEqual       Operator = "ne"
	Contains       Operator = "co"
	StartsWith     Operator = "sw"
	EndsWith       Operator = "ew"
	Greater        Operator = "gt"
	GreaterOrEqual Operator = "ge"
	Less           Operator = "lt"
	LessOrEqual    Operator = "le"
	Present        Operator = "pr"
)

// NodeKind says what a node of a filter is.
type NodeKind string

// The kinds of nodes.
const (
	// And and Or join two or more Terms; Not has one.
	And NodeKind = "and"
	Or  NodeKind = "or"
	Not NodeKind = "not"
	// Compare applies Op to the attribute Ref and Value.
	Compare NodeKind = "compare"
	// ValuePath is true if one value of the multi-valued or complex attribute Ref (whose Sub is empty) fits Terms[0]. The Refs in there name
	// sub-attributes only: Name is the sub-attribute, URN and Sub are empty.
	ValuePath NodeKind = "value"
	// Always is true for every resource if Value is true, for none if it is false.
	Always NodeKind = "always"
)

// Filter is a filter, or a part of one, whose attributes were found in the schemas of a resource type. nil lets every resource pass.
type Filter struct {
	Kind  NodeKind
	Terms []*Filter
	Ref   Ref
	Op    Operator
	// Value that Ref is compared with: a string (for Boolean attributes a bool, for DateTime ones a time.Time in UTC, for numbers a float64).
	// nil for Present. A comparison with null is not here: `eq null` is not (pr), `ne null` is pr.
	Value any
}

// Ref names an attribute, or one of its sub-attributes, in the spelling of the schema.
type Ref struct {
	// URN of the extension, "" for the core schema.
	URN string
	// Name of the attribute; "" together with a URN, for Present only: any attribute of the extension.
	Name string
	// Sub names the sub-attribute, "" for none.
	Sub string
	// Type of what is compared, or Complex.
	Type Type
	// CaseExact: texts are compared as they are; else by Fold.
	CaseExact bool
	// Multi: Name has several values. A comparison is true if one of them fits, but NotEqual is always the opposite of Equal.
	Multi bool
}

// Path is the key under which a directory record keeps a single value.
func (r Ref) Path() string { return attr.Path{URN: r.URN, Name: r.Name, Sub: r.Sub}.String() }
