package notify_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
	"rollcall/internal/notify/notifytest"
	"rollcall/internal/store"
)

// world is a database with an organization, and a clock.
type world struct {
	*testing.T
	now  time.Time
	db   *store.DB
	dir  *directory.Service
	org  ident.ID
	mail *notify.Service
}

func newWorld(t *testing.T, account notify.Account) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	var err error
	w.db, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: w.time})
	w.must(err)
	t.Cleanup(func() { w.must(w.db.Close()) })
	w.must(w.db.Migrate(t.Context()))
	w.dir = directory.NewService(w.db, w.time, directory.Retention{})
	org, err := w.dir.CreateOrganization(t.Context(), "Example")
	w.must(err)
	w.org = org.ID
	w.start(notify.Config{Default: account})
	return w
}

func (w *world) time() time.Time { return w.now }

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// start makes the service anew, as another process would.
func (w *world) start(config notify.Config) {
	w.Helper()
	config.Store, config.Recorder, config.Now = w.db, w.dir, w.time
	w.mail = notifytest.With(w.T, config)
}

// tell puts an event into the outbox.
func (w *world) tell(key string, to ...string) {
	w.Helper()
	w.must(w.mail.Tell(w.Context(), notify.Event{
		OrgID: w.org, Key: key, Kind: notify.Held, To: to, Facts: notify.Facts{Instance: "Staff", Tenant: "Contoso", Users: 12, Reason: "12 of 40 users", Path: "/org/x/held"},
	}))
}

// deliver makes the attempts that are due.
func (w *world) deliver() {
	w.Helper()
	_, err := w.mail.Deliver(w.Context())
	w.must(err)
}

func (w *world) mails() []notify.Mail {
	w.Helper()
	mails, err := w.db.ListMails(w.Context(), w.org, 100)
	w.must(err)
	return mails
}

// recorded returns the organization's events with the action.
func (w *world) recorded(action string) []audit.Event {
	w.Helper()
	events, err := w.dir.Events(w.Context(), w.org, ident.ID{}, 100)
	w.must(err)
	var some []audit.Event
	for _, event := range events {
		if event.Action == action {
			some = append(some, event)
		}
	}
	return some
}
