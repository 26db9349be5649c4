package directory_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/store"
)

// world is a directory over a real database, with an organization and an instance that fills it. Time moves only when a test moves it.
type world struct {
	*testing.T
	*directory.Service
	db       *store.DB
	now      time.Time
	org      ident.ID
	instance ident.ID
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	var err error
	w.db, err = store.Open(t.Context(), store.Config{
		Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: w.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Service = directory.NewService(w.db, w.clock, directory.Retention{Archive: 30, Audit: 60})
	w.org = w.organization("Example")
	w.instance = ident.New(w.now)
	return w
}

func (w *world) clock() time.Time { return w.now }

func (w *world) organization(name string) ident.ID {
	w.Helper()
	org, err := w.CreateOrganization(w.Context(), name)
	if err != nil {
		w.Fatal(err)
	}
	return org.ID
}

// record makes a record of paths and values.
func record(pairs ...any) attr.Record {
	var r attr.Record
	for i := 0; i+1 < len(pairs); i += 2 {
		path, _ := pairs[i].(string)
		r.Set(path, pairs[i+1])
	}
	return r
}

// user creates a user by hand.
func (w *world) user(name string, more ...any) directory.User {
	w.Helper()
	user, err := w.CreateUser(w.Context(), w.org, record(append([]any{attr.UserName, name}, more...)...))
	if err != nil {
		w.Fatal(err)
	}
	return user
}

// managed lets the instance create a user, whose object id in the tenant is sourceID.
func (w *world) managed(name, sourceID string) directory.User {
	w.Helper()
	id := ident.New(w.now)
	w.apply(plan.Change{
		Action: plan.Create, SourceID: sourceID, ObjectID: id, TakesName: attr.NameKey(name),
		After: record(attr.Active, true, attr.UserName, name, attr.ExternalID, sourceID),
	})
	return w.get(id)
}

// change is a change of a user as he is now.
func change(user directory.User, action plan.Action, after attr.Record) plan.Change {
	return plan.Change{Action: action, SourceID: user.SourceID, ObjectID: user.ID, BaseVersion: user.Version, After: after}
}

// apply applies changes, all of which must come through.
func (w *world) apply(changes ...plan.Change) {
	w.Helper()
	results, err := w.ApplyChanges(w.Context(), w.org, w.instance, changes)
	if err != nil {
		w.Fatal(err)
	}
	for i, result := range results {
		if !result.Applied {
			w.Fatalf("change %d was not applied: %+v", i, result)
		}
	}
}

func (w *world) get(id ident.ID) directory.User {
	w.Helper()
	user, err := w.User(w.Context(), w.org, id)
	if err != nil {
		w.Fatal(err)
	}
	return user
}

// events returns the audit log, oldest first, without those before the given number.
func (w *world) events(from int) []audit.Event {
	w.Helper()
	events, err := w.Events(w.Context(), w.org, ident.ID{}, 1000)
	if err != nil {
		w.Fatal(err)
	}
	oldestFirst := make([]audit.Event, len(events))
	for i, event := range events {
		oldestFirst[len(events)-1-i] = event
	}
	return oldestFirst[from:]
}

// silent checks that fn records nothing.
func (w *world) silent(fn func()) {
	w.Helper()
	before := len(w.events(0))
	fn()
	for _, event := range w.events(before) {
		w.Errorf("an event was recorded: %s of %s", event.Action, event.ObjectName)
	}
}

// sole returns the one event that fn records, without its id.
func (w *world) sole(fn func()) audit.Event {
	w.Helper()
	before := len(w.events(0))
	fn()
	events := w.events(before)
	if len(events) != 1 {
		w.Fatalf("%d events were recorded, want one", len(events))
	}
	if events[0].ID.IsZero() {
		w.Error("the event has no id")
	}
	events[0].ID = ident.ID{}
	return events[0]
}

// refused checks kind, code and what the message says.
func refused(t *testing.T, err error, kind fault.Kind, code string, says ...string) {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want a fault %s %s", err, kind, code)
	}
	for _, part := range says {
		if !strings.Contains(f.Error(), part) {
			t.Errorf("%q does not say %q", f.Error(), part)
		}
	}
}

func same[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

var errBroken = errors.New("the log is broken")

// brokenLog is a store that cannot keep events.
type brokenLog struct{ directory.Store }

func (brokenLog) AppendEvent(context.Context, audit.Event) error { return errBroken }
