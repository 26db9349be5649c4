// Package expr is the mapping expression language: parse, check, evaluate.
//
// The language is the one of Microsoft Entra's attribute mappings: function calls over attributes in brackets and constants in double
// quotes, such as
//
//	Switch([IsSoftDeleted], , "False", "True", "True", "False")
//
// Parse reads and checks an expression once; Evaluate computes it for one record, as often as needed and from any number of
// goroutines. An argument is evaluated only when its value is needed, so that a branch which is not taken cannot fail. An absent
// attribute, one without value and an empty argument are the same: null.
//
// What a function does is its entry in the table of functions.go. This package holds the functions on text and the conditional ones;
// those on dates, numbers, lists, patterns and roles, hexadecimal numbers and the names of enumerations are not known yet.
package expr

import (
	"rollcall/internal/fault"
)

// Limits of the language (Microsoft Entra, "Known issues for provisioning", and our own).
const (
	// MaxLength is the length of an expression in characters.
	MaxLength = 10_000
	// MaxNesting is how deep function calls may be nested.
	MaxNesting = 100
	// MaxText is the length in bytes of any text that an evaluation makes.
	MaxText = 1 << 20
)

// Expression is an expression that was read and checked. It does not change any more.
type Expression struct {
	text       string
	root       *node
	attributes []string
}

// Parse reads an expression: a function call, an attribute, a constant or a comparison. The error is a fault of kind Invalid that wraps
// a *SyntaxError with the position.
func Parse(text string) (*Expression, error) {
	p := parser{lexer: lexer{text: text}}
	root, err := p.parse()
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "InvalidExpression", err, "the expression cannot be read")
	}
	return &Expression{text: text, root: root, attributes: p.attributes}, nil
}

// String returns the text that was read.
func (e *Expression) String() string { return e.text }

// Attributes returns the names of the attributes that the expression refers to, each once, in the order of appearance. The caller
// must not change the list.
func (e *Expression) Attributes() []string { return e.attributes }

// Evaluate computes the expression. lookup returns the value of an attribute, nil for none, in one of the types that ValueOf takes;
// it is asked once for each time that an attribute is needed. The error is a fault of kind Invalid that wraps an *EvaluationError:
// what the record holds does not suit the expression. Time and memory are bounded by the sizes of the expression and the values.
func (e *Expression) Evaluate(lookup func(name string) any) (Value, error) {
	value, err := e.root.evaluate(lookup)
	if err != nil {
		return Value{}, e.located(err)
	}
	return value, nil
}
