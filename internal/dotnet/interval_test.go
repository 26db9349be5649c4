package dotnet_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
)

var intervals = []string{"yyyy", "q", "m", "y", "d", "w", "ww", "h", "n", "s"}

func TestADifferenceCountsTheBoundariesBetween(t *testing.T) {
	for _, c := range []struct {
		interval, from, to string
		want               int64
	}{
		// what Entra documents
		{"d", "2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", -3449},
		{"ww", "2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", -493},
		{"m", "2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", -113},
		{"yyyy", "2021-08-25T17:41:18Z", "2012-03-16T07:00:00Z", -9},
		{"n", "2021-08-24T00:00:00Z", "2021-08-25T00:00:00Z", 1440},
		{"h", "2021-08-24T00:00:00Z", "2021-08-25T00:00:00Z", 24},
		{"s", "2021-08-24T00:00:00Z", "2021-08-25T00:00:00Z", 86400},
		// a moment can be enough for a boundary
		{"yyyy", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"Q", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"M", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"y", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"D", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"h", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"N", "2020-12-31T23:59:59Z", "2021-01-01T00:00:00Z", 1},
		{"d", "2020-12-31T00:00:00Z", "2020-12-31T23:59:59Z", 0},
		{"s", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", 315537897599},
		// weeks: whole ones for w, Sundays for ww
		{"w", "2025-08-02T00:00:00Z", "2025-08-08T23:00:00Z", 0},
		{"w", "2025-08-02T00:00:00Z", "2025-08-09T00:00:00Z", 1},
		{"ww", "2025-08-02T00:00:00Z", "2025-08-03T00:00:00Z", 1},
		{"ww", "2025-08-03T00:00:00Z", "2025-08-09T00:00:00Z", 0},
		{"ww", "1969-12-27T00:00:00Z", "1969-12-28T00:00:00Z", 1},
	} {
		got, err := dotnet.DateDiff(c.interval, at(t, c.from), at(t, c.to))
		if err != nil || got != c.want {
			t.Errorf("%s from %s to %s: got %d, %v; want %d", c.interval, c.from, c.to, got, err, c.want)
		}
	}
}

func TestADifferenceChangesItsSignWithTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		interval := rapid.SampledFrom(intervals).Draw(t, "interval")
		from, to := times().Draw(t, "from"), times().Draw(t, "to")
		there, err := dotnet.DateDiff(interval, from, to)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := dotnet.DateDiff(interval, to, from); err != nil || back != -there {
			t.Fatalf("%s: there %d, back %d, %v", interval, there, back, err)
		}
	})
}

func TestAddingMovesByTheCalendar(t *testing.T) {
	for _, c := range []struct {
		interval string
		count    int64
		from     string
		want     string
	}{
		{"d", 7, "2012-03-16T07:00:00Z", "2012-03-23T07:00:00Z"},
		{"d", -10, "2012-03-16T07:00:00Z", "2012-03-06T07:00:00Z"},
		{"m", 10, "2012-03-16T07:00:00Z", "2013-01-16T07:00:00Z"},
		{"M", 1, "2021-01-31T00:00:00Z", "2021-02-28T00:00:00Z"},
		{"m", 1, "2020-01-31T00:00:00Z", "2020-02-29T00:00:00Z"},
		{"m", -1, "2020-03-31T00:00:00Z", "2020-02-29T00:00:00Z"},
		{"m", -1, "0001-02-28T00:00:00Z", "0001-01-28T00:00:00Z"},
		{"yyyy", 1, "2020-02-29T10:00:00Z", "2021-02-28T10:00:00Z"},
		{"q", 2, "2020-08-31T00:00:00Z", "2021-02-28T00:00:00Z"},
		{"y", 1, "2020-12-31T00:00:00Z", "2021-01-01T00:00:00Z"},
		{"w", 1, "2020-12-31T00:00:00Z", "2021-01-01T00:00:00Z"},
		{"ww", -1, "2020-12-31T00:00:00Z", "2020-12-24T00:00:00Z"},
		{"h", 36, "2020-12-31T00:00:00.5Z", "2021-01-01T12:00:00.5Z"},
		{"n", -1, "2020-01-01T00:00:00Z", "2019-12-31T23:59:00Z"},
		{"s", 315537897599, "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
	} {
		got, err := dotnet.DateAdd(c.interval, c.count, at(t, c.from))
		if want := at(t, c.want); err != nil || !got.Equal(want) {
			t.Errorf("%d %s from %s: got %v, %v; want %v", c.count, c.interval, c.from, got, err, want)
		}
	}
}

func TestAddingLeadsToNoDateThatDotnetCouldNotHold(t *testing.T) {
	for _, interval := range intervals {
		for _, count := range []int64{math.MinInt64, -400_000_000_000, 400_000_000_000, math.MaxInt64} {
			if got, err := dotnet.DateAdd(interval, count, moment); err == nil || fault.Of(err).Code != "DateOutOfRange" {
				t.Errorf("%d %s: got %v, %v", count, interval, got, err)
			}
		}
	}
	if _, err := dotnet.DateAdd("d", 1, time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("there is a day after the last")
	}
	if _, err := dotnet.DateAdd("d", -1, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)); err == nil {
		t.Error("there is a day before the first")
	}
}

func TestAnUnknownIntervalIsRefused(t *testing.T) {
	const want = `"week" is not an interval: use one of yyyy q m y d w ww h n s`
	if _, err := dotnet.DateDiff("week", moment, moment); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
	if _, err := dotnet.DateAdd("week", 1, moment); err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestTheDifferenceToWhatWasAddedIsWhatWasAdded(t *testing.T) {
	units := map[string]int64{"yyyy": 1, "q": 1, "m": 1, "y": 1, "d": 1, "w": 7, "ww": 1, "h": 1, "n": 1, "s": 1}
	rapid.Check(t, func(t *rapid.T) {
		interval := rapid.SampledFrom(intervals).Draw(t, "interval")
		from, count := times().Draw(t, "from"), rapid.Int64Range(-2000, 2000).Draw(t, "count")
		to, err := dotnet.DateAdd(interval, count*units[interval], from)
		if err != nil {
			return // beyond the years that there are
		}
		if got, err := dotnet.DateDiff(interval, from, to); err != nil || got != count {
			t.Fatalf("%s: got %d, %v; want %d", interval, got, err, count)
		}
	})
}

func TestFileTimesCountFrom1601(t *testing.T) {
	for n, want := range map[int64]string{
		0:                   "1601-01-01T00:00:00Z",
		1:                   "1601-01-01T00:00:00.0000001Z",
		129699324000000000:  "2012-01-01T23:00:00Z",
		132539615990000000:  "2021-01-01T07:59:59Z",
		134117171990000000:  "2026-01-01T04:59:59Z",
		2650467743999999999: "9999-12-31T23:59:59.9999999Z",
	} {
		got, err := dotnet.FromFileTime(n)
		if err != nil || !got.Equal(at(t, want)) {
			t.Errorf("%d: got %v, %v; want %v", n, got, err, want)
		}
		if back, err := dotnet.FileTime(got); err != nil || back != n {
			t.Errorf("%s: got %d, %v; want %d", want, back, err, n)
		}
	}
	for _, n := range []int64{-1, 2650467744000000000, math.MaxInt64, math.MinInt64} {
		if got, err := dotnet.FromFileTime(n); err == nil {
			t.Errorf("%d is %v", n, got)
		}
	}
	for _, text := range []string{"1600-12-31T23:59:59Z", "0001-01-01T00:00:00Z"} {
		if got, err := dotnet.FileTime(at(t, text)); err == nil {
			t.Errorf("%s is %d", text, got)
		}
	}
}
