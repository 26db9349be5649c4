package dotnet

import (
	"time"

	"rollcall/internal/fault"
)

// fileTimeEpoch is 1601-01-01 UTC, in seconds since 1970; ticksPerSecond is a second in units of 100 ns.
const (
	fileTimeEpoch  = -11_644_473_600
	ticksPerSecond = int64(time.Second / tick)
)

// FileTime returns t as Windows and Active Directory count: in units of 100 ns since 1601-01-01 UTC. A time before that, or after
// the year 9999, is a fault.Invalid with the code DateOutOfRange. Source: DateTime.ToFileTimeUtc.
func FileTime(t time.Time) (int64, error) {
	if err := checkYear(t); err != nil {
		return 0, err
	}
	if t.Unix() < fileTimeEpoch {
		return 0, fault.New(fault.Invalid, "DateOutOfRange", "%s has no file time: those begin with the year 1601",
			t.UTC().Format("2006-01-02"))
	}
	return (t.Unix()-fileTimeEpoch)*ticksPerSecond + int64(t.Nanosecond())/int64(tick), nil
}

// FromFileTime returns the time in UTC that a file time stands for. A negative number or one after the year 9999 is a
// fault.Invalid with the code DateOutOfRange. Source: DateTime.FromFileTimeUtc.
func FromFileTime(n int64) (time.Time, error) {
	t := time.Unix(n/ticksPerSecond+fileTimeEpoch, n%ticksPerSecond*int64(tick)).UTC()
	if n < 0 || checkYear(t) != nil {
		return time.Time{}, fault.New(fault.Invalid, "DateOutOfRange", "%d is not a file time between the years 1601 and 9999", n)
	}
	return t, nil
}
