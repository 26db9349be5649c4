package mirror_test

import (
	"testing"
	"time"

	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// look refreshes one person and asserts that a mere look tells the same.
func (s *tenant) look(id string, properties []string) mirror.Sighting {
	s.t.Helper()
	looked, err := s.pull.Look(s.ctx, []string{id}, properties)
	s.must(err)
	sightings, err := s.pull.Refresh(s.ctx, []string{id}, properties)
	s.must(err)
	if a, b := looked[id], sightings[id]; a.Presence != b.Presence || a.User.State != b.User.State || a.User.Hash != b.User.Hash {
		s.t.Errorf("a look says %+v, the refresh %+v", a, b)
	}
	return sightings[id]
}

func TestSinglePeopleComeIntoAMirrorThatStaysIncomplete(t *testing.T) {
	s := newTenant(t, 20)
	person := s.users("live")[3]
	if seen := s.look(person, attributes); seen.Presence != graph.Live || seen.Before.SourceID != "" || s.one(person).State != plan.Live {
		t.Errorf("the person is seen as %+v", seen)
	}
	if len(s.mirrored()) != 1 {
		t.Errorf("the mirror holds %d people, want one", len(s.mirrored()))
	}
	if cursor := s.cursor(); cursor.Delta != "" || cursor.Attributes != nil || !cursor.LastGood.IsZero() {
		t.Errorf("the cursor says %+v", cursor)
	}
	s.mustRun(everything)
	s.equals(attributes)
}

func TestAPersonIsReadWithAllThatTheMirrorIsKeptWith(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	person := s.users("live")[3]
	s.control("PATCH", "/users/"+person, `{"jobTitle":"Fresh"}`)
	if seen := s.look(person, []string{"jobTitle"}); seen.User.Record.Text("jobTitle") != "Fresh" || seen.Before.Record.Text("jobTitle") == "Fresh" {
		t.Errorf("the title is seen as %q, and before as %q", seen.User.Record.Text("jobTitle"), seen.Before.Record.Text("jobTitle"))
	}
	s.equals(attributes)
}

func TestALookTakesNobodyForPurgedWhoWasNotDeletedBefore(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	person := s.users("live")[3]
	s.control("DELETE", "/users/"+person, "")
	s.control("POST", "/users/"+person+"/purge", "")
	for _, want := range []plan.SourceState{plan.Deleted, plan.Gone, plan.Gone} {
		if seen := s.look(person, attributes); seen.Presence != graph.Gone || seen.User.State != want || s.one(person).State != want {
			t.Errorf("who is nowhere is %s in the mirror, want %s", s.one(person).State, want)
		}
	}
}

func TestADeletedPersonIsSeenWithHisDateAndARestoredOneAlive(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	person := s.users("live")[3]
	s.control("DELETE", "/users/"+person, "")
	if seen := s.look(person, attributes); seen.Presence != graph.Binned || seen.User.State != plan.Deleted || s.now().Sub(seen.User.DeletedAt) > time.Minute {
		t.Errorf("who is deleted is seen as %+v", seen)
	}
	if title := s.one(person).Record.Text("displayName"); title == "" {
		t.Error("what was last known of who is deleted is lost")
	}
	s.control("POST", "/users/"+person+"/restore", "")
	if seen := s.look(person, attributes); seen.User.State != plan.Live || !seen.User.DeletedAt.IsZero() {
		t.Errorf("who is restored is seen as %+v", seen)
	}
	const stranger = "00000000-0000-4000-8000-00000000dead"
	if seen := s.look(stranger, attributes); seen.Presence != graph.Gone || seen.User.SourceID != "" {
		t.Errorf("a stranger is seen as %+v", seen)
	}
}

func TestALookThatAPullOvertookIsRepeated(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	person := s.users("live")[3]
	other, overtook := *s.pull, 0
	s.pull.Tenant = overtaken{silentDelta{hooked: hooked{s}}, func() {
		if overtook++; overtook == 1 {
			s.control("DELETE", "/users/"+person, "")
			for done := false; !done; {
				progress, err := other.Step(t.Context(), everything, true)
				s.must(err)
				done = progress.Done
			}
		}
	}}
	sightings, err := s.pull.Refresh(t.Context(), []string{person}, attributes)
	if err != nil {
		t.Fatal(err)
	}
	if sightings[person].Presence != graph.Binned || s.one(person).State != plan.Deleted || overtook < 2 {
		t.Errorf("after %d looks the person is %s", overtook, s.one(person).State)
	}
}

func TestTheNextPullReplaysWhatALookMayHaveMissed(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	s.mustRun(everything)
	person := s.users("live")[3]
	s.look(person, attributes)
	if s.cursor().Replay != "" {
		t.Error("a look that changed nothing makes the next pull replay")
	}
	s.control("PATCH", "/users/"+person, `{"jobTitle":"Fresh"}`)
	s.look(person, attributes)
	if s.cursor().Replay == "" {
		t.Error("the next pull does not replay")
	}
	s.mustRun(everything)
	if s.cursor().Replay != "" {
		t.Error("the pull after that replays again")
	}
	s.equals(attributes)
}
