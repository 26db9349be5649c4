package dotnet_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
)

// moment is the time that most documented samples of .NET show: a Monday, in the afternoon or not.
var moment = time.Date(2009, 6, 15, 13, 45, 30, 617542300, time.UTC)

func at(t *testing.T, text string) time.Time {
	t.Helper()
	out, err := time.Parse("2006-01-02T15:04:05.9999999Z07:00", text)
	if err != nil {
		t.Fatal(err)
	}
	return out.UTC()
}

func TestADateIsWrittenInEveryDocumentedFormat(t *testing.T) {
	for layout, want := range map[string]string{
		// standard formats, as documented for the invariant culture
		"d": "06/15/2009", "D": "Monday, 15 June 2009", "f": "Monday, 15 June 2009 13:45",
		"F": "Monday, 15 June 2009 13:45:30", "g": "06/15/2009 13:45", "G": "06/15/2009 13:45:30",
		"m": "June 15", "M": "June 15", "o": "2009-06-15T13:45:30.6175423Z", "O": "2009-06-15T13:45:30.6175423Z",
		"r": "Mon, 15 Jun 2009 13:45:30 GMT", "R": "Mon, 15 Jun 2009 13:45:30 GMT", "s": "2009-06-15T13:45:30",
		"t": "13:45", "T": "13:45:30", "u": "2009-06-15 13:45:30Z", "U": "Monday, 15 June 2009 13:45:30",
		"y": "2009 June", "Y": "2009 June",
		// every letter of a custom format
		"%d": "15", "dd": "15", "ddd": "Mon", "dddd": "Monday", "ddddd": "Monday",
		"%f": "6", "ff": "61", "fff": "617", "ffff": "6175", "fffff": "61754", "ffffff": "617542", "fffffff": "6175423",
		"%F": "6", "FFFFFFF": "6175423", "%g": "A.D.", "gg": "A.D.",
		"%h": "1", "hh": "01", "hhh": "01", "%H": "13", "HH": "13", "%K": "Z",
		"%m": "45", "mm": "45", "%M": "6", "MM": "06", "MMM": "Jun", "MMMM": "June", "%s": "30", "ss": "30",
		"%t": "P", "tt": "PM", "ttt": "PM", "%y": "9", "yy": "09", "yyy": "2009", "yyyy": "2009", "yyyyy": "02009",
		"%z": "+0", "zz": "+00", "zzz": "+00:00", "HH:mm": "13:45", "MM/dd": "06/15",
		`"at" h\h`: "at 1h", `'d'd`: "d15", `'it\'s'`: "it's", "%hh": "01", "h 'o''clock'": "1 oclock",
		// what Entra documents
		"M/d/yyyy h:mm:ss tt": "6/15/2009 1:45:30 PM", "yyyyMMddHHmmss.fZ": "20090615134530.6Z", "yyyy-MM-dd": "2009-06-15",
		"yyyy-MM-ddzzz": "2009-06-15+00:00", "dd.MM.yyyy, äöü": "15.06.2009, äöü",
	} {
		got, err := dotnet.FormatTime(moment, layout)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", layout, got, err, want)
		}
	}
}

func TestMidnightIsTwelveAndAFractionOfZeroLosesItsPoint(t *testing.T) {
	midnight := time.Date(7, 1, 2, 0, 5, 6, 0, time.UTC)
	for layout, want := range map[string]string{
		"h:mm tt": "12:05 AM", "H:m:s": "0:5:6", "ss.FFF": "06", "ss.fff": "06.000", "%F": "", "yyyy": "0007", "yyy": "007", "yy": "07", "%y": "7",
	} {
		got, err := dotnet.FormatTime(midnight, layout)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", layout, got, err, want)
		}
	}
	got, err := dotnet.FormatTime(time.Date(2020, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*60*60)), "o")
	if err != nil || got != "2019-12-31T23:00:00.0000000Z" {
		t.Errorf("a time of another zone: got %q, %v", got, err)
	}
}

func TestAFormatThatCannotBeUsedSaysWhy(t *testing.T) {
	for layout, want := range map[string]string{
		"":                        "the date format is empty",
		"x":                       `the date format "x" cannot be used: a format of one letter is one of d D f F`,
		"ffffffff":                "at most seven digits",
		"yyyy'":                   "quotation mark is never closed",
		`yyyy"\"`:                 "quotation mark is never closed",
		"yyyy%":                   "a percent sign needs a letter",
		"%%":                      "a percent sign needs a letter",
		`yyyy\`:                   "a backslash needs a character",
		strings.Repeat("d", 1001): "more than 1000 bytes",
	} {
		err := dotnet.CheckLayout(layout)
		if fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v; want %q", layout, err, want)
		}
		if _, err := dotnet.FormatTime(moment, layout); err == nil {
			t.Errorf("%q formats a time", layout)
		}
		if _, err := dotnet.ParseTime("2020", layout, 0); err == nil {
			t.Errorf("%q parses a time", layout)
		}
	}
	for _, year := range []int{0, 10000} {
		if _, err := dotnet.FormatTime(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC), "o"); err == nil {
			t.Errorf("the year %d can be written", year)
		}
	}
}

func TestADateIsReadInExactlyItsFormat(t *testing.T) {
	for _, c := range []struct{ text, layout, want string }{
		// what Entra documents
		{"20150123105347.1Z", "yyyyMMddHHmmss.fZ", "2015-01-23T10:53:47.1Z"},
		{"2020-12-31-08:00", "yyyy-MM-ddzzz", "2020-12-31T08:00:00Z"},
		{"7/30/2025 12:00:00 AM", "M/d/yyyy h:mm:ss tt", "2025-07-30T00:00:00Z"},
		{"7/30/2025 12:00:00 AM", "M/d/yyyy hh:mm:ss tt", "2025-07-30T00:00:00Z"},
		{"12/31/2025 11:59:59 pm", "M/d/yyyy h:mm:ss tt", "2025-12-31T23:59:59Z"},
		// what .NET documents
		{"06/15/2008", "d", "2008-06-15T00:00:00Z"},
		{"Sun 15 Jun 2008 8:30 AM -06:00", "ddd dd MMM yyyy h:mm tt zzz", "2008-06-15T14:30:00Z"},
		{"2008-06-15T13:45:30.6175425-07:00", "o", "2008-06-15T20:45:30.6175425Z"},
		{"2008-06-15T13:45:30.6175425", "o", "2008-06-15T13:45:30.6175425Z"},
		{"Sun, 15 Jun 2008 13:45:30 GMT", "r", "2008-06-15T13:45:30Z"},
		// digits: one means one or two, two mean two
		{"5/1/9", "M/d/y", "2009-05-01T00:00:00Z"},
		{"05/01/09", "M/d/y", "2009-05-01T00:00:00Z"},
		{"49", "yy", "2049-01-01T00:00:00Z"},
		{"50", "yy", "1950-01-01T00:00:00Z"},
		{"010203", "ddMMyy", "2003-02-01T00:00:00Z"},
		{"02020", "yyyyy", "2020-01-01T00:00:00Z"},
		// names, any case; the weekday agrees
		{"monday 15 JUNE 2009", "dddd d MMMM yyyy", "2009-06-15T00:00:00Z"},
		{"15 May 2009", "d MMM yyyy", "2009-05-15T00:00:00Z"},
		// fractions and zones
		{"2020-01-01 00:00:00.5", "yyyy-MM-dd HH:mm:ss.FFF", "2020-01-01T00:00:00.5Z"},
		{"2020-01-01 00:00:00", "yyyy-MM-dd HH:mm:ss.FFF", "2020-01-01T00:00:00Z"},
		{"2020-01-01+1", "yyyy-MM-ddz", "2019-12-31T23:00:00Z"},
		{"2020-01-01+0130", "yyyy-MM-ddzzz", "2019-12-31T22:30:00Z"},
		{"2020-01-01Z", "yyyy-MM-ddK", "2020-01-01T00:00:00Z"},
		{"2020-01-01", "yyyy-MM-ddK", "2020-01-01T00:00:00Z"},
		{"2020-01-01+14:00", "yyyy-MM-ddK", "2019-12-31T10:00:00Z"},
		{"2020-01-01 GMT", "yyyy-MM-dd 'GMT'", "2020-01-01T00:00:00Z"},
		// white space around and, since it is allowed at the end, none where the format has some
		{"  2020-01-02\t", " yyyy-MM-dd ", "2020-01-02T00:00:00Z"},
		{"2020-01-0210:00", "yyyy-MM-dd HH:mm", "2020-01-02T10:00:00Z"},
		// parts
		{"13:45", "HH:mm", "0001-01-01T13:45:00Z"},
		{"1:45 P", "h:mm t", "0001-01-01T13:45:00Z"},
		{"13:45 PM", "HH:mm tt", "0001-01-01T13:45:00Z"},
		{"0:30 PM", "h:mm tt", "0001-01-01T12:30:00Z"},
		{"2020 A.D.", "yyyy gg", "2020-01-01T00:00:00Z"},
		{"2020 20", "yyyy yyyy", ""},
		{"2020 2020", "yyyy yyyy", "2020-01-01T00:00:00Z"},
		{"2020-02-29", "s", ""},
		// no dates
		{"31.12.", "yyyy-MM-dd", ""},
		{"6/15/2008", "d", ""},
		{"Sun 15 Jun 2008 8:30 AM -06", "ddd dd MMM yyyy h:mm tt zzz", ""},
		{"7/30/2025 1:00:00 AM", "M/d/yyyy hh:mm:ss tt", ""},
		{"7/30/2025 13:00:00 AM", "M/d/yyyy h:mm:ss tt", ""},
		{"13:45 AM", "HH:mm tt", ""},
		{"24:00", "HH:mm", ""},
		{"23:60", "HH:mm", ""},
		{"2023-02-29", "yyyy-MM-dd", ""},
		{"2023-00-01", "yyyy-MM-dd", ""},
		{"2023-01-01x", "yyyy-MM-dd", ""},
		{"2023-1-1", "yyyy-MM-dd", ""},
		{"Tue 2009-06-15", "ddd yyyy-MM-dd", ""},
		{"02-03", "MM-dd", ""},
		{"0001-01-01+01:00", "yyyy-MM-ddzzz", ""},
		{"9999-12-31-24:00", "yyyy-MM-ddzzz", ""},
		{"9999-12-31 23-01:00", "yyyy-MM-dd HHzzz", ""},
		{"2020-01-01+15:00", "yyyy-MM-ddzzz", ""},
		{"2020-01-01 +01:00 Z", "yyyy-MM-dd zzz Z", ""},
		{"", "yyyy", ""},
		{"10000", "yyyyy", ""},
	} {
		got, err := dotnet.ParseTime(c.text, c.layout, 0)
		if c.want == "" {
			if fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q in %q: got %v, %v; want an error", c.text, c.layout, got, err)
			}
			continue
		}
		if want := at(t, c.want); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q in %q: got %v, %v; want %v", c.text, c.layout, got, err, want)
		}
	}
}

func TestWhatIsNoDateSaysSoAndWhy(t *testing.T) {
	for _, c := range []struct{ text, layout, want string }{
		{"31.12.", "yyyy-MM-dd", `"31.12." is not a date in the format "yyyy-MM-dd"`},
		{"2023-02-29", "yyyy-MM-dd", `"2023-02-29" is not a date in the format "yyyy-MM-dd": there is no such day`},
		{"Tue 2009-06-15", "ddd yyyy-MM-dd", `"Tue 2009-06-15" is not a date in the format "ddd yyyy-MM-dd": that day is a Monday`},
		{"02-03", "MM-dd", `"02-03" is not a date in the format "MM-dd": it has no year`},
		{strings.Repeat("ä", 41), "yyyy", `"` + strings.Repeat("ä", 40) + `…" is not a date in the format "yyyy"`},
		{"a\nb", "yyyy", `"a b" is not a date in the format "yyyy"`},
	} {
		if _, err := dotnet.ParseTime(c.text, c.layout, 0); err == nil || err.Error() != c.want {
			t.Errorf("got %v\nwant %s", err, c.want)
		}
	}
	if _, err := dotnet.ReadTime("13/45/2020"); err == nil || err.Error() != `"13/45/2020" is not a date: there is no such day` {
		t.Errorf("got %v", err)
	}
}

func TestADateIsReadInEveryDocumentedAndCommonForm(t *testing.T) {
	for text, want := range map[string]string{
		"2020-03-16-07:00": "2020-03-16T07:00:00Z", "2009-06-15T01:45:30-07:00": "2009-06-15T08:45:30Z", "2025-08-02": "2025-08-02T00:00:00Z",
		"8/25/2021 5:41:18 PM": "2021-08-25T17:41:18Z", "9999-12-31": "9999-12-31T00:00:00Z", "2020-12-31 23:59:59-08:00": "2021-01-01T07:59:59Z",
		"7/30/2025": "2025-07-30T00:00:00Z", "07/30/2025 05:41": "2025-07-30T05:41:00Z", "7-30-25": "2025-07-30T00:00:00Z", "7.30.2025": "2025-07-30T00:00:00Z",
		"7/30/2025, 5 pm": "2025-07-30T17:00:00Z", "7/30/2025 12:00:00 AM": "2025-07-30T00:00:00Z", "7/30/2025 17:00 PM": "2025-07-30T17:00:00Z",
		"2020/03/16": "2020-03-16T00:00:00Z", "2020-3-6": "2020-03-06T00:00:00Z", "2020-03": "2020-03-01T00:00:00Z", "3/2020": "2020-03-01T00:00:00Z",
		"2020-03-16Z": "2020-03-16T00:00:00Z", "2020-03-16 +01:00": "2020-03-15T23:00:00Z", "2020-03-16T10:00Z": "2020-03-16T10:00:00Z",
		"2020-03-16T10:00:00.5Z": "2020-03-16T10:00:00.5Z", "2020-03-16 10:00:00.1234567": "2020-03-16T10:00:00.1234567Z",
		"2020-03-16T23:59:59.99999999Z": "2020-03-17T00:00:00Z", "2020-03-16T10:00:00.12345674Z": "2020-03-16T10:00:00.1234567Z",
		"2020-03-16T10:00:00+0130": "2020-03-16T08:30:00Z", "2020-03-16T10:00:00 -02": "2020-03-16T12:00:00Z", "2020-03-16 10:00 UTC": "2020-03-16T10:00:00Z",
		"16 March 2020": "2020-03-16T00:00:00Z", "March 16, 2020": "2020-03-16T00:00:00Z", "Mar 16 2020 7:00 AM": "2020-03-16T07:00:00Z",
		"16-Mar-2020": "2020-03-16T00:00:00Z", "16-mar-20": "2020-03-16T00:00:00Z", "March 2020": "2020-03-01T00:00:00Z", "2020 March 16": "2020-03-16T00:00:00Z",
		"Mon, 16 Mar 2020 10:00:00 GMT": "2020-03-16T10:00:00Z", "Monday, March 16, 2020 7:00:00 AM": "2020-03-16T07:00:00Z", " 2020-03-16 ": "2020-03-16T00:00:00Z",
		"Monday, 15 June 2009 13:45:30": "2009-06-15T13:45:30Z",
	} {
		got, err := dotnet.ReadTime(text)
		if want := at(t, want); err != nil || !got.Equal(want) || got.Location() != time.UTC {
			t.Errorf("%q: got %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestWhatIsNoDateIsNotRead(t *testing.T) {
	for _, text := range []string{
		"", " ", "hello", "2020", "20200316", "16.03.2020", "13/1/2020", "2/30/2020", "2020-02-30", "2020-13-01", "5:41 PM", "3/16", "March 16",
		"2020-03-16T", "2020-03-16T25:00", "2020-03-16 10", "2020-03-16 10:60", "2020-03-16T10:00:00.Z", "2020-03-16 13:00 AM", "Tue, 16 Mar 2020",
		"2020-03-16+15:00", "2020-03-16x", "2020-03-16-", "0000-01-01", "0001-01-01+01:00", "2020-03-16 10:00 CET", "2020.03-16", "1/1/999", "Juneteenth 2020",
		strings.Repeat("1", 2000),
	} {
		if got, err := dotnet.ReadTime(text); fault.KindOf(err) != fault.Invalid || fault.Of(err).Code != "InvalidDate" {
			t.Errorf("%q: got %v, %v; want an error", text, got, err)
		}
	}
}

// times draws a time of any year that .NET knows, in units of 100 ns.
func times() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		first := time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
		last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
		return time.Unix(rapid.Int64Range(first, last).Draw(t, "second"), rapid.Int64Range(0, 9999999).Draw(t, "tick")*100).UTC()
	})
}

func TestWhatAFullFormatWritesItReadsAgain(t *testing.T) {
	for _, layout := range []string{
		"o", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK", "M/d/yyyy h:mm:ss.fffffff tt", "dddd, d MMMM yyyyy HH-mm-ss fffffff zzz", "ffffffftthhmmssyyyyMMdd",
	} {
		rapid.Check(t, func(t *rapid.T) {
			want := times().Draw(t, "time")
			text, err := dotnet.FormatTime(want, layout)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dotnet.ParseTime(text, layout, 0)
			if err != nil || !got.Equal(want) {
				t.Fatalf("%q in %q: got %v, %v; want %v", text, layout, got, err, want)
			}
		})
	}
}

func TestCDateReadsWhatEntraAndStandardFormatsWrite(t *testing.T) {
	for _, layout := range []string{"M/d/yyyy h:mm:ss tt", "o", "s", "u", "r", "U", "F", "G", "yyyy-MM-ddTHH:mm:sszzz"} {
		rapid.Check(t, func(t *rapid.T) {
			text, err := dotnet.FormatTime(times().Draw(t, "time"), layout)
			if err != nil {
				t.Fatal(err)
			}
			want, err := dotnet.ParseTime(text, layout, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := dotnet.ReadTime(text); err != nil || !got.Equal(want) {
				t.Fatalf("%q: got %v, %v; want %v", text, got, err, want)
			}
		})
	}
}
