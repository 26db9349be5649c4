package expr

import (
	"fmt"
	"strconv"
	"strings"
)

// Kind is the type of a Value.
type Kind uint8

// The kinds of values.
const (
	// Null is no value: an attribute that is absent or empty, an argument that was left out, a Switch without match and default.
	Null Kind = iota
	// Text is a string, which may be empty.
	Text
	// Boolean is true or false; as text "True" or "False".
	Boolean
	// Number is a number; a literal keeps the text that was written.
	Number
	// List is what a multi-valued attribute holds: one text or more.
	List
)

// Value is what an expression, or a part of it, evaluates to. The zero Value is null.
type Value struct {
	kind    Kind
	boolean bool
	number  float64
	text    string
	list    []string
}

// ValueOf makes a Value of what a record holds: nil, string, bool, float64, int, []string, or a []any of these. Empty lists are null. Anything
// else, an object for instance, is an error.
func ValueOf(value any) (Value, error) {
	switch v := value.(type) {
	case nil:
		return Value{}, nil
	case string:
		return textValue(v), nil
	case bool:
		return booleanValue(v), nil
	case float64:
		return Value{kind: Number, number: v}, nil
	case int:
		return Value{kind: Number, number: float64(v)}, nil
	case []string:
		return listValue(v), nil
	case []any:
		list := make([]string, 0, len(v))
		for _, item := range v {
			if _, nested := item.([]any); nested {
				return Value{}, fmt.Errorf("holds a list in a list, which expressions cannot use")
			}
			one, err := ValueOf(item)
			if err != nil {
				return Value{}, err
			}
			list = one.appendTexts(list)
		}
		return listValue(list), nil
	}
	return Value{}, fmt.Errorf("is an object, which expressions cannot use")
}

func textValue(text string) Value { return Value{kind: Text, text: text} }

func booleanValue(b bool) Value { return Value{kind: Boolean, boolean: b} }

func listValue(list []string) Value {
	if len(list) == 0 {
		return Value{}
	}
	return Value{kind: List, list: list}
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Any returns the value as a record holds it: nil, string, bool, float64 or []string.
func (v Value) Any() any {
	switch v.kind {
	case Text:
		return v.text
	case Boolean:
		return v.boolean
	case Number:
		return v.number
	case List:
		return v.list
	default:
		return nil
	}
}

// Text returns the value as one text: "" for null, "True" or "False" for a boolean, the only element of a list. It reports false for a
// list of several.
func (v Value) Text() (text string, single bool) {
	switch v.kind {
	case Text:
		return v.text, true
	case Boolean:
		if v.boolean {
			return "True", true
		}
		return "False", true
	case Number:
		if v.text != "" {
			return v.text, true
		}
		return strconv.FormatFloat(v.number, 'f', -1, 64), true
	case List:
		return v.list[0], len(v.list) == 1
	default:
		return "", true
	}
}

// Empty reports whether the value is null or the empty text.
func (v Value) Empty() bool {
	text, single := v.Text()
	return single && text == ""
}

// True reports whether the value counts as true in a condition: true, the text "True" in any case, a number other than 0.
func (v Value) True() bool {
	switch v.kind {
	case Boolean:
		return v.boolean
	case Number:
		return v.number != 0
	default:
		text, single := v.Text()
		return single && strings.EqualFold(text, "true")
	}
}

// appendTexts appends the non-empty texts that the value holds.
func (v Value) appendTexts(list []string) []string {
	if v.kind == List {
		for _, text := range v.list {
			if text != "" {
				list = append(list, text)
			}
		}
		return list
	}
	if text, _ := v.Text(); text != "" {
		list = append(list, text)
	}
	return list
}

// asNumber reads the value as a number: digits with sign and decimal point.
func (v Value) asNumber() (float64, bool) {
	if v.kind == Number {
		return v.number, true
	}
	text, single := v.Text()
	text = strings.TrimSpace(text)
	if !single || text == "" || strings.Trim(text, "0123456789.+-") != "" {
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}
