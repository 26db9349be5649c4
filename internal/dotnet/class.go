package dotnet

import "strings"

// class reads a character class, whose opening bracket, at start, is taken already.
func (p *pattern) class(start int) (runeSet, error) {
	negated := p.accept("^")
	var chars [][2]rune // the option i is for characters and ranges, not for what \p{Lu} and the like stand for
	var sets, minus runeSet
	seen := map[*rune]bool{} // shorthands that are in sets already
	for first := true; ; first = false {
		switch {
		case p.pos == len(p.src):
			return nil, patternErrorf(start, "A class is never closed; write \\[ for the character itself")
		case !first && p.accept("]"):
			return p.finish(start, setOf(chars), sets, minus, negated)
		case !first && p.accept("-["):
			var err error
			if minus, err = p.class(p.pos - 1); err != nil {
				return nil, err
			}
			if p.pos < len(p.src) && p.src[p.pos] != ']' {
				return nil, patternErrorf(p.pos, "A subtraction -[…] must be the last in its class")
			}
			continue
		}
		one, set, err := p.member()
		switch {
		case err != nil:
			return nil, err
		case set == nil:
			chars = append(chars, one)
		case !seen[&set[0]]:
			seen[&set[0]] = true
			sets = sets.union(set)
			err = p.spend(start, sets.ranges())
		}
		if err != nil {
			return nil, err
		}
	}
}

// finish puts the parts of a class together: case, negation and subtraction, in this order.
func (p *pattern) finish(start int, chars, sets, minus runeSet, negated bool) (runeSet, error) {
	looked := 0
	if p.opts.fold {
		chars, looked = chars.folded()
	}
	set := chars.union(sets)
	if negated {
		set = set.not()
	}
	set = set.without(minus)
	return set, p.spend(start, looked+chars.ranges()+sets.ranges()+minus.ranges())
}

// member reads a character or a range, or the set of a shorthand.
func (p *pattern) member() (one [2]rune, set runeSet, err error) {
	start := p.pos
	if err := p.refusePOSIX(); err != nil {
		return one, nil, err
	}
	lo, set, err := p.classCharacter()
	if err != nil || set != nil {
		return one, set, err
	}
	rest := p.src[p.pos:]
	if len(rest) < 2 || rest[0] != '-' || rest[1] == ']' || rest[1] == '[' {
		return [2]rune{lo, lo}, nil, nil
	}
	p.pos++
	at := p.pos
	hi, set, err := p.classCharacter()
	switch {
	case err != nil:
		return one, nil, err
	case set != nil:
		return one, nil, patternErrorf(at, "A class such as \\d cannot be the end of a range; write \\- for the character itself")
	case lo > hi:
		return one, nil, patternErrorf(start, "This range ends before it begins")
	}
	return [2]rune{lo, hi}, nil, nil
}

// refusePOSIX refuses classes such as [:alpha:], which .NET passes over without a word.
func (p *pattern) refusePOSIX() error {
	name, found := strings.CutPrefix(p.src[p.pos:], "[:")
	end := strings.Index(name, ":]")
	if found && end > 0 && strings.Trim(name[:end], "abcdefghijklmnopqrstuvwxyz^") == "" {
		return patternErrorf(p.pos, "[:name:] has no meaning in .NET; write \\p{L}, \\d, \\s and the like")
	}
	return nil
}

// classCharacter reads a character inside a class, or the set of a shorthand.
func (p *pattern) classCharacter() (r rune, set runeSet, err error) {
	start := p.pos
	if !p.accept(`\`) {
		return p.next(), nil, nil
	}
	set, ok, err := p.shorthand(start)
	if err != nil || ok {
		return 0, set, err
	}
	r, err = p.character(start)
	return r, nil, err
}
