package scimserver_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"rollcall/internal/directory"
)

// wire writes PATCH requests as Entra sends them: by default, or with the flag aadOptscim062020.
type wire struct {
	name, query string
	// truth is a boolean; set and clear are operations on an attribute, join and leave on members.
	truth func(bool) string
	set   func(path, value string) string
	join  func(member string) string
	leave func(member string) string
}

func quoted(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

var wires = []wire{
	{
		name:  "default dialect",
		truth: func(b bool) string { return map[bool]string{true: `"True"`, false: `"False"`}[b] },
		set: func(path, value string) string {
			return `{"op":"Replace","path":` + quoted(path) + `,"value":` + value + `}`
		},
		join: func(m string) string {
			return `{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + m + `"}]}`
		},
		leave: func(m string) string {
			return `{"op":"Remove","path":"members","value":[{"$ref":null,"value":"` + m + `"}]}`
		},
	},
	{
		name: "aadOptscim062020", query: "?aadOptscim062020",
		truth: func(b bool) string { return fmt.Sprint(b) },
		set: func(path, value string) string {
			return `{"op":"replace","value":{` + quoted(path) + `:` + value + `}}`
		},
		join:  func(m string) string { return `{"op":"add","path":"members","value":[{"value":"` + m + `"}]}` },
		leave: func(m string) string { return `{"op":"remove","path":` + quoted(`members[value eq "`+m+`"]`) + `}` },
	},
}

// validation is one house in which an item is tried, with the dialect of its requests.
type validation struct {
	*house
	wire
}

// patched sends operations, after having looked at the object as Entra does.
func (v validation) patched(path string, operations ...string) object {
	v.t.Helper()
	query, status := "", 200
	if strings.HasPrefix(path, "/Groups/") {
		query, status = "?excludedAttributes=members", 204
	}
	v.call(v.entra, "GET", path+query, nil).want(200)
	return v.call(v.entra, "PATCH", path+v.query, `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+strings.Join(operations, ",")+`]}`).want(status)
}

func (v validation) user(name string) string {
	v.t.Helper()
	if found := v.lookUp("/Users", `userName eq "`+name+`@contoso.com"`); found != "" {
		v.t.Fatalf("%s is there before he is made", name)
	}
	return "/Users/" + id(v.call(v.entra, "POST", "/Users"+v.query, entraUser(name, "x-"+name)).want(201))
}

func (v validation) newGroup(name string) string {
	v.t.Helper()
	if found := v.lookUp("/Groups", `displayName eq "`+name+`"`); found != "" {
		v.t.Fatalf("%s is there before it is made", name)
	}
	return "/Groups/" + id(v.call(v.entra, "POST", "/Groups"+v.query, entraGroup(name, "g-"+name)).want(201))
}

// reads fails unless a resource reads with an attribute so.
func (v validation) reads(path, attribute string, want any) {
	v.t.Helper()
	if got := v.call(v.entra, "GET", path, nil).want(200)[attribute]; got != want {
		v.t.Errorf("%s of %s is %v, not %v", attribute, path, got, want)
	}
}

func (v validation) managed(path string) any {
	v.t.Helper()
	extension, _ := v.call(v.entra, "GET", path, nil).want(200)[enterprise].(object)
	manager, _ := extension["manager"].(object)
	return manager["value"]
}

func (v validation) manage(user, manager string) {
	v.t.Helper()
	boss := v.user(manager)
	v.patched(user, v.set(enterprise+":manager", quoted(last(boss))))
	if got := v.managed(user); got != last(boss) {
		v.t.Errorf("the manager is %v", got)
	}
}

func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// microsoft are the items of Microsoft's validation (reference/scim.md of the product, section 2) but Federated_Identity, which is that of
// package oauth (TestAnAssertionThatATenantSignsLetsItsProvisioningServiceIn).
var microsoft = map[string]func(v validation){
	"Create user": func(v validation) {
		if user := v.user("ada"); v.lookUp("/Users", `userName eq "ADA@contoso.com"`) != last(user) {
			v.t.Error("not found by the name in other letters")
		}
	},
	"Update user": func(v validation) {
		user := v.user("ada")
		v.patched(user, v.set("title", `"Director"`), v.set(`addresses[type eq "work"].locality`, `"Bonn"`))
		v.reads(user, "title", "Director")
		if text := v.call(v.entra, "GET", user, nil).text; !strings.Contains(text, `"locality":"Bonn"`) || strings.Contains(text, "Berlin") {
			v.t.Error(text)
		}
	},
	"Disable user": func(v validation) {
		user := v.user("ada")
		v.patched(user, v.set("active", v.truth(false)))
		v.reads(user, "active", false)
		if v.lookUp("/Users", `externalId eq "x-ada"`) != last(user) {
			v.t.Error("an Inactive user is not found")
		}
	},
	"Delete user": func(v validation) {
		user := v.user("ada")
		v.patched(user, v.set("active", v.truth(false)))
		v.call(v.entra, "DELETE", user+v.query, nil).want(204)
		v.call(v.entra, "GET", user, nil).fails(404, "")
		v.call(v.entra, "DELETE", user, nil).fails(404, "")
	},
	"Manager": func(v validation) { v.manage(v.user("ada"), "boss") },
	"Restore user": func(v validation) {
		user := v.user("ada")
		v.patched(user, v.set("active", v.truth(false)))
		v.patched(user, v.set("active", v.truth(true)), v.set("displayName", `"Restored"`))
		v.reads(user, "active", true)
		v.reads(user, "displayName", "Restored")
	},
	"Provision user on demand": func(v validation) {
		user := v.user("ada")
		v.wire = wires[0] // the flag does not work on demand
		v.patched("/Users/"+v.lookUp("/Users", `userName eq "ada@contoso.com"`), v.set("title", `"On demand"`), v.set("active", v.truth(false)))
		v.reads(user, "title", "On demand")
		v.reads(user, "active", false)
	},
	"Create group": func(v validation) {
		if group := v.newGroup("Sales"); v.lookUp("/Groups", `displayName eq "sales"`) != last(group) {
			v.t.Error("not found by its name")
		}
	},
	"Update group": func(v validation) {
		group := v.newGroup("Sales")
		v.patched(group, v.set("displayName", `"Legal"`))
		v.reads(group, "displayName", "Legal")
	},
	"Delete group": func(v validation) {
		group := v.newGroup("Sales")
		v.call(v.entra, "DELETE", group+v.query, nil).want(204)
		v.call(v.entra, "GET", group, nil).fails(404, "")
	},
	"Add member": func(v validation) {
		group, ada := v.newGroup("Sales"), last(v.user("ada"))
		for range 2 { // sent again it changes nothing
			v.patched(group, v.join(ada))
			if got := v.memberIDs(last(group)); !slices.Equal(got, []string{ada}) {
				v.t.Errorf("%v", got)
			}
		}
	},
	"Remove member": func(v validation) {
		group, ada, bob := v.newGroup("Sales"), last(v.user("ada")), last(v.user("bob"))
		v.patched(group, v.join(ada), v.join(bob))
		for range 2 {
			v.patched(group, v.leave(ada))
			if got := v.memberIDs(last(group)); !slices.Equal(got, []string{bob}) {
				v.t.Errorf("%v", got)
			}
		}
	},
	"Provision group on demand": func(v validation) {
		group, ada := v.newGroup("Sales"), last(v.user("ada"))
		v.wire = wires[0]
		v.patched("/Groups/"+v.lookUp("/Groups", `displayName eq "Sales"`), v.set("displayName", `"Legal"`), v.join(ada))
		v.reads(group, "displayName", "Legal")
		if got := v.memberIDs(last(group)); !slices.Equal(got, []string{ada}) {
			v.t.Errorf("%v", got)
		}
	},
	"Restore group": func(v validation) {
		group, ada := v.newGroup("Sales"), last(v.user("ada"))
		v.patched(group, v.join(ada))
		v.call(v.entra, "DELETE", group, nil).want(204)
		again := v.newGroup("Sales")
		v.patched(again, v.join(ada))
		if got := v.memberIDs(last(again)); again == group || !slices.Equal(got, []string{ada}) {
			v.t.Errorf("%v", got)
		}
	},
	"Schema_Discoverability": func(v validation) {
		a := v.call(v.entra, "GET", "/Schemas"+v.query, nil)
		a.want(200)
		for _, urn := range []string{"core:2.0:User", "core:2.0:Group", "extension:enterprise:2.0:User"} {
			if !strings.Contains(a.text, `"id":"urn:ietf:params:scim:schemas:`+urn+`"`) || strings.Contains(a.text, "null") {
				v.t.Errorf("there is no %s, or a null", urn)
			}
		}
	},
	"Null_Update": func(v validation) {
		user := v.user("ada")
		for _, nothing := range []string{`""`, "null"} {
			v.patched(user, v.set("title", `"T"`), v.set(`phoneNumbers[type eq "work"].value`, `"9"`))
			v.patched(user, v.set("title", nothing), v.set(`phoneNumbers[type eq "work"].value`, nothing))
			if a := v.call(v.entra, "GET", user, nil); a.want(200)["title"] != nil || strings.Contains(a.text, `"value":"9"`) || strings.Contains(a.text, "null") {
				v.t.Error(a.text)
			}
		}
	},
	"User_Create": func(v validation) {
		user := v.user("ada")
		for attribute, want := range map[string]any{"userName": "ada@contoso.com", "externalId": "x-ada", "active": true, "title": "Engineer"} {
			v.reads(user, attribute, want)
		}
		v.call(v.entra, "POST", "/Users", entraUser("ada", "x-ada")).fails(409, "uniqueness")
	},
	"User_Update": func(v validation) {
		user := v.user("ada")
		v.patched(user, v.set("name.givenName", `"New"`), v.set(enterprise+":department", `"Legal"`), v.set(`emails[type eq "work"].value`, `"new@contoso.com"`))
		for _, part := range []string{`"givenName":"New"`, `"department":"Legal"`, `"new@contoso.com"`, `"familyName":"X"`} {
			if text := v.call(v.entra, "GET", user, nil).text; !strings.Contains(text, part) {
				v.t.Errorf("%s is not in %s", part, text)
			}
		}
	},
	"Group_Create": func(v validation) { v.reads(v.newGroup("Sales"), "externalId", "g-Sales") },
	"Group_Update": func(v validation) {
		group := v.newGroup("Sales")
		v.patched(group, v.set("externalId", `"g-2"`), v.set("displayName", `"Legal"`))
		v.reads(group, "externalId", "g-2")
		v.reads(group, "displayName", "Legal")
	},
	"Validate_Credentials": func(v validation) {
		nobody := "/Users?filter=" + url.QueryEscape(`userName eq "5b8a3c0e-2d6f-4a56-9d75-0f7c5d5f0a11"`) + strings.Replace(v.query, "?", "&", 1)
		list := v.call(v.entra, "GET", nobody, nil).want(200)
		if resources, is := list["Resources"].([]any); !is || len(resources) != 0 || list["totalResults"] != 0.0 {
			v.t.Errorf("%v", list)
		}
		v.call("wrong", "GET", nobody, nil).fails(401, "")
		expired := v.token(v.org, directory.NewToken{Role: directory.SCIMWriter, Life: 1})
		v.call(expired, "GET", nobody, nil).fails(401, "")
	},
	"User_Pagination":  func(v validation) { v.paged("/Users", func(i int) { v.user(fmt.Sprint("user", i)) }) },
	"Group_Pagination": func(v validation) { v.paged("/Groups", func(i int) { v.newGroup(fmt.Sprint("Group ", i)) }) },
	"Update_Manager": func(v validation) {
		user := v.user("ada")
		v.manage(user, "boss")
		v.manage(user, "chief")
		v.patched(user, v.set(enterprise+":manager", `""`))
		if got := v.managed(user); got != nil {
			v.t.Errorf("the manager is %v", got)
		}
	},
}

// paged makes eleven objects, and reads them in pages of five.
func (v validation) paged(endpoint string, make func(i int)) {
	v.t.Helper()
	for i := range 11 {
		make(i)
	}
	seen := map[string]bool{}
	for start := 1; start <= 11; start += 5 {
		a := v.call(v.entra, "GET", fmt.Sprintf("%s?startIndex=%d&count=5", endpoint, start), nil)
		if list := a.want(200); list["startIndex"] != float64(start) || list["itemsPerPage"] != float64(len(a.found())) || list["totalResults"] != 11.0 {
			v.t.Error(a.text)
		}
		for _, name := range a.found() {
			seen[name] = true
		}
	}
	if len(seen) != 11 {
		v.t.Errorf("%d of 11", len(seen))
	}
}

func TestTheItemsOfMicrosoftsValidation(t *testing.T) {
	if len(microsoft) != 24 {
		t.Errorf("%d items, want 25 but for Federated_Identity", len(microsoft))
	}
	for name, item := range microsoft {
		for _, dialect := range wires {
			t.Run(name+", "+dialect.name, func(t *testing.T) {
				v := validation{open(t), dialect}
				item(v)
			})
		}
	}
}
