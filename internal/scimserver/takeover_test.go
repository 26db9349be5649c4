package scimserver_test

import (
	"strings"
	"testing"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

func TestWhatAnInstanceManagesIsRefusedOrTakenOverAsTheTokenSays(t *testing.T) {
	h := open(t)
	user, group, owner := h.owned("ada@contoso.com")
	title, name := patch(object{"op": "Replace", "path": "title", "value": "x"}), patch(object{"op": "Replace", "path": "displayName", "value": "x"})
	for path, body := range map[string]object{"/Users/" + user: title, "/Groups/" + group: name} {
		if detail := h.call(h.entra, "PATCH", path, body).fails(409, "mutability"); !strings.Contains(detail, owner) {
			t.Errorf("the owner %s is not named: %s", owner, detail)
		}
	}
	takes := h.token(h.org, directory.NewToken{Role: directory.SCIMWriter, Source: directory.SourceAAD, TakeOver: true})
	h.call(takes, "PATCH", "/Users/"+user, patch(object{"op": "Replace", "path": "active", "value": "True"})).want(200) // nothing differs
	h.call(h.entra, "PATCH", "/Users/"+user, title).fails(409, "mutability")
	h.call(takes, "PATCH", "/Users/"+user, title).want(200)
	h.call(takes, "PATCH", "/Groups/"+group, name).want(204)
	h.call(h.entra, "PATCH", "/Users/"+user, patch(object{"op": "Replace", "path": "title", "value": "y"})).want(200)
	other := h.token(h.org, directory.NewToken{Role: directory.SCIMWriter, Source: directory.SourceOkta})
	if detail := h.call(other, "DELETE", "/Users/"+user, nil).fails(409, "mutability"); !strings.Contains(detail, "the source AAD") {
		t.Error(detail)
	}
	h.call(h.entra, "DELETE", "/Users/"+user, nil).want(204)
	h.call(h.entra, "DELETE", "/Groups/"+group, nil).want(204)

	events, err := h.directory.Events(t.Context(), h.org, ident.ID{}, 100)
	h.must(err)
	seen := map[string]audit.Event{}
	for _, event := range events {
		seen[event.Action] = event
	}
	for _, action := range []string{"user.takeover", "group.takeover"} {
		if event := seen[action]; event.Before.Text("owner") != owner || event.After.Text("owner") != "the source AAD" || event.Actor.TokenID.IsZero() {
			t.Errorf("%s: %+v", action, event)
		}
	}
}

func TestTakingOverEndsWithTheRightsOfTheAdministrator(t *testing.T) {
	h := open(t)
	user, _, _ := h.owned("ada@contoso.com")
	administrator, err := h.directory.CreateAdministrator(t.Context(), h.org, "Eve", directory.FullAdministrator)
	h.must(err)
	creator := directory.Token{OrgID: h.org, AdministratorID: administrator.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	want := directory.NewToken{OrgID: h.org, Name: "push", Role: directory.SCIMWriter, TakeOver: true, Life: time.Hour}
	_, secret, err := h.directory.CreateToken(t.Context(), creator, want)
	h.must(err)
	administrator.Role = directory.UserAdministrator
	h.must(h.store.SaveAdministrator(t.Context(), administrator))
	h.call(secret, "PATCH", "/Users/"+user, patch(object{"op": "Replace", "path": "title", "value": "x"})).fails(409, "mutability")

	want.Role = directory.UserAdministrator
	if _, _, err := h.directory.CreateToken(t.Context(), creator, want); err == nil {
		t.Error("a token that is not for SCIM takes over")
	}
}
