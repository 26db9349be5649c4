package entrasim_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/entrasim"
)

func TestTheTenantTellsWhatAClientNeeds(t *testing.T) {
	s := &entrasim.Server{Users: 1000, Seed: 3}
	c := start(t, s)
	got := c.sim("GET", "/sim/tenant", nil, 200)
	if diff := cmp.Diff(object{
		"tenant_id": s.TenantID, "client_id": s.ClientID, "client_secret": s.ClientSecret, "organization": "Contoso",
		"domains":   []any{"contoso.example", "contoso-europe.example", "contoso.onmicrosoft.example"},
		"graph_url": s.URL(), "login_url": s.URL(), "https_graph_url": s.HTTPSURL(), "https_login_url": s.HTTPSURL(),
		"users": 1000.0, "deleted": 0.0, "groups": 24.0, "deleted_groups": 0.0, "now": "2025-06-02T12:00:00Z",
	}, got); diff != "" {
		t.Error(diff)
	}
	c.sim("POST", "/sim/random", object{"changes": 5, "kinds": []string{"delete"}}, 200)
	if got := c.sim("GET", "/sim/tenant", nil, 200); got["users"] != 995.0 || got["deleted"] != 5.0 {
		t.Errorf("after five deletions: %v", got)
	}
}

func TestTheIndexListsEveryEndpointAndAWrongOneSaysSo(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	index := c.sim("GET", "/sim/", nil, 200)
	if n := len(index.object("endpoints")); n < 30 {
		t.Errorf("%d endpoints", n)
	}
	for path, sentence := range index.object("endpoints") {
		if s, _ := sentence.(string); !strings.HasSuffix(s, ".") {
			t.Errorf("%s: %q is not a sentence", path, s)
		}
	}
	c.sim("GET", "/sim/nonsense", nil, 404)
	c.sim("PUT", "/sim/users", object{}, 404)
}

func TestAUserIsCreatedChangedAndFoundByControl(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	u := c.sim("POST", "/sim/users", ann, 201)
	for k, want := range map[string]any{
		"id": ann["id"], "userType": "Member", "mailNickname": "ann", "accountEnabled": false, "state": "live", "manager": nil, "department": nil,
		"createdDateTime": "2025-06-02T12:00:00Z",
	} {
		if u[k] != want {
			t.Errorf("%s: %v, want %v", k, u[k], want)
		}
	}
	c.sim("POST", "/sim/users", object{"userPrincipalName": "ANN@contoso.example"}, 409)
	c.sim("POST", "/sim/users", object{"shoeSize": 12}, 400)
	boss := c.sim("POST", "/sim/users", object{}, 201)
	u = c.sim("PATCH", "/sim/users/ann@contoso.example", object{"manager": boss.text("userPrincipalName"), "jobTitle": nil, "otherMails": []string{"a@b.example"}}, 200)
	if u["manager"] != boss["id"] || u["jobTitle"] != nil || u.strings("otherMails") != "a@b.example" {
		t.Errorf("%v", u)
	}
	for _, bad := range []object{
		{"shoeSize": 12},
		{"id": boss["id"]},
		{"displayName": nil},
		{"displayName": ""},
		{"jobTitle": 5},
		{"accountEnabled": nil},
		{"userPrincipalName": "no-at"},
		{"manager": "nobody"},
		{"businessPhones": "x"},
		{"onPremisesExtensionAttributes": object{"extensionAttribute16": "x"}},
		{"createdDateTime": "2020-01-01T00:00:00Z"},
	} {
		a := c.do("PATCH", "/sim/users/ann@contoso.example", bad)
		if a.status != 400 || a.body.text("error") == "" {
			t.Errorf("%v: %d %s", bad, a.status, a.raw)
		}
	}
	c.sim("PATCH", "/sim/users/ann@contoso.example", object{"userPrincipalName": boss["userPrincipalName"]}, 409)
	c.sim("PATCH", "/sim/users/ann@contoso.example", object{"userPrincipalName": "Ann@contoso.example"}, 200) // only the case
	c.sim("PATCH", "/sim/users/nobody@contoso.example", object{}, 404)
	found := c.sim("GET", "/sim/users?q=O'NEIL&limit=5", nil, 200)
	if found["total"] != 1.0 || found.list("users")[0].text("userPrincipalName") != "Ann@contoso.example" {
		t.Errorf("%v", found)
	}
}

func TestADeletedUserIsFoundByTheFormerNameAndItsNameIsFree(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	c.sim("POST", "/sim/users", ann, 201)
	gone := c.sim("DELETE", "/sim/users/ann@contoso.example", nil, 200)
	if gone["state"] != "deleted" || gone["userPrincipalName"] != "ann@contoso.example" || gone["deletedDateTime"] != "2025-06-02T12:00:00Z" {
		t.Errorf("%v", gone)
	}
	c.sim("DELETE", "/sim/users/ann@contoso.example", nil, 409)
	c.sim("PATCH", "/sim/users/ann@contoso.example", object{"jobTitle": "x"}, 409)
	if l := c.sim("GET", "/sim/users?state=deleted", nil, 200); l["total"] != 1.0 {
		t.Errorf("%v", l)
	}
	young := c.sim("POST", "/sim/users", object{"userPrincipalName": "ann@contoso.example"}, 201)
	c.sim("POST", "/sim/users/"+gone.text("id")+"/restore", nil, 409)
	back := c.sim("POST", "/sim/users/ann@contoso.example/restore", object{"userPrincipalName": "ann.old@contoso.example"}, 200)
	if back["id"] != gone["id"] || back["state"] != "live" || back["deletedDateTime"] != nil {
		t.Errorf("%v", back)
	}
	if u := c.sim("GET", "/sim/users/ann@contoso.example", nil, 200); u["id"] != young["id"] {
		t.Errorf("the name leads to %v", u["id"])
	}
	c.sim("POST", "/sim/users/"+young.text("id")+"/restore", nil, 409)
	c.sim("POST", "/sim/users/ann@contoso.example/purge", nil, 200)
	c.sim("GET", "/sim/users/"+young.text("id"), nil, 404)
}

func TestRandomChangesAreRepeatable(t *testing.T) {
	kinds := []string{"change", "rename", "manager", "block", "unblock", "create", "delete", "purge"}
	run := func() (changed []any, told []object) {
		c := start(t, &entrasim.Server{Users: 500})
		link := c.latest("userPrincipalName,jobTitle,accountEnabled,mobilePhone,manager")
		changed, _ = c.sim("POST", "/sim/random", object{"changes": 200, "seed": 7, "kinds": kinds}, 200)["changed"].([]any)
		told, _ = c.follow(link)
		return changed, told
	}
	first, told := run()
	second, _ := run()
	if diff := cmp.Diff(first, second); diff != "" || len(first) != 200 {
		t.Errorf("%d changes: %s", len(first), diff)
	}
	seen := map[any]bool{}
	for _, id := range first {
		if seen[id] {
			t.Errorf("%v was changed twice", id)
		}
		seen[id] = true
	}
	if len(told) != len(first) {
		t.Errorf("%d changed, %d told", len(first), len(told))
	}
	c := start(t, &entrasim.Server{Users: 10})
	c.sim("POST", "/sim/random", object{"changes": 1, "kinds": []string{"nonsense"}}, 400)
}

func TestGroupsNestInACycleAndOneHasEverybody(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 600})
	l := c.sim("GET", "/sim/groups?limit=100", nil, 200)
	groups := l.list("groups")
	if l["total"] != 16.0 || len(groups) != 16 || groups[0]["user_count"] != 600.0 {
		t.Fatalf("%v", l)
	}
	at := groups[1].text("id")
	var way []string
	for range 3 {
		way = append(way, at)
		at, _ = c.sim("GET", "/sim/groups/"+at, nil, 200)["groups"].([]any)[0].(string)
	}
	if at != way[0] || len(slices.Compact(slices.Sorted(slices.Values(way)))) != 3 {
		t.Errorf("no cycle of three: %v, then %s", way, at)
	}
	c.sim("GET", "/sim/groups/"+ann.text("id"), nil, 404)
}

func TestPartsOfTheControlAPIRefuseNonsense(t *testing.T) {
	c := start(t, &entrasim.Server{Users: 10})
	for _, tt := range []struct {
		method, path string
		body         any
	}{
		{"POST", "/sim/lag", object{"duration": "soon"}},
		{"POST", "/sim/lag", object{"duration": "25h"}},
		{"GET", "/sim/users?limit=2000", nil},
		{"GET", "/sim/users?state=purged", nil},
		{"POST", "/sim/operations", object{"operations": []object{{"op": "fly"}}}},
		{"POST", "/sim/users", "{"},
		{"POST", "/sim/clock", object{"advance": "tomorrow"}},
	} {
		a := c.do(tt.method, tt.path, tt.body)
		if a.status != 400 || a.body.text("error") == "" {
			t.Errorf("%s %s: %d %s", tt.method, tt.path, a.status, a.raw)
		}
	}
}
