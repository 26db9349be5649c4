package engine_test

import (
	"testing"

	"rollcall/internal/engine"
	"rollcall/internal/graph"
)

func TestAConnectionLacksConsentOnlyWhereConsentHelps(t *testing.T) {
	for code, lacks := range map[string]bool{
		graph.ConsentMissing: true, graph.PermissionMissing: true, graph.ApplicationRemoved: true, graph.ApplicationDisabled: false, "": false,
	} {
		c := engine.Connection{State: engine.Refused}
		if code != "" {
			c.Standing.Reason = &engine.Failure{Code: code}
		}
		if c.LacksConsent() != lacks {
			t.Errorf("%q: %v", code, !lacks)
		}
		if c.State = engine.Connected; c.LacksConsent() {
			t.Errorf("%q while connected", code)
		}
	}
}
