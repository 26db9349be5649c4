package expr

import (
	"cmp"
	"fmt"
	"strings"
)

// compare applies an operator. Comparison is loosely typed: null equals the empty text; a boolean equals "True" or "False" in any case; a
// number equals a text that reads as the same number; two texts are equal if they are the same, case included. Greater and less
// compare as numbers where both sides are numbers, else as texts; with null or the empty text they are false.
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
	x, numberLeft := left.asNumber()
	y, numberRight := right.asNumber()
	order := strings.Compare(a, b)
	switch {
	case numberLeft && numberRight:
		order = cmp.Compare(x, y)
	case left.kind == Number || right.kind == Number:
		return false, fmt.Errorf("%s and %s cannot be compared as numbers", short(a), short(b))
	}
	switch operator {
	case "<":
		return order < 0, nil
	case "<=":
		return order <= 0, nil
	case ">":
		return order > 0, nil
	default:
		return order >= 0, nil
	}
}

func equal(left, right Value, a, b string) bool {
	switch {
	case left.kind == Number || right.kind == Number:
		x, numberLeft := left.asNumber()
		y, numberRight := right.asNumber()
		return numberLeft && numberRight && x == y
	case left.kind == Boolean || right.kind == Boolean:
		return strings.EqualFold(a, b)
	}
	return a == b
}
