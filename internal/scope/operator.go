package scope

import "strings"

// Operator compares an attribute with the value of a clause. It is read in any case, with blanks or underscores or nothing between its
// words ("not_equals", "endsWith"), and written as Entra does.
type Operator string

// The operators of Entra's scoping filters.
const (
	Equals             Operator = "EQUALS"
	NotEquals          Operator = "NOT EQUALS"
	IsNull             Operator = "IS NULL"
	IsNotNull          Operator = "IS NOT NULL"
	IsTrue             Operator = "IS TRUE"
	IsFalse            Operator = "IS FALSE"
	OccursIn           Operator = "&"
	OccursNotIn        Operator = "!&"
	EndsWith           Operator = "ENDS_WITH"
	Includes           Operator = "Includes"
	GreaterThan        Operator = "Greater_Than"
	GreaterThanOrEqual Operator = "Greater_Than_OR_EQUALS"
	RegexMatch         Operator = "REGEX MATCH"
	NotRegexMatch      Operator = "NOT REGEX MATCH"
)

// isMemberOf is offered by Entra's pages, and works nowhere.
const isMemberOf Operator = "IsMemberOf"

// Arity says how many operands an operator has, in the words of Graph's filterOperatorSchema.
type Arity string

// The arities: Unary operators look at the attribute alone, Binary ones compare it with the value of the clause.
const (
	Unary  Arity = "Unary"
	Binary Arity = "Binary"
)

// OperatorInfo describes an operator.
type OperatorInfo struct {
	Name  Operator `json:"name"`
	Arity Arity    `json:"arity"`
	// Negative operators hold over several values if their opposite holds for none of them; the others if they hold for one.
	Negative bool `json:"negative,omitempty"`
	// Meaning completes "a clause holds if the attribute …".
	Meaning string `json:"meaning"`
}

// operators with the test that each makes of one value; negative ones make that of their opposite.
var operators = []struct {
	OperatorInfo
	test
}{
	{OperatorInfo{Equals, Binary, false, "is exactly the value, upper and lower case told apart; a boolean is True or False in any case"}, equal},
	{OperatorInfo{NotEquals, Binary, true, "has a value, and it is another one"}, equal},
	{OperatorInfo{IsNull, Unary, false, "is null or empty"}, null},
	{OperatorInfo{IsNotNull, Unary, false, "has a value"}, present},
	{OperatorInfo{IsTrue, Unary, false, "is true, or the text True in any case"}, isTrue},
	{OperatorInfo{IsFalse, Unary, false, "is false, or the text False in any case"}, isFalse},
	{OperatorInfo{OccursIn, Binary, false, "occurs in the value, upper and lower case told apart"}, occurs},
	{OperatorInfo{OccursNotIn, Binary, true, "has a value, and it does not occur in the value of the clause"}, occurs},
	{OperatorInfo{EndsWith, Binary, false, "ends with the value, upper and lower case told apart"}, suffix},
	{OperatorInfo{Includes, Binary, false, "has the value somewhere in it, upper and lower case told apart"}, includes},
	{OperatorInfo{GreaterThan, Binary, false, "is an integer greater than the value, which is one too"}, greater},
	{OperatorInfo{GreaterThanOrEqual, Binary, false, "is an integer greater than the value, which is one too, or equal to it"}, atLeast},
	{OperatorInfo{RegexMatch, Binary, false, "has something in it that matches the value, a .NET regular expression; ^ and $ make it match the whole"}, match},
	{OperatorInfo{NotRegexMatch, Binary, true, "has a value, and nothing in it matches the .NET regular expression"}, match},
}

// Operators returns all operators in the order of Entra's documentation.
func Operators() []OperatorInfo {
	list := make([]OperatorInfo, len(operators))
	for i := range operators {
		list[i] = operators[i].OperatorInfo
	}
	return list
}

// UnmarshalText reads an operator. One that does not exist is kept as it is: Rules.Compile refuses it, and says in which clause it stands.
func (o *Operator) UnmarshalText(text []byte) error {
	*o = Operator(text)
	if i := o.find(); i >= 0 {
		*o = operators[i].Name
	}
	return nil
}

// find returns the operator's place in operators, -1 if it does not exist.
func (o Operator) find() int {
	key := o.key()
	for i := range operators {
		if operators[i].Name.key() == key {
			return i
		}
	}
	return -1
}

// key is the same for all spellings of an operator.
func (o Operator) key() string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(string(o), func(r rune) bool { return r == ' ' || r == '_' }), ""))
}

// operatorNames lists them for messages, in the order of Operators.
func operatorNames() []string {
	names := make([]string, len(operators))
	for i := range operators {
		names[i] = string(operators[i].Name)
	}
	return names
}
