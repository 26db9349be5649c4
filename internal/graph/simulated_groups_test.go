package graph_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
)

var groupSelected = []string{"displayName", "description", "members"}

const (
	teamID  = "aaaaaaaa-2222-4333-8444-555555555555"
	innerID = "bbbbbbbb-2222-4333-8444-555555555555"
	phoneID = "cccccccc-2222-4333-8444-555555555555"
)

// A registry is what a client knows of groups that follows them page by page: names, and members with their types.
type registry struct {
	names   map[string]string
	members map[string]map[string]string
	pages   int
}

func newRegistry() *registry {
	return &registry{names: map[string]string{}, members: map[string]map[string]string{}}
}

// take merges a page, as one that may repeat things.
func (r *registry) take(page graph.GroupPage) {
	r.pages++
	for _, g := range page.Groups {
		if g.Removed != "" {
			delete(r.names, g.ID)
			delete(r.members, g.ID)
			continue
		}
		if g.Record.Has("displayName") {
			r.names[g.ID] = g.Record.Text("displayName")
		}
		if r.members[g.ID] == nil {
			r.members[g.ID] = map[string]string{}
		}
		for _, m := range g.Members {
			if delete(r.members[g.ID], m.ID); !m.Left {
				r.members[g.ID][m.ID] = m.Type
			}
		}
	}
}

// follow takes all pages behind a link and returns the delta link at their end.
func (r *registry) follow(t *testing.T, client *graph.Client, link string) (string, error) {
	t.Helper()
	page, err := client.FollowGroups(t.Context(), link)
	for ; err == nil; page, err = client.FollowGroups(t.Context(), page.Next) {
		r.take(page)
		if page.Next == "" {
			return page.Delta, nil
		}
	}
	return "", err
}

// firstRound takes a whole first round.
func (r *registry) firstRound(t *testing.T, client *graph.Client) string {
	t.Helper()
	page, err := client.GroupsDelta(t.Context(), groupSelected)
	if err != nil {
		t.Fatal(err)
	}
	if r.take(page); page.Next == "" {
		return page.Delta
	}
	link, err := r.follow(t, client, page.Next)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

func (r *registry) must(t *testing.T, client *graph.Client, link string) string {
	t.Helper()
	link, err := r.follow(t, client, link)
	if err != nil {
		t.Fatal(err)
	}
	return link
}

// membersOf reads a group's list to its end.
func membersOf(t *testing.T, client *graph.Client, id string) (map[string]string, error) {
	t.Helper()
	members := map[string]string{}
	page, err := client.Members(t.Context(), id)
	count := page.Count
	for err == nil {
		for _, m := range page.Members {
			members[m.ID] = m.Type
		}
		if page.Next == "" {
			if len(members) != count {
				t.Errorf("%d members of %d", len(members), count)
			}
			return members, nil
		}
		page, err = client.FollowMembers(t.Context(), page.Next)
	}
	return nil, err
}

func TestTheGroupsOfASimulatedTenantAreReadBothWaysAlike(t *testing.T) {
	s, client := simulate(t, 1200)
	s.control("POST", "/groups/bulk", `{"groups":1100,"members":3}`)
	told := newRegistry()
	told.firstRound(t, client)
	listed := map[string]string{}
	page, err := client.ListGroups(t.Context(), groupSelected)
	count := page.Count
	for ; err == nil; page, err = client.FollowGroups(t.Context(), page.Next) {
		for _, g := range page.Groups {
			listed[g.ID] = g.Record.Text("displayName")
		}
		if page.Next == "" {
			break
		}
	}
	if diff := cmp.Diff(listed, told.names); err != nil || diff != "" || count != len(listed) || count != 1128 {
		t.Fatalf("%v, %d of %d groups (-list +delta):\n%s", err, len(listed), count, diff)
	}
	types := map[string]int{}
	for n, id := range slices.Sorted(maps.Keys(listed)) {
		if n%20 > 0 && listed[id] != "All Company" && !strings.HasPrefix(listed[id], "Support") {
			continue
		}
		members, err := membersOf(t, client, id)
		if diff := cmp.Diff(members, told.members[id]); err != nil || diff != "" {
			t.Errorf("%s: %v (-list +delta):\n%s", listed[id], err, diff)
		}
		for _, typeName := range members {
			types[typeName]++
		}
	}
	if types[graph.TypeUser] < 1200 || types["device"] == 0 {
		t.Errorf("types %v", types)
	}
}

func TestAGroupOf25000IsReadPageByPageWhileItChanges(t *testing.T) {
	s, client := simulate(t, 25_000)
	s.control("POST", "/groups", `{"id":"`+teamID+`","displayName":"Large","count":25000}`)
	told, page := newRegistry(), 0
	first, err := client.GroupsDelta(t.Context(), groupSelected)
	link := first.Next
	for told.take(first); err == nil && link != ""; told.take(first) {
		most := 0
		for _, g := range first.Groups {
			most += len(g.Members)
		}
		if most > 1000 {
			t.Fatalf("a page of %d members", most)
		}
		if page++; page%5 == 0 { // some that were told leave, some join and leave again
			s.control("POST", "/groups/"+teamID+"/leave", fmt.Sprintf(`{"from":%d,"count":3}`, page*200))
			s.control("POST", "/groups/random", fmt.Sprintf(`{"changes":20,"seed":%d,"kinds":["leave","join","nest","rename"]}`, page))
		}
		first, err = client.FollowGroups(t.Context(), link)
		link = first.Next
	}
	if err != nil || told.pages < 70 || len(told.members[teamID]) < 24_000 { // the group of everybody has as many
		t.Fatalf("%d pages, %d members: %v", told.pages, len(told.members[teamID]), err)
	}
	link = told.must(t, client, first.Delta)
	again := newRegistry()
	again.firstRound(t, client)
	if diff := cmp.Diff(again.members, told.members); diff != "" {
		t.Errorf("after the next round (-truth +followed):\n%s", diff)
	}
	if diff := cmp.Diff(again.names, told.names); diff != "" {
		t.Errorf("names (-truth +followed):\n%s", diff)
	}
	members, err := membersOf(t, client, teamID)
	if diff := cmp.Diff(members, told.members[teamID]); err != nil || diff != "" {
		t.Errorf("list: %v (-list +delta):\n%s", err, diff)
	}
	told.pages = 0
	s.control("POST", "/groups/"+teamID+"/leave", `{"from":20,"count":1}`)
	told.must(t, client, link)
	if told.pages != 1 || len(told.members[teamID]) != len(members)-1 {
		t.Errorf("one change took %d pages", told.pages)
	}
}

func TestALifeOfAGroupIsSeenStepByStep(t *testing.T) {
	s, client := simulate(t, 30)
	people := everybody(t, client)
	link, err := client.LatestGroupsDelta(t.Context(), groupSelected)
	if err != nil {
		t.Fatal(err)
	}
	see := func(what string) graph.Group {
		t.Helper()
		page, err := client.FollowGroups(t.Context(), link)
		if err != nil || page.Next != "" || len(page.Groups) != 1 || page.Groups[0].ID != teamID {
			t.Fatalf("%s: %+v, %v", what, page, err)
		}
		link = page.Delta
		return page.Groups[0]
	}
	exists := func(want graph.Presence) graph.GroupExistence {
		t.Helper()
		found, err := client.LookUpGroups(t.Context(), []string{teamID}, groupSelected)
		if err != nil || found[teamID].Presence != want {
			t.Fatalf("LookUpGroups = %+v, %v; want %v", found, err, want)
		}
		return found[teamID]
	}
	member := func(i int) graph.Member { return graph.Member{ID: people[i].ID, Type: graph.TypeUser} }
	left := func(i int) graph.Member { return graph.Member{ID: people[i].ID, Type: graph.TypeUser, Left: true} }

	s.control("POST", "/groups", `{"id":"`+teamID+`","displayName":"Team","description":"Us","kind":"microsoft365","count":2,"members":[{"type":"device","id":"`+phoneID+`"}]}`)
	want := []graph.Member{member(0), member(1), {ID: phoneID, Type: "device"}}
	if got := see("creation"); got.Record.Text("displayName") != "Team" || !slices.Equal(got.Members, want) {
		t.Errorf("creation: %+v", got)
	}
	s.control("POST", "/groups/"+teamID+"/join", `{"from":1,"count":2}`)
	s.control("POST", "/groups/"+teamID+"/leave", `{"count":1}`)
	if got := see("members"); got.Record.Has("displayName") || !slices.Equal(got.Members, []graph.Member{left(0), member(2)}) {
		t.Errorf("members: %+v", got)
	}
	s.control("PATCH", "/groups/"+teamID, `{"displayName":"","description":null}`)
	if got := see("cleared"); !got.Record.Has("displayName") || got.Record.Get("displayName") != nil || len(got.Members) != 0 {
		t.Errorf("cleared: %+v", got)
	}
	if got := exists(graph.Live).Group.Record; got.Has("description") || got.Text("id") != teamID {
		t.Errorf("looked up: %+v", got)
	}
	s.control("DELETE", "/groups/"+teamID, "")
	if got := see("deletion"); got.Removed != graph.Changed {
		t.Errorf("deletion: %+v", got)
	}
	if got := exists(graph.Binned).Group; got.DeletedAt.IsZero() {
		t.Errorf("looked up: %+v", got)
	}
	_, err = client.Members(t.Context(), teamID)
	wantFault(t, err, fault.NotFound, "Request_ResourceNotFound")
	if bin, err := client.DeletedGroups(t.Context(), groupSelected); err != nil || len(bin.Groups) != 1 || bin.Groups[0].DeletedAt.IsZero() {
		t.Errorf("bin: %+v, %v", bin, err)
	}
	s.control("POST", "/groups/"+teamID+"/restore", "")
	if got := see("restoration"); got.Removed != "" || !slices.Equal(got.Members, []graph.Member{member(1), member(2), {ID: phoneID, Type: "device"}}) {
		t.Errorf("restoration: %+v", got)
	}
	s.control("POST", "/groups/"+teamID+"/purge", "")
	if got := see("purge"); got.Removed != graph.Deleted {
		t.Errorf("purge: %+v", got)
	}
	exists(graph.Gone)
}

func TestGroupsThatHoldEachOtherAreReadLikeAnyOthers(t *testing.T) {
	s, client := simulate(t, 30)
	s.control("POST", "/groups", `{"id":"`+teamID+`","displayName":"Team"}`)
	s.control("POST", "/groups", `{"id":"`+innerID+`","displayName":"Inner","members":["`+teamID+`",{"type":"#microsoft.graph.futureThing","id":"`+phoneID+`"}]}`)
	s.control("POST", "/groups/"+teamID+"/join", `{"members":["`+innerID+`","`+teamID+`"]}`)
	told := newRegistry()
	told.firstRound(t, client)
	want := map[string]map[string]string{
		teamID:  {innerID: graph.TypeGroup, teamID: graph.TypeGroup},
		innerID: {teamID: graph.TypeGroup, phoneID: "futureThing"},
	}
	for id := range want {
		members, err := membersOf(t, client, id)
		if diff := cmp.Diff(want[id], members); err != nil || diff != "" {
			t.Errorf("list of %s: %v (-want +got):\n%s", id, err, diff)
		}
		if diff := cmp.Diff(want[id], told.members[id]); diff != "" {
			t.Errorf("delta of %s (-want +got):\n%s", id, diff)
		}
	}
}

func TestFaultsThatPassChangeNothingOfWhatIsKnownOfGroups(t *testing.T) {
	s, client := simulate(t, 3000)
	truth := newRegistry()
	truth.firstRound(t, client)
	for _, rule := range []string{
		`{"kind":"cut","skip":1,"times":3}`,
		`{"kind":"invalid-json","skip":2,"times":2}`,
		`{"kind":"error","status":503,"skip":1,"times":3}`,
		`{"kind":"throttle","retry_after_seconds":0,"skip":1,"times":3}`,
		`{"kind":"repeat-page","probability":0.5}`,
		`{"kind":"swap-pages","probability":0.5}`,
	} {
		s.control("POST", "/faults", `{"route":"/v1.0/groups",`+rule[1:])
		told := newRegistry()
		link := told.firstRound(t, client)
		if diff := cmp.Diff(truth, told, cmp.AllowUnexported(registry{}), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "pages" }, cmp.Ignore())); diff != "" {
			t.Errorf("%s (-want +got):\n%s", rule, diff)
		}
		s.control("DELETE", "/faults", "")
		if page, err := client.FollowGroups(t.Context(), link); err != nil || len(page.Groups) != 0 {
			t.Errorf("%s: the next round tells %d groups: %v", rule, len(page.Groups), err)
		}
	}
}

func TestAReadOfMembersThatCannotBeFinishedIsAnError(t *testing.T) {
	s, client := simulate(t, 3000)
	page, err := client.ListGroups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	everyone := page.Groups[0].ID
	s.control("POST", "/faults", `{"route":"/v1.0/groups/{id}/members","kind":"short-page","skip":1,"times":1}`)
	members, err := membersOf(t, client, everyone)
	if f := fault.Of(err); f == nil || f.Kind != fault.Unavailable || members != nil {
		t.Errorf("%d members, %v", len(members), err)
	}
	if members, err = membersOf(t, client, everyone); err != nil || len(members) != 3000 {
		t.Errorf("the second time: %d members, %v", len(members), err)
	}
}

func TestALostPageOfADeltaEndsInAFirstRound(t *testing.T) {
	s, client := simulate(t, 3000)
	told := newRegistry()
	link := told.firstRound(t, client)
	s.control("POST", "/groups/random", `{"changes":300,"seed":5,"kinds":["join","leave","rename"]}`)
	s.control("POST", "/faults", `{"route":"/v1.0/groups/delta","kind":"lost-page","times":1}`)
	_, err := told.follow(t, client, link)
	wantFault(t, err, fault.Expired, "resyncRequired")
	again := newRegistry()
	again.firstRound(t, client)
	told.must(t, client, link) // the link itself was not lost
	if diff := cmp.Diff(again.members, told.members); diff != "" {
		t.Errorf("(-first round +followed):\n%s", diff)
	}
	for _, path := range []string{"/delta/expire", "/delta/reset"} {
		link, err := client.LatestGroupsDelta(t.Context(), groupSelected)
		if err != nil {
			t.Fatal(err)
		}
		s.control("POST", path, "")
		if _, err = client.FollowGroups(t.Context(), link); fault.KindOf(err) != fault.Expired {
			t.Errorf("%s: %v", path, err)
		}
	}
}
