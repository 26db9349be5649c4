package engine_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// standing lists the groups of each number of the summary: name and code of the reason. It fails if a list is not as long as its number says.
func (w *world) standing() map[engine.Bucket][]string {
	w.Helper()
	summary, err := w.engine.Summary(w.Context(), w.current())
	if err != nil {
		w.Fatal(err)
	}
	listed := map[engine.Bucket][]string{}
	for bucket, count := range map[engine.Bucket]int{
		engine.BucketSynced: summary.Groups.Synced, engine.BucketToBeSynced: summary.Groups.ToBeSynced, engine.BucketFailed: summary.Groups.Failed,
		engine.BucketSkipped: summary.Groups.Skipped, engine.BucketHeld: summary.Groups.Held,
	} {
		var lines []string
		var after engine.BucketPlace
		for more := true; more; more = after != (engine.BucketPlace{}) {
			groups, next, err := w.engine.ListGroupBucket(w.Context(), w.current(), bucket, after, 2)
			if err != nil {
				w.Fatal(err)
			}
			for _, group := range groups {
				lines = append(lines, group.SourceName+" "+group.Reason.Code)
			}
			after = next
		}
		slices.Sort(lines)
		if len(lines) != count {
			w.Errorf("%s: %d groups are counted, and %v are listed", bucket, count, lines)
		}
		if lines != nil {
			listed[bucket] = lines
		}
	}
	return listed
}

func (w *world) stands(what string, want map[engine.Bucket][]string) {
	w.Helper()
	if diff := cmp.Diff(want, w.standing()); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestTheSummaryTellsWhichGroupsStandHowAndNeverCountsThemAsPeople(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("abcd")
	people := func() [5]int {
		w.Helper()
		s := w.status()
		return [5]int{s.Synced, s.Skipped, s.Failed, s.Held, s.OutOfScope}
	}
	w.good(engine.Incremental)
	before := people()
	var groups []string
	for _, name := range []string{"A", "B", "C", "D", "E"} {
		groups = append(groups, w.restorable(name))
	}
	w.join(groups[0], p...)
	nameless := w.group("Nameless", p[0])
	w.control(http.MethodPatch, "/sim/groups/"+nameless, map[string]any{"displayName": nil})
	w.keeps(nil, of(groups[0]), of(groups[1]), of(groups[2]), of(groups[3]), of(groups[4]), of(nameless))
	w.good(engine.Incremental)
	w.stands("at first", map[engine.Bucket][]string{
		engine.BucketSynced: {"A Synced", "B Synced", "C Synced", "D Synced", "E Synced"},
		engine.BucketFailed: {nameless + " MissingDisplayName"},
	})
	if got := people(); got != before {
		t.Errorf("people are counted as %v with groups, and as %v without", got, before)
	}

	// A member whose own change fails keeps the group waiting.
	newcomer := id(w.control(http.MethodPost, "/sim/users", map[string]any{"userPrincipalName": "late@contoso.example"}))
	w.settings(mapped("nickName", `IIF([mailNickname] = "late", Error("waits"), [mailNickname])`))
	w.join(groups[0], newcomer)
	w.good(engine.Incremental)
	summary, err := w.engine.Summary(t.Context(), w.current())
	if err != nil || summary.Groups.Awaited != 1 || summary.Failed != before[2]+1 {
		t.Errorf("%d awaited, %d people failed (%v); want one more", summary.Groups.Awaited, summary.Failed, err)
	}
	if got := w.standing()[engine.BucketToBeSynced]; !slices.Equal(got, []string{"A MembersAwaited"}) {
		t.Errorf("to be synced are %v", got)
	}

	// Four of five deletions are too many.
	for _, group := range groups[1:] {
		w.control(http.MethodDelete, "/sim/groups/"+group, nil)
	}
	w.good(engine.Incremental)
	if got := w.standing()[engine.BucketHeld]; !slices.Equal(got, []string{"B Deleted", "C Deleted", "D Deleted", "E Deleted"}) {
		t.Errorf("held are %v", got)
	}
	status := w.status()
	if status.Job != engine.StatusHeld || status.Held != 0 {
		t.Errorf("the status is %s with %d people held; want Held, and nobody", status.Job, status.Held)
	}
	if held, err := w.engine.CountHeld(t.Context(), w.instance.ID); err != nil || held != 4 {
		t.Errorf("%d are held (%v), want 4", held, err)
	}
}

func TestWhatIsOddAboutASelectedGroupIsSaidAndTheRestGoesOn(t *testing.T) {
	w := newWorld(t, 60)
	p, names := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.join(sales, sales)
	w.control(http.MethodPost, "/sim/groups/"+sales+"/join", map[string]any{"members": []any{map[string]any{"type": "device"}, map[string]any{"type": "device"}}})
	nameless := w.group("x", p[0])
	w.control(http.MethodPatch, "/sim/groups/"+nameless, map[string]any{"displayName": nil})
	w.keeps(nil, of(sales), of(nameless))
	w.kept("the rest", names, "Sales, ours: a b")
	var got []string
	for _, odd := range w.status().OddGroups {
		got = append(got, odd.Text)
	}
	want := []string{
		`The selected group "Sales" is a member of itself, which is passed over.`,
		`The selected group "Sales" has 2 members that are neither users nor groups, which are passed over.`,
		"The selected group " + nameless + " has no name in Entra, so it cannot be created here.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.control(http.MethodPatch, "/sim/groups/"+sales, map[string]any{"displayName": nil})
	w.kept("it loses its name", names, "Sales, ours: a b")
	if first := w.status().OddGroups[0].Text; first != "The selected group "+sales+" has no name in Entra any more, so it keeps its last one here." {
		t.Errorf("of a kept group without name it is said: %s", first)
	}
}

func TestOfMembersWhoAreHeldSomeAreApprovedAndSomeRejected(t *testing.T) {
	w := newWorld(t, 200)
	people := w.someone(120)
	big := w.group("Big", people...)
	w.keeps(nil, of(big))
	w.good(engine.Incremental)
	w.leave(big, people[:60]...)
	w.good(engine.Incremental)
	change := w.held()[big]
	parsed := func(list ...string) (ids []ident.ID) {
		for _, text := range list {
			parsed, err := ident.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, parsed)
		}
		return ids
	}
	if _, err := w.engine.DecideMembers(t.Context(), w.instance.ID, change, parsed(people[0], people[100]), true); !fault.Is(err, fault.NotFound) {
		t.Errorf("somebody who is not in the change: %v", err)
	}
	if w.heldMembers() != 60 {
		t.Fatalf("%d are held, want all 60 still", w.heldMembers())
	}
	// One by his id here, one by that in the tenant.
	chosen := append(parsed(people[0]), w.linked(people[1]).ID)
	if count, err := w.engine.DecideMembers(t.Context(), w.instance.ID, change, chosen, true); err != nil || count != 1 {
		t.Fatalf("%d approved, %v", count, err)
	}
	if count, err := w.engine.DecideMembers(t.Context(), w.instance.ID, change, parsed(people[2]), false); err != nil || count != 1 {
		t.Fatalf("%d rejected, %v", count, err)
	}
	w.work(w.engine)
	w.good(engine.Full)
	if group := w.groupNamed("Big"); group.Members != 118 || w.heldMembers() != 57 {
		t.Errorf("%d members and %d held, want 118 and 57", group.Members, w.heldMembers())
	}
	members, err := w.engine.ChangeMembers(t.Context(), w.org, change, ident.ID{}, 1000)
	if err != nil || len(members) != 57 || slices.ContainsFunc(members, func(m engine.NamedMember) bool { return !strings.Contains(m.Name, "@") }) {
		t.Errorf("%d named members, %v: %v", len(members), err, members)
	}
	page, err := w.engine.ChangeMembers(t.Context(), w.org, change, members[9].Object, 10)
	if err != nil || cmp.Diff(members[10:20], page) != "" {
		t.Errorf("the second page is %v, %v", page, err)
	}
	// All that are left of it: the change itself.
	var rest []ident.ID
	for _, member := range members {
		rest = append(rest, member.Object)
	}
	if _, err := w.engine.DecideMembers(t.Context(), w.instance.ID, change, rest, true); err != nil {
		t.Fatal(err)
	}
	w.work(w.engine)
	w.good(engine.Incremental)
	if group := w.groupNamed("Big"); group.Members != 61 || w.heldMembers() != 0 {
		t.Errorf("%d members and %d held, want 61 and none", group.Members, w.heldMembers())
	}
	if _, err := w.engine.DecideMembers(t.Context(), w.instance.ID, change, rest, true); !fault.Is(err, fault.NotFound) {
		t.Errorf("what is not held any more: %v", err)
	}
}

func TestTheLogTellsPeopleGroupsAndMembersApart(t *testing.T) {
	w := newWorld(t, 60)
	p, _ := w.lettered("ab")
	sales := w.group("Sales", p...)
	w.keeps(nil, of(sales))
	run := w.good(engine.Incremental)
	list := func(query engine.LogQuery) (lines []string) {
		w.Helper()
		query.Org, query.Run, query.Limit = w.org, run.ID, 1000
		entries, _, err := w.engine.Log(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			lines = append(lines, strings.TrimSpace(entry.Object.String()+" "+string(entry.Action)+" "+engine.Differences(entry)))
		}
		return lines
	}
	if diff := cmp.Diff([]string{"members join 2 members join"}, list(engine.LogQuery{Objects: []plan.ObjectType{plan.Members}})); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if got := list(engine.LogQuery{Objects: []plan.ObjectType{plan.Group}}); len(got) != 1 || !strings.HasPrefix(got[0], "group create displayName: \"Sales\"") {
		t.Errorf("groups: %q", got)
	}
	of := plan.User
	if got := list(engine.LogQuery{Objects: []plan.ObjectType{of}}); len(got) < 10 || slices.ContainsFunc(got, func(line string) bool { return !strings.HasPrefix(line, "user ") }) {
		t.Errorf("people: %q", got)
	}
	var out strings.Builder
	if err := w.engine.WriteLog(t.Context(), engine.LogQuery{Org: w.org, Run: run.ID, Objects: []plan.ObjectType{plan.Members}}, 0, &out); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\r\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], ",After,Members") || !strings.Contains(lines[1], ",Members,Add,") || !strings.HasSuffix(lines[1], ",2") {
		t.Errorf("as CSV: %q", lines)
	}
}
