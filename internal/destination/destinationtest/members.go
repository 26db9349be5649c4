package destinationtest

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var members = []groupTest{
	{"UsersAndGroupsJoinAndLeaveAndOnlyThoseWhoDoAreTold", func(s *groupSuite) {
		people := s.people("ada@example.com", "grace@example.com")
		targets := s.groups("Sales", "Berlin")
		sales, both := targets[0].ID, append(users(people...), nested(targets[1].ID))
		s.changes([]int{3, 0, 1}, membersOf(sales, plan.Join, both...), membersOf(sales, plan.Join, both...), membersOf(targets[1].ID, plan.Join, nested(sales)))
		s.has(sales, people[0].ID, people[1].ID, targets[1].ID)
		s.changes([]int{1, 0, 1}, membersOf(sales, plan.Leave, both[0]), membersOf(sales, plan.Leave, both[0]), membersOf(sales, plan.Join, both[0]))
		s.changes([]int{1, 2}, membersOf(sales, plan.Leave, both[1]), membersOf(sales, plan.Leave, both...))
		s.has(sales)
		s.has(targets[1].ID, sales)
	}},
	{"WhoCannotBeAMemberIsNotToldAndTheOthersComeIn", func(s *groupSuite) {
		ada := s.people("ada@example.com")[0]
		sales := s.groups("Sales")[0].ID
		unknown, own := plan.Member{Object: ident.New(moment)}, nested(sales)
		mistaken := plan.Member{Object: ada.ID, Group: true}
		s.changes([]int{1}, membersOf(sales, plan.Join, unknown, own, mistaken, users(ada)[0]))
		s.has(sales, ada.ID)
	}},
	{"MembersWhoWerePutInByHandStay", func(s *groupSuite) {
		people := s.people("ada@example.com", "grace@example.com")
		sales := s.groups("Sales")[0].ID
		s.Groups.Join(sales, people[0].ID)
		wanted := users(people...)
		s.changes([]int{2, 2}, membersOf(sales, plan.Join, wanted...), membersOf(sales, plan.Leave, wanted...))
		s.has(sales, people[0].ID)
		s.changes([]int{0}, membersOf(sales, plan.Leave, wanted...))
		s.has(sales, people[0].ID)
	}},
	{"MembersOfAGroupThatIsGoneOrAnothersAreSuperseded", func(s *groupSuite) {
		ada := s.people("ada@example.com")[0]
		mine, gone := s.groups("Mine")[0].ID, ident.New(moment)
		unmanaged := s.Groups.Add(record("displayName", "Manual"))
		theirs := createGroup("Theirs", "source-1")
		rival, _ := s.Rival.(destination.Groups)
		if _, err := rival.ApplyGroups(s.Context(), []plan.Change{theirs}); err != nil {
			s.Fatal(err)
		}
		who := users(ada)
		s.changes([]int{-1, -1, -1, 1}, membersOf(gone, plan.Join, who...), membersOf(theirs.ObjectID, plan.Join, who...),
			membersOf(unmanaged, plan.Leave, who...), membersOf(mine, plan.Join, who...))
		s.has(theirs.ObjectID)
	}},
	{"MembersWhoComeAndGoDoNotSupersedeTheRenamingOfTheirGroup", func(s *groupSuite) {
		ada := s.people("ada@example.com")[0]
		group := s.groups("Sales")[0]
		s.change(membersOf(group.ID, plan.Join, users(ada)...))
		s.mustGroups(onGroup(group, plan.Update, record("displayName", "Sales Europe")))
	}},
	{"OnlyThoseWhomTheInstancePutInAreListed", syncedMembers},
	{"TheNextOwnerOfAGroupSeesWhomASyncPutIn", func(s *groupSuite) {
		ada := s.people("ada@example.com")[0]
		group := s.groups("Sales")[0]
		s.change(membersOf(group.ID, plan.Join, users(ada)...))
		s.mustGroups(onGroup(group, plan.Release, nil))
		take := onGroup(s.group(group.ID), plan.Update, nil)
		take.SourceID, take.Link = "another source", true
		rival, _ := s.Rival.(destination.Groups)
		if _, err := rival.ApplyGroups(s.Context(), []plan.Change{take}); err != nil {
			s.Fatal(err)
		}
		if listed, err := s.port.ListSynced(s.Context(), group.ID, ident.ID{}, 10); err != nil || len(listed) != 0 {
			s.Errorf("the former owner sees %+v, %v", listed, err)
		}
		listed, err := rival.ListSynced(s.Context(), group.ID, ident.ID{}, 10)
		if err != nil {
			s.Fatal(err)
		}
		if diff := cmp.Diff([]destination.SyncedMember{{ID: ada.ID}}, listed); diff != "" {
			s.Errorf("the next owner sees (-want +got):\n%s", diff)
		}
	}},
	{"WhoIsRemovedLeavesHisGroups", func(s *groupSuite) {
		people := s.people("ada@example.com", "grace@example.com")
		targets := s.groups("Sales", "Berlin")
		s.change(membersOf(targets[0].ID, plan.Join, append(users(people...), nested(targets[1].ID))...))
		s.must(on(people[0], plan.Delete, nil))
		s.mustGroups(onGroup(targets[1], plan.Delete, nil))
		s.has(targets[0].ID, people[1].ID)
	}},
	{"NothingCostsMoreInALargeGroup", func(s *groupSuite) {
		small, large := s.crowdedGroup("Small", 10), s.crowdedGroup("Large", 1000)
		late := users(s.people("late@example.com")...)
		for _, c := range []struct {
			name string
			do   func(group ident.ID)
		}{
			{"joining", func(group ident.ID) { s.changes([]int{1}, membersOf(group, plan.Join, late...)) }},
			{"leaving", func(group ident.ID) { s.changes([]int{1}, membersOf(group, plan.Leave, late...)) }},
			{"renaming", func(group ident.ID) {
				s.mustGroups(onGroup(s.group(group), plan.Update, record("displayName", "Other")))
			}},
			{"progress", func(group ident.ID) { s.progress(group, 1) }},
			{"releasing", func(group ident.ID) { s.mustGroups(onGroup(s.group(group), plan.Release, nil)) }},
			{"deleting", func(group ident.ID) { s.mustGroups(onGroup(s.group(group), plan.Delete, nil)) }},
		} {
			little, much := s.Groups.Work(func() { c.do(small) }), s.Groups.Work(func() { c.do(large) })
			if little == 0 || much > 2*little {
				s.Errorf("%s writes %d in a small group and %d in a large one", c.name, little, much)
			}
		}
	}},
}

func syncedMembers(s *groupSuite) {
	people := s.people("ada@example.com", "grace@example.com", "mary@example.com")
	hand := s.Add(record("userName", "hand@example.com"))
	theirs := create("source of theirs", person("theirs@example.com"))
	if _, err := s.Rival.Apply(s.Context(), []plan.Change{theirs}); err != nil {
		s.Fatal(err)
	}
	targets := s.groups("Sales", "Berlin")
	sales := targets[0].ID
	s.Groups.Join(sales, hand, people[2].ID)
	other := plan.Member{Object: theirs.ObjectID}
	s.change(membersOf(sales, plan.Join, append(users(people...), nested(targets[1].ID), other)...))
	want := []destination.SyncedMember{{ID: targets[1].ID, SourceID: targets[1].SourceID, Group: true}, {ID: theirs.ObjectID}}
	ids := []ident.ID{hand, theirs.ObjectID, targets[1].ID, ident.New(moment), hand}
	in := map[ident.ID]bool{theirs.ObjectID: true, targets[1].ID: true}
	for _, person := range people {
		want = append(want, destination.SyncedMember{ID: person.ID, SourceID: person.SourceID})
		ids, in[person.ID] = append(ids, person.ID), true
	}
	slices.SortFunc(want, func(a, b destination.SyncedMember) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var listed []destination.SyncedMember
	for after := (ident.ID{}); ; after = listed[len(listed)-1].ID {
		page, err := s.port.ListSynced(s.Context(), sales, after, 2)
		if err != nil {
			s.Fatal(err)
		}
		if listed = append(listed, page...); len(page) < 2 {
			break
		}
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		s.Errorf("listed (-want +got):\n%s", diff)
	}
	got, err := s.port.SyncedMembers(s.Context(), sales, ids)
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(in, got); diff != "" {
		s.Errorf("asked one by one (-want +got):\n%s", diff)
	}
	counts, err := s.port.CountSynced(s.Context(), []ident.ID{sales, targets[1].ID, ident.New(moment)})
	if err != nil {
		s.Fatal(err)
	}
	if diff := cmp.Diff(map[ident.ID]int64{sales: 5, targets[1].ID: 0}, counts); diff != "" {
		s.Errorf("counted (-want +got):\n%s", diff)
	}
	rival, _ := s.Rival.(destination.Groups)
	if got, err := rival.SyncedMembers(s.Context(), sales, ids); err != nil || len(got) != 0 {
		s.Errorf("another instance put %v in (%v), want nobody", got, err)
	}
	if got, err := rival.CountSynced(s.Context(), []ident.ID{sales}); err != nil || got[sales] != 0 {
		s.Errorf("another instance put %v in (%v), want nobody", got, err)
	}
}

func (s *groupSuite) progress(group ident.ID, awaited int64) {
	s.Helper()
	if err := s.port.SaveGroupProgress(s.Context(), map[ident.ID]int64{group: awaited}); err != nil {
		s.Fatal(err)
	}
}

// crowdedGroup makes a group with many members.
func (s *groupSuite) crowdedGroup(name string, size int) ident.ID {
	s.Helper()
	group := s.groups(name)[0].ID
	for from := 0; from < size; from += 1000 {
		changes := make([]plan.Change, min(1000, size-from))
		crowd := make([]plan.Member, len(changes))
		for i := range changes {
			changes[i] = create(fmt.Sprintf("%s-%d", name, from+i), person(fmt.Sprintf("%s-%d@example.com", name, from+i)))
			crowd[i] = plan.Member{Source: ident.New(moment), Object: changes[i].ObjectID}
		}
		s.must(changes...)
		s.changes([]int{len(crowd)}, membersOf(group, plan.Join, crowd...))
	}
	return group
}
