package scimclient_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/scimclient"
)

func credentials(t *testing.T, server *httptest.Server, now func() time.Time) scimclient.TokenSource {
	t.Helper()
	source, err := scimclient.ClientCredentials{
		TokenURL: server.URL, ClientID: "rollcall", ClientSecret: secret, Scope: "identity:people_rw", HTTP: server.Client(), Now: now,
	}.Tokens()
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestATokenIsKeptUntilShortlyBeforeItsEnd(t *testing.T) {
	grants := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, password, _ := r.BasicAuth()
		if r.PostFormValue("grant_type") != "client_credentials" || r.PostFormValue("scope") != "identity:people_rw" || id != "rollcall" || password != secret {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		grants++
		_, _ = io.WriteString(w, `{"access_token":"`+strconv.Itoa(grants)+`","token_type":"Bearer","expires_in":3600}`)
	}))
	defer server.Close()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	source := credentials(t, server, func() time.Time { return now })
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{0, "1"}, {54 * time.Minute, "1"}, {2 * time.Minute, "2"}} {
		now = now.Add(c.after)
		if got, err := source(t.Context()); err != nil || got != c.want {
			t.Errorf("after %v: token %q, want %q, %v", c.after, got, c.want, err)
		}
	}
}

func TestCredentialsGoIntoTheFormWhereTheHeaderIsNotTaken(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_id") != "rollcall" || r.PostFormValue("client_secret") != secret {
			says(http.StatusUnauthorized, `{"error":"invalid_client"}`)(w, r)
			return
		}
		says(ok, `{"access_token":"good"}`)(w, r)
	}))
	defer server.Close()
	if got, err := credentials(t, server, time.Now)(t.Context()); got != "good" || err != nil {
		t.Errorf("token %q, %v", got, err)
	}
}

func TestATokenServiceThatRefusesIsQuotedWithoutTheSecret(t *testing.T) {
	for status, kind := range map[int]fault.Kind{
		http.StatusUnauthorized: fault.Unauthenticated, http.StatusBadGateway: fault.Unavailable, ok: fault.Unavailable,
	} {
		server := httptest.NewServer(says(status, `{"error":"no `+secret+`"}`))
		_, err := credentials(t, server, time.Now)(t.Context())
		if !fault.Is(err, kind) || strings.Contains(err.Error(), secret) {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

func TestAddressesThatASecretMustNotGoToAreRefused(t *testing.T) {
	p, _ := scimclient.ProfileNamed("generic")
	for _, address := range []string{"", "scim", "http://example.com/scim", "https://ada:pw@example.com", "https://example.com/?a=b", "ftp://example.com"} {
		_, err := scimclient.New(scimclient.Config{BaseURL: address, Profile: p, Token: scimclient.Bearer(secret), HTTP: &http.Client{}, Now: time.Now})
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", address, err)
		}
	}
}
