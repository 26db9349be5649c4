package e2e_test

import (
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rollcall/e2e"
)

// entra is a simulated tenant whose provisioning service pushes to a server.
type entra struct {
	*testing.T
	tenant  *e2e.Tenant
	server  *e2e.Server
	service e2e.Client
	// address and secret are what the provisioning service is told.
	address, secret string
	users, groups   []string
}

// cycled is what the provisioning service says of a cycle.
type cycled struct {
	Kind     string         `json:"kind"`
	Counts   map[string]int `json:"counts"`
	Requests int            `json:"requests"`
	Failures []struct {
		Error string `json:"error"`
	} `json:"failures"`
}

// pushed is a user as the service holds him.
type pushed struct {
	ID         string `json:"id"`
	UserName   string `json:"userName"`
	ExternalID string `json:"externalId"`
	Active     bool   `json:"active"`
	Title      string `json:"title"`
	Name       struct {
		FamilyName string `json:"familyName"`
		GivenName  string `json:"givenName"`
	} `json:"name"`
	Addresses    []map[string]any `json:"addresses"`
	PhoneNumbers []map[string]any `json:"phoneNumbers"`
	Enterprise   struct {
		Manager struct {
			Value string `json:"value"`
		} `json:"manager"`
	} `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"`
}

func newEntra(t *testing.T, flag string) *entra {
	t.Helper()
	e := &entra{T: t, tenant: startTenant(t, 10, 1)}
	e.server = &e2e.Server{Program: program(t), Data: filepath.Join(t.TempDir(), "data")}
	e.must(e.server.Begin(t.Context()))
	t.Cleanup(func() { e.must(e.server.Kill()) })
	var made struct {
		Secret    string `json:"secret"`
		TenantURL string `json:"tenantUrl"`
	}
	e.api(http.MethodPost, "/tokens", map[string]any{"name": "entra", "role": "scim-writer", "source": "AAD"}, &made)
	e.address, e.secret = made.TenantURL+flag, made.Secret
	e.service = e2e.Client{Base: made.TenantURL, Token: made.Secret}
	return e
}

func (e *entra) must(err error) {
	e.Helper()
	if err != nil {
		e.Fatal(err)
	}
}

func (e *entra) api(method, path string, body, answer any) {
	e.Helper()
	e.must(e.server.API.Do(e.Context(), method, "/api/v1/organizations/-"+path, body, answer))
}

func (e *entra) sim(method, path string, body, answer any) {
	e.Helper()
	e.must(e.tenant.Control.Do(e.Context(), method, "/sim/"+path, body, answer))
}

// configure tells the provisioning service where to push, and whom.
func (e *entra) configure() {
	e.Helper()
	e.sim(http.MethodPut, "push", map[string]any{"tenant_url": e.address, "secret_token": e.secret, "users": e.users, "groups": e.groups}, nil)
}

// cycle runs one, in which nothing fails.
func (e *entra) cycle() cycled {
	e.Helper()
	var report cycled
	e.sim(http.MethodPost, "push/cycle", map[string]any{}, &report)
	if len(report.Failures) > 0 {
		e.Fatalf("%+v", report)
	}
	return report
}

// hired makes somebody in the tenant and assigns him.
func (e *entra) hired(name string, more map[string]any) string {
	e.Helper()
	properties := map[string]any{"userPrincipalName": name + "@contoso.example", "displayName": name, "mailNickname": name}
	maps.Copy(properties, more)
	var made struct {
		ID string `json:"id"`
	}
	e.sim(http.MethodPost, "users", properties, &made)
	e.users = append(e.users, made.ID)
	e.configure()
	return made.ID
}

func (e *entra) unassign(id string) {
	e.Helper()
	e.users = slices.DeleteFunc(e.users, func(each string) bool { return each == id })
	e.configure()
}

func (e *entra) assign(id string) {
	e.Helper()
	e.users = append(e.users, id)
	e.configure()
}

// found returns the users of the service that fit a filter.
func (e *entra) found(filter string) []pushed {
	e.Helper()
	var list struct {
		Resources []pushed `json:"Resources"`
	}
	e.must(e.service.Do(e.Context(), http.MethodGet, "/Users?filter="+url.QueryEscape(filter), nil, &list))
	return list.Resources
}

// one returns the only user with an external id.
func (e *entra) one(id string) pushed {
	e.Helper()
	found := e.found(`externalId eq "` + id + `"`)
	if len(found) != 1 {
		e.Fatalf("%d users have the externalId %s", len(found), id)
	}
	return found[0]
}

// is fails unless a user is called so and is or is not active.
func (e *entra) is(user pushed, name string, active bool) {
	e.Helper()
	if user.UserName != name || user.Active != active {
		e.Errorf("%s is called %s, active %t", user.ID, user.UserName, user.Active)
	}
}

// token makes a token of a directory user; works says whether it is good now.
func (e *entra) token(user pushed) (works func() bool) {
	e.Helper()
	var made struct {
		Secret string `json:"secret"`
	}
	e.api(http.MethodPost, "/tokens", map[string]any{"name": "own", "role": "user", "userId": user.ID}, &made)
	own := e2e.Client{Base: e.server.API.Base, Token: made.Secret}
	return func() bool { return own.Do(e.Context(), http.MethodGet, "/api/v1/me", nil, nil) == nil }
}

func (e *entra) archived(name string) int {
	e.Helper()
	var page struct {
		Items []any `json:"items"`
	}
	e.api(http.MethodGet, "/archive?name="+url.QueryEscape(name), nil, &page)
	return len(page.Items)
}

// after pushes, and fails unless the token then works or not.
func (e *entra) after(what string, works func() bool, want bool) {
	e.Helper()
	e.cycle()
	if works() != want {
		e.Errorf("%s: the token of the user works: %t", what, !want)
	}
}

func binName(id, name string) string { return strings.ReplaceAll(id, "-", "") + name }

// lifecycle is the table of product requirement D3, with what Entra's service makes of each row where it pushes itself.
var lifecycle = []struct {
	row string
	do  func(e *entra)
}{
	{"deleted", func(e *entra) {
		id := e.hired("deleted", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.sim(http.MethodDelete, "users/"+id, nil, nil)
		e.after("deleted", works, false)
		e.is(e.one(id), binName(id, "deleted@contoso.example"), false)
	}},
	{"restored", func(e *entra) {
		id := e.hired("restored", nil)
		e.cycle()
		before := e.one(id)
		works := e.token(before)
		e.sim(http.MethodDelete, "users/"+id, nil, nil)
		e.after("deleted", works, false)
		e.sim(http.MethodPost, "users/"+id+"/restore", map[string]any{}, nil)
		e.after("restored", works, true)
		if e.is(e.one(id), "restored@contoso.example", true); e.one(id).ID != before.ID {
			e.Error("he has another account")
		}
	}},
	{"purged, or 30 days over", func(e *entra) {
		id := e.hired("purged", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.sim(http.MethodDelete, "users/"+id, nil, nil)
		e.cycle()
		e.sim(http.MethodPost, "users/"+id+"/purge", map[string]any{}, nil)
		e.after("purged", works, false)
		if len(e.found(`externalId eq "`+id+`"`)) != 0 || e.archived(binName(id, "purged@contoso.example")) != 1 {
			e.Error("he is still there, or not in the archive")
		}
	}},
	{"purged without our having seen the deletion", func(e *entra) {
		id := e.hired("unseen", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.sim(http.MethodPost, "users/"+id+"/purge", map[string]any{}, nil)
		e.after("purged", works, false)
		if len(e.found(`externalId eq "`+id+`"`)) != 0 || e.archived("unseen@contoso.example") != 1 {
			e.Error("he is still there, or not in the archive")
		}
	}},
	{"removed from the scope", func(e *entra) {
		id := e.hired("unassigned", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.unassign(id)
		e.after("unassigned", works, false)
		e.is(e.one(id), "unassigned@contoso.example", false)
	}},
	{"back in scope", func(e *entra) {
		id := e.hired("back", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.unassign(id)
		e.after("unassigned", works, false)
		e.assign(id)
		e.after("assigned", works, true)
		e.is(e.one(id), "back@contoso.example", true)
	}},
	{"out of scope, later deleted and purged: Entra forgets him", func(e *entra) {
		id := e.hired("forgotten", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.unassign(id)
		e.cycle()
		e.sim(http.MethodDelete, "users/"+id, nil, nil)
		e.cycle()
		e.sim(http.MethodPost, "users/"+id+"/purge", map[string]any{}, nil)
		e.after("purged", works, false)
		e.is(e.one(id), "forgotten@contoso.example", false)
	}},
	{"sign-in blocked and unblocked", func(e *entra) {
		id := e.hired("blocked", nil)
		e.cycle()
		works := e.token(e.one(id))
		e.sim(http.MethodPost, "users/"+id+"/block", map[string]any{}, nil)
		e.after("blocked", works, false)
		e.is(e.one(id), "blocked@contoso.example", false)
		e.sim(http.MethodPost, "users/"+id+"/unblock", map[string]any{}, nil)
		e.after("unblocked", works, true)
		e.is(e.one(id), "blocked@contoso.example", true)
	}},
	{"attribute changed", func(e *entra) {
		boss := e.hired("boss", nil)
		id := e.hired("changed", map[string]any{"jobTitle": "Engineer", "surname": "Before"})
		e.cycle()
		e.sim(http.MethodPatch, "users/"+id, map[string]any{
			"jobTitle": "Director", "surname": "After", "givenName": "Ada", "city": "Bonn", "usageLocation": "DE", "mobilePhone": "1", "manager": boss,
		}, nil)
		e.cycle()
		now := e.one(id)
		if now.Title != "Director" || now.Name.FamilyName != "After" || now.Name.GivenName != "Ada" || now.Enterprise.Manager.Value != e.one(boss).ID {
			e.Errorf("%+v", now)
		}
		if len(now.Addresses) != 1 || now.Addresses[0]["locality"] != "Bonn" || now.Addresses[0]["country"] != "DE" ||
			!slices.ContainsFunc(now.PhoneNumbers, func(p map[string]any) bool { return p["type"] == "mobile" && p["value"] == "1" }) {
			e.Errorf("%+v", now)
		}
		e.sim(http.MethodPatch, "users/"+id, map[string]any{"manager": nil, "userPrincipalName": "renamed@contoso.example"}, nil)
		e.cycle()
		if now := e.one(id); now.Enterprise.Manager.Value != "" || now.UserName != "renamed@contoso.example" {
			e.Errorf("%+v", now)
		}
	}},
	{"new in scope, and a blocked one who is skipped", func(e *entra) {
		id := e.hired("new", map[string]any{"jobTitle": "Engineer"})
		blocked := e.hired("new-blocked", map[string]any{"accountEnabled": false})
		if report := e.cycle(); report.Counts["created"] != 1 || report.Counts["skipped"] == 0 {
			e.Errorf("%+v", report)
		}
		if e.is(e.one(id), "new@contoso.example", true); len(e.found(`externalId eq "`+blocked+`"`)) != 0 {
			e.Error("a blocked user was created")
		}
	}},
	{"in scope and exists already", func(e *entra) {
		var made pushed
		e.must(e.service.Do(e.Context(), http.MethodPost, "/Users", map[string]any{"userName": "Exists@contoso.example"}, &made))
		id := e.hired("exists", map[string]any{"jobTitle": "Engineer"})
		e.cycle()
		if now := e.one(id); now.ID != made.ID || now.Title != "Engineer" {
			e.Errorf("%+v, was %s", now, made.ID)
		}
	}},
	{"address of a purged user used again", func(e *entra) {
		old := e.hired("again", nil)
		e.cycle()
		before := e.one(old)
		e.sim(http.MethodPost, "users/"+old+"/purge", map[string]any{}, nil)
		id := e.hired("again", nil)
		e.cycle()
		if now := e.one(id); now.ID == before.ID || now.UserName != before.UserName {
			e.Errorf("%+v, was %s", now, before.ID)
		}
	}},
	{"address of a deleted user given to a new person", func(e *entra) {
		old := e.hired("given", nil)
		e.cycle()
		before := e.one(old)
		e.sim(http.MethodDelete, "users/"+old, nil, nil)
		id := e.hired("given", nil)
		e.cycle()
		e.is(e.one(old), binName(old, "given@contoso.example"), false)
		if now := e.one(id); now.ID == before.ID || !now.Active || now.UserName != "given@contoso.example" {
			e.Errorf("%+v, was %s", now, before.ID)
		}
	}},
}

var dialects = map[string]string{"default dialect": "", "aadOptscim062020": "?aadOptscim062020"}

func TestEntraPushesUsersThroughTheirLives(t *testing.T) {
	for name, flag := range dialects {
		t.Run(name, func(t *testing.T) {
			e := newEntra(t, flag)
			for _, row := range lifecycle {
				t.Run(row.row, func(t *testing.T) {
					inside := *e
					inside.T, inside.users = t, nil
					row.do(&inside)
				})
			}
		})
	}
}

func TestEntraPushesGroupsWithTheirMembers(t *testing.T) {
	for name, flag := range dialects {
		t.Run(name, func(t *testing.T) {
			e := newEntra(t, flag)
			ada, bob, eve := e.hired("ada", nil), e.hired("bob", nil), e.hired("eve", nil)
			var sales struct {
				ID string `json:"id"`
			}
			e.sim(http.MethodPost, "groups", map[string]any{"displayName": "Sales", "kind": "microsoft365"}, &sales)
			e.sim(http.MethodPost, "groups/"+sales.ID+"/join", map[string]any{"members": []string{ada, bob}}, nil)
			e.groups = []string{sales.ID}
			e.configure()
			is := func(what, name string, members ...string) {
				t.Helper()
				e.cycle()
				var list struct {
					Resources []resource `json:"Resources"`
				}
				e.must(e.service.Do(t.Context(), http.MethodGet, "/Groups?filter="+url.QueryEscape(`displayName eq "`+name+`"`), nil, &list))
				if len(list.Resources) != 1 {
					t.Fatalf("%s: %d groups are called %s", what, len(list.Resources), name)
				}
				var got, want []string
				for _, member := range list.Resources[0].Members {
					got = append(got, member.Value)
				}
				for _, member := range members {
					want = append(want, e.one(member).ID)
				}
				slices.Sort(got)
				if slices.Sort(want); !slices.Equal(got, want) {
					t.Errorf("%s: members %v, want %v", what, got, want)
				}
			}
			is("at first", "Sales", ada, bob)
			e.sim(http.MethodPost, "groups/"+sales.ID+"/join", map[string]any{"members": []string{eve}}, nil)
			e.sim(http.MethodPost, "groups/"+sales.ID+"/leave", map[string]any{"members": []string{ada}}, nil)
			is("joined and left", "Sales", bob, eve)
			e.sim(http.MethodPost, "users/"+bob+"/block", map[string]any{}, nil)
			is("blocked", "Sales", bob, eve)
			e.sim(http.MethodPatch, "groups/"+sales.ID, map[string]any{"displayName": "Legal"}, nil)
			is("renamed", "Legal", bob, eve)
			e.sim(http.MethodDelete, "groups/"+sales.ID, nil, nil)
			e.cycle()
			if e.must(e.tenant.Control.Do(t.Context(), http.MethodPost, "/sim/groups/"+sales.ID+"/restore", map[string]any{}, nil)); t.Failed() {
				return
			}
			is("restored", "Legal", bob, eve)
			if report := e.cycle(); report.Kind != "incremental" || report.Counts["updated"]+report.Counts["joined"]+report.Counts["group-updated"] != 0 {
				t.Errorf("nothing changed: %+v", report)
			}
		})
	}
}

func TestEntraTestsTheConnectionAndStopsWhenTheSecretIsRefused(t *testing.T) {
	e := newEntra(t, "")
	ada := e.hired("ada", nil)
	test := func() bool {
		var answer struct {
			OK bool `json:"ok"`
		}
		e.sim(http.MethodPost, "push/test", map[string]any{}, &answer)
		return answer.OK
	}
	good := e.secret
	if !test() {
		t.Error("a good token is refused")
	}
	e.secret = "rc_wrong"
	if e.configure(); test() {
		t.Error("a wrong token is good")
	}
	status := func() string {
		var state struct {
			Status string `json:"status"`
		}
		e.sim(http.MethodGet, "push", nil, &state)
		return state.Status
	}
	e.sim(http.MethodPost, "push/cycle", map[string]any{}, nil)
	if status() != "Quarantine" || len(e.found(`externalId eq "`+ada+`"`)) != 0 {
		t.Errorf("the job is %s", status())
	}
	if e.tenant.Control.Do(t.Context(), http.MethodPost, "/sim/push/cycle", map[string]any{}, nil) == nil {
		t.Error("a job in quarantine is tried at once")
	}
	e.sim(http.MethodPost, "clock", map[string]any{"advance": "25h"}, nil)
	e.sim(http.MethodPost, "push/cycle", map[string]any{}, nil)
	e.sim(http.MethodPost, "clock", map[string]any{"advance": "672h"}, nil)
	if status() != "Disabled" {
		t.Errorf("after 28 days the job is %s", status())
	}
	e.secret = good
	e.configure()
	if report := e.cycle(); report.Kind != "initial" || report.Counts["created"] != 1 || status() != "Active" {
		t.Errorf("%s %+v", status(), report)
	}
	if report := e.cycle(); report.Requests != 1 {
		t.Errorf("when nothing changed %d requests were made, want that of the test", report.Requests)
	}
	e.sim(http.MethodPatch, "users/"+ada, map[string]any{"jobTitle": "On demand"}, nil)
	e.sim(http.MethodPost, "push/ondemand", map[string]any{"user": ada}, nil)
	if now := e.one(ada); now.Title != "On demand" {
		t.Errorf("%+v", now)
	}
}
