package graph_test

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"

	"rollcall/internal/fault"
)

// accessToken is the wire shape of an access token with the claims; nobody checks its signature.
func accessToken(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2lnbmF0dXJl"
}

func TestATokenWithoutPermissionsTellsThatTheConsentIsMissing(t *testing.T) {
	for claims, code := range map[string]string{
		`{"aud":"https://graph.microsoft.com"}`:                                  "ConsentMissing",
		`{"aud":"https://graph.microsoft.com","roles":[]}`:                       "ConsentMissing",
		`{"aud":"https://graph.microsoft.com","roles":["GroupMember.Read.All"]}`: "PermissionMissing",
		`{}`:       "PermissionMissing",
		`not JSON`: "PermissionMissing",
	} {
		n := newTenant(t, status(http.StatusForbidden, graphError("Authorization_RequestDenied", "Insufficient privileges")))
		n.login = ok(fmt.Sprintf(`{"token_type":"Bearer","expires_in":3600,"access_token":%q}`, accessToken(claims)))
		_, err := n.client(t).ListUsers(t.Context(), nil)
		wantWords(t, wantFault(t, err, fault.Denied, code).Remedy, "Grant admin consent")
		wantWords(t, err.Error(), "403 Forbidden, Authorization_RequestDenied: Insufficient privileges")
	}
}

func TestAMissingPermissionIsNamed(t *testing.T) {
	n := newTenant(t, status(http.StatusForbidden, graphError("Authorization_RequestDenied", "m")))
	client := n.client(t)
	_, err := client.ListUsers(t.Context(), nil)
	wantWords(t, wantFault(t, err, fault.Denied, "PermissionMissing").Message, "users", "User.Read.All is missing")
	_, err = client.Organization(t.Context())
	wantWords(t, wantFault(t, err, fault.Denied, "PermissionMissing").Message, "the organization", "Organization.Read.All")

	said := "Missing scope permissions on the request. API requires one of 'Place.Read.All, Place.ReadWrite.All'. Scopes on the request ''"
	n.graph = status(http.StatusForbidden, graphError("accessDenied", said))
	_, err = client.ListUsers(t.Context(), nil)
	wantWords(t, wantFault(t, err, fault.Denied, "PermissionMissing").Remedy, "Place.Read.All")
}

func TestAnApplicationThatGraphDoesNotKnowAnyMoreWasRemoved(t *testing.T) {
	n := newTenant(t, status(http.StatusUnauthorized, graphError("Authorization_IdentityNotFound", "The identity of the calling application could not be established.")))
	_, err := n.client(t).ListUsers(t.Context(), nil)
	wantWords(t, wantFault(t, err, fault.Unauthenticated, "ApplicationRemoved").Remedy, "restore it", "Never delete the app")
}
