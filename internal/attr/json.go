package attr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the canonical JSON form: one object, names in order, no blanks. Equal records give equal bytes.
func (r Record) AppendJSON(out []byte) []byte {
	out = append(out, '{')
	for i, field := range r {
		if i > 0 {
			out = append(out, ',')
		}
		out = appendString(out, field.Name)
		out = append(out, ':')
		out = appendValue(out, field.Value)
	}
	return append(out, '}')
}

// MarshalJSON returns the canonical JSON form.
func (r Record) MarshalJSON() ([]byte, error) { return r.AppendJSON(make([]byte, 0, 64*len(r)+2)), nil }

func appendValue(out []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(out, "null"...)
	case string:
		return appendString(out, v)
	case bool:
		return strconv.AppendBool(out, v)
	case float64:
		return strconv.AppendFloat(out, v, 'f', -1, 64)
	case []string:
		out = append(out, '[')
		for i, text := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = appendString(out, text)
		}
		return append(out, ']')
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return append(out, "null"...) // only values that came from JSON are allowed here
	}
	return append(out, bytes.TrimRight(buffer.Bytes(), "\n")...)
}

// AppendString appends a text as JSON. What is not UTF-8 is replaced.
func AppendString(out []byte, text string) []byte { return appendString(out, text) }

const hexDigits = "0123456789abcdef"

func appendString(out []byte, text string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				out = append(out, text[start:i]...)
				out = append(out, "\uFFFD"...)
				start = i + 1
			}
			i += size
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' {
			i++
			continue
		}
		out = append(out, text[start:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		start = i
	}
	out = append(out, text[start:]...)
	return append(out, '"')
}

// UnmarshalJSON reads any JSON object; lists of strings become []string.
func (r *Record) UnmarshalJSON(data []byte) error {
	record, err := ParseRecord(data)
	if err != nil {
		return err
	}
	*r = record
	return nil
}

// ParseRecord reads a JSON object. Flat objects of the canonical form are read without reflection; anything else is handed to
// encoding/json value by value.
func ParseRecord(data []byte) (Record, error) {
	// One copy for all: names and plain values are parts of it.
	p := parser{data: string(data)}
	record, err := p.object()
	if err != nil {
		return nil, fmt.Errorf("attribute record: %w", err)
	}
	if !slices.IsSortedFunc(record, compareFields) {
		slices.SortStableFunc(record, compareFields)
	}
	return slices.CompactFunc(record, func(a, b Field) bool { return a.Name == b.Name }), nil
}

func compareFields(a, b Field) int { return strings.Compare(a.Name, b.Name) }

// parser reads one JSON object, top level only.
type parser struct {
	data string
	at   int
}

func (p *parser) object() (Record, error) {
	if p.next() != '{' {
		return nil, p.fail("an object")
	}
	p.at++
	if p.next() == '}' {
		p.at++
		return nil, p.end()
	}
	record := make(Record, 0, 20)
	for {
		name, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.next() != ':' {
			return nil, p.fail("a colon")
		}
		p.at++
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		record = append(record, Field{Name: name, Value: value})
		switch p.next() {
		case ',':
			p.at++
		case '}':
			p.at++
			return record, p.end()
		default:
			return nil, p.fail("a comma or the end of the object")
		}
	}
}

// next skips blanks and returns the byte that stands at the position, 0 at the end.
func (p *parser) next() byte {
	for p.at < len(p.data) {
		switch p.data[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return p.data[p.at]
		}
	}
	return 0
}

func (p *parser) end() error {
	if p.next() != 0 || p.at < len(p.data) {
		return p.fail("the end")
	}
	return nil
}

func (p *parser) fail(expected string) error {
	return fmt.Errorf("expected %s at byte %d", expected, p.at)
}

func (p *parser) text() (string, error) {
	if p.next() != '"' {
		return "", p.fail("a string")
	}
	start := p.at + 1
	for i := start; i < len(p.data); i++ {
		switch c := p.data[i]; {
		case c == '"':
			p.at = i + 1
			return p.data[start:i], nil
		case c == '\\' || c < ' ' || c >= utf8.RuneSelf && !validTail(p.data[i:]):
			return p.slowText()
		}
	}
	return "", p.fail("the end of the string")
}

// validTail reports whether a well-formed rune starts here; continuation bytes of one that was checked pass too.
func validTail(data string) bool {
	if !utf8.RuneStart(data[0]) {
		return true
	}
	r, size := utf8.DecodeRuneInString(data)
	return r != utf8.RuneError || size > 1
}

func (p *parser) slowText() (string, error) {
	raw, err := p.raw()
	if err != nil {
		return "", err
	}
	if text, quoted := unquote(raw); quoted {
		return text, nil
	}
	var text string
	if err := json.Unmarshal([]byte(raw), &text); err != nil {
		return "", fmt.Errorf("at byte %d: %w", p.at, err)
	}
	return text, nil
}

// unquote takes the backslashes off a string in which they stand before quotes and backslashes only: the names of half of the attributes
// hold quotes, and encoding/json takes five times as long. It leaves anything else to that.
func unquote(raw string) (text string, ok bool) {
	out := make([]byte, 0, len(raw))
	for i := 1; i < len(raw)-1; i++ {
		c := raw[i]
		if c == '\\' {
			if i++; raw[i] != '"' && raw[i] != '\\' {
				return "", false
			}
			c = raw[i]
		}
		if c < ' ' || c >= utf8.RuneSelf {
			return "", false
		}
		out = append(out, c)
	}
	return string(out), true
}

func (p *parser) value() (any, error) {
	switch c := p.next(); c {
	case '"':
		return p.text()
	case 't', 'f', 'n':
		return p.word()
	}
	raw, err := p.raw()
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal([]byte(raw), &value); err != nil {
		return nil, fmt.Errorf("at byte %d: %w", p.at, err)
	}
	return Canonical(value), nil
}

func (p *parser) word() (any, error) {
	rest := p.data[p.at:]
	switch {
	case strings.HasPrefix(rest, "true"):
		p.at += 4
		return true, nil
	case strings.HasPrefix(rest, "false"):
		p.at += 5
		return false, nil
	case strings.HasPrefix(rest, "null"):
		p.at += 4
		return nil, nil
	}
	return nil, p.fail("a value")
}

// raw returns the bytes of the value that starts at the position: a number, a string, or anything with balanced brackets.
func (p *parser) raw() (string, error) {
	start, depth, quoted := p.at, 0, false
	for ; p.at < len(p.data); p.at++ {
		c := p.data[p.at]
		switch {
		case quoted && c == '\\':
			p.at++
		case c == '"':
			quoted = !quoted
			if !quoted && depth == 0 {
				p.at++
				return p.data[start:p.at], nil
			}
		case quoted:
		case c == '[' || c == '{':
			depth++
		case c == ']' || c == '}':
			if depth == 0 {
				return p.data[start:p.at], nil
			}
			if depth--; depth == 0 {
				p.at++
				return p.data[start:p.at], nil
			}
		case depth == 0 && (c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t'):
			return p.data[start:p.at], nil
		}
	}
	if quoted || depth > 0 {
		return "", p.fail("the end of a value")
	}
	return p.data[start:], nil
}

// Canonical turns what encoding/json made into the values a record holds: a list of strings becomes []string.
func Canonical(value any) any {
	list, ok := value.([]any)
	if !ok {
		return value
	}
	texts := make([]string, len(list))
	for i, item := range list {
		text, ok := item.(string)
		if !ok {
			return value
		}
		texts[i] = text
	}
	return texts
}
