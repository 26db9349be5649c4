package expr

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/internal/dotnet"
)

// equalsJSON compares a value with what a case expects. Types are loose: 7 is "7", true is "True", no value is the empty text, and one value
// is a list of one. Lists have their order.
func equalsJSON(value Value, written json.RawMessage) bool {
	if written == nil {
		return value.Empty()
	}
	var expected any
	if json.Unmarshal(written, &expected) != nil {
		return false
	}
	if value.kind == Objects {
		return reflect.DeepEqual(value.Any(), expected)
	}
	list, isList := expected.([]any)
	if !isList {
		return equalsScalar(value, expected)
	}
	return slices.EqualFunc(value.texts(), list, func(text string, expected any) bool { return equalsScalar(textValue(text), expected) })
}

func equalsScalar(value Value, written any) bool {
	expected, err := ValueOf(written)
	text, single := value.Text()
	if err != nil || !single {
		return false
	}
	expectedText, _ := expected.Text()
	return equal(value, expected, text, expectedText)
}

// fitsPattern judges a text by a pattern; unclear names the clauses that were not understood and count as met.
func fitsPattern(text, pattern string) (fits bool, unclear string) {
	if strings.HasPrefix(pattern, "^") {
		compiled, err := dotnet.CompileRegexp(pattern)
		if err != nil {
			return true, "not checked: " + pattern
		}
		return compiled.MatchString(text), ""
	}
	fits = true
	var missed []string
	for clause := range strings.SplitSeq(pattern, ", ") {
		met, understood := fitsClause(text, clause)
		if !understood {
			missed = append(missed, clause)
			continue
		}
		fits = fits && met
	}
	if missed != nil {
		unclear = "not checked: " + strings.Join(missed, ", ")
	}
	return fits, unclear
}

// fitsClause judges "length 10", "5 characters", ">=2 digits", "no digits" and "none of ?,".
func fitsClause(text, clause string) (met, understood bool) {
	if characters, ok := strings.CutPrefix(clause, "none of "); ok {
		return !strings.ContainsAny(text, characters), true
	}
	left, right, _ := strings.Cut(clause, " ")
	switch {
	case left == "length":
		number, err := strconv.Atoi(right)
		return utf8.RuneCountInString(text) == number, err == nil
	case right == "characters":
		number, err := strconv.Atoi(left)
		return utf8.RuneCountInString(text) == number, err == nil
	}
	sort := sortsOfCharacters[strings.TrimSuffix(right, "s")]
	if sort == nil {
		return false, false
	}
	if left == "no" {
		return countOf(text, sort) == 0, true
	}
	least, ok := strings.CutPrefix(left, ">=")
	number, err := strconv.Atoi(least)
	return countOf(text, sort) >= number, ok && err == nil
}

var sortsOfCharacters = map[string]func(rune) bool{
	"digit": unicode.IsDigit, "upper": unicode.IsUpper, "lower": unicode.IsLower, "letter": unicode.IsLetter,
	"special": func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) },
}

func countOf(text string, sort func(rune) bool) int {
	count := 0
	for _, r := range text {
		if sort(r) {
			count++
		}
	}
	return count
}
