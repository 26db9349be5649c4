package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"rollcall/internal/api"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// nobody is the id of nothing.
const nobody = "0190b1a2-7c3d-7e4f-8a5b-6c7d8e9f0a1b"

// may lists, by role, the operations on an organization that a token of the role may ask for.
var may = map[directory.Role][]string{
	directory.FullAdministrator: {"*"},
	directory.UserAdministrator: {
		"getOrganization", "listConnections", "getConnection", "getRegistration", "listTenantGroups", "listInstances", "getInstance", "listRuns", "getRun", "listRunChanges", "explainUser", "explainGroup", "listRunResults", "getRunReport", "watchRun", "listChanges",
		"listHeld", "listFailed", "listPins", "listUsers", "getUser", "listDomains", "createUser", "changeUser", "deleteUser",
		"listGroups", "getGroup", "listMembers", "listUserGroups", "createGroup", "changeGroup", "deleteGroup", "addMembers", "removeMembers", "removeMember",
		"getChange", "listChangeMembers", "getSummary", "listSummary", "listGroupSummary", "listLog", "exportLogCSV", "exportLogJSON",
		"previewInstance", "exportSchema", "listSourceAttributes", "evaluateExpression", "checkExpression", "listFunctions", "listOperators",
	},
	directory.ReadOnlyAdministrator: {
		"getOrganization", "listConnections", "getConnection", "getRegistration", "listTenantGroups", "listInstances", "getInstance", "listRuns", "getRun", "listRunChanges", "explainUser", "explainGroup", "listRunResults", "getRunReport", "watchRun", "listChanges",
		"listHeld", "listFailed", "listPins", "listUsers", "getUser", "listDomains", "listEvents", "listGroups", "getGroup", "listMembers", "listUserGroups",
		"getChange", "listChangeMembers", "getSummary", "listSummary", "listGroupSummary", "listLog", "exportLogCSV", "exportLogJSON",
		"previewInstance", "exportSchema", "listSourceAttributes", "evaluateExpression", "checkExpression", "listFunctions", "listOperators",
	},
	directory.ComplianceOfficer: {"listArchive", "listEvents", "getRetention", "changeRetention", "previewRetention"},
}

// forAll are operations that are about no organization, and not about the server either.
var forAll = []string{"listFunctions", "listOperators"}

func TestATokenMayDoWhatItsRoleMayAndNothingElse(t *testing.T) {
	h := open(t, -1)
	paths := h.description().Paths
	for role, allowed := range may {
		token := h.administrator(h.org.ID, "somebody", role)
		for path, methods := range paths {
			for method, op := range methods {
				a := h.send(strings.ToUpper(method), h.url+strings.NewReplacer("{orgId}", "-", "{id}", nobody, "{member}", nobody, "{bucket}", "failed", "{name}", "nowhere.example").Replace(path), "", map[string]string{"Authorization": "Bearer " + token})
				switch {
				case op.OperationID == "getMe":
					a.want(http.StatusOK)
				case !strings.Contains(path, "{orgId}") && !slices.Contains(forAll, op.OperationID): // about the server, and the token is bound
					a.problem(http.StatusForbidden, "Forbidden")
				case allowed[0] == "*", slices.Contains(allowed, op.OperationID):
					if a.status == http.StatusForbidden || a.status == http.StatusUnauthorized || a.status >= 500 {
						t.Errorf("%s: %s: %d %s", role, op.OperationID, a.status, a.text)
					}
				default:
					if p := a.problem(http.StatusForbidden, "Forbidden"); !strings.Contains(p.Detail, "right") || !strings.Contains(p.Remedy, "full-administrator") {
						t.Errorf("%s: %s: %+v", role, op.OperationID, p)
					}
				}
			}
		}
	}
}

func TestATokenNeverHasMoreRightsThanItsAdministrator(t *testing.T) {
	h := open(t, -1)
	reader, err := h.directory.CreateAdministrator(t.Context(), h.org.ID, "reader", directory.ReadOnlyAdministrator)
	h.must(err)
	creator := directory.Token{AdministratorID: reader.ID, Role: directory.FullAdministrator, AdministratorRole: directory.FullAdministrator}
	_, secret, err := h.directory.CreateToken(t.Context(), creator, directory.NewToken{OrgID: h.org.ID, Name: "big", Role: directory.FullAdministrator})
	h.must(err)
	p := h.call(secret, http.MethodPost, "domains", api.NewDomain{Name: "contoso.com"}).problem(http.StatusForbidden, "Forbidden")
	if !strings.Contains(p.Detail, "read-only-administrator") {
		t.Errorf("the detail does not name the administrator's role: %s", p.Detail)
	}
	var me api.Me
	h.call(secret, http.MethodGet, "/me", nil).want(http.StatusOK).into(&me)
	if !slices.Equal(me.Rights, []directory.Right{directory.ReadDirectory, directory.ReadAudit, directory.ReadSCIM}) {
		t.Errorf("rights %v", me.Rights)
	}
}

func TestAnotherOrganizationDoesNotExistForABoundToken(t *testing.T) {
	h := open(t, -1)
	other, err := h.directory.CreateOrganization(t.Context(), "Fabrikam")
	h.must(err)
	stranger := h.administrator(other.ID, "stranger", directory.FullAdministrator)
	for _, org := range []string{h.org.ID.String(), nobody, "nonsense"} {
		p := h.call(stranger, http.MethodGet, "/organizations/"+org+"/users", nil).problem(http.StatusNotFound, "UnknownOrganization")
		if p.Remedy != "" || strings.Contains(p.Detail, "Contoso") {
			t.Errorf("%s leaks something: %+v", org, p)
		}
	}
	h.call(h.root, http.MethodGet, "/organizations/"+other.ID.String(), nil).want(http.StatusOK)
	h.call(stranger, http.MethodGet, "/organizations/-", nil).want(http.StatusOK)
	// What belongs to one organization is not found through another one.
	instance := h.instance(nil)
	run := h.sync(instance.ID, "dry-run")
	for _, path := range []string{"/instances/" + instance.ID.String(), "/runs/" + run.ID.String(), "/runs/" + run.ID.String() + "/events", "/runs/" + run.ID.String() + "/report", "/runs/" + run.ID.String() + "/changes"} {
		h.call(stranger, http.MethodGet, "/organizations/-"+path, nil).want(http.StatusNotFound)
	}
	h.call(stranger, http.MethodPatch, "/organizations/-/instances/"+instance.ID.String(), `{"name":"mine"}`).want(http.StatusNotFound)
	h.call(stranger, http.MethodDelete, "/organizations/-/instances/"+instance.ID.String(), nil).want(http.StatusNotFound)
	h.call(stranger, http.MethodPost, "/organizations/-/instances/"+instance.ID.String()+"/sync", nil).want(http.StatusNotFound)
	h.call(stranger, http.MethodPost, "/organizations/-/held/approve", api.Decision{Instance: instance.ID, All: true}).want(http.StatusNotFound)
	var changes api.List[api.Change]
	h.call(stranger, http.MethodGet, "/organizations/-/changes?instance="+instance.ID.String(), nil).want(http.StatusOK).into(&changes)
	if len(changes.Items) != 0 {
		t.Errorf("a stranger sees %d changes", len(changes.Items))
	}
}

func TestTheDashMeansTheOnlyOrganizationOfTheServer(t *testing.T) {
	h := open(t, -1)
	var org api.Organization
	h.call(h.root, http.MethodGet, "/organizations/-", nil).want(http.StatusOK).into(&org)
	if org.ID != h.org.ID {
		t.Errorf("organization %s, want %s", org.ID, h.org.ID)
	}
	_, err := h.directory.CreateOrganization(t.Context(), "Fabrikam")
	h.must(err)
	h.call(h.root, http.MethodGet, "/organizations/-", nil).problem(http.StatusBadRequest, "AmbiguousOrganization")
}

func TestABadTokenIsToldWhatToDo(t *testing.T) {
	h := open(t, -1)
	for name, c := range map[string]struct{ header, code, challenge string }{
		"none":         {"", "MissingToken", `Bearer realm="rollcall"`},
		"another kind": {"Basic cm9sbA==", "MissingToken", `Bearer realm="rollcall"`},
		"empty":        {"Bearer ", "MissingToken", `Bearer realm="rollcall"`},
		"unknown":      {"Bearer rc_nothing", "UnknownToken", `Bearer realm="rollcall", error="invalid_token"`},
	} {
		a := h.send(http.MethodGet, h.url+"/api/v1/me", "", map[string]string{"Authorization": c.header})
		if p := a.problem(http.StatusUnauthorized, c.code); p.Remedy == "" || a.header.Get("WWW-Authenticate") != c.challenge {
			t.Errorf("%s: %+v, %q", name, p, a.header.Get("WWW-Authenticate"))
		}
	}
}

func TestATokenIsMadeListedUsedAndRevoked(t *testing.T) {
	h := open(t, -1)
	a := h.call(h.full, http.MethodPost, "tokens", api.NewToken{Name: "backup", Role: directory.ReadOnlyAdministrator, ExpiresInDays: 2}).want(http.StatusCreated)
	var created api.CreatedToken
	a.into(&created)
	if left := time.Until(created.ExpiresAt); created.Secret == "" || created.State != "good" || left < 47*time.Hour || left > 48*time.Hour {
		t.Fatalf("created %+v", created)
	}
	if want := api.Prefix + "/organizations/" + h.org.ID.String() + "/tokens/" + created.ID.String(); a.header.Get("Location") != want {
		t.Errorf("location %q, want %q", a.header.Get("Location"), want)
	}
	var me api.Me
	h.call(created.Secret, http.MethodGet, "/me", nil).want(http.StatusOK).into(&me)
	if me.TokenID != created.ID || me.OrganizationID != h.org.ID || me.Role != directory.ReadOnlyAdministrator || me.Version != "v1.2.3" {
		t.Errorf("me %+v", me)
	}
	h.call(h.full, http.MethodDelete, "tokens/"+created.ID.String(), nil).want(http.StatusNoContent)
	h.call(created.Secret, http.MethodGet, "/me", nil).problem(http.StatusUnauthorized, "RevokedToken")
	list := h.call(h.full, http.MethodGet, "tokens", nil).want(http.StatusOK)
	var tokens api.List[api.Token]
	list.into(&tokens)
	states := map[ident.ID]string{}
	for _, token := range tokens.Items {
		states[token.ID] = token.State
	}
	if len(states) != 2 || states[created.ID] != "revoked" || strings.Contains(list.text, created.Secret) {
		t.Errorf("tokens %s", list.text)
	}
}

func TestATokenOfTheServerIsMadeListedUsedAndRevokedByItsAdministratorsOnly(t *testing.T) {
	h := open(t, -1)
	want := api.NewToken{Name: "operator", Role: directory.FullAdministrator, ExpiresInDays: 400}
	h.call(h.full, http.MethodPost, "/tokens", want).problem(http.StatusForbidden, "Forbidden")
	var created api.CreatedToken
	a := h.call(h.root, http.MethodPost, "/tokens", want).want(http.StatusCreated)
	a.into(&created)
	if location := a.header.Get("Location"); location != api.Prefix+"/tokens/"+created.ID.String() {
		t.Errorf("location %q", location)
	}
	var me api.Me
	h.call(created.Secret, http.MethodGet, "/me", nil).want(http.StatusOK).into(&me)
	if !me.OrganizationID.IsZero() || me.Role != directory.FullAdministrator {
		t.Errorf("me %+v", me)
	}
	h.call(created.Secret, http.MethodPost, "/organizations", api.NewOrganization{Name: "Fabrikam"}).want(http.StatusCreated)
	h.call(created.Secret, http.MethodGet, "/organizations/"+h.org.ID.String()+"/users", nil).want(http.StatusOK)
	var tokens api.List[api.Token]
	h.call(created.Secret, http.MethodGet, "/tokens", nil).want(http.StatusOK).into(&tokens)
	names := []string{}
	for _, token := range tokens.Items {
		names = append(names, token.Name)
	}
	if !slices.Equal(names, []string{"operator", "root"}) {
		t.Errorf("tokens of the server %q, that of an organization is not one", names)
	}
	h.call(h.full, http.MethodDelete, "/tokens/"+created.ID.String(), nil).problem(http.StatusForbidden, "Forbidden")
	h.call(h.full, http.MethodDelete, "tokens/"+created.ID.String(), nil).want(http.StatusNotFound)
	h.call(h.root, http.MethodDelete, "/tokens/"+created.ID.String(), nil).want(http.StatusNoContent)
	h.call(created.Secret, http.MethodGet, "/me", nil).problem(http.StatusUnauthorized, "RevokedToken")
	h.call(h.root, http.MethodDelete, "/tokens/"+nobody, nil).want(http.StatusNotFound)
}

func TestATokenOfTheServerMayWhatItsRoleMay(t *testing.T) {
	h := open(t, -1)
	token := func(role directory.Role) string {
		var created api.CreatedToken
		h.call(h.root, http.MethodPost, "/tokens", api.NewToken{Name: string(role), Role: role}).want(http.StatusCreated).into(&created)
		return created.Secret
	}
	reader, officer := token(directory.ReadOnlyAdministrator), token(directory.ComplianceOfficer)
	h.call(reader, http.MethodGet, "/organizations", nil).want(http.StatusOK)
	h.call(reader, http.MethodGet, "/tokens", nil).problem(http.StatusForbidden, "Forbidden")
	h.call(reader, http.MethodPost, "/tokens", api.NewToken{Name: "x", Role: directory.ReadOnlyAdministrator}).problem(http.StatusForbidden, "Forbidden")
	h.call(officer, http.MethodGet, "/audit", nil).want(http.StatusOK)
	h.call(officer, http.MethodGet, "/organizations", nil).problem(http.StatusForbidden, "Forbidden")
	for _, user := range []ident.ID{{}, h.person("ada@contoso.com", nil).ID} {
		p := h.call(h.root, http.MethodPost, "/tokens", api.NewToken{Name: "x", Role: directory.DirectoryUser, UserID: user}).problem(http.StatusBadRequest, "TokenUser")
		if p.Remedy == "" {
			t.Errorf("%+v", p)
		}
	}
}

func TestABadTokenToMakeIsRefused(t *testing.T) {
	h := open(t, -1)
	h.call(h.full, http.MethodPost, "tokens", `{"name":"x","role":"emperor"}`).problem(http.StatusUnprocessableEntity, "ValidationFailed")
	h.call(h.full, http.MethodPost, "tokens", `{"name":"x","role":"user"}`).problem(http.StatusBadRequest, "TokenUser")
	h.call(h.full, http.MethodPost, "tokens", `{"name":" ","role":"user-administrator"}`).problem(http.StatusBadRequest, "MissingName")
	h.call(h.full, http.MethodDelete, "tokens/"+nobody, nil).want(http.StatusNotFound)
}
