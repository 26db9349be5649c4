package entrasim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"rollcall/internal/entrasim"
)

// noon is the base clock of the tests.
var noon = time.Date(2025, 6, 2, 12, 0, 0, 0, time.UTC)

// A client talks to a started tenant as a program would: over HTTP.
type client struct {
	t     *testing.T
	base  string
	token string
}

func start(t *testing.T, s *entrasim.Server) *client {
	t.Helper()
	if s.Now == nil {
		s.Now = func() time.Time { return noon }
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &client{t: t, base: s.URL()}
	c.login()
	return c
}

func (c *client) login() {
	c.t.Helper()
	tenant := c.sim("GET", "/sim/tenant", nil, 200)
	a := c.do("POST", "/"+tenant.text("tenant_id")+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"client_credentials"}, "client_id": {tenant.text("client_id")}, "client_secret": {tenant.text("client_secret")},
		"scope": {"https://graph.microsoft.com/.default"},
	}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	if a.status != 200 {
		c.t.Fatalf("no token: %d %s", a.status, a.raw)
	}
	c.token = a.body.text("access_token")
}

// An object is decoded JSON.
type object map[string]any

func (o object) text(key string) string {
	s, _ := o[key].(string)
	return s
}

func (o object) object(key string) object {
	m, _ := o[key].(map[string]any)
	return m
}

// strings are the texts of a list, joined by commas.
func (o object) strings(key string) string {
	l, _ := o[key].([]any)
	out := make([]string, 0, len(l))
	for _, v := range l {
		s, _ := v.(string)
		out = append(out, s)
	}
	return strings.Join(out, ",")
}

func (o object) list(key string) []object {
	l, _ := o[key].([]any)
	out := make([]object, 0, len(l))
	for _, v := range l {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

type answer struct {
	status int
	header http.Header
	raw    string
	body   object
}

// do sends one request; body is a text or anything that becomes JSON. Headers come in pairs.
func (c *client) do(method, target string, body any, headers ...string) answer {
	c.t.Helper()
	a, err := c.try(method, target, body, headers...)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, target, err)
	}
	return a
}

func (c *client) try(method, target string, body any, headers ...string) (answer, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		j, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(j)
	}
	if !strings.HasPrefix(target, "http") {
		target = c.base + target
	}
	r, err := http.NewRequestWithContext(context.Background(), method, strings.ReplaceAll(target, " ", "%20"), reader)
	if err != nil {
		return answer{}, err
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{status: res.StatusCode, header: res.Header, raw: string(raw)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/json") {
		if err := json.Unmarshal(raw, &a.body); err != nil {
			return a, fmt.Errorf("answer is not JSON: %w: %.200s", err, raw)
		}
	}
	return a, nil
}

// get asks Graph and wants 200.
func (c *client) get(target string, headers ...string) object {
	c.t.Helper()
	a := c.do("GET", target, nil, headers...)
	if a.status != 200 {
		c.t.Fatalf("GET %s: %d %s", target, a.status, a.raw)
	}
	return a.body
}

// sim asks the control API and wants a status.
func (c *client) sim(method, target string, body any, want int) object {
	c.t.Helper()
	a := c.do(method, target, body)
	if a.status != want {
		c.t.Fatalf("%s %s: %d, want %d: %s", method, target, a.status, want, a.raw)
	}
	return a.body
}

// walk follows nextLinks to the end and returns all values and the last page.
func (c *client) walk(target string, headers ...string) (values []object, last object) {
	c.t.Helper()
	for target != "" {
		last = c.get(target, headers...)
		values = append(values, last.list("value")...)
		target = last.text("@odata.nextLink")
	}
	return values, last
}

// follow walks a delta round and returns its values and the link to the next round.
func (c *client) follow(target string, headers ...string) (values []object, deltaLink string) {
	c.t.Helper()
	values, last := c.walk(target, headers...)
	link := last.text("@odata.deltaLink")
	if link == "" {
		c.t.Fatalf("the round has no deltaLink at its end")
	}
	return values, link
}

// latest is a deltaLink from now on.
func (c *client) latest(properties string) string {
	c.t.Helper()
	_, link := c.follow("/v1.0/users/delta?$select=" + properties + "&$deltatoken=latest")
	return link
}

func ids(values []object) []string {
	out := make([]string, 0, len(values))
	for _, v := range values {
		out = append(out, v.text("id"))
	}
	return out
}
