package scim

import (
	"encoding/json"
	"strings"

	"rollcall/internal/fault"
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	openToken
	closeToken
	openBracketToken
	closeBracketToken
	textToken // a JSON string; text is its value
	wordToken // anything else: a name, an operator, a number
)

type token struct {
	kind tokenKind
	text string
	// at is the byte where the token begins.
	at int
}

// is reports whether the token is the word, in whatever case.
func (t token) is(word string) bool { return t.kind == wordToken && strings.EqualFold(t.text, word) }

// scanner splits a filter or a path into tokens.
type scanner struct {
	text string
	// at is the byte behind the last token taken.
	at     int
	ahead  *token
	behind int
	// failure is set when a string is broken; the rest is the end.
	failure *fault.Error
}

func (s *scanner) peek() token {
	if s.ahead == nil {
		at := s.at
		next := s.scan()
		s.ahead, s.behind, s.at = &next, s.at, at
	}
	return *s.ahead
}

func (s *scanner) next() token {
	token := s.peek()
	s.at, s.ahead = s.behind, nil
	return token
}

func (s *scanner) scan() token {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
	start := s.at
	if start == len(s.text) || s.failure != nil {
		return token{kind: endToken, at: start}
	}
	if i := strings.IndexByte("()[]", s.text[start]); i >= 0 {
		s.at++
		kinds := [...]tokenKind{openToken, closeToken, openBracketToken, closeBracketToken}
		return token{kind: kinds[i], text: s.text[start:s.at], at: start}
	}
	if s.text[start] == '"' {
		return s.quoted(start)
	}
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n()[]\"", s.text[s.at]) < 0 {
		s.at++
	}
	return token{kind: wordToken, text: s.text[start:s.at], at: start}
}

func (s *scanner) quoted(start int) token {
	for s.at++; s.at < len(s.text); s.at++ {
		switch s.text[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			var value string
			if err := json.Unmarshal([]byte(s.text[start:s.at]), &value); err != nil {
				s.failure = invalid(InvalidFilter, "the text that begins at character %d of the filter is no JSON string", start+1)
				return token{kind: endToken, at: start}
			}
			return token{kind: textToken, text: value, at: start}
		}
	}
	s.at = len(s.text)
	s.failure = invalid(InvalidFilter, "the text that begins at character %d of the filter has no end", start+1)
	return token{kind: endToken, at: start}
}
