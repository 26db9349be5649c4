package expr

import (
	"strings"
	"unicode"
)

// evaluateAppend treats null as the empty text, except that nothing appended to nothing is null.
func evaluateAppend(c call) (Value, error) {
	source, present, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	suffix, given, err := c.text(1)
	if err != nil || !present && !given {
		return Value{}, err
	}
	return c.made(source + suffix)
}

// evaluateJoin skips sources without value and empty ones; of a multi-valued attribute it takes every value. Of nothing it makes null.
func evaluateJoin(c call) (Value, error) {
	separator, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	parts := make([]string, 0, c.count())
	length := 0
	for i := 1; i < c.count(); i++ {
		value, err := c.value(i)
		if err != nil {
			return Value{}, err
		}
		before := len(parts)
		parts = value.appendTexts(parts)
		for _, part := range parts[before:] {
			if length += len(part) + len(separator); length > MaxText+len(separator) {
				return Value{}, c.fail("the result has more than %d bytes", MaxText)
			}
		}
	}
	if len(parts) == 0 {
		return Value{}, nil
	}
	return c.made(strings.Join(parts, separator))
}

// evaluateLeft counts characters (code points). A negative number returns the whole source, null gives the empty text.
func evaluateLeft(c call) (Value, error) {
	source, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	count, err := c.number(1)
	if err != nil {
		return Value{}, err
	}
	if count < 0 {
		return textValue(source), nil
	}
	return textValue(first(source, count)), nil
}

// evaluateMid counts characters (code points). What lies behind the end is left out; a start below 1 or a negative length is an error.
func evaluateMid(c call) (Value, error) {
	source, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	start, err := c.number(1)
	if err != nil {
		return Value{}, err
	}
	length, err := c.number(2)
	if err != nil {
		return Value{}, err
	}
	if start < 1 || length < 0 {
		return Value{}, c.fail("start %d and length %d: the start counts from 1, the length from 0", start, length)
	}
	rest := source[len(first(source, start-1)):]
	return textValue(first(rest, length)), nil
}

// first returns the first characters of a text.
func first(text string, count int) string {
	for i := range text {
		if count == 0 {
			return text[:i]
		}
		count--
	}
	return text
}

// evaluateStripSpaces removes U+0020 only, as Entra does.
func evaluateStripSpaces(c call) (Value, error) {
	return c.change(func(text string) string { return strings.ReplaceAll(text, " ", "") })
}

func evaluateTrim(c call) (Value, error) { return c.change(strings.TrimSpace) }

func evaluateToLower(c call) (Value, error) {
	return c.changeCase(strings.ToLower, strings.ToLowerSpecial)
}

func evaluateToUpper(c call) (Value, error) {
	return c.changeCase(strings.ToUpper, strings.ToUpperSpecial)
}

// change applies a function to the first argument; null stays null.
func (c call) change(apply func(string) string) (Value, error) {
	text, present, err := c.text(0)
	if err != nil || !present {
		return Value{}, err
	}
	return c.made(apply(text))
}

// changeCase follows the culture of the second argument, such as "tr-TR". Only Turkish and Azerbaijani differ from the invariant culture in
// the letters they map.
func (c call) changeCase(invariant func(string) string, special func(unicode.SpecialCase, string) string) (Value, error) {
	culture, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	language, _, _ := strings.Cut(culture, "-")
	switch {
	case culture != "" && (len(language) < 2 || len(language) > 8 || strings.ContainsFunc(culture, notInCulture)):
		return Value{}, c.fail("%s is not the name of a culture, such as \"en-US\"", short(culture))
	case strings.EqualFold(language, "tr"), strings.EqualFold(language, "az"):
		return c.change(func(text string) string { return special(unicode.TurkishCase, text) })
	}
	return c.change(invariant)
}

func notInCulture(r rune) bool {
	return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}
