package expr

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var letterFunctions = []function{
	{
		name: "InStr", meaning: "the position, counted from 1, of the second text in the first; 0 if it is not there", gives: aNumber,
		parameters: append(append(required(aText, "value1", "value2"), optional(aNumber, "start")...), optional(anything, "compareType")...),
		prepare:    prepareInStr, evaluate: evaluateInStr,
		examples: []example{
			{`InStr("The quick brown fox","quick")`, nil, `5`},
			{`InStr("repEated","e",3,vbBinaryCompare)`, nil, `7`},
		},
		choice: "Without compareType upper and lower case differ (vbBinaryCompare), as in Visual Basic. Positions count code points. An empty text is found where the search starts; a start below 1 is an error.",
	},
	{
		name: "NormalizeDiacritics", meaning: "the source with plain letters in place of accented ones", gives: aText,
		parameters: required(aText, "source"), evaluate: evaluateNormalizeDiacritics,
		examples: []example{
			{`NormalizeDiacritics([givenName])`, []string{"givenName=Zoë"}, `"Zoe"`},
			{`NormalizeDiacritics([surname])`, []string{"surname=Sørensen-Müller"}, `"Soerensen-Muller"`},
		},
		choice: "The documented table is followed: ö, ü and ä become o, u and a, while ø becomes oe. All other accents of Latin and Greek letters are removed too, and đ, ð, ħ, ŧ, þ, œ and ẞ, which the table lacks, become d, d, h, t, th, oe and SS. Upper and lower case stay; letters of other scripts stay as they are.",
	},
	{
		name: "PCase", meaning: "the source with each word beginning in upper case and going on in lower case", gives: aText,
		parameters: append(required(aText, "source"), optional(aText, "wordSeparators")...), evaluate: evaluatePCase,
		examples: []example{
			{`PCase([firstName])`, []string{"firstName=PABLO GONSALVES (SECOND)"}, `"Pablo Gonsalves (Second)"`},
			{`PCase([lastName], " '-")`, []string{"lastName=PINTO-DE'SILVA"}, `"Pinto-De'Silva"`},
		},
		choice: "Without wordSeparators white space, punctuation, the apostrophe included, and symbols separate words, and a word begins at its first letter. Unlike ToTitleCase of .NET, on which the page says PCase is built, words in capitals are not kept, as its examples show. With wordSeparators only these characters separate, and the first character of a word is the one that is changed.",
	},
	{
		name: "Word", meaning: "one word of a text, by its number counted from 1", gives: aText,
		parameters: append(append(required(aText, "string"), required(aNumber, "wordNumber")...), required(aText, "delimiters")...), evaluate: evaluateWord,
		examples: []example{{`Word("This,string!has&many separators",3,",!&#")`, nil, `"has"`}},
		choice:   "Each character of delimiters separates; several in a row separate once. Without delimiters the whole text is one word.",
	},
}

// How InStr compares: the values of the words vbBinaryCompare and vbTextCompare.
const (
	binaryCompare = 0
	textCompare   = 1
)

// comparison reads the last argument of InStr: the number behind a word, or the word in quotes.
func comparison(value Value) (int64, bool) {
	text, _ := value.Text()
	switch {
	case text == "" || strings.EqualFold(text, "vbBinaryCompare"):
		return binaryCompare, true
	case strings.EqualFold(text, "vbTextCompare"):
		return textCompare, true
	}
	number, whole := value.asInteger()
	return number, whole && (number == binaryCompare || number == textCompare)
}

// prepareInStr checks a constant start and way to compare.
func prepareInStr(p *preparation) any {
	if start, constant := p.number(2); constant && start < 1 {
		p.fail(2, "is %d; the first character has the position 1", start)
	}
	if !p.given(3) {
		return nil
	}
	if value, constant := p.call.arguments[3].constant(); constant {
		if _, ok := comparison(value); !ok {
			p.fail(3, "is vbTextCompare or vbBinaryCompare")
		}
	}
	return nil
}

func evaluateInStr(c call) (Value, error) {
	text, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	search, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	start, err := c.start(2)
	if err != nil {
		return Value{}, err
	}
	compareType, err := c.value(3)
	if err != nil {
		return Value{}, err
	}
	compare, ok := comparison(compareType)
	if !ok {
		return Value{}, c.fail("compareType is vbTextCompare or vbBinaryCompare")
	}
	if compare == textCompare {
		text, search = strings.Map(fold, text), strings.Map(fold, search)
	}
	before := first(text, start-1)
	if len(before) == len(text) {
		return numberValue(0), nil
	}
	at := strings.Index(text[len(before):], search)
	if at < 0 {
		return numberValue(0), nil
	}
	return numberValue(int64(utf8.RuneCountInString(text[:len(before)+at]) + 1)), nil
}

// start evaluates an optional position, which counts from 1.
func (c call) start(i int) (int, error) {
	value, err := c.value(i)
	if err != nil || value.Empty() {
		return 1, err
	}
	start, whole := value.asInteger()
	if !whole || start < 1 {
		return 0, c.misfit(i, value, "a whole number from 1")
	}
	return int(min(start, MaxText+1)), nil
}

// fold maps all cases of a letter to one. It maps character by character, so that positions stay.
func fold(r rune) rune {
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// plain maps letters that are not a plain letter with marks.
var plain = map[rune]string{
	'æ': "ae", 'Æ': "AE", 'ø': "oe", 'Ø': "OE", 'œ': "oe", 'Œ': "OE", 'ß': "ss", 'ẞ': "SS", 'ł': "l", 'Ł': "L", 'ı': "i",
	'đ': "d", 'Đ': "D", 'ð': "d", 'Ð': "D", 'ħ': "h", 'Ħ': "H", 'ŧ': "t", 'Ŧ': "T", 'þ': "th", 'Þ': "TH",
}

func evaluateNormalizeDiacritics(c call) (Value, error) { return c.change(normalizeDiacritics) }

// normalizeDiacritics takes letters apart and leaves the marks out that belong to a Latin or Greek one. In other scripts a mark can be
// all that tells two letters apart (й, が), or a vowel.
func normalizeDiacritics(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII }) {
		return text
	}
	var out strings.Builder
	strip := false
	for _, r := range norm.NFD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			if !strip {
				out.WriteRune(r)
			}
			continue
		}
		strip = unicode.In(r, unicode.Latin, unicode.Greek)
		if letters, ok := plain[r]; ok {
			out.WriteString(letters)
		} else {
			out.WriteRune(r)
		}
	}
	return norm.NFC.String(out.String())
}

func evaluatePCase(c call) (Value, error) {
	separators, _, err := c.text(1)
	if err != nil {
		return Value{}, err
	}
	if separators == "" {
		return c.change(func(text string) string { return titleCase(text, separates, unicode.IsLetter) })
	}
	set := make(map[rune]bool, len(separators))
	for _, r := range separators {
		set[r] = true
	}
	return c.change(func(text string) string {
		return titleCase(text, func(r rune) bool { return set[r] }, func(rune) bool { return true })
	})
}

// titleCase changes the first character of each word that begins says a word can begin with, and makes all behind it lower case.
func titleCase(text string, separates, begins func(rune) bool) string {
	inside := false
	return strings.Map(func(r rune) rune {
		switch {
		case separates(r):
			inside = false
			return r
		case inside:
			return unicode.ToLower(r)
		case begins(r):
			inside = true
			return unicode.ToTitle(r)
		}
		return r
	}, text)
}

// separates reports whether a character separates words for ToTitleCase of .NET: all that is not a letter, a mark or a number.
func separates(r rune) bool {
	return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.Co, unicode.Cs)
}

func evaluateWord(c call) (Value, error) {
	text, _, err := c.text(0)
	if err != nil {
		return Value{}, err
	}
	number, err := c.integer(1)
	if err != nil {
		return Value{}, err
	}
	delimiters, _, err := c.text(2)
	if err != nil {
		return Value{}, err
	}
	set := make(map[rune]bool, len(delimiters))
	for _, r := range delimiters {
		set[r] = true
	}
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return set[r] }) {
		if number--; number == 0 {
			return textValue(word), nil
		}
	}
	return textValue(""), nil
}
