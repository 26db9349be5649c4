package entraschema

import (
	"fmt"
	"strings"

	"rollcall/internal/mapping"
)

// readDefinitions finds the definitions of the destination's attributes (Graph, attributeDefinition), and notes if the tenant's users
// are not told apart by their object id.
func (in *importer) readDefinitions(chosen choice) {
	in.definitions = map[string]*node{}
	target := findObject(chosen.schema, chosen.rule.member("targetDirectoryName").string(), chosen.objectMapping.member("targetObjectName").string())
	for _, definition := range target.member("attributes").list() {
		in.definitions[strings.ToLower(definition.member("name").string())] = definition
	}
	users := findObject(chosen.schema, chosen.rule.member("sourceDirectoryName").string(), chosen.objectMapping.member("sourceObjectName").string())
	for _, definition := range users.member("attributes").list() {
		name := definition.member("name").string()
		if anchor := definition.member("anchor"); anchor.isTrue() && !isOneOf(name, []string{"objectId", "id"}) {
			in.note(Changed, anchor, name, "users are tied to the destination by %s; here always by objectId", label(name))
		}
	}
}

// findObject returns the definition of an object of a directory; nil if there is none.
func findObject(schema *node, directory, object string) *node {
	for _, d := range schema.member("directories").list() {
		if !strings.EqualFold(d.member("name").string(), directory) {
			continue
		}
		for _, o := range d.member("objects").list() {
			if strings.EqualFold(o.member("name").string(), object) {
				return o
			}
		}
	}
	return nil
}

// readDefinition takes over what the definition of a target says about mapping it.
func (in *importer) readDefinition(n *node, a *mapping.Attribute) {
	definition := in.definitions[strings.ToLower(n.member("targetAttributeName").string())]
	if nulls := definition.member("flowNullValues"); nulls.isTrue() && n.member(clearAnnotation) == nil {
		a.ClearWhenEmpty = true
		in.note(Changed, nulls, a.Target, "null values flow to it, so it is cleared when empty")
	}
	if mutability := definition.member("mutability"); strings.EqualFold(mutability.string(), "Immutable") && a.Apply == mapping.Always {
		a.Apply = mapping.OnlyOnCreate
		in.note(Changed, mutability, a.Target, "it is immutable, so it is applied only on creation")
	}
	value := definition.member("defaultValue")
	if a.Default == "" && definition.member("required").isTrue() && !value.empty() {
		a.Default = value.string()
		in.note(Changed, value, a.Target, "it is required, and its definition has the default value %s; here a new user gets it", label(a.Default))
	}
}

// compareDefinitions notes where the definitions of mapped attributes ask for something that is not done here, in one note for each property.
func (in *importer) compareDefinitions() {
	var folded, required, fixed []imported
	for _, a := range in.attributes {
		definition := in.definitions[strings.ToLower(a.node.member("targetAttributeName").string())]
		if definition.member("caseExact").isFalse() {
			folded = append(folded, a)
		}
		if definition.member("required").isTrue() && a.Default == "" && !strings.EqualFold(a.Target, "userName") {
			required = append(required, a)
		}
		if mutability := definition.member("mutability").string(); !isOneOf(mutability, []string{"", "ReadWrite", "Immutable"}) {
			fixed = append(fixed, a)
		}
	}
	in.noteDefinitions(folded, "caseExact", "a change of nothing but upper and lower case is written here; Entra does not write it (caseExact)")
	in.noteDefinitions(required, "required", "Entra records an error for a user without a value (required); here such a user is written without it")
	in.noteDefinitions(fixed, "mutability", "the application does not let it be read and written alike (mutability); here it is written whenever it differs")
}

// noteDefinitions notes that a property of the definitions of some targets has no effect.
func (in *importer) noteDefinitions(attributes []imported, property, text string) {
	if len(attributes) == 0 {
		return
	}
	first := in.definitions[strings.ToLower(attributes[0].node.member("targetAttributeName").string())]
	names := make([]string, 0, 4)
	for i, a := range attributes {
		if i == 3 && len(attributes) > 4 {
			names = append(names, fmt.Sprintf("%d more", len(attributes)-i))
			break
		}
		names = append(names, a.Target)
	}
	in.note(Changed, first.member(property), strings.Join(names, ", "), "%s", text)
}
