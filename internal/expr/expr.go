// Package expr is the mapping expression language: parse, check, evaluate.
//
// The language is the one of Microsoft Entra's attribute mappings: function calls over attributes in brackets and constants in double
// quotes, such as
//
//	Switch([IsSoftDeleted], , "False", "True", "True", "False")
//
// Parse reads and checks an expression once and tells everything that is wrong with it; Evaluate computes it for one record, as often as
// needed and from any number of goroutines. An argument is evaluated only when its value is needed, so that a branch which is not taken
// cannot fail. An absent attribute, one without value and an empty argument are the same: null. Evaluation always sees the whole
// record, never only what changed.
//
// What a function does is its entry in one of the tables (text.go, dates.go, …); docs/reference/expressions.md is made from them.
package expr

import (
	"io"
	"time"

	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
)

// Limits of the language (Microsoft Entra, "Known issues for provisioning", and our own).
const (
	// MaxLength is the length of an expression in characters.
	MaxLength = 10_000
	// MaxNesting is how deep function calls may be nested.
	MaxNesting = 100
	// MaxText is the length in bytes of any text, and of all texts of a list, that an evaluation makes.
	MaxText = 64 << 10
	// MaxWork bounds what one evaluation may do: about a unit for each byte that a function reads or makes, and for each step of a pattern.
	MaxWork = 4 << 20
	// maxPatterns bounds what all patterns of an expression may take to compile, in steps of dotnet.Budget.
	maxPatterns = 200_000
)

// Expression is an expression that was read and checked. It does not change any more.
type Expression struct {
	text       string
	root       *node
	attributes []string
	uses       Uses
}

// Uses says on what besides the record an expression depends.
type Uses struct {
	// Clock: the result changes with the time (Now).
	Clock bool
	// Random: the result is drawn (Guid, RandomString).
	Random bool
	// Unique: the result depends on the values that are taken (SelectUniqueValue).
	Unique bool
	// Redact: the value flows, but whoever shows it shows Redacted instead.
	Redact bool
}

// Redacted is what is shown in place of a value of an expression that uses Redact.
const Redacted = "[Redact]"

// Parse reads an expression: a function call, an attribute, a constant, a concatenation or a comparison. known says what is wrong with the name
// of an attribute, nil for nothing; without it every name is taken. The error is a fault of kind Invalid that wraps SyntaxErrors: all
// that is wrong, in the order of the text.
func Parse(text string, known func(attribute string) error) (*Expression, error) {
	p := parser{lexer: lexer{text: text}, known: known, seen: map[string]bool{}, patterns: dotnet.Budget{Steps: maxPatterns}}
	root := p.parse()
	if len(p.failures) > 0 {
		return nil, fault.Wrap(fault.Invalid, "InvalidExpression", syntaxErrors(text, p.failures), "the expression cannot be read")
	}
	return &Expression{text: text, root: root, attributes: p.attributes, uses: p.uses}, nil
}

// String returns the text that was read.
func (e *Expression) String() string { return e.text }

// Attributes returns the names of the attributes that the expression refers to, each once, in the order of appearance. The caller
// must not change the list.
func (e *Expression) Attributes() []string { return e.attributes }

// Uses says on what besides the record the expression depends.
func (e *Expression) Uses() Uses { return e.uses }

// Input is what an expression is evaluated with. One Input serves one evaluation at a time.
type Input struct {
	// Attribute returns the value of an attribute, nil for none, in one of the types that ValueOf takes. It is asked once for each time that
	// an attribute is needed, or once for all.
	Attribute func(name string) any
	// Now is the time for Now().
	Now time.Time
	// Random gives the bytes from which Guid and RandomString are drawn. Who passes the same bytes gets the same result.
	Random io.Reader
	// Taken says whether another object of the destination has the value already, for SelectUniqueValue. Without it none is taken.
	Taken func(value string) (bool, error)

	work int
	// lists that were converted in this evaluation, by the names of the attributes.
	lists map[string]Value
}

// Action is what an expression asks for instead of, or beside, a value.
type Action uint8

// The actions.
const (
	// Flow: the value is written.
	Flow Action = iota
	// IgnoreAttribute: the attribute is left as it is.
	IgnoreAttribute
	// IgnoreObject: nothing is done for the object.
	IgnoreObject
	// Escrow: the object is set aside as failed and tried again later.
	Escrow
)

// String returns the name that test files use.
func (a Action) String() string {
	return [...]string{"flow", "ignoreAttribute", "ignoreObject", "escrow"}[a]
}

// Result is what an expression evaluates to.
type Result struct {
	// Value is null unless Action is Flow.
	Value  Value
	Action Action
	// Reason says why the object is in escrow: a sentence without full stop.
	Reason string
}

// Evaluate computes the expression. The error is a fault of kind Invalid that wraps an *EvaluationError: what the record holds does not
// suit the expression. Errors of Input's functions are returned as they are. Time and memory are bounded by MaxWork and MaxText,
// whatever the record holds.
func (e *Expression) Evaluate(in *Input) (Result, error) {
	in.work = 0
	clear(in.lists)
	value, err := e.root.evaluate(in)
	if err == nil {
		return Result{Value: value}, nil
	}
	if s, ok := err.(*signal); ok { //nolint:errorlint // signals are never wrapped
		return Result{Action: s.action, Reason: s.reason}, nil
	}
	return Result{}, e.located(err)
}

// signal ends an evaluation with an action; it travels as an error.
type signal struct {
	action Action
	reason string
}

// Error returns the name of the action.
func (s *signal) Error() string { return s.action.String() }

var (
	ignoreAttribute = &signal{action: IgnoreAttribute}
	ignoreObject    = &signal{action: IgnoreObject}
)
