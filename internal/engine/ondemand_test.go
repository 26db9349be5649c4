package engine_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// provision asks for people and works until nothing is queued.
func (w *world) provision(people ...string) (engine.Run, []engine.Result) {
	w.Helper()
	run, err := w.engine.Provision(w.Context(), w.instance.ID, people)
	if err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
	return w.results(run)
}

func (w *world) results(run engine.Run) (engine.Run, []engine.Result) {
	w.Helper()
	run, err := w.engine.GetRun(w.Context(), w.org, run.ID)
	if err != nil {
		w.Fatal(err)
	}
	results, err := w.engine.Results(w.Context(), run)
	if err != nil {
		w.Fatal(err)
	}
	return run, results
}

// provisioned provisions one person; the run must go through.
func (w *world) provisioned(who string) *engine.Explanation {
	w.Helper()
	run, results := w.provision(who)
	if run.State != engine.Succeeded || len(results) != 1 {
		w.Fatalf("the run ended as %s with %d results: %+v", run.State, len(results), run.Failure)
	}
	return &results[0].Explanation
}

func (w *world) remove(person string) {
	w.Helper()
	w.control(http.MethodDelete, "/sim/users/"+person, nil)
}

func (w *world) journal(person string) []engine.Entry {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, SourceID: person, Limit: 100})
	if err != nil {
		w.Fatal(err)
	}
	return entries
}

func TestAPersonIsProvisionedBeforeTheTenantWasEverRead(t *testing.T) {
	w := newWorld(t, 100)
	person := w.people(5)[4]
	x := w.provisioned(name(person))
	if x.Outcome != engine.OutcomeSuccess || states(x) != "ok, ok, ok, ok, ok" || x.Step(engine.ActStep).Code != "Added" {
		t.Fatalf("%s: %s, %+v", x.Outcome, states(x), x.Step(engine.ActStep))
	}
	if user := w.linked(id(person)); x.ObjectID != user.ID || !user.Active() || user.Owner != w.instance.ID {
		t.Errorf("the directory holds %+v, the result names %s", user, x.ObjectID)
	}
	if users, err := w.dir.ListUsers(t.Context(), w.org, directory.UserQuery{Limit: 10}); err != nil || len(users) != 1 {
		t.Errorf("the directory holds %d users (%v), want the one who was asked for", len(users), err)
	}
	cursor, err := w.db.Cursor(t.Context(), w.instance.ConnectionID)
	if err != nil || cursor.Attributes != nil || cursor.Delta != "" || !cursor.LastGood.IsZero() {
		t.Errorf("the mirror says that it is complete: %+v (%v)", cursor, err)
	}
	first := w.good(engine.Incremental)
	if first.Kind != engine.Initial || len(w.journal(id(person))) != 1 {
		t.Errorf("the next run is %s, and the journal has %d entries of the person, want initial and one", first.Kind, len(w.journal(id(person))))
	}
}

func TestOnlyWhoWasAskedForIsReadPlannedAndWritten(t *testing.T) {
	w := newWorld(t, 100)
	w.good(engine.Incremental)
	people := w.people(3)
	for _, person := range people {
		w.patch(id(person), map[string]any{"jobTitle": "Fresh"})
	}
	run, results := w.provision(id(people[0]), name(people[1]))
	if len(results) != 2 || run.Progress.Counts["update"] != 2 || len(w.entries(run)) != 2 {
		t.Fatalf("the run did %v with %d entries, want two updates", run.Progress.Counts, len(w.entries(run)))
	}
	for i, want := range []string{"Fresh", "Fresh", ""} {
		if got := w.linked(id(people[i])).Attributes.Text("title"); (got == "Fresh") != (want == "Fresh") {
			t.Errorf("person %d has the title %q, want it %q", i, got, want)
		}
	}
	if title := attribute(&results[0].Explanation, "title"); !title.Written || title.After != "Fresh" {
		t.Errorf("the title is told as %+v", title)
	}
	next := w.good(engine.Incremental)
	if next.Progress.Counts["update"] != 1 || len(w.entries(next)) != 1 {
		t.Errorf("the next run did %v, want the third person's update only", next.Progress.Counts)
	}
	if again := w.provisioned(id(people[0])); again.Outcome != engine.OutcomeSkipped || again.Step(engine.ActStep).Code != "Unchanged" {
		t.Errorf("asked again: %s, %+v", again.Outcome, again.Step(engine.ActStep))
	}
}

func TestWhatIsNotDoneIsSkippedOrFailedAtTheStepThatSaysWhy(t *testing.T) {
	w := newWorld(t, 60)
	people := w.people(5)
	never, out, blocked, held, guest := people[0], people[1], people[2], people[3], people[4]
	w.patch(id(out), map[string]any{"department": "Out"})
	w.patch(id(guest), map[string]any{"userType": "Guest"})
	w.control(http.MethodPost, "/sim/users/"+id(blocked)+"/block", nil)
	w.settings(func(s *engine.Settings) {
		s.Scope.NeverTouch = []string{id(never)}
		s.Scope.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "displayName", Operator: scope.IsNotNull}}}, {
			Name: "nobody", Clauses: []scope.Clause{{Attribute: "department", Operator: scope.Equals, Value: "None such"}},
		}}
		s.Scope.Filters[0].Clauses = append(s.Scope.Filters[0].Clauses, scope.Clause{Attribute: "department", Operator: scope.NotEquals, Value: "Out"})
	})
	for _, person := range []map[string]any{held, blocked} {
		w.patch(id(person), map[string]any{"department": "In"})
	}
	one := w.provisioned(id(held))
	if one.Outcome != engine.OutcomeSuccess {
		t.Fatalf("%s: %+v", states(one), one)
	}
	w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "twin@contoso.example", "displayName": "Twin", "department": "In"})
	if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{attr.UserName: "taken@contoso.example", attr.DisplayName: "Holder"})); err != nil {
		t.Fatal(err)
	}
	w.settings(func(s *engine.Settings) {
		for i := range s.Attributes {
			if s.Attributes[i].Target == attr.UserName {
				s.Attributes[i].Matching = 0
			}
			if s.Attributes[i].Target == attr.ExternalID {
				s.Attributes[i].Matching = 1
			}
		}
	})
	w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "taken@contoso.example", "displayName": "Claimant", "department": "In"})
	for _, c := range []struct {
		what, who string
		outcome   engine.Outcome
		states    string
		step      engine.StepName
		code      string
	}{
		{"nobody knows the name", "nobody@contoso.example", engine.OutcomeFailed, "ok, failed, not reached, not reached, not reached", engine.ImportStep, "Unknown"},
		{"nobody knows the id", "00000000-0000-4000-8000-00000000dead", engine.OutcomeFailed, "ok, failed, not reached, not reached, not reached", engine.ImportStep, "Unknown"},
		{"no name at all", "O'Hara / ?#%", engine.OutcomeFailed, "ok, failed, not reached, not reached, not reached", engine.ImportStep, "Unknown"},
		{"never to touch", id(never), engine.OutcomeSkipped, "ok, ok, skipped, not reached, not reached", engine.ScopeStep, scope.NeverTouch},
		{"a guest", id(guest), engine.OutcomeSkipped, "ok, ok, skipped, skipped, skipped", engine.ScopeStep, scope.Guests},
		{"kept out by filters", id(out), engine.OutcomeSkipped, "ok, ok, skipped, skipped, skipped", engine.ScopeStep, scope.ByFilter},
		{"blocked and new", id(blocked), engine.OutcomeSkipped, "ok, ok, ok, ok, skipped", engine.ActStep, "Blocked"},
		{"the name is held", "taken@contoso.example", engine.OutcomeFailed, "ok, ok, ok, ok, failed", engine.ActStep, plan.NameHeld},
	} {
		x := w.provisioned(c.who)
		if x.Outcome != c.outcome || states(x) != c.states || x.Step(c.step).Code != c.code {
			t.Errorf("%s: %s, %s, %q; want %s, %s, %q", c.what, x.Outcome, states(x), x.Step(c.step).Code, c.outcome, c.states, c.code)
		}
		if x.Step(c.step).Text == "" {
			t.Errorf("%s: the step has no sentence", c.what)
		}
	}
	if taken := w.explain("taken@contoso.example", true); taken.Outcome != engine.OutcomeFailed || taken.Step(engine.ActStep).Waiting == nil ||
		!strings.Contains(taken.Step(engine.ActStep).Text, "Holder") {
		t.Errorf("explained afterwards: %+v", taken.Step(engine.ActStep))
	}
}

func TestADeletedPersonIsRenamedAndAPurgedOneRemovedOnDemand(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	people := w.people(3)
	deleted, purged := id(people[0]), id(people[1])
	w.remove(deleted)
	x := w.provisioned(deleted)
	if x.Outcome != engine.OutcomeSuccess || x.Step(engine.ActStep).Code != "Deleted" || w.linked(deleted).Active() {
		t.Errorf("deleted: %s, %+v", x.Outcome, x.Step(engine.ActStep))
	}
	if !strings.HasPrefix(w.linked(deleted).Name(), strings.ReplaceAll(deleted, "-", "")) {
		t.Errorf("the deleted user is called %s", w.linked(deleted).Name())
	}
	w.control(http.MethodPost, "/sim/users/"+deleted+"/restore", nil)
	if x := w.provisioned(deleted); x.Step(engine.ActStep).Code != "Restored" || !w.linked(deleted).Active() || w.linked(deleted).Name() != name(people[0]) {
		t.Errorf("restored: %s, %+v", x.Outcome, x.Step(engine.ActStep))
	}

	w.remove(purged)
	w.control(http.MethodPost, "/sim/users/"+purged+"/purge", nil)
	if x := w.provisioned(purged); x.Step(engine.ActStep).Code != "Deleted" || w.linked(purged).Active() {
		t.Errorf("found nowhere for the first time: %+v, want Inactive and not removed", x.Step(engine.ActStep))
	}
	if x := w.provisioned(purged); x.Step(engine.ActStep).Code != "Purged" || x.Outcome != engine.OutcomeSuccess {
		t.Errorf("found nowhere when he was deleted already: %+v, want removed", x.Step(engine.ActStep))
	}
	if users, err := w.dir.FindUsers(t.Context(), w.org, attr.ExternalID, []string{purged}); err != nil || len(users) != 0 {
		t.Errorf("%d users are left of the purged one (%v)", len(users), err)
	}
	w.good(engine.Incremental)
	if again := w.good(engine.Full); len(w.entries(again)) != 0 {
		t.Errorf("a full run afterwards finds %d changes, want none", len(w.entries(again)))
	}
}

func TestTheGuardHoldsNobodyWhoWasAskedForAndCountsHim(t *testing.T) {
	w := newWorld(t, 60)
	w.settings(func(s *engine.Settings) { s.Thresholds = plan.Thresholds{Count: 1, Percent: 1, Absolute: 2} })
	w.good(engine.Incremental)
	people := w.people(6)
	for _, person := range people[:4] {
		w.remove(id(person))
	}
	if held := w.good(engine.Incremental).Progress.Counts["held"]; held != 4 {
		t.Fatalf("%d removals are held, want four", held)
	}
	if x := w.explain(id(people[0]), false); x.Step(engine.ActStep).Waiting == nil || x.Step(engine.ActStep).Waiting.State != engine.Held ||
		x.Step(engine.ActStep).Code != "Held" || !strings.Contains(fact(x.Step(engine.ActStep), "guard"), "held") {
		t.Errorf("a held removal is explained as %+v", x.Step(engine.ActStep))
	}
	for i := range 3 {
		x := w.provisioned(id(people[i]))
		if x.Outcome != engine.OutcomeSuccess || w.linked(id(people[i])).Active() || !strings.Contains(fact(x.Step(engine.ActStep), "guard"), "by name") {
			t.Errorf("removal %d on demand: %s, %+v", i, x.Outcome, x.Step(engine.ActStep))
		}
	}
	if status := w.status(); status.Held != 1 {
		t.Errorf("%d are held, want the one who was not asked for", status.Held)
	}
	w.control(http.MethodPost, "/sim/users/"+id(people[5])+"/block", nil)
	if run := w.good(engine.Incremental); run.Progress.Counts["held"] != 1 || run.Progress.Counts["deactivate"] != 0 {
		t.Errorf("the next run did %v, want it held because of those on demand", run.Progress.Counts)
	}
}

func TestARunOnDemandThatCannotReachTheTenantSaysSoForEverybody(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	people := w.people(2)
	w.control(http.MethodPost, "/sim/consent/revoke", nil)
	before := w.status()
	run, results := w.provision(id(people[0]), name(people[1]))
	if run.State != engine.Failed || len(results) != 2 {
		t.Fatalf("the run ended as %s with %d results", run.State, len(results))
	}
	for _, result := range results {
		if result.Outcome != engine.OutcomeFailed || states(&result.Explanation) != "failed, not reached, not reached, not reached, not reached" {
			t.Errorf("%s: %s, %s", result.Who, result.Outcome, states(&result.Explanation))
		}
	}
	if after := w.status(); after.Job != before.Job {
		t.Errorf("the instance is %s after a run for two, it was %s", after.Job, before.Job)
	}
	w.run(engine.Incremental)
	if status := w.status(); status.Job != engine.StatusWaitingForConsent {
		t.Fatalf("the instance is %s, want quarantine", status.Job)
	}
	w.control(http.MethodPost, "/sim/consent/grant", nil)
	w.patch(id(people[0]), map[string]any{"jobTitle": "Mended"})
	if x := w.provisioned(id(people[0])); x.Outcome != engine.OutcomeSuccess || w.linked(id(people[0])).Attributes.Text("title") != "Mended" {
		t.Errorf("in quarantine, after the repair: %s, %s", x.Outcome, states(x))
	}
	if status := w.status(); status.Job != engine.StatusWaitingForConsent {
		t.Errorf("one person ended the quarantine: %s", status.Job)
	}
}

func TestARunOnDemandIsTakenUpWhereItWasKilled(t *testing.T) {
	w := newWorld(t, 60)
	w.good(engine.Incremental)
	people := w.people(4)
	for _, step := range []engine.Step{engine.StepPull, engine.StepPlan, engine.StepGuard, engine.StepApply, engine.StepEnd} {
		title := "At " + string(step)
		asked := make([]string, len(people))
		for i, person := range people {
			asked[i] = id(person)
			w.patch(id(person), map[string]any{"jobTitle": title})
		}
		run, err := w.engine.Provision(t.Context(), w.instance.ID, asked)
		if err != nil {
			t.Fatal(err)
		}
		w.queue.runs = nil
		dying := w.stepwise()
		for run.Step != step || run.State == engine.Queued && step != engine.StepPull {
			if _, err := dying.Advance(t.Context(), run.ID); err != nil {
				t.Fatal(err)
			}
			if run, err = w.engine.GetRun(t.Context(), w.org, run.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.now = w.now.Add(time.Hour)
		w.engine = w.newEngine()
		if err := w.engine.Recover(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.engine.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.work(w.engine)
		run, results := w.results(run)
		if run.State != engine.Succeeded || len(w.entries(run)) != len(people) {
			t.Errorf("killed %s: the run ended as %s with %d entries, want one for each", title, run.State, len(w.entries(run)))
		}
		for _, result := range results {
			if result.Outcome != engine.OutcomeSuccess || w.linked(result.SourceID).Attributes.Text("title") != title {
				t.Errorf("killed %s: %s, %s", title, result.Outcome, states(&result.Explanation))
			}
		}
	}
}

func TestSettingsSavedWhileARunOnDemandReadsAreTheOnesItPlansWith(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	run, err := w.engine.Provision(t.Context(), w.instance.ID, []string{person})
	if err != nil {
		t.Fatal(err)
	}
	w.queue.runs = nil
	stepwise := w.stepwise()
	for run.Step != engine.StepPlan {
		if _, err := stepwise.Advance(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}
		if run, err = w.engine.GetRun(t.Context(), w.org, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	w.settings(mapped("nickName", "[mailNickname]"))
	for again := true; again; {
		if again, err = stepwise.Advance(t.Context(), run.ID); err != nil {
			t.Fatal(err)
		}
	}
	run, results := w.results(run)
	if run.ConfigVersion != 2 || results[0].Outcome != engine.OutcomeSuccess || w.linked(person).Attributes.Text("nickName") == "" {
		t.Errorf("planned with version %d: %s, %s", run.ConfigVersion, results[0].Outcome, states(&results[0].Explanation))
	}
}

func TestAnExplanationSaysWhatARunOnDemandThenDoes(t *testing.T) {
	w := newWorld(t, 120)
	w.good(engine.Incremental)
	for range 3 {
		w.now = w.now.Add(time.Hour)
		w.control(http.MethodPost, "/sim/random", map[string]any{"changes": 60, "seed": w.now.Unix()})
		items, _ := w.control(http.MethodGet, "/sim/users?limit=500", nil)["users"].([]any)
		for _, item := range items {
			person, _ := item.(map[string]any)
			said := w.explain(id(person), true)
			did := w.provisioned(id(person))
			if said.Outcome != did.Outcome || states(said) != states(did) || said.Step(engine.ActStep).Code != did.Step(engine.ActStep).Code {
				t.Errorf("%s: explained as %s (%s, %s), done %s (%s, %s)", name(person), said.Outcome, states(said), said.Step(engine.ActStep).Code,
					did.Outcome, states(did), did.Step(engine.ActStep).Code)
			}
			for _, a := range said.Step(engine.ActStep).Attributes {
				b := attribute(did, a.Target)
				if a.Written != b.Written || !attr.Equal(a.After, b.After) {
					t.Errorf("%s: %s is explained as %v, and written as %v", name(person), a.Target, a.After, b.After)
				}
			}
		}
		if left := w.good(engine.Incremental); left.Progress.Counts["update"]+left.Progress.Counts["create"] != 0 {
			t.Errorf("after everybody was provisioned a run does %v", left.Progress.Counts)
		}
	}
}

func TestResultsShowNoRedactedValuesAndExpireWithTheJournal(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.settings(mapped(employeeNumber, "Redact([employeeId])"))
	w.patch(person, map[string]any{"employeeId": "geheim-1"})
	run, results := w.provision(person)
	text, err := json.Marshal(results)
	if err != nil || strings.Contains(string(text), "geheim") || !strings.Contains(string(text), "[Redact]") {
		t.Errorf("the results are %s (%v)", text, err)
	}
	if w.linked(person).Attributes.Text(employeeNumber) != "geheim-1" {
		t.Error("the value did not flow")
	}
	w.now = w.now.AddDate(0, 0, 100)
	if err := w.engine.Expire(t.Context(), w.org, 90); err != nil {
		t.Fatal(err)
	}
	if _, err := w.engine.Results(t.Context(), run); !fault.Is(err, fault.NotFound) {
		t.Errorf("results of a hundred days ago: %v", err)
	}
}

func TestAListOfNobodyOrOfTooManyIsRefused(t *testing.T) {
	w := newWorld(t, 5)
	many := make([]string, engine.MostAsked+1)
	for i := range many {
		many[i] = fmt.Sprintf("person%d@contoso.example", i)
	}
	for _, people := range [][]string{nil, {"", " "}, many} {
		if _, err := w.engine.Provision(t.Context(), w.instance.ID, people); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d people: %v, want invalid", len(people), err)
		}
	}
	person := name(w.people(1)[0])
	if _, results := w.provision(person, person, " "+person+" "); len(results) != 1 {
		t.Errorf("one person named three times has %d results", len(results))
	}
	if !slices.ContainsFunc(w.journal(id(w.people(1)[0])), func(e engine.Entry) bool { return e.State == engine.Applied }) {
		t.Error("nothing was applied")
	}
}
