package graph

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/fault"
)

// Grant is what the tenant allows the application now.
type Grant struct {
	// TenantID is the tenant's id; "" if nothing said it.
	TenantID string
	// TenantName is the organization's display name; "" without the permission to read it.
	TenantName string
	// Permissions are the application permissions that the token carries.
	Permissions []string
}

// Granted asks with a new token what the tenant allows. It fails as fault.Denied with ConsentMissing or PermissionMissing when a needed
// permission was not granted, and as every other call when the credentials are refused. A token that cannot be read is tried out instead.
func (c *Client) Granted(ctx context.Context) (Grant, error) {
	token, err := c.newToken(ctx)
	if err != nil {
		return Grant{}, err
	}
	claims, readable := claimsOf(token)
	grant := Grant{TenantID: claims.Tenant, Permissions: claims.Roles}
	if readable {
		if err := grant.complete(); err != nil {
			c.dropToken(ctx, token)
			return grant, err
		}
	} else if err := c.tryOut(ctx); err != nil {
		return grant, err
	}
	organization, err := c.Organization(ctx)
	switch {
	case err == nil:
		grant.TenantID, grant.TenantName = organization.ID, organization.DisplayName
	case !fault.Is(err, fault.Denied):
		return grant, err
	}
	return grant, nil
}

// complete fails when a needed permission is not among the granted ones.
func (g Grant) complete() error {
	missing := Missing(g.Permissions)
	switch {
	case len(missing) == 0:
		return nil
	case len(g.Permissions) == 0:
		return fault.New(fault.Denied, ConsentMissing, "the tenant has not consented to the application, or took its consent back").WithRemedy("%s", renewConsent)
	}
	return fault.New(fault.Denied, PermissionMissing, "the tenant has consented, but the permission %s is missing", strings.Join(missing, " and ")).
		WithRemedy("Add it to the app registration (App registrations > the app > API permissions), then grant admin consent")
}

// newToken returns a token that was fetched now: a kept one keeps the consent that there was when it was made.
func (c *Client) newToken(ctx context.Context) (string, error) {
	var token string
	err := c.persist(ctx, func(try int) error {
		if token != "" {
			return nil
		}
		if kept := c.keptToken(ctx); kept != "" {
			c.dropToken(ctx, kept)
		}
		var err error
		token, err = c.token(ctx, try)
		return err
	})
	return token, err
}

func (c *Client) keptToken(ctx context.Context) string {
	select {
	case c.tokens.gate <- struct{}{}:
		defer func() { <-c.tokens.gate }()
		return c.tokens.value
	case <-ctx.Done():
		return ""
	}
}

// tryOut reads one user and one group.
func (c *Client) tryOut(ctx context.Context) error {
	for _, route := range []string{routeUsers, routeGroups} {
		r := request{method: http.MethodGet, route: route, url: c.address(route, "$top=1", "$select=id")}
		if err := c.do(ctx, r, func(answer) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// tokenClaims are those of an access token that only choose words and save requests; Graph alone judges the token.
type tokenClaims struct {
	Audience any      `json:"aud"`
	Tenant   string   `json:"tid"`
	Roles    []string `json:"roles"`
}

// claimsOf reads an access token. Tokens for Graph are opaque to clients, so one that cannot be read says nothing.
func claimsOf(token string) (tokenClaims, bool) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return tokenClaims{}, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return tokenClaims{}, false
	}
	var claims tokenClaims
	if err := json.Unmarshal(payload, &claims); err != nil || claims.Audience == nil {
		return tokenClaims{}, false
	}
	claims.Roles = slices.DeleteFunc(claims.Roles, func(role string) bool { return role == "" })
	return claims, true
}
