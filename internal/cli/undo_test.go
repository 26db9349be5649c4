package cli

import (
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/plan"
)

// undoing serves an undo of a run that proposes one change and cannot take another one back.
func undoing(t *testing.T, proposes bool) (env []string, bodies map[string]string) {
	t.Helper()
	run := api.Run{ID: anID, State: engine.Succeeded, Kind: engine.Undo, Counts: map[string]int{"update": 1, "skipped": 1}, Undo: &api.Undo{RunID: anID, DespiteEntra: 1}}
	changes := api.List[api.Change]{Items: []api.Change{{SourceName: "Bob", State: engine.EntrySkipped, Reason: plan.Reason{Text: "was changed since"}}}}
	if proposes {
		changes.Items = append(changes.Items, api.Change{SourceName: "Ada", Action: plan.Reactivate, State: engine.Proposed, Reason: plan.Reason{Text: "takes back"}})
	}
	path := "runs/" + anID.String()
	return answers(t, map[string]any{
		"GET " + path: run, "POST " + path + "/undo": run, "GET " + path + "/changes?limit=1000": changes,
		"GET users/" + anID.String(): api.User{ID: anID, UserName: "ada@x.example"}, "POST users/" + anID.String() + "/undo": run,
		"GET groups/" + anID.String(): api.Group{ID: anID}, "POST groups/" + anID.String() + "/undo": run,
	})
}

func TestAnUndoShowsFirstAndWritesOnlyWhenItIsToldTo(t *testing.T) {
	env, bodies := undoing(t, true)
	asked := "POST runs/" + anID.String() + "/undo"
	shown := call(t, env, "run", "undo", anID.String())
	shown.want(t, 0, "ATTENTION: 1 user gets access again whom Entra would not give any.\nNothing was written. Give --reason and --yes")
	if !strings.Contains(shown.stdout, "reactivate  Ada") || !strings.Contains(shown.stdout, "Cannot be taken back:\nWHO  WHY NOT\nBob  was changed since") || bodies[asked] != "{}" {
		t.Errorf("asked %s, shown:\n%s", bodies[asked], shown.stdout)
	}
	call(t, env, "run", "undo", anID.String(), "--reason", "wrong").want(t, 2, "Confirm it with --yes.") // nobody sits there to be asked
	if bodies[asked] != `{"reason":"wrong"}` {
		t.Errorf("asked %s", bodies[asked])
	}
	done := call(t, env, "run", "undo", anID.String(), "--reason", "wrong", "--yes")
	done.want(t, 0, "1 user stays as it was; see `rollcall run show")
	if bodies[asked] != `{"reason":"wrong","dryRun":false}` || !strings.Contains(done.stdout, "1 updated, 1 skipped.") {
		t.Errorf("asked %s, told:\n%s", bodies[asked], done.stdout)
	}
	delete(bodies, asked)
	call(t, env, "run", "undo", anID.String(), "--yes").want(t, 2, "it is not said why")
	if len(bodies[asked]) > 0 {
		t.Error("without a reason the server was asked")
	}
}

func TestAnUndoOfOneUserNamesHim(t *testing.T) {
	env, bodies := undoing(t, true)
	call(t, env, "run", "undo", anID.String(), "--object", anID.String(), "--json").want(t, 0, "")
	if body := bodies["POST runs/"+anID.String()+"/undo"]; body != `{"objects":["`+anID.String()+`"]}` {
		t.Errorf("asked %s", body)
	}
	call(t, env, "user", "undo", anID.String(), "--reason", "wrong", "--yes").want(t, 0, "1 user stays")
	if body := bodies["POST users/"+anID.String()+"/undo"]; body != `{"reason":"wrong","dryRun":false}` {
		t.Errorf("asked %s", body)
	}
}

func TestAnUndoOfOneGroupNamesIt(t *testing.T) {
	env, bodies := undoing(t, true)
	call(t, env, "group", "undo", anID.String(), "--reason", "wrong", "--yes").want(t, 0, "1 user stays")
	if body := bodies["POST groups/"+anID.String()+"/undo"]; body != `{"reason":"wrong","dryRun":false}` {
		t.Errorf("asked %s", body)
	}
}

func TestAnUndoOfNothingIsAConflict(t *testing.T) {
	env, _ := undoing(t, false)
	call(t, env, "run", "undo", anID.String()).want(t, 6, "nothing of it can be taken back")
	call(t, env, "run", "undo", anID.String(), "--reason", "wrong", "--yes", "--json").want(t, 6, "nothing of it can be taken back")
}
