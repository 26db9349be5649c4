package expr

import (
	"cmp"
	"fmt"
	"strings"
)

// compare applies an operator. Comparison is loosely typed: null equals the empty text; a boolean equals "True" or "False" in any case; a
// number equals a text that reads as the same number; a date equals a text that reads as the same date; two texts are equal if they are the
// same, case included. Greater and less compare as numbers where both sides are numbers, as dates where one side is a date, else as
// texts; with null or the empty text they are false.
func compare(operator string, left, right Value) (bool, error) {
	a, singleLeft := left.Text()
	b, singleRight := right.Text()
	if !singleLeft || !singleRight {
		return false, fmt.Errorf("a multi-valued attribute cannot be compared; Join makes one text of it")
	}
	switch operator {
	case "=":
		return equal(left, right, a, b), nil
	case "<>":
		return !equal(left, right, a, b), nil
	}
	if a == "" || b == "" {
		return false, nil
	}
	order, err := order(left, right, a, b)
	switch operator {
	case "<":
		return order < 0, err
	case "<=":
		return order <= 0, err
	case ">":
		return order > 0, err
	default:
		return order >= 0, err
	}
}

func equal(left, right Value, a, b string) bool {
	switch {
	case left.kind == Number || right.kind == Number:
		order, ok := numbers(left, right)
		return ok && order == 0
	case left.kind == Date || right.kind == Date:
		x, dateLeft := left.asDate()
		y, dateRight := right.asDate()
		return dateLeft && dateRight && x.Equal(y)
	case left.kind == Boolean || right.kind == Boolean:
		return strings.EqualFold(a, b)
	}
	return a == b
}

func order(left, right Value, a, b string) (int, error) {
	if order, ok := numbers(left, right); ok {
		return order, nil
	}
	if left.kind == Number || right.kind == Number {
		return 0, fmt.Errorf("%s and %s cannot be compared as numbers", short(a), short(b))
	}
	if left.kind != Date && right.kind != Date {
		return strings.Compare(a, b), nil
	}
	x, dateLeft := left.asDate()
	y, dateRight := right.asDate()
	if !dateLeft || !dateRight {
		return 0, fmt.Errorf("%s and %s cannot be compared as dates", short(a), short(b))
	}
	return x.Compare(y), nil
}

// numbers compares two values as numbers, whole ones exactly; false if one is none.
func numbers(left, right Value) (int, bool) {
	if x, ok := left.asInteger(); ok {
		if y, ok := right.asInteger(); ok {
			return cmp.Compare(x, y), true
		}
	}
	x, numberLeft := left.asNumber()
	y, numberRight := right.asNumber()
	return cmp.Compare(x, y), numberLeft && numberRight
}
