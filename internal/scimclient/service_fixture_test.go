package scimclient_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"rollcall/internal/scimclient"
)

const (
	secret = "t0ken-that-nobody-may-see"
	config = "GET /ServiceProviderConfig"
	ok     = http.StatusOK
)

// service answers requests by their method and path; what it has no answer to is not found. It notes every request.
type service struct {
	server *httptest.Server

	mu      sync.Mutex
	answers map[string]http.HandlerFunc
	seen    []seen
}

type seen struct {
	line, body string
	header     http.Header
}

func serve(t *testing.T, answers map[string]http.HandlerFunc) *service {
	t.Helper()
	s := &service{answers: answers}
	s.server = httptest.NewServer(http.HandlerFunc(s.answer))
	t.Cleanup(s.server.Close)
	return s
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	s.mu.Lock()
	s.seen = append(s.seen, seen{line, string(body), r.Header})
	answer := s.answers[line]
	if answer == nil {
		answer = s.answers[r.Method+" "+r.URL.Path]
	}
	s.mu.Unlock()
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	if answer == nil {
		answer = says(http.StatusNotFound, `{"detail":"no such resource"}`)
	}
	answer(w, r)
}

// answering changes an answer.
func (s *service) answering(line string, answer http.HandlerFunc) {
	s.mu.Lock()
	s.answers[line] = answer
	s.mu.Unlock()
}

// requests returns the requests to paths that begin with one of the prefixes.
func (s *service) requests(prefix string) []seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []seen
	for _, r := range s.seen {
		if strings.HasPrefix(r.line, prefix) {
			all = append(all, r)
		}
	}
	return all
}

// client calls the service by a profile, with waits of no length to speak of.
func (s *service) client(t *testing.T, profile string, change ...func(*scimclient.Config)) *scimclient.Client {
	t.Helper()
	return clientOf(t, s.server.URL, s.server.Client(), profile, change...)
}

func clientOf(t *testing.T, address string, transport *http.Client, profile string, change ...func(*scimclient.Config)) *scimclient.Client {
	t.Helper()
	p, known := scimclient.ProfileNamed(profile)
	if !known {
		t.Fatalf("no profile %q", profile)
	}
	p.Rates = scimclient.Rates{Start: 10_000} // what the pace is about is tested with a clock of its own
	c := scimclient.Config{BaseURL: address, Profile: p, Token: scimclient.Bearer(secret), HTTP: transport, Now: time.Now}
	for _, f := range change {
		f(&c)
	}
	client, err := scimclient.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/scim+json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// first answers the first request by one, all others by another.
func first(one, another http.HandlerFunc) http.HandlerFunc {
	var once sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		if once.TryLock() {
			one(w, r)
			return
		}
		another(w, r)
	}
}

// cut closes the connection instead of answering.
func cut(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

func bulkConfig(operations, payload int) http.HandlerFunc {
	return says(ok, fmt.Sprintf(`{"patch":{"supported":true},"filter":{"supported":true,"maxResults":200},"etag":{"supported":true},
		"bulk":{"supported":true,"maxOperations":%d,"maxPayloadSize":%d}}`, operations, payload))
}

func user(id, name string) string {
	return fmt.Sprintf(`{"id":%q,"externalId":"x-%s","userName":%q,"meta":{"version":"W/\"1\""}}`, id, id, name)
}

func create(name string) scimclient.Operation {
	return scimclient.Operation{Method: scimclient.Create, Type: scimclient.User, Body: map[string]any{"userName": name, "externalId": "x-" + name}}
}

func rename(id, name string) scimclient.Operation {
	return scimclient.Operation{
		Method: scimclient.Patch, Type: scimclient.User, ID: id,
		Ops: []scimclient.PatchOp{{Op: "replace", Path: "displayName", Value: name}},
	}
}

func remove(id string) scimclient.Operation {
	return scimclient.Operation{Method: scimclient.Delete, Type: scimclient.User, ID: id}
}

func send(t *testing.T, c *scimclient.Client, ops ...scimclient.Operation) []scimclient.Outcome {
	t.Helper()
	outcomes, err := c.Send(t.Context(), ops)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func statuses(outcomes []scimclient.Outcome) string {
	words := make([]string, len(outcomes))
	for i, o := range outcomes {
		words[i] = string(o.Status)
	}
	return strings.Join(words, " ")
}

func decode(t *testing.T, text string) map[string]any {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal([]byte(text), &body); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return body
}
