package scimclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"rollcall/internal/fault"
	"rollcall/internal/scim"
	"rollcall/internal/scimclient"
)

func TestEachMethodIsSentAsTheStandardWritesIt(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		config:               bulkConfig(0, 0),
		"POST /Users":        says(http.StatusCreated, user("1", "ada")),
		"PATCH /Users/a%2Fb": says(http.StatusNoContent, ""),
		"PUT /Users/2":       says(ok, user("2", "bob")),
		"DELETE /Users/3":    says(http.StatusNoContent, ""),
		"DELETE /Users/gone": says(http.StatusNotFound, `{"status":"404"}`),
	})
	patch := rename("a/b", "Ada")
	patch.Version = `W/"7"`
	replace := scimclient.Operation{Method: scimclient.Replace, Type: scimclient.User, ID: "2", Body: map[string]any{"userName": "bob"}}
	outcomes := send(t, s.client(t, "generic"), create("ada"), patch, replace, remove("3"), remove("gone"))
	if got := statuses(outcomes); got != "done done done done done" {
		t.Fatalf("outcomes: %s", got)
	}
	if r := outcomes[0].Resource; r == nil || r.ID != "1" || r.ExternalID != "x-1" || r.Name != "ada" || r.Version != `W/"1"` {
		t.Errorf("created %+v", r)
	}
	sent := s.requests("PATCH")[0]
	body := decode(t, sent.body)
	schemas, _ := body["schemas"].([]any)
	operations, _ := body["Operations"].([]any)
	if len(schemas) != 1 || schemas[0] != scim.PatchOp || len(operations) != 1 {
		t.Errorf("PATCH sends %s", sent.body)
	}
	if sent.header.Get("If-Match") != `W/"7"` || sent.header.Get("Authorization") != "Bearer "+secret || sent.header.Get("Content-Type") != "application/scim+json" {
		t.Errorf("PATCH has the header %v", sent.header)
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		kind   fault.Kind
		code   string
	}{
		{http.StatusConflict, `{"scimType":"uniqueness","detail":"userName is taken"}`, fault.Conflict, scim.Uniqueness},
		{http.StatusBadRequest, `{"scimType":"invalidValue","detail":"country is wrong"}`, fault.Invalid, scim.InvalidValue},
		{http.StatusPreconditionFailed, `{}`, fault.Stale, ""},
		{http.StatusNotFound, `{"detail":"no such user"}`, fault.NotFound, ""},
		{http.StatusForbidden, `<html>no</html>`, fault.Denied, ""},
	} {
		s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "PATCH /Users/1": says(c.status, c.body)})
		outcome := send(t, s.client(t, "generic"), rename("1", "Ada"))[0]
		known := fault.Of(outcome.Fault)
		if outcome.Status != scimclient.Refused || known == nil || known.Kind != c.kind || known.Code != c.code || outcome.HTTPStatus != c.status {
			t.Errorf("%d: %s, %v", c.status, outcome.Status, outcome.Fault)
		}
		if detail, _ := decodeIf(c.body)["detail"].(string); !strings.Contains(outcome.Fault.Error(), detail) {
			t.Errorf("%d: %v does not say %q", c.status, outcome.Fault, detail)
		}
		if len(s.requests("PATCH")) != 1 {
			t.Errorf("%d: sent %d times", c.status, len(s.requests("PATCH")))
		}
	}
}

func decodeIf(text string) map[string]any {
	body, _ := scim.Decode([]byte(text))
	return body
}

func TestALostCreationIsUnknownAndNotSentTwice(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"cut":       cut,
		"500":       says(http.StatusInternalServerError, ""),
		"503":       says(http.StatusServiceUnavailable, ""),
		"broken":    says(http.StatusCreated, `{"id":`),
		"no id":     says(http.StatusCreated, `{"userName":"ada"}`),
		"no answer": says(http.StatusCreated, ""),
	} {
		s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": first(answer, says(http.StatusCreated, user("1", "ada")))})
		outcome := send(t, s.client(t, "generic"), create("ada"))[0]
		if outcome.Status != scimclient.Unknown || fault.Of(outcome.Fault) == nil || len(s.requests("POST")) != 1 {
			t.Errorf("%s: %s after %d requests, %v", name, outcome.Status, len(s.requests("POST")), outcome.Fault)
		}
	}
}

func TestWhatDoesNoHarmIsTriedAgain(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{"cut": cut, "502": says(http.StatusBadGateway, "<html>")} {
		s := serve(t, map[string]http.HandlerFunc{
			config:            bulkConfig(0, 0),
			"PATCH /Users/1":  first(answer, says(http.StatusNoContent, "")),
			"DELETE /Users/2": first(answer, says(http.StatusNotFound, "")),
		})
		if got := statuses(send(t, s.client(t, "generic"), rename("1", "Ada"), remove("2"))); got != "done done" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestACreationThatNeverLeftIsForLater(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0)})
	client := s.client(t, "generic", func(c *scimclient.Config) {
		c.Jitter = func() float64 { return 0 }
		c.HTTP = &http.Client{Transport: refusingWrites{s.server.Client().Transport}}
	})
	_, err := client.Send(t.Context(), []scimclient.Operation{create("ada"), create("bob")})
	if known := fault.Of(err); known == nil || known.Kind != fault.Unavailable || known.Code != scimclient.NoAnswer {
		t.Errorf("Send says %v", err)
	}
}

// refusingWrites lets nothing but GETs get a connection.
type refusingWrites struct{ http.RoundTripper }

func (r refusingWrites) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Method != http.MethodGet {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	}
	return r.RoundTripper.RoundTrip(request)
}

func TestRefusedCredentialsAreTheDestinationsFailure(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": says(http.StatusUnauthorized, "")})
	client := s.client(t, "generic", func(c *scimclient.Config) { c.Profile.Concurrency = 1 })
	if _, err := client.Send(t.Context(), []scimclient.Operation{create("ada"), create("bob")}); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("401: %v", err)
	}
	if n := len(s.requests("POST")); n != 1 {
		t.Errorf("%d requests were made with a refused token", n)
	}
	s.answering("POST /Users", says(http.StatusForbidden, ""))
	if _, err := client.Send(t.Context(), []scimclient.Operation{create("ada"), create("bob")}); !fault.Is(err, fault.Denied) {
		t.Errorf("403 for all: %v", err)
	}
	if got := statuses(send(t, client, create("ada"))); got != "refused" {
		t.Errorf("403 for one: %s", got)
	}
}

func TestARefusedTokenIsRenewedOnce(t *testing.T) {
	grants := 0
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		grants++
		_, _ = io.WriteString(w, `{"access_token":"token-`+strings.Repeat("I", grants)+`","expires_in":3600}`)
	}))
	defer tokens.Close()
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer token-I" {
			says(http.StatusUnauthorized, "")(w, r)
			return
		}
		says(http.StatusCreated, user("1", "ada"))(w, r)
	}})
	client := s.client(t, "generic", func(c *scimclient.Config) { c.Token = credentials(t, tokens, c.Now) })
	if got := statuses(send(t, client, create("ada"))); got != "done" || grants != 2 {
		t.Errorf("%s after %d tokens", got, grants)
	}
}

func TestOperationsOnOneResourceKeepTheirOrder(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		config: bulkConfig(0, 0), "PATCH /Users/1": says(http.StatusNoContent, ""), "DELETE /Users/1": says(http.StatusNoContent, ""),
		"PATCH /Users/2": says(http.StatusInternalServerError, ""), "DELETE /Users/2": says(http.StatusNoContent, ""),
	})
	client := s.client(t, "generic", func(c *scimclient.Config) { c.Jitter = func() float64 { return 0 } })
	outcomes := send(t, client, rename("1", "A"), rename("2", "B"), rename("1", "C"), remove("2"), remove("1"))
	if got := statuses(outcomes); got != "done later done later done" {
		t.Errorf("outcomes: %s", got)
	}
	var order strings.Builder
	for _, r := range append(s.requests("PATCH /Users/1"), s.requests("DELETE")...) {
		order.WriteString(r.line[:1])
	}
	if order.String() != "PPD" {
		t.Errorf("sent in the order %s; the deletion of 2 has to wait for its change", order.String())
	}
}

func TestACallThatIsGivenUpSaysWhatIsUnknown(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	blocked := make(chan struct{})
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": func(http.ResponseWriter, *http.Request) {
		cancel()
		<-blocked
	}})
	client := s.client(t, "generic", func(c *scimclient.Config) { c.Profile.Concurrency = 1 })
	outcomes, err := client.Send(ctx, []scimclient.Operation{create("ada"), create("bob")})
	close(blocked)
	if err != nil || statuses(outcomes) != "unknown later" || !errors.Is(outcomes[0].Fault, context.Canceled) {
		t.Errorf("%s, %v", statuses(outcomes), err)
	}
}

func TestRedirectsToOtherHostsAreNotFollowed(t *testing.T) {
	thief := serve(t, nil)
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.server.URL+"/Users", http.StatusTemporaryRedirect)
	}, "PATCH /Users/1": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/Users/2", http.StatusFound) // would become a GET
	}})
	for _, op := range []scimclient.Operation{create("ada"), rename("1", "Ada")} {
		_, err := s.client(t, "generic").Send(t.Context(), []scimclient.Operation{op})
		if known := fault.Of(err); known == nil || known.Code != scimclient.LinkOffHost || known.Kind != fault.Invalid {
			t.Errorf("%s: %v", op.Method, err)
		}
	}
	if len(thief.seen) > 0 || len(s.requests("GET /Users")) > 0 {
		t.Error("a redirect was followed")
	}
}

func TestNoSecretIsRepeated(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{
		config:           bulkConfig(0, 0),
		"PATCH /Users/1": says(http.StatusBadRequest, `{"detail":"Bearer `+secret+` may not\n do this"}`),
		"GET /Users": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>sign in, "+r.Header.Get("Authorization")+"</html>")
		},
		"GET /Groups": says(ok, `{"totalResults":`+secret),
	})
	client := s.client(t, "generic")
	_, page := client.List(t.Context(), scimclient.User, scimclient.Page{})
	_, broken := client.List(t.Context(), scimclient.Group, scimclient.Page{})
	for _, err := range []error{send(t, client, rename("1", "Ada"))[0].Fault, page, broken} {
		if err == nil || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "\n") {
			t.Errorf("the fault is %v", err)
		}
	}
	if fault.Of(page).Code != scimclient.BrokenAnswer || !strings.Contains(page.Error(), "text/html") {
		t.Errorf("a page to sign in: %v", page)
	}
}

func TestAnAnswerWithoutAnEndIsGivenUp(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "GET /Users": func(w http.ResponseWriter, _ *http.Request) {
		for _, err := io.WriteString(w, `{"Resources":[`); err == nil; {
			_, err = io.WriteString(w, strings.Repeat(" ", 1<<20))
		}
	}})
	_, err := s.client(t, "generic").List(t.Context(), scimclient.User, scimclient.Page{})
	if known := fault.Of(err); known == nil || known.Code != scimclient.AnswerTooLarge {
		t.Errorf("%v", err)
	}
}

func TestAServiceThatIsDownIsNotFlooded(t *testing.T) {
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": says(http.StatusServiceUnavailable, "")})
	outcomes := send(t, s.client(t, "generic", func(c *scimclient.Config) { c.Profile.Concurrency = 2 }), creations(50)...)
	unknown, later := strings.Count(statuses(outcomes), "unknown"), strings.Count(statuses(outcomes), "later")
	if sent := len(s.requests("POST")); sent != unknown || sent > 6 || unknown+later != 50 {
		t.Errorf("%d requests, %d unknown, %d for later", sent, unknown, later)
	}
}

func TestALostAnswerNowAndThenStopsNobodyElse(t *testing.T) {
	var mu sync.Mutex
	n := 0
	s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(0, 0), "POST /Users": func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n++
		lost := n%10 == 0
		mu.Unlock()
		if lost {
			cut(w, r)
			return
		}
		says(http.StatusCreated, user("1", "u"))(w, r)
	}})
	outcomes := send(t, s.client(t, "generic"), creations(100)...)
	if got := statuses(outcomes); strings.Count(got, "done") != 90 || strings.Count(got, "unknown") != 10 {
		t.Errorf("outcomes: %s", got)
	}
}
