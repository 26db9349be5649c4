package entraschema

import (
	"fmt"

	"rollcall/internal/expr"
)

// maxNotes is how many notes an import returns at most; a last one counts the others.
const maxNotes = 2000

// importer collects the configuration and the notes.
type importer struct {
	notes []Note
	// more counts the notes that were not kept.
	more int
	// definitions of the destination's attributes, by their names in lower case.
	definitions map[string]*node
	// parameters of the functions of the expression language, by function.
	parameters map[string][]expr.Parameter
	// attributes that were taken over so far.
	attributes []imported
}

// Import reads a synchronizationSchema, or a synchronizationJob or synchronizationTemplate with one in it, or a list of those as Graph
// answers. The configuration always compiles: mappings that it cannot hold are left out, those that every instance has are added. A
// scoping filter is taken over whole or not at all; if none could be, one is made that lets nobody in. notes lists everything that is not
// carried over as it is: first what was not taken, then the mappings, then the filters.
//
// A mapping that applies always reads mapping.Always, an operator is spelled as package scope writes it.
//
// The error is a fault of kind Invalid: the document is no schema, or none that brings users from Entra to an application. It says what to
// download instead.
func Import(document []byte) (Configuration, []Note, error) {
	root, err := parse(document)
	if err != nil {
		return Configuration{}, nil, err
	}
	in := importer{parameters: functionParameters()}
	chosen, err := in.choose(root)
	if err != nil {
		return Configuration{}, nil, err
	}
	in.readDefinitions(chosen)
	in.readRule(chosen.rule)
	in.readObjectMapping(chosen.objectMapping)
	attributes, err := in.settle()
	if err != nil {
		return Configuration{}, nil, err
	}
	c := Configuration{Attributes: attributes, Filters: in.filters(chosen.objectMapping)}
	in.unknown("the schema", chosen.schema)
	in.unknown("the rule", chosen.rule)
	in.unknown("the object mapping", chosen.objectMapping)
	if in.more > 0 {
		in.notes = append(in.notes, Note{Effect: Dropped, Text: fmt.Sprintf("there are %d more notes than can be listed", in.more)})
	}
	return c, in.notes, nil
}

// note tells of something; the path of a nil node is empty.
func (in *importer) note(effect Effect, at *node, subject, format string, args ...any) {
	if len(in.notes) >= maxNotes {
		in.more++
		return
	}
	in.notes = append(in.notes, Note{Path: at.path(), Subject: subject, Effect: effect, Text: fmt.Sprintf(format, args...)})
}

// maxItems is how many attribute mappings, and how many groups of a scope, are read.
const maxItems = 500

// first returns the items of an array, and notes those that are too many to be read.
func (in *importer) first(array *node, subject string) []*node {
	items := array.list()
	if len(items) > maxItems {
		in.note(Dropped, items[maxItems], subject, "there are %d of them; only the first %d are read", len(items), maxItems)
		items = items[:maxItems]
	}
	return items
}

// unknown notes the members of an object that nobody has read.
func (in *importer) unknown(what string, n *node) {
	for _, member := range n.unread() {
		in.note(Dropped, member, member.name, "%s has a member that is not known here: %s", what, cut(member.summary()))
	}
}

// readRule notes what a rule says beside its object mappings.
func (in *importer) readRule(rule *node) {
	name := rule.member("name").string()
	rule.skip("id", "editable", "priority", "metadata", "objectMappings", "sourceDirectoryName", "targetDirectoryName")
	if filter := rule.member("containerFilter"); !filter.empty() {
		in.note(Dropped, filter, name, "it takes only users of some containers (organizational units): %s; "+
			"a scoping filter on onPremisesDistinguishedName can do the same", cut(filter.summary()))
	}
	if filter := rule.member("groupFilter"); !filter.empty() {
		in.note(Dropped, filter, name, "it takes only members of some groups: %s; select these groups in the scope", cut(filter.summary()))
	}
}
