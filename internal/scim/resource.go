package scim

import (
	"slices"
	"strings"

	"rollcall/internal/attr"
)

// Resource is a user or group as SCIM shows it. Attributes have the spelling of the schema; those of an extension stand in an object under
// its URN. Values are texts, bools, lists ([]any) and objects (map[string]any). What has no value is absent.
type Resource = map[string]any

// FromRecord makes a resource of the attributes that a directory keeps. What the schemas do not know is left out, and so are id, meta and
// schemas, and everything that other objects tell: groups, members, managers whom a tenant names.
func (t ResourceType) FromRecord(record attr.Record) Resource {
	resource := Resource{}
	var lists []func() // behind what stands under paths with a type: their values are told apart by it, those of lists are not
	for _, field := range record {
		spot := t.spotOf(field.Name)
		found, path := spot.found, spot.path
		if found == nil || isNothing(field.Value) {
			continue
		}
		container := spot.container(resource)
		switch {
		case found.MultiValued && path.FilterName == "":
			lists = append(lists, func() {
				list, _ := container[found.Name].([]any)
				container[found.Name] = append(list, objectsOf(field.Value)...)
			})
		default:
			put(container, found, path, field.Value)
		}
	}
	for _, add := range lists {
		add()
	}
	for _, extension := range t.Extensions {
		if isNothing(resource[extension.ID]) {
			delete(resource, extension.ID)
		}
	}
	return resource
}

// put stores the value of one path of a record in the object of its attribute.
func put(container map[string]any, found *Attribute, path attr.Path, value any) {
	switch {
	case !found.MultiValued && found.Type != Complex:
		if path.Sub == "" && path.FilterName == "" {
			container[found.Name] = first(value)
		}
	case !found.MultiValued:
		sub := found.sub(path.Sub)
		if sub == nil || path.FilterName != "" {
			return // such as a manager whom only the tenant knows
		}
		object, ok := container[found.Name].(map[string]any)
		if !ok {
			object = map[string]any{}
			container[found.Name] = object
		}
		object[sub.Name] = value
	default:
		putFiltered(container, found, path, value)
	}
}

// first is the value of an attribute that has one value only, where a mapping wrote several.
func first(value any) any {
	if list, ok := value.([]string); ok && len(list) > 0 {
		return list[0]
	}
	return value
}

// objectsOf returns the values of a list of objects; a text is an object with this value.
func objectsOf(value any) []any {
	var list []any
	switch v := value.(type) {
	case []any:
		list = slices.Clone(v)
	case []string:
		for _, text := range v {
			list = append(list, text)
		}
	default:
		list = []any{v}
	}
	for i, element := range list {
		if text, ok := element.(string); ok {
			list[i] = map[string]any{"value": text}
		}
	}
	return list
}

// putFiltered stores `emails[type eq "work"].value` in the value that has this type.
func putFiltered(container map[string]any, found *Attribute, path attr.Path, value any) {
	selects, sub := found.sub(path.FilterName), found.sub(path.Sub)
	if selects == nil || sub == nil {
		return
	}
	var marked any = path.FilterValue
	if selects.Type == Boolean {
		marked = strings.EqualFold(path.FilterValue, "true")
	}
	list, _ := container[found.Name].([]any)
	for _, element := range list {
		if object, ok := element.(map[string]any); ok && object[selects.Name] == marked {
			object[sub.Name] = value
			return
		}
	}
	container[found.Name] = append(list, map[string]any{selects.Name: marked, sub.Name: value})
}
