package mirror_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/fault"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// with wants groups, with the groups inside them.
func with(groups ...string) mirror.Want {
	want := mirror.Want{Attributes: attributes, WithGroups: true}
	for _, id := range groups {
		want.Groups = append(want.Groups, scope.SelectedGroup{ID: id, Nested: true})
	}
	return want
}

// alone wants groups without the groups inside them.
func alone(groups ...string) mirror.Want {
	want := with(groups...)
	for i := range want.Groups {
		want.Groups[i].Nested = false
	}
	return want
}

// group makes a group with these members and returns its id.
func (s *tenant) group(name string, members ...string) string {
	s.t.Helper()
	var made struct{ ID string }
	s.must(json.Unmarshal(s.control("POST", "/groups", fmt.Sprintf(`{"displayName":%q,"kind":"microsoft365"}`, name)), &made))
	if len(members) > 0 {
		s.join(made.ID, members...)
	}
	return made.ID
}

func (s *tenant) join(group string, members ...string) {
	s.t.Helper()
	s.members(group, "join", members)
}

func (s *tenant) leave(group string, members ...string) {
	s.t.Helper()
	s.members(group, "leave", members)
}

func (s *tenant) members(group, verb string, members []string) {
	s.t.Helper()
	body, err := json.Marshal(map[string]any{"members": members})
	s.must(err)
	s.control("POST", "/groups/"+group+"/"+verb, string(body))
}

// truth returns the live users of the tenant who are direct members of live groups that the selection reaches, as "group user".
func (s *tenant) truth(want mirror.Want) []string {
	s.t.Helper()
	lines := map[string]bool{}
	seen := map[scope.SelectedGroup]bool{}
	var visit func(selected scope.SelectedGroup)
	visit = func(selected scope.SelectedGroup) {
		if seen[selected] {
			return
		}
		seen[selected] = true
		if !s.live(selected.ID) {
			return
		}
		var page struct {
			Members []struct{ Type, ID, State string }
		}
		s.must(json.Unmarshal(s.control("GET", "/groups/"+selected.ID+"/members?limit=100000", ""), &page))
		for _, member := range page.Members {
			switch {
			case member.Type == "user" && member.State == "live":
				lines[selected.ID+" "+member.ID] = true
			case member.Type == "group" && selected.Nested:
				visit(scope.SelectedGroup{ID: member.ID, Nested: true})
			}
		}
	}
	for _, selected := range want.Groups {
		visit(selected)
	}
	return slices.Sorted(maps.Keys(lines))
}

func (s *tenant) live(group string) bool {
	s.t.Helper()
	var page struct{ Groups []struct{ ID string } }
	s.must(json.Unmarshal(s.control("GET", "/groups?limit=1000", ""), &page))
	return slices.ContainsFunc(page.Groups, func(g struct{ ID string }) bool { return g.ID == group })
}

// reached returns what truth should be, by the mirror.
func (s *tenant) reached(want mirror.Want) []string {
	s.t.Helper()
	nesting, err := mirror.LoadNesting(s.ctx, s.db, s.pull.Connection)
	s.must(err)
	ids := map[int64]string{}
	for id := range nesting.Reach(want.Groups) {
		group, _ := nesting.Group(id)
		ids[group.Seq] = id
	}
	known := slices.Collect(maps.Keys(s.known))
	users, err := s.db.LoadUsers(s.ctx, s.pull.Connection, known, true)
	s.must(err)
	groups, err := s.db.GroupsOf(s.ctx, s.pull.Connection, known)
	s.must(err)
	var lines []string
	for user, seqs := range groups {
		for _, seq := range seqs {
			if ids[seq] != "" && users[user].State == plan.Live {
				lines = append(lines, ids[seq]+" "+user)
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// memberships asserts that the mirror has the members of the tenant.
func (s *tenant) memberships(what string, want mirror.Want) {
	s.t.Helper()
	if diff := cmp.Diff(s.truth(want), s.reached(want)); diff != "" {
		s.t.Errorf("%s: members (-tenant +mirror):\n%s", what, diff)
	}
}

func (s *tenant) synced(what string, want mirror.Want) {
	s.t.Helper()
	s.mustRun(want)
	s.memberships(what, want)
}

func TestOnlyTheMembersOfWantedGroupsAreCopied(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	low, other := s.group("Low", p[3]), s.group("Other", p[9])
	middle := s.group("Middle", p[2], low)
	top := s.group("Top", p[1], middle)
	s.join(low, top)
	s.synced("the group alone", alone(top))
	if groups, err := s.db.AllGroups(t.Context(), s.pull.Connection); err != nil || len(groups) != 1 || groups[0].Label() != "Top" {
		t.Errorf("%d groups are kept (%v), want the one that is wanted", len(groups), err)
	}
	s.synced("with what is inside", with(top))
	s.join(low, p[5])
	s.leave(top, p[1])
	s.join(other, p[6])
	s.synced("joined and left", with(top))
	s.leave(middle, low)
	s.synced("unnested", with(top))
	s.join(top, other)
	s.synced("another nested", with(top))
	s.synced("two selected", with(top, low))
	s.synced("one selected", alone(middle))
	s.mustRun(everything)
	if groups, err := s.db.AllGroups(t.Context(), s.pull.Connection); err != nil || len(groups) != 0 {
		t.Errorf("%d groups are kept (%v) when none is selected", len(groups), err)
	}
	s.synced("selected again", with(top))
}

func TestNothingNewTakesOneRequestForUsersAndOneForGroups(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	want := with(s.group("Sales", p[0], p[1]))
	s.mustRun(want)
	s.mustRun(want)
	s.calls = 0
	s.mustRun(want)
	if s.calls != 2 {
		t.Errorf("%d requests, want 2", s.calls)
	}
	s.calls = 0
	s.mustRun(mirror.Want{Attributes: attributes, Groups: want.Groups})
	if s.calls != 1 {
		t.Errorf("%d requests for an instance without groups, want 1", s.calls)
	}
}

func TestMembersThatAreNoPeopleAreCountedAndPassedOver(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	id := s.group("Mixed", p[0])
	s.control("POST", "/groups/"+id+"/join", `{"members":[{"type":"device"},{"type":"servicePrincipal"},{"type":"orgContact"}]}`)
	nameless := s.group("", p[1], id, id)
	s.synced("mixed", with(id, nameless))
	groups, err := s.db.LoadGroups(t.Context(), s.pull.Connection, []string{id, nameless})
	if err != nil || groups[id].Others != 3 || groups[nameless].Label() != nameless {
		t.Errorf("%v %+v", err, groups)
	}
}

// pages has a group of more than two pages read under a rule of faults, and then changes of more than two pages.
func TestFaultsOnTheWayRemoveNobodyAndAreMended(t *testing.T) {
	for _, rule := range []string{
		`"route":"/v1.0/groups/{id}/members","kind":"short-page","skip":1`, `"route":"/v1.0/groups/{id}/members","kind":"truncated-page","skip":1`,
		`"route":"/v1.0/groups/{id}/members","kind":"empty-page","skip":1`, `"route":"/v1.0/groups/{id}/members","kind":"empty-end","skip":1`,
		`"route":"/v1.0/groups/{id}/members","kind":"empty-end"`, `"route":"/v1.0/groups/{id}/members","kind":"repeat-page","skip":1`,
		`"route":"/v1.0/groups/{id}/members","kind":"cut","skip":1`, `"route":"/v1.0/groups/{id}/members","kind":"error","skip":1`,
		`"route":"/v1.0/groups/{id}/members","kind":"error","status":404`, `"route":"/v1.0/groups/{id}/members","kind":"throttle","retry_after_seconds":600`,
		`"route":"/v1.0/groups/delta","kind":"short-page"`, `"route":"/v1.0/groups/delta","kind":"lost-page"`,
		`"route":"/v1.0/groups/delta","kind":"swap-pages"`, `"route":"/v1.0/groups/delta","kind":"repeat-page"`,
		`"route":"/v1.0/groups/delta","kind":"expired-delta"`, `"route":"/v1.0/groups/delta","kind":"reset-delta"`,
		`"route":"/v1.0/groups/delta","kind":"error","skip":1`, `"route":"/v1.0/groups/delta","kind":"invalid-json"`,
		`"route":"/v1.0/$batch","kind":"error"`,
	} {
		t.Run(rule, func(t *testing.T) {
			s := newTenant(t, 1350)
			p := s.users("live")
			big := s.group("Big", p[:1250]...)
			small := s.group("Small", p[1300:1310]...)
			want := with(big, small)
			s.mustRun(everything)
			s.fault(fmt.Sprintf(`{%s,"times":1}`, rule))
			s.careful(want)
			s.careful(want)
			s.healed()
			s.recovered(want)
			s.memberships("read", want)
			s.leave(big, p[100:1150]...)
			s.join(big, p[1250:]...)
			s.fault(fmt.Sprintf(`{%s}`, rule))
			s.careful(want)
			s.careful(want)
			s.control("POST", "/delta/expire", "")
			s.control("POST", "/clock", `{"advance":"1s"}`)
			s.careful(want)
			s.careful(want)
			s.healed()
			s.recovered(want)
			s.mustRun(want) // a list that was empty is believed the second time
			s.memberships("changed", want)
		})
	}
}

// careful runs, which may fail for now, and asserts that no member of the tenant's was taken out by it.
func (s *tenant) careful(want mirror.Want) {
	s.t.Helper()
	reach := s.selecting(want)
	before := s.reached(reach)
	if _, err := s.steps(want); err != nil {
		if fault.Of(err) == nil {
			s.t.Errorf("error %v, want a fault", err)
		}
	}
	after := s.reached(reach)
	truth := s.truth(s.selecting(want))
	for _, line := range before {
		if _, isMember := slices.BinarySearch(truth, line); !isMember {
			continue
		}
		if _, still := slices.BinarySearch(after, line); !still {
			s.t.Errorf("%s was taken out and is a member", line)
		}
	}
}

func TestALargeGroupIsReadPageByPage(t *testing.T) {
	s := newTenant(t, 20_000)
	var made struct{ Groups []string }
	s.must(json.Unmarshal(s.control("POST", "/groups/bulk", `{"groups":1,"members":20000}`), &made))
	s.mustRun(everything)
	var heaps []uint64
	s.hook = func(call string, _ int) {
		if call != "follow members" {
			return
		}
		var memory runtime.MemStats
		runtime.GC()
		runtime.GC() // what the first one found floating
		runtime.ReadMemStats(&memory)
		heaps = append(heaps, memory.HeapAlloc)
	}
	want := alone(made.Groups[0])
	s.mustRun(want)
	s.hook = nil
	// What is kept is there at every page; what the server of the tenant or a transaction needs comes and goes.
	first, last := slices.Min(heaps[:8]), slices.Min(heaps[len(heaps)-8:])
	if last > first+7<<18 { // as much as twenty thousand members take
		t.Errorf("the heap grew by %d KiB from the first pages to the last", (last-first)>>10)
	}
	s.memberships("read", want)
	p := s.users("live")
	s.leave(made.Groups[0], p[7])
	s.calls = 0
	s.synced("one left", want)
	if s.calls != 2 {
		t.Errorf("%d requests for one change in a large group", s.calls)
	}
}

func TestWhatChangesDuringAReadIsNotLost(t *testing.T) {
	s := newTenant(t, 2600)
	p := s.users("live")
	big, small := s.group("Big", p[:2500]...), s.group("Small", p[0])
	want := with(big, small)
	s.hook = func(call string, number int) {
		switch {
		case call == "follow members" && number%2 == 0:
			s.leave(big, p[10], p[2400])
			s.join(big, p[2510], small)
			s.join(small, p[3])
		case call == "follow members":
			s.join(big, p[10])
			s.leave(big, p[11], p[2399])
		}
	}
	s.mustRun(want)
	s.hook = nil
	s.memberships("read", want)
	s.control("POST", "/lag", `{"duration":"30s"}`)
	s.leave(big, p[20:40]...)
	s.join(big, p[2520:2530]...)
	s.mustRun(mirror.Want{Attributes: attributes, Full: true, WithGroups: true, Groups: want.Groups})
	s.control("POST", "/lag", `{"duration":"0s"}`)
	s.mustRun(want)
	s.memberships("a replica that was behind", want)
}

func TestAReadGoesOnWhereItEnded(t *testing.T) {
	s := newTenant(t, 2600)
	p := s.users("live")
	big, small := s.group("Big", p[:2500]...), s.group("Small", p[0])
	s.join(big, small)
	want := with(big)
	s.mustRun(everything)
	seen := map[string]int{}
	s.hook = func(call string, _ int) { seen[call]++ }
	for first, done := true, false; !done; first = false {
		pull := *s.pull // another process
		progress, err := pull.Step(t.Context(), want, first)
		if err != nil {
			t.Fatal(err)
		}
		done = progress.Done
	}
	s.hook = nil
	want1 := map[string]int{"follow": 1, "latest groups": 1, "look up groups": 2, "members": 2, "follow members": 2, "follow groups": 1}
	if diff := cmp.Diff(want1, seen); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	s.memberships("read", want)
}

func TestAReadThatWasBrokenOffGoesOnBehindThePagesItHas(t *testing.T) {
	s := newTenant(t, 2600)
	p := s.users("live")
	want := alone(s.group("Big", p[:2500]...))
	s.mustRun(everything)
	s.fault(`{"route":"/v1.0/groups/{id}/members","kind":"error","skip":2}`)
	if _, err := s.steps(want); err == nil {
		t.Error("no error although the third page cannot be read")
	}
	s.healed()
	if got := len(s.reached(want)); got != 1998 {
		t.Errorf("%d members after two pages, want 1998", got)
	}
	seen := map[string]int{}
	s.hook = func(call string, _ int) { seen[call]++ }
	s.mustRun(want)
	s.hook = nil
	if seen["members"] != 0 || seen["follow members"] != 1 {
		t.Errorf("%d first and %d further pages were asked for, want the third alone", seen["members"], seen["follow members"])
	}
	s.memberships("read", want)
}

func TestADeletedGroupKeepsItsMembersAndAPurgedOneLosesThem(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	team := s.group("Team", p[0], p[1])
	want := with(team)
	s.synced("at first", want)
	s.control("DELETE", "/groups/"+team, "")
	s.synced("deleted", want)
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.synced("still deleted after a full read", want)
	if groups, err := s.db.GroupsOf(t.Context(), s.pull.Connection, p[:1]); err != nil || len(groups[p[0]]) != 1 {
		t.Errorf("the members of a deleted group are gone: %v %v", groups, err)
	}
	s.control("POST", "/groups/"+team+"/restore", "")
	s.leave(team, p[1])
	s.synced("restored", want)
	s.control("DELETE", "/groups/"+team, "")
	s.control("POST", "/groups/"+team+"/purge", "")
	s.synced("purged", want)
	if groups, err := s.db.GroupsOf(t.Context(), s.pull.Connection, p[:1]); err != nil || len(groups) != 0 {
		t.Errorf("the members of a purged group are kept: %v %v", groups, err)
	}
}

func TestWhoLeftAGroupUnseenBeforeItWasDeletedIsNoMemberWhenItIsRestored(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	team := s.group("Team", p[0], p[1])
	want := with(team)
	s.synced("at first", want)
	s.leave(team, p[1])
	s.control("DELETE", "/groups/"+team, "")
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.synced("deleted", want)
	s.mustRun(want)
	s.control("POST", "/groups/"+team+"/restore", "")
	s.synced("restored", want)
}

func TestAGroupThatBecameEmptyUnseenIsBelievedTheSecondTime(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	team := s.group("Team", p[0], p[1])
	want := with(team)
	s.synced("at first", want)
	s.leave(team, p[0], p[1])
	s.control("POST", "/delta/expire", "")
	s.control("POST", "/clock", `{"advance":"1s"}`)
	s.mustRun(want)
	if got := s.reached(want); len(got) != 2 {
		t.Errorf("an empty list took out %d of 2", 2-len(got))
	}
	s.synced("the second time", want)
}

func TestWhoComesBackIsAskedForHisGroups(t *testing.T) {
	s := newTenant(t, 40)
	p := s.users("live")
	team := s.group("Team", p[:6]...)
	want := with(team)
	s.control("DELETE", "/users/"+p[0], "")
	s.mustRun(everything)
	s.control("DELETE", "/users/"+p[1], "")
	s.synced("two are in the recycle bin", want)
	s.control("POST", "/users/"+p[0]+"/restore", "")
	s.control("POST", "/users/"+p[1]+"/restore", "")
	s.control("DELETE", "/users/"+p[2], "")
	s.synced("restored", want)
	s.mustRun(mirror.Want{Attributes: attributes, Full: true, WithGroups: true, Groups: want.Groups})
	s.control("POST", "/users/"+p[2]+"/restore", "")
	s.synced("restored after a full read", want)
	s.control("DELETE", "/users/"+p[3], "")
	s.mustRun(want)
	s.control("POST", "/users/"+p[3]+"/restore", "")
	if _, err := s.pull.Refresh(t.Context(), []string{p[3]}, attributes); err != nil {
		t.Fatal(err)
	}
	s.synced("restored and looked at", want)
	if got := s.reached(want); len(got) != 6 || !strings.HasPrefix(got[0], team) {
		t.Errorf("%d are members, want 6", len(got))
	}
}
