package dotnet_test

import (
	"strings"
	"testing"

	"rollcall/internal/dotnet"
)

func compile(t testing.TB, pattern string) *dotnet.Regexp {
	t.Helper()
	r, err := dotnet.CompileRegexp(pattern)
	if err != nil {
		t.Fatalf("%q: %v", pattern, err)
	}
	return r
}

// captured returns what a group captured in the first match.
func captured(r *dotnet.Regexp, text, group string) (string, bool) {
	value, matched, err := r.Group(text, group, enough())
	return value, matched && err == nil
}

func TestAPatternMatchesWhatDotnetMatches(t *testing.T) {
	for _, c := range []struct {
		pattern string
		match   []string
		not     []string
	}{
		// what Entra documents for scoping filters
		{`([1-9][0-9])`, []string{"10", "a99"}, []string{"09", "1"}},
		{`.*\@domain.com`, []string{"a@domain.com", "@domainxcom"}, []string{"domain.com"}},
		{`(1[0-9][0-9][0-9][0-9][0-9][0-9])`, []string{"1234567"}, []string{"2234567", "123456"}},
		// characters
		{``, []string{"", "a"}, nil},
		{`a.c`, []string{"abc", "a😀c", "a\rc"}, []string{"a\nc", "ac"}},
		{`\<a\>\-\/\"\#\ \,`, []string{`<a>-/"# ,`}, []string{"a"}},
		{`a{`, []string{"a{"}, []string{"a"}},
		{`a{,2}`, []string{"a{,2}"}, []string{"aa"}},
		{`a{1`, []string{"a{1"}, []string{"a"}},
		{`{a}]`, []string{"{a}]"}, []string{"a"}},
		{`\u00e4\x41\t\e\cA\ca\a\f\v\0\r\n`, []string{"äA\t\x1b\x01\x01\a\f\v\x00\r\n"}, nil},
		{`\uD83D\uDE00`, []string{"😀"}, nil},
		// classes
		{`^\d$`, []string{"5", "٣"}, []string{"½", "²", "a"}},
		{`^\w$`, []string{"ä", "5", "_", "日", "\u0301", "‿"}, []string{"-", "½", " ", "\u200d"}},
		{`^\s$`, []string{" ", "\u00a0", "\u0085", "\u2028", "\v"}, []string{"\u200b", "a"}},
		{`^\D\W\S$`, []string{"a-b", "½½½"}, []string{"1-b", "aab", "a- "}},
		{`^[\D]$`, []string{"a"}, []string{"1"}},
		{`^[^\D]$`, []string{"1"}, []string{"a"}},
		{`^[\W\d]$`, []string{"1", "-"}, []string{"a"}},
		{`^[^\W\d]$`, []string{"a", "_"}, []string{"1", "-"}},
		{`^[]a]$`, []string{"]", "a"}, []string{"b"}},
		{`^[^]a]$`, []string{"b"}, []string{"]", "a"}},
		{`^[a-]$`, []string{"a", "-"}, []string{"b"}},
		{`^[-a]$`, []string{"a", "-"}, []string{"b"}},
		{`^[\d-x]$`, []string{"1", "-", "x"}, []string{"a"}},
		{`^[+--]$`, []string{"+", ",", "-"}, []string{"."}},
		{`^[()\s-]+$`, []string{"( )-"}, []string{"a"}},
		{`^[a-z-[aeiou]]$`, []string{"b", "z"}, []string{"a", "-", "["}},
		{`^[\w-[\d_-[5]]]$`, []string{"a", "5"}, []string{"4", "_"}},
		{`^[^a-c-[x]]$`, []string{"d", "A"}, []string{"a", "x"}},
		{`^[a-z-[b]-]$`, nil, nil},
		{`^[[a]$`, []string{"[", "a"}, []string{"b"}},
		{`^[\101][\0]\060$`, []string{"A\x000"}, nil},
		{`^[\b\x41-\x43\]]$`, []string{"\b", "B", "]"}, []string{"b"}},
		{`^\p{Lu}\P{Lu}\p{L}$`, []string{"Aba", "ÄäÄ"}, []string{"AAa", "aaa"}},
		{`^\p{IsGreek}\p{IsCyrillic}\P{IsBasicLatin}$`, []string{"αяä"}, []string{"aяä", "αяa"}},
		{`^[\p{IsHebrew}-]$`, []string{"א", "-"}, []string{"a"}},
		{`^[\p{Lu}-[A-C]]$`, []string{"D", "Ä"}, []string{"A", "d"}},
		// case
		{`(?i)straße`, []string{"STRAßE", "Straße"}, []string{"STRASSE"}},
		{`a(?i)b|c`, []string{"aB", "C"}, []string{"AB"}},
		{`(?i:a)b`, []string{"Ab"}, []string{"aB"}},
		{`(?i)a(?-i)b`, []string{"Ab"}, []string{"aB"}},
		{`((?i)a)b`, []string{"Ab"}, []string{"aB"}},
		{`(?i)^[a-cä]$`, []string{"A", "Ä"}, []string{"d"}},
		{`(?i)^[^a]$`, []string{"b"}, []string{"A", "a"}},
		{`(?i)^[a-z-[aeiou]]$`, []string{"B", "z"}, []string{"A", "e"}},
		{`(?i)k`, []string{"K", "\u212a"}, nil},
		// options
		{`(?s)a.c`, []string{"a\nc"}, nil},
		{`(?s-s:a.)c`, nil, []string{"a\nc"}},
		{`(?m)^b$`, []string{"a\nb\nc", "b"}, []string{"ab"}},
		{`(?x) a b # c` + "\n" + `d`, []string{"abd"}, []string{"a b"}},
		{`(?x)a + [ ] \ b`, []string{"aa  b"}, []string{"a b"}},
		{`a(?#comment)+b`, []string{"aab"}, nil},
		// places
		{`^a`, []string{"ab"}, []string{"ba", "b\na"}},
		{`a$`, []string{"ba", "a\n"}, []string{"a\nb", "a\n\n", "a\r\n"}},
		{`a\Z`, []string{"a", "a\n"}, []string{"a\n\n"}},
		{`a\z`, []string{"a"}, []string{"a\n"}},
		{`a$\n`, []string{"a\n"}, []string{"a"}},
		{`\Aa`, []string{"ab"}, []string{"ba"}},
		{`\bä`, []string{"ä", "x ä"}, []string{"xä"}},
		{`ü\Br`, []string{"Jürgen"}, []string{"ü r"}},
		{`\Gb`, []string{"b"}, []string{"ab"}},
		// quantifiers
		{`^a{2}b{1,}c{0,1}d*e+f?$`, []string{"aabe", "aabbcdef"}, []string{"abe", "aab"}},
		{`^(?:a?){30}a{30}$`, []string{strings.Repeat("a", 30)}, []string{strings.Repeat("a", 29)}},
		{`^a{0}$`, []string{""}, []string{"a"}},
		{`^[a-z]{1,5000}$`, []string{"a", strings.Repeat("z", 5000)}, []string{strings.Repeat("z", 5001), ""}},
		{`^*a`, []string{"ba"}, nil},
		{`(?:)*a`, []string{"a"}, []string{"b"}},
		{`(a*)*b`, []string{"aab", "b"}, []string{"aa"}},
		{`a||b`, []string{""}, nil},
		{`^(a|ab)(c|bcd)(d*)$`, []string{"abcd"}, []string{"abd"}},
	} {
		if c.match == nil && c.not == nil {
			if _, err := dotnet.CompileRegexp(c.pattern); err == nil {
				t.Errorf("%q compiles", c.pattern)
			}
			continue
		}
		r := compile(t, c.pattern)
		for _, text := range c.match {
			if !r.MatchString(text) {
				t.Errorf("%q does not match %q", c.pattern, text)
			}
		}
		for _, text := range c.not {
			if r.MatchString(text) {
				t.Errorf("%q matches %q", c.pattern, text)
			}
		}
	}
}

func TestAPatternThatCannotBeUsedSaysWhereAndWhy(t *testing.T) {
	for _, c := range []struct {
		pattern string
		offset  int
		want    string
	}{
		{`ä(?=b)`, 2, "Look-ahead"},
		{`a(?!b)`, 1, "Look-ahead"},
		{`a(?<=b)`, 1, "Look-behind"},
		{`a(?<!b)`, 1, "Look-behind"},
		{`(a)\1`, 3, "Back-references"},
		{`\101`, 0, "Back-references"},
		{`(?<x>a)\k<x>`, 7, "Back-references"},
		{`(?>a)`, 0, "Atomic groups"},
		{`(?(a)b|c)`, 0, "Conditions"},
		{`(?<a-b>c)`, 0, "Balancing groups"},
		{`(?P<a>b)`, 0, "(?P is not .NET; a named group is (?<name>…)"},
		{`(?r)a`, 0, "This group is not known"},
		{`(?`, 0, "This group is not known"},
		{`(?<>a)`, 0, "The name of a group"},
		{`(?<a b>c)`, 0, "The name of a group"},
		{`(?<a`, 0, "The name of a group"},
		{`(?<0>a)`, 0, "must be a number"},
		{`(?<1a>a)`, 0, "must be a number"},
		{`(?<99999999999>a)`, 0, "must be a number"},
		{`(?'a>b)`, 0, "The name of a group"},
		{`(a`, 0, "A parenthesis is never closed"},
		{`a)`, 1, "A closing parenthesis has no opening one"},
		{`[a`, 0, "A class is never closed"},
		{`[]`, 0, "A class is never closed"},
		{`a[a-z-[b]`, 1, "A class is never closed"},
		{`[a-[b]c]`, 6, "must be the last"},
		{`[z-a]`, 1, "ends before it begins"},
		{`[a-\d]`, 3, "cannot be the end of a range"},
		{`[[:alpha:]]`, 1, "has no meaning in .NET"},
		{`a\`, 1, "A backslash ends the pattern"},
		{`\y`, 0, `\y has no meaning in .NET`},
		{`\_`, 0, `\_ has no meaning`},
		{`\Q`, 0, "no meaning"},
		{`[\8]`, 1, "no meaning"},
		{`\x4`, 0, "needs 2 hexadecimal digits"},
		{`\u12g4`, 0, "needs 4 hexadecimal digits"},
		{`\c1`, 0, "needs a letter"},
		{`\c`, 0, "needs a letter"},
		{`\uD83D`, 0, "half of a character"},
		{`\uD83Da`, 0, "half of a character"},
		{`\pL`, 0, `A category is written \p{name}`},
		{`\p{Greek}`, 0, "neither a Unicode category"},
		{`\p{LC}`, 0, "neither a Unicode category"},
		{`\p{L`, 0, "A category is written"},
		{`\p{}`, 0, "neither"},
		{`*a`, 0, "nothing before this quantifier"},
		{`a|+`, 2, "nothing before this quantifier"},
		{`({2})`, 1, "nothing before this quantifier"},
		{`(?i)*`, 4, "nothing before this quantifier"},
		{`a**`, 2, "A quantifier cannot follow another one"},
		{`a{2}{3}`, 4, "A quantifier cannot follow another one"},
		{`a+++`, 2, "A quantifier cannot follow"},
		{`a{3,2}`, 1, "more at least than at most"},
		{`(?#a`, 0, "never closed"},
		{`a{20001}`, 1, "too large"},
		{`a{99999999999999999999}`, 1, "too large"},
		{`((a{100}){100}){100}`, 15, "too large"},
		{`(?:a{9000}|b{9000}|c{9000})`, 0, "too large"},
		{strings.Repeat("ä", 2001), 0, "at most 2000 characters"},
		{strings.Repeat("(a)", 600) + "(?:b{90}){90}", 0, "too many groups"},
	} {
		_, err := dotnet.CompileRegexp(c.pattern)
		problem, ok := err.(*dotnet.PatternError) //nolint:errorlint // the type is part of the contract
		if !ok || problem.Offset != c.offset || !strings.Contains(problem.Message, c.want) || strings.HasSuffix(problem.Message, ".") {
			t.Errorf("%.40q: got %v; want %q at %d", c.pattern, err, c.want, c.offset)
		}
	}
	if _, err := dotnet.CompileRegexp(`a(?=b)`); err == nil || !strings.HasSuffix(err.Error(), "(at byte 2 of the pattern)") {
		t.Errorf("got %v", err)
	}
}

func TestGroupsAreFoundByNameAndByTheNumbersOfDotnet(t *testing.T) {
	r := compile(t, `(?<one>a)(b)(?'zwölf'c)(?<12>d)(?:e)(f)(?<one>g)?`)
	for group, want := range map[string]string{
		"0": "abcdef", "1": "b", "2": "f", "one": "a", "3": "a", "zwölf": "c", "4": "c", "12": "d",
	} {
		if got, matched := captured(r, "abcdef", group); !matched || got != want || !r.HasGroup(group) {
			t.Errorf("%s: got %q, %v; want %q", group, got, matched, want)
		}
	}
	if got, matched := captured(r, "abcdefg", "one"); !matched || got != "g" {
		t.Errorf("two groups of one name: got %q, %v; want the later capture", got, matched)
	}
	for _, group := range []string{"5", "two", ""} {
		if got, matched := captured(r, "abcdef", group); matched || r.HasGroup(group) {
			t.Errorf("%q: got %q", group, got)
		}
	}
	if _, matched := captured(r, "xyz", "0"); matched {
		t.Error("a group of no match matched")
	}
	if _, matched := captured(compile(t, `a|(b)`), "a", "1"); matched {
		t.Error("a group without a part in the match matched")
	}
	if r := compile(t, `(?n)(a)(?<x>b)`); r.HasGroup("2") || !r.HasGroup("1") || !r.HasGroup("x") {
		t.Error("with the option n only named groups capture")
	}
	if got, _ := captured(compile(t, `(?:(a)|b)*`), "ab", "1"); got != "a" {
		t.Errorf("a group keeps what it captured in an earlier round: got %q", got)
	}
	if got, _ := captured(compile(t, `(?<2>x)(?<n>y)`), "xy", "1"); got != "y" {
		t.Errorf("named groups take the free numbers: got %q", got)
	}
}

func TestReplacingFollowsDotnet(t *testing.T) {
	for _, c := range []struct{ text, pattern, replacement, want string }{
		// what Entra documents
		{"+91 9998887777", `\+(?<isdCode>\d* )(?<phoneNumber>\d{10})`, "${phoneNumber}", "9998887777"},
		{"00012345", `(?<leadingZeros>^0+)(?<actualValue>[a-zA-Z0-9]+)`, "${actualValue}", "12345"},
		{"+1 737-626-8331", `\+(?<isdCode>\d* )(?<phoneNumber>.*)`, "${phoneNumber}", "737-626-8331"},
		{"737-626-8331", `[()\s-]+`, "", "7376268331"},
		{"0000000012345", `(.*?)(?<id>.{0,8})$`, "${id}", "00012345"},
		{"w1qr7AbCd", `(.*?)(?<id>[a-zA-Z]{4})(.*)`, "D${id}", "DAbCd"},
		{"first_last", `[a-zA-Z_]*`, "", ""},
		// substitutions
		{"ab", `(?<x>a)(b)`, "$2$1$x${2}${x}$0$&$$", "ab$xaaabab$"},
		{"xaby", `(a)(b)`, "[$`|$'|$_|$+]", "x[x|y|xaby|b]y"},
		{"a", `(a)|(b)`, "<$1$2>", "<a>"},
		{"a", `a`, "$ $1 ${1} ${x} ${ $x$", "$ $1 ${1} ${x} ${ $x$"},
		{"a", `(a)`, "$10 ${10} $01 ${01}", "$10 ${10} a a"},
		{"abcdefghij", `(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)`, "$10$1", "ja"},
		// empty matches
		{"abc", `.*`, "X", "XX"},
		{"abxc", `x*`, "-", "-a-b--c-"},
		{"", `^`, "X", "X"},
		{"äö", ``, "-", "-ä-ö-"},
		{"a\nb\n", `(?m)^`, ">", ">a\n>b\n>"},
		{"a\n", `$`, "X", "aX\nX"},
		{"aab", `\Ga`, "x", "xxb"},
		{"baa", `\Ga`, "x", "baa"},
		{"aXbX", `\G.*?X`, "", ""},
		{"foo bar", `\b`, "|", "|foo| |bar|"},
		{"Jürgen Groß", `\b(\w)`, "<$1>", "<J>ürgen <G>roß"},
		{"a b", `^|\s`, "_", "_a_b"},
		{"\xffa\xff", `a`, "b", "\xffb\xff"},
		{"nothing", `x`, "y", "nothing"},
	} {
		got, err := compile(t, c.pattern).Replace(c.text, c.replacement, 1000, enough())
		if err != nil || got != c.want {
			t.Errorf("%q in %q by %q: got %q, %v; want %q", c.pattern, c.text, c.replacement, got, err, c.want)
		}
	}
}

func TestOnlyTheGroupIsReplacedAndTheRestOfTheMatchStays(t *testing.T) {
	r := compile(t, `\+(?<isdCode>\d+)? (?<phoneNumber>\d{4})`)
	for _, c := range []struct{ text, group, replacement, want string }{
		{"+91 9998, +1 2345.", "phoneNumber", "$1", "+91 $1, +1 $1."},
		{"+91 9998, + 2345", "isdCode", "49", "+49 9998, + 2345"},
		{"+91 9998", "1", "", "+ 9998"},
		{"+91 9998", "0", "x", "x"},
		{"none", "isdCode", "x", "none"},
	} {
		if got, err := r.ReplaceGroup(c.text, c.group, c.replacement, 1000, enough()); err != nil || got != c.want {
			t.Errorf("%s of %q: got %q, %v; want %q", c.group, c.text, got, err, c.want)
		}
	}
	if _, err := r.ReplaceGroup("+91 9998", "country", "x", 1000, enough()); err == nil || err.Error() != `the pattern has no group "country"` {
		t.Errorf("got %v", err)
	}
}

func TestAReplacementEndsWhereItsResultWouldBeTooLong(t *testing.T) {
	text := strings.Repeat("a", 1000)
	r := compile(t, `(a)`)
	for replacement, ok := range map[string]bool{"": true, "a": true, "aa": false, "$_": false, "$`$'": false} {
		got, err := r.Replace(text, replacement, 1000, enough())
		if (err == nil) != ok {
			t.Errorf("%q: got %d bytes, %v", replacement, len(got), err)
		}
		if err != nil && err.Error() != "the result of the replacement would have more than 1000 bytes" {
			t.Errorf("got %v", err)
		}
	}
	if _, err := r.ReplaceGroup(text, "1", "aa", 1000, enough()); err == nil {
		t.Error("a group's replacement has no limit")
	}
	if _, err := r.Replace("bb", "", 1, enough()); err == nil {
		t.Error("what is not replaced does not count")
	}
}
