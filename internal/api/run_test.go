package api_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

func TestAnInstanceIsSetUpReadChangedAndDeleted(t *testing.T) {
	h := open(t, 20)
	created := h.instance(nil)
	path := "instances/" + created.ID.String()
	if created.Status.Job != engine.StatusNotRun || created.AutoSync || created.IntervalSeconds != 60 || created.Cloud != "global" || created.Settings == nil || len(created.Settings.Attributes) != 16 {
		t.Errorf("created %+v", created)
	}
	for _, path := range []string{"instances", path} {
		if a := h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK); strings.Contains(a.text, h.tenant.ClientSecret) {
			t.Errorf("%s tells the secret", path)
		}
	}
	settings := *created.Settings
	settings.Scope.IncludeGuests = true
	name, interval := "Entra ID", 90.5
	var changed api.Instance
	h.call(h.full, http.MethodPatch, path, api.InstancePatch{Name: &name, IntervalSeconds: &interval, Settings: &settings}).want(http.StatusOK).into(&changed)
	if changed.Name != name || changed.IntervalSeconds != interval || changed.ConfigVersion != 2 || !changed.Settings.Scope.IncludeGuests || changed.AutoSync {
		t.Errorf("changed %+v", changed)
	}
	h.sync(created.ID, "incremental")
	h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK).into(&changed)
	if s := changed.Status; s.Job != engine.StatusPaused || s.Users.Synced == 0 || s.LastRunID.IsZero() || s.LastGoodAt.IsZero() {
		t.Errorf("status %+v", s)
	}
	h.call(h.full, http.MethodDelete, path, nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodGet, path, nil).want(http.StatusNotFound)
	users, _ := everything[api.User](h, h.full, "users", "1000")
	if len(users) == 0 || users[0].Managed {
		t.Errorf("%d users stay; managed: %v", len(users), len(users) > 0 && users[0].Managed)
	}
}

func TestABadInstanceIsRefused(t *testing.T) {
	h := open(t, -1)
	good := map[string]any{"name": "a", "tenantId": "t", "clientId": "9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10", "clientSecret": "very-secret"}
	h.call(h.full, http.MethodPost, "instances", good).want(http.StatusCreated)
	h.call(h.full, http.MethodPost, "instances", good).want(http.StatusConflict)
	for field, c := range map[string]struct {
		value  any
		status int
	}{
		"name": {"", 422}, "clientSecret": {5, 422}, "cloud": {"moon", 400}, "intervalSeconds": {0.5, 422}, "settings": {map[string]any{"scope": 1}, 422},
		"surprise": {true, 422},
	} {
		bad := map[string]any{"name": "b", "tenantId": "t", "clientId": "9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10", "clientSecret": "very-secret", field: c.value}
		if a := h.call(h.full, http.MethodPost, "instances", bad).want(c.status); strings.Contains(a.text, "very-secret") {
			t.Errorf("%s: the answer repeats the secret: %s", field, a.text)
		}
	}
	if a := h.call(h.full, http.MethodPost, "instances", `{"clientSecret":"very-secret"`).want(http.StatusBadRequest); strings.Contains(a.text, "very-secret") {
		t.Errorf("the answer repeats the secret: %s", a.text)
	}
	if strings.Contains(h.log.String(), "very-secret") {
		t.Error("the log tells the secret")
	}
	h.call(h.full, http.MethodPatch, "instances/"+nobody, `{"name":"x"}`).want(http.StatusNotFound)
	h.call(h.full, http.MethodDelete, "instances/"+nobody, nil).want(http.StatusNotFound)
	h.call(h.full, http.MethodPost, "instances/"+nobody+"/sync", nil).want(http.StatusNotFound)
	h.call(h.full, http.MethodPost, "instances/"+nobody+"/sync", `{"kind":"initial"}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
}

func TestADryRunIsListedReadAndDownloaded(t *testing.T) {
	h := open(t, 40)
	instance := h.instance(nil)
	run := h.sync(instance.ID, "dry-run")
	if run.State != engine.Succeeded || run.Counts["create"] == 0 || run.Progress.Planned == 0 || run.Progress.Done != run.Progress.Total || run.RequestedBy != "full" || !run.Over() {
		t.Fatalf("run %+v", run)
	}
	changes, pages := everything[api.Change](h, h.full, "runs/"+run.ID.String()+"/changes", "7")
	creates, _ := everything[api.Change](h, h.full, "runs/"+run.ID.String()+"/changes?action=create&state=proposed", "1000")
	if len(creates) != run.Counts["create"] || pages != (len(changes)+6)/7 {
		t.Errorf("%d changes on %d pages, %d creates of %d", len(changes), pages, len(creates), run.Counts["create"])
	}
	if c := creates[0]; c.State != engine.Proposed || c.SourceID == "" || c.Reason.Text == "" || c.After["userName"] == nil || c.Before != nil || c.Summary == "" || c.InstanceID != instance.ID || c.RunID != run.ID {
		t.Errorf("change %+v", c)
	}
	of, _ := everything[api.Change](h, h.full, "changes?sourceId="+creates[0].SourceID+"&instance="+instance.ID.String(), "10")
	if len(of) != 1 || of[0].ID != creates[0].ID {
		t.Errorf("changes of one object: %+v", of)
	}
	a := h.call(h.full, http.MethodGet, "runs/"+run.ID.String()+"/report", nil).want(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(a.text)).ReadAll()
	h.must(err)
	if len(rows) != 1+len(changes) || strings.Join(rows[0], ",") != "Object Type,Action Type,Azure ID,Azure Name,Webex Name,Reason,Changes" {
		t.Errorf("%d rows, the first %v", len(rows), rows[0])
	}
	if !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") || !strings.HasPrefix(a.header.Get("Content-Disposition"), `attachment; filename="rollcall-dry-run-`) {
		t.Errorf("headers %v", a.header)
	}
	for _, path := range []string{"", "/changes", "/report", "/events"} {
		h.call(h.full, http.MethodGet, "runs/"+nobody+path, nil).want(http.StatusNotFound)
	}
	h.call(h.full, http.MethodGet, "runs/"+run.ID.String()+"/changes?state=eaten", nil).problem(http.StatusUnprocessableEntity, "ValidationFailed")
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	first, second, third := h.sync(instance.ID, "incremental"), h.sync(instance.ID, "full"), h.sync(instance.ID, "dry-run")
	if first.Kind != engine.Initial {
		t.Errorf("the first run is %s", first.Kind)
	}
	runs, pages := everything[api.Run](h, h.full, "runs?instance="+instance.ID.String(), "2")
	if len(runs) != 3 || pages != 2 || runs[0].ID != third.ID || runs[1].ID != second.ID || runs[2].ID != first.ID {
		t.Errorf("%d pages of %+v", pages, runs)
	}
	if none, _ := everything[api.Run](h, h.full, "runs?instance="+nobody, "2"); len(none) != 0 {
		t.Errorf("%d runs of no instance", len(none))
	}
}

func TestAFailedRunSaysWhyAndWhatToDo(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	h.simulate(http.MethodPost, "/secret/expire", "")
	run := h.sync(instance.ID, "incremental")
	if run.State != engine.Failed || run.Failure == nil || run.Failure.Kind != "unauthenticated" || run.Failure.Remedy == "" {
		t.Fatalf("run %+v", run)
	}
	h.call(h.full, http.MethodGet, "instances/"+instance.ID.String(), nil).want(http.StatusOK).into(&instance)
	if instance.Status.Job != engine.StatusQuarantine || instance.Status.Quarantine == nil || instance.Status.LastFailure == nil {
		t.Errorf("status %+v", instance.Status)
	}
}

// event is one server-sent event.
type event struct {
	name string
	run  api.Run
}

// watch opens the stream of a run and hands over its events until it closes.
func (h *house) watch(run api.Run) <-chan event {
	h.t.Helper()
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, h.url+api.Prefix+"/organizations/-/runs/"+run.ID.String()+"/events", nil)
	h.must(err)
	request.Header.Set("Authorization", "Bearer "+h.full)
	response, err := http.DefaultTransport.RoundTrip(request) //nolint:bodyclose // by the goroutine that reads it
	h.must(err)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/event-stream" {
		h.t.Fatalf("%s %v", response.Status, response.Header)
	}
	events := make(chan event)
	go func() {
		defer close(events)
		defer response.Body.Close()
		var e event
		for lines := bufio.NewScanner(response.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ": ")
			switch field {
			case "event":
				e.name = value
			case "data":
				if err := json.Unmarshal([]byte(value), &e.run); err != nil {
					h.t.Errorf("%v: %s", err, value)
				}
			case "":
				events <- e
				e = event{}
			}
		}
	}()
	return events
}

func TestARunIsWatchedToItsEnd(t *testing.T) {
	h := open(t, 30)
	instance := h.instance(nil)
	var run api.Run
	h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/sync", nil).want(http.StatusAccepted).into(&run)
	events := h.watch(run)
	if first := <-events; first.name != "progress" || first.run.State != engine.Queued || first.run.ID != run.ID {
		t.Fatalf("first event %+v", first)
	}
	h.work()
	var last, before event
	for e := range events {
		before, last = last, e
	}
	if before.name != "progress" || last.name != "end" || last.run.State != engine.Succeeded || last.run.Counts["create"] == 0 || last.run.Progress.Applied == 0 {
		t.Errorf("the last events are %+v and %+v", before, last)
	}
	for e := range h.watch(run) { // over already
		before, last = last, e
	}
	if before.name != "progress" || last.name != "end" {
		t.Errorf("of a run that is over: %q and %q", before.name, last.name)
	}
}

func TestAWatchedRunThatIsDroppedHasSucceeded(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	var run api.Run
	h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/sync", nil).want(http.StatusAccepted).into(&run)
	events := h.watch(run)
	<-events
	h.must(h.engine.Store.DropRun(t.Context(), run.ID))
	var last event
	for e := range events {
		last = e
	}
	if last.name != "end" || last.run.State != engine.Succeeded {
		t.Errorf("the last event is %+v", last)
	}
}

func TestAStreamEndsWhenTheServerDoes(t *testing.T) {
	h := open(t, 10)
	instance := h.instance(nil)
	var run api.Run
	h.call(h.full, http.MethodPost, "instances/"+instance.ID.String()+"/sync", nil).want(http.StatusAccepted).into(&run)
	events := h.watch(run)
	<-events
	h.end()
	for e := range events {
		t.Errorf("one more event: %+v", e)
	}
}

func TestAQuietStreamIsKeptAlive(t *testing.T) {
	quiet := make(chan time.Time, 1)
	quiet <- time.Time{}
	ctx, cancel := context.WithCancel(t.Context())
	out := &cancelOnWrite{cancel: cancel}
	if err := api.WaitForNews(ctx, quiet, out); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if string(out.text) != ": still here\n\n" {
		t.Errorf("sent %q", out.text)
	}
}

type cancelOnWrite struct {
	text   []byte
	cancel context.CancelFunc
}

func (c *cancelOnWrite) Write(data []byte) (int, error) {
	c.cancel()
	c.text = append(c.text, data...)
	return len(data), nil
}

func TestProgressTellsRateAndTimeLeftWhereItCan(t *testing.T) {
	start := time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		run  engine.Run
		want api.Progress
	}{
		"queued": {engine.Run{State: engine.Queued, Step: engine.StepPull}, api.Progress{}},
		"reading, and nobody knows how many": {
			engine.Run{State: engine.Running, Step: engine.StepPull, StartedAt: start, Progress: engine.Progress{Read: 500}},
			api.Progress{Done: 500, Read: 500, Rate: 50},
		},
		"reading": {
			engine.Run{State: engine.Running, Step: engine.StepPull, StartedAt: start, Progress: engine.Progress{Read: 500, Expected: 1000}},
			api.Progress{Done: 500, Total: 1000, Read: 500, Rate: 50, SecondsLeft: 10},
		},
		"planning": {
			engine.Run{State: engine.Running, Step: engine.StepPlan, StartedAt: start, Progress: engine.Progress{Read: 1000, ToPlan: 1000}},
			api.Progress{Total: 1000, Read: 1000, Rate: 100, SecondsLeft: 10},
		},
		"applied": {
			engine.Run{State: engine.Succeeded, Step: engine.StepEnd, StartedAt: start, EndedAt: start.Add(5 * time.Second), Progress: engine.Progress{Read: 100, ToPlan: 100, Planned: 100, ToApply: 50, Applied: 50}},
			api.Progress{Done: 50, Total: 50, Read: 100, Planned: 100, Applied: 50, Rate: 50},
		},
		"waiting": {
			engine.Run{State: engine.Waiting, Step: engine.StepPull, StartedAt: start, Progress: engine.Progress{Read: 500, Expected: 1000}},
			api.Progress{Done: 500, Total: 1000, Read: 500, Rate: 50},
		},
		"the clock was set back": {
			engine.Run{State: engine.Running, Step: engine.StepPull, StartedAt: start.Add(time.Hour), Progress: engine.Progress{Read: 500}},
			api.Progress{Done: 500, Read: 500},
		},
		"planning members, whom nobody counted": {
			engine.Run{
				State: engine.Running, Step: engine.StepPlan, StartedAt: start,
				Progress: engine.Progress{Part: engine.PartMembers, Read: 400, ToPlan: 400, Planned: 600},
			},
			api.Progress{Part: "members", Done: 600, Read: 400, Planned: 600, Rate: 100},
		},
	} {
		if c.want.Part == "" {
			c.want.Part = "users"
		}
		if diff := cmp.Diff(c.want, api.ProgressOf(c.run, start.Add(10*time.Second))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// holding are settings under which every removal is held.
func holding() *engine.Settings {
	settings := engine.DefaultSettings()
	settings.Thresholds = plan.Thresholds{}
	return &settings
}

func TestHeldChangesAreListedApprovedAndRejected(t *testing.T) {
	h := open(t, 40)
	instance := h.instance(holding())
	h.sync(instance.ID, "incremental")
	users, _ := everything[api.User](h, h.full, "users?active=true", "3")
	for _, user := range users[:3] {
		h.simulate(http.MethodPost, "/users/"+user.ExternalID+"/block", "")
	}
	if run := h.sync(instance.ID, "incremental"); run.Held == "" || run.Counts["held"] != 3 {
		t.Fatalf("run %+v", run)
	}
	held, pages := everything[api.Change](h, h.full, "held?instance="+instance.ID.String(), "2")
	if len(held) != 3 || pages != 2 || held[0].State != engine.Held || !held[0].Open || held[0].Action != plan.Deactivate {
		t.Fatalf("%d pages of held %+v", pages, held)
	}
	for _, bad := range []api.Decision{{Instance: instance.ID}, {Instance: instance.ID, IDs: entries(held), All: true}} {
		h.call(h.full, http.MethodPost, "held/approve", bad).problem(http.StatusBadRequest, "BadDecision")
	}
	h.call(h.full, http.MethodPost, "held/approve", `{"all":true}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPost, "held/approve", `{"instance":"`+nobody+`","all":true}`).want(http.StatusNotFound)
	decide := func(path string, decision api.Decision, want int) {
		t.Helper()
		var decided api.Decided
		h.call(h.full, http.MethodPost, path, decision).want(http.StatusOK).into(&decided)
		if decided.Count != want {
			t.Errorf("%s: %d decided, want %d", path, decided.Count, want)
		}
	}
	decide("held/approve", api.Decision{Instance: instance.ID, IDs: entries(held[:1])}, 1)
	decide("held/reject", api.Decision{Instance: instance.ID, All: true}, 2)
	if rejected, _ := everything[api.Change](h, h.full, "held?rejected=true&instance="+instance.ID.String(), "100"); len(rejected) != 2 || rejected[0].DecidedBy != "full" {
		t.Errorf("rejected are %+v, want two, by full", rejected)
	}
	decide("held/reject", api.Decision{Instance: instance.ID, All: true}, 0)
	h.call(h.full, http.MethodPost, "held/reject", api.Decision{Instance: instance.ID, IDs: entries(held[:1])}).problem(http.StatusNotFound, "NothingHeld")
	h.work()
	blocked := map[bool]int{}
	for _, user := range users[:3] {
		var now api.User
		h.call(h.full, http.MethodGet, "users/"+user.ID.String(), nil).want(http.StatusOK).into(&now)
		blocked[now.Active]++
	}
	if blocked[false] != 1 || blocked[true] != 2 {
		t.Errorf("inactive %d, active %d; want 1 and 2", blocked[false], blocked[true])
	}
	applied, _ := everything[api.Change](h, h.full, "changes?objectId="+held[0].ObjectID.String()+"&state=applied&action=deactivate", "10")
	if len(applied) != 1 || applied[0].DecidedBy != "full" {
		t.Errorf("applied %+v", applied)
	}
}

func entries(changes []api.Change) []ident.ID {
	ids := make([]ident.ID, len(changes))
	for i, change := range changes {
		ids[i] = change.ID
	}
	return ids
}
