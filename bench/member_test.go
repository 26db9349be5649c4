//go:build bench

package bench

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/e2e"
)

// One membership must cost the same in a group of ten and in one of a quarter of a million.
const (
	hugeGroup  = 250_000
	smallGroup = 10
	// memberRounds is how often somebody leaves and comes back, since one change is too little to be measured.
	memberRounds = 40
	// likeTen is how many times the cost in the small group the huge one may cost.
	likeTen = 1.25
)

// membership is what one change of who is in a group costs the server, a whole run for it included.
type membership struct {
	cpu     time.Duration
	written int64 // bytes
}

// measureMembership has one person leave and join a small and a huge group again and again, with a run after each.
func measureMembership(t *testing.T) []target {
	t.Helper()
	var small, huge, person string
	b := furnish(t, hugeGroup+1000, func(tenant *e2e.Tenant) map[string]any {
		small, person = simGroup(t, tenant, "Small", smallGroup)
		huge, _ = simGroup(t, tenant, "Huge", hugeGroup)
		return map[string]any{"scope": map[string]any{
			"allUsers": true, "groupObjects": true, "groups": []map[string]any{{"id": small}, {"id": huge}},
		}}
	})
	b.run(t, "first")
	b.changeMember(t, huge, person) // what is done once only
	var inSmall, inHuge membership
	for range memberRounds { // by turns, so that whatever else the machine does falls on both
		inSmall = inSmall.and(b.changeMember(t, small, person))
		inHuge = inHuge.and(b.changeMember(t, huge, person))
	}
	cpu, written := float64(inHuge.cpu)/float64(inSmall.cpu), float64(inHuge.written)/float64(inSmall.written)
	what := fmt.Sprintf("one membership in a group of %s beside one of %d, ", thousands(hugeGroup), smallGroup)
	each := func(m membership) (time.Duration, int64) {
		return m.cpu / (2 * memberRounds), m.written / (2 * memberRounds)
	}
	smallCPU, smallWritten := each(inSmall)
	hugeCPU, hugeWritten := each(inHuge)
	return []target{
		judged(what+"CPU of the run", fmt.Sprintf("at most %g times", likeTen),
			fmt.Sprintf("%.2f times (%.1f ms, %.1f ms)", cpu, smallCPU.Seconds()*1000, hugeCPU.Seconds()*1000), cpu <= likeTen),
		judged(what+"bytes written", fmt.Sprintf("at most %g times", likeTen),
			fmt.Sprintf("%.2f times (%s, %s)", written, thousands(int(smallWritten)), thousands(int(hugeWritten))), written <= likeTen),
	}
}

// simGroup makes a group of the first people of the tenant and returns it, and the first of them.
func simGroup(t *testing.T, tenant *e2e.Tenant, name string, members int) (id, person string) {
	t.Helper()
	var made struct{ ID string }
	body := map[string]any{"displayName": name, "from": 0, "count": members}
	if err := tenant.Control.Do(t.Context(), http.MethodPost, "/sim/groups", body, &made); err != nil {
		t.Fatal(err)
	}
	var listed struct{ Members []struct{ ID string } }
	if err := tenant.Control.Do(t.Context(), http.MethodGet, "/sim/groups/"+made.ID+"/members?limit=1", nil, &listed); err != nil {
		t.Fatal(err)
	}
	if len(listed.Members) != 1 {
		t.Fatalf("the group %s has no members", name)
	}
	return made.ID, listed.Members[0].ID
}

// changeMember has the person leave the group and come back, with a run after each.
func (b bed) changeMember(t *testing.T, group, person string) membership {
	t.Helper()
	pid := b.server.PID()
	before := membership{cpu: cpuOf(t, pid), written: writtenBy(t, pid)}
	for _, step := range []string{"leave", "join"} {
		if err := b.tenant.Control.Do(t.Context(), http.MethodPost, "/sim/groups/"+group+"/"+step, map[string]any{"members": []string{person}}, nil); err != nil {
			t.Fatal(err)
		}
		run, err := b.server.Sync(t.Context(), b.instance, "incremental")
		if err != nil {
			t.Fatal(err)
		}
		b.over(t, run)
	}
	return membership{cpu: cpuOf(t, pid) - before.cpu, written: writtenBy(t, pid) - before.written}
}

func (m membership) and(other membership) membership {
	return membership{cpu: m.cpu + other.cpu, written: m.written + other.written}
}

// writtenBy reads how many bytes a process had written to files.
func writtenBy(t *testing.T, pid int) int64 {
	t.Helper()
	_, rest, found := strings.Cut(read(t, fmt.Sprintf("/proc/%d/io", pid)), "wchar:")
	if !found {
		t.Fatal("no wchar in /proc: this needs Linux")
	}
	return number(t, strings.Fields(rest)[0])
}
