package dotnet

import (
	"strings"
	"time"
)

// tick is the unit in which .NET and Windows count time.
const tick = 100 * time.Nanosecond

// unset is the value of a part of a moment that the text did not give.
const unset = -1

// Values of moment.half.
const (
	forenoon  = 0
	afternoon = 1
)

// moment gathers what a text says about a point in time.
type moment struct {
	year, month, day     int
	weekday              int // 0 is Sunday
	hour, minute, second int
	ticks                int  // 100 ns since the second began
	half                 int  // forenoon, afternoon or unset
	zone                 int  // minutes east of UTC, if zoned
	zoned                bool // the text names a zone
	shortYear            bool // the year has at most two digits
	hour12               bool // the hour is one of twelve
}

func newMoment() moment {
	return moment{
		year: unset, month: unset, day: unset, weekday: unset,
		hour: unset, minute: unset, second: unset, ticks: unset, half: unset,
	}
}

// agree sets a part, and reports false if it was set to something else before.
func agree(part *int, value int) bool {
	if *part != unset && *part != value {
		return false
	}
	*part = value
	return true
}

// inZone sets the zone, and reports false if another was set before.
func (m *moment) inZone(minutes int) bool {
	if m.zoned && m.zone != minutes {
		return false
	}
	m.zone, m.zoned = minutes, true
	return true
}

// time returns the moment in UTC, or a few words on why there is none.
func (m moment) time() (t time.Time, problem string) {
	if m.year == unset && m.month == unset && m.day == unset {
		m.year = 1 // a time of the day is one of the first day there is, as with NoCurrentDateDefault
	}
	switch {
	case m.year == unset:
		return t, "it has no year"
	case m.shortYear:
		m.year = fullYear(m.year)
	}
	if m.month == unset {
		m.month = 1
	}
	if m.day == unset {
		m.day = 1
	}
	hour, ok := m.hourOfDay()
	if !ok || m.minute > 59 || m.second > 59 {
		return t, "there is no such time of day"
	}
	t = time.Date(m.year, time.Month(m.month), m.day, hour, max(m.minute, 0), max(m.second, 0), 0, time.UTC)
	switch {
	case m.year < 1 || m.year > 9999 || int(t.Month()) != m.month || t.Day() != m.day:
		return t, "there is no such day"
	case m.weekday != unset && int(t.Weekday()) != m.weekday:
		return t, "that day is a " + t.Weekday().String()
	case m.zone < -14*60 || m.zone > 14*60:
		return t, "an offset is at most 14 hours"
	}
	t = t.Add(time.Duration(max(m.ticks, 0))*tick - time.Duration(m.zone)*time.Minute)
	if checkYear(t) != nil {
		return t, "in UTC it lies outside of the years 1 to 9999"
	}
	return t, ""
}

// hourOfDay returns the hour from 0 to 23.
func (m moment) hourOfDay() (hour int, ok bool) {
	switch {
	case m.hour12 && m.half == afternoon:
		return max(m.hour, 0)%12 + 12, m.hour <= 12
	case m.hour12:
		return max(m.hour, 0) % 12, m.hour <= 12
	case m.half == forenoon && m.hour >= 12, m.half == afternoon && m.hour < 12:
		return 0, false
	}
	return max(m.hour, 0), m.hour <= 23
}

// fullYear returns the year that two digits mean: the latest up to 2049, as the invariant culture has it.
// Source: Calendar.TwoDigitYearMax, since .NET Framework 4.8.1 and .NET 8 the end of 2049.
func fullYear(year int) int {
	if year <= 49 {
		return year + 2000
	}
	return year + 1900
}

// cutMonth takes the name of a month from the front of text, any case: the full name or, if short names are allowed, its first
// three letters. It returns 1 to 12, or 0 if there is none.
func cutMonth(text string, full, short bool) (month int, rest string) {
	for m := time.January; m <= time.December; m++ {
		if rest, ok := cutName(text, m.String(), full, short); ok {
			return int(m), rest
		}
	}
	return 0, text
}

// cutWeekday takes the name of a day of the week from the front of text. It returns 0 for Sunday to 6, or unset if there is none.
func cutWeekday(text string, full, short bool) (weekday int, rest string) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if rest, ok := cutName(text, d.String(), full, short); ok {
			return int(d), rest
		}
	}
	return unset, text
}

func cutName(text, name string, full, short bool) (rest string, ok bool) {
	if rest, ok := cutFold(text, name); ok && full {
		return rest, true
	}
	if rest, ok := cutFold(text, name[:3]); ok && short {
		return rest, true
	}
	return text, false
}

// cutFold takes an ASCII word from the front of text, any case.
func cutFold(text, word string) (rest string, ok bool) {
	if len(text) < len(word) || !strings.EqualFold(text[:len(word)], word) {
		return text, false
	}
	return text[len(word):], true
}

// cutNumber takes at least least and at most most ASCII digits from the front of text; most is at most nine.
func cutNumber(text string, least, most int) (n, digits int, rest string, ok bool) {
	for digits < most && digits < len(text) && isDigit(text[digits]) {
		n = n*10 + int(text[digits]-'0')
		digits++
	}
	return n, digits, text[digits:], digits >= least
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
