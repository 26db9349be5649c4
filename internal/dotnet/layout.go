package dotnet

import (
	"strings"
	"unicode/utf8"

	"rollcall/internal/fault"
)

// maxLayout is how many bytes a date format may have.
const maxLayout = 1000

// Verbs that are no letters of a format: what they stand for is written as it is, and read with more care than other text.
const (
	verbText = '\'' // quoted, escaped or without a meaning
	verbGMT  = 'G'  // GMT outside of quotes: the zone is UTC
)

// element is a part of a date format: a run of one of the letters dfFghHKmMstyz, or text.
type element struct {
	verb  rune   // the letter, 'Z', '.', ' ', verbText or verbGMT
	count int    // how often the letter stands there
	text  string // what to write, unless verb is one of the letters
}

// standard are the one-letter formats as the invariant culture defines them.
// Source: "Standard date and time format strings" of the .NET documentation.
var standard = map[string]string{
	"d": "MM/dd/yyyy",
	"D": "dddd, dd MMMM yyyy",
	"f": "dddd, dd MMMM yyyy HH:mm",
	"F": "dddd, dd MMMM yyyy HH:mm:ss",
	"g": "MM/dd/yyyy HH:mm",
	"G": "MM/dd/yyyy HH:mm:ss",
	"m": "MMMM dd",
	"M": "MMMM dd",
	"o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
	"O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
	"r": "ddd, dd MMM yyyy HH:mm:ss GMT",
	"R": "ddd, dd MMM yyyy HH:mm:ss GMT",
	"s": "yyyy-MM-ddTHH:mm:ss",
	"t": "HH:mm",
	"T": "HH:mm:ss",
	"u": "yyyy-MM-dd HH:mm:ss'Z'",
	"U": "dddd, dd MMMM yyyy HH:mm:ss",
	"y": "yyyy MMMM",
	"Y": "yyyy MMMM",
}

// CheckLayout says what is wrong with a .NET date format (custom or one-letter standard), nil if it can be used.
// The error is a fault.Invalid with the code InvalidDateFormat.
func CheckLayout(layout string) error {
	_, err := scanLayout(layout)
	return err
}

// scanLayout takes a format apart.
// Source: "Custom date and time format strings" of the .NET documentation.
func scanLayout(layout string) ([]element, error) {
	switch {
	case layout == "":
		return nil, fault.New(fault.Invalid, "InvalidDateFormat", "the date format is empty")
	case len(layout) > maxLayout:
		return nil, fault.New(fault.Invalid, "InvalidDateFormat", "the date format %s has more than %d bytes", quote(layout), maxLayout)
	case utf8.RuneCountInString(layout) == 1:
		long, ok := standard[layout]
		if !ok {
			return nil, badLayout(layout, "a format of one letter is one of "+
				`d D f F g G m M o O r R s t T u U y Y; write "%%`+layout+`" for the letter itself`)
		}
		layout = long
	}
	var elements []element
	for rest := layout; rest != ""; {
		e, width, problem := nextElement(rest)
		if problem != "" {
			return nil, badLayout(layout, problem)
		}
		if e.verb != 0 {
			elements = append(elements, e)
		}
		rest = rest[width:]
	}
	return elements, nil
}

// nextElement reads the first element of a rest of a format: the element (verb 0 for a percent sign, which stands for nothing),
// its width in bytes, and what is wrong.
func nextElement(rest string) (e element, width int, problem string) {
	r, width := utf8.DecodeRuneInString(rest)
	switch r {
	case 'd', 'f', 'F', 'g', 'h', 'H', 'm', 'M', 's', 't', 'y', 'z':
		count := len(rest) - len(strings.TrimLeft(rest, string(r)))
		if (r == 'f' || r == 'F') && count > 7 {
			return e, 0, "a fraction of a second has at most seven digits"
		}
		return element{verb: r, count: count}, count, ""
	case 'K':
		return element{verb: 'K', count: 1}, 1, ""
	case 'Z', '.', ' ':
		return element{verb: r, text: string(r)}, 1, ""
	case '"', '\'':
		return quotedElement(rest)
	case '%':
		if len(rest) == 1 || rest[1] == '%' {
			return e, 0, "a percent sign needs a letter after it"
		}
		return e, 1, ""
	case '\\':
		escaped, size := utf8.DecodeRuneInString(rest[1:])
		if size == 0 {
			return e, 0, "a backslash needs a character after it"
		}
		return element{verb: verbText, text: string(escaped)}, 1 + size, ""
	}
	if strings.HasPrefix(rest, "GMT") {
		return element{verb: verbGMT, text: "GMT"}, 3, ""
	}
	return element{verb: verbText, text: rest[:width]}, width, ""
}

// quotedElement reads text in single or double quotes; inside, a backslash takes the next character as it is.
func quotedElement(rest string) (e element, width int, problem string) {
	var text strings.Builder
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] == rest[0]:
			return element{verb: verbText, text: text.String()}, i + 1, ""
		case rest[i] == '\\' && i+1 < len(rest):
			i++
		}
		text.WriteByte(rest[i])
	}
	return e, 0, "a quotation mark is never closed"
}

func badLayout(layout, problem string) error {
	return fault.New(fault.Invalid, "InvalidDateFormat", "the date format %s cannot be used: "+problem, quote(layout))
}

// quote returns a value as an error shows it: in quotation marks, on one line, cut after 40 characters.
func quote(value string) string {
	const most = 40
	n := 0
	for i := range value {
		if n == most {
			value = value[:i] + "…"
			break
		}
		n++
	}
	return `"` + strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, value) + `"`
}
