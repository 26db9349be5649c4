package oauth

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"rollcall/internal/directory"
)

func TestWhatTheIssuerSignedForAClientLetsItIn(t *testing.T) {
	w := newWorld(t)
	client := w.federated()
	got := w.assert(client, w.issuer.good("one", w.now))
	if got.status != http.StatusOK {
		t.Fatalf("%d %+v", got.status, got.failure)
	}
	if token, err := w.directory.Authenticate(t.Context(), got.AccessToken); err != nil || token.ClientID != client.ID {
		t.Errorf("the token is %+v, %v", token, err)
	}
	unnamed := w.issuer.sign(jose.ES256, w.issuer.keys["one"], "", w.issuer.claims(w.now))
	if got := w.assert(client, unnamed); got.status != http.StatusOK {
		t.Errorf("an assertion that does not name its key: %d %+v", got.status, got.failure)
	}
	if w.issuer.fetches != 1 {
		t.Errorf("the keys were fetched %d times", w.issuer.fetches)
	}
	direct, _ := w.client(directory.NewClient{Name: "Direct", Role: directory.SCIMReader, Federation: directory.Federation{
		Issuer: w.issuer.server.URL, Subject: "subject", Audience: "other", KeysURL: w.issuer.server.URL + "/keys",
	}})
	if got := w.assert(direct, w.issuer.good("one", w.now)); got.status != http.StatusOK || got.Scope != "scim:read" {
		t.Errorf("with the address of the keys: %d %+v", got.status, got)
	}
}

func TestAnAssertionThatIsNotForTheClientIsRefused(t *testing.T) {
	w := newWorld(t)
	client := w.federated()
	other, err := w.directory.AuthenticateClient(t.Context(), client.ID, "x")
	if err == nil {
		t.Fatalf("a client without a secret was let in: %+v", other)
	}
	stranger := newSigner(t)
	with := func(change func(*jwt.Claims)) string {
		claims := w.issuer.claims(w.now)
		change(&claims)
		return w.issuer.sign(jose.ES256, w.issuer.keys["one"], "one", claims)
	}
	good := w.issuer.good("one", w.now)
	head, rest, _ := strings.Cut(good, ".")
	for name, assertion := range map[string]string{
		"another issuer":         with(func(c *jwt.Claims) { c.Issuer = stranger.server.URL }),
		"another subject":        with(func(c *jwt.Claims) { c.Subject = "subject2" }),
		"another audience":       with(func(c *jwt.Claims) { c.Audience = jwt.Audience{"api://other"} }),
		"no audience":            with(func(c *jwt.Claims) { c.Audience = nil }),
		"without an end":         with(func(c *jwt.Claims) { c.Expiry = nil }),
		"expired":                with(func(c *jwt.Claims) { c.Expiry = jwt.NewNumericDate(w.now.Add(-leeway)) }),
		"not good yet":           with(func(c *jwt.Claims) { c.NotBefore = jwt.NewNumericDate(w.now.Add(time.Hour)) }),
		"a stranger's key":       w.issuer.sign(jose.ES256, stranger.keys["one"], "one", w.issuer.claims(w.now)),
		"a key nobody has":       w.issuer.sign(jose.ES256, stranger.keys["one"], "nobody's", w.issuer.claims(w.now)),
		"a shared secret":        w.issuer.sign(jose.HS256, []byte(strings.Repeat("k", 32)), "one", w.issuer.claims(w.now)),
		"unsigned":               "eyJhbGciOiJub25lIn0." + strings.SplitN(rest, ".", 2)[0] + ".",
		"a changed body":         head + "." + strings.SplitN(with(func(c *jwt.Claims) { c.ID = "x" }), ".", 3)[1] + "." + strings.SplitN(good, ".", 3)[2],
		"no assertion at all":    "x",
		"claims that are no map": w.issuer.sign(jose.ES256, w.issuer.keys["one"], "one", map[string]any{"aud": 1}),
	} {
		if got := w.assert(client, assertion); got.status != http.StatusUnauthorized || got.Error != "invalid_client" || got.AccessToken != "" {
			t.Errorf("%s: %d %+v", name, got.status, got)
		}
	}
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusOK {
		t.Errorf("a good one afterwards: %d %+v", got.status, got.failure)
	}
	if err := w.directory.RevokeClient(t.Context(), w.org, client.ID); err != nil {
		t.Fatal(err)
	}
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusUnauthorized {
		t.Errorf("of a revoked client: %d %+v", got.status, got)
	}
}

func TestAnIssuerIsAskedAgainForAKeyThatIsNewButNotOverAndOver(t *testing.T) {
	w := newWorld(t)
	client := w.federated()
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusOK {
		t.Fatalf("%d %+v", got.status, got.failure)
	}
	w.issuer.addKey("two")
	w.now = w.now.Add(patience)
	if got := w.assert(client, w.issuer.good("two", w.now)); got.status != http.StatusOK || w.issuer.fetches != 2 {
		t.Errorf("a new key: %d %+v after %d fetches", got.status, got.failure, w.issuer.fetches)
	}
	for range 20 {
		forged := w.issuer.sign(jose.ES256, w.issuer.keys["one"], "made up", w.issuer.claims(w.now))
		if got := w.assert(client, forged); got.status != http.StatusUnauthorized {
			t.Errorf("a key that does not exist: %d", got.status)
		}
	}
	if w.issuer.fetches != 2 {
		t.Errorf("the keys were fetched %d times", w.issuer.fetches)
	}
}

func TestKeysOutliveTheirIssuerForADay(t *testing.T) {
	w := newWorld(t)
	client := w.federated()
	w.issuer.set(func() { w.issuer.down = true })
	got := w.assert(client, w.issuer.good("one", w.now))
	if got.status != http.StatusServiceUnavailable || got.Error != "temporarily_unavailable" || got.header.Get("Retry-After") != "30" {
		t.Errorf("of an issuer that is down: %d %+v", got.status, got)
	}
	w.issuer.set(func() { w.issuer.down = false })
	w.now = w.now.Add(patience)
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusOK {
		t.Fatalf("when it is back: %d %+v", got.status, got.failure)
	}
	w.issuer.set(func() { w.issuer.down = true })
	w.now = w.now.Add(stale - time.Hour)
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusOK {
		t.Errorf("within a day: %d %+v", got.status, got.failure)
	}
	w.now = w.now.Add(time.Hour)
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusServiceUnavailable {
		t.Errorf("after a day: %d %+v", got.status, got)
	}
}

func TestADiscoveryDocumentOfSomebodyElseIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	client := w.federated()
	w.issuer.set(func() { w.issuer.named = "https://login.example" })
	if got := w.assert(client, w.issuer.good("one", w.now)); got.status != http.StatusServiceUnavailable || w.issuer.fetches != 0 {
		t.Errorf("%d %+v after %d fetches", got.status, got, w.issuer.fetches)
	}
}

func TestAnAssertionWithAnIdIsGoodOnce(t *testing.T) {
	w := newWorld(t)
	client, other := w.federated(), w.federated()
	named := func(id string) string {
		claims := w.issuer.claims(w.now)
		claims.ID = id
		return w.issuer.sign(jose.ES256, w.issuer.keys["one"], "one", claims)
	}
	first, second := named("1"), named("2")
	for _, step := range []struct {
		what, assertion string
		client          directory.Client
		want            int
	}{
		{"the first time", first, client, http.StatusOK},
		{"the second time", first, client, http.StatusUnauthorized},
		{"signed again with the same id", named("1"), client, http.StatusUnauthorized},
		{"another id", second, client, http.StatusOK},
		{"for another client", second, other, http.StatusOK},
	} {
		if got := w.assert(step.client, step.assertion); got.status != step.want {
			t.Errorf("%s: %d %+v", step.what, got.status, got.failure)
		}
	}
	w.now = w.now.Add(30 * time.Minute)
	if err := w.directory.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.assert(client, first); got.status != http.StatusUnauthorized || !strings.Contains(got.Description, "used before") {
		t.Errorf("while it would still be good: %d %+v", got.status, got.failure)
	}
	w.now = w.now.Add(2 * time.Hour)
	if err := w.directory.Expire(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.assert(client, named("1")); got.status != http.StatusOK {
		t.Errorf("an id of which the assertion has expired: %d %+v", got.status, got.failure)
	}
}
