package scimserver_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// The lives of a user and a group with the requests as Entra sends them, from one end to the other; what Microsoft validates item by item is in
// validation_test.go.

// lookUp finds an object as Entra does before every write; "" if there is none.
func (h *house) lookUp(endpoint, filter string) string {
	h.t.Helper()
	excluded := ""
	if endpoint == "/Groups" {
		excluded = "excludedAttributes=members&"
	}
	list := h.call(h.entra, "GET", endpoint+"?"+excluded+"filter="+url.QueryEscape(filter)+"&aadOptscim062020", nil).want(200)
	resources, ok := list["Resources"].([]any)
	if !ok || list["totalResults"] != float64(len(resources)) {
		h.t.Fatalf("%v", list)
	}
	if len(resources) == 0 {
		return ""
	}
	found, _ := resources[0].(object)
	return id(found)
}

// entraUser is what Entra posts of a user with its default mapping.
func entraUser(name, object string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId":"%[2]s","userName":"%[1]s@contoso.com","active":true,"displayName":"%[1]s","title":"Engineer","preferredLanguage":"en-US",
		"addresses":[{"primary":true,"type":"work","country":"DE","formatted":"Street 1","locality":"Berlin","postalCode":"1","region":"B","streetAddress":"Street 1"}],
		"emails":[{"primary":true,"type":"work","value":"%[1]s@contoso.com"}],"phoneNumbers":[{"type":"work","value":"1"},{"type":"mobile","value":"2"},{"type":"fax","value":"3"}],
		"meta":{"resourceType":"User"},"name":{"formatted":"%[1]s X","familyName":"X","givenName":"%[1]s"},"roles":[],
		"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"department":"Sales","employeeNumber":"7"}}`, name, object)
}

// entraGroup is what Entra posts of a group.
func entraGroup(name, object string) string {
	return fmt.Sprintf(`{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group","http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId":"%[2]s","displayName":"%[1]s","meta":{"resourceType":"Group"}}`, name, object)
}

func TestAUserLivesAsEntraWantsIt(t *testing.T) {
	for name, d := range map[string]struct{ disable, enable, update, manager string }{
		"default dialect": {
			disable: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"False"}]}`,
			enable:  `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"Replace","path":"active","value":"True"}]}`,
			update: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
				{"op":"Replace","path":"name.givenName","value":"New"},{"op":"Add","path":"emails[type eq \"work\"].value","value":"new@contoso.com"},
				{"op":"Add","path":"addresses[type eq \"home\"].locality","value":"Bonn"},
				{"op":"Replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department","value":"Legal"}]}`,
			manager: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
				{"op":"Add","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":"%s"}]}`,
		},
		"aadOptscim062020": {
			disable: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":false}]}`,
			enable:  `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","path":"active","value":true}]}`,
			update: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[{"op":"replace","value":{"name.givenName":"New",
				"addresses[type eq \"home\"].locality":"Bonn","emails[type eq \"work\"].value":"new@contoso.com",
				"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department":"Legal"}}]}`,
			manager: `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
				{"op":"replace","path":"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager","value":[{"$ref":"../Users/%[1]s","value":"%[1]s"}]}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			h.t = t
			if h.lookUp("/Users", `externalId eq "x-1"`) != "" {
				t.Fatal("found before he was made")
			}
			made := h.call(h.entra, "POST", "/Users", entraUser("ada", "x-1")).want(201)
			boss := h.call(h.entra, "POST", "/Users", entraUser("boss", "x-2")).want(201)
			user := "/Users/" + id(made)
			if h.lookUp("/Users", `externalId eq "x-1"`) != id(made) || h.lookUp("/Users", `emails[type eq "work"].value eq "ADA@contoso.com"`) != id(made) {
				t.Error("not found by what he is matched with")
			}
			h.call(h.entra, "POST", "/Users", entraUser("ada", "x-1")).fails(409, "uniqueness")
			updated := h.call(h.entra, "PATCH", user, d.update).want(200)
			want := []string{`"New"`, "new@contoso.com", "Bonn", "Legal", "Berlin"}
			text := h.call(h.entra, "GET", user, nil).text
			if i := slices.IndexFunc(want, func(part string) bool { return !strings.Contains(text, part) }); i >= 0 || id(updated) != id(made) {
				t.Errorf("%s", text)
			}
			with, _ := h.call(h.entra, "PATCH", user, fmt.Sprintf(d.manager, id(boss))).want(200)[enterprise].(object)
			if manager, _ := with["manager"].(object); manager["value"] != id(boss) {
				t.Errorf("%v", with)
			}
			without, _ := h.call(h.entra, "PATCH", user, fmt.Sprintf(`{"Operations":[{"op":"Replace","path":%q,"value":""}]}`, enterprise+":manager")).
				want(200)[enterprise].(object)
			if without["manager"] != nil {
				t.Errorf("%v", without)
			}
			if off := h.call(h.entra, "PATCH", user, d.disable).want(200); off["active"] != false {
				t.Errorf("%v", off)
			}
			if h.lookUp("/Users", `userName eq "ada@contoso.com"`) != id(made) {
				t.Error("an Inactive user is not found")
			}
			if on := h.call(h.entra, "PATCH", user, d.enable).want(200); on["active"] != true {
				t.Errorf("%v", on)
			}
			h.call(h.entra, "DELETE", user, nil).want(204)
			if h.lookUp("/Users", `userName eq "ada@contoso.com"`) != "" {
				t.Error("a deleted user is found")
			}
			again := h.call(h.entra, "POST", "/Users", entraUser("ada", "x-1")).want(201)
			if id(again) == id(made) {
				t.Error("a new account is the old one")
			}
		})
	}
}

func TestAValueThatIsGoneReadsAsNone(t *testing.T) {
	h := open(t)
	made := h.call(h.entra, "POST", "/Users", entraUser("ada", "x-1")).want(201)
	for _, operation := range []string{
		`{"op":"Replace","path":"title","value":""}`, `{"op":"replace","path":"displayName","value":null}`, `{"op":"Remove","path":"preferredLanguage"}`,
		`{"op":"Replace","path":"phoneNumbers[type eq \"work\"].value","value":""}`, `{"op":"replace","value":{"name.formatted":""}}`,
	} {
		h.call(h.entra, "PATCH", "/Users/"+id(made), `{"Operations":[`+operation+`]}`).want(200)
	}
	a := h.call(h.entra, "GET", "/Users/"+id(made), nil)
	for _, name := range []string{"title", "displayName", "preferredLanguage"} {
		if _, there := a.want(200)[name]; there {
			t.Errorf("%s is still there: %s", name, a.text)
		}
	}
	if strings.Contains(a.text, `"formatted":"ada X"`) || strings.Contains(a.text, `"type":"work","value":"1"`) || strings.Contains(a.text, "null") {
		t.Error(a.text)
	}
}

func TestAGroupLivesAsEntraWantsIt(t *testing.T) {
	h := open(t)
	ada := id(h.call(h.entra, "POST", "/Users", entraUser("ada", "x-1")).want(201))
	bob := id(h.call(h.entra, "POST", "/Users", entraUser("bob", "x-2")).want(201))
	if h.lookUp("/Groups", `displayName eq "Sales"`) != "" {
		t.Fatal("found before it was made")
	}
	made := id(h.call(h.entra, "POST", "/Groups", entraGroup("Sales", "g-1")).want(201))
	if h.lookUp("/Groups", `displayName eq "sales"`) != made || h.lookUp("/Groups", `externalId eq "g-1"`) != made {
		t.Error("not found by what it is matched with")
	}
	group := "/Groups/" + made
	if got := h.call(h.entra, "GET", group+"?excludedAttributes=members", nil).want(200); got["members"] != nil {
		t.Errorf("%v", got)
	}
	send := func(operation string) {
		t.Helper()
		h.call(h.entra, "PATCH", group+"?aadOptscim062020", `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[`+operation+`]}`).want(204)
	}
	send(`{"op":"Replace","path":"displayName","value":"Legal"}`)
	send(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"` + ada + `"},{"$ref":null,"value":"` + bob + `"}]}`)
	if h.lookUp("/Groups", `id eq "`+made+`" and members eq "`+ada+`"`) != made || h.lookUp("/Groups", `displayName eq "Legal"`) != made {
		t.Error("a member is not found")
	}
	send(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"` + ada + `"}]}`)
	if got := h.memberIDs(made); !slices.Equal(got, []string{bob}) {
		t.Errorf("%v", got)
	}
	h.call(h.entra, "PATCH", "/Users/"+bob, `{"Operations":[{"op":"Replace","path":"active","value":"False"}]}`).want(200)
	if got := h.memberIDs(made); len(got) != 1 {
		t.Error("an Inactive user lost his memberships")
	}
	send(`{"op":"remove","path":"members[value eq \"` + bob + `\"]"}`)
	h.call(h.entra, "DELETE", group, nil).want(204)
	if h.lookUp("/Groups", `displayName eq "Legal"`) != "" {
		t.Error("a deleted group is found")
	}
	if again := id(h.call(h.entra, "POST", "/Groups", entraGroup("Legal", "g-1")).want(201)); again == made {
		t.Error("a new group is the old one")
	}
}
