package dotnet

import (
	"regexp/syntax"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf16"
)

// escape reads what follows a backslash outside of a class. The backslash, at start, is taken already.
func (p *pattern) escape(start int) (piece, error) {
	r, width := p.peek()
	switch {
	case r == 'k' || ('1' <= r && r <= '9'):
		return piece{}, patternErrorf(start, "Back-references, \\1 or \\k<name>, are not supported")
	case strings.ContainsRune("AzZGbB", r) && width > 0:
		p.pos++
		return anchor(r), nil
	}
	set, ok, err := p.shorthand(start)
	if err != nil {
		return piece{}, err
	}
	if ok {
		return classPiece(set), nil
	}
	r, err = p.character(start)
	return p.literal(r), err
}

// anchor returns the condition that a letter after a backslash means.
func anchor(r rune) piece {
	switch r {
	case 'A':
		return piece{&syntax.Regexp{Op: syntax.OpBeginText}, 1}
	case 'z':
		return piece{&syntax.Regexp{Op: syntax.OpEndText}, 1}
	case 'b':
		return piece{&syntax.Regexp{Op: syntax.OpWordBoundary}, 1}
	case 'B':
		return piece{&syntax.Regexp{Op: syntax.OpNoWordBoundary}, 1}
	case 'G':
		return condition(capContiguous)
	}
	return condition(capEndOrLastNewline)
}

// shorthand takes d D w W s S, p{name} or P{name} after a backslash; ok is false if something else follows.
func (p *pattern) shorthand(start int) (set runeSet, ok bool, err error) {
	r, width := p.peek()
	key := string(r)
	switch {
	case width == 0 || !strings.ContainsRune("dDwWsSpP", r):
		return nil, false, nil
	case r == 'p' || r == 'P':
		p.pos++
		name, found := strings.CutPrefix(p.src[p.pos:], "{")
		end := strings.IndexByte(name, '}')
		if !found || end < 0 {
			return nil, false, patternErrorf(start, "A category is written \\%c{name}, such as \\%c{Lu}", r, r)
		}
		key += name[:end]
		p.pos += end + 2
	default:
		p.pos++
	}
	if set, ok := p.sets[key]; ok {
		return set, true, nil
	}
	if set, ok = namedSet(strings.ToLower(key[:1]), key[1:]); !ok {
		return nil, false, patternErrorf(start, "%s is neither a Unicode category such as Lu nor a block that .NET knows, such as IsGreek", quote(key[1:]))
	}
	if unicode.IsUpper(r) {
		set = set.not()
	}
	p.sets[key] = set
	return set, true, p.spend(start, set.ranges())
}

// namedSet returns what d, w, s or p with a name stands for. Where Go's Unicode version is newer than that of a .NET runtime, so
// is the set.
func namedSet(letter, name string) (set runeSet, ok bool) {
	switch letter {
	case "d":
		return tableSet(unicode.Nd), true
	case "w":
		return wordSet(), true
	case "s":
		return tableSet(unicode.Z).union(runeSet{'\t', '\r', 0x85, 0x85}), true
	}
	if block, ok := blocks[name]; ok {
		return runeSet{block[0], block[1]}, true
	}
	if name == "LC" { // Go has it, .NET does not
		return nil, false
	}
	table, ok := unicode.Categories[name]
	if !ok {
		return nil, false
	}
	return tableSet(table), true
}

// wordSet is \w, made once: it has some 750 ranges, and there is hardly a pattern without it.
var wordSet = sync.OnceValue(func() runeSet {
	return tableSet(unicode.L).union(tableSet(unicode.Mn)).union(tableSet(unicode.Nd)).union(tableSet(unicode.Pc))
})

// simple are the letters that stand for a control character after a backslash.
var simple = map[rune]rune{'a': '\a', 'b': '\b', 'e': 0x1b, 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// character reads one character that is written with a backslash: a control character, a code, or punctuation that stands for
// itself. The backslash, at start, is taken already.
func (p *pattern) character(start int) (rune, error) {
	r := p.next()
	if code, ok := simple[r]; ok {
		return code, nil
	}
	switch {
	case r < 0:
		return 0, patternErrorf(start, "A backslash ends the pattern; write \\\\ for the character itself")
	case r == 'x':
		return p.code(start, 2)
	case r == 'u':
		return p.unit(start)
	case r == 'c':
		control := unicode.ToUpper(p.next()) - '@'
		if control < 0 || control >= ' ' {
			return 0, patternErrorf(start, "\\c needs a letter after it, as in \\cA")
		}
		return control, nil
	case '0' <= r && r <= '7':
		p.pos--
		return p.octal(), nil
	case isWord(r):
		return 0, patternErrorf(start, "\\%c has no meaning in .NET", r)
	}
	return r, nil
}

// octal reads a code of up to three octal digits.
func (p *pattern) octal() (code rune) {
	for range 3 {
		if r, _ := p.peek(); r < '0' || r > '7' {
			break
		}
		code = code*8 + p.next() - '0'
	}
	return code & 0xff
}

// code reads a code of so many hexadecimal digits.
func (p *pattern) code(start, digits int) (rune, error) {
	if p.pos+digits <= len(p.src) {
		if n, err := strconv.ParseUint(p.src[p.pos:p.pos+digits], 16, 16); err == nil {
			p.pos += digits
			return rune(n), nil
		}
	}
	return 0, patternErrorf(start, "This escape needs %d hexadecimal digits", digits)
}

// unit reads the four digits of \u, and a second \u if the two are the halves of one character.
func (p *pattern) unit(start int) (rune, error) {
	first, err := p.code(start, 4)
	if err != nil || !utf16.IsSurrogate(first) {
		return first, err
	}
	if p.accept(`\u`) {
		second, err := p.code(start, 4)
		if whole := utf16.DecodeRune(first, second); err == nil && whole != unicode.ReplacementChar {
			return whole, nil
		}
	}
	return 0, patternErrorf(start, "\\u%04X is only half of a character; write both halves one after the other, outside of a class or as its member", first)
}
