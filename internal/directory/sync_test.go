package directory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// counted counts the calls that reach the store, by method.
type counted struct {
	directory.Store
	calls map[string]int
}

func (c counted) UsersByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.User, error) {
	c.calls["UsersByID"]++
	return c.Store.UsersByID(ctx, org, ids)
}

func (c counted) UsersByNameKey(ctx context.Context, org ident.ID, keys []string) ([]directory.User, error) {
	c.calls["UsersByNameKey"]++
	return c.Store.UsersByNameKey(ctx, org, keys)
}

func (c counted) InsertUsers(ctx context.Context, users []directory.User) error {
	c.calls["InsertUsers"]++
	return c.Store.InsertUsers(ctx, users)
}

func (c counted) UpdateUser(ctx context.Context, user directory.User, version int64) error {
	c.calls["UpdateUser"]++
	return c.Store.UpdateUser(ctx, user, version)
}

func (c counted) DeleteUsers(ctx context.Context, org ident.ID, ids []ident.ID) error {
	c.calls["DeleteUsers"]++
	return c.Store.DeleteUsers(ctx, org, ids)
}

func (c counted) SaveArchived(ctx context.Context, archived []directory.Archived) error {
	c.calls["SaveArchived"]++
	return c.Store.SaveArchived(ctx, archived)
}

func arrivals(n int) []plan.Change {
	changes := make([]plan.Change, n)
	for i := range changes {
		name := fmt.Sprintf("p%d@example.com", i)
		changes[i] = plan.Change{
			Action: plan.Create, SourceID: fmt.Sprintf("source-%d", i), ObjectID: ident.ID{0: 1, 14: byte(i >> 8), 15: byte(i)},
			After: record(attr.Active, true, attr.UserName, name), TakesName: name,
		}
	}
	return changes
}

func TestABatchOfArrivalsIsOneInsertAndABatchOfRemovalsOneDelete(t *testing.T) {
	w := newWorld(t)
	store := counted{w.db, map[string]int{}}
	service := directory.NewService(store, w.clock, directory.Retention{})
	commits := w.db.Commits()
	if _, err := service.ApplyChanges(t.Context(), w.org, w.instance, arrivals(500)); err != nil {
		t.Fatal(err)
	}
	same(t, "calls", map[string]int{"UsersByID": 1, "UsersByNameKey": 1, "InsertUsers": 1}, store.calls)
	if n := w.db.Commits() - commits; n != 1 {
		t.Errorf("%d transactions were committed, want one", n)
	}
	users, err := w.ListUsers(t.Context(), w.org, directory.UserQuery{Owner: w.instance, Limit: 1000})
	if err != nil || len(users) != 500 {
		t.Fatalf("%d users arrived (%v), want 500", len(users), err)
	}
	removals := make([]plan.Change, len(users))
	for i, user := range users {
		removals[i] = change(user, plan.Delete, nil)
	}
	clear(store.calls)
	if _, err := service.ApplyChanges(t.Context(), w.org, w.instance, removals); err != nil {
		t.Fatal(err)
	}
	same(t, "calls", map[string]int{"UsersByID": 1, "UsersByNameKey": 1, "SaveArchived": 1, "DeleteUsers": 1}, store.calls)
}

func TestWhatARunWritesLeavesNoEvents(t *testing.T) {
	w := newWorld(t)
	w.silent(func() {
		ada := w.managed("ada@example.com", "0a-1b")
		w.apply(change(ada, plan.Update, record("title", "Analyst")))
		w.apply(change(w.get(ada.ID), plan.Release, nil))
		w.apply(change(w.get(ada.ID), plan.Delete, nil))
	})
}

func TestARunsWritesCarryTimeVersionAndOrigin(t *testing.T) {
	w := newWorld(t)
	made := w.now
	ada := w.managed("ada@example.com", "0a-1b")
	if ada.Origin != "Entra" || ada.Version != 1 || !ada.CreatedAt.Equal(made) || !ada.UpdatedAt.Equal(made) {
		t.Errorf("created as %+v", ada)
	}
	w.now = w.now.AddDate(0, 0, 1)
	w.apply(change(ada, plan.Update, record("title", "Analyst")))
	if got := w.get(ada.ID); got.Version != 2 || !got.CreatedAt.Equal(made) || !got.UpdatedAt.Equal(w.now) {
		t.Errorf("updated as %+v", got)
	}
	manual := w.user("grace@example.com")
	match := change(manual, plan.Update, record(attr.ExternalID, "2c-3d"))
	match.SourceID, match.Link = "2c-3d", true
	w.apply(match)
	if got := w.get(manual.ID); got.Origin != "Manual" || got.Owner != w.instance {
		t.Errorf("matched as %+v, want the origin to stay", got)
	}
}

func TestABatchThatBreaksWritesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", "0a-1b")
	service := directory.NewService(fullDisk{w.db}, w.clock, directory.Retention{})
	results, err := service.ApplyChanges(t.Context(), w.org, w.instance,
		append([]plan.Change{change(ada, plan.Update, record("title", "Analyst"))}, arrivals(3)...))
	if !errors.Is(err, errBroken) || results != nil {
		t.Errorf("got %v and %v, want the failure only", results, err)
	}
	same(t, "the user", ada, w.get(ada.ID))
}

// fullDisk is a store that takes no new users.
type fullDisk struct{ directory.Store }

func (fullDisk) InsertUsers(context.Context, []directory.User) error { return errBroken }

func TestAChangeThatDoesNotWriteIsADefectOfTheCaller(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", "0a-1b")
	for _, action := range []plan.Action{plan.Match, plan.Skip, plan.Fail} {
		_, err := w.ApplyChanges(t.Context(), w.org, w.instance, []plan.Change{change(ada, action, record("title", "x"))})
		if err == nil || fault.KindOf(err) != fault.Internal {
			t.Errorf("%s gives %v, want an internal failure", action, err)
		}
	}
	same(t, "the user", ada, w.get(ada.ID))
}

func TestChangesOfTheSameUserFollowEachOtherInABatch(t *testing.T) {
	w := newWorld(t)
	arrival := arrivals(1)[0]
	created := directory.User{ID: arrival.ObjectID, SourceID: arrival.SourceID, Version: 1}
	w.apply(arrival, change(created, plan.Update, record("title", "Analyst")))
	if got := w.get(arrival.ObjectID); got.Version != 2 || got.Attributes.Text("title") != "Analyst" {
		t.Errorf("the user is %+v", got)
	}
	other := arrivals(2)[1]
	gone := directory.User{ID: other.ObjectID, SourceID: other.SourceID, Version: 1}
	w.apply(other, change(gone, plan.Delete, nil))
	if _, err := w.User(t.Context(), w.org, other.ObjectID); !fault.Is(err, fault.NotFound) {
		t.Errorf("the removed user gives %v", err)
	}
}

func TestTwoRunsThatWantTheSameNameAtTheSameTime(t *testing.T) {
	w := newWorld(t)
	type answer struct {
		results []directory.Result
		err     error
	}
	answers := make(chan answer)
	for range 2 {
		arrival := arrivals(1)[0]
		arrival.ObjectID = ident.New(w.now)
		instance := ident.New(w.now)
		go func() {
			results, err := w.ApplyChanges(t.Context(), w.org, instance, []plan.Change{arrival})
			answers <- answer{results, err}
		}()
	}
	applied, held := 0, 0
	for range 2 {
		a := <-answers
		switch {
		case a.err != nil:
			t.Fatal(a.err)
		case a.results[0].Applied:
			applied++
		case a.results[0].Failure != nil && a.results[0].Failure.Code == "NameHeld":
			held++
		}
	}
	if applied != 1 || held != 1 {
		t.Errorf("%d got the name and %d were told that it is held, want one each", applied, held)
	}
}

func TestParkedNamesAreGivenBackOnce(t *testing.T) {
	w := newWorld(t)
	ada, grace := w.managed("ada@example.com", "0a-1b"), w.managed("grace@example.com", "2c-3d")
	ids := []ident.ID{ada.ID, grace.ID}
	if err := w.ParkNames(t.Context(), w.org, ids); err != nil {
		t.Fatal(err)
	}
	heir := w.user("GRACE@example.com")
	for range 2 {
		if err := w.RestoreNames(t.Context(), w.org, ids); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "the one whose name was free", ada, w.get(ada.ID))
	got := w.get(grace.ID)
	if got.Version != 2 || got.Name() == grace.Name() {
		t.Errorf("the one whose name was taken is %s at version %d", got.Name(), got.Version)
	}
	for name, want := range map[string]ident.ID{"ada@example.com": ada.ID, "grace@example.com": heir.ID, got.Name(): grace.ID} {
		_, err := w.CreateUser(t.Context(), w.org, record(attr.UserName, name))
		refused(t, err, fault.Conflict, "NameHeld", want.String())
	}
}
