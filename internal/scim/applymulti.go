package scim

import (
	"maps"
	"slices"
	"strings"
)

// multi changes the values of one multi-valued attribute.
type multi struct {
	Patch
	attribute *Attribute
	values    []map[string]any
}

// whole adds values, or makes them the only ones. A value that is there already is not added again. In Entra's profile a value takes the
// place of the one of the same type: for it, there is only one of each.
func (m *multi) whole(e edit) error {
	value, err := m.attribute.value(e.value, m.profile)
	if err != nil {
		return err
	}
	list, _ := value.([]any)
	given := objects(list)
	if e.verb == replace {
		m.values = given
		return nil
	}
	for _, object := range given {
		i := slices.IndexFunc(m.values, func(there map[string]any) bool { return m.takesPlace(object, there) })
		if i < 0 {
			i = len(m.values)
			m.values = append(m.values, nil)
		}
		m.values[i] = object
		m.preferred(i)
	}
	return nil
}

func (m *multi) takesPlace(object, there map[string]any) bool {
	if same(object, there) {
		return true
	}
	kind, _ := object["type"].(string)
	other, _ := there["type"].(string)
	return !m.profile.strict() && kind != "" && strings.EqualFold(kind, other)
}

// preferred makes the value at i the only primary one, if it says that it is.
func (m *multi) preferred(i int) {
	if primary, _ := m.values[i]["primary"].(bool); !primary {
		return
	}
	for j, other := range m.values {
		if j != i {
			delete(other, "primary")
		}
	}
}

// without takes out the values that are given, by their value or whole.
func (m *multi) without(e edit) error {
	value, err := m.attribute.value(e.value, m.profile)
	if err != nil {
		return err
	}
	list, _ := value.([]any)
	given := objects(list)
	m.values = slices.DeleteFunc(m.values, func(there map[string]any) bool {
		return slices.ContainsFunc(given, func(object map[string]any) bool {
			return same(object, there) || len(object) == 1 && object["value"] != nil && same(object["value"], there["value"])
		})
	})
	return nil
}

// selected changes the values that the filter of the path selects, all if there is none.
func (m *multi) selected(e edit) error {
	var chosen []int
	for i, object := range m.values {
		if e.target.filter == nil || match(e.target.filter, object) {
			chosen = append(chosen, i)
		}
	}
	if len(chosen) == 0 {
		return m.noMatch(e)
	}
	if e.verb == remove && e.target.sub == nil {
		m.values = slices.DeleteFunc(m.values, func(object map[string]any) bool { return match(e.target.filter, object) })
		return nil
	}
	for _, i := range chosen {
		if err := m.one(i, e); err != nil {
			return err
		}
		m.preferred(i)
	}
	return nil
}

// noMatch is when no value fits: noTarget, but Entra expects the value to be made, as its filter says it is.
func (m *multi) noMatch(e edit) error {
	nothing := e.verb == remove || isNothing(e.value)
	made := map[string]any{}
	switch {
	case m.profile.strict():
		return invalid(NoTarget, "no value fits %s", e.target)
	case nothing:
		return nil
	case e.target.filter != nil && !m.implied(e.target.filter, made):
		return invalid(NoTarget, "no value fits %s, and the filter does not say what a new one is like", e.target)
	}
	m.values = append(m.values, made)
	if err := m.one(len(m.values)-1, e); err != nil {
		return err
	}
	m.preferred(len(m.values) - 1)
	return nil
}

// implied fills an object with what a filter demands of it. ok is false if the filter can be fulfilled in several ways.
func (m *multi) implied(filter *Filter, object map[string]any) (ok bool) {
	switch {
	case filter.Kind == And:
		for _, term := range filter.Terms {
			if !m.implied(term, object) {
				return false
			}
		}
		return true
	case filter.Kind == Compare && filter.Op == Equal:
		sub := m.attribute.sub(filter.Ref.Name)
		value := filter.Value
		if text, isText := value.(string); isText && sub != nil {
			value, _ = sub.text(text, m.profile) // a text always fits
		}
		object[filter.Ref.Name] = value
		return true
	}
	return false
}

// one changes one value: a part of it, or the whole. Replacing the whole keeps what the filter says of it.
func (m *multi) one(i int, e edit) error {
	object := m.values[i]
	if e.target.sub != nil {
		return m.applyPart(object, m.attribute, e.target.sub.Name, e)
	}
	value, err := m.attribute.single(e.value, m.profile)
	if err != nil {
		return err
	}
	given, _ := value.(map[string]any)
	if e.verb == replace {
		object = map[string]any{}
		if e.target.filter != nil {
			m.implied(e.target.filter, object)
		}
	}
	maps.Copy(object, given)
	m.values[i] = object
	return nil
}
