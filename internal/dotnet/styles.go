package dotnet

import (
	"strconv"
	"strings"

	"rollcall/internal/fault"
)

// DateTimeStyles say how ParseTime reads a text: the .NET enumeration, whose values they have. Only AllowInnerWhite changes anything: ParseTime
// always reads as with the others, since the local zone is UTC here, results are in UTC, and a format without a date gives the first day of
// the year 1.
type DateTimeStyles uint8

// The styles that differ from what ParseTime does anyway, and those that .NET does not allow together.
const (
	AllowInnerWhite   DateTimeStyles = 1 << 2
	adjustToUniversal DateTimeStyles = 1 << 4
	assumeLocal       DateTimeStyles = 1 << 5
	assumeUniversal   DateTimeStyles = 1 << 6
	roundtripKind     DateTimeStyles = 1 << 7
)

// stylesByName has the names in lower case.
var stylesByName = map[string]DateTimeStyles{
	"none": 0, "allowleadingwhite": 1 << 0, "allowtrailingwhite": 1 << 1, "allowinnerwhite": AllowInnerWhite, "allowwhitespaces": 1<<0 | 1<<1 | AllowInnerWhite,
	"nocurrentdatedefault": 1 << 3, "adjusttouniversal": adjustToUniversal, "assumelocal": assumeLocal, "assumeuniversal": assumeUniversal,
	"roundtripkind": roundtripKind,
}

// ReadDateTimeStyles reads names of styles in any case, with commas or bars between them and DateTimeStyles. before them or not, or the number
// that stands for some. The empty text is None. Errors are fault.Invalid with the code InvalidDateTimeStyles: an unknown name, or
// styles that .NET does not allow together.
func ReadDateTimeStyles(text string) (DateTimeStyles, error) {
	if number, err := strconv.ParseUint(strings.TrimSpace(text), 10, 8); err == nil {
		return DateTimeStyles(number), checkStyles(DateTimeStyles(number), text)
	}
	var styles DateTimeStyles
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == '|' }) {
		style, ok := stylesByName[strings.ToLower(strings.TrimPrefix(strings.TrimSpace(name), "DateTimeStyles."))]
		if !ok {
			return 0, fault.New(fault.Invalid, "InvalidDateTimeStyles", `%s is not a DateTimeStyles of .NET, such as "AssumeUniversal"`, quote(text))
		}
		styles |= style
	}
	return styles, checkStyles(styles, text)
}

// checkStyles refuses what DateTime.ParseExact refuses.
func checkStyles(styles DateTimeStyles, text string) error {
	const zones = adjustToUniversal | assumeLocal | assumeUniversal
	switch {
	case styles&assumeLocal != 0 && styles&assumeUniversal != 0:
		return fault.New(fault.Invalid, "InvalidDateTimeStyles", "%s: AssumeLocal and AssumeUniversal exclude each other", quote(text))
	case styles&roundtripKind != 0 && styles&zones != 0:
		return fault.New(fault.Invalid, "InvalidDateTimeStyles", "%s: RoundtripKind excludes AssumeLocal, AssumeUniversal and AdjustToUniversal", quote(text))
	}
	return nil
}
