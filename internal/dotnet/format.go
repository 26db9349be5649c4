package dotnet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/fault"
)

// FormatTime writes t (taken in UTC) in a .NET custom or standard format, invariant culture. The zone of a UTC time is written as
// +00:00 by zzz and as Z by K. Fractions are cut, not rounded. Errors are fault.Invalid: a format that CheckLayout refuses, a
// time outside of the years 1 to 9999.
func FormatTime(t time.Time, layout string) (string, error) {
	elements, err := scanLayout(layout)
	if err != nil {
		return "", err
	}
	t = t.UTC()
	if err := checkYear(t); err != nil {
		return "", err
	}
	var out []byte
	for _, e := range elements {
		out = e.appendDate(out, t)
	}
	return string(out), nil
}

// appendDate writes what an element says about the day, or hands it on.
func (e element) appendDate(out []byte, t time.Time) []byte {
	switch e.verb {
	case 'd':
		switch {
		case e.count >= 4:
			return append(out, t.Weekday().String()...)
		case e.count == 3:
			return append(out, t.Weekday().String()[:3]...)
		}
		return appendNumber(out, t.Day(), e.count)
	case 'M':
		switch {
		case e.count >= 4:
			return append(out, t.Month().String()...)
		case e.count == 3:
			return append(out, t.Month().String()[:3]...)
		}
		return appendNumber(out, int(t.Month()), e.count)
	case 'y':
		if e.count <= 2 {
			return appendNumber(out, t.Year()%100, e.count)
		}
		return appendNumber(out, t.Year(), e.count)
	case 'g':
		return append(out, "A.D."...)
	}
	return e.appendClock(out, t)
}

// appendClock writes what an element says about the time of the day and its zone, or text.
func (e element) appendClock(out []byte, t time.Time) []byte {
	switch e.verb {
	case 'h':
		return appendNumber(out, (t.Hour()+11)%12+1, min(e.count, 2))
	case 'H':
		return appendNumber(out, t.Hour(), min(e.count, 2))
	case 'm':
		return appendNumber(out, t.Minute(), min(e.count, 2))
	case 's':
		return appendNumber(out, t.Second(), min(e.count, 2))
	case 'f':
		return append(out, fraction(t)[:e.count]...)
	case 'F':
		digits := strings.TrimRight(fraction(t)[:e.count], "0")
		if digits == "" && len(out) > 0 && out[len(out)-1] == '.' {
			return out[:len(out)-1] // a point before no fraction goes too
		}
		return append(out, digits...)
	case 't':
		return append(out, t.Format("PM")[:min(e.count, 2)]...)
	case 'z':
		return append(out, [...]string{"+0", "+00", "+00:00"}[min(e.count, 3)-1]...)
	case 'K':
		return append(out, 'Z')
	}
	return append(out, e.text...)
}

// fraction returns the seven digits behind the second: .NET counts in units of 100 ns.
func fraction(t time.Time) string { return fmt.Sprintf("%07d", t.Nanosecond()/100) }

func appendNumber(out []byte, n, width int) []byte {
	digits := strconv.Itoa(n)
	for range width - len(digits) {
		out = append(out, '0')
	}
	return append(out, digits...)
}

// checkYear says whether .NET could hold t.
func checkYear(t time.Time) error {
	if year := t.UTC().Year(); year < 1 || year > 9999 {
		return fault.New(fault.Invalid, "DateOutOfRange", "a date lies in the years 1 to 9999, not in %d", year)
	}
	return nil
}
