package scim

import (
	"slices"
	"strconv"
	"strings"
)

// verb is what an operation does.
type verb string

const (
	add     verb = "add"
	remove  verb = "remove"
	replace verb = "replace"
)

// edit is one operation on one attribute.
type edit struct {
	verb   verb
	target target
	// value as it was given; nil for none.
	value any
}

// Patch is a PATCH request (RFC 7644, section 3.5.2), or the body of a POST or PUT, as edits of single attributes.
type Patch struct {
	edits   []edit
	profile Profile
	// Members are the edits of a group's members, in their order.
	Members []MemberEdit
}

// ParsePatch reads the body of a PATCH request. Nothing is missing from it when it succeeds but what depends on the resource.
func (t ResourceType) ParsePatch(body map[string]any, profile Profile) (Patch, error) {
	patch := Patch{profile: profile}
	if err := CheckMessage(body, PatchOp, profile); err != nil {
		return Patch{}, err
	}
	operations, ok := Field(body, "Operations").([]any)
	if !ok || len(operations) == 0 && profile.strict() {
		return Patch{}, invalid(InvalidSyntax, "a PATCH request has a list of Operations")
	}
	for i, operation := range operations {
		fields, ok := operation.(map[string]any)
		if !ok {
			return Patch{}, invalid(InvalidSyntax, "operation %d is no object", i+1)
		}
		if err := t.operation(&patch, fields); err != nil {
			err.Message = "operation " + strconv.Itoa(i+1) + ": " + err.Message
			return Patch{}, err
		}
	}
	return patch, nil
}

// CheckMessage checks the schemas of a message. Only the strict profile asks for them.
func CheckMessage(body map[string]any, urn string, profile Profile) error {
	schemas, _ := Field(body, "schemas").([]any)
	if profile.strict() && !slices.ContainsFunc(schemas, func(s any) bool { return isText(s, urn) }) {
		return invalid(InvalidSyntax, "schemas must hold %s", urn)
	}
	return nil
}

func isText(value any, text string) bool {
	is, ok := value.(string)
	return ok && strings.EqualFold(is, text)
}

// Field returns a member of a message; SCIM does not regard the case of names.
func Field(body map[string]any, name string) any {
	if value, ok := body[name]; ok {
		return value
	}
	for key, value := range body {
		if strings.EqualFold(key, name) {
			return value
		}
	}
	return nil
}

func has(body map[string]any, name string) bool {
	for key := range body {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
