package expr

import (
	"strings"

	"rollcall/internal/dotnet"
)

// class is what can be said of a value before there is a record.
type class uint8

const (
	// anything: only the record tells.
	anything class = iota
	aText
	aNumber // a whole number
	aDate
	aBoolean
	// aList takes what can have several values; one value is a list as well.
	aList
	// assignments of app roles
	assignments
)

// String names the class for people.
func (c class) String() string {
	return [...]string{"anything", "text", "number", "date", "condition", "multi-valued attribute", "app role assignments"}[c]
}

// class of a part of an expression.
func (n *node) class() class {
	switch n.kind {
	case constantNode, wordNode:
		if n.value.kind == Text {
			return aText
		}
		if n.value.kind == Number {
			return aNumber
		}
	case comparisonNode:
		return aBoolean
	case concatenationNode:
		return aText
	case callNode:
		if n.function != nil {
			return n.function.gives
		}
	case attributeNode:
	}
	return anything
}

// misfit says why the part can never be what a parameter wants; "" if it can.
func (n *node) misfit(want class) string {
	if n == nil || want == anything {
		return ""
	}
	has := n.class()
	value, constant := n.constant()
	text, _ := value.Text()
	switch {
	case want == aNumber && constant && (has == aNumber || has == aText):
		if _, ok := value.asInteger(); !ok {
			return "takes a whole number, not " + short(text)
		}
	case has == anything || has == want:
		return ""
	case want == aList:
		return ""
	case has == aList || has == assignments:
		return "takes one value, and this has several; Join makes one text of them, Item takes one"
	case want == assignments:
		return "takes the attribute [appRoleAssignments]"
	case want == aText:
		return ""
	case want == aNumber && has != aText:
		return "takes a number, not a " + has.String()
	case want == aDate && has == aText && constant:
		if _, err := dotnet.ReadTime(text); err != nil {
			return "takes a date, not " + short(text)
		}
	case want == aDate && has != aText:
		return "takes a date, not a " + has.String()
	case want == aBoolean && (has == aDate || constant && has == aText && !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false")):
		return "takes a condition, such as [country] = \"USA\" or IsPresent([mail])"
	}
	return ""
}
