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
	// restricted: something that restricts the users in Entra was not taken over.
	restricted bool
	// noted are the effects of the notes about values.
	noted map[*node]Effect
}

// Import reads a synchronizationSchema, or a synchronizationJob or synchronizationTemplate with one in it, or a list of those as Graph
// answers. The configuration always compiles: mappings that it cannot hold are left out, those that every instance has are added. A
// scoping filter is taken over whole or not at all. Filters for reading and of the category become a part of every scoping filter. Where
// something that restricts the users in Entra cannot be taken over, every filter lets nobody in. notes lists everything that is not
// carried over as it is: first what was not taken, then the mappings, then the filters, then what was not understood at all.
//
// A list may be written as its only element, as PowerShell does.
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
	in := importer{parameters: functionParameters(), noted: map[*node]Effect{}}
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
	c := Configuration{Attributes: attributes, Filters: in.filters(chosen)}
	in.unknown("the schema", chosen.schema)
	in.unknown("the rule", chosen.rule)
	in.unknown("the object mapping", chosen.objectMapping)
	in.misunderstood(root)
	if in.more > 0 {
		in.notes = append(in.notes, Note{Effect: Dropped, Text: fmt.Sprintf("there are %d more notes than can be listed", in.more)})
	}
	return c, in.notes, nil
}

// note tells of something; the path of a nil node is empty.
func (in *importer) note(effect Effect, at *node, subject, format string, args ...any) {
	if at != nil && in.noted[at] != Dropped {
		in.noted[at] = effect
	}
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

// unknown notes the members of an object that nobody has read, and reports whether there are any.
func (in *importer) unknown(what string, n *node) bool {
	unread := n.unread()
	for _, member := range unread {
		in.note(Dropped, member, member.name, "%s has a member that is not known here: %s", what, cut(member.summary()))
	}
	return len(unread) > 0
}

// misunderstood notes the values that were asked for something that they are not, unless a note tells of them already.
func (in *importer) misunderstood(n *node) {
	effect, noted := in.noted[n]
	if n.misread && !noted {
		in.note(Dropped, n, n.name, "another kind of value stands here in Graph's schemas; it is not looked at: %s", cut(n.summary()))
	}
	if effect == Dropped {
		return
	}
	for _, item := range n.items {
		in.misunderstood(item)
	}
}

// readRule passes over what changes nothing in a rule. Its filters are read with those of the object mapping.
func (in *importer) readRule(rule *node) {
	rule.skip("id", "name", "editable", "priority", "metadata", "objectMappings", "sourceDirectoryName", "targetDirectoryName")
}
