package entrasim

import "strings"

// A filterParser reads OData's $filter: or, and, not, parentheses, eq, ne, in, startswith, endswith.
type filterParser struct {
	resource *resource
	tokens   []string
	advanced bool // ConsistencyLevel: eventual and $count=true
}

// parseFilter returns nil for an empty text.
func (r *resource) parseFilter(text string, advanced bool) (*filter, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // a nil filter is one that matches everybody
	}
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &filterParser{resource: r, tokens: tokens, advanced: advanced}
	f, err := p.or()
	if err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, badQuery("Invalid filter clause: '%s' is not expected there.", p.tokens[0])
	}
	return f, nil
}

// tokenize splits at blanks, parentheses and commas; a string keeps its opening quote as a mark.
func tokenize(text string) ([]string, error) {
	var tokens []string
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		switch text[0] {
		case '(', ')', ',':
			tokens, text = append(tokens, text[:1]), text[1:]
		case '\'':
			value := "'"
			text = text[1:]
			for {
				before, after, found := strings.Cut(text, "'")
				if !found {
					return nil, badQuery("There is an unterminated string literal in the filter.")
				}
				value, text = value+before, after
				if !strings.HasPrefix(text, "'") {
					break
				}
				value, text = value+"'", text[1:]
			}
			tokens = append(tokens, value)
		default:
			end := strings.IndexAny(text, " (),'\t")
			if end < 0 {
				end = len(text)
			}
			tokens, text = append(tokens, text[:end]), text[end:]
		}
	}
	return tokens, nil
}

func (p *filterParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *filterParser) take() string {
	t := p.peek()
	if t != "" {
		p.tokens = p.tokens[1:]
	}
	return t
}

func (p *filterParser) expect(token string) error {
	if got := p.take(); got != token {
		return badQuery("Invalid filter clause: '%s' expected, not '%s'.", token, got)
	}
	return nil
}

func (p *filterParser) or() (*filter, error) {
	left, err := p.and()
	for err == nil && p.peek() == "or" {
		p.take()
		var right *filter
		right, err = p.and()
		left = &filter{op: opOr, parts: []*filter{left, right}}
	}
	return left, err
}

func (p *filterParser) and() (*filter, error) {
	left, err := p.term()
	for err == nil && p.peek() == "and" {
		p.take()
		var right *filter
		right, err = p.term()
		left = &filter{op: opAnd, parts: []*filter{left, right}}
	}
	return left, err
}

func (p *filterParser) needAdvanced(what string) error {
	if p.advanced {
		return nil
	}
	return unsupportedQuery("Operator '%s' is not supported because the required parameters might be missing. Try adding $count=true "+
		"query parameter and ConsistencyLevel:eventual header.", what)
}

func (p *filterParser) term() (*filter, error) {
	switch t := p.take(); t {
	case "(":
		f, err := p.or()
		if err != nil {
			return nil, err
		}
		return f, p.expect(")")
	case "not":
		if err := p.needAdvanced("not"); err != nil {
			return nil, err
		}
		f, err := p.term()
		return &filter{op: opNot, parts: []*filter{f}}, err
	case "startswith", "startsWith":
		return p.call(opStartsWith)
	case "endswith", "endsWith":
		if err := p.needAdvanced("endsWith"); err != nil {
			return nil, err
		}
		return p.call(opEndsWith)
	default:
		return p.comparison(t)
	}
}

// call reads the rest of startswith(property,'value').
func (p *filterParser) call(op filterOp) (*filter, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	property, err := p.resource.filterProperty(p.take())
	if err != nil {
		return nil, err
	}
	if err := p.expect(","); err != nil {
		return nil, err
	}
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	return &filter{op: op, property: property, values: []string{value}}, p.expect(")")
}

func (p *filterParser) comparison(name string) (*filter, error) {
	property, err := p.resource.filterProperty(name)
	if err != nil {
		return nil, err
	}
	switch op := p.take(); op {
	case "eq", "ne":
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		equal := &filter{op: opEqual, property: property, values: []string{value}}
		if op == "eq" {
			return equal, nil
		}
		return &filter{op: opNot, parts: []*filter{equal}}, p.needAdvanced("ne")
	case "in":
		values, err := p.list()
		return &filter{op: opEqual, property: property, values: values}, err
	default:
		return nil, unsupportedQuery("Operator '%s' is not supported for %s here.", op, p.resource.set)
	}
}

func (p *filterParser) list() ([]string, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var values []string
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		values = append(values, v)
		switch t := p.take(); t {
		case ",":
		case ")":
			if len(values) > 15 {
				return nil, badQuery("Too many child clauses specified in search filter expression containing 'OR' operators: %d. Max allowed: 15.", len(values))
			}
			return values, nil
		default:
			return nil, badQuery("Invalid filter clause: ')' or ',' expected, not '%s'.", t)
		}
	}
}

// value reads a string, true, false or null.
func (p *filterParser) value() (string, error) {
	switch t := p.take(); {
	case strings.HasPrefix(t, "'"):
		return fold(t[1:]), nil
	case t == "true", t == "false":
		return t, nil
	case t == "null":
		return "", nil
	default:
		return "", badQuery("Invalid filter clause: a value expected, not '%s'.", t)
	}
}

func (r *resource) filterProperty(name string) (property, error) {
	p, ok := r.property(name)
	switch {
	case !ok:
		return 0, badQuery("Invalid filter clause: Could not find a property named '%s' on type '%s'.", name, r.typeName)
	case r.unfilterable.has(p):
		return 0, unsupportedQuery("Unsupported or invalid query filter clause specified for property '%s' of resource '%s'.", name, r.typeName)
	default:
		return p, nil
	}
}

// parseSearch reads $search="displayName:ann" AND "mail:x", and joins it to a filter. A clause matches when a word of the
// property starts with the value. (Graph cuts words at more characters than blanks.)
func (r *resource) parseSearch(text string, f *filter) (*filter, error) {
	join := opAnd
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		var word string
		if word, rest, _ = strings.Cut(rest, `"`); strings.TrimSpace(word) != "" {
			switch strings.TrimSpace(word) {
			case "AND":
				join = opAnd
			case "OR":
				join = opOr
			default:
				return nil, badQuery("Syntax error: character '%s' is not valid in $search; write \"displayName:value\".", word)
			}
		}
		clause, after, closed := strings.Cut(rest, `"`)
		name, value, found := strings.Cut(clause, ":")
		p, err := r.filterProperty(name)
		if !closed || !found || err != nil {
			return nil, badQuery("Syntax error in $search: write \"displayName:value\".")
		}
		part := &filter{op: opSearch, property: p, values: []string{fold(value)}}
		if f == nil {
			f = part
		} else {
			f = &filter{op: join, parts: []*filter{f, part}}
		}
		rest = after
	}
	return f, nil
}
