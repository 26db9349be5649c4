package expr

import (
	"slices"
	"strconv"
	"unicode/utf8"
)

// parser is a recursive-descent parser of this grammar:
//
//	expression = comparison
//	comparison = operand [ ("=" | "<>" | "<" | "<=" | ">" | ">=") operand ]
//	operand    = text | number | "[" attribute "]" | name "(" arguments ")"
//	arguments  = [ comparison ] { "," [ comparison ] }
type parser struct {
	lexer      lexer
	token      token
	attributes []string
}

func (p *parser) parse() (*node, error) {
	if length := utf8.RuneCountInString(p.lexer.text); length > MaxLength {
		return nil, syntaxError(p.lexer.text, failAt(0, "the expression has %d characters; at most %d are allowed", length, MaxLength))
	}
	root, err := p.whole()
	if err != nil {
		return nil, syntaxError(p.lexer.text, err)
	}
	return root, nil
}

func (p *parser) whole() (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.token.kind == endToken {
		return nil, failAt(0, "the expression is empty")
	}
	root, err := p.comparison(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != endToken {
		return nil, failAt(p.token.at, "the expression ends before %q", p.token.text)
	}
	return root, nil
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

func (p *parser) at(punctuation string) bool {
	return p.token.kind == punctuationToken && p.token.text == punctuation
}

func (p *parser) comparison(depth int) (*node, error) {
	left, err := p.operand(depth)
	if err != nil || p.token.kind != operatorToken {
		return left, err
	}
	comparison := &node{kind: comparisonNode, at: p.token.at, name: p.token.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	right, err := p.operand(depth)
	if err != nil {
		return nil, err
	}
	if p.token.kind == operatorToken {
		return nil, failAt(p.token.at, "two comparisons in a row; nest IIF to combine them")
	}
	comparison.arguments = []*node{left, right}
	return comparison, nil
}

func (p *parser) operand(depth int) (*node, error) {
	word := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	switch word.kind {
	case textToken:
		return &node{kind: constantNode, at: word.at, value: textValue(word.text)}, nil
	case numberToken:
		number, err := strconv.ParseFloat(word.text, 64)
		if err != nil {
			return nil, failAt(word.at, "%s is too large for a number", short(word.text))
		}
		return &node{kind: constantNode, at: word.at, value: Value{kind: Number, number: number, text: word.text}}, nil
	case attributeToken:
		if !slices.Contains(p.attributes, word.text) {
			p.attributes = append(p.attributes, word.text)
		}
		return &node{kind: attributeNode, at: word.at, name: word.text}, nil
	case nameToken:
		return p.call(word, depth+1)
	case endToken:
		return nil, failAt(word.at, "the expression breaks off")
	default:
		return nil, failAt(word.at, "%q stands where a text, a number, an attribute or a function is expected", word.text)
	}
}

func (p *parser) call(name token, depth int) (*node, error) {
	if !p.at("(") {
		return nil, failAt(name.at, "%q is neither a function call nor quoted text nor an attribute in [brackets]", name.text)
	}
	function, err := findFunction(name)
	if err != nil {
		return nil, err
	}
	if depth > MaxNesting {
		return nil, failAt(name.at, "function calls are nested deeper than %d", MaxNesting)
	}
	arguments, err := p.arguments(depth)
	if err != nil {
		return nil, err
	}
	if arguments, err = function.check(name.at, arguments); err != nil {
		return nil, err
	}
	return &node{kind: callNode, at: name.at, function: function, arguments: arguments}, nil
}

// arguments reads from the opening to the closing parenthesis. An argument that is left out is nil.
func (p *parser) arguments(depth int) ([]*node, error) {
	opening := p.token.at
	if err := p.advance(); err != nil {
		return nil, err
	}
	var arguments []*node
	if p.at(")") {
		return nil, p.advance()
	}
	for {
		var argument *node
		if !p.at(",") && !p.at(")") {
			var err error
			if argument, err = p.comparison(depth); err != nil {
				return nil, err
			}
		}
		arguments = append(arguments, argument)
		switch {
		case p.at(")"):
			return arguments, p.advance()
		case p.token.kind == endToken:
			return nil, failAt(opening, "this parenthesis is not closed")
		case !p.at(","):
			return nil, failAt(p.token.at, "a comma or a closing parenthesis is missing before %q", p.token.text)
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
}
