package expr

import (
	"math"
	"time"
)

type nodeKind uint8

const (
	constantNode nodeKind = iota
	// wordNode is a constant or an action that is written as a bare word.
	wordNode
	attributeNode
	comparisonNode
	concatenationNode
	callNode
)

// node is a part of an expression.
type node struct {
	kind nodeKind
	// at is the byte of the text where the part begins; for an operator, where it stands.
	at int
	// value of a constant or a word.
	value Value
	// action of a word that stands for one, else nil.
	action *signal
	// name of an attribute or a word, or the operator of a comparison.
	name string
	// function of a call.
	function *function
	// prepared is what function.prepare made of the constant arguments.
	prepared any
	// arguments of a call, nil for those left out; the two sides of an operator.
	arguments []*node
}

// constant returns the value of a constant; false for anything that depends on the record.
func (n *node) constant() (Value, bool) {
	if n == nil {
		return Value{}, false
	}
	return n.value, n.kind == constantNode || n.kind == wordNode && n.action == nil
}

func (n *node) evaluate(in *Input) (Value, error) {
	switch n.kind {
	case constantNode:
		return n.value, nil
	case wordNode:
		if n.action != nil {
			return Value{}, n.action
		}
		return n.value, nil
	case attributeNode:
		return n.attribute(in)
	case callNode:
		c := call{node: n, in: in}
		if err := c.charge(16); err != nil {
			return Value{}, err
		}
		return n.function.evaluate(c)
	default:
		return n.operate(in)
	}
}

func (n *node) attribute(in *Input) (Value, error) {
	value, known := in.lists[n.name]
	if !known {
		var err error
		if value, err = n.read(in, in.Attribute(n.name)); err != nil {
			return Value{}, err
		}
	}
	return value, in.charge(n.at, value.size())
}

// read converts the value of an attribute. What must be built anew, lists of anything, is paid for before and kept for the evaluation.
func (n *node) read(in *Input, held any) (Value, error) {
	items, isList := held.([]any)
	if isList {
		if err := in.charge(n.at, weight(items, MaxWork)); err != nil {
			return Value{}, err
		}
	}
	value, err := ValueOf(held)
	if err != nil {
		return Value{}, failAt(n.at, "%s %s", clipped(n.name), err)
	}
	if isList {
		if in.lists == nil {
			in.lists = map[string]Value{}
		}
		in.lists[n.name] = value
	}
	return value, nil
}

// operate computes a comparison or a concatenation.
func (n *node) operate(in *Input) (Value, error) {
	left, err := n.arguments[0].evaluate(in)
	if err != nil {
		return Value{}, err
	}
	right, err := n.arguments[1].evaluate(in)
	if err != nil {
		return Value{}, err
	}
	if err := in.charge(n.at, left.size()+right.size()); err != nil {
		return Value{}, err
	}
	if n.kind == comparisonNode {
		result, err := compare(n.name, left, right)
		if err != nil {
			return Value{}, failAt(n.at, "%s", err)
		}
		return booleanValue(result), nil
	}
	return n.concatenate(left, right)
}

// concatenate is &: like Append, null beside a text counts as empty, and null beside null is null.
func (n *node) concatenate(left, right Value) (Value, error) {
	a, singleLeft := left.Text()
	b, singleRight := right.Text()
	switch {
	case !singleLeft || !singleRight:
		return Value{}, failAt(n.at, "a multi-valued attribute cannot be joined with &; Join makes one text of it")
	case left.kind == Null && right.kind == Null:
		return Value{}, nil
	case len(a)+len(b) > MaxText:
		return Value{}, failAt(n.at, "the result has %d bytes; at most %d are allowed", len(a)+len(b), MaxText)
	}
	return textValue(a + b), nil
}

// charge counts work; an evaluation that does too much fails.
func (in *Input) charge(at, work int) error {
	if in.work += work; in.work > MaxWork || in.work < 0 {
		return failAt(at, "the evaluation takes too much work; shorten the values or simplify the patterns")
	}
	return nil
}

// call is one evaluation of a function: its arguments, each evaluated when asked for.
type call struct {
	node *node
	in   *Input
}

// count returns the number of arguments, those left out included.
func (c call) count() int { return len(c.node.arguments) }

// given reports whether an argument, counted from 0, was written.
func (c call) given(i int) bool { return i < len(c.node.arguments) && c.node.arguments[i] != nil }

// charge counts work that the function does: about a unit for each byte it looks at.
func (c call) charge(work int) error { return c.in.charge(c.node.at, work) }

// value evaluates an argument, counted from 0. One that was left out is null.
func (c call) value(i int) (Value, error) {
	if !c.given(i) {
		return Value{}, nil
	}
	value, err := c.node.arguments[i].evaluate(c.in)
	if err != nil {
		return Value{}, err
	}
	return value, c.charge(value.size())
}

// text evaluates an argument that must be one text; null gives "" and present is false.
func (c call) text(i int) (text string, present bool, err error) {
	value, err := c.value(i)
	if err != nil {
		return "", false, err
	}
	text, single := value.Text()
	switch {
	case value.kind == Objects:
		return "", false, c.fail("argument %d holds objects, not a text", i+1)
	case !single:
		return "", false, c.fail("argument %d has %d values; Join makes one text of them", i+1, len(value.list))
	}
	return text, value.kind != Null, nil
}

// number evaluates an argument that must be a whole number of at most 32 bits.
func (c call) number(i int) (int, error) {
	number, err := c.integer(i)
	if err == nil && (number > math.MaxInt32 || number < math.MinInt32) {
		return 0, c.fail("argument %d, %d, is too large", i+1, number)
	}
	return int(number), err
}

// integer evaluates an argument that must be a whole number of at most 64 bits.
func (c call) integer(i int) (int64, error) {
	value, err := c.value(i)
	if err != nil {
		return 0, err
	}
	number, ok := value.asInteger()
	if !ok {
		return 0, c.misfit(i, value, "a whole number")
	}
	return number, nil
}

// date evaluates an argument that must be a date, or a text that CDate can read.
func (c call) date(i int) (time.Time, error) {
	value, err := c.value(i)
	if err != nil {
		return time.Time{}, err
	}
	date, ok := value.asDate()
	if !ok {
		return time.Time{}, c.misfit(i, value, "a date")
	}
	return date, nil
}

// misfit says what an argument is instead of what it must be.
func (c call) misfit(i int, value Value, want string) error {
	text, single := value.Text()
	switch {
	case !single:
		return c.fail("argument %d must be %s, it has several values", i+1, want)
	case text == "":
		return c.fail("argument %d must be %s, it has no value", i+1, want)
	}
	return c.fail("argument %d must be %s, it is %s", i+1, want, short(text))
}

// made returns a text as the result of the function, unless it is too long.
func (c call) made(text string) (Value, error) {
	if len(text) > MaxText {
		return Value{}, c.fail("the result has %d bytes; at most %d are allowed", len(text), MaxText)
	}
	return textValue(text), c.charge(len(text))
}

// madeList returns texts as the result of the function, unless they are too long; none are null.
func (c call) madeList(list []string) (Value, error) {
	value := listValue(list)
	size := value.size()
	if size > MaxText {
		return Value{}, c.fail("the result has %d bytes; at most %d are allowed", size, MaxText)
	}
	return value, c.charge(size + 16*len(list))
}

func (c call) fail(format string, args ...any) error {
	return failAt(c.node.at, c.node.function.name+": "+format, args...)
}
