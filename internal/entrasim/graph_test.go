package entrasim_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

// ann is a user whose every byte is known.
var ann = object{
	"id": "11111111-2222-4333-8444-555555555555", "userPrincipalName": "ann@contoso.example", "displayName": `Ann "A" <b>O'Neil</b>`,
	"givenName": "Ann", "surname": "O'Neil", "mail": "Ann@contoso.example", "jobTitle": "🚀 Lead", "businessPhones": []string{"+1 206 555 0100"},
	"accountEnabled": false, "onPremisesExtensionAttributes": object{"extensionAttribute2": "two"},
}

func TestAUserHasTheWireShapeOfGraph(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 2})
	c.sim("POST", "/sim/users", ann, 201)
	a := c.do("GET", "/v1.0/users/ANN@contoso.example", nil, "client-request-id", "mine")
	want := `{"@odata.context":"` + c.base + `/v1.0/$metadata#users/$entity","businessPhones":["+1 206 555 0100"],` +
		`"displayName":"Ann \"A\" <b>O'Neil</b>","givenName":"Ann","jobTitle":"🚀 Lead","mail":"Ann@contoso.example","mobilePhone":null,` +
		`"officeLocation":null,"preferredLanguage":null,"surname":"O'Neil","userPrincipalName":"ann@contoso.example",` +
		`"id":"11111111-2222-4333-8444-555555555555"}`
	if diff := cmp.Diff(want, a.raw); diff != "" {
		t.Error(diff)
	}
	if ct := a.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json;odata.metadata=minimal") {
		t.Errorf("Content-Type %q", ct)
	}
	if a.header.Get("request-id") == "" || a.header.Get("client-request-id") != "mine" || a.header.Get("x-ms-resource-unit") != "1" {
		t.Errorf("headers %v", a.header)
	}
}

func TestSelectChoosesPropertiesAndNullsAreExplicit(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 2})
	c.sim("POST", "/sim/users", ann, 201)
	got := c.get("/v1.0/users/ann@contoso.example?$select=id,AccountEnabled,faxNumber,onPremisesSyncEnabled,assignedLicenses,createdDateTime,otherMails,extension_0123_level,onPremisesExtensionAttributes")
	extensions := got.object("onPremisesExtensionAttributes")
	delete(got, "onPremisesExtensionAttributes")
	if diff := cmp.Diff(object{
		"@odata.context": c.base + "/v1.0/$metadata#users(id,accountEnabled,faxNumber,onPremisesSyncEnabled,assignedLicenses,createdDateTime,otherMails,extension_0123_level,onPremisesExtensionAttributes)/$entity",
		"id":             ann["id"], "accountEnabled": false, "faxNumber": nil, "onPremisesSyncEnabled": nil, "assignedLicenses": []any{},
		"createdDateTime": "2025-06-02T12:00:00Z", "otherMails": []any{},
	}, got); diff != "" {
		t.Error(diff)
	}
	if len(extensions) != 15 || extensions.text("extensionAttribute2") != "two" || extensions["extensionAttribute1"] != nil {
		t.Errorf("extensions %v", extensions)
	}
}

func TestABadQueryIsRefusedInGraphsErrorShape(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	for target, want := range map[string]string{
		"/v1.0/users?$select=nonsense":                           "400 Request_BadRequest",
		"/v1.0/users?$select=skills":                             "501 NotImplemented",
		"/v1.0/users?$top=1000":                                  "400 Request_UnsupportedQuery",
		"/v1.0/users?$skip=5":                                    "400 Request_BadRequest",
		"/v1.0/users?$skiptoken=abc":                             "400 Directory_ExpiredPageToken",
		"/v1.0/users?$expand=memberOf":                           "400 Request_UnsupportedQuery",
		"/v1.0/users?$filter=accountEnabled ne true":             "400 Request_UnsupportedQuery",
		"/v1.0/users?$filter=displayName eq 'x":                  "400 Request_BadRequest",
		"/v1.0/users?$search=%22displayName:a%22":                "400 Request_UnsupportedQuery",
		"/v1.0/users/$count":                                     "400 Request_BadRequest",
		"/v1.0/users/delta?$top=5":                               "400 Request_BadRequest",
		"/v1.0/users/delta?$filter=startswith(displayName,'a')":  "400 Request_UnsupportedQuery",
		"/v1.0/users/delta?$deltatoken=abc":                      "400 Request_BadRequest",
		"/v1.0/users/nobody@contoso.example":                     "404 Request_ResourceNotFound",
		"/v1.0/users/11111111-2222-4333-8444-555555555555":       "404 Request_ResourceNotFound",
		"/v1.0/directory/deletedItems/someone":                   "404 Request_ResourceNotFound",
		"/v1.0/nonsense":                                         "400 BadRequest",
		"/v1.0/users/x@contoso.example/manager?$select=nonsense": "400 Request_BadRequest",
	} {
		a := c.do("GET", target, nil)
		e := a.body.object("error")
		if got := fmt.Sprint(a.status, " ", e.text("code")); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
		if inner := e.object("innerError"); e.text("message") == "" || inner.text("request-id") != a.header.Get("request-id") || inner.text("date") == "" {
			t.Errorf("%s: error shape %s", target, a.raw)
		}
	}
}

func TestPagesCoverEverybodyOnce(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 500})
	for _, top := range []string{"", "&$top=7", "&$top=999", "&$top=500"} {
		values, _ := c.walk("/v1.0/users?$select=id" + top)
		got := ids(values)
		slices.Sort(got)
		if len(got) != 500 || len(slices.Compact(got)) != 500 {
			t.Errorf("top %q: %d users, %d different", top, len(values), len(slices.Compact(got)))
		}
	}
	first := c.get("/v1.0/users?$select=id&$count=true", "ConsistencyLevel", "eventual")
	if first["@odata.count"] != 500.0 || len(first.list("value")) != 100 {
		t.Errorf("count %v, %d values", first["@odata.count"], len(first.list("value")))
	}
	next := first.text("@odata.nextLink")
	if !strings.HasPrefix(next, c.base+"/v1.0/users?") || !strings.Contains(next, "$select=id") {
		t.Errorf("nextLink %q", next)
	}
	if second := c.get(next, "ConsistencyLevel", "eventual"); second["@odata.count"] != nil {
		t.Errorf("the second page has a count")
	}
}

func TestWhoLivesThroughTheWalkComesOnceWhateverHappensMeanwhile(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 300})
	everybody, _ := c.walk("/v1.0/users?$select=id")
	removed := map[string]bool{}
	seen := map[string]int{}
	page := 0
	for target := "/v1.0/users?$select=id&$top=20"; target != ""; page++ {
		p := c.get(target)
		for _, id := range ids(p.list("value")) {
			seen[id]++
		}
		victim := everybody[page*17%300].text("id")
		if !removed[victim] {
			removed[victim] = true
			c.sim("DELETE", "/sim/users/"+victim, nil, 200)
		}
		c.sim("POST", "/sim/users", object{}, 201)
		target = p.text("@odata.nextLink")
	}
	for _, u := range everybody {
		if id := u.text("id"); seen[id] > 1 || seen[id] == 0 && !removed[id] {
			t.Errorf("user %s came %d times", id, seen[id])
		}
	}
}

func TestFilterSearchAndOrder(t *testing.T) {
	c := start(t, &entrasim.Server{Users: -1})
	for _, u := range []object{
		{"userPrincipalName": "a@contoso.example", "displayName": "Zoë Ångström", "department": "Sales", "jobTitle": "Lead"},
		{"userPrincipalName": "b@contoso.example", "displayName": "anna O'Neil", "department": "sales", "accountEnabled": false},
		{"userPrincipalName": "c@contoso.example", "displayName": "Bert Lee", "department": "IT", "mail": "Bert@Contoso.example"},
	} {
		c.sim("POST", "/sim/users", u, 201)
	}
	for _, tt := range []struct{ query, want string }{
		{"$filter=department eq 'SALES'", "ab"},
		{"$filter=accountEnabled eq false", "b"},
		{"$filter=jobTitle eq null", "bc"},
		{"$filter=startswith(displayName,'be')", "c"},
		{"$filter=displayName eq 'anna O''Neil'", "b"},
		{"$filter=department in ('IT','sales') and accountEnabled eq true", "ac"},
		{"$filter=(department eq 'IT' or jobTitle eq 'Lead') and startsWith(userPrincipalName,'a')", "a"},
		{"$filter=userPrincipalName eq 'B@contoso.example' or userPrincipalName eq 'c@contoso.example'", "bc"},
		{"$filter=department ne 'IT'", "ab"},
		{"$filter=not startswith(department,'s')", "c"},
		{"$filter=endswith(mail,'@contoso.EXAMPLE')", "c"},
		{`$search="displayName:le"`, "c"},
		{`$search="displayName:ann" OR "mail:bert"`, "bc"},
		{`$search="displayName:o"&$filter=department eq 'Sales'`, "b"},
		{"$orderby=displayName", "bca"},
		{"$orderby=displayName desc&$top=1", "acb"},
	} {
		values, _ := c.walk("/v1.0/users?$select=userPrincipalName&$count=true&"+encoded(tt.query), "ConsistencyLevel", "eventual")
		got := ""
		for _, v := range values {
			got += v.text("userPrincipalName")[:1]
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.query, got, tt.want)
		}
	}
	if a := c.do("GET", "/v1.0/users/$count?"+encoded("$filter=department eq 'sales'"), nil, "ConsistencyLevel", "eventual"); a.raw != "2" {
		t.Errorf("count %q", a.raw)
	}
}

// encoded escapes the values of a query, not its names.
func encoded(query string) string {
	var parts []string
	for p := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(p, "=")
		parts = append(parts, name+"="+url.QueryEscape(value))
	}
	return strings.Join(parts, "&")
}

func TestTheManagerIsExpandedAndFollowed(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 100})
	values, _ := c.walk("/v1.0/users?$select=id,displayName&$expand=manager($levels=1;$select=id)")
	byID := map[string]object{}
	without := 0
	for _, v := range values {
		byID[v.text("id")] = v
		if v.object("manager") == nil {
			without++
		}
	}
	if without == 0 || without > 10 {
		t.Errorf("%d of 100 users have no manager", without)
	}
	some := values[50]
	if diff := cmp.Diff(object{"@odata.type": "#microsoft.graph.user", "id": some.object("manager").text("id")}, some.object("manager")); diff != "" {
		t.Error(diff)
	}
	m := c.get("/v1.0/users/" + some.text("id") + "/manager?$select=id,displayName")
	if m.text("id") != some.object("manager").text("id") || m.text("@odata.type") != "#microsoft.graph.user" {
		t.Errorf("manager %v", m)
	}
	// Following the managers ends in the cycle of the first two.
	at, steps := some.text("id"), 0
	for seen := map[string]bool{}; !seen[at]; steps++ {
		seen[at] = true
		at = byID[at].object("manager").text("id")
	}
	if at == "" || steps < 3 {
		t.Errorf("no cycle found after %d steps", steps)
	}
	boss := values[50].object("manager").text("id")
	c.sim("DELETE", "/sim/users/"+boss, nil, 200)
	if a := c.do("GET", "/v1.0/users/"+some.text("id")+"/manager", nil); a.status != 404 {
		t.Errorf("a deleted manager is followed: %d", a.status)
	}
}

func TestDeletedItemsListRestoreAndPurge(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 30})
	u := c.sim("POST", "/sim/users", ann, 201)
	item := "/v1.0/directory/deletedItems/" + u.text("id")
	c.sim("DELETE", "/sim/users/ann@contoso.example", nil, 200)
	page := c.get("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id,userPrincipalName,deletedDateTime")
	if diff := cmp.Diff([]object{{
		"id": ann["id"], "userPrincipalName": "11111111222243338444555555555555ann@contoso.example", "deletedDateTime": "2025-06-02T12:00:00Z",
	}}, page.list("value")); diff != "" {
		t.Error(diff)
	}
	if got := c.get(item); got.text("deletedDateTime") == "" || got.text("displayName") != ann["displayName"] {
		t.Errorf("item %v", got)
	}
	c.sim("POST", "/sim/users", object{"userPrincipalName": "Ann@contoso.example"}, 201)
	if a := c.do("POST", item+"/restore", nil); a.status != 400 {
		t.Errorf("restored beside its own name: %d", a.status)
	}
	if a := c.do("POST", item+"/restore", object{"newUserPrincipalName": "ann2@contoso.example"}); a.status != 200 || a.body.text("userPrincipalName") != "ann2@contoso.example" {
		t.Errorf("restore: %d %s", a.status, a.raw)
	}
	c.get("/v1.0/users/ann2@contoso.example")
	if a := c.do("DELETE", item, nil); a.status != 404 {
		t.Errorf("a live user was purged: %d", a.status)
	}
	c.sim("DELETE", "/sim/users/ann2@contoso.example", nil, 200)
	if a := c.do("DELETE", item, nil); a.status != 204 {
		t.Errorf("purge: %d %s", a.status, a.raw)
	}
	if a := c.do("GET", item, nil); a.status != 404 {
		t.Errorf("after the purge: %d", a.status)
	}
}

func TestDeletedItemsArePaged(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 300})
	gone := c.sim("POST", "/sim/random", object{"changes": 120, "kinds": []string{"delete"}}, 200).strings("changed")
	values, _ := c.walk("/v1.0/directory/deletedItems/microsoft.graph.user?$select=id&$top=50")
	got := ids(values)
	for id := range strings.SplitSeq(gone, ",") {
		if !slices.Contains(got, id) {
			t.Errorf("%s is missing", id)
		}
	}
	if len(got) != 120 {
		t.Errorf("%d items", len(got))
	}
}

func TestTheRecycleBinRunsOutAfterThirtyDays(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 30})
	c.sim("POST", "/sim/users", ann, 201)
	c.sim("POST", "/sim/users/ann@contoso.example/purge", nil, 200)
	c.sim("POST", "/sim/users", ann, 409) // an id is never given again
	u := c.sim("POST", "/sim/users", object{"userPrincipalName": "ann@contoso.example"}, 201)
	c.sim("DELETE", "/sim/users/ann@contoso.example", nil, 200)
	c.sim("POST", "/sim/clock", object{"advance": "719h59m"}, 200)
	c.login()
	c.get("/v1.0/directory/deletedItems/" + u.text("id"))
	link := c.latest("id")
	c.sim("POST", "/sim/clock", object{"advance": "1m"}, 200)
	if a := c.do("GET", "/v1.0/directory/deletedItems/"+u.text("id"), nil); a.status != 404 {
		t.Errorf("after 30 days: %d", a.status)
	}
	values, _ := c.follow(link)
	if diff := cmp.Diff([]object{{"id": u.text("id"), "@removed": map[string]any{"reason": "deleted"}}}, values); diff != "" {
		t.Error(diff)
	}
	c.sim("GET", "/sim/users/"+u.text("id"), nil, 404)
}

func TestOrganizationAndDomains(t *testing.T) {
	s := &entrasim.Server{Users: 1, Domain: "fabrikam.example"}
	c := start(t, s)
	o := c.get("/v1.0/organization").list("value")
	if len(o) != 1 || o[0].text("id") != s.TenantID || o[0].text("displayName") != "Fabrikam" || len(o[0].list("verifiedDomains")) != 3 {
		t.Errorf("organization %v", o)
	}
	var names []string
	for _, d := range c.get("/v1.0/domains").list("value") {
		names = append(names, fmt.Sprintf("%s %v %v %v", d.text("id"), d["isDefault"], d["isInitial"], d["isVerified"]))
	}
	want := []string{"fabrikam.example true false true", "fabrikam-europe.example false false true", "fabrikam.onmicrosoft.example false true true"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestABatchAnswersEachRequestOnItsOwn(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	c.sim("POST", "/sim/faults", object{"route": "/v1.0/organization", "kind": "throttle", "retry_after_seconds": 3}, 201)
	a := c.do("POST", "/v1.0/$batch", object{"requests": []object{
		{"id": "1", "method": "GET", "url": "/users?$top=2&$select=id"},
		{"id": "2", "method": "GET", "url": "/users/nobody@contoso.example"},
		{"id": "3", "method": "GET", "url": "/organization"},
		{"id": "4", "method": "GET", "url": "/domains", "dependsOn": []string{"2"}},
		{"id": "5", "method": "GET", "url": "/users/$count", "headers": object{"ConsistencyLevel": "eventual"}},
	}})
	got := map[string]any{}
	for _, r := range a.body.list("responses") {
		got[r.text("id")] = r["status"]
		if r.text("id") == "3" && r.object("headers").text("Retry-After") != "3" {
			t.Errorf("no Retry-After inside: %v", r)
		}
		if r.text("id") == "1" && len(r.object("body").list("value")) != 2 {
			t.Errorf("body %v", r)
		}
		if r.text("id") == "5" && r["body"] != "MTA=" {
			t.Errorf("text is not base64: %v", r["body"])
		}
	}
	if diff := cmp.Diff(map[string]any{"1": 200.0, "2": 404.0, "3": 429.0, "4": 424.0, "5": 200.0}, got); a.status != 200 || diff != "" {
		t.Error(a.status, diff)
	}
	many := make([]object, 21)
	for i := range many {
		many[i] = object{"id": fmt.Sprint(i), "method": "GET", "url": "/domains"}
	}
	for name, bad := range map[string][]object{"21 requests": many, "none": {}, "twice": {many[0], many[0]}} {
		if a := c.do("POST", "/v1.0/$batch", object{"requests": bad}); a.status != 400 {
			t.Errorf("%s: %d", name, a.status)
		}
	}
}

func TestReadersAndWritersDoNotDisturbEachOther(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 400})
	c.sim("POST", "/sim/lag", object{"duration": "1ms"}, 200)
	var wg sync.WaitGroup
	for seed := range 4 {
		wg.Go(func() {
			for n := range 10 {
				c.sim("POST", "/sim/random", object{"changes": 20, "seed": seed*100 + n + 1, "kinds": []string{"change", "delete", "create", "restore", "manager", "purge"}}, 200)
				c.sim("POST", "/sim/clock", object{"advance": "1s"}, 200)
			}
		})
		wg.Go(func() {
			link := c.latest("id,displayName,manager")
			for range 10 {
				c.walk("/v1.0/users?$select=id,displayName&$expand=manager&$top=100")
				_, link = c.follow(link)
				c.walk("/v1.0/directory/deletedItems/microsoft.graph.user?$top=999")
			}
		})
	}
	wg.Wait()
}

func TestAnswersAreCompressedWhenAsked(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 200})
	a := c.do("GET", "/v1.0/users", nil, "Accept-Encoding", "identity")
	b := c.do("GET", "/v1.0/users", nil) // the transport asks for gzip and unpacks
	if a.header.Get("Content-Encoding") != "" || a.raw != b.raw {
		t.Errorf("the two answers differ")
	}
	lines := c.sim("GET", "/sim/stats", nil, 200).list("routes")
	for _, l := range lines {
		bytes, _ := l["bytes"].(float64)
		if l.text("route") == "GET /v1.0/users" && (l["calls"] != 2.0 || bytes > 1.5*float64(len(a.raw))) {
			t.Errorf("stats %v for two pages of %d bytes", l, len(a.raw))
		}
	}
	c.sim("DELETE", "/sim/stats", nil, 200)
	if s := c.sim("GET", "/sim/stats", nil, 200); len(s.list("routes")) != 0 {
		t.Errorf("stats %v", s)
	}
}

func TestOneClockMovesEverythingAndOnlyForward(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 1})
	c.sim("POST", "/sim/clock", object{"advance": "90m"}, 200)
	got := c.sim("GET", "/sim/clock", nil, 200)
	if diff := cmp.Diff(object{"now": noon.Add(90 * time.Minute).Format(time.RFC3339Nano), "offset_ms": 5400000.0}, got); diff != "" {
		t.Error(diff)
	}
	c.sim("POST", "/sim/clock", object{"advance": "-1s"}, 400)
	c.sim("POST", "/sim/clock", object{"offset_ms": 5399999}, 400)
	c.sim("POST", "/sim/clock", object{}, 400)
	c.sim("POST", "/sim/clock", object{"offset_ms": 5400001}, 200)
}
