package engine_test

import (
	"strings"
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/mapping"
)

func TestAMappingIsTriedOnEverybodyInScopeAndWritesNothing(t *testing.T) {
	w := newWorld(t, 20)
	w.good(engine.Incremental)
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		t.Fatal(err)
	}
	try := func(place int, expression, who string) (engine.Comparison, error) {
		settings := engine.DefaultSettings()
		target := settings.Attributes[place].Target
		settings.Attributes[place] = mapping.Attribute{Kind: mapping.Expression, Expression: expression, Target: target}
		return w.engine.CompareMapping(w.Context(), instance, settings, target, who, 5)
	}
	compare := func(expression, who string) (engine.Comparison, error) { return try(2, expression, who) } // of displayName
	same, err := compare("[displayName]", "")
	if err != nil || !same.Complete || same.Users < 15 || same.Changed != 0 || len(same.Examples) != 5 {
		t.Errorf("the same value: %+v %v", same, err)
	}
	other, err := compare(`Join("-", "x", [displayName])`, same.Examples[4].SourceID)
	if err != nil || other.Changed != other.Users || len(other.Examples) != 6 || other.Examples[0].SourceID != same.Examples[4].SourceID {
		t.Fatalf("another value: %+v %v", other, err)
	}
	if after, ok := other.Examples[0].After.(string); !ok || !strings.HasPrefix(after, "x-") || other.Examples[0].Before != same.Examples[4].After {
		t.Errorf("an example: %+v", other.Examples[0])
	}
	hidden, err := try(6, `Redact([jobTitle])`, "")
	if err != nil || len(hidden.Examples) == 0 || hidden.Examples[0].Before != "[Redact]" || hidden.Examples[0].After != "[Redact]" {
		t.Errorf("hidden: %+v %v", hidden.Examples, err)
	}
	unknown, err := compare(`[employeeId]`, "")
	if err != nil || len(unknown.Unknown) != 1 || unknown.Users != 0 {
		t.Errorf("what is not read: %+v %v", unknown, err)
	}
	if _, err := compare(`Nonsense(`, ""); err == nil {
		t.Error("nonsense is compared")
	}
}

func TestPickersReadTheGroupsOfTheTenant(t *testing.T) {
	w := newWorld(t, 20)
	inner := w.group("Inner", w.someone(1)...)
	outer := w.group("Outer", inner)
	instance, err := w.engine.Instance(w.Context(), w.org, w.instance.ID)
	if err != nil {
		t.Fatal(err)
	}
	if complete, err := w.engine.ReadTenantGroups(w.Context(), instance); err != nil || !complete {
		t.Fatalf("%v %v", complete, err)
	}
	found, err := w.db.ListTenantGroups(w.Context(), instance.ConnectionID, engine.GroupSearch{Parent: outer}, 10)
	if err != nil || len(found) != 1 || found[0].Name != "Inner" {
		t.Errorf("inside: %+v %v", found, err)
	}
	names, err := w.db.TenantGroupNames(w.Context(), instance.ConnectionID, []string{outer, "nobody"})
	if err != nil || len(names) != 1 || names[outer] != "Outer" {
		t.Errorf("names: %v %v", names, err)
	}
}
