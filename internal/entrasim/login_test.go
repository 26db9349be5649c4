package entrasim_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func TestAWrongTokenRequestIsRefusedWithTheCodeOfEntra(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	tenant := c.sim("GET", "/sim/tenant", nil, 200)
	id, secret := tenant.text("client_id"), tenant.text("client_secret")
	own := "/" + tenant.text("tenant_id")
	good := "https://graph.microsoft.com/.default"
	const grant = "client_credentials"
	for _, tt := range []struct {
		name, path, body, code string
		status                 int
		aadsts                 float64
	}{
		{"unknown tenant", "/11111111-2222-4333-8444-555555555555", form("grant_type", grant, "client_id", id, "client_secret", secret, "scope", good), "invalid_request", 400, 90002},
		{"no grant", own, form("client_id", id), "invalid_request", 400, 900144},
		{"other grant", own, form("grant_type", "password", "client_id", id), "unsupported_grant_type", 400, 70003},
		{"unknown client", own, form("grant_type", grant, "client_id", "x", "client_secret", secret, "scope", good), "unauthorized_client", 400, 700016},
		{"bad scope", own, form("grant_type", grant, "client_id", id, "client_secret", secret, "scope", "User.Read.All"), "invalid_scope", 400, 70011},
		{"scope of another host", own, form("grant_type", grant, "client_id", id, "client_secret", secret, "scope", "https://other.example/.default"), "invalid_scope", 400, 70011},
		{"no secret", own, form("grant_type", grant, "client_id", id, "scope", good), "invalid_client", 401, 7000216},
		{"wrong secret", own, form("grant_type", grant, "client_id", id, "client_secret", "no", "scope", good), "invalid_client", 401, 7000215},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := c.do("POST", tt.path+"/oauth2/v2.0/token", tt.body, "Content-Type", "application/x-www-form-urlencoded")
			codes, _ := a.body["error_codes"].([]any)
			if a.status != tt.status || a.body.text("error") != tt.code || len(codes) != 1 || codes[0] != tt.aadsts {
				t.Errorf("got %d %s", a.status, a.raw)
			}
			for _, k := range []string{"error_description", "timestamp", "trace_id", "correlation_id", "error_uri"} {
				if a.body.text(k) == "" {
					t.Errorf("%s is missing: %s", k, a.raw)
				}
			}
			if !strings.HasPrefix(a.body.text("error_description"), "AADSTS") {
				t.Errorf("description %q", a.body.text("error_description"))
			}
		})
	}
}

func TestATokenIsIssuedToFormAndBasicAndForEveryNameOfTheTenant(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	tenant := c.sim("GET", "/sim/tenant", nil, 200)
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(tenant.text("client_id")+":"+url.QueryEscape(tenant.text("client_secret"))))
	for _, name := range []string{tenant.text("tenant_id"), "contoso.example", "contoso.onmicrosoft.example"} {
		a := c.do("POST", "/"+name+"/oauth2/v2.0/token", form("grant_type", "client_credentials", "scope", c.base+"/.default"),
			"Content-Type", "application/x-www-form-urlencoded", "Authorization", basic)
		if a.status != 200 || a.body.text("token_type") != "Bearer" || a.body["expires_in"] != 3599.0 {
			t.Errorf("%s: %d %s", name, a.status, a.raw)
		}
	}
}

func TestDiscoveryNamesAddressesThatAnswer(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	tenant := c.sim("GET", "/sim/tenant", nil, 200).text("tenant_id")
	d := c.get("/" + tenant + "/v2.0/.well-known/openid-configuration")
	if want := c.base + "/" + tenant + "/v2.0"; d.text("issuer") != want {
		t.Errorf("issuer %q, want %q", d.text("issuer"), want)
	}
	keys := c.get(d.text("jwks_uri")).list("keys")
	if len(keys) != 1 || keys[0].text("kty") != "RSA" || keys[0].text("use") != "sig" || keys[0].text("kid") == "" {
		t.Errorf("keys %v", keys)
	}
	if a := c.do("GET", "/other.example/v2.0/.well-known/openid-configuration", nil); a.status != 400 || a.body.text("error") != "invalid_tenant" {
		t.Errorf("other tenant: %d %s", a.status, a.raw)
	}
}

func TestGraphRefusesATokenThatIsMissingForgedOrTooOld(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	good := c.token
	for _, token := range []string{"", "x.y.z", good[:len(good)-4] + "AAAA"} {
		c.token = token
		a := c.do("GET", "/v1.0/users", nil)
		if a.status != 401 || a.body.object("error").text("code") != "InvalidAuthenticationToken" {
			t.Errorf("token %.10q: %d %s", token, a.status, a.raw)
		}
	}
	c.token = good
	c.get("/v1.0/users")
	c.sim("POST", "/sim/clock", object{"advance": "1h"}, 200)
	if a := c.do("GET", "/v1.0/users", nil); a.status != 401 {
		t.Errorf("after an hour: %d", a.status)
	}
	c.login()
	c.get("/v1.0/users")
}

func TestAnExpiredSecretAndARevokedConsentAreToldApart(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	body := form("grant_type", "client_credentials", "client_id", s.ClientID, "client_secret", s.ClientSecret, "scope", "https://graph.microsoft.com/.default")
	token := func() answer {
		return c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", body, "Content-Type", "application/x-www-form-urlencoded")
	}
	c.sim("POST", "/sim/secret/expire", nil, 200)
	if a := token(); a.status != 401 || cmp.Diff([]any{7000222.0}, a.body["error_codes"]) != "" {
		t.Errorf("expired secret: %d %s", a.status, a.raw)
	}
	c.get("/v1.0/users") // the token lives on
	c.sim("POST", "/sim/secret/restore", nil, 200)

	c.sim("POST", "/sim/consent/revoke", nil, 200)
	c.token = token().body.text("access_token")
	if a := c.do("GET", "/v1.0/users", nil); a.status != 403 || a.body.object("error").text("code") != "Authorization_RequestDenied" {
		t.Errorf("no consent: %d %s", a.status, a.raw)
	}
	c.sim("POST", "/sim/consent/grant", nil, 200)
	if a := c.do("GET", "/v1.0/users", nil); a.status != 403 {
		t.Errorf("a token issued without roles works: %d", a.status)
	}
	c.token = token().body.text("access_token")
	c.get("/v1.0/users")
}

func TestAnApplicationCanBeRemovedAndRestored(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	body := form("grant_type", "client_credentials", "client_id", s.ClientID, "client_secret", s.ClientSecret, "scope", "https://graph.microsoft.com/.default")
	token := func() answer {
		return c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", body, "Content-Type", "application/x-www-form-urlencoded")
	}
	c.sim("POST", "/sim/app/remove", nil, 200)
	if app := c.sim("GET", "/sim/app", nil, 200); app["app_removed"] != true || app["secret_expired"] != false || app["lag"] != "0s" {
		t.Errorf("the application stands so: %v", app)
	}
	if a := token(); a.status != 400 || cmp.Diff([]any{700016.0}, a.body["error_codes"]) != "" {
		t.Errorf("token: %d %s", a.status, a.raw)
	}
	if a := c.do("GET", "/v1.0/users", nil); a.status != 401 || a.body.object("error").text("code") != "Authorization_IdentityNotFound" {
		t.Errorf("users: %d %s", a.status, a.raw)
	}
	c.sim("POST", "/sim/app/restore", nil, 200)
	c.get("/v1.0/users")
	if a := token(); a.status != 200 {
		t.Errorf("token after the restore: %d %s", a.status, a.raw)
	}
}

func TestHTTPSIsTrustedThroughItsOwnAuthority(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(c.do("GET", "/sim/ca.pem", nil).raw)) {
		t.Fatal("no certificate in /sim/ca.pem")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.HTTPSURL()+"/"+s.TenantID+"/v2.0/.well-known/openid-configuration", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		t.Errorf("status %d", res.StatusCode)
	}
}

func TestATenantSignsWithTheKeyThatItIsGiven(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := start(t, &entrasim.Server{Users: 10, SigningKey: key})
		token, err := jwt.ParseSigned(c.token, []jose.SignatureAlgorithm{jose.RS256})
		if err != nil {
			t.Fatal(err)
		}
		if err := token.Claims(key.Public(), &jwt.Claims{}); err != nil {
			t.Error(err)
		}
		c.get("/v1.0/users")
	}
}
