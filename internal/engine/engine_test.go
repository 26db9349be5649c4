package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/destination/orgdir"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/entrasim"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/secret"
	"rollcall/internal/store"
)

// world is an organization whose directory is kept in step with a simulated tenant, by a real engine over a real database. Time moves only
// when a test moves it.
type world struct {
	*testing.T
	now      time.Time
	sim      *entrasim.Server
	db       *store.DB
	dir      *directory.Service
	engine   *engine.Engine
	queue    *queue
	org      ident.ID
	instance engine.Instance
}

// queue remembers what was asked for; the test works on it.
type queue struct{ runs []ident.ID }

func (q *queue) Enqueue(_ context.Context, run ident.ID) error {
	if !slices.Contains(q.runs, run) {
		q.runs = append(q.runs, run)
	}
	return nil
}

type silence struct{}

func (silence) RunEnded(engine.Run, time.Duration)                 {}
func (silence) EntriesSettled(plan.Action, engine.EntryState, int) {}

func (silence) CredentialsExpiring(string, map[directory.Notice]int) {}

func newWorld(t *testing.T, users int) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), queue: &queue{}}
	w.sim = &entrasim.Server{Users: users, Now: w.time}
	if err := w.sim.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	w.db, err = store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: slog.New(slog.DiscardHandler), Now: w.time})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := w.db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.dir = directory.NewService(w.db, w.time, directory.Retention{})
	w.engine = w.newEngine()
	org, err := w.dir.CreateOrganization(t.Context(), "Example")
	if err != nil {
		t.Fatal(err)
	}
	w.org = org.ID
	w.instance = w.create("Test", nil)
	return w
}

func (w *world) time() time.Time { return w.now }

// newEngine returns an engine over the same database, as another node.
func (w *world) newEngine() *engine.Engine {
	sealer, err := secret.New(make([]byte, secret.KeySize))
	if err != nil {
		w.Fatal(err)
	}
	return engine.New(engine.Config{
		Store: w.db, Directory: w.dir,
		Destination: func(instance engine.Instance) destination.Destination {
			return orgdir.New(w.dir, instance.OrgID, instance.ID)
		},
		Tenant: w.tenant, Login: func(c engine.Connection) (engine.Login, error) { return w.client(c) },
		Open:      func(_ ident.ID, sealed []byte) (string, error) { return string(sealed), nil },
		CheckForm: func(engine.CredentialForm) error { return nil }, Seal: func(_ ident.ID, secret string) ([]byte, error) { return []byte(secret), nil },
		SealValue: func(instance ident.ID, value string) ([]byte, error) { return sealer.Seal(value, instance.String()) },
		OpenValue: func(instance ident.ID, sealed []byte) (string, error) {
			value, err := sealer.Open(sealed, instance.String())
			return value.Reveal(), err
		},
		CheckCloud: func(string) error { return nil },
		Queue:      w.queue, Observer: silence{}, Now: w.time, Machine: w.time, Node: ident.New(w.now), Logger: slog.New(slog.DiscardHandler),
	})
}

func (w *world) tenant(connection engine.Connection) (mirror.Tenant, error) {
	return w.client(connection)
}

func (w *world) client(connection engine.Connection) (*graph.Client, error) {
	return graph.NewClient(graph.Config{
		Cloud:    graph.Cloud{Name: "simulated", LoginURL: w.sim.URL(), GraphURL: w.sim.URL()},
		TenantID: connection.TenantID, SignInOnly: connection.TenantID == "", ClientID: connection.ClientID, ClientSecret: string(connection.SealedSecret),
		HTTP: &http.Client{}, Now: w.time, Jitter: func() float64 { return 0 },
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
}

// create sets an instance up, Auto Sync off.
func (w *world) create(name string, settings *engine.Settings) engine.Instance {
	w.Helper()
	tenant := w.sim.Tenant()
	instance, err := w.engine.CreateInstance(w.Context(), w.org, engine.NewInstance{
		Name: name, TenantID: tenant.TenantID, Cloud: "simulated", ClientID: tenant.ClientID, ClientSecret: tenant.ClientSecret, Settings: settings,
	})
	if err != nil {
		w.Fatal(err)
	}
	return instance
}

// run asks for a run and works on all that is queued until nothing is; it returns the run that was asked for.
func (w *world) run(kind engine.Kind) engine.Run { return w.runOf(w.instance, kind) }

func (w *world) runOf(instance engine.Instance, kind engine.Kind) engine.Run {
	w.Helper()
	run, err := w.engine.SyncNow(w.Context(), instance.ID, kind)
	if err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
	if run, err = w.engine.GetRun(w.Context(), w.org, run.ID); err != nil {
		w.Fatal(err)
	}
	return run
}

// good is run, and the run must have gone through.
func (w *world) good(kind engine.Kind) engine.Run {
	w.Helper()
	run := w.run(kind)
	if run.State != engine.Succeeded {
		w.Fatalf("the run ended as %s at %s: %+v", run.State, run.Step, run.Failure)
	}
	return run
}

// work works on what is queued until nothing is.
func (w *world) work(e *engine.Engine) {
	w.Helper()
	for turns := 0; len(w.queue.runs) > 0; turns++ {
		if turns > 1000 {
			w.Fatal("the queue does not get empty")
		}
		id := w.queue.runs[0]
		w.queue.runs = w.queue.runs[1:]
		again, err := e.Advance(w.Context(), id)
		if err != nil {
			w.Fatal(err)
		}
		if again {
			w.queue.runs = append(w.queue.runs, id)
		}
	}
}

// control calls the tenant's control API.
func (w *world) control(method, path string, body any) map[string]any {
	w.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		w.Fatal(err)
	}
	request, err := http.NewRequestWithContext(w.Context(), method, w.sim.URL()+path, bytes.NewReader(encoded))
	if err != nil {
		w.Fatal(err)
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		w.Fatalf("%s %s: %s %s %v", method, path, response.Status, text, err)
	}
	answer := map[string]any{}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &answer); err != nil {
			w.Fatal(err)
		}
	}
	return answer
}

// people returns n live members of the tenant who may sign in, as the control API tells of them.
func (w *world) people(n int) []map[string]any {
	w.Helper()
	var people []map[string]any
	items, _ := w.control(http.MethodGet, "/sim/users?limit=500", nil)["users"].([]any)
	for _, item := range items {
		person, _ := item.(map[string]any)
		if person["accountEnabled"] == true && person["userType"] == "Member" && len(people) < n {
			people = append(people, person)
		}
	}
	if len(people) < n {
		w.Fatalf("the tenant has only %d such people", len(people))
	}
	return people
}

// linked returns the directory user of a person of the tenant.
func (w *world) linked(sourceID string) directory.User {
	w.Helper()
	users, err := w.dir.FindUsers(w.Context(), w.org, "externalId", []string{sourceID})
	if err != nil || len(users) != 1 {
		w.Fatalf("%d users have the externalId %s (%v), want one", len(users), sourceID, err)
	}
	return users[0]
}

// entries returns the journal of a run.
func (w *world) entries(run engine.Run) []engine.Entry {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, Run: run.ID, Limit: 10_000})
	if err != nil {
		w.Fatal(err)
	}
	return entries
}

func (w *world) status() engine.Status {
	w.Helper()
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		w.Fatal(err)
	}
	status, err := w.engine.Status(w.Context(), instance)
	if err != nil {
		w.Fatal(err)
	}
	return status
}

func id(person map[string]any) string {
	text, _ := person["id"].(string)
	return text
}

func TestTheFirstRunBringsEverybodyAndTheNextFindsNothing(t *testing.T) {
	w := newWorld(t, 300)
	first := w.good(engine.Incremental)
	if first.Kind != engine.Initial || first.Progress.Counts["create"] == 0 || first.Progress.Expected != 300 {
		t.Errorf("the first run is %s with %+v, want an initial one that creates", first.Kind, first.Progress)
	}
	created, skipped := first.Progress.Counts["create"], first.Progress.Counts["skipped"]
	status := w.status()
	if status.Synced != created || status.Skipped != skipped || created+skipped+status.OutOfScope != 300 || status.Failed != 0 {
		t.Errorf("status %+v does not add up with %d created and %d skipped of 300", status, created, skipped)
	}
	if again := w.good(engine.Incremental); again.Progress.Planned != 0 || len(w.entries(again)) != 0 {
		t.Errorf("the second run planned %d objects, want none", again.Progress.Planned)
	}
}

func TestPlanningEverybodyAgainAfterApplyingGivesNothing(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	full := w.good(engine.Full)
	if full.Progress.Planned < 200 || len(w.entries(full)) != 0 {
		t.Errorf("a full run planned %d objects and wrote %d entries, want all and none", full.Progress.Planned, len(w.entries(full)))
	}
	dry := w.good(engine.DryRun)
	for _, entry := range w.entries(dry) {
		if entry.Action != plan.Match && entry.Action != plan.Skip {
			t.Errorf("the dry run proposes %s for %s: %s", entry.Action, entry.SourceName, engine.Differences(entry))
		}
	}
}

func TestADryRunWritesNothingAndARealOneDoesWhatItSaid(t *testing.T) {
	w := newWorld(t, 150)
	dry := w.good(engine.DryRun)
	if w.status().Synced != 0 {
		t.Fatal("a dry run must not write")
	}
	real := w.good(engine.Incremental)
	proposed, applied := map[string]plan.Action{}, map[string]plan.Action{}
	for _, entry := range w.entries(dry) {
		proposed[entry.SourceID] = entry.Action
	}
	for _, entry := range w.entries(real) {
		applied[entry.SourceID] = entry.Action
	}
	if len(applied) == 0 || len(applied) != len(proposed) {
		t.Errorf("proposed %d changes, applied %d", len(proposed), len(applied))
	}
	for source, action := range applied {
		if proposed[source] != action {
			t.Errorf("%s: proposed %q, applied %q", source, proposed[source], action)
		}
	}
	var report bytes.Buffer
	if err := w.engine.WriteReport(t.Context(), dry, &report); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(report.String(), "Object Type,Action Type,Azure ID,Azure Name,Webex Name,Reason,Changes\r\n") {
		t.Errorf("the report begins with %.80q", report.String())
	}
	for line := range strings.SplitSeq(report.String(), "\n") {
		if strings.Contains(line, ",=") || strings.Contains(line, `,"=`) {
			t.Errorf("a cell starts a formula: %s", line)
		}
	}
}

func TestAMassDeletionIsHeldUntilItIsApproved(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(30)
	for _, person := range victims {
		w.control(http.MethodDelete, "/sim/users/"+id(person), nil)
	}
	bystander := w.people(1)[0]
	w.control(http.MethodPatch, "/sim/users/"+id(bystander), map[string]any{"jobTitle": "Bystander"})
	run := w.good(engine.Incremental)
	if run.Progress.Counts["held"] != 30 || run.Progress.Counts["update"] != 1 || w.status().Job != engine.StatusHeld {
		t.Fatalf("counts %v, status %s, want 30 held, one update, Held", run.Progress.Counts, w.status().Job)
	}
	if user := w.linked(id(victims[0])); !user.Active() {
		t.Error("a held removal must not be applied")
	}
	// One comes back in the tenant: nothing is left to hold. One is approved alone, one rejected.
	w.control(http.MethodPost, "/sim/users/"+id(victims[0])+"/restore", nil)
	held := w.held()
	w.decide(true, held[id(victims[1])])
	w.decide(false, held[id(victims[2])])
	w.work(w.engine)
	if user := w.linked(id(victims[0])); !user.Active() || len(w.held()) != 27 {
		t.Errorf("after a restore, an approval and a rejection %d are held, want 27", len(w.held()))
	}
	if user := w.linked(id(victims[1])); user.Active() || user.DeletedAt().IsZero() {
		t.Errorf("the approved one is %v", user.Attributes)
	}
	w.good(engine.Full)
	if user := w.linked(id(victims[2])); !user.Active() {
		t.Error("a rejected removal must not come back by itself")
	}
	if _, err := w.engine.Decide(t.Context(), w.instance.ID, nil, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if len(w.held()) != 0 || w.linked(id(victims[29])).Active() {
		t.Errorf("after approving all %d are held", len(w.held()))
	}
}

// held returns the ids of the held entries by source id.
func (w *world) held() map[string]ident.ID {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, Instance: w.instance.ID, Open: true, States: []engine.EntryState{engine.Held}, Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	held := map[string]ident.ID{}
	for _, entry := range entries {
		held[entry.SourceID] = entry.ID
	}
	return held
}

func (w *world) decide(approve bool, entry ident.ID) {
	w.Helper()
	if _, err := w.engine.Decide(w.Context(), w.instance.ID, []ident.ID{entry}, approve); err != nil {
		w.Fatal(err)
	}
}

func TestAHeldRemovalDoesNotSlipThroughWhenThePersonChangesAgain(t *testing.T) {
	w := newWorld(t, 200)
	w.good(engine.Incremental)
	victims := w.people(30)
	for _, person := range victims {
		w.control(http.MethodPost, "/sim/users/"+id(person)+"/block", nil)
	}
	w.good(engine.Incremental)
	for _, person := range victims[:5] {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": "Changed while held"})
	}
	w.good(engine.Incremental)
	if len(w.held()) != 30 || !w.linked(id(victims[0])).Active() {
		t.Errorf("%d are held, want all 30", len(w.held()))
	}
}

func TestSmallRemovalsAddUpOverADay(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	people := w.people(16)
	block := func(some []map[string]any) engine.Run {
		for _, person := range some {
			w.control(http.MethodPost, "/sim/users/"+id(person)+"/block", nil)
		}
		return w.good(engine.Incremental)
	}
	if run := block(people[:6]); run.Progress.Counts["deactivate"] != 6 {
		t.Errorf("six removals of a hundred pass, got %v", run.Progress.Counts)
	}
	if run := block(people[6:12]); run.Progress.Counts["held"] != 6 {
		t.Errorf("six more within a day are held, got %v", run.Progress.Counts)
	}
	w.now = w.now.Add(25 * time.Hour)
	if run := block(people[12:16]); run.Progress.Counts["deactivate"] != 4 {
		t.Errorf("a day later four pass, got %v", run.Progress.Counts)
	}
}

func TestAFailedUserIsTriedAgainAtSixTwelveAndTwentyFourHours(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := w.people(1)[0]
	w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": strings.Repeat("x", 600)})
	first := w.good(engine.Incremental)
	if first.Progress.Counts["failed"] != 1 {
		t.Fatalf("counts %v, want one failed", first.Progress.Counts)
	}
	failedAt := w.now
	for _, hours := range []int{6, 12, 24, 48, 72} {
		entry := w.failure()
		if want := failedAt.Add(time.Duration(hours) * time.Hour); !entry.RetryAt.Equal(want) {
			t.Errorf("attempt %d: the next try is at %v, want %v", entry.Attempts, entry.RetryAt, want)
		}
		w.now = entry.RetryAt.Add(-time.Minute)
		if run := w.good(engine.Incremental); run.Progress.Planned != 0 {
			t.Errorf("before %d hours nothing is tried", hours)
		}
		w.now = entry.RetryAt
		if run := w.good(engine.Incremental); run.Progress.Planned != 1 {
			t.Errorf("after %d hours %d objects were planned, want one", hours, run.Progress.Planned)
		}
	}
	w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": "Clerk"})
	if run := w.good(engine.Incremental); run.Progress.Counts["update"] != 1 || w.status().Failed != 0 {
		t.Errorf("a change of the person is tried at once: %v, %d failed", run.Progress.Counts, w.status().Failed)
	}
}

func (w *world) failure() engine.Entry {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, Instance: w.instance.ID, Open: true, States: []engine.EntryState{engine.EntryFailed}, Limit: 10})
	if err != nil || len(entries) != 1 {
		w.Fatalf("%d open failures (%v), want one", len(entries), err)
	}
	return entries[0]
}

func TestARunThatFailsBeforeApplyingGivesItsChangesBack(t *testing.T) {
	w := newWorld(t, 50)
	run, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/users", "kind": "error", "status": 503})
	w.work(w.engine)
	failed, err := w.engine.GetRun(t.Context(), w.org, run.ID)
	if err != nil {
		t.Fatal(err)
	}
	if failed.State != engine.Failed || failed.Failure.RequestID == "" || failed.Failure.Remedy == "" {
		t.Fatalf("state %s, failure %+v; want failed with request id and remedy", failed.State, failed.Failure)
	}
	if w.status().Job != engine.StatusFailing && w.status().Job != engine.StatusNotRun {
		t.Errorf("status %s", w.status().Job)
	}
	w.control(http.MethodDelete, "/sim/faults", nil)
	if run := w.good(engine.Incremental); run.Progress.Counts["create"] == 0 {
		t.Errorf("the next run creates everybody, got %v", run.Progress.Counts)
	}
}

func TestWrongCredentialsLeadToQuarantineThatGrowsAndEnds(t *testing.T) {
	w := newWorld(t, 20)
	on := true
	w.good(engine.Incremental)
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.control(http.MethodPost, "/sim/secret/expire", nil)
	w.now = w.now.Add(2 * time.Hour) // the token is over
	var distances []time.Duration
	for range 14 {
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.work(w.engine)
		instance, err := w.engine.Instance(t.Context(), w.org, w.instance.ID)
		if err != nil || instance.Health.Quarantine == nil {
			t.Fatalf("no quarantine (%v): %+v", err, instance.Health)
		}
		distances = append(distances, instance.NextRunAt.Sub(w.now))
		w.now = instance.NextRunAt
	}
	if !slices.IsSorted(distances) || distances[0] >= 5*time.Minute || distances[13] != 24*time.Hour || w.status().Job != engine.StatusQuarantine {
		t.Errorf("runs back off by %v, want growing from minutes to a day; status %s", distances, w.status().Job)
	}
	w.control(http.MethodPost, "/sim/secret/restore", nil)
	if err := w.engine.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	if w.status().Job != engine.StatusActive {
		t.Errorf("a good run ends quarantine, status %s", w.status().Job)
	}
}

func TestAnInstanceIsDisabledAfterFourWeeksInQuarantine(t *testing.T) {
	w := newWorld(t, 10)
	on := true
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/consent/revoke", nil)
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	for range 40 {
		w.now = w.now.Add(24 * time.Hour)
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.work(w.engine)
	}
	instance, err := w.engine.Instance(t.Context(), w.org, w.instance.ID)
	if err != nil || instance.AutoSync || w.status().Job != engine.StatusDisabled {
		t.Fatalf("after forty days the status is %s (%v)", w.status().Job, err)
	}
	if days := instance.Health.DisabledAt.Sub(instance.Health.Quarantine.Since).Hours() / 24; days < 28 || days > 30 {
		t.Errorf("disabled after %.1f days, want 28", days)
	}
}

func TestANodeThatLostItsRunCannotWriteAnyMore(t *testing.T) {
	w := newWorld(t, 30)
	run, err := w.engine.SyncNow(t.Context(), w.instance.ID, engine.Incremental)
	if err != nil {
		t.Fatal(err)
	}
	other := w.newEngine()
	// The tenant answers the first node's first page only after another node took the run over.
	taken := false
	first := engine.New(engine.Config{
		Store: w.db, Directory: w.dir, Destination: w.engine.Destination, Seal: w.engine.Seal, SealValue: w.engine.SealValue, OpenValue: w.engine.OpenValue,
		CheckCloud: w.engine.CheckCloud,
		Tenant: func(connection engine.Connection) (mirror.Tenant, error) {
			if !taken {
				taken = true
				w.now = w.now.Add(time.Minute) // the lease is over
				w.work(other)
			}
			return w.tenant(connection)
		},
		Queue: w.queue, Observer: silence{}, Now: w.time, Machine: w.time, Node: ident.New(w.now), Logger: slog.New(slog.DiscardHandler),
	})
	if again, err := first.Advance(t.Context(), run.ID); again || err != nil {
		t.Errorf("Advance = %v, %v; want it to leave the run to the other node", again, err)
	}
	done, err := w.engine.GetRun(t.Context(), w.org, run.ID)
	if err != nil || done.State != engine.Succeeded {
		t.Fatalf("the other node's run is %s (%v)", done.State, err)
	}
	if entries := w.entries(done); len(entries) != done.Progress.Counts["create"]+done.Progress.Counts["skipped"] {
		t.Errorf("%d entries for %v: somebody was written twice", len(entries), done.Progress.Counts)
	}
}

func TestManyPollsLeaveOneRow(t *testing.T) {
	w := newWorld(t, 10)
	on := true
	w.good(engine.Incremental)
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	for range 20 {
		w.now = w.now.Add(time.Minute)
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.work(w.engine)
	}
	runs, err := w.db.ListRuns(t.Context(), engine.RunQuery{Org: w.org, Limit: 100})
	if err != nil || len(runs) != 3 {
		t.Errorf("%d runs (%v), want the initial one, that of switching on, and one for all polls", len(runs), err)
	}
}

func TestWhoLeavesTheScopeOfOneInstanceIsTakenOverByTheNext(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := w.people(1)[0]
	settings := engine.DefaultSettings()
	settings.Scope.AllUsers, settings.Scope.Users = false, []string{id(person)}
	second := w.create("Second", &settings)
	if run := w.runOf(second, engine.Incremental); run.Progress.Counts["failed"] != 1 {
		t.Fatalf("the second instance's claim must fail: %v", run.Progress.Counts)
	}
	on := true
	if _, err := w.engine.ChangeInstance(t.Context(), second.ID, engine.Change{AutoSync: &on}); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	narrowed := engine.DefaultSettings()
	narrowed.Scope.AllUsers = false
	narrowed.Thresholds = plan.Thresholds{Count: 1000, Percent: 100, Absolute: 1000}
	if _, err := w.engine.ChangeInstance(t.Context(), w.instance.ID, engine.Change{Settings: &narrowed}); err != nil {
		t.Fatal(err)
	}
	run := w.good(engine.Incremental)
	if run.Progress.Counts["release"] != 1 || run.Progress.Counts["deactivate"] == 0 {
		t.Fatalf("counts %v, want one release and the others deactivated", run.Progress.Counts)
	}
	w.runOf(second, engine.Incremental)
	if user := w.linked(id(person)); user.Owner != second.ID || !user.Active() {
		t.Errorf("owner %v, active %v; want the second instance and Active", user.Owner, user.Active())
	}
}

func TestADeletedInstanceLeavesItsUsersAndANewOneFindsThem(t *testing.T) {
	w := newWorld(t, 30)
	created := w.good(engine.Incremental).Progress.Counts["create"]
	person := w.people(1)[0]
	before := w.linked(id(person))
	if err := w.engine.DeleteInstance(t.Context(), w.instance.ID); err != nil {
		t.Fatal(err)
	}
	if user := w.linked(id(person)); !user.Owner.IsZero() || !user.Active() {
		t.Errorf("after the deletion the owner is %v and active %v, want none and Active", user.Owner, user.Active())
	}
	w.instance = w.create("Again", nil)
	run := w.good(engine.Incremental)
	if run.Progress.Counts["update"] != created || run.Progress.Counts["create"] != 0 {
		t.Errorf("counts %v, want %d matched and nobody created", run.Progress.Counts, created)
	}
	if user := w.linked(id(person)); user.ID != before.ID || user.Owner != w.instance.ID {
		t.Error("the person must be the same user again")
	}
}

func TestTheJournalForgetsPeopleAfterItsRetention(t *testing.T) {
	w := newWorld(t, 30)
	first := w.good(engine.Incremental)
	w.now = w.now.AddDate(0, 0, 60)
	person := w.people(1)[0]
	w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"jobTitle": "Later"})
	second := w.good(engine.Incremental)
	w.now = w.now.AddDate(0, 0, 31)
	if err := w.engine.Expire(t.Context(), w.org, 90); err != nil {
		t.Fatal(err)
	}
	for _, entry := range w.entries(first) {
		forgotten := entry.After == nil && entry.SourceName == "" && entry.Reason.Text == ""
		if forgotten == entry.Open || entry.Reason.Code == "" {
			t.Errorf("after 91 days an entry is %+v (open %v)", entry.Change, entry.Open)
		}
	}
	if entries := w.entries(second); len(entries) != 1 || entries[0].After.Text("title") != "Later" {
		t.Errorf("after 31 days the entries are %+v, want them whole", entries)
	}
}
