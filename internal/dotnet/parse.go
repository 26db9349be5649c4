package dotnet

import (
	"strings"
	"time"
	"unicode"

	"rollcall/internal/fault"
)

// maxDate is how many bytes a text may have to be tried as a date.
const maxDate = 1000

// ParseTime reads text in exactly this .NET format, as DateTime.ParseExact does with RoundtripKind, AllowLeadingWhite and
// AllowTrailingWhite: dd, hh and the like take two digits, d and h one or two, names any case; all of the text must be used; a part
// given twice must say the same. The result is in UTC, and so is a text without a zone. With AllowInnerWhite there may be any white space
// between two parts of the text, or none where the format has some.
//
// A format without a date (HH:mm) gives the time on the first day of the year 1. A format with a day or a month but without a year
// is refused: .NET would take the current year.
//
// Errors are fault.Invalid: InvalidDateFormat for the format, InvalidDate for the text.
func ParseTime(text, layout string, styles DateTimeStyles) (time.Time, error) {
	elements, err := scanLayout(layout)
	if err != nil {
		return time.Time{}, err
	}
	m := newMoment()
	if len(text) > maxDate || !m.readAll(strings.TrimSpace(text), trimLayout(elements), styles&AllowInnerWhite != 0) {
		return time.Time{}, fault.New(fault.Invalid, "InvalidDate", "%s is not a date in the format %s", quote(text), quote(layout))
	}
	t, problem := m.time()
	if problem != "" {
		return time.Time{}, fault.New(fault.Invalid, "InvalidDate", "%s is not a date in the format %s: %s",
			quote(text), quote(layout), problem)
	}
	return t, nil
}

// trimLayout takes white space from both ends of a format, quoted or not, as it is taken from the text.
func trimLayout(elements []element) []element {
	isBlank := func(e element) bool {
		return (e.verb == ' ' || e.verb == verbText) && strings.TrimSpace(e.text) == ""
	}
	for len(elements) > 0 && isBlank(elements[0]) {
		elements = elements[1:]
	}
	for len(elements) > 0 && isBlank(elements[len(elements)-1]) {
		elements = elements[:len(elements)-1]
	}
	out := append([]element(nil), elements...)
	if n := len(out); n > 0 {
		out[0].text = strings.TrimLeft(out[0].text, " \t")
		out[n-1].text = strings.TrimRight(out[n-1].text, " \t")
	}
	return out
}

// readAll reads the elements from text, in order and until its end.
func (m *moment) readAll(text string, elements []element, innerWhite bool) bool {
	var ok bool
	for i := 0; i < len(elements); i++ {
		e := elements[i]
		if innerWhite {
			text = strings.TrimLeftFunc(text, unicode.IsSpace)
			if e.text = strings.TrimLeftFunc(e.text, unicode.IsSpace); e.text == "" && (e.verb == ' ' || e.verb == verbText) {
				continue
			}
		}
		if e.verb == '.' && !strings.HasPrefix(text, ".") && i+1 < len(elements) && elements[i+1].verb == 'F' {
			i++ // without a fraction, the point before it is missing too
			continue
		}
		if text, ok = m.readDate(e, text); !ok {
			return false
		}
	}
	return text == ""
}

// readDate reads what an element says about the day, or hands it on. It returns the rest of the text.
func (m *moment) readDate(e element, text string) (rest string, ok bool) {
	var value int
	switch e.verb {
	case 'd':
		if e.count >= 3 {
			value, rest = cutWeekday(text, e.count > 3, e.count == 3)
			return rest, value != unset && agree(&m.weekday, value)
		}
		return readNumber(&m.day, text, e.count)
	case 'M':
		if e.count >= 3 {
			value, rest = cutMonth(text, e.count > 3, e.count == 3)
			return rest, value != 0 && agree(&m.month, value)
		}
		return readNumber(&m.month, text, e.count)
	case 'y':
		m.shortYear = m.shortYear || e.count <= 2
		return readNumber(&m.year, text, e.count)
	case 'g':
		if rest, ok = cutFold(text, "A.D."); !ok {
			rest, ok = cutFold(text, "AD")
		}
		return rest, ok
	}
	return m.readClock(e, text)
}

// readClock reads what an element says about the time of the day, or hands it on.
func (m *moment) readClock(e element, text string) (rest string, ok bool) {
	switch e.verb {
	case 'h':
		m.hour12 = true
		return readNumber(&m.hour, text, min(e.count, 2))
	case 'H':
		return readNumber(&m.hour, text, min(e.count, 2))
	case 'm':
		return readNumber(&m.minute, text, min(e.count, 2))
	case 's':
		return readNumber(&m.second, text, min(e.count, 2))
	case 'f', 'F':
		least := e.count
		if e.verb == 'F' {
			least = 0
		}
		value, digits, rest, ok := cutNumber(text, least, e.count)
		for range 7 - digits {
			value *= 10
		}
		return rest, ok && agree(&m.ticks, value)
	case 't':
		for half, name := range [...]string{forenoon: "AM", afternoon: "PM"} {
			if rest, ok := cutFold(text, name[:min(e.count, 2)]); ok {
				return rest, agree(&m.half, half)
			}
		}
		return text, false
	}
	return m.readZone(e, text)
}

// readZone reads what an element says about the zone, or text.
func (m *moment) readZone(e element, text string) (rest string, ok bool) {
	switch e.verb {
	case 'z':
		return m.readOffset(text, e.count)
	case 'K':
		if rest, ok := strings.CutPrefix(text, "Z"); ok {
			return rest, m.inZone(0)
		}
		if text == "" || (text[0] != '+' && text[0] != '-') {
			return text, true
		}
		return m.readOffset(text, 3)
	case 'Z':
		if rest, ok = cutFold(text, "GMT"); !ok {
			rest, ok = cutFold(text, "Z")
		}
		return rest, ok && m.inZone(0)
	case verbGMT:
		rest, ok = strings.CutPrefix(text, e.text)
		return rest, ok && m.inZone(0)
	case ' ':
		return strings.TrimPrefix(text, " "), true // with AllowTrailingWhite, .NET passes over a blank that is missing
	}
	return strings.CutPrefix(text, e.text)
}

// readOffset reads an offset from UTC: sign and hours (one or two digits for z, two for zz), from zzz on also minutes, with or
// without a colon.
func (m *moment) readOffset(text string, count int) (rest string, ok bool) {
	if text == "" || (text[0] != '+' && text[0] != '-') {
		return text, false
	}
	least := 1
	if count == 2 {
		least = 2
	}
	hours, _, rest, ok := cutNumber(text[1:], least, 2)
	minutes := 0
	if ok && count > 2 {
		minutes, _, rest, ok = cutNumber(strings.TrimPrefix(rest, ":"), 2, 2)
	}
	offset := hours*60 + minutes
	if text[0] == '-' {
		offset = -offset
	}
	return rest, ok && minutes <= 59 && m.inZone(offset)
}

// readNumber reads a number of one or two digits for a width of one, else of exactly this width.
func readNumber(part *int, text string, width int) (rest string, ok bool) {
	most := width
	if width == 1 {
		most = 2
	}
	value, _, rest, ok := cutNumber(text, width, min(most, 9))
	return rest, ok && agree(part, value)
}
