package plan_test

import (
	"slices"
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

func TestAGroupDoesNotPromiseWhatTheDestinationRefuses(t *testing.T) {
	const id = "2b1c6f1e-0000-4000-8000-000000000009"
	groups := scim.Groups()
	group := func(change func(attribute *scim.Attribute) bool) *plan.Schema {
		narrow := groups
		narrow.Core.Attributes = nil
		for _, attribute := range groups.Core.Attributes {
			if change(&attribute) {
				narrow.Core.Attributes = append(narrow.Core.Attributes, attribute)
			}
		}
		narrow = narrow.Forget()
		return &plan.Schema{Type: &narrow, Required: []string{"displayName", "externalId"}}
	}
	as := func(*scim.Attribute) bool { return true }
	named := func(name string) plan.GroupSource {
		return plan.GroupSource{Kept: true, Source: plan.Source{ID: id, State: plan.Live, Record: attr.From(map[string]any{"displayName": name})}}
	}
	there := &plan.Target{ID: idOf("sales"), Version: 1, Owner: idOf("this"), SourceID: id, Record: attr.From(map[string]any{"displayName": "Sales", "externalId": id})}
	for _, c := range []struct {
		name   string
		schema *plan.Schema
		linked *plan.Target
		source plan.GroupSource
		want   string
	}{
		{"what fits is created", group(as), nil, named("Sales"), "create"},
		{"without a schema everything fits", nil, nil, named("Sales"), "create"},
		{"a destination without groups", &plan.Schema{Absent: true}, nil, named("Sales"), "fail NotSupported"},
		{"a name that does not change", group(func(a *scim.Attribute) bool { a.Mutability = scim.Immutable; return true }), there, named("Sellers"), "fail ImmutableValue"},
		{"a name of another type", group(func(a *scim.Attribute) bool { a.Type = scim.Integer; return true }), nil, named("Sales"), "fail WrongValue"},
		{"a required attribute that groups do not have", group(func(a *scim.Attribute) bool {
			a.Name = map[string]string{"displayName": "displayName", "members": "label"}[a.Name]
			a.Required = true
			return true
		}), nil, named("Sales"), "fail MissingRequired"},
		{"members come later", group(func(a *scim.Attribute) bool { a.Required = true; return true }), nil, named("Sales"), "create"},
	} {
		rules := plan.GroupRules{Instance: idOf("this"), Namesakes: func(string) int { return 1 }, Schema: c.schema}
		change, does := rules.Decide(c.source, c.linked, plan.Found{})
		got := "nothing"
		if does {
			got = string(change.Action)
			if change.Action == plan.Fail {
				got += " " + change.Reason.Code
			}
		}
		if got != c.want || does && change.Object != plan.Group {
			t.Errorf("%s: %s, want %s (%s)", c.name, got, c.want, change.Reason.Text)
		}
	}
	usersOnly := func(a *scim.Attribute) bool {
		if a.Name == "members" {
			subs := make([]scim.Attribute, len(a.SubAttributes))
			for i, sub := range a.SubAttributes {
				sub.ReferenceTypes = slices.DeleteFunc(slices.Clone(sub.ReferenceTypes), func(kind string) bool { return kind == "Group" })
				sub.CanonicalValues = slices.DeleteFunc(slices.Clone(sub.CanonicalValues), func(kind string) bool { return kind == "Group" })
				subs[i] = sub
			}
			a.SubAttributes = subs
		}
		return true
	}
	for _, c := range []struct {
		name         string
		schema       *plan.Schema
		user, nested bool
	}{
		{"no schema", nil, true, true},
		{"both", group(as), true, true},
		{"users only", group(usersOnly), true, false},
		{"no members", group(func(a *scim.Attribute) bool { return a.Name != "members" }), false, false},
		{"members that nobody may write", group(func(a *scim.Attribute) bool { a.Mutability = scim.ReadOnly; return true }), false, false},
	} {
		if user, nested := c.schema.Membership(false) == nil, c.schema.Membership(true) == nil; user != c.user || nested != c.nested {
			t.Errorf("%s: users may be members: %v, groups: %v", c.name, user, nested)
		}
	}
}
