package expr

import "strings"

var numberFunctions = []function{
	{
		name: "BitAnd", meaning: "the bits that both numbers have", gives: aNumber,
		parameters: required(aNumber, "value1", "value2"), evaluate: evaluateBitAnd,
		examples: []example{{`BitAnd(&HF, &HF7)`, nil, `7`}},
		choice:   "If one of the numbers has no value, the result is null. Numbers have 64 bits, the highest is the sign.",
	},
	{
		name: "CBool", meaning: "True for a number other than 0, for \"True\" and for a condition that holds", gives: aBoolean,
		parameters: required(anything, "expression"), evaluate: evaluateCBool,
		examples: []example{{`CBool([attribute1] = [attribute2])`, []string{"attribute1=x", "attribute2=x"}, `true`}},
		choice:   "No value and an empty text are False. A text that is neither a number nor \"True\" nor \"False\" is an error.",
	},
	{
		name: "CStr", meaning: "a number, a date or a boolean as text", gives: aText,
		parameters: required(anything, "value"), evaluate: evaluateCStr,
		examples: []example{{`CStr([dn])`, []string{"dn=cn=Joe,dc=contoso,dc=com"}, `"cn=Joe,dc=contoso,dc=com"`}},
	},
	{
		name: "IsString", meaning: "True if CStr can make a text of it", gives: aBoolean,
		parameters: required(anything, "expression"), evaluate: evaluateIsString,
		examples: []example{{`IsString([displayName])`, []string{"displayName=Ada"}, `true`}},
		choice:   "No value is not a text; a number, a date or a boolean can become one; several values cannot.",
	},
}

func evaluateBitAnd(c call) (Value, error) {
	left, present, err := c.bits(0)
	if err != nil || !present {
		return Value{}, err
	}
	right, present, err := c.bits(1)
	if err != nil || !present {
		return Value{}, err
	}
	return numberValue(left & right), nil
}

// bits evaluates an argument that must be a whole number, or nothing.
func (c call) bits(i int) (number int64, present bool, err error) {
	value, err := c.value(i)
	if err != nil || value.Empty() {
		return 0, false, err
	}
	number, whole := value.asInteger()
	if !whole {
		return 0, false, c.misfit(i, value, "a whole number")
	}
	return number, true, nil
}

func evaluateCBool(c call) (Value, error) {
	value, err := c.value(0)
	if err != nil || value.kind == Boolean {
		return value, err
	}
	text, single := value.Text()
	switch {
	case !single:
		return Value{}, c.fail("the expression has %d values; Item takes one of them", len(value.list))
	case text == "" || strings.EqualFold(text, "false"):
		return booleanValue(false), nil
	case strings.EqualFold(text, "true"):
		return booleanValue(true), nil
	}
	number, ok := value.asNumber()
	if !ok {
		return Value{}, c.fail("%s is neither a number nor True nor False", short(text))
	}
	return booleanValue(number != 0), nil
}

func evaluateCStr(c call) (Value, error) {
	return c.change(func(text string) string { return text })
}

func evaluateIsString(c call) (Value, error) {
	value, err := c.value(0)
	_, single := value.Text()
	return booleanValue(single && value.kind != Null), err
}
