package plan_test

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// claimOf reads "A: x -> y" (the object A has the name x and wants y), "A: x ->" (gives it up), "A: -> y" (is new). Before the colon may
// stand a phase, behind the line "held" for a claim that is blocked. holders says who has which name.
func claimOf(t *testing.T, line string, number int, holders map[string]string) plan.Claim {
	t.Helper()
	head, names, ok := strings.Cut(line, ":")
	from, to, arrow := strings.Cut(names, "->")
	if !ok || !arrow {
		t.Fatalf("%q is not a claim", line)
	}
	to, blocked := strings.CutSuffix(strings.TrimSpace(to), "held")
	claim := plan.Claim{
		Entry: entryOf(number), Phase: plan.Write, Frees: strings.TrimSpace(from), Takes: strings.TrimSpace(to), Blocked: blocked,
	}
	for i, word := range strings.Fields(head) {
		switch {
		case i == 0:
			claim.Object, claim.SourceName = idOf(word), "source of "+word
		case word == "free":
			claim.Phase = plan.Free
		case word == "remove":
			claim.Phase = plan.Remove
		}
	}
	if holder := holders[claim.Takes]; holder != "" && idOf(holder) != claim.Object {
		claim.Holder, claim.HolderName = idOf(holder), "holder "+holder
	}
	return claim
}

func entryOf(number int) ident.ID {
	return ident.ID{14: byte(number >> 8), 15: byte(number)}
}

func TestNamesAreFreedBeforeTheyAreTaken(t *testing.T) {
	for name, c := range map[string]struct {
		holders map[string]string
		claims  []string
		want    []string
	}{
		"a name that nobody has": {
			nil,
			[]string{"A: -> x"},
			[]string{"A 0"},
		},
		"a name that is kept": {
			map[string]string{"x": "H"},
			[]string{"A: -> x"},
			[]string{"A failed: holder H"},
		},
		"a name that was freed in the phase before": {
			map[string]string{"x": "D"},
			[]string{"A: -> x", "D free: x -> hex"},
			[]string{"A 0", "D 0"},
		},
		"a chain, told from its blocked end": {
			map[string]string{"x": "B", "y": "C"},
			[]string{"A: -> x", "B: x -> y", "C: y -> z"},
			[]string{"A 2", "B 1", "C 0"},
		},
		"a chain that ends at a name that is kept": {
			map[string]string{"x": "B", "y": "C", "z": "H"},
			[]string{"A: -> x", "B: x -> y", "C: y -> z"},
			[]string{"A failed: holder B", "B failed: holder C", "C failed: holder H"},
		},
		"two that change names": {
			map[string]string{"x": "A", "y": "B"},
			[]string{"A: x -> y", "B: y -> x"},
			[]string{"A 1 parked", "B 0"},
		},
		"a circle of three with somebody new behind it": {
			map[string]string{"x": "A", "y": "B", "z": "C"},
			[]string{"N: -> x", "A: x -> y", "B: y -> z", "C: z -> x"},
			[]string{"N failed: source of C", "A 2 parked", "B 1", "C 0"},
		},
		"a newcomer who comes first does not break a circle": {
			map[string]string{"x": "A", "y": "B"},
			[]string{"N: -> y", "A: x -> y", "B: y -> x"},
			[]string{"N failed: source of A", "A 1 parked", "B 0"},
		},
		"two claims on one name": {
			nil,
			[]string{"A: -> x", "B: -> x"},
			[]string{"A 0", "B failed: source of A"},
		},
		"two claims on one name that is kept": {
			map[string]string{"x": "H"},
			[]string{"A: -> x", "B: -> x"},
			[]string{"A failed: holder H", "B failed: holder H"},
		},
		"who keeps the own name wins": {
			map[string]string{"x": "B"},
			[]string{"A: -> x", "B: -> x"},
			[]string{"A failed: holder B", "B 0"},
		},
		"a held change frees nothing": {
			map[string]string{"x": "D"},
			[]string{"D free: x -> hex held", "A: -> x"},
			[]string{"A failed: holder D"},
		},
		"a removal comes too late": {
			map[string]string{"x": "D"},
			[]string{"A: -> x", "D remove: x ->"},
			[]string{"A failed: holder D", "D 0"},
		},
		"a name is wanted in an earlier phase than it is freed": {
			map[string]string{"x": "B"},
			[]string{"A free: a -> x", "B: x -> y"},
			[]string{"A 0", "B 0 parked"},
		},
		"a circle through two phases": {
			map[string]string{"x": "A", "y": "B"},
			[]string{"A free: x -> y", "B: y -> x"},
			[]string{"A 0", "B 0 parked"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var claims []plan.Claim
			for i, line := range c.claims {
				claims = append(claims, claimOf(t, line, i, c.holders))
			}
			slices.Reverse(claims) // the order of entries counts, not that of the list
			var got []string
			for _, resolution := range plan.ResolveNames(claims) {
				i := slices.IndexFunc(claims, func(claim plan.Claim) bool { return claim.Entry == resolution.Entry })
				line := fmt.Sprintf("%s %d", wordOf(claims[i].Object), resolution.Rank)
				if resolution.Failed {
					line = wordOf(claims[i].Object) + " failed: " + resolution.Holder
				}
				if resolution.Park {
					line += " parked"
				}
				got = append(got, line)
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// world is a directory with names, and the claims of a run on it.
type world struct {
	has    map[string]ident.ID // who has a name
	claims []plan.Claim
}

// drawWorld draws holders and claims of up to eight objects over few names, so that chains, circles and fights are frequent.
func drawWorld(t *rapid.T) world {
	w := world{has: map[string]ident.ID{}}
	count := rapid.IntRange(1, 8).Draw(t, "objects")
	name := rapid.Custom(func(t *rapid.T) string { return fmt.Sprintf("n%d", rapid.IntRange(0, count).Draw(t, "name")) })
	order := rapid.Permutation(numbers(count)).Draw(t, "order of entries")
	for i := range count {
		claim := plan.Claim{
			Entry: entryOf(order[i]), Object: idOf(fmt.Sprint("o", i)), SourceName: fmt.Sprint("s", i),
			Phase: rapid.SampledFrom([]plan.Phase{plan.Free, plan.Write, plan.Write, plan.Write}).Draw(t, "phase"),
		}
		own := ""
		if rapid.IntRange(0, 4).Draw(t, "exists") > 0 {
			own = fmt.Sprintf("n%d", i)
			w.has[own] = claim.Object
		}
		switch rapid.IntRange(0, 9).Draw(t, "wants") {
		case 0: // has a name and is not part of the run
			continue
		case 1: // is removed
			claim.Phase, claim.Frees = plan.Remove, own
		case 2: // keeps the own name, or is renamed out of everybody's way
			if claim.Takes = own; rapid.Bool().Draw(t, "leaves") {
				claim.Takes, claim.Frees = fmt.Sprint("hex", i), own
			}
		default:
			if claim.Takes = name.Draw(t, "takes"); claim.Takes != own {
				claim.Frees = own
			}
		}
		claim.Blocked = rapid.IntRange(0, 9).Draw(t, "blocked") == 0
		w.claims = append(w.claims, claim)
	}
	for i, claim := range w.claims {
		if holder := w.has[claim.Takes]; holder != claim.Object && !holder.IsZero() {
			w.claims[i].Holder, w.claims[i].HolderName = holder, wordOf(holder)
		}
	}
	return w
}

func numbers(count int) []int {
	out := make([]int, count)
	for i := range out {
		out[i] = i
	}
	return out
}

// Whatever the claims, applying them in order never takes a name that somebody has, and nobody fails without need.
func TestNamesFindTheirPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for range 20 {
			checkWorld(t, drawWorld(t))
		}
	})
}

func checkWorld(t *rapid.T, w world) {
	resolutions := plan.ResolveNames(w.claims)
	byEntry := map[ident.ID]plan.Resolution{}
	for _, resolution := range resolutions {
		byEntry[resolution.Entry] = resolution
	}
	unblocked := slices.DeleteFunc(slices.Clone(w.claims), func(c plan.Claim) bool { return c.Blocked })
	if len(byEntry) != len(resolutions) || len(byEntry) != len(unblocked) {
		t.Fatalf("%d resolutions for %d claims", len(resolutions), len(unblocked))
	}
	slices.SortFunc(unblocked, func(a, b plan.Claim) int {
		return cmp.Or(cmp.Compare(a.Phase, b.Phase), cmp.Compare(byEntry[a.Entry].Rank, byEntry[b.Entry].Rank), bytes.Compare(a.Entry[:], b.Entry[:]))
	})
	now := w.applied(t, unblocked, byEntry)
	for _, claim := range unblocked {
		resolution := byEntry[claim.Entry]
		if !resolution.Failed {
			continue
		}
		has := now[claim.Takes]
		switch {
		case w.inCircle(claim):
			t.Fatalf("%s failed, though all in the circle could move", claim.SourceName)
		case has.IsZero() && !w.removed(claim.Takes):
			t.Fatalf("%s failed, and in the end nobody has %s", claim.SourceName, claim.Takes)
		case resolution.Holder == claim.HolderName && !claim.Holder.IsZero():
			if has != claim.Holder && !w.removed(claim.Takes) {
				t.Fatalf("%s is told that %s keeps %s, but %s has it", claim.SourceName, claim.HolderName, claim.Takes, wordOf(has))
			}
		case resolution.Holder != sourceOf(unblocked, has):
			t.Fatalf("%s is told that %q wins %s, but %s has it", claim.SourceName, resolution.Holder, claim.Takes, wordOf(has))
		}
	}
}

// applied applies the claims in their order, parking first, and returns who has which name then.
func (w world) applied(t *rapid.T, ordered []plan.Claim, resolutions map[ident.ID]plan.Resolution) map[string]ident.ID {
	now := maps.Clone(w.has)
	for _, claim := range ordered {
		if resolution := resolutions[claim.Entry]; resolution.Park {
			if resolution.Failed || claim.Frees == "" || claim.Phase == plan.Remove {
				t.Fatalf("%s is parked in vain", claim.SourceName)
			}
			delete(now, claim.Frees)
		}
	}
	for _, claim := range ordered {
		if resolutions[claim.Entry].Failed {
			continue
		}
		if claim.Frees != "" && now[claim.Frees] == claim.Object {
			delete(now, claim.Frees)
		}
		if claim.Takes == "" {
			continue
		}
		if has := now[claim.Takes]; !has.IsZero() && has != claim.Object {
			t.Fatalf("%s takes %s, which %s still has", claim.SourceName, claim.Takes, wordOf(has))
		}
		now[claim.Takes] = claim.Object
	}
	return now
}

// removed reports whether a name is freed by a removal, which comes after everything else.
func (w world) removed(name string) bool {
	return slices.ContainsFunc(w.claims, func(c plan.Claim) bool { return c.Phase == plan.Remove && c.Frees == name && !c.Blocked })
}

// inCircle reports whether the claim is one of several that could give their names to each other.
func (w world) inCircle(claim plan.Claim) bool {
	at := claim
	for range w.claims {
		i := slices.IndexFunc(w.claims, func(c plan.Claim) bool { return c.Object == at.Holder && c.Frees == at.Takes && !c.Blocked })
		if at.Holder.IsZero() || i < 0 || w.claims[i].Phase == plan.Remove {
			return false
		}
		if at = w.claims[i]; at.Entry == claim.Entry {
			return true
		}
	}
	return false
}

func sourceOf(claims []plan.Claim, object ident.ID) string {
	for _, claim := range claims {
		if claim.Object == object {
			return claim.SourceName
		}
	}
	return ""
}
