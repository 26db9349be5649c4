package dotnet

import (
	"regexp/syntax"
	"strings"
)

// unlimited is the most of a quantifier that has no upper bound, as in regexp/syntax.
const unlimited = -1

// repeated reads the quantifier that may follow a part, which began at start.
func (p *pattern) repeated(part piece, start int) (piece, error) {
	if err := p.skipBlank(); err != nil {
		return piece{}, err
	}
	at := p.pos
	least, most, ok := p.quantifier()
	switch {
	case !ok && part.size > p.estimate():
		return piece{}, p.tooLarge(start)
	case !ok:
		return part, nil
	case part.re == nil:
		return piece{}, nothingToRepeat(at)
	case most != unlimited && least > most:
		return piece{}, patternErrorf(at, "The quantifier {%d,%d} asks for more at least than at most", least, most)
	}
	re := &syntax.Regexp{Op: syntax.OpRepeat, Min: least, Max: most, Sub: []*syntax.Regexp{part.re}}
	switch {
	case least == 0 && most == unlimited:
		re.Op = syntax.OpStar
	case least == 1 && most == unlimited:
		re.Op = syntax.OpPlus
	case least == 0 && most == 1:
		re.Op = syntax.OpQuest
	}
	if p.accept("?") {
		re.Flags |= syntax.NonGreedy
	}
	size := part.size*max(least, most, 1) + max(most-least, 1) + 1
	if size > p.estimate() {
		return piece{}, p.tooLarge(at)
	}
	if err := p.skipBlank(); err != nil {
		return piece{}, err
	}
	second := p.pos
	if _, _, again := p.quantifier(); again {
		return piece{}, patternErrorf(second, "A quantifier cannot follow another one; put the part before it in parentheses")
	}
	return piece{re, size}, nil
}

// estimate is the size of a part beyond which it need not be compiled: sizes are estimated, at most half as large again as they are.
func (p *pattern) estimate() int { return min(2*p.most, maxProgram) }

// tooLarge is the error of a part that would take too much memory and time.
func (p *pattern) tooLarge(offset int) error {
	return patternErrorf(offset, "The pattern is too large once its repetitions are written out (over %d steps); repeat less", p.most)
}

// quantifier takes *, +, ?, {n}, {n,} or {n,m}. An opening brace that begins none of these stands for itself.
func (p *pattern) quantifier() (least, most int, ok bool) {
	switch {
	case p.accept("*"):
		return 0, unlimited, true
	case p.accept("+"):
		return 1, unlimited, true
	case p.accept("?"):
		return 0, 1, true
	case !strings.HasPrefix(p.src[p.pos:], "{"):
		return 0, 0, false
	}
	start := p.pos
	if least, most, ok = p.braces(start); !ok {
		p.pos = start
	}
	return least, most, ok
}

// braces reads a quantifier in braces from start on, and leaves the position behind it.
func (p *pattern) braces(start int) (least, most int, ok bool) {
	p.pos = start + 1
	least, ok = p.count()
	most = least
	if ok && p.accept(",") {
		if most, ok = p.count(); !ok {
			most, ok = unlimited, true
		}
	}
	if ok && p.accept("}") {
		return least, most, true
	}
	p.pos = start + 1
	return 0, 0, false
}

// count takes a number; one that is too large for any pattern becomes one that is just too large.
func (p *pattern) count() (n int, ok bool) {
	for ; p.pos < len(p.src) && isDigit(p.src[p.pos]); p.pos++ {
		n, ok = min(n*10+int(p.src[p.pos]-'0'), maxProgram+1), true
	}
	return n, ok
}
