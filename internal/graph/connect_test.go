package graph_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"
	"time"

	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func simulated(t *testing.T, change func(*graph.Config)) (*entrasim.Server, *graph.Client) {
	t.Helper()
	sim := &entrasim.Server{Users: 10}
	if err := sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	tenant := sim.Tenant()
	config := graph.Config{
		Cloud: graph.Cloud{Name: "simulated", LoginURL: sim.URL(), GraphURL: sim.URL()}, TenantID: tenant.TenantID, ClientID: tenant.ClientID,
		ClientSecret: tenant.ClientSecret, HTTP: &http.Client{}, Now: time.Now, Jitter: func() float64 { return 0 },
		Sleep: func(context.Context, time.Duration) error { return nil },
	}
	if change != nil {
		change(&config)
	}
	client, err := graph.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return sim, client
}

func control(t *testing.T, sim *entrasim.Server, path, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, sim.URL()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := new(http.Client).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s: %s", path, answer.Status)
	}
}

// sentTo is where the browser is sent from a page.
func sentTo(t *testing.T, address string) url.Values {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	sent, err := answer.Location()
	if err != nil {
		t.Fatal(err)
	}
	return sent.Query()
}

func TestWhatIsGrantedIsAskedWithANewToken(t *testing.T) {
	sim, client := simulated(t, nil)
	grant, err := client.Granted(t.Context())
	if err != nil || grant.TenantID != sim.Tenant().TenantID || grant.TenantName == "" || len(graph.Missing(grant.Permissions)) != 0 {
		t.Errorf("%+v, %v", grant, err)
	}
	control(t, sim, "/sim/consent/revoke", "")
	if _, err := client.Granted(t.Context()); fault.Of(err) == nil || fault.Of(err).Code != graph.ConsentMissing {
		t.Errorf("revoked: %v", err)
	}
	control(t, sim, "/sim/consent/grant", "")
	if _, err := client.Granted(t.Context()); err != nil {
		t.Errorf("granted again: %v", err)
	}
	control(t, sim, "/sim/app/remove", "")
	if _, err := client.Granted(t.Context()); fault.Of(err) == nil || fault.Of(err).Code != graph.ApplicationRemoved {
		t.Errorf("removed: %v", err)
	}
}

func TestWhoSignsInIsVerified(t *testing.T) {
	sim, client := simulated(t, func(c *graph.Config) { c.TenantID, c.SignInOnly = "", true })
	s := graph.SignIn{RedirectURI: "http://127.0.0.1:1/connect/callback", State: "s", Nonce: "n", Verifier: strings.Repeat("v", 43)}
	code := func() string {
		return sentTo(t, client.SignInURL(s)+"&account=alex.admin@contoso.example").Get("code")
	}
	person, err := client.Redeem(t.Context(), s, code())
	if err != nil || person.TenantID != sim.Tenant().TenantID || person.Username != "alex.admin@contoso.example" || person.ObjectID == "" {
		t.Errorf("%+v, %v", person, err)
	}
	for name, spoil := range map[string]func(*graph.SignIn){
		"nonce":    func(s *graph.SignIn) { s.Nonce = "another" },
		"verifier": func(s *graph.SignIn) { s.Verifier = strings.Repeat("w", 43) },
		"redirect": func(s *graph.SignIn) { s.RedirectURI = "http://127.0.0.1:2/connect/callback" },
	} {
		wrong, fresh := s, code()
		spoil(&wrong)
		if _, err := client.Redeem(t.Context(), wrong, fresh); !fault.Is(err, fault.Unauthenticated) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}

func TestACertificateSignsForTheApplication(t *testing.T) {
	public, text := certificate(t, 2048)
	parsed, err := graph.ParseCertificate(text)
	if err != nil || len(parsed.Thumbprint) != 40 || parsed.NotAfter.IsZero() {
		t.Fatalf("%+v, %v", parsed.Thumbprint, err)
	}
	sim, client := simulated(t, func(c *graph.Config) {
		c.ClientSecret, c.Assert = "", parsed.Assertion(c.ClientID, time.Now)
	})
	if _, err := client.Granted(t.Context()); fault.Of(err) == nil || fault.Of(err).Code != graph.CertificateUnknown {
		t.Errorf("not registered: %v", err)
	}
	body, err := json.Marshal(map[string]string{"certificate": public})
	if err != nil {
		t.Fatal(err)
	}
	control(t, sim, "/sim/certificates", string(body))
	if _, err := client.Granted(t.Context()); err != nil {
		t.Errorf("registered: %v", err)
	}
}

func TestACertificateThatEntraWouldNotTakeIsRefused(t *testing.T) {
	public, small := certificate(t, 1024)
	for name, text := range map[string]string{"nothing": "", "no key": public, "a short key": small} {
		if _, err := graph.ParseCertificate(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheRegistrationScriptIsAShellScriptWhateverTheName(t *testing.T) {
	r := graph.Registration{Name: "Ann's $(server)", RedirectURI: "https://rollcall.example/connect/callback", Cloud: "china"}
	script := r.Script()
	check := exec.CommandContext(t.Context(), "sh", "-n")
	check.Stdin = strings.NewReader(script)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if !strings.Contains(script, `'Ann'\''s $(server)'`) || !strings.Contains(script, "AzureChinaCloud") {
		t.Errorf("script %s", script)
	}
	var manifest map[string]any
	if err := json.Unmarshal([]byte(r.Manifest()), &manifest); err != nil || manifest["displayName"] != r.Name {
		t.Errorf("%v, %v", manifest, err)
	}
}

// certificate makes a certificate, and the same with its key.
func certificate(t *testing.T, bits int) (public, both string) {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	public = string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return public, public + string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}))
}
