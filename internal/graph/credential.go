package graph

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"rollcall/internal/fault"
)

// Assert makes a client assertion for the token endpoint at the address (RFC 7523): Certificate.Assertion, or what another issuer signed
// (https://learn.microsoft.com/entra/workload-id/workload-identity-federation). Its errors are told as they are.
type Assert func(ctx context.Context, audience string) (string, error)

// Managed gets a token for a resource, such as "https://graph.microsoft.com", without the login service, and says how long it lives.
type Managed func(ctx context.Context, resource string) (token string, life time.Duration, err error)

// assertionType is that of RFC 7523, section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// tokenAddress is the token endpoint of the tenant.
func (c *Client) tokenAddress(tenant string) string {
	return c.login.JoinPath(tenant, routeToken).String()
}

// authenticate adds to a token request what proves the application.
func (c *Client) authenticate(ctx context.Context, form url.Values, address string) error {
	form.Set("client_id", c.config.ClientID)
	if c.config.Assert == nil {
		form.Set("client_secret", c.config.ClientSecret)
		return nil
	}
	assertion, err := c.config.Assert(ctx, address)
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", assertion)
	return nil
}

// tokenRequest makes a request for the token endpoint of a tenant.
func (c *Client) tokenRequest(ctx context.Context, tenant string, form url.Values) (request, error) {
	address := c.tokenAddress(tenant)
	if err := c.authenticate(ctx, form, address); err != nil {
		return request{}, err
	}
	return request{
		method: http.MethodPost, route: routeToken, url: address,
		header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body: []byte(form.Encode()),
	}, nil
}

func (c *Client) managedToken(ctx context.Context) error {
	token, life, err := c.config.Managed(ctx, c.graph.String())
	if err != nil {
		if fault.Of(err) != nil || ctx.Err() != nil {
			return err
		}
		return fault.Wrap(fault.Unauthenticated, "ManagedIdentity", err, "this machine's managed identity gives no token").
			WithRemedy("Check that the server runs where the identity is assigned, and that the client id is that of the identity")
	}
	c.keep(token, life)
	return nil
}

func (c *Client) keep(token string, life time.Duration) {
	c.tokens.value = token
	c.tokens.staleAt = c.config.Now().Add(life - min(refreshAhead, life/2))
}
