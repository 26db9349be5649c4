package entraschema

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/fault"
	"rollcall/internal/mapping"
	"rollcall/internal/source"
)

// settle makes a list of the imported mappings that compiles, and notes what it takes away or adds.
func (in *importer) settle() ([]mapping.Attribute, error) {
	kept := make([]imported, 0, len(in.attributes))
	targets := map[string]bool{}
	for _, a := range in.attributes {
		if !in.fit(&a) {
			continue
		}
		if key := targetKey(a.Target); targets[key] {
			in.note(Dropped, a.node, a.Target, "another mapping fills the same target; the first one counts")
		} else {
			targets[key] = true
			kept = append(kept, a)
		}
	}
	in.order(kept)
	list := make([]mapping.Attribute, len(kept))
	for i, a := range kept {
		list[i] = a.Attribute
	}
	return in.complete(list)
}

// targetKey is the same for all spellings of a target.
func targetKey(target string) string {
	if path, err := attr.ParsePath(target); err == nil {
		target = path.String()
	}
	return strings.ToLower(target)
}

// fit takes away from a mapping what it cannot have here; false if nothing of it can be kept.
func (in *importer) fit(a *imported) bool {
	if reason := a.unavailable(); reason != nil {
		in.note(Dropped, a.node, a.Target, "%v", reason)
		return false
	}
	refused := refusal(a.Attribute)
	if refused == nil {
		return true
	}
	if _, wrong := errors.AsType[expr.SyntaxErrors](refused); !wrong && in.repair(a, refused) {
		return true
	}
	in.note(Dropped, a.node, a.Target, "%v", refused)
	return false
}

// repair leaves out one part of a mapping, or all, so that it is taken; false if it never is.
func (in *importer) repair(a *imported, refused error) bool {
	probe := a.probe()
	all := probe
	for _, repair := range repairs {
		repaired := probe
		repair.apply(&repaired)
		repair.apply(&all)
		if repaired != probe && refusal(repaired) == nil {
			repair.apply(&a.Attribute)
			in.note(Changed, a.node, a.Target, "taken over %s: %v", repair.text, refused)
			return true
		}
	}
	if all == probe || refusal(all) != nil {
		return false
	}
	for _, repair := range repairs {
		repair.apply(&a.Attribute)
	}
	in.note(Changed, a.node, a.Target, "taken over as always applied, not matching, without default value, not cleared: %v", refused)
	return true
}

// probe returns a mapping that package mapping takes or refuses like this one, if this one's expression can be read. It spares compiling
// the patterns in the expression for each repair that is tried.
func (a *imported) probe() mapping.Attribute {
	probe := a.Attribute
	if a.Kind == mapping.Expression && a.parsed != nil && !a.parsed.Uses().Unique && !a.parsed.Uses().Redact {
		probe.Expression = "[objectId]"
	}
	return probe
}

// repairs are the parts of a mapping that can be left out, the least important first.
var repairs = []struct {
	text  string
	apply func(*mapping.Attribute)
}{
	{"without default value", func(a *mapping.Attribute) { a.Default = "" }},
	{"without being cleared when empty", func(a *mapping.Attribute) { a.ClearWhenEmpty = false }},
	{"as always applied", func(a *mapping.Attribute) { a.Apply = mapping.Always }},
	{"as not matching", func(a *mapping.Attribute) { a.Matching = 0 }},
}

// refusal is what mapping.Compile has against one mapping, nil for nothing.
func refusal(a mapping.Attribute) error {
	_, err := mapping.Compile([]mapping.Attribute{a})
	if all, ok := errors.AsType[mapping.Errors](err); ok {
		for _, one := range all {
			if one.Index == 0 {
				return one.Err
			}
		}
	}
	return nil
}

// maxUnknown is how many unknown attributes of one expression are looked into; finding the nearest name of each takes its time.
const maxUnknown = 5

// unavailable says why an expression can be computed for nobody: it is over attributes that no record carries, or over many unknown ones.
func (a *imported) unavailable() error {
	if a.Kind != mapping.Expression || a.parsed == nil {
		return nil // Compile refuses the others
	}
	unknown := 0
	for _, name := range a.parsed.Attributes() {
		attribute, err := source.Find(name)
		if err == nil {
			err = attribute.Missing()
		} else if unknown++; unknown <= maxUnknown {
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// order gives each matching attribute a precedence of its own.
func (in *importer) order(list []imported) {
	var matching []int
	for i := range list {
		if list[i].Matching > 0 {
			matching = append(matching, i)
		}
	}
	slices.SortStableFunc(matching, func(a, b int) int { return cmp.Compare(list[a].Matching, list[b].Matching) })
	last := 0
	for _, i := range matching {
		if list[i].Matching <= last {
			list[i].Matching = last + 1
			in.note(Changed, list[i].node.member("matchingPriority"), list[i].Target, "another attribute has the same matching priority; this one comes after it, as %d", last+1)
		}
		last = list[i].Matching
	}
}

// complete adds the mappings that every instance has, and a matching attribute.
func (in *importer) complete(list []mapping.Attribute) ([]mapping.Attribute, error) {
	for {
		_, err := mapping.Compile(list)
		if err == nil {
			return list, nil
		}
		all, _ := errors.AsType[mapping.Errors](err)
		before := len(list)
		for _, one := range all {
			if one.Index < 0 {
				list = in.add(list, one.Target)
			}
		}
		if len(list) == before && !in.match(list) {
			return nil, fault.Wrap(fault.Internal, "InvalidMapping", err, "the mappings of the schema cannot be made valid")
		}
	}
}

// add appends the default mapping of a target unless the list has one. It matches only if nothing else does.
func (in *importer) add(list []mapping.Attribute, target string) []mapping.Attribute {
	if slices.ContainsFunc(list, func(a mapping.Attribute) bool { return targetKey(a.Target) == targetKey(target) }) {
		return list
	}
	for _, a := range mapping.Defaults() {
		if targetKey(a.Target) != targetKey(target) {
			continue
		}
		if slices.ContainsFunc(list, func(other mapping.Attribute) bool { return other.Matching > 0 }) {
			a.Matching = 0
		}
		in.note(Added, nil, a.Target, "the schema has no usable mapping of it, and an instance cannot be without: the default mapping %s", describe(a))
		return append(list, a)
	}
	return list
}

func describe(a mapping.Attribute) string {
	if a.Kind == mapping.Expression {
		return a.Expression
	}
	return "from " + a.Source
}

// match makes userName the matching attribute if there is none; false if nothing was changed.
func (in *importer) match(list []mapping.Attribute) bool {
	for i := range list {
		if list[i].Matching > 0 {
			return false
		}
	}
	for i := range list {
		if targetKey(list[i].Target) == targetKey(attr.UserName) {
			list[i].Matching = 1
			in.note(Changed, nil, list[i].Target, "no usable mapping of the schema is a matching attribute, so this one is")
			return true
		}
	}
	return false
}
