package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	endToken tokenKind = iota
	textToken
	numberToken
	attributeToken
	nameToken
	operatorToken
	punctuationToken // one of ( ) ,
)

// token is one word of an expression. text is the content: without quotes and brackets, escapes resolved.
type token struct {
	kind tokenKind
	text string
	at   int
}

// lexer cuts an expression into tokens. White space, line breaks included, separates them and means nothing else.
type lexer struct {
	text string
	at   int
}

func (l *lexer) next() (token, error) {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += size
	}
	start := l.at
	if start == len(l.text) {
		return token{kind: endToken, at: start}, nil
	}
	switch c := l.text[start]; {
	case c == '"':
		return l.quoted()
	case c == '[':
		return l.attribute()
	case c == '(' || c == ')' || c == ',':
		l.at++
		return token{kind: punctuationToken, text: l.text[start:l.at], at: start}, nil
	case c == '=' || c == '<' || c == '>':
		l.at++
		if rest := l.text[l.at:]; c != '=' && strings.HasPrefix(rest, "=") || c == '<' && strings.HasPrefix(rest, ">") {
			l.at++
		}
		return token{kind: operatorToken, text: l.text[start:l.at], at: start}, nil
	case isDigit(c) || c == '-':
		return l.number()
	case isLetter(c):
		for l.at < len(l.text) && (isLetter(l.text[l.at]) || isDigit(l.text[l.at])) {
			l.at++
		}
		return token{kind: nameToken, text: l.text[start:l.at], at: start}, nil
	}
	r, _ := utf8.DecodeRuneInString(l.text[start:])
	return token{}, failAt(start, "%q means nothing here; text stands in double quotes, an attribute in [brackets]", r)
}

// quoted reads a text. Only \\ and \" are escapes: before anything else a backslash is a backslash, as in patterns.
func (l *lexer) quoted() (token, error) {
	start := l.at
	from := start + 1
	var unescaped strings.Builder
	for i := from; i < len(l.text); i++ {
		switch l.text[i] {
		case '"':
			l.at = i + 1
			unescaped.WriteString(l.text[from:i])
			return token{kind: textToken, text: unescaped.String(), at: start}, nil
		case '\\':
			if i+1 < len(l.text) && (l.text[i+1] == '\\' || l.text[i+1] == '"') {
				unescaped.WriteString(l.text[from:i])
				i++
				from = i
			}
		}
	}
	return token{}, failAt(start, "this text has no closing double quote")
}

func (l *lexer) attribute() (token, error) {
	start := l.at
	length := strings.IndexAny(l.text[start+1:], "[]\"(),")
	if length < 0 || l.text[start+1+length] != ']' {
		return token{}, failAt(start, "this attribute has no closing bracket ]")
	}
	l.at = start + length + 2
	name := strings.TrimSpace(l.text[start+1 : l.at-1])
	if name == "" {
		return token{}, failAt(start, "between the brackets stands no attribute name")
	}
	return token{kind: attributeToken, text: name, at: start}, nil
}

// number reads digits with an optional sign and decimals.
func (l *lexer) number() (token, error) {
	start := l.at
	if l.text[l.at] == '-' {
		l.at++
	}
	digits := l.digits()
	if digits && strings.HasPrefix(l.text[l.at:], ".") {
		l.at++
		digits = l.digits()
	}
	if !digits {
		return token{}, failAt(start, "%q is not a number", l.text[start:l.at])
	}
	return token{kind: numberToken, text: l.text[start:l.at], at: start}, nil
}

func (l *lexer) digits() bool {
	start := l.at
	for l.at < len(l.text) && isDigit(l.text[l.at]) {
		l.at++
	}
	return l.at > start
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }
