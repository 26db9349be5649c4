package dotnet_test

import (
	"errors"
	"testing"

	"rollcall/internal/dotnet"
	"rollcall/internal/fault"
)

func FuzzCompileRegexp(f *testing.F) {
	for _, pattern := range []string{
		`\+(?<isdCode>\d* )(?<phoneNumber>\d{10})`, `(?<leadingZeros>^0+)(?<actualValue>[a-zA-Z0-9]+)`, `[()\s-]+`, `(.*?)(?<id>.{0,8})$`,
		`.*\@domain.com`, `[a-z-[aeiou]]`, `(?i)a(?-i:b)|c`, `(?x) a # b`, `\p{IsGreek}\P{Lu}`, `\Ga\b\B\A\z\Z`, `(?<1>a)(b)(?'c'd)`, `a{2,3}?`,
		`\uD83D\uDE00\x41\cA\012`, `[^]a\-\]]`, `(?=a)`, `\1`, `[a-z-[b-[c]]]`, `(?#x)*`,
	} {
		f.Add(pattern, "+91 9998887777 aé\n", "$1${id}$$$`$'$_$+$&")
	}
	f.Fuzz(func(t *testing.T, pattern, text, replacement string) {
		const limit = 10_000
		r, err := dotnet.CompileRegexp(pattern)
		if err != nil {
			problem, ok := errors.AsType[*dotnet.PatternError](err)
			if !ok || problem.Offset < 0 || problem.Offset > len(pattern) || problem.Message == "" {
				t.Fatalf("%q: %#v", pattern, err)
			}
			return
		}
		whole, matched, _ := r.Group(text, "0", enough())
		if matched != r.MatchString(text) || !r.HasGroup("0") || r.Size() > 20_000 {
			t.Fatalf("%q in %q: a match of %q, and no match", pattern, text, whole)
		}
		got, err := r.Replace(text, replacement, limit, enough())
		if len(got) > limit || (err != nil && fault.KindOf(err) != fault.Invalid) || (err == nil && !matched && got != text) {
			t.Fatalf("%q in %q: got %d bytes, %v", pattern, text, len(got), err)
		}
		if same, err := r.Replace(text, "$0", limit, enough()); err == nil && same != text {
			t.Fatalf("%q in %q: each match replaced by itself gives %q", pattern, text, same)
		}
		if got, err := r.ReplaceGroup(text, "0", "", limit, enough()); err == nil && len(got) > len(text) {
			t.Fatalf("%q in %q: got %q", pattern, text, got)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	for _, c := range [][2]string{
		{"20150123105347.1Z", "yyyyMMddHHmmss.fZ"},
		{"2020-12-31-08:00", "yyyy-MM-ddzzz"},
		{"7/30/2025 12:00:00 AM", "M/d/yyyy h:mm:ss tt"},
		{"Mon, 15 Jun 2009 13:45:30 GMT", "r"},
		{"2009-06-15T13:45:30.0000000Z", "o"},
		{"2020 A.D.", `yyyy g\g'x'"y"%d`},
		{"1", "%"},
		{"", "FFFFFFF"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, text, layout string) {
		parsed, err := dotnet.ParseTime(text, layout, 0)
		if bad := dotnet.CheckLayout(layout); bad != nil && err == nil {
			t.Fatalf("%q reads %q, and cannot be used: %v", layout, text, bad)
		}
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		if year := parsed.Year(); year < 1 || year > 9999 {
			t.Fatalf("%q in %q is in the year %d", text, layout, year)
		}
		if _, err := dotnet.FormatTime(parsed, layout); err != nil {
			t.Fatalf("%q can be read in %q, not written: %v", text, layout, err)
		}
	})
}

func FuzzReadTime(f *testing.F) {
	for _, text := range []string{
		"2020-03-16-07:00", "2009-06-15T01:45:30-07:00", "8/25/2021 5:41:18 PM", "2025-08-02", "9999-12-31", "2020-12-31 23:59:59-08:00",
		"Mon, 16 Mar 2020 10:00:00 GMT", "March 16, 2020", "16-Mar-20", "2020/03/16 10:00:00.12345678 +01", "7-30-25",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := dotnet.ReadTime(text)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatal(err)
			}
			return
		}
		written, err := dotnet.FormatTime(read, "o")
		if err != nil {
			t.Fatalf("%q is read as %v, which cannot be written: %v", text, read, err)
		}
		if again, err := dotnet.ReadTime(written); err != nil || !again.Equal(read) {
			t.Fatalf("%q is read as %v, and %q as %v, %v", text, read, written, again, err)
		}
	})
}
