package dotnet

import (
	"regexp/syntax"
	"strconv"
	"strings"
)

// groups are the capture groups of a pattern. Groups of the same name, or the same number, are one.
type groups struct {
	slots   map[string]int // by name or number as written, where the matcher keeps what it captured; 0 is the whole match
	names   []string       // names in the order of their first groups
	unnamed int            // how many groups have neither a name nor a number of their own
	last    int            // the slot of the highest number
}

// slot returns where a group is kept, and makes the place if it is new.
func (g *groups) slot(key string) int {
	if g.slots == nil {
		g.slots = map[string]int{"0": 0}
	}
	if slot, ok := g.slots[key]; ok {
		return slot
	}
	g.slots[key] = len(g.slots)
	return g.slots[key]
}

// number gives the named groups their numbers, which begin behind those of the unnamed groups and pass over numbers that the
// pattern gives itself.
func (g *groups) number() {
	g.slot("0")
	number := g.unnamed
	for _, name := range g.names {
		for number++; ; number++ {
			if _, taken := g.slots[strconv.Itoa(number)]; !taken {
				break
			}
		}
		g.slots[strconv.Itoa(number)] = g.slots[name]
	}
	highest := 0
	for key, slot := range g.slots {
		if n, err := strconv.Atoi(key); err == nil && n >= highest {
			highest, g.last = n, slot
		}
	}
}

// count returns how many slots there are, with that of the whole match.
func (g *groups) count() int {
	most := 0
	for _, slot := range g.slots {
		most = max(most, slot)
	}
	return most + 1
}

// group reads what stands in parentheses. The opening one, at start, is taken already.
func (p *pattern) group(start int) (piece, error) {
	if !p.accept("?") {
		if p.opts.explicit {
			return p.inside(start)
		}
		p.groups.unnamed++
		return p.captured(start, strconv.Itoa(p.groups.unnamed))
	}
	switch {
	case p.accept(":"):
		return p.inside(start)
	case p.accept("="), p.accept("!"):
		return piece{}, patternErrorf(start, "Look-ahead, (?= or (?!, is not supported; write the pattern so that it matches what may follow as well")
	case p.accept("<="), p.accept("<!"):
		return piece{}, patternErrorf(start, "Look-behind, (?<= or (?<!, is not supported; write the pattern so that it matches what may stand before as well")
	case p.accept(">"):
		return piece{}, patternErrorf(start, "Atomic groups, (?>, are not supported; (?: matches the same in nearly every pattern")
	case p.accept("("):
		return piece{}, patternErrorf(start, "Conditions, (?(, are not supported; write the cases as alternatives with |")
	case p.accept("P<"), p.accept("P="), p.accept("P>"):
		return piece{}, patternErrorf(start, "(?P is not .NET; a named group is (?<name>…)")
	case p.accept("<"):
		return p.named(start, '>')
	case p.accept("'"):
		return p.named(start, '\'')
	}
	return p.switches(start)
}

// inside reads up to the closing parenthesis. Options that are set inside end there.
func (p *pattern) inside(start int) (piece, error) {
	before := p.opts
	body, err := p.alternation()
	if err != nil {
		return piece{}, err
	}
	p.opts = before
	if !p.accept(")") {
		return piece{}, patternErrorf(start, "A parenthesis is never closed; write \\( for the character itself")
	}
	return body, nil
}

// captured reads a group that captures.
func (p *pattern) captured(start int, key string) (piece, error) {
	slot := p.groups.slot(key)
	body, err := p.inside(start)
	if err != nil {
		return piece{}, err
	}
	re := &syntax.Regexp{Op: syntax.OpCapture, Cap: slot, Sub: []*syntax.Regexp{body.re}}
	return piece{re, min(body.size+2, maxProgram+1)}, nil
}

// named reads a group with a name or a number, whose opening quote is taken already.
func (p *pattern) named(start int, closing rune) (piece, error) {
	name, found := p.src[p.pos:], false
	if end := strings.IndexRune(name, closing); end >= 0 {
		name, found = name[:end], true
	}
	switch {
	case found && strings.Contains(name, "-"):
		return piece{}, patternErrorf(start, "Balancing groups, (?<a-b>, are not supported")
	case !found || name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isWord(r) }):
		return piece{}, patternErrorf(start, "The name of a group is made of letters, digits and underscores, and ends with %c", closing)
	}
	p.pos += len(name) + 1
	if !isDigit(name[0]) {
		if _, again := p.groups.slots[name]; !again {
			p.groups.names = append(p.groups.names, name)
		}
		return p.captured(start, name)
	}
	number, err := strconv.Atoi(name)
	if err != nil || number == 0 || number > 1<<30 {
		return piece{}, patternErrorf(start, "A group's name that begins with a digit must be a number from 1 to %d", 1<<30)
	}
	return p.captured(start, strconv.Itoa(number))
}

// switches reads options, (?i) for the rest of the group around them or (?i:…) for a group of their own.
func (p *pattern) switches(start int) (piece, error) {
	before, on := p.opts, true
	for {
		switch r := p.next(); r {
		case '+', '-':
			on = r == '+'
		case 'i':
			p.opts.fold = on
		case 'm':
			p.opts.lines = on
		case 'n':
			p.opts.explicit = on
		case 's':
			p.opts.dotAll = on
		case 'x':
			p.opts.spaced = on
		case ')':
			return piece{}, nil
		case ':':
			body, err := p.inside(start)
			p.opts = before
			return body, err
		default:
			return piece{}, patternErrorf(start, "This group is not known; after (? comes one of : < ' # or options out of i m n s x")
		}
	}
}
