package entraschema

import (
	"cmp"
	"errors"
	"fmt"

	"rollcall/internal/scope"
)

// groupName calls a filter by its name, or by its number.
func groupName(group *node) string {
	return cmp.Or(group.member("name").string(), fmt.Sprintf("filter %d", group.index+1))
}

// readGroup reads a filterGroup: one filter, or several where a clause has several values of which one is enough. The error says why it
// cannot be taken over as a whole: without one of its clauses it would let in users whom it keeps out.
func (in *importer) readGroup(group *node) ([]scope.Filter, error) {
	clauses := group.member("clauses").list()
	if len(clauses) == 0 {
		return nil, errors.New("it has no clauses that can be read")
	}
	filters := []scope.Filter{{Name: group.member("name").string()}}
	for _, n := range clauses {
		alternatives, err := in.readClause(n, groupName(group))
		if err != nil {
			return nil, err
		}
		if filters, err = multiply(filters, alternatives); err != nil {
			return nil, err
		}
	}
	if err := unknownMember(group); err != nil {
		return nil, err
	}
	if len(filters) > 1 {
		in.note(Changed, group, groupName(group), "clauses have several values, of which one is enough: the filter becomes %d filters of one value each", len(filters))
	}
	return filters, nil
}
