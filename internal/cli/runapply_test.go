package cli

import (
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

func TestADryRunIsAppliedOnlyWhenThatIsConfirmed(t *testing.T) {
	path := "runs/" + anID.String()
	dry := api.Run{ID: anID, State: engine.Succeeded, Kind: engine.DryRun, QueuedAt: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), Counts: map[string]int{"create": 3}}
	done := api.Run{ID: anID, State: engine.Succeeded, Kind: engine.Application, PlanID: anID, Counts: map[string]int{"create": 2, "superseded": 1}}
	env, bodies := answers(t, map[string]any{
		"GET " + path: dry, "POST " + path + "/apply": done, "GET instances/" + done.InstanceID.String(): api.Instance{},
	})
	refused := call(t, env, "run", "apply", anID.String())
	refused.want(t, 2, "Confirm it with --yes.")
	if !strings.Contains(refused.stderr, "showed 3 to create") {
		t.Errorf("told:\n%s", refused.stderr)
	}
	if _, asked := bodies["POST "+path+"/apply"]; asked {
		t.Error("the server was asked before anybody confirmed")
	}
	call(t, env, "run", "apply", anID.String(), "--yes")
	if _, asked := bodies["POST "+path+"/apply"]; !asked {
		t.Error("the server was not asked")
	}
	env, _ = answers(t, map[string]any{"GET " + path: done})
	call(t, env, "run", "apply", anID.String(), "--yes").want(t, 6, "is no dry run")
}
