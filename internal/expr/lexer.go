package expr

import (
	"strconv"
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
	comparisonToken  // one of = <> < <= > >=
	ampersandToken   // &
	punctuationToken // one of ( ) ,
	// badToken is what could not be read; the failure is told already.
	badToken
)

// token is one word of an expression. text is the content: without quotes and brackets, escapes resolved.
type token struct {
	kind tokenKind
	text string
	at   int
}

// ends reports whether an operand ends with the token, so that an operator may follow.
func (t token) ends() bool {
	return t.kind >= textToken && t.kind <= nameToken || t.kind == badToken || t.kind == punctuationToken && t.text == ")"
}

// lexer cuts an expression into tokens. White space, line breaks included, separates them and means nothing else.
type lexer struct {
	text string
	at   int
	// last token that was cut; &H5 is a number where an operand is expected, and & is an operator behind one.
	last token
}

// next cuts a token. With a failure the token is a badToken, and cutting goes on behind it.
func (l *lexer) next() (token, *failure) {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) {
			break
		}
		l.at += size
	}
	start := l.at
	cut, failed := l.cut()
	cut.at = start
	if failed != nil {
		cut.kind = badToken
	}
	l.last = cut
	return cut, failed
}

func (l *lexer) cut() (token, *failure) {
	start := l.at
	if start == len(l.text) {
		return token{kind: endToken}, nil
	}
	switch c := l.text[start]; {
	case strings.HasPrefix(l.text[start:], "=="):
		return token{}, l.foreign()
	case c == '"':
		return l.quoted()
	case c == '[':
		return l.attribute()
	case c == '(' || c == ')' || c == ',':
		return l.take(punctuationToken, 1), nil
	case c == '=' || c == '<' || c == '>':
		length := 1
		if rest := l.text[start+1:]; c != '=' && strings.HasPrefix(rest, "=") || c == '<' && strings.HasPrefix(rest, ">") {
			length = 2
		}
		return l.take(comparisonToken, length), nil
	case c == '&':
		return l.ampersand()
	case isDigit(c) || c == '-' || c == '+' && !l.last.ends():
		return l.number()
	case isLetter(c):
		length := 1
		for start+length < len(l.text) && (isLetter(l.text[start+length]) || isDigit(l.text[start+length])) {
			length++
		}
		if r, _ := utf8.DecodeRuneInString(l.text[start+length:]); r >= utf8.RuneSelf && unicode.IsLetter(r) {
			return token{}, l.foreign()
		}
		return l.take(nameToken, length), nil
	}
	return token{}, l.foreign()
}

// foreign skips what the language does not know, as one piece.
func (l *lexer) foreign() *failure {
	start := l.at
	rest := l.text[start:]
	for _, operator := range foreignOperators {
		if strings.HasPrefix(rest, operator.written) {
			l.at += len(operator.written)
			return failAt(start, "%s is no operator; %s", operator.written, operator.instead)
		}
	}
	first, size := utf8.DecodeRuneInString(rest)
	length := -1
	if isForeignQuote(first) {
		if closing := strings.IndexFunc(rest[size:], isForeignQuote); closing >= 0 {
			_, width := utf8.DecodeRuneInString(rest[size+closing:])
			length = closing + width
		}
	}
	if length < 0 { // whatever is looked at is taken, so that no character is looked at twice
		length = strings.IndexFunc(rest[size:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("()[],\"=<>&", r) })
	}
	if length < 0 {
		length = len(rest) - size
	}
	l.at += size + length
	if first != '\'' && first != '`' && isForeignQuote(first) {
		return failAt(start, "%s stands in typographic quotes, as word processors make them; write straight double quotes \"…\"", short(l.text[start:l.at]))
	}
	return failAt(start, "%s means nothing here; text stands in double quotes, an attribute in [brackets]", short(l.text[start:l.at]))
}

// isForeignQuote reports whether people, or word processors, write the character for a double quote.
func isForeignQuote(r rune) bool {
	switch r {
	case '\'', '`', '‘', '’', '“', '”', '„':
		return true
	}
	return false
}

// foreignOperators belong to other languages.
var foreignOperators = []struct{ written, instead string }{
	{"==", "equal is written ="},
	{"!=", "not equal is written <>"},
	{"&&", nestIIF},
	{"||", nestIIF},
	{"+", "texts are joined with & or Join"},
	{";", "arguments are separated by commas"},
}

const nestIIF = "conditions are combined by nesting IIF"

func (l *lexer) take(kind tokenKind, length int) token {
	text := l.text[l.at : l.at+length]
	l.at += length
	return token{kind: kind, text: text}
}

// quoted reads a text. Only \\ and \" are escapes: before anything else a backslash is a backslash, as in patterns.
func (l *lexer) quoted() (token, *failure) {
	start := l.at
	from := start + 1
	var unescaped strings.Builder
	for i := from; i < len(l.text); i++ {
		switch l.text[i] {
		case '"':
			l.at = i + 1
			unescaped.WriteString(l.text[from:i])
			if text := unescaped.String(); utf8.ValidString(text) {
				return token{kind: textToken, text: text}, nil
			}
			return token{}, failAt(start, "this text is not valid UTF-8")
		case '\\':
			if i+1 < len(l.text) && (l.text[i+1] == '\\' || l.text[i+1] == '"') {
				unescaped.WriteString(l.text[from:i])
				i++
				from = i
			}
		}
	}
	l.at = len(l.text)
	return token{}, failAt(start, "this text has no closing double quote")
}

// maxName is how many characters the name of an attribute has at most; those of Entra are shorter.
const maxName = 200

func (l *lexer) attribute() (token, *failure) {
	start := l.at
	length := strings.IndexAny(l.text[start+1:], "[]\"(),")
	if length < 0 || l.text[start+1+length] != ']' {
		length = strings.IndexFunc(l.text[start+1:], func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("(),", r) })
		if l.at += 1 + length; length < 0 {
			l.at = len(l.text)
		}
		return token{}, failAt(start, "this attribute has no closing bracket ]")
	}
	l.at = start + length + 2
	name := strings.TrimSpace(l.text[start+1 : l.at-1])
	switch {
	case name == "":
		return token{}, failAt(start, "between the brackets stands no attribute name")
	case !utf8.ValidString(name):
		return token{}, failAt(start, "this attribute name is not valid UTF-8")
	case utf8.RuneCountInString(name) > maxName:
		return token{}, failAt(start, "this attribute name has more than %d characters", maxName)
	}
	return token{kind: attributeToken, text: name}, nil
}

// ampersand reads a hexadecimal number, as VB writes it, or the operator.
func (l *lexer) ampersand() (token, *failure) {
	start := l.at
	rest := strings.ToUpper(l.text[start:min(start+3, len(l.text))])
	switch {
	case strings.HasPrefix(rest, "&&") && rest != "&&H":
		return token{}, l.foreign()
	case l.last.ends():
		return l.take(ampersandToken, 1), nil
	case !strings.HasPrefix(rest, "&H"):
		l.at++
		return token{}, failAt(start, "& stands only between two texts")
	}
	l.at += len("&H")
	digits := l.at
	for l.at < len(l.text) && (isLetter(l.text[l.at]) || isDigit(l.text[l.at])) {
		l.at++
	}
	number, err := strconv.ParseUint(l.text[digits:l.at], 16, 63)
	if err != nil {
		return token{}, failAt(start, "%s is not a hexadecimal number, such as &HF7", short(l.text[start:l.at]))
	}
	return token{kind: numberToken, text: strconv.FormatUint(number, 10)}, nil
}

// number reads digits with an optional sign and decimals.
func (l *lexer) number() (token, *failure) {
	start := l.at
	if !isDigit(l.text[l.at]) {
		l.at++
	}
	digits := l.digits()
	if digits && strings.HasPrefix(l.text[l.at:], ".") {
		l.at++
		digits = l.digits()
	}
	text := l.text[start:l.at]
	if !digits {
		return token{}, failAt(start, "%s is not a number", short(text))
	}
	if number, err := strconv.ParseFloat(text, 64); err != nil || number > 1e300 || number < -1e300 {
		return token{}, failAt(start, "%s is too large for a number", short(text))
	}
	return token{kind: numberToken, text: strings.TrimPrefix(text, "+")}, nil
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
