package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

func TestAReconcileFindsAndRepairsWhatWasChangedInTheService(t *testing.T) {
	w, want := withGroups(t, 40)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	w.good(engine.Incremental)
	if run := w.reconcile(false); run.Progress.Drift() != 0 {
		t.Errorf("of two equal sides %d differ: %v", run.Progress.Drift(), run.Progress.Counts)
	}
	who := w.people(2)
	users := s.users()
	changed, removed := users[fmt.Sprint(who[0]["userPrincipalName"])], users[fmt.Sprint(who[1]["userPrincipalName"])]
	_, err := s.dir.ChangeUser(t.Context(), s.org, changed.ID, attr.From(map[string]any{attr.DisplayName: "Somebody else"}), changed.Version)
	s.must(err)
	s.must(s.dir.DeleteUser(t.Context(), s.org, removed.ID))
	groups, err := s.dir.ListGroups(t.Context(), s.org, directory.GroupQuery{Limit: 1})
	s.must(err)
	members, err := s.dir.Members(t.Context(), s.org, groups[0].ID, directory.MemberQuery{Limit: 1})
	s.must(err)
	_, err = s.dir.RemoveMembers(t.Context(), s.org, groups[0].ID, []ident.ID{members[0].Member})
	s.must(err)
	if run := w.good(engine.Incremental); run.Progress.Planned != 0 {
		t.Errorf("a run without changes in the tenant planned %d", run.Progress.Planned)
	}
	if run := w.reconcile(true); run.Progress.Drift() == 0 {
		t.Errorf("nothing was found: %v, %v", run.Progress.Counts, run.Progress.Groups)
	}
	w.eventually()
	if got := s.users()[changed.Name()].Attributes.Text(attr.DisplayName); got != changed.Attributes.Text(attr.DisplayName) {
		t.Errorf("the displayName is %q", got)
	}
	w.sameAs(s)
	if got := grouped(t, s.dir, s.org); got != want {
		t.Errorf("the service has the groups %s, want %s", got, want)
	}
}

func TestADryRunAndAnExplanationAskNobody(t *testing.T) {
	w := newWorld(t, 40)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	if run := w.good(engine.DryRun); run.Progress.Counts["create"] == 0 || len(s.users()) != 0 {
		t.Errorf("the dry run has the counts %v, and the service %d users", run.Progress.Counts, len(s.users()))
	}
	w.good(engine.Incremental)
	s.calls.Store(0)
	x := w.explain(fmt.Sprint(w.people(1)[0]["id"]), false)
	if x.ObjectID.IsZero() || s.calls.Load() != 0 {
		t.Errorf("explained with %d requests: %+v", s.calls.Load(), x)
	}
}

func TestRefusedCredentialsOfTheServiceMeanQuarantine(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	s.spoil(func(rw http.ResponseWriter, _ *http.Request, _ http.Handler) bool {
		rw.WriteHeader(http.StatusUnauthorized)
		return true
	})
	if run := w.run(engine.Incremental); run.State != engine.Failed || run.Progress.Counts["failed"] != 0 {
		t.Errorf("the run ended as %s with %v", run.State, run.Progress.Counts)
	}
	if q := w.current().Health.Quarantine; q == nil || q.Code == "" || !strings.Contains(q.Reason, "destination") {
		t.Errorf("the quarantine is %+v", q)
	}
	s.spoil(nil)
	w.good(engine.Incremental)
	w.sameAs(s)
}

func TestAnUndoSaysThatItIsForTheBuiltInDirectory(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	run := w.good(engine.Incremental)
	_, err := w.engine.Undo(t.Context(), w.org, engine.UndoRequest{Run: run.ID, Reason: "test"})
	if err == nil || !strings.Contains(err.Error(), "built-in directory") {
		t.Errorf("an undo is answered with %v", err)
	}
}

func TestAServiceThatAsksForPatienceIsGivenIt(t *testing.T) {
	w := newWorld(t, 30)
	s := newService(t, w.time)
	w.elsewhere(s, true)
	s.spoil(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) bool {
		if r.Method != http.MethodPost {
			return false
		}
		rw.Header().Set("Retry-After", "600")
		rw.WriteHeader(http.StatusTooManyRequests)
		return true
	})
	run := w.run(engine.Incremental)
	if run.State != engine.Waiting || run.NotBefore.Sub(w.now) < 9*time.Minute || run.Progress.Counts["failed"] != 0 {
		t.Fatalf("the run is %s until %s: %v, %+v", run.State, run.NotBefore, run.Progress.Counts, run.Failure)
	}
	s.spoil(nil)
	w.now, s.way = w.now.Add(11*time.Minute), s.client(true) // whose own clock did not go on
	w.queue.runs = append(w.queue.runs, run.ID)
	w.work(w.engine)
	w.sameAs(s)
}

// TestAReconcileFindsManagersWhomSomebodyChangedInTheService: one who has another, one who has none any more, and one who has somebody of whom the tenant
// knows nothing.
func TestAReconcileFindsManagersWhomSomebodyChangedInTheService(t *testing.T) {
	w := newWorld(t, 60)
	s := newService(t, w.time)
	w.elsewhere(s, false)
	w.good(engine.Incremental)
	want := map[string]string{}
	var led []directory.User
	for _, user := range s.users() {
		if boss := user.Attributes.Text(attr.ManagerValue); boss != "" {
			want[user.Name()], led = boss, append(led, user)
		}
	}
	if len(led) < 4 {
		t.Fatalf("%d people have managers", len(led))
	}
	if run := w.reconcile(true); run.Progress.Drift() != 0 {
		t.Errorf("of two equal sides %d differ: %v", run.Progress.Drift(), run.Progress.Counts)
	}
	stranger, err := s.dir.CreateUser(t.Context(), s.org, attr.From(map[string]any{attr.UserName: "stranger@elsewhere.example"}))
	s.must(err)
	for i, boss := range []any{led[3].ID.String(), nil, stranger.ID.String()} {
		_, err := s.dir.ChangeUser(t.Context(), s.org, led[i].ID, attr.From(map[string]any{attr.ManagerValue: boss}), led[i].Version)
		s.must(err)
	}
	if run := w.reconcile(true); run.Progress.Drift() != 3 {
		t.Errorf("%d differ, want 3: %v", run.Progress.Drift(), run.Progress.Counts)
	}
	w.eventually()
	for name, user := range s.users() {
		if got := user.Attributes.Text(attr.ManagerValue); got != want[name] {
			t.Errorf("the manager of %s is %q, want %q", name, got, want[name])
		}
	}
	if run := w.reconcile(true); run.Progress.Drift() != 0 {
		t.Errorf("repaired, %d differ: %v", run.Progress.Drift(), run.Progress.Counts)
	}
}
