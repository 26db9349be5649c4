package engine_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// noticed returns the events about quarantine in the organization's audit log, the first one first: action and code.
func (w *world) noticed() []string {
	w.Helper()
	events, err := w.dir.Events(w.Context(), w.org, ident.ID{}, 1000)
	if err != nil {
		w.Fatal(err)
	}
	var all []string
	for _, event := range events {
		if strings.HasPrefix(event.Action, "quarantine.") {
			all = append([]string{strings.TrimSpace(event.Action + " " + event.After.Text("code"))}, all...)
		}
	}
	return all
}

func TestQuarantineIsAnnouncedAtEntryWhenItsReasonChangesAndWhenItEnds(t *testing.T) {
	w := newWorld(t, 10)
	var log bytes.Buffer
	w.engine.Logger = slog.New(slog.NewTextHandler(&log, nil))
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.now = w.now.Add(2 * time.Hour)
	w.set(true)
	w.work(w.engine)
	for range 100 {
		w.now = w.now.Add(time.Hour)
		w.tick()
	}
	w.control(http.MethodPost, "/sim/app/remove", nil)
	for range 100 {
		w.now = w.now.Add(time.Hour)
		w.tick()
	}
	w.control(http.MethodPost, "/sim/app/restore", nil)
	w.control(http.MethodPost, "/sim/secret/restore", nil)
	w.now = w.now.Add(24 * time.Hour)
	w.tick()
	want := []string{"quarantine.begin SecretExpired", "quarantine.change ApplicationRemoved", "quarantine.end"}
	if diff := cmp.Diff(want, w.noticed()); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Count(log.String(), "instance in quarantine"); lines != 2 || !strings.Contains(log.String(), "quarantine ended") {
		t.Errorf("%d log lines:\n%s", lines, &log)
	}
	if job := w.status().Job; job != engine.StatusActive {
		t.Errorf("status %s", job)
	}
}

func TestWhoeverMustConsentIsNamedByTheStatus(t *testing.T) {
	w := newWorld(t, 10)
	w.good(engine.Incremental)
	before, err := w.db.Settings(t.Context(), w.instance.ID, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		take, give string
		job        engine.JobStatus
		words      []string
	}{
		{"/sim/consent/revoke", "/sim/consent/grant", engine.StatusWaitingForConsent, []string{"has not consented", "Grant admin consent", "configuration is kept", "Never delete the app"}},
		{"/sim/app/remove", "/sim/app/restore", engine.StatusWaitingForConsent, []string{"does not know this application", "restore it", "configuration is kept", "Never delete the app"}},
		{"/sim/secret/expire", "/sim/secret/restore", engine.StatusQuarantine, []string{"client secret has expired", "Create a new client secret"}},
	} {
		w.now = w.now.Add(2 * time.Hour) // the token is over
		w.control(http.MethodPost, c.take, nil)
		if run := w.run(engine.Incremental); run.State != engine.Failed {
			t.Fatalf("%s: the run is %s", c.take, run.State)
		}
		status := w.status()
		if status.Job != c.job || status.Synced != 10 && status.Synced == 0 {
			t.Errorf("%s: status %s with %d synced", c.take, status.Job, status.Synced)
		}
		for _, word := range c.words {
			if !strings.Contains(status.Explanation, word) {
				t.Errorf("%s: %q does not say %q", c.take, status.Explanation, word)
			}
		}
		w.control(http.MethodPost, c.give, nil)
		w.good(engine.Incremental)
		if job := w.status().Job; job != engine.StatusPaused {
			t.Errorf("%s: after a good run the status is %s", c.give, job)
		}
	}
	after, err := w.db.Settings(t.Context(), w.instance.ID, 1)
	if diff := cmp.Diff(before, after); diff != "" || err != nil {
		t.Errorf("the configuration is kept (%v): %s", err, diff)
	}
}

func TestTheJobStatusGoesThroughItsWords(t *testing.T) {
	w := newWorld(t, 40)
	expect := func(when string, job engine.JobStatus) {
		t.Helper()
		if status := w.status(); status.Job != job || status.Explanation == "" {
			t.Errorf("%s: %s (%s), want %s", when, status.Job, status.Explanation, job)
		}
	}
	expect("set up", engine.StatusNotRun)
	if _, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental); err != nil {
		t.Fatal(err)
	}
	expect("a run is queued", engine.StatusNotRun)
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/users", "kind": "throttle", "retry_after_seconds": 600, "times": 1})
	w.work(w.engine)
	expect("the tenant asks the first run to wait", engine.StatusRunning)
	w.now = w.now.Add(time.Hour)
	w.tick()
	expect("a good run, Auto Sync off", engine.StatusPaused)
	w.set(true)
	w.work(w.engine)
	expect("Auto Sync on", engine.StatusActive)
	w.control(http.MethodPost, "/sim/random", map[string]any{"changes": 15, "kinds": []string{"delete"}})
	w.now = w.now.Add(time.Hour)
	w.tick()
	expect("too many are deleted", engine.StatusHeld)
	w.control(http.MethodPost, "/sim/consent/revoke", nil)
	w.now = w.now.Add(time.Hour)
	w.tick()
	expect("the consent is taken back", engine.StatusWaitingForConsent)
	w.control(http.MethodPost, "/sim/consent/grant", nil)
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.now = w.now.Add(2 * time.Hour)
	w.tick()
	expect("the secret ends", engine.StatusQuarantine)
	for range 40 {
		w.now = w.now.Add(24 * time.Hour)
		w.tick()
	}
	expect("forty days later", engine.StatusDisabled)
	if diff := cmp.Diff("quarantine.disable SecretExpired", w.noticed()[len(w.noticed())-1]); diff != "" {
		t.Error(diff)
	}
	w.control(http.MethodPost, "/sim/secret/restore", nil)
	w.set(true)
	w.work(w.engine)
	if status := w.status(); status.Job != engine.StatusHeld && status.Job != engine.StatusActive {
		t.Errorf("switched on again: %s (%s)", status.Job, status.Explanation)
	}
}
