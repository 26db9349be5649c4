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

func TestATableFitsTheScreenAndLetters(t *testing.T) {
	env, _ := answers(t, map[string]any{
		"GET users?limit=1000": api.List[api.User]{Items: []api.User{
			{ID: anID, UserName: "ann@x.example", DisplayName: "Ann", State: "Active", Source: "Entra"},
			{ID: anID, UserName: "hanako@x.example", DisplayName: "佐藤 花子", State: "Deleted, for a while", Source: "Entra"},
		}},
	})
	id := anID.String()
	for screen, want := range map[string]string{
		"": "USER NAME         DISPLAY NAME  STATE                 SOURCE  ID\n" +
			"ann@x.example     Ann           Active                Entra   " + id + "\n" +
			"hanako@x.example  佐藤 花子     Deleted, for a while  Entra   " + id + "\n",
		"60": "USER NAME         DISPLAY NAME  STATE                 SOURCE\n" +
			"ann@x.example     Ann           Active                Entra\n    " + id + "\n" +
			"hanako@x.example  佐藤 花子     Deleted, for a while  Entra\n    " + id + "\n",
		"30": "USER NAME         DISPLAY NAME\n" +
			"ann@x.example     Ann\n    Active  Entra\n    " + id + "\n" +
			"hanako@x.example  佐藤 花子\n    Deleted, for a while\n    Entra\n    " + id + "\n",
		"10": "USER NAME\n" +
			"ann@x.example\n    Ann  Active  Entra\n    " + id + "\n" +
			"hanako@x.example\n    佐藤 花子\n    Deleted, for a while\n    Entra\n    " + id + "\n",
	} {
		got := call(t, append(env, "COLUMNS="+screen), "user", "list")
		if diff := cmp.Diff(want, got.stdout); diff != "" {
			t.Errorf("on a screen of %q columns (-want +got):\n%s", screen, diff)
		}
	}
}

func TestADryRunIsShownWithoutThoseWhoStayAsTheyAre(t *testing.T) {
	run := api.Run{ID: anID, InstanceID: anID, Kind: engine.DryRun, State: engine.Succeeded, Counts: map[string]int{"match": 7, "deactivate": 2, "held": 2}}
	changes := api.List[api.Change]{Items: []api.Change{{Action: "deactivate", State: engine.Proposed, SourceName: "Ann <ann@x.example>"}}}
	path := "runs/" + anID.String()
	env, _ := answers(t, map[string]any{
		"GET " + path: run,
		"GET " + path + "/changes?action=create%2Cupdate%2Cdeactivate%2Creactivate%2Cdelete%2Crestore%2Crelease%2Cjoin%2Cleave%2Cskip%2Cfail&limit=100": changes,
		"GET " + path + "/changes?action=match&limit=100": api.List[api.Change]{},
		"GET instances": api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
	})
	got := call(t, env, "run", "show", anID.String())
	got.want(t, 0, "Not shown: 7 who are linked already and unchanged")
	for _, want := range []string{"Instance       Demo\n", "Ann <ann@x.example>", "2 to deactivate, 7 unchanged, 2 of the removals to hold"} {
		if !strings.Contains(got.stdout, want) {
			t.Errorf("no %q in:\n%s", want, got.stdout)
		}
	}
	if all := call(t, env, "run", "show", anID.String(), "--action", "match"); strings.Contains(all.stderr, "Not shown") {
		t.Errorf("asked for by name: %s", all.stderr)
	}
}

func TestTokensOfTheServerAreAskedForByAFlag(t *testing.T) {
	env, bodies := answers(t, map[string]any{})
	id := anID.String()
	for name, args := range map[string][]string{
		"POST /api/v1/tokens":         {"token", "create", "admin", "--server-wide"},
		"GET /api/v1/tokens":          {"token", "list", "--server-wide"},
		"DELETE /api/v1/tokens/" + id: {"token", "revoke", id, "--server-wide"},
		"POST tokens":                 {"token", "create", "admin"},
		"GET tokens":                  {"token", "list"},
		"DELETE tokens/" + id:         {"token", "revoke", id},
	} {
		call(t, env, args...)
		if _, asked := bodies[name]; !asked {
			t.Errorf("%q did not ask %s", args, name)
		}
	}
}

func TestATypicalMistakeIsToldWhatToDo(t *testing.T) {
	env, bodies := answers(t, map[string]any{})
	call(t, env, "token", "create", " ").want(t, 2, "the argument <name> is empty. It is: What the token is for, such as backup.")
	call(t, env, "token", "create", "x", "--days", "0").want(t, 2, "--days 0 is not 1 or more")
	call(t, env, "token", "create", "x", "--role", "user").want(t, 2, "Name a directory user's id")
	call(t, env, "token", "create", "x", "--user", anID.String()).want(t, 2, "--role user and --user belong together")
	call(t, env, "usr").want(t, 2, `did you mean "user"? See`)
	call(t, env, "instance", "apply", "nowhere.yaml").want(t, 2, "examples/instance.yaml")
	if len(bodies) != 0 {
		t.Errorf("the server was asked: %v", bodies)
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
