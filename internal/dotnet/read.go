package dotnet

import (
	"strings"
	"time"

	"rollcall/internal/fault"
)

// ReadTime reads a date as CDate does, in one of these forms (names and AM/PM in any case, UTC if there is no zone):
//
//	7/30/2025   7/30/2025 5:41:18 PM   7-30-25             month, day, year
//	2020-03-16  2020/03/16  2020-03    2020-03-16-07:00    year, month, day; an offset may follow the date directly
//	2009-06-15T01:45:30.5-07:00        2009-06-15 01:45Z   ISO 8601, with T or a blank
//	16 March 2020   March 16, 2020   16-Mar-2020   March 2020
//	Mon, 16 Mar 2020 10:00:00 GMT                          RFC 1123
//
// A weekday must be the right one. A date without a year and a time without a date are refused: .NET would take today's.
// Errors are fault.Invalid with the code InvalidDate. Source: DateTime.Parse with the invariant culture.
func ReadTime(text string) (time.Time, error) {
	m := newMoment()
	rest, ok := strings.TrimSpace(text), len(text) <= maxDate
	if ok {
		rest, ok = m.cutDate(rest)
	}
	if ok {
		rest, ok = m.cutTimeOfDay(rest)
	}
	if ok {
		rest, ok = m.cutZone(strings.TrimLeft(rest, " "))
	}
	if !ok || rest != "" {
		return time.Time{}, fault.New(fault.Invalid, "InvalidDate", "%s is not a date", quote(text))
	}
	t, problem := m.time()
	if problem != "" {
		return time.Time{}, fault.New(fault.Invalid, "InvalidDate", "%s is not a date: %s", quote(text), problem)
	}
	return t, nil
}

// cutDate takes a date, with or without its weekday, from the front of text.
func (m *moment) cutDate(text string) (rest string, ok bool) {
	if m.weekday, rest = cutWeekday(text, true, true); m.weekday != unset {
		text = strings.TrimLeft(rest, " ,")
	}
	if m.month, rest = cutMonth(text, true, true); m.month != 0 {
		return m.cutAfterMonth(strings.TrimLeft(rest, " ."))
	}
	m.month = unset
	first, digits, rest, ok := cutNumber(text, 1, 4)
	if !ok || rest == "" {
		return text, false
	}
	if month, after := cutMonth(strings.TrimLeft(rest, " -/."), true, true); month != 0 {
		m.month = month
		return m.cutAfterDayAndMonth(first, digits, after)
	}
	separator := rest[0]
	if !strings.ContainsRune("-/.", rune(separator)) {
		return text, false
	}
	second, secondDigits, rest, ok := cutNumber(rest[1:], 1, 4)
	if !ok {
		return text, false
	}
	third, thirdDigits := unset, 0
	if len(rest) > 1 && rest[0] == separator && isDigit(rest[1]) && !startsOffset(rest) {
		third, thirdDigits, rest, _ = cutNumber(rest[1:], 1, 4)
	}
	switch {
	case digits > 2 && secondDigits <= 2 && thirdDigits <= 2:
		m.year, m.month, m.day = first, second, third
	case third != unset && digits <= 2 && secondDigits <= 2 && thirdDigits != 3:
		m.month, m.day, m.year, m.shortYear = first, second, third, thirdDigits <= 2
	case third == unset && digits <= 2 && secondDigits == 4:
		m.month, m.year = first, second
	case third == unset && digits <= 2 && secondDigits <= 2:
		m.month, m.day = first, second // without a year, which is for time to say
	default:
		return text, false
	}
	return rest, true
}

// startsOffset reports whether text begins with an offset such as -07:00, which is no day of a date such as 2020-03.
func startsOffset(text string) bool {
	return len(text) >= 6 && text[0] == '-' && text[3] == ':'
}

// cutAfterMonth takes what follows the name of a month: day and year, or the year alone.
func (m *moment) cutAfterMonth(text string) (rest string, ok bool) {
	first, digits, rest, ok := cutNumber(text, 1, 4)
	switch {
	case !ok || digits == 3:
		return text, false
	case digits == 4:
		m.year = first
		return rest, true
	}
	m.day = first
	m.year, digits, rest, ok = cutNumber(strings.TrimLeft(rest, " ,-/"), 2, 4)
	m.shortYear = digits == 2
	return rest, ok && digits != 3
}

// cutAfterDayAndMonth takes the year that follows a day and the name of a month, or the day that follows year and month.
func (m *moment) cutAfterDayAndMonth(first, digits int, text string) (rest string, ok bool) {
	text = strings.TrimLeft(text, " ,-/.")
	if digits == 4 {
		m.year = first
		m.day, _, rest, ok = cutNumber(text, 1, 2)
		return rest, ok
	}
	m.day = first
	m.year, digits, rest, ok = cutNumber(text, 2, 4)
	m.shortYear = digits == 2
	return rest, ok && digits != 3
}

// cutTimeOfDay takes hours, minutes, seconds, fraction and AM or PM from the front of text, if it goes on with a time.
func (m *moment) cutTimeOfDay(text string) (rest string, ok bool) {
	start := strings.TrimLeft(text, " ,")
	if start == text { // no blank: a T must be there
		start = strings.TrimPrefix(strings.TrimPrefix(text, "T"), "t")
	}
	if start == text || start == "" || !isDigit(start[0]) {
		return text, true
	}
	m.hour, _, rest, _ = cutNumber(start, 1, 2)
	var minutes bool
	if rest, minutes = strings.CutPrefix(rest, ":"); minutes {
		if m.minute, _, rest, ok = cutNumber(rest, 1, 2); !ok {
			return text, false
		}
		if rest, ok = m.cutSeconds(rest); !ok {
			return text, false
		}
	}
	for half, name := range [...]string{forenoon: "AM", afternoon: "PM"} {
		if after, ok := cutFold(strings.TrimLeft(rest, " "), name); ok {
			rest, m.half = after, half
		}
	}
	return rest, (minutes || m.half != unset) && m.applyHalf()
}

// cutSeconds takes seconds and their fraction from the front of text, if they are there.
func (m *moment) cutSeconds(text string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(text, ":")
	if !ok {
		return text, true
	}
	if m.second, _, rest, ok = cutNumber(rest, 1, 2); !ok {
		return text, false
	}
	if rest == "" || (rest[0] != '.' && rest[0] != ',') {
		return rest, true
	}
	ticks, digits, rest, ok := cutNumber(rest[1:], 1, 7)
	for range 7 - digits {
		ticks *= 10
	}
	if rest != "" && isDigit(rest[0]) {
		if rest[0] >= '5' {
			ticks++ // .NET rounds to units of 100 ns
		}
		rest = strings.TrimLeft(rest, "0123456789")
	}
	m.ticks = ticks
	return rest, ok
}

// applyHalf makes an hour with AM or PM one of 24. As in .NET, 17:00 PM is 17:00.
func (m *moment) applyHalf() bool {
	switch {
	case m.half == forenoon && m.hour > 12:
		return false
	case m.half == forenoon:
		m.hour %= 12
	case m.half == afternoon && m.hour < 12:
		m.hour += 12
	}
	m.half = unset
	return true
}

// cutZone takes Z, UTC, GMT or an offset from the front of text, if it is there.
func (m *moment) cutZone(text string) (rest string, ok bool) {
	for _, name := range [...]string{"Z", "UTC", "GMT"} {
		if rest, ok := cutFold(text, name); ok {
			return rest, m.inZone(0)
		}
	}
	if text == "" {
		return text, true
	}
	hours, _, rest, ok := cutNumber(text[1:], 1, 2)
	if ok && (text[0] == '+' || text[0] == '-') && rest == "" {
		rest, ok = m.readOffset(text, 1)
		return rest, ok && hours <= 14
	}
	return m.readOffset(text, 3)
}
