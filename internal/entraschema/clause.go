package entraschema

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/scope"
)

// readClause reads a filterClause as alternatives, one of which must hold, of clauses that all must hold: a positive operator holds for one of
// its values, a negative one for all. The error says why the clause cannot be taken over as a whole.
func (in *importer) readClause(n *node, subject string) ([]scope.Filter, error) {
	if n.kind != objectNode {
		return nil, fmt.Errorf("a clause cannot be read: %s", cut(n.summary()))
	}
	var operator scope.Operator
	if err := operator.UnmarshalText([]byte(n.member("operatorName").string())); err != nil {
		return nil, err
	}
	info, known := operatorInfo(operator)
	values, err := in.readValues(n.member("targetOperand"), info, known, subject)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cut(string(operator)), err)
	}
	attribute := in.attributeName(n.member("sourceOperandName").string(), n.member("sourceOperandName"), subject)
	clauses := make([]scope.Clause, len(values))
	for i, value := range values {
		clauses[i] = scope.Clause{Attribute: attribute, Operator: operator, Value: value}
		if err := clauseRefusal(clauses[i]); err != nil {
			return nil, err
		}
	}
	if err := unknownMember(n); err != nil {
		return nil, err
	}
	if info.Negative {
		if len(clauses) > 1 {
			in.note(Changed, n.member("targetOperand"), subject, "%s has %d values, none of which may fit: it becomes as many clauses", operator, len(clauses))
		}
		return []scope.Filter{{Clauses: clauses}}, nil
	}
	alternatives := make([]scope.Filter, len(clauses))
	for i := range clauses {
		alternatives[i].Clauses = clauses[i : i+1]
	}
	return alternatives, nil
}

// unknownMember is an error if an object has a member that nobody has read: it may turn the meaning round.
func unknownMember(n *node) error {
	if unread := n.unread(); len(unread) > 0 {
		return fmt.Errorf("it has a member that is not known here: %s: %s", cut(unread[0].name), cut(unread[0].summary()))
	}
	return nil
}

// readValues returns what a clause compares with, at least one text; "" stands for nothing.
func (in *importer) readValues(operand *node, operator scope.OperatorInfo, known bool, subject string) ([]string, error) {
	values, blank, err := operandValues(operand)
	switch {
	case err != nil:
		return nil, err
	case len(values) > scope.MaxClauses:
		return nil, fmt.Errorf("it has more than %d values", scope.MaxClauses)
	case known && operator.Arity == scope.Unary && len(values) > 0:
		in.note(Changed, operand, subject, "%s takes no value; %s is not looked at", operator.Name, cut(operand.summary()))
		return []string{""}, nil
	case len(values) == 0:
		return []string{""}, nil
	case blank && operator.Negative:
		return nil, errors.New("one of its values is empty")
	case blank:
		in.note(Changed, operand, subject, "an empty value is left out; IS NULL finds what is empty")
	}
	return values, nil
}

// operandValues returns the different values of a filterOperand; blank reports whether there were null or empty ones beside.
func operandValues(operand *node) (values []string, blank bool, err error) {
	if operand.empty() {
		return nil, false, nil
	}
	if operand.kind != objectNode {
		return nil, false, fmt.Errorf("its value cannot be read: %s", cut(operand.summary()))
	}
	member := operand.member("values")
	if err := unknownMember(operand); err != nil {
		return nil, false, err
	}
	list := []*node{member}
	if member.kind == arrayNode {
		list = member.items
	}
	for _, value := range list {
		switch text := value.string(); {
		case value.kind == arrayNode || value.kind == objectNode:
			return nil, false, fmt.Errorf("one of its values cannot be read: %s", cut(value.summary()))
		case text == "":
			blank = true
		case len(values) <= scope.MaxClauses && !slices.Contains(values, text):
			values = append(values, text)
		}
	}
	return values, blank, nil
}

func operatorInfo(operator scope.Operator) (scope.OperatorInfo, bool) {
	for _, info := range scope.Operators() {
		if info.Name == operator {
			return info, true
		}
	}
	return scope.OperatorInfo{}, false
}

// clauseRefusal is what package scope has against one clause, nil for nothing. Its pattern is not looked at.
func clauseRefusal(c scope.Clause) error {
	if c.Value != "" && (c.Operator == scope.RegexMatch || c.Operator == scope.NotRegexMatch) {
		c.Value = "any"
	}
	return refusals([]scope.Filter{{Clauses: []scope.Clause{c}}})[0]
}

// refusals is what package scope has against filters, by their places in the list. It bounds what all patterns of a list cost together, so
// that they are compiled list by list, and each once.
func refusals(filters []scope.Filter) map[int]error {
	_, err := scope.Rules{Filters: filters}.Compile()
	all, _ := errors.AsType[scope.Errors](err)
	refused := map[int]error{}
	for _, one := range all {
		if refused[one.Filter] != nil || one.Clause < 0 {
			continue
		}
		c := filters[one.Filter].Clauses[one.Clause]
		refused[one.Filter] = fmt.Errorf("%s %s: %w", strings.TrimSpace(cut(c.Attribute)), cut(string(c.Operator)), one.Err)
	}
	return refused
}
