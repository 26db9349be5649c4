package scimserver_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

const enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

func TestAUserIsCreatedReadChangedAndDeleted(t *testing.T) {
	h := open(t)
	boss := h.person("boss@contoso.com", object{"displayName": "The Boss"})
	a := h.call(h.entra, "POST", "/Users", object{
		"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User", enterprise}, "userName": "ada@contoso.com", "externalId": "x-1",
		"name": object{"givenName": "Ada", "familyName": "Lovelace"}, "emails": []object{{"value": "ada@contoso.com", "type": "work", "primary": true}},
		enterprise: object{"department": "Engines", "manager": object{"value": id(boss)}}, "password": "secret",
	})
	ada := a.want(201)
	location := h.url + "/identity/scim/" + h.org.String() + "/v2/Users/" + id(ada)
	meta, _ := ada["meta"].(object)
	if a.header.Get("Location") != location || meta["location"] != location || meta["resourceType"] != "User" || a.header.Get("ETag") != meta["version"] {
		t.Errorf("%v %s", a.header, a.text)
	}
	want := object{
		"id": id(ada), "meta": meta, "schemas": []any{"urn:ietf:params:scim:schemas:core:2.0:User", enterprise}, "userName": "ada@contoso.com",
		"externalId": "x-1", "active": true, "name": object{"givenName": "Ada", "familyName": "Lovelace"},
		"emails": []any{object{"value": "ada@contoso.com", "type": "work", "primary": true}},
		enterprise: object{"department": "Engines", "manager": object{
			"value": id(boss), "displayName": "The Boss", "$ref": strings.Replace(location, id(ada), id(boss), 1),
		}},
	}
	if diff := cmp.Diff(want, ada); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(ada, h.call(h.reader, "GET", "/Users/"+id(ada), nil).want(200)); diff != "" {
		t.Error(diff)
	}
	changed := h.call(h.entra, "PATCH", "/Users/"+id(ada), patch(object{"op": "Replace", "path": "active", "value": "False"},
		object{"op": "Add", "path": `phoneNumbers[type eq "mobile"].value`, "value": "+1 555 0100"})).want(200)
	if changed["active"] != false || !strings.Contains(h.call(h.reader, "GET", "/Users/"+id(ada), nil).text, "+1 555 0100") {
		t.Errorf("%v", changed)
	}
	replaced := h.call(h.entra, "PUT", "/Users/"+id(ada), object{"userName": "ada@contoso.com", "title": "Countess"}).want(200)
	if replaced["active"] != false || replaced["title"] != "Countess" || replaced["name"] != nil || replaced[enterprise] != nil {
		t.Errorf("%v", replaced)
	}
	h.call(h.entra, "DELETE", "/Users/"+id(ada), nil).want(204)
	for _, method := range []string{"GET", "DELETE"} {
		h.call(h.entra, method, "/Users/"+id(ada), nil).fails(404, "")
	}
	h.call(h.entra, "PATCH", "/Users/"+id(ada), patch(object{"op": "replace", "path": "title", "value": "x"})).fails(404, "")
	h.call(h.entra, "GET", "/Users/nobody", nil).fails(404, "")
}

func TestANewManagerTakesTheNameOfTheOldOneAway(t *testing.T) {
	h := open(t)
	one, two := h.person("one@contoso.com", object{"displayName": "One"}), h.person("two@contoso.com", object{"displayName": "Two"})
	ada := h.person("ada@contoso.com", object{enterprise: object{"manager": object{"value": id(one)}}})
	for _, manager := range []any{id(two), object{"value": id(two)}, object{"value": id(two), "displayName": "Nonsense"}} {
		changed, _ := h.call(h.entra, "PATCH", "/Users/"+id(ada), patch(object{"op": "replace", "path": enterprise + ":manager", "value": manager})).want(200)[enterprise].(object)
		if got, _ := changed["manager"].(object); got["value"] != id(two) || got["displayName"] != "Two" {
			t.Errorf("%v", changed)
		}
	}
	user, err := ident.Parse(id(ada))
	h.must(err)
	kept, err := h.directory.User(t.Context(), h.org, user)
	h.must(err)
	if kept.Attributes.Has(attr.Manager+".displayName") || kept.Attributes.Text(attr.ManagerValue) != id(two) {
		t.Errorf("%v", kept.Attributes)
	}
}

func TestANameThatIsTakenIsAConflict(t *testing.T) {
	h := open(t)
	h.person("ada@contoso.com", nil)
	other := h.person("bob@contoso.com", nil)
	h.call(h.entra, "POST", "/Users", object{"userName": "ADA@contoso.com"}).fails(409, "uniqueness")
	h.call(h.entra, "PATCH", "/Users/"+id(other), patch(object{"op": "replace", "path": "userName", "value": "Ada@Contoso.com"})).fails(409, "uniqueness")
	h.call(h.entra, "POST", "/Users", object{"displayName": "Nobody"}).fails(400, "invalidValue")
	h.call(h.strict, "POST", "/Users", object{"userName": "x"}).fails(400, "invalidSyntax")
}

func TestWhatAnInstanceOwnsIsNotChanged(t *testing.T) {
	h := open(t)
	user, group, owner := h.owned("ada@contoso.com")
	for _, a := range []answered{
		h.call(h.entra, "PATCH", "/Users/"+user, patch(object{"op": "replace", "path": "title", "value": "x"})),
		h.call(h.entra, "PUT", "/Users/"+user, object{"userName": "other@contoso.com"}),
		h.call(h.entra, "DELETE", "/Users/"+user, nil),
		h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "remove", "path": "members"})),
		h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "remove", "path": "members[value eq \"" + user + "\"]"})),
		h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "replace", "path": "members", "value": []object{}})),
		h.call(h.entra, "PUT", "/Groups/"+group, object{"displayName": "x"}),
		h.call(h.entra, "DELETE", "/Groups/"+group, nil),
	} {
		if detail := a.fails(409, "mutability"); !strings.Contains(detail, owner) {
			t.Errorf("the owner is not named: %s", detail)
		}
	}
	// Who is put in by hand may leave again.
	guest := h.person("guest@contoso.com", nil)
	joins := object{"op": "add", "path": "members", "value": []object{{"value": id(guest)}}}
	h.call(h.entra, "PATCH", "/Groups/"+group, patch(joins)).want(204)
	h.call(h.entra, "PATCH", "/Groups/"+group, patch(object{"op": "remove", "path": "members[value eq \"" + id(guest) + "\"]"})).want(204)
}

func TestVersionsGuardChanges(t *testing.T) {
	h := open(t)
	ada := h.person("ada@contoso.com", nil)
	path := "/Users/" + id(ada)
	first := h.call(h.entra, "GET", path, nil).header.Get("ETag")
	if a := h.call(h.entra, "GET", path, nil, "If-None-Match", first); a.status != 304 || a.text != "" || a.header.Get("ETag") != first {
		t.Errorf("%d %s", a.status, a.text)
	}
	title := func(value string) object { return patch(object{"op": "replace", "path": "title", "value": value}) }
	second := h.call(h.entra, "PATCH", path, title("a"), "If-Match", first)
	second.want(200)
	h.call(h.entra, "PATCH", path, title("b"), "If-Match", first).fails(412, "")
	h.call(h.entra, "PUT", path, object{"userName": "ada@contoso.com"}, "If-Match", first).fails(412, "")
	h.call(h.entra, "DELETE", path, nil, "If-Match", first).fails(412, "")
	if got := h.call(h.entra, "GET", path, nil, "If-None-Match", first).want(200); got["title"] != "a" {
		t.Errorf("%v", got)
	}
	h.call(h.entra, "PATCH", path, title("c"), "If-Match", first+", "+second.header.Get("ETag")).want(200)
	h.call(h.entra, "PATCH", path, title("d"), "If-Match", "*").want(200)
	before := h.call(h.entra, "GET", path, nil).header.Get("ETag")
	h.group("Engines", id(ada))
	a := h.call(h.entra, "GET", path, nil, "If-None-Match", before)
	if groups, _ := a.want(200)["groups"].([]any); len(groups) != 1 {
		t.Errorf("a group that was joined meanwhile is not told: %s", a.text)
	}
	h.call(h.entra, "DELETE", path, nil, "If-Match", a.header.Get("ETag")).want(204)
}

func TestAttributesAreChosen(t *testing.T) {
	h := open(t)
	ada := h.person("ada@contoso.com", object{"name": object{"givenName": "Ada", "familyName": "L"}, enterprise: object{"department": "E"}, "title": "T"})
	keys := func(query string) []string {
		var names []string
		for _, name := range []string{"id", "schemas", "meta", "userName", "name", "title", "active", enterprise} {
			if _, there := h.call(h.entra, "GET", "/Users/"+id(ada)+"?"+query, nil).want(200)[name]; there {
				names = append(names, name)
			}
		}
		return names
	}
	for query, want := range map[string][]string{
		"attributes=title":                                          {"id", "schemas", "title"},
		"attributes=Title,%20userName":                              {"id", "schemas", "userName", "title"},
		"attributes=name.givenName&attributes=meta":                 {"id", "schemas", "meta", "name"},
		"attributes=" + url.QueryEscape(enterprise+":department"):   {"id", "schemas", enterprise},
		"attributes=nonsense":                                       {"id", "schemas"},
		"excludedAttributes=title,id,schemas,name,active":           {"id", "schemas", "meta", "userName", enterprise},
		"excludedAttributes=meta,userName,name&aadOptscim062020=on": {"id", "schemas", "title", "active", enterprise},
	} {
		if diff := cmp.Diff(want, keys(query)); diff != "" {
			t.Errorf("%s: %s", query, diff)
		}
	}
	if name, _ := h.call(h.entra, "GET", "/Users/"+id(ada)+"?attributes=name.givenName", nil).want(200)["name"].(object); len(name) != 1 {
		t.Errorf("%v", name)
	}
	list := h.call(h.entra, "GET", "/Users?attributes=userName", nil).want(200)
	resources, _ := list["Resources"].([]any)
	if first, _ := resources[0].(object); len(first) != 3 {
		t.Errorf("%v", list)
	}
	source, _ := h.call(h.entra, "GET", "/Users/"+id(ada)+"?attributes=urn:scim:schemas:extension:cisco:webexidentity:2.0:User:provisionSource", nil).
		want(200)["urn:scim:schemas:extension:cisco:webexidentity:2.0:User"].(object)
	if source["provisionSource"] != "AAD" {
		t.Errorf("%v", source)
	}
}

func TestTheBearerOfAUsersTokenReadsHimself(t *testing.T) {
	h := open(t)
	ada := h.person("ada@contoso.com", nil)
	user, err := ident.Parse(id(ada))
	h.must(err)
	own := h.token(h.org, directory.NewToken{Role: directory.DirectoryUser, UserID: user})
	if got := h.call(own, "GET", "/Me", nil).want(200); id(got) != id(ada) {
		t.Errorf("%v", got)
	}
	h.call(own, "PATCH", "/Me", patch()).fails(501, "")
	h.call(own, "GET", "/Users", nil).fails(403, "")
	h.call(h.entra, "GET", "/Me", nil).fails(404, "")
}
