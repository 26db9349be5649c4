package expr

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/dotnet"
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
	// Date is a time in UTC, in whole seconds; as text "7/30/2025 2:05:00 PM".
	Date
	// List is what a multi-valued attribute holds: one text or more.
	List
	// Objects is a list of complex values, such as assignments of app roles: one or more, each with the JSON text of an object.
	Objects
)

// Value is what an expression, or a part of it, evaluates to. The zero Value is null.
type Value struct {
	kind    Kind
	boolean bool
	// number of a Number; of a Date the seconds since 1970.
	number float64
	text   string
	list   []string
}

// ValueOf makes a Value of what a record holds: nil, string, bool, float64, int, []string, a []any of these, or a []any of objects
// (map[string]any). Empty lists are null. Anything else, an object for instance, is an error.
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
		return valueOfList(v)
	}
	return Value{}, fmt.Errorf("is an object, which expressions cannot use")
}

func valueOfList(items []any) (Value, error) {
	list := make([]string, 0, len(items))
	objects := 0
	for _, item := range items {
		switch object := item.(type) {
		case []any:
			return Value{}, fmt.Errorf("holds a list in a list, which expressions cannot use")
		case map[string]any:
			text, err := json.Marshal(object)
			if err != nil {
				return Value{}, fmt.Errorf("holds an object that cannot be read: %w", err)
			}
			list = append(list, string(text))
			objects++
			continue
		}
		one, err := ValueOf(item)
		if err != nil {
			return Value{}, err
		}
		list = one.appendTexts(list)
	}
	switch {
	case objects == 0:
		return listValue(list), nil
	case objects < len(list):
		return Value{}, fmt.Errorf("holds objects beside other values, which expressions cannot use")
	}
	return Value{kind: Objects, list: list}, nil
}

// weight is about what it takes to convert a value that a list holds, and no more than just beyond limit: objects are written as JSON, in
// which a character can take six times its bytes.
func weight(value any, limit int) int {
	sum := 16
	switch v := value.(type) {
	case string:
		sum += 4 * len(v)
	case []string:
		for i := 0; i < len(v) && sum <= limit; i++ {
			sum += 16 + 4*len(v[i])
		}
	case []any:
		for i := 0; i < len(v) && sum <= limit; i++ {
			sum += weight(v[i], limit-sum)
		}
	case map[string]any:
		sum += 64 // sorting its names, for one
		for name, member := range v {
			if sum > limit {
				break
			}
			sum += 64 + 4*len(name) + weight(member, limit-sum)
		}
	}
	return sum
}

func textValue(text string) Value { return Value{kind: Text, text: text} }

func booleanValue(b bool) Value { return Value{kind: Boolean, boolean: b} }

func numberValue(n int64) Value {
	return Value{kind: Number, number: float64(n), text: strconv.FormatInt(n, 10)}
}

func dateValue(t time.Time) Value { return Value{kind: Date, number: float64(t.Unix())} }

func listValue(list []string) Value {
	if len(list) == 0 {
		return Value{}
	}
	return Value{kind: List, list: list}
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Any returns the value as a record holds it: nil, string, bool, float64, []string, or a []any of objects. A date is its text.
func (v Value) Any() any {
	switch v.kind {
	case Text:
		return v.text
	case Boolean:
		return v.boolean
	case Number:
		return v.number
	case Date:
		text, _ := v.Text()
		return text
	case List:
		return v.list
	case Objects:
		objects := make([]any, len(v.list))
		for i, text := range v.list {
			var object map[string]any
			if json.Unmarshal([]byte(text), &object) == nil { // it was marshalled here
				objects[i] = object
			}
		}
		return objects
	default:
		return nil
	}
}

// Text returns the value as one text: "" for null, "True" or "False" for a boolean, the only element of a list. It reports false for a
// list of several and for objects.
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
	case Date:
		return formatDate(v.time()), true
	case List:
		return v.list[0], len(v.list) == 1
	case Objects:
		return "", false
	default:
		return "", true
	}
}

// time of a Date.
func (v Value) time() time.Time { return time.Unix(int64(v.number), 0).UTC() }

// dateLayout is how dates are written and read again everywhere in the language.
const dateLayout = "M/d/yyyy h:mm:ss tt"

func formatDate(t time.Time) string {
	text, err := dotnet.FormatTime(t, dateLayout)
	if err != nil { // the format is right, and dates keep to the years that have four digits
		return t.Format(time.RFC3339)
	}
	return text
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

// size is about how many bytes the value holds.
func (v Value) size() int {
	size := len(v.text)
	for _, text := range v.list {
		size += len(text) + 1
	}
	return size
}

// texts returns the values that a multi-valued attribute holds, or the only one; none for null.
func (v Value) texts() []string {
	if v.kind == List || v.kind == Objects {
		return v.list
	}
	if v.kind == Null {
		return nil
	}
	text, _ := v.Text()
	return []string{text}
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

// asInteger reads the value as a whole number, exactly where 64 bits hold it.
func (v Value) asInteger() (int64, bool) {
	if text, single := v.Text(); single {
		if number, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil {
			return number, true
		}
	}
	number, ok := v.asNumber()
	if !ok || number != math.Trunc(number) || math.Abs(number) >= 1<<53 {
		return 0, false
	}
	return int64(number), true
}

// asDate reads the value as a date.
func (v Value) asDate() (time.Time, bool) {
	if v.kind == Date {
		return v.time(), true
	}
	if v.kind != Text && v.kind != List {
		return time.Time{}, false
	}
	text, single := v.Text()
	if !single {
		return time.Time{}, false
	}
	date, err := dotnet.ReadTime(text)
	return date, err == nil
}
