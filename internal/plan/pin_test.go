package plan_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/plan"
)

func pinnedPerson(changes map[string]any) plan.Source {
	record := map[string]any{
		"userPrincipalName": "ada@example.com", "displayName": "Ada", "accountEnabled": true, "userType": "Member", "jobTitle": "Analyst", "city": nil,
	}
	maps.Copy(record, changes)
	return plan.Source{ID: "00000000-0000-0000-0000-00000000000a", State: plan.Live, Record: attr.From(record)}
}

var knownProperties = []string{"accountEnabled", "city", "displayName", "jobTitle", "userPrincipalName", "userType"}

func TestAPinHoldsUntilThePersonChanges(t *testing.T) {
	rules := compileRules(t, []byte(`{"scope": {"allUsers": true}}`))
	var pin plan.Pin
	pin.Look(rules.Draft(pinnedPerson(nil), nil), knownProperties)
	deleted := pinnedPerson(nil)
	deleted.State, deleted.DeletedAt = plan.Deleted, time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name   string
		person plan.Source
		known  []string
		holds  bool
	}{
		{"nothing changed", pinnedPerson(nil), knownProperties, true},
		{"the job changed", pinnedPerson(map[string]any{"jobTitle": "Countess"}), knownProperties, false},
		{"the job went", pinnedPerson(map[string]any{"jobTitle": nil}), knownProperties, false},
		{"a city came", pinnedPerson(map[string]any{"city": "London"}), knownProperties, false},
		{"an empty list is nothing", pinnedPerson(map[string]any{"city": []string{}}), knownProperties, true},
		{"blocked", pinnedPerson(map[string]any{"accountEnabled": false}), knownProperties, false},
		{"deleted", deleted, knownProperties, false},
		{"more is read", pinnedPerson(map[string]any{"employeeId": "7"}), append([]string{"employeeId"}, knownProperties...), true},
		{"less is read", pinnedPerson(map[string]any{"jobTitle": nil}), knownProperties[4:], true},
	} {
		if holds := pin.Holds(rules.Draft(c.person, nil), c.known); holds != c.holds {
			t.Errorf("%s: the pin holds %v, want %v", c.name, holds, c.holds)
		}
	}
	with := append([]string{"employeeId"}, knownProperties...)
	if !pin.Learn(pinnedPerson(map[string]any{"employeeId": "7"}), with) || pin.Learn(pinnedPerson(nil), with) {
		t.Error("a pin learns a property once")
	}
	if pin.Holds(rules.Draft(pinnedPerson(map[string]any{"employeeId": "8"}), nil), with) {
		t.Error("a property that was learnt ends the pin when it changes")
	}
}

func TestAPinLeavesChangesOutAndLetsRemovalsPassUnlessItIsAboutOne(t *testing.T) {
	rules := compileRules(t, []byte(`{"scope": {"allUsers": true}}`))
	nobody := compileRules(t, []byte(`{"scope": {}}`))
	target := plan.Target{ID: idOf("ada"), Version: 3, Owner: idOf("this"), SourceID: pinnedPerson(nil).ID, Record: attr.From(map[string]any{
		attr.UserName: "ada@example.com", attr.DisplayName: "Ada", attr.Active: true, "title": "Countess", attr.ExternalID: pinnedPerson(nil).ID,
	})}
	pin := plan.Pin{By: "Grace", Run: idOf("run"), Why: "it was wrong", At: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	pin.Look(rules.Draft(pinnedPerson(nil), nil), knownProperties)
	keeps, outside := pin, pin
	keeps.Keeps, outside.Keeps = true, true
	outside.Look(nobody.Draft(pinnedPerson(nil), nil), knownProperties)
	for _, c := range []struct {
		name   string
		rules  *plan.Rules
		pin    plan.Pin
		person plan.Source
		action plan.Action
		ended  bool
	}{
		{"an update waits", rules, pin, pinnedPerson(nil), plan.Skip, false},
		{"news end it", rules, pin, pinnedPerson(map[string]any{"city": "London"}), plan.Update, true},
		{"who leaves the scope goes", nobody, pin, pinnedPerson(nil), plan.Deactivate, true},
		{"who was kept outside on purpose stays", nobody, outside, pinnedPerson(nil), plan.Skip, false},
		{"who was kept inside and leaves the scope goes", nobody, keeps, pinnedPerson(nil), plan.Deactivate, true},
		{"who was kept outside and enters the scope is as everybody", rules, outside, pinnedPerson(nil), plan.Update, true},
		{"who is blocked later goes", rules, keeps, pinnedPerson(map[string]any{"accountEnabled": false}), plan.Deactivate, true},
	} {
		draft := c.rules.Draft(c.person, &target)
		found := plan.Found{Pins: map[string]plan.Pin{c.person.ID: c.pin}, Known: knownProperties}
		change, does := c.rules.Decide(draft, found)
		if !does || change.Action != c.action || c.pin.Ended(draft, knownProperties, change, does) != c.ended {
			t.Errorf("%s: %s (%s), want %s and ended %v", c.name, change.Action, change.Reason.Text, c.action, c.ended)
		}
		if c.action == plan.Skip && (change.Reason.Code != plan.Pinned || !strings.Contains(change.Reason.Text, "Grace") || !strings.Contains(change.Reason.Text, "it was wrong")) {
			t.Errorf("%s: the reason is %+v", c.name, change.Reason)
		}
	}
}
