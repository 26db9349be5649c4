package entrasim

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// globalAdministrator is the template id of that role, which tokens of its holders name in wids.
const globalAdministrator = "62e90394-69f5-4237-9190-012177145e10"

// delegatedWords are the permissions that an application can ask for in the name of who signs in: an administrator consents to each.
var delegatedWords = map[string]string{
	"Application.Read.All":                   "Read applications",
	"AppRoleAssignment.ReadWrite.All":        "Manage app permission grants and app role assignments",
	"DelegatedPermissionGrant.ReadWrite.All": "Manage all delegated permission grants",
}

// A delegatedGrant is somebody's consent that the application acts in his name, or in that of everybody (principal is zero).
type delegatedGrant struct {
	id        string
	principal guid
	scopes    []string
}

// delegated returns the delegated permissions of Graph among the scopes.
func (x *exchange) delegated(scopes []string) []string {
	var names []string
	for _, scope := range scopes {
		resource, name, found := cutLast(scope, "/")
		if !found {
			resource, name = graphAudience, scope // a name alone is one of Graph
		}
		if _, known := delegatedWords[name]; known && (resource == graphAudience || x.server.isOwnAddress(resource, x.request.Host)) {
			names = append(names, name)
		}
	}
	return names
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// covers reports whether somebody's grants, and those for everybody, hold all the permissions.
func (a appState) covers(who guid, names []string) bool {
	for _, name := range names {
		if !slices.ContainsFunc(a.delegations, func(g delegatedGrant) bool {
			return (g.principal == guid{} || g.principal == who) && slices.Contains(g.scopes, name)
		}) {
			return false
		}
	}
	return true
}

// delegate notes somebody's consent.
func (s *Server) delegate(who guid, names []string) {
	s.app.set(func(a *appState) {
		grant := delegatedGrant{id: opaqueID("grant", who.String(), s.requestID().String()), principal: who, scopes: names}
		a.delegations = append(slices.Clone(a.delegations), grant)
	})
}

// opaqueID is an id as Entra gives them to assignments and grants.
func opaqueID(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "/")))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// servicePrincipal is the id of the application in the tenant, graphPrincipal that of Microsoft Graph.
func (s *Server) servicePrincipal() guid { return s.space(spaceServer).id(4) }
func (s *Server) graphPrincipal() guid   { return s.space(spaceServer).id(5) }

func (s *Server) assignmentID(role string) string { return opaqueID("assignment", s.TenantID, role) }

// roles are the application permissions that are granted now.
func (a appState) roles() []string {
	if a.consentGone {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(grantedRoles), func(role string) bool { return slices.Contains(a.withdrawn, role) })
}

// consent grants all application permissions.
func (a *appState) consent() { a.consentGone, a.withdrawn = false, nil }

// withdraw takes one away; without the last one there is no consent.
func (a *appState) withdraw(role string) {
	a.withdrawn = append(slices.Clone(a.withdrawn), role)
	if len(a.roles()) == 0 {
		a.consentGone, a.withdrawn = true, nil
	}
}

func (s *Server) grantRoutes(mux *http.ServeMux) {
	here := "/v1.0/servicePrincipals(appId='" + strings.ToLower(s.ClientID) + "')"
	route := func(pattern string, handle func(*exchange), permissions ...string) {
		newRoute(mux, pattern, func(x *exchange) {
			if x.delegatedTo(permissions) {
				handle(x)
			}
		})
	}
	route("GET "+here+"/appRoleAssignments", (*exchange).listAssignments, "Application.Read.All")
	route("GET "+here+"/oauth2PermissionGrants", (*exchange).listGrants, "Directory.Read.All", "DelegatedPermissionGrant.ReadWrite.All")
	route("DELETE /v1.0/servicePrincipals/{id}/appRoleAssignedTo/{assignment}", (*exchange).deleteAssignment, "AppRoleAssignment.ReadWrite.All")
	route("DELETE /v1.0/oauth2PermissionGrants/{id}", (*exchange).deleteGrant, "DelegatedPermissionGrant.ReadWrite.All")
}

// delegatedTo checks that the token has one of the permissions in the name of somebody whose role allows the same.
func (x *exchange) delegatedTo(permissions []string) bool {
	raw, _ := strings.CutPrefix(x.request.Header.Get("Authorization"), "Bearer ")
	claims, err := x.server.keys.checkToken(raw, x.server.TenantID, x.now)
	switch {
	case err != nil:
		x.unauthorized(err.Error())
	case x.server.app.now().removed:
		x.challenge("Authorization_IdentityNotFound", "The identity of the calling application could not be established.")
	case !slices.ContainsFunc(strings.Fields(claims.Scopes), func(scope string) bool { return slices.Contains(permissions, scope) }),
		!slices.Contains(claims.Wids, globalAdministrator):
		x.insufficient()
	default:
		return true
	}
	return false
}

func (x *exchange) listAssignments() {
	s := x.server
	assignments := []map[string]any{}
	for _, role := range s.app.now().roles() {
		assignments = append(assignments, map[string]any{
			"id": s.assignmentID(role), "deletedDateTime": nil, "appRoleId": appRoleIDs[role], "createdDateTime": "2015-01-01T00:00:00Z",
			"principalDisplayName": "Rollcall", "principalId": s.servicePrincipal().String(), "principalType": "ServicePrincipal",
			"resourceDisplayName": "Microsoft Graph", "resourceId": s.graphPrincipal().String(),
		})
	}
	x.answerJSON(http.StatusOK, graphContentType, map[string]any{"@odata.context": x.metadata("appRoleAssignments"), "value": assignments})
}

// appRoleIDs are Graph's, by the permission's name.
var appRoleIDs = map[string]string{
	"User.Read.All":         "df021288-bdef-4463-88db-98f22de89214",
	"User.ReadWrite.All":    "741f803b-c850-494e-b5df-cde7c675a1ca",
	"GroupMember.Read.All":  "98830695-27a2-44f7-8c18-0c3ebc9698f6",
	"Group.ReadWrite.All":   "62a82d76-70ea-41e2-9197-370581804d09",
	"Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
	"Domain.Read.All":       "dbb9058a-0e50-45d7-ae91-66909b5d4664",
}

func (x *exchange) listGrants() {
	s := x.server
	grants := []map[string]any{}
	for _, g := range s.app.now().delegations {
		kind, principal := "Principal", any(g.principal.String())
		if g.principal == (guid{}) {
			kind, principal = "AllPrincipals", nil
		}
		grants = append(grants, map[string]any{
			"id": g.id, "clientId": s.servicePrincipal().String(), "consentType": kind, "principalId": principal,
			"resourceId": s.graphPrincipal().String(), "scope": strings.Join(g.scopes, " "),
		})
	}
	x.answerJSON(http.StatusOK, graphContentType, map[string]any{"@odata.context": x.metadata("oauth2PermissionGrants"), "value": grants})
}

func (x *exchange) deleteAssignment() {
	s, id, found := x.server, x.request.PathValue("assignment"), false
	if x.request.PathValue("id") == s.graphPrincipal().String() {
		s.app.set(func(a *appState) {
			for _, role := range a.roles() {
				if s.assignmentID(role) == id {
					a.withdraw(role)
					found = true
				}
			}
		})
	}
	x.deleted(id, found)
}

func (x *exchange) deleteGrant() {
	id, found := x.request.PathValue("id"), false
	x.server.app.set(func(a *appState) {
		left := slices.DeleteFunc(slices.Clone(a.delegations), func(g delegatedGrant) bool { return g.id == id })
		found = len(left) < len(a.delegations)
		a.delegations = left
	})
	x.deleted(id, found)
}

func (x *exchange) deleted(id string, found bool) {
	if !found {
		x.notFound(id)
		return
	}
	x.status, x.body = http.StatusNoContent, x.body[:0]
}

// delegatedToken is an access token in the name of who signed in.
func (s *Server) delegatedToken(who account, names []string, now time.Time) (string, error) {
	claims := s.tokenClaims(now)
	claims.IDType, claims.Scopes, claims.Object, claims.Subject = "user", strings.Join(names, " "), s.accountID(who).String(), s.accountID(who).String()
	if who.mayConsent {
		claims.Wids = []string{globalAdministrator}
	}
	return s.signClaims(claims)
}
