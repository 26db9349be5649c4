package scim

import "strings"

// target is what the path of a PATCH operation addresses (RFC 7644, section 3.5.2).
type target struct {
	place
	// filter selects values of a multi-valued attribute; nil for none.
	filter *Filter
}

// String names the target in messages.
func (t target) String() string {
	if t.filter == nil {
		return t.place.String()
	}
	whole := t.place
	whole.sub = nil
	text := whole.String() + "[…]"
	if t.sub != nil {
		text += "." + t.sub.Name
	}
	return text
}

// parsePath reads the path of a PATCH operation: an attribute, one of its sub-attributes, an extension as a whole, or values of an
// attribute that a filter selects, with a sub-attribute or without. What is no path is invalidPath; known is false if it names nothing in
// the schemas.
func (t ResourceType) parsePath(text string, profile Profile) (out target, known bool, err error) {
	if len(text) > maxFilter {
		return target{}, false, invalid(InvalidPath, "the path has more than %d bytes", maxFilter)
	}
	text = strings.TrimSpace(text)
	name, rest, filtered := strings.Cut(text, "[")
	found, known := t.lookUp(name, profile)
	if !known || !filtered {
		return target{place: found}, known, nil
	}
	p := &parser{scanner: scanner{text: "[" + rest}, profile: profile, scope: typeScope{t, profile}}
	p.peek()
	selects, err := p.bracketed(token{text: name}, found)
	if err != nil {
		return target{}, false, pathError(text, err)
	}
	out = target{place: found, filter: selects}
	behind := p.next()
	if behind.kind == wordToken && behind.text[0] == '.' {
		var sub place
		sub, known = valueScope{found.attribute}.find(behind.text[1:])
		out.sub = sub.attribute
		behind = p.next()
	}
	if behind.kind != endToken || p.failure != nil {
		return target{}, false, pathError(text, p.unexpected(behind, "the end"))
	}
	return out, known, nil
}

// pathError says of a broken filter in a path that it stands in a path.
func pathError(path string, err error) error {
	return invalid(InvalidPath, "the path %s cannot be read: %s", quote(path), err.Error())
}
