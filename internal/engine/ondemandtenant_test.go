package engine_test

import (
	"context"
	"testing"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/scope"
)

// behind is a tenant whose look-ups are answered by a replica that tells what was true once.
type behind struct {
	mirror.Tenant
	once map[string]graph.Existence
}

func (b behind) LookUpUsers(context.Context, []string, []string) (map[string]graph.Existence, error) {
	return b.once, nil
}

func TestWhatAReplicaThatIsBehindToldIsMendedByTheNextRun(t *testing.T) {
	w := newWorld(t, 40)
	w.good(engine.Incremental)
	w.now = w.now.Add(time.Hour)
	w.good(engine.Incremental)
	people := w.people(2)
	changed, deleted := id(people[0]), id(people[1])
	connection, err := w.db.Connection(t.Context(), w.instance.ConnectionID)
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := w.tenant(connection)
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := w.db.Cursor(t.Context(), connection.ID)
	if err != nil {
		t.Fatal(err)
	}
	once, err := tenant.LookUpUsers(t.Context(), []string{changed, deleted}, cursor.Attributes)
	if err != nil {
		t.Fatal(err)
	}
	w.now = w.now.Add(time.Minute)
	w.patch(changed, map[string]any{"jobTitle": "New"})
	w.remove(deleted)
	w.good(engine.Incremental)
	config := w.newEngine().Config
	config.Tenant = func(engine.Connection) (mirror.Tenant, error) { return behind{Tenant: tenant, once: once}, nil }
	if _, err := engine.New(config).Provision(t.Context(), w.instance.ID, []string{changed, deleted}); err != nil {
		t.Fatal(err)
	}
	w.work(engine.New(config))
	if w.linked(changed).Attributes.Text("title") == "New" || !w.linked(deleted).Active() {
		t.Fatal("the replica is not behind, so that nothing is shown")
	}
	w.good(engine.Incremental)
	if w.linked(changed).Attributes.Text("title") != "New" || w.linked(deleted).Active() {
		t.Errorf("after the next run the title is %q and the deleted person active: %v",
			w.linked(changed).Attributes.Text("title"), w.linked(deleted).Active())
	}
}

func TestNobodyLeavesTheScopeOnDemandBecauseTheMembersOfAGroupAreNotKnownYet(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	member := id(w.people(1)[0])
	group := w.group("Selected", member)
	w.selects(w.instance, scope.SelectedGroup{ID: group})
	for _, live := range []bool{false, true} {
		if x := w.explain(member, live); x.Outcome != engine.OutcomeFailed || x.Step(engine.ImportStep).Code != engine.NeedsRead {
			t.Errorf("explained before the group was read: %s, %s", x.Outcome, states(x))
		}
	}
	if x := w.provisioned(member); x.Outcome != engine.OutcomeFailed || !w.linked(member).Active() {
		t.Errorf("before the group was read: %s, %s; active: %v", x.Outcome, states(x), w.linked(member).Active())
	}
	w.good(engine.Incremental)
	if x := w.provisioned(member); x.Outcome != engine.OutcomeSkipped || x.Step(engine.ScopeStep).State != engine.StepOK || !w.linked(member).Active() {
		t.Errorf("afterwards: %s, %s", x.Outcome, states(x))
	}
}
