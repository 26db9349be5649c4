package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/engine"
)

func TestADryRunKnowsWhatPeopleDecidedAboutRemovals(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	for _, person := range w.people(20) {
		w.control(http.MethodPost, "/sim/users/"+id(person)+"/block", nil)
	}
	w.good(engine.Incremental)
	held := w.held()
	if len(held) != 20 {
		t.Fatalf("%d are held, want 20", len(held))
	}
	kept := 0
	for _, entry := range held {
		if kept++; kept > 16 {
			break
		}
		w.decide(false, entry)
	}
	dry := w.good(engine.DryRun)
	if c := dry.Progress.Counts; c["rejected"] != 16 || c["held"] != 4 || c["deactivate"] != 4 {
		t.Errorf("the dry run counts %v, want 16 rejected and 4 to hold", c)
	}
	full := w.good(engine.Full)
	if len(w.entries(full)) != 0 || len(w.held()) != 4 {
		t.Errorf("the real run wrote %d entries and holds %d, want none and 4", len(w.entries(full)), len(w.held()))
	}
	for _, entry := range w.entries(dry) {
		if entry.State == engine.Rejected && !strings.Contains(entry.Reason.Text, "rejected by") {
			t.Errorf("a rejected one says %q", entry.Reason.Text)
		}
	}
}

func TestWhoIsSyncedAndFailsIsCountedOnce(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	before := w.status()
	w.control(http.MethodPatch, "/sim/users/"+id(w.people(1)[0]), map[string]any{"jobTitle": strings.Repeat("x", 600)})
	w.good(engine.Incremental)
	after := w.status()
	if after.Failed != 1 || after.Synced != before.Synced-1 || after.OutOfScope != before.OutOfScope {
		t.Errorf("before %+v, after %+v; want one moved from synced to failed", before, after)
	}
}
