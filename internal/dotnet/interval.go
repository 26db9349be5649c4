package dotnet

import (
	"strings"
	"time"

	"rollcall/internal/fault"
)

// The longest ways between two dates, beyond which a count cannot lead to a date.
const (
	maxMonths  = 12 * 10_000
	maxSeconds = 366 * 24 * 60 * 60 * 10_000
)

// DateDiff returns how many boundaries of an interval lie between from and to, positive if to is later: from 23:59 to 0:01 is one
// day, from December 31 to January 1 one year. Both are taken in UTC. The intervals, in any case, are those of Visual Basic's
// DateDiff function: yyyy years, q quarters, m months, y and d days, w whole weeks of seven days, ww calendar weeks (Sundays
// passed), h hours, n minutes, s seconds. Any other is a fault.Invalid with the code InvalidInterval.
func DateDiff(interval string, from, to time.Time) (int64, error) {
	from, to = from.UTC(), to.UTC()
	days := dayNumber(to) - dayNumber(from)
	months := monthNumber(to) - monthNumber(from)
	switch strings.ToLower(interval) {
	case "yyyy":
		return int64(to.Year()) - int64(from.Year()), nil
	case "q":
		return floorDiv(monthNumber(to), 3) - floorDiv(monthNumber(from), 3), nil
	case "m":
		return months, nil
	case "y", "d":
		return days, nil
	case "w":
		return days / 7, nil
	case "ww": // day 0, 1970-01-01, was a Thursday: the fourth day after a Sunday
		return floorDiv(dayNumber(to)+4, 7) - floorDiv(dayNumber(from)+4, 7), nil
	case "h":
		return floorDiv(to.Unix(), 60*60) - floorDiv(from.Unix(), 60*60), nil
	case "n":
		return floorDiv(to.Unix(), 60) - floorDiv(from.Unix(), 60), nil
	case "s":
		return to.Unix() - from.Unix(), nil
	}
	return 0, badInterval(interval)
}

// DateAdd returns t moved by count intervals, those of DateDiff; y, d and w are days, ww is seven days. Where the month is
// too short, the day is the last of the month: January 31 and one month is February 28 or 29. Errors are fault.Invalid: InvalidInterval,
// or DateOutOfRange if the result does not lie in the years 1 to 9999.
func DateAdd(interval string, count int64, t time.Time) (time.Time, error) {
	t = t.UTC()
	var moved time.Time
	var ok bool
	switch strings.ToLower(interval) {
	case "yyyy":
		moved, ok = addMonths(t, count, 12)
	case "q":
		moved, ok = addMonths(t, count, 3)
	case "m":
		moved, ok = addMonths(t, count, 1)
	case "y", "d", "w":
		moved, ok = addSeconds(t, count, 24*60*60)
	case "ww":
		moved, ok = addSeconds(t, count, 7*24*60*60)
	case "h":
		moved, ok = addSeconds(t, count, 60*60)
	case "n":
		moved, ok = addSeconds(t, count, 60)
	case "s":
		moved, ok = addSeconds(t, count, 1)
	default:
		return time.Time{}, badInterval(interval)
	}
	if !ok || checkYear(moved) != nil {
		return time.Time{}, fault.New(fault.Invalid, "DateOutOfRange", "%d times %s from %s does not lie in the years 1 to 9999",
			count, quote(interval), t.Format("2006-01-02"))
	}
	return moved, nil
}

func addMonths(t time.Time, count, unit int64) (time.Time, bool) {
	if count > maxMonths || count < -maxMonths {
		return t, false
	}
	months := monthNumber(t) + count*unit
	year, month := int(floorDiv(months, 12)), time.Month(months-12*floorDiv(months, 12)+1)
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
	return time.Date(year, month, min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC), true
}

func addSeconds(t time.Time, count, unit int64) (time.Time, bool) {
	if count > maxSeconds/unit || count < -maxSeconds/unit {
		return t, false
	}
	return time.Unix(t.Unix()+count*unit, int64(t.Nanosecond())).UTC(), true
}

// dayNumber counts the days since 1970-01-01, monthNumber the months since the year 0 began.
func dayNumber(t time.Time) int64   { return floorDiv(t.Unix(), 24*60*60) }
func monthNumber(t time.Time) int64 { return int64(t.Year())*12 + int64(t.Month()) - 1 }

func floorDiv(a, b int64) int64 {
	if a < 0 {
		return (a - b + 1) / b
	}
	return a / b
}

func badInterval(interval string) error {
	return fault.New(fault.Invalid, "InvalidInterval", "%s is not an interval: use one of yyyy q m y d w ww h n s", quote(interval))
}
