package scimclient

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"rollcall/internal/scim"
)

// nameOf is the attribute by which people know a resource.
func nameOf(t Type) string {
	if t == Group {
		return "displayName"
	}
	return "userName"
}

// resourceOf reads a resource. One without an id is an error.
func resourceOf(t Type, body map[string]any) (Resource, error) {
	r := Resource{Type: t, ID: text(body, "id"), ExternalID: text(body, "externalId"), Name: text(body, nameOf(t)), Body: body}
	if meta, ok := scim.Field(body, "meta").(map[string]any); ok {
		r.Version = text(meta, "version")
	}
	if r.ID == "" {
		return Resource{}, errors.New("a resource has no id")
	}
	return r, nil
}

// resourceIn reads the one resource of an answer.
func resourceIn(t Type, a answer) (Resource, error) {
	body, err := a.object()
	if err != nil {
		return Resource{}, err
	}
	r, err := resourceOf(t, body)
	if tag := a.header.Get("ETag"); tag != "" {
		r.Version = tag
	}
	return r, err
}

// resourcesOf reads the resources of a list.
func resourcesOf(t Type, body map[string]any) ([]Resource, error) {
	listed, ok := scim.Field(body, "Resources").([]any)
	if !ok {
		if scim.Field(body, "Resources") != nil || integer(body, "totalResults", -1) < 0 {
			return nil, errors.New("the answer is no list")
		}
		return nil, nil // absent where there are none: RFC 7644, section 3.4.2
	}
	resources := make([]Resource, 0, len(listed))
	for _, item := range listed {
		object, _ := item.(map[string]any)
		r, err := resourceOf(t, object)
		if err != nil {
			return nil, err
		}
		resources = append(resources, r)
	}
	return resources, nil
}

// has reports whether the attribute of the resource may have the value: only a plain text that is another speaks against it.
func (r Resource) has(attribute, value string) bool {
	got, ok := scim.Field(r.Body, attribute).(string)
	return !ok || scim.Fold(got) == scim.Fold(value)
}

func text(body map[string]any, name string) string {
	switch value := scim.Field(body, name).(type) {
	case string:
		return value
	case json.Number: // some services count their ids
		return value.String()
	}
	return ""
}

func integer(body map[string]any, name string, otherwise int) int {
	switch value := scim.Field(body, name).(type) {
	case json.Number:
		if number, err := strconv.Atoi(value.String()); err == nil {
			return number
		}
	case string:
		if number, err := strconv.Atoi(value); err == nil {
			return number
		}
	}
	return otherwise
}

// boolean reads a yes or no, which some services write as a text.
func boolean(body map[string]any, name string) (value, ok bool) {
	switch value := scim.Field(body, name).(type) {
	case bool:
		return value, true
	case string:
		return strings.EqualFold(value, "true"), strings.EqualFold(value, "true") || strings.EqualFold(value, "false")
	}
	return false, false
}
