package plan_test

import (
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

func TestNobodyBecomesActiveOrInactiveWhileItIsUnknownWhetherHeMaySignIn(t *testing.T) {
	set, err := mapping.Compile(mapping.Defaults())
	if err != nil {
		t.Fatal(err)
	}
	everybody, err := scope.Rules{AllUsers: true}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	rules := plan.Rules{Instance: idOf("this"), Scope: everybody, Mapping: set}
	source := plan.Source{ID: "2b1c6f1e-0000-4000-8000-000000000001", State: plan.Live, Record: attr.From(map[string]any{
		"userPrincipalName": "ada@contoso.example", "displayName": "Ada", "id": "2b1c6f1e-0000-4000-8000-000000000001", "jobTitle": "Countess",
	})}
	for _, active := range []bool{true, false} {
		target := plan.Target{ID: idOf("ada"), Version: 1, Owner: idOf("this"), SourceID: source.ID, Record: attr.From(map[string]any{
			"userName": "ada@contoso.example", "displayName": "Ada", "externalId": source.ID, "active": active,
		})}
		change, _ := rules.Decide(rules.Draft(source, &target), plan.Found{})
		if change.Action != plan.Update || change.After.Has(attr.Active) {
			t.Errorf("active %v: %s with %v, want the title updated and nothing else", active, change.Action, change.After)
		}
	}
}
