package scimserver_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// ops wraps operations, as they come over the wire, in a PATCH request.
func ops(list string) string {
	return `{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[` + list + `]}`
}

// wireQuirks are those of the list of quirks that need more than a resource; package scim tries the others on one. The numbers are those of the list.
var wireQuirks = map[string]func(h *house, ada string){
	"8 a $ref of null in members": func(h *house, ada string) {
		group := id(h.group("G"))
		h.call(h.entra, "PATCH", "/Groups/"+group, ops(`{"op":"Add","path":"members","value":[{"$ref":null,"value":"`+ada+`","display":null}]}`)).want(204)
		h.membersAre(group, ada)
	},
	"9 removing by value takes out only these": func(h *house, ada string) {
		bob := id(h.person("bob@contoso.com", nil))
		group := id(h.group("G", ada, bob))
		h.call(h.entra, "PATCH", "/Groups/"+group, ops(`{"op":"Remove","path":"members","value":[{"$ref":null,"value":"`+ada+`"}]}`)).want(204)
		h.membersAre(group, bob)
		h.call(h.entra, "PATCH", "/Groups/"+group, ops(`{"op":"remove","path":"members[value eq \"`+ada+`\"]"}`)).want(204)
		h.membersAre(group, bob)
	},
	"10 a member twice in one request, and again": func(h *house, ada string) {
		group := id(h.group("G"))
		for range 2 {
			h.call(h.entra, "PATCH", "/Groups/"+group, ops(`{"op":"Add","path":"members","value":[{"value":"`+ada+`"},{"value":"`+ada+`"}]}`)).want(204)
			h.membersAre(group, ada)
		}
	},
	"11 a group is looked up without its members": func(h *house, ada string) {
		group := id(h.group("G", ada))
		for _, address := range []string{"/Groups/" + group + "?excludedAttributes=members", "/Groups?excludedAttributes=members&filter=displayName+eq+%22G%22"} {
			if a := h.call(h.entra, "GET", address, nil); a.status != 200 || strings.Contains(a.text, "members") || !strings.Contains(a.text, group) {
				h.t.Errorf("%s: %s", address, a.text)
			}
		}
	},
	"12 whatever people are matched by": func(h *house, ada string) {
		for _, filter := range []string{
			`userName eq "ADA@contoso.com"`, `externalId eq "jyoung"`, `externalId eq jyoung`, `emails[type eq "work"].value eq "ada@mail.example"`,
			`userName eq "ada@contoso.com" and externalId eq "jyoung"`,
		} {
			if got := h.lookUp("/Users", filter); got != ada {
				h.t.Errorf("%s: %q", filter, got)
			}
		}
	},
	"13 nobody is a list of none": func(h *house, _ string) {
		for _, endpoint := range []string{"/Users", "/Groups"} {
			a := h.call(h.entra, "GET", endpoint+"?filter="+url.QueryEscape(`externalId eq "nobody"`), nil)
			if a.want(200)["totalResults"] != 0.0 || !strings.Contains(a.text, `"Resources":[]`) {
				h.t.Error(a.text)
			}
		}
	},
	"14 a POST whose answer was lost": func(h *house, ada string) {
		h.call(h.entra, "POST", "/Users", `{"userName":"Ada@contoso.com","externalId":"jyoung"}`).fails(409, "uniqueness")
		if h.lookUp("/Users", `externalId eq "jyoung"`) != ada {
			h.t.Error("not found at once")
		}
	},
	"15 an Inactive user is there, with his memberships, and a deleted one is not": func(h *house, ada string) {
		group := id(h.group("G", ada))
		h.call(h.entra, "PATCH", "/Users/"+ada, ops(`{"op":"Replace","path":"active","value":"False"}`)).want(200)
		h.membersAre(group, ada)
		if h.lookUp("/Users", `userName eq "ada@contoso.com"`) != ada {
			h.t.Error("an Inactive user is not found")
		}
		h.call(h.entra, "PATCH", "/Users/"+ada, ops(`{"op":"Replace","path":"active","value":"True"}`)).want(200)
		h.call(h.entra, "DELETE", "/Users/"+ada, nil).want(204)
		for method, body := range map[string]any{"GET": nil, "DELETE": nil, "PUT": `{"userName":"ada@contoso.com"}`, "PATCH": ops(`{"op":"Replace","path":"title","value":"x"}`)} {
			h.call(h.entra, method, "/Users/"+ada, body).fails(404, "")
		}
	},
	"16 schemas that nobody knows": func(h *house, _ string) {
		h.call(h.entra, "POST", "/Groups", entraGroup("G", "g-1")).want(201)
		h.call(h.entra, "POST", "/Users", `{"schemas":["urn:x:y"],"userName":"x@contoso.com","roles":[],"meta":{"resourceType":"User"}}`).want(201)
	},
	"17 the role that is primary, as a text": func(h *house, ada string) {
		for _, role := range []string{"admin", "user"} {
			h.call(h.entra, "PATCH", "/Users/"+ada, ops(`{"op":"Add","path":"roles[primary eq \"True\"].value","value":"`+role+`"}`)).want(200)
			if text := h.call(h.entra, "GET", "/Users/"+ada, nil).text; strings.Count(text, `"primary":true`) != 1 || !strings.Contains(text, role) {
				h.t.Error(text)
			}
		}
	},
	"18 a PUT without active leaves it": func(h *house, ada string) {
		h.call(h.entra, "PATCH", "/Users/"+ada, ops(`{"op":"Replace","path":"active","value":"False"}`)).want(200)
		if got := h.call(h.entra, "PUT", "/Users/"+ada, `{"userName":"ada@contoso.com"}`).want(200); got["active"] != false {
			h.t.Errorf("%v", got)
		}
	},
	"19 numbers of a page that are none": func(h *house, _ string) {
		for query, want := range map[string][2]float64{"startIndex=-3": {1, 1}, "startIndex=0": {1, 1}, "count=0": {1, 0}, "count=-1": {1, 0}, "startIndex=5&count=5": {5, 0}} {
			list := h.call(h.entra, "GET", "/Users?"+query, nil).want(200)
			if list["startIndex"] != want[0] || list["itemsPerPage"] != want[1] || list["totalResults"] != 1.0 {
				h.t.Errorf("%s: %v", query, list)
			}
		}
	},
	"20 the type of the content": func(h *house, ada string) {
		for _, contentType := range []string{"application/scim+json", "application/scim+json; charset=utf-8", "application/json", "APPLICATION/SCIM+JSON"} {
			h.call(h.entra, "PATCH", "/Users/"+ada, ops(`{"op":"Replace","path":"title","value":"`+contentType+`"}`), "Content-Type", contentType).want(200)
		}
	},
	"21 the flag and other parameters, everywhere": func(h *house, ada string) {
		group := id(h.group("G", ada))
		for _, path := range []string{"/Users", "/Users/" + ada, "/Groups", "/Groups/" + group, "/Schemas", "/ResourceTypes", "/ServiceProviderConfig", ""} {
			for _, query := range []string{"?aadOptscim062020", "?AzureAdScimPatch2017&x=1"} {
				h.call(h.entra, "GET", path+query, nil).want(200)
			}
		}
		for _, query := range []string{"?aadOptscim062020", ""} { // both dialects come to one address, whatever the flag says
			h.call(h.entra, "PATCH", "/Users/"+ada+query, ops(`{"op":"Replace","path":"active","value":"False"}`)).want(200)
			h.call(h.entra, "PATCH", "/Users/"+ada+query, ops(`{"op":"replace","value":{"active":true,"name.givenName":"B"}}`)).want(200)
		}
		h.call(h.entra, "POST", "/Users?aadOptscim062020", entraUser("eve", "x-9")).want(201)
	},
	"22 characters that mean something in filters": func(h *house, _ string) {
		for i, name := range []string{`o'neil@contoso.com`, `a"b@contoso.com`, `back\slash@contoso.com`, `a+b#EXT#%25@contoso.com`, "ümläut@contoso.com"} {
			made := h.call(h.entra, "POST", "/Users", object{"userName": name, "externalId": fmt.Sprint("e-", i)}).want(201)
			if got := h.lookUp("/Users", `userName eq `+quoted(name)); got != id(made) {
				h.t.Errorf("%s is not found", name)
			}
		}
	},
}

func (h *house) membersAre(group string, want ...string) {
	h.t.Helper()
	got := h.memberIDs(group)
	slices.Sort(want)
	if slices.Sort(got); !slices.Equal(got, want) {
		h.t.Errorf("members %v, want %v", got, want)
	}
}

func TestQuirksOfClientsAreUnderstoodOverTheWire(t *testing.T) {
	for name, try := range wireQuirks {
		t.Run(name, func(t *testing.T) {
			h := open(t)
			ada := h.person("ada@contoso.com", object{"externalId": "jyoung", "emails": []object{{"type": "work", "value": "ada@mail.example"}}})
			try(h, id(ada))
		})
	}
}
