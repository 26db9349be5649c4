package inbound_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"rollcall/internal/inbound"
)

func TestTheClientsAddressComesFromTrustedProxiesOnly(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"203.0.113.5:4711", nil, "203.0.113.5"},
		{"203.0.113.5:4711", []string{"198.51.100.7"}, "203.0.113.5"},
		{"10.1.2.3:4711", nil, "10.1.2.3"},
		{"10.1.2.3:4711", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.1.2.3:4711", []string{"6.6.6.6, 198.51.100.7", "10.9.9.9"}, "198.51.100.7"},
		{"10.1.2.3:4711", []string{"6.6.6.6, rubbish"}, "10.1.2.3"},
		{"[::ffff:10.1.2.3]:4711", []string{"2001:db8::1"}, "2001:db8::1"},
		{"[fd00::1]:4711", []string{"198.51.100.7, fd00::2"}, "198.51.100.7"},
		{"@", []string{"198.51.100.7"}, ""},
	} {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.forwarded}}
		if got := inbound.ClientAddress(r, trusted); got != c.want {
			t.Errorf("%s with %q: %q, want %q", c.peer, c.forwarded, got, c.want)
		}
	}
}

func TestATrustedProxySaysHowTheClientWroteTheAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	said := http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"directory.example"}}
	for _, c := range []struct {
		request http.Request
		want    string
	}{
		{http.Request{RemoteAddr: "10.1.2.3:1", Host: "inside:80", Header: said}, "https://directory.example"},
		{http.Request{RemoteAddr: "203.0.113.5:1", Host: "inside:80", Header: said}, "http://inside:80"},
		{http.Request{RemoteAddr: "203.0.113.5:1", Host: "inside", TLS: &tls.ConnectionState{}}, "https://inside"},
		{http.Request{RemoteAddr: "10.1.2.3:1", Host: "inside", Header: http.Header{"X-Forwarded-Proto": {"gopher"}}}, "http://inside"},
	} {
		if got := inbound.BaseURL(&c.request, trusted); got != c.want {
			t.Errorf("%+v: %q, want %q", c.request, got, c.want)
		}
	}
}

func TestAnAddressIsEscapedUTF8(t *testing.T) {
	for address, want := range map[string]bool{
		"/users?search=Zo%C3%AB": true, "/users/%C3%AB": true, "/users?a=%FF": false, "/users?%FF=a": false, "/users/%FF": false, "/users?a=%zz": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got := inbound.ValidURL(u); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
}

func TestWaitsAreToldInWholeSeconds(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "1", time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60"} {
		if got := inbound.RetryAfter(wait); got != want {
			t.Errorf("%s: %s", wait, got)
		}
	}
}

func TestARequestThatMatchedNothingHasNoRoute(t *testing.T) {
	for pattern, want := range map[string]string{"": "none", "/": "none", "GET /x/{id}": "GET /x/{id}"} {
		if got := inbound.Route(&http.Request{Pattern: pattern}); got != want {
			t.Errorf("%q: %q", pattern, got)
		}
	}
}

func TestTheFirstStatusIsNoted(t *testing.T) {
	recorder := httptest.NewRecorder()
	answer := &inbound.Answer{ResponseWriter: recorder}
	if _, err := answer.Write([]byte("x")); err != nil || answer.Status != http.StatusOK {
		t.Errorf("%v, %d", err, answer.Status)
	}
	answer = &inbound.Answer{ResponseWriter: httptest.NewRecorder()}
	answer.WriteHeader(http.StatusTeapot)
	if answer.WriteHeader(http.StatusOK); answer.Status != http.StatusTeapot || answer.Unwrap() == nil {
		t.Error(answer.Status)
	}
}
