package e2e_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// spoiler stands before a service and spoils one answer of spoilEvery, in turn: by 429, by 503, and by losing it after the work was done.
type spoiler struct {
	service http.Handler

	mu    sync.Mutex
	draws *rand.Rand
	off   bool
	// asked counts requests, of which the one with the number next is spoilt; kinds counts by kind of fault, writes by method.
	asked, next int
	kinds       [len(spoilers)]int
	methods     map[string]int
}

const spoilEvery = 20

var spoilers = [...]func(service http.Handler, w http.ResponseWriter, r *http.Request){
	func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	},
	func(_ http.Handler, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
	},
	func(service http.Handler, _ http.ResponseWriter, r *http.Request) {
		service.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	},
}

// startSpoiler starts a spoiler before the service at an address.
func startSpoiler(t *testing.T, service string, seed uint64) (s *spoiler, address string) {
	t.Helper()
	target, err := url.Parse(service)
	if err != nil {
		t.Fatal(err)
	}
	s = &spoiler{service: httputil.NewSingleHostReverseProxy(target), draws: rand.New(rand.NewPCG(seed, 3)), methods: map[string]int{}}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server.URL
}

func (s *spoiler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if spoil := s.turn(r.Method); spoil != nil {
		spoil(s.service, w, r)
		return
	}
	s.service.ServeHTTP(w, r)
}

// turn counts a request and returns how it is spoilt; nil for not at all.
func (s *spoiler) turn(method string) func(http.Handler, http.ResponseWriter, *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.methods[method]++
	block, place := s.asked/spoilEvery, s.asked%spoilEvery
	if place == 0 {
		s.next = s.asked + s.draws.IntN(spoilEvery)
	}
	s.asked++
	if s.off || s.asked-1 != s.next {
		return nil
	}
	kind := block % len(spoilers)
	s.kinds[kind]++
	return spoilers[kind]
}

// stop ends the faults and returns how many requests there were since the start or the last stop.
func (s *spoiler) stop() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.off = true
	asked := s.asked
	s.asked = 0
	return asked
}

func (s *spoiler) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var text strings.Builder
	_, _ = fmt.Fprintf(io.Writer(&text), "requests by method %v, faults by kind (429, 503, lost) %v", s.methods, s.kinds)
	return text.String()
}
