package dotnet_test

import (
	"strings"
	"testing"

	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
)

func TestStylesAreReadByNameAndByNumber(t *testing.T) {
	for text, want := range map[string]dotnet.DateTimeStyles{
		"": 0, "None": 0, "0": 0, "AssumeUniversal": 64, "assumeuniversal , AdjustToUniversal": 80, "DateTimeStyles.RoundtripKind": 128,
		"AllowWhiteSpaces": 7, "AllowLeadingWhite|AllowTrailingWhite": 3, "NoCurrentDateDefault": 8, " 4 ": dotnet.AllowInnerWhite, "AssumeLocal": 32,
	} {
		if got, err := dotnet.ReadDateTimeStyles(text); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for text, says := range map[string]string{
		"Universal": "not a DateTimeStyles of .NET", "256": "not a DateTimeStyles", "-1": "not a DateTimeStyles", "AssumeLocal, AssumeUniversal": "exclude each other",
		"96": "exclude each other", "RoundtripKind, AdjustToUniversal": "RoundtripKind excludes", strings.Repeat("x", 1000): `xxx…" is not`,
	} {
		if _, err := dotnet.ReadDateTimeStyles(text); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v; want %s", text, err, says)
		}
	}
}

func TestWhiteSpaceInsideOfADateIsAllowedOnlyIfTheStyleSaysSo(t *testing.T) {
	for _, c := range []struct{ text, layout, want string }{
		{"2020-01-02   10:11", "yyyy-MM-dd HH:mm", "2020-01-02T10:11:00Z"},
		{"2020 - 01 -02 10\t: 11", "yyyy-MM-dd HH:mm", "2020-01-02T10:11:00Z"},
		{"2  Jan 2020", "d' 'MMM' 'yyyy", "2020-01-02T00:00:00Z"},
	} {
		got, err := dotnet.ParseTime(c.text, c.layout, dotnet.AllowInnerWhite)
		if err != nil || !got.Equal(at(t, c.want)) {
			t.Errorf("%q in %q: %v, %v; want %s", c.text, c.layout, got, err, c.want)
		}
		if got, err := dotnet.ParseTime(c.text, c.layout, 0); err == nil {
			t.Errorf("%q in %q without the style: %v", c.text, c.layout, got)
		}
	}
	if got, err := dotnet.ParseTime("2020-01 02", "yyyy-MM-dd", dotnet.AllowInnerWhite); err == nil {
		t.Errorf("a blank in place of a hyphen: %v", got)
	}
}
