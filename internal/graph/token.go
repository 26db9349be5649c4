package graph

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	routeToken = "/oauth2/v2.0/token" //nolint:gosec // a path, not a credential
	// refreshAhead is how long before its end a token is replaced; short-lived ones at half their life.
	refreshAhead = 5 * time.Minute
)

// tokens keeps the one token of a client. gate is held while it is looked at or fetched, so that one fetch serves all who wait; unlike
// a mutex, waiting for it ends with the caller's context.
type tokens struct {
	gate    chan struct{}
	value   string
	staleAt time.Time
}

func newTokens() tokens { return tokens{gate: make(chan struct{}, 1)} }

// token returns a token for Graph, the kept one or a new one. Refusals of the login service are faults with the AADSTS number as
// code and the trace id as request id.
func (c *Client) token(ctx context.Context, try int) (string, error) {
	select {
	case c.tokens.gate <- struct{}{}:
		defer func() { <-c.tokens.gate }()
	case <-ctx.Done():
		return "", interrupted(ctx.Err())
	}
	if c.tokens.value != "" && c.config.Now().Before(c.tokens.staleAt) {
		return c.tokens.value, nil
	}
	return c.fetchToken(ctx, try)
}

// dropToken forgets the token if it is still the one that was refused.
func (c *Client) dropToken(ctx context.Context, refused string) {
	select {
	case c.tokens.gate <- struct{}{}:
		defer func() { <-c.tokens.gate }()
	case <-ctx.Done():
		return
	}
	if c.tokens.value == refused {
		c.tokens.value = ""
	}
}

// fetchToken asks for a token with what proves the application (RFC 6749, section 4.4, and Entra's page on the client credentials flow).
func (c *Client) fetchToken(ctx context.Context, try int) (string, error) {
	if c.config.Managed != nil {
		err := c.managedToken(ctx)
		return c.tokens.value, err
	}
	r, err := c.tokenRequest(ctx, c.config.TenantID, url.Values{"grant_type": {"client_credentials"}, "scope": {c.graph.String() + "/.default"}})
	if err != nil {
		return "", err
	}
	err = c.exchange(ctx, r, "", try, func(a answer) error {
		if a.status != http.StatusOK {
			return c.loginRefusal(r, a)
		}
		if err := c.keepToken(a.body); err != nil {
			return brokenAnswer(r, a, err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return c.tokens.value, nil
}

// keepToken reads the answer of RFC 6749, section 5.1.
func (c *Client) keepToken(body []byte) error {
	var granted struct {
		AccessToken string      `json:"access_token"`
		ExpiresIn   json.Number `json:"expires_in"` // Entra's first version of this service quotes it
	}
	if err := json.Unmarshal(body, &granted); err != nil {
		return err
	}
	seconds, err := granted.ExpiresIn.Int64()
	if granted.AccessToken == "" || err != nil || seconds <= 0 {
		return errors.New("no access_token that lives for a while")
	}
	c.keep(granted.AccessToken, time.Duration(seconds)*time.Second)
	return nil
}
