package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/scope"
)

// output collects what a command that runs beside the test prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(data []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(data)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// running is a demo beside the test.
type running struct {
	info           demoInfo
	client         *client
	stdout, stderr *output
	end            func() int
}

func startDemo(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stdout: &output{}, stderr: &output{}}
	info := filepath.Join(t.TempDir(), "info.json")
	code := make(chan int, 1)
	go func() {
		in := &invocation{version: "test", program: "bin/roll call", env: map[string]string{}, stdin: strings.NewReader(""), stdout: r.stdout, stderr: r.stderr}
		code <- run(ctx, in, append([]string{"demo", "--users", "50", "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0", "--info", info}, args...))
	}()
	r.end = sync.OnceValue(func() int {
		cancel()
		return <-code
	})
	t.Cleanup(func() { r.end() })
	eventually(t, r, "the info file", func() bool {
		text, err := os.ReadFile(info)
		return err == nil && json.Unmarshal(text, &r.info) == nil
	})
	var err error
	if r.client, err = (remote{Server: r.info.APIURL, Token: r.info.APIToken, Org: r.info.OrgID.String()}).open(); err != nil {
		t.Fatal(err)
	}
	return r
}

// eventually polls: the demo's parts talk over sockets.
func eventually(t *testing.T, r *running, what string, done func() bool) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for tick := time.NewTicker(20 * time.Millisecond); !done(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("no %s after 30 s; the demo printed:\n%s%s", what, r.stdout, r.stderr)
		}
	}
}

func (r *running) instance(t *testing.T) api.Instance {
	t.Helper()
	var instance api.Instance
	if err := r.client.get(t.Context(), r.client.here("instances", r.info.Instance.String()), nil, &instance); err != nil {
		t.Fatal(err)
	}
	return instance
}

func (r *running) env() []string {
	return []string{"ROLLCALL_SERVER=" + r.info.APIURL, "ROLLCALL_TOKEN=" + r.info.APIToken}
}

func TestTheDemoFollowsItsTenantAndGoesOnWhereItStopped(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	r := startDemo(t, "--data", data)
	eventually(t, r, "first sync", func() bool { return !r.instance(t).Status.LastGoodAt.IsZero() })
	eventually(t, r, "text", func() bool { return strings.Contains(r.stdout.String(), "Ctrl-C") })
	synced := r.instance(t).Status.Users.Synced
	if synced < 40 {
		t.Errorf("only %d of 50 are synced", synced)
	}
	_, rest, _ := strings.Cut(r.stdout.String(), "WHO='")
	who, _, _ := strings.Cut(rest, "'")
	if err := control(t.Context(), http.MethodPost, r.info.ControlURL+"users/"+who+"/block", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "Inactive", func() bool {
		user, err := r.client.user(t.Context(), who)
		return err == nil && user.State == "Inactive"
	})
	eventually(t, r, "line about the block", func() bool { return strings.Contains(r.stderr.String(), "<"+who+">  sign-in is blocked in Entra") })
	shown := call(t, r.env(), "user", "show", who)
	shown.want(t, 0, "")
	if !strings.Contains(shown.stdout, "Managed by") {
		t.Errorf("user show:\n%s", shown.stdout)
	}

	call(t, nil, "demo", "--users", "50", "--data", data, "--listen", "127.0.0.1:0", "--entra-listen", "127.0.0.1:0").want(t, 8, "another Rollcall process")
	call(t, nil, "demo", "--users", "51", "--data", data).want(t, 6, "holds a demo of 50 users with seed 1")
	call(t, nil, "demo", "--users", "50", "--groups", "7", "--data", data).want(t, 6, "--users 50 --seed 1 --group-members 50 --group-nesting 10")
	if code := r.end(); code != 0 {
		t.Fatalf("exit code %d; %s", code, r.stderr)
	}

	again := startDemo(t, "--data", data)
	eventually(t, again, "unblocked user", func() bool {
		user, err := again.client.user(t.Context(), who)
		return err == nil && user.State == "Active" // the tenant started anew, and knows nothing of the block
	})
	if again.info.APIToken != r.info.APIToken || again.info.Instance != r.info.Instance {
		t.Error("token or instance is another one after the restart")
	}
	runs, err := list[api.Run](t.Context(), again.client, again.client.here("runs"), nil)
	if err != nil {
		t.Fatal(err)
	}
	deactivated := 0
	for _, run := range runs {
		deactivated += run.Counts["deactivate"]
		if run.State == engine.Failed {
			t.Errorf("run %s failed: %v", run.ID, run.Failure)
		}
	}
	if deactivated != 1 {
		t.Errorf("%d users were deactivated over both starts, not only the one who was blocked", deactivated)
	}
}

func TestTheDemoShowsWhatHappensAndWhatToDoAboutWhatIsHeld(t *testing.T) {
	r := startDemo(t)
	eventually(t, r, "text", func() bool { return strings.Contains(r.stdout.String(), "Ctrl-C") })
	if text := r.stdout.String(); !strings.Contains(text, "\n  'bin/roll call' user list\n") || !strings.Contains(text, "terminal, in the same folder:") {
		t.Errorf("what to try cannot be copied:\n%s", text)
	}
	if err := control(t.Context(), http.MethodPost, r.info.ControlURL+"random", map[string]any{"changes": 25, "kinds": []string{"delete"}}, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, r, "advice", func() bool { return strings.Contains(r.stderr.String(), "held approve Demo --all") })
	_, shown, _ := strings.Cut(r.stderr.String(), "succeeded after")
	held := regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d  held         .+ <.+@.+>  would be deactivated: was deleted in Entra`)
	if lines := held.FindAllString(shown, -1); len(lines) != feedLines {
		t.Errorf("%d lines about what is held:\n%s", len(lines), shown)
	}
	for _, want := range []string{
		`          … and \d more \('bin/roll call' run show [0-9a-f-]{36}\)\n`,
		`Held for approval: 2\d \(.*more than 10 .*\)`, `\n            'bin/roll call' held list\n`,
	} {
		if !regexp.MustCompile(want).MatchString(shown) {
			t.Errorf("no %s in:\n%s", want, shown)
		}
	}
	call(t, r.env(), "held", "approve", "Demo", "--all").want(t, 0, "")
	eventually(t, r, "line about the approved", func() bool { return strings.Contains(r.stderr.String(), "  deactivated  ") })
	quiet := r.stderr.String()
	newest := func() api.Run {
		runs, err := first[api.Run](t.Context(), r.client, r.client.here("runs"), nil, 1)
		if err != nil || len(runs) == 0 {
			t.Fatalf("runs: %d, %v", len(runs), err)
		}
		return runs[0]
	}
	now := newest().ID
	eventually(t, r, "run that finds nothing", func() bool {
		run := newest()
		return run.ID != now && run.Over() && countsText(run) == "nothing to do"
	})
	if said := strings.Count(r.stderr.String(), "held"); said != strings.Count(quiet, "held") {
		t.Errorf("it was not quiet while nothing happened:\n%s", r.stderr)
	}
}

func TestAProgramIsCalledByItsNameOnlyWhereThePathLeadsToIt(t *testing.T) {
	bin, other := t.TempDir(), t.TempDir()
	program := filepath.Join(bin, "rollcall")
	for _, path := range []string{program, filepath.Join(other, "rollcall")} {
		writeFile(t, path, path)
		if err := os.Chmod(path, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct{ started, path, want string }{
		"found by its name":           {"rollcall", "/nowhere", "rollcall"},
		"typed, and on the path":      {program, "/nowhere:" + bin, "rollcall"},
		"typed, and not on the path":  {program, "/nowhere", program},
		"another one is on the path":  {program, other + ":" + bin, program},
		"a path that is typed anew":   {"bin/rollcall", "", "bin/rollcall"},
		"a path that must be quoted":  {"my bin/it's", "", `'my bin/it'\''s'`},
		"a path that looks like none": {"./rollcall", "", "./rollcall"},
	} {
		if got := callName(c.started, c.path); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheDemoLeavesNothingBehind(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r := startDemo(t)
	if code := r.end(); code != 0 {
		t.Fatalf("exit code %d; %s", code, r.stderr)
	}
	left, err := filepath.Glob(filepath.Join(temp, "rollcall-demo-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %q, %v", left, err)
	}
}

func TestTheDemoRefusesNumbersThatMakeNoTenant(t *testing.T) {
	call(t, nil, "demo", "--users", "9").want(t, 2, "--users 9 is not between 10 and 1000000")
	call(t, nil, "demo", "--seed", "0").want(t, 2, "--seed")
	call(t, nil, "entrasim", "--users", "1000001").want(t, 2, "--users")
	call(t, nil, "entrasim", "--groups", "100001").want(t, 2, "--groups 100001 is not between 0 and 100000")
	call(t, nil, "entrasim", "--group-members=-1").want(t, 2, "--group-members")
	call(t, nil, "demo", "--group-nesting=-1").want(t, 2, "--group-nesting")
	call(t, nil, "demo", "--synced-groups", "21").want(t, 2, "--synced-groups 21 is not between 0 and 20")
	call(t, nil, "demo", "--entra-listen", "nowhere").want(t, 2, "--entra-listen nowhere")
}

func TestTheFlagsOfGroupsMakeTheTenantsGroups(t *testing.T) {
	for _, c := range []struct {
		size tenantSize
		want [3]int
	}{
		{tenantSize{Users: 50, Seed: 1, Groups: -1, GroupMembers: 50, GroupNesting: 10}, [3]int{0, 50, 10}},
		{tenantSize{Users: 50, Seed: 1, Groups: 0, GroupMembers: 0, GroupNesting: 0}, [3]int{-1, -1, -1}},
		{tenantSize{Users: 50, Seed: 1, Groups: 7, GroupMembers: 3, GroupNesting: 2}, [3]int{7, 3, 2}},
	} {
		sim := c.size.server()
		if got := [3]int{sim.Groups, sim.GroupMembers, sim.GroupNesting}; got != c.want || sim.Users != 50 || sim.Seed != 1 {
			t.Errorf("%+v: the server has %v, want %v", c.size, got, c.want)
		}
	}
}

func TestTheDemoKeepsAFewSmallGroupsAndNoneOfTheCircle(t *testing.T) {
	everybody, circle, empty := demoGroup{Users: 300}, demoGroup{Users: 50, Groups: 1}, demoGroup{}
	device, one, two, nested := demoGroup{Users: 50, Others: 1}, demoGroup{ID: "d", Users: 50}, demoGroup{ID: "e", Users: 50}, demoGroup{ID: "f", Users: 50, Groups: 2}
	want := []scope.SelectedGroup{{ID: "f", Nested: true}, {ID: "d"}}
	if diff := cmp.Diff(want, shownGroups([]demoGroup{everybody, circle, empty, device, one, two, nested}, 2)); diff != "" {
		t.Error(diff)
	}
	r := startDemo(t, "--users", "600")
	eventually(t, r, "groups with members", func() bool {
		groups, err := list[api.Group](t.Context(), r.client, r.client.here("groups"), nil)
		return err == nil && len(groups) == 6 && !slices.ContainsFunc(groups, func(g api.Group) bool { return g.Members == 0 })
	})
	if odd := r.instance(t).Status.OddGroups; len(odd) > 0 {
		t.Errorf("groups that are not as they should be: %v", odd)
	}
}
