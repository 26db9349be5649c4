package dotnet

import (
	"cmp"
	"slices"
	"unicode"
)

// runeRange is the characters from lo to hi, both included.
type runeRange struct{ lo, hi rune }

// runeSet is a set of characters: ranges that ascend, do not overlap and do not touch.
type runeSet []runeRange

// setOf returns the set of the characters in the ranges, which may be in any order and overlap.
func setOf(ranges []runeRange) runeSet {
	slices.SortFunc(ranges, func(a, b runeRange) int { return cmp.Compare(a.lo, b.lo) })
	var out runeSet
	for _, r := range ranges {
		if n := len(out); n > 0 && r.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, r.hi)
			continue
		}
		out = append(out, r)
	}
	return out
}

// tableSet returns the set of the characters of Unicode tables.
func tableSet(tables ...*unicode.RangeTable) runeSet {
	var ranges []runeRange
	add := func(lo, hi, stride rune) {
		if stride == 1 {
			ranges = append(ranges, runeRange{lo, hi})
			return
		}
		for r := lo; r <= hi; r += stride {
			ranges = append(ranges, runeRange{r, r})
		}
	}
	for _, table := range tables {
		for _, r := range table.R16 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride))
		}
		for _, r := range table.R32 {
			add(rune(r.Lo), rune(r.Hi), rune(r.Stride)) //nolint:gosec // characters
		}
	}
	return setOf(ranges)
}

// not returns all other characters.
func (s runeSet) not() runeSet {
	var out runeSet
	next := rune(0)
	for _, r := range s {
		if r.lo > next {
			out = append(out, runeRange{next, r.lo - 1})
		}
		next = r.hi + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

// without returns the characters of s that are not in other.
func (s runeSet) without(other runeSet) runeSet {
	var out runeSet
	for _, r := range s {
		at, _ := slices.BinarySearchFunc(other, r.lo, func(o runeRange, lo rune) int { return cmp.Compare(o.hi, lo) })
		for ; at < len(other) && other[at].lo <= r.hi; at++ {
			if other[at].lo > r.lo {
				out = append(out, runeRange{r.lo, other[at].lo - 1})
			}
			r.lo = other[at].hi + 1
		}
		if r.lo <= r.hi {
			out = append(out, r)
		}
	}
	return out
}

// folded returns s with every character that differs from one of s by case only.
func (s runeSet) folded() runeSet {
	ranges := slices.Clone(s)
	for _, r := range s {
		at, _ := slices.BinarySearchFunc(unicode.CaseRanges, r.lo,
			func(c unicode.CaseRange, lo rune) int { return cmp.Compare(int64(c.Hi), int64(lo)) })
		for _, c := range unicode.CaseRanges[at:] {
			lo, hi := rune(c.Lo), rune(c.Hi) //nolint:gosec // characters
			if lo > r.hi {
				break
			}
			for one := max(r.lo, lo); one <= min(r.hi, hi); one++ {
				for other := unicode.SimpleFold(one); other != one; other = unicode.SimpleFold(other) {
					ranges = append(ranges, runeRange{other, other})
				}
			}
		}
	}
	return setOf(ranges)
}

// pairs returns the set as regexp/syntax has it: lo, hi, lo, hi.
func (s runeSet) pairs() []rune {
	out := make([]rune, 0, 2*len(s))
	for _, r := range s {
		out = append(out, r.lo, r.hi)
	}
	return out
}
