package mirror_test

import (
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// audit compares the mirror with the tenant and returns the ids of whom it differed.
func (s *tenant) audit(mend bool) (differ []string, at mirror.Audit, err error) {
	s.t.Helper()
	for range 200 {
		var suspects mirror.Suspects
		if at, suspects, err = s.pull.Audit(s.ctx, at); err != nil || at.Done {
			return differ, at, err
		}
		if len(suspects) == 0 {
			continue
		}
		users, err := s.pull.Settle(s.ctx, &at, suspects, attributes, mend)
		if err != nil {
			return differ, at, err
		}
		for _, user := range users {
			differ = append(differ, user.SourceID)
		}
	}
	s.t.Fatalf("the audit does not end: %+v", at)
	return nil, at, nil
}

// astray has the mirror hold something else of a person.
func (s *tenant) astray(id string, change func(*mirror.User)) {
	s.t.Helper()
	user := s.held(id)
	user.Record = user.Record.Clone()
	change(&user)
	user.Hash = attr.Hash(user.Record.AppendJSON(nil))
	s.must(s.db.SaveUsers(s.ctx, s.pull.Connection, []mirror.User{user}, s.cursor().Generation))
}

// held is what the mirror holds of somebody, whom the tenant need not know.
func (s *tenant) held(id string) mirror.User {
	s.t.Helper()
	users, err := s.db.LoadUsers(s.ctx, s.pull.Connection, []string{id}, false)
	s.must(err)
	return users[id]
}

func TestAnAuditOfAnEqualMirrorFindsNobodyAndLetsPullsGoOn(t *testing.T) {
	s := newTenant(t, 1200)
	s.mustRun(everything)
	before := s.cursor()
	differ, at, err := s.audit(true)
	s.must(err)
	if len(differ) != 0 || at.Listed != 1200 || at.Found != 0 {
		t.Errorf("the audit of %d users found %v", at.Listed, differ)
	}
	after := s.cursor()
	if after.Full != nil || after.Delta != before.Delta || after.Replay != before.Replay || after.Generation != before.Generation+1 {
		t.Errorf("the audit left the cursor %+v, before %+v", after, before)
	}
	s.mustRun(everything)
	s.equals(attributes)
}

func TestAnAuditFindsWhoIsOtherwiseMissingTooManyAndMendsThemWhenAsked(t *testing.T) {
	s := newTenant(t, 60)
	s.mustRun(everything)
	live := s.users("live")
	s.astray(live[3], func(u *mirror.User) { u.Record.Set("jobTitle", "Astray") })
	s.astray(live[4], func(u *mirror.User) { u.State, u.DeletedAt = plan.Deleted, noon })
	const phantom = "00000000-0000-4000-8000-00000000dead"
	s.astray(live[5], func(u *mirror.User) { u.Seq, u.SourceID = 0, phantom })
	for _, mend := range []bool{false, true} {
		differ, _, err := s.audit(mend)
		s.must(err)
		if len(differ) != 3 {
			t.Errorf("mend %v: the mirror differs of %v, want three", mend, differ)
		}
		if mended := s.held(live[3]).Record.Text("jobTitle") != "Astray"; mended != mend {
			t.Errorf("mend %v: mended %v", mend, mended)
		}
	}
	if state := s.held(phantom).State; state != plan.Deleted {
		t.Errorf("who is nowhere is %s, want deleted and not purged", state)
	}
	if again, _, err := s.audit(true); err != nil || len(again) != 0 {
		t.Errorf("mended, it still differs of %v (%v)", again, err)
	}
}

func TestAListThatLacksUsersRemovesNobody(t *testing.T) {
	s := newTenant(t, 60)
	s.mustRun(everything)
	s.fault(`{"route":"/v1.0/users","kind":"empty-page"}`)
	differ, at, err := s.audit(true)
	s.healed()
	if !fault.Is(err, fault.Unavailable) || len(differ) != 0 || at.Found <= 20 {
		t.Errorf("an empty list gives %v, %d found by looking them up, %v; want it refused", differ, at.Found, err)
	}
	s.equals(attributes)
	s.fault(`{"route":"/v1.0/users","kind":"error","status":500}`)
	if _, _, err := s.audit(true); err == nil {
		t.Error("a list that fails is taken for one")
	}
}

// That the manager of a person was deleted is in the list of the tenant, and in no change of the person (entrasim's and Graph's way).
func TestManyUsersWhoDifferAreNotTakenForALackOfTheList(t *testing.T) {
	s := newTenant(t, 120)
	s.mustRun(everything)
	live := s.users("live")
	for _, id := range live[:60] {
		s.astray(id, func(u *mirror.User) { u.Record.Set("jobTitle", "Astray") })
	}
	for _, mend := range []bool{false, true} {
		differ, at, err := s.audit(mend)
		s.must(err)
		if len(differ) != 60 || at.Found != 0 {
			t.Errorf("mend %v: the mirror differs of %d, and %d were taken for missing; want 60 and nobody", mend, len(differ), at.Found)
		}
	}
	s.equals(attributes)
}

func TestAFullReadEndsAnAuditSinceItTellsMore(t *testing.T) {
	s := newTenant(t, 40)
	s.mustRun(everything)
	at, _, err := s.pull.Audit(s.ctx, mirror.Audit{})
	s.must(err)
	s.mustRun(mirror.Want{Attributes: attributes, Full: true})
	at, suspects, err := s.pull.Audit(s.ctx, at)
	if err != nil || !at.Done || len(suspects) != 0 {
		t.Errorf("after a full read the audit is %+v with %v (%v), want it done", at, suspects, err)
	}
}
