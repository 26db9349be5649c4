package directory_test

import (
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

func (w *world) archived(name string) []directory.Archived {
	w.Helper()
	copies, err := w.ListArchived(w.Context(), w.org, name, ident.ID{}, 10)
	if err != nil {
		w.Fatal(err)
	}
	return copies
}

const (
	objectID = "6ea91a8d-e32e-41a1-b7bd-d2d185eed0e0"
	inTheBin = "6ea91a8de32e41a1b7bdd2d185eed0e0"
)

// purged takes a user through the recycle bin and removes him.
func (w *world) purged(user directory.User, binName string) {
	w.Helper()
	w.apply(change(user, plan.Deactivate, record(attr.Active, false, attr.UserName, binName, attr.DeletedAt, "2026-11-20T08:00:00Z")))
	removal := change(w.get(user.ID), plan.Delete, nil)
	removal.Reason.Text = "thirty days are over"
	w.apply(removal)
}

func TestAPurgedUserIsFoundInTheArchiveByEitherName(t *testing.T) {
	w := newWorld(t)
	user := w.managed("Ada@example.com", objectID)
	w.purged(user, inTheBin+"Ada@example.com")
	want := directory.Archived{
		OrgID: w.org, ID: user.ID, Name: inTheBin + "Ada@example.com", FormerName: "Ada@example.com", ArchivedAt: w.now,
		KeepUntil: w.now.AddDate(0, 0, 30), Reason: "thirty days are over", User: user,
	}
	want.User.Version = 2
	want.User.Attributes = record(attr.Active, false, attr.UserName, inTheBin+"Ada@example.com", attr.ExternalID, objectID,
		attr.DeletedAt, "2026-11-20T08:00:00Z")
	for _, name := range []string{"ada@EXAMPLE.com", inTheBin + "ada@example.com", ""} {
		same(t, "found by "+name, []directory.Archived{want}, w.archived(name))
	}
	if others := w.archived("grace@example.com"); len(others) != 0 {
		t.Errorf("another name finds %d copies", len(others))
	}
}

func TestTheFormerNameIsWhatFollowsTheObjectID(t *testing.T) {
	for _, c := range []struct {
		name, sourceID, binName, former string
	}{
		{"renamed for the bin", objectID, inTheBin + "ada@example.com", "ada@example.com"},
		{"an id of another length", "0a-1b", "0a1bada@example.com", "ada@example.com"},
		{"a long name that was not renamed", objectID, "somebody.with.a.very.long.name.indeed@example.com", "somebody.with.a.very.long.name.indeed@example.com"},
		{"nothing but the id", objectID, inTheBin, inTheBin},
		{"an id of dashes only", "--", "ada@example.com", "ada@example.com"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			w.purged(w.managed("x@example.com", c.sourceID), c.binName)
			copies := w.archived("")
			if len(copies) != 1 || copies[0].Name != c.binName || copies[0].FormerName != c.former {
				t.Errorf("archived as %+v, want %s, formerly %s", copies, c.binName, c.former)
			}
		})
	}
}

func TestTheFormerNameOutlivesTheInstance(t *testing.T) {
	w := newWorld(t)
	user := w.managed("ada@example.com", objectID)
	w.apply(change(user, plan.Deactivate, record(attr.Active, false, attr.UserName, inTheBin+"ada@example.com", attr.DeletedAt, "2026-11-20T08:00:00Z")))
	w.apply(change(w.get(user.ID), plan.Release, nil))
	ctx := audit.WithActor(t.Context(), audit.Actor{Name: "Grace"})
	if err := w.DeleteUser(ctx, w.org, user.ID); err != nil {
		t.Fatal(err)
	}
	copies := w.archived("ada@example.com")
	if len(copies) != 1 || copies[0].FormerName != "ada@example.com" || copies[0].Reason != "removed by Grace" {
		t.Errorf("archived as %+v", copies)
	}
}

func TestAUserWhoWasNeverInTheBinHasOneName(t *testing.T) {
	w := newWorld(t)
	ada := w.user(inTheBin+"ada@example.com", attr.ExternalID, objectID)
	if err := w.DeleteUser(t.Context(), w.org, ada.ID); err != nil {
		t.Fatal(err)
	}
	if copies := w.archived(""); len(copies) != 1 || copies[0].FormerName != ada.Name() {
		t.Errorf("archived as %+v", copies)
	}
}

func TestCopiesAreKeptAsLongAsThePolicySays(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"ada@example.com", "grace@example.com"} {
		if err := w.DeleteUser(t.Context(), w.org, w.user(name).ID); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.AddDate(0, 0, 1)
	}
	for _, c := range []struct {
		after time.Duration
		left  int
	}{{28 * 24 * time.Hour, 2}, {time.Second, 1}, {24 * time.Hour, 0}} {
		w.now = w.now.Add(c.after)
		if err := w.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if left := len(w.archived("")); left != c.left {
			t.Errorf("at %s there are %d copies, want %d", w.now, left, c.left)
		}
	}
}

func TestTheArchiveIsPagedNewestFirst(t *testing.T) {
	w := newWorld(t)
	var want []ident.ID
	for _, name := range []string{"a@example.com", "b@example.com", "c@example.com"} {
		user := w.user(name)
		if err := w.DeleteUser(t.Context(), w.org, user.ID); err != nil {
			t.Fatal(err)
		}
		want = append([]ident.ID{user.ID}, want...)
	}
	var got []ident.ID
	for after := (ident.ID{}); ; after = got[len(got)-1] {
		page, err := w.ListArchived(t.Context(), w.org, "", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, archived := range page {
			got = append(got, archived.ID)
		}
	}
	same(t, "archive", want, got)
}

func TestEventsAreKeptAsLongAsThePolicySays(t *testing.T) {
	w := newWorld(t)
	w.now = w.now.AddDate(0, 0, 60)
	w.domain("example.com")
	for _, want := range []int{2, 1} { // the first event is the organization's creation
		if err := w.Expire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if events := w.events(0); len(events) != want || events[len(events)-1].Action != "domain.add" {
			t.Errorf("at %s the log holds %+v, want %d events", w.now, events, want)
		}
		w.now = w.now.Add(time.Second)
	}
}
