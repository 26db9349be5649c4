package graph_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestWhatMayPassIsTriedAgainAfterAGrowingWait(t *testing.T) {
	for name, failure := range map[string]http.HandlerFunc{
		"429":                     status(429, graphError("activityLimitReached", "slow down")),
		"408":                     status(408, ""),
		"500":                     status(500, graphError("generalException", "oops")),
		"502":                     status(502, "<html>bad gateway</html>"),
		"503":                     status(503, graphError("serviceNotAvailable", "later")),
		"504":                     status(504, ""),
		"no connection":           hangUp,
		"cut body":                cut(onePage),
		"half of the JSON":        ok(onePage[:len(onePage)/2]),
		"not JSON":                ok("<html>please sign in to the wireless network</html>"),
		"garbage behind":          ok(onePage + "x"),
		"garbage in annotation":   ok(`{"@odata.context":nonsense,"value":[]}`),
		"garbage in user":         ok(`{"value":[{"id":"` + anna + `","displayName":"a" "b"}]}`),
		"garbage between users":   ok(`{"value":[{"id":"` + anna + `"} {"id":"` + boris + `"}]}`),
		"no value":                ok(`{"@odata.count":3}`),
		"value is null":           ok(`{"value":null}`),
		"user without id":         ok(`{"value":[{"displayName":"Anna"}]}`),
		"delta or list cut short": ok(`{"value":[{"id":"` + anna + `"}`),
		"user is a number":        ok(`{"value":[1]}`),
		"empty body":              ok(""),
		"bad date":                ok(`{"value":[{"id":"` + anna + `","deletedDateTime":"yesterday"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			n := newTenant(t, script(failure, failure, failure, ok(onePage)))
			page, err := n.client(t).ListUsers(t.Context(), nil)
			if err != nil || len(page.Users) != 1 || page.Users[0].ID != anna {
				t.Fatalf("ListUsers = %+v, %v", page, err)
			}
			if diff := cmp.Diff([]time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second}, n.waits); diff != "" {
				t.Errorf("waits with jitter 0.5 (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAfterFourTriesTheCallerHearsWhatFailedAndWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name    string
		failure http.HandlerFunc
		kind    fault.Kind
		code    string
	}{
		{"503", status(503, graphError("serviceNotAvailable", "later")), fault.Unavailable, "serviceNotAvailable"},
		{"429", status(429, graphError("activityLimitReached", "slow down")), fault.Throttled, "activityLimitReached"},
		{"cut body", cut(onePage), fault.Unavailable, "NoAnswer"},
		{"half of the JSON", ok(onePage[:20]), fault.Unavailable, "BrokenAnswer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := newTenant(t, c.failure)
			page, err := n.client(t).ListUsers(t.Context(), nil)
			f := wantFault(t, err, c.kind, c.code)
			if f.RequestID != "graph-request" || f.Remedy == "" {
				t.Errorf("request id %q, remedy %q", f.RequestID, f.Remedy)
			}
			wantWords(t, err.Error(), "GET /users", "graph-request")
			if len(page.Users) != 0 || len(n.requests) != 4 {
				t.Errorf("%d users after %d tries, want none after 4", len(page.Users), len(n.requests))
			}
		})
	}
}

func TestARequestWithoutAnyAnswerIsNamedByItsOwnId(t *testing.T) {
	n := newTenant(t, hangUp)
	_, err := n.client(t).ListUsers(t.Context(), nil)
	f := wantFault(t, err, fault.Unavailable, "NoAnswer")
	if last := n.requests[len(n.requests)-1].Header.Get("Client-Request-Id"); f.RequestID == "" || f.RequestID != last {
		t.Errorf("request id %q, want that of the last try, %q", f.RequestID, last)
	}
	if strings.Contains(err.Error(), n.URL) {
		t.Errorf("%q repeats the address", err)
	}
}

func TestTheWaitThatTheServerAsksForIsKeptExactly(t *testing.T) {
	n := newTenant(t, nil)
	date := n.now.Add(10*time.Second + 7*time.Second).Format(http.TimeFormat) // ten seconds will have passed
	n.graph = script(
		status(429, "", "Retry-After", "10"), status(503, "", "Retry-After", date), status(504, "", "Retry-After", "0"), ok(onePage),
	)
	if _, err := n.client(t).ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]time.Duration{10 * time.Second, 7 * time.Second, 0}, n.waits); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

func TestARepeatedTryIsLoggedWithItsRequestId(t *testing.T) {
	var log bytes.Buffer
	n := newTenant(t, script(status(503, graphError("serviceNotAvailable", "later")), ok(onePage)))
	client := n.client(t, func(c *graph.Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if _, err := client.ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	wantWords(t, log.String(), "level=DEBUG", "retry=1", "wait=250ms", "code=serviceNotAvailable", "request_id=graph-request")
}

func TestALongWaitIsLeftToTheCaller(t *testing.T) {
	for _, code := range []int{429, 503} {
		n := newTenant(t, status(code, "", "Retry-After", "31"))
		_, err := n.client(t).ListUsers(t.Context(), nil)
		if f := wantFault(t, err, fault.Throttled, ""); f.RetryAfter != 31*time.Second || f.RequestID != "graph-request" {
			t.Errorf("%d: RetryAfter = %v, request id %q", code, f.RetryAfter, f.RequestID)
		}
		if len(n.waits) != 0 || len(n.requests) != 1 {
			t.Errorf("%d: waited %v, asked %d times", code, n.waits, len(n.requests))
		}
	}
	patient := func(c *graph.Config) { c.MaxRetryWait = time.Minute }
	n := newTenant(t, script(status(429, "", "Retry-After", "31"), ok(onePage)))
	if _, err := n.client(t, patient).ListUsers(t.Context(), nil); err != nil {
		t.Errorf("with a longer MaxRetryWait: %v", err)
	}
}

func TestACallEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	n := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	_, err := n.client(t).ListUsers(ctx, nil)
	if !errors.Is(err, context.Canceled) || fault.Of(err) != nil {
		t.Errorf("error = %v, want the context's and no fault", err)
	}

	ctx, cancel = context.WithCancel(t.Context())
	n = newTenant(t, status(503, ""))
	impatient := func(c *graph.Config) {
		c.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
	}
	if _, err = n.client(t, impatient).ListUsers(ctx, nil); !errors.Is(err, context.Canceled) || len(n.requests) != 1 {
		t.Errorf("cancelled while waiting: %v after %d requests", err, len(n.requests))
	}
}

// transport answers without a network, so that a test's own time can pass.
type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

// granting answers token requests and hands the others on.
func granting(others transport) transport {
	return func(r *http.Request) (*http.Response, error) {
		if strings.HasSuffix(r.URL.Path, "/token") {
			return answerOf(`{"access_token":"x","expires_in":3600}`), nil
		}
		return others(r)
	}
}

func answerOf(body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
}

func offline(t *testing.T, others transport) *graph.Client {
	t.Helper()
	client, err := graph.NewClient(graph.Config{
		Cloud: graph.Clouds()[0], TenantID: tenantID, ClientID: "client", ClientSecret: "s3cret",
		HTTP: &http.Client{Transport: granting(others)}, Now: time.Now, Jitter: func() float64 { return 1 },
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestARequestIsGivenUpAfterAMinuteAndTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		client := offline(t, func(r *http.Request) (*http.Response, error) {
			if tries++; tries == 1 {
				<-r.Context().Done()
				return nil, r.Context().Err()
			}
			return answerOf(onePage), nil
		})
		begun := time.Now()
		if _, err := client.ListUsers(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if got := time.Since(begun); got != time.Minute+500*time.Millisecond {
			t.Errorf("it took %v, want a minute and the first back-off", got)
		}
	})
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestAnAnswerThatIsTooLargeIsRefusedOnce(t *testing.T) {
	tries := 0
	client := offline(t, func(*http.Request) (*http.Response, error) {
		tries++
		answer := answerOf("")
		answer.Body = io.NopCloser(endless{})
		return answer, nil
	})
	_, err := client.ListUsers(t.Context(), nil)
	wantFault(t, err, fault.Unavailable, "AnswerTooLarge")
	if tries != 1 {
		t.Errorf("asked %d times", tries)
	}
}

func TestEveryExchangeIsObservedAndEveryRequestSigned(t *testing.T) {
	n := newTenant(t, script(status(503, ""), ok(onePage), ok(emptyDelta), ok(emptyPage)))
	client := n.client(t, func(c *graph.Config) { c.UserAgent = "Rollcall/1.2" })
	if _, err := client.ListUsers(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	for _, link := range []string{"/v1.0/users/microsoft.graph.delta()?$deltatoken=x", "/v1.0/places?$skiptoken=x"} {
		if _, err := client.Follow(t.Context(), n.URL+link); err != nil {
			t.Fatal(err)
		}
	}
	want := []graph.Call{
		{Method: "POST", Route: "/oauth2/v2.0/token", Status: 200},
		{Method: "GET", Route: "/users", Status: 503},
		{Method: "GET", Route: "/users", Status: 200, Retry: 1},
		{Method: "GET", Route: "/users/delta", Status: 200},
		{Method: "GET", Route: "other", Status: 200},
	}
	if diff := cmp.Diff(want, n.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, r := range n.requests {
		seen[r.Header.Get("Client-Request-Id")] = true
		if got := r.Header.Get("User-Agent") + " " + r.Header.Get("Authorization"); got != "Rollcall/1.2 Bearer token-1" {
			t.Errorf("user agent and token = %q", got)
		}
	}
	if len(seen) != len(n.requests) || seen[""] {
		t.Errorf("client request ids = %v, want one for each request", fmt.Sprint(seen))
	}
}
