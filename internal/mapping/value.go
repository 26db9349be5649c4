package mapping

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"rollcall/internal/attr"
)

// accept turns a value into what the destination attribute holds: a bool or a text. nil means that there is no value; an empty text counts
// as none. A text stays as it is, surrounding blanks included.
func (t target) accept(value any) (any, *Problem) {
	if t.boolean {
		return t.acceptBoolean(value)
	}
	switch v := value.(type) {
	case nil:
		return nil, nil
	case string:
		if v == "" {
			return nil, nil
		}
		if p := t.check(v); p != nil {
			return nil, p
		}
		return value, nil
	case bool:
		if v {
			return "True", nil
		}
		return "False", nil
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64), nil
	case []string:
		if len(v) > 1 {
			return nil, problem(InvalidValue, t, "%s would get %d values; it holds one", t.path, len(v))
		}
		if len(v) == 0 {
			return nil, nil
		}
		return t.accept(v[0])
	}
	return nil, problem(InvalidValue, t, "%s would get a value that is not a text", t.path)
}

func (t target) acceptBoolean(value any) (any, *Problem) {
	switch v := value.(type) {
	case nil, bool:
		return value, nil
	case string:
		return t.parseBoolean(v)
	}
	return nil, problem(InvalidValue, t, "%s would get a value that is neither True nor False", t.path)
}

// parseBoolean reads the text True or False, in any case.
func (t target) parseBoolean(text string) (any, *Problem) {
	switch {
	case text == "":
		return nil, nil
	case strings.EqualFold(text, "true"):
		return true, nil
	case strings.EqualFold(text, "false"):
		return false, nil
	}
	return nil, problem(InvalidValue, t, "%s is %s, which is neither True nor False", t.path, quote(text))
}

// check finds what is wrong with a text.
func (t target) check(text string) *Problem {
	if len(text) > t.limit {
		if length := utf8.RuneCountInString(text); length > t.limit {
			return problem(ValueTooLong, t, "%s has %d characters; at most %d are allowed", t.path, length, t.limit)
		}
	}
	if t.path == attr.UserName && !isAddress(text) {
		return problem(InvalidUserName, t, "userName %s does not look like an e-mail address", quote(text))
	}
	if strings.IndexByte(text, 0) >= 0 {
		return problem(InvalidValue, t, "%s has a NUL character in it", t.path)
	}
	return nil
}

// isAddress reports whether something stands on both sides of an @, and no blank or control character anywhere.
func isAddress(text string) bool {
	at := strings.LastIndexByte(text, '@')
	return at > 0 && at < len(text)-1 &&
		!strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
}

// quote shows a value in a message, cut where it gets long.
func quote(text string) string {
	const limit = 60
	if utf8.RuneCountInString(text) <= limit {
		return strconv.Quote(text)
	}
	return strconv.Quote(string([]rune(text)[:limit])) + "…"
}
