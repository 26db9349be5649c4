package mirror_test

import (
	"context"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/mirror"
)

// Whatever happens to the tenant and on the way to it, nobody alive is marked as deleted (run asserts it), and when the faults have stopped the
// mirror becomes the tenant. Pages of a delta that lose users without a word are left out: nothing can tell, until the next full read.
func TestTheMirrorBecomesTheTenant(t *testing.T) {
	db := openStore(t)
	rapid.Check(t, func(t *rapid.T) {
		s := start(t, context.Background(), db, rapid.SampledFrom([]int{12, 60, 60, 60, 60, 60, 60, 60, 60, 1050}).Draw(t, "users"))
		defer s.server.Close()
		for range rapid.IntRange(2, 6).Draw(t, "steps") {
			happen(t, s)
		}
		s.healed()
		s.recovered(everything)
		s.mustRun(fully) // managers who come back are told by no delta
		s.equals(attributes)
		s.control("POST", "/clock", `{"advance":"744h"}`)
		s.recovered(everything)
		s.mustRun(everything)
		s.mustRun(everything)
		s.equals(attributes)
		for id, user := range s.mirrored() {
			if user.State == "deleted" {
				t.Errorf("%s is still in the recycle bin after 31 days, since %v", id, user.DeletedAt)
			}
		}
	})
}

// recovered runs until a run succeeds; a read that was under way when the faults stopped may have to be given up first.
func (s *tenant) recovered(want mirror.Want) {
	s.t.Helper()
	var err error
	for range 3 {
		if _, err = s.run(want); err == nil {
			return
		}
	}
	s.t.Fatalf("three runs without faults fail: %v", err)
}

// happen lets one thing happen: to people, to the tenant, on the way, or a run.
func happen(t *rapid.T, s *tenant) {
	switch rapid.SampledFrom([]string{"people", "people", "run", "run", "full", "break", "break", "break", "heal", "time", "expire"}).Draw(t, "what") {
	case "people":
		s.control("POST", "/random", fmt.Sprintf(
			`{"changes":%d,"seed":%d,"kinds":["change","delete","restore","create","purge","block","rename","unblock","manager"]}`,
			rapid.IntRange(1, 25).Draw(t, "changes"), rapid.Uint64Range(1, 1<<40).Draw(t, "seed")))
	case "run":
		if _, err := s.run(everything); err != nil {
			t.Logf("run: %v", err)
		}
	case "full":
		if _, err := s.run(fully); err != nil {
			t.Logf("full run: %v", err)
		}
	case "break":
		s.fault(drawFault(t))
	case "heal":
		s.healed()
	case "time":
		s.control("POST", "/clock", fmt.Sprintf(`{"advance":%q}`, rapid.SampledFrom([]string{"1m", "15m", "26h", "192h", "744h"}).Draw(t, "time")))
	case "expire":
		s.control("POST", "/delta/"+rapid.SampledFrom([]string{"expire", "reset"}).Draw(t, "how"), "")
		s.control("POST", "/clock", `{"advance":"1s"}`)
	}
}

func drawFault(t *rapid.T) string {
	route := rapid.SampledFrom([]string{"/v1.0/users$", "/v1.0/users/delta", "/v1.0/directory/deletedItems", "/v1.0/$batch", "/v1.0/users/{id}$"}).Draw(t, "route")
	kinds := []string{"cut", "invalid-json", "error", "throttle", "repeat-page", "empty-end"}
	if route != "/v1.0/users/delta" {
		kinds = append(kinds, "empty-page", "truncated-page")
	} else {
		kinds = append(kinds, "expired-delta", "reset-delta")
	}
	return fmt.Sprintf(`{"route":%q,"kind":%q,"probability":%g,"times":%d,"skip":%d,"seed":%d}`, route,
		rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom([]float64{0.3, 0.7, 1}).Draw(t, "probability"),
		rapid.IntRange(0, 6).Draw(t, "times"), rapid.IntRange(0, 2).Draw(t, "skip"), rapid.Uint64Range(1, 1<<40).Draw(t, "fault seed"))
}
