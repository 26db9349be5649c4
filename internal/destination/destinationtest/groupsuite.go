package destinationtest

import (
	"bytes"
	"slices"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupTest is a test of a destination that keeps groups; the others have nothing to show there.
type groupTest struct {
	name string
	run  func(s *groupSuite)
}

// groupSuite is one test of groups.
type groupSuite struct {
	*suite
	port destination.Groups
}

// team is a record of a group.
func team(name, sourceID string) attr.Record {
	return record(attr.DisplayName, name, attr.ExternalID, sourceID)
}

// createGroup is the change that adds a group.
func createGroup(name, sourceID string) plan.Change {
	return plan.Change{
		Action: plan.Create, Object: plan.Group, Phase: plan.Write, SourceID: sourceID, ObjectID: ident.New(moment), After: team(name, sourceID),
		Link: true, Status: plan.InScope, Reason: plan.Reason{Code: "Added", Text: "is new"},
	}
}

// onGroup is a change of a group as it is now.
func onGroup(target plan.Target, action plan.Action, after attr.Record) plan.Change {
	change := on(target, action, after)
	change.Object = plan.Group
	return change
}

// membersOf is a change of a group's members.
func membersOf(group ident.ID, action plan.Action, members ...plan.Member) plan.Change {
	return plan.Change{
		Action: action, Object: plan.Members, Phase: plan.Reference, ObjectID: group, Members: members, Status: plan.InScope,
		Reason: plan.Reason{Code: "Test", Text: "because the test says so"},
	}
}

// users makes members of people.
func users(people ...plan.Target) []plan.Member {
	members := make([]plan.Member, len(people))
	for i, person := range people {
		members[i] = plan.Member{Source: ident.New(moment), Object: person.ID}
	}
	return members
}

func nested(group ident.ID) plan.Member {
	return plan.Member{Source: ident.New(moment), Object: group, Group: true}
}

func (s *groupSuite) applyGroups(changes ...plan.Change) []destination.Result {
	s.Helper()
	results, err := s.port.ApplyGroups(s.Context(), changes)
	if err != nil {
		s.Fatal(err)
	}
	if len(results) != len(changes) {
		s.Fatalf("%d changes got %d results", len(changes), len(results))
	}
	return results
}

// mustGroups applies changes of groups, all of which must come through.
func (s *groupSuite) mustGroups(changes ...plan.Change) {
	s.Helper()
	for i, result := range s.applyGroups(changes...) {
		if result != (destination.Result{Applied: true}) {
			s.Fatalf("change %d (%s) ended as %s, want applied", i, changes[i].Action, outcome(result))
		}
	}
}

// groups creates managed groups with these names and returns them; the source id of each is "source of" its name.
func (s *groupSuite) groups(names ...string) []plan.Target {
	s.Helper()
	changes := make([]plan.Change, len(names))
	for i, name := range names {
		changes[i] = createGroup(name, "source of "+name)
	}
	s.mustGroups(changes...)
	targets := make([]plan.Target, len(names))
	for i, change := range changes {
		targets[i] = s.group(change.ObjectID)
	}
	return targets
}

// allGroups returns the groups of the ids that exist, in the order of their ids.
func (s *groupSuite) allGroups(ids ...ident.ID) []plan.Target {
	s.Helper()
	targets, err := s.port.GroupsByID(s.Context(), ids)
	if err != nil {
		s.Fatal(err)
	}
	slices.SortFunc(targets, func(a, b plan.Target) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return targets
}

func (s *groupSuite) group(id ident.ID) plan.Target {
	s.Helper()
	targets := s.allGroups(id)
	if len(targets) != 1 {
		s.Fatalf("%d groups have the id %s, want one", len(targets), id)
	}
	return targets[0]
}

// change applies changes of members and returns how many members changed by each; -1 for a change that was superseded.
func (s *groupSuite) change(changes ...plan.Change) []int {
	s.Helper()
	results, err := s.port.ApplyMembers(s.Context(), changes)
	if err != nil {
		s.Fatal(err)
	}
	if len(results) != len(changes) {
		s.Fatalf("%d changes got %d results", len(changes), len(results))
	}
	counts := make([]int, len(results))
	for i, change := range changes {
		result := results[i]
		if counts[i] = len(result.Changed); result.Superseded {
			counts[i] = -1
		}
		for _, member := range result.Changed {
			if !slices.Contains(change.Members, member) {
				s.Errorf("change %d changed %+v, of whom it says nothing", i, member)
			}
		}
	}
	return counts
}

// changes checks what change returns.
func (s *groupSuite) changes(want []int, changes ...plan.Change) {
	s.Helper()
	if diff := cmp.Diff(want, s.change(changes...)); diff != "" {
		s.Errorf("members that changed (-want +got):\n%s", diff)
	}
}

// has checks who is in a group, whoever put them in.
func (s *groupSuite) has(group ident.ID, members ...ident.ID) {
	s.Helper()
	want := slices.SortedFunc(slices.Values(members), func(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) })
	if got := s.Groups.Members(group); !slices.Equal(got, want) {
		s.Errorf("the group has the members %v, want %v", got, want)
	}
}
