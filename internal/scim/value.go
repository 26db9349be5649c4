package scim

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"time"
)

// value returns a value as resources hold it: names spelled as in the schema, without what has no value. nil: there is none. What does not
// fit the attribute is invalidValue. A multi-valued attribute gives a list, also of one value.
func (a *Attribute) value(given any, profile Profile) (any, error) {
	if !a.MultiValued {
		if list, ok := given.([]any); ok && len(list) <= 1 && !profile.strict() {
			if given = nil; len(list) == 1 { // a manager in a list of one, or a text of Webex's extension
				given = list[0]
			}
		}
		return a.single(given, profile)
	}
	elements, ok := given.([]any)
	if !ok {
		elements = []any{given}
	}
	list := make([]any, 0, len(elements))
	for _, element := range elements {
		value, err := a.single(element, profile)
		if err != nil {
			return nil, err
		}
		if value != nil {
			list = append(list, value)
		}
	}
	return a.onePrimary(list, profile)
}

// onePrimary checks that at most one value is the primary one; Entra's profile takes the first.
func (a *Attribute) onePrimary(list []any, profile Profile) (any, error) {
	found := false
	for _, element := range list {
		object, _ := element.(map[string]any)
		if primary, _ := object["primary"].(bool); !primary {
			continue
		}
		if found && profile.strict() {
			return nil, invalid(InvalidValue, "more than one value of %s is primary", a.Name)
		}
		if found {
			delete(object, "primary")
		}
		found = true
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// single returns one value.
func (a *Attribute) single(given any, profile Profile) (any, error) {
	if isNothing(given) {
		return nil, nil
	}
	switch a.Type {
	case Complex:
		return a.object(given, profile)
	case Boolean:
		return a.boolean(given, profile)
	case Integer, Decimal:
		number, ok := given.(json.Number)
		parsed, err := number.Float64()
		if !ok || err != nil {
			return nil, a.unfit(given, "a number")
		}
		return parsed, nil
	default:
	}
	written, err := a.text(given, profile)
	if err != nil {
		return nil, err
	}
	switch {
	case a.Type == DateTime:
		if _, err := time.Parse(time.RFC3339Nano, written); err != nil {
			return nil, a.unfit(given, "a time such as 2030-01-31T12:00:00Z")
		}
	case a.Type == Binary && profile.strict():
		if _, err := base64.StdEncoding.DecodeString(written); err != nil {
			return nil, a.unfit(given, "base64")
		}
	}
	return written, nil
}

// text takes a string; Entra's profile takes numbers and booleans as well. Canonical values get their spelling.
func (a *Attribute) text(given any, profile Profile) (string, error) {
	written, ok := given.(string)
	if !ok && !profile.strict() {
		switch v := given.(type) {
		case json.Number:
			written, ok = v.String(), true
		case bool:
			written, ok = map[bool]string{true: "True", false: "False"}[v], true
		}
	}
	if !ok {
		return "", a.unfit(given, "a text")
	}
	for _, canonical := range a.CanonicalValues {
		if strings.EqualFold(canonical, written) {
			return canonical, nil
		}
	}
	return written, nil
}

// boolean takes true and false; Entra sends them as texts, of any case.
func (a *Attribute) boolean(given any, profile Profile) (any, error) {
	switch v := given.(type) {
	case bool:
		return v, nil
	case string:
		if !profile.strict() && strings.EqualFold(v, "true") {
			return true, nil
		}
		if !profile.strict() && strings.EqualFold(v, "false") {
			return false, nil
		}
	}
	return nil, a.unfit(given, "true or false")
}

// object takes an object; Entra sends the bare value of a manager, of a member, of a role.
func (a *Attribute) object(given any, profile Profile) (any, error) {
	value := a.sub("value")
	fields, ok := given.(map[string]any)
	if !ok {
		if value == nil || profile.strict() {
			return nil, a.unfit(given, "an object")
		}
		fields = map[string]any{"value": given}
	}
	object := map[string]any{}
	for name, field := range fields {
		sub := a.sub(name)
		if sub == nil {
			if profile.strict() {
				return nil, invalid(InvalidValue, "%s has no part %s", a.Name, quote(name))
			}
			continue
		}
		if !sub.writable() || sub.Name == "$ref" {
			continue // made by the service
		}
		made, err := sub.value(field, profile)
		if err != nil {
			return nil, err
		}
		if made != nil {
			object[sub.Name] = made
		}
	}
	if !a.says(object) {
		return nil, nil
	}
	return object, nil
}

// says reports whether an object says more than what its value is for.
func (a *Attribute) says(object map[string]any) bool {
	for name := range object {
		if name != "type" && name != "primary" {
			return true
		}
	}
	return false
}

func (a *Attribute) unfit(given any, wanted string) error {
	shown, err := json.Marshal(given)
	if err != nil {
		shown = []byte("a value")
	}
	return invalid(InvalidValue, "%s takes %s, not %s", a.Name, wanted, cut(string(shown)))
}

// same reports whether two values of a list are one.
func same(a, b any) bool { return reflect.DeepEqual(a, b) }
