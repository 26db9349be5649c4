package api_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

func TestEveryAnswerHasARequestID(t *testing.T) {
	h := open(t, -1)
	seen := map[string]bool{}
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi.yaml", "/api/v1/me", "/nowhere"} {
		a := h.send(http.MethodGet, h.url+path, "", nil)
		if id := a.header.Get("X-Request-Id"); id == "" || seen[id] || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: headers %v", path, a.header)
		} else {
			seen[id] = true
		}
	}
}

func TestHealthAndReadinessAreToldApart(t *testing.T) {
	h := open(t, -1)
	if a := h.send(http.MethodGet, h.url+"/healthz", "", nil).want(http.StatusOK); !strings.Contains(a.text, "v1.2.3") {
		t.Error(a.text)
	}
	h.send(http.MethodGet, h.url+"/readyz", "", nil).want(http.StatusOK)
	h.broken = errors.New("the disk /dev/sda1 is full")
	p := h.send(http.MethodGet, h.url+"/readyz", "", nil).problem(http.StatusServiceUnavailable, "NotReady")
	if strings.Contains(p.Detail, "sda1") || !strings.Contains(h.log.String(), "sda1") {
		t.Errorf("the reason belongs into the log, not into %q", p.Detail)
	}
	h.send(http.MethodGet, h.url+"/healthz", "", nil).want(http.StatusOK)
}

func TestMetricsCountRoutesNotPaths(t *testing.T) {
	h := open(t, -1)
	h.call(h.full, http.MethodGet, "users/"+nobody, nil).want(http.StatusNotFound)
	h.send(http.MethodGet, h.url+"/nowhere/"+nobody, "", nil).want(http.StatusNotFound)
	a := h.send(http.MethodGet, h.url+"/metrics", "", nil).want(http.StatusOK)
	for _, line := range []string{
		`rollcall_http_requests_total{face="api",route="GET /api/v1/organizations/{orgId}/users/{id}",status="404"} 1`,
		`rollcall_http_requests_total{face="api",route="none",status="404"} 1`,
	} {
		if !strings.Contains(a.text, line) {
			t.Errorf("there is no line %s", line)
		}
	}
	if strings.Contains(a.text, nobody) {
		t.Error("an id is a label")
	}
}

func TestABodyThatCannotBeReadIsRefused(t *testing.T) {
	h := open(t, -1)
	p := h.call(h.full, http.MethodPost, "users", `{"attributes":{"userName":"`+strings.Repeat("x", 1<<20)+`"}}`).problem(http.StatusRequestEntityTooLarge, "BodyTooLarge")
	if !strings.Contains(p.Detail, "1 MiB") {
		t.Errorf("%+v", p)
	}
	h.call(h.full, http.MethodPost, "users", "{\"attributes\":{\"userName\":\"\xff@contoso.com\"}}").problem(http.StatusBadRequest, "BadBody")
	h.call(h.full, http.MethodPost, "users", `{"attributes":{"userName":"a@contoso.com"}} and more`).problem(http.StatusBadRequest, "BadBody")
	h.callWith(h.full, http.MethodPost, "users", `a=b`, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}).
		problem(http.StatusUnsupportedMediaType, "UnsupportedMediaType")
}

func TestAnAddressThatIsNotUTF8IsRefused(t *testing.T) {
	h := open(t, -1)
	h.call(h.full, http.MethodGet, "users?search=%ff", nil).problem(http.StatusBadRequest, "BadURL")
	h.call(h.full, http.MethodGet, "users?search=%zz", nil).problem(http.StatusBadRequest, "BadURL")
	h.call(h.full, http.MethodDelete, "domains/%ff", nil).problem(http.StatusBadRequest, "BadURL")
}

func TestAnErrorOfOursIsLoggedOnceAndNotTold(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	for name, seal := range map[string]func(ident.ID, string) ([]byte, error){
		"error": func(ident.ID, string) ([]byte, error) { return nil, errors.New("the key in /etc/rollcall is gone") },
		"panic": nil,
	} {
		h.engine.Seal = seal
		before := strings.Count(h.log.String(), "level=ERROR")
		p := h.call(h.full, http.MethodPatch, "instances/"+instance.ID.String(), `{"clientSecret":"new"}`).problem(http.StatusInternalServerError, "Internal")
		if p.Detail != "internal error, request id "+p.RequestID {
			t.Errorf("%s: the detail is %q", name, p.Detail)
		}
		if count := strings.Count(h.log.String(), "level=ERROR") - before; count != 1 || !strings.Contains(h.log.String(), "request_id="+p.RequestID) {
			t.Errorf("%s: %d errors in the log:\n%s", name, count, h.log)
		}
	}
}

func TestEachKindOfFaultHasItsStatus(t *testing.T) {
	for kind, want := range map[fault.Kind]int{
		fault.Internal: 500, fault.Invalid: 400, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Stale: 412, fault.Expired: 410, fault.Throttled: 429, fault.Unavailable: 503,
	} {
		err := fault.New(kind, "Code", "it went wrong").WithRemedy("Mend it.")
		err.RetryAfter = 1500 * time.Millisecond
		p := api.ProblemOf(t.Context(), err)
		if p.Status != want || p.Title != http.StatusText(want) {
			t.Errorf("%s: %+v", kind, p)
		}
		if told := p.Detail == "it went wrong" && p.Remedy == "Mend it." && p.Code == "Code"; told == (kind == fault.Internal) {
			t.Errorf("%s: %+v", kind, p)
		}
		if got := p.GetHeaders().Get("Retry-After"); kind.Temporary() && got != "2" || !kind.Temporary() && got != "" {
			t.Errorf("%s: Retry-After %q", kind, got)
		}
	}
}
