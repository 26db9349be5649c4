package destinationtest

import (
	"fmt"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

var writing = []test{
	{"ACreatedObjectHoldsWhatWasPlannedAndIsManaged", func(s *suite) {
		change := create("source-1", record(
			attr.Active, true, attr.UserName, "ada@example.com", attr.DisplayName, "Ada 🧮 Lovelace", "name.familyName", "Lovelace",
			`addresses[type eq "work"].country`, "GB", attr.Manager, "source-2", "title", nil))
		s.must(change)
		got := s.get(change.ObjectID)
		want := plan.Target{ID: change.ObjectID, Version: got.Version, Owner: s.Instance, OwnerName: got.OwnerName, SourceID: "source-1"}
		want.Record = change.After.Clone()
		want.Record.Delete("title")
		if diff := cmp.Diff(want, got); diff != "" {
			s.Errorf("created (-want +got):\n%s", diff)
		}
	}},
	{"AnUpdateMergesAndNilRemoves", func(s *suite) {
		change := create("source-1", record(attr.Active, true, attr.UserName, "ada@example.com", "title", "Countess", "nickName", "Ada"))
		s.must(change)
		before := s.get(change.ObjectID)
		s.must(on(before, plan.Update, record("title", "Analyst", "nickName", nil, "locale", "en-GB")))
		after := s.get(change.ObjectID)
		want := record(attr.Active, true, attr.UserName, "ada@example.com", "title", "Analyst", "locale", "en-GB")
		if diff := cmp.Diff(want, after.Record); diff != "" {
			s.Errorf("updated (-want +got):\n%s", diff)
		}
		if after.Version == before.Version {
			s.Error("the version did not move on")
		}
	}},
	{"ADeletedPersonIsRenamedInactiveAndComesBack", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Deactivate, record(attr.Active, false, attr.UserName, "0a1bada@example.com", attr.DeletedAt, "2026-11-23T08:00:00Z")))
		s.named(ada.ID, "0a1bada@example.com")
		inBin := s.get(ada.ID)
		if inBin.Record.Bool(attr.Active) || s.holder("ada@example.com") != (ident.ID{}) {
			s.Error("the deleted person is active or still holds the name")
		}
		s.must(on(inBin, plan.Reactivate, record(attr.Active, true, attr.UserName, "ada@example.com", attr.DeletedAt, nil)))
		s.named(ada.ID, "ada@example.com")
		if diff := cmp.Diff(ada.Record, s.get(ada.ID).Record); diff != "" {
			s.Errorf("restored (-want +got):\n%s", diff)
		}
	}},
	{"ARemovedObjectIsGoneAndItsNameFree", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Delete, nil))
		if len(s.all(ada.ID)) != 0 || s.holder("ada@example.com") != (ident.ID{}) {
			s.Error("something of the removed object is left")
		}
	}},
	{"AReleasedObjectStaysAndNobodyManagesIt", func(s *suite) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Release, nil))
		got := s.get(ada.ID)
		if !got.Owner.IsZero() || got.SourceID != "" {
			s.Errorf("the object is managed by %q for %q, want nobody", got.Owner, got.SourceID)
		}
		if diff := cmp.Diff(ada.Record, got.Record); diff != "" {
			s.Errorf("released (-want +got):\n%s", diff)
		}
		take := on(got, plan.Update, record("title", "Analyst"))
		take.SourceID, take.Link = "another source", true
		if results, err := s.Rival.Apply(s.Context(), []plan.Change{take}); err != nil || !results[0].Applied {
			s.Errorf("the next claimant does not get it: %+v, %v", results, err)
		}
	}},
	{"AMatchedObjectBecomesManaged", func(s *suite) {
		id := s.Add(record(attr.UserName, "ada@example.com", "nickName", "Countess"))
		match := on(s.get(id), plan.Update, record(attr.ExternalID, "source-1", attr.UserName, "ADA@example.com"))
		match.SourceID, match.Link, match.TakesName = "source-1", true, attr.NameKey("ADA@example.com")
		s.must(match)
		got := s.get(id)
		if got.Owner != s.Instance || got.SourceID != "source-1" {
			s.Errorf("the object is managed by %q for %q", got.Owner, got.SourceID)
		}
		if got.Record.Text("nickName") != "Countess" || got.Record.Text(attr.ExternalID) != "source-1" {
			s.Errorf("matching made %v of it", got.Record)
		}
		s.named(id, "ADA@example.com")
	}},
	{"FiveHundredArriveInOneBatch", func(s *suite) {
		changes := make([]plan.Change, 500)
		for i := range changes {
			changes[i] = create(fmt.Sprintf("source-%d", i), person(fmt.Sprintf("p%d@example.com", i)))
		}
		s.must(changes...)
		for _, i := range []int{0, 255, 256, 499} {
			s.named(changes[i].ObjectID, fmt.Sprintf("p%d@example.com", i))
		}
	}},
	{"AnEmptyBatchIsNothing", func(s *suite) { s.must() }},
}
