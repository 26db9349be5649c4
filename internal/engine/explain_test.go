package engine_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// explain explains a person and asserts that nothing was written for it.
func (w *world) explain(who string, live bool) *engine.Explanation {
	w.Helper()
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		w.Fatal(err)
	}
	before := w.db.Commits()
	x, err := w.engine.Explain(w.Context(), instance, who, live)
	if err != nil {
		w.Fatal(err)
	}
	if after := w.db.Commits(); after != before {
		w.Errorf("explaining %s made %d commits, want none", who, after-before)
	}
	if len(x.Steps) != 5 {
		w.Fatalf("explained in %d steps, want five", len(x.Steps))
	}
	return &x
}

// states are the states of the five steps in one word.
func states(x *engine.Explanation) string {
	words := make([]string, len(x.Steps))
	for i, step := range x.Steps {
		words[i] = string(step.State)
	}
	return strings.Join(words, ", ")
}

// fact returns the value of a fact of a step, as text.
func fact(step *engine.ExplainedStep, name string) string {
	for _, f := range step.Facts {
		if f.Name == name {
			text, err := json.Marshal(f.Value)
			if err != nil {
				return err.Error()
			}
			return string(text)
		}
	}
	return "no such fact"
}

func attribute(x *engine.Explanation, target string) engine.AttributeStep {
	for _, a := range x.Step(engine.ActStep).Attributes {
		if a.Target == target {
			return a
		}
	}
	return engine.AttributeStep{}
}

func name(person map[string]any) string {
	text, _ := person["userPrincipalName"].(string)
	return text
}

func TestANewPersonIsExplainedByTheMappingsThatWouldMakeHim(t *testing.T) {
	w := newWorld(t, 50)
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/users", map[string]any{
		"userPrincipalName": "grace@contoso.example", "displayName": "Grace Hopper", "surname": "Hopper", "jobTitle": "Admiral",
	})
	if x := w.explain("grace@contoso.example", false); x.Outcome != engine.OutcomeFailed || x.Step(engine.ImportStep).Code != "Unknown" {
		t.Errorf("the mirror is asked for somebody it has not: %s at %s, want failed: unknown", x.Outcome, states(x))
	}
	x := w.explain("GRACE@contoso.example", true)
	if x.Outcome != engine.OutcomeSuccess || states(x) != "ok, ok, ok, ok, ok" || x.Step(engine.ActStep).Code != "Added" {
		t.Fatalf("%s: %s, %+v; want a success that adds", x.Outcome, states(x), x.Step(engine.ActStep))
	}
	title := attribute(x, "title")
	if title.Source != "jobTitle" || title.Outcome != mapping.Valued || !title.Written || title.After != "Admiral" || title.Before != nil {
		t.Errorf("title is explained as %+v", title)
	}
	if city := attribute(x, `addresses[type eq "work"].locality`); city.Written || city.Outcome != mapping.Empty || city.Note == "" {
		t.Errorf("a city that nobody has is explained as %+v", city)
	}
	if w.good(engine.Incremental).Progress.Counts["create"] != 1 {
		t.Fatal("the run does not create her")
	}
	x = w.explain("grace@contoso.example", false)
	if x.Outcome != engine.OutcomeSkipped || x.Step(engine.ActStep).Code != "Unchanged" || x.Step(engine.MatchStep).Code != "Linked" {
		t.Errorf("after the run: %s, %s", x.Outcome, states(x))
	}
	if history := x.Step(engine.ActStep).History; len(history) != 1 || history[0].Action != plan.Create {
		t.Errorf("the history is %+v, want the creation", history)
	}
}

func TestAPersonIsFoundByEachOfHisNames(t *testing.T) {
	w := newWorld(t, 50)
	w.good(engine.Incremental)
	person := w.people(3)[2]
	user := w.linked(id(person))
	for _, who := range []string{id(person), strings.ToUpper(id(person)), name(person), strings.ToUpper(name(person)), user.ID.String(), user.Name()} {
		for _, live := range []bool{false, true} {
			if x := w.explain(who, live); x.SourceID != id(person) || x.ObjectID != user.ID || x.Live != live {
				t.Errorf("%s (live %v) is explained as %s and %s, want %s and %s", who, live, x.SourceID, x.ObjectID, id(person), user.ID)
			}
		}
	}
	w.control(http.MethodDelete, "/sim/users/"+id(person), nil)
	w.good(engine.Incremental)
	renamed := w.linked(id(person)).Name()
	for _, who := range []string{id(person), name(person), renamed} {
		if x := w.explain(who, true); x.SourceID != id(person) || fact(x.Step(engine.ImportStep), "the tenant says") != `"in the recycle bin"` {
			t.Errorf("the deleted person is not found as %s: %+v", who, x.Step(engine.ImportStep))
		}
	}
}

func TestEveryStepNamesWhatDecided(t *testing.T) {
	w := newWorld(t, 60)
	people := w.people(4)
	never, out, in, blocked := people[0], people[1], people[2], people[3]
	for person, city := range map[string]string{id(never): "Berlin", id(out): "Paris", id(in): "Berlin", id(blocked): "Berlin"} {
		w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"city": city})
	}
	w.control(http.MethodPost, "/sim/users/"+id(blocked)+"/block", nil)
	w.settings(func(s *engine.Settings) {
		s.Scope.NeverTouch = []string{id(never)}
		s.Scope.Filters = []scope.Filter{{Name: "Berlin", Clauses: []scope.Clause{
			{Attribute: "city", Operator: scope.Equals, Value: "Berlin"}, {Attribute: "displayName", Operator: scope.IsNotNull},
		}}}
	})
	w.good(engine.Incremental)
	for _, c := range []struct {
		what, who, rule, states, code string
	}{
		{"never to touch", id(never), scope.NeverTouch, "ok, ok, skipped, not reached, not reached", ""},
		{"kept out by a filter", id(out), scope.ByFilter, "ok, ok, skipped, skipped, skipped", "NotManaged"},
		{"let in by a filter", id(in), scope.ByFilter, "ok, ok, ok, ok, skipped", "Unchanged"},
		{"blocked and new", id(blocked), scope.ByFilter, "ok, ok, ok, ok, skipped", "Blocked"},
	} {
		x := w.explain(c.who, false)
		if x.Step(engine.ScopeStep).Code != c.rule || states(x) != c.states || x.Step(engine.ActStep).Code != c.code || x.Outcome != engine.OutcomeSkipped {
			t.Errorf("%s: %s by %q with %q: %s", c.what, states(x), x.Step(engine.ScopeStep).Code, x.Step(engine.ActStep).Code, x.Outcome)
		}
	}
	clauses := w.explain(id(out), false).Step(engine.ScopeStep).Filters[0].Clauses
	if clauses[0].Holds || clauses[0].Value != "Paris" || !clauses[1].Holds {
		t.Errorf("the clauses are told as %+v", clauses)
	}
	if waiting := w.explain(id(blocked), false).Step(engine.ActStep).Waiting; waiting == nil || waiting.State != engine.EntrySkipped {
		t.Errorf("that the blocked person was skipped is told as %+v", waiting)
	}
}

func TestAConflictNamesBoth(t *testing.T) {
	w := newWorld(t, 30)
	person := w.people(1)[0]
	for _, holder := range []string{"One", "Two"} {
		if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{
			attr.UserName: holder + "@elsewhere.example", attr.DisplayName: holder, attr.ExternalID: id(person),
		})); err != nil {
			t.Fatal(err)
		}
	}
	x := w.explain(id(person), true)
	match := x.Step(engine.MatchStep)
	if x.Outcome != engine.OutcomeFailed || match.Code != "DuplicateTargetEntries" || !strings.Contains(match.Text, "One") || !strings.Contains(match.Text, "Two") {
		t.Errorf("two matches are explained as %s: %+v", x.Outcome, match)
	}
	if x.Step(engine.ActStep).State != engine.StepNotReached {
		t.Error("after two matches nothing can be done")
	}
}

func TestSettingsThatNeedMoreThanTheMirrorHoldsAreExplainedByTheTenantOnly(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	person := w.people(1)[0]
	w.settings(mapped("nickName", "[mailNickname]"))
	if x := w.explain(id(person), false); states(x) != "ok, failed, not reached, not reached, not reached" ||
		x.Step(engine.ImportStep).Code != engine.NeedsRead || !strings.Contains(x.Step(engine.ImportStep).Text, "mailNickname") {
		t.Errorf("explained from the mirror: %s, %s", states(x), x.Step(engine.ImportStep).Text)
	}
	if x := w.explain(id(person), true); !attribute(x, "nickName").Written {
		t.Errorf("explained from the tenant: %s, %+v", states(x), attribute(x, "nickName"))
	}
}

func TestWhatNobodyIsShownIsNotExplainedEither(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.settings(mapped(employeeNumber, "Redact([employeeId])"))
	w.settings(func(s *engine.Settings) {
		s.Scope.Filters = []scope.Filter{{Clauses: []scope.Clause{{Attribute: "employeeId", Operator: scope.Equals, Value: "geheim-1"}}}}
	})
	for _, secret := range []string{"geheim-1", "geheim-2"} {
		w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"employeeId": secret})
		live := w.explain(person, true)
		w.good(engine.Incremental)
		for _, x := range []*engine.Explanation{live, w.explain(person, false)} {
			for i := range x.Step(engine.ScopeStep).Filters {
				x.Step(engine.ScopeStep).Filters[i].Clauses = slices.DeleteFunc(x.Step(engine.ScopeStep).Filters[i].Clauses,
					func(c scope.ClauseTrace) bool { return c.Value == "[Redact]" }) // the clause itself is configuration
			}
			text, err := json.Marshal(x)
			if err != nil || strings.Contains(string(text), "geheim") {
				t.Errorf("explained with the value: %s (%v)", text, err)
			}
		}
	}
}

func TestADownTenantIsToldAndTheMirrorExplainedAllTheSame(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	person := id(w.people(1)[0])
	w.control(http.MethodPost, "/sim/consent/revoke", nil)
	if x := w.explain(person, true); states(x) != "failed, not reached, not reached, not reached, not reached" || x.Outcome != engine.OutcomeFailed ||
		!strings.Contains(x.Step(engine.ConnectStep).Text, "consent") {
		t.Errorf("asked without consent: %s, %s", states(x), x.Step(engine.ConnectStep).Text)
	}
	w.run(engine.Incremental)
	if x := w.explain(person, false); states(x) != "failed, ok, ok, ok, skipped" {
		t.Errorf("the mirror after a failed run: %s", states(x))
	}
}
