package scim_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	oracle "github.com/scim2/filter-parser/v2"
	"pgregory.net/rapid"

	"rollcall/internal/scim"
)

// leaves are comparisons with what they say of jane.
var leaves = map[string]bool{
	`userName eq "jane@example.com"`: true, `title pr`: true, `nickName pr`: false, `active eq false`: false, `emails[type eq "home"]`: true,
	`name.familyName co "x"`: false, `urn:ietf:params:scim:schemas:core:2.0:User:externalId sw "x"`: true,
	`emails[type eq "work" and primary eq true]`: true,
}

// drawFilter makes a filter of leaves, joined with and, or, not and parentheses.
func drawFilter(t *rapid.T, depth int) string {
	leaf := rapid.SampledFrom(slices.Sorted(maps.Keys(leaves)))
	if depth == 0 {
		return leaf.Draw(t, "leaf")
	}
	switch rapid.IntRange(0, 4).Draw(t, "shape") {
	case 0:
		return drawFilter(t, depth-1) + rapid.SampledFrom([]string{" and ", " AND "}).Draw(t, "and") + drawFilter(t, depth-1)
	case 1:
		return drawFilter(t, depth-1) + " or " + drawFilter(t, depth-1)
	case 2:
		return "(" + drawFilter(t, depth-1) + ")"
	case 3:
		return "not (" + drawFilter(t, depth-1) + ")"
	}
	return leaf.Draw(t, "leaf")
}

// truth evaluates what the other parser read. Leaves are told by their text.
func truth(t *rapid.T, expression oracle.Expression) bool {
	switch e := expression.(type) {
	case *oracle.LogicalExpression:
		left, right := truth(t, e.Left), truth(t, e.Right)
		if e.Operator == oracle.AND {
			return left && right
		}
		return left || right
	case *oracle.NotExpression:
		return !truth(t, e.Expression)
	}
	plain := func(text string) string { return strings.NewReplacer(" ", "", "(", "", ")", "").Replace(text) }
	for leaf, is := range leaves {
		if plain(leaf) == plain(fmt.Sprint(expression)) {
			return is
		}
	}
	t.Fatalf("the other parser read %v", expression)
	return false
}

// TestFiltersMeanWhatAnotherParserReads compares precedence and grouping with those of scim2/filter-parser.
func TestFiltersMeanWhatAnotherParserReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawFilter(t, rapid.IntRange(0, 4).Draw(t, "depth"))
		expression, err := oracle.ParseFilter([]byte(text))
		if err != nil {
			t.Fatalf("the other parser refuses %s: %v", text, err)
		}
		filter, err := scim.Users().ParseFilter(text, scim.Strict)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := scim.Match(filter, jane()), truth(t, expression); got != want {
			t.Fatalf("%s is %v, not %v", text, got, want)
		}
	})
}

// TestWhatAnotherParserRefusesIsRefused breaks filters by taking pieces out, and compares who refuses them.
func TestWhatAnotherParserRefusesIsRefused(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawFilter(t, rapid.IntRange(0, 2).Draw(t, "depth"))
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := min(len(text), from+rapid.IntRange(0, 4).Draw(t, "count"))
		broken := text[:from] + text[to:]
		_, refused := oracle.ParseFilter([]byte(broken))
		filter, err := scim.Users().ParseFilter(broken, scim.Strict)
		// Blanks that the grammar does not have, in parentheses, brackets and around them, harm nobody; no filter at all is one that all pass.
		if refused != nil && err == nil && filter != nil && !tolerated(broken) {
			t.Fatalf("%s passed; the other parser says %v", broken, refused)
		}
	})
}

var quotedText = regexp.MustCompile(`"[^"]*"`)

// tolerated reports whether the other parser takes the filter when it is spaced as the grammar has it.
func tolerated(text string) bool {
	text = quotedText.ReplaceAllString(text, " $0 ")
	spaced := strings.Join(strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ", "[", " [ ", "]", " ] ").Replace(text)), " ")
	spaced = strings.NewReplacer("( ", "(", " )", ")", " [ ", "[", " ]", "]").Replace(spaced)
	for _, negated := range []string{spaced, strings.ReplaceAll(spaced, "not(", "not (")} {
		if _, err := oracle.ParseFilter([]byte(negated)); err == nil {
			return true
		}
	}
	return false
}
