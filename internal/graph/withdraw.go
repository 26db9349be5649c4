package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"rollcall/internal/fault"
)

const (
	routeAssignments = "/servicePrincipals/{id}/appRoleAssignments"
	routeGrants      = "/servicePrincipals/{id}/oauth2PermissionGrants"
	routeAssignment  = "/servicePrincipals/{id}/appRoleAssignedTo/{id}"
	routeGrant       = "/oauth2PermissionGrants/{id}"
)

// WithdrawalDenied says that the account may not take the consent back.
const WithdrawalDenied = "WithdrawalDenied"

// WithdrawalPermissions lists the delegated permissions that taking a consent back asks of whoever signs in for it: the least for
// https://learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments, serviceprincipal-delete-approleassignedto and
// oauth2permissiongrant-delete.
func WithdrawalPermissions() []Permission {
	return []Permission{
		{Name: "Application.Read.All", Use: "find what was granted to the app", Needed: true},
		{Name: "AppRoleAssignment.ReadWrite.All", Use: "take the app's own permissions back", Needed: true},
		{Name: "DelegatedPermissionGrant.ReadWrite.All", Use: "take the permissions back that the app has in somebody's name", Needed: true},
	}
}

// signInScope is what a sign-in asks for.
func (c *Client) signInScope(s SignIn) string {
	scopes := []string{"openid", "profile"}
	if s.ToWithdraw {
		for _, permission := range WithdrawalPermissions() {
			scopes = append(scopes, c.graph.String()+"/"+permission.Name)
		}
	}
	return strings.Join(scopes, " ")
}

// Withdraw takes back, in the name of who signed in to do that, all that the tenant granted the application: its app role assignments, and then
// the delegated permissions, with those of this sign-in. What is gone already is passed over, so that it can be done again after half of it failed. An
// account that may not do that fails as fault.Denied with WithdrawalDenied, and nothing was taken back then. The tenant's tokens may carry the old
// consent for up to an hour.
func (c *Client) Withdraw(ctx context.Context, person Person) error {
	if person.token == "" {
		return fault.New(fault.Internal, "", "graph: nobody signed in to withdraw the consent")
	}
	own := "/servicePrincipals(appId='" + url.PathEscape(strings.ToLower(c.config.ClientID)) + "')"
	assignments, err := c.granted(ctx, person, routeAssignments, own+"/appRoleAssignments")
	if err != nil {
		return err
	}
	grants, err := c.granted(ctx, person, routeGrants, own+"/oauth2PermissionGrants")
	if err != nil {
		return err
	}
	for _, a := range assignments {
		path := "/servicePrincipals/" + url.PathEscape(a.ResourceID) + "/appRoleAssignedTo/" + url.PathEscape(a.ID)
		if err := c.takeBack(ctx, person, routeAssignment, path); err != nil {
			return err
		}
	}
	for _, g := range grants { // last: among them is what the others need
		if err := c.takeBack(ctx, person, routeGrant, "/oauth2PermissionGrants/"+url.PathEscape(g.ID)); err != nil {
			return err
		}
	}
	return nil
}

// grantedItem is an appRoleAssignment or an oauth2PermissionGrant.
type grantedItem struct {
	ID         string `json:"id"`
	ResourceID string `json:"resourceId"`
}

// granted reads a whole list. The list of an application that the tenant does not know is empty.
func (c *Client) granted(ctx context.Context, person Person, route, path string) ([]grantedItem, error) {
	var all []grantedItem
	for next := c.address(path); next != ""; {
		r := request{method: http.MethodGet, route: route, url: next}
		var page struct {
			Value []grantedItem `json:"value"`
			Next  string        `json:"@odata.nextLink"`
		}
		err := c.doFor(ctx, person, r, func(a answer) error { return json.Unmarshal(a.body, &page) })
		switch {
		case fault.Is(err, fault.NotFound):
			return all, nil
		case err != nil:
			return nil, err
		}
		all = append(all, page.Value...)
		if next = page.Next; next != "" {
			if target, err := url.Parse(next); err != nil || target.User != nil || !sameOrigin(target, c.graph) {
				return nil, fault.New(fault.Invalid, "LinkOffHost", "the next page of %s is on another host", route)
			}
		}
	}
	return all, nil
}

func (c *Client) takeBack(ctx context.Context, person Person, route, path string) error {
	err := c.doFor(ctx, person, request{method: http.MethodDelete, route: route, url: c.address(path)}, func(answer) error { return nil })
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// doFor is do in the name of who signed in: with his token, which is not renewed.
func (c *Client) doFor(ctx context.Context, person Person, r request, use func(answer) error) error {
	err := c.persist(ctx, func(try int) error {
		return c.exchange(ctx, r, person.token, try, func(a answer) error {
			if a.status/100 != 2 {
				return c.refusal(r, a)
			}
			if err := use(a); err != nil {
				return brokenAnswer(r, a, err)
			}
			return nil
		})
	})
	if refused := fault.Of(err); refused != nil && refused.Code == PermissionMissing {
		denied := fault.New(fault.Denied, WithdrawalDenied, "the account %s may not take the consent back", person.Username).
			WithRemedy("Sign in as an administrator of Entra, such as a Privileged Role Administrator or a Cloud Application Administrator.")
		denied.Err, denied.RequestID = fmt.Errorf("%s: %w", r.route, refused.Err), refused.RequestID
		return denied
	}
	return err
}
