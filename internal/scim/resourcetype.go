package scim

import (
	"strings"

	"rollcall/internal/attr"
)

// ResourceType is a kind of resource with its schemas (RFC 7643, section 6).
type ResourceType struct {
	// Name is User or Group, Endpoint where they are found below the base address: /Users or /Groups.
	Name, Endpoint, Description string
	Core                        Schema
	Extensions                  []Schema

	spots *spots
}

// Users returns the resource type of users.
func Users() ResourceType {
	return ResourceType{
		Name: "User", Endpoint: "/Users", Description: "User account", Core: userSchema(),
		Extensions: []Schema{enterpriseSchema(), webexUserSchema()}, spots: &spots{known: map[string]spot{}},
	}
}

// Groups returns the resource type of groups.
func Groups() ResourceType {
	return ResourceType{
		Name: "Group", Endpoint: "/Groups", Description: "Group", Core: groupSchema(), Extensions: []Schema{webexGroupSchema()},
		spots: &spots{known: map[string]spot{}},
	}
}

// commonAttributes are those of every resource; /Schemas does not list them (RFC 7643, section 3.1).
var commonAttributes = []Attribute{
	{Name: "id", Type: String, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways, Uniqueness: ServerUnique},
	{Name: attr.ExternalID, Type: String, CaseExact: true, Mutability: ReadWrite, Returned: ReturnedDefault, Uniqueness: NotUnique},
	{Name: "schemas", Type: Reference, MultiValued: true, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedAlways},
	{Name: "meta", Type: Complex, Mutability: ReadOnly, Returned: ReturnedDefault, SubAttributes: []Attribute{
		{Name: "resourceType", Type: String, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedDefault},
		{Name: "created", Type: DateTime, Mutability: ReadOnly, Returned: ReturnedDefault},
		{Name: "lastModified", Type: DateTime, Mutability: ReadOnly, Returned: ReturnedDefault},
		{Name: "location", Type: Reference, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedDefault},
		{Name: "version", Type: String, CaseExact: true, Mutability: ReadOnly, Returned: ReturnedDefault},
	}},
}

// place is where an attribute stands in a resource.
type place struct {
	// urn of the extension, "" for the core schema.
	urn string
	// attribute is nil if the extension as a whole is meant, sub if the whole attribute is.
	attribute, sub *Attribute
}

func (p place) ref() Ref {
	ref := Ref{URN: p.urn}
	if p.attribute == nil {
		ref.Type = Complex
		return ref
	}
	meant := p.attribute
	ref.Name, ref.Multi = p.attribute.Name, p.attribute.MultiValued
	if p.sub != nil {
		ref.Sub, meant = p.sub.Name, p.sub
	}
	ref.Type, ref.CaseExact = meant.Type, meant.CaseExact
	return ref
}

// String is the path of the attribute as messages name it.
func (p place) String() string {
	if p.attribute == nil {
		return p.urn
	}
	return p.ref().Path()
}

// lookUp finds the attribute that a path such as name.familyName or urn:…:User:department names, in whatever case. In the profile of Entra,
// attributes of extensions are found without their URN too.
func (t ResourceType) lookUp(path string, profile Profile) (place, bool) {
	schema, rest, qualified := t.qualified(path)
	var found place
	switch {
	case qualified && schema.ID != t.Core.ID:
		found.urn = schema.ID
		if rest == "" {
			return found, true
		}
	case qualified && rest == "" || !qualified && strings.HasPrefix(strings.ToLower(path), "urn:"):
		return place{}, false
	}
	name, sub, hasSub := strings.Cut(rest, ".")
	found.attribute = find(schema.Attributes, name)
	if found.attribute == nil && found.urn == "" {
		found.attribute = find(commonAttributes, name)
	}
	if found.attribute == nil && !qualified && !profile.strict() {
		found.urn, found.attribute = t.inExtensions(name)
	}
	if found.attribute == nil {
		return place{}, false
	}
	if hasSub {
		found.sub = found.attribute.sub(sub)
	}
	return found, !hasSub || found.sub != nil
}

// qualified splits a path behind the longest URN of a schema with which it begins.
func (t ResourceType) qualified(path string) (schema Schema, rest string, ok bool) {
	for _, candidate := range append([]Schema{t.Core}, t.Extensions...) {
		id := candidate.ID
		if len(path) < len(id) || !strings.EqualFold(path[:len(id)], id) || ok && len(id) <= len(schema.ID) {
			continue
		}
		if behind := path[len(id):]; behind == "" || behind[0] == ':' {
			schema, rest, ok = candidate, strings.TrimPrefix(behind, ":"), true
		}
	}
	if !ok {
		return t.Core, path, false
	}
	return schema, rest, true
}

func (t ResourceType) inExtensions(name string) (urn string, attribute *Attribute) {
	for _, extension := range t.Extensions {
		if found := find(extension.Attributes, name); found != nil {
			return extension.ID, found
		}
	}
	return "", nil
}

// Schemas lists the schemas of the type, the core one first.
func (t ResourceType) Schemas() []Schema { return append([]Schema{t.Core}, t.Extensions...) }

// extension returns the schema of an extension by its URN in whatever case; nil if the type has none such.
func (t ResourceType) extension(urn string) *Schema {
	for i := range t.Extensions {
		if strings.EqualFold(t.Extensions[i].ID, urn) {
			return &t.Extensions[i]
		}
	}
	return nil
}

// Forget returns the type without what it remembers of paths, for one whose schemas were exchanged.
func (t ResourceType) Forget() ResourceType {
	t.spots = &spots{known: map[string]spot{}}
	return t
}

// Attribute returns the attribute that a path of a record such as `emails[type eq "work"].value` is about as a whole, and the part of it whose value the
// path names, which is the same where it names none. nil if the schemas have none such.
func (t ResourceType) Attribute(path string) (whole, value *Attribute) {
	found := t.spotOf(path)
	if found.found == nil {
		return nil, nil
	}
	if found.path.Sub == "" {
		return found.found, found.found
	}
	if value = found.found.sub(found.path.Sub); value == nil {
		return nil, nil
	}
	return found.found, value
}
