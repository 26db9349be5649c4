package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

func TestAnEmptyArgumentMeansNobodyAndNothing(t *testing.T) {
	env, bodies := answers(t, map[string]any{
		"GET archive?name=": api.List[api.Archived]{Items: []api.Archived{{Reason: "somebody else's"}}},
	})
	call(t, env, "user", "show", "").want(t, 2, "say who: the argument <user> is empty. It is: Who: userName")
	call(t, env, "user", "show", " ").want(t, 2, "say who")
	for _, args := range [][]string{
		{"sync", ""},
		{"instance", "show", ""},
		{"instance", "delete", "", "--yes"},
		{"instance", "apply", ""},
		{"run", "show", ""},
		{"run", "report", ""},
		{"held", "approve", "", "--all"},
		{"domain", "add", ""},
		{"group", "show", ""},
		{"group", "create", " "},
		{"group", "add", "", "x"},
		{"group", "explain", "Demo", " "},
		{"domain", "remove", " "},
		{"token", "revoke", ""},
		{"backup", ""},
	} {
		call(t, env, args...).want(t, 2, "is empty. It is: ")
	}
	if len(bodies) != 0 {
		t.Errorf("the server was asked: %v", bodies)
	}
}

func TestAGroupOfCommandsAloneSaysHowItGoesOn(t *testing.T) {
	call(t, nil, "user").want(t, 2, "`rollcall user` alone says too little: it goes on with list, show, undo, groups or let-go. See `rollcall user --help`.")
	call(t, nil, "run").want(t, 2, "it goes on with list, show, report, apply or undo.")
	call(t, nil, "run", "nonsense").want(t, 2, "unexpected argument nonsense")
}

func TestTheHelpTellsWhatIsTakenForAFlagThatIsAbsent(t *testing.T) {
	for command, wants := range map[string][]string{
		"serve":    {"Default: 127.0.0.1:8480.", "Default: rollcall-data.", "Default: 400."},
		"backup":   {"Default: rollcall-data."},
		"demo":     {"Default: 127.0.0.1:8480.", "Default: 127.0.0.1:8481.", "--users=1000"},
		"entrasim": {"Default: 127.0.0.1:8481.", "Default: 127.0.0.1:0."},
	} {
		help := strings.Join(strings.Fields(call(t, nil, "help", command).stdout), " ")
		for _, want := range wants {
			if !strings.Contains(help, want) {
				t.Errorf("%s: no %q in:\n%s", command, want, help)
			}
		}
	}
}

func TestWhatTheServersValidationFindsIsSaidPlainly(t *testing.T) {
	for _, c := range []struct{ location, message, want string }{
		{"body.expiresInDays", "expected number <= 3650", "expiresInDays: at most 3650"},
		{"query.state[0]", `expected value to be one of "planned, held"`, "state: one of planned, held"},
		{"body.name", "expected length <= 100", "name: at most this many characters: 100"},
		{"body", "expected required property name to be present", "it lacks name"},
		{"path.id", "expected string to be RFC 4122 uuid: invalid UUID length: 3", "id: an id such as 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"},
		{"", "something else", "something else"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusUnprocessableEntity)
			document := api.Problem{
				Title: "Unprocessable Entity", Status: 422, Detail: "validation failed", Code: "ValidationFailed", Remedy: "See errors.",
				Errors: []api.ProblemDetail{{Location: c.location, Message: c.message}},
			}
			if err := json.NewEncoder(w).Encode(document); err != nil {
				t.Error(err)
			}
		}))
		got := call(t, []string{"ROLLCALL_SERVER=" + server.URL, "ROLLCALL_TOKEN=x"}, "domain", "list")
		server.Close()
		if want := "rollcall: " + c.want + ".\n"; got.code != 2 || got.stderr != want {
			t.Errorf("exit code %d, %q, want %q", got.code, got.stderr, want)
		}
	}
}

func TestAnInstanceIsDeletedOnlyWhenThatIsConfirmed(t *testing.T) {
	instance := "instances/" + anID.String()
	env, bodies := answers(t, map[string]any{
		"GET instances":      api.List[api.Instance]{Items: []api.Instance{{ID: anID, Name: "Demo"}}},
		"DELETE " + instance: map[string]any{},
	})
	call(t, env, "instance", "delete", "Demo").want(t, 2, "its users keep their status and externalId and become unmanaged")
	if _, deleted := bodies["DELETE "+instance]; deleted {
		t.Error("it was deleted without --yes")
	}
	call(t, env, "instance", "delete", "Demo", "--yes").want(t, 0, "")
	if _, deleted := bodies["DELETE "+instance]; !deleted {
		t.Error("it was not deleted with --yes")
	}
}

func TestAQuestionIsAnsweredByYesOnly(t *testing.T) {
	for answer, want := range map[string]bool{"y\n": true, " Yes \r\n": true, "n\n": false, "\n": false, "": false, "y": false, "yesterday\n": false} {
		var asked strings.Builder
		in := &invocation{stdin: strings.NewReader(answer), stderr: &asked}
		if got := in.confirm(t.Context(), "Delete it?"); got != want || asked.String() != "Delete it? [y/N] " {
			t.Errorf("%q: %t, want %t (%q)", answer, got, want, asked.String())
		}
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(reader.Close(), writer.Close()); err != nil {
			t.Error(err)
		}
	})
	ended, end := context.WithCancel(t.Context())
	end()
	if (&invocation{stdin: reader, stderr: new(strings.Builder)}).confirm(ended, "Delete it?") {
		t.Error("whoever ends the program did not say yes")
	}
}

func TestAReportIsCSVOrOneArrayAndSparesFiles(t *testing.T) {
	run := "runs/" + anID.String()
	env, _ := answers(t, map[string]any{
		"GET " + run:                                    api.Run{ID: anID},
		"GET " + run + "/report":                        "csv",
		"GET " + run + "/changes?limit=1000":            api.List[api.Change]{Items: []api.Change{{SourceID: "a"}}, Next: "two"},
		"GET " + run + "/changes?cursor=two&limit=1000": api.List[api.Change]{Items: []api.Change{{SourceID: "b"}}},
	})
	got := call(t, env, "run", "report", anID.String(), "--json")
	got.want(t, 0, "")
	var changes []api.Change
	if err := json.Unmarshal([]byte(got.stdout), &changes); err != nil || len(changes) != 2 {
		t.Errorf("%d changes (%v) in %s", len(changes), err, got.stdout)
	}
	path := file(t, "kept.csv", "precious")
	call(t, env, "run", "report", anID.String(), "--out", path).want(t, 6, "exists already (--out). Choose another one, or write over it with --force.")
	if text, err := os.ReadFile(path); err != nil || string(text) != "precious" {
		t.Errorf("the file is %q now (%v)", text, err)
	}
	call(t, env, "run", "report", anID.String(), "--out", path, "--force").want(t, 0, "")
	if text, err := os.ReadFile(path); err != nil || string(text) != "\"csv\"\n" {
		t.Errorf("the file is %q now (%v)", text, err)
	}
	half := "01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61"
	failing, _ := answers(t, map[string]any{"GET runs/" + half: api.Run{ID: anID}})
	broken := filepath.Join(t.TempDir(), "x.csv")
	call(t, failing, "run", "report", half, "--out", broken).want(t, 5, "there is nothing at")
	if _, err := os.Stat(broken); err == nil {
		t.Error("a report that failed left a file")
	}
	nowhere := filepath.Join(t.TempDir(), "no", "x.csv")
	call(t, env, "run", "report", anID.String(), "--out", nowhere).want(t, 2, "Make the folder first")
	unknown := filepath.Join(t.TempDir(), "x.csv")
	call(t, env, "run", "report", half, "--out", unknown).want(t, 5, "`rollcall run list`")
	if _, err := os.Stat(unknown); err == nil {
		t.Error("a run that does not exist left a file")
	}
}

func TestAListThatIsNotTheWholeSaysSo(t *testing.T) {
	runs := api.List[api.Run]{Items: []api.Run{{ID: anID, Counts: map[string]int{}}}, Next: "two"}
	env, _ := answers(t, map[string]any{
		"GET instances":                  api.List[api.Instance]{},
		"GET runs?limit=20":              runs,
		"GET runs?limit=1000":            runs,
		"GET runs?cursor=two&limit=1000": api.List[api.Run]{Items: runs.Items},
		"GET users?limit=1":              api.List[api.User]{Items: []api.User{{ID: anID}}, Next: "two"},
	})
	call(t, env, "run", "list").want(t, 0, "There are more; --limit 0 shows all.")
	call(t, env, "run", "list", "--limit", "0").want(t, 0, "")
	call(t, env, "user", "list", "--limit", "1").want(t, 0, "There are more; --limit 0 shows all.")
	call(t, env, "run", "list", "--limit=-1").want(t, 2, "--limit -1 is not 0 or more")
	got := call(t, env, "run", "list", "--json")
	var all []api.Run
	if err := json.Unmarshal([]byte(got.stdout), &all); err != nil || len(all) != 2 {
		t.Errorf("%d runs (%v) in %s", len(all), err, got.stdout)
	}
}

func TestAFailedRunDoesNotSayThatThereWasNothingToDo(t *testing.T) {
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run := api.Run{ID: anID, State: engine.Failed, StartedAt: began, EndedAt: began.Add(380 * time.Millisecond), Counts: map[string]int{}}
	if got, want := resultText(run), "Run "+anID.String()+" failed after 380ms."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	run.State = engine.Succeeded
	if got, want := resultText(run), "Run "+anID.String()+" succeeded after 380ms: nothing to do."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnUnknownThingIsToldWhereToLook(t *testing.T) {
	env, _ := answers(t, map[string]any{})
	call(t, env, "run", "show", anID.String()).want(t, 5, "List them with `rollcall run list`")
	call(t, env, "domain", "remove", "x.example").want(t, 5, "List them with `rollcall domain list`.")
	call(t, env, "domain", "list", "--org", "123").want(t, 2, `--org "123" is not the id of an organization. Leave it out`)
	call(t, env, "held", "approve", "Demo", "--all", "xyz").want(t, 2, "too much is said")
}
