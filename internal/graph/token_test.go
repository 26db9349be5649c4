package graph_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestATokenIsAskedForWithTheSecretForThisCloudsGraph(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	var form map[string][]string
	n.login = func(w http.ResponseWriter, r *http.Request) {
		if err := r.ParseForm(); err != nil {
			t.Error(err)
		}
		form = r.PostForm
		_, _ = io.WriteString(w, `{"token_type":"Bearer","expires_in":"3599","access_token":"x"}`)
	}
	if _, err := n.client(t).ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"grant_type": {"client_credentials"}, "client_id": {"client"}, "client_secret": {"s3cret"}, "scope": {n.URL + "/.default"},
	}
	if diff := cmp.Diff(want, form); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
}

func TestATokenIsKeptUntilFiveMinutesBeforeItsEnd(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	client := n.client(t)
	for _, step := range []struct {
		pass   time.Duration
		tokens int
	}{{0, 1}, {54 * time.Minute, 1}, {time.Minute, 2}, {time.Hour, 3}} {
		n.pass(step.pass)
		if _, err := client.ListUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if n.tokens != step.tokens {
			t.Errorf("%v later: %d tokens, want %d", step.pass, n.tokens, step.tokens)
		}
	}
}

func TestManyWhoNeedATokenFetchOne(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	client := n.client(t)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := client.ListUsers(t.Context(), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n.tokens != 1 {
		t.Errorf("%d tokens for 20 callers", n.tokens)
	}
}

func TestATokenThatGraphRefusesIsReplacedOnce(t *testing.T) {
	only := func(accepted string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+accepted {
				status(401, graphError("InvalidAuthenticationToken", "expired"))(w, r)
				return
			}
			ok(onePage)(w, r)
		}
	}
	n := newTenant(t, only("token-2"))
	if _, err := n.client(t).ListUsers(t.Context(), nil); err != nil || n.tokens != 2 {
		t.Errorf("a good second token: %v after %d tokens", err, n.tokens)
	}
	n = newTenant(t, only("none"))
	_, err := n.client(t).ListUsers(t.Context(), nil)
	wantFault(t, err, fault.Unauthenticated, "InvalidAuthenticationToken")
	if n.tokens != 2 || len(n.waits) != 0 {
		t.Errorf("no good token: %d tokens, waits %v", n.tokens, n.waits)
	}
}

func TestAConsentThatIsGivenLaterCountsAtOnce(t *testing.T) {
	n := newTenant(t, script(status(403, graphError("Authorization_RequestDenied", "m")), ok(onePage)))
	client := n.client(t)
	_, err := client.ListUsers(t.Context(), nil)
	wantFault(t, err, fault.Denied, "PermissionMissing")
	if _, err := client.ListUsers(t.Context(), nil); err != nil || n.tokens != 2 {
		t.Errorf("the next call: %v with token %d, want the second: the first knows of no consent", err, n.tokens)
	}
}

func loginError(code string, aadsts int, message string) string {
	return fmt.Sprintf(`{"error":%q,"error_description":"AADSTS%d: %s Trace ID: trace-1 Correlation ID: c Timestamp: t","error_codes":[%d],"trace_id":"trace-1"}`, code, aadsts, message, aadsts)
}

func TestLoginErrorsAreSaidInPlainWords(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   fault.Kind
		code   string
		words  []string
	}{
		{401, loginError("invalid_client", 7000215, "Invalid client secret provided."), fault.Unauthenticated, "SecretWrong", []string{"does not know this client secret (AADSTS7000215)", "not its Secret ID"}},
		{401, loginError("invalid_client", 7000222, "m"), fault.Unauthenticated, "SecretExpired", []string{"has expired", "Create a new client secret"}},
		{400, loginError("unauthorized_client", 700016, "m"), fault.Unauthenticated, "ApplicationRemoved", []string{"does not know this application", "client id", "Never delete the app"}},
		{400, loginError("invalid_request", 90002, "m"), fault.Unauthenticated, "TenantUnknown", []string{"does not know this tenant", "tenant id"}},
		{400, loginError("invalid_grant", 50034, "m"), fault.Unauthenticated, "ApplicationRemoved", []string{"does not know this application"}},
		{400, loginError("invalid_grant", 65001, "m"), fault.Denied, "ConsentMissing", []string{"has not consented", "by itself"}},
		{400, loginError("unauthorized_client", 7000112, "m"), fault.Denied, "ApplicationDisabled", []string{"disabled"}},
		{400, loginError("invalid_grant", 53003, "m"), fault.Denied, "AccessPolicy", []string{"conditional access"}},
		{400, loginError("invalid_request", 123456, "Something new."), fault.Unauthenticated, "AADSTS123456", []string{"refuses the credentials of the connection: AADSTS123456: Something new."}},
		{400, `{"error":"invalid_client","error_description":"AADSTS7000222: m","trace_id":"trace-1"}`, fault.Unauthenticated, "SecretExpired", nil},
		{407, `<html>proxy</html>`, fault.Unavailable, "", []string{"proxy"}},
	} {
		n := newTenant(t, ok(emptyPage))
		n.login = status(c.status, c.body)
		_, err := n.client(t).ListUsers(t.Context(), nil)
		f := wantFault(t, err, c.kind, c.code)
		if c.code != "" && f.RequestID != "trace-1" || f.RequestID == "" || f.Remedy == "" {
			t.Errorf("%s: request id %q, remedy %q", c.code, f.RequestID, f.Remedy)
		}
		for _, word := range c.words {
			wantWords(t, err.Error(), word)
		}
		if n.tokens != 1 || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: asked %d times; error %q", c.code, n.tokens, err)
		}
	}
}

func TestALoginServiceThatIsBusyIsAskedAgain(t *testing.T) {
	for name, failure := range map[string]http.HandlerFunc{
		"503":             status(503, loginError("temporarily_unavailable", 90033, "transient")),
		"429":             status(429, ""),
		"200 that is not": ok(`{"token_type":"Bearer"}`),
		"no connection":   hangUp,
	} {
		n := newTenant(t, ok(onePage))
		n.login = script(failure, ok(`{"expires_in":3600,"access_token":"x"}`))
		if _, err := n.client(t).ListUsers(t.Context(), nil); err != nil || len(n.waits) != 1 {
			t.Errorf("%s: %v after waits %v", name, err, n.waits)
		}
		n.login = failure
		_, err := n.client(t).ListUsers(t.Context(), nil)
		if !fault.KindOf(err).Temporary() || fault.Of(err).RequestID == "" {
			t.Errorf("%s, four times: %v", name, err)
		}
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	good := graph.Config{
		Cloud: graph.Clouds()[0], TenantID: "contoso.example", ClientID: "c", ClientSecret: "s", HTTP: &http.Client{},
		Now: time.Now, Jitter: func() float64 { return 0 },
	}
	for _, cloud := range graph.Clouds() {
		config := good
		config.Cloud = cloud
		if _, err := graph.NewClient(config); err != nil {
			t.Errorf("%s: %v", cloud.Name, err)
		}
	}
	for _, base := range []string{"http://localhost:8481/", "http://127.0.0.2", "http://[::1]:80", "https://proxy.example/graph"} {
		config := good
		config.Cloud.GraphURL = base
		if _, err := graph.NewClient(config); err != nil {
			t.Errorf("%s: %v", base, err)
		}
	}
	for name, bad := range map[string]struct {
		change func(*graph.Config)
		kind   fault.Kind
		code   string
	}{
		"http":         {func(c *graph.Config) { c.Cloud.GraphURL = "http://graph.example" }, fault.Invalid, "InsecureURL"},
		"http login":   {func(c *graph.Config) { c.Cloud.LoginURL = "http://127.0.0.1.example" }, fault.Invalid, "InsecureURL"},
		"no address":   {func(c *graph.Config) { c.Cloud.LoginURL = "" }, fault.Invalid, "InvalidURL"},
		"password":     {func(c *graph.Config) { c.Cloud.GraphURL = "https://a:b@graph.example" }, fault.Invalid, "InvalidURL"},
		"query":        {func(c *graph.Config) { c.Cloud.GraphURL = "https://graph.example?x" }, fault.Invalid, "InvalidURL"},
		"no tenant":    {func(c *graph.Config) { c.TenantID = "" }, fault.Invalid, "InvalidTenant"},
		"path":         {func(c *graph.Config) { c.TenantID = "a/../b" }, fault.Invalid, "InvalidTenant"},
		"dots":         {func(c *graph.Config) { c.TenantID = ".." }, fault.Invalid, "InvalidTenant"},
		"every tenant": {func(c *graph.Config) { c.TenantID = "Common" }, fault.Invalid, "InvalidTenant"},
		"no client":    {func(c *graph.Config) { c.ClientID = "" }, fault.Invalid, "InvalidClient"},
		"no secret":    {func(c *graph.Config) { c.ClientSecret = "" }, fault.Invalid, "InvalidClient"},
		"no transport": {func(c *graph.Config) { c.HTTP = nil }, fault.Internal, ""},
	} {
		config := good
		bad.change(&config)
		_, err := graph.NewClient(config)
		if fault.KindOf(err) != bad.kind || fault.Of(err) == nil || fault.Of(err).Code != bad.code {
			t.Errorf("%s: %v", name, err)
		}
	}
}
