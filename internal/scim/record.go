package scim

import (
	"reflect"
	"slices"
	"strings"

	"rollcall/internal/attr"
)

// ToRecord returns the attributes that a directory keeps of a new resource.
func (t ResourceType) ToRecord(resource Resource) attr.Record {
	return attr.Record{}.Merge(t.Changes(Resource{}, resource, nil))
}

// Changes returns, as a partial record, what makes after of before, which is FromRecord of record with additions: nil removes. An attribute
// that is the same in both is not touched, however the record writes it; one that differs is written anew as a whole.
func (t ResourceType) Changes(before, after Resource, record attr.Record) attr.Record {
	var partial attr.Record
	t.eachAttribute(func(urn string, attribute *Attribute) {
		was, is := valueIn(before, urn, attribute.Name), valueIn(after, urn, attribute.Name)
		if !attribute.writable() || reflect.DeepEqual(was, is) {
			return
		}
		for _, field := range record {
			path, err := attr.ParsePath(field.Name)
			if err == nil && strings.EqualFold(path.URN, urn) && strings.EqualFold(path.Name, attribute.Name) {
				partial.Set(field.Name, nil)
			}
		}
		flatten(&partial, attr.Path{URN: urn, Name: attribute.Name}, attribute, is)
	})
	return partial
}

// PlacedByName reports whether the names of a record's fields alone say where FromRecord puts their values, as long as these are plain ones that
// are not empty: no lists, and no values that others are found by.
func (t ResourceType) PlacedByName(record attr.Record) bool {
	for _, field := range record {
		spot := t.spotOf(field.Name)
		if spot.found == nil || !spot.found.MultiValued {
			continue
		}
		if !strings.EqualFold(spot.path.FilterName, "type") || strings.EqualFold(spot.path.Sub, "type") {
			return false
		}
	}
	return true
}

// eachAttribute calls fn for all attributes that a record may hold.
func (t ResourceType) eachAttribute(fn func(urn string, attribute *Attribute)) {
	fn("", find(commonAttributes, attr.ExternalID))
	for i := range t.Core.Attributes {
		if name := t.Core.Attributes[i].Name; name != "members" && name != "password" {
			fn("", &t.Core.Attributes[i])
		}
	}
	for _, extension := range t.Extensions {
		for i := range extension.Attributes {
			fn(extension.ID, &extension.Attributes[i])
		}
	}
}

func valueIn(resource Resource, urn, name string) any {
	if urn != "" {
		extension, _ := resource[urn].(map[string]any)
		return extension[name]
	}
	return resource[name]
}

// flatten adds the paths of a value to a record.
func flatten(record *attr.Record, path attr.Path, attribute *Attribute, value any) {
	switch v := value.(type) {
	case nil:
	case []any:
		flattenList(record, path, attribute, v)
	case map[string]any:
		for name, part := range v {
			if sub := attribute.sub(name); sub != nil && sub.writable() { // not the name of a manager, which is his own
				path.Sub = name
				record.Set(path.String(), part)
			}
		}
	default:
		record.Set(path.String(), value)
	}
}

// flattenList writes values that have a type of their own under paths with that type, and all others as a list.
func flattenList(record *attr.Record, path attr.Path, attribute *Attribute, list []any) {
	var rest []any
	taken := map[string]bool{}
	for _, element := range list {
		object, _ := element.(map[string]any)
		kind, _ := object["type"].(string)
		key := Fold(kind)
		if kind == "" || attribute.sub("type") == nil || taken[key] || len(object) < 2 {
			rest = append(rest, element)
			continue
		}
		taken[key] = true
		for name, sub := range object {
			if name != "type" {
				record.Set(attr.Path{URN: path.URN, Name: path.Name, FilterName: "type", FilterValue: kind, Sub: name}.String(), sub)
			}
		}
	}
	if len(rest) > 0 {
		record.Set(path.String(), attr.Canonical(slices.Clip(rest)))
	}
}
