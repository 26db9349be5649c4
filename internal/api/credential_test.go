package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scim"
)

func TestATokenForSCIMComesWithWhatEntraAsksForAndIsGoodForNothingElse(t *testing.T) {
	h := open(t, -1)
	var created api.CreatedToken
	a := h.call(h.full, http.MethodPost, "tokens", api.NewToken{
		Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD, Profile: scim.Strict, ExpiresInDays: 30,
	}).want(http.StatusCreated)
	a.into(&created)
	if created.Source != directory.SourceAAD || created.Profile != scim.Strict || created.Warning != nil || created.OrganizationID != h.org.ID ||
		created.TenantURL != h.url+"/identity/scim/"+h.org.ID.String()+"/v2" {
		t.Errorf("created %s", a.text)
	}
	h.call(created.Secret, http.MethodGet, "users", nil).problem(http.StatusForbidden, "Forbidden")
	var me api.Me
	h.call(created.Secret, http.MethodGet, "/me", nil).want(http.StatusOK).into(&me)
	if len(me.Rights) != 2 || me.Rights[0] != directory.ReadSCIM || me.Rights[1] != directory.WriteSCIM {
		t.Errorf("rights %v", me.Rights)
	}
	h.call(h.full, http.MethodPost, "tokens", `{"name":"x","role":"scim-writer","source":"LDAP"}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.root, http.MethodPost, "/tokens", api.NewToken{Name: "x", Role: directory.SCIMReader}).problem(http.StatusBadRequest, "TokenOrganization")
	backup := h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "backup", Role: directory.ReadOnlyAdministrator}).want(http.StatusCreated)
	if strings.Contains(backup.text, "profile") || strings.Contains(backup.text, "tenantUrl") || strings.Contains(backup.text, "warning") {
		t.Errorf("a token that is not for SCIM: %s", backup.text)
	}
}

func TestATokenGetsANewSecretWhileTheOldOneLivesOn(t *testing.T) {
	h := open(t, -1)
	var first, second, third api.CreatedToken
	h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "backup", Role: directory.ReadOnlyAdministrator}).want(http.StatusCreated).into(&first)
	path := "tokens/" + first.ID.String() + "/rotate"
	h.call(h.full, http.MethodPost, path, `{"overlapHours":48,"expiresInDays":10}`).want(http.StatusOK).into(&second)
	if until := time.Until(second.OldSecretUntil); until < 47*time.Hour || until > 48*time.Hour || second.ID != first.ID || second.Secret == first.Secret || second.State != "good" {
		t.Errorf("rotated %+v", second)
	}
	h.call(first.Secret, http.MethodGet, "/me", nil).want(http.StatusOK)
	h.call(second.Secret, http.MethodGet, "/me", nil).want(http.StatusOK)
	h.call(h.full, http.MethodPost, path, `{"overlapHours":0}`).want(http.StatusOK).into(&third)
	h.call(first.Secret, http.MethodGet, "/me", nil).problem(http.StatusUnauthorized, "UnknownToken")
	h.call(second.Secret, http.MethodGet, "/me", nil).problem(http.StatusUnauthorized, "RotatedToken")
	h.call(third.Secret, http.MethodGet, "/me", nil).want(http.StatusOK)
	h.call(h.root, http.MethodPost, "/"+path, `{}`).want(http.StatusOK)
	h.call(h.full, http.MethodPost, "/"+path, `{}`).problem(http.StatusForbidden, "Forbidden")
	h.call(third.Secret, http.MethodPost, path, `{}`).problem(http.StatusForbidden, "Forbidden")
	h.call(h.full, http.MethodPost, path, `{"overlapHours":-1}`).want(http.StatusUnprocessableEntity)
	h.call(h.full, http.MethodPost, "tokens/"+nobody+"/rotate", `{}`).problem(http.StatusNotFound, "UnknownToken")
	var tokens api.List[api.Token]
	h.call(h.full, http.MethodGet, "tokens", nil).want(http.StatusOK).into(&tokens)
	if tokens.Items[0].UsedAt.IsZero() {
		t.Errorf("it is not told when the token was used: %+v", tokens.Items[0])
	}
}

func TestAClientIsRegisteredListedRotatedAndRevoked(t *testing.T) {
	h := open(t, -1)
	var okta, entra, rotated api.CreatedClient
	h.call(h.full, http.MethodPost, "clients", api.NewClient{Name: "Okta", Role: directory.SCIMWriter, ExpiresInDays: 7}).want(http.StatusCreated).into(&okta)
	if okta.Secret == "" || okta.TokenURL != h.url+"/oauth2/token" || okta.TenantURL != h.url+"/identity/scim/"+h.org.ID.String()+"/v2" ||
		len(okta.Secrets) != 1 || okta.Warning != nil || okta.State != "good" || okta.Federation != nil {
		t.Errorf("created %+v", okta)
	}
	federation := api.Federation{Issuer: "https://login.example/v2.0", Subject: "s", Audience: "a"}
	h.call(h.full, http.MethodPost, "clients", api.NewClient{
		Name: "Entra", Role: directory.SCIMReader, Source: directory.SourceAAD, Federation: &federation,
	}).want(http.StatusCreated).into(&entra)
	if entra.Secret != "" || len(entra.Secrets) != 0 || *entra.Federation != federation {
		t.Errorf("created %+v", entra)
	}
	h.call(h.full, http.MethodPost, "clients/"+okta.ID.String()+"/rotate", `{}`).want(http.StatusOK).into(&rotated)
	if rotated.Secret == okta.Secret || len(rotated.Secrets) != 2 {
		t.Errorf("rotated %+v", rotated)
	}
	client, err := h.directory.AuthenticateClient(t.Context(), okta.ID, rotated.Secret)
	h.must(err)
	_, access, err := h.directory.GrantAccess(t.Context(), client, nil)
	h.must(err)
	h.call(access, http.MethodGet, "/me", nil).want(http.StatusOK)

	h.call(h.full, http.MethodPost, "clients/"+entra.ID.String()+"/rotate", `{}`).problem(http.StatusConflict, "Federation")
	h.call(h.full, http.MethodPost, "clients", `{"name":"x","role":"full-administrator"}`).want(http.StatusUnprocessableEntity)
	h.call(h.full, http.MethodPost, "clients", api.NewClient{
		Name: "x", Role: directory.SCIMReader, Federation: &federation, ExpiresInDays: 1,
	}).problem(http.StatusBadRequest, "Federation")
	federation.Issuer = "http://169.254.169.254"
	h.call(h.full, http.MethodPost, "clients", api.NewClient{Name: "x", Role: directory.SCIMReader, Federation: &federation}).problem(http.StatusBadRequest, "Federation")

	h.call(h.full, http.MethodDelete, "clients/"+okta.ID.String(), nil).want(http.StatusNoContent)
	h.call(access, http.MethodGet, "/me", nil).problem(http.StatusUnauthorized, "RevokedToken")
	list := h.call(h.full, http.MethodGet, "clients", nil).want(http.StatusOK)
	var clients api.List[api.Client]
	list.into(&clients)
	if len(clients.Items) != 2 || clients.Items[0].ID != entra.ID || clients.Items[1].State != "revoked" || strings.Contains(list.text, okta.Secret) {
		t.Errorf("clients %s", list.text)
	}
	var tokens api.List[api.Token]
	h.call(h.full, http.MethodGet, "tokens", nil).want(http.StatusOK).into(&tokens)
	if len(tokens.Items) != 1 {
		t.Errorf("access tokens are listed with those that people made: %+v", tokens.Items)
	}
}

func TestASourceIsBlockedAndLetInAgain(t *testing.T) {
	h := open(t, -1)
	var org api.Organization
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"blockedSources":["AD","AD"]}`).want(http.StatusOK).into(&org)
	if len(org.BlockedSources) != 1 || org.BlockedSources[0] != directory.SourceAD || org.RequireVerifiedDomain {
		t.Errorf("organization %+v", org)
	}
	var connector api.CreatedToken
	h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "connector", Role: directory.SCIMWriter, Source: directory.SourceAD}).want(http.StatusCreated).into(&connector)
	var me api.Me
	h.call(connector.Secret, http.MethodGet, "/me", nil).want(http.StatusOK).into(&me)
	if len(me.Rights) != 1 {
		t.Errorf("rights %v", me.Rights)
	}
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"blockedSources":["LDAP"]}`).want(http.StatusUnprocessableEntity)
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"blockedSources":[]}`).want(http.StatusOK).into(&org)
	if len(org.BlockedSources) != 0 {
		t.Errorf("organization %+v", org)
	}
}

func TestWhatASourceTookOverIsShownAndLetGo(t *testing.T) {
	h := open(t, -1)
	var token, own api.CreatedToken
	a := h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "Entra", Role: directory.SCIMWriter, Source: directory.SourceAAD, TakeOver: true})
	if a.want(http.StatusCreated).into(&token); !token.TakeOver {
		t.Errorf("created %s", a.text)
	}
	h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "x", Role: directory.SCIMReader, TakeOver: true}).problem(http.StatusBadRequest, "TakeOver")
	h.call(token.Secret, http.MethodPost, "tokens", api.NewToken{Name: "x", Role: directory.SCIMWriter}).problem(http.StatusForbidden, "Forbidden")

	instance, ada, group := h.instance(nil).ID, ident.New(time.Now()), ident.New(time.Now())
	_, err := h.directory.ApplyChanges(t.Context(), h.org.ID, instance, []plan.Change{{
		Action: plan.Create, SourceID: "s-1", ObjectID: ada, After: attr.From(map[string]any{"userName": "ada@contoso.example", "active": true}),
	}})
	h.must(err)
	_, err = h.directory.ApplyGroupChanges(t.Context(), h.org.ID, instance, []plan.Change{{
		Action: plan.Create, SourceID: "s-2", ObjectID: group, After: attr.From(map[string]any{"displayName": "Sales"}),
	}})
	h.must(err)
	user, sales := "users/"+ada.String(), "groups/"+group.String()
	for _, path := range []string{user, sales} {
		h.call(h.full, http.MethodPost, path+"/let-go", nil).problem(http.StatusConflict, "NotTakenOver")
	}
	takes := directory.Writer{Source: directory.SourceAAD, TakeOver: true}
	_, err = h.directory.EditUser(t.Context(), h.org.ID, ada, takes, func(context.Context, directory.User) (attr.Record, error) {
		return attr.From(map[string]any{"title": "T"}), nil
	})
	h.must(err)
	_, err = h.directory.EditGroup(t.Context(), h.org.ID, group, takes, func(directory.Group) (directory.GroupEdit, error) {
		return directory.GroupEdit{Attributes: attr.From(map[string]any{"displayName": "Legal"})}, nil
	})
	h.must(err)
	h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "own", Role: directory.UserAdministrator}).want(http.StatusCreated).into(&own)
	for _, path := range []string{user, sales} {
		var shown struct {
			Managed bool       `json:"managed"`
			Owner   *api.Owner `json:"owner"`
		}
		a := h.call(h.full, http.MethodGet, path, nil).want(http.StatusOK)
		if a.into(&shown); !shown.Managed || shown.Owner == nil || shown.Owner.Source != directory.SourceAAD || !shown.Owner.ID.IsZero() {
			t.Errorf("%s: %s", path, a.text)
		}
		h.call(h.full, http.MethodDelete, path, nil).problem(http.StatusConflict, "Managed")
		h.call(own.Secret, http.MethodPost, path+"/let-go", nil).problem(http.StatusForbidden, "Forbidden")
		h.call(h.full, http.MethodPost, path+"/let-go", nil).want(http.StatusOK)
		h.call(h.full, http.MethodDelete, path, nil).want(http.StatusNoContent)
	}
}
