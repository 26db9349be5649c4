package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"rollcall/internal/mirror"
	"rollcall/internal/scope"
)

// Whatever happens to people and groups and on the way to them, no member of the tenant's is taken out (careful asserts it), and when the faults
// have stopped the mirror has the members of the tenant. Pages of a delta that lose members without a word are left out: nothing can tell,
// until the next full read.
func TestTheMirrorHasTheMembersOfTheTenant(t *testing.T) {
	db := openStore(t)
	rapid.Check(t, func(t *rapid.T) {
		s := start(t, context.Background(), db, 60)
		defer s.server.Close()
		var page struct{ Groups []struct{ ID string } }
		s.must(json.Unmarshal(s.control("GET", "/groups?limit=12", ""), &page))
		for i := range 12 - len(page.Groups) {
			page.Groups = append(page.Groups, struct{ ID string }{s.group(fmt.Sprint("Group ", i), s.users("live")[i:i+3]...)})
		}
		choose := func() mirror.Want {
			want := mirror.Want{Attributes: attributes, WithGroups: true}
			for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, 11), 1, 4, rapid.ID[int]).Draw(t, "selected") {
				want.Groups = append(want.Groups, scope.SelectedGroup{ID: page.Groups[i].ID, Nested: rapid.Bool().Draw(t, "nested")})
			}
			want.AllGroups = rapid.SampledFrom([]bool{false, false, true}).Draw(t, "all")
			if want.AllGroups && rapid.Bool().Draw(t, "none selected") {
				want.Groups = nil
			}
			return want
		}
		want := choose()
		for range rapid.IntRange(3, 9).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"groups", "groups", "groups", "people", "run", "run", "run", "full", "break", "heal", "time", "expire", "choose"}).Draw(t, "what") {
			case "groups":
				s.control("POST", "/groups/random", fmt.Sprintf(
					`{"changes":%d,"seed":%d,"kinds":["join","leave","nest","join","unnest","rename","delete","restore","leave","create","nest"]}`,
					rapid.IntRange(1, 40).Draw(t, "changes"), rapid.Uint64Range(1, 1<<40).Draw(t, "seed")))
			case "people":
				s.control("POST", "/random", fmt.Sprintf(`{"changes":%d,"seed":%d,"kinds":["change","delete","restore","create","purge","block"]}`,
					rapid.IntRange(1, 25).Draw(t, "changes"), rapid.Uint64Range(1, 1<<40).Draw(t, "seed")))
				s.users("live")
				s.users("deleted")
			case "run":
				s.careful(want)
			case "full":
				full := want
				full.Full = true
				s.careful(full)
			case "break":
				s.fault(drawGroupFault(t))
			case "heal":
				s.healed()
			case "time":
				s.control("POST", "/clock", fmt.Sprintf(`{"advance":%q}`, rapid.SampledFrom([]string{"1m", "15m", "26h", "192h"}).Draw(t, "time")))
			case "expire":
				s.control("POST", "/delta/"+rapid.SampledFrom([]string{"expire", "reset"}).Draw(t, "how"), "")
				s.control("POST", "/clock", `{"advance":"1s"}`)
			case "choose":
				want = choose()
			}
		}
		s.healed()
		s.recovered(want)
		s.mustRun(want)
		s.mustRun(want) // a list that was empty is believed the second time
		s.holds("in the end", want)
		if err := s.db.Sweep(s.ctx, s.pull.Connection); err != nil {
			t.Fatal(err)
		}
		s.mustRun(everything)
		if kept := s.kept(); len(kept) > 0 {
			t.Errorf("%d groups are kept when none is wanted", len(kept))
		}
		if left := s.reached(want); len(left) > 0 {
			t.Errorf("%d members are kept when nothing is selected", len(left))
		}
	})
}

func drawGroupFault(t *rapid.T) string {
	route := rapid.SampledFrom([]string{"/v1.0/groups/{id}/members", "/v1.0/groups/delta", "/v1.0/$batch", "/v1.0/groups/{id}$", "/v1.0/groups$"}).Draw(t, "route")
	kinds := []string{"cut", "invalid-json", "error", "throttle", "repeat-page", "empty-end"}
	if route != "/v1.0/groups/delta" {
		kinds = append(kinds, "empty-page", "truncated-page", "short-page")
	} else {
		kinds = append(kinds, "expired-delta", "reset-delta", "lost-page", "swap-pages")
	}
	return fmt.Sprintf(`{"route":%q,"kind":%q,"probability":%g,"times":%d,"skip":%d,"seed":%d}`, route,
		rapid.SampledFrom(kinds).Draw(t, "kind"), rapid.SampledFrom([]float64{0.3, 0.7, 1}).Draw(t, "probability"),
		rapid.IntRange(0, 6).Draw(t, "times"), rapid.IntRange(0, 2).Draw(t, "skip"), rapid.Uint64Range(1, 1<<40).Draw(t, "fault seed"))
}
