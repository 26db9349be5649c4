//go:build bench

package bench

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// unmeasured are the routes of the console that need not be quick, and why.
var unmeasured = map[string]string{
	"GET //{$}":                   "leads to the overview",
	"GET //sign-in":               "asks for a password, which is slow by intention",
	"GET //join/{secret}":         "is seen once, before there is anything",
	"GET //connect/callback":      "asks Microsoft",
	"GET //help":                  "is the same text for everybody",
	"GET /audit/export":           "a file of all rows",
	"GET /setup/{id}/destination": "is of instances that write to a remote service, and the demo has none",
	"GET /log/csv":                "a file of all rows",
	"GET /log/ndjson":             "a file of all rows",
	"GET /runs/{id}/report":       "a file of all rows",
}

var routePattern = regexp.MustCompile(`\{"(GET [^"]+)"`)

// covers checks that each page of the console is among those that are measured.
func covers(t *testing.T, pages []askedPage) {
	t.Helper()
	mux := http.NewServeMux()
	missing := map[string]bool{}
	for _, file := range []string{"../internal/console/routes.go", "../internal/console/simroutes.go"} {
		for _, match := range routePattern.FindAllStringSubmatch(read(t, file), -1) {
			if unmeasured[match[1]] == "" {
				mux.HandleFunc(match[1], http.NotFound)
				missing[match[1]] = true
			}
		}
	}
	for _, page := range pages {
		address, form := page.at(0)
		if form == nil {
			_, pattern := mux.Handler(httptest.NewRequest(http.MethodGet, address, strings.NewReader("")))
			delete(missing, pattern)
		}
	}
	for pattern := range missing {
		t.Errorf("no page of %s is measured", pattern)
	}
}
