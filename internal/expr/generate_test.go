package expr_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"pgregory.net/rapid"

	"rollcall/internal/expr"
)

// The tests below draw expressions over the whole function table. What is drawn can be read: each call is checked when it is made, and an attribute
// takes the place of one that was refused.

// byParameter are constants that suit a parameter better than any text would.
var byParameter = map[string][]string{
	"interval":       {"yyyy", "q", "m", "y", "d", "w", "ww", "h", "n", "s"},
	"culture":        {"tr-TR", "en-US", "az", ""},
	"encoding":       {"UTF8", "Unicode", "ASCII"},
	"inputFormat":    {"yyyy-MM-dd", "M/d/yyyy h:mm:ss tt", "yyyyMMddHHmmss.fZ", "dd.MM.yyyy", "O", "yyyy-MM-ddzzz"},
	"outputFormat":   {"yyyy-MM-dd", "M/d/yyyy h:mm:ss tt", "ddd, dd MMM yyyy", "HH:mm:ss.fff", "s", `d \d\e M`},
	"dateTimeStyles": {"RoundtripKind", "AllowLeadingWhite"},
	"delimiter":      {",", ";", " ", "--"},
	"delimiters":     {" ", ",;", "-_ ", ""},
	"wordSeparators": {" ", "'-", ""},
}

var patterns = []string{`[a-zA-Z_]*`, `^(?<name>\w+)@(.*)$`, `\s+`, `(?<name>\d{1,3})`, `(a|b)*?c`, `(?i)k(?<name>.?)`, `\p{Lu}`, `$`, ``}

var replacements = []string{"", "${name}", "$1$2", "$&$&", "$$", "<$`$'>", "x"}

// A writer writes one expression, by what it draws.
type writer struct {
	t *rapid.T
	// calls that were accepted, by function.
	made map[string]int
}

var anyExpression = rapid.Custom(func(t *rapid.T) string {
	w := writer{t: t, made: map[string]int{}}
	return w.outermost()
})

func (w *writer) pick(label string, from ...string) string {
	return rapid.SampledFrom(from).Draw(w.t, label)
}

func (w *writer) one(label string, in int) bool { return rapid.IntRange(1, in).Draw(w.t, label) == 1 }

// blank is white space where any may stand.
func (w *writer) blank() string { return w.pick("blank", "", "", "", " ", "\n\t", "\u00a0") }

func (w *writer) outermost() string {
	depth := rapid.IntRange(0, 4).Draw(w.t, "depth")
	if w.one("outermost", 20) {
		return w.call(w.function("SelectUniqueValue"), depth)
	}
	if w.one("comparison", 10) {
		return w.comparison(depth)
	}
	return w.operand("anything", "", depth)
}

func (w *writer) function(name string) *expr.Function {
	for i, f := range functions {
		if f.Name == name {
			return &functions[i]
		}
	}
	w.t.Fatalf("no function %s", name)
	return nil
}

func (w *writer) comparison(depth int) string {
	operator := w.pick("operator", "=", "<>", "<", "<=", ">", ">=")
	return readable(w.operand("text", "", depth-1) + w.blank() + operator + w.blank() + w.operand("text", "", depth-1))
}

// readable returns the text, or an attribute if it cannot be read.
func readable(text string) string {
	if _, err := expr.Parse(text, nil); err != nil {
		return "[text]"
	}
	return text
}

// operand writes what fits a parameter of a class.
func (w *writer) operand(class, parameter string, depth int) string {
	switch {
	case depth <= 0 || w.one("leaf", 5):
		return w.leaf(class, parameter)
	case class == "condition" && w.one("comparison", 2):
		return w.comparison(depth)
	case class == "text" && w.one("concatenation", 10):
		return readable(w.operand("text", "", depth-1) + " & " + w.operand("text", "", depth-1))
	}
	fitting := slices.DeleteFunc(slices.Clone(functions), func(f expr.Function) bool {
		return class != "anything" && f.Gives != "anything" && f.Gives != class && (class != "text" || strings.HasPrefix(f.Gives, "multi")) ||
			f.Name == "SelectUniqueValue"
	})
	return w.call(&fitting[rapid.IntRange(0, len(fitting)-1).Draw(w.t, "function")], depth)
}

func (w *writer) leaf(class, parameter string) string {
	if parameter != "source" && class != "app role assignments" && w.one("constant", 2) {
		return w.constant(class, parameter)
	}
	return "[" + w.pick("attribute", "text", "other", "empty", "missing", "flag", "number", "digits", "date", "list", "roles", "long", "é_1") + "]"
}

func (w *writer) constant(class, parameter string) string {
	if known := byParameter[parameter]; known != nil {
		return quote(w.pick(parameter, known...))
	}
	switch class {
	case "number":
		number := rapid.IntRange(-3, 12).Draw(w.t, "number")
		switch {
		case number >= 0 && w.one("hex", 4):
			return fmt.Sprintf("&H%x", number)
		case w.one("quoted", 4):
			return quote(strconv.Itoa(number))
		}
		return strconv.Itoa(number)
	case "date":
		return quote(w.pick("date", "2012-03-16-07:00", "8/25/2021 5:41:18 PM", "2009-06-15T01:45:30-07:00", "9999-12-31", "1601-01-01", "2024-02-29"))
	case "condition":
		return w.pick("condition", `"True"`, `"false"`, "1", "0")
	case "anything":
		if w.one("word", 10) {
			return w.pick("word", "UTF8", "vbTextCompare", "IgnoreAttributeFlow", "IgnoreObjectFlow", "-2.50", "1000")
		}
	}
	return quote(anyText.Draw(w.t, "text"))
}

// call writes a call of a function, or an attribute where the function refuses the arguments.
func (w *writer) call(f *expr.Function, depth int) string {
	arguments := w.arguments(f, depth)
	var out strings.Builder
	out.WriteString(f.Name + w.blank() + "(")
	for i, argument := range arguments {
		if i > 0 {
			out.WriteString(",")
		}
		out.WriteString(w.blank() + argument + w.blank())
	}
	out.WriteString(")")
	text := readable(out.String())
	if text == out.String() {
		w.made[f.Name]++
	}
	return text
}

func (w *writer) arguments(f *expr.Function, depth int) []string {
	if f.Name == "Replace" {
		return w.replace(depth)
	}
	arguments := make([]string, 0, len(f.Parameters))
	var repeated []expr.Parameter
	for _, p := range f.Parameters {
		arguments = append(arguments, w.argument(p, depth))
		if p.Repeats {
			repeated = append(repeated, p)
		}
	}
	for len(repeated) > 0 && len(arguments) < 10 && !w.one("enough", 2) || f.Name == "SelectUniqueValue" && len(arguments) < 2 {
		for _, p := range repeated {
			arguments = append(arguments, w.argument(p, depth))
		}
	}
	if len(repeated) > 0 {
		return arguments
	}
	for last := len(arguments) - 1; last >= 0 && !f.Parameters[last].Required && w.one("cut", 3); last-- {
		arguments = arguments[:last]
	}
	for w.one("more commas", 20) {
		arguments = append(arguments, "")
	}
	return arguments
}

func (w *writer) argument(p expr.Parameter, depth int) string {
	if !p.Required && w.one("empty", 3) {
		return ""
	}
	return w.operand(p.Class, p.Name, depth-1)
}

// replace writes the arguments of Replace in one of its five modes.
func (w *writer) replace(depth int) []string {
	text := func() string { return w.operand("text", "", depth-1) }
	arguments := make([]string, 7)
	arguments[0] = text()
	pattern, replacement := quote(w.pick("pattern", patterns...)), quote(w.pick("replacement", replacements...))
	switch rapid.IntRange(1, 5).Draw(w.t, "mode") {
	case 1:
		arguments[1], arguments[4] = text(), text()
	case 2:
		arguments[1], arguments[6] = text(), text()
	case 3:
		arguments[2], arguments[4] = pattern, replacement
	case 4:
		arguments[2], arguments[3], arguments[4] = pattern, `"name"`, replacement
	case 5:
		arguments[2], arguments[3], arguments[5] = pattern, `"name"`, "[other]"
	}
	return arguments
}

func quote(text string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(text, `\`, `\\`), `"`, `\"`) + `"`
}

var functions = expr.Functions()

// anyText is a text of few characters, many of which mean something somewhere.
var anyText = rapid.StringOfN(rapid.OneOf(
	rapid.SampledFrom([]rune(`aAbB zZ09,;.-_'"\/()[]{}&=<>$^*?+|@%#`+"\t\n\u00a0")),
	rapid.SampledFrom([]rune("äÖßøŒıİŁşǽ火漢\u0301\u0304ﬁ٣Σς👩\u200d🚀")), rapid.Rune(),
), 0, 12, -1)

// anyRecord holds a value for each attribute that the writer uses, of a kind that its name tells, but not always.
var anyRecord = rapid.Custom(func(t *rapid.T) expr.Record {
	number := rapid.OneOf(rapid.Float64(), rapid.Map(rapid.IntRange(-20, 20), func(n int) float64 { return float64(n) }))
	date := rapid.SampledFrom([]string{"2020-03-16-07:00", "2021-08-25", "12/31/9999", "1/1/0001", "2024-02-29T23:59:59+14:00", "7/30/2025 2:05:00 PM", "no date"})
	list := rapid.SliceOfN(anyText, 0, 4)
	roles := rapid.Map(list, func(texts []string) any {
		objects := make([]any, len(texts))
		for i, text := range texts {
			objects[i] = map[string]any{"value": text, "displayName": "Role " + text, "id": strconv.Itoa(i)}
		}
		return objects
	})
	values := map[string]*rapid.Generator[any]{
		"text": anyText.AsAny(), "other": anyText.AsAny(), "empty": rapid.Just[any](""), "flag": rapid.Bool().AsAny(), "number": number.AsAny(),
		"digits": rapid.StringMatching(`-?[0-9]{1,18}`).AsAny(), "date": date.AsAny(), "list": list.AsAny(), "roles": roles, "appRoleAssignments": roles,
		"é_1":  anyText.AsAny(),
		"long": rapid.Map(rapid.IntRange(0, expr.MaxText), func(n int) any { return strings.Repeat("ab, ", n/4) }),
	}
	record := expr.Record{}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch rapid.IntRange(1, 10).Draw(t, "kind of "+name) {
		case 1: // absent
		case 2:
			other := rapid.SampledFrom([]string{"text", "list", "number", "flag", "date", "roles"}).Draw(t, "as")
			record[name] = values[other].Draw(t, name)
		default:
			record[name] = values[name].Draw(t, name)
		}
	}
	return record
})
