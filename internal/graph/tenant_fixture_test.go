package graph_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

const (
	tenantID = "3f2b9c1e-0000-4000-8000-000000000001"
	anna     = "11111111-1111-4111-8111-111111111111"
	boris    = "22222222-2222-4222-8222-222222222222"
	chen     = "33333333-3333-4333-8333-333333333333"
)

// tenant is a server with the wire shapes of login service and Graph; the test gives the answers. Its clock moves only when the client
// sleeps.
type tenant struct {
	*httptest.Server
	login http.HandlerFunc // answers token requests; nil grants token-1, token-2 and so on, for an hour
	graph http.HandlerFunc

	mu       sync.Mutex
	now      time.Time
	waits    []time.Duration
	requests []*http.Request // to Graph
	tokens   int
	calls    []graph.Call
}

func newTenant(t *testing.T, answer http.HandlerFunc) *tenant {
	t.Helper()
	n := &tenant{graph: answer, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	n.Server = httptest.NewServer(http.HandlerFunc(n.serve))
	t.Cleanup(n.Close)
	// On a kept connection net/http itself tries again, and the tests count tries.
	if transport, ok := n.Client().Transport.(*http.Transport); ok {
		transport.DisableKeepAlives = true
	}
	return n
}

func (n *tenant) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/"+tenantID+"/oauth2/v2.0/token" {
		n.mu.Lock()
		n.tokens++
		number := n.tokens
		n.mu.Unlock()
		if n.login != nil {
			n.login(w, r)
			return
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3600,"access_token":"token-%d"}`, number)
		return
	}
	n.mu.Lock()
	n.requests = append(n.requests, r)
	n.mu.Unlock()
	w.Header().Set("Request-Id", "graph-request")
	n.graph(w, r)
}

func (n *tenant) client(t *testing.T, changes ...func(*graph.Config)) *graph.Client {
	t.Helper()
	config := graph.Config{
		Cloud:    graph.Cloud{Name: "test", LoginURL: n.URL, GraphURL: n.URL},
		TenantID: tenantID, ClientID: "client", ClientSecret: "s3cret",
		HTTP: n.Client(), Now: n.time, Jitter: func() float64 { return 0.5 },
		Sleep: func(ctx context.Context, wait time.Duration) error {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.waits = append(n.waits, wait)
			n.now = n.now.Add(wait)
			return ctx.Err()
		},
		Observe: func(call graph.Call) {
			n.mu.Lock()
			defer n.mu.Unlock()
			call.Duration = 0 // the clock stands still
			n.calls = append(n.calls, call)
		},
	}
	for _, change := range changes {
		change(&config)
	}
	client, err := graph.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func (n *tenant) time() time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.now
}

func (n *tenant) pass(d time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.now = n.now.Add(d)
}

// asked returns the addresses that Graph was asked for, without the host.
func (n *tenant) asked() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var addresses []string
	for _, r := range n.requests {
		addresses = append(addresses, r.URL.RequestURI())
	}
	return addresses
}

// script answers one request after the other, the last answer again and again.
func script(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		i := min(next, len(answers)-1)
		next++
		mu.Unlock()
		answers[i](w, r)
	}
}

func status(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for pair := range slices.Chunk(header, 2) {
			w.Header().Set(pair[0], pair[1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body)
	}
}

func ok(body string) http.HandlerFunc { return status(http.StatusOK, body) }

func graphError(code, message string) string {
	return fmt.Sprintf(`{"error":{"code":%q,"message":%q,"innererror":{"request-id":"inner-request"}}}`, code, message)
}

// cut promises more bytes than it sends.
func cut(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)+100))
		_, _ = io.WriteString(w, body)
	}
}

const (
	emptyPage  = `{"value":[]}`
	onePage    = `{"value":[{"id":"` + anna + `","displayName":"Anna"}]}`
	emptyDelta = `{"value":[],"@odata.deltaLink":"opaque"}`
)

// wantFault fails the test unless err is a fault of the kind with the code, and returns it.
func wantFault(t *testing.T, err error, kind fault.Kind, code string) fault.Error {
	t.Helper()
	f := fault.Of(err)
	if f == nil || f.Kind != kind || f.Code != code {
		t.Fatalf("error = %v (kind %v), want a fault of kind %v with code %q", err, fault.KindOf(err), kind, code)
	}
	return *f
}

func wantWords(t *testing.T, text string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			t.Errorf("%q does not say %q", text, word)
		}
	}
}
