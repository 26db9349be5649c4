package notify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/store"
)

func TestAnEventToldTwiceIsOneMailForEachRecipientAlsoOverARestart(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	w.tell("held/1", "ops@example.com", "boss@example.com")
	w.tell("held/1", "ops@example.com")
	w.deliver()
	w.start(notify.Config{Default: server.Account()})
	w.tell("held/1", "ops@example.com", "boss@example.com")
	w.now = w.now.Add(24 * time.Hour)
	w.deliver()
	subject := "Approval needed: removals of Staff are held"
	if diff := cmp.Diff([]string{"ops@example.com: " + subject, "boss@example.com: " + subject}, server.Subjects()); diff != "" {
		t.Error(diff)
	}
	raw := server.Mails()[0].Raw
	for _, want := range []string{
		"From: \"Rollcall\" <rollcall@example.com>", "To: <ops@example.com>", "Auto-Submitted: auto-generated", "text/plain", "text/html", "Users: 12", "https://rollcall.example.com/org/x/held",
	} {
		if !strings.Contains(raw, want) {
			t.Errorf("the mail lacks %q:\n%s", want, raw)
		}
	}
}

func TestAMailIsPartOfTheTransactionOfItsEvent(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	broken := fault.New(fault.Internal, "Broken", "broken")
	err := w.db.InTx(t.Context(), func(ctx context.Context) error {
		w.must(w.mail.Tell(ctx, notify.Event{OrgID: w.org, Key: "a", Kind: notify.Overdue, To: []string{"ops@example.com"}}))
		return broken
	})
	if !fault.Is(err, fault.Internal) || len(w.mails()) != 0 {
		t.Errorf("%v, %d mails", err, len(w.mails()))
	}
}

func TestWithoutAMailServerNothingWaits(t *testing.T) {
	w := newWorld(t, notify.Account{})
	w.tell("held/1", "ops@example.com")
	if mails := w.mails(); len(mails) != 0 {
		t.Errorf("%+v", mails)
	}
}

func TestABusyServerGetsTheMailLater(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	server.Busy(2)
	w.tell("held/1", "ops@example.com")
	var tries []time.Duration
	begun := w.now
	for range 20 {
		before := w.mails()[0].Attempts
		w.deliver()
		if w.mails()[0].Attempts > before {
			tries = append(tries, w.now.Sub(begun))
		}
		w.now = w.now.Add(30 * time.Second)
	}
	if diff := cmp.Diff([]time.Duration{0, time.Minute, 3 * time.Minute}, tries); diff != "" {
		t.Error(diff)
	}
	if mail := w.mails()[0]; mail.State != notify.Sent || len(server.Mails()) != 1 || mail.SettledAt.IsZero() {
		t.Errorf("%+v", mail)
	}
}

func TestARefusedRecipientIsGivenUpAtOnceAndTheOthersGetTheirs(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	server.Refuse("gone@example.com", 550, "no such user")
	w.tell("held/1", "gone@example.com", "ops@example.com")
	w.deliver()
	w.now = w.now.Add(time.Hour)
	w.deliver()
	if diff := cmp.Diff([]string{"ops@example.com: Approval needed: removals of Staff are held"}, server.Subjects()); diff != "" {
		t.Error(diff)
	}
	events := w.recorded("email.give-up")
	if len(events) != 1 || events[0].ObjectName != "gone@example.com" || !strings.Contains(events[0].After.Text("answer"), "550 5.1.1 no such user") {
		t.Errorf("%+v", events)
	}
}

func TestAServerThatIsGoneIsTriedForThreeDays(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	server.Stop()
	w.tell("held/1", "ops@example.com")
	for range 4 * 24 * 4 {
		w.deliver()
		w.now = w.now.Add(15 * time.Minute)
	}
	mail := w.mails()[0]
	if mail.State != notify.GivenUp || mail.Attempts < 15 || mail.Attempts > 25 || mail.SettledAt.Sub(mail.CreatedAt) > 3*24*time.Hour {
		t.Errorf("%+v", mail)
	}
	if events := w.recorded("email.give-up"); len(events) != 1 || !strings.Contains(events[0].After.Text("answer"), "does not answer") {
		t.Errorf("%+v", events)
	}
}

// crashing is a store whose process ends when the outcome of an attempt is to be noted.
type crashing struct{ *store.DB }

func (c crashing) SaveMail(ctx context.Context, mail notify.Mail, attempts int) error {
	if mail.State == notify.Sent {
		return fault.New(fault.Unavailable, "Killed", "the process ended")
	}
	return c.DB.SaveMail(ctx, mail, attempts)
}

func TestACrashAfterSendingSendsTheSameMessageAgain(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	w.tell("held/1", "ops@example.com")
	w.mail.Store = crashing{w.db}
	if _, err := w.mail.Deliver(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Fatal(err)
	}
	w.start(notify.Config{Default: server.Account()})
	w.deliver()
	if len(server.Mails()) != 1 {
		t.Error("sent again at once")
	}
	w.now = w.now.Add(time.Minute)
	w.deliver()
	w.now = w.now.Add(time.Hour)
	w.deliver()
	got := server.Mails()
	if len(got) != 2 || got[0].ID != got[1].ID || got[0].ID != "<rollcall."+w.mails()[0].ID.String()+"@example.com>" {
		t.Errorf("%+v", got)
	}
}

func TestACopyOfADatabaseSendsNothingThatWaitsInIt(t *testing.T) {
	server := notifytest.Start(t, &notifytest.Server{})
	w := newWorld(t, server.Account())
	server.Busy(1)
	w.tell("held/1", "ops@example.com")
	w.deliver()
	w.must(w.mail.Abandon(t.Context()))
	w.now = w.now.Add(time.Hour)
	w.deliver()
	if mail := w.mails()[0]; mail.State != notify.GivenUp || len(server.Mails()) != 0 {
		t.Errorf("%+v", mail)
	}
}
