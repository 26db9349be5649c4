package mirror_test

import (
	"slices"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

func TestChangesArriveIncrementally(t *testing.T) {
	s := newTenant(t, 1000)
	s.mustRun(everything)
	s.mustRun(everything)
	s.control("POST", "/random", `{"changes":450,"kinds":["change","rename","manager","block","unblock","create","delete","purge","restore"]}`)
	s.calls = 0
	progress := s.mustRun(everything)
	if progress.Full || s.calls != 3 {
		t.Errorf("%+v with %d calls, want three pages of a delta", progress, s.calls)
	}
	s.equals(attributes)
	s.calls = 0
	s.mustRun(everything)
	if s.calls != 1 {
		t.Errorf("%d calls when nothing changed", s.calls)
	}
}

func TestAPartOfARecordIsMergedIntoWhatIsThere(t *testing.T) {
	s := newTenant(t, 10)
	s.mustRun(everything)
	people := s.users("live")
	s.control("PATCH", "/users/"+people[2], `{"jobTitle":"Analyst","manager":"`+people[3]+`"}`)
	s.mustRun(everything)
	was := s.one(people[2]).Record
	s.control("PATCH", "/users/"+people[2], `{"jobTitle":null,"manager":null}`)
	s.mustRun(everything)
	now := s.one(people[2]).Record
	was.Delete("jobTitle")
	was.Delete("manager")
	if !now.Equal(was) || now.Text("displayName") == "" {
		t.Errorf("%v, want %v", now, was)
	}
	s.equals(attributes)
}

func TestAStrangerOfWhomADeltaTellsAPartIsReadWhole(t *testing.T) {
	s := newTenant(t, 1500)
	people := s.users("live")
	s.hook = func(_ string, number int) {
		if number == 2 { // the list; its first page loses half of its users, and its number is not known
			s.fault(`{"route":"/v1.0/users$","kind":"truncated-page","times":1}`)
		}
	}
	s.pull.Tenant = uncounted{hooked{s}}
	s.mustRun(everything)
	s.healed()
	known := s.mirrored()
	strangers := slices.DeleteFunc(people, func(id string) bool { _, isKnown := known[id]; return isKnown })
	if len(strangers) != 499 {
		t.Fatalf("%d users were lost", len(strangers))
	}
	s.control("PATCH", "/users/"+strangers[0], `{"jobTitle":"Analyst"}`)
	s.control("PATCH", "/users/"+strangers[1], `{"jobTitle":"Analyst"}`)
	s.hook = func(call string, _ int) {
		if call == "look up" {
			s.control("DELETE", "/users/"+strangers[1], "")
		}
	}
	s.mustRun(everything)
	if got := s.one(strangers[0]).Record; got.Text("jobTitle") != "Analyst" || got.Text("userPrincipalName") == "" || !got.Has("accountEnabled") {
		t.Errorf("the stranger is %v", got)
	}
	if _, known := s.mirrored()[strangers[1]]; known {
		t.Error("a stranger who is gone when he is looked up says nothing")
	}
	s.hook = nil
	s.pull.Tenant = hooked{s}
	s.mustRun(fully)
	s.equals(attributes)
}

func TestDeletedRestoredPurged(t *testing.T) {
	s := newTenant(t, 10)
	s.mustRun(everything)
	who := s.users("live")[4]
	name := s.one(who).Record.Text("userPrincipalName")
	expect := func(what string, state plan.SourceState, since time.Time) {
		t.Helper()
		s.control("POST", "/clock", `{"advance":"1h"}`)
		s.mustRun(everything)
		got := s.one(who)
		if got.State != state || !got.DeletedAt.Equal(since) || got.Record.Text("userPrincipalName") != name {
			t.Errorf("%s: %s since %v as %q, want %s since %v", what, got.State, got.DeletedAt, got.Record.Text("userPrincipalName"), state, since)
		}
	}
	s.control("DELETE", "/users/"+who, "")
	expect("deleted", plan.Deleted, noon.Add(time.Hour))
	expect("deleted, an hour later", plan.Deleted, noon.Add(time.Hour))
	s.control("POST", "/users/"+who+"/restore", "{}")
	expect("restored", plan.Live, time.Time{})
	s.control("DELETE", "/users/"+who, "")
	expect("deleted again", plan.Deleted, noon.Add(4*time.Hour))
	s.control("POST", "/users/"+who+"/purge", "")
	expect("purged", plan.Gone, noon.Add(4*time.Hour))
}

func TestWhoIsPurgedUnseenIsGone(t *testing.T) {
	s := newTenant(t, 10)
	s.mustRun(everything)
	who := s.users("live")[4]
	s.control("POST", "/users/"+who+"/purge", "")
	s.mustRun(everything)
	if got := s.one(who); got.State != plan.Gone || !got.DeletedAt.Equal(noon) {
		t.Errorf("%s since %v", got.State, got.DeletedAt)
	}
}

func TestALaggingReplicaIsWaitedFor(t *testing.T) {
	s := newTenant(t, 50)
	s.mustRun(everything)
	s.mustRun(everything)
	s.control("POST", "/lag", `{"duration":"30s"}`)
	s.control("POST", "/random", `{"changes":20,"kinds":["change","delete","create","block"]}`)
	s.mustRun(everything)
	s.mustRun(fully)
	s.control("POST", "/clock", `{"advance":"31s"}`)
	s.mustRun(everything)
	s.equals(attributes)
}

// The simulated recycle bin runs out at the minute; a delta that tells nothing of it leaves it to our clock.
func TestTheRecycleBinRunsOutByTheClockOnlyAfterTwoLooks(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	people := s.users("live")
	gone, back, again := people[3], people[4], people[5]
	s.control("DELETE", "/users/"+gone, "")
	s.control("DELETE", "/users/"+back, "")
	s.control("DELETE", "/users/"+again, "")
	s.mustRun(everything)
	s.control("POST", "/clock", `{"advance":"480h"}`)
	s.control("POST", "/users/"+again+"/restore", "{}")
	s.control("DELETE", "/users/"+again, "")
	s.control("POST", "/clock", `{"advance":"240h1m"}`)
	s.control("POST", "/users", `{"userPrincipalName":"somebody@contoso.example"}`)
	// Deltas are silent from here on, as when a delta loses something.
	silent := silentDelta{hooked{s}, &[]string{}}
	s.pull.Tenant = silent
	s.calls = 0
	s.hook = func(call string, _ int) {
		if call == "look up" {
			*silent.looks = append(*silent.looks, call)
		}
	}
	cursor := s.cursor()
	cursor.DeltaAt = s.now()
	s.mustRun(everything)
	if got := s.one(gone); got.State != plan.Gone || !got.DeletedAt.Equal(noon) {
		t.Errorf("whose time is over is %s since %v", got.State, got.DeletedAt)
	}
	if got := s.one(again); got.State != plan.Deleted || !got.DeletedAt.Equal(noon.Add(480*time.Hour)) {
		t.Errorf("who was deleted again is %s since %v", got.State, got.DeletedAt)
	}
	if len(*silent.looks) != 2 {
		t.Errorf("%d looks", len(*silent.looks))
	}
	s.mustRun(everything)
	if len(*silent.looks) != 2 {
		t.Errorf("nobody is due, and there were %d looks", len(*silent.looks))
	}
}

func TestWhoWasRestoredUnseenComesBackWhenTheTimeIsOver(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	back := s.users("live")[4]
	s.control("DELETE", "/users/"+back, "")
	s.mustRun(everything)
	s.control("POST", "/users/"+back+"/restore", "{}")
	s.control("POST", "/clock", `{"advance":"721h"}`)
	s.pull.Tenant = silentDelta{hooked{s}, nil}
	s.mustRun(everything)
	if got := s.one(back); got.State != plan.Live || !got.Record.Has("accountEnabled") {
		t.Errorf("%s %v", got.State, got.Record)
	}
}

func TestARecycleBinThatGraphEmptiesLateIsAskedOnceAnHour(t *testing.T) {
	s := newTenant(t, 400)
	s.mustRun(everything)
	for _, id := range s.users("live")[:250] {
		s.control("DELETE", "/users/"+id, "")
	}
	s.mustRun(everything)
	gone := s.users("deleted")[200]
	s.control("POST", "/users/"+gone+"/purge", "")
	late := lateBin{silentDelta{hooked{s}, nil}, gone}
	s.pull.Tenant = late
	s.pull.Now = func() time.Time { return noon.Add(721 * time.Hour) }
	looks := 0
	s.hook = func(call string, _ int) {
		if call == "look up" {
			looks++
		}
	}
	s.mustRun(everything)
	if got := s.one(gone).State; got != plan.Gone || looks != 4 {
		t.Errorf("behind two hundred who are still in the bin, the purged one is %s after %d looks", got, looks)
	}
	s.mustRun(everything)
	if looks != 4 {
		t.Errorf("%d looks within the hour", looks)
	}
	s.pull.Now = func() time.Time { return noon.Add(723 * time.Hour) }
	s.mustRun(everything)
	if looks != 7 {
		t.Errorf("%d looks after the hour", looks)
	}
}

func TestAPurgeByTheClockWaitsWhileGraphCannotSay(t *testing.T) {
	s := newTenant(t, 20)
	s.mustRun(everything)
	who := s.users("live")[4]
	s.control("DELETE", "/users/"+who, "")
	s.mustRun(everything)
	s.pull.Tenant = silentDelta{hooked{s}, nil}
	s.pull.Now = func() time.Time { return noon.Add(721 * time.Hour) }
	s.fault(`{"route":"/v1.0/$batch","kind":"error"}`)
	if progress := s.mustRun(everything); !progress.Done || s.one(who).State != plan.Deleted {
		t.Errorf("%+v, and the user is %s", progress, s.one(who).State)
	}
}

func TestARepeatedUserOfAPageCountsOnceAndLast(t *testing.T) {
	s := newTenant(t, 10)
	s.mustRun(everything)
	s.lies = true
	who := s.users("live")[3]
	page := func(users ...graph.User) {
		t.Helper()
		s.pull.Tenant = givenPage{hooked{s}, users}
		s.mustRun(everything)
	}
	title := func(value any) graph.User {
		return graph.User{ID: who, Record: attr.From(map[string]any{"id": who, "jobTitle": value})}
	}
	page(title("A"), title("B"))
	if got := s.one(who).Record.Text("jobTitle"); got != "B" {
		t.Errorf("jobTitle = %q", got)
	}
	page(graph.User{ID: who, Removed: graph.Changed, Record: attr.From(map[string]any{"id": who})}, title("C"))
	if got := s.one(who); got.State != plan.Live || got.Record.Text("jobTitle") != "C" {
		t.Errorf("removed and back: %s %v", got.State, got.Record)
	}
	page(title("D"), graph.User{ID: who, Removed: graph.Changed, Record: attr.From(map[string]any{"id": who})})
	if got := s.one(who); got.State != plan.Deleted || got.Record.Text("displayName") == "" {
		t.Errorf("changed and removed: %s %v", got.State, got.Record)
	}
}
