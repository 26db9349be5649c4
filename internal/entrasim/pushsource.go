package entrasim

import "slices"

// A pushUser is a user as the provisioning service sees him. It is comparable: an incremental cycle looks at those who are not as they were.
type pushUser struct {
	id     guid
	values [numMapped]string
	// manager is the id of a live manager, "" for none.
	manager           string
	state             lifeState
	enabled, assigned bool
}

// active is what the expression over IsSoftDeleted makes of a user.
func (u pushUser) active() bool { return u.state == live && u.enabled && u.assigned }

// A pushScope says who is provisioned: everybody, or those assigned, directly or as direct members of an assigned group.
type pushScope struct {
	all           bool
	users, groups []guid
}

// users are all of the tenant, purged ones included.
func (d *directory) pushUsers(scope pushScope) []pushUser {
	d.mu.RLock()
	defer d.mu.RUnlock()
	assigned := d.pushAssigned(scope)
	users := make([]pushUser, 0, len(d.objects))
	for i := range d.objects {
		users = append(users, d.pushUser(i, scope.all || assigned[i]))
	}
	return users
}

func (d *directory) pushUser(i int, assigned bool) pushUser {
	var scratch user
	u := d.at(i, head, &scratch, everything)
	out := pushUser{id: u.id, state: u.state, enabled: u.enabled, assigned: assigned}
	for k, mapping := range pushMappings {
		out.values[k] = mapping.source(u)
	}
	if d.isLive(u.manager, head) {
		out.manager = d.id(u.manager).String()
	}
	return out
}

// pushAssigned are the numbers of the users who are assigned. The caller holds the lock.
func (d *directory) pushAssigned(scope pushScope) map[int]bool {
	assigned := map[int]bool{}
	for _, id := range scope.users {
		if i, known := d.numberByID(id); known {
			assigned[i] = true
		}
	}
	for _, id := range scope.groups {
		n, known := d.findGroup(id.String(), head, live)
		if !known {
			continue
		}
		for m := range d.membersAt(n, head).all(newRef(refUser, 0)) {
			if m.kind() == refUser {
				assigned[m.number()] = true
			}
		}
	}
	return assigned
}

// A pushGroup is an assigned group with its direct members who are users.
type pushGroup struct {
	id      guid
	name    string
	live    bool
	members []guid
}

// pushGroups are the assigned groups.
func (d *directory) pushGroups(scope pushScope) []pushGroup {
	d.mu.RLock()
	defer d.mu.RUnlock()
	groups := make([]pushGroup, 0, len(scope.groups))
	for _, id := range scope.groups {
		group := pushGroup{id: id}
		if n, known := d.findGroup(id.String(), head, live); known {
			group.live, group.name = true, d.groupAt(n, head).text[propGroupDisplayName]
			for m := range d.membersAt(n, head).all(newRef(refUser, 0)) {
				if m.kind() == refUser {
					group.members = append(group.members, d.id(m.number()))
				}
			}
		}
		groups = append(groups, group)
	}
	return groups
}

// pushOrder sorts users as a cycle writes them: who frees a name goes before who takes it.
func pushOrder(users []pushUser) {
	rank := func(u pushUser) int {
		switch {
		case u.state == purged:
			return 0
		case !u.active():
			return 1
		}
		return 2
	}
	slices.SortStableFunc(users, func(a, b pushUser) int { return rank(a) - rank(b) })
}
