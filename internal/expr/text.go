package expr

import (
	"strings"
	"unicode"
)

var textFunctions = []function{
	{
		name: "Append", meaning: "the source followed by the suffix", gives: aText,
		parameters: required(aText, "source", "suffix"), evaluate: evaluateAppend,
		examples: []example{{`Append([userPrincipalName], ".test")`, []string{"userPrincipalName=John.Doe@contoso.com"}, `"John.Doe@contoso.com.test"`}},
		choice:   "A source without value counts as empty; nothing appended to nothing is null.",
	},
	{
		name: "Join", meaning: "the sources that are not empty, with the separator between them", gives: aText,
		parameters: append(required(aText, "separator"), required(anything, "source")...), repeat: 1, evaluate: evaluateJoin,
		examples: []example{{`Join(", ", "", [surname], [givenName])`, []string{"surname=Doe", "givenName=John"}, `"Doe, John"`}},
		choice:   "Empty sources are skipped, as the documented example shows; of nothing but empty sources the result is null.",
	},
	{
		name: "Left", meaning: "the first characters of the source", gives: aText,
		parameters: append(required(aText, "source"), required(aNumber, "numChars")...), evaluate: evaluateLeft,
		examples: []example{{`Left([displayName], 4)`, []string{"displayName=John Doe"}, `"John"`}},
		choice:   "Characters are code points.",
	},
	{
		name: "Mid", meaning: "a part of the source, from a position counted from 1", gives: aText,
		parameters: append(append(required(aText, "source"), required(aNumber, "start")...), optional(aNumber, "length")...),
		prepare:    prepareMid, evaluate: evaluateMid,
		examples: []example{{`Mid([givenName], 1, 3)`, []string{"givenName=John"}, `"Joh"`}},
		choice:   "Characters are code points. A start below 1 or a negative length is an error. Without length, as in an example of the cloud sync page, the part goes on to the end.",
	},
	{
		name: "StripSpaces", meaning: "the source without its spaces", gives: aText,
		parameters: required(aText, "source"), evaluate: evaluateStripSpaces,
		examples: []example{{`StripSpaces([displayName])`, []string{"displayName=John Doe"}, `"JohnDoe"`}},
		choice:   "Only U+0020 is removed, as documented; Trim removes all white space around a text.",
	},
	{
		name: "ToLower", meaning: "the source in lower case", gives: aText,
		parameters: append(required(aText, "source"), optional(aText, "culture")...), prepare: prepareCulture, evaluate: evaluateToLower,
		examples: []example{{`ToLower([displayName])`, []string{"displayName=John DOE"}, `"john doe"`}},
		choice:   "Without culture it is the invariant one of .NET, in which İ stays. Of all cultures only Turkish and Azerbaijani map letters in another way.",
	},
	{
		name: "ToUpper", meaning: "the source in upper case", gives: aText,
		parameters: append(required(aText, "source"), optional(aText, "culture")...), prepare: prepareCulture, evaluate: evaluateToUpper,
		examples: []example{{`ToUpper([usageLocation])`, []string{"usageLocation=us"}, `"US"`}},
		choice:   "Without culture it is the invariant one of .NET, in which ı stays. Of all cultures only Turkish and Azerbaijani map letters in another way.",
	},
	{
		name: "Trim", meaning: "the source without white space around it; of several values each", gives: anything, cloudSync: true,
		parameters: required(aList, "value"), evaluate: evaluateTrim,
		examples: []example{
			{`Trim(" Test ")`, nil, `"Test"`},
			{`Trim([proxyAddresses])`, []string{"proxyAddresses= a@contoso.com", "proxyAddresses=b@contoso.com "}, `["a@contoso.com","b@contoso.com"]`},
		},
	},
}

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
		if value.kind == Objects {
			return Value{}, c.fail("argument %d holds objects, not texts", i+1)
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
	length := len(source)
	if c.given(2) {
		if length, err = c.number(2); err != nil {
			return Value{}, err
		}
	}
	if start < 1 || length < 0 {
		return Value{}, c.fail("start %d and length %d: the start counts from 1, the length from 0", start, length)
	}
	rest := source[len(first(source, start-1)):]
	return textValue(first(rest, length)), nil
}

// prepareMid checks a constant start and length.
func prepareMid(p *preparation) any {
	if start, constant := p.number(1); constant && start < 1 {
		p.fail(1, "is %d; the first character has the position 1", start)
	}
	if length, constant := p.number(2); constant && length < 0 {
		p.fail(2, "is %d; it cannot be negative", length)
	}
	return nil
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

func evaluateTrim(c call) (Value, error) {
	value, err := c.value(0)
	if err != nil || value.kind == Null {
		return Value{}, err
	}
	if value.kind == Objects {
		return Value{}, c.fail("the argument holds objects, not texts")
	}
	if value.kind != List {
		text, _ := value.Text()
		return c.made(strings.TrimSpace(text))
	}
	list := make([]string, len(value.list))
	for i, text := range value.list {
		list[i] = strings.TrimSpace(text)
	}
	return c.madeList(list)
}

func evaluateToLower(c call) (Value, error) {
	return c.changeCase(unicode.ToLower, strings.ToLowerSpecial)
}

func evaluateToUpper(c call) (Value, error) {
	return c.changeCase(unicode.ToUpper, strings.ToUpperSpecial)
}

// change applies a function to the first argument; null stays null.
func (c call) change(apply func(string) string) (Value, error) {
	text, present, err := c.text(0)
	if err != nil || !present {
		return Value{}, err
	}
	return c.made(apply(text))
}

// changeCase follows the culture of the second argument, such as "tr-TR". Turkish and Azerbaijani differ from all others in the letters
// they map; the invariant culture, that of no name, leaves İ and ı as they are (dotnet/coreclr pull request 1800).
func (c call) changeCase(mapped func(rune) rune, special func(unicode.SpecialCase, string) string) (Value, error) {
	culture, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	if !isCulture(culture) {
		return Value{}, c.fail("%s is not the name of a culture, such as \"en-US\"", short(culture))
	}
	switch language, _, _ := strings.Cut(culture, "-"); {
	case strings.EqualFold(language, "tr"), strings.EqualFold(language, "az"):
		return c.change(func(text string) string { return special(unicode.TurkishCase, text) })
	}
	return c.change(func(text string) string {
		return strings.Map(func(r rune) rune {
			if culture == "" && (r == 'İ' || r == 'ı') {
				return r
			}
			return mapped(r)
		}, text)
	})
}

// prepareCulture checks a constant culture.
func prepareCulture(p *preparation) any {
	if culture, constant := p.constant(1); constant && !isCulture(culture) {
		p.fail(1, "is %s, which is not the name of a culture, such as \"en-US\"", short(culture))
	}
	return nil
}

// isCulture reports whether the text reads like "en-US"; "" is the invariant culture.
func isCulture(text string) bool {
	language, _, _ := strings.Cut(text, "-")
	return text == "" || len(language) >= 2 && len(language) <= 8 && !strings.ContainsFunc(text, notInCulture)
}

func notInCulture(r rune) bool {
	return r != '-' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
}
