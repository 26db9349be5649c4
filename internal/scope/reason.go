package scope

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"rollcall/internal/source"
)

// Most filters and values that a reason spells out, and most characters of a value.
const (
	mostFilters    = 3
	mostValues     = 3
	mostCharacters = 60
)

// notPassed says why the user passes no filter: of each the first clause that does not hold, and what the attribute is instead.
func (s *Scope) notPassed(u source.User) string {
	var out strings.Builder
	if len(s.filters) == 1 {
		out.WriteString("does not pass the scoping filter: ")
	} else {
		fmt.Fprintf(&out, "passes none of the %d scoping filters: ", len(s.filters))
	}
	for i := range s.filters {
		if i == mostFilters {
			fmt.Fprintf(&out, "; and %d more", len(s.filters)-i)
			break
		}
		if i > 0 {
			out.WriteString("; ")
		}
		wanted := s.filters[i].failing(u)
		if wanted == nil {
			continue // not reached: nobody comes here who passes a filter
		}
		fmt.Fprintf(&out, "%s wants %s, it is %s", s.filters[i].label, wanted.text, shown(wanted.attribute.Read(u)))
	}
	return out.String()
}

// shown is a value for messages.
func shown(value any) string {
	if isEmpty(value) {
		return "empty"
	}
	switch v := value.(type) {
	case string:
		return quote(v)
	case []string:
		return list(v, func(text string) string { return quote(text) })
	case []any:
		return list(v, shown)
	}
	if text, ok := scalar(value); ok {
		return text
	}
	return "an object"
}

// list shows the first values of a list.
func list[V any](values []V, one func(V) string) string {
	texts := make([]string, 0, mostValues)
	for _, value := range values[:min(len(values), mostValues)] {
		texts = append(texts, one(value))
	}
	text := strings.Join(texts, ", ")
	if more := len(values) - mostValues; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// quote shows a text in a message, cut where it gets long.
func quote(text string) string {
	if utf8.RuneCountInString(text) <= mostCharacters {
		return strconv.Quote(text)
	}
	return strconv.Quote(string([]rune(text)[:mostCharacters])) + "…"
}
