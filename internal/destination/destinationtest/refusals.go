package destinationtest

import (
	"strings"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var refusals = []test{
	{"ResultsStandAtThePlacesOfTheirChangesAndTheOthersGoOn", func(s *suite) {
		targets := s.people("ada@example.com", "grace@example.com", "mary@example.com")
		stale := on(targets[1], plan.Update, record("title", "Admiral"))
		stale.BaseVersion--
		s.expect(s.apply(
			on(targets[0], plan.Update, record("title", "Analyst")),
			stale,
			create("source-4", person("mary@example.com")),
			create("source-5", person("joan@example.com")),
		), "applied", "superseded", "NameHeld", "applied")
		if s.get(targets[0].ID).Record.Text("title") != "Analyst" || s.holder("joan@example.com") == (ident.ID{}) {
			s.Error("what was told to be applied is not there")
		}
		if diff := cmp.Diff(targets[1:], s.all(targets[1].ID, targets[2].ID)); diff != "" {
			s.Errorf("those that were not applied changed (-want +got):\n%s", diff)
		}
	}},
	{"AChangePlannedOnAnOlderVersionIsSuperseded", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Update, record("title", "Analyst")))
		before := s.get(ada.ID)
		s.expect(s.apply(
			on(ada, plan.Update, record("title", "Countess")), on(ada, plan.Deactivate, record(attr.Active, false)),
			on(ada, plan.Delete, nil), on(ada, plan.Release, nil),
		), "superseded", "superseded", "superseded", "superseded")
		if diff := cmp.Diff(before, s.get(ada.ID)); diff != "" {
			s.Errorf("the object changed (-want +got):\n%s", diff)
		}
	}},
	{"TheSecondChangeOfOneObjectInABatchIsSuperseded", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.expect(s.apply(on(ada, plan.Update, record("title", "Analyst")), on(ada, plan.Update, record("title", "Countess"))),
			"applied", "superseded")
		s.expect(s.apply(on(s.get(ada.ID), plan.Delete, nil), on(s.get(ada.ID), plan.Delete, nil)), "applied", "superseded")
	}},
	{"AnObjectThatIsGoneIsSuperseded", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Delete, nil))
		s.expect(s.apply(on(ada, plan.Update, record("title", "Analyst")), on(ada, plan.Delete, nil)), "superseded", "superseded")
	}},
	{"AnObjectThatAnotherInstanceOwnsIsSuperseded", func(s *suite) {
		theirs := create("source-1", person("ada@example.com"))
		if _, err := s.Rival.Apply(s.Context(), []plan.Change{theirs}); err != nil {
			s.Fatal(err)
		}
		before := s.get(theirs.ObjectID)
		match := on(before, plan.Update, record("title", "Analyst"))
		match.Link = true
		s.expect(s.apply(match, on(before, plan.Release, nil), on(before, plan.Delete, nil)), "superseded", "superseded", "superseded")
		if diff := cmp.Diff(before, s.get(theirs.ObjectID)); diff != "" {
			s.Errorf("the object changed (-want +got):\n%s", diff)
		}
	}},
	{"ANameThatIsHeldFailsAndSaysByWhom", func(s *suite) {
		held := s.Add(record(attr.UserName, "ada@example.com", attr.DisplayName, "Ada Lovelace"))
		other := s.people("grace@example.com")[0]
		results := s.apply(create("source-1", person("ADA@example.com")), rename(other, "ada@EXAMPLE.com"))
		s.expect(results, "NameHeld", "NameHeld")
		for _, result := range results {
			if result.Failure != nil && !strings.Contains(result.Failure.Text, "Ada Lovelace <ada@example.com>") {
				s.Errorf("the reason %q does not say who holds the name", result.Failure.Text)
			}
		}
		s.named(held, "ada@example.com")
		s.named(other.ID, "grace@example.com")
	}},
	{"OfTwoWhoWantANameInOneBatchTheFirstGetsIt", func(s *suite) {
		grace := s.people("grace@example.com")[0]
		first := create("source-1", person("ada@example.com"))
		s.expect(s.apply(first, create("source-2", person("Ada@Example.com")), rename(grace, "ada@example.com")),
			"applied", "NameHeld", "NameHeld")
		s.named(first.ObjectID, "ada@example.com")
		s.named(grace.ID, "grace@example.com")
	}},
	{"NobodyKeepsAccessBecauseANameIsHeld", func(s *suite) {
		ada := s.people("ada@example.com", "grace@example.com")[0]
		blocked := on(ada, plan.Deactivate, record(attr.Active, false, attr.UserName, "grace@example.com"))
		s.expect(s.apply(blocked), "superseded")
		s.must(blocked.NameHeld("somebody"))
		if s.get(ada.ID).Record.Bool(attr.Active) {
			s.Error("the blocked person is active")
		}
		s.named(ada.ID, "ada@example.com")
	}},
	{"ADomainThatIsNotVerifiedAnyMoreIsRefused", func(s *suite) {
		if s.Verify == nil {
			return
		}
		ada := s.people("ada@example.com")[0]
		s.Verify("example.org")
		s.expect(s.apply(
			create("source-1", person("grace@example.com")), create("source-2", person("nodomain")),
			rename(ada, "lovelace@example.net"), create("source-3", person("mary@EXAMPLE.org")),
		), "InvalidDomain", "InvalidDomain", "InvalidDomain", "applied")
		s.must(rename(ada, "lovelace@example.com"))
		s.named(ada.ID, "lovelace@example.com")
	}},
	{"ARepeatedBatchDoublesNothing", func(s *suite) {
		targets := s.people("ada@example.com", "grace@example.com", "mary@example.com")
		changes := []plan.Change{
			on(targets[0], plan.Deactivate, record(attr.Active, false)), create("source-4", person("joan@example.com")),
			rename(targets[1], "hopper@example.com"), on(targets[2], plan.Delete, nil),
		}
		s.must(changes...)
		after := s.all(targets[0].ID, targets[1].ID, changes[1].ObjectID)
		s.expect(s.apply(changes...), "superseded", "superseded", "superseded", "superseded")
		if diff := cmp.Diff(after, s.all(targets[0].ID, targets[1].ID, changes[1].ObjectID)); diff != "" {
			s.Errorf("the repetition changed something (-want +got):\n%s", diff)
		}
		if n := len(s.find(attr.UserName, "joan@example.com")); n != 1 {
			s.Errorf("%d objects are called joan, want one", n)
		}
	}},
}
