package plan_test

import (
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scim"
	"rollcall/internal/scope"
)

// narrow is a service without titles, where displayName is immutable, nickName is a boolean, userType one of two, and e-mail addresses are required.
func narrow() *plan.Schema {
	users := scim.Users()
	var kept []scim.Attribute
	for _, attribute := range users.Core.Attributes {
		switch attribute.Name {
		case "title":
			continue
		case "displayName":
			attribute.Mutability = scim.Immutable
		case "nickName":
			attribute.Type = scim.Boolean
		case "userType":
			attribute.CanonicalValues = []string{"Staff", "Guest"}
		}
		kept = append(kept, attribute)
	}
	users.Core.Attributes = kept
	users = users.Forget()
	return &plan.Schema{Type: &users, Required: []string{"emails"}, FixedNames: true}
}

func TestAPlanDoesNotPromiseWhatTheDestinationRefuses(t *testing.T) {
	const id = "2b1c6f1e-0000-4000-8000-000000000001"
	everybody, err := scope.Rules{AllUsers: true}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	set, err := mapping.Compile(append(mapping.Defaults(),
		mapping.Attribute{Kind: mapping.Direct, Source: "mailNickname", Target: "nickName", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Direct, Source: "employeeType", Target: "userType", Apply: mapping.Always},
		mapping.Attribute{Kind: mapping.Direct, Source: "mail", Target: `emails[type eq "work"].value`, Apply: mapping.Always, ClearWhenEmpty: true},
	))
	if err != nil {
		t.Fatal(err)
	}
	rules := plan.Rules{Instance: idOf("this"), Scope: everybody, Mapping: set, Schema: narrow()}
	there := attr.From(map[string]any{
		"userName": "ada@contoso.example", "displayName": "Ada", "externalId": id, "active": true, `emails[type eq "work"].value`: "ada@contoso.example",
	})
	for _, c := range []struct {
		name   string
		source map[string]any
		exists bool
		want   string
	}{
		{"who fits is created", map[string]any{"mail": "ada@contoso.example", "employeeType": "staff"}, false, "create"},
		{"without a required value nobody is", map[string]any{}, false, "fail MissingRequired"},
		{"what there is no place for is left out", map[string]any{"mail": "a@contoso.example", "jobTitle": "Countess"}, false, "create without title"},
		{"a wrong type", map[string]any{"mail": "a@contoso.example", "mailNickname": "ada"}, false, "fail WrongValue"},
		{"a value that is not known", map[string]any{"mail": "a@contoso.example", "employeeType": "Vendor"}, false, "fail WrongValue"},
		{"what is immutable stays", map[string]any{"mail": "ada@contoso.example", "displayName": "Ada L"}, true, "fail ImmutableValue"},
		{"a required value is not cleared", map[string]any{}, true, "fail MissingRequired"},
		{"a name that stays is no change", map[string]any{"mail": "ada@contoso.example", "userPrincipalName": "lovelace@contoso.example"}, true, "nothing"},
		{"who is blocked is blocked, whatever else does not fit", map[string]any{"mailNickname": "ada", "accountEnabled": false}, true, "deactivate without nickName"},
	} {
		record := attr.From(map[string]any{"userPrincipalName": "ada@contoso.example", "displayName": "Ada", "id": id, "accountEnabled": true})
		for name, value := range c.source {
			record.Set(name, value)
		}
		source := plan.Source{ID: id, State: plan.Live, Record: record}
		var target *plan.Target
		if c.exists {
			target = &plan.Target{ID: idOf("ada"), Version: 1, Owner: idOf("this"), SourceID: id, Record: there}
		}
		change, does := rules.Decide(rules.Draft(source, target), plan.Found{})
		got := "nothing"
		if does {
			got = string(change.Action)
			if change.Action == plan.Fail {
				got += " " + change.Reason.Code
			}
			if _, names, left := strings.Cut(change.Reason.Text, "left out, because the destination does not take it: "); left {
				got += " without " + names
			}
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s (%s, %v)", c.name, got, c.want, change.Reason.Text, change.After)
		}
	}
}
