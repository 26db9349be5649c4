package oauth

import (
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/entrasim"
)

func TestAnAssertionThatATenantSignsLetsItsProvisioningServiceIn(t *testing.T) {
	w := newWorld(t)
	w.now = time.Now().UTC() // the tenant's clock
	simulated := &entrasim.Server{Users: 1}
	login := httptest.NewTLSServer(simulated)
	t.Cleanup(login.Close)
	tenant := simulated.Tenant()
	roots := x509.NewCertPool()
	roots.AddCert(login.Certificate())
	w.handler = New(Config{
		Directory: w.directory, Logger: w.logger, Metrics: w, Now: w.clock, Machine: w.clock,
		Keys: Guarded([]string{login.Listener.Addr().String()}, roots),
	})
	response, err := login.Client().PostForm(login.URL+"/"+tenant.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {tenant.ClientID}, "client_secret": {tenant.ClientSecret},
		"scope": {"https://graph.microsoft.com/.default"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var signed struct {
		Assertion string `json:"access_token"`
	}
	if err := json.NewDecoder(response.Body).Decode(&signed); err != nil || signed.Assertion == "" {
		t.Fatalf("%s: %v", response.Status, err)
	}
	register := func(subject string) directory.Client {
		t.Helper()
		client, _ := w.client(directory.NewClient{Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD, Federation: directory.Federation{
			Issuer: "https://sts.windows.net/" + tenant.TenantID + "/", Subject: subject, Audience: "https://graph.microsoft.com",
			KeysURL: login.URL + "/" + tenant.TenantID + "/discovery/v2.0/keys",
		}})
		return client
	}
	if got := w.assert(register(tenant.ClientID), signed.Assertion); got.status != http.StatusOK || got.Scope != "scim:read scim:write" {
		t.Errorf("%d %+v", got.status, got.failure)
	}
	if got := w.assert(register("another application"), signed.Assertion); got.status != http.StatusUnauthorized {
		t.Errorf("another application of the tenant: %d", got.status)
	}
}
