package entrasim_test

import (
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

func TestAGroupIsCreatedChangedAndShownByControl(t *testing.T) {
	c := small(t, 20)
	people := c.people()
	g := c.sim("POST", "/sim/groups", object{
		"id": teamID, "displayName": "Team", "kind": "microsoft365", "members": []any{people[3], object{"type": "servicePrincipal"}}, "from": 0, "count": 2,
	}, 201)
	for k, want := range map[string]any{
		"id": teamID, "kind": "microsoft365", "state": "live", "description": nil, "user_count": 3.0, "group_count": 0.0, "other_count": 1.0,
		"createdDateTime": "2025-06-02T12:00:00Z",
	} {
		if g[k] != want {
			t.Errorf("%s: %v, want %v", k, g[k], want)
		}
	}
	c.sim("POST", "/sim/groups", object{"id": teamID}, 409)
	c.sim("POST", "/sim/groups", object{"id": people[0]}, 409)
	g = c.sim("PATCH", "/sim/groups/"+teamID, object{"displayName": nil, "description": "Nameless", "proxyAddresses": []string{"smtp:a@b.example"}}, 200)
	if g["displayName"] != nil || g["description"] != "Nameless" || g.strings("proxyAddresses") != "smtp:a@b.example" {
		t.Errorf("%v", g)
	}
	empty := c.sim("POST", "/sim/groups", object{}, 201)
	for _, bad := range []struct {
		path string
		body object
	}{
		{"/sim/groups", object{"shoeSize": 12}},
		{"/sim/groups", object{"kind": "party"}},
		{"/sim/groups", object{"id": "no GUID"}},
		{"/sim/groups", object{"members": []any{5}}},
		{"/sim/groups", object{"members": []any{object{"type": "user", "id": people[0]}}}},
		{"/sim/groups", object{"members": []any{object{"type": "device", "id": "x"}}}},
		{"/sim/groups", object{"members": people[0]}},
		{"/sim/groups", object{"from": 15, "count": 6}},
		{"/sim/groups/bulk", object{"members": 21}},
		{"/sim/groups/bulk", object{"groups": 0}},
		{"/sim/groups/random", object{"kinds": []string{"fly"}}},
		{"/sim/groups/" + teamID + "/join", object{"from": -1}},
		{"/sim/groups/" + teamID + "/join", object{"nonsense": true}},
		{"/sim/operations", object{"operations": []object{{"op": "change-group", "group": teamID, "properties": object{"groupTypes": []string{}}}}}},
	} {
		a := c.do("POST", bad.path, bad.body)
		if a.status != 400 || a.body.text("error") == "" {
			t.Errorf("%s %v: %d %s", bad.path, bad.body, a.status, a.raw)
		}
	}
	c.sim("POST", "/sim/groups/"+teamID+"/join", object{"members": []string{"nobody@contoso.example"}}, 404)
	c.sim("GET", "/sim/groups/"+squadID, nil, 404)
	c.sim("POST", "/sim/groups/"+teamID+"/restore", nil, 409)
	c.sim("DELETE", "/sim/groups/"+empty.text("id"), nil, 200)
	c.sim("DELETE", "/sim/groups/"+teamID, nil, 200)
	c.sim("PATCH", "/sim/groups/"+teamID, object{"displayName": "X"}, 409)
	if l := c.sim("GET", "/sim/groups?state=deleted", nil, 200); l["total"] != 1.0 {
		t.Errorf("%v", l)
	}
	c.sim("GET", "/sim/groups?state=purged", nil, 400)
}

func TestManyJoinAndLeaveInOneStep(t *testing.T) {
	c := small(t, 3000)
	g := c.group(object{"displayName": "Team"})
	if a := c.sim("POST", "/sim/groups/"+g+"/join", object{"from": 0, "count": 2500}, 200); a["changed"] != 2500.0 || a.object("group")["user_count"] != 2500.0 {
		t.Errorf("join: %v", a)
	}
	if a := c.sim("POST", "/sim/groups/"+g+"/join", object{"from": 2400, "count": 200}, 200); a["changed"] != 100.0 {
		t.Errorf("join again: %v", a["changed"])
	}
	if a := c.sim("POST", "/sim/groups/"+g+"/leave", object{"from": 0, "count": 3000}, 200); a["changed"] != 2600.0 || a.object("group")["user_count"] != 0.0 {
		t.Errorf("leave: %v", a)
	}
	c.sim("POST", "/sim/groups/"+g+"/join", object{"from": 10, "count": 1200}, 200)
	shown := c.sim("GET", "/sim/groups/"+g, nil, 200)
	if n := len(strings.Split(shown.strings("users"), ",")); n != 1000 {
		t.Errorf("%d of 1200 users are shown", n)
	}
	l := c.sim("GET", "/sim/groups/"+g+"/members?limit=5000&offset=200", nil, 200)
	if l["total"] != 1200.0 || len(l.list("members")) != 1000 || l.list("members")[0].text("type") != "user" ||
		l.list("members")[0].text("name") == "" {
		t.Errorf("%v, %d listed", l["total"], len(l.list("members")))
	}
}

func TestGroupsAreMadeInBulk(t *testing.T) {
	c := small(t, 1000)
	made := strings.Split(c.sim("POST", "/sim/groups/bulk", object{"groups": 300, "members": 50, "name": "Class"}, 201).strings("groups"), ",")
	huge := c.sim("POST", "/sim/groups/bulk", object{"groups": 1, "members": 1000, "kind": "microsoft365"}, 201).strings("groups")
	people := c.people()
	if diff := cmp.Diff(people[100:150], c.members("/v1.0/groups/"+made[2]+"/members")); diff != "" {
		t.Error(diff)
	}
	if n := c.count("/v1.0/groups/" + huge + "/members/$count"); n != "1000" || len(made) != 300 {
		t.Errorf("%d groups, %s members of the huge one", len(made), n)
	}
	c.sim("POST", "/sim/users/"+people[100]+"/purge", nil, 200)
	late := c.sim("POST", "/sim/groups/bulk", object{"members": 1000}, 201).strings("groups")
	if g := c.sim("GET", "/sim/groups/"+late, nil, 200); g["user_count"] != 999.0 || g["displayName"] != "Bulk 1" {
		t.Errorf("%v, %v", g["user_count"], g["displayName"])
	}
}

func TestOperationsOnUsersAndGroupsAreOneStep(t *testing.T) {
	c := small(t, 10)
	people := c.people()
	link := c.latestGroups("displayName,members")
	results := c.sim("POST", "/sim/operations", object{"operations": []object{
		{"op": "create-group", "properties": object{"id": teamID, "displayName": "Team", "kind": "microsoft365", "members": people[:2]}},
		{"op": "create", "properties": object{"userPrincipalName": "ann@contoso.example"}},
		{"op": "join", "group": teamID, "members": []string{"ann@contoso.example"}},
		{"op": "leave", "group": teamID, "members": people[:1]},
		{"op": "change-group", "group": teamID, "properties": object{"displayName": "Crew"}},
		{"op": "delete-group", "group": teamID},
		{"op": "restore-group", "group": teamID},
	}}, 200).list("results")
	if len(results) != 7 || results[6].object("group").text("displayName") != "Crew" || results[1]["group"] != nil || results[1].object("user") == nil {
		t.Fatalf("%v", results)
	}
	values, _ := c.follow(link)
	young := results[1].object("user").text("id")
	want := []any{gone(user(people[0])), user(people[1]), user(young)} // who left is told, though the client never knew him
	if diff := cmp.Diff([]object{{"id": teamID, "displayName": "Crew", "members@delta": want}}, values); diff != "" {
		t.Error(diff)
	}
	c.sim("POST", "/sim/operations", object{"operations": []object{{"op": "purge-group", "group": teamID}}}, 200)
	c.sim("GET", "/sim/groups/"+teamID, nil, 404)
}

func TestRandomChangesOfGroupsAreRepeatableAndTold(t *testing.T) {
	kinds := []string{"join", "leave", "nest", "unnest", "rename", "create", "delete", "restore", "purge"}
	run := func() (changed []any, state, told map[string]map[string]int) {
		c := start(t, &entrasim.Server{Users: 300, Groups: 30, GroupMembers: 10})
		before, link := c.follow(groupsDelta + "displayName,members")
		changed, _ = c.sim("POST", "/sim/groups/random", object{"changes": 500, "seed": 7, "kinds": kinds}, 200)["changed"].([]any)
		after, _ := c.follow(groupsDelta + "displayName,members")
		values, _ := c.follow(link)
		told = edges(before)
		merge(told, values)
		return changed, edges(after), told
	}
	first, state, told := run()
	if diff := cmp.Diff(state, told); diff != "" || len(first) != 500 {
		t.Errorf("%d changes; following them does not lead to the state: %s", len(first), diff)
	}
	again, _, _ := run()
	if !slices.Equal(first, again) {
		t.Errorf("the same seed changes other groups")
	}
}

// merge brings what a client knows of the members of groups up to date, as edges shows them.
func merge(known map[string]map[string]int, values []object) {
	for _, v := range values {
		id := v.text("id")
		if v["@removed"] != nil {
			delete(known, id)
			continue
		}
		if known[id] == nil {
			known[id] = map[string]int{}
		}
		for _, m := range v.list("members@delta") {
			if delete(known[id], m.text("id")); m["@removed"] == nil {
				known[id][m.text("id")] = 1
			}
		}
	}
}

func TestWhoFollowsTheGroupsWhileTheyChangeKnowsThemInTheEnd(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 400, Groups: 60})
	c.sim("POST", "/sim/lag", object{"duration": "2s"}, 200)
	c.sim("POST", "/sim/faults", object{"route": "/v1.0/groups/delta", "kind": "swap-pages", "probability": 0.3}, 201)
	c.sim("POST", "/sim/faults", object{"route": "/v1.0/groups/delta", "kind": "repeat-page", "probability": 0.3}, 201)
	groupKinds := []string{"join", "leave", "nest", "unnest", "rename", "create", "delete", "restore", "join", "leave", "purge"}
	var wg sync.WaitGroup
	known := make([]map[string]map[string]int, 3)
	for k := range known {
		wg.Go(func() {
			for n := range 15 {
				c.sim("POST", "/sim/groups/random", object{"changes": 40, "seed": k*100 + n + 1, "kinds": groupKinds}, 200)
				c.sim("POST", "/sim/random", object{"changes": 5, "seed": k*100 + n + 1, "kinds": []string{"delete", "restore", "purge"}}, 200)
				c.sim("POST", "/sim/clock", object{"advance": "1s"}, 200)
			}
		})
	}
	for k := range known {
		wg.Go(func() {
			known[k] = map[string]map[string]int{}
			link := groupsDelta + "members"
			for range 15 {
				var values []object
				values, link = c.follow(link)
				merge(known[k], values)
				for _, g := range values[:min(len(values), 3)] {
					c.do("GET", "/v1.0/groups/"+g.text("id")+"/transitiveMembers", nil)
				}
			}
			known[k]["link"] = map[string]int{link: 1}
		})
	}
	wg.Wait()
	c.sim("POST", "/sim/clock", object{"advance": "2s"}, 200)
	c.sim("DELETE", "/sim/faults", nil, 200)
	full, _ := c.follow(groupsDelta + "members")
	for k := range known {
		for link := range known[k]["link"] {
			delete(known[k], "link")
			values, _ := c.follow(link)
			merge(known[k], values)
		}
		if diff := cmp.Diff(edges(full), known[k]); diff != "" {
			t.Errorf("follower %d (-truth +known):\n%s", k, diff)
		}
	}
}
