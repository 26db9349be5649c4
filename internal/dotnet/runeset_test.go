package dotnet

import (
	"slices"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// has looks a character up in a set that must be in order.
func (s runeSet) has(t *rapid.T, r rune) bool {
	t.Helper()
	found := false
	for i := 0; i < len(s); i += 2 {
		if s[i] > s[i+1] || i > 0 && s[i] <= s[i-1]+1 {
			t.Fatalf("%v is not in order", s)
		}
		found = found || s[i] <= r && r <= s[i+1]
	}
	return found
}

func TestSetsOfCharactersAreSets(t *testing.T) {
	character := rapid.OneOf(rapid.Int32Range(0, 40), rapid.Int32Range('A', 'z'), rapid.SampledFrom([]int32{0x130, 0x131, 0x17f, 'K', 0x212a, unicode.MaxRune, unicode.MaxRune - 1}))
	set := rapid.Custom(func(t *rapid.T) runeSet {
		ranges := make([][2]rune, rapid.IntRange(0, 5).Draw(t, "ranges"))
		for i := range ranges {
			lo, hi := character.Draw(t, "lo"), character.Draw(t, "hi")
			ranges[i] = [2]rune{min(lo, hi), max(lo, hi)}
		}
		return setOf(ranges)
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b, r := set.Draw(t, "a"), set.Draw(t, "b"), character.Draw(t, "r")
		before := slices.Clone(a)
		inA, inB := a.has(t, r), b.has(t, r)
		folded, _ := a.folded()
		inFolded := inA
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			inFolded = inFolded || a.has(t, other)
		}
		if a.union(b).has(t, r) != (inA || inB) || a.without(b).has(t, r) != (inA && !inB) || a.not().has(t, r) == inA || folded.has(t, r) != inFolded {
			t.Fatalf("%v and %v, %#x: union %v, without %v, not %v, folded %v", a, b, r, a.union(b), a.without(b), a.not(), folded)
		}
		if !slices.Equal(before, a) {
			t.Fatalf("%v was changed to %v", before, a)
		}
	})
}
