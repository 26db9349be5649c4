package dotnet

import (
	"regexp/syntax"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a pattern: its length in characters, how many instructions it may compile to, and how many ranges of characters may be
// looked at to make its classes, some tens of nanoseconds and at most eight bytes each.
const (
	maxPattern = 2_000
	maxProgram = 20_000
	maxRanges  = 40_000
)

// Numbers of capture groups that are none: the matcher takes them for conditions that regexp/syntax has no word for.
const (
	capEndOrLastNewline = 1<<20 + iota // $ and \Z: the end of the text, or before a newline that ends the text
	capContiguous                      // \G: where the match before ended
)

// options are what (?imnsx) switches, in the part of a pattern that is being read.
type options struct {
	fold     bool // i: case does not matter
	lines    bool // m: ^ and $ also match at the begin and end of lines
	explicit bool // n: parentheses without a name do not capture
	dotAll   bool // s: the dot matches a newline too
	spaced   bool // x: white space and #comments mean nothing
}

// piece is a part of a pattern, and about how many instructions it compiles to.
type piece struct {
	re   *syntax.Regexp
	size int
}

// pattern reads a .NET regular expression into the tree of regexp/syntax.
// Source: "Regular expression language" of the .NET documentation.
type pattern struct {
	src    string
	pos    int
	opts   options
	groups groups
	sets   map[string]runeSet // shorthand classes and categories already made
	ranges int                // how many ranges of characters were looked at
	most   int                // how many instructions there may be
	budget *Budget
}

func newPattern(src string, instructions int, budget *Budget) *pattern {
	return &pattern{src: src, sets: map[string]runeSet{}, most: min(instructions, maxProgram), budget: budget}
}

// parse reads the whole pattern.
func (p *pattern) parse() (piece, error) {
	if utf8.RuneCountInString(p.src) > maxPattern {
		return piece{}, patternErrorf(0, "A pattern has at most %d characters", maxPattern)
	}
	if !p.budget.spend(len(p.src)) {
		return piece{}, p.tooLarge(0)
	}
	whole, err := p.alternation()
	if err != nil {
		return piece{}, err
	}
	if p.pos < len(p.src) {
		return piece{}, patternErrorf(p.pos, "A closing parenthesis has no opening one; write \\) for the character itself")
	}
	p.groups.number()
	return whole, nil
}

// spend counts ranges that were looked at for the class at start.
func (p *pattern) spend(start, ranges int) error {
	if p.ranges += ranges; !p.budget.spend(ranges) || p.ranges > maxRanges {
		return patternErrorf(start, "The pattern has too many large character classes (over %d ranges of characters together); write fewer", maxRanges)
	}
	return nil
}

// peek returns the next character, or utf8.RuneError and a width of 0 at the end.
func (p *pattern) peek() (r rune, width int) { return utf8.DecodeRuneInString(p.src[p.pos:]) }

// next takes the next character; at the end it returns a negative number.
func (p *pattern) next() rune {
	r, width := p.peek()
	if width == 0 {
		return -1
	}
	p.pos += width
	return r
}

// accept takes a text if the pattern goes on with it.
func (p *pattern) accept(text string) bool {
	if !strings.HasPrefix(p.src[p.pos:], text) {
		return false
	}
	p.pos += len(text)
	return true
}

// alternation reads branches up to a closing parenthesis or the end.
func (p *pattern) alternation() (piece, error) {
	var branches []piece
	for {
		branch, err := p.sequence()
		if err != nil {
			return piece{}, err
		}
		branches = append(branches, branch)
		if !p.accept("|") {
			return join(syntax.OpAlternate, branches), nil
		}
	}
}

// sequence reads what stands between bars and parentheses.
func (p *pattern) sequence() (piece, error) {
	var parts []piece
	for {
		if err := p.skipBlank(); err != nil {
			return piece{}, err
		}
		if r, width := p.peek(); width == 0 || r == '|' || r == ')' {
			return join(syntax.OpConcat, parts), nil
		}
		start := p.pos
		part, err := p.atom()
		if err == nil {
			part, err = p.repeated(part, start)
		}
		if err != nil {
			return piece{}, err
		}
		if part.re != nil {
			parts = append(parts, part)
		}
	}
}

// join makes one piece of several.
func join(op syntax.Op, parts []piece) piece {
	switch len(parts) {
	case 0:
		return piece{&syntax.Regexp{Op: syntax.OpEmptyMatch}, 1}
	case 1:
		return parts[0]
	}
	re, size := &syntax.Regexp{Op: op}, 0
	if op == syntax.OpAlternate {
		size = len(parts) - 1
	}
	for _, part := range parts {
		re.Sub = append(re.Sub, part.re)
		size = min(size+part.size, maxProgram+1)
	}
	return piece{re, size}
}

// atom reads one character, class, group or condition. A piece without a tree means nothing: an option or a comment.
func (p *pattern) atom() (piece, error) {
	start := p.pos
	switch r := p.next(); r {
	case '(':
		return p.group(start)
	case '[':
		set, err := p.class(start)
		return classPiece(set), err
	case '\\':
		return p.escape(start)
	case '.':
		if p.opts.dotAll {
			return piece{&syntax.Regexp{Op: syntax.OpAnyChar}, 1}, nil
		}
		return piece{&syntax.Regexp{Op: syntax.OpAnyCharNotNL}, 1}, nil
	case '^':
		if p.opts.lines {
			return piece{&syntax.Regexp{Op: syntax.OpBeginLine}, 1}, nil
		}
		return piece{&syntax.Regexp{Op: syntax.OpBeginText}, 1}, nil
	case '$':
		if p.opts.lines {
			return piece{&syntax.Regexp{Op: syntax.OpEndLine}, 1}, nil
		}
		return condition(capEndOrLastNewline), nil
	case '*', '+', '?':
		return piece{}, nothingToRepeat(start)
	case '{':
		if _, _, ok := p.braces(start); ok {
			return piece{}, nothingToRepeat(start)
		}
		return p.literal(r), nil
	default:
		return p.literal(r), nil
	}
}

func nothingToRepeat(offset int) error {
	return patternErrorf(offset, "There is nothing before this quantifier that it could repeat; write a backslash before it for the character itself")
}

// literal returns a character that stands for itself.
func (p *pattern) literal(r rune) piece {
	re := &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{r}}
	if p.opts.fold && unicode.SimpleFold(r) != r {
		re.Flags = syntax.FoldCase
	}
	return piece{re, 1}
}

func classPiece(set runeSet) piece {
	if len(set) == 0 {
		return piece{&syntax.Regexp{Op: syntax.OpNoMatch}, 1}
	}
	return piece{&syntax.Regexp{Op: syntax.OpCharClass, Rune: set}, 1}
}

// condition returns an empty group by which the matcher recognizes a condition.
func condition(number int) piece {
	empty := &syntax.Regexp{Op: syntax.OpEmptyMatch}
	return piece{&syntax.Regexp{Op: syntax.OpCapture, Cap: number, Sub: []*syntax.Regexp{empty}}, 3}
}

// skipBlank takes (?#comments), and with the option x white space and #comments, which may stand between a part and its quantifier.
func (p *pattern) skipBlank() error {
	for {
		start := p.pos
		r, width := p.peek()
		switch {
		case p.accept("(?#"):
			end := strings.IndexByte(p.src[p.pos:], ')')
			if end < 0 {
				return patternErrorf(start, "A comment (?# is never closed")
			}
			p.pos += end + 1
		case p.opts.spaced && r == '#':
			if end := strings.IndexByte(p.src[p.pos:], '\n'); end >= 0 {
				p.pos += end + 1
			} else {
				p.pos = len(p.src)
			}
		case p.opts.spaced && width > 0 && strings.ContainsRune(" \t\n\v\f\r", r):
			p.pos += width
		default:
			return nil
		}
	}
}
