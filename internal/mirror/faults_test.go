package mirror_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// unchanged runs and asserts that the run fails as wanted and that nobody in the mirror was removed.
func (s *tenant) unchanged(want mirror.Want, code string) {
	s.t.Helper()
	before := s.mirrored()
	_, err := s.run(want)
	if f := fault.Of(err); f == nil || !f.Kind.Temporary() || code != "" && f.Code != code || f.Remedy == "" {
		s.t.Errorf("error %v, want a temporary fault %s with a remedy", err, code)
	}
	after := s.mirrored()
	for id, user := range before {
		if after[id].State != user.State {
			s.t.Errorf("%s was %s and is %s after a read that failed", id, user.State, after[id].State)
		}
	}
}

func TestAFailedPageLeavesTheCursorWhereItWas(t *testing.T) {
	for _, rule := range []string{
		`"kind":"cut"`, `"kind":"invalid-json"`, `"kind":"error"`, `"kind":"error","status":500`, `"kind":"throttle"`,
		`"kind":"throttle","retry_after_seconds":600`, `"kind":"repeat-page"`,
	} {
		t.Run(rule, func(t *testing.T) {
			s := newTenant(t, 1500)
			s.fault(`{"route":"/v1.0/users$","skip":1,` + rule + `}`)
			s.unchanged(everything, "")
			cursor := s.cursor()
			if cursor.Full == nil || cursor.Full.Listed != 999 || len(s.mirrored()) != 999 {
				t.Fatalf("after the first page: %d users, %+v", len(s.mirrored()), cursor.Full)
			}
			s.unchanged(everything, "")
			again := s.cursor()
			again.Version, again.Full.Tries = cursor.Version, cursor.Full.Tries // that it was asked for is counted
			if diff := cmp.Diff(cursor, again); diff != "" {
				t.Errorf("the cursor moved:\n%s", diff)
			}
			s.healed()
			s.calls = 0
			s.mustRun(everything)
			if s.calls != 2 {
				t.Errorf("%d calls, want the second page and the replay", s.calls)
			}
			s.equals(attributes)

			s.control("POST", "/random", `{"changes":450,"kinds":["change","delete","create","block"]}`)
			s.fault(`{"route":"/v1.0/users/delta","skip":1,` + rule + `}`)
			s.unchangedButFor(everything)
			s.healed()
			s.mustRun(everything)
			s.equals(attributes)
		})
	}
}

// unchangedButFor runs, wants it to fail, and asserts that only those were removed who are removed in the tenant; run does that.
func (s *tenant) unchangedButFor(want mirror.Want) {
	s.t.Helper()
	if _, err := s.run(want); !fault.KindOf(err).Temporary() {
		s.t.Errorf("error %v, want a temporary fault", err)
	}
}

func TestAReadThatEndsEarlyRemovesNobody(t *testing.T) {
	for _, route := range []string{"/v1.0/users$", "/v1.0/users/delta"} {
		for _, kind := range []string{"empty-end", "empty-page", "truncated-page"} {
			t.Run(kind+" "+route, func(t *testing.T) {
				s := newTenant(t, 1200)
				s.mustRun(everything)
				if route == "/v1.0/users$" { // with a delta link from before, it is the look-ups that tell
					s.fault(fmt.Sprintf(`{"route":%q,"kind":%q}`, route, kind))
					s.unchanged(fully, "IncompleteRead")
					s.healed()
				}
				s.control("POST", "/delta/expire", "")
				s.control("POST", "/clock", `{"advance":"1s"}`)
				s.fault(fmt.Sprintf(`{"route":%q,"kind":%q}`, route, kind))
				switch {
				case route == "/v1.0/users$":
					s.unchanged(everything, "IncompleteRead")
				case kind == "empty-end":
					s.unchanged(everything, "")
				default:
					s.mustRun(everything) // a list, and a replay that tells nothing
				}
				s.healed()
				s.mustRun(everything)
				s.equals(attributes)
			})
		}
	}
}

func TestAFirstReadThatEndsEarlyIsNotTakenForTheTenant(t *testing.T) {
	for _, kind := range []string{"empty-end", "empty-page", "truncated-page"} {
		for _, users := range []int{10, 1200} {
			t.Run(fmt.Sprint(kind, users), func(t *testing.T) {
				s := newTenant(t, users)
				s.fault(fmt.Sprintf(`{"route":"/v1.0/users$","kind":%q,"times":4}`, kind))
				s.unchanged(everything, "IncompleteRead")
				if s.cursor().Full != nil || s.cursor().Delta != "" {
					t.Errorf("the read is not given up: %+v", s.cursor())
				}
				s.unchanged(everything, "IncompleteRead")
				s.healed()
				s.mustRun(everything)
				s.equals(attributes)
			})
		}
	}
}

func TestACountThatIsAlittleOffIsBelievedTheSecondTime(t *testing.T) {
	s := newTenant(t, 30)
	s.pull.Tenant = miscounted{hooked{s}, 32}
	s.unchanged(everything, "IncompleteRead")
	s.mustRun(everything)
	s.equals(attributes)
	s = newTenant(t, 30)
	s.pull.Tenant = miscounted{hooked{s}, 34}
	s.unchanged(everything, "IncompleteRead")
	s.unchanged(everything, "IncompleteRead")
}

// miscounted announces another number of users.
type miscounted struct {
	hooked
	count int
}

func (m miscounted) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	page, err := m.hooked.ListUsers(ctx, properties)
	page.Count = m.count
	return page, err
}

func TestAFewWhomAListLostAreFoundAlive(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.fault(`{"route":"/v1.0/users$","kind":"truncated-page"}`)
	s.mustRun(fully)
	s.healed()
	s.equals(attributes)
}

func TestARepeatedPageIsReadAgainOnce(t *testing.T) {
	s := newTenant(t, 1500)
	s.fault(`{"route":"/v1.0/users$","kind":"repeat-page","times":1}`)
	if progress := s.mustRun(everything); progress.Read != 1500 {
		t.Errorf("%d users counted", progress.Read)
	}
	s.equals(attributes)
	s.control("POST", "/random", `{"changes":450}`)
	s.fault(`{"route":"/v1.0/users/delta","kind":"repeat-page","times":1}`)
	s.mustRun(everything)
	s.equals(attributes)
}

func TestPagesThatRepeatForEverEnd(t *testing.T) {
	for _, route := range []string{"/v1.0/users$", "/v1.0/users/delta", "/v1.0/directory/deletedItems"} {
		s := newTenant(t, 1500)
		s.mustRun(everything)
		people := s.users("live")
		s.control("DELETE", "/users/"+people[1], "")
		s.control("POST", "/users/"+people[2]+"/purge", "") // somebody is missing whom the bin does not show
		s.control("POST", "/delta/expire", "")
		s.control("POST", "/clock", `{"advance":"1s"}`)
		s.fault(fmt.Sprintf(`{"route":%q,"kind":"repeat-page"}`, route))
		_, err := s.run(everything)
		if f := fault.Of(err); f == nil || f.Code != "EndlessPages" && f.Code != "EndlessDelta" {
			t.Errorf("%s: %v", route, err)
		}
		s.healed()
		s.mustRun(everything)
		if lost := s.missing(); len(lost) != 1 || s.one(lost[0]).State != plan.Deleted {
			t.Errorf("%s: missing are %v", route, lost)
		}
	}
}

func TestPagesThatLeadInACircleEnd(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.mustRun(everything)
	calls := 0
	s.pull.Tenant = circle{hooked{s}, &calls}
	db := &cursorOnly{Store: s.db, cursor: s.cursor()}
	s.pull.Store = db
	for first := true; ; first = false {
		if _, err := s.pull.Step(t.Context(), everything, first); err != nil {
			if f := fault.Of(err); f == nil || f.Code != "EndlessPages" || calls != 50_001 || db.cursor.Next != "" {
				t.Fatalf("after %d pages at %q: %v", calls, db.cursor.Next, err)
			}
			break
		}
	}
	calls = 0
	for first := true; ; first = false {
		if _, err := s.pull.Step(t.Context(), fully, first); err != nil {
			if f := fault.Of(err); f == nil || f.Code != "EndlessPages" || calls != 104 || db.cursor.Full != nil {
				t.Fatalf("after %d pages of a list of 30 users: %v %+v", calls, err, db.cursor.Full)
			}
			break
		}
	}
}

func TestABinWhoseLinkExpiredIsReadFromItsBeginning(t *testing.T) {
	s := newTenant(t, 30)
	s.mustRun(everything)
	s.control("DELETE", "/users/"+s.users("live")[1], "")
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	expired := &expiredBin{hooked: hooked{s}}
	s.pull.Tenant = expired
	if _, err := s.run(everything); !fault.Is(err, fault.Expired) {
		t.Fatalf("%v", err)
	}
	s.mustRun(everything)
	s.equals(attributes)
	if expired.bins != 2 {
		t.Errorf("the bin was begun %d times", expired.bins)
	}
}

func TestAccessThatIsGoneIsSaidAndRemovesNobody(t *testing.T) {
	for _, c := range []struct {
		rule string
		kind fault.Kind
	}{
		{`{"route":"/v1.0/*","kind":"no-consent"}`, fault.Denied},
		{`{"route":"/v1.0/*","kind":"unauthorized"}`, fault.Unauthenticated},
	} {
		s := newTenant(t, 30)
		s.mustRun(everything)
		s.fault(c.rule)
		for _, want := range []mirror.Want{everything, fully} {
			if _, err := s.run(want); !fault.Is(err, c.kind) {
				t.Errorf("%s: %v", c.rule, err)
			}
		}
		for id, user := range s.mirrored() {
			if user.State != plan.Live {
				t.Errorf("%s is %s", id, user.State)
			}
		}
		s.healed()
		s.mustRun(everything)
		s.equals(attributes)
	}
}

// withholding leaves out of every list who may sign in, as Graph does to an app without the right to know it.
type withholding struct{ hooked }

func (w withholding) ListUsers(ctx context.Context, properties []string) (graph.Page, error) {
	page, err := w.hooked.ListUsers(ctx, properties)
	for i := range page.Users {
		page.Users[i].Record.Delete("accountEnabled")
	}
	return page, err
}

func TestAListThatDoesNotSayWhoMaySignInChangesNobody(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	before := s.mirrored()
	s.pull.Tenant = withholding{hooked{s}}
	if _, err := s.run(fully); !fault.Is(err, fault.Denied) {
		t.Errorf("the read ended with %v, want it denied", err)
	}
	if diff := cmp.Diff(before, s.mirrored()); diff != "" {
		t.Errorf("the mirror changed (-before +after):\n%s", diff)
	}
	s.pull.Tenant = hooked{s}
	s.mustRun(fully)
	s.equals(attributes)
}

func TestALinkThatIsBrokenForGoodBeginsTheRoundOfChangesAnew(t *testing.T) {
	s := newTenant(t, 700)
	s.mustRun(everything)
	s.control("POST", "/random", `{"changes":450,"kinds":["change","delete","create","block"]}`)
	s.fault(`{"route":"/v1.0/users/delta","kind":"short-page","times":1}`)
	failed := 0
	for _, err := s.run(everything); err != nil; _, err = s.run(everything) {
		if failed++; failed > 5 {
			t.Fatalf("the pull asks for the broken page again and again: %v", err)
		}
	}
	if failed == 0 {
		t.Error("no page was broken")
	}
	s.equals(attributes)
}

func TestALinkThatIsBrokenForGoodBeginsThatPartOfAFullReadAnew(t *testing.T) {
	for _, route := range []string{"/v1.0/users$", "/v1.0/users/delta", "/v1.0/directory/deletedItems"} {
		t.Run(route, func(t *testing.T) {
			s := newTenant(t, 1200)
			s.mustRun(everything)
			s.control("POST", "/random", `{"changes":1150,"kinds":["change","delete","change"]}`)
			if route == "/v1.0/directory/deletedItems" {
				s.control("POST", "/delta/expire", "") // nothing but the bin tells who was deleted
			}
			s.fault(fmt.Sprintf(`{"route":%q,"kind":"short-page","times":1}`, route))
			full := everything
			full.Full = true
			failed := 0
			for _, err := s.run(full); err != nil; _, err = s.run(full) {
				if failed++; failed > 5 {
					t.Fatalf("the pull asks for the broken page again and again: %v", err)
				}
			}
			if failed == 0 {
				t.Error("no page was broken")
			}
			s.equals(attributes)
		})
	}
}
