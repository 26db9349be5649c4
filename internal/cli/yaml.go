package cli

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// yamlText writes YAML in the layout of examples/instance.yaml.
type yamlText struct{ strings.Builder }

// line writes a line.
func (y *yamlText) line(format string, args ...any) { _, _ = fmt.Fprintf(y, format+"\n", args...) }

// member is one key with its value, which is a string, a bool or an int.
type member struct {
	key   string
	value any
}

// maxFlow is how long a line of an object may be; a longer one gets a line for each member.
const maxFlow = 140

// object writes an item of a list: in one line if that is short, else a line for each member.
func (y *yamlText) object(indent string, members []member) {
	parts := make([]string, len(members))
	long := len(indent)
	for i, m := range members {
		parts[i] = m.key + ": " + scalar(m.value)
		text, _ := m.value.(string)
		if long += len(parts[i]) + 2; strings.Contains(text, "\n") {
			long = maxFlow + 1
		}
	}
	if long <= maxFlow {
		y.line("%s- {%s}", indent, strings.Join(parts, ", "))
		return
	}
	first := "- "
	for i, m := range members {
		value, ok := block(m.value, indent+"    ")
		if !ok {
			value = " " + scalar(m.value)
		}
		y.line("%s%s%s:%s", indent, first, members[i].key, value)
		first = "  "
	}
}

// strings writes a list of texts as a member.
func (y *yamlText) strings(indent, key string, list []string) {
	if len(list) == 0 {
		y.line("%s%s: []", indent, key)
		return
	}
	y.line("%s%s:", indent, key)
	for _, text := range list {
		y.line("%s  - %s", indent, scalar(text))
	}
}

var (
	// plain texts are never taken for anything else, neither in a line nor between braces.
	plain = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9._@/-]*( [A-Za-z0-9._@/-]+)*$`)
	// guid is an object id; it stands bare, although it may begin with a digit.
	guid = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// words mean something else than themselves, to one version of YAML or the other.
	words = []string{"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
)

// scalar writes a value for one line.
func scalar(value any) string {
	text, isText := value.(string)
	switch {
	case !isText:
		return fmt.Sprint(value)
	case guid.MatchString(text), plain.MatchString(text) && !slices.Contains(words, strings.ToLower(text)):
		return text
	case text != "" && !strings.ContainsFunc(text, special):
		return "'" + strings.ReplaceAll(text, "'", "''") + "'"
	}
	var out strings.Builder
	out.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			out.WriteString("\\" + string(r))
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\t':
			out.WriteString(`\t`)
		case special(r) && r > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, r)
		case special(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String() + `"`
}

// special characters stand in double quotes, escaped: nobody sees them, or YAML gives them a meaning.
func special(r rune) bool { return !unicode.IsPrint(r) }

// block writes a text of several lines as it is, below its key. It reports false for a text that cannot be written so.
func block(value any, indent string) (string, bool) {
	text, _ := value.(string)
	body, header := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if len(lines) < 2 || lines[0] == "" || lines[0][0] == ' ' || lines[len(lines)-1] == "" {
		return "", false
	}
	var out strings.Builder
	if out.WriteString(" |-"); header {
		out.Reset()
		out.WriteString(" |")
	}
	for _, line := range lines {
		switch {
		case line == "":
			out.WriteString("\n")
		case strings.TrimRight(line, " ") != line || strings.ContainsFunc(line, special):
			return "", false
		default:
			out.WriteString("\n" + indent + line)
		}
	}
	return out.String(), true
}
