package directory_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// memberModel is what groups and their members are after a history: a handful of groups and users, remembered in maps.
type memberModel struct {
	*world
	random *rand.Rand
	users  []directory.User
	groups []ident.ID
	owned  map[ident.ID]bool
	marks  map[ident.ID]map[string]directory.Marks
	names  map[ident.ID]string
	steps  []string
}

func newMemberModel(w *world, seed uint64) *memberModel {
	m := &memberModel{
		world: w, random: rand.New(rand.NewPCG(seed, 1)), owned: map[ident.ID]bool{}, marks: map[ident.ID]map[string]directory.Marks{},
		names: map[ident.ID]string{},
	}
	for i := range 6 {
		user := w.managed(fmt.Sprintf("u%d@example.com", i), fmt.Sprintf("source-%d", i))
		m.users = append(m.users, user)
		m.names[user.ID] = user.Name()
	}
	for i := range 4 {
		m.add(w.group(fmt.Sprintf("G%d", i)))
	}
	return m
}

func (m *memberModel) add(group directory.Group) {
	m.groups = append(m.groups, group.ID)
	m.names[group.ID] = group.Name()
	m.marks[group.ID] = map[string]directory.Marks{}
}

// somebody returns a user or a group.
func (m *memberModel) somebody() ident.ID {
	if m.random.IntN(4) == 0 {
		return m.groups[m.random.IntN(len(m.groups))]
	}
	return m.users[m.random.IntN(len(m.users))].ID
}

// step does one random thing to directory and model.
func (m *memberModel) step() {
	group := m.groups[m.random.IntN(len(m.groups))]
	switch what := m.random.IntN(20); {
	case what < 8:
		m.byHand(group, what < 5)
	case what < 16:
		m.bySync(group, what < 13)
	case what < 18:
		m.changeOwner(group)
	case what == 18:
		m.purgeAndRestore(m.users[m.random.IntN(len(m.users))])
	case m.random.IntN(2) == 0:
		m.removeAndRestore(group)
	default:
		m.replace(group)
	}
}

// list returns a few members, now and then one of them twice.
func (m *memberModel) list() []ident.ID {
	ids := make([]ident.ID, 1+m.random.IntN(5))
	for i := range ids {
		ids[i] = m.somebody()
	}
	return ids
}

func (m *memberModel) note(format string, args ...any) {
	m.steps = append(m.steps, fmt.Sprintf(format, args...))
}

func (m *memberModel) byHand(group ident.ID, add bool) {
	ids := m.list()
	m.note("by hand, add %v: %v in %s", add, ids, m.names[group])
	var err error
	var results []directory.MemberResult
	if add {
		refs := make([]directory.MemberRef, len(ids))
		for i, id := range ids {
			refs[i].ID = id
		}
		results, err = m.AddMembers(m.Context(), m.org, group, refs)
	} else {
		results, err = m.RemoveMembers(m.Context(), m.org, group, ids)
	}
	if err != nil {
		m.Fatalf("%v\nthe last step gives %v", m.steps, err)
	}
	for i, id := range ids {
		before := m.marks[group][m.names[id]]
		after, refused := before, false
		switch {
		case add && id == group:
			refused = true
		case add:
			after |= directory.ByHand
		case m.owned[group]:
			after &^= directory.ByHand
			refused = after != 0
		default:
			after = 0
		}
		if results[i].Changed != (after != before) || (results[i].Failure != nil) != refused {
			m.Fatalf("%v\nchange %d of the last step, from %b to %b, gives %+v", m.steps, i, before, after, results[i])
		}
		m.mark(group, m.names[id], after)
	}
}

// mark notes the marks of a member; none for one who is none.
func (m *memberModel) mark(group ident.ID, name string, marks directory.Marks) {
	m.marks[group][name] = marks
	if marks == 0 {
		delete(m.marks[group], name)
	}
}

func (m *memberModel) bySync(group ident.ID, add bool) {
	ids := m.list()
	m.note("by sync, add %v: %v in %s", add, ids, m.names[group])
	changes := make([]directory.MemberChange, len(ids))
	for i, id := range ids {
		changes[i] = directory.MemberChange{Pair: directory.Pair{Group: group, Member: id}, Add: add}
	}
	results, err := m.ApplyMembers(m.Context(), m.org, m.instance, changes)
	if err != nil {
		m.Fatal(err)
	}
	for i, id := range ids {
		name := m.names[id]
		before := m.marks[group][name]
		after := before &^ directory.Synced
		if add {
			after = before | directory.Synced
		}
		switch refused := add && id == group; {
		case !m.owned[group] != results[i].Superseded || m.owned[group] && refused != (results[i].Failure != nil):
			m.Fatalf("%v\nchange %d of the last step gives %+v", m.steps, i, results[i])
		case !m.owned[group] || refused:
			after = before
		}
		if results[i].Changed != (after != before) {
			m.Fatalf("%v\nchange %d of the last step, from %b to %b, gives %+v", m.steps, i, before, after, results[i])
		}
		m.mark(group, name, after)
	}
}

func (m *memberModel) changeOwner(group ident.ID) {
	action := plan.Update
	if m.owned[group] {
		action = plan.Release
	}
	m.note("%s of %s", action, m.names[group])
	m.applyGroups(groupChange(m.groupNow(group), action, nil))
	m.owned[group] = !m.owned[group]
}

// purgeAndRestore removes a user and brings him back: he is what he was.
func (m *memberModel) purgeAndRestore(user directory.User) {
	m.note("purge and restore of %s", user.Name())
	now := m.get(user.ID)
	m.apply(change(now, plan.Delete, nil))
	for _, group := range m.groups {
		if _, still := m.membersOf(group)[user.Name()]; still {
			m.Fatalf("%v\nthe purged user is still in %s", m.steps, m.names[group])
		}
	}
	m.apply(restored(now))
}

// replace deletes a group, by whoever may, and makes another one in its place.
func (m *memberModel) replace(group ident.ID) {
	m.note("deletion of %s", m.names[group])
	m.remove(group)
	for i, id := range m.groups {
		delete(m.marks[id], m.names[group])
		if id == group {
			m.groups = append(m.groups[:i:i], m.groups[i+1:]...)
		}
	}
	delete(m.marks, group)
	m.add(m.group("New " + m.names[group]))
}

// remove deletes a group, by whoever may.
func (m *memberModel) remove(group ident.ID) {
	if m.owned[group] {
		m.applyGroups(groupChange(m.groupNow(group), plan.Delete, nil))
	} else if err := m.DeleteGroup(m.Context(), m.org, group); err != nil {
		m.Fatal(err)
	}
}

// removeAndRestore removes a group and, perhaps, users and another group meanwhile, and brings all of them back: they are what they were.
func (m *memberModel) removeAndRestore(group ident.ID) {
	m.note("removal and restoration of %s", m.names[group])
	away := []directory.Group{m.groupNow(group)}
	m.remove(group)
	if other := m.groups[m.random.IntN(len(m.groups))]; other != group {
		away = append(away, m.groupNow(other))
		m.remove(other)
	}
	user := m.users[m.random.IntN(len(m.users))]
	m.note("and of %s", user.Name())
	now := m.get(user.ID)
	m.apply(change(now, plan.Delete, nil))
	back := make([]func(), 0, 3)
	for _, removed := range away {
		back = append(back, func() {
			restore := groupRestored(removed)
			restore.Link = m.owned[removed.ID]
			m.applyGroups(restore)
		})
	}
	back = append(back, func() { m.apply(restored(now)) })
	m.random.Shuffle(len(back), func(i, j int) { back[i], back[j] = back[j], back[i] })
	for _, restore := range back {
		restore()
	}
}

func (m *memberModel) compare() {
	m.Helper()
	for _, group := range m.groups {
		if got := m.membersOf(group); !maps.Equal(m.marks[group], got) {
			m.Fatalf("%v\n%s has %v, want %v", m.steps, m.names[group], got, m.marks[group])
		}
	}
}

func TestAnyHistoryOfPeopleAndSyncsLeavesTheMembersThatItShould(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newMemberModel(newWorld(t), seed)
			for range 60 {
				m.step()
				m.compare()
			}
		})
	}
}
