package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

func TestADeltaOfGroupsSaysWhatChangedWhoJoinedAndWhoLeft(t *testing.T) {
	n := newTenant(t, ok(`{"@odata.context":"x","value":[
		{"displayName":"Team \"A\"","description":null,"groupTypes":[],"id":"`+anna+`","members@delta":[
			{"@odata.type":"#microsoft.graph.user","id":"`+boris+`"},
			{"@removed":{"reason":"deleted"},"id":"`+chen+`","@odata.type":"#microsoft.graph.group"},
			{"id":"`+anna+`","@odata.type":"#microsoft.graph.orgContact","x":[{"y":null}]},
			{"id":"`+chen+`","@odata.type":"#elsewhere.alien"},{"id":"`+boris+`"}]},
		{ "members@delta" : [] , "id":"`+boris+`" },
		{"id":"`+chen+`","@removed":{"reason":"changed"}},
		{"id":"`+chen+`","@removed":{"reason":"deleted"}},
		{"id":"`+anna+`","members@delta":[{"id":"`+chen+`","@odata.type":"#microsoft.graph.user"}]}],"@odata.nextLink":"further"}`))
	got, err := n.client(t).FollowGroups(t.Context(), n.URL+"/v1.0/groups/microsoft.graph.delta()?$deltatoken=abc")
	if err != nil {
		t.Fatal(err)
	}
	want := graph.GroupPage{
		Count: -1, Next: "further",
		Groups: []graph.Group{
			{
				ID: anna, Record: attr.From(map[string]any{"id": anna, "displayName": `Team "A"`, "description": nil, "groupTypes": nil}),
				Members: []graph.Member{
					{ID: boris, Type: graph.TypeUser},
					{ID: chen, Type: graph.TypeGroup, Left: true},
					{ID: anna, Type: "orgContact"},
					{ID: chen, Type: "#elsewhere.alien"},
					{ID: boris},
				},
			},
			{ID: boris, Record: attr.From(map[string]any{"id": boris})},
			{ID: chen, Removed: graph.Changed, Record: attr.From(map[string]any{"id": chen})},
			{ID: chen, Removed: graph.Deleted, Record: attr.From(map[string]any{"id": chen})},
			{ID: anna, Record: attr.From(map[string]any{"id": anna}), Members: []graph.Member{{ID: chen, Type: graph.TypeUser}}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if got := n.requests[0].Header.Get("Prefer"); got != "return=minimal" || n.calls[len(n.calls)-1].Route != "/groups/delta" {
		t.Errorf("Prefer = %q, calls %v", got, n.calls)
	}
}

func TestGroupsAreAskedForAtFullSizeAndWithoutTheirMembers(t *testing.T) {
	body := `{"@odata.count":2,"value":[{"id":"` + anna + `","displayName":"Team","description":null,"groupTypes":["Unified"],"deletedDateTime":"2026-11-01T08:00:00Z"}]}`
	n := newTenant(t, ok(body))
	client, selected := n.client(t), []string{"displayName", "members", "groupTypes"}
	list, err := client.ListGroups(t.Context(), selected)
	if err != nil {
		t.Fatal(err)
	}
	want := graph.GroupPage{Count: 2, Groups: []graph.Group{{
		ID: anna, DeletedAt: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC),
		Record: attr.From(map[string]any{"id": anna, "displayName": "Team", "groupTypes": []string{"Unified"}}),
	}}}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	bin, err := client.DeletedGroups(t.Context(), selected)
	if diff := cmp.Diff(want, bin); diff != "" || err != nil {
		t.Errorf("bin: %v (-want +got):\n%s", err, diff)
	}
	n.graph = ok(`{"value":[],"@odata.deltaLink":"opaque"}`)
	if _, err := client.GroupsDelta(t.Context(), selected); err != nil {
		t.Error(err)
	}
	if link, err := client.LatestGroupsDelta(t.Context(), selected); err != nil || link != "opaque" {
		t.Errorf("%q, %v", link, err)
	}
	n.graph = ok(`{"@odata.count":1,"value":[{"@odata.type":"#microsoft.graph.device","id":"` + boris + `"}]}`)
	members, err := client.Members(t.Context(), anna)
	if diff := cmp.Diff(graph.MemberPage{Count: 1, Members: []graph.Member{{ID: boris, Type: "device"}}}, members); diff != "" || err != nil {
		t.Errorf("members: %v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{
		"/v1.0/groups?$top=999&$count=true&$select=displayName,groupTypes,id",
		"/v1.0/directory/deletedItems/microsoft.graph.group?$top=999&$count=true&$select=deletedDateTime,displayName,groupTypes,id",
		"/v1.0/groups/delta?$select=displayName,groupTypes,id,members",
		"/v1.0/groups/delta?$deltatoken=latest&$select=displayName,groupTypes,id,members",
		"/v1.0/groups/" + anna + "/members?$top=999&$count=true&$select=id",
	}, n.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
	for i, want := range []string{"eventual", "eventual", "", "", "eventual"} {
		if got := n.requests[i].Header.Get("ConsistencyLevel"); got != want {
			t.Errorf("request %d: ConsistencyLevel = %q", i, got)
		}
	}
}

func TestAPageOfGroupsOrMembersIsReadWholeOrNotAtAll(t *testing.T) {
	for name, body := range map[string]string{
		"a group without id":         `{"value":[{"id":"` + anna + `"},{"displayName":"x"}],"@odata.deltaLink":"x"}`,
		"a member without id":        `{"value":[{"id":"` + anna + `","members@delta":[{"@odata.type":"#microsoft.graph.user"}]}],"@odata.deltaLink":"x"}`,
		"a member with another id":   `{"value":[{"id":"` + anna + `","members@delta":[{"id":5}]}],"@odata.deltaLink":"x"}`,
		"a member that is no object": `{"value":[{"id":"` + anna + `","members@delta":["` + boris + `"]}],"@odata.deltaLink":"x"}`,
		"members without an end":     `{"value":[{"id":"` + anna + `","members@delta":[{"id":"` + boris + `"}`,
		"a group that is no object":  `{"value":["` + anna + `"],"@odata.deltaLink":"x"}`,
		"a broken property":          `{"value":[{"id":"` + anna + `","displayName":"\q"}],"@odata.deltaLink":"x"}`,
		"no link":                    `{"value":[{"id":"` + anna + `"}]}`,
		"no value":                   `{"@odata.deltaLink":"x"}`,
	} {
		n := newTenant(t, ok(body))
		page, err := n.client(t).FollowGroups(t.Context(), n.URL+"/v1.0/groups/delta?$deltatoken=abc")
		if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || f.Code != "BrokenAnswer" || len(page.Groups) != 0 {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
	for name, body := range map[string]string{
		"a member without id": `{"value":[{"id":"` + anna + `"},{"@odata.type":"#microsoft.graph.user","id":null}]}`,
		"cut":                 `{"value":[{"id":"` + anna + `"},{"id":"` + boris,
		"no value":            `{}`,
	} {
		n := newTenant(t, ok(body))
		page, err := n.client(t).Members(t.Context(), anna)
		if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || len(page.Members) != 0 {
			t.Errorf("members, %s: %+v, %v", name, page, err)
		}
	}
}

func TestLinksOfGroupsStayOnTheirHostAndExpire(t *testing.T) {
	n := newTenant(t, status(http.StatusGone, graphError("resyncRequired", "m")))
	client := n.client(t)
	_, err := client.FollowGroups(t.Context(), "https://elsewhere.example/v1.0/groups/delta?$deltatoken=abc")
	wantFault(t, err, fault.Invalid, "LinkOffHost")
	_, err = client.FollowMembers(t.Context(), "https://elsewhere.example/v1.0/groups/"+anna+"/members?$skiptoken=abc")
	wantFault(t, err, fault.Invalid, "LinkOffHost")
	if len(n.requests) != 0 {
		t.Errorf("asked %v", n.asked())
	}
	_, err = client.FollowGroups(t.Context(), n.URL+"/v1.0/groups/delta?$deltatoken=abc")
	wantFault(t, err, fault.Expired, "resyncRequired")
	n.graph = status(http.StatusBadRequest, graphError("Directory_ExpiredPageToken", "m"))
	_, err = client.FollowMembers(t.Context(), n.URL+"/v1.0/groups/"+anna+"/members?$skiptoken=abc")
	wantFault(t, err, fault.Expired, "Directory_ExpiredPageToken")
	for _, id := range []string{"", "..", "x/members", anna + "?"} {
		_, err = client.Members(t.Context(), id)
		wantFault(t, err, fault.Invalid, "InvalidID")
		_, err = client.LookUpGroups(t.Context(), []string{id}, nil)
		wantFault(t, err, fault.Invalid, "InvalidID")
	}
}

func TestARefusalToReadGroupsNamesThePermission(t *testing.T) {
	n := newTenant(t, status(http.StatusForbidden, graphError("Authorization_RequestDenied", "m")))
	client := n.client(t)
	_, list := client.ListGroups(t.Context(), nil)
	_, members := client.Members(t.Context(), anna)
	_, further := client.FollowMembers(t.Context(), n.URL+"/v1.0/groups/"+anna+"/members?$skiptoken=abc")
	_, latest := client.LatestGroupsDelta(t.Context(), nil)
	for name, err := range map[string]error{"list": list, "members": members, "further": further, "latest": latest} {
		if f := wantFault(t, err, fault.Denied, "PermissionMissing"); !strings.Contains(f.Remedy, "GroupMember.Read.All") {
			t.Errorf("%s: %q", name, f.Remedy)
		}
	}
}

func TestAGroupIsLiveInTheBinOrGone(t *testing.T) {
	var sizes []int
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		switch path {
		case "/groups/" + anna:
			return inner{200, "{}", `{"id":"` + anna + `","displayName":"Team","description":null}`}
		case "/directory/deletedItems/" + boris:
			return inner{200, "{}", `{"id":"` + boris + `","deletedDateTime":"2026-11-01T08:00:00Z"}`}
		}
		return notThere
	}))
	got, err := n.client(t).LookUpGroups(t.Context(), []string{chen, anna, boris}, []string{"displayName", "members"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]graph.GroupExistence{
		anna:  {Presence: graph.Live, Group: graph.Group{ID: anna, Record: attr.From(map[string]any{"id": anna, "displayName": "Team"})}},
		boris: {Presence: graph.Binned, Group: graph.Group{ID: boris, DeletedAt: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)}},
		chen:  {Presence: graph.Gone, Group: graph.Group{ID: chen}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("existence (-want +got):\n%s", diff)
	}
}

func BenchmarkAPageOf1000Members(b *testing.B) {
	var page strings.Builder
	page.WriteString(`{"@odata.deltaLink":"x","value":[{"displayName":"Team","id":"` + anna + `","members@delta":[`)
	for i := range 1000 {
		if i > 0 {
			page.WriteByte(',')
		}
		fmt.Fprintf(&page, `{"@odata.type":"#microsoft.graph.user","id":"%08d-0000-4000-8000-000000000000"}`, i)
	}
	page.WriteString("]}]}")
	body := page.String()
	client, err := graph.NewClient(graph.Config{
		Cloud: graph.Clouds()[0], TenantID: tenantID, ClientID: "client", ClientSecret: "s3cret",
		HTTP: &http.Client{Transport: granting(func(*http.Request) (*http.Response, error) { return answerOf(body), nil })},
		Now:  time.Now, Jitter: func() float64 { return 1 },
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		page, err := client.GroupsDelta(b.Context(), []string{"members"})
		if err != nil || len(page.Groups) != 1 || len(page.Groups[0].Members) != 1000 {
			b.Fatalf("%d groups, %v", len(page.Groups), err)
		}
	}
	b.ReportMetric(1000*float64(b.N)/b.Elapsed().Seconds(), "members/s")
}

func TestTheFirstPagesOfManyGroupsAreAskedForTwentyAtATime(t *testing.T) {
	var sizes []int
	ids := make([]string, 23)
	for i := range ids {
		ids[i] = fmt.Sprintf("44444444-4444-4444-8444-%012d", i)
	}
	throttled := 1
	n := newTenant(t, batches(t, &sizes, func(path string) inner {
		id := strings.TrimSuffix(strings.TrimPrefix(path, "/groups/"), "/members")
		switch {
		case id == ids[4]:
			return notThere
		case id == ids[5]:
			return inner{200, "{}", `{"value":[{"displayName":"without id"}]}`}
		case id == ids[6]:
			return inner{200, "{}", `{"@odata.count":1200,"@odata.nextLink":"further","value":[{"id":"` + boris + `","@odata.type":"#microsoft.graph.user"}]}`}
		case id == ids[7] && throttled > 0:
			throttled--
			return inner{429, `{"Retry-After":"3"}`, graphError("TooManyRequests", "slower")}
		}
		return inner{200, "{}", `{"@odata.count":0,"value":[]}`}
	}))
	pages, err := n.client(t).FirstMembers(t.Context(), ids)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{20, 1, 3}, sizes); diff != "" {
		t.Errorf("parts of the batches (-want +got):\n%s", diff)
	}
	if _, told := pages[ids[4]]; told || len(pages) != 21 {
		t.Errorf("%d pages, want one for each group but for the one that is not there and the one that cannot be read", len(pages))
	}
	want := graph.MemberPage{Count: 1200, Next: "further", Members: []graph.Member{{ID: boris, Type: graph.TypeUser}}}
	if diff := cmp.Diff(want, pages[ids[6]]); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(graph.MemberPage{}, pages[ids[7]]); diff != "" {
		t.Errorf("the page of the group that was throttled (-want +got):\n%s", diff)
	}
	if _, err := n.client(t).FirstMembers(t.Context(), []string{"../users"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestTheFirstPagesOfTheGroupsOfASimulatedTenantAreThoseOfEach(t *testing.T) {
	_, client := simulate(t, 1200)
	list, err := client.ListGroups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(list.Groups))
	for i, group := range list.Groups {
		ids[i] = group.ID
	}
	pages, err := client.FirstMembers(t.Context(), ids)
	if err != nil || len(pages) != len(ids) {
		t.Fatalf("%d pages for %d groups, %v", len(pages), len(ids), err)
	}
	for id, page := range pages {
		alone, err := client.Members(t.Context(), id)
		if err != nil || page.Count < 0 || (alone.Next == "") != (page.Next == "") || !cmp.Equal(alone.Members, page.Members) || alone.Count != page.Count {
			t.Errorf("%s: %d of %d members in the batch, %d of %d alone, %v", id, len(page.Members), page.Count, len(alone.Members), alone.Count, err)
		}
	}
}
