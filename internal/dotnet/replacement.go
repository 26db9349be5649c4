package dotnet

import "strings"

// Values of substitution.kind.
const (
	literalText = iota
	groupText   // $1, ${name}, $0, $&, $+
	textBefore  // $`
	textAfter   // $'
	textAsItWas // $_
)

// substitution is a part of a replacement.
type substitution struct {
	kind    int
	literal string
	slot    int
}

// text returns what stands for the part, given the positions of a match.
func (s substitution) text(text string, match []int) string {
	switch s.kind {
	case groupText:
		if match[2*s.slot+1] < 0 {
			return ""
		}
		return text[match[2*s.slot]:match[2*s.slot+1]]
	case textBefore:
		return text[:match[0]]
	case textAfter:
		return text[match[1]:]
	case textAsItWas:
		return text
	}
	return s.literal
}

// parseReplacement takes a replacement apart. Source: "Substitutions in regular expressions" of the .NET documentation.
func (r *Regexp) parseReplacement(replacement string) (parts []substitution) {
	at := 0 // what precedes stands for itself
	for rest := replacement; rest != ""; {
		next := strings.IndexByte(rest[at:], '$')
		if next < 0 {
			return append(parts, substitution{kind: literalText, literal: rest})
		}
		at += next
		part, width := r.substitution(rest[at:])
		if width == 0 {
			at++
			continue
		}
		if at > 0 {
			parts = append(parts, substitution{kind: literalText, literal: rest[:at]})
		}
		parts = append(parts, part)
		rest, at = rest[at+width:], 0
	}
	return parts
}

// substitution reads what begins with a dollar sign, and returns how many bytes it takes; 0 if the dollar sign stands for itself.
func (r *Regexp) substitution(rest string) (part substitution, width int) {
	if len(rest) > 1 {
		switch rest[1] {
		case '$':
			return substitution{kind: literalText, literal: "$"}, 2
		case '&':
			return substitution{kind: groupText}, 2
		case '+':
			return substitution{kind: groupText, slot: r.groups.last}, 2
		case '_':
			return substitution{kind: textAsItWas}, 2
		case '`':
			return substitution{kind: textBefore}, 2
		case '\'':
			return substitution{kind: textAfter}, 2
		}
	}
	name, width := groupReference(rest)
	if slot, ok := r.groups.slots[name]; ok {
		return substitution{kind: groupText, slot: slot}, width
	}
	return substitution{}, 0
}

// groupReference returns the name or number in $1 or ${name}, and how many bytes the whole takes; no name if it is neither.
func groupReference(rest string) (name string, width int) {
	if inner, ok := strings.CutPrefix(rest, "${"); ok {
		end := strings.IndexFunc(inner, func(r rune) bool { return !isWord(r) })
		if end <= 0 || inner[end] != '}' {
			return "", 0
		}
		name, width = inner[:end], end+3
	} else {
		digits := len(rest) - 1 - len(strings.TrimLeft(rest[1:], "0123456789"))
		name, width = rest[1:1+digits], 1+digits
	}
	if name != "" && isDigit(name[0]) {
		name = strings.TrimLeft(name[:len(name)-1], "0") + name[len(name)-1:] // 01 is the group 1
	}
	return name, width
}
