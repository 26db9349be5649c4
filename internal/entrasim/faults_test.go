package entrasim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

const list = "/v1.0/users?$select=id&$top=4"

func TestEachFaultDoesWhatItsNameSays(t *testing.T) {
	for _, tt := range []struct {
		name string
		rule object
		path string
		want func(t *testing.T, c *client, a answer, err error)
	}{
		{"throttle with Retry-After", object{"kind": "throttle", "retry_after_seconds": 2}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if a.status != 429 || a.header.Get("Retry-After") != "2" || a.header.Get("x-ms-throttle-scope") == "" {
				t.Errorf("%d %v", a.status, a.header)
			}
		}},
		{"throttle without Retry-After", object{"kind": "throttle"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if _, ok := a.header["Retry-After"]; a.status != 429 || ok || a.body.object("error").text("code") != "TooManyRequests" {
				t.Errorf("%d %v", a.status, a.header)
			}
		}},
		{"error", object{"kind": "error", "status": 502}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if a.status != 502 || a.header.Get("request-id") == "" || a.body.object("error").text("code") == "" {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}},
		{"error without a status", object{"kind": "error"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if a.status != 503 || a.body.object("error").text("code") != "serviceNotAvailable" {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}},
		{"cut", object{"kind": "cut"}, list, func(t *testing.T, _ *client, _ answer, err error) {
			if err == nil || !strings.Contains(err.Error(), "EOF") {
				t.Errorf("error %v", err)
			}
		}},
		{"invalid JSON", object{"kind": "invalid-json"}, list, func(t *testing.T, _ *client, a answer, err error) {
			if err == nil || a.status != 200 {
				t.Errorf("%d, error %v", a.status, err)
			}
		}},
		{"empty page", object{"kind": "empty-page"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if len(a.body.list("value")) != 0 || a.body.text("@odata.nextLink") == "" {
				t.Errorf("%s", a.raw)
			}
		}},
		{"empty end", object{"kind": "empty-end"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if len(a.body.list("value")) != 0 || a.body.text("@odata.nextLink") != "" || a.body["value"] == nil {
				t.Errorf("%s", a.raw)
			}
		}},
		{"empty end of a delta", object{"kind": "empty-end"}, "/v1.0/users/delta", func(t *testing.T, _ *client, a answer, _ error) {
			if len(a.body) != 2 {
				t.Errorf("%s", a.raw)
			}
		}},
		{"truncated page", object{"kind": "truncated-page"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if len(a.body.list("value")) != 2 || a.body.text("@odata.nextLink") == "" {
				t.Errorf("%s", a.raw)
			}
		}},
		{"repeated page", object{"kind": "repeat-page"}, list, func(t *testing.T, c *client, a answer, _ error) {
			again := c.get(a.body.text("@odata.nextLink"))
			if diff := cmp.Diff(a.body.list("value"), again.list("value")); diff != "" {
				t.Error(diff)
			}
			if next := c.get(again.text("@odata.nextLink")); slices.Equal(ids(next.list("value")), ids(again.list("value"))) {
				t.Errorf("the walk does not go on")
			}
		}},
		{"repeated delta page", object{"kind": "repeat-page"}, "/v1.0/users/delta?$select=id", func(t *testing.T, c *client, a answer, _ error) {
			again := c.get(a.body.text("@odata.nextLink"))
			if diff := cmp.Diff(a.body.list("value"), again.list("value")); diff != "" || again.text("@odata.deltaLink") == "" {
				t.Error(diff, again)
			}
		}},
		{"no consent", object{"kind": "no-consent"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if a.status != 403 || a.body.object("error").text("code") != "Authorization_RequestDenied" {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}},
		{"unauthorized", object{"kind": "unauthorized"}, list, func(t *testing.T, _ *client, a answer, _ error) {
			if a.status != 401 || a.body.object("error").text("code") != "InvalidAuthenticationToken" {
				t.Errorf("%d %s", a.status, a.raw)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := start(t, &entrasim.Server{Users: 12})
			tt.rule["times"] = 1
			c.sim("POST", "/sim/faults", tt.rule, 201)
			a, err := c.try("GET", tt.path, nil)
			tt.want(t, c, a, err)
			rules := c.sim("GET", "/sim/faults", nil, 200).list("faults")
			if len(rules) != 1 || rules[0]["fired"] != 1.0 {
				t.Errorf("rules %v", rules)
			}
			c.get(tt.path) // it happened once
		})
	}
}

func TestTokenFaultsMeetOnlyRequestsWithAToken(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 12})
	c.sim("POST", "/sim/faults", object{"kind": "expired-delta", "times": 1}, 201)
	c.sim("POST", "/sim/faults", object{"kind": "reset-delta", "times": 1}, 201)
	link := c.latest("jobTitle")
	if a := c.do("GET", link, nil); a.status != 400 || a.body.object("error").text("code") != "syncStateNotFound" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if a := c.do("GET", link, nil); a.status != 410 || !strings.Contains(a.header.Get("Location"), "jobTitle") {
		t.Errorf("%d %v", a.status, a.header)
	}
	c.get(link)
}

func TestAnExpiredSecretFaultMeetsTheTokenEndpoint(t *testing.T) {
	s := &entrasim.Server{Users: 12}
	c := start(t, s)
	c.sim("POST", "/sim/faults", object{"kind": "expired-secret", "route": "/{tenant}/oauth2*"}, 201)
	a := c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", "")
	if a.status != 401 || cmp.Diff([]any{7000222.0}, a.body["error_codes"]) != "" {
		t.Errorf("%d %s", a.status, a.raw)
	}
	c.get(list)
}

func TestARuleChoosesByRouteMethodSkipTimesAndProbability(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 12})
	status := func(path string) int {
		t.Helper()
		return c.do("GET", path, nil).status
	}
	rule := func(r object) {
		t.Helper()
		c.sim("DELETE", "/sim/faults", nil, 200)
		r["kind"] = "error"
		c.sim("POST", "/sim/faults", r, 201)
	}
	rule(object{"route": "/v1.0/users$"})
	if status("/v1.0/users") != 503 || status("/v1.0/users/delta") != 200 {
		t.Errorf("an exact route does not choose")
	}
	rule(object{"route": "/v1.0/users/*elta"})
	if status("/v1.0/users") != 200 || status("/v1.0/users/delta") != 503 {
		t.Errorf("a pattern does not choose")
	}
	rule(object{"method": "POST"})
	if status("/v1.0/users") != 200 {
		t.Errorf("a method does not choose")
	}
	rule(object{"skip": 1, "times": 2})
	if got := []int{status(list), status(list), status(list), status(list)}; !slices.Equal(got, []int{200, 503, 503, 200}) {
		t.Errorf("skip and times: %v", got)
	}
	draw := func() (hits int, pattern string) {
		rule(object{"probability": 0.3, "seed": 7})
		for range 200 {
			if status(list) == 503 {
				hits++
				pattern += "x"
			} else {
				pattern += "."
			}
		}
		return hits, pattern
	}
	hits, _ := draw()
	if hits < 40 || hits > 80 {
		t.Errorf("%d of 200 at a probability of 0.3", hits)
	}
	for _, bad := range []object{{"kind": "nonsense"}, {"kind": "cut", "probability": 2}, {"kind": "error", "status": 200}, {"kind": "cut", "nonsense": 1}, {"kind": "latency", "delay_ms": -1}} {
		c.sim("POST", "/sim/faults", bad, 400)
	}
	c.sim("DELETE", "/sim/faults/999", nil, 404)
}

func TestLatencyComesOnTopOfAnotherFault(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 12})
	c.sim("POST", "/sim/faults", object{"kind": "latency", "delay_ms": 30}, 201)
	c.sim("POST", "/sim/faults", object{"kind": "throttle"}, 201)
	begun := time.Now()
	if a := c.do("GET", list, nil); a.status != 429 || time.Since(begun) < 30*time.Millisecond {
		t.Errorf("%d after %v", a.status, time.Since(begun))
	}
}
