package mirror_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// all wants every group of the tenant, and these as a selection besides.
func all(groups ...string) mirror.Want {
	want := with(groups...)
	want.AllGroups = true
	return want
}

func full(want mirror.Want) mirror.Want {
	want.Full = true
	return want
}

// groups returns the ids of the tenant's groups that are not deleted.
func (s *tenant) groups() []string {
	s.t.Helper()
	var ids []string
	for {
		var page struct{ Groups []struct{ ID string } }
		s.must(json.Unmarshal(s.control("GET", fmt.Sprintf("/groups?limit=1000&offset=%d", len(ids)), ""), &page))
		for _, group := range page.Groups {
			ids = append(ids, group.ID)
		}
		if len(page.Groups) < 1000 {
			return ids
		}
	}
}

// selecting returns what a selection of every group would bring, for truth and reached.
func (s *tenant) selecting(want mirror.Want) mirror.Want {
	s.t.Helper()
	if !want.AllGroups {
		return want
	}
	want.Groups = nil
	for _, id := range s.groups() {
		want.Groups = append(want.Groups, scope.SelectedGroup{ID: id})
	}
	return want
}

// holds asserts that the mirror has the wanted groups of the tenant, by their names, and their members.
func (s *tenant) holds(what string, want mirror.Want) {
	s.t.Helper()
	s.memberships(what, s.selecting(want))
	if !want.AllGroups {
		return
	}
	truth, got := map[string]string{}, map[string]string{}
	page, err := s.client.ListGroups(s.ctx, []string{"displayName"})
	for ; ; page, err = s.client.FollowGroups(s.ctx, page.Next) {
		s.must(err)
		for _, group := range page.Groups {
			truth[group.ID] = group.Record.Text("displayName")
		}
		if page.Next == "" {
			break
		}
	}
	for _, group := range s.kept() {
		if group.Wanted && group.State == plan.Live {
			got[group.SourceID] = group.Record.Text("displayName")
			if group.Due || group.ReadIn == 0 {
				s.t.Errorf("%s: the members of %s were not read: %+v", what, group.Label(), group)
			}
		}
	}
	if diff := cmp.Diff(truth, got); diff != "" {
		s.t.Errorf("%s: groups (-tenant +mirror):\n%s", what, diff)
	}
}

// kept returns the groups that the mirror has, live or not.
func (s *tenant) kept() []mirror.Group {
	s.t.Helper()
	groups, err := s.db.AllGroups(s.ctx, s.pull.Connection)
	s.must(err)
	return groups
}

// counted runs and returns how often the pull asked for what.
func (s *tenant) counted(want mirror.Want) map[string]int {
	s.t.Helper()
	calls := map[string]int{}
	s.hook = func(call string, _ int) { calls[call]++ }
	s.mustRun(want)
	s.hook = nil
	return calls
}

func TestEveryGroupOfTheTenantIsListedAndReadTwentyAtATime(t *testing.T) {
	s := newTenant(t, 60)
	s.control("POST", "/groups/bulk", `{"groups":1100,"members":2}`)
	s.mustRun(everything)
	calls := s.counted(all())
	groups := len(s.groups())
	want := map[string]int{
		"follow": 1, "latest groups": 1, "list groups": 1, "follow groups": 2, "first members": (groups + 19) / 20,
	} // one page more of the list, and one of the changes meanwhile
	if diff := cmp.Diff(want, calls); diff != "" {
		t.Errorf("requests for %d groups (-want +got):\n%s", groups, diff)
	}
	read := slices.DeleteFunc(s.kept(), func(group mirror.Group) bool { return group.State != plan.Live || group.Due || group.ReadIn == 0 })
	if len(read) != groups {
		t.Errorf("%d of %d groups were read", len(read), groups)
	}
	s.mustRun(all())
	if diff := cmp.Diff(map[string]int{"follow": 1, "follow groups": 1}, s.counted(all())); diff != "" {
		t.Errorf("requests when nothing is new (-want +got):\n%s", diff)
	}
}

func TestAllGroupsAreWantedAndNotWantedAnyMore(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	team := s.group("Team", p[0], p[1])
	s.synced("one is selected", alone(team))
	before := s.cursor().Groups.Graph
	s.mustRun(all(team))
	s.holds("all", all(team))
	if after := s.cursor().Groups.Graph; after == before {
		t.Error("the graph of groups is the same when all are wanted")
	}
	s.mustRun(all())
	s.holds("all, and none selected", all())
	s.synced("one again", alone(team))
	if kept := s.kept(); len(kept) != 1 {
		t.Errorf("%d groups are kept, want the one that is selected", len(kept))
	}
	s.mustRun(all())
	s.holds("all again", all())
	s.mustRun(everything)
	if kept := s.kept(); len(kept) != 0 || s.cursor().Groups.All {
		t.Errorf("%d groups are kept when none is wanted", len(kept))
	}
}

func TestChangesTellOfNewRenamedDeletedAndRestoredGroups(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	binned, away := s.group("Binned", p[0], p[1]), s.group("Away", p[2])
	s.control("DELETE", "/groups/"+binned, "")
	s.mustRun(all())
	s.holds("at first", all())
	graph := s.cursor().Groups.Graph
	grows := func(what string) {
		t.Helper()
		s.mustRun(all())
		s.holds(what, all())
		if now := s.cursor().Groups.Graph; now == graph {
			t.Errorf("%s: the graph of groups is the same", what)
		}
		graph = s.cursor().Groups.Graph
	}
	added := s.group("New", p[3], p[4], away)
	s.control("PATCH", "/groups/"+away, `{"displayName":"Renamed"}`)
	grows("a new one")
	s.control("POST", "/groups/"+binned+"/restore", "")
	grows("restored that was in the recycle bin before the first list")
	s.control("DELETE", "/groups/"+added, "")
	grows("deleted")
	s.control("POST", "/groups/"+added+"/restore", "")
	s.leave(added, p[3])
	grows("restored")
	s.control("DELETE", "/groups/"+added, "")
	s.control("POST", "/groups/"+added+"/purge", "")
	grows("purged")
	if slices.ContainsFunc(s.kept(), func(group mirror.Group) bool { return group.SourceID == added }) {
		t.Error("a purged group is kept that nobody has to do with")
	}
}

// A list that lacks groups without a word about it: announced says how many there are.
type shortened struct {
	hooked
	without   []string
	announced int
}

func (l shortened) ListGroups(ctx context.Context, properties []string) (graph.GroupPage, error) {
	page, err := l.hooked.ListGroups(ctx, properties)
	page.Groups = slices.DeleteFunc(page.Groups, func(group graph.Group) bool { return slices.Contains(l.without, group.ID) })
	page.Count = l.announced
	return page, err
}

func TestAGroupThatTheListLacksIsLookedUp(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	lost, deleted := s.group("Lost", p[0], p[1]), s.group("Deleted", p[2])
	s.mustRun(all())
	s.control("DELETE", "/groups/"+deleted, "")
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.pull.Tenant = shortened{hooked{s}, []string{lost}, -1}
	calls := s.counted(full(all()))
	if calls["look up groups"] != 2 { // the second time for the one that is not there
		t.Errorf("asked %v, want two look-ups", calls)
	}
	s.holds("a full read", all())
}

func TestAListOfGroupsThatEndsEarlyIsReadAgainAndRemovesNothing(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	var many []string
	for i := range 12 {
		many = append(many, s.group(fmt.Sprint("Group ", i), p[i]))
	}
	s.mustRun(all(many[0]))
	s.pull.Tenant = shortened{hooked{s}, many, len(s.groups())}
	before := s.kept()
	for range 2 {
		if _, err := s.run(full(all(many[0]))); fault.Of(err) == nil || fault.Of(err).Code != "IncompleteRead" {
			t.Errorf("error %v, want that the list ended early", err)
		}
	}
	for i, group := range s.kept() {
		if group.State != before[i].State || !group.Wanted {
			t.Errorf("%s is %s and wanted: %v", group.Label(), group.State, group.Wanted)
		}
	}
	s.pull.Tenant = hooked{s}
	s.mustRun(all(many[0]))
	s.holds("mended", all(many[0]))
	s.pull.Tenant = shortened{hooked{s}, many[:2], len(s.groups())}
	if _, err := s.run(full(all())); fault.Of(err) == nil {
		t.Error("a list that lacks two is believed the first time")
	}
	s.mustRun(full(all()))
	s.holds("a list that lacks the same two the second time", all())
}

func TestAListOfMembersThatIsRefusedDoesNotKeepTheOthersFromBeingRead(t *testing.T) {
	s := newTenant(t, 1300)
	p := s.users("live")
	big, small := s.group("Big", p[:1200]...), s.group("Small", p[0])
	s.fault(`{"route":"/v1.0/groups/{id}/members","kind":"error","status":404,"times":1}`)
	s.mustRun(all())
	s.healed()
	s.holds("a group that was not there when it was asked for in a batch", all())
	s.fault(`{"route":"/v1.0/groups/{id}/members","kind":"short-page"}`)
	s.leave(big, p[1])
	s.careful(full(all()))
	s.careful(full(all(small)))
	s.healed()
	s.recovered(all(small))
	s.holds("mended", all(small))
}

func TestALinkThatIsNeverAcceptedEndsTheRun(t *testing.T) {
	s := newTenant(t, 1300)
	big := s.group("Big", s.users("live")[:1200]...)
	s.pull.Tenant = refusing{hooked{s}}
	if _, err := s.run(with(big)); !fault.Is(err, fault.Expired) {
		t.Errorf("error %v, want that the link expired", err)
	}
	s.pull.Tenant = hooked{s}
	s.synced("accepted", with(big))
}

type refusing struct{ hooked }

func (refusing) FollowMembers(context.Context, string) (graph.MemberPage, error) {
	return graph.MemberPage{}, fault.New(fault.Expired, "Directory_ExpiredPageToken", "the page token has expired")
}
