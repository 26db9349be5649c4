package engine_test

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/engine"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// settings changes the settings of the world's instance.
func (w *world) settings(change func(*engine.Settings)) {
	w.Helper()
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		w.Fatal(err)
	}
	settings, err := w.db.Settings(w.Context(), instance.ID, instance.ConfigVersion)
	if err != nil {
		w.Fatal(err)
	}
	change(&settings)
	if _, err := w.engine.ChangeInstance(w.Context(), w.instance.ID, engine.Change{Settings: &settings}); err != nil {
		w.Fatal(err)
	}
}

// mapped returns a change of settings that maps a target by an expression.
func mapped(target, expression string) func(*engine.Settings) {
	return func(s *engine.Settings) {
		s.Attributes = slices.DeleteFunc(slices.Clone(s.Attributes), func(a mapping.Attribute) bool { return a.Target == target })
		s.Attributes = append(s.Attributes, mapping.Attribute{Kind: mapping.Expression, Expression: expression, Target: target})
	}
}

const employeeNumber = attr.EnterpriseUser + ":employeeNumber"

func TestARedactedValueFlowsButNobodyReadsItInTheJournal(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.settings(mapped(employeeNumber, "Redact([employeeId])"))
	for _, secret := range []string{"geheim-1", "geheim-2"} {
		w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"employeeId": secret})
		run := w.good(engine.Incremental)
		if got := w.linked(person).Attributes.Text(employeeNumber); got != secret {
			t.Errorf("the directory holds %q, want %q", got, secret)
		}
		shown := 0
		for _, entry := range w.entries(run) {
			differences := engine.Differences(entry)
			if strings.Contains(differences, "geheim") || strings.Contains(string(entry.After.AppendJSON(entry.Before.AppendJSON(nil))), "geheim") {
				t.Errorf("the journal holds %s", differences)
			}
			if strings.Contains(differences, employeeNumber) && strings.Contains(differences, "[Redact]") {
				shown++
			}
		}
		if shown == 0 {
			t.Error("the journal does not tell that the value changed")
		}
		var report bytes.Buffer
		if err := w.engine.WriteReport(t.Context(), run, &report); err != nil || strings.Contains(report.String(), "geheim") {
			t.Errorf("the report holds the value (%v)", err)
		}
	}
	if again := w.good(engine.Full); len(w.entries(again)) != 0 {
		t.Errorf("planning again finds %d changes, want none", len(w.entries(again)))
	}
}

func TestTwoPeopleWhoAreOfferedOneNameGetDifferentOnesInOneRun(t *testing.T) {
	w := newWorld(t, 1500) // more than are planned at a time
	people := w.people(300)
	for _, person := range people {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"surname": "Zebra", "employeeId": id(person)[:8]})
	}
	w.settings(func(s *engine.Settings) {
		mapped("userName", `SelectUniqueValue(Join("@", [surname], "x.example"), Join("@", Append([surname], "2"), "x.example"), Join("@", [objectId], "x.example"))`)(s)
		for i := range s.Attributes {
			switch s.Attributes[i].Target {
			case attr.UserName:
				s.Attributes[i].Apply = mapping.OnlyOnCreate
			case attr.ExternalID:
				s.Attributes[i].Matching = 1
			}
		}
	})
	foreseen := map[string]string{}
	for _, entry := range w.entries(w.good(engine.DryRun)) {
		if entry.Action == plan.Create {
			foreseen[entry.SourceID] = entry.After.Text(attr.UserName)
		}
	}
	w.good(engine.Incremental)
	zebras := map[string]int{}
	for _, person := range people {
		user := w.linked(id(person))
		if foreseen[id(person)] != user.Attributes.Text(attr.UserName) {
			t.Fatalf("the dry run foresaw %s, the run gave %s", foreseen[id(person)], user.Attributes.Text(attr.UserName))
		}
		if name := user.Attributes.Text(attr.UserName); strings.HasPrefix(name, "Zebra") {
			zebras[name]++
		}
	}
	if zebras["Zebra@x.example"] != 1 || zebras["Zebra2@x.example"] != 1 || len(zebras) != 2 {
		t.Errorf("the names were given as %v, want each once", zebras)
	}
	if again := w.good(engine.Full); len(w.entries(again)) != 0 {
		t.Errorf("planning again finds %d changes, want none", len(w.entries(again)))
	}
}

func TestWhatFollowsTheClockIsPlannedOnceADayWithoutAChangeInTheTenant(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"employeeId": w.now.AddDate(0, 0, 2).Format(time.DateOnly)})
	w.settings(mapped("title", `IIF(IsPresent([employeeId]), IIF(DateDiff("d", Now(), CDate([employeeId])) > 0, "Starts soon", "Is here"), [jobTitle])`))
	w.control(http.MethodPatch, "/sim/users/"+person, map[string]any{"city": "Ockham"})
	w.good(engine.Incremental)
	for day, want := range []string{"Starts soon", "Starts soon", "Is here"} {
		first := w.good(engine.Incremental)
		if got := w.linked(person).Attributes.Text("title"); got != want {
			t.Errorf("after %d days the title is %q, want %q", day, got, want)
		}
		if second := w.good(engine.Incremental); second.Progress.Planned > 0 || day > 0 && first.Progress.Planned < 20 {
			t.Errorf("after %d days %d and then %d people were planned, want all once", day, first.Progress.Planned, second.Progress.Planned)
		}
		w.now = w.now.AddDate(0, 0, 1)
	}
}

func TestAFilterOnAnAttributeThatTheMirrorLacksWaitsForTheFullRead(t *testing.T) {
	w := newWorld(t, 60)
	for _, person := range w.people(40) {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"employeeType": "Staff"})
	}
	w.good(engine.Incremental)
	before := w.status()
	w.settings(func(s *engine.Settings) {
		s.Scope.Filters = []scope.Filter{{Name: "Staff", Clauses: []scope.Clause{{Attribute: "employeeType", Operator: "EQUALS", Value: "Staff"}}}}
		s.Thresholds = plan.Thresholds{Count: 1000, Percent: 100, Absolute: 1000}
	})
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/users$", "kind": "no-consent"})
	w.good(engine.Incremental)
	now := w.status()
	if now.Synced != before.Synced || now.OutOfScope != before.OutOfScope || now.Job != engine.StatusFailing {
		t.Errorf("without having read employeeType the scope went from %+v to %+v", before, now)
	}
	blocked := id(w.people(1)[0])
	w.control(http.MethodPost, "/sim/users/"+blocked+"/block", nil)
	w.good(engine.Incremental)
	if w.linked(blocked).Attributes.Bool(attr.Active) {
		t.Error("who was blocked keeps access, because an attribute cannot be read")
	}
	w.control(http.MethodDelete, "/sim/faults", nil)
	w.good(engine.Incremental)
	if now := w.status(); now.Synced != 40 || now.Job != engine.StatusPaused {
		t.Errorf("after the full read %+v, want the 40 who are staff, and nothing that fails", now)
	}
}

func TestAReadThatTheTenantRefusesToOneInstanceStopsNoOther(t *testing.T) {
	w := newWorld(t, 30)
	w.good(engine.Incremental)
	settings := engine.DefaultSettings()
	mapped("nickName", "[mailNickname]")(&settings)
	other := w.create("Other", &settings)
	w.control(http.MethodPost, "/sim/faults", map[string]any{"route": "/v1.0/users$", "kind": "no-consent"})
	if run := w.runOf(other, engine.DryRun); run.State != engine.Failed {
		t.Fatalf("the other run ended as %s", run.State)
	}
	blocked := id(w.people(1)[0])
	w.control(http.MethodPost, "/sim/users/"+blocked+"/block", nil)
	w.good(engine.Incremental)
	if w.linked(blocked).Attributes.Bool(attr.Active) {
		t.Error("the change did not arrive")
	}
}

func TestAPreviewCountsWhatSettingsWouldDoAndWarnsOfDoubles(t *testing.T) {
	w := newWorld(t, 40)
	person := w.people(1)[0]
	if _, err := w.dir.CreateUser(t.Context(), w.org, attr.From(map[string]any{"userName": person["userPrincipalName"]})); err != nil {
		t.Fatal(err)
	}
	w.good(engine.DryRun) // fills the mirror and links nobody
	preview := func(change func(*engine.Settings)) engine.Preview {
		t.Helper()
		settings := engine.DefaultSettings()
		change(&settings)
		instance, err := w.engine.Instance(t.Context(), w.org, w.instance.ID)
		if err != nil {
			t.Fatal(err)
		}
		preview, err := w.engine.Preview(t.Context(), instance, settings)
		if err != nil {
			t.Fatal(err)
		}
		return preview
	}
	same := preview(func(*engine.Settings) {})
	if !same.Complete || same.Users != 40 || same.Beside != 0 || same.Changes[plan.Update] != 1 || len(same.Warnings) != 0 {
		t.Errorf("the present settings are foretold as %+v", same)
	}
	other := preview(func(s *engine.Settings) {
		mapped("userName", `Append("x", [userPrincipalName])`)(s)
		s.Attributes[len(s.Attributes)-1].Matching = 1
	})
	if other.Beside != 1 || other.Changes[plan.Create] != same.Changes[plan.Create]+1 {
		t.Errorf("another userName is foretold as %+v, want one beside an existing user", other)
	}
	if len(other.Warnings) != 1 || other.Warnings[0].Code != engine.MakesDoubles || !strings.Contains(other.Warnings[0].Text, "1 would be created beside an existing user") {
		t.Errorf("the warnings are %+v", other.Warnings)
	}
	unread := preview(mapped("nickName", "[mailNickname]"))
	if len(unread.NeedsRead) != 1 || unread.NeedsRead[0] != "mailNickname" || unread.Users != 0 {
		t.Errorf("an attribute that the mirror lacks is foretold as %+v", unread)
	}
}

func TestWhatWasRedactedOnceStaysHiddenWhenTheMappingIsReplacedOrThePersonRemoved(t *testing.T) {
	w := newWorld(t, 20)
	people := w.people(2)
	for _, person := range people {
		w.control(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"employeeId": "geheim-1"})
	}
	w.settings(mapped(employeeNumber, "Redact([employeeId])"))
	w.good(engine.Incremental)
	w.settings(mapped(employeeNumber, `Append("public ", [city])`))
	w.good(engine.DryRun)
	w.good(engine.Incremental)
	w.settings(func(s *engine.Settings) { s.Attributes = mapping.Defaults() })
	w.good(engine.Incremental)
	w.control(http.MethodDelete, "/sim/users/"+id(people[1]), nil)
	w.control(http.MethodPost, "/sim/users/"+id(people[1])+"/purge", nil)
	w.good(engine.Incremental)
	w.hides("geheim")
}

// hides fails if the journal of the instance tells a value.
func (w *world) hides(value string) {
	w.Helper()
	entries, err := w.db.ListEntries(w.Context(), engine.EntryQuery{Org: w.org, Instance: w.instance.ID, Limit: 10_000})
	if err != nil || !slices.ContainsFunc(entries, func(e engine.Entry) bool { return e.Action == plan.Delete }) {
		w.Fatalf("among the %d entries is no removal (%v)", len(entries), err)
	}
	for _, entry := range entries {
		if text := string(entry.After.AppendJSON(entry.Before.AppendJSON(nil))) + entry.Reason.Text; strings.Contains(text, value) {
			w.Errorf("%s tells %s", entry.Action, text)
		}
	}
}

func TestAnApprovalOutlivesTheSecondAlthoughAValueFollowsTheClock(t *testing.T) {
	w := newWorld(t, 20)
	person := id(w.people(1)[0])
	w.settings(mapped("title", `CStr(Now())`))
	w.settings(func(s *engine.Settings) { s.Thresholds = plan.Thresholds{Absolute: 0, Count: 0, Percent: 0} })
	w.good(engine.Incremental)
	w.control(http.MethodPost, "/sim/users/"+person+"/block", nil)
	w.now = w.now.Add(time.Minute)
	w.good(engine.Incremental)
	entry, held := w.held()[person]
	if !held {
		t.Fatalf("the removal is not held: %v", w.held())
	}
	w.now = w.now.Add(time.Minute)
	w.decide(true, entry)
	w.now = w.now.Add(time.Minute)
	w.good(engine.Incremental)
	if w.linked(person).Attributes.Bool(attr.Active) {
		t.Error("the approved removal is held again")
	}
}
