package dotnet

import (
	"slices"
	"sync"
	"unicode"
)

// runeSet is a set of characters as regexp/syntax has it: lo, hi, lo, hi, both included. The ranges ascend, do not overlap and do not
// touch. Sets are shared and never changed.
type runeSet []rune

// ranges returns how many ranges the set has.
func (s runeSet) ranges() int { return len(s) / 2 }

// grow appends a range that begins behind, or with, the last one of the set.
func (s runeSet) grow(lo, hi rune) runeSet {
	if n := len(s); n > 0 && lo <= s[n-1]+1 {
		s[n-1] = max(s[n-1], hi)
		return s
	}
	return append(s, lo, hi)
}

// setOf returns the set of the characters in ranges, which may be in any order and overlap. It keeps nothing of the list, but sorts it.
func setOf(ranges [][2]rune) runeSet {
	slices.SortFunc(ranges, func(a, b [2]rune) int { return int(a[0]) - int(b[0]) })
	out := make(runeSet, 0, 2*len(ranges))
	for _, r := range ranges {
		out = out.grow(r[0], r[1])
	}
	return out
}

// tableSet returns the set of the characters of a Unicode table, whose ranges ascend.
func tableSet(table *unicode.RangeTable) runeSet {
	var out runeSet
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			out = out.grow(lo, hi)
			return
		}
		for r := lo; r <= hi; r += stride {
			out = out.grow(r, r)
		}
	}
	for _, r := range table.R16 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
	}
	for _, r := range table.R32 {
		add(rune(r.Lo), rune(r.Hi), rune(r.Stride)) //nolint:gosec // characters
	}
	return out
}

// union returns the characters of both sets.
func (s runeSet) union(other runeSet) runeSet {
	if len(other) == 0 {
		return s
	}
	if len(s) == 0 {
		return other
	}
	out := make(runeSet, 0, len(s)+len(other))
	for len(s) > 0 && len(other) > 0 {
		if s[0] > other[0] {
			s, other = other, s
		}
		out = out.grow(s[0], s[1])
		s = s[2:]
	}
	if len(s) == 0 {
		s = other
	}
	for ; len(s) > 0; s = s[2:] {
		out = out.grow(s[0], s[1])
	}
	return out
}

// not returns all other characters.
func (s runeSet) not() runeSet {
	out := make(runeSet, 0, len(s)+2)
	next := rune(0)
	for i := 0; i < len(s); i += 2 {
		if s[i] > next {
			out = append(out, next, s[i]-1)
		}
		next = s[i+1] + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, next, unicode.MaxRune)
	}
	return out
}

// without returns the characters of s that are not in other.
func (s runeSet) without(other runeSet) runeSet {
	if len(other) == 0 {
		return s
	}
	return s.not().union(other).not()
}

// folding is a character, and another one that differs from it by case only.
type folding struct{ one, other rune }

// foldings lists all foldings, in the order of the first characters.
var foldings = sync.OnceValue(func() (list []folding) {
	last := rune(-1)
	for _, c := range unicode.CaseRanges {
		for one := max(rune(c.Lo), last+1); one <= rune(c.Hi); one++ {
			for other := unicode.SimpleFold(one); other != one; other = unicode.SimpleFold(other) {
				list = append(list, folding{one, other})
			}
			last = one
		}
	}
	return list
})

// folded returns s with every character that differs from one of s by case only, and how many of them it had to look at.
func (s runeSet) folded() (set runeSet, looked int) {
	var others [][2]rune
	rest := foldings()
	for i := 0; i < len(s); i += 2 {
		at, _ := slices.BinarySearchFunc(rest, s[i], func(f folding, lo rune) int { return int(f.one) - int(lo) })
		rest = rest[at:]
		n := 0
		for ; n < len(rest) && rest[n].one <= s[i+1]; n++ {
			if other := rest[n].other; other < s[i] || other > s[i+1] {
				others = append(others, [2]rune{other, other})
			}
		}
		rest = rest[n:]
		looked += n
	}
	return s.union(setOf(others)), looked
}
