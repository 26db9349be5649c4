package engine_test

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/engine"
)

func TestAServiceWithoutPatchIsWrittenWhole(t *testing.T) {
	w, want := withGroups(t, 30)
	s := newService(t, w.time)
	s.spoil(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig"):
			rw.Header().Set("Content-Type", "application/scim+json")
			_, _ = rw.Write([]byte(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{"supported":false},
				"bulk":{"supported":false,"maxOperations":0,"maxPayloadSize":0},"filter":{"supported":true,"maxResults":100},
				"changePassword":{"supported":false},"sort":{"supported":false},"etag":{"supported":false},"authenticationSchemes":[]}`))
			return true
		case r.Method == http.MethodPatch, strings.HasSuffix(r.URL.Path, "/Bulk"):
			rw.WriteHeader(http.StatusNotImplemented)
			return true
		}
		return false
	})
	w.elsewhere(s, false)
	w.good(engine.Incremental)
	w.sameAs(s)
	if got := grouped(t, s.dir, s.org); got != want {
		t.Errorf("the service has the groups %s, want %s", got, want)
	}
	group := w.group("Late", w.someone(3)...)
	w.good(engine.Incremental)
	w.leave(group, w.someone(1)...)
	w.good(engine.Incremental)
	if got := grouped(t, s.dir, s.org); !strings.Contains(got, "Late 2") {
		t.Errorf("the service has the groups %s, want two members of Late", got)
	}
}

func TestAServiceThatTellsNoMembersIsBelievedToHaveThem(t *testing.T) {
	w, want := withGroups(t, 30)
	s := newService(t, w.time)
	s.profile = "aws"
	w.elsewhere(s, true)
	w.good(engine.Incremental)
	w.sameAs(s)
	if got := grouped(t, s.dir, s.org); got != want {
		t.Errorf("the service has the groups %s, want %s", got, want)
	}
	if run := w.reconcile(false); run.Progress.Drift() != 0 {
		t.Errorf("of two equal sides %d differ: %v, %v", run.Progress.Drift(), run.Progress.Counts, run.Progress.Groups)
	}
	group := w.group("Late", w.someone(3)...)
	w.good(engine.Incremental)
	w.leave(group, w.someone(1)...)
	w.good(engine.Incremental)
	if got := grouped(t, s.dir, s.org); !strings.Contains(got, "Late 2") {
		t.Errorf("the service has the groups %s, want two members of Late", got)
	}
}
