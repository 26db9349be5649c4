package scim

import "slices"

// Apply returns what the patch makes of a resource, which stays as it is. An error means that nothing of it is possible.
func (p Patch) Apply(resource Resource) (Resource, error) {
	out, _ := clone(resource).(map[string]any)
	for _, e := range p.edits {
		if err := p.apply(out, e); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// clone copies objects and lists, all the way down.
func clone(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, field := range v {
			out[name] = clone(field)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			out[i] = clone(element)
		}
		return out
	}
	return value
}

func (p Patch) apply(resource Resource, e edit) error {
	container := resource
	if e.target.urn != "" {
		if e.target.attribute == nil {
			delete(resource, e.target.urn) // the whole extension is removed
			return nil
		}
		extension, ok := resource[e.target.urn].(map[string]any)
		if !ok {
			extension = map[string]any{}
		}
		container = extension
		defer func() {
			if delete(resource, e.target.urn); len(extension) > 0 {
				resource[e.target.urn] = extension
			}
		}()
	}
	attribute := e.target.attribute
	switch {
	case attribute.MultiValued:
		return p.applyMulti(container, e)
	case e.target.filter != nil:
		return invalid(InvalidPath, "%s has one value: nothing stands in brackets there", attribute.Name)
	case attribute.Type == Complex:
		return p.applyComplex(container, e)
	}
	value, err := p.valueOf(attribute, e)
	if err != nil {
		return err
	}
	return p.set(container, attribute, value, e.verb)
}

// valueOf returns the value of an edit as resources hold it; nil for none.
func (p Patch) valueOf(attribute *Attribute, e edit) (any, error) {
	if e.verb == remove {
		return nil, nil
	}
	return attribute.value(e.value, p.profile)
}

// set gives an attribute a value, or takes it away. Adding nothing is nothing. active, which every user has, keeps its value in Entra's
// profile.
func (p Patch) set(container map[string]any, attribute *Attribute, value any, does verb) error {
	switch {
	case value != nil:
		container[attribute.Name] = value
	case does == add, attribute.Name == "active" && !p.profile.strict():
	case attribute.Required:
		return invalid(Mutability, "%s is required and cannot be removed", attribute.Name)
	default:
		delete(container, attribute.Name)
	}
	return nil
}

// applyComplex changes the parts of a single complex value that are given; the others stay.
func (p Patch) applyComplex(container map[string]any, e edit) error {
	attribute := e.target.attribute
	object, ok := container[attribute.Name].(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	parts, err := p.partsOf(attribute, e)
	if err != nil {
		return err
	}
	if e.target.sub == nil && (e.verb == remove || len(parts) == 0) {
		return p.set(container, attribute, nil, e.verb)
	}
	for name, part := range parts {
		if err := p.applyPart(object, attribute, name, edit{verb: e.verb, value: part}); err != nil {
			return err
		}
	}
	if delete(container, attribute.Name); len(object) > 0 {
		container[attribute.Name] = object
	}
	return nil
}

// partsOf returns the parts of a complex value that an edit gives, as they were given.
func (p Patch) partsOf(attribute *Attribute, e edit) (map[string]any, error) {
	if e.target.sub != nil {
		return map[string]any{e.target.sub.Name: e.value}, nil
	}
	if given, ok := e.value.(map[string]any); ok {
		return given, nil
	}
	value, err := p.valueOf(attribute, e)
	parts, _ := value.(map[string]any)
	return parts, err
}

// applyPart changes one part of a complex value.
func (p Patch) applyPart(object map[string]any, attribute *Attribute, name string, e edit) error {
	sub := attribute.sub(name)
	switch {
	case sub == nil && p.profile.strict():
		return invalid(InvalidValue, "%s has no part %s", attribute.Name, quote(name))
	case sub == nil, !sub.writable(), sub.Name == "$ref":
		return nil
	}
	value, err := p.valueOf(sub, e)
	if err != nil {
		return err
	}
	return p.set(object, sub, value, e.verb)
}

// applyMulti changes the values of a multi-valued attribute.
func (p Patch) applyMulti(container map[string]any, e edit) error {
	attribute := e.target.attribute
	before, _ := container[attribute.Name].([]any)
	m := multi{Patch: p, attribute: attribute, values: objects(before)}
	var err error
	switch {
	case e.target.filter != nil || e.target.sub != nil:
		err = m.selected(e)
	case e.verb == remove && !isNothing(e.value):
		err = m.without(e)
	case e.verb == remove:
		m.values = nil
	default:
		err = m.whole(e)
	}
	if err != nil {
		return err
	}
	values := m.list()
	if delete(container, attribute.Name); len(values) > 0 {
		container[attribute.Name] = values
	}
	return nil
}

// objects returns the values of a list; those of all multi-valued attributes that can be written are objects.
func objects(list []any) []map[string]any {
	values := make([]map[string]any, 0, len(list))
	for _, element := range list {
		if object, ok := element.(map[string]any); ok {
			values = append(values, object)
		}
	}
	return values
}

// list is the opposite, without the values that say nothing any more.
func (m multi) list() []any {
	list := make([]any, 0, len(m.values))
	for _, object := range m.values {
		if m.attribute.says(object) {
			list = append(list, object)
		}
	}
	return slices.Clip(list)
}
