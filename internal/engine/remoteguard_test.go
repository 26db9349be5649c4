package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/plan"
)

func TestAMassDeletionIsHeldBeforeTheServiceIsTold(t *testing.T) {
	w := newWorld(t, 40)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	w.settings(func(s *engine.Settings) { s.Thresholds = plan.Thresholds{Count: 2, Percent: 1, Absolute: 1000} })
	w.good(engine.Incremental)
	var gone []string
	for _, person := range w.people(5) {
		gone = append(gone, fmt.Sprint(person["id"]))
		w.control(http.MethodDelete, "/sim/users/"+gone[len(gone)-1], nil)
	}
	inactive := func() (count int) {
		users := s.external()
		for _, id := range gone {
			if strings.HasSuffix(users[id], " inactive") {
				count++
			}
		}
		return count
	}
	s.calls.Store(0)
	if run := w.good(engine.Incremental); run.Progress.Counts["held"] != 5 || inactive() != 0 || s.calls.Load() != 0 {
		t.Fatalf("%d are Inactive after %d requests: %v", inactive(), s.calls.Load(), run.Progress.Counts)
	}
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.eventually()
	if inactive() != 5 {
		t.Errorf("approved, %d are Inactive: %v", inactive(), s.external())
	}
}

func TestAGroupIsProvisionedOnDemandInAService(t *testing.T) {
	w := newWorld(t, 40)
	people, _ := w.lettered("abc")
	sales := w.group("Sales", people...)
	w.keeps(nil, of(sales))
	s := newService(t, w.time)
	w.elsewhere(s, false)
	run, results := w.provisionGroup(sales, people[:2]...)
	if got := outcomes(results); run.State != engine.Succeeded || !strings.HasPrefix(got, "success") {
		t.Errorf("the run ended as %s (%+v): %s", run.State, run.Failure, got)
	}
	if got := grouped(t, s.dir, s.org); got != "Sales 2" {
		t.Errorf("the service has the groups %q", got)
	}
}
