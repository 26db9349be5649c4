package directory_test

import (
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// federation is that of a client for which Entra signs.
var federation = directory.Federation{Issuer: "https://login.example/tenant/v2.0", Subject: "subject", Audience: "api://rollcall"}

func (w *world) client(creator directory.Token, want directory.NewClient) (directory.Client, string) {
	w.Helper()
	client, secret, err := w.CreateClient(w.Context(), creator, w.org, want)
	if err != nil {
		w.Fatal(err)
	}
	return client, secret
}

func (w *world) grant(client directory.Client, scopes ...directory.Right) (directory.Token, string) {
	w.Helper()
	token, secret, err := w.GrantAccess(w.Context(), client, scopes)
	if err != nil {
		w.Fatal(err)
	}
	return token, secret
}

func TestAnAccessTokenLivesForAnHourAndMayWhatItsClientMay(t *testing.T) {
	w := newWorld(t)
	person := w.administrator(w.org, directory.FullAdministrator)
	made, secret := w.client(bearer(person), directory.NewClient{
		Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD, Profile: scim.Strict,
	})
	client, err := w.AuthenticateClient(t.Context(), made.ID, secret)
	if err != nil {
		t.Fatal(err)
	}
	all, one := w.grant(client)
	_, two := w.grant(client, directory.ReadSCIM)
	if token := w.admits(one); !token.May(directory.WriteSCIM) || !token.May(directory.ReadSCIM) || token.May(directory.ReadDirectory) ||
		token.Source != directory.SourceAAD || token.Profile != scim.Strict || token.OrgID != w.org || token.Bearer() != client.ID {
		t.Errorf("the access token is %+v", token)
	}
	if token := w.admits(two); token.May(directory.WriteSCIM) || !token.May(directory.ReadSCIM) || token.Bearer() != client.ID {
		t.Errorf("the access token that may only read is %+v", token)
	}
	w.silent(func() {
		_, _, err := w.RotateToken(t.Context(), bearer(person), w.org, all.ID, directory.Rotation{})
		refused(t, err, fault.NotFound, "UnknownToken")
		_, _, err = w.GrantAccess(t.Context(), client, []directory.Right{directory.Administer})
		refused(t, err, fault.Denied, "Scope", "administer")
	})
	person.Role = directory.ReadOnlyAdministrator
	if err := w.db.SaveAdministrator(t.Context(), person); err != nil {
		t.Fatal(err)
	}
	if w.admits(one).May(directory.WriteSCIM) {
		t.Error("the access token has more rights than the administrator has now")
	}
	w.now = w.now.Add(directory.AccessTokenLife)
	w.rejects(one, "ExpiredToken")
	w.now = w.now.Add(25 * time.Hour)
	if err := w.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.rejects(one, "UnknownToken")
}

func TestARevokedClientEndsAtOnceWithItsAccessTokens(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	client, secret := w.client(creator, directory.NewClient{Name: "Okta", Role: directory.SCIMWriter})
	client, err := w.AuthenticateClient(t.Context(), client.ID, secret)
	if err != nil {
		t.Fatal(err)
	}
	_, access := w.grant(client)
	elsewhere := w.organization("Elsewhere")
	w.silent(func() { refused(t, w.RevokeClient(t.Context(), elsewhere, client.ID), fault.NotFound, "UnknownClient") })
	w.admits(access)
	event := w.sole(func() {
		if err := w.RevokeClient(t.Context(), w.org, client.ID); err != nil {
			t.Fatal(err)
		}
	})
	same(t, "event", audit.Event{
		OrgID: w.org, At: w.now, Actor: audit.System(), Action: "client.revoke", ObjectID: client.ID.String(), ObjectName: "Okta",
	}, event)
	w.rejects(access, "RevokedToken")
	_, err = w.AuthenticateClient(t.Context(), client.ID, secret)
	refused(t, err, fault.Unauthenticated, "RevokedClient")
	_, _, err = w.GrantAccess(t.Context(), client, nil)
	refused(t, err, fault.Unauthenticated, "RevokedClient")
	_, _, err = w.RotateClient(t.Context(), creator, w.org, client.ID, directory.Rotation{})
	refused(t, err, fault.Conflict, "RevokedClient")
	w.silent(func() {
		if err := w.RevokeClient(t.Context(), ident.ID{}, client.ID); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAClientHasTwoSecretsForAWhileAndNeverThree(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	client, first := w.client(creator, directory.NewClient{Name: "Okta", Role: directory.SCIMWriter})
	good := func(secret string) {
		t.Helper()
		if _, err := w.AuthenticateClient(t.Context(), client.ID, secret); err != nil {
			t.Error(err)
		}
	}
	bad := func(secret, code string) {
		t.Helper()
		_, err := w.AuthenticateClient(t.Context(), client.ID, secret)
		refused(t, err, fault.Unauthenticated, code)
	}
	rotate := func(how directory.Rotation) string {
		t.Helper()
		w.now = w.now.Add(time.Minute)
		rotated, secret, err := w.RotateClient(t.Context(), creator, w.org, client.ID, how)
		if err != nil {
			t.Fatal(err)
		}
		if len(rotated.Secrets) > 2 {
			t.Errorf("the client has %d secrets", len(rotated.Secrets))
		}
		return secret
	}
	second := rotate(directory.Rotation{})
	good(first)
	good(second)
	third := rotate(rotation(time.Hour))
	bad(first, "WrongSecret")
	good(second)
	w.now = w.now.Add(time.Hour)
	bad(second, "ExpiredSecret")
	good(third)
	fourth := rotate(rotation(0))
	bad(third, "WrongSecret")
	good(fourth)
	kept, err := w.Client(t.Context(), w.org, client.ID)
	if err != nil || len(kept.Secrets) != 1 {
		t.Errorf("%d secrets are kept (%v), want one", len(kept.Secrets), err)
	}
}

func TestAClientForWhomAnotherSignsHasNoSecret(t *testing.T) {
	w := newWorld(t)
	creator := bearer(w.administrator(w.org, directory.FullAdministrator))
	var client directory.Client
	var secret string
	event := w.sole(func() {
		client, secret = w.client(creator, directory.NewClient{Name: "Entra", Role: directory.SCIMWriter, Federation: federation})
	})
	same(t, "what is recorded", record("role", "scim-writer", "source", "SCIM", "profile", "entra", "issuer", federation.Issuer, "subject", "subject",
		"audience", "api://rollcall"), event.After)
	if secret != "" || len(client.Secrets) != 0 {
		t.Errorf("the secret is %q", secret)
	}
	_, err := w.AuthenticateClient(t.Context(), client.ID, "")
	refused(t, err, fault.Unauthenticated, "WrongSecret")
	_, _, err = w.RotateClient(t.Context(), creator, w.org, client.ID, directory.Rotation{})
	refused(t, err, fault.Conflict, "Federation")
	clients, err := w.Clients(t.Context(), w.org)
	if err != nil || len(clients) != 1 || clients[0].Federation != federation {
		t.Errorf("listed %+v, %v", clients, err)
	}
}

func TestWhoMayNotMakeAClientAndWhatIsNone(t *testing.T) {
	w := newWorld(t)
	full := bearer(w.administrator(w.org, directory.FullAdministrator))
	lesser := full
	lesser.Role = directory.UserAdministrator
	elsewhere := bearer(w.administrator(w.organization("Elsewhere"), directory.FullAdministrator))
	with := func(change func(*directory.NewClient)) directory.NewClient {
		want := directory.NewClient{Name: "Entra", Role: directory.SCIMWriter, Federation: federation}
		change(&want)
		return want
	}
	good := with(func(*directory.NewClient) {})
	for _, c := range []struct {
		name    string
		creator directory.Token
		want    directory.NewClient
		kind    fault.Kind
		code    string
	}{
		{"a lesser role", lesser, good, fault.Denied, "Forbidden"},
		{"of another organization", elsewhere, good, fault.Denied, "Forbidden"},
		{"no name", full, with(func(n *directory.NewClient) { n.Name = " " }), fault.Invalid, "MissingName"},
		{"the role of a person", full, with(func(n *directory.NewClient) { n.Role = directory.FullAdministrator }), fault.Invalid, "UnknownRole"},
		{"a life that is over", full, with(func(n *directory.NewClient) { n.Life = -time.Second }), fault.Invalid, "TokenLife"},
		{"an unknown source", full, with(func(n *directory.NewClient) { n.Source = "LDAP" }), fault.Invalid, "UnknownSource"},
		{"no subject", full, with(func(n *directory.NewClient) { n.Federation.Subject = "" }), fault.Invalid, "Federation"},
		{"an issuer without https", full, with(func(n *directory.NewClient) { n.Federation.Issuer = "http://i.example" }), fault.Invalid, "Federation"},
		{"keys without https", full, with(func(n *directory.NewClient) { n.Federation.KeysURL = "file:///etc/passwd" }), fault.Invalid, "Federation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, secret, err := w.CreateClient(t.Context(), c.creator, w.org, c.want)
			refused(t, err, c.kind, c.code)
			if secret != "" {
				t.Error("a secret came with the refusal")
			}
		})
	}
	_, err := w.AuthenticateClient(t.Context(), ident.New(w.now), "x")
	refused(t, err, fault.Unauthenticated, "UnknownClient")
}
