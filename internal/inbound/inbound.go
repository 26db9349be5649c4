// Package inbound takes requests in: the address of a client behind proxies, the status of an answer.
package inbound

import (
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Answer notes the status of a response.
type Answer struct {
	http.ResponseWriter
	// Status that was sent; 0 as long as none was.
	Status int
}

// WriteHeader implements http.ResponseWriter.
func (a *Answer) WriteHeader(status int) {
	if a.Status == 0 {
		a.Status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (a *Answer) Write(data []byte) (int, error) {
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	return a.ResponseWriter.Write(data)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// ClientAddress is the address of the connection's other end; if that is a trusted proxy, the last address in X-Forwarded-For that is not
// one. What stands before it was written by somebody who is not trusted. "" if the request came over no connection.
func ClientAddress(r *http.Request, trusted []netip.Prefix) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	client := peer.Addr().Unmap()
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && isTrusted(client, trusted); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		client = hop.Unmap()
	}
	return client.WithZone("").String()
}

// BaseURL is the address of the server as the client wrote it, without a path; a trusted proxy says what that was.
func BaseURL(r *http.Request, trusted []netip.Prefix) string {
	scheme, host := "http", r.Host
	if r.TLS != nil {
		scheme = "https"
	}
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil && isTrusted(peer.Addr().Unmap(), trusted) {
		if said := r.Header.Get("X-Forwarded-Proto"); said == "https" || said == "http" {
			scheme = said
		}
		if said := r.Header.Get("X-Forwarded-Host"); said != "" {
			host = said
		}
	}
	return scheme + "://" + host
}

// Route is the pattern that a request matched, for logs and metrics.
func Route(r *http.Request) string {
	if r.Pattern == "" || r.Pattern == "/" {
		return "none"
	}
	return r.Pattern
}

// ValidURL reports whether path and query of an address are escaped as they must be, and UTF-8.
func ValidURL(u *url.URL) bool {
	values, err := url.ParseQuery(u.RawQuery)
	valid := err == nil && utf8.ValidString(u.Path)
	for name, list := range values {
		valid = valid && utf8.ValidString(name)
		for _, value := range list {
			valid = valid && utf8.ValidString(value)
		}
	}
	return valid
}

// RetryAfter is the value of the header Retry-After: whole seconds, at least one.
func RetryAfter(wait time.Duration) string {
	return strconv.Itoa(int(math.Ceil(max(1, wait.Seconds()))))
}

func isTrusted(address netip.Addr, trusted []netip.Prefix) bool {
	for _, network := range trusted {
		if network.Contains(address.WithZone("")) {
			return true
		}
	}
	return false
}
