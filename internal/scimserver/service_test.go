package scimserver_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scimserver"
)

func TestTheServiceTellsWhatItCanDo(t *testing.T) {
	h := open(t)
	config := h.call("", "GET", "/ServiceProviderConfig", nil).want(200)
	for _, feature := range []string{"patch", "bulk", "filter", "sort", "etag"} {
		if supported, _ := config[feature].(object); supported["supported"] != true {
			t.Errorf("%s: %v", feature, config[feature])
		}
	}
	h.call(h.entra, "GET", "/ServiceProviderConfig?aadOptscim062020", nil).want(200)
	for _, list := range []string{"/ResourceTypes", "/Schemas"} {
		a := h.call(h.reader, "GET", list, nil)
		resources, _ := a.want(200)["Resources"].([]any)
		if len(resources) == 0 || strings.Contains(a.text, "null") {
			t.Errorf("%s: %s", list, a.text)
		}
		for _, element := range resources {
			resource, _ := element.(object)
			if one := h.call(h.reader, "GET", list+"/"+id(resource), nil).want(200); id(one) != id(resource) {
				t.Errorf("%v", one)
			}
			meta, _ := resource["meta"].(object)
			if location, _ := meta["location"].(string); h.send("GET", location, "", map[string]string{"Authorization": "Bearer " + h.reader}).status != 200 {
				t.Errorf("nothing at %s", location)
			}
		}
		h.call(h.reader, "GET", list+"/nonsense", nil).fails(404, "")
		h.call(h.reader, "GET", list+"?filter=x", nil).fails(403, "")
	}
}

func TestATokenMustBeGoodAndHaveTheRight(t *testing.T) {
	h := open(t)
	a := h.call("", "GET", "/Users", nil)
	a.fails(401, "")
	if got := a.header.Get("WWW-Authenticate"); got != `Bearer realm="rollcall"` {
		t.Error(got)
	}
	a = h.call("rc_nonsense", "GET", "/Users", nil)
	a.fails(401, "")
	if got := a.header.Get("WWW-Authenticate"); !strings.Contains(got, `error="invalid_token"`) {
		t.Error(got)
	}
	h.call("rc_nonsense", "GET", "/ServiceProviderConfig", nil).fails(401, "")
	if detail := h.call(h.reader, "POST", "/Users", object{"userName": "x"}).fails(403, ""); !strings.Contains(detail, "scim:write") {
		t.Error(detail)
	}
	other, err := h.directory.CreateOrganization(t.Context(), "Fabrikam")
	h.must(err)
	foreign := h.token(other.ID, directory.NewToken{Role: directory.SCIMWriter})
	h.call(foreign, "GET", "/Users", nil).fails(404, "")
	h.org = ident.ID{1}
	h.call(h.entra, "GET", "/Users", nil).fails(404, "")
}

func TestALimitIsToldWithTheTimeToWait(t *testing.T) {
	h := open(t)
	h.limiter.set(true)
	for range 2 { // looked up, and remembered
		a := h.call(h.entra, "GET", "/Users", nil)
		a.fails(429, "")
		if a.header.Get("Retry-After") != "2" {
			t.Errorf("%v", a.header)
		}
	}
	h.limiter.set(false)
	h.call(h.entra, "GET", "/Users", nil).want(200)
}

func TestWhatCannotBeARequestIsRefusedAndChangesNothing(t *testing.T) {
	h := open(t)
	good := `{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"ada@contoso.com","title":"`
	h.call(h.entra, "POST", "/Users", good+strings.Repeat("x", 1<<20)+`"}`).fails(413, "tooMany")
	h.call(h.entra, "POST", "/Users", good+"\xff\"}").fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", strings.Repeat(`{"a":`, 40)+"1"+strings.Repeat("}", 40)).fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", good).fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", "").fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", "[]").fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", good+"\\ud800\"}").fails(400, "invalidSyntax")
	for _, contentType := range []string{"text/plain", "application/xml", "application/json; charset=latin1", ""} {
		h.call(h.entra, "POST", "/Users", good+`"}`, "Content-Type", contentType).fails(415, "invalidSyntax")
	}
	h.call(h.entra, "GET", "/Users?filter=%ff", nil).fails(400, "invalidSyntax")
	h.call(h.strict, "POST", "/Users", good+`","shoeSize":44}`).fails(400, "invalidSyntax")
	h.call(h.entra, "POST", "/Users", good+"\",\"nickName\":\""+strings.Repeat("x", 300)+"\"}").fails(400, "invalidValue")
	if got := h.call(h.entra, "GET", "/Users", nil).want(200); got["totalResults"] != 0.0 {
		t.Errorf("%v", got)
	}
	h.call(h.entra, "POST", "/Users", good+`"}`, "Content-Type", "application/json;charset=UTF-8").want(201)
}

func TestPathsAndMethodsThatDoNotExist(t *testing.T) {
	h := open(t)
	h.call(h.entra, "GET", "/Shoes", nil).fails(404, "")
	a := h.call(h.entra, "DELETE", "/Users", nil)
	a.fails(405, "")
	if got := a.header.Values("Allow"); strings.Join(got, ",") != "GET,POST" {
		t.Errorf("%v", got)
	}
	h.call(h.entra, "GET", "/Users/", nil).want(200)
	base := h.url + scimserver.Prefix + h.org.String()
	a = h.send(http.MethodGet, base+"//v2//Users", "", map[string]string{"Authorization": "Bearer " + h.entra})
	a.want(200)
}

func TestWhatIsWrittenIsInTheAuditLog(t *testing.T) {
	h := open(t)
	ada := h.person("ada@contoso.com", nil)
	group := h.group("Engines", id(ada))
	h.call(h.entra, "PATCH", "/Users/"+id(ada), patch(object{"op": "replace", "path": "title", "value": "T"})).want(200)
	h.call(h.entra, "DELETE", "/Groups/"+id(group), nil).want(204)
	events, err := h.directory.Events(t.Context(), h.org, ident.ID{}, 100)
	h.must(err)
	var actions []string
	for _, event := range events {
		if event.Actor.Address == "127.0.0.1" && event.Actor.RequestID != "" && event.Actor.Name == "test" {
			actions = append(actions, event.Action)
		}
	}
	if got := strings.Join(actions, " "); got != "group.delete user.change member.add group.create user.create" {
		t.Error(got)
	}
}

// bulk sends operations and returns their results.
func (h *house) bulk(token string, failOnErrors int, operations ...object) []object {
	h.t.Helper()
	a := h.call(token, "POST", "/Bulk", object{
		"schemas": []string{"urn:ietf:params:scim:api:messages:2.0:BulkRequest"}, "failOnErrors": failOnErrors, "Operations": operations,
	})
	a.want(200)
	var answer struct{ Operations []object }
	h.must(json.Unmarshal([]byte(a.text), &answer))
	return answer.Operations
}

func statuses(results []object) string {
	var all []string
	for _, result := range results {
		status, _ := result["status"].(string)
		all = append(all, status)
	}
	return strings.Join(all, " ")
}

func TestABulkRequestResolvesReferences(t *testing.T) {
	h := open(t)
	results := h.bulk(h.entra, 0,
		object{"method": "POST", "path": "/Groups", "bulkId": "g", "data": object{"displayName": "Engines", "members": []object{{"value": "bulkId:a"}, {"value": "bulkId:h"}}}},
		object{"method": "POST", "path": "/Groups", "bulkId": "h", "data": object{"displayName": "Circle", "members": []object{{"value": "bulkId:g"}}}},
		object{"method": "POST", "path": "/Users", "bulkId": "a", "data": object{"userName": "ada@contoso.com", enterprise: object{"manager": object{"value": "bulkId:b"}}}},
		object{"method": "POST", "path": "/Users", "bulkId": "b", "data": object{"userName": "boss@contoso.com"}},
		object{"method": "PATCH", "path": "/Users/bulkId:b", "data": patch(object{"op": "replace", "path": "title", "value": "T"})},
	)
	if got := statuses(results); got != "201 201 201 201 200" {
		t.Fatalf("%s: %v", got, results)
	}
	at := func(i int) object {
		location, _ := results[i]["location"].(string)
		return h.send("GET", location, "", map[string]string{"Authorization": "Bearer " + h.entra}).want(200)
	}
	group, circle, ada, boss := at(0), at(1), at(2), at(3)
	if got := h.memberIDs(id(group)); len(got) != 2 {
		t.Errorf("%v", group)
	}
	if got := h.memberIDs(id(circle)); len(got) != 1 || got[0] != id(group) {
		t.Errorf("%v", circle)
	}
	extension, _ := ada[enterprise].(object)
	if manager, _ := extension["manager"].(object); manager["value"] != id(boss) || boss["title"] != "T" {
		t.Errorf("%v, %v", ada, boss)
	}
	if results[0]["bulkId"] != "g" || results[0]["method"] != "POST" || results[0]["version"] == "" {
		t.Errorf("%v", results[0])
	}
}

func TestABulkRequestTellsEachFailureAndStopsWhenThereAreEnough(t *testing.T) {
	h := open(t)
	ada := h.person("ada@contoso.com", nil)
	operations := []object{
		{"method": "POST", "path": "/Users", "bulkId": "1", "data": object{"userName": "ADA@contoso.com"}},
		{"method": "POST", "path": "/Groups", "bulkId": "2", "data": object{"displayName": "G", "members": []object{{"value": "bulkId:1"}}}},
		{"method": "DELETE", "path": "/Users/" + id(ada), "version": `W/"7"`},
		{"method": "GET", "path": "/Users/" + id(ada)},
		{"method": "PUT", "path": "/Users", "data": object{}},
		{"method": "POST", "path": "/Shoes", "data": object{}},
		{"method": "POST", "path": "/Users"},
		{"method": "DELETE", "path": "/Users/nobody"},
		{"method": "DELETE", "path": "/Users/" + id(ada), "version": `W/"1"`},
	}
	if got := statuses(h.bulk(h.entra, 2, operations...)); got != "409 409" {
		t.Error(got)
	}
	results := h.bulk(h.entra, 0, operations...)
	if got := statuses(results); got != "409 409 412 400 400 400 400 404 204" {
		t.Error(got)
	}
	for i, want := range []bool{false, false, true, false, false, false, false, false, true} { // where there is an address, but for a POST
		if location, _ := results[i]["location"].(string); strings.HasSuffix(location, "/Users/"+id(ada)) != want {
			t.Errorf("%d is at %q", i, location)
		}
	}
	if response, _ := results[0]["response"].(object); response["scimType"] != "uniqueness" || response["status"] != "409" {
		t.Errorf("%v", results[0])
	}
	twice := []object{
		{"method": "POST", "path": "/Users", "bulkId": "x", "data": object{"userName": "first@contoso.com"}},
		{"method": "POST", "path": "/Users", "bulkId": "x", "data": object{"userName": "second@contoso.com"}},
		{"method": "PATCH", "path": "/Users/bulkId:x", "data": patch(object{"op": "add", "path": "title", "value": "T"})},
	}
	if results = h.bulk(h.entra, 0, twice...); statuses(results) != "201 400 200" || results[2]["location"] != results[0]["location"] {
		t.Errorf("a bulkId that stands for two: %v", results)
	}
	h.call(h.entra, "POST", "/Bulk", object{"Operations": make([]object, 1001)}).fails(413, "tooMany")
	h.call(h.strict, "POST", "/Bulk", object{"Operations": []object{}}).fails(400, "invalidSyntax")
	h.call(h.reader, "POST", "/Bulk", object{}).fails(403, "")
}
