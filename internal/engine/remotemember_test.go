package engine_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

var memberValue = regexp.MustCompile(`\{"value":"([^"]+)"\}`)

// TestNobodyIsAddedToAGroupTwice: some services keep doubles of members who are added again.
func TestNobodyIsAddedToAGroupTwice(t *testing.T) {
	w, want := withGroups(t, 40)
	s := newService(t, w.time)
	w.elsewhere(s, true)
	var mu sync.Mutex
	added, lost := map[string]bool{}, 0
	s.spoil(func(_ http.ResponseWriter, r *http.Request, serve http.Handler) bool {
		if r.Method != http.MethodPatch || !strings.Contains(r.URL.Path, "/Groups/") {
			return false
		}
		body, err := io.ReadAll(r.Body)
		s.must(err)
		r.Body = io.NopCloser(bytes.NewReader(body))
		mu.Lock()
		defer mu.Unlock()
		for _, found := range memberValue.FindAllStringSubmatch(string(body), -1) {
			key := r.URL.Path + " " + found[1]
			if added[key] {
				t.Errorf("added again: %s", key)
			}
			added[key] = true
		}
		if lost++; lost > 2 {
			return false
		}
		serve.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	})
	w.eventually()
	if got := grouped(t, s.dir, s.org); got != want || lost == 0 {
		t.Errorf("%d answers were lost, and the service has the groups %s, want %s", lost, got, want)
	}
}
