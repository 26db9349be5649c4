package mirror_test

import (
	"slices"
	"strings"
	"testing"

	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// lookGroup refreshes one group with people and asserts that a mere look tells the same.
func (s *tenant) lookGroup(id string, want mirror.Want, people ...string) mirror.GroupSighting {
	s.t.Helper()
	looked, err := s.pull.LookGroup(s.ctx, id, people, want)
	s.must(err)
	seen, err := s.pull.RefreshGroup(s.ctx, id, people, want)
	s.must(err)
	if looked.Presence != seen.Presence || looked.Group.State != seen.Group.State || looked.Group.Label() != seen.Group.Label() {
		s.t.Errorf("a look says %+v, the refresh %+v", looked, seen)
	}
	return seen
}

func TestOneGroupComesIntoAMirrorThatReadsItInFullLater(t *testing.T) {
	s := newTenant(t, 20)
	people := s.users("live")
	group := s.group("Sales", people[:5]...)
	want := alone(group)
	if seen := s.lookGroup(group, everything, people[0]); seen.Group.Seq != 0 || seen.Group.Label() != "Sales" || !seen.Members[people[0]] {
		t.Errorf("a group that nobody wants is kept: %+v", seen)
	}
	seen := s.lookGroup(group, want, people[0], people[9])
	if seen.Presence != graph.Live || seen.Group.Seq == 0 || seen.Group.ReadIn != 0 || !seen.Group.Due || !seen.Members[people[0]] || seen.Members[people[9]] {
		t.Errorf("the group is seen as %+v", seen)
	}
	if cursor := s.cursor(); cursor.Groups.Selection != "" || cursor.Groups.Delta != "" {
		t.Errorf("the mirror says that it is complete: %+v", cursor.Groups)
	}
	s.synced("after a pull", want)
}

func TestOneGroupIsReadAnewWithThePeopleWhoAreAskedFor(t *testing.T) {
	s := newTenant(t, 20)
	people := s.users("live")
	group := s.group("Sales", people[:5]...)
	want := alone(group)
	s.synced("at first", want)
	s.join(group, people[6], people[7])
	s.leave(group, people[0], people[1])
	s.control("PATCH", "/groups/"+group, `{"displayName":"Sales EMEA"}`)
	graphs := s.cursor().Groups.Graph
	seen := s.lookGroup(group, want, people[6], people[0], people[2])
	if seen.Before.Label() != "Sales" || seen.Group.Label() != "Sales EMEA" || seen.Group.Due || seen.Group.ReadIn == 0 {
		t.Errorf("the group is seen as %+v", seen)
	}
	var held []string
	for _, line := range s.reached(want) {
		held = append(held, strings.Fields(line)...)
	}
	for i, is := range map[int]bool{0: false, 1: true, 2: true, 6: true, 7: false} {
		if slices.ContainsFunc(held, func(word string) bool { return strings.Contains(word, people[i]) }) != is {
			t.Errorf("person %d is in the mirror's group: %v, want %v", i, !is, is)
		}
	}
	if cursor := s.cursor().Groups; cursor.Replay == "" || cursor.Graph != graphs {
		t.Errorf("the next pull does not replay the last changes, or finds other groups: %+v", cursor)
	}
	s.synced("after a pull", want)
	s.control("DELETE", "/groups/"+group, "")
	if seen := s.lookGroup(group, want, people[6]); seen.Presence != graph.Binned || seen.Group.State != plan.Deleted || len(seen.Members) != 0 {
		t.Errorf("the deleted group is seen as %+v", seen)
	}
	s.control("POST", "/groups/"+group+"/restore", "")
	if seen := s.lookGroup(group, want, people[6]); seen.Group.State != plan.Live || !seen.Members[people[6]] {
		t.Errorf("the restored group is seen as %+v", seen)
	}
	s.synced("restored", want)
	if seen := s.lookGroup("00000000-0000-4000-8000-00000000dead", want); seen.Presence != graph.Gone || seen.Group.SourceID != "" {
		t.Errorf("a group that does not exist is seen as %+v", seen)
	}
}
