package plan_test

import (
	"testing"

	"rollcall/internal/plan"
)

// deed is a change from one version to the next.
func deed(entry string, base int64, undoes string) plan.Deed {
	return plan.Deed{Entry: idOf(entry), Base: base, Undoes: idOf(undoes)}
}

func TestAHistoryTellsWhetherAChangeIsTheLastThatCounts(t *testing.T) {
	made, changed, again := deed("made", 0, ""), deed("changed", 1, ""), deed("again", 2, "")
	for _, c := range []struct {
		name             string
		of               plan.Deed
		version          int64
		history          []plan.Deed
		untouched, taken bool
	}{
		{"the last one", changed, 2, []plan.Deed{changed, made}, true, false},
		{"not the last one", made, 2, []plan.Deed{made, changed}, false, false},
		{"what came later was taken back", changed, 4, []plan.Deed{made, changed, again, deed("u", 3, "again")}, true, false},
		{"all that came later was taken back, step by step", made, 5, []plan.Deed{made, changed, again, deed("u", 3, "again"), deed("v", 4, "changed")}, true, false},
		{"taken back itself", changed, 3, []plan.Deed{made, changed, deed("u", 2, "changed")}, false, true},
		{"taken back and done again", changed, 4, []plan.Deed{made, changed, deed("u", 2, "changed"), deed("v", 3, "u")}, true, false},
		{"the undo, after it was done again", deed("u", 2, "changed"), 4, []plan.Deed{made, changed, deed("u", 2, "changed"), deed("v", 3, "u")}, false, true},
		{"taken back, then changed anew", changed, 4, []plan.Deed{made, changed, deed("u", 2, "changed"), deed("new", 3, "")}, false, false},
		{"changed by hand since", changed, 3, []plan.Deed{made, changed}, false, false},
		{"changed by hand between, and the later change taken back", made, 5, []plan.Deed{made, deed("b", 3, ""), deed("u", 4, "b")}, false, false},
		{"told twice", changed, 4, []plan.Deed{made, changed, again, deed("u", 3, "again"), made, deed("u", 3, "again")}, true, false},
		{"known to nobody", again, 3, []plan.Deed{made}, false, false},
		{"without any history", made, 1, nil, false, false},
	} {
		untouched, taken := plan.NewHistory(c.history).Shows(plan.Change{BaseVersion: c.of.Base}, c.version)
		if untouched != c.untouched || taken != c.taken {
			t.Errorf("%s: untouched %v, taken back %v; want %v, %v", c.name, untouched, taken, c.untouched, c.taken)
		}
	}
}
