package engine_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// undoHistories is how many random histories are taken back.
const undoHistories = 12

// Whatever a run did, its undo restores the directory as it was before, the next run changes nothing, and the undo of the undo gives back what
// the run had made.
func TestUndoIsTheInverseOfARun(t *testing.T) {
	for seed := range uint64(undoHistories) {
		t.Run(fmt.Sprint("people ", seed), func(t *testing.T) { undoHistory(t, seed, false) })
		t.Run(fmt.Sprint("groups ", seed), func(t *testing.T) { undoHistory(t, seed, true) })
	}
}

func undoHistory(t *testing.T, seed uint64, groups bool) {
	h := &history{world: newWorld(t, 40), Rand: rand.New(rand.NewPCG(seed, 17)), groups: groups}
	h.settings(func(s *engine.Settings) {
		all := plan.Share{Count: 1000, Percent: 100}
		s.Thresholds = plan.Thresholds{Count: 1000, Percent: 100, Absolute: 1000, Groups: &all, Members: &all}
		s.Scope.GroupObjects, s.Scope.AllGroups = groups, groups
	})
	if groups {
		h.control(http.MethodPost, "/sim/groups/random", map[string]any{"changes": 60, "seed": seed, "kinds": []string{"create", "join", "join", "nest"}})
	}
	h.everything()
	for range 3 {
		h.happen(12)
		h.everything()
	}
	before, runs := h.settled()
	after := h.snapshot()

	undos := h.takeBack(runs)
	h.is("after the undo", before)
	h.everything()
	h.nothingToDo()
	h.is("after the run behind the undo", before)

	h.takeBack(undos)
	h.is("after the undo of the undo", after)
	h.everything()
	h.is("after the run behind that", after)
	if pins := h.pins(); len(pins) != 0 {
		t.Errorf("%d pins are left: %v", len(pins), h.pinned())
	}
}

// history is a world in which things happen at random.
type history struct {
	*world
	*rand.Rand
	names int
	// groups: the instance keeps groups, and things happen to them.
	groups bool
}

// settled lets things happen until a run leaves nobody behind who waits for a name, and returns the directory before them and the runs behind
// them. Whoever waits gets the name when the undo gives it up: that is as it should be, and another story.
func (h *history) settled() (before map[string]string, runs []engine.Run) {
	h.Helper()
	for range 50 {
		before = h.snapshot()
		waiting := h.status().Failed
		h.happen(25)
		runs = h.everything()
		if h.groups { // what the tenant tells a pull late of nested groups that were deleted and restored
			runs = append(runs, h.everything()...)
		}
		if waiting == 0 && h.status().Failed == 0 {
			return before, runs
		}
	}
	h.Fatal("somebody always waits for a name")
	return nil, nil
}

// everything runs until nothing is left to do and returns the runs, the first one first.
func (h *history) everything() []engine.Run {
	h.Helper()
	known, err := h.db.ListRuns(h.Context(), engine.RunQuery{Org: h.org, Limit: 1000})
	if err != nil {
		h.Fatal(err)
	}
	h.good(engine.Incremental)
	runs, err := h.db.ListRuns(h.Context(), engine.RunQuery{Org: h.org, Limit: 1000})
	if err != nil {
		h.Fatal(err)
	}
	runs = runs[:len(runs)-len(known)] // newest first
	slices.Reverse(runs)
	return runs
}

// takeBack undoes runs, the last one first, and returns the undos in the order in which they ran.
func (h *history) takeBack(runs []engine.Run) []engine.Run {
	h.Helper()
	var undos []engine.Run
	for _, run := range slices.Backward(runs) {
		dry := h.undoAs(engine.UndoRequest{Run: run.ID, DryRun: true})
		undo := h.undo(run)
		undos = append(undos, undo)
		foretold := map[ident.ID]engine.Entry{}
		for _, entry := range h.entries(dry) {
			foretold[entry.Undoes] = entry
		}
		for _, entry := range h.entries(undo) {
			if entry.State != engine.Applied && entry.Reason.Code != plan.NotApplied {
				h.Errorf("of the %s run, %s (%s): %s: %s", run.Kind, entry.SourceName, entry.State, entry.Reason.Code, entry.Reason.Text)
			}
			if dry := foretold[entry.Undoes]; dry.Action != entry.Action || dry.ObjectID != entry.ObjectID || !dry.After.Equal(entry.After) {
				h.Errorf("foretold was %s %s, done %s %s", dry.Action, engine.Differences(dry), entry.Action, engine.Differences(entry))
			}
		}
	}
	return undos
}

// nothingToDo fails if a run over everybody would write something.
func (h *history) nothingToDo() {
	h.Helper()
	for _, entry := range h.entries(h.good(engine.DryRun)) {
		if entry.Action.Writes() {
			h.Errorf("a run would %s %s: %s: %s", entry.Action, entry.SourceName, entry.Reason.Text, engine.Differences(entry))
		}
	}
}

// snapshot is the directory and its ties: a line for each user and each link.
func (h *history) snapshot() map[string]string {
	h.Helper()
	lines := map[string]string{}
	users, err := h.dir.ListUsers(h.Context(), h.org, directory.UserQuery{Limit: 10_000})
	if err != nil {
		h.Fatal(err)
	}
	for _, user := range users {
		lines["user "+user.ID.String()] = fmt.Sprintf("%s %s %s %s %s", user.Owner, user.SourceID, user.Origin, user.CreatedAt, user.Attributes.AppendJSON(nil))
	}
	objects, err := h.db.AllObjects(h.Context(), h.instance, 0, 10_000)
	if err != nil {
		h.Fatal(err)
	}
	for _, object := range objects {
		if !object.Link.ObjectID.IsZero() {
			lines["link "+object.SourceID] = fmt.Sprintf("%s %s", object.Link.ObjectID, object.Link.Status)
		}
	}
	h.snapGroups(lines)
	return lines
}

// snapGroups adds a line for each group, each membership, and each tie of a group.
func (h *history) snapGroups(lines map[string]string) {
	h.Helper()
	groups, err := h.dir.ListGroups(h.Context(), h.org, directory.GroupQuery{Limit: 1000})
	if err != nil {
		h.Fatal(err)
	}
	for _, group := range groups {
		lines["group "+group.ID.String()] = fmt.Sprintf("%s %s %s %s %s %d", group.Owner, group.SourceID, group.Origin, group.CreatedAt, group.Attributes.AppendJSON(nil), group.Members)
		members, err := h.dir.Members(h.Context(), h.org, group.ID, directory.MemberQuery{Limit: 1000})
		if err != nil {
			h.Fatal(err)
		}
		for _, member := range members {
			lines["member "+group.ID.String()+" "+member.Member.String()] = fmt.Sprint(member.Type, member.Marks)
		}
	}
	linked, err := h.db.LinkedGroups(h.Context(), h.instance, false, 0, 1000)
	if err != nil {
		h.Fatal(err)
	}
	for _, group := range linked {
		lines["group link "+group.SourceID] = group.Link.ObjectID.String()
	}
}

func (h *history) is(when string, want map[string]string) {
	h.Helper()
	if diff := cmp.Diff(want, h.snapshot()); diff != "" {
		h.Fatalf("%s (-want +got):\n%s", when, diff)
	}
}

// happen lets so many things happen in the tenant, the configuration and time.
func (h *history) happen(times int) {
	h.Helper()
	for range times {
		if h.groups && h.IntN(2) == 0 {
			h.happenToGroups()
			continue
		}
		switch h.IntN(12) {
		case 0:
			h.try(http.MethodPost, "/sim/users", map[string]any{
				"userPrincipalName": h.name(), "displayName": "New", "accountEnabled": h.IntN(4) > 0, "userType": "Member",
			})
		case 1, 2:
			h.try(http.MethodPatch, h.anybody(false), map[string]any{"jobTitle": h.name(), "city": nil})
		case 3:
			h.try(http.MethodPatch, h.anybody(false), map[string]any{"userPrincipalName": h.name()})
		case 4, 5:
			h.round()
		case 6:
			h.try(http.MethodPost, h.anybody(false)+"/block", nil)
		case 7:
			h.try(http.MethodPost, h.anybody(false)+"/unblock", nil)
		case 8:
			h.try(http.MethodDelete, h.anybody(false), nil)
		case 9:
			h.try(http.MethodPost, h.anybody(true)+"/restore", nil)
		case 10:
			h.try(http.MethodPost, h.anybody(h.IntN(3) > 0)+"/purge", nil)
		case 11:
			h.configure()
		}
		if h.IntN(8) == 0 {
			h.now = h.now.Add(time.Duration(h.IntN(80)) * time.Hour)
		}
	}
}

// happenToGroups lets something happen to a group of the tenant.
func (h *history) happenToGroups() {
	h.Helper()
	kinds := []string{"join", "join", "join", "leave", "leave", "nest", "unnest", "rename", "create", "delete", "purge", "restore"}
	kind := kinds[h.IntN(len(kinds))]
	h.control(http.MethodPost, "/sim/groups/random", map[string]any{"changes": 1, "seed": h.Uint32(), "kinds": []string{kind}})
}

func (h *history) name() string {
	h.names++
	return fmt.Sprintf("name%d@contoso.example", h.names)
}

// try does something in the tenant that it may refuse.
func (h *history) try(method, path string, body any) bool {
	h.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		h.Fatal(err)
	}
	request, err := http.NewRequestWithContext(h.Context(), method, h.sim.URL()+path, bytes.NewReader(encoded))
	if err != nil {
		h.Fatal(err)
	}
	response, err := new(http.Client).Do(request)
	if err != nil {
		h.Fatal(err)
	}
	if err := response.Body.Close(); err != nil || response.StatusCode >= http.StatusInternalServerError {
		h.Fatalf("%s %s: %s (%v)", method, path, response.Status, err)
	}
	return response.StatusCode < 300
}

// anybody returns the control path of a user of the tenant, or of one in the recycle bin.
func (h *history) anybody(deleted bool) string {
	h.Helper()
	path := "/sim/users?limit=500"
	if deleted {
		path += "&state=deleted"
	}
	people, _ := h.control(http.MethodGet, path, nil)["users"].([]any)
	if len(people) == 0 {
		return "/sim/users/00000000-0000-0000-0000-000000000000"
	}
	person, _ := people[h.IntN(len(people))].(map[string]any)
	return "/sim/users/" + id(person)
}

// round lets names go round in a circle of two or three, or along a chain.
func (h *history) round() {
	h.Helper()
	people := h.people(10)
	h.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	people = people[:2+h.IntN(2)]
	rename := func(person map[string]any, name any) {
		h.try(http.MethodPatch, "/sim/users/"+id(person), map[string]any{"userPrincipalName": name})
	}
	rename(people[0], h.name())
	for i := 1; i < len(people); i++ {
		rename(people[i], people[i-1]["userPrincipalName"])
	}
	if h.IntN(3) > 0 {
		rename(people[0], people[len(people)-1]["userPrincipalName"])
	}
}

// configure changes who is in scope.
func (h *history) configure() {
	h.Helper()
	h.settings(func(s *engine.Settings) {
		s.Scope.IncludeGuests = h.IntN(2) == 0
		s.Scope.Filters = nil
		if h.IntN(2) == 0 {
			s.Scope.Filters = []scope.Filter{{Name: "Some", Clauses: []scope.Clause{
				{Attribute: "displayName", Operator: "NOT REGEX MATCH", Value: fmt.Sprintf("^[%c-%c].*", 'A'+h.IntN(4), 'E'+h.IntN(4))},
			}}}
		}
	})
}
