package engine_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
)

// mailing is a world with a mail server, whose instance tells ops@example.com.
type mailing struct {
	*world
	server *notifytest.Server
	mail   *notify.Service
}

func newMailing(t *testing.T, users int) *mailing {
	t.Helper()
	w := &mailing{world: newWorld(t, users), server: notifytest.Start(t, &notifytest.Server{})}
	w.restart()
	w.notify(w.instance.ID, "ops@example.com")
	return w
}

// restart makes engine and service anew over the same database, as the next process does.
func (w *mailing) restart() {
	w.mail = notifytest.With(w.T, notify.Config{Store: w.db, Recorder: w.dir, Now: w.time, Default: w.server.Account()})
	w.engine = w.newEngine()
	w.engine.Mail = w.mail
}

func (w *mailing) notify(id ident.ID, addresses ...string) {
	w.Helper()
	_, err := w.engine.ChangeInstance(w.Context(), id, engine.Change{Notification: &engine.Notification{Addresses: addresses, OnFailure: len(addresses) > 0}})
	if err != nil {
		w.Fatal(err)
	}
}

// pass lets time go by, with a restart and a look at the outbox in each step.
func (w *mailing) pass(steps int, step time.Duration) {
	w.Helper()
	for range steps {
		w.now = w.now.Add(step)
		w.tick()
		w.restart()
		if _, err := w.mail.Deliver(w.Context()); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *mailing) expect(want ...string) {
	w.Helper()
	if diff := cmp.Diff(want, w.server.Subjects()); diff != "" {
		w.Errorf("mails (-want +got):\n%s", diff)
	}
}

func TestQuarantineIsToldByMailAtEntryWhenItsReasonChangesAndWhenItDisables(t *testing.T) {
	w := newMailing(t, 10)
	w.set(true)
	w.pass(2, time.Hour)
	w.expect()
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.pass(60, time.Hour)
	w.expect("ops@example.com: Quarantine: the synchronization Test is held off")
	w.control(http.MethodPost, "/sim/app/remove", nil)
	w.pass(40, 24*time.Hour)
	w.expect("ops@example.com: Quarantine: the synchronization Test is held off", "ops@example.com: Quarantine: Test now fails for another reason",
		"ops@example.com: Disabled: Test was in quarantine for 28 days")
}

func TestHeldRemovalsAreToldByOneMailForTheRunThatHoldsThem(t *testing.T) {
	w := newMailing(t, 100)
	w.set(true)
	w.pass(2, time.Hour)
	w.control(http.MethodPost, "/sim/random", map[string]any{"changes": 40, "kinds": []string{"delete"}})
	w.pass(10, time.Hour)
	w.expect("ops@example.com: Approval needed: removals of Test are held")
	mails, err := w.db.ListMails(t.Context(), w.org, 10)
	if err != nil || len(mails) != 1 || mails[0].Facts.Users == 0 || mails[0].Facts.Path != "/org/"+w.org.String()+"/instances/"+w.instance.ID.String()+"/held" {
		t.Errorf("%+v %v", mails, err)
	}
	w.control(http.MethodPost, "/sim/random", map[string]any{"changes": 20, "kinds": []string{"delete"}})
	w.pass(10, time.Hour)
	w.expect("ops@example.com: Approval needed: removals of Test are held", "ops@example.com: Approval needed: removals of Test are held")
}

func TestADryRunTellsNobody(t *testing.T) {
	w := newMailing(t, 100)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/random", map[string]any{"changes": 40, "kinds": []string{"delete"}})
	w.good(engine.DryRun)
	w.pass(1, time.Hour)
	w.expect()
}

func TestASecretThatEndsIsToldByThreeMailsToAllWhoUseIt(t *testing.T) {
	w := newMailing(t, 10)
	other := w.create("Other", nil)
	w.notify(other.ID, "other@example.com", "OPS@example.com")
	w.renew(w.now.AddDate(0, 0, 40))
	w.pass(50*4, 6*time.Hour)
	var want []string
	for _, when := range []string{"within 30 days", "within 7 days", "within one day"} {
		for _, to := range []string{"other@example.com", "OPS@example.com"} {
			want = append(want, to+": The client secret of Contoso (simulated) ends "+when)
		}
	}
	if got := w.server.Subjects(); len(got) != len(want) {
		t.Errorf("%q", got)
	}
}

func TestATokenThatEndsIsToldToTheFullAdministratorsWhereNoInstanceHasAddresses(t *testing.T) {
	w := newMailing(t, 10)
	w.notify(w.instance.ID)
	var creator directory.Token
	for email, role := range map[string]directory.Role{"full@example.com": directory.FullAdministrator, "reader@example.com": directory.ReadOnlyAdministrator} {
		_, link, err := w.dir.Invite(t.Context(), w.org, role, "")
		if err == nil {
			var session directory.Session
			session, _, err = w.dir.AcceptInvitation(t.Context(), link, directory.NewAdministrator{Name: email, Email: email, Password: "quiet harbour lamp seven"}, "192.0.2.1", "test")
			if role == directory.FullAdministrator {
				creator = directory.Token{OrgID: w.org, Role: role, AdministratorID: session.AdministratorID, AdministratorRole: role}
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := w.dir.CreateToken(t.Context(), creator, directory.NewToken{OrgID: w.org, Name: "Okta", Role: directory.SCIMWriter, Life: 40 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	w.pass(32*4, 6*time.Hour)
	w.expect("full@example.com: The API token of Okta ends within 30 days")
	w.notify(w.instance.ID, "ops@example.com")
	w.pass(10*4, 6*time.Hour)
	w.expect("full@example.com: The API token of Okta ends within 30 days", "ops@example.com: The API token of Okta ends within 7 days",
		"ops@example.com: The API token of Okta ends within one day")
}

func TestNoGoodRunInThreeIntervalsIsToldOnceUntilThereIsOne(t *testing.T) {
	w := newMailing(t, 10)
	w.set(true)
	w.pass(3, time.Minute)
	fail := map[string]any{"route": "/v1.0/", "kind": "error", "status": 400}
	for round := 1; round <= 2; round++ {
		w.control(http.MethodPost, "/sim/faults", fail)
		w.pass(3, time.Minute)
		if got := len(w.server.Subjects()); got != round-1 {
			t.Fatalf("round %d: told too early: %q", round, w.server.Subjects())
		}
		w.pass(30, time.Minute)
		if got := len(w.server.Subjects()); got != round {
			t.Fatalf("round %d: %q", round, w.server.Subjects())
		}
		w.control(http.MethodDelete, "/sim/faults", nil)
		w.pass(3, time.Minute)
	}
	w.expect("ops@example.com: Overdue: no good run of Test", "ops@example.com: Overdue: no good run of Test")
}

func TestATenantThatHasAllRunsWaitIsOverdue(t *testing.T) {
	w := newMailing(t, 10)
	w.set(true)
	w.pass(3, time.Minute)
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/", "kind": "throttle", "retry_after_seconds": 3600, "times": 1})
	w.pass(10, time.Minute)
	w.expect("ops@example.com: Overdue: no good run of Test")
}

func TestANotificationNeedsAddresses(t *testing.T) {
	w := newWorld(t, 1)
	for code, bad := range map[string]engine.Notification{
		"MissingAddress": {OnFailure: true}, "BadEmail": {Addresses: []string{"ops@example.com\r\nBcc: x@example.com"}},
	} {
		_, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Notification: &bad})
		if f := fault.Of(err); f == nil || f.Code != code || f.Kind != fault.Invalid {
			t.Errorf("%s: %v", code, err)
		}
	}
}
