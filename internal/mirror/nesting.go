package mirror

import (
	"context"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Nesting is the graph of the wanted groups of a tenant: which contains which. It is the only part of memberships that is ever in memory
// as a whole (rule 13).
type Nesting struct {
	Groups []Group
	place  map[string]int
	// inside are the ids of the groups that are members of each, by its id; also of groups that are not known yet.
	inside map[string][]string
}

// LoadNesting reads the graph of a connection.
func LoadNesting(ctx context.Context, store Groups, connection ident.ID) (*Nesting, error) {
	groups, err := store.AllGroups(ctx, connection)
	if err != nil {
		return nil, err
	}
	nested, err := store.NestedGroups(ctx, connection)
	if err != nil {
		return nil, err
	}
	n := &Nesting{Groups: groups, place: make(map[string]int, len(groups)), inside: make(map[string][]string, len(nested))}
	for i, group := range groups {
		n.place[group.SourceID] = i
		for _, id := range nested[group.Seq] {
			n.inside[group.SourceID] = append(n.inside[group.SourceID], id.String())
		}
	}
	return n, nil
}

// Group returns a group by its id; false if it was never wanted.
func (n *Nesting) Group(id string) (Group, bool) {
	i, known := n.place[id]
	if !known {
		return Group{}, false
	}
	return n.Groups[i], true
}

// Live returns the places of all live groups, in ascending order.
func (n *Nesting) Live() []int64 {
	var live []int64
	for _, group := range n.Groups {
		if group.State == plan.Live && group.Wanted {
			live = append(live, group.Seq)
		}
	}
	return live
}

// Inside returns the ids of the groups that are direct members of a group.
func (n *Nesting) Inside(id string) []string { return n.inside[id] }

// Reach returns the ids of the live groups whose members a selection brings, each with the id of a selected group through which it does: its
// own, if it is selected itself. Groups in a cycle are reached once; a group that is deleted reaches nothing.
func (n *Nesting) Reach(selection []scope.SelectedGroup) map[string]string {
	return n.walk(selection, func(id string) bool {
		group, known := n.Group(id)
		return known && group.State == plan.Live
	})
}

// wanted returns the groups whose members have to be copied for a selection. Deleted ones are among them, and what is inside: when they are
// restored, nothing tells of the groups inside.
func (n *Nesting) wanted(selection []scope.SelectedGroup) map[string]string {
	return n.walk(selection, func(string) bool { return true })
}

// Unread counts the groups that a selection needs and whose members were never read, as far as they are known.
func (n *Nesting) Unread(selection []scope.SelectedGroup) int {
	count := 0
	for id := range n.wanted(selection) {
		group, known := n.Group(id)
		if !known || !group.Wanted || group.State == plan.Live && group.ReadIn == 0 || group.Due {
			count++
		}
	}
	return count
}

func (n *Nesting) walk(selection []scope.SelectedGroup, enter func(id string) bool) map[string]string {
	through := make(map[string]string, len(selection))
	var open []string
	for _, selected := range selection {
		if !enter(selected.ID) {
			continue
		}
		through[selected.ID] = selected.ID
		if selected.Nested {
			open = append(open, selected.ID)
		}
	}
	for opened := make(map[string]bool, len(open)); len(open) > 0; open = open[1:] {
		id := open[0]
		if opened[id] {
			continue
		}
		opened[id] = true
		for _, child := range n.inside[id] {
			if !enter(child) {
				continue
			}
			if _, reached := through[child]; !reached {
				through[child] = through[id]
			}
			open = append(open, child)
		}
	}
	return through
}
