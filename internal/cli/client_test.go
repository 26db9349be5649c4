package cli

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/ident"
)

var anID = ident.ID{1, 2, 3}

func TestUserListPrintsOneArrayWithAllPages(t *testing.T) {
	env, _ := answers(t, map[string]any{
		"GET users?limit=1000":              api.List[api.User]{Items: []api.User{{UserName: "a"}, {UserName: "b"}}, Next: "two"},
		"GET users?cursor=two&limit=1000":   api.List[api.User]{Items: []api.User{{UserName: "c"}}},
		"GET users?deleted=true&limit=1000": api.List[api.User]{Items: []api.User{}},
	})
	got := call(t, env, "user", "list", "--json")
	got.want(t, 0, "")
	var users []api.User
	if err := json.Unmarshal([]byte(got.stdout), &users); err != nil {
		t.Fatalf("%v in %s", err, got.stdout)
	}
	var names []string
	for _, user := range users {
		names = append(names, user.UserName)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, names); diff != "" {
		t.Error(diff)
	}
	if empty := call(t, env, "user", "list", "--deleted", "--json"); empty.stdout != "[]\n" {
		t.Errorf("nobody is printed as %q", empty.stdout)
	}
}

func TestATableIsAlignedAndCannotMoveTheCursor(t *testing.T) {
	env, _ := answers(t, map[string]any{
		"GET users?limit=1000": api.List[api.User]{Items: []api.User{
			{ID: anID, UserName: "ann@x.example", DisplayName: "Ann\x1b[2J\u202eevil", State: "Active", Source: "Entra"},
			{ID: anID, UserName: "b@x.example", DisplayName: "فاطمة\u200cا", State: "Inactive", Source: "Manual"},
		}},
	})
	got := call(t, env, "user", "list")
	got.want(t, 0, "2 users.")
	lines := strings.Split(got.stdout, "\n")
	if !strings.HasPrefix(lines[0], "USER NAME      DISPLAY NAME") || !strings.HasPrefix(lines[1], `ann@x.example  Ann\u001b[2J\u202eevil`) {
		t.Errorf("got:\n%s", got.stdout)
	}
	if !strings.Contains(lines[2], "فاطمة\u200cا") {
		t.Errorf("a joiner that the name needs was lost: %q", lines[2])
	}
}

func TestErrorsOfTheServerKeepTheirKindAndWords(t *testing.T) {
	env, _ := answers(t, map[string]any{})
	call(t, env, "domain", "list").want(t, 5, "rollcall: there is nothing at GET domains.\n")
	call(t, append(env, "ROLLCALL_TOKEN=rc_bad"), "domain", "list").want(t, 4, "the token is not known. Make a new one.\n")
}

func TestAnInstanceIsNamedByItsNameOrId(t *testing.T) {
	instances := api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}}
	env, bodies := answers(t, map[string]any{
		"GET instances": instances,
		"POST instances/" + anID.String() + "/sync": api.Run{ID: anID, State: engine.Queued},
	})
	for _, name := range []string{"demo", "DEMO", anID.String()} {
		call(t, env, "sync", name, "--full").want(t, 0, "")
		if got := bodies["POST instances/"+anID.String()+"/sync"]; got != `{"kind":"full"}` {
			t.Errorf("%s: asked for %s", name, got)
		}
	}
	call(t, env, "sync", "Nobody").want(t, 5, `there is no instance "Nobody". There is "Demo".`)
}

func TestSyncWaitTellsTheResultByItsExitCode(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	over := func(state engine.State, failure *engine.Failure) api.Run {
		return api.Run{
			ID: anID, InstanceID: anID, Kind: engine.Incremental, State: state, Failure: failure, StartedAt: began, EndedAt: began.Add(1500 * time.Millisecond),
			Counts: map[string]int{"create": 2, "out-of-scope": 1, "held": 0},
		}
	}
	for name, c := range map[string]struct {
		run    api.Run
		held   int
		code   int
		stderr string
	}{
		"good":     {over(engine.Succeeded, nil), 0, 0, ""},
		"held":     {over(engine.Succeeded, nil), 3, 7, "3 removals are held"},
		"failed":   {over(engine.Failed, &engine.Failure{Message: "the tenant is closed", Remedy: "Open it.", RequestID: "r1"}), 0, 3, "the run failed: the tenant is closed (request id r1). Open it."},
		"canceled": {over(engine.Canceled, nil), 0, 3, "canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			id := anID.String()
			env, _ := answers(t, map[string]any{
				"GET instances":                  api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
				"GET instances/" + id:            api.Instance{ID: anID, Status: api.Status{Users: api.UserCounts{Held: c.held}}},
				"POST instances/" + id + "/sync": api.Run{ID: anID, State: engine.Queued},
				"GET runs/" + id:                 c.run,
			})
			got := call(t, env, "sync", "Demo", "--wait")
			got.want(t, c.code, c.stderr)
			if !strings.Contains(got.stdout, "after 1.5s: 2 created, 1 out of scope.") {
				t.Errorf("result: %s", got.stdout)
			}
		})
	}
}

func TestProgressTellsStepCountsRateAndTimeLeft(t *testing.T) {
	run := api.Run{State: engine.Running, Step: engine.StepApply, Progress: api.Progress{Done: 500, Total: 1000, Rate: 250, SecondsLeft: 2}}
	if got, want := progressText(run, true), "writing            [############------------] 500/1000  250/s  2s left"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	run.Progress = api.Progress{Done: 7}
	if got, want := progressText(run, true), "writing            7"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
