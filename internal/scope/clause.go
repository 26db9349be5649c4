package scope

import (
	"math"
	"strconv"
	"strings"

	"rollcall/internal/dotnet"
	"rollcall/internal/source"
)

// test is what a clause asks of one value.
type test uint8

const (
	equal    test = iota // the value is that of the clause
	null                 // there is no value
	present              // there is a value
	isTrue               // it is true, or says so
	isFalse              // it is false, or says so
	occurs               // the value is part of that of the clause
	suffix               // the value ends with that of the clause
	includes             // the value has that of the clause in it
	greater              // both are integers, and it is the greater one
	atLeast              // both are integers, and it is not the smaller one
	match                // the pattern of the clause is found in it
)

// clause is a compiled Clause.
type clause struct {
	attribute source.Attribute
	test
	// negative turns the answer of the test round, where there is a value.
	negative bool
	value    string
	number   integer        // of greater and atLeast
	pattern  *dotnet.Regexp // of match
	// text is the clause for messages: `city EQUALS "Berlin"`.
	text string
}

// failing returns the first clause that does not hold for the user; nil if the user passes the filter.
func (f *filter) failing(u source.User) *clause {
	for i := range f.clauses {
		if !f.clauses[i].holds(u) {
			return &f.clauses[i]
		}
	}
	return nil
}

// holds answers the clause for one user.
func (c *clause) holds(u source.User) bool {
	value := c.attribute.Read(u)
	switch c.test {
	case null:
		return isEmpty(value)
	case present:
		return !isEmpty(value)
	default:
	}
	some, one := false, false
	switch v := value.(type) {
	case []string:
		for i := 0; i < len(v) && !one; i++ {
			some = some || v[i] != ""
			one = v[i] != "" && c.accepts(v[i], false)
		}
	case []any:
		for i := 0; i < len(v) && !one; i++ {
			var is bool
			is, one = c.try(v[i])
			some = some || is
		}
	default:
		some, one = c.try(value)
	}
	return some && one != c.negative
}

// try makes the test of one value. some is false if there is none that could be compared: null, an empty text, an object.
func (c *clause) try(value any) (some, one bool) {
	text, ok := scalar(value)
	if !ok || text == "" {
		return false, false
	}
	_, boolean := value.(bool)
	return true, c.accepts(text, boolean)
}

// accepts makes the test of one value that is not empty.
func (c *clause) accepts(text string, boolean bool) bool {
	switch c.test {
	case equal:
		return text == c.value || boolean && strings.EqualFold(text, c.value)
	case isTrue:
		return strings.EqualFold(text, "True")
	case isFalse:
		return strings.EqualFold(text, "False")
	case occurs:
		return strings.Contains(c.value, text)
	case suffix:
		return strings.HasSuffix(text, c.value)
	case includes:
		return strings.Contains(text, c.value)
	case greater, atLeast:
		number, ok := parseInteger(text)
		if !ok {
			return false
		}
		order := number.compare(c.number)
		return order > 0 || order == 0 && c.test == atLeast
	case match:
		return c.pattern.MatchString(text)
	default:
		return false // null and present look at all values together
	}
}

// scalar returns a value as text: booleans as True and False, numbers without exponent. Objects and lists have none.
func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case bool:
		if v {
			return "True", true
		}
		return "False", true
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "", false // JSON has neither
		}
		return strconv.FormatFloat(v, 'f', -1, 64), true
	}
	return "", false
}

// isEmpty reports whether there is no value: null, an empty text, a list of nothing but these.
func isEmpty(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []string:
		for _, text := range v {
			if text != "" {
				return false
			}
		}
		return true
	case []any:
		for _, one := range v {
			if one != nil && one != "" {
				return false
			}
		}
		return true
	case map[string]any:
		return len(v) == 0
	}
	return false
}
