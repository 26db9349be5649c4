package directory_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

func TestAUserMadeByHandIsActiveUnmanagedAndKeptAsGiven(t *testing.T) {
	w := newWorld(t)
	user := w.user("Ada@example.com", attr.DisplayName, "Ada", "nickName", nil)
	want := directory.User{
		OrgID: w.org, ID: user.ID, Origin: "Manual", Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
		Attributes: record(attr.Active, true, attr.UserName, "Ada@example.com", attr.DisplayName, "Ada"),
	}
	same(t, "returned", want, user)
	same(t, "stored", want, w.get(user.ID))
}

func TestPathsAreStoredInOneSpelling(t *testing.T) {
	w := newWorld(t)
	user, err := w.CreateUser(t.Context(), w.org, record(
		"USERNAME", "ada@example.com", "Name.FAMILYNAME", "Lovelace", `ADDRESSES[Type EQ "work"].Country`, "GB",
		strings.ToUpper(attr.EnterpriseUser)+":department", "Engines", "urn:example:Custom:Size", "L"))
	if err != nil {
		t.Fatal(err)
	}
	want := record(attr.Active, true, attr.UserName, "ada@example.com", "name.familyName", "Lovelace",
		`addresses[type eq "work"].country`, "GB", attr.EnterpriseUser+":department", "Engines", "urn:example:Custom:Size", "L")
	same(t, "created", want, w.get(user.ID).Attributes)

	if _, err := w.ChangeUser(t.Context(), w.org, user.ID, record("NAME.familyname", nil, `Addresses[type eq "work"].country`, "FR"), 0); err != nil {
		t.Fatal(err)
	}
	want.Delete("name.familyName")
	want.Set(`addresses[type eq "work"].country`, "FR")
	same(t, "changed", want, w.get(user.ID).Attributes)
}

func TestWhatNoUserMayHaveIsRefused(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	for _, c := range []struct {
		name  string
		path  string
		value any
		code  string
	}{
		{"a path that is none", "name..familyName", "x", "BadPath"},
		{"a blank name", attr.UserName, "  ", "MissingUserName"},
		{"a number as name", attr.UserName, 5.0, "BadValue"},
		{"a name with a control character", attr.UserName, "a\x01@example.com", "BadValue"},
		{"a name that is too long", attr.UserName, strings.Repeat("é", 255), "ValueTooLong"},
		{"a display name that is a number", attr.DisplayName, 5.0, "BadValue"},
		{"active as a word", attr.Active, "true", "BadValue"},
		{"the date of the recycle bin", "DeletedAt", "2026-11-23T08:00:00Z", "ReadOnly"},
		{"an id", "id", "1", "ReadOnly"},
		{"a password", "password", "secret", "NoPasswords"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.silent(func() {
				fresh := record(attr.UserName, "grace@example.com")
				fresh.Set(c.path, c.value)
				_, err := w.CreateUser(t.Context(), w.org, fresh)
				refused(t, err, fault.Invalid, c.code)
				_, err = w.ChangeUser(t.Context(), w.org, ada.ID, record(c.path, c.value), 0)
				refused(t, err, fault.Invalid, c.code)
			})
		})
	}
	_, err := w.CreateUser(t.Context(), w.org, record(attr.DisplayName, "Nobody"))
	refused(t, err, fault.Invalid, "MissingUserName")
	for _, path := range []string{attr.UserName, attr.Active} {
		_, err := w.ChangeUser(t.Context(), w.org, ada.ID, record(path, nil), 0)
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("removing %s gives %v, want it refused", path, err)
		}
	}
	same(t, "the user", ada, w.get(ada.ID))
}

func TestANameOfTheLongestLengthIsKept(t *testing.T) {
	w := newWorld(t)
	name := strings.Repeat("é", 254)
	if got := w.get(w.user(name).ID).Name(); got != name {
		t.Errorf("the name is %q", got)
	}
}

func TestANameEqualButForCaseOrUnicodeFormIsTakenAndTheHolderNamed(t *testing.T) {
	w := newWorld(t)
	holder := w.user("jos\u00e9.STRASSE@example.com", attr.DisplayName, "José Straße")
	other := w.user("grace@example.com")
	for _, name := range []string{
		"jos\u00e9.STRASSE@example.com", "JOS\u00c9.strasse@EXAMPLE.com", "jose\u0301.stra\u00dfe@example.com", " jos\u00e9.strasse@example.com ",
	} {
		w.silent(func() {
			_, err := w.CreateUser(t.Context(), w.org, record(attr.UserName, name))
			refused(t, err, fault.Conflict, "NameHeld", "José Straße <jos\u00e9.STRASSE@example.com>", holder.ID.String())
			_, err = w.ChangeUser(t.Context(), w.org, other.ID, record(attr.UserName, name), 0)
			refused(t, err, fault.Conflict, "NameHeld", holder.ID.String())
		})
	}
	elsewhere := w.organization("Elsewhere")
	if _, err := w.CreateUser(t.Context(), elsewhere, record(attr.UserName, holder.Name())); err != nil {
		t.Errorf("names of another organization are taken too: %v", err)
	}
}

func TestAChangeOfCaseIsAChangeAndKeepsTheName(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	changed, err := w.ChangeUser(t.Context(), w.org, ada.ID, record(attr.UserName, "Ada@Example.com"), ada.Version)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.get(ada.ID); got.Name() != "Ada@Example.com" || got.Version != 2 || changed.Version != 2 {
		t.Errorf("stored %s at version %d, returned version %d", got.Name(), got.Version, changed.Version)
	}
	_, err = w.CreateUser(t.Context(), w.org, record(attr.UserName, "ADA@example.com"))
	refused(t, err, fault.Conflict, "NameHeld")
}

func TestAFreedNameCanBeTaken(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	if _, err := w.ChangeUser(t.Context(), w.org, ada.ID, record(attr.UserName, "lovelace@example.com"), 0); err != nil {
		t.Fatal(err)
	}
	heir := w.user("ada@example.com")
	if err := w.DeleteUser(t.Context(), w.org, heir.ID); err != nil {
		t.Fatal(err)
	}
	w.user("ADA@example.com")
}

func TestAChangePlannedOnAnOlderVersionIsRefused(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	if _, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Analyst"), 1); err != nil {
		t.Fatal(err)
	}
	w.silent(func() {
		_, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Countess"), 1)
		refused(t, err, fault.Stale, "VersionMismatch", "ada@example.com", "Read it again")
	})
	if got := w.get(ada.ID).Attributes.Text("title"); got != "Analyst" {
		t.Errorf("the title is %s", got)
	}
}

func TestAChangeThatChangesNothingWritesNothing(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com", "title", "Analyst")
	w.silent(func() {
		got, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Analyst", "nickName", nil), 0)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "returned", ada, got)
	})
	same(t, "stored", ada, w.get(ada.ID))
}

func TestAManagedUserIsReadOnlyAndTheRefusalNamesTheOwner(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", "0a1b")
	owned := directory.NewService(named{w.db}, w.clock, directory.Retention{})
	w.silent(func() {
		_, err := owned.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Analyst"), 0)
		refused(t, err, fault.Conflict, "Managed", "ada@example.com is managed by Contoso sync")
		refused(t, owned.DeleteUser(t.Context(), w.org, ada.ID), fault.Conflict, "Managed", "Contoso sync")
	})
	same(t, "the user", ada, w.get(ada.ID))

	w.apply(change(ada, plan.Release, nil))
	if _, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Analyst"), 0); err != nil {
		t.Errorf("nobody manages the user any more, and the change fails: %v", err)
	}
}

// named is a store in which the instance that owns users has a name.
type named struct{ directory.Store }

func (n named) UsersByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]directory.User, error) {
	users, err := n.Store.UsersByID(ctx, org, ids)
	for i := range users {
		users[i].OwnerName = "Contoso sync"
	}
	return users, err
}

func TestAUserLeftInTheBinByHisInstanceCanBeBroughtBackByHand(t *testing.T) {
	w := newWorld(t)
	ada := w.managed("ada@example.com", "0a-1b")
	w.apply(change(ada, plan.Deactivate, record(attr.Active, false, attr.UserName, "0a1bada@example.com", attr.DeletedAt, "2026-11-20T08:00:00Z")))
	w.apply(change(w.get(ada.ID), plan.Release, nil))

	got, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "Analyst"), 0)
	if err != nil {
		t.Fatal(err)
	}
	if got.DeletedAt().IsZero() {
		t.Error("another change took the user out of the bin")
	}
	got, err = w.ChangeUser(t.Context(), w.org, ada.ID, record(attr.UserName, "ada@example.com", attr.Active, true), 0)
	if err != nil {
		t.Fatal(err)
	}
	if !got.Active() || got.Name() != "ada@example.com" || !got.DeletedAt().IsZero() {
		t.Errorf("the user is %v", got.Attributes)
	}
	if bin, err := w.ListUsers(t.Context(), w.org, directory.UserQuery{Deleted: true, Limit: 10}); err != nil || len(bin) != 0 {
		t.Errorf("the bin holds %d users (%v), want none", len(bin), err)
	}
}

func TestNobodyIsFoundOrChangedInAnotherOrganization(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	elsewhere := w.organization("Elsewhere")
	_, err := w.User(t.Context(), elsewhere, ada.ID)
	refused(t, err, fault.NotFound, "UnknownUser", ada.ID.String())
	_, err = w.ChangeUser(t.Context(), elsewhere, ada.ID, record("title", "x"), 0)
	refused(t, err, fault.NotFound, "UnknownUser")
	refused(t, w.DeleteUser(t.Context(), elsewhere, ada.ID), fault.NotFound, "UnknownUser")
	_, err = w.CreateUser(t.Context(), ident.New(w.now), record(attr.UserName, "x@example.com"))
	refused(t, err, fault.NotFound, "UnknownOrganization")
}

func TestEventsSayWhoFromWhereWhatBeforeAndAfter(t *testing.T) {
	w := newWorld(t)
	actor := audit.Actor{TokenID: ident.New(w.now), Name: "backup", Address: "192.0.2.7", RequestID: "req-1"}
	ctx := audit.WithActor(t.Context(), actor)
	var ada directory.User
	created := w.sole(func() {
		var err error
		if ada, err = w.CreateUser(ctx, w.org, record(attr.UserName, "ada@example.com", "title", "Countess", "nickName", "Ada")); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "created", audit.Event{
		OrgID: w.org, At: w.now, Actor: actor, Action: "user.create", ObjectID: ada.ID.String(), ObjectName: "ada@example.com",
		After: ada.Attributes,
	}, created)

	changed := w.sole(func() {
		_, err := w.ChangeUser(ctx, w.org, ada.ID, record(
			attr.UserName, "lovelace@example.com", "title", "Countess", "nickName", nil, "locale", "en"), 0)
		if err != nil {
			t.Fatal(err)
		}
	})
	same(t, "changed", audit.Event{
		OrgID: w.org, At: w.now, Actor: actor, Action: "user.change", ObjectID: ada.ID.String(), ObjectName: "ada@example.com",
		Before: record(attr.UserName, "ada@example.com", "nickName", "Ada", "locale", nil),
		After:  record(attr.UserName, "lovelace@example.com", "nickName", nil, "locale", "en"),
	}, changed)

	last := w.get(ada.ID)
	deleted := w.sole(func() {
		if err := w.DeleteUser(ctx, w.org, ada.ID); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "deleted", audit.Event{
		OrgID: w.org, At: w.now, Actor: actor, Action: "user.delete", ObjectID: ada.ID.String(), ObjectName: "lovelace@example.com",
		Before: last.Attributes,
	}, deleted)
}

func TestAWriteWithoutItsEventDoesNotHappen(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	broken := directory.NewService(brokenLog{w.db}, w.clock, directory.Retention{})
	_, created := broken.CreateUser(t.Context(), w.org, record(attr.UserName, "grace@example.com"))
	_, changed := broken.ChangeUser(t.Context(), w.org, ada.ID, record("title", "x"), 0)
	_, domain := broken.AddDomain(t.Context(), w.org, "example.com")
	for i, err := range []error{created, changed, domain, broken.DeleteUser(t.Context(), w.org, ada.ID)} {
		if !errors.Is(err, errBroken) {
			t.Errorf("write %d gives %v, want the failure of the log", i, err)
		}
	}
	users, err := w.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "users", []directory.User{ada}, users)
	archived, err := w.ListArchived(t.Context(), w.org, "", ident.ID{}, 10)
	if err != nil || len(archived) != 0 {
		t.Errorf("%d copies are in the archive (%v), want none", len(archived), err)
	}
	domains, err := w.Domains(t.Context(), w.org)
	if err != nil || len(domains) != 0 {
		t.Errorf("%d domains are there (%v), want none", len(domains), err)
	}
}

func TestOfManyWhoWantANameAtTheSameTimeOneGetsIt(t *testing.T) {
	w := newWorld(t)
	start := make(chan struct{})
	errs := make([]error, 16)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			<-start
			_, errs[i] = w.CreateUser(t.Context(), w.org, record(attr.UserName, "ada@example.com"))
		})
	}
	close(start)
	group.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		refused(t, err, fault.Conflict, "NameHeld")
	}
	users, err := w.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 20})
	if won != 1 || err != nil || len(users) != 1 {
		t.Errorf("%d won and %d users are there (%v), want one", won, len(users), err)
	}
}

func TestThoseWhoWaitForANameOrAUserAreTold(t *testing.T) {
	w := newWorld(t)
	ada := w.user("Ada@example.com")
	type told struct {
		Names []string
		Users []ident.ID
	}
	var got []told
	w.OnRelease(func(_ context.Context, org ident.ID, names []string, users []ident.ID) error {
		if org != w.org {
			t.Errorf("told about the organization %s", org)
		}
		got = append(got, told{names, users})
		return nil
	})
	for _, partial := range []attr.Record{record("title", "x"), record(attr.UserName, "ADA@example.com"), record(attr.UserName, "lovelace@example.com")} {
		if _, err := w.ChangeUser(t.Context(), w.org, ada.ID, partial, 0); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.DeleteUser(t.Context(), w.org, ada.ID); err != nil {
		t.Fatal(err)
	}
	same(t, "told", []told{
		{nil, []ident.ID{ada.ID}},
		{nil, []ident.ID{ada.ID}},
		{[]string{"ada@example.com"}, []ident.ID{ada.ID}},
		{[]string{"lovelace@example.com"}, []ident.ID{ada.ID}},
	}, got)
}

func TestAWriteOfWhichTheWaitingCannotBeToldDoesNotHappen(t *testing.T) {
	w := newWorld(t)
	ada := w.user("ada@example.com")
	w.OnRelease(func(context.Context, ident.ID, []string, []ident.ID) error { return errBroken })
	w.silent(func() {
		if _, err := w.ChangeUser(t.Context(), w.org, ada.ID, record("title", "x"), 0); !errors.Is(err, errBroken) {
			t.Errorf("the change gives %v", err)
		}
		if err := w.DeleteUser(t.Context(), w.org, ada.ID); !errors.Is(err, errBroken) {
			t.Errorf("the removal gives %v", err)
		}
	})
	same(t, "the user", ada, w.get(ada.ID))
}
