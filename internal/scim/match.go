package scim

import (
	"strings"
	"time"

	"rollcall/internal/attr"
)

// Match reports whether a resource fits a filter. nil fits all.
func Match(filter *Filter, resource Resource) bool {
	if filter == nil {
		return true
	}
	return match(filter, resource)
}

func match(f *Filter, in map[string]any) bool {
	switch f.Kind {
	case And:
		for _, term := range f.Terms {
			if !match(term, in) {
				return false
			}
		}
		return true
	case Or:
		for _, term := range f.Terms {
			if match(term, in) {
				return true
			}
		}
		return false
	case Not:
		return !match(f.Terms[0], in)
	case ValuePath:
		return matchValue(f, in)
	case Compare:
		return compare(f, in)
	case Always:
		fits, _ := f.Value.(bool)
		return fits
	}
	return false
}

func matchValue(f *Filter, in map[string]any) bool {
	for _, value := range valuesAt(in, f.Ref) {
		if element, ok := value.(map[string]any); ok && match(f.Terms[0], element) {
			return true
		}
	}
	return false
}

func compare(f *Filter, in map[string]any) bool {
	if f.Op == NotEqual {
		equal := *f
		equal.Op = Equal
		return !compare(&equal, in)
	}
	for _, value := range valuesAt(in, f.Ref) {
		if f.Op == Present && !isNothing(value) || f.Op != Present && fits(f, value) {
			return true
		}
	}
	return false
}

// valuesAt returns the values that a Ref names: one, several, or none.
func valuesAt(in map[string]any, ref Ref) []any {
	if ref.URN != "" {
		extension, _ := in[ref.URN].(map[string]any)
		if ref.Name == "" {
			return []any{extension}
		}
		in = extension
	}
	value, there := in[ref.Name]
	if !there {
		return nil
	}
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	if ref.Sub == "" {
		return values
	}
	var subs []any
	for _, value := range values {
		if element, ok := value.(map[string]any); ok {
			subs = append(subs, element[ref.Sub])
		}
	}
	return subs
}

// fits compares one value. What has another type is as if it were not there.
func fits(f *Filter, value any) bool {
	switch wanted := f.Value.(type) {
	case bool:
		is, ok := value.(bool)
		return ok && f.Op == Equal && is == wanted
	case float64:
		is, ok := value.(float64)
		return ok && ordered(f.Op, compareNumbers(is, wanted))
	case time.Time:
		written, _ := value.(string)
		is, err := time.Parse(time.RFC3339Nano, written)
		return err == nil && ordered(f.Op, is.Compare(wanted))
	}
	is, ok := value.(string)
	return ok && compareTexts(f, is)
}

func compareNumbers(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func ordered(op Operator, order int) bool {
	switch op {
	case Equal:
		return order == 0
	case NotEqual:
		return order != 0
	case Greater:
		return order > 0
	case GreaterOrEqual:
		return order >= 0
	case Less:
		return order < 0
	case LessOrEqual:
		return order <= 0
	default:
	}
	return false
}

// compareTexts applies a comparison to a text.
func compareTexts(f *Filter, is string) bool {
	wanted, ok := f.Value.(string)
	if !ok {
		return false
	}
	equality := f.Op == Equal || f.Op == NotEqual
	switch {
	case f.Ref.CaseExact:
	case equality:
		is, wanted = attr.NameKey(is), attr.NameKey(wanted)
	default:
		is, wanted = Fold(is), Fold(wanted)
	}
	switch f.Op {
	case Contains:
		return strings.Contains(is, wanted)
	case StartsWith:
		return strings.HasPrefix(is, wanted)
	case EndsWith:
		return strings.HasSuffix(is, wanted)
	default:
	}
	return ordered(f.Op, strings.Compare(is, wanted))
}

// isNothing reports whether a value counts as not there: nil, an empty text, a list or object without anything in it.
func isNothing(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		for _, element := range v {
			if !isNothing(element) {
				return false
			}
		}
		return true
	case map[string]any:
		for _, sub := range v {
			if !isNothing(sub) {
				return false
			}
		}
		return true
	}
	return false
}
