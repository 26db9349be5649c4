package destinationtest

import (
	"fmt"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupReversing holds of destinations in which changes of groups can be taken back.
var groupReversing = []groupTest{
	{"ARemovedGroupComesBackAsItWasWithItsMembers", groupsReversibly(func(s *groupSuite, d destination.ReversibleGroups) {
		people := s.people("ada@example.com", "grace@example.com")
		group := s.groups("Sales")[0]
		s.change(membersOf(group.ID, plan.Join, users(people[0])...))
		s.Groups.Join(group.ID, people[1].ID)
		s.mustGroups(onGroup(group, plan.Update, record("description", "x")))
		group = s.group(group.ID)
		s.mustGroups(onGroup(group, plan.Delete, nil))
		kept := s.removedGroups(d, group.ID)
		if len(kept) != 1 || kept[0].Version != group.Version || !kept[0].Record.Equal(group.Record) {
			s.Fatalf("of the removed group is kept %+v, want %+v", kept, group)
		}
		s.mustGroups(restoreGroup(kept[0], group.SourceID))
		s.cameBack(group, s.group(group.ID))
		s.has(group.ID, people[0].ID, people[1].ID)
		if synced, err := s.port.SyncedMembers(s.Context(), group.ID, []ident.ID{people[0].ID, people[1].ID}); err != nil || len(synced) != 1 || !synced[people[0].ID] {
			s.Errorf("put in by the instance: %v, %v", synced, err)
		}
		if waits, _ := s.Groups.Awaited(group.ID); !waits {
			s.Error("it is not To Be Synced")
		}
		if kept := s.removedGroups(d, group.ID); len(kept) != 0 {
			s.Errorf("after the restoration %+v is kept still", kept)
		}
	})},
	{"AGroupComesBackWithoutThoseWhoAreGoneAndWithThoseWhoCameBack", groupsReversibly(func(s *groupSuite, d destination.ReversibleGroups) {
		users, reversible := s.Destination.(destination.Reversible)
		if !reversible {
			return
		}
		people := s.people("ada@example.com", "grace@example.com", "mary@example.com")
		targets := s.groups("Sales", "Berlin")
		sales := targets[0].ID
		s.change(membersOf(sales, plan.Join, plan.Member{Object: people[0].ID}, plan.Member{Object: people[1].ID}, plan.Member{Object: people[2].ID},
			nested(targets[1].ID)))
		s.must(on(people[2], plan.Delete, nil)) // before the group, and back after it is
		s.mustGroups(onGroup(targets[0], plan.Delete, nil))
		s.must(on(people[0], plan.Delete, nil)) // gone for good
		s.must(on(people[1], plan.Delete, nil)) // back before the group is
		s.mustGroups(onGroup(targets[1], plan.Delete, nil))
		s.must(restore(s.removed(users, people[1].ID)[0], people[1].SourceID))
		s.mustGroups(restoreGroup(s.removedGroups(d, sales)[0], targets[0].SourceID))
		s.has(sales, people[1].ID)
		s.must(restore(s.removed(users, people[2].ID)[0], people[2].SourceID))
		s.mustGroups(restoreGroup(s.removedGroups(d, targets[1].ID)[0], targets[1].SourceID))
		s.has(sales, people[1].ID, people[2].ID, targets[1].ID)
	})},
	{"AGroupThatIsNotKeptOrChangedSinceIsNotRestored", groupsReversibly(func(s *groupSuite, d destination.ReversibleGroups) {
		targets := s.groups("Sales", "Berlin")
		s.mustGroups(onGroup(targets[0], plan.Delete, nil))
		kept := s.removedGroups(d, targets[0].ID)[0]
		older, unknown := restoreGroup(kept, "source"), restoreGroup(kept, "source")
		older.BaseVersion--
		unknown.ObjectID = ident.New(moment)
		again := restoreGroup(kept, targets[0].SourceID)
		s.expect(s.applyGroups(older, restoreGroup(targets[1], "source"), unknown, again, again),
			"superseded", "superseded", "superseded", "applied", "superseded")
	})},
	{"ALargeGroupComesBackAtTheCostOfASmallOne", groupsReversibly(func(s *groupSuite, d destination.ReversibleGroups) {
		work := make([]int64, 2)
		for i, size := range []int{10, 1000} {
			group := s.group(s.crowdedGroup(fmt.Sprintf("Group of %d", size), size))
			s.mustGroups(onGroup(group, plan.Delete, nil))
			kept := s.removedGroups(d, group.ID)[0]
			work[i] = s.Groups.Work(func() { s.mustGroups(restoreGroup(kept, group.SourceID)) })
			if n := len(s.Groups.Members(group.ID)); n != size {
				s.Errorf("%d members came back, want %d", n, size)
			}
			s.mustGroups(onGroup(s.group(group.ID), plan.Delete, nil))
			s.mustGroups(restoreGroup(s.removedGroups(d, group.ID)[0], group.SourceID)) // and once more
		}
		if work[0] == 0 || work[1] > 2*work[0] {
			s.Errorf("restoring writes %d for a small group and %d for a large one", work[0], work[1])
		}
	})},
}

// groupsReversibly is a test of destinations in which changes of groups can be taken back.
func groupsReversibly(run func(s *groupSuite, d destination.ReversibleGroups)) func(*groupSuite) {
	return func(s *groupSuite) {
		if d, can := s.port.(destination.ReversibleGroups); can {
			run(s, d)
		}
	}
}

// restoreGroup is the change that puts a removed group back.
func restoreGroup(kept plan.Target, sourceID string) plan.Change {
	change := restore(kept, sourceID)
	change.Object, change.TakesName = plan.Group, ""
	return change
}

func (s *groupSuite) removedGroups(d destination.ReversibleGroups, id ident.ID) []plan.Target {
	s.Helper()
	kept, err := d.RemovedGroups(s.Context(), []ident.ID{id, ident.New(moment)})
	if err != nil {
		s.Fatal(err)
	}
	return kept
}
