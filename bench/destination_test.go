//go:build bench

package bench

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/time/rate"

	"rollcall/e2e"
)

const (
	// destinationUsers go in bulk into a service that takes its time and destinationBulk of them at once.
	destinationUsers    = 10_000
	destinationBulk     = 100
	destinationLatency  = 20 * time.Millisecond
	destinationRequests = 200
	// pacedUsers go one by one into a service that allows pacedRate requests a second, with pacedSaved more at the start, and refuses the rest.
	pacedUsers  = 1_500
	pacedRate   = 25
	pacedSaved  = 25
	leastOfPace = 0.95
)

// TestDestinationMeetsItsTargets measures remote destinations alone and prints the figures; TestBenchmarksMeetTheirTargets writes the page.
func TestDestinationMeetsItsTargets(t *testing.T) {
	tell(t, measureDestination(t))
}

// measureDestination provisions a service in bulk and one by one.
func measureDestination(t *testing.T) []target {
	t.Helper()
	var targets []target
	add := func(what, goal, got string, reached bool) {
		targets = append(targets, judged("a remote service, "+what, goal, got, reached))
	}
	bulk := &gate{bulk: destinationBulk, latency: destinationLatency}
	b := furnishTo(t, destinationUsers, bulk.open(t), nil)
	b.run(t, "first")
	first := bulk.take()
	add(fmt.Sprintf("%s users in bulks of %d, requests", thousands(destinationUsers), destinationBulk), fmt.Sprintf("at most %d", destinationRequests),
		fmt.Sprintf("%d (%s)", first.asked, first.what()), first.asked <= destinationRequests)
	b.run(t, "nothing")
	nothing := bulk.take()
	add("nothing changed, requests", "none", strconv.Itoa(nothing.asked), nothing.asked == 0)

	single := &gate{allow: rate.NewLimiter(pacedRate, pacedSaved)}
	furnishTo(t, pacedUsers, single.open(t), nil).run(t, "first")
	paced := single.take()
	share := float64(paced.written) / (paced.last.Sub(paced.first).Seconds()*pacedRate + pacedSaved)
	add(fmt.Sprintf("%s users one by one, share of %d allowed requests/s", thousands(pacedUsers), pacedRate), fmt.Sprintf("at least %.0f %%", leastOfPace*100),
		fmt.Sprintf("%.1f %% (%s done in %s, %d refused)", share*100, thousands(paced.written), paced.last.Sub(paced.first).Round(time.Second), paced.refused),
		share >= leastOfPace)
	return targets
}

// gate stands before a SCIM service, which is another server of the program, and counts requests.
type gate struct {
	// bulk is how many operations a bulk holds; 0 for no bulk.
	bulk    int
	latency time.Duration
	// allow refuses with 429; nil for never.
	allow   *rate.Limiter
	service http.Handler

	mu sync.Mutex
	passage
}

// passage is what went through a gate.
type passage struct {
	// asked are all requests, refused those that were too many; methods counts the others by method and what they are about.
	asked, refused int
	methods        map[string]int
	// written are those that write and were not refused, first and last their times.
	written     int
	first, last time.Time
}

func (p passage) what() string {
	var parts []string
	for _, name := range []string{"POST Bulk", "POST Users", "PATCH Users", "GET Users", "GET Groups"} {
		if p.methods[name] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.methods[name], name))
		}
	}
	return strings.Join(parts, ", ")
}

// open starts the service, and returns it as a destination.
func (g *gate) open(t *testing.T) map[string]any {
	t.Helper()
	program, err := filepath.Abs("../bin/rollcall")
	if err != nil {
		t.Fatal(err)
	}
	server := &e2e.Server{Program: program, Data: filepath.Join(t.TempDir(), "service"), Flags: []string{"--rate-limit", "1000000"}}
	if err := server.Begin(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, server.Process) })
	secret, at := scimToken(t, server)
	address, err := url.Parse(server.API.Base)
	if err != nil {
		t.Fatal(err)
	}
	g.service, g.methods = httputil.NewSingleHostReverseProxy(address), map[string]int{}
	front := httptest.NewServer(g)
	t.Cleanup(front.Close)
	return map[string]any{"type": "scim", "baseUrl": front.URL + at, "token": secret}
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !g.pass(r) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	if g.latency > 0 {
		timer := time.NewTimer(g.latency)
		defer timer.Stop()
		<-timer.C
	}
	if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
		w.Header().Set("Content-Type", "application/scim+json")
		_, _ = fmt.Fprintf(w, `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":true},"bulk":{"supported":%v,
			"maxOperations":%d,"maxPayloadSize":1048576},"filter":{"supported":true,"maxResults":100},"changePassword":{"supported":false},
			"sort":{"supported":false},"etag":{"supported":false},"authenticationSchemes":[]}`, g.bulk > 0, g.bulk)
		return
	}
	g.service.ServeHTTP(w, r)
}

// pass counts a request and reports whether it is allowed.
func (g *gate) pass(r *http.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked++
	if g.allow != nil && !g.allow.Allow() {
		g.refused++
		return false
	}
	if r.Method != http.MethodGet {
		g.written++
		g.last = time.Now()
		if g.first.IsZero() {
			g.first = g.last
		}
	}
	_, about, _ := strings.Cut(r.URL.Path, "/v2/")
	about, _, _ = strings.Cut(about, "/")
	g.methods[r.Method+" "+about]++
	return true
}

// take returns what went through since the last take.
func (g *gate) take() passage {
	g.mu.Lock()
	defer g.mu.Unlock()
	taken := g.passage
	g.passage = passage{methods: map[string]int{}}
	return taken
}
