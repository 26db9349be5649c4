package cli

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

// told is what the tenant is made to do.
func (r *running) told(t *testing.T, path string, body any) {
	t.Helper()
	if err := control(t.Context(), http.MethodPost, r.info.ControlURL+path, body, nil); err != nil {
		t.Fatal(err)
	}
}

func (r *running) inactive(t *testing.T) int {
	t.Helper()
	users, err := list[api.User](t.Context(), r.client, r.client.here("users"), map[string][]string{"active": {"false"}})
	if err != nil {
		t.Fatal(err)
	}
	return len(users)
}

func TestTheDirectoryIsThatOfTheTenantAfterEveryStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	var before int
	for start := range 3 {
		r := startDemo(t, "--data", data)
		eventually(t, r, "text", func() bool { return strings.Contains(r.stdout.String(), "Ctrl-C") })
		if start == 0 {
			before = r.inactive(t)
		}
		eventually(t, r, "directory that equals the tenant", func() bool { return r.inactive(t) == before })
		if start < 2 {
			r.told(t, "random", map[string]any{"changes": 2, "kinds": []string{"block"}})
			eventually(t, r, "two blocked", func() bool { return r.inactive(t) == before+2 })
		}
		if code := r.end(); code != 0 {
			t.Fatalf("exit code %d; %s", code, r.stderr)
		}
	}
}

func TestTheDemoOutlivesItsToken(t *testing.T) {
	r := startDemo(t)
	eventually(t, r, "text", func() bool { return strings.Contains(r.stdout.String(), "Ctrl-C") })
	r.told(t, "clock", map[string]string{"advance": "8784h"})
	eventually(t, r, "sync a year later", func() bool { return r.instance(t).Status.LastGoodAt.Year() > r.instance(t).CreatedAt.Year() })
	r.told(t, "clock", map[string]string{"advance": "1200000h"})
	eventually(t, r, "other token", func() bool {
		return strings.Contains(r.stderr.String(), "here is another one: export ROLLCALL_TOKEN=rc_")
	})
	r.told(t, "clock", map[string]string{"advance": "1s"})
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d; %s", code, r.stderr)
	}
}

func TestTheDemoTellsNothingOfDryRuns(t *testing.T) {
	r := startDemo(t)
	eventually(t, r, "text", func() bool { return strings.Contains(r.stdout.String(), "Ctrl-C") })
	_, before, _ := strings.Cut(r.stderr.String(), "succeeded after")
	call(t, r.env(), "sync", "Demo", "--dry-run").want(t, 0, "")
	r.told(t, "random", map[string]any{"changes": 1, "kinds": []string{"block"}})
	eventually(t, r, "line about the block", func() bool { return strings.Contains(r.stderr.String(), "  deactivated  ") })
	_, after, _ := strings.Cut(r.stderr.String(), "succeeded after")
	if added := strings.TrimPrefix(after, before); strings.Count(added, "\n") != 1 {
		t.Errorf("more than the one line about the block:\n%s", added)
	}
}

func TestAFirstSyncThatARestartInterruptedIsToldWithItsCounts(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	first := startDemo(t, "--data", data, "--users", "3000")
	eventually(t, first, "run under way", func() bool {
		runs, err := list[api.Run](t.Context(), first.client, first.client.here("runs"), nil)
		return err == nil && len(runs) > 0 && runs[0].State == engine.Running
	})
	first.told(t, "faults", map[string]any{"route": "/v1.0/", "kind": "latency", "delay_ms": 5000})
	first.end()
	if text := first.stderr.String(); strings.Contains(text, "succeeded") {
		t.Fatalf("it was not interrupted:\n%s", text)
	}
	again := startDemo(t, "--data", data, "--users", "3000")
	eventually(t, again, "text", func() bool { return strings.Contains(again.stdout.String(), "Ctrl-C") })
	if text := again.stderr.String(); strings.Contains(text, "nothing to do") || !strings.Contains(text, " created") {
		t.Errorf("the first sync's counts are not told:\n%s", text)
	}
}
