package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// facts writes what is known of one thing, a line for each name; pairs are name, value; those without a value are left out.
func facts(w io.Writer, pairs ...string) error {
	writer := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if _, err := fmt.Fprintf(writer, "%s\t%s\n", pairs[i], printable(pairs[i+1])); err != nil {
			return err
		}
	}
	return writer.Flush()
}

// printable replaces control characters, bidirectional overrides among them, by their escapes: a name from the tenant must not be able
// to rewrite the screen.
func printable(text string) string {
	if !strings.ContainsFunc(text, unsafe) {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if unsafe(r) {
			fmt.Fprintf(&out, "\\u%04x", r)
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}

// unsafe leaves the joiners alone, which names in Persian and emoji need.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d' || r == '\u2028' || r == '\u2029'
}

// writeJSON writes one document, indented.
func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

// short is a time in the short local form; "" for the zero time.
func short(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.Local().Format("2006-01-02 15:04:05")
}

func onOff(value bool) string {
	if value {
		return "on"
	}
	return "off"
}

// counted is a number with the word that goes with it.
func counted(count int, one, many string) string {
	if count == 1 {
		return "1 " + one
	}
	return strconv.Itoa(count) + " " + many
}
