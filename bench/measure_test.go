//go:build bench

package bench

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"rollcall/e2e"
)

// figures are what one run cost the server.
type figures struct {
	users int
	// what was measured: "first", "nothing", "changes"; with "-groups" behind it, of people and groups.
	what string
	// cpu is user and system time, peak the largest resident set while the run lasted, wall the time from the request to the end of the run.
	cpu, wall time.Duration
	peak      int64 // bytes
	calls     int
}

// measure runs one size: a first sync, one in which nothing changed, one with a hundred changes.
func measure(t *testing.T, users int) []figures {
	t.Helper()
	b := furnish(t, users, nil)
	all := []figures{b.run(t, "first"), b.run(t, "nothing")}
	changes := map[string]any{"changes": 100, "seed": 1, "kinds": []string{"change", "rename", "manager", "create", "unblock"}}
	if err := b.tenant.Control.Do(t.Context(), http.MethodPost, "/sim/random", changes, nil); err != nil {
		t.Fatal(err)
	}
	return append(all, b.run(t, "changes"))
}

// measureGroups runs one size with all groups of the tenant as objects: one for fifty people with fifty members each, and one that everybody is in.
func measureGroups(t *testing.T, users int) []figures {
	t.Helper()
	b := furnish(t, users, func(*e2e.Tenant) map[string]any {
		return map[string]any{"scope": map[string]any{"allUsers": true, "groupObjects": true, "allGroups": true}}
	})
	all := []figures{b.run(t, "first-groups"), b.run(t, "nothing-groups")}
	changes := map[string]any{"changes": 100, "seed": 1, "kinds": []string{"join", "leave", "rename"}}
	if err := b.tenant.Control.Do(t.Context(), http.MethodPost, "/sim/groups/random", changes, nil); err != nil {
		t.Fatal(err)
	}
	return append(all, b.run(t, "changes-groups"))
}

// furnish starts a tenant of a size, and a server with an instance that follows it when it is asked to. settings may look at the tenant; nil for the
// defaults.
func furnish(t *testing.T, users int, settings func(*e2e.Tenant) map[string]any) bed {
	t.Helper()
	return furnishTo(t, users, nil, settings)
}

// furnishTo is furnish with a destination, as the API takes it; nil for the built-in directory.
func furnishTo(t *testing.T, users int, destination map[string]any, settings func(*e2e.Tenant) map[string]any) bed {
	t.Helper()
	ctx := t.Context()
	program, err := filepath.Abs("../bin/rollcall")
	if err != nil {
		t.Fatal(err)
	}
	tenant, err := e2e.StartTenant(ctx, program, users, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, tenant.Process) })
	server := &e2e.Server{Program: program, Data: filepath.Join(t.TempDir(), "data"), Tenant: tenant, Destination: destination}
	var chosen map[string]any
	if settings != nil {
		chosen = settings(tenant)
	}
	instance, err := server.SetUp(ctx, chosen)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { end(t, server.Process) })
	return bed{tenant: tenant, server: server, instance: instance, users: users}
}

func end(t *testing.T, p *e2e.Process) {
	t.Helper()
	if err := p.Stop(); err != nil {
		t.Error(err)
	}
}

// bed is one tenant and one server.
type bed struct {
	tenant   *e2e.Tenant
	server   *e2e.Server
	instance string
	users    int
}

// run asks for a run and measures the server until it is over.
func (b bed) run(t *testing.T, what string) figures {
	t.Helper()
	ctx := t.Context()
	if err := b.tenant.Control.Do(ctx, http.MethodDelete, "/sim/stats", nil, nil); err != nil {
		t.Fatal(err)
	}
	pid := b.server.PID()
	resetPeak(t, pid)
	cpu := cpuOf(t, pid)
	run, err := b.server.Sync(ctx, b.instance, "incremental")
	if err != nil {
		t.Fatal(err)
	}
	run = b.over(t, run)
	result := figures{users: b.users, what: what, cpu: cpuOf(t, pid) - cpu, peak: peakOf(t, pid), wall: run.EndedAt.Sub(run.QueuedAt)}
	if result.calls, err = b.tenant.GraphCalls(ctx); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d users, %s: %s CPU, %d MiB, %s, %d Graph calls, %v", b.users, what, result.cpu, result.peak>>20, result.wall, result.calls, run.Counts)
	return result
}

// over waits until the run is over; it asks seldom, since answering is work too.
func (b bed) over(t *testing.T, run e2e.Run) e2e.Run {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Minute)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !run.Over() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("the run does not end: %+v", run)
		}
		var err error
		if run, err = b.server.Run(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if run.State != "succeeded" {
		t.Fatalf("the run ended as %+v", run)
	}
	return run
}

// ticksPerSecond is USER_HZ, which is 100 on every Linux that Go knows (proc(5)).
const ticksPerSecond = 100

// cpuOf reads user and system time of a process, all its threads, from /proc/PID/stat.
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	text := read(t, fmt.Sprintf("/proc/%d/stat", pid))
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	ticks := number(t, fields[11]) + number(t, fields[12])
	return time.Duration(ticks) * time.Second / ticksPerSecond
}

// peakOf reads the largest resident set since the last reset, in bytes.
func peakOf(t *testing.T, pid int) int64 {
	t.Helper()
	_, rest, found := strings.Cut(read(t, fmt.Sprintf("/proc/%d/status", pid)), "VmHWM:")
	if !found {
		t.Fatal("no VmHWM in /proc: this needs Linux")
	}
	return number(t, strings.Fields(rest)[0]) << 10
}

// resetPeak makes the peak begin at what is resident now.
func resetPeak(t *testing.T, pid int) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func number(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
