package store

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"rollcall/internal/attr"
	"rollcall/internal/scim"
)

// operand adds a value that is compared: kind its JSON type, such as 'text'; value what it is. Both are NULL where there is none.
type operand struct{ kind, value func() }

// at reads a value of a JSON document.
func (p *predicate) at(document, path string) operand {
	return operand{
		kind:  func() { p.add("json_type("+document+", $)", path) },
		value: func() { p.add("json_extract("+document+", $)", path) },
	}
}

// pathOf is the path of a name in a JSON document.
func pathOf(name string) string { return `$."` + name + `"` }

// subOf reads a sub-attribute of a value.
func (p *predicate) subOf(value, sub string) operand { return p.at(value+".value", pathOf(sub)) }

// elementOf reads a sub-attribute of a value that may also be a bare text, which counts as its value.
func (p *predicate) elementOf(value, sub string) operand {
	element := p.at("CASE "+value+".type WHEN 'object' THEN "+value+".value ELSE '{}' END", pathOf(sub))
	if sub != "value" {
		return element
	}
	either := func(inObject func(), bare string) func() {
		return func() {
			p.add("CASE " + value + ".type WHEN 'object' THEN ")
			inObject()
			p.add(" ELSE " + value + bare + " END")
		}
	}
	return operand{kind: either(element.kind, ".type"), value: either(element.value, ".atom")}
}

// operand reads a single value of the object.
func (p *predicate) operand(ref scim.Ref) operand {
	path := ref.Path()
	if path == "id" {
		return operand{kind: func() { p.add("'text'") }, value: func() { p.add(idText("o.id")) }}
	}
	present := p.single(pathOf(path))
	if path != attr.ManagerValue || !p.users() {
		return present
	}
	p.managers = true
	or := func(own func(), resolved string) func() {
		return func() {
			p.add("COALESCE(")
			own()
			p.add(", CASE WHEN m.id IS NOT NULL THEN " + resolved + " END)")
		}
	}
	return operand{kind: or(present.kind, "'text'"), value: or(present.value, idText("m.id"))}
}

// single reads a value of the attributes of the object. A text without a character counts as absent, and a list where one value belongs, such
// as a mapping may make, as its first.
func (p *predicate) single(path string) operand {
	kept, first := p.at("o.attributes", path), p.at("o.attributes", path+"[0]")
	ofList := func(whenList, otherwise func()) {
		p.add("CASE json_type(o.attributes, $) WHEN 'array' THEN ", path)
		whenList()
		p.add(" ELSE ")
		otherwise()
		p.add(" END")
	}
	something := func() {
		p.add("NULLIF(")
		kept.value()
		p.add(", '')")
	}
	return operand{kind: func() { ofList(first.kind, kept.kind) }, value: func() { ofList(first.value, something) }}
}

// typed adds what result, a function or an opening bracket, makes of the value if that is of one of the kinds, else NULL.
func (p *predicate) typed(o operand, kinds, result string) {
	p.add("CASE WHEN ")
	o.kind()
	p.add(" IN (" + kinds + ") THEN " + result)
	o.value()
	p.add(") END")
}

// compare adds the comparison of a value; it is false where there is none of the type.
func (p *predicate) compare(f *scim.Filter, o operand) {
	p.add("(")
	if p.depth == 0 {
		p.mayHold(f)
	}
	switch value := f.Value.(type) {
	case bool:
		o.kind()
		p.add(" = $", strconv.FormatBool(value))
	case float64:
		p.typed(o, "'integer', 'real'", "(")
		p.add(orderings[f.Op], value)
	case time.Time:
		p.typed(o, "'text'", "instant(")
		p.add(orderings[f.Op], value.UTC().Format(instantLayout))
	case string:
		p.compareText(f, o, value)
	default: // Present
		o.value()
		p.add(" <> ''")
	}
	p.add(") IS TRUE")
}

// mayHold adds a condition that is cheap and true of every object that fits a filter of texts, followed by AND; nothing if there is none such.
// To find a text anywhere in a document takes a fraction of the time that it takes to find an attribute and compare it.
func (p *predicate) mayHold(f *scim.Filter) {
	if f.Kind == scim.And {
		for _, term := range f.Terms {
			p.mayHold(term)
		}
		return
	}
	text, isText := f.Value.(string)
	searches := f.Op == scim.Equal || f.Op == scim.Contains || f.Op == scim.StartsWith || f.Op == scim.EndsWith
	elsewhere := f.Ref.URN == "" && f.Ref.Name == "id" || f.Ref.Path() == attr.ManagerValue
	if f.Kind != scim.Compare || !isText || !searches || elsewhere || strings.ContainsFunc(text, escaped) {
		return
	}
	switch {
	case f.Ref.CaseExact:
		p.add("instr(o.attributes, $) > 0 AND ", text)
	case isASCII(text): // other letters than these may be small in more ways than one
		p.add("(instr(lower(o.attributes), $) > 0 OR length(o.attributes) <> octet_length(o.attributes)) AND ", attr.NameKey(text))
	}
}

// escaped reports whether JSON may write the character in another way.
func escaped(r rune) bool {
	return r < ' ' || r == '"' || r == '\\' || r == '\u2028' || r == '\u2029' || r == utf8.RuneError
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf })
}

// orderings are the operators that need no more than an order; others are true of nothing.
var orderings = map[scim.Operator]string{
	scim.Equal: " = $", scim.Greater: " > $", scim.GreaterOrEqual: " >= $", scim.Less: " < $", scim.LessOrEqual: " <= $",
}

func (p *predicate) compareText(f *scim.Filter, o operand, value string) {
	form := "("
	switch {
	case f.Ref.CaseExact:
	case f.Op == scim.Equal:
		form, value = "name_key(", attr.NameKey(value)
	default:
		form, value = "fold(", scim.Fold(value)
	}
	switch f.Op {
	case scim.Contains, scim.StartsWith:
		p.add("instr(")
		p.typed(o, "'text'", form)
		p.add(", $)", value)
		if f.Op == scim.StartsWith {
			p.add(" = 1")
		} else {
			p.add(" > 0")
		}
	case scim.EndsWith:
		if value == "" {
			p.typed(o, "'text'", form)
			p.add(" IS NOT NULL")
			return
		}
		p.add("substr(")
		p.typed(o, "'text'", form)
		p.add(", -"+strconv.Itoa(utf8.RuneCountInString(value))+") = $", value)
	default:
		p.typed(o, "'text'", form)
		p.add(orderings[f.Op], value)
	}
}
