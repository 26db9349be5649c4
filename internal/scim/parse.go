package scim

import (
	"strings"

	"rollcall/internal/fault"
)

// The bounds of filters and paths.
const (
	maxFilter = 8 << 10
	maxDepth  = 32
)

// ParseFilter reads a filter (RFC 7644, section 3.4.2.2) on resources of a type. Operators and names may be written in any case. Blank text
// is nil, the filter that lets everything pass. Errors have the code invalidFilter and say where.
func (t ResourceType) ParseFilter(text string, profile Profile) (*Filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if len(text) > maxFilter {
		return nil, invalid(InvalidFilter, "the filter has more than %d bytes", maxFilter)
	}
	p := &parser{scanner: scanner{text: text}, profile: profile, scope: typeScope{t, profile}}
	filter, err := p.or()
	if err != nil {
		return nil, err
	}
	if token := p.peek(); token.kind != endToken {
		return nil, p.unexpected(token, "the end, and, or")
	}
	return filter, nil
}

// scope finds the attributes that a filter names: those of a resource type, or the sub-attributes of one attribute.
type scope interface {
	find(path string) (place, bool)
}

type typeScope struct {
	resourceType ResourceType
	profile      Profile
}

func (s typeScope) find(path string) (place, bool) { return s.resourceType.lookUp(path, s.profile) }

// valueScope is the scope between the brackets of a value path.
type valueScope struct{ attribute *Attribute }

func (s valueScope) find(path string) (place, bool) {
	found := s.attribute.sub(path)
	return place{attribute: found}, found != nil
}

// parser reads a filter by recursive descent.
type parser struct {
	scanner
	profile Profile
	scope   scope
	// of is the attribute whose value path is being read, nil outside of one.
	of    *place
	depth int
}

func (p *parser) or() (*Filter, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, invalid(InvalidFilter, "the filter is nested more than %d levels deep", maxDepth)
	}
	defer func() { p.depth-- }()
	return p.joined(Or, func() (*Filter, error) { return p.joined(And, p.term) })
}

// joined reads terms that the word of the kind joins.
func (p *parser) joined(kind NodeKind, term func() (*Filter, error)) (*Filter, error) {
	first, err := term()
	if err != nil {
		return nil, err
	}
	terms := []*Filter{first}
	for p.peek().is(string(kind)) {
		p.next()
		further, err := term()
		if err != nil {
			return nil, err
		}
		terms = append(terms, further)
	}
	if len(terms) == 1 {
		return first, nil
	}
	return &Filter{Kind: kind, Terms: terms}, nil
}

// term reads a comparison, a value path, or something in parentheses, negated or not.
func (p *parser) term() (*Filter, error) {
	token := p.next()
	switch {
	case token.kind == openToken:
		return p.group()
	case token.is(string(Not)) && p.peek().kind == openToken:
		p.next()
		inner, err := p.group()
		if err != nil {
			return nil, err
		}
		return not(inner), nil
	case token.kind != wordToken:
		return nil, p.unexpected(token, "an attribute")
	}
	found, known := p.scope.find(token.text)
	if !known {
		return nil, p.unknown(token)
	}
	if p.peek().kind == openBracketToken {
		return p.valuePath(token, found)
	}
	return p.comparison(token, found)
}

func (p *parser) group() (*Filter, error) {
	inner, err := p.or()
	if err != nil {
		return nil, err
	}
	if token := p.next(); token.kind != closeToken {
		return nil, p.unexpected(token, ")")
	}
	return inner, nil
}

func not(inner *Filter) *Filter { return &Filter{Kind: Not, Terms: []*Filter{inner}} }

// bracketed reads a filter on the values of an attribute, in brackets.
func (p *parser) bracketed(name token, found place) (*Filter, error) {
	if p.of != nil || found.attribute == nil || found.sub != nil || found.attribute.Type != Complex {
		return nil, invalid(InvalidFilter, "%s cannot be followed by [, at character %d", quote(name.text), p.at+1)
	}
	p.next()
	outer := p.scope
	p.scope, p.of = valueScope{found.attribute}, &found
	inner, err := p.or()
	p.scope, p.of = outer, nil
	if err != nil {
		return nil, err
	}
	if token := p.next(); token.kind != closeBracketToken {
		return nil, p.unexpected(token, "]")
	}
	return inner, nil
}

// valuePath reads emails[type eq "work"], and emails[type eq "work"].value eq "…", which is no filter of the RFC, but what Entra sends.
func (p *parser) valuePath(name token, found place) (*Filter, error) {
	inner, err := p.bracketed(name, found)
	if err != nil {
		return nil, err
	}
	node := &Filter{Kind: ValuePath, Ref: found.ref(), Terms: []*Filter{inner}}
	behind := p.peek()
	if behind.kind != wordToken || behind.text[0] != '.' {
		return node, nil
	}
	p.next()
	sub, known := valueScope{found.attribute}.find(behind.text[1:])
	if !known {
		return nil, p.unknown(behind)
	}
	p.of = &found
	compared, err := p.comparison(behind, sub)
	p.of = nil
	if err != nil {
		return nil, err
	}
	opposite := compared.Kind == Compare && compared.Op == NotEqual
	if opposite {
		compared.Op = Equal
	}
	node.Terms[0] = &Filter{Kind: And, Terms: []*Filter{inner, compared}}
	if opposite {
		return not(node), nil
	}
	return node, nil
}

func (p *parser) unknown(token token) error {
	err := invalid(InvalidFilter, "there is no attribute %s, at character %d of the filter", quote(token.text), token.at+1)
	return err
}

func (p *parser) unexpected(token token, expected string) *fault.Error {
	if p.failure != nil {
		return p.failure
	}
	if token.kind == endToken {
		return invalid(InvalidFilter, "the filter ends where %s was expected", expected)
	}
	return invalid(InvalidFilter, "at character %d of the filter there is %s where %s was expected", token.at+1, quote(token.text), expected)
}
