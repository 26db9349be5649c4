package destinationtest

import (
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var names = []test{
	{"AChangeOfCaseIsAnUpdateAndTheNameStaysHeld", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(rename(ada, "Ada@Example.com"))
		s.named(ada.ID, "Ada@Example.com")
		s.expect(s.apply(create("source-2", person("ADA@example.com"))), "NameHeld")
	}},
	{"NamesAreTheSameInWhateverWayUnicodeWritesThem", func(s *suite) {
		s.must(create("source-1", person("jos\u00e9.STRASSE@example.com")))
		s.expect(s.apply(create("source-2", person("jose\u0301.stra\u00dfe@example.com"))), "NameHeld")
	}},
	{"AChainOfNamesMovesUpInOneBatch", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com", "c@example.com")
		s.must(rename(targets[2], "d@example.com"), rename(targets[1], "c@example.com"), rename(targets[0], "b@example.com"))
		for i, name := range []string{"b@example.com", "c@example.com", "d@example.com"} {
			s.named(targets[i].ID, name)
		}
	}},
	{"ANameThatARenameFreesIsTakenInTheSameBatch", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		heir := create("source-2", person("ada@example.com"))
		s.must(on(ada, plan.Deactivate, record(attr.Active, false, attr.UserName, "0a1bada@example.com")), heir)
		s.named(heir.ObjectID, "ada@example.com")
		s.named(ada.ID, "0a1bada@example.com")
	}},
	{"ANameThatARemovalFreesIsTakenInTheSameBatch", func(s *suite) {
		targets := s.people("ada@example.com", "grace@example.com", "mary@example.com")
		heir := create("source-4", person("ada@example.com"))
		s.must(on(targets[0], plan.Delete, nil), heir, on(targets[1], plan.Delete, nil), rename(targets[2], "grace@example.com"))
		s.named(heir.ObjectID, "ada@example.com")
		s.named(targets[2].ID, "grace@example.com")
	}},
	{"ANameIsHeldAsLongAsItsHolderIsNotRenamed", func(s *suite) {
		targets := s.people("ada@example.com", "grace@example.com")
		stale := rename(targets[0], "lovelace@example.com")
		stale.BaseVersion--
		s.expect(s.apply(stale, rename(targets[1], "ada@example.com")), "superseded", "NameHeld")
	}},
}

var circles = []test{
	{"NamesGoRoundInOneBatch", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com", "c@example.com")
		s.park(targets[0].ID)
		s.expect(s.apply(
			rename(targets[2], "a@example.com"), rename(targets[1], "c@example.com"), parked(rename(targets[0], "b@example.com")),
			create("source-4", person("a@example.com")),
		), "applied", "applied", "applied", "NameHeld")
		for i, name := range []string{"b@example.com", "c@example.com", "a@example.com"} {
			s.named(targets[i].ID, name)
		}
	}},
	{"NamesGoRoundOverSeveralBatches", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com")
		s.park(targets[0].ID)
		s.must(rename(targets[1], "a@example.com"))
		s.must(parked(rename(targets[0], "b@example.com")))
		s.named(targets[0].ID, "b@example.com")
		s.named(targets[1].ID, "a@example.com")
	}},
	{"WhoseParkedNameCannotBeExchangedGetsItBack", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com")
		s.park(targets[0].ID)
		stale := rename(targets[1], "a@example.com")
		stale.BaseVersion--
		s.expect(s.apply(stale, parked(rename(targets[0], "b@example.com"))), "superseded", "NameHeld")
		s.named(targets[0].ID, "a@example.com")
		s.named(targets[1].ID, "b@example.com")
		if got := s.get(targets[0].ID).Version; got != targets[0].Version {
			s.Errorf("the version moved from %d to %d although nothing changed", targets[0].Version, got)
		}
	}},
	{"WhoseParkedNameWasTakenHasOneThatEverybodySees", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com")
		s.park(targets[0].ID)
		stale := parked(rename(targets[0], "b@example.com"))
		stale.BaseVersion--
		s.expect(s.apply(rename(targets[1], "a@example.com"), stale), "applied", "superseded")
		s.named(targets[1].ID, "a@example.com")
		s.hasTemporaryName(targets[0].ID, "a@example.com")
		s.must(rename(s.get(targets[0].ID), "b@example.com"))
		s.named(targets[0].ID, "b@example.com")
	}},
	{"UnparkGivesNamesBackAndLeavesTheOthersAlone", func(s *suite) {
		targets := s.people("a@example.com", "b@example.com", "c@example.com")
		s.park(targets[0].ID, targets[1].ID)
		heir := create("source-4", person("b@example.com"))
		s.must(heir)
		ids := []ident.ID{targets[0].ID, targets[1].ID, targets[2].ID, heir.ObjectID, targets[1].ID}
		if err := s.Destination.Unpark(s.Context(), ids); err != nil {
			s.Fatal(err)
		}
		s.named(targets[0].ID, "a@example.com")
		s.hasTemporaryName(targets[1].ID, "b@example.com")
		s.named(targets[2].ID, "c@example.com")
		s.named(heir.ObjectID, "b@example.com")
	}},
}

func (s *suite) park(ids ...ident.ID) {
	s.Helper()
	if err := s.Destination.Park(s.Context(), ids); err != nil {
		s.Fatal(err)
	}
}

// hasTemporaryName checks that the object is found by the name that it shows, which is not its old one but tells of it.
func (s *suite) hasTemporaryName(id ident.ID, old string) {
	s.Helper()
	name := s.get(id).Record.Text(attr.UserName)
	if name == old || !strings.HasSuffix(name, old) {
		s.Errorf("the object is called %s, want something before %s", name, old)
	}
	s.named(id, name)
}
