package entraschema

import (
	"strconv"
	"strings"

	"rollcall/internal/expr"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// imported is an attribute mapping with its place in the document.
type imported struct {
	mapping.Attribute
	node *node
	// parsed is the source's text; nil for none, or one that is no expression.
	parsed *expr.Expression
}

// readAttribute reads an attributeMapping. One without target or without readable source is noted and left out.
func (in *importer) readAttribute(n *node) {
	if n.empty() {
		return
	}
	written := n.member("targetAttributeName").string()
	if strings.TrimSpace(written) == "" {
		in.note(Dropped, n, "", "the mapping has no targetAttributeName: %s", cut(n.summary()))
		return
	}
	a := mapping.Attribute{Target: spell(written), Apply: mapping.Always, Default: n.member("defaultValue").string()}
	if exact := n.member(targetAnnotation).string(); exact != "" {
		a.Target = exact
	} else if a.Target != written {
		in.note(Changed, n.member("targetAttributeName"), written, "the target is called %s here", a.Target)
	}
	in.readFlow(n, &a)
	in.readMatching(n, &a)
	in.readDefinition(n, &a)
	one := imported{Attribute: a, node: n}
	if !in.readSource(n, &one) {
		return
	}
	in.unknown("the mapping of "+a.Target, n)
	in.attributes = append(in.attributes, one)
}

// readFlow reads when and how values flow.
func (in *importer) readFlow(n *node, a *mapping.Attribute) {
	const without = "here it is written whenever it differs, and never taken away unless it is cleared when empty"
	switch flow := n.member("flowType"); strings.ToLower(flow.string()) {
	case "", "always":
	case "objectaddonly":
		a.Apply = mapping.OnlyOnCreate
	case "attributeaddonly":
		a.Apply = mapping.OnlyOnCreate
		in.note(Changed, flow, a.Target, "AttributeAddOnly writes it where the target has no value at all; here only when the user is created")
	case "multivalueaddonly":
		in.note(Changed, flow, a.Target, "MultiValueAddOnly only adds to the values of the target; %s", without)
	case "valueaddonly":
		in.note(Changed, flow, a.Target, "ValueAddOnly lets additions flow and no removals; %s", without)
	default:
		in.note(Changed, flow, a.Target, "the flow type %s is not known here; the mapping is always applied", label(flow.string()))
	}
	switch behavior := n.member("flowBehavior"); strings.ToLower(behavior.string()) {
	case "", "flowwhenchanged":
	case "flowalways":
		in.note(Changed, behavior, a.Target, "FlowAlways writes it in every cycle; here it is written when it differs")
	default:
		in.note(Dropped, behavior, a.Target, "the flow behavior %s is not known here", label(behavior.string()))
	}
	if missing := n.member("exportMissingReferences"); missing.isTrue() {
		in.note(Dropped, missing, a.Target, "references to objects that the destination lacks are not exported; a manager is written as soon as he is there")
	}
	a.ClearWhenEmpty = n.member(clearAnnotation).isTrue()
}

// readMatching reads the precedence of a matching attribute: 0, or nothing, for none.
func (in *importer) readMatching(n *node, a *mapping.Attribute) {
	priority := n.member("matchingPriority")
	text := priority.string()
	if text == "" {
		return
	}
	number, err := strconv.ParseInt(text, 10, 54) // Graph has 32 bits; there is room to count on
	if err != nil || number < 0 {
		in.note(Changed, priority, a.Target, "the matching priority %s is no number from 0; it is taken as 0, not matching", label(text))
		return
	}
	a.Matching = int(number)
}

// readSource reads where the value comes from; false if that cannot be read. No source is a mapping that only has a default value.
func (in *importer) readSource(n *node, a *imported) bool {
	from := n.member("source")
	if from.empty() {
		n.member(kindAnnotation)
		a.Kind = mapping.None
		return true
	}
	if from.kind != objectNode {
		in.note(Dropped, from, a.Target, "the source is no object: %s", cut(from.summary()))
		return false
	}
	s, err := in.readExpression(from, a.Target)
	if err != nil {
		in.note(Dropped, from, a.Target, "the source has no expression, and none can be made of its parameters: %v", err)
		return false
	}
	a.Kind, a.parsed = s.kind, s.parsed
	if strings.EqualFold(n.member(kindAnnotation).string(), string(mapping.Expression)) {
		a.Kind = mapping.Expression
	}
	switch a.Kind {
	case mapping.Direct:
		a.Source = in.attributeName(s.name, from, a.Target)
	case mapping.Constant:
		a.Constant = s.name
	default:
		a.Expression = s.text
	}
	in.unknown("the source of "+a.Target, from)
	return true
}

// attributeName returns the name of an attribute of the tenant as it is written here: schemas that people have edited have it in another case.
func (in *importer) attributeName(name string, at *node, subject string) string {
	if _, err := source.Find(name); err == nil {
		return name
	}
	for _, known := range source.Names() {
		if strings.EqualFold(known, name) {
			in.note(Changed, at, subject, "the attribute %s is called %s here", label(name), known)
			return known
		}
	}
	return name
}
