package engine_test

import (
	"maps"
	"slices"

	"rollcall/internal/directory"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

func (m *model) followGroups(tenant tenantState, rules ruleset, reached map[string]bool, seen holdings) {
	all := rules.scope.AllGroups
	anyway := tenant.reach(rules.scope.Groups, false)
	for id, group := range m.groups {
		state, known := tenant.groups[id]
		live := known && state.live
		if !group.owned {
			continue
		}
		_, there := seen.Groups[id]
		switch {
		case !rules.scope.GroupObjects, live && !all && !reached[id]:
			group.owned = false
			m.groups[id] = group
		case live:
		case !all && !anyway[id] && there: // it was seen to be unselected before it was seen to be deleted
			group.owned = false
			m.groups[id] = group
		default:
			m.drop(id)
		}
	}
	for id, state := range tenant.groups {
		group, exists := m.groups[id]
		if !state.live || !rules.scope.GroupObjects || !all && !reached[id] || !exists && state.name == "" {
			continue
		}
		wanted := all || slices.ContainsFunc(rules.scope.Groups, func(selected scope.SelectedGroup) bool { return selected.ID == id })
		group.anew = !group.owned || !group.wanted || !wanted
		group.owned, group.wanted = true, wanted
		if state.name != "" {
			group.name = state.name
		}
		if group.members == nil {
			group.members = map[string]directory.Marks{}
		}
		m.groups[id] = group
	}
}

// drop removes a group, which is in no other group then.
func (m *model) drop(id string) {
	delete(m.groups, id)
	for _, other := range m.groups {
		delete(other.members, id)
	}
}

// followMembers: in a group are the members of the tenant's who are in scope. Who is in the recycle bin keeps his place, but where the group is read
// anew, he is not listed.
func (m *model) followMembers(tenant tenantState, seen holdings) {
	for id, group := range m.groups {
		for member := range group.members {
			_, isUser := m.users[member]
			_, isGroup := m.groups[member]
			if !isUser && !isGroup {
				delete(group.members, member)
			}
		}
		if !group.owned {
			continue
		}
		state := tenant.groups[id]
		in := map[string]bool{}
		for _, member := range slices.Concat(state.users, state.groups) {
			in[member] = member != id
		}
		for member := range m.allMembers(in, group.members) {
			marks, status, has := group.members[member], m.status(member), seen.Groups[id].Members[member].Has(directory.Synced)
			if in[member] && status == plan.InBin && group.anew && (marks.Has(directory.Synced) || has) {
				m.unsure[id+" "+member] = true
			}
			switch {
			case in[member] && status == plan.InScope:
				group.members[member] = marks | directory.Synced
			case in[member] && status == plan.InBin && marks.Has(directory.Synced) == has:
			case in[member] && status == plan.InBin && has && m.guarded:
				group.members[member] = marks | directory.Synced
			case in[member] && status == plan.InBin && !group.anew:
			case marks == directory.Synced:
				delete(group.members, member)
			case marks.Has(directory.Synced):
				group.members[member] = directory.ByHand
			}
		}
	}
}

func (m *model) allMembers(in map[string]bool, members map[string]directory.Marks) map[string]bool {
	all := maps.Clone(in)
	for member := range members {
		all[member] = true
	}
	return all
}

// status is that of the tie of a user or group, "" if there is none.
func (m *model) status(id string) plan.LinkStatus {
	if group, isGroup := m.groups[id]; isGroup && group.owned {
		return plan.InScope
	}
	return m.users[id].status
}
