package plan

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/scim"
)

// Schema is what users, or groups, of a destination can hold. A plan does not promise what cannot be written.
type Schema struct {
	// Absent: the destination has no such objects at all.
	Absent bool
	// Type has the attributes; nil if the destination does not describe them.
	Type *scim.ResourceType
	// Required are the paths that must have a value, whatever Type says.
	Required []string
	// FixedNames: the userName of somebody who exists stays what it is.
	FixedNames bool
}

// Codes of what the schema of the destination refuses.
const (
	WrongValue      = "WrongValue"
	ImmutableValue  = "ImmutableValue"
	MissingRequired = "MissingRequired"
	NotSupported    = "NotSupported"
)

// fit makes of a change what the destination can take: what it has no attribute for is left out, and the reason says so; what it would refuse fails
// here already. A deactivation goes on without what does not fit. It reports whether anything is left to do.
func (s *Schema) fit(change Change, current attr.Record) (Change, bool) {
	switch {
	case s == nil:
		return change, true
	case s.Absent && change.Action.Writes():
		return change.unfit(Reason{Code: NotSupported, Text: "the destination has no objects of this type"}), true
	case len(change.After) == 0:
		return change, true
	}
	if change.Action != Create && change.Action != Update && change.Action != Deactivate && change.Action != Reactivate {
		return change, true
	}
	var left []string
	for _, field := range slices.Clone(change.After) {
		unfit, problem := s.check(change, field, current)
		if problem != nil && !change.Removal {
			return change.unfit(*problem), true
		}
		if unfit || problem != nil {
			left = append(left, field.Name)
		}
	}
	if missing := s.missing(change, current); missing != "" && !change.Removal {
		return change.unfit(Reason{Code: MissingRequired, Text: fmt.Sprintf("the destination requires %s, which has no value", missing)}), true
	}
	if left == nil {
		return change, true
	}
	change.Before, change.After = change.Before.Clone(), change.After.Clone()
	for _, name := range left {
		change.Before.Delete(name)
		change.After.Delete(name)
		if name == attr.UserName {
			change.TakesName, change.FreesName, change.HolderID, change.HolderName = "", "", [16]byte{}, ""
		}
	}
	change.Reason.Text += "; left out, because the destination does not take it: " + strings.Join(left, ", ")
	return change, change.Action != Update || change.Link || len(change.After) > 0
}

// unfit is what becomes of a change that the destination would refuse.
func (c Change) unfit(because Reason) Change {
	failed := Change{
		Action: Fail, Object: c.Object, Phase: c.Phase, SourceID: c.SourceID, SourceName: c.SourceName, ObjectName: c.ObjectName,
		Reason: because, Status: c.Status,
	}
	if c.Action != Create {
		failed.ObjectID = c.ObjectID
	}
	return failed
}

// check reports whether a value has no place in the destination, or says why it would be refused.
func (s *Schema) check(change Change, field attr.Field, current attr.Record) (unfit bool, problem *Reason) {
	switch field.Name {
	case attr.Active, attr.DeletedAt: // without these there is no life cycle
		return false, nil
	case attr.UserName:
		return s.FixedNames && change.Action != Create, nil
	}
	if s.Type == nil {
		return false, nil
	}
	whole, value := s.Type.Attribute(field.Name)
	switch {
	case whole == nil, value.Mutability == scim.ReadOnly, whole.Mutability == scim.ReadOnly:
		return true, nil
	case field.Value == nil, field.Name == attr.Manager:
		return false, nil
	}
	had := current.Get(field.Name)
	if (value.Mutability == scim.Immutable || whole.Mutability == scim.Immutable) && had != nil && !attr.Equal(had, field.Value) {
		return false, &Reason{Code: ImmutableValue, Text: fmt.Sprintf("%s cannot be changed in the destination once it has a value", field.Name)}
	}
	if text := misfit(value, field.Value); text != "" {
		return false, &Reason{Code: WrongValue, Text: fmt.Sprintf("the destination does not take the value of %s: %s", field.Name, text)}
	}
	return false, nil
}

// misfit says why an attribute cannot hold a value; "" if it can. Lists and objects are left to the destination.
func misfit(attribute *scim.Attribute, value any) string {
	switch v := value.(type) {
	case bool:
		if attribute.Type != scim.Boolean {
			return "it is true or false, and the attribute is of the type " + string(attribute.Type)
		}
	case float64:
		if attribute.Type != scim.Integer && attribute.Type != scim.Decimal {
			return "it is a number, and the attribute is of the type " + string(attribute.Type)
		}
	case string:
		switch {
		case attribute.Type == scim.Boolean || attribute.Type == scim.Integer || attribute.Type == scim.Decimal:
			return "it is a text, and the attribute is of the type " + string(attribute.Type)
		case len(attribute.CanonicalValues) > 0 && !slices.ContainsFunc(attribute.CanonicalValues, func(known string) bool { return strings.EqualFold(known, v) }):
			return "it is none of " + strings.Join(attribute.CanonicalValues, ", ")
		}
	}
	return ""
}

// missing names a required attribute that would have no value afterwards; "" if there is none. Of somebody who exists only what the change clears
// counts.
func (s *Schema) missing(change Change, current attr.Record) string {
	after := attr.Record{}.Merge(current).Merge(change.After)
	required := slices.Clone(s.Required)
	if s.Type != nil {
		for _, attribute := range s.Type.Core.Attributes {
			if attribute.Required && attribute.Mutability != scim.ReadOnly {
				required = append(required, attribute.Name)
			}
		}
	}
	for _, path := range required {
		if path == "password" || path == "members" || path == attr.UserName && s.FixedNames {
			continue // nobody is in a group before it is there
		}
		touched := change.Action == Create || slices.ContainsFunc(change.After, func(f attr.Field) bool { return within(f.Name, path) })
		if touched && !slices.ContainsFunc(after, func(f attr.Field) bool { return f.Value != nil && f.Value != "" && within(f.Name, path) }) {
			return path
		}
	}
	return ""
}

// Membership says why groups of the destination cannot have a member, a group if nested; nil if they can.
func (s *Schema) Membership(nested bool) *Reason {
	if s == nil || s.Type == nil {
		return nil
	}
	members, _ := s.Type.Attribute("members")
	if members == nil || members.Mutability == scim.ReadOnly {
		return &Reason{Code: NotSupported, Text: "the destination does not take members of groups"}
	}
	if !nested {
		return nil
	}
	var kinds []string // of which members may be, as far as the destination says it
	if _, reference := s.Type.Attribute("members.$ref"); reference != nil {
		kinds = append(kinds, reference.ReferenceTypes...)
	}
	if _, kind := s.Type.Attribute("members.type"); kind != nil {
		kinds = append(kinds, kind.CanonicalValues...)
	}
	if len(kinds) > 0 && !slices.ContainsFunc(kinds, func(kind string) bool { return strings.EqualFold(kind, "Group") }) {
		return &Reason{Code: NotSupported, Text: "the destination does not take groups as members of groups"}
	}
	return nil
}

// within reports whether a path of a record is an attribute, or a part of it: emails[type eq "work"].value is within emails.
func within(path, attribute string) bool {
	rest, is := strings.CutPrefix(path, attribute)
	return is && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
