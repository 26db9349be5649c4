package dotnet

import (
	"regexp/syntax"
	"unicode"
	"unicode/utf8"
)

// asciiSet is a set of ASCII characters, a bit for each.
type asciiSet [2]uint64

// matchSets make it quick to say whether an instruction matches a character: most characters are ASCII, and many instructions wait for the
// same large class.
type matchSets struct {
	ascii []asciiSet // by instruction: what it matches of ASCII
	large []int32    // by instruction: the number of its class, if that is large, else -1
	count int        // how many large classes there are
}

// mostRanges is how many ranges a class has at most that is not large; twice as many runes.
const mostRanges = 8

func newMatchSets(prog *syntax.Prog) matchSets {
	sets := matchSets{ascii: asciiSets(prog), large: make([]int32, len(prog.Inst))}
	numbers := map[*rune]int32{}
	for pc := range prog.Inst {
		runes := prog.Inst[pc].Rune
		if sets.large[pc] = -1; len(runes) <= 2*mostRanges {
			continue
		}
		number, known := numbers[&runes[0]] // equal classes share their ranges
		if !known {
			number = int32(len(numbers)) //nolint:gosec // fewer than there are instructions
			numbers[&runes[0]] = number
		}
		sets.large[pc] = number
	}
	sets.count = len(numbers)
	return sets
}

// asciiSets returns what each instruction matches of ASCII.
func asciiSets(prog *syntax.Prog) []asciiSet {
	sets := make([]asciiSet, len(prog.Inst))
	for pc := range prog.Inst {
		set, inst := &sets[pc], &prog.Inst[pc]
		switch inst.Op {
		case syntax.InstRuneAny:
			set.add(0, unicode.MaxASCII)
		case syntax.InstRuneAnyNotNL:
			set.add(0, '\n'-1)
			set.add('\n'+1, unicode.MaxASCII)
		case syntax.InstRune, syntax.InstRune1:
			for i := 0; i+1 < len(inst.Rune) && inst.Rune[i] < utf8.RuneSelf; i += 2 {
				set.add(inst.Rune[i], inst.Rune[i+1])
			}
			if len(inst.Rune) == 1 {
				set.addLetter(inst.Rune[0], syntax.Flags(inst.Arg)&syntax.FoldCase != 0) //nolint:gosec // regexp/syntax keeps it there
			}
		default:
		}
	}
	return sets
}

// add adds the ASCII characters of a range.
func (s *asciiSet) add(lo, hi rune) {
	for r := lo; r <= min(hi, unicode.MaxASCII); r++ {
		s[r/64] |= 1 << (r % 64)
	}
}

// addLetter adds a character, and those that differ from it by case only if they match too.
func (s *asciiSet) addLetter(r rune, fold bool) {
	s.add(r, r)
	for other := unicode.SimpleFold(r); fold && other != r; other = unicode.SimpleFold(other) {
		s.add(other, other)
	}
}

// has reports whether an ASCII character is in the set.
func (s *asciiSet) has(r rune) bool { return s[r/64]&(1<<(r%64)) != 0 }
