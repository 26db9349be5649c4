package destinationtest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var groups = []groupTest{
	{"ACreatedGroupHoldsWhatWasPlannedAndIsManaged", func(s *groupSuite) {
		change := createGroup("Sales 🧮", "source-1")
		s.mustGroups(change)
		got := s.group(change.ObjectID)
		want := plan.Target{
			ID: change.ObjectID, Version: got.Version, Record: change.After, Owner: s.Instance, OwnerName: got.OwnerName, SourceID: "source-1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("created (-want +got):\n%s", diff)
		}
		if waits, _ := s.Groups.Awaited(change.ObjectID); !waits {
			s.Error("nobody has said that its members are all there, and it is not To Be Synced")
		}
	}},
	{"GroupsByIDReturnsThoseThatExist", func(s *groupSuite) {
		targets := s.groups("Sales", "Berlin")
		if diff := cmp.Diff(targets, s.allGroups(targets[0].ID, ident.New(moment), targets[1].ID)); diff != "" {
			s.Errorf("groups (-want +got):\n%s", diff)
		}
		if none := s.allGroups(); len(none) != 0 {
			s.Errorf("without ids there are %d groups, want none", len(none))
		}
	}},
	{"GroupsAreFoundUnderTheKeysThatWereAsked", findingGroups},
	{"GroupsThatShareANameOrAnExternalIDAreAllFoundAndEachOnce", func(s *groupSuite) {
		for range 2 {
			s.Groups.Add(team("Sales", "X-1"))
		}
		s.groups("SALES")
		keys := make([]plan.Key, 600)
		for i := range keys {
			keys[i] = plan.Key{Path: attr.DisplayName, Value: "sales"}
		}
		keys = append(keys, plan.Key{Path: attr.ExternalID, Value: "X-1"})
		found, err := s.port.FindGroups(s.Context(), keys)
		if err != nil {
			s.Fatal(err)
		}
		if n := len(found[keys[0]]); n != 3 {
			s.Errorf("%d groups have the name, want 3", n)
		}
		if n := len(found[keys[600]]); n != 2 {
			s.Errorf("%d groups have the external id, want 2", n)
		}
	}},
	{"AGroupIsRenamedAlsoToANameThatAnotherHas", func(s *groupSuite) {
		targets := s.groups("Sales", "Berlin")
		s.mustGroups(onGroup(targets[0], plan.Update, record(attr.DisplayName, "Berlin")))
		got := s.group(targets[0].ID)
		if got.Record.Text(attr.DisplayName) != "Berlin" || got.Record.Text(attr.ExternalID) != "source of Sales" || got.Version == targets[0].Version {
			s.Errorf("renamed, it is %+v", got)
		}
	}},
	{"AMatchedGroupBecomesManaged", func(s *groupSuite) {
		id := s.Groups.Add(record(attr.DisplayName, "sales", "description", "All of them"))
		before := s.group(id)
		match := onGroup(before, plan.Update, team("Sales", "source-1"))
		match.SourceID, match.Link = "source-1", true
		s.mustGroups(match)
		got := s.group(id)
		want := before.Record.Merge(match.After) // with a description, if the destination has such
		if got.Owner != s.Instance || got.SourceID != "source-1" || !got.Record.Equal(want) {
			s.Errorf("matched, it is %+v", got)
		}
	}},
	{"AReleasedGroupStaysAndTheNextClaimantGetsIt", func(s *groupSuite) {
		group := s.groups("Sales")[0]
		s.mustGroups(onGroup(group, plan.Release, nil))
		got := s.group(group.ID)
		if !got.Owner.IsZero() || got.SourceID != "" || !got.Record.Equal(group.Record) {
			s.Errorf("released, it is %+v", got)
		}
		if waits, _ := s.Groups.Awaited(group.ID); waits {
			s.Error("nobody manages it, and it is To Be Synced")
		}
		take := onGroup(got, plan.Update, record(attr.ExternalID, "another source"))
		take.SourceID, take.Link = "another source", true
		rival, _ := s.Rival.(destination.Groups)
		if results, err := rival.ApplyGroups(s.Context(), []plan.Change{take}); err != nil || !results[0].Applied {
			s.Errorf("the next claimant does not get it: %+v, %v", results, err)
		}
	}},
	{"ProgressIsShownAndSupersedesNothing", func(s *groupSuite) {
		targets := s.groups("Sales", "Berlin")
		theirs := createGroup("Theirs", "source-9")
		rival, _ := s.Rival.(destination.Groups)
		if _, err := rival.ApplyGroups(s.Context(), []plan.Change{theirs}); err != nil {
			s.Fatal(err)
		}
		err := s.port.SaveGroupProgress(s.Context(), map[ident.ID]int64{targets[0].ID: 7, targets[1].ID: 0, theirs.ObjectID: 0, ident.New(moment): 1})
		if err != nil {
			s.Fatal(err)
		}
		for id, want := range map[ident.ID]string{targets[0].ID: "true 7", targets[1].ID: "false 0", theirs.ObjectID: "true 0"} {
			if got := fmt.Sprint(s.Groups.Awaited(id)); got != want {
				s.Errorf("the progress of %s is %s, want %s", id, got, want)
			}
		}
		s.mustGroups(onGroup(targets[0], plan.Update, record(attr.DisplayName, "Sales Europe")))
	}},
	{"SixHundredGroupsArriveInOneBatch", func(s *groupSuite) {
		changes := make([]plan.Change, 600)
		ids := make([]ident.ID, len(changes))
		for i := range changes {
			changes[i] = createGroup("Sales", fmt.Sprintf("source-%d", i))
			ids[i] = changes[i].ObjectID
		}
		s.mustGroups(changes...)
		if n := len(s.allGroups(ids...)); n != len(ids) {
			s.Errorf("%d groups are there, want %d", n, len(ids))
		}
	}},
}

func findingGroups(s *groupSuite) {
	id := s.Groups.Add(team("Stra\u00dfe Jos\u00e9", "X-1"))
	keys := []plan.Key{
		{Path: attr.DisplayName, Value: attr.NameKey("STRASSE Jose\u0301")},
		{Path: attr.ExternalID, Value: "X-1"},
		{Path: attr.ExternalID, Value: "x-1"},
		{Path: attr.DisplayName, Value: "x-1"},
		{Path: attr.DisplayName, Value: "stra"},
	}
	found, err := s.port.FindGroups(s.Context(), keys)
	if err != nil {
		s.Fatal(err)
	}
	got := map[plan.Key][]ident.ID{}
	for key, targets := range found {
		for _, target := range targets {
			got[key] = append(got[key], target.ID)
		}
	}
	if diff := cmp.Diff(map[plan.Key][]ident.ID{keys[0]: {id}, keys[1]: {id}}, got); diff != "" {
		s.Errorf("found (-want +got):\n%s", diff)
	}
}

var groupRefusals = []groupTest{
	{"AChangeOfAGroupThatMovedOnIsSuperseded", func(s *groupSuite) {
		group := s.groups("Sales")[0]
		s.mustGroups(onGroup(group, plan.Update, record("description", "x")))
		before := s.group(group.ID)
		s.expect(s.applyGroups(
			onGroup(group, plan.Update, record("description", "y")), onGroup(group, plan.Delete, nil), onGroup(group, plan.Release, nil),
		), "superseded", "superseded", "superseded")
		if diff := cmp.Diff(before, s.group(group.ID)); diff != "" {
			s.Errorf("the group changed (-want +got):\n%s", diff)
		}
	}},
	{"AGroupThatAnotherInstanceOwnsIsSuperseded", func(s *groupSuite) {
		theirs := createGroup("Sales", "source-1")
		rival, _ := s.Rival.(destination.Groups)
		if _, err := rival.ApplyGroups(s.Context(), []plan.Change{theirs}); err != nil {
			s.Fatal(err)
		}
		before := s.group(theirs.ObjectID)
		match := onGroup(before, plan.Update, record("description", "x"))
		match.Link = true
		s.expect(s.applyGroups(match, onGroup(before, plan.Release, nil), onGroup(before, plan.Delete, nil)), "superseded", "superseded", "superseded")
		if diff := cmp.Diff(before, s.group(theirs.ObjectID)); diff != "" {
			s.Errorf("the group changed (-want +got):\n%s", diff)
		}
	}},
	{"AGroupWithoutANameFailsAndTheOthersGoOn", func(s *groupSuite) {
		nameless := createGroup(" ", "source-1")
		named := createGroup("Sales", "source-2")
		s.expect(s.applyGroups(nameless, named), "MissingDisplayName", "applied")
		if got := s.allGroups(nameless.ObjectID, named.ObjectID); len(got) != 1 || got[0].ID != named.ObjectID {
			s.Errorf("there are %+v", got)
		}
	}},
	{"ARepeatedBatchOfGroupsDoublesNothing", func(s *groupSuite) {
		targets := s.groups("Sales", "Berlin")
		changes := []plan.Change{
			createGroup("Paris", "source-3"), onGroup(targets[0], plan.Update, record("description", "x")), onGroup(targets[1], plan.Delete, nil),
		}
		s.mustGroups(changes...)
		after := s.allGroups(targets[0].ID, targets[1].ID, changes[0].ObjectID)
		s.expect(s.applyGroups(changes...), "superseded", "superseded", "superseded")
		if diff := cmp.Diff(after, s.allGroups(targets[0].ID, targets[1].ID, changes[0].ObjectID)); diff != "" {
			s.Errorf("the repetition changed something (-want +got):\n%s", diff)
		}
	}},
	{"ADeletedGroupIsGoneAndItsMembersStay", func(s *groupSuite) {
		ada := s.people("ada@example.com")[0]
		group := s.groups("Sales")[0]
		s.change(membersOf(group.ID, plan.Join, users(ada)...))
		s.mustGroups(onGroup(group, plan.Delete, nil))
		if len(s.allGroups(group.ID)) != 0 || len(s.all(ada.ID)) != 1 {
			s.Error("the group is there still, or its member is not")
		}
		s.expect(s.applyGroups(onGroup(group, plan.Update, record("description", "x"))), "superseded")
	}},
}
