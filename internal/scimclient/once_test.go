package scimclient_test

import (
	"net/http"
	"testing"
)

// TestWhatIsDoneOnceIsNotSentAgain: the answer is lost, alone and in bulk.
func TestWhatIsDoneOnceIsNotSentAgain(t *testing.T) {
	lose := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for name, c := range map[string]struct {
		bulk   int
		method string
	}{"alone": {0, "PATCH"}, "in bulk": {10, "POST"}} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, map[string]http.HandlerFunc{config: bulkConfig(c.bulk, 1<<20), "PATCH /Users/1": lose, "PATCH /Users/2": lose, "POST /Bulk": lose})
			once, also := rename("1", "Ada"), rename("2", "Bob")
			once.Once, also.Once = true, true
			if got := statuses(send(t, s.client(t, "generic"), once, also)); got != "unknown unknown" {
				t.Errorf("outcomes: %s", got)
			}
			requests := len(s.requests(c.method))
			if want := map[string]int{"alone": 2, "in bulk": 1}[name]; requests != want {
				t.Errorf("%d requests, want %d", requests, want)
			}
		})
	}
}
