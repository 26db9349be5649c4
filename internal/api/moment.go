package api

import (
	"strconv"
	"strings"
	"time"

	"rollcall/internal/fault"
)

// moment reads a time as people give it: RFC 3339, a date in UTC, or how long ago (90m, 2h, 7d, 2w). A date means its begin, or with whole the
// begin of the day after. name is that of the parameter; "" gives the zero time.
func moment(name, text string, now time.Time, whole bool) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, strings.ToUpper(text)); err == nil {
		return at, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		if whole {
			return day.AddDate(0, 0, 1), nil
		}
		return day, nil
	}
	if ago, ok := duration(text); ok {
		return now.Add(-ago), nil
	}
	return time.Time{}, fault.New(fault.Invalid, "BadTime", "%s is no time: %q", name, text).
		WithRemedy("Give a time such as 2026-03-01T08:00:00Z, a date such as 2026-03-01, or how long ago: 90m, 2h, 7d.")
}

// longestAgo bounds how long ago something may be: more would not fit.
const longestAgo = 100 * 365 * 24 * time.Hour

// duration reads what time.ParseDuration does, and days (d) and weeks (w).
func duration(text string) (time.Duration, bool) {
	unit := map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}[text[len(text)-1:]]
	if unit == 0 {
		ago, err := time.ParseDuration(text)
		return ago, err == nil && ago >= 0 && ago <= longestAgo
	}
	count, err := strconv.ParseFloat(text[:len(text)-1], 64)
	if err != nil || !(count >= 0 && count <= float64(longestAgo/unit)) {
		return 0, false
	}
	return time.Duration(count * float64(unit)), true
}
