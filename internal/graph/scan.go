package graph

import (
	"encoding/json"
	"errors"
	"fmt"
)

// scanner walks over the envelope of an answer without building it: encoding/json would read each user twice before the record is made.
// What it hands out as raw bytes is balanced but not checked; the reader of the bytes does that.
type scanner struct {
	data []byte
	at   int
}

var errCut = errors.New("the JSON ends too early")

// next skips blanks and returns the byte that stands at the position, 0 at the end.
func (s *scanner) next() byte {
	for ; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case ' ', '\t', '\r', '\n':
		default:
			return s.data[s.at]
		}
	}
	return 0
}

func (s *scanner) expect(c byte) error {
	switch s.next() {
	case c:
		s.at++
		return nil
	case 0:
		return errCut
	}
	return fmt.Errorf("%q where %q was expected, at byte %d", s.data[s.at], c, s.at)
}

// object is fields for the outermost object: nothing may follow it.
func (s *scanner) object(visit func(name string) error) error {
	err := s.fields(visit)
	if err == nil && (s.next() != 0 || s.at < len(s.data)) {
		return fmt.Errorf("more than one JSON value: byte %d", s.at)
	}
	return err
}

// fields calls visit for each member of an object; visit must consume the member's value.
func (s *scanner) fields(visit func(name string) error) error {
	return s.items('{', '}', func() error {
		name, err := s.text()
		if err != nil {
			return err
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		return visit(name)
	})
}

// text reads the string at the position. null is the empty text.
func (s *scanner) text() (string, error) {
	raw, err := s.raw()
	if err != nil {
		return "", err
	}
	if known, ok := frequentText(raw); ok {
		return known, nil
	}
	if isPlain(raw) {
		return string(raw[1 : len(raw)-1]), nil
	}
	var text string
	err = json.Unmarshal(raw, &text)
	return text, err
}

// isPlain reports whether a value is a string of printable ASCII without escapes, as ids are.
func isPlain(raw []byte) bool {
	if len(raw) < 2 || raw[0] != '"' {
		return false
	}
	for _, c := range raw[1 : len(raw)-1] {
		if c < ' ' || c > '~' || c == '\\' {
			return false
		}
	}
	return true
}

// frequentText saves memory for what every member of a group brings along.
func frequentText(raw []byte) (string, bool) {
	switch string(raw) {
	case `"@odata.type"`:
		return noteType, true
	case `"id"`:
		return propID, true
	case `"#microsoft.graph.user"`:
		return typePrefix + TypeUser, true
	case `"#microsoft.graph.group"`:
		return typePrefix + TypeGroup, true
	}
	return "", false
}

// items walks over what stands, divided by commas, between two brackets.
func (s *scanner) items(open, closing byte, item func() error) error {
	if err := s.expect(open); err != nil {
		return err
	}
	if s.next() == closing {
		s.at++
		return nil
	}
	for {
		if err := item(); err != nil {
			return err
		}
		if s.next() == closing {
			s.at++
			return nil
		}
		if err := s.expect(','); err != nil {
			return err
		}
	}
}

// raw returns the bytes of the value at the position: a string, a word or number, or anything with balanced brackets.
func (s *scanner) raw() ([]byte, error) {
	s.next()
	start, depth := s.at, 0
	for s.at < len(s.data) {
		switch s.data[s.at] {
		case '"':
			if !s.skipString() {
				return nil, errCut
			}
			if depth == 0 {
				return s.data[start:s.at], nil
			}
			continue
		case '[', '{':
			depth++
		case ']', '}':
			if depth == 0 {
				return s.data[start:s.at], nil
			}
			if depth--; depth == 0 {
				s.at++
				return s.data[start:s.at], nil
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return s.data[start:s.at], nil
			}
		}
		s.at++
	}
	return nil, errCut
}

// skipString moves behind the string at the position and reports whether it has an end.
func (s *scanner) skipString() bool {
	for s.at++; s.at < len(s.data); s.at++ {
		switch s.data[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			return true
		}
	}
	return false
}

// value decodes the value at the position into target, strictly.
func (s *scanner) value(target any) error {
	raw, err := s.raw()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, target)
}
