package entrasim

import (
	"math"
	"slices"
)

// gatherMembers are the direct members of a group.
func (d *directory) gatherMembers(of, from ref, limit int, keep func(ref) bool) []ref {
	var found []ref
	for m := range d.membersAt(of.number(), d.visible).all(from) {
		if len(found) == limit {
			break
		}
		if keep(m) {
			found = append(found, m)
		}
	}
	return found
}

// gatherTransitiveMembers are the members of a group and of the live groups inside it, each once, without the group itself.
func (d *directory) gatherTransitiveMembers(of, from ref, limit int, keep func(ref) bool) []ref {
	var found []ref
	nested := func(g ref) []ref {
		return d.gatherMembers(g, newRef(refGroup, 0), math.MaxInt, func(m ref) bool { return m.kind() == refGroup })
	}
	for _, g := range append(d.reachable(of, nested), of) {
		found = append(found, d.gatherMembers(g, from, limit, func(m ref) bool { return m != of && keep(m) })...)
	}
	slices.Sort(found)
	found = slices.Compact(found)
	return found[:min(limit, len(found))]
}

// gatherMemberOf are the live groups that hold an object themselves.
func (d *directory) gatherMemberOf(of, from ref, limit int, keep func(ref) bool) []ref {
	return chooseRefs(d.holders(of), from, limit, keep)
}

// gatherTransitiveOf are the live groups that hold an object, and those that hold these, without the object itself.
func (d *directory) gatherTransitiveOf(of, from ref, limit int, keep func(ref) bool) []ref {
	found := d.reachable(of, d.holders)
	slices.Sort(found)
	return chooseRefs(found, from, limit, keep)
}

func (d *directory) holders(of ref) []ref {
	var refs []ref
	for _, n := range d.groupsOf(of, d.visible) {
		refs = append(refs, newRef(refGroup, n))
	}
	return refs
}

// reachable are the live groups at which a walk from an object arrives, without the object.
func (d *directory) reachable(of ref, step func(ref) []ref) []ref {
	seen := map[ref]bool{of: true}
	var found []ref
	for queue := []ref{of}; len(queue) > 0; queue = queue[1:] {
		for _, g := range step(queue[0]) {
			if !seen[g] && d.memberState(g, d.visible) == live {
				seen[g] = true
				found, queue = append(found, g), append(queue, g)
			}
		}
	}
	return found
}

func chooseRefs(refs []ref, from ref, limit int, keep func(ref) bool) []ref {
	var found []ref
	for _, r := range refs {
		if r >= from && len(found) < limit && keep(r) {
			found = append(found, r)
		}
	}
	return found
}
