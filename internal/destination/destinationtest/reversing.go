package destinationtest

import (
	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// reversing holds of destinations in which changes can be taken back; the others have nothing to show here.
var reversing = []test{
	{"ARemovedObjectComesBackAsItWas", reversibly(func(s *suite, d destination.Reversible) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Update, record("title", "Countess")))
		ada = s.get(ada.ID)
		s.must(on(ada, plan.Delete, nil))
		removed := s.removed(d, ada.ID)
		if len(removed) != 1 || removed[0].Version != ada.Version || !removed[0].Record.Equal(ada.Record) {
			s.Fatalf("of the removed object is kept %+v, want %+v", removed, ada)
		}
		s.must(restore(removed[0], ada.SourceID))
		s.cameBack(ada, s.get(ada.ID))
		if kept := s.removed(d, ada.ID); len(kept) != 0 {
			s.Errorf("after the restoration %+v is kept still", kept)
		}
	})},
	{"WhatIsNotKeptOrChangedSinceIsNotRestored", reversibly(func(s *suite, d destination.Reversible) {
		people := s.people("ada@example.com", "grace@example.com")
		s.must(on(people[0], plan.Delete, nil))
		kept := s.removed(d, people[0].ID)[0]
		older := restore(kept, people[0].SourceID)
		older.BaseVersion--
		alive := restore(people[1], people[1].SourceID)
		unknown := restore(kept, people[0].SourceID)
		unknown.ObjectID = ident.New(moment)
		for i, result := range s.apply(older, alive, unknown) {
			if !result.Superseded {
				s.Errorf("%d: the result is %+v, want it superseded", i, result)
			}
		}
		again := restore(kept, people[0].SourceID)
		if results := s.apply(again, again); !results[0].Applied || !results[1].Superseded {
			s.Errorf("restored twice: %+v", results)
		}
	})},
	{"ANameThatSomebodyTookKeepsARemovedObjectAway", reversibly(func(s *suite, d destination.Reversible) {
		ada := s.people("ada@example.com")[0]
		s.must(on(ada, plan.Delete, nil))
		next := create("source-next", person("Ada@example.com"))
		s.must(next)
		back := restore(s.removed(d, ada.ID)[0], ada.SourceID)
		if results := s.apply(back); results[0].Failure == nil || results[0].Failure.Code != plan.NameHeld {
			s.Errorf("the result is %+v, want the name to be held", results[0])
		}
		remove := on(s.get(next.ObjectID), plan.Delete, nil)
		remove.Phase = plan.Free
		s.must(remove, back) // in one batch the name is free by then
		s.named(ada.ID, "ada@example.com")
	})},
	{"AnObjectIsLetGoWithWhatItHadBefore", func(s *suite) {
		id := s.Add(record(attr.UserName, "ada@example.com", "title", "Countess"))
		before := s.get(id)
		match := on(before, plan.Update, record(attr.ExternalID, "source-1", "title", "Analyst"))
		match.SourceID, match.Link = "source-1", true
		s.must(match)
		s.must(on(s.get(id), plan.Release, record(attr.ExternalID, nil, "title", "Countess")))
		after := s.get(id)
		if !after.Owner.IsZero() || after.SourceID != "" || !after.Record.Equal(before.Record) {
			s.Errorf("let go as %+v, want %+v", after, before)
		}
	}},
}

// reversibly is a test of destinations in which changes can be taken back.
func reversibly(run func(s *suite, d destination.Reversible)) func(*suite) {
	return func(s *suite) {
		if d, can := s.Destination.(destination.Reversible); can {
			run(s, d)
		}
	}
}

// cameBack compares a restored object with what it was: its version is one more for the removal and one for the restoration.
func (s *suite) cameBack(was, is plan.Target) {
	s.Helper()
	if is.Version != was.Version+2 {
		s.Errorf("the version is %d, want one more for the removal and one for the restoration of %d", is.Version, was.Version)
	}
	is.Version = was.Version
	if diff := cmp.Diff(was, is); diff != "" {
		s.Errorf("restored (-want +got):\n%s", diff)
	}
}

// restore is the change that puts a removed object back.
func restore(kept plan.Target, sourceID string) plan.Change {
	return plan.Change{
		Action: plan.Restore, Phase: plan.Write, SourceID: sourceID, ObjectID: kept.ID, BaseVersion: kept.Version + 1, After: kept.Record, Link: true,
		Status: plan.InScope, Reason: plan.Reason{Code: plan.Undone, Text: "because"}, TakesName: attr.NameKey(kept.Record.Text(attr.UserName)),
	}
}

func (s *suite) removed(d destination.Reversible, id ident.ID) []plan.Target {
	s.Helper()
	kept, err := d.Removed(s.Context(), []ident.ID{id, ident.New(moment)})
	if err != nil {
		s.Fatal(err)
	}
	return kept
}
