package scimapp_test

import (
	"strings"
	"testing"

	"rollcall/internal/attr"
	"rollcall/internal/destination/scimapp"
	"rollcall/internal/ident"
)

// TestANameThatADeletedInstanceSetAsideIsGivenBackByTheNextOneThatWritesThere: the service did not answer when the instance was deleted.
func TestANameThatADeletedInstanceSetAsideIsGivenBackByTheNextOneThatWritesThere(t *testing.T) {
	h := newHouse(t)
	user, err := h.service.CreateUser(t.Context(), h.org, attr.From(map[string]any{attr.UserName: "ada@example.com"}))
	h.must(err)
	app, other := h.app(), h.app()
	h.prepare(app)
	id := h.ours(scimapp.Users, user.ID)
	h.must(app.Park(t.Context(), []ident.ID{id}))
	h.must(app.Park(t.Context(), []ident.ID{id})) // as a run does that goes on after a kill
	name := func() string {
		now, err := h.service.User(t.Context(), h.org, user.ID)
		h.must(err)
		return now.Name()
	}
	if got := name(); got == "ada@example.com" || !strings.HasSuffix(got, "ada@example.com") {
		t.Fatalf("set aside, the name is %q", got)
	}
	h.prepare(other)
	if got := name(); got != "ada@example.com" {
		t.Errorf("the name is %q", got)
	}
}
