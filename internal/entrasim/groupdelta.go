package entrasim

import "slices"

// deltaMembers is how many members a delta page tells at most, over all its groups: a larger group goes on on the next page, with
// the same properties again.
const deltaMembers = 1000

// A groupRound writes one page of a delta of groups.
type groupRound struct {
	d         *directory
	p         *page
	selection *selection
	edges     int // how many members the page tells
}

// deltaAllGroups writes a page of the first round of groups. Members come whatever their own state, but for those that are gone
// for good: who is in the recycle bin keeps his memberships.
func (d *directory) deltaAllGroups(p *page, s *selection, wanted map[int]bool) bool {
	r := groupRound{d: d, p: p, selection: s}
	for n := p.from.At; n < len(d.groups.objects); n++ {
		if wanted != nil && !wanted[n] {
			continue
		}
		g := d.groupAt(n, d.visible)
		if g == nil || g.state != live {
			continue
		}
		if r.full() || !r.tellWhole(g, n, n, nil) {
			if p.next == nil {
				p.continueAt(n)
				p.next.Begun, p.next.In = false, 0
			}
			return false
		}
	}
	return true
}

// deltaGroupChanges writes a page of a later round of groups. A change of members tells who came and went, and no others.
func (d *directory) deltaGroupChanges(p *page, s *selection, wanted map[int]bool) bool {
	r := groupRound{d: d, p: p, selection: s}
	c := p.from
	for seq := c.At + 1; seq <= c.Until; seq++ {
		e := d.log.lastOf(refGroup, seq, c.Until)
		if e == nil || wanted != nil && !wanted[e.object.number()] {
			continue
		}
		n := e.object.number()
		g := d.groupAt(n, d.visible)
		changed, _ := d.log.changesOf(seq, c.Since)
		if changed != everything && (changed&s.mask == 0 || g.state != live) {
			continue
		}
		if r.full() || !r.tell(g, n, seq, changed) {
			if p.next == nil {
				p.continueAt(seq - 1)
				p.next.Begun, p.next.In = false, 0
			}
			return false
		}
	}
	return true
}

// full tells whether nothing more fits on the page.
func (r *groupRound) full() bool { return r.p.items == deltaPage || r.edges == deltaMembers }

// tell tells what changed of a group; false if it goes on on the next page.
func (r *groupRound) tell(g *group, n, seq int, changed mask) bool {
	switch {
	case g.state != live:
		r.p.item(func(dst []byte) []byte { return appendRemoved(dst, g.id, g.state) })
		return true
	case changed == everything:
		return r.tellWhole(g, n, seq-1, r.d.netEdges(seq, r.p.from.Since))
	}
	var edges []edge
	if changed.has(propGroupMembers) && r.selection.mask.has(propGroupMembers) {
		edges = r.d.netEdges(seq, r.p.from.Since)
	}
	tell := changed
	if !r.p.from.Lean {
		tell = everything
	}
	start := r.resume(seq - 1)
	end := min(start+deltaMembers-r.edges, len(edges))
	r.item(g, tell, edges[min(start, end):end])
	if end == len(edges) {
		return true
	}
	r.interrupt(seq-1, end)
	return false
}

// tellWhole tells a group with all its members, and whoever left it since the last round: a group that was deleted and restored
// meanwhile is not new to the client. It is false if it goes on on the next page.
func (r *groupRound) tellWhole(g *group, n, at int, since []edge) bool {
	var edges []edge
	if r.selection.mask.has(propGroupMembers) {
		view := r.d.membersAt(n, r.d.visible)
		gone := slices.DeleteFunc(slices.Clone(since), func(e edge) bool { return !e.isLeft() })
		start := ref(r.resume(at)) //nolint:gosec // G115: it was a ref
		for e, ok := r.nextWhole(view, gone, start); ok; e, ok = r.nextWhole(view, gone, e.member()+1) {
			if len(edges) == deltaMembers-r.edges {
				r.item(g, everything, edges)
				r.interrupt(at, int(e.member()))
				return false
			}
			edges = append(edges, e)
		}
	}
	r.item(g, everything, edges)
	return true
}

// nextWhole is the next edge of a group told whole: a member that is not gone for good, or before it one that left.
func (r *groupRound) nextWhole(view memberView, gone []edge, from ref) (edge, bool) {
	m, ok := view.next(from)
	for ok && r.d.memberState(m, r.d.visible) == purged {
		m, ok = view.next(m + 1)
	}
	at, _ := slices.BinarySearchFunc(gone, edge(from), compareEdges)
	if at < len(gone) && (!ok || gone[at].member() < m) {
		return gone[at], true
	}
	return edge(m), ok // also if it came back after the round's end
}

// resume is where in the group at the beginning of the page to go on, 0 for its beginning and for all other groups.
func (r *groupRound) resume(at int) int {
	if r.p.from.Begun && r.p.from.At == at {
		return r.p.from.In
	}
	return 0
}

// interrupt makes the next page go on inside a group.
func (r *groupRound) interrupt(at, in int) {
	r.p.continueAt(at)
	r.p.next.Begun, r.p.next.In = true, in
}

// item writes a group: the selected properties out of tell that ever had a value, and the edges.
func (r *groupRound) item(g *group, tell mask, edges []edge) {
	r.edges += len(edges)
	tell &= g.everSet | g.filled()
	r.p.item(func(dst []byte) []byte {
		dst = append(dst, '{')
		for i := range r.selection.fields {
			f := &r.selection.fields[i]
			if f.property == propGroupID || f.constant != "" || !tell.has(f.property) {
				continue
			}
			dst = append(appendGroupField(dst, g, f), ',')
		}
		dst = append(dst, `"id":"`...)
		dst = append(g.id.append(dst), '"')
		if len(edges) > 0 {
			dst = r.d.appendEdges(dst, edges)
		}
		return append(dst, '}')
	})
}

func (d *directory) appendEdges(dst []byte, edges []edge) []byte {
	dst = append(dst, `,"members@delta":[`...)
	for i, e := range edges {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"@odata.type":"`...)
		dst = append(dst, d.memberType(e.member())...)
		dst = append(dst, `","id":"`...)
		dst = append(d.memberID(e.member()).append(dst), '"')
		if e.isLeft() {
			dst = append(dst, `,"@removed":{"reason":"deleted"}`...)
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}
