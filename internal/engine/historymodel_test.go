package engine_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// tenantState is a tenant as its control API tells of it; who was purged is not in it.
type tenantState struct {
	people map[string]tenantPerson
	groups map[string]tenantGroup
}

type tenantPerson struct {
	live, enabled, guest                             bool
	name, displayName, jobTitle, department, manager string
}

// guestName is what Entra calls a guest: by his own address, which is his userName here.
var guestName = regexp.MustCompile(`^(.+)_([^_]+)#EXT#@.*$`)

func (p tenantPerson) ownName() string { return guestName.ReplaceAllString(p.name, "$1@$2") }

// tenantGroup has the ids of its direct members, also of those in the recycle bin.
type tenantGroup struct {
	live          bool
	name          string
	users, groups []string
}

// model works out what the directory must hold after each good run from the tenant and the settings alone, by the words of the requirements: it
// shares no code with the program.
type model struct {
	users  map[string]modelUser
	groups map[string]modelGroup
	// away are those who were not live at any time: what becomes of them is not told as a change of those whose managers they are.
	away map[string]bool
	// unsure are memberships, as "group member", of people who were in the recycle bin when the group may have been read anew. Lists do not show them
	// then; whether the changes that follow a list still tell of them depends on how far back these go.
	unsure map[string]bool
	// guarded: whoever is deleted is in scope until that is approved, and may join groups before.
	guarded bool
}

type modelUser struct {
	heldUser
	status plan.LinkStatus
	// purged is when the tenant was first without him. A read of changes tells that, and he is removed; a read in full finds him nowhere, which
	// could be a mistake, and he stays Inactive until his thirty days in the recycle bin are over.
	purged time.Time
}

type modelGroup struct {
	// owned: the instance keeps the group.
	owned bool
	// wanted: the selection itself wants the group; anew: it may have been read anew, because it was not wanted like that before. A group that is wanted
	// through others may be let go and taken up again on the way.
	wanted, anew bool
	name         string
	members      map[string]directory.Marks
}

// settings of a history that matter to the model.
type ruleset struct {
	scope scope.Rules
	// titled is the property of the tenant that gives the title.
	titled string
}

// follow takes over a state of the tenant that was read and synchronised completely. before is the directory at that time where more than one thing
// is right.
func (m *model) follow(tenant tenantState, rules ruleset, now time.Time, seen holdings) {
	for id, person := range tenant.people {
		m.away[id] = m.away[id] || !person.live
	}
	reached := tenant.reach(rules.scope.Groups, true)
	m.followUsers(tenant, rules, reached, now, seen)
	m.followGroups(tenant, rules, reached, seen)
	m.followMembers(tenant, seen)
}

// reach returns the groups that a selection brings, through live groups only or through all.
func (t tenantState) reach(selection []scope.SelectedGroup, alive bool) map[string]bool {
	reached := map[string]bool{}
	var nested func(id string)
	nested = func(id string) {
		for _, child := range t.groups[id].groups {
			if alive && !t.groups[child].live {
				continue
			}
			if !reached[child+" and below"] {
				reached[child], reached[child+" and below"] = true, true
				nested(child)
			}
		}
	}
	for _, selected := range selection {
		group, known := t.groups[selected.ID]
		if alive && (!known || !group.live) {
			continue
		}
		if reached[selected.ID] = true; selected.Nested {
			nested(selected.ID)
		}
	}
	return reached
}

// inScope reports whether the rules take the person.
func (t tenantState) inScope(id string, rules scope.Rules, reached map[string]bool) bool {
	person := t.people[id]
	if person.guest && !rules.IncludeGuests {
		return false
	}
	if !rules.AllUsers && !slices.Contains(rules.Users, id) {
		member := false
		for group, state := range t.groups {
			member = member || reached[group] && slices.Contains(state.users, id)
		}
		if !member {
			return false
		}
	}
	for _, filter := range rules.Filters {
		pattern := regexp.MustCompile(filter.Clauses[0].Value)
		return !pattern.MatchString(person.displayName)
	}
	return true
}

func (m *model) followUsers(tenant tenantState, rules ruleset, reached map[string]bool, now time.Time, seen holdings) {
	wants := map[string]string{}
	for id, user := range m.users {
		person, known := tenant.people[id]
		switch {
		case !known && user.purged.IsZero():
			user.purged = now
			m.users[id] = user.binned(id)
		case known && !person.live:
			m.users[id] = user.binned(id)
		}
		if _, there := seen.Users[id]; !known && !there {
			delete(m.users, id)
		}
	}
	for id, person := range tenant.people {
		if !person.live {
			continue
		}
		in := tenant.inScope(id, rules.scope, reached)
		user, exists := m.users[id]
		if exists && (in || user.Deleted) || !exists && in && person.enabled {
			wants[id] = person.ownName()
		}
	}
	m.failing(wants)
	for id, person := range tenant.people {
		if person.live {
			m.followLive(id, person, rules, tenant.inScope(id, rules.scope, reached), wants[id] != "")
		}
	}
}

// binned is what becomes of a user in the recycle bin.
func (u modelUser) binned(id string) modelUser {
	if u.Deleted {
		return u
	}
	u.Active, u.Deleted, u.status = false, true, plan.InBin
	u.UserName = strings.ReplaceAll(id, "-", "") + u.UserName
	return u
}

// failing takes out of wants those whose name somebody has who keeps it.
func (m *model) failing(wants map[string]string) {
	holder := map[string]string{}
	for id, user := range m.users {
		holder[strings.ToLower(user.UserName)] = id
	}
	for again := true; again; {
		again = false
		for id, name := range wants {
			by, held := holder[strings.ToLower(name)]
			if !held || by == id {
				continue
			}
			if next, moves := wants[by]; !moves || strings.EqualFold(next, m.users[by].UserName) {
				delete(wants, id)
				again = true
			}
		}
	}
}

// followLive is for somebody who is live in the tenant; named says that he can have the name that he wants.
func (m *model) followLive(id string, person tenantPerson, rules ruleset, in, named bool) {
	user, exists := m.users[id]
	switch {
	case !exists && !named:
	case in && named:
		user.Ours, user.Active, user.Deleted, user.status = true, person.enabled, false, plan.InScope
		user.UserName = person.ownName()
		m.users[id] = user.holding(person, rules)
	case in && user.Active && !person.enabled: // who is dismissed loses access, whatever his name
		user.Active, user.status = false, plan.InScope
		m.users[id] = user.holding(person, rules)
	case in: // waits for the name
	case user.Deleted && named:
		user.Deleted, user.UserName, user.status = false, person.ownName(), plan.OutOfScope
		m.users[id] = user
	case !user.Deleted:
		user.Active, user.status = false, plan.OutOfScope
		m.users[id] = user
	}
}

// holding is the user with the attributes that the tenant has; what it has not stays.
func (u modelUser) holding(person tenantPerson, rules ruleset) modelUser {
	title := map[string]string{"jobTitle": person.jobTitle, "department": person.department, "constant": "Somebody"}[rules.titled]
	for target, value := range map[*string]string{&u.DisplayName: person.displayName, &u.Title: title, &u.Manager: person.manager} {
		if value != "" {
			*target = value
		}
	}
	return u
}

// sure are holdings without unsure memberships of people who are in the recycle bin still.
func (m *model) sure(held holdings) holdings {
	groups := maps.Clone(held.Groups)
	for id, group := range groups {
		group.Members = maps.Clone(group.Members)
		maps.DeleteFunc(group.Members, func(member string, _ directory.Marks) bool {
			return m.unsure[id+" "+member] && held.Users[member].Deleted
		})
		groups[id] = group
	}
	return holdings{Users: held.Users, Groups: groups}
}

// told are the rows of a journal without those about unsure memberships, and those in which somebody leaves a group who was purged later: his removal
// takes him out of all groups, and whether they are seen to be without him before it is seen that he is gone depends on which answers failed.
func (m *model) told(rows []string, tenant tenantState) []string {
	return slices.DeleteFunc(rows, func(row string) bool {
		words := strings.Fields(row)
		if len(words) != 4 || words[0] != "group" {
			return false
		}
		group, member := strings.TrimSuffix(words[1], ":"), words[2]
		_, isPerson := tenant.people[member]
		_, isGroup := tenant.groups[member]
		return m.unsure[group+" "+member] || words[3] == string(plan.Leave) && !isPerson && !isGroup
	})
}

// differences compares the directory with the model.
func (m *model) differences(tenant tenantState, held holdings, now time.Time) []string {
	var wrong []string
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	for id, is := range held.Users {
		want, expected := m.users[id]
		if boss, known := tenant.people[want.Manager]; !known || !boss.live || m.away[want.Manager] {
			want.Manager, is.Manager = "", ""
		}
		if !expected {
			say("nobody should be there of %s: %+v", id, is)
		} else if is != want.heldUser {
			say("the user %s\n is        %+v\n should be %+v", id, is, want.heldUser)
		}
		if !want.purged.IsZero() && now.Sub(want.purged) > plan.Retention+24*time.Hour {
			say("%s was purged at %s and is there still", id, want.purged)
		}
	}
	for id, want := range m.users {
		if _, there := held.Users[id]; !there {
			say("the user %s is not there: %+v", id, want)
		}
	}
	for id, is := range held.Groups {
		want, expected := m.groups[id]
		if !expected {
			say("there should be no group %s: %+v", id, is)
			continue
		}
		if is.Name != want.name || is.Ours != want.owned {
			say("the group %s\n is        %s, ours %v\n should be %s, ours %v", id, is.Name, is.Ours, want.name, want.owned)
		}
		wrong = append(wrong, m.memberDifferences(id, is, want)...)
	}
	for id, want := range m.groups {
		if _, there := held.Groups[id]; !there {
			say("the group %s is not there: %+v", id, want)
		}
	}
	slices.Sort(wrong)
	return wrong
}

func (m *model) memberDifferences(id string, is heldGroup, want modelGroup) []string {
	var wrong []string
	for member, marks := range is.Members {
		if purged := !m.users[member].purged.IsZero(); want.members[member] != marks && !purged {
			wrong = append(wrong, fmt.Sprintf("%s is in the group %s with the marks %d, should be with %d", member, id, marks, want.members[member]))
		}
	}
	for member, marks := range want.members {
		if purged := !m.users[member].purged.IsZero(); is.Members[member] == 0 && !purged {
			wrong = append(wrong, fmt.Sprintf("%s should be in the group %s with the marks %d", member, id, marks))
		}
	}
	return wrong
}
