package entrasim

import (
	"maps"
	"slices"
)

// membersAt is who is in group n as of a sequence number, whatever their own state. The edges after it are undone, so this
// costs as much as happened since, not as the group is large.
func (d *directory) membersAt(n, seq int) memberView {
	o := d.groups.objects[n]
	if o == nil {
		return memberView{membership: d.groups.seed.membership(n)}
	}
	v := memberView{membership: o.members}
	before := map[ref]edge{}
	for at := o.last; at > seq; {
		e := d.log.get(at)
		if e == nil {
			break
		}
		for _, c := range e.edges {
			before[c.member()] = c ^ left
		}
		at = e.prev
	}
	if len(before) > 0 {
		v.undone = slices.SortedFunc(maps.Values(before), compareEdges)
	}
	return v
}

// netEdges is what the log says of a group's members over a stretch of time, each once, ascending. The latest answer is kept:
// a stretch of many changes is asked for page by page.
type netEdges struct {
	last, since int
	edges       []edge
}

// netEdges sums up the edges in the entries since < seq <= last, where last is one of the group's own: who is a member at
// the end, and who is not any more.
func (d *directory) netEdges(last, since int) []edge {
	g := &d.groups
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.latest.edges != nil && g.latest.last == last && g.latest.since == since {
		return g.latest.edges
	}
	net := map[ref]edge{}
	for seq := last; seq > since; {
		e := d.log.get(seq)
		if e == nil {
			break
		}
		for _, c := range e.edges {
			if _, later := net[c.member()]; !later {
				net[c.member()] = c
			}
		}
		seq = e.prev
	}
	g.latest = netEdges{last, since, slices.SortedFunc(maps.Values(net), compareEdges)}
	return g.latest.edges
}

// groupsOf are the numbers of the groups that have r as a direct member as of a sequence number, whatever their state, ascending.
func (d *directory) groupsOf(r ref, seq int) []int {
	var groups []int
	for _, n := range d.groups.seed.groupsOf(r) {
		if d.groups.objects[n] == nil {
			groups = append(groups, n)
		}
	}
	for _, n := range d.groups.edited {
		if _, exists := d.groupState(n, seq); exists && d.membersAt(n, seq).has(r) {
			groups = append(groups, n)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}
