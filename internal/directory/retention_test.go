package directory_test

import (
	"testing"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func TestAnOrganizationChoosesForHowLongThingsAreKeptWithinBounds(t *testing.T) {
	w := newWorld(t)
	w.Service = directory.NewService(w.db, w.clock, directory.Retention{Audit: 60, Archive: 30, Most: directory.Days{Archive: 40}})
	other := w.organization("Other")
	holds := func(org ident.ID, want directory.Days) {
		t.Helper()
		got, err := w.RetentionOf(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "retention", want, got)
	}
	choose := func(changes, audit, archive int) error {
		return w.ChangeRetention(t.Context(), w.org, directory.RetentionChange{Changes: &changes, Audit: &audit, Archive: &archive})
	}
	usual := directory.Days{Changes: 90, Audit: 60, Archive: 30}
	holds(w.org, usual)
	for _, wrong := range []directory.Days{{Changes: -1}, {Audit: 29}, {Archive: 41}, {Changes: directory.MaxDays + 1}} {
		refused(t, choose(wrong.Changes, wrong.Audit, wrong.Archive), fault.Invalid, "BadRetention")
	}
	event := w.sole(func() {
		if err := choose(7, 0, 40); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "organization.retention", ObjectID: w.org.String(), ObjectName: "Example",
		Before: record("changes", "as the server says", "archive", "as the server says"), After: record("changes", "7 days", "archive", "40 days"),
	}, event)
	holds(w.org, directory.Days{Changes: 7, Audit: 60, Archive: 40})
	holds(other, usual)
	holds(ident.ID{}, usual)
	before, err := w.Events(t.Context(), w.org, ident.ID{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	if err := choose(7, 0, 40); err != nil {
		t.Error(err)
	}
	if after, err := w.Events(t.Context(), w.org, ident.ID{}, 100); err != nil || len(after) != len(before) {
		t.Errorf("what is so already was written down: %d events, %v", len(after)-len(before), err)
	}
	// The operator lowers the bound: it holds for who chose more.
	w.Service = directory.NewService(w.db, w.clock, directory.Retention{Audit: 60, Archive: 30, Most: directory.Days{Archive: 35}})
	holds(w.org, directory.Days{Changes: 7, Audit: 60, Archive: 35})
}

func TestACleanUpRemovesWhatEachOrganizationChoseAndThePreviewCountsIt(t *testing.T) {
	w := newWorld(t)
	other := w.organization("Other")
	ada := w.user("ada@example.com")
	group := w.group("Sales")
	w.now = w.now.AddDate(0, 0, 1)
	if err := w.DeleteUser(t.Context(), w.org, ada.ID); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteGroup(t.Context(), w.org, group.ID); err != nil {
		t.Fatal(err)
	}
	w.now = w.now.AddDate(0, 0, 50)
	archive, events := 60, 30
	preview := func(change directory.RetentionChange) directory.Expiring {
		t.Helper()
		counts, err := w.PreviewRetention(t.Context(), w.org, change)
		if err != nil {
			t.Fatal(err)
		}
		return counts
	}
	same(t, "as it is", directory.Expiring{Users: 1, Groups: 1}, preview(directory.RetentionChange{}))
	same(t, "longer, and the log shorter", directory.Expiring{Audit: 5}, preview(directory.RetentionChange{Archive: &archive, Audit: &events}))
	wrong := 0 - 1
	_, err := w.PreviewRetention(t.Context(), w.org, directory.RetentionChange{Audit: &wrong})
	refused(t, err, fault.Invalid, "BadRetention")
	if err := w.ChangeRetention(t.Context(), w.org, directory.RetentionChange{Archive: &archive, Audit: &events}); err != nil {
		t.Fatal(err)
	}
	if err := w.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kept, err := w.Archived(t.Context(), w.org, []ident.ID{ada.ID}); err != nil || len(kept) != 1 || !kept[0].KeepUntil.Equal(kept[0].ArchivedAt.AddDate(0, 0, 60)) {
		t.Errorf("archive %+v, %v", kept, err)
	}
	for org, want := range map[ident.ID]int{w.org: 1, other: 1} { // the change itself; the other's creation is 51 days old of 60
		if left, err := w.Events(t.Context(), org, ident.ID{}, 100); err != nil || len(left) != want {
			t.Errorf("events %+v, %v", left, err)
		}
	}
	w.now = w.now.AddDate(0, 0, 11)
	if err := w.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if kept, err := w.Archived(t.Context(), w.org, []ident.ID{ada.ID}); err != nil || len(kept) != 0 {
		t.Errorf("archive %+v, %v", kept, err)
	}
}
