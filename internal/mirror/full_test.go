package mirror_test

import (
	"slices"
	"testing"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

func TestTheFirstReadFindsEverybodyOnce(t *testing.T) {
	s := newTenant(t, 2500)
	progress := s.mustRun(everything)
	if !progress.Full || progress.Read != 2500 || s.calls != 5 {
		t.Errorf("%+v with %d calls, want 2500 users with a delta link, three pages of the list and the replay", progress, s.calls)
	}
	s.equals(attributes)
	if len(s.mirrored()) != 2500 {
		t.Errorf("%d users in the mirror", len(s.mirrored()))
	}
}

func TestWhatHappensDuringTheListArrivesByReplay(t *testing.T) {
	s := newTenant(t, 1500)
	people := s.users("live")
	early, late := people[3], people[1400]
	s.hook = func(call string, number int) {
		if call != "follow" || number != 3 { // the second page of the list
			return
		}
		s.control("PATCH", "/users/"+early, `{"jobTitle":"Changed behind the list"}`)
		s.control("DELETE", "/users/"+people[4], "")
		s.control("DELETE", "/users/"+late, "")
		s.control("POST", "/users/"+people[5]+"/purge", "")
		s.control("POST", "/users", `{"userPrincipalName":"young@contoso.example"}`)
	}
	s.mustRun(everything)
	s.equals(attributes)
	if got := s.one(early).Record.Text("jobTitle"); got != "Changed behind the list" {
		t.Errorf("jobTitle = %q", got)
	}
	if got := s.one(people[4]).State; got != plan.Deleted {
		t.Errorf("who was deleted behind the list is %s", got)
	}
}

func TestTheBeginningOfAFullReadIsReplayedOnceMore(t *testing.T) {
	s := newTenant(t, 30)
	victim := s.users("live")[7]
	s.fault(`{"kind":"delta-skip","times":1}`) // the replay's closing link forgets what the replica did not show
	s.control("POST", "/lag", `{"duration":"5s"}`)
	s.hook = func(call string, _ int) {
		if call == "list" {
			s.control("DELETE", "/users/"+victim, "")
		}
	}
	s.mustRun(everything)
	if got := s.one(victim).State; got != plan.Live {
		t.Fatalf("the replica does not show the deletion yet, the mirror says %s", got)
	}
	s.control("POST", "/clock", `{"advance":"10s"}`)
	s.mustRun(everything)
	s.equals(attributes)
	if s.cursor().Replay != "" {
		t.Error("it is replayed once, not for ever")
	}
}

func TestAFullReadReplaysFromBeforeTheLastIncremental(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.control("POST", "/clock", `{"advance":"11m"}`)
	s.mustRun(everything)
	s.control("POST", "/clock", `{"advance":"11m"}`)
	s.mustRun(everything)
	marks := s.cursor().Marks
	if len(marks) != 2 || marks[1].At.Sub(marks[0].At) != 11*time.Minute {
		t.Fatalf("marks: %+v", marks)
	}
	s.hook = func(call string, _ int) {
		if call == "latest" {
			t.Error("a new delta link is asked for, where an older one is better")
		}
	}
	if _, err := s.pull.Step(t.Context(), fully, true); err != nil {
		t.Fatal(err)
	}
	if got := s.cursor().Full.Latest; got != marks[0].Link {
		t.Errorf("replays from %q, the older mark is %q", got, marks[0].Link)
	}
	s.mustRun(fully)
	s.equals(attributes)
}

func TestPeopleMissingFromAFullReadAreLookedFor(t *testing.T) {
	s := newTenant(t, 40)
	s.mustRun(everything)
	people := s.users("live")
	s.control("DELETE", "/users/"+people[1], "")
	s.control("POST", "/users/"+people[2]+"/purge", "")
	s.control("POST", "/clock", `{"advance":"1h"}`)
	s.control("POST", "/delta/expire", "")
	s.mustRun(everything)
	if got := s.one(people[1]); got.State != plan.Deleted || !got.DeletedAt.Equal(noon) {
		t.Errorf("who is in the recycle bin is %s since %v", got.State, got.DeletedAt)
	}
	if got := s.one(people[2]); got.State != plan.Deleted || !got.DeletedAt.Equal(noon.Add(time.Hour)) {
		t.Errorf("who is nowhere is %s since %v, want deleted now, not gone", got.State, got.DeletedAt)
	}
	if got := s.one(people[1]).Record.Text("userPrincipalName"); got == "" {
		t.Error("the last record must stay")
	}
}

// A restoration between the two questions of a look-up, and a bin whose replica is behind, must not bury the living.
func TestTheLivingAreNotBuriedByWhatIsBehind(t *testing.T) {
	s := newTenant(t, 40)
	s.mustRun(everything)
	people := s.users("live")
	back, lost := people[1], people[2]
	s.control("DELETE", "/users/"+back, "")
	s.control("POST", "/users/"+lost+"/purge", "") // somebody has to be missing, or nobody looks into the bin
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.pull.Tenant = staleBin{hooked{s}, func() { s.control("POST", "/users/"+back+"/restore", "{}") }}
	s.mustRun(everything)
	if got := s.one(back).State; got != plan.Live {
		t.Errorf("who was restored is %s", got)
	}
}

func TestAnExpiredOrResetDeltaLinkLeadsToAFullReadWithoutDoubles(t *testing.T) {
	for _, path := range []string{"/delta/expire", "/delta/reset"} {
		s := newTenant(t, 300)
		s.mustRun(everything)
		before := s.mirrored()
		s.control("POST", "/random", `{"changes":40,"kinds":["change","create","delete","purge","rename"]}`)
		s.control("POST", path, "")
		s.control("POST", "/clock", `{"advance":"1s"}`)
		progress := s.mustRun(everything)
		if !progress.Full {
			t.Errorf("%s: %+v", path, progress)
		}
		for id, user := range s.mirrored() {
			if was, known := before[id]; known && was.Seq != user.Seq {
				t.Errorf("%s: %s moved from %d to %d", path, id, was.Seq, user.Seq)
			}
		}
		s.mustRun(everything)
		gone := s.missing()
		if len(gone) != 8 {
			t.Errorf("%s: %d users are missing, 8 were purged", path, len(gone))
		}
		for _, id := range gone {
			if got := s.one(id).State; got != plan.Deleted {
				t.Errorf("%s: the purged %s is %s", path, id, got)
			}
		}
	}
}

// missing returns who is in the mirror and neither alive nor in the recycle bin of the tenant.
func (s *tenant) missing() (ids []string) {
	present := slices.Concat(s.users("live"), s.users("deleted"))
	slices.Sort(present)
	for id := range s.mirrored() {
		if _, found := slices.BinarySearch(present, id); !found {
			ids = append(ids, id)
		}
	}
	return ids
}

func TestLinksThatExpireDuringAFullReadStartItOverOnce(t *testing.T) {
	s := newTenant(t, 1500)
	s.fault(`{"route":"/v1.0/users/delta","kind":"expired-delta","times":1}`)
	s.mustRun(everything)
	s.equals(attributes)
	if got := s.cursor().Generation; got != 2 {
		t.Errorf("%d full reads were begun", got)
	}
	s = newTenant(t, 1500)
	s.fault(`{"route":"/v1.0/users/delta","kind":"expired-delta"}`)
	if _, err := s.run(everything); !fault.Is(err, fault.Expired) {
		t.Errorf("a link that never works: %v", err)
	}
	s.healed()
	s.mustRun(everything)
	s.equals(attributes)
}

func TestAFullReadOnAnExpiredLinkTakesANewOne(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.control("POST", "/clock", `{"advance":"192h"}`)
	s.control("POST", "/random", `{"changes":5,"kinds":["change","create"]}`)
	s.mustRun(fully)
	s.equals(attributes)
	if got := s.cursor().Generation; got != 2 {
		t.Errorf("%d full reads were begun, want the first and one more", got)
	}
}

func TestANewAttributeForcesAFullReadThatKeepsTheOthers(t *testing.T) {
	s := newTenant(t, 60)
	s.mustRun(everything)
	more := []string{"department", "id", "userPrincipalName"}
	progress := s.mustRun(mirror.Want{Attributes: more})
	union := append([]string{"department"}, attributes...)
	slices.Sort(union)
	if !progress.Full || !slices.Equal(s.cursor().Attributes, union) {
		t.Fatalf("%+v, the mirror holds %v", progress, s.cursor().Attributes)
	}
	s.equals(union)
	if progress := s.mustRun(everything); progress.Full {
		t.Error("what the mirror holds already is no reason to read it again")
	}
	victim := s.users("live")[5]
	s.control("PATCH", "/users/"+victim, `{"department":"Elsewhere"}`)
	s.mustRun(everything)
	s.equals(union)
}

func TestTwoInstancesDoNotTakeAFullReadFromEachOther(t *testing.T) {
	s := newTenant(t, 1500)
	one, other := mirror.Want{Attributes: attributes}, mirror.Want{Attributes: []string{"id", "city"}}
	for _, want := range []mirror.Want{one, other, one, other, one} {
		if _, err := s.pull.Step(t.Context(), want, false); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.cursor(); got.Generation != 2 || got.Full != nil && !slices.Contains(got.Full.Attributes, "jobTitle") {
		t.Errorf("%d full reads were begun, now %+v", got.Generation, got.Full)
	}
	s.mustRun(one)
	s.equals(append([]string{"city"}, attributes...))
}

func TestAFullReadUnderWayIsFinishedInsteadOfBegunAgain(t *testing.T) {
	s := newTenant(t, 1500)
	for range 2 {
		if _, err := s.pull.Step(t.Context(), fully, true); err != nil {
			t.Fatal(err)
		}
	}
	s.mustRun(fully)
	if got := s.cursor().Generation; got != 1 {
		t.Errorf("%d full reads were begun", got)
	}
	s.equals(attributes)
}
