package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestTheFirstPageOfUsersIsAskedForAtFullSizeWithCountAndManager(t *testing.T) {
	n := newTenant(t, ok(`{"@odata.context":"x","@odata.count":2,"@odata.nextLink":"opaque","value":[
		{"@odata.id":"y","surname":"Müller","id":"`+anna+`","jobTitle":null,"businessPhones":[],"otherMails":["a@b.example"],
		 "manager@odata.context":"z","manager":{"@odata.type":"#microsoft.graph.orgContact","id":"`+boris+`"},
		 "onPremisesExtensionAttributes":{"extensionAttribute1":"x","extensionAttribute2":null}},
		{"id":"`+boris+`","accountEnabled":false,"manager":null}]}`))
	got, err := n.client(t).ListUsers(t.Context(), []string{"surname", "manager", "displayName", "surname"})
	if err != nil {
		t.Fatal(err)
	}
	want := graph.Page{
		Count: 2, Next: "opaque",
		Users: []graph.User{
			{ID: anna, Record: attr.From(map[string]any{
				"id": anna, "surname": "Müller", "otherMails": []string{"a@b.example"}, "manager": boris,
				"onPremisesExtensionAttributes": map[string]any{"extensionAttribute1": "x", "extensionAttribute2": nil},
			})},
			{ID: boris, Record: attr.From(map[string]any{"id": boris, "accountEnabled": false})},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/v1.0/users?$top=999&$count=true&$select=displayName,id,surname&$expand=manager($select=id)"}, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got := n.requests[0].Header.Get("ConsistencyLevel"); got != "eventual" {
		t.Errorf("ConsistencyLevel = %q", got)
	}
}

func TestADeltaKeepsNullsAndSaysWhoIsRemovedAndWhoHasAnotherManager(t *testing.T) {
	n := newTenant(t, ok(`{"value":[
		{"id":"`+anna+`","jobTitle":null,"otherMails":[],"manager@delta":[{"@odata.type":"#microsoft.graph.user","id":"`+boris+`","@removed":{"reason":"deleted"}},{"@odata.type":"#microsoft.graph.user","id":"`+chen+`"}]},
		{"manager@delta":[{"@removed":{"reason":"deleted"},"id":"`+chen+`"}],"id":"`+boris+`"},
		{"@removed":{"reason":"changed"},"id":"`+chen+`"},
		{"id":"`+chen+`","@removed":{"reason":"deleted"}},
		{"id":"`+anna+`","jobTitle":"CEO 🚀"}],"@odata.deltaLink":"from now"}`))
	got, err := n.client(t).Follow(t.Context(), n.URL+"/v1.0/users/delta()?$deltatoken=abc")
	if err != nil {
		t.Fatal(err)
	}
	want := graph.Page{
		Count: -1, Delta: "from now",
		Users: []graph.User{
			{ID: anna, Record: attr.From(map[string]any{"id": anna, "jobTitle": nil, "otherMails": nil, "manager": chen})},
			{ID: boris, Record: attr.From(map[string]any{"id": boris, "manager": nil})},
			{ID: chen, Removed: graph.Changed, Record: attr.From(map[string]any{"id": chen})},
			{ID: chen, Removed: graph.Deleted, Record: attr.From(map[string]any{"id": chen})},
			{ID: anna, Record: attr.From(map[string]any{"id": anna, "jobTitle": "CEO 🚀"})},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if got := n.requests[0].Header.Get("Prefer"); got != "return=minimal" {
		t.Errorf("Prefer = %q", got)
	}
}

func TestARemovalForAnUnknownReasonCanBeTakenBack(t *testing.T) {
	n := newTenant(t, ok(`{"value":[{"id":"`+anna+`","@removed":{"reason":"vanished"}},{"id":"`+boris+`","@removed":{}}],"@odata.deltaLink":"x"}`))
	page, err := n.client(t).Follow(t.Context(), n.URL+"/v1.0/users/delta?$deltatoken=abc")
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range page.Users {
		if user.Removed != graph.Changed {
			t.Errorf("%s is removed as %q, want %q", user.ID, user.Removed, graph.Changed)
		}
	}
}

func TestADeltaPageWithoutALinkIsNoEnd(t *testing.T) {
	n := newTenant(t, script(ok(emptyPage), ok(emptyDelta)))
	page, err := n.client(t).Follow(t.Context(), n.URL+"/v1.0/users/delta?$deltatoken=abc")
	if err != nil || page.Delta != "opaque" || len(n.waits) != 1 {
		t.Errorf("Follow = %+v, %v after waits %v", page, err, n.waits)
	}
}

func TestDeletedUsersComeWithTheirDate(t *testing.T) {
	n := newTenant(t, ok(`{"@odata.count":1,"value":[{"id":"`+anna+`","deletedDateTime":"2026-11-01T10:00:00.5+02:00","userPrincipalName":"x@y.example"}]}`))
	got, err := n.client(t).DeletedUsers(t.Context(), []string{"userPrincipalName", "manager"})
	if err != nil {
		t.Fatal(err)
	}
	want := graph.Page{Count: 1, Users: []graph.User{{
		ID: anna, DeletedAt: time.Date(2026, 11, 1, 8, 0, 0, 500_000_000, time.UTC),
		Record: attr.From(map[string]any{"id": anna, "userPrincipalName": "x@y.example"}),
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	wantAsked := []string{"/v1.0/directory/deletedItems/microsoft.graph.user?$top=999&$count=true&$select=deletedDateTime,id,userPrincipalName"}
	if diff := cmp.Diff(wantAsked, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got := n.requests[0].Header.Get("ConsistencyLevel"); got != "eventual" {
		t.Errorf("ConsistencyLevel = %q", got)
	}
}

func TestALinkFromNowOnIsTakenBeforeAnythingIsRead(t *testing.T) {
	var n *tenant
	n = newTenant(t, script(
		func(w http.ResponseWriter, r *http.Request) {
			ok(`{"value":[],"@odata.nextLink":"`+n.URL+`/v1.0/users/delta?$skiptoken=1"}`)(w, r)
		},
		ok(`{"@odata.deltaLink":"from now","value":[]}`),
	))
	link, err := n.client(t).LatestUsersDelta(t.Context(), []string{"manager", "mail"})
	if err != nil || link != "from now" {
		t.Fatalf("LatestUsersDelta = %q, %v", link, err)
	}
	want := []string{"/v1.0/users/delta?$deltatoken=latest&$select=id,mail,manager", "/v1.0/users/delta?$skiptoken=1"}
	if diff := cmp.Diff(want, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

func TestADeltaFromNowOnThatNeverEndsIsGivenUp(t *testing.T) {
	var n *tenant
	n = newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		ok(`{"value":[],"@odata.nextLink":"`+n.URL+`/v1.0/users/delta?$skiptoken=1"}`)(w, r)
	})
	_, err := n.client(t).LatestUsersDelta(t.Context(), nil)
	wantFault(t, err, fault.Unavailable, "EndlessDelta")
}

func TestNextLinksOfListsAreFollowedAsTheyAreWithTheConsistencyLevel(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	const link = "/v1.0/users?$skiptoken=RFNwdAIAAQ%3d%3d&a=%7B"
	page, err := n.client(t).Follow(t.Context(), n.URL+link)
	if err != nil || len(page.Users) != 0 || page.Count != -1 {
		t.Fatalf("Follow = %+v, %v", page, err)
	}
	if diff := cmp.Diff([]string{link}, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	if got := n.requests[0].Header.Get("ConsistencyLevel"); got != "eventual" {
		t.Errorf("ConsistencyLevel = %q", got)
	}
}

func TestLinksToOtherHostsAreNotFollowed(t *testing.T) {
	n := newTenant(t, ok(emptyPage))
	client := n.client(t)
	for _, link := range []string{
		"", "opaque", "https://evil.example/v1.0/users", strings.Replace(n.URL, "http:", "https:", 1) + "/v1.0/users",
		"http://127.0.0.1:1/v1.0/users", strings.Replace(n.URL, "http://", "http://a:b@", 1) + "/v1.0/users", n.URL + ".evil.example/",
	} {
		_, err := client.Follow(t.Context(), link)
		wantFault(t, err, fault.Invalid, "LinkOffHost")
	}
	if len(n.requests) != 0 || n.tokens != 0 {
		t.Errorf("%d requests and %d tokens were spent on them", len(n.requests), n.tokens)
	}
}

func TestRedirectsAreFollowedOnTheSameHostOnly(t *testing.T) {
	away := newTenant(t, ok(onePage))
	n := newTenant(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v1.0/users":
			http.Redirect(w, r, "/v1.0/elsewhere", http.StatusTemporaryRedirect)
		case "/v1.0/elsewhere":
			ok(onePage)(w, r)
		case "/v1.0/domains":
			http.Redirect(w, r, away.URL+"/v1.0/domains", http.StatusTemporaryRedirect)
		default:
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}
	})
	client := n.client(t)
	if page, err := client.ListUsers(t.Context(), nil); err != nil || len(page.Users) != 1 {
		t.Errorf("after a redirect on the host: %+v, %v", page, err)
	}
	_, err := client.Domains(t.Context())
	wantFault(t, err, fault.Invalid, "LinkOffHost")
	if len(away.requests) != 0 {
		t.Error("the other host was asked")
	}
	_, err = client.Organization(t.Context())
	wantFault(t, err, fault.Unavailable, "TooManyRedirects")
	if len(n.waits) != 0 {
		t.Errorf("waited %v for redirects that stay as they are", n.waits)
	}
}
