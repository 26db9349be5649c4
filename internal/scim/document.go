package scim

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode/utf8"
)

// Decode reads the object of a request. What is no JSON object, not UTF-8, or nested more than 32 levels deep is invalidSyntax. Numbers stay
// as they are written (json.Number).
func Decode(data []byte) (map[string]any, error) {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return nil, invalid(InvalidSyntax, "the request has no body")
	case !utf8.Valid(data):
		return nil, invalid(InvalidSyntax, "the body is not UTF-8")
	case loneSurrogate(data):
		return nil, invalid(InvalidSyntax, "the body has an escape that is no character: half of a surrogate pair")
	case deeper(data, maxDepth):
		return nil, invalid(InvalidSyntax, "the body is nested more than %d levels deep", maxDepth)
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var body map[string]any
	if err := decoder.Decode(&body); err != nil {
		return nil, invalid(InvalidSyntax, "the body is no JSON object: %s", told(err))
	}
	if body == nil || decoder.More() {
		return nil, invalid(InvalidSyntax, "the body is not one JSON object")
	}
	return body, nil
}

// told is what is wrong with a document, without the words of Go.
func told(err error) string {
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return "it is of another type (" + wrong.Value + ")"
	}
	return err.Error()
}

// loneSurrogate reports whether an escape is one half of a character without the other: read, any such text would be the same as any other.
func loneSurrogate(data []byte) bool {
	high := -1 // where the escape of a first half ended
	for i := bytes.IndexByte(data, '\\'); i >= 0 && i+1 < len(data); {
		width := 2
		if data[i+1] == 'u' && i+6 <= len(data) {
			unit, err := strconv.ParseUint(string(data[i+2:i+6]), 16, 16)
			width = 6
			switch second := err == nil && unit >= 0xdc00 && unit < 0xe000; {
			case second != (high == i):
				return true
			case second:
				high = -1
			case err == nil && unit >= 0xd800 && unit < 0xdc00:
				high = i + width
			}
		}
		if high == i {
			return true
		}
		next := bytes.IndexByte(data[i+width:], '\\')
		if next < 0 {
			break
		}
		i += width + next
	}
	return high >= 0
}

// deeper reports whether objects and lists are nested in more than so many levels. It does not matter whether the rest is JSON.
func deeper(data []byte, levels int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > levels {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
}

// ParseResource reads the body of a POST or PUT: applied to an empty resource it gives the whole one. Read-only attributes are passed over.
// What the schemas do not know is refused by the strict profile and passed over by Entra's.
func (t ResourceType) ParseResource(body map[string]any, profile Profile) (Patch, error) {
	patch := Patch{profile: profile}
	if err := t.checkSchemas(body, profile); err != nil {
		return Patch{}, err
	}
	if err := t.object(&patch, replace, "", body, false); err != nil {
		return Patch{}, err
	}
	return patch, nil
}

// checkSchemas checks which schemas a resource says to have. Entra names some that are known to nobody.
func (t ResourceType) checkSchemas(body map[string]any, profile Profile) error {
	if !profile.strict() {
		return nil
	}
	if err := CheckMessage(body, t.Core.ID, profile); err != nil {
		return err
	}
	schemas, _ := Field(body, "schemas").([]any)
	for _, schema := range schemas {
		known := slices.ContainsFunc(t.Schemas(), func(s Schema) bool { return isText(schema, s.ID) })
		if name, _ := schema.(string); !known {
			return invalid(InvalidSyntax, "a %s has no schema %s", t.Name, quote(name))
		}
	}
	return nil
}

// Whole returns what the body of a POST or PUT makes: attributes that it does not name have no value, but active, which stays as it is
// in before, nil for a new resource. It is an error if a required attribute has no value.
func (t ResourceType) Whole(body Patch, before Resource) (Resource, error) {
	given := body
	given.edits = slices.DeleteFunc(slices.Clone(body.edits), func(e edit) bool { return isNothing(e.value) })
	resource, err := given.Apply(Resource{})
	if err != nil {
		return nil, err
	}
	if _, there := resource["active"]; !there && before["active"] != nil {
		resource["active"] = before["active"]
	}
	for _, attribute := range t.Core.Attributes {
		if attribute.Required && attribute.Name != "active" && isNothing(resource[attribute.Name]) {
			return nil, invalid(InvalidValue, "a %s needs %s", t.Name, attribute.Name)
		}
	}
	return resource, nil
}
