package entraschema

import (
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/scope"
)

// nobody is a filter that nobody passes: every user has an object id. It stands for what restricts the users in Entra and cannot be taken
// over: left out, it would let in users whom Entra keeps out.
var nobody = scope.Filter{Name: "nobody: filters not taken over", Clauses: []scope.Clause{{Attribute: "objectId", Operator: scope.IsNull}}}

// filterLists are the lists of filterGroups in a scope (Graph, filter). A user must pass one group of each list that has any.
var filterLists = []struct{ member, effect string }{
	{"groups", ""},
	{"inputFilterGroups", "a filter for reading: whoever does not pass is not looked at in Entra and stays as he was; " +
		"here it becomes a part of every scoping filter, so that he is deactivated"},
	{"categoryFilterGroups", "a filter that says which objects the object mapping is for; here it becomes a part of every scoping filter"},
}

// filters reads what restricts the users: the lists of the object mapping's scope, and the filters of the rule. Nobody comes into scope
// because something was not understood: a group that cannot be taken over is left out whole, and whatever else cannot be has
// nobody in its place.
func (in *importer) filters(chosen choice) []scope.Filter {
	in.readRuleFilters(chosen.rule)
	name := chosen.objectMapping.member("name").string()
	filter := in.readScope(chosen.objectMapping, name)
	var list []scope.Filter
	for _, l := range filterLists {
		groups := filter.member(l.member)
		read := in.readGroups(groups, name)
		if l.effect != "" && len(read) > 0 {
			in.note(Changed, groups, name, "%s", l.effect)
		}
		list = in.both(list, read, filter, name)
	}
	if in.unknown("the scope", filter) {
		in.restricted = true
	}
	if list = in.compiling(list, filter); !in.restricted {
		return list
	}
	in.note(Added, nil, nobody.Name, "something that restricts who is in scope could not be taken over, and without it too many users would be; this lets nobody in until it is replaced")
	closed, err := multiply([]scope.Filter{nobody}, list)
	if err != nil || len(list) == 0 {
		return []scope.Filter{nobody}
	}
	return closed
}

// readScope returns the scope of an object mapping, an array of one taken as its element; nil if there is none, or none that can be read.
func (in *importer) readScope(mapping *node, name string) *node {
	filter := mapping.member("scope")
	in.repeated(mapping, "scope")
	for filter != nil && filter.kind == arrayNode && len(filter.items) == 1 {
		filter = filter.items[0]
	}
	if filter != nil && filter.kind != objectNode && !filter.empty() {
		in.restrict(filter, name, "the filters cannot be read: %s", cut(filter.summary()))
		return nil
	}
	return filter
}

// readRuleFilters notes the filters of a rule, which have no place here.
func (in *importer) readRuleFilters(rule *node) {
	name := rule.member("name").string()
	if filter := rule.member("containerFilter"); !filter.empty() {
		in.restrict(filter, name, "it takes only users of some containers (organizational units): %s; "+
			"a scoping filter on onPremisesDistinguishedName can do the same", cut(filter.summary()))
	}
	if filter := rule.member("groupFilter"); !filter.empty() {
		in.restrict(filter, name, "it takes only members of some groups: %s; select these groups in the scope", cut(filter.summary()))
	}
	in.repeated(rule, "containerFilter", "groupFilter")
}

// restrict notes something that restricts the users in Entra and is not taken over.
func (in *importer) restrict(at *node, subject, format string, args ...any) {
	in.restricted = true
	in.note(Dropped, at, subject, format, args...)
}

// repeated notes members that stand beside others of the same name, which are the ones that are read.
func (in *importer) repeated(holder *node, names ...string) {
	for _, member := range holder.unread() {
		if isOneOf(member.name, names) {
			member.read = true
			in.restrict(member, member.name, "it stands there several times, and only the last one is read: %s", cut(member.summary()))
		}
	}
}

// readGroups reads a list of filterGroups. None are returned if there is nothing that restricts, or nothing of it can be taken over.
func (in *importer) readGroups(groups *node, name string) []scope.Filter {
	items := in.first(groups, name)
	failed := len(groups.list()) > len(items)
	if len(items) == 0 && !groups.empty() {
		in.restrict(groups, name, "the filters cannot be read: %s", cut(groups.summary()))
	}
	var list []scope.Filter
	var from []*node // by filter
	for _, group := range items {
		if restrictsNothing(group) {
			in.note(Dropped, group, groupName(group), "the filter has no clauses: it restricts nothing, and is left out")
			continue
		}
		read, err := in.readGroup(group)
		if err == nil && len(list)+len(read) > scope.MaxFilters {
			err = fmt.Errorf("there are more than %d filters", scope.MaxFilters)
		}
		if err != nil {
			failed = true
			in.noteLeftOut(group, groupName(group), err)
			continue
		}
		list = append(list, read...)
		from = append(from, slices.Repeat([]*node{group}, len(read))...)
	}
	kept := in.keepCompiling(list, from)
	if (failed || len(list) > 0) && len(kept) == 0 {
		in.restricted = true
	}
	return kept
}

func (in *importer) noteLeftOut(at *node, subject string, reason error) {
	in.note(Dropped, at, subject, "the filter is left out whole, and nobody is in scope by it: %v", reason)
}

// keepCompiling leaves out all filters of the groups of which package scope refuses one.
func (in *importer) keepCompiling(filters []scope.Filter, from []*node) []scope.Filter {
	refused := refusals(filters)
	left := map[*node]bool{}
	for i, group := range from {
		if refused[i] != nil && !left[group] {
			left[group] = true
			in.noteLeftOut(group, groupName(group), refused[i])
		}
	}
	var kept []scope.Filter
	for i, filter := range filters {
		if !left[from[i]] {
			kept = append(kept, filter)
		}
	}
	return kept
}

// compiling leaves out what package scope refuses of filters that are accepted one by one: combining them repeats their patterns.
func (in *importer) compiling(filters []scope.Filter, at *node) []scope.Filter {
	refused := refusals(filters)
	var kept []scope.Filter
	for i, filter := range filters {
		if refused[i] != nil {
			in.noteLeftOut(at, filter.Name, refused[i])
			continue
		}
		kept = append(kept, filter)
	}
	in.restricted = in.restricted || len(kept) == 0 && len(filters) > 0
	return kept
}

// restrictsNothing reports whether there is nothing in a filterGroup. One that has a name, or clauses that cannot be read, was to restrict.
func restrictsNothing(group *node) bool {
	clauses := group.member("clauses")
	absent := clauses == nil || clauses.kind == nullNode || len(clauses.items) == 0
	return group.kind == nullNode || group.kind == objectNode && absent && group.empty()
}

// both returns the filters that let in whoever passes one of each list; an empty list restricts nothing.
func (in *importer) both(a, b []scope.Filter, at *node, name string) []scope.Filter {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	list, err := multiply(a, b)
	if err != nil {
		in.restrict(at, name, "the lists of filters, of each of which a user must pass one, cannot be made one list: %v", err)
	}
	return list
}

// maxCopied is how many bytes the texts of combined filters may have together: one long text would be in each of them.
const maxCopied = 1 << 20

// multiply returns each filter with the clauses of each of the alternatives behind its own. The error says which limit that exceeds.
func multiply(filters, alternatives []scope.Filter) ([]scope.Filter, error) {
	if len(filters)*len(alternatives) > scope.MaxFilters {
		return nil, fmt.Errorf("it would become more than %d filters", scope.MaxFilters)
	}
	list := make([]scope.Filter, 0, len(filters)*len(alternatives))
	bytes := 0
	for _, filter := range filters {
		for _, alternative := range alternatives {
			one := scope.Filter{Name: bothNames(filter.Name, alternative.Name), Clauses: slices.Concat(filter.Clauses, alternative.Clauses)}
			if len(one.Clauses) > scope.MaxClauses {
				return nil, fmt.Errorf("it would have more than %d clauses", scope.MaxClauses)
			}
			bytes += len(one.Name)
			for _, clause := range one.Clauses {
				bytes += len(clause.Value)
			}
			list = append(list, one)
		}
	}
	if len(list) > 1 && bytes > maxCopied {
		return nil, fmt.Errorf("the texts of the filters that it becomes would have more than %d bytes", maxCopied)
	}
	return list, nil
}

func bothNames(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return strings.Join([]string{cut(a), cut(b)}, ", ")
}
