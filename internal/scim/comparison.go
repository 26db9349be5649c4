package scim

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

var operators = []Operator{Equal, NotEqual, Contains, StartsWith, EndsWith, Greater, GreaterOrEqual, Less, LessOrEqual, Present}

// comparison reads what follows an attribute: an operator and, for all but pr, a value.
func (p *parser) comparison(name token, found place) (*Filter, error) {
	word := p.next()
	op := Operator(strings.ToLower(word.text))
	if word.kind != wordToken || !slices.Contains(operators, op) {
		return nil, p.unexpected(word, "an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)")
	}
	if op != Present && found.attribute != nil && found.ref().Type == Complex {
		value := found.attribute.sub("value") // emails eq "…" means emails.value
		if value == nil {
			return nil, invalid(InvalidFilter, "%s has parts: compare one of them, or ask whether it is there (pr)", quote(name.text))
		}
		found.sub = value
	}
	if err := p.answerable(name, found, op); err != nil {
		return nil, err
	}
	node := &Filter{Kind: Compare, Ref: found.ref(), Op: op}
	if op == Present {
		return p.settle(node), nil
	}
	value := p.next()
	if value.kind != textToken && value.kind != wordToken {
		return nil, p.unexpected(value, "a value")
	}
	return p.withValue(node, name, value)
}

// answerable refuses what is in the schemas but is not kept where a filter can see it.
func (p *parser) answerable(name token, found place, op Operator) error {
	ref := found.ref()
	if p.of != nil {
		sub := ref
		ref = p.of.ref()
		ref.Sub = sub.Name
	}
	secret := found.attribute != nil && found.attribute.Mutability == WriteOnly
	listed := ref.URN == "" && (ref.Name == "groups" || ref.Name == "members")
	bySub := ref.Sub == "value" || ref.Sub == "" || ref.Name == "members" && ref.Sub == "type"
	switch {
	case listed && bySub && (op == Equal || op == NotEqual || op == Present):
		return nil
	case listed:
		return invalid(InvalidFilter, "of %s only value can be compared, with eq and ne", ref.Name)
	case secret, ref.Name == "meta" && (ref.Sub == "location" || ref.Sub == "version"), ref.Name == "provisionSource",
		ref.Name == "manager" && (ref.Sub == "$ref" || ref.Sub == "displayName"):
		return invalid(InvalidFilter, "%s cannot be filtered by", quote(name.text))
	}
	return nil
}

// withValue reads the value as what the attribute is.
func (p *parser) withValue(node *Filter, name, value token) (*Filter, error) {
	if value.is("null") {
		return p.compareNull(node, name)
	}
	var err error
	switch node.Ref.Type {
	case Boolean:
		err = p.boolean(node, name, value)
	case DateTime:
		err = p.dateTime(node, name, value)
	case Integer, Decimal:
		number, problem := strconv.ParseFloat(value.text, 64)
		if node.Value = number; problem != nil {
			err = invalid(InvalidFilter, "%s is compared with a number, not with %s", quote(name.text), quote(value.text))
		}
	default:
		err = p.string(node, name, value)
	}
	if err != nil {
		return nil, err
	}
	return p.settle(node), nil
}

func (p *parser) compareNull(node *Filter, name token) (*Filter, error) {
	op := node.Op
	node.Op = Present
	switch op {
	case Equal:
		return not(p.settle(node)), nil
	case NotEqual:
		return p.settle(node), nil
	default:
	}
	return nil, invalid(InvalidFilter, "%s can be equal to null or not, nothing else", quote(name.text))
}

func (p *parser) boolean(node *Filter, name, value token) error {
	value.text = strings.ToLower(value.text)
	known := value.text == "true" || value.text == "false"
	if !known || value.kind == textToken && p.profile.strict() {
		return invalid(InvalidFilter, "%s is compared with true or false, not with %s", quote(name.text), quote(value.text))
	}
	if node.Op != Equal && node.Op != NotEqual {
		return invalid(InvalidFilter, "%s is true or false: only eq, ne and pr can be asked", quote(name.text))
	}
	node.Value = value.text == "true"
	return nil
}

func (p *parser) dateTime(node *Filter, name, value token) error {
	if node.Op == Contains || node.Op == StartsWith || node.Op == EndsWith {
		return invalid(InvalidFilter, "%s is a time: it can be compared, not searched in", quote(name.text))
	}
	at, err := time.Parse(time.RFC3339Nano, strings.ToUpper(value.text))
	if err != nil {
		return invalid(InvalidFilter, "%s is compared with a time such as 2030-01-31T12:00:00Z, not with %s", quote(name.text), quote(value.text))
	}
	node.Value = at.UTC()
	return nil
}

// string takes a text. Entra sends values without quotes as well.
func (p *parser) string(node *Filter, name, value token) error {
	if value.kind != textToken && p.profile.strict() {
		return invalid(InvalidFilter, "%s is compared with a text in double quotes, not with %s", quote(name.text), value.text)
	}
	if node.Ref.Type == Binary && node.Op != Equal && node.Op != NotEqual {
		return invalid(InvalidFilter, "%s is binary: only eq, ne and pr can be asked", quote(name.text))
	}
	node.Value = value.text
	return nil
}

// settle answers here what depends on the type of the resource and not on the resource.
func (p *parser) settle(node *Filter) *Filter {
	types, ok := p.scope.(typeScope)
	if !ok || node.Ref.URN != "" {
		return node
	}
	always := func(fits bool) *Filter { return &Filter{Kind: Always, Value: fits} }
	switch {
	case node.Ref.Name == "meta" && node.Ref.Sub == "", node.Ref.Name == "id" && node.Op == Present,
		node.Ref.Name == "schemas" && node.Op == Present:
		return always(true)
	case node.Ref.Name == "meta" && node.Ref.Sub == "resourceType":
		return always(node.Op == Present || compareTexts(node, types.resourceType.Name))
	case node.Ref.Name == "schemas":
		return types.schemas(node)
	}
	return node
}

// schemas answers a comparison with the schemas of a resource: the core one is always there, an extension where one of its attributes is.
func (s typeScope) schemas(node *Filter) *Filter {
	positive := *node
	if node.Op == NotEqual {
		positive.Op = Equal
	}
	any := &Filter{Kind: Or}
	if compareTexts(&positive, s.resourceType.Core.ID) {
		any = &Filter{Kind: Always, Value: true}
	} else {
		for _, extension := range s.resourceType.Extensions {
			if compareTexts(&positive, extension.ID) {
				any.Terms = append(any.Terms, &Filter{Kind: Compare, Op: Present, Ref: Ref{URN: extension.ID, Type: Complex}})
			}
		}
	}
	switch {
	case any.Kind == Or && len(any.Terms) == 0:
		any = &Filter{Kind: Always, Value: false}
	case any.Kind == Or && len(any.Terms) == 1:
		any = any.Terms[0]
	}
	if node.Op == NotEqual {
		return not(any)
	}
	return any
}
