package entraschema

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxShown is how many characters of a text are shown in a note.
const maxShown = 80

// cut shortens a text for a note.
func cut(text string) string {
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return string([]rune(text)[:maxShown]) + "…"
}

// label shows a text in a note, in quotes.
func label(text string) string { return strconv.Quote(cut(text)) }

// maxSummary is how many bytes a summary may have before it ends.
const maxSummary = 400

// summary shows a value in one line, as JSON without quotes around names.
func (n *node) summary() string {
	var out strings.Builder
	n.summarize(&out)
	return out.String()
}

func (n *node) summarize(out *strings.Builder) {
	if out.Len() > maxSummary {
		return
	}
	switch {
	case n == nil || n.kind == nullNode:
		out.WriteString("null")
	case n.kind == booleanNode:
		out.WriteString(strconv.FormatBool(n.boolean))
	case n.kind == numberNode:
		out.WriteString(n.text)
	case n.kind == stringNode:
		out.WriteString(label(n.text))
	case n.kind == arrayNode:
		n.summarizeItems(out, "[", "]")
	default:
		n.summarizeItems(out, "{", "}")
	}
}

func (n *node) summarizeItems(out *strings.Builder, opening, closing string) {
	out.WriteString(opening)
	for i, item := range n.items {
		if out.Len() > maxSummary {
			break
		}
		if i > 0 {
			out.WriteString(", ")
		}
		if n.kind == objectNode {
			out.WriteString(cut(item.name) + ": ")
		}
		item.summarize(out)
	}
	out.WriteString(closing)
}
