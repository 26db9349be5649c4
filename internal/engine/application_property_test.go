package engine_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// appliedHistories is how many random histories have their dry runs applied.
const appliedHistories = 10

// Whatever a dry run shows, applying it makes the directory what it foretold, to the object id.
func TestWhatADryRunShowedIsWhatApplyingItDoes(t *testing.T) {
	for seed := range uint64(appliedHistories) {
		t.Run(fmt.Sprint("people ", seed), func(t *testing.T) { applyHistory(t, seed, false) })
		t.Run(fmt.Sprint("groups ", seed), func(t *testing.T) { applyHistory(t, seed, true) })
	}
}

// Whatever happens between a dry run and its application, nothing is written that was not shown, and the next run does the rest.
func TestWhatChangedSinceTheDryRunIsLeftToTheNextRun(t *testing.T) {
	for seed := range uint64(appliedHistories) {
		t.Run(fmt.Sprint("people ", seed), func(t *testing.T) { outdatedHistory(t, seed, false) })
		t.Run(fmt.Sprint("groups ", seed), func(t *testing.T) { outdatedHistory(t, seed, true) })
	}
}

// ready is a world with a history in which an ordinary run would have something to do.
func ready(t *testing.T, seed uint64, groups bool) *history {
	t.Helper()
	h := &history{world: newWorld(t, 40), Rand: rand.New(rand.NewPCG(seed, 23)), groups: groups}
	h.settings(func(s *engine.Settings) {
		all := plan.Share{Count: 1000, Percent: 100}
		s.Thresholds = plan.Thresholds{Count: 1000, Percent: 100, Absolute: 1000, Groups: &all, Members: &all}
		s.Scope.GroupObjects, s.Scope.AllGroups = groups, groups
	})
	if groups {
		h.control(http.MethodPost, "/sim/groups/random", map[string]any{"changes": 60, "seed": seed, "kinds": []string{"create", "join", "join", "nest"}})
	}
	if seed%3 > 0 { // else the dry run shows the very first
		h.everything()
		h.happen(20)
	}
	return h
}

func applyHistory(t *testing.T, seed uint64, groups bool) {
	h := ready(t, seed, groups)
	for range 3 {
		dry := h.good(engine.DryRun)
		foretold := h.foretold(dry)
		run := h.applied(dry)
		if run.Progress.Counts["superseded"]+run.Progress.Groups["superseded"] > 0 {
			for _, entry := range h.entries(run) {
				if entry.State == engine.Superseded {
					t.Errorf("%s %s: %s", entry.Action, entry.SourceName, entry.Reason.Text)
				}
			}
		}
		if diff := cmp.Diff(foretold, h.objects()); diff != "" {
			t.Fatalf("the directory (-foretold +done):\n%s", diff)
		}
		h.everything()
		h.happen(20)
	}
}

func outdatedHistory(t *testing.T, seed uint64, groups bool) {
	h := ready(t, seed, groups)
	for range 3 {
		dry := h.good(engine.DryRun)
		h.happen(8)
		run, err := h.engine.ApplyPlan(t.Context(), h.org, dry.ID)
		switch {
		case fault.Is(err, fault.Conflict): // other settings, or nothing to do
		case err != nil:
			t.Fatal(err)
		default:
			h.work(h.engine)
			h.within(dry, run)
		}
		h.everything()
		h.everything() // who waited for a name that somebody gave up at the end
		if h.status().Failed == 0 {
			h.nothingToDo()
		}
		h.happen(12)
	}
}

// within fails if a run wrote what a dry run had not shown.
func (h *history) within(dry, run engine.Run) {
	h.Helper()
	type key struct {
		source string
		action plan.Action
	}
	shown, joins := map[key]engine.Entry{}, map[string]bool{}
	for _, entry := range h.entries(dry) {
		shown[key{entry.SourceID, entry.Action}] = entry
		for _, member := range entry.Members {
			joins[fmt.Sprint(entry.SourceID, entry.Action, member.Object)] = true
		}
	}
	for _, entry := range h.entries(run) {
		was, known := shown[key{entry.SourceID, entry.Action}]
		switch {
		case entry.State != engine.Applied:
		case entry.Object == plan.Members:
			for _, member := range entry.Members {
				if !joins[fmt.Sprint(entry.SourceID, entry.Action, member.Object)] && entry.Reason.Code != "OutOfScope" {
					h.Errorf("%s of %s was not shown to %s", member.Object, entry.SourceName, entry.Action)
				}
			}
		case !known || !was.After.Equal(entry.After) || was.ObjectID != entry.ObjectID:
			h.Errorf("%s %s: %s; shown was %s", entry.Action, entry.SourceName, engine.Differences(entry), engine.Differences(was))
		}
	}
}

// applied applies what a dry run showed.
func (w *world) applied(dry engine.Run) engine.Run {
	w.Helper()
	run, err := w.engine.ApplyPlan(w.Context(), w.org, dry.ID)
	if fault.Is(err, fault.Conflict) && strings.Contains(err.Error(), "nothing to do") {
		return dry
	}
	if err != nil {
		w.Fatal(err)
	}
	w.work(w.engine)
	if run, err = w.engine.GetRun(w.Context(), w.org, run.ID); err != nil || run.State != engine.Succeeded {
		w.Fatalf("applying ended as %s at %s: %+v (%v)", run.State, run.Step, run.Failure, err)
	}
	return run
}

// objects is what is in the directory: the attributes of users and groups, and who is in a group because the instance put him there.
func (h *history) objects() map[string]string {
	h.Helper()
	lines := map[string]string{}
	users, err := h.dir.ListUsers(h.Context(), h.org, directory.UserQuery{Limit: 10_000})
	if err != nil {
		h.Fatal(err)
	}
	for _, user := range users {
		lines["user "+user.ID.String()] = string(user.Attributes.AppendJSON(nil))
	}
	groups, err := h.dir.ListGroups(h.Context(), h.org, directory.GroupQuery{Limit: 1000})
	if err != nil {
		h.Fatal(err)
	}
	for _, group := range groups {
		lines["group "+group.ID.String()] = string(group.Attributes.AppendJSON(nil))
		members, err := h.dir.Members(h.Context(), h.org, group.ID, directory.MemberQuery{Limit: 1000})
		if err != nil {
			h.Fatal(err)
		}
		for _, member := range members {
			lines["member "+group.ID.String()+" "+member.Member.String()] = "in"
		}
	}
	return lines
}

// foretold is what the directory would be after a dry run's changes.
func (h *history) foretold(dry engine.Run) map[string]string {
	h.Helper()
	lines := h.objects()
	for _, entry := range h.entries(dry) {
		if entry.State != engine.Proposed {
			continue
		}
		key := entry.Object.String() + " " + entry.ObjectID.String()
		switch entry.Action {
		case plan.Create, plan.Update, plan.Deactivate, plan.Reactivate:
			lines[key] = h.written(lines[key], entry.After)
		case plan.Delete:
			delete(lines, key)
			h.leaveAll(lines, entry.ObjectID)
		case plan.Join, plan.Leave:
			for _, member := range entry.Members {
				key := "member " + entry.ObjectID.String() + " " + member.Object.String()
				if delete(lines, key); entry.Action == plan.Join {
					lines[key] = "in"
				}
			}
		default:
		}
	}
	return lines
}

func (h *history) written(before string, after attr.Record) string {
	h.Helper()
	record := attr.Record{}
	if before != "" {
		var err error
		if record, err = attr.ParseRecord([]byte(before)); err != nil {
			h.Fatal(err)
		}
	}
	return string(record.Merge(after).AppendJSON(nil))
}

// leaveAll takes an object that is removed out of its groups, and its members out of it.
func (h *history) leaveAll(lines map[string]string, object ident.ID) {
	for key := range lines {
		if strings.HasPrefix(key, "member ") && strings.Contains(key, object.String()) {
			delete(lines, key)
		}
	}
}
