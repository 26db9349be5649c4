// Package entraschema reads and writes Entra's synchronization schema: attribute mappings and scoping filters as Graph's JSON.
//
// A synchronizationSchema is what Microsoft Entra knows of one provisioning job: directories with the definitions of their attributes, and
// rules with object mappings, each of which has attribute mappings and a scope (Graph, resource synchronizationSchema). An
// instance takes the mapping of users to users out of it: its attribute mappings become those of package mapping, the groups of its scope the
// filters of package scope. Import tells of everything else in Notes, and Export writes a schema that Import reads back unchanged.
//
// What Graph has no place for stands in annotations of the form "@rollcall.name", which OData clients and services pass over.
// Names of members and values of enumerations are read in any case, since tools spell them differently.
//
// Silently passed over are only members without a setting: ids, versions, names of rules and object mappings, editable, priorities of rules,
// annotations of OData, metadata of rules and directories, definitions of attributes that no mapping fills, and members that are
// null or empty.
package entraschema

import (
	"rollcall/internal/mapping"
	"rollcall/internal/scope"
)

// Configuration is the part of an instance's settings that a synchronization schema can hold.
type Configuration struct {
	// Attributes are the attribute mappings in the order of the schema.
	Attributes []mapping.Attribute
	// Filters are the scoping filters; none let everybody in.
	Filters []scope.Filter
}

// Limits of what Import reads. The schemas of real applications have some hundred kilobytes.
const (
	// MaxBytes is the length of a document.
	MaxBytes = 8 << 20
	// MaxValues is how many JSON values a document may hold, those inside of others included.
	MaxValues = 250_000
	// MaxNesting is how deep arrays and objects may be nested. An expression of the deepest nesting takes 300 levels.
	MaxNesting = 400
)

// Effect says what became of something in a schema.
type Effect string

// The effects.
const (
	// Dropped: it is not carried over.
	Dropped Effect = "dropped"
	// Changed: it is carried over, and means or is written something else.
	Changed Effect = "changed"
	// Added: it was not in the schema, and an instance cannot be without it.
	Added Effect = "added"
)

// Note tells of something that is not carried over as it is.
type Note struct {
	// Path is the place in the document: synchronizationRules[0].objectMappings[0].attributeMappings[3].flowType. Empty for what was added.
	Path string `json:"path,omitempty"`
	// Subject names the mapping by its target, the filter, rule or object mapping that the note is about. Empty where it has no name.
	Subject string `json:"subject,omitempty"`
	Effect  Effect `json:"effect"`
	// Text is a sentence without full stop that says what was done and why.
	Text string `json:"text"`
}

// The annotations that Export writes to attribute mappings.
const (
	// annotationPrefix begins the name of every annotation of ours.
	annotationPrefix = "@rollcall."
	// clearAnnotation is true where the target is emptied when the source has no value.
	clearAnnotation = annotationPrefix + "clearWhenEmpty"
	// kindAnnotation is "expression" where an expression is nothing but an attribute or a constant, which Graph would call one.
	kindAnnotation = annotationPrefix + "kind"
	// targetAnnotation is the target where Import would take targetAttributeName for an old spelling of another one.
	targetAnnotation = annotationPrefix + "target"
)
