package scope

import (
	"errors"
	"fmt"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
	"rollcall/internal/source"
)

// FilterError is what is wrong with one clause, or with a filter as a whole.
type FilterError struct {
	// Filter is the place of the filter in the list, Clause that of the clause in the filter; both from 0, -1 for none in particular.
	Filter, Clause int
	// Name of the filter, "" for none.
	Name string
	// Err says what is wrong. For a pattern it wraps a *dotnet.PatternError with the place.
	Err error
}

// Error names filter and clause, and says what is wrong.
func (e *FilterError) Error() string {
	var where []string
	if e.Filter >= 0 {
		where = append(where, fmt.Sprintf("filter %d", e.Filter+1))
		if e.Name != "" {
			where[0] += " " + quote(e.Name)
		}
	}
	if e.Clause >= 0 {
		where = append(where, fmt.Sprintf("clause %d", e.Clause+1))
	}
	if where == nil {
		return e.Err.Error()
	}
	return strings.Join(where, ", ") + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *FilterError) Unwrap() error { return e.Err }

// Errors is everything that is wrong with a list of filters.
type Errors = fault.List[*FilterError]

// filter is a compiled Filter.
type filter struct {
	// label names the filter in a list of filters, passed is the reason of those whom it lets in.
	label, passed string
	clauses       []clause
}

// Bounds of patterns. A decision cannot be left to a time limit, since who is in scope would depend on how busy the machine is; so no
// pattern is taken that could need long.
const (
	// maxPatterns bounds what the patterns of all filters may take to compile, in steps of dotnet.Budget: some tens of milliseconds, and
	// as many megabytes. A hundred patterns as people write them take some ten thousand.
	maxPatterns = 1_000_000
	// maxInstructions is the most instructions of one pattern.
	maxInstructions = 10_000
	// maxWidth is the largest dotnet.Regexp.Width: any value of 1,024 characters, more than Graph has in most attributes, is matched in a
	// few milliseconds, and the time grows with the value and no faster.
	maxWidth = 1000
)

// compiler collects what filters look at, and everything that is wrong with them.
type compiler struct {
	attributes []source.Attribute
	patterns   dotnet.Budget
	wrong      Errors
}

// compileFilters checks and compiles the filters, and lists the properties that they, or any scope, look at.
func compileFilters(filters []Filter) ([]filter, []string, error) {
	c := compiler{patterns: dotnet.Budget{Steps: maxPatterns}}
	if len(filters) > MaxFilters {
		c.refuse(-1, -1, "", fmt.Errorf("there are %d filters; at most %d are allowed", len(filters), MaxFilters))
		filters = filters[:MaxFilters]
	}
	compiled := make([]filter, len(filters))
	for i, f := range filters {
		compiled[i] = c.filter(f, i)
	}
	if c.wrong != nil {
		return nil, nil, fault.Wrap(fault.Invalid, "InvalidScope", c.wrong, "the scoping filters are not valid")
	}
	return compiled, source.Properties(c.attributes...), nil
}

func (c *compiler) refuse(filter, clause int, name string, err error) {
	c.wrong = append(c.wrong, &FilterError{Filter: filter, Clause: clause, Name: name, Err: err})
}

func (c *compiler) filter(f Filter, index int) filter {
	switch count := len(f.Clauses); {
	case count == 0:
		c.refuse(index, -1, f.Name, errors.New("a filter needs a clause; without any it would let everybody in"))
	case count > MaxClauses:
		c.refuse(index, -1, f.Name, fmt.Errorf("it has %d clauses; at most %d are allowed", count, MaxClauses))
		f.Clauses = f.Clauses[:MaxClauses]
	}
	compiled := named(f.Name, index)
	for i, one := range f.Clauses {
		clause, err := c.clause(one)
		if err != nil {
			c.refuse(index, i, f.Name, err)
			continue
		}
		compiled.clauses = append(compiled.clauses, clause)
		c.attributes = append(c.attributes, clause.attribute)
	}
	return compiled
}

func named(name string, index int) filter {
	if name == "" {
		label := fmt.Sprintf("filter %d", index+1)
		return filter{label: label, passed: "passes scoping " + label}
	}
	return filter{label: quote(name), passed: "passes the scoping filter " + quote(name)}
}

// clause checks one clause; the error says all that is wrong with it.
func (c *compiler) clause(written Clause) (clause, error) {
	attribute, attributeErr := findAttribute(written.Attribute)
	one, operatorErr := c.operation(written)
	if err := joined(attributeErr, operatorErr); err != nil {
		return clause{}, err
	}
	one.attribute = attribute
	one.text = attribute.Name + " " + one.text
	return one, nil
}

func findAttribute(name string) (source.Attribute, error) {
	if name == "" {
		return source.Attribute{}, errors.New("the attribute is missing")
	}
	attribute, err := source.Find(name)
	switch {
	case err != nil:
		return attribute, err
	case attribute.Computed():
		return attribute, fmt.Errorf("%s is computed from the scope itself; filter by accountEnabled", name)
	}
	return attribute, attribute.Missing()
}

// operation compiles all of a clause but its attribute.
func (c *compiler) operation(written Clause) (clause, error) {
	i := written.Operator.find()
	if i < 0 {
		return clause{}, unknownOperator(written.Operator)
	}
	operator := &operators[i]
	one := clause{test: operator.test, negative: operator.Negative, value: written.Value, text: string(operator.Name)}
	switch {
	case operator.Arity == Unary && one.value != "":
		return one, fmt.Errorf("%s takes no value, and there is %s", operator.Name, quote(one.value))
	case operator.Arity == Unary:
		return one, nil
	case one.value == "":
		return one, fmt.Errorf("%s needs a value; IS NULL finds what is empty", operator.Name)
	}
	one.text += " " + quote(one.value)
	var err error
	switch one.test {
	case greater, atLeast:
		var ok bool
		if one.number, ok = parseInteger(one.value); !ok {
			err = fmt.Errorf("%s compares integers, and %s is none", operator.Name, quote(one.value))
		}
	case match:
		if one.pattern, err = c.pattern(one.value); err != nil {
			err = fmt.Errorf("%s %s: %w", operator.Name, quote(one.value), err)
		}
	default:
	}
	return one, err
}

// pattern compiles a regular expression, unless it, or all of them together, would take more memory and time than is good for a plan.
func (c *compiler) pattern(text string) (*dotnet.Regexp, error) {
	tooLarge := errors.New("the patterns of all filters are too large together; write fewer, or repeat less in them")
	if c.patterns.Steps < 0 {
		return nil, tooLarge
	}
	pattern, err := dotnet.CompileRegexpWithin(text, maxInstructions, &c.patterns)
	switch {
	case c.patterns.Steps < 0:
		return nil, tooLarge
	case err != nil:
		return nil, err
	case pattern.Width(maxWidth) > maxWidth:
		return nil, fmt.Errorf("the pattern could take too long to match: one character can lead to over %d steps; repeat less, begin it with ^, or make several clauses or filters of its alternatives", maxWidth)
	}
	return pattern, nil
}

func unknownOperator(o Operator) error {
	switch {
	case o == "":
		return fmt.Errorf("the operator is missing; there are %s", strings.Join(operatorNames(), ", "))
	case o.key() == isMemberOf.key():
		return fmt.Errorf("%s works in no scoping filter, in Entra neither; to take the members of a group, select the group in the scope", isMemberOf)
	}
	if near := attr.Nearest(string(o), operatorNames()); near != "" && len(o) > 2 { // to "!=" nothing is near but "!&"
		return fmt.Errorf("there is no operator %s; %s is the nearest", quote(string(o)), near)
	}
	return fmt.Errorf("there is no operator %s; there are %s", quote(string(o)), strings.Join(operatorNames(), ", "))
}

// joined makes one sentence of two errors; nil if there is none.
func joined(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return fmt.Errorf("%w; %w", a, b)
}
