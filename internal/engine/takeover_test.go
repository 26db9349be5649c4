package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
)

// pushed changes a user as a program does over SCIM.
func (w *world) pushed(user directory.User, by directory.Writer, path string, value any) (directory.User, error) {
	w.Helper()
	return w.dir.EditUser(w.Context(), w.org, user.ID, by, func(context.Context, directory.User) (attr.Record, error) {
		return attr.From(map[string]any{path: value}), nil
	})
}

// said returns what a run says of a source object; the zero Entry if it says nothing.
func (w *world) said(run engine.Run, source string) engine.Entry {
	w.Helper()
	entries := w.entries(run)
	i := slices.IndexFunc(entries, func(entry engine.Entry) bool { return entry.SourceID == source && entry.Object != plan.Members })
	if i < 0 {
		return engine.Entry{}
	}
	return entries[i]
}

var takesOver = directory.Writer{Source: directory.SourceAAD, TakeOver: true}

func TestAUserWhomASourceTakesOverIsHeldByItAndNoRunFightsBack(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("abc")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b c")
	ada, before := w.linked(p[0]), w.status()
	w.control("PATCH", "/sim/users/"+p[0], map[string]any{"jobTitle": "Entra"}) // not read yet

	_, err := w.pushed(ada, directory.Writer{Source: directory.SourceAAD}, "title", "pushed")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "managed by Test") {
		t.Errorf("without the right to take over: %v", err)
	}
	ada, err = w.pushed(ada, takesOver, "title", "pushed")
	if err != nil || ada.Owner != directory.SourceAAD.Owner() || ada.SourceID != "" {
		t.Fatalf("%+v %v", ada, err)
	}
	entry := w.said(w.good(engine.Incremental), p[0])
	if entry.Action != plan.Fail || entry.Reason.Code != "OwnedByOther" || !strings.Contains(entry.Reason.Text, "managed by the source AAD") {
		t.Errorf("%s %+v", entry.Action, entry.Reason)
	}
	w.good(engine.Full)
	held := w.linked(p[0])
	if held.Attributes.Text("title") != "pushed" || held.OwnerName != "the source AAD" {
		t.Errorf("a run fought back: %v %s", held.Attributes, held.OwnerName)
	}
	if now := w.status(); now.Synced != before.Synced-1 || now.Failed != before.Failed+1 {
		t.Errorf("status before %+v, now %+v", before, now)
	}
	if got := w.members(w.groupNamed("Sales").ID, map[string]string{"": "a", p[1]: "b", p[2]: "c"}); !slices.Equal(got, []string{"a(hand)", "b", "c"}) {
		t.Errorf("members %v", got)
	}
	if _, err := w.dir.ChangeUser(t.Context(), w.org, ada.ID, attr.From(map[string]any{"title": "x"}), 0); !fault.Is(err, fault.Conflict) {
		t.Errorf("by hand: %v", err)
	}
	if _, err := w.pushed(ada, directory.Writer{Source: directory.SourceOkta}, "title", "x"); !fault.Is(err, fault.Conflict) {
		t.Errorf("by another source: %v", err)
	}
	if _, err := w.pushed(ada, directory.Writer{Source: directory.SourceAAD}, "title", "again"); err != nil {
		t.Errorf("by the source, without taking over: %v", err)
	}

	if _, err := w.dir.LetGoUser(t.Context(), w.org, ada.ID); err != nil {
		t.Fatal(err)
	}
	if entry := w.said(w.good(engine.Incremental), p[0]); entry.Action != plan.Update || entry.Reason.Code != "Matched" {
		t.Errorf("let go: %s %+v", entry.Action, entry.Reason)
	}
	if back := w.linked(p[0]); back.Owner != w.instance.ID || back.ID != ada.ID || back.Attributes.Text("title") != "Entra" {
		t.Errorf("%+v", back)
	}
}

func TestAGroupThatASourceTakesOverIsHeldByItAndNoRunFightsBack(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	w.kept("at first", names, "Sales, ours: a b")
	group := w.groupNamed("Sales")
	takeOut := func(by directory.Writer) error {
		_, err := w.dir.EditGroup(t.Context(), w.org, group.ID, by, func(directory.Group) (directory.GroupEdit, error) {
			return directory.GroupEdit{Members: []directory.MemberStep{{RemoveWhere: func(m directory.Member) bool { return m.Member == w.linked(p[0]).ID }}}}, nil
		})
		return err
	}
	if err := takeOut(directory.Writer{Source: directory.SourceAAD}); !fault.Is(err, fault.Conflict) {
		t.Errorf("without the right to take over: %v", err)
	}
	if err := takeOut(takesOver); err != nil {
		t.Fatal(err)
	}
	run := w.kept("taken over", names, "Sales, the source AAD: b")
	if entry := w.said(run, sales); entry.Action != plan.Fail || !strings.Contains(entry.Reason.Text, "managed by the source AAD") {
		t.Errorf("%s %+v", entry.Action, entry.Reason)
	}
	w.join(sales, p...)
	w.kept("somebody joined in Entra", names, "Sales, the source AAD: b")
	if _, err := w.dir.LetGoGroup(t.Context(), w.org, group.ID); err != nil {
		t.Fatal(err)
	}
	w.kept("let go", names, "Sales, ours: a b")
}

func TestWhoIsDeletedByASourceIsCreatedAgainWhileHeIsInScope(t *testing.T) {
	w := newWorld(t, 30)
	p := w.someone(1)
	w.good(engine.Incremental)
	ada := w.linked(p[0])
	if err := w.dir.RemoveUserIf(t.Context(), w.org, ada.ID, takesOver, func(directory.User) error { return nil }); err != nil {
		t.Fatal(err)
	}
	w.good(engine.Incremental)
	if again := w.linked(p[0]); again.ID == ada.ID || again.Owner != w.instance.ID {
		t.Errorf("%+v", again)
	}
}
