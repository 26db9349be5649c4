package engine_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/plan"
)

// describes has the service describe itself in other words.
func (s *service) describes(words *strings.Replacer) {
	s.spoil(func(w http.ResponseWriter, r *http.Request, serve http.Handler) bool {
		if !strings.HasSuffix(r.URL.Path, "/Schemas") {
			return false
		}
		answer := httptest.NewRecorder()
		serve.ServeHTTP(answer, r)
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, err := w.Write(bytes.NewBufferString(words.Replace(answer.Body.String())).Bytes())
		s.must(err)
		return true
	})
}

// told are the actions and reasons of a run's entries about the groups One and Two and their members.
func (w *world) told(run engine.Run) (lines []string) {
	w.Helper()
	for _, entry := range w.entries(run) {
		if entry.Object == plan.User || entry.SourceName != "One" && entry.SourceName != "Two" {
			continue
		}
		lines = append(lines, fmt.Sprintf("%s: %s %d %s %s", entry.SourceName, entry.Action, len(entry.Members), entry.State, entry.Reason.Code))
	}
	slices.Sort(lines)
	return lines
}

// TestADryRunOfGroupsDoesNotPromiseWhatTheServiceRefuses: of groups and their members too.
func TestADryRunOfGroupsDoesNotPromiseWhatTheServiceRefuses(t *testing.T) {
	for _, c := range []struct {
		name        string
		words       []string
		dry, really []string
	}{
		{
			"a service without groups in groups",
			[]string{`"referenceTypes":["User","Group"]`, `"referenceTypes":["User"]`, `"canonicalValues":["User","Group"]`, `"canonicalValues":["User"]`},
			[]string{"One: create 0 proposed Added", "One: fail 1 failed NotSupported", "One: join 2 proposed Joined", "Two: create 0 proposed Added", "Two: join 3 proposed Joined"},
			[]string{"One: create 0 applied Added", "One: fail 1 failed NotSupported", "One: join 2 applied Joined", "Two: create 0 applied Added", "Two: join 3 applied Joined"},
		},
		{
			"a service whose groups have no members",
			[]string{`"name":"members"`, `"name":"people"`},
			[]string{"One: create 0 proposed Added", "One: fail 3 failed NotSupported", "Two: create 0 proposed Added", "Two: fail 3 failed NotSupported"},
			[]string{"One: create 0 applied Added", "One: fail 3 failed NotSupported", "Two: create 0 applied Added", "Two: fail 3 failed NotSupported"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 40)
			people, _ := w.lettered("abcde")
			two := w.group("Two", people[2:]...)
			w.group("One", people[0], people[1], two)
			w.keeps(nil)
			s := newService(t, w.time)
			s.describes(strings.NewReplacer(c.words...))
			w.elsewhere(s, false)
			if got := w.told(w.good(engine.DryRun)); !slices.Equal(got, c.dry) {
				t.Errorf("the dry run says %q, want %q", got, c.dry)
			}
			if got := w.told(w.good(engine.Incremental)); !slices.Equal(got, c.really) {
				t.Errorf("the run did %q, want %q", got, c.really)
			}
			if got := w.told(w.good(engine.Incremental)); len(got) != 0 {
				t.Errorf("without a change, a run did %q", got)
			}
		})
	}
}
