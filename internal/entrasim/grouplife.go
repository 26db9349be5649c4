package entrasim

import (
	"slices"
	"strconv"
	"time"
)

// createGroup adds a group that edit fills in, with members from its beginning; id and mailNickname are made up when it leaves
// them empty. That it is there tells the members: however many they are, the log gets one entry.
func (d *directory) createGroup(now time.Time, members *membership, edit func(*group)) (int, error) {
	n := len(d.groups.objects)
	g := &group{created: now.Truncate(time.Second)}
	edit(g)
	if g.id == (guid{}) {
		g.id = d.groups.seed.ids.id(n)
	} else {
		_, isUser := d.numberByID(g.id)
		_, isGroup := d.groupNumber(g.id)
		if isUser || isGroup {
			return 0, errIDTaken
		}
		d.groups.byID[g.id] = n
	}
	if g.text[propGroupMailNickname] == "" {
		g.text[propGroupMailNickname] = "group" + strconv.Itoa(n)
	}
	if g.unified && g.text[propGroupMail] == "" {
		g.text[propGroupMail] = g.text[propGroupMailNickname] + "@" + d.people.domains.primary
		g.proxies = []string{"SMTP:" + g.text[propGroupMail]}
	}
	if g.unified && g.text[propGroupVisibility] == "" {
		g.text[propGroupVisibility] = "Private"
	}
	d.groups.objects = append(d.groups.objects, &groupObject{members: members})
	d.groups.edited = append(d.groups.edited, n)
	d.recordGroup(n, now, everything, nil, g)
	return n, nil
}

// changeGroup edits a live group. An edit that changes nothing leaves no trace.
func (d *directory) changeGroup(n int, now time.Time, edit func(*group)) {
	before := d.groupAt(n, head)
	after := before.clone()
	edit(after)
	if changed := groupDifference(before, after); changed != 0 {
		d.recordGroup(n, now, changed, nil, after)
	}
}

// replaceGroup makes the next version of a group at a step in its life.
func (d *directory) replaceGroup(n int, now time.Time, edit func(*group)) {
	after := d.groupAt(n, head).clone()
	edit(after)
	d.recordGroup(n, now, everything, nil, after)
}

// removeGroup moves a Microsoft 365 group to the recycle bin; a security group is gone at once.
func (d *directory) removeGroup(n int, now time.Time) {
	if !d.groupAt(n, head).unified {
		d.purgeGroup(n, now)
		return
	}
	d.replaceGroup(n, now, func(g *group) { g.state, g.deletedAt = deleted, now })
	d.expiry = append(d.expiry, binEntry{newRef(refGroup, n), now})
}

// restoreGroup brings a group back from the recycle bin, with its members.
func (d *directory) restoreGroup(n int, now time.Time) {
	d.replaceGroup(n, now, func(g *group) { g.state, g.deletedAt = live, time.Time{} })
}

// purgeGroup removes a group for good, and from the groups that it is a member of.
func (d *directory) purgeGroup(n int, now time.Time) {
	d.replaceGroup(n, now, func(g *group) {
		*g = group{id: g.id, state: purged}
	})
	d.leaveAll(newRef(refGroup, n), now)
}

// changeMembers lets edges, all of them, begin or end in one step; those that change nothing leave no trace. It returns how
// many did change something.
func (d *directory) changeMembers(n int, now time.Time, edges []edge) int {
	o := d.groupObject(n)
	slices.SortFunc(edges, compareEdges)
	edges = slices.CompactFunc(edges, func(a, b edge) bool { return a.member() == b.member() })
	done := make([]edge, 0, len(edges))
	for _, e := range edges {
		if o.members.apply(e) {
			done = append(done, e)
		}
	}
	if len(done) > 0 {
		d.recordGroup(n, now, maskOf(propGroupMembers), slices.Clip(done), nil)
	}
	return len(done)
}

// leaveAll takes what is gone for good out of its groups.
func (d *directory) leaveAll(r ref, now time.Time) {
	for _, n := range d.groupsOf(r, head) {
		if state, _ := d.groupState(n, head); state != purged {
			d.changeMembers(n, now, []edge{edge(r) | left})
		}
	}
}
