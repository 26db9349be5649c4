package engine_test

import (
	"net/http"
	"testing"

	"rollcall/internal/engine"
)

func TestAllPinsOfARunAreLiftedForOneRunWhichTheGuardWeighs(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	on := true
	w.change(engine.Change{AutoSync: &on})
	w.work(w.engine)
	people := w.someone(9)
	for _, person := range people[:8] {
		w.control(http.MethodDelete, "/sim/users/"+person, nil)
	}
	run := w.good(engine.Incremental)
	w.control(http.MethodPatch, "/sim/users/"+people[8], map[string]any{"jobTitle": "Wrong"})
	other := w.good(engine.Incremental)
	undo := w.undo(run)
	w.undo(other)
	if pins := len(w.pins()); pins != 9 {
		t.Fatalf("%d pins, want 9", pins)
	}
	lifted, err := w.engine.LiftPins(t.Context(), engine.PinQuery{Org: w.org, Run: undo.ID})
	if err != nil || lifted != 8 || len(w.pins()) != 1 || len(w.queue.runs) != 1 {
		t.Fatalf("%d lifted, %v, %d left, %d runs; want 8 lifted, one left, and one run", lifted, err, len(w.pins()), len(w.queue.runs))
	}
	w.work(w.engine)
	if held := len(w.held()); held != 8 {
		t.Errorf("%d are held, want all 8 together", held)
	}
}
