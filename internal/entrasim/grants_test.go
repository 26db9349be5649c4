package entrasim_test

import (
	"net/url"
	"strings"
	"testing"

	"rollcall/internal/entrasim"
)

const revoking = "openid https://graph.microsoft.com/Application.Read.All https://graph.microsoft.com/AppRoleAssignment.ReadWrite.All " +
	"https://graph.microsoft.com/DelegatedPermissionGrant.ReadWrite.All"

func authorizeAddress(s *entrasim.Server, account, scope string) string {
	query := url.Values{"client_id": {s.ClientID}, "response_type": {"code"}, "scope": {scope}, "redirect_uri": {redirect}, "account": {account + "@contoso.example"}}
	return s.URL() + "/" + s.TenantID + "/oauth2/v2.0/authorize?" + query.Encode()
}

// actFor makes the client act in the name of an account.
func (c *client) actFor(s *entrasim.Server, account, scope string, form url.Values) {
	c.t.Helper()
	_, page, sent := browse(c.t, "POST", authorizeAddress(s, account, scope), form)
	if sent == nil || sent.Query().Get("code") == "" {
		c.t.Fatalf("%s gets no code: %s", account, page)
	}
	a := c.do("POST", "/"+s.TenantID+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {s.ClientID}, "client_secret": {s.ClientSecret}, "code": {sent.Query().Get("code")}, "redirect_uri": {redirect},
	}.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	c.token = a.body.text("access_token")
}

func TestAnAdministratorTakesTheConsentBackThroughGraph(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	own := "/v1.0/servicePrincipals(appId='" + s.ClientID + "')"
	if a := c.do("GET", own+"/appRoleAssignments", nil); a.status != 403 {
		t.Errorf("the application by itself: %d", a.status)
	}
	if _, page, _ := browse(t, "GET", authorizeAddress(s, "alex.admin", revoking), nil); !strings.Contains(page, "AppRoleAssignment.ReadWrite.All") || strings.Contains(page, "User.Read.All") {
		t.Errorf("page %s", page)
	}
	c.actFor(s, "alex.admin", revoking, url.Values{"action": {"accept"}})
	if a := c.do("GET", "/v1.0/users", nil); a.status != 403 {
		t.Errorf("users in his name: %d", a.status)
	}
	assignments := c.get(own + "/appRoleAssignments").list("value")
	grants := c.get(own + "/oauth2PermissionGrants").list("value")
	if len(assignments) != 6 || len(grants) != 1 || grants[0].text("consentType") != "Principal" {
		t.Fatalf("%v %v", assignments, grants)
	}
	for i, assignment := range assignments {
		target := "/v1.0/servicePrincipals/" + assignment.text("resourceId") + "/appRoleAssignedTo/" + assignment.text("id")
		if a := c.do("DELETE", target, nil); a.status != 204 {
			t.Fatalf("delete: %d %s", a.status, a.raw)
		}
		if a := c.do("DELETE", target, nil); a.status != 404 {
			t.Errorf("again: %d", a.status)
		}
		if left := c.get(own + "/appRoleAssignments").list("value"); len(left) != 5-i {
			t.Errorf("%d left after %d", len(left), i+1)
		}
	}
	if a := c.do("DELETE", "/v1.0/oauth2PermissionGrants/"+grants[0].text("id"), nil); a.status != 204 {
		t.Errorf("delete: %d %s", a.status, a.raw)
	}
	c.login()
	if a := c.do("GET", "/v1.0/users", nil); a.status != 403 {
		t.Errorf("without consent: %d", a.status)
	}
	c.sim("POST", "/sim/consent/grant", nil, 200)
	c.login()
	if a := c.do("GET", "/v1.0/users", nil); a.status != 200 {
		t.Errorf("granted again: %d", a.status)
	}
}

func TestWhoHasNoRoleInTheTenantTakesNothingBack(t *testing.T) {
	s := &entrasim.Server{Users: 10}
	c := start(t, s)
	_, page, _ := browse(t, "POST", authorizeAddress(s, "uma.user", revoking), url.Values{"action": {"accept"}})
	if !strings.Contains(page, "Need admin approval") || strings.Contains(page, "Request approval") {
		t.Errorf("page %s", page)
	}
	_, _, sent := browse(t, "POST", authorizeAddress(s, "uma.user", revoking), url.Values{"action": {"back"}})
	if q := sent.Query(); !strings.HasPrefix(q.Get("error_description"), "AADSTS90094") {
		t.Errorf("sent %s", sent)
	}
	// An administrator consented for everybody: then the token is given, and the role is missing still.
	c.actFor(s, "alex.admin", revoking, url.Values{"action": {"accept"}, "everybody": {"true"}})
	assignment := c.get("/v1.0/servicePrincipals(appId='" + s.ClientID + "')/appRoleAssignments").list("value")[0]
	c.actFor(s, "uma.user", revoking, nil)
	if a := c.do("DELETE", "/v1.0/servicePrincipals/"+assignment.text("resourceId")+"/appRoleAssignedTo/"+assignment.text("id"), nil); a.status != 403 {
		t.Errorf("without the role: %d", a.status)
	}
	// Without the permission the role does not help.
	c.actFor(s, "alex.admin", "openid https://graph.microsoft.com/Application.Read.All", nil)
	if a := c.do("DELETE", "/v1.0/servicePrincipals/"+assignment.text("resourceId")+"/appRoleAssignedTo/"+assignment.text("id"), nil); a.status != 403 {
		t.Errorf("without the permission: %d", a.status)
	}
}
