package expr

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"rollcall/internal/dotnet"
)

// maxFailures is after how many failures reading stops.
const maxFailures = 50

// parser is a recursive-descent parser of this grammar:
//
//	expression = sum [ ("=" | "<>" | "<" | "<=" | ">" | ">=") sum ]
//	sum        = operand { "&" operand }
//	operand    = text | number | word | "[" attribute "]" | name "(" arguments ")"
//	arguments  = [ expression ] { "," [ expression ] }
//
// It goes on behind a failure where it can tell what follows, so that all failures are found at once.
type parser struct {
	lexer      lexer
	known      func(attribute string) error
	token      token
	attributes []string
	seen       map[string]bool // the attributes
	patterns   dotnet.Budget
	uses       Uses
	failures   []*failure
	// lost: the text around here could not be read; what does not fit up to the next comma or parenthesis has been told already.
	lost bool
	// stopped: nothing more is read, and what is missing now is nobody's mistake.
	stopped bool
}

func (p *parser) parse() *node {
	if length := utf8.RuneCountInString(p.lexer.text); length > MaxLength {
		p.fail(failAt(0, "the expression has %d characters; at most %d are allowed", length, MaxLength))
		return nil
	}
	p.advance()
	if p.token.kind == endToken {
		p.fail(failAt(0, "the expression is empty"))
		return nil
	}
	root := p.expression(0)
	p.outermost(root)
	for p.token.kind != endToken {
		p.leftover("the expression ends before", 0)
	}
	return root
}

// fail notes a failure; after too many there is nothing more to read.
func (p *parser) fail(f *failure) {
	if p.stopped {
		return
	}
	if p.failures = append(p.failures, f); len(p.failures) >= maxFailures {
		p.stop()
	}
}

func (p *parser) stop() {
	p.stopped = true
	p.lexer.at, p.token = len(p.lexer.text), token{kind: endToken, at: len(p.lexer.text)}
}

// slip notes that the text cannot be read here, unless that only follows from a slip before it.
func (p *parser) slip(at int, format string, args ...any) {
	if !p.lost {
		p.fail(failAt(at, format, args...))
	}
	p.lost = true
}

func (p *parser) advance() {
	if p.stopped {
		return
	}
	var failed *failure
	if p.token, failed = p.lexer.next(); failed != nil {
		p.slip(failed.at, "%s", failed.message)
	}
}

// found goes on behind a token that tells where the text can be read again.
func (p *parser) found(lost bool) {
	p.lost = lost
	p.advance()
}

// leftover reads what stands behind an expression, for its own mistakes.
func (p *parser) leftover(says string, depth int) {
	if word := strings.ToUpper(p.token.text); p.token.kind == nameToken && (word == "AND" || word == "OR") {
		p.slip(p.token.at, "there is no operator %s; %s", p.token.text, nestIIF)
	}
	p.slip(p.token.at, "%s %s", says, short(p.token.text))
	if p.token.kind >= textToken && p.token.kind <= nameToken || p.at("(") {
		p.expression(depth)
	} else {
		p.advance()
	}
}

func (p *parser) at(punctuation string) bool {
	return p.token.kind == punctuationToken && p.token.text == punctuation
}

func (p *parser) expression(depth int) *node {
	left := p.sum(depth)
	if p.token.kind != comparisonToken {
		return left
	}
	comparison := &node{kind: comparisonNode, at: p.token.at, name: p.token.text}
	p.found(false)
	comparison.arguments = []*node{left, p.sum(depth)}
	p.single(comparison)
	for p.token.kind == comparisonToken {
		p.slip(p.token.at, "two comparisons in a row; %s", nestIIF)
		p.advance()
		p.sum(depth)
	}
	return comparison
}

// single checks that an operator stands between two values that can be one text.
func (p *parser) single(operator *node) {
	for _, side := range operator.arguments {
		if wrong := side.misfit(aText); wrong != "" {
			p.fail(failAt(side.at, "each side of %s %s", operator.name, wrong))
		}
	}
}

func (p *parser) sum(depth int) *node {
	sum := p.operand(depth)
	for p.token.kind == ampersandToken {
		joined := &node{kind: concatenationNode, at: p.token.at, name: "&"}
		p.found(false)
		joined.arguments = []*node{sum, p.operand(depth)}
		p.single(joined)
		sum = joined
	}
	return sum
}

func (p *parser) operand(depth int) *node {
	word := p.token
	switch {
	case p.at("("):
		return p.group(depth + 1)
	case p.at(","), p.at(")"), word.kind == endToken:
	default:
		p.advance()
	}
	switch word.kind {
	case textToken:
		return &node{kind: constantNode, at: word.at, value: textValue(word.text)}
	case numberToken:
		number, _ := strconv.ParseFloat(word.text, 64) // the lexer has read it
		return &node{kind: constantNode, at: word.at, value: Value{kind: Number, number: number, text: word.text}}
	case attributeToken:
		return p.attribute(word)
	case nameToken:
		if p.at("(") {
			return p.call(word, depth+1)
		}
		return p.word(word)
	case badToken:
	case endToken:
		p.slip(word.at, "the expression breaks off")
	default:
		p.slip(word.at, "%q stands where a text, a number, an attribute or a function is expected", word.text)
	}
	return unread(word.at)
}

// unread stands for what could not be read.
func unread(at int) *node { return &node{kind: wordNode, at: at, action: ignoreAttribute} }

// group reads over parentheses around an expression, which the language does not have.
func (p *parser) group(depth int) *node {
	opening := p.token.at
	p.slip(opening, "a parenthesis opens only behind the name of a function")
	if depth > MaxNesting {
		p.stop()
		return unread(opening)
	}
	p.arguments(depth)
	return unread(opening)
}

func (p *parser) attribute(name token) *node {
	if !p.seen[name.text] {
		p.seen[name.text] = true
		p.attributes = append(p.attributes, name.text)
	}
	if p.known != nil {
		if err := p.known(name.text); err != nil {
			p.fail(failAt(name.at, "%s", err))
		}
	}
	return &node{kind: attributeNode, at: name.at, name: name.text}
}

func (p *parser) call(name token, depth int) *node {
	if depth > MaxNesting {
		p.fail(failAt(name.at, "function calls are nested deeper than %d", MaxNesting))
		p.stop()
		return unread(name.at)
	}
	function, failed := findFunction(name)
	if failed != nil {
		p.fail(failed)
	}
	arguments, separated := p.arguments(depth)
	call := &node{kind: callNode, at: name.at, name: name.text, function: function, arguments: arguments}
	if function != nil && separated {
		for _, failed := range function.check(call, &p.patterns) {
			p.fail(failed)
		}
		p.uses.add(function.uses)
	}
	return call
}

func (u *Uses) add(more Uses) {
	u.Clock, u.Random = u.Clock || more.Clock, u.Random || more.Random
	u.Unique, u.Redact = u.Unique || more.Unique, u.Redact || more.Redact
}

// arguments reads from the opening to the closing parenthesis. An argument that is left out is nil. separated is false if it is not
// certain where each begins and ends.
func (p *parser) arguments(depth int) (arguments []*node, separated bool) {
	opening, lost := p.token.at, p.lost
	p.found(false)
	if p.at(")") {
		p.found(lost)
		return nil, true
	}
	for separated = true; ; p.found(false) {
		var argument *node
		if !p.atSeparator() {
			argument = p.expression(depth)
		}
		arguments = append(arguments, argument)
		for !p.atSeparator() {
			p.leftover("a comma or a closing parenthesis is missing before", depth)
			separated = false
		}
		separated = separated && !p.lost
		switch {
		case p.token.kind == endToken && !p.lost:
			p.fail(failAt(opening, "this parenthesis is not closed"))
			return arguments, false
		case p.token.kind == endToken:
			return arguments, false
		case p.at(")"):
			p.found(lost)
			return arguments, separated
		}
	}
}

// atSeparator reports whether an argument ends here.
func (p *parser) atSeparator() bool {
	return p.at(",") || p.at(")") || p.token.kind == endToken
}

// outermost checks that functions which decide about the whole attribute stand outside of all others.
func (p *parser) outermost(root *node) {
	var walk func(n *node)
	walk = func(n *node) {
		if n == nil {
			return
		}
		if n != root && n.kind == callNode && n.function != nil && n.function.outermost {
			p.fail(failAt(n.at, "%s must be the outermost function", n.function.name))
		}
		for _, argument := range n.arguments {
			walk(argument)
		}
	}
	walk(root)
}

// words are the names that stand without brackets or quotes.
var words = map[string]node{
	"vbBinaryCompare":     {value: numberValue(0)},
	"vbTextCompare":       {value: numberValue(1)},
	"ASCII":               {value: textValue("ASCII")},
	"Unicode":             {value: textValue("Unicode")},
	"UTF8":                {value: textValue("UTF8")},
	"UTF32":               {value: textValue("UTF32")},
	"IgnoreAttributeFlow": {action: ignoreAttribute},
	"IgnoreObjectFlow":    {action: ignoreObject},
}

func (p *parser) word(name token) *node {
	word, known := words[name.text]
	word.kind, word.at, word.name = wordNode, name.at, name.text
	if known {
		return &word
	}
	word.action = ignoreAttribute
	for _, other := range sortedWords() {
		if strings.EqualFold(other, name.text) {
			p.slip(name.at, "%q means nothing; write %s", name.text, other)
			return &word
		}
	}
	p.slip(name.at, "%s is neither a function call nor quoted text nor an attribute in [brackets]", short(name.text))
	return &word
}

func sortedWords() []string {
	list := make([]string, 0, len(words))
	for name := range words {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}
