package entrasim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

const groupsDelta = "/v1.0/groups/delta?$select="

// latestGroups is a deltaLink of groups from now on.
func (c *client) latestGroups(properties string) string {
	c.t.Helper()
	_, link := c.follow(groupsDelta + properties + "&$deltatoken=latest")
	return link
}

func user(id string) any { return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id} }

func group(id string) any { return map[string]any{"@odata.type": "#microsoft.graph.group", "id": id} }

func gone(member any) any {
	m, _ := member.(map[string]any)
	return map[string]any{"@odata.type": m["@odata.type"], "id": m["id"], "@removed": map[string]any{"reason": "deleted"}}
}

// edges counts how often each member of each group is told, by id, removed ones with a minus before it.
func edges(values []object) map[string]map[string]int {
	all := map[string]map[string]int{}
	for _, v := range values {
		if all[v.text("id")] == nil {
			all[v.text("id")] = map[string]int{}
		}
		for _, m := range v.list("members@delta") {
			key := m.text("id")
			if m["@removed"] != nil {
				key = "-" + key
			}
			all[v.text("id")][key]++
		}
	}
	return all
}

func TestADeltaFollowsTheLifeOfAGroup(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	link := c.latestGroups("displayName,description,members")
	step := func(name string, want ...object) {
		t.Helper()
		var values []object
		values, link = c.follow(link)
		if diff := cmp.Diff(want, values); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	inner := c.group(object{"displayName": "Inner"})
	step("created", object{"id": inner, "displayName": "Inner"})
	team := c.group(object{"displayName": "Team", "kind": "microsoft365", "members": []string{people[0], people[1], inner}})
	step("created with members", object{"id": team, "displayName": "Team", "members@delta": []any{user(people[0]), user(people[1]), group(inner)}})
	c.sim("POST", "/sim/groups/"+team+"/leave", object{"members": []string{people[1], inner}}, 200)
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": []string{people[2]}}, 200)
	step("left and joined", object{"id": team, "displayName": "Team", "members@delta": []any{gone(user(people[1])), user(people[2]), gone(group(inner))}})
	c.sim("POST", "/sim/groups/"+team+"/leave", object{"members": []string{people[2]}}, 200)
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": []string{people[2], people[2]}}, 200)
	step("left and back: as it is in the end", object{"id": team, "displayName": "Team", "members@delta": []any{user(people[2])}})
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": []string{people[2]}}, 200)
	c.sim("PATCH", "/sim/groups/"+team, object{"mailNickname": "unselected"}, 200)
	step("nothing that is selected")
	c.sim("PATCH", "/sim/groups/"+team, object{"displayName": "Crew", "description": "Us"}, 200)
	step("renamed", object{"id": team, "displayName": "Crew", "description": "Us"})
	c.sim("PATCH", "/sim/groups/"+team, object{"description": nil, "displayName": nil}, 200)
	step("cleared", object{"id": team, "displayName": nil, "description": nil})
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	step("deleted", removed(team, "changed"))
	c.sim("POST", "/sim/users/"+people[2]+"/purge", nil, 200)
	step("a member is gone while the group is in the bin")
	c.sim("POST", "/sim/groups/"+team+"/restore", nil, 200)
	step("restored with all its members", object{"id": team, "displayName": nil, "description": nil, "members@delta": []any{user(people[0])}})
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": []string{people[4], people[6]}}, 200)
	step("two joined", object{"id": team, "displayName": nil, "description": nil, "members@delta": []any{user(people[4]), user(people[6])}})
	c.sim("POST", "/sim/groups/"+team+"/leave", object{"members": []string{people[4]}}, 200)
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	c.sim("POST", "/sim/groups/"+team+"/restore", nil, 200)
	step("left, then deleted and restored at once", object{
		"id": team, "displayName": nil, "description": nil, "members@delta": []any{user(people[0]), gone(user(people[4])), user(people[6])},
	})
	c.sim("POST", "/sim/groups/"+team+"/purge", nil, 200)
	c.sim("DELETE", "/sim/groups/"+inner, nil, 200)
	step("purged, and a security group deleted", removed(team, "deleted"), removed(inner, "deleted"))
}

func TestADeltaOfGroupsWithPreferMinimalTellsOnlyWhatChanged(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	team := c.group(object{"displayName": "Team", "description": "Us"})
	link := c.latestGroups("displayName,description,members")
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": people[:1]}, 200)
	a := c.do("GET", link, nil, "Prefer", minimal)
	if diff := cmp.Diff([]object{{"id": team, "members@delta": []any{user(people[0])}}}, a.body.list("value")); diff != "" {
		t.Error(diff)
	}
	c.sim("PATCH", "/sim/groups/"+team, object{"description": nil}, 200)
	a = c.do("GET", a.body.text("@odata.deltaLink"), nil)
	if diff := cmp.Diff([]object{{"id": team, "description": nil}}, a.body.list("value")); diff != "" {
		t.Error(diff)
	}
}

func TestMembersAreTrackedOnlyIfSelectedOrNothingIs(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	team := c.group(object{"displayName": "Team", "members": people[:2]})
	named := c.latestGroups("displayName")
	_, whole := c.follow("/v1.0/groups/delta")
	c.sim("POST", "/sim/groups/"+team+"/leave", object{"members": people[:1]}, 200)
	if values, _ := c.follow(named); len(values) != 0 {
		t.Errorf("members were not selected: %v", values)
	}
	values, _ := c.follow(whole)
	if diff := cmp.Diff(map[string]map[string]int{team: {"-" + people[0]: 1}}, edges(values)); diff != "" {
		t.Error(diff)
	}
}

func TestALargeGroupIsRepeatedOverPagesWithOtherMembers(t *testing.T) {
	c := small(t, 2600)
	people := c.people()
	first := c.group(object{"displayName": "First", "members": people[:1]})
	large := c.group(object{"displayName": "Large", "description": "Many", "from": 0, "count": 2600})
	last := c.group(object{"displayName": "Last", "members": people[:1]})
	pages, next, link := 0, groupsDelta+"displayName,members", ""
	var values []object
	for ; next != ""; pages++ {
		p := c.get(next)
		told := 0
		for _, v := range p.list("value") {
			told += len(v.list("members@delta"))
			if v.text("id") == large && v.text("displayName") != "Large" {
				t.Errorf("page %d does not repeat the properties: %v", pages, v.text("displayName"))
			}
		}
		if told > 1000 {
			t.Errorf("page %d tells %d members", pages, told)
		}
		values = append(values, p.list("value")...)
		next, link = p.text("@odata.nextLink"), p.text("@odata.deltaLink")
		if pages == 0 { // what happens during the round is told at the latest by the next one
			c.sim("POST", "/sim/groups/"+large+"/leave", object{"members": people[:5]}, 200)
		}
	}
	all := edges(values)
	if pages != 3 || len(values) != 5 || len(all) != 3 || len(all[large]) != 2600 || len(all[first]) != 1 || len(all[last]) != 1 {
		t.Errorf("%d pages, %d objects, %d, %d and %d members", pages, len(values), len(all[first]), len(all[large]), len(all[last]))
	}
	for id, times := range all[large] {
		if times != 1 {
			t.Errorf("%s is told %d times", id, times)
		}
	}
	values, link = c.follow(link)
	if got := edges(values)[large]; len(got) != 5 || got["-"+people[0]] != 1 {
		t.Errorf("the next round: %v", got)
	}
	// A change of many members is spread in the same way, and each is told once.
	c.sim("POST", "/sim/groups/"+large+"/leave", object{"from": 0, "count": 2500}, 200)
	c.sim("POST", "/sim/groups/"+large+"/join", object{"from": 100, "count": 10}, 200)
	values, _ = c.follow(link)
	got := edges(values)[large]
	if len(values) != 3 || len(got) != 2495 || got[people[105]] != 1 || got["-"+people[105]] != 0 || got["-"+people[99]] != 1 {
		t.Errorf("%d objects, %d edges", len(values), len(got))
	}
}

func TestGroupsComeTwoHundredAPage(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10, Groups: 450, GroupMembers: -1, GroupNesting: -1})
	page := c.get(groupsDelta + "displayName")
	values, link := c.follow(groupsDelta + "displayName")
	if len(page.list("value")) != 200 || len(values) != 450 || len(edges(values)) != 450 {
		t.Errorf("%d on the first page, %d in all", len(page.list("value")), len(values))
	}
	c.sim("POST", "/sim/groups/random", object{"changes": 600, "kinds": []string{"rename"}}, 200)
	page = c.get(link)
	if values, _ = c.follow(link); len(page.list("value")) != 200 || len(edges(values)) != len(values) {
		t.Errorf("%d on the first page, %d objects, %d groups", len(page.list("value")), len(values), len(edges(values)))
	}
}

func TestABinnedUserKeepsHisMembershipsAndAPurgedOneIsTold(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	team := c.group(object{"displayName": "Team", "members": people[:2]})
	link := c.latestGroups("displayName,members")
	c.sim("DELETE", "/sim/users/"+people[0], nil, 200)
	values, link := c.follow(link)
	if len(values) != 0 {
		t.Errorf("deleted: %v", values)
	}
	full, _ := c.follow(groupsDelta + "members")
	if diff := cmp.Diff(map[string]map[string]int{team: {people[0]: 1, people[1]: 1}}, edges(full)); diff != "" {
		t.Errorf("a first round meanwhile: %s", diff)
	}
	c.sim("POST", "/sim/clock", object{"advance": "167h"}, 200)
	c.login()
	if values, link = c.follow(link); len(values) != 0 {
		t.Errorf("waiting: %v", values)
	}
	for range 4 {
		c.sim("POST", "/sim/clock", object{"advance": "150h"}, 200)
		c.login()
		values, link = c.follow(link)
	}
	if diff := cmp.Diff(map[string]map[string]int{team: {"-" + people[0]: 1}}, edges(values)); diff != "" {
		t.Errorf("thirty days later: %s", diff)
	}
}

func TestALaggingReplicaShowsTheGroupsOfThePast(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 60})
	people := c.people()
	team := c.group(object{"displayName": "Team", "kind": "microsoft365", "members": people[:2]})
	generated := c.members("/v1.0/groups?$select=id&$top=2")[1]
	link := c.latestGroups("displayName,members")
	before := c.members("/v1.0/groups/" + generated + "/members")
	c.sim("POST", "/sim/lag", object{"duration": "5s"}, 200)
	c.sim("PATCH", "/sim/groups/"+team, object{"displayName": "New"}, 200)
	c.sim("POST", "/sim/groups/"+team+"/join", object{"members": people[5:7]}, 200)
	c.sim("POST", "/sim/groups/"+team+"/leave", object{"members": people[:1]}, 200)
	c.sim("POST", "/sim/groups/"+generated+"/leave", object{"members": before[:3]}, 200)
	c.sim("DELETE", "/sim/groups/"+team, nil, 200)
	young := c.group(object{"displayName": "Young", "members": people[:1]})

	if g := c.get("/v1.0/groups/" + team); g.text("displayName") != "Team" {
		t.Errorf("get shows %q", g.text("displayName"))
	}
	if diff := cmp.Diff(people[:2], c.members("/v1.0/groups/"+team+"/members?$top=1")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(before, c.members("/v1.0/groups/"+generated+"/members")); diff != "" {
		t.Error(diff)
	}
	if a := c.do("GET", "/v1.0/groups/"+young, nil); a.status != 404 {
		t.Errorf("a group that the replica does not have yet: %d", a.status)
	}
	if n := c.count("/v1.0/groups/$count"); n != "6" {
		t.Errorf("count %s", n)
	}
	values, link := c.follow(link)
	if len(values) != 0 {
		t.Errorf("delta: %v", values)
	}
	c.sim("POST", "/sim/clock", object{"advance": "5s"}, 200)
	values, _ = c.follow(link)
	want := map[string]map[string]int{team: {}, young: {people[0]: 1}, generated: {}}
	for _, id := range before[:3] {
		want[generated]["-"+id] = 1
	}
	if diff := cmp.Diff(want, edges(values)); diff != "" {
		t.Error(diff)
	}
}

func TestTokensOfGroupsExpireAndAreResetLikeThoseOfUsers(t *testing.T) {
	c := small(t, 10)
	c.group(object{"displayName": "Team"})
	link := c.latestGroups("displayName")
	c.sim("POST", "/sim/delta/expire", nil, 200)
	if a := c.do("GET", link, nil); a.status != 400 || a.body.object("error").text("code") != "syncStateNotFound" {
		t.Errorf("expired: %d %s", a.status, a.raw)
	}
	link = c.latestGroups("displayName")
	c.sim("POST", "/sim/delta/reset", nil, 200)
	a := c.do("GET", link, nil)
	location := a.header.Get("Location")
	if a.status != 410 || !strings.Contains(location, "/v1.0/groups/delta?$select=displayName&") || !strings.HasSuffix(location, "$deltatoken=") {
		t.Fatalf("reset: %d %q", a.status, location)
	}
	if values, _ := c.follow(location); len(values) != 1 {
		t.Errorf("the full round from Location: %v", values)
	}
	link = c.latestGroups("displayName")
	c.sim("POST", "/sim/clock", object{"advance": "168h1s"}, 200)
	c.login()
	if a := c.do("GET", link, nil); a.status != 400 {
		t.Errorf("after seven days: %d", a.status)
	}
}

func TestADeltaOfGroupsCanBeRestrictedToSomeIDs(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 60, Groups: 8})
	all := c.members("/v1.0/groups?$select=id")
	values, link := c.follow("/v1.0/groups/delta()?$select=displayName&" + encoded("$filter=id eq '"+all[2]+"' or id eq '"+all[5]+"'"))
	if diff := cmp.Diff([]string{all[2], all[5]}, ids(values)); diff != "" {
		t.Error(diff)
	}
	for _, id := range all {
		c.sim("PATCH", "/sim/groups/"+id, object{"displayName": "X"}, 200)
	}
	if values, _ = c.follow(link); !slices.Equal(ids(values), []string{all[2], all[5]}) {
		t.Errorf("%v", values)
	}
}

func TestFaultsOfDeltaPagesDoWhatTheirNamesSay(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 100, Groups: 700, GroupMembers: -1})
	whole, _ := c.follow(groupsDelta + "displayName,members")
	fault := func(kind string, skip int) {
		t.Helper()
		c.sim("POST", "/sim/faults", object{"route": "/v1.0/groups/delta", "kind": kind, "times": 1, "skip": skip}, 201)
	}
	same := func(name string, values []object) {
		t.Helper()
		if diff := cmp.Diff(edges(whole), edges(values)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	fault("swap-pages", 1)
	values, link := c.follow(groupsDelta + "displayName,members")
	same("swapped", values)
	if slices.Equal(ids(values), ids(whole)) || len(values) != len(whole) {
		t.Errorf("%d objects came in order", len(values))
	}
	if values, _ := c.follow(link); len(values) != 0 {
		t.Errorf("after swapped pages: %v", values)
	}
	fault("swap-pages", 2) // the last page comes before the one before it
	values, link = c.follow(groupsDelta + "displayName,members")
	same("the last page swapped", values)
	if values, _ := c.follow(link); len(values) != 0 {
		t.Errorf("after the last page swapped: %v", values)
	}
	fault("repeat-page", 1)
	if values, _ = c.follow(groupsDelta + "displayName,members"); len(values) != len(whole)+200 {
		t.Errorf("repeated: %d objects", len(values))
	}
	fault("lost-page", 1)
	page := c.get(c.get(groupsDelta + "displayName,members").text("@odata.nextLink"))
	if len(page.list("value")) != 0 {
		t.Errorf("a lost page has %d values", len(page.list("value")))
	}
	for range 2 {
		if a := c.do("GET", page.text("@odata.nextLink"), nil); a.status != 410 {
			t.Errorf("behind a lost page: %d", a.status)
		} else if values, _ := c.follow(a.header.Get("Location")); len(values) != len(whole) {
			t.Errorf("from the Location behind a lost page: %d groups", len(values))
		}
	}
}

func TestAShortPageOfMembersLeadsNowhere(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 500})
	everybody := c.members("/v1.0/groups?$select=id&$top=1")[0]
	target := "/v1.0/groups/" + everybody + "/members?$select=id"
	c.sim("POST", "/sim/faults", object{"route": "/v1.0/groups/{id}/members", "kind": "short-page", "times": 1, "skip": 1}, 201)
	page := c.get(c.get(target).text("@odata.nextLink"))
	if len(page.list("value")) != 50 {
		t.Errorf("%d values", len(page.list("value")))
	}
	for range 2 {
		if a := c.do("GET", page.text("@odata.nextLink"), nil); a.status != 503 || a.header.Get("request-id") == "" {
			t.Errorf("%d %s", a.status, a.raw)
		}
	}
	if got := c.members(target); len(got) != 500 {
		t.Errorf("from the beginning: %d members", len(got))
	}
	c.sim("POST", "/sim/faults", object{"route": "/v1.0/groups/delta", "kind": "short-page", "times": 1}, 201)
	page = c.get("/v1.0/groups/delta?$select=displayName")
	if a := c.do("GET", page.text("@odata.nextLink"), nil); a.status != 503 || len(page.list("value")) != 7 || page.text("@odata.deltaLink") != "" {
		t.Errorf("a short page of a delta leads to %d", a.status)
	}
}
