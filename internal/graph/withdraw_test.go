package graph_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"rollcall/internal/entrasim"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

// withdrawing signs an account in to take the consent back; action is what it does on the page of permissions.
func withdrawing(t *testing.T, client *graph.Client, account string, form url.Values) (graph.Person, error) {
	t.Helper()
	s := graph.SignIn{RedirectURI: "http://127.0.0.1:1/connect/callback", State: "s", Nonce: "n", Verifier: strings.Repeat("v", 43), ToWithdraw: true}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, client.SignInURL(s)+"&account="+account+"@contoso.example", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
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
	return client.Redeem(t.Context(), s, sent.Query().Get("code"))
}

func TestAnAdministratorOfTheTenantWithdrawsTheConsent(t *testing.T) {
	sim, client := simulated(t, nil)
	person, err := withdrawing(t, client, "alex.admin", url.Values{"action": {"accept"}, "everybody": {"true"}})
	if err != nil {
		t.Fatal(err)
	}
	nobody, err := withdrawing(t, client, "uma.user", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = client.Withdraw(t.Context(), nobody)
	if f := fault.Of(err); !fault.Is(err, fault.Denied) || f.Code != graph.WithdrawalDenied || !strings.Contains(f.Message, "uma.user@contoso.example") {
		t.Errorf("without the role: %v", err)
	}
	if _, err := client.Granted(t.Context()); err != nil {
		t.Errorf("the refusal took something back: %v", err)
	}
	// The service fails in the middle for good, and it is done again.
	control(t, sim, "/sim/faults", `{"route":"DELETE /v1.0/oauth2PermissionGrants/{id}","kind":"error","status":503}`)
	if err := client.Withdraw(t.Context(), person); !fault.Is(err, fault.Unavailable) {
		t.Errorf("while Graph is down: %v", err)
	}
	clearFaults(t, sim)
	for range 2 {
		if err := client.Withdraw(t.Context(), person); err != nil {
			t.Error(err)
		}
	}
	if _, err := client.Granted(t.Context()); fault.Of(err) == nil || fault.Of(err).Code != graph.ConsentMissing {
		t.Errorf("withdrawn: %v", err)
	}
}

func TestWhoOnlySignedInWithdrawsNothing(t *testing.T) {
	_, client := simulated(t, nil)
	if err := client.Withdraw(t.Context(), graph.Person{}); !fault.Is(err, fault.Internal) {
		t.Errorf("%v", err)
	}
}

func clearFaults(t *testing.T, sim *entrasim.Server) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodDelete, sim.URL()+"/sim/faults", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := new(http.Client).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
}
