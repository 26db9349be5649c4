package expr

import "math"

type nodeKind uint8

const (
	constantNode nodeKind = iota
	attributeNode
	comparisonNode
	callNode
)

// node is a part of an expression.
type node struct {
	kind nodeKind
	// at is the byte of the text where the part begins; for a comparison, where the operator stands.
	at int
	// value of a constant.
	value Value
	// name of an attribute, or the operator of a comparison.
	name string
	// function of a call.
	function *function
	// arguments of a call, nil for those left out; the two sides of a comparison.
	arguments []*node
}

func (n *node) evaluate(lookup func(name string) any) (Value, error) {
	switch n.kind {
	case constantNode:
		return n.value, nil
	case attributeNode:
		value, err := ValueOf(lookup(n.name))
		if err != nil {
			return Value{}, failAt(n.at, "%s %s", n.name, err)
		}
		return value, nil
	case callNode:
		return n.function.evaluate(call{node: n, lookup: lookup})
	default:
		left, err := n.arguments[0].evaluate(lookup)
		if err != nil {
			return Value{}, err
		}
		right, err := n.arguments[1].evaluate(lookup)
		if err != nil {
			return Value{}, err
		}
		result, err := compare(n.name, left, right)
		if err != nil {
			return Value{}, failAt(n.at, "%s", err)
		}
		return booleanValue(result), nil
	}
}

// call is one evaluation of a function: its arguments, each evaluated when asked for.
type call struct {
	node   *node
	lookup func(name string) any
}

// count returns the number of arguments, those left out included.
func (c call) count() int { return len(c.node.arguments) }

// value evaluates an argument, counted from 0. One that was left out is null.
func (c call) value(i int) (Value, error) {
	if i >= len(c.node.arguments) || c.node.arguments[i] == nil {
		return Value{}, nil
	}
	return c.node.arguments[i].evaluate(c.lookup)
}

// text evaluates an argument that must be one text; null gives "" and present is false.
func (c call) text(i int) (text string, present bool, err error) {
	value, err := c.value(i)
	if err != nil {
		return "", false, err
	}
	text, single := value.Text()
	if !single {
		return "", false, c.fail("argument %d has %d values; Join makes one text of them", i+1, len(value.list))
	}
	return text, value.kind != Null, nil
}

// number evaluates an argument that must be a whole number.
func (c call) number(i int) (int, error) {
	value, err := c.value(i)
	if err != nil {
		return 0, err
	}
	number, ok := value.asNumber()
	if !ok || number != math.Trunc(number) || math.Abs(number) > math.MaxInt32 {
		text, _ := value.Text()
		return 0, c.fail("argument %d must be a whole number, it is %s", i+1, short(text))
	}
	return int(number), nil
}

// made returns a text as the result of the function, unless it is too long.
func (c call) made(text string) (Value, error) {
	if len(text) > MaxText {
		return Value{}, c.fail("the result has %d bytes; at most %d are allowed", len(text), MaxText)
	}
	return textValue(text), nil
}

func (c call) fail(format string, args ...any) error {
	return failAt(c.node.at, c.node.function.name+": "+format, args...)
}
