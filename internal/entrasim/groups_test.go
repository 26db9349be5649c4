package entrasim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

const (
	teamID  = "aaaaaaaa-2222-4333-8444-555555555555"
	squadID = "bbbbbbbb-2222-4333-8444-555555555555"
	phoneID = "cccccccc-2222-4333-8444-555555555555"
)

// small is a tenant without generated groups.
func small(t *testing.T, users int) *client {
	t.Helper()
	return start(t, &entrasim.Server{Users: users, Groups: -1})
}

func (c *client) people() []string {
	c.t.Helper()
	values, _ := c.walk("/v1.0/users?$select=id&$top=999")
	return ids(values)
}

func (c *client) group(properties object) string {
	c.t.Helper()
	return c.sim("POST", "/sim/groups", properties, 201).text("id")
}

func (c *client) count(target string) string {
	c.t.Helper()
	return c.do("GET", target, nil, "ConsistencyLevel", "eventual").raw
}

// members are the ids of a relation, over all pages.
func (c *client) members(target string, headers ...string) []string {
	c.t.Helper()
	values, _ := c.walk(target, headers...)
	return ids(values)
}

func TestAGroupHasTheWireShapeOfGraph(t *testing.T) {
	c := small(t, 2)
	c.group(object{"id": teamID, "displayName": `Team "A" <b>`, "description": "All of us", "kind": "microsoft365", "mailNickname": "team"})
	c.group(object{"id": squadID, "displayName": "Squad"})
	a := c.do("GET", "/v1.0/groups/"+strings.ToUpper(teamID), nil)
	want := `{"@odata.context":"` + c.base + `/v1.0/$metadata#groups/$entity","id":"` + teamID + `","deletedDateTime":null,` +
		`"createdDateTime":"2025-06-02T12:00:00Z","description":"All of us","displayName":"Team \"A\" <b>","groupTypes":["Unified"],` +
		`"mail":"team@contoso.example","mailEnabled":true,"mailNickname":"team","proxyAddresses":["SMTP:team@contoso.example"],` +
		`"securityEnabled":false,"securityIdentifier":"S-1-12-1-2863311530-1127424546-1431651460-1431655765","visibility":"Private"}`
	if diff := cmp.Diff(want, a.raw); diff != "" {
		t.Error(diff)
	}
	if a.header.Get("x-ms-resource-unit") != "1" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json;odata.metadata=minimal") {
		t.Errorf("headers %v", a.header)
	}
	got := c.get("/v1.0/groups/" + squadID + "?$select=id,GroupTypes,mail,mailEnabled,securityEnabled,visibility,membershipRule,onPremisesSyncEnabled")
	delete(got, "@odata.context")
	if diff := cmp.Diff(object{
		"id": squadID, "groupTypes": []any{}, "mail": nil, "mailEnabled": false, "securityEnabled": true, "visibility": nil,
		"membershipRule": nil, "onPremisesSyncEnabled": nil,
	}, got); diff != "" {
		t.Error(diff)
	}
}

func TestGroupsAreListedFilteredSearchedCountedAndOrdered(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 100, Groups: 230})
	for _, top := range []string{"", "&$top=7", "&$top=999"} {
		got := c.members("/v1.0/groups?$select=id" + top)
		slices.Sort(got)
		if len(slices.Compact(got)) != 230 {
			t.Errorf("top %q: %d different groups", top, len(got))
		}
	}
	first := c.get("/v1.0/groups?$select=displayName&$count=true&$top=2", "ConsistencyLevel", "eventual")
	if first["@odata.count"] != 230.0 || first.list("value")[0].text("displayName") != "All Company" {
		t.Errorf("%v", first)
	}
	if n := c.count("/v1.0/groups/$count"); n != "230" {
		t.Errorf("count %s", n)
	}
	for target, want := range map[string]int{
		"$filter=displayName eq 'circle 1'":                         1,
		"$filter=startswith(displayName,'Circle')":                  3,
		"$filter=mailEnabled eq true and displayName eq 'Circle 1'": 0,
		`$search="displayName:compa"`:                               1,
	} {
		values, _ := c.walk("/v1.0/groups?$count=true&"+encoded(target), "ConsistencyLevel", "eventual")
		if len(values) != want {
			t.Errorf("%s: %d groups", target, len(values))
		}
	}
	ordered, _ := c.walk("/v1.0/groups?$orderby=displayName&$select=displayName&$top=50")
	names := make([]string, 0, len(ordered))
	for _, g := range ordered {
		names = append(names, strings.ToLower(g.text("displayName")))
	}
	if len(names) != 230 || !slices.IsSorted(names) {
		t.Errorf("%d groups, in order: %v", len(names), slices.IsSorted(names))
	}
	slices.Sort(names)
	if len(slices.Compact(names)) == 230 {
		t.Errorf("no two groups share a name")
	}
}

func TestABadQueryOfGroupsIsRefusedInGraphsErrorShape(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 60})
	everybody := c.members("/v1.0/groups?$select=id&$top=1")[0]
	for target, want := range map[string]string{
		"/v1.0/groups?$select=nonsense":                                                 "400 Request_BadRequest",
		"/v1.0/groups?$select=unseenCount":                                              "501 NotImplemented",
		"/v1.0/groups?$select=members":                                                  "400 Request_BadRequest",
		"/v1.0/groups?$expand=members":                                                  "400 Request_BadRequest",
		"/v1.0/groups?$top=1000":                                                        "400 Request_UnsupportedQuery",
		"/v1.0/groups?$filter=displayName ne 'x'":                                       "400 Request_UnsupportedQuery",
		"/v1.0/groups?$filter=groupTypes eq 'x'":                                        "400 Request_UnsupportedQuery",
		"/v1.0/groups?$orderby=mail":                                                    "400 Request_UnsupportedQuery",
		"/v1.0/groups/$count":                                                           "400 Request_BadRequest",
		"/v1.0/groups/" + teamID:                                                        "404 Request_ResourceNotFound",
		"/v1.0/groups/someone":                                                          "404 Request_ResourceNotFound",
		"/v1.0/groups/" + teamID + "/members":                                           "404 Request_ResourceNotFound",
		"/v1.0/groups/" + everybody + "/members?$select=nonsense":                       "400 Request_BadRequest",
		"/v1.0/groups/" + everybody + "/members?$filter=x":                              "400 Request_BadRequest",
		"/v1.0/groups/" + everybody + "/members?$skiptoken=x":                           "400 Directory_ExpiredPageToken",
		"/v1.0/groups/" + everybody + "/members/$count":                                 "400 Request_BadRequest",
		"/v1.0/groups/" + everybody + "/transitiveMembers/microsoft.graph.user":         "400 Request_UnsupportedQuery",
		"/v1.0/groups/" + everybody + "/members/microsoft.graph.device?$count=true":     "400 Request_BadRequest",
		"/v1.0/users/nobody@contoso.example/memberOf":                                   "404 Request_ResourceNotFound",
		"/v1.0/groups/delta?$expand=members":                                            "400 Request_BadRequest",
		"/v1.0/groups/delta?$filter=displayName eq 'x'":                                 "400 Request_UnsupportedQuery",
		"/v1.0/groups/delta?$deltatoken=abc":                                            "400 Request_BadRequest",
		"/v1.0/groups/" + everybody + "/members/microsoft.graph.group?$select=mail,upn": "400 Request_BadRequest",
	} {
		a := c.do("GET", target, nil)
		if got := fmt.Sprint(a.status, " ", a.body.object("error").text("code")); got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
	link := c.latest("id") // of users
	if a := c.do("GET", strings.Replace(link, "users", "groups", 1), nil); a.status != 400 {
		t.Errorf("a token of users is taken for groups: %d", a.status)
	}
}

func TestMembersComeWithTheirTypesOverPages(t *testing.T) {
	c := small(t, 30)
	people := c.people()
	inner := c.group(object{"displayName": "Inner", "members": people[:2]})
	outer := c.group(object{
		"id": teamID, "displayName": "Outer", "from": 1, "count": 20,
		"members": []any{inner, object{"type": "device", "id": phoneID}, object{"type": "somethingNew"}},
	})
	a := c.do("GET", "/v1.0/groups/"+outer+"/members?$top=999&$count=true", nil, "ConsistencyLevel", "eventual")
	values := a.body.list("value")
	if len(values) != 23 || a.body["@odata.count"] != 23.0 || a.header.Get("x-ms-resource-unit") != "3" {
		t.Fatalf("%d members, %v, %v", len(values), a.body["@odata.count"], a.header)
	}
	types := map[string]int{}
	for _, v := range values {
		types[v.text("@odata.type")]++
	}
	if diff := cmp.Diff(map[string]int{"#microsoft.graph.user": 20, "#microsoft.graph.group": 1, "#microsoft.graph.device": 1, "#microsoft.graph.somethingNew": 1}, types); diff != "" {
		t.Error(diff)
	}
	if values[0].text("userPrincipalName") == "" || values[20].text("displayName") != "Inner" || len(values[21]) != 2 || values[21].text("id") != phoneID {
		t.Errorf("first %v, group %v, device %v", values[0], values[20], values[21])
	}
	if diff := cmp.Diff(ids(values), c.members("/v1.0/groups/"+outer+"/members?$top=3&$select=id")); diff != "" {
		t.Error(diff)
	}
	page := c.get("/v1.0/groups/" + outer + "/members?$select=id,displayName,groupTypes&$top=22").list("value")
	if len(page[0]) != 3 || len(page[20]) != 4 || len(page[21]) != 2 {
		t.Errorf("each type with what it has of the selected: %v, %v, %v", page[0], page[20], page[21])
	}
	users := c.get("/v1.0/groups/"+outer+"/members/microsoft.graph.user?$count=true&$select=id&$top=999", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff(people[1:21], ids(users.list("value"))); diff != "" || users.list("value")[0]["@odata.type"] != nil {
		t.Errorf("users: %s %v", diff, users.list("value")[0])
	}
	groups := c.members("/v1.0/groups/"+outer+"/members/microsoft.graph.group?$count=true", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff([]string{inner}, groups); diff != "" {
		t.Error(diff)
	}
	for relation, want := range map[string]string{
		"members": "23", "members/microsoft.graph.user": "20", "transitiveMembers": "24", "transitiveMembers/microsoft.graph.group": "1",
	} {
		if got := c.count("/v1.0/groups/" + outer + "/" + relation + "/$count"); got != want {
			t.Errorf("%s/$count = %s, want %s", relation, got, want)
		}
	}
}

func TestNestedGroupsAreFollowedBothWaysCyclesIncluded(t *testing.T) {
	c := small(t, 12)
	people := c.people()
	a := c.group(object{"displayName": "A", "members": people[:3]})
	b := c.group(object{"displayName": "B", "members": []string{a, people[2], people[3]}})
	d := c.group(object{"displayName": "D", "members": []string{b, people[4]}})
	c.sim("POST", "/sim/groups/"+a+"/join", object{"members": []string{d}}, 200) // the cycle is closed
	sorted := func(list ...string) []string { return slices.Sorted(slices.Values(list)) }
	for target, want := range map[string][]string{
		"/v1.0/groups/" + d + "/transitiveMembers":         sorted(append([]string{a, b}, people[:5]...)...),
		"/v1.0/groups/" + a + "/transitiveMembers?$top=2":  sorted(append([]string{b, d}, people[:5]...)...),
		"/v1.0/users/" + people[0] + "/memberOf":           {a},
		"/v1.0/users/" + people[0] + "/transitiveMemberOf": sorted(a, b, d),
		"/v1.0/groups/" + a + "/memberOf":                  {b},
		"/v1.0/groups/" + a + "/transitiveMemberOf":        sorted(b, d),
	} {
		if diff := cmp.Diff(want, sorted(c.members(target)...)); diff != "" {
			t.Errorf("%s: %s", target, diff)
		}
	}
	cast := c.members("/v1.0/groups/"+d+"/transitiveMembers/microsoft.graph.user?$count=true&$top=2&$select=id", "ConsistencyLevel", "eventual")
	if diff := cmp.Diff(people[:5], cast); diff != "" {
		t.Error(diff)
	}
	if units := c.do("GET", "/v1.0/groups/"+d+"/transitiveMembers", nil).header.Get("x-ms-resource-unit"); units != "5" {
		t.Errorf("transitiveMembers cost %s", units)
	}
	c.sim("POST", "/sim/groups/"+b+"/leave", object{"members": []string{a}}, 200)
	if got := c.members("/v1.0/groups/" + d + "/transitiveMembers"); len(got) != 4 {
		t.Errorf("after a left b: %v", got)
	}
	c.sim("POST", "/sim/groups/"+b+"/join", object{"members": []string{b}}, 200) // production refuses it; a client has to stand it
	if got := c.members("/v1.0/groups/" + b + "/members"); !slices.Contains(got, b) {
		t.Errorf("b does not hold itself: %v", got)
	}
}

func TestADeletedUserLeavesTheListsAndComesBack(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	g := c.group(object{"displayName": "G", "members": people[:3]})
	target := "/v1.0/groups/" + g + "/members"
	c.sim("DELETE", "/sim/users/"+people[1], nil, 200)
	if diff := cmp.Diff([]string{people[0], people[2]}, c.members(target)); diff != "" {
		t.Errorf("deleted: %s", diff)
	}
	c.sim("POST", "/sim/users/"+people[1]+"/restore", nil, 200)
	if diff := cmp.Diff(people[:3], c.members(target)); diff != "" {
		t.Errorf("restored: %s", diff)
	}
	c.sim("POST", "/sim/users/"+people[1]+"/purge", nil, 200)
	if got := c.sim("GET", "/sim/groups/"+g, nil, 200); got["user_count"] != 2.0 || len(c.members(target)) != 2 {
		t.Errorf("purged: %v", got)
	}
}

func TestOnlyMicrosoft365GroupsHaveARecycleBin(t *testing.T) {
	c := small(t, 10)
	team := c.group(object{"displayName": "Team", "kind": "microsoft365", "from": 0, "count": 5})
	squad := c.group(object{"displayName": "Squad", "members": []string{team}})
	const bin = "/v1.0/directory/deletedItems/"
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	if got := c.do("GET", "/v1.0/groups/"+team, nil); got.status != 404 {
		t.Errorf("a deleted group: %d", got.status)
	}
	if got := c.members("/v1.0/groups/" + squad + "/members"); len(got) != 0 {
		t.Errorf("a deleted group is a member: %v", got)
	}
	listed := c.get(bin + "microsoft.graph.group?$select=id,displayName,deletedDateTime").list("value")
	if diff := cmp.Diff([]object{{"id": team, "displayName": "Team", "deletedDateTime": "2025-06-02T12:00:00Z"}}, listed); diff != "" {
		t.Error(diff)
	}
	if got := c.get(bin + team); got.text("@odata.type") != "#microsoft.graph.group" || got.text("displayName") != "Team" {
		t.Errorf("%v", got)
	}
	if got := c.sim("GET", "/sim/tenant", nil, 200); got["groups"] != 1.0 || got["deleted_groups"] != 1.0 {
		t.Errorf("counts %v", got)
	}
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": c.people()[9:]}, 409)
	if got := c.do("POST", bin+team+"/restore", object{}); got.status != 200 || got.body.text("id") != team {
		t.Errorf("%d %s", got.status, got.raw)
	}
	if got := c.members("/v1.0/groups/" + team + "/members"); len(got) != 5 {
		t.Errorf("a restored group has the members %v", got)
	}
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	if got := c.do("DELETE", bin+team, nil); got.status != http.StatusNoContent {
		t.Errorf("purge: %d", got.status)
	}
	c.sim("POST", "/sim/groups/"+team+"/restore", nil, 404)
	c.sim("DELETE", "/sim/groups/"+squad, nil, 200)
	if got := c.do("GET", bin+squad, nil); got.status != 404 {
		t.Errorf("a deleted security group is in the bin: %s", got.raw)
	}
}

func TestTheBinOfGroupsRunsOutAfterThirtyDays(t *testing.T) {
	c := small(t, 10)
	team := c.group(object{"displayName": "Team", "kind": "microsoft365"})
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	c.sim("POST", "/sim/clock", object{"advance": "719h"}, 200)
	c.login()
	if got := c.get("/v1.0/directory/deletedItems/microsoft.graph.group").list("value"); len(got) != 1 {
		t.Errorf("before: %v", got)
	}
	link := c.latestGroups("displayName")
	c.sim("POST", "/sim/clock", object{"advance": "1h"}, 200)
	c.login()
	if got := c.get("/v1.0/directory/deletedItems/microsoft.graph.group").list("value"); len(got) != 0 {
		t.Errorf("after: %v", got)
	}
	values, _ := c.follow(link)
	if diff := cmp.Diff([]object{removed(team, "deleted")}, values); diff != "" {
		t.Error(diff)
	}
}

func TestTheSizesOfGeneratedGroupsAreChosen(t *testing.T) {
	shape := func(s *entrasim.Server) (list []object) {
		c := start(t, s)
		return c.sim("GET", "/sim/groups?limit=1000", nil, 200).list("groups")
	}
	first := shape(&entrasim.Server{Users: 500, Groups: 40, GroupMembers: 20, GroupNesting: 5, Seed: 9})
	if diff := cmp.Diff(first, shape(&entrasim.Server{Users: 500, Groups: 40, GroupMembers: 20, GroupNesting: 5, Seed: 9})); diff != "" {
		t.Errorf("the same seed makes other groups: %s", diff)
	}
	kinds, nested, others := map[string]int{}, 0.0, 0.0
	for i, g := range first {
		kinds[g.text("kind")]++
		g1, _ := g["group_count"].(float64)
		o1, _ := g["other_count"].(float64)
		nested, others = nested+g1, others+o1
		if want := map[bool]float64{true: 500, false: 20}[i == 0]; g["user_count"] != want {
			t.Errorf("group %d has %v people", i, g["user_count"])
		}
	}
	if len(first) != 40 || kinds["security"] < 10 || kinds["microsoft365"] < 10 || nested != 3+7*2 || others < 3 {
		t.Errorf("%d groups, %v, %v nested, %v others", len(first), kinds, nested, others)
	}
	if got := shape(&entrasim.Server{Users: 10, Groups: -1}); len(got) != 0 {
		t.Errorf("no groups wanted: %v", got)
	}
}
