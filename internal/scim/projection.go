package scim

import (
	"slices"
	"strings"
)

// Projection says which attributes of resources are answered with (RFC 7644, section 3.9). The zero value: those of the default.
type Projection struct {
	only, without []place
	chosen        bool
}

// ParseProjection reads the parameters attributes and excludedAttributes, lists of names with commas between them. Names that the schemas
// do not know choose nothing, and exclude nothing.
func (t ResourceType) ParseProjection(attributes, excluded []string) Projection {
	return Projection{only: t.places(attributes), without: t.places(excluded), chosen: len(attributes) > 0}
}

func (t ResourceType) places(names []string) []place {
	var places []place
	for _, name := range names {
		if found, known := t.lookUp(strings.TrimSpace(name), Entra); known {
			places = append(places, found)
		}
	}
	return places
}

// Wants reports whether the core attribute is answered with, so that what is not need not be read.
func (p Projection) Wants(name string) bool {
	names := func(at place) bool { return at.urn == "" && at.attribute != nil && at.attribute.Name == name }
	if slices.ContainsFunc(p.without, func(at place) bool { return names(at) && at.sub == nil }) {
		return false
	}
	return !p.chosen || slices.ContainsFunc(p.only, names)
}

// Requests reports whether the attribute of an extension, which is not in the default, is asked for by its name.
func (p Projection) Requests(urn, name string) bool {
	return slices.ContainsFunc(p.only, func(at place) bool { return at.urn == urn && at.attribute != nil && at.attribute.Name == name })
}

// IsDefault reports whether resources are answered with as they are.
func (p Projection) IsDefault() bool { return !p.chosen && len(p.without) == 0 }

// Apply returns the part of a resource that is answered with. id and schemas always are.
func (p Projection) Apply(resource Resource) Resource {
	out := resource
	if p.chosen {
		out = Resource{"id": resource["id"], "schemas": resource["schemas"]}
		for _, at := range p.only {
			at.copyTo(out, resource)
		}
	}
	if len(p.without) == 0 {
		return out
	}
	out, _ = clone(out).(map[string]any)
	for _, at := range p.without {
		at.deleteFrom(out)
	}
	return out
}

// copyTo copies the attribute, or its part, from one resource to another.
func (p place) copyTo(out, from Resource) {
	if p.urn != "" {
		extension, ok := from[p.urn].(map[string]any)
		if !ok {
			return
		}
		if p.attribute == nil {
			out[p.urn] = extension
			return
		}
		chosen, ok := out[p.urn].(map[string]any)
		if !ok {
			chosen = map[string]any{}
		}
		if p.copyAttribute(chosen, extension); len(chosen) > 0 {
			out[p.urn] = chosen
		}
		return
	}
	p.copyAttribute(out, from)
}

func (p place) copyAttribute(out, from map[string]any) {
	name := p.attribute.Name
	value, there := from[name]
	if !there {
		return
	}
	if p.sub == nil {
		out[name] = value
		return
	}
	switch v := value.(type) {
	case map[string]any:
		object, ok := out[name].(map[string]any)
		if !ok {
			object = map[string]any{}
		}
		if part, ok := v[p.sub.Name]; ok {
			object[p.sub.Name] = part
			out[name] = object
		}
	case []any:
		out[name] = p.parts(v, out[name])
	}
}

// parts returns the part of every value of a list, together with the parts that were chosen before.
func (p place) parts(list []any, before any) []any {
	chosen, _ := before.([]any)
	if len(chosen) != len(list) {
		chosen = make([]any, len(list))
		for i := range chosen {
			chosen[i] = map[string]any{}
		}
	}
	for i, element := range list {
		from, _ := element.(map[string]any)
		to, _ := chosen[i].(map[string]any)
		if part, ok := from[p.sub.Name]; ok && to != nil {
			to[p.sub.Name] = part
		}
	}
	return chosen
}

func (p place) deleteFrom(out Resource) {
	container := out
	if p.urn != "" {
		if p.attribute == nil {
			delete(out, p.urn)
			return
		}
		container, _ = out[p.urn].(map[string]any)
	}
	if always := p.attribute.Returned == ReturnedAlways; always || container == nil {
		return
	}
	if p.sub == nil {
		delete(container, p.attribute.Name)
		return
	}
	switch v := container[p.attribute.Name].(type) {
	case map[string]any:
		delete(v, p.sub.Name)
	case []any:
		for _, element := range v {
			if object, ok := element.(map[string]any); ok {
				delete(object, p.sub.Name)
			}
		}
	}
}
