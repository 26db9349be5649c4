package engine_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/audit"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

// swapped is a world whose service stops to answer when so many names were changed there, in the middle of a run in which two people exchange theirs.
func swapped(t *testing.T, renames int) (w *world, s *service, ids, names [2]string) {
	t.Helper()
	w = newWorld(t, 30)
	s = newService(t, w.time)
	w.elsewhere(s, true)
	w.good(engine.Incremental)
	for i, person := range w.people(2) {
		ids[i], names[i] = fmt.Sprint(person["id"]), fmt.Sprint(person["userPrincipalName"])
	}
	w.control(http.MethodPatch, "/sim/users/"+ids[0], map[string]any{"userPrincipalName": "aside@contoso.example"})
	w.control(http.MethodPatch, "/sim/users/"+ids[1], map[string]any{"userPrincipalName": names[0]})
	w.control(http.MethodPatch, "/sim/users/"+ids[0], map[string]any{"userPrincipalName": names[1]})
	s.spoil(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		body, err := io.ReadAll(r.Body)
		s.must(err)
		r.Body = io.NopCloser(bytes.NewReader(body))
		if renames--; renames >= 0 && strings.Contains(string(body), "userName") {
			return false
		}
		rw.Header().Set("Retry-After", "600")
		rw.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	if run := w.run(engine.Incremental); run.State == engine.Succeeded {
		t.Fatalf("the run ended as %s", run.State)
	}
	return w, s, ids, names
}

// TestAnInstanceThatIsDeletedAmongNamesThatGoRoundLeavesNoTemporaryOne: names are those of before or of after, wherever the run stood.
func TestAnInstanceThatIsDeletedAmongNamesThatGoRoundLeavesNoTemporaryOne(t *testing.T) {
	for renames, want := range []string{"before", "after", "after"} {
		t.Run(fmt.Sprint(renames), func(t *testing.T) {
			w, s, ids, names := swapped(t, renames)
			s.spoil(nil)
			s.way = s.client(true) // which waits for nothing
			s.must(w.engine.DeleteInstance(t.Context(), w.instance.ID))
			if want == "after" {
				names[0], names[1] = names[1], names[0]
			}
			if got := s.external(); got[ids[0]] != names[0] || got[ids[1]] != names[1] {
				t.Errorf("they are called %s and %s, want %s and %s", got[ids[0]], got[ids[1]], names[0], names[1])
			}
		})
	}
}

func TestAnInstanceIsDeletedThoughItsServiceDoesNotAnswer(t *testing.T) {
	w, s, _, _ := swapped(t, 1)
	s.spoil(func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	s.must(w.engine.DeleteInstance(t.Context(), w.instance.ID))
	if _, err := w.engine.Instance(t.Context(), w.org, w.instance.ID); err == nil {
		t.Error("the instance is still there")
	}
	events, err := w.dir.Events(t.Context(), w.org, ident.ID{}, 1000)
	s.must(err)
	i := slices.IndexFunc(events, func(event audit.Event) bool { return event.Action == "instance.delete" })
	if i < 0 || !strings.Contains(events[i].Before.Text("unfinished"), "temporary name") {
		t.Errorf("the audit log says %+v", events)
	}
}
