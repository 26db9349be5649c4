package directory_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// administrator makes one of the organization, zero for the server.
func (w *world) administrator(org ident.ID, role directory.Role) directory.Administrator {
	w.Helper()
	administrator, err := w.CreateAdministrator(w.Context(), org, "Ada", role)
	if err != nil {
		w.Fatal(err)
	}
	return administrator
}

// bearer is a token of the administrator, as it is when he has signed in.
func bearer(a directory.Administrator) directory.Token {
	return directory.Token{OrgID: a.OrgID, Role: a.Role, AdministratorID: a.ID, AdministratorRole: a.Role}
}

func (w *world) token(creator directory.Token, want directory.NewToken) (directory.Token, string) {
	w.Helper()
	token, secret, err := w.CreateToken(w.Context(), creator, want)
	if err != nil {
		w.Fatal(err)
	}
	return token, secret
}

// admits returns the token of a secret, which must be good.
func (w *world) admits(secret string) directory.Token {
	w.Helper()
	token, err := w.Authenticate(w.Context(), secret)
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// rejects checks why a secret is no good, and that nothing of its token gets out.
func (w *world) rejects(secret, code string) {
	w.Helper()
	token, err := w.Authenticate(w.Context(), secret)
	refused(w.T, err, fault.Unauthenticated, code)
	if !token.ID.IsZero() || token.Role != "" {
		w.Errorf("a token came with the refusal: %+v", token)
	}
}

func TestASecretIsShownOnceAndStoredHashed(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	token, secret := w.token(creator, directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.ReadOnlyAdministrator})
	_, other := w.token(creator, directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.ReadOnlyAdministrator})
	if !strings.HasPrefix(secret, "rc_") || len(secret) != 46 || secret == other {
		t.Errorf("the secrets are %q and %q, want different ones of 256 bits", secret, other)
	}
	if len(token.Hash) != 32 || bytes.Contains(token.Hash, []byte(secret)) {
		t.Errorf("the hash has %d bytes", len(token.Hash))
	}
	got := w.admits(secret)
	token.AdministratorRole, token.UsedAt = directory.FullAdministrator, w.now
	same(t, "authenticated", token, got)
	w.rejects(secret+"x", "UnknownToken")
	w.rejects("", "UnknownToken")
	w.rejects(string(token.Hash), "UnknownToken")
}

func TestATokenLivesAYearOrAsLongAsWasSaid(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	_, year := w.token(creator, directory.NewToken{OrgID: w.org, Name: "a year", Role: directory.FullAdministrator})
	_, hour := w.token(creator, directory.NewToken{OrgID: w.org, Name: "an hour", Role: directory.FullAdministrator, Life: time.Hour})
	w.now = w.now.Add(time.Hour - time.Microsecond)
	w.admits(hour)
	w.now = w.now.Add(time.Microsecond)
	w.rejects(hour, "ExpiredToken")
	w.now = w.now.Add(365*24*time.Hour - time.Hour - time.Microsecond)
	w.admits(year)
	w.now = w.now.Add(time.Microsecond)
	w.rejects(year, "ExpiredToken")
}

func TestARevokedTokenEndsAtOnceAndStaysAsItEnded(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	token, secret := w.token(creator, directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.FullAdministrator})
	elsewhere := w.organization("Elsewhere")
	w.silent(func() {
		refused(t, w.RevokeToken(t.Context(), elsewhere, token.ID), fault.NotFound, "UnknownToken")
		refused(t, w.RevokeToken(t.Context(), w.org, ident.New(w.now)), fault.NotFound, "UnknownToken")
	})
	w.admits(secret)
	event := w.sole(func() {
		if err := w.RevokeToken(t.Context(), w.org, token.ID); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "token.revoke", ObjectID: token.ID.String(), ObjectName: "backup",
	}, event)
	w.rejects(secret, "RevokedToken")
	ended := w.now
	w.now = w.now.Add(time.Hour)
	w.silent(func() {
		if err := w.RevokeToken(t.Context(), ident.ID{}, token.ID); err != nil {
			t.Fatal(err)
		}
	})
	tokens, err := w.ListTokens(t.Context(), w.org)
	if err != nil || len(tokens) != 1 || !tokens[0].RevokedAt.Equal(ended) {
		t.Errorf("listed %+v (%v), want one that ended at %s", tokens, err, ended)
	}
}

func TestATokenNeverHasMoreRightsThanItsAdministratorHasNow(t *testing.T) {
	w := newWorld(t)
	person := w.administrator(w.org, directory.FullAdministrator)
	_, secret := w.token(bearer(person), directory.NewToken{OrgID: w.org, Name: "all", Role: directory.FullAdministrator})
	for _, role := range []directory.Role{directory.UserAdministrator, directory.ReadOnlyAdministrator, directory.ComplianceOfficer, directory.FullAdministrator} {
		person.Role = role
		if err := w.db.SaveAdministrator(t.Context(), person); err != nil {
			t.Fatal(err)
		}
		token := w.admits(secret)
		for _, right := range rights {
			if token.May(right) != role.May(right) {
				t.Errorf("the token of a %s may %s: %v", role, right, token.May(right))
			}
		}
	}
}

func TestATokenWithoutItsAdministratorIsRefusedButAUsersGoesOn(t *testing.T) {
	w := newWorld(t)
	user := w.user("ada@example.com")
	stranger := directory.Token{OrgID: w.org, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator, AdministratorID: ident.New(w.now)}
	_, orphan := w.token(stranger, directory.NewToken{OrgID: w.org, Name: "orphan", Role: directory.FullAdministrator})
	_, users := w.token(stranger, directory.NewToken{OrgID: w.org, Name: "phone", Role: directory.DirectoryUser, UserID: user.ID})
	w.rejects(orphan, "OrphanedToken")
	token := w.admits(users)
	for _, right := range rights {
		if token.May(right) {
			t.Errorf("a user's token may %s", right)
		}
	}
}

func TestAUsersTokensAreSuspendedWithHimWorkAgainAndEndWithHim(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	ada, grace := w.managed("ada@example.com", "0a-1b"), w.user("grace@example.com")
	_, managed := w.token(creator, directory.NewToken{OrgID: w.org, Name: "phone", Role: directory.DirectoryUser, UserID: ada.ID})
	_, manual := w.token(creator, directory.NewToken{OrgID: w.org, Name: "desk", Role: directory.DirectoryUser, UserID: grace.ID})
	_, administrators := w.token(creator, directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.FullAdministrator})
	w.admits(managed)

	w.apply(change(ada, plan.Deactivate, record(attr.Active, false)))
	w.rejects(managed, "SuspendedToken")
	w.admits(manual)
	w.apply(change(w.get(ada.ID), plan.Deactivate, record(attr.UserName, "0a1bada@example.com", attr.DeletedAt, "2026-11-23T08:00:00Z")))
	w.rejects(managed, "SuspendedToken")
	w.apply(change(w.get(ada.ID), plan.Reactivate, record(attr.Active, true, attr.UserName, "ada@example.com", attr.DeletedAt, nil)))
	w.admits(managed)

	w.apply(change(w.get(ada.ID), plan.Delete, nil))
	w.rejects(managed, "RevokedToken")
	w.admits(manual)
	if err := w.DeleteUser(t.Context(), w.org, grace.ID); err != nil {
		t.Fatal(err)
	}
	w.rejects(manual, "RevokedToken")
	w.admits(administrators)
}

func TestWhoMayNotMakeATokenAndWhatIsNone(t *testing.T) {
	w := newWorld(t)
	elsewhere := w.organization("Elsewhere")
	ada := w.user("ada@example.com")
	full := bearer(w.administrator(w.org, directory.FullAdministrator))
	server := bearer(w.administrator(ident.ID{}, directory.FullAdministrator))
	lesser, demoted := full, full
	lesser.Role, demoted.AdministratorRole = directory.UserAdministrator, directory.ReadOnlyAdministrator
	good := directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.ReadOnlyAdministrator}
	with := func(change func(*directory.NewToken)) directory.NewToken {
		want := good
		change(&want)
		return want
	}
	for _, c := range []struct {
		name    string
		creator directory.Token
		want    directory.NewToken
		kind    fault.Kind
		code    string
	}{
		{"a lesser role", lesser, good, fault.Denied, "Forbidden"},
		{"an administrator who lost the right", demoted, good, fault.Denied, "Forbidden"},
		{"for another organization", full, with(func(n *directory.NewToken) { n.OrgID = elsewhere }), fault.Denied, "Forbidden"},
		{"for the server", full, with(func(n *directory.NewToken) { n.OrgID = ident.ID{} }), fault.Denied, "Forbidden"},
		{"for nobody's organization", server, with(func(n *directory.NewToken) { n.OrgID = ident.New(w.now) }), fault.NotFound, "UnknownOrganization"},
		{"no name", full, with(func(n *directory.NewToken) { n.Name = " " }), fault.Invalid, "MissingName"},
		{"no such role", full, with(func(n *directory.NewToken) { n.Role = "king" }), fault.Invalid, "UnknownRole"},
		{"a user for an administrator's role", full, with(func(n *directory.NewToken) { n.UserID = ada.ID }), fault.Invalid, "TokenUser"},
		{"no user for a user's role", full, with(func(n *directory.NewToken) { n.Role = directory.DirectoryUser }), fault.Invalid, "TokenUser"},
		{"a life that is over", full, with(func(n *directory.NewToken) { n.Life = -time.Second }), fault.Invalid, "TokenLife"},
		{"a user who does not exist", full, with(func(n *directory.NewToken) {
			n.Role, n.UserID = directory.DirectoryUser, ident.New(w.now)
		}), fault.NotFound, "UnknownUser"},
		{"a user of another organization", server, with(func(n *directory.NewToken) {
			n.OrgID, n.Role, n.UserID = elsewhere, directory.DirectoryUser, ada.ID
		}), fault.NotFound, "UnknownUser"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.silent(func() {
				_, secret, err := w.CreateToken(t.Context(), c.creator, c.want)
				refused(t, err, c.kind, c.code)
				if secret != "" {
					t.Error("a secret came with the refusal")
				}
			})
		})
	}
	if tokens, err := w.ListTokens(t.Context(), ident.ID{}); err != nil || len(tokens) != 0 {
		t.Errorf("%d tokens are there (%v), want none", len(tokens), err)
	}
}

func TestTokensAreListedNewestFirstAndOnlyThoseOfTheOrganization(t *testing.T) {
	w := newWorld(t)
	server := bearer(w.administrator(ident.ID{}, directory.FullAdministrator))
	first, _ := w.token(server, directory.NewToken{OrgID: w.org, Name: "first", Role: directory.ReadOnlyAdministrator})
	other, _ := w.token(server, directory.NewToken{OrgID: w.organization("Elsewhere"), Name: "other", Role: directory.ReadOnlyAdministrator})
	whole, _ := w.token(server, directory.NewToken{Name: "whole", Role: directory.FullAdministrator})
	last, _ := w.token(server, directory.NewToken{OrgID: w.org, Name: "last", Role: directory.ReadOnlyAdministrator})
	for org, want := range map[ident.ID][]ident.ID{w.org: {last.ID, first.ID}, {}: {last.ID, whole.ID, other.ID, first.ID}} {
		tokens, err := w.ListTokens(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		var got []ident.ID
		for _, token := range tokens {
			got = append(got, token.ID)
		}
		same(t, "tokens of "+org.String(), want, got)
	}
}

func TestANewTokenLeavesAnEventWithoutItsSecret(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	var token directory.Token
	event := w.sole(func() {
		token, _ = w.token(creator, directory.NewToken{OrgID: w.org, Name: "backup", Role: directory.ComplianceOfficer, Life: time.Hour})
	})
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "token.create", ObjectID: token.ID.String(), ObjectName: "backup",
		After: record("role", "compliance-officer", "expiresAt", "2026-11-23T09:00:00Z"),
	}, event)
}
