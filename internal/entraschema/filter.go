package entraschema

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"rollcall/internal/scope"
)

// filters reads the scope of an object mapping. A group that cannot be taken over whole is left out whole: without one of its clauses it
// would let in users whom it keeps out. For the same reason there is always a filter where the scope had one.
func (in *importer) filters(mapping *node) []scope.Filter {
	filter := mapping.member("scope")
	name := mapping.member("name").string()
	in.unusedGroups(filter, "inputFilterGroups", name, "a filter for reading: whoever does not pass is not looked at and stays as he was; "+
		"a scoping filter here would deactivate him")
	in.unusedGroups(filter, "categoryFilterGroups", name, "a filter that says which objects the object mapping is for; "+
		"make it a scoping filter if it is to restrict the users")
	var list []scope.Filter
	failed := false
	groups := filter.member("groups")
	for _, n := range []*node{filter, groups} {
		if !n.empty() && n.kind != objectNode && n.kind != arrayNode {
			failed = true
			in.note(Dropped, n, name, "the filters cannot be read: %s", cut(n.summary()))
		}
	}
	for i, group := range in.first(groups, name) {
		if restrictsNothing(group) {
			in.note(Dropped, group, groupName(group, i), "the filter has no clauses: it restricts nothing, and is left out")
			continue
		}
		read, err := in.readGroup(group, i)
		if err == nil && len(list)+len(read) > scope.MaxFilters {
			err = fmt.Errorf("there are more than %d filters", scope.MaxFilters)
		}
		if err != nil {
			failed = true
			in.note(Dropped, group, groupName(group, i), "the filter is left out whole, and nobody is in scope by it: %v", err)
			continue
		}
		list = append(list, read...)
	}
	in.unknown("the scope", filter)
	if failed && len(list) == 0 {
		list = []scope.Filter{nobody}
		in.note(Added, nil, nobody.Name, "no filter could be taken over, and without any everybody would be in scope; this one lets nobody in until it is replaced")
	}
	return list
}

// restrictsNothing reports whether a filterGroup has no clauses. One whose clauses cannot be read does restrict.
func restrictsNothing(group *node) bool {
	clauses := group.member("clauses")
	absent := clauses == nil || clauses.kind == nullNode
	return group.kind == nullNode || group.kind == objectNode && (absent || clauses.kind == arrayNode && len(clauses.items) == 0)
}

// nobody is a filter that nobody passes: every user has an object id.
var nobody = scope.Filter{Name: "nobody: filters not taken over", Clauses: []scope.Clause{{Attribute: "objectId", Operator: scope.IsNull}}}

func (in *importer) unusedGroups(filter *node, member, name, text string) {
	if groups := filter.member(member); !groups.empty() {
		in.note(Dropped, groups, name, "%s: %s", text, cut(groups.summary()))
	}
}

// groupName calls a filter by its name, or by its number.
func groupName(group *node, index int) string {
	return cmp.Or(group.member("name").string(), fmt.Sprintf("filter %d", index+1))
}

// readGroup reads a filterGroup: one filter, or several where a clause has several values of which one is enough.
func (in *importer) readGroup(group *node, index int) ([]scope.Filter, error) {
	clauses := group.member("clauses").list()
	if len(clauses) == 0 {
		return nil, errors.New("its clauses cannot be read")
	}
	name := group.member("name").string()
	filters := []scope.Filter{{Name: name}}
	for _, n := range clauses {
		alternatives, err := in.readClause(n, groupName(group, index))
		if err != nil {
			return nil, err
		}
		if len(filters)*len(alternatives) > scope.MaxFilters {
			return nil, fmt.Errorf("its clauses with several values would make more than %d filters", scope.MaxFilters)
		}
		if filters = multiply(filters, alternatives); len(filters[0].Clauses) > scope.MaxClauses {
			return nil, fmt.Errorf("it has more than %d clauses", scope.MaxClauses)
		}
	}
	in.unknown("the filter", group)
	if len(filters) > 1 {
		in.note(Changed, group, groupName(group, index), "clauses have several values, of which one is enough: the filter becomes %d filters of one value each", len(filters))
	}
	return filters, nil
}

// multiply returns each filter with each of the alternatives behind its clauses.
func multiply(filters []scope.Filter, alternatives [][]scope.Clause) []scope.Filter {
	list := make([]scope.Filter, 0, len(filters)*len(alternatives))
	for _, filter := range filters {
		for _, clauses := range alternatives {
			list = append(list, scope.Filter{Name: filter.Name, Clauses: slices.Concat(filter.Clauses, clauses)})
		}
	}
	return list
}

// readClause reads a filterClause as alternatives, one of which must hold, of clauses that all must hold: a positive operator holds for one of
// its values, a negative one for all. The error is the sentence of package scope.
func (in *importer) readClause(n *node, subject string) ([][]scope.Clause, error) {
	var operator scope.Operator
	if err := operator.UnmarshalText([]byte(n.member("operatorName").string())); err != nil {
		return nil, err
	}
	operand := n.member("targetOperand")
	values := operandValues(operand)
	if len(values) > scope.MaxClauses {
		return nil, fmt.Errorf("%s has more than %d values", cut(string(operator)), scope.MaxClauses)
	}
	info, known := operatorInfo(operator)
	if known && info.Arity == scope.Unary && len(values) > 0 {
		in.note(Changed, operand, subject, "%s takes no value; %s is not looked at", operator, cut(operand.summary()))
		values = nil
	}
	attribute := in.attributeName(n.member("sourceOperandName").string(), n.member("sourceOperandName"), subject)
	if len(values) == 0 {
		values = []string{""}
	}
	clauses := make([]scope.Clause, len(values))
	for i, value := range values {
		clauses[i] = scope.Clause{Attribute: attribute, Operator: operator, Value: value}
		if err := clauseRefusal(clauses[i]); err != nil {
			return nil, err
		}
	}
	in.unknown("the clause", n)
	if info.Negative {
		if len(clauses) > 1 {
			in.note(Changed, operand, subject, "%s has %d values, none of which may fit: it becomes as many clauses", operator, len(clauses))
		}
		return [][]scope.Clause{clauses}, nil
	}
	alternatives := make([][]scope.Clause, len(clauses))
	for i := range clauses {
		alternatives[i] = clauses[i : i+1]
	}
	return alternatives, nil
}

// operandValues returns the values of a filterOperand, without null and empty ones.
func operandValues(operand *node) []string {
	var values []string
	for _, value := range operand.member("values").list() {
		if text := value.string(); text != "" && !slices.Contains(values, text) {
			values = append(values, text)
		}
		if len(values) > scope.MaxClauses {
			break
		}
	}
	return values
}

func operatorInfo(operator scope.Operator) (scope.OperatorInfo, bool) {
	for _, info := range scope.Operators() {
		if info.Name == operator {
			return info, true
		}
	}
	return scope.OperatorInfo{}, false
}

// clauseRefusal is what package scope has against one clause, nil for nothing.
func clauseRefusal(c scope.Clause) error {
	_, err := scope.Rules{Filters: []scope.Filter{{Clauses: []scope.Clause{c}}}}.Compile()
	if err == nil {
		return nil
	}
	reason := err
	if all, ok := errors.AsType[scope.Errors](err); ok && len(all) > 0 {
		reason = all[0].Err
	}
	return fmt.Errorf("%s %s: %w", strings.TrimSpace(cut(c.Attribute)), cut(string(c.Operator)), reason)
}
