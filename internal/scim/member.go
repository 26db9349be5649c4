package scim

import "slices"

// MemberEdit is one operation on the members of a group, who are no part of the resource: a group may have very many.
type MemberEdit struct {
	// Add puts the Members in; Replace makes them the only ones; otherwise members are taken out: those of the list, those who fit the
	// filter, or, with neither, all.
	Add, Replace bool
	Members      []Member
	// Filter selects members by value and type; nil for none.
	Filter *Filter
	// Listed: Members says who is taken out, though nobody may stand in it.
	Listed bool
}

// Member is who is named in a list of members. Type is User, Group or "".
type Member struct{ Value, Type string }

// members reads an edit of the attribute members. Removing with a value takes out those in it and no others: Entra writes it so, and no
// client means all when it names some.
func (e edit) members(profile Profile) (MemberEdit, error) {
	out := MemberEdit{Add: e.verb == add, Replace: e.verb == replace, Filter: e.target.filter}
	if e.target.sub != nil {
		return out, invalid(Mutability, "%s cannot be changed: take the member out and put another in", e.target)
	}
	if e.target.filter != nil {
		if e.verb != remove {
			return out, invalid(InvalidPath, "members are added and replaced as a list, without a filter")
		}
		return out, nil
	}
	if e.verb == remove && e.value == nil {
		return out, nil
	}
	out.Listed = true
	elements, ok := e.value.([]any)
	if !ok {
		elements = []any{e.value}
	}
	out.Members = slices.Grow(out.Members, len(elements))
	for _, element := range elements {
		if isNothing(element) {
			continue
		}
		value, err := e.target.attribute.single(element, profile)
		if err != nil {
			return out, err
		}
		object, _ := value.(map[string]any)
		member := Member{}
		member.Value, _ = object["value"].(string)
		member.Type, _ = object["type"].(string)
		if member.Value == "" {
			return out, invalid(InvalidValue, "a member needs a value, the id of a user or group")
		}
		out.Members = append(out.Members, member)
	}
	return out, nil
}
