package audit_test

import (
	"testing"

	"rollcall/internal/audit"
	"rollcall/internal/ident"
)

func TestWhoeverActsIsInTheContextAndElseTheProgramItself(t *testing.T) {
	if got := audit.ActorOf(t.Context()); got != audit.System() || got.Name == "" || !got.TokenID.IsZero() {
		t.Errorf("without an actor %+v acts, want the program itself", got)
	}
	outer := audit.Actor{TokenID: ident.ID{1}, Name: "backup", Address: "192.0.2.7", RequestID: "req-1"}
	ctx := audit.WithActor(t.Context(), outer)
	if got := audit.ActorOf(ctx); got != outer {
		t.Errorf("%+v acts, want %+v", got, outer)
	}
	inner := audit.Actor{Name: "Ada"}
	if got := audit.ActorOf(audit.WithActor(ctx, inner)); got != inner {
		t.Errorf("%+v acts, want the nearest, %+v", got, inner)
	}
	if got := audit.ActorOf(ctx); got != outer {
		t.Errorf("the outer context has another actor now: %+v", got)
	}
}
