package api_test

import (
	"net/http"
	"strings"
	"testing"

	"rollcall/internal/api"
)

func TestOrganizationsAreForTokensOfTheServer(t *testing.T) {
	h := open(t, -1)
	var created api.Organization
	h.call(h.root, http.MethodPost, "/organizations", api.NewOrganization{Name: "Fabrikam"}).want(http.StatusCreated).into(&created)
	var list api.List[api.Organization]
	h.call(h.root, http.MethodGet, "/organizations", nil).want(http.StatusOK).into(&list)
	if len(list.Items) != 2 || created.Name != "Fabrikam" || created.ID.IsZero() {
		t.Errorf("created %+v, listed %+v", created, list)
	}
	h.call(h.full, http.MethodGet, "/organizations", nil).problem(http.StatusForbidden, "Forbidden")
	h.call(h.root, http.MethodPost, "/organizations", `{"name":""}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
}

func TestADomainIsAddedListedUsedAndRemoved(t *testing.T) {
	h := open(t, -1)
	var domain api.Domain
	a := h.call(h.full, http.MethodPost, "domains", api.NewDomain{Name: "Contoso.COM."}).want(http.StatusCreated)
	a.into(&domain)
	if domain.Name != "contoso.com" || !strings.HasSuffix(a.header.Get("Location"), "/domains/contoso.com") {
		t.Errorf("domain %+v, location %q", domain, a.header.Get("Location"))
	}
	h.call(h.full, http.MethodPost, "domains", api.NewDomain{Name: "contoso.com"}).want(http.StatusConflict)
	h.call(h.full, http.MethodPost, "domains", api.NewDomain{Name: "not a domain"}).problem(http.StatusBadRequest, "BadDomain")
	var org api.Organization
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"requireVerifiedDomain":true}`).want(http.StatusOK).into(&org)
	if !org.RequireVerifiedDomain {
		t.Errorf("organization %+v", org)
	}
	h.call(h.full, http.MethodPatch, "/organizations/-", `{}`).want(http.StatusOK).into(&org)
	if !org.RequireVerifiedDomain {
		t.Error("an empty change changed something")
	}
	h.person("ada@contoso.com", nil)
	h.call(h.full, http.MethodPost, "users", `{"attributes":{"userName":"eve@elsewhere.example"}}`).problem(http.StatusBadRequest, "InvalidDomain")
	h.call(h.full, http.MethodDelete, "domains/CONTOSO.com", nil).want(http.StatusNoContent)
	h.call(h.full, http.MethodDelete, "domains/contoso.com", nil).want(http.StatusNotFound)
	var list api.List[api.Domain]
	h.call(h.full, http.MethodGet, "domains", nil).want(http.StatusOK).into(&list)
	if list.Items == nil || len(list.Items) != 0 {
		t.Errorf("domains %+v", list)
	}
}

func TestADomainThatIsAddedLetsThoseInWhoFailedForIt(t *testing.T) {
	h := open(t, 20)
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"requireVerifiedDomain":true}`).want(http.StatusOK)
	instance := h.instance(nil)
	if run := h.sync(instance.ID, "incremental"); run.Counts["create"] != 0 || run.Counts["failed"] == 0 {
		t.Fatalf("without a domain: %+v", run.Counts)
	}
	for _, name := range h.tenant.Domains {
		h.call(h.full, http.MethodPost, "domains", api.NewDomain{Name: name}).want(http.StatusCreated)
	}
	if run := h.sync(instance.ID, "incremental"); run.Counts["create"] == 0 {
		t.Errorf("with the domain: %+v", run.Counts)
	}
}

func TestTheAuditLogTellsWhoDidWhatFromWhere(t *testing.T) {
	h := open(t, -1)
	a := h.callWith(h.full, http.MethodPost, "domains", api.NewDomain{Name: "contoso.com"}, map[string]string{"X-Forwarded-For": "198.51.100.7, 127.0.0.9"})
	a.want(http.StatusCreated)
	h.call(h.full, http.MethodPatch, "/organizations/-", `{"requireVerifiedDomain":true}`).want(http.StatusOK)
	events, pages := everything[api.Event](h, h.full, "audit", "2")
	if len(events) < 3 || pages < 2 {
		t.Fatalf("%d events on %d pages", len(events), pages)
	}
	if e := events[0]; e.Action != "organization.change" || e.Before["requireVerifiedDomain"] != false || e.After["requireVerifiedDomain"] != true || e.Actor.Address != "127.0.0.1" {
		t.Errorf("newest event %+v", e)
	}
	if e := events[1]; e.Action != "domain.add" || e.ObjectName != "contoso.com" || e.Actor.Name != "full" || e.Actor.TokenID.IsZero() ||
		e.Actor.Address != "198.51.100.7" || e.Actor.RequestID != a.header.Get("X-Request-Id") {
		t.Errorf("event %+v", e)
	}
}

func TestWhatIsDoneToTheServerIsInALogOfItsOwn(t *testing.T) {
	h := open(t, -1)
	var token api.CreatedToken
	h.call(h.root, http.MethodPost, "/tokens", api.NewToken{Name: "operator", Role: "full-administrator"}).want(http.StatusCreated).into(&token)
	h.call(h.full, http.MethodPost, "domains", api.NewDomain{Name: "contoso.com"}).want(http.StatusCreated)
	h.call(h.root, http.MethodDelete, "/tokens/"+token.ID.String(), nil).want(http.StatusNoContent)
	events, pages := everything[api.Event](h, h.root, "/audit", "1")
	if len(events) < 4 || pages != len(events) {
		t.Fatalf("%d events on %d pages", len(events), pages)
	}
	if e := events[0]; e.Action != "token.revoke" || e.ObjectName != "operator" || e.Actor.Name != "root" {
		t.Errorf("newest event %+v", e)
	}
	if e := events[1]; e.Action != "token.create" || e.ObjectID != token.ID.String() || e.After["role"] != "full-administrator" {
		t.Errorf("event %+v", e)
	}
	h.call(h.full, http.MethodGet, "/audit", nil).problem(http.StatusForbidden, "Forbidden")
}
