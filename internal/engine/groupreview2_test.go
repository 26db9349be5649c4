package engine_test

import (
	"net/http"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/scope"
)

// crowd is how many members Big has and how many are held to leave it.
func (w *world) crowd(what string, members int64, held int) {
	w.Helper()
	if n, h := w.groupNamed("Big").Members, w.heldMembers(); n != members || h != held {
		w.Errorf("%s: %d members and %d held, want %d and %d", what, n, h, members, held)
	}
}

// employed is a filter that leaves out whom retire puts into another department.
func employed(r *scope.Rules) {
	r.Filters = []scope.Filter{{Name: "employed", Clauses: []scope.Clause{{Attribute: "department", Operator: "NOT EQUALS", Value: "Retired"}}}}
}

func (w *world) retire(person string) {
	w.Helper()
	w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"department": "Retired"})
}

// holding fills the group Big with 120 people of whom the leaving of the first 60, whom it returns, is held.
func (w *world) holding() []string {
	w.Helper()
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(employed, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	w.crowd("held", 120, 60)
	return people[:60]
}

func TestWhoseLeavingIsHeldIsPlannedWhenHisTieChanges(t *testing.T) {
	w := newWorld(t, 200)
	w.retire(w.holding()[0])
	w.good(engine.Incremental)
	w.crowd("one is out of scope", 119, 59)
}

func TestWhoIsPinnedInAGroupIsPlannedWhenHisTieChanges(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(employed, of(sales))
	w.good(engine.Incremental)
	w.leave(sales, p[0])
	w.undo(w.kept("a left", names, "Sales, ours: b"))
	w.retire(p[0])
	w.kept("a is out of scope", names, "Sales, ours: b")
}
