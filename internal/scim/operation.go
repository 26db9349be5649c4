package scim

import (
	"maps"
	"slices"
	"strings"

	"rollcall/internal/fault"
)

// operation adds the edits of one operation.
func (t ResourceType) operation(patch *Patch, fields map[string]any) *fault.Error {
	op, _ := Field(fields, "op").(string)
	does := verb(op)
	if !patch.profile.strict() {
		does = verb(strings.ToLower(op))
	}
	if does != add && does != remove && does != replace {
		return invalid(InvalidSyntax, "op is add, remove or replace, not %s", quote(op))
	}
	path, isText := Field(fields, "path").(string)
	if !isText && Field(fields, "path") != nil {
		return invalid(InvalidPath, "path is not a text")
	}
	value := Field(fields, "value")
	switch {
	case does != remove && !has(fields, "value"):
		return invalid(InvalidValue, "%s needs a value", does)
	case strings.TrimSpace(path) != "":
		return t.atPath(patch, does, path, value)
	case does == remove:
		return invalid(NoTarget, "remove needs a path")
	}
	object, ok := value.(map[string]any)
	if !ok {
		return invalid(InvalidValue, "without a path the value is an object with the attributes")
	}
	return t.object(patch, does, "", object, true)
}

// atPath adds the edits of an operation with a path.
func (t ResourceType) atPath(patch *Patch, does verb, path string, value any) *fault.Error {
	target, known, err := t.parsePath(path, patch.profile)
	switch {
	case err != nil:
		return fault.Of(err)
	case !known && patch.profile.strict():
		return invalid(InvalidPath, "there is no attribute %s", quote(path))
	case !known:
		return nil
	case target.attribute == nil && does != remove:
		object, ok := value.(map[string]any)
		if !ok {
			return invalid(InvalidValue, "%s takes an object with its attributes", target)
		}
		return t.object(patch, does, target.urn, object, true)
	}
	if !target.changeable() {
		return invalid(Mutability, "%s is read-only", target)
	}
	return patch.take(edit{verb: does, target: target, value: value})
}

func (t target) changeable() bool {
	return (t.attribute == nil || t.attribute.writable()) && (t.sub == nil || t.sub.writable())
}

// object adds the edits of an object with attributes, of the extension or, with urn "", of the resource. Read-only attributes are passed
// over, or refused by the strict profile if the object is that of a patch.
func (t ResourceType) object(patch *Patch, does verb, urn string, object map[string]any, patching bool) *fault.Error {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if strings.EqualFold(name, "schemas") { // clients write it into extensions too
			continue
		}
		target, known, problem := t.key(urn, name, patch.profile)
		switch {
		case problem != nil:
			return fault.Of(problem)
		case !known && patch.profile.strict():
			return invalid(InvalidSyntax, "there is no attribute %s", quote(name))
		case !known:
			continue
		case target.attribute == nil:
			inner, ok := object[name].(map[string]any)
			if !ok && isNothing(object[name]) {
				continue
			}
			if !ok || urn != "" {
				return invalid(InvalidValue, "%s takes an object with its attributes", target)
			}
			if err := t.object(patch, does, target.urn, inner, patching); err != nil {
				return err
			}
			continue
		case !target.changeable() && patching && patch.profile.strict():
			return invalid(Mutability, "%s is read-only", target)
		case !target.changeable():
			continue
		}
		if err := patch.take(edit{verb: does, target: target, value: object[name]}); err != nil {
			return err
		}
	}
	return nil
}

// key reads a name of an object. Entra writes paths there, such as name.givenName or urn:…:User:department.
func (t ResourceType) key(urn, name string, profile Profile) (target, bool, error) {
	if urn != "" {
		name = urn + ":" + name
	}
	if !profile.strict() {
		return t.parsePath(name, profile)
	}
	found, known := t.lookUp(name, profile)
	known = known && found.sub == nil && (found.urn == urn || found.attribute == nil)
	return target{place: found}, known, nil
}

// take adds an edit where it belongs.
func (p *Patch) take(e edit) *fault.Error {
	if e.target.attribute == nil || e.target.urn != "" || e.target.attribute.Name != "members" {
		p.edits = append(p.edits, e)
		return nil
	}
	members, err := e.members(p.profile)
	if err != nil {
		return fault.Of(err)
	}
	p.Members = append(p.Members, members)
	return nil
}
