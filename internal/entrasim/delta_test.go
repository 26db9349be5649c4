package entrasim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

const minimal = "return=minimal"

func removed(id, reason string) object {
	return object{"id": id, "@removed": map[string]any{"reason": reason}}
}

func TestTheFirstRoundTellsEverybodyAndTheNextOnlyChanges(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 450})
	pages := 0
	var all []string
	link := "/v1.0/users/delta()?$select=displayName,manager"
	for next := link; next != ""; pages++ {
		p := c.get(next)
		if len(p.list("value")) > 200 {
			t.Errorf("a page of %d", len(p.list("value")))
		}
		all = append(all, ids(p.list("value"))...)
		link, next = p.text("@odata.deltaLink"), p.text("@odata.nextLink")
		if pages == 1 { // a change during the first round must not be lost
			c.sim("PATCH", "/sim/users/"+all[0], object{"displayName": "New"}, 200)
		}
	}
	slices.Sort(all)
	if pages != 3 || len(slices.Compact(all)) != 450 {
		t.Errorf("%d pages, %d users", pages, len(all))
	}
	values, link := c.follow(link)
	if len(values) != 1 || values[0].text("displayName") != "New" {
		t.Errorf("second round: %v", values)
	}
	if values, _ := c.follow(link); len(values) != 0 {
		t.Errorf("third round: %v", values)
	}
}

func TestADeltaFollowsTheLifeOfAUser(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	link := c.latest("displayName,accountEnabled,jobTitle,faxNumber")
	id := ann.text("id")
	step := func(name string, want ...object) {
		t.Helper()
		var values []object
		values, link = c.follow(link)
		if diff := cmp.Diff(want, values); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	c.sim("POST", "/sim/users", ann, 201)
	step("created", object{"id": id, "displayName": ann["displayName"], "accountEnabled": false, "jobTitle": "🚀 Lead"})
	c.sim("POST", "/sim/users/"+id+"/unblock", nil, 200)
	step("unblocked", object{"id": id, "displayName": ann["displayName"], "accountEnabled": true, "jobTitle": "🚀 Lead"})
	c.sim("PATCH", "/sim/users/"+id, object{"jobTitle": nil}, 200)
	step("cleared", object{"id": id, "displayName": ann["displayName"], "accountEnabled": true, "jobTitle": nil})
	c.sim("PATCH", "/sim/users/"+id, object{"department": "Unselected"}, 200)
	c.sim("PATCH", "/sim/users/"+id, object{"displayName": ann["displayName"]}, 200)
	step("only an unselected change and one that changes nothing")
	c.sim("DELETE", "/sim/users/"+id, nil, 200)
	step("deleted", removed(id, "changed"))
	c.sim("POST", "/sim/users/"+id+"/restore", nil, 200)
	step("restored", object{"id": id, "displayName": ann["displayName"], "accountEnabled": true, "jobTitle": nil})
	c.sim("DELETE", "/sim/users/"+id, nil, 200)
	c.sim("POST", "/sim/users/"+id+"/purge", nil, 200)
	step("deleted and purged", removed(id, "deleted"))
}

func TestPreferMinimalTellsOnlyWhatChanged(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	u := c.sim("POST", "/sim/users", ann, 201)
	link := c.latest("displayName,jobTitle,department")
	c.sim("PATCH", "/sim/users/"+u.text("id"), object{"jobTitle": nil}, 200)
	c.sim("PATCH", "/sim/users/"+u.text("id"), object{"department": "IT"}, 200)
	a := c.do("GET", link, nil, "Prefer", minimal)
	if diff := cmp.Diff([]object{{"id": u.text("id"), "jobTitle": nil, "department": "IT"}}, a.body.list("value")); diff != "" {
		t.Error(diff)
	}
	if a.header.Get("Preference-Applied") != minimal {
		t.Errorf("headers %v", a.header)
	}
}

func TestAManagerChangeNamesTheOldAndTheNewOne(t *testing.T) {
	c := start(t, &entrasim.Server{Users: -1})
	a := c.sim("POST", "/sim/users", object{"userPrincipalName": "a@contoso.example"}, 201).text("id")
	b := c.sim("POST", "/sim/users", object{"userPrincipalName": "b@contoso.example"}, 201).text("id")
	u := c.sim("POST", "/sim/users", object{"userPrincipalName": "u@contoso.example", "manager": "a@contoso.example"}, 201).text("id")
	is := func(id string) any { return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id} }
	was := func(id string) any {
		return map[string]any{"@odata.type": "#microsoft.graph.user", "id": id, "@removed": map[string]any{"reason": "deleted"}}
	}
	first, link := c.follow("/v1.0/users/delta?$select=manager")
	if diff := cmp.Diff([]object{{"id": a}, {"id": b}, {"id": u, "manager@delta": []any{is(a)}}}, first); diff != "" {
		t.Error(diff)
	}
	for _, tt := range []struct {
		manager any
		want    []any
	}{{b, []any{was(a), is(b)}}, {nil, []any{was(b)}}, {a, []any{is(a)}}} {
		c.sim("PATCH", "/sim/users/"+u, object{"manager": tt.manager}, 200)
		var values []object
		values, link = c.follow(link)
		if diff := cmp.Diff([]object{{"id": u, "manager@delta": tt.want}}, values); diff != "" {
			t.Error(diff)
		}
	}
	// Over two changes the one before the round counts.
	c.sim("PATCH", "/sim/users/"+u, object{"manager": nil}, 200)
	c.sim("PATCH", "/sim/users/"+u, object{"manager": b}, 200)
	values, _ := c.follow(link)
	if diff := cmp.Diff([]object{{"id": u, "manager@delta": []any{was(a), is(b)}}}, values); diff != "" {
		t.Error(diff)
	}
}

func TestAUserComesOncePerRoundInTheOrderOfTheLastChange(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 600})
	people := ids(c.get("/v1.0/users?$select=id&$top=500").list("value"))
	link := c.latest("jobTitle")
	var operations []object
	for _, id := range slices.Concat(people, people[:100]) {
		operations = append(operations, object{"op": "change", "user": id, "properties": object{"jobTitle": "T" + string(rune('a'+len(operations)/300))}})
	}
	c.sim("POST", "/sim/operations", object{"operations": operations}, 200)
	values, _ := c.follow(link)
	if diff := cmp.Diff(slices.Concat(people[100:], people[:100]), ids(values)); diff != "" {
		t.Error(diff)
	}
	if values[499].text("jobTitle") != "Tb" {
		t.Errorf("not the current state: %v", values[499])
	}
}

func TestOperationsOfOneStepComeInOnePage(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	old := c.sim("POST", "/sim/users", ann, 201).text("id")
	link := c.latest("userPrincipalName")
	r := c.sim("POST", "/sim/operations", object{"operations": []object{
		{"op": "delete", "user": "ann@contoso.example"},
		{"op": "create", "properties": object{"userPrincipalName": "ann@contoso.example"}},
	}}, 200).list("results")
	young := r[1].object("user").text("id")
	page := c.get(link)
	if diff := cmp.Diff([]object{removed(old, "changed"), {"id": young, "userPrincipalName": "ann@contoso.example"}}, page.list("value")); diff != "" {
		t.Error(diff)
	}
	a := c.do("POST", "/sim/operations", object{"operations": []object{{"op": "block", "user": young}, {"op": "restore", "user": old}, {"op": "delete", "user": young}}})
	if a.status != 409 || !strings.Contains(a.body.text("error"), "operation 2 (restore)") {
		t.Errorf("%d %s", a.status, a.raw)
	}
	if u := c.sim("GET", "/sim/users/"+young, nil, 200); u["accountEnabled"] != false || u["state"] != "live" {
		t.Errorf("the operation before is not done, or the one after is: %v", u)
	}
}

func TestADeltaTokenLivesSevenDays(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	link := c.latest("id,jobTitle")
	c.sim("POST", "/sim/random", object{"changes": 3}, 200)
	c.sim("POST", "/sim/clock", object{"advance": "168h"}, 200)
	c.login()
	if values, _ := c.follow(link); len(values) != 3 {
		t.Errorf("after seven days: %d changes", len(values))
	}
	c.sim("POST", "/sim/clock", object{"advance": "1s"}, 200)
	a := c.do("GET", link, nil)
	if a.status != 400 || a.body.object("error").text("code") != "syncStateNotFound" {
		t.Errorf("a second later: %d %s", a.status, a.raw)
	}
}

func TestExpiryAndResetByControlEndTheTokensIssuedSoFar(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	link := c.latest("id,jobTitle")
	c.sim("POST", "/sim/delta/expire", nil, 200)
	if a := c.do("GET", link, nil); a.status != 400 || a.body.object("error").text("code") != "syncStateNotFound" {
		t.Errorf("expired: %d %s", a.status, a.raw)
	}
	link = c.latest("id,jobTitle")
	c.get(link)
	c.sim("POST", "/sim/delta/reset", nil, 200)
	a := c.do("GET", link, nil)
	if a.status != 410 || !strings.HasSuffix(a.header.Get("Location"), "$deltatoken=") {
		t.Fatalf("reset: %d %v", a.status, a.header)
	}
	values, _ := c.follow(a.header.Get("Location"))
	if len(values) != 10 || values[0]["jobTitle"] == nil || values[0]["displayName"] != nil {
		t.Errorf("the full round from Location: %d users, %v", len(values), values[0])
	}
}

func TestADeltaCanBeRestrictedToSomeIDs(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 20})
	people := ids(c.get("/v1.0/users?$select=id").list("value"))
	values, link := c.follow("/v1.0/users/microsoft.graph.delta()?$select=jobTitle&" + encoded("$filter=id eq '"+people[3]+"' or id eq '"+people[7]+"'"))
	if diff := cmp.Diff([]string{people[3], people[7]}, ids(values)); diff != "" {
		t.Error(diff)
	}
	c.sim("PATCH", "/sim/users/"+people[5], object{"jobTitle": "x"}, 200)
	c.sim("PATCH", "/sim/users/"+people[7], object{"jobTitle": "x"}, 200)
	values, _ = c.follow(link)
	if diff := cmp.Diff([]string{people[7]}, ids(values)); diff != "" {
		t.Error(diff)
	}
}

func TestALaggingReplicaShowsThePast(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	victim := c.sim("POST", "/sim/users", ann, 201).text("id")
	link := c.latest("displayName")
	c.sim("POST", "/sim/lag", object{"duration": "5s"}, 200)
	c.sim("PATCH", "/sim/users/"+victim, object{"displayName": "New"}, 200)
	c.sim("POST", "/sim/users", object{"userPrincipalName": "young@contoso.example"}, 201)
	generated := ids(c.get("/v1.0/users?$select=id&$top=1").list("value"))[0]
	c.sim("DELETE", "/sim/users/"+generated, nil, 200)
	latest := c.latest("displayName")

	if u := c.get("/v1.0/users/" + victim); u.text("displayName") != ann["displayName"] {
		t.Errorf("get shows %q", u.text("displayName"))
	}
	if a := c.do("GET", "/v1.0/users/young@contoso.example", nil); a.status != 404 {
		t.Errorf("get of a user that the replica does not have yet: %d", a.status)
	}
	if got := ids(c.get("/v1.0/users?$select=id").list("value")); len(got) != 11 || got[0] != generated {
		t.Errorf("list: %v", got)
	}
	if got := c.get("/v1.0/directory/deletedItems/microsoft.graph.user").list("value"); len(got) != 0 {
		t.Errorf("bin: %v", got)
	}
	values, link := c.follow(link)
	if len(values) != 0 {
		t.Errorf("delta: %v", values)
	}
	c.sim("POST", "/sim/clock", object{"advance": "5s"}, 200)
	for name, l := range map[string]string{"the link of the empty round": link, "the latest link": latest} {
		if values, _ := c.follow(l); len(values) != 3 {
			t.Errorf("%s tells %v", name, values)
		}
	}
	if got := c.get("/v1.0/directory/deletedItems/microsoft.graph.user").list("value"); len(got) != 1 {
		t.Errorf("bin: %v", got)
	}
	// The control API is never behind.
	c.sim("DELETE", "/sim/users/"+victim, nil, 200)
	if u := c.sim("GET", "/sim/users/"+victim, nil, 200); u["state"] != "deleted" {
		t.Errorf("control shows %v", u["state"])
	}
}

func TestDeltaSkipLosesWhatTheReplicaDidNotShowYet(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	first := c.latest("displayName")
	c.sim("POST", "/sim/lag", object{"duration": "5s"}, 200)
	c.sim("POST", "/sim/random", object{"changes": 2, "kinds": []string{"delete"}}, 200)
	c.sim("POST", "/sim/faults", object{"kind": "delta-skip", "times": 1}, 201)
	c.latest("displayName") // not a round: the fault waits
	_, skipping := c.follow(first)
	_, skipping = c.follow(skipping) // still behind: the gap stays
	c.sim("POST", "/sim/clock", object{"advance": "10s"}, 200)
	if values, _ := c.follow(skipping); len(values) != 0 {
		t.Errorf("the skipping link tells %v", values)
	}
	if values, _ := c.follow(first); len(values) != 2 {
		t.Errorf("the first link replayed tells %v", values)
	}
}
