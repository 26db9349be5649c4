package oauth

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

func form(pairs ...string) url.Values {
	values := url.Values{"grant_type": {"client_credentials"}}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Set(pairs[i], pairs[i+1])
	}
	return values
}

func TestAClientGetsAnAccessTokenForItsSecretInEitherPlace(t *testing.T) {
	w := newWorld(t)
	client, secret := w.client(directory.NewClient{Name: "Okta", Role: directory.SCIMWriter})
	id := client.ID.String()
	for name, c := range map[string]struct {
		form  url.Values
		edit  func(*http.Request)
		scope string
	}{
		"in the body":   {form("client_id", id, "client_secret", secret), nil, "scim:read scim:write"},
		"in the header": {form(), func(r *http.Request) { r.SetBasicAuth(id, url.QueryEscape(secret)) }, "scim:read scim:write"},
		"in the header, named in the body as well": {form("client_id", id), func(r *http.Request) { r.SetBasicAuth(id, secret) }, "scim:read scim:write"},
		"for reading": {form("client_id", id, "client_secret", secret, "scope", "scim:read"), nil, "scim:read"},
		"for both":    {form("client_id", id, "client_secret", secret, "scope", "scim:write scim:read"), nil, "scim:read scim:write"},
		"as Entra":    {form("client_id", id, "client_secret", secret, "scope", "api://x/.default"), nil, "scim:read scim:write"},
	} {
		got := w.ask(c.form, c.edit)
		if got.status != http.StatusOK || got.TokenType != "Bearer" || got.ExpiresIn != 3600 || got.Scope != c.scope {
			t.Errorf("%s: %+v", name, got)
			continue
		}
		token, err := w.directory.Authenticate(t.Context(), got.AccessToken)
		if err != nil || token.OrgID != w.org || token.May(directory.WriteSCIM) != strings.Contains(c.scope, "write") {
			t.Errorf("%s: the token is %+v, %v", name, token, err)
		}
		if strings.Contains(w.log.String(), got.AccessToken) || strings.Contains(w.log.String(), secret) {
			t.Errorf("%s: a secret is in the log", name)
		}
	}
}

func TestABadRequestGetsTheErrorOfTheRFC(t *testing.T) {
	w := newWorld(t)
	client, secret := w.client(directory.NewClient{Name: "Okta", Role: directory.SCIMReader})
	id := client.ID.String()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	twice := form("client_id", id, "client_secret", secret)
	twice.Add("client_id", id)
	for name, c := range map[string]struct {
		form   url.Values
		edit   func(*http.Request)
		status int
		want   string
	}{
		"another grant":          {url.Values{"grant_type": {"password"}}, nil, 400, "unsupported_grant_type"},
		"no grant":               {url.Values{}, nil, 400, "unsupported_grant_type"},
		"no client":              {form("client_secret", secret), nil, 400, "invalid_request"},
		"no proof":               {form("client_id", id), nil, 401, "invalid_client"},
		"an empty secret":        {form("client_id", id, "client_secret", ""), nil, 401, "invalid_client"},
		"a wrong secret":         {form("client_id", id, "client_secret", secret+"x"), nil, 401, "invalid_client"},
		"an unknown client":      {form("client_id", ident.New(w.now).String(), "client_secret", secret), nil, 401, "invalid_client"},
		"no client's id":         {form("client_id", "Okta", "client_secret", secret), nil, 401, "invalid_client"},
		"two proofs":             {form("client_id", id, "client_secret", secret, "client_assertion_type", jwtBearer, "client_assertion", "x"), nil, 400, "invalid_request"},
		"another assertion":      {form("client_id", id, "client_assertion_type", "saml", "client_assertion", "x"), nil, 400, "invalid_request"},
		"an untyped assertion":   {form("client_id", id, "client_assertion", "x"), nil, 400, "invalid_request"},
		"an assertion for none":  {form("client_id", id, "client_assertion_type", jwtBearer, "client_assertion", "x"), nil, 401, "invalid_client"},
		"too much":               {form("client_id", id, "client_secret", secret, "scope", "scim:write"), nil, 400, "invalid_scope"},
		"an unknown scope":       {form("client_id", id, "client_secret", secret, "scope", "openid"), nil, 400, "invalid_scope"},
		"a parameter twice":      {twice, nil, 400, "invalid_request"},
		"JSON":                   {form(), header("Content-Type", "application/json"), 400, "invalid_request"},
		"a bearer":               {form("client_id", id), header("Authorization", "Bearer x"), 400, "invalid_request"},
		"another in the header":  {form("client_id", ident.New(w.now).String()), func(r *http.Request) { r.SetBasicAuth(id, secret) }, 400, "invalid_request"},
		"a wrong one in it":      {form(), func(r *http.Request) { r.SetBasicAuth(id, "x") }, 401, "invalid_client"},
		"GET":                    {form(), func(r *http.Request) { r.Method = http.MethodGet }, 405, "invalid_method"},
		"more than a form holds": {form("x", strings.Repeat("x", maxBody)), nil, 400, "invalid_request"},
	} {
		w.now = w.now.Add(time.Second)
		got := w.ask(c.form, c.edit)
		if got.status != c.status || got.Error != c.want || got.Description == "" || got.AccessToken != "" {
			t.Errorf("%s: %d %+v, want %d %s", name, got.status, got.failure, c.status, c.want)
		}
		if challenge := got.header.Get("WWW-Authenticate") != ""; challenge != (name == "a wrong one in it") {
			t.Errorf("%s: the challenge is %q", name, got.header.Get("WWW-Authenticate"))
		}
		if strings.Contains(got.Description, secret) {
			t.Errorf("%s: the secret is told: %s", name, got.Description)
		}
	}
}

func TestAnAddressThatAsksTooOftenIsToldToWait(t *testing.T) {
	w := newWorld(t)
	client, secret := w.client(directory.NewClient{Name: "Okta", Role: directory.SCIMReader})
	asked := form("client_id", client.ID.String(), "client_secret", secret)
	for i := range attempts {
		if got := w.ask(asked, nil); got.status != http.StatusOK {
			t.Fatalf("request %d: %+v", i, got)
		}
	}
	refused := w.ask(asked, nil)
	seconds, err := strconv.Atoi(refused.header.Get("Retry-After"))
	if refused.status != http.StatusTooManyRequests || err != nil || seconds != 1 {
		t.Errorf("%+v, %v", refused, err)
	}
	if got := w.ask(asked, func(r *http.Request) { r.RemoteAddr = "198.51.100.7:1" }); got.status != http.StatusOK {
		t.Errorf("another address: %+v", got)
	}
	w.now = w.now.Add(time.Duration(seconds) * time.Second)
	if got := w.ask(asked, nil); got.status != http.StatusOK {
		t.Errorf("after waiting: %+v", got)
	}
}
