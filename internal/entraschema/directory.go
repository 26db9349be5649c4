package entraschema

import (
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// exportDirectories returns the definitions of the attributes that mappings and filters name.
func exportDirectories(c Configuration, application string) ([]directoryDefinition, error) {
	from, err := exportSourceAttributes(c)
	if err != nil {
		return nil, err
	}
	return []directoryDefinition{
		exportDirectory(sourceDirectory, from),
		exportDirectory(application, exportTargetAttributes(c)),
	}, nil
}

func exportDirectory(name string, attributes []attributeDefinition) directoryDefinition {
	return directoryDefinition{
		ID: identifier([]byte("directory " + name)), Name: name,
		Objects: []objectDefinition{{Name: "User", Metadata: []keyValue{}, Attributes: attributes}},
	}
}

// exportSourceAttributes defines the attributes of the tenant in use, objectId first: it is the anchor.
func exportSourceAttributes(c Configuration) ([]attributeDefinition, error) {
	var names []string
	for _, a := range c.Attributes {
		switch a.Kind {
		case mapping.Direct:
			names = append(names, a.Source)
		case mapping.Expression:
			parsed, err := expr.Parse(a.Expression, nil)
			if err != nil {
				return nil, err
			}
			names = append(names, parsed.Attributes()...)
		default:
		}
	}
	for _, f := range c.Filters {
		for _, clause := range f.Clauses {
			names = append(names, clause.Attribute)
		}
	}
	slices.Sort(names)
	anchor := defineAttribute("objectId")
	anchor.Anchor, anchor.Required = true, true
	definitions := []attributeDefinition{anchor}
	for _, name := range slices.Compact(names) {
		if name != anchor.Name {
			definitions = append(definitions, defineSource(name))
		}
	}
	return definitions, nil
}

func defineSource(name string) attributeDefinition {
	d := defineAttribute(name)
	if attribute, err := source.Find(name); err == nil {
		d.Multivalued = attribute.MultiValued
		if attribute.Reference {
			d.refer()
		}
	}
	switch {
	case slices.Contains([]string{"accountEnabled", "isResourceAccount", "IsSoftDeleted", "onPremisesSyncEnabled", "showInAddressList"}, name):
		d.Type = "Boolean"
	case strings.HasSuffix(name, "DateTime") || name == "employeeHireDate":
		d.Type = "DateTime"
	}
	return d
}

// exportTargetAttributes defines the attributes of the destination in use, behind its anchor.
func exportTargetAttributes(c Configuration) []attributeDefinition {
	anchor := defineAttribute("id")
	anchor.Anchor = true
	definitions := []attributeDefinition{anchor}
	for _, a := range c.Attributes {
		d := defineAttribute(a.Target)
		d.FlowNullValues = a.ClearWhenEmpty
		switch key := targetKey(a.Target); key {
		case strings.ToLower(attr.UserName):
			d.Required = true
		case strings.ToLower(attr.Active):
			d.Type = "Boolean"
		case strings.ToLower(attr.Manager):
			d.refer()
		}
		definitions = append(definitions, d)
	}
	return definitions
}

// defineAttribute defines a text whose changes of upper and lower case count: that is how changes are found here.
func defineAttribute(name string) attributeDefinition {
	return attributeDefinition{
		Name: name, Type: "String", CaseExact: true, Mutability: "ReadWrite",
		Metadata: []keyValue{}, APIExpressions: []string{}, ReferencedObjects: []referencedObject{},
	}
}

// refer makes the attribute a reference to a user.
func (d *attributeDefinition) refer() {
	d.Type = "Reference"
	d.ReferencedObjects = []referencedObject{{ReferencedObjectName: "User", ReferencedProperty: "objectId"}}
}
