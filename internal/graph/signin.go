package graph

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// anyTenant in the place of a tenant leaves it to the account that signs in: https://learn.microsoft.com/entra/identity-platform/v2-protocols.
const anyTenant = "organizations"

// SignIn is one sign-in of a person at Microsoft (authorization code with PKCE: RFC 6749 section 4.1, RFC 7636).
type SignIn struct {
	// RedirectURI is where the browser comes back to; the app registration must list it.
	RedirectURI string
	// State comes back with the browser, Nonce with the id token. Verifier is the secret of PKCE, 43 to 128 characters.
	State, Nonce, Verifier string
	// ToWithdraw: the person signs in to take the tenant's consent back, with credentials even if he is signed in already.
	ToWithdraw bool
}

// Person is who signed in, by an id token that was verified.
type Person struct {
	// TenantID and ObjectID are the tenant's and the account's ids: the pair names somebody for good.
	TenantID, ObjectID string
	// Name and Username are for showing only.
	Name, Username string
	// token lets the client act in his name; only for who signed in to withdraw the consent. It is kept nowhere else.
	token string
}

// SignInURL is the page at which a person signs in.
func (c *Client) SignInURL(s SignIn) string {
	challenge := sha256.Sum256([]byte(s.Verifier))
	u := c.login.JoinPath(c.signInTenant(), "/oauth2/v2.0/authorize")
	prompt := "select_account"
	if s.ToWithdraw {
		prompt = "login"
	}
	u.RawQuery = url.Values{
		"client_id": {c.config.ClientID}, "response_type": {"code"}, "response_mode": {"query"}, "redirect_uri": {s.RedirectURI},
		"scope": {c.signInScope(s)}, "state": {s.State}, "nonce": {s.Nonce}, "prompt": {prompt},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode()
	return u.String()
}

func (c *Client) signInTenant() string {
	if c.config.SignInOnly {
		return anyTenant
	}
	return c.config.TenantID
}

// ConsentURL is the page at which an administrator consents for the whole tenant
// (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent). That the browser comes back from it proves nothing: ask Granted.
func (c *Client) ConsentURL(redirectURI, state string) string {
	u := c.login.JoinPath(c.config.TenantID, "/v2.0/adminconsent")
	u.RawQuery = url.Values{
		"client_id": {c.config.ClientID}, "scope": {c.graph.String() + "/.default"}, "redirect_uri": {redirectURI}, "state": {state},
	}.Encode()
	return u.String()
}

// Redeem gives an authorization code for the person who signed in. The id token's signature, issuer, audience, end and nonce are checked.
func (c *Client) Redeem(ctx context.Context, s SignIn, code string) (Person, error) {
	tokens, err := c.redeemCode(ctx, s, code)
	if err != nil {
		return Person{}, err
	}
	person, err := c.verify(ctx, tokens.ID, s.Nonce)
	switch {
	case ctx.Err() != nil:
		return Person{}, interrupted(ctx.Err())
	case err != nil:
		return Person{}, fault.Wrap(fault.Unauthenticated, "BadIDToken", err, "what Microsoft says of who signed in cannot be verified").
			WithRemedy("Begin again; if it lasts, check the cloud of the connection and the clock of this machine")
	}
	if s.ToWithdraw {
		person.token = tokens.Access
	}
	return person, nil
}

// signInTokens are what a code is good for.
type signInTokens struct {
	ID     string `json:"id_token"`
	Access string `json:"access_token"`
}

func (c *Client) redeemCode(ctx context.Context, s SignIn, code string) (signInTokens, error) {
	var tokens signInTokens
	r, err := c.tokenRequest(ctx, c.signInTenant(), url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {s.RedirectURI}, "code_verifier": {s.Verifier}, "scope": {c.signInScope(s)},
	})
	if err != nil {
		return tokens, err
	}
	// A code is good once: what may have been redeemed is not tried again.
	err = c.exchange(ctx, r, "", 0, func(a answer) error {
		if a.status != http.StatusOK {
			return c.loginRefusal(r, a)
		}
		if err := json.Unmarshal(a.body, &tokens); err != nil || tokens.ID == "" || s.ToWithdraw && tokens.Access == "" {
			return brokenAnswer(r, a, errors.Join(err, errors.New("a token is missing")))
		}
		return nil
	})
	if s, passes := errors.AsType[*setback](err); passes {
		return signInTokens{}, s.fault
	}
	return tokens, err
}

// verify checks an id token against the keys of the tenant that it names: the path under which somebody signed in may name none.
func (c *Client) verify(ctx context.Context, raw, nonce string) (Person, error) {
	claims, readable := claimsOf(raw)
	if tenant, err := ident.Parse(claims.Tenant); !readable || err != nil || tenant.IsZero() {
		return Person{}, errors.New("the token names no tenant")
	}
	ctx = oidc.ClientContext(ctx, &c.http)
	provider, err := oidc.NewProvider(ctx, c.login.JoinPath(claims.Tenant, "v2.0").String())
	if err != nil {
		return Person{}, err
	}
	var discovered struct {
		Keys string `json:"jwks_uri"`
	}
	if err := provider.Claims(&discovered); err != nil {
		return Person{}, err
	}
	if keys, err := url.Parse(discovered.Keys); err != nil || !sameOrigin(keys, c.login) {
		return Person{}, errors.New("the keys of the login service are on another host, " + discovered.Keys)
	}
	token, err := provider.VerifierContext(ctx, &oidc.Config{ClientID: c.config.ClientID, Now: c.config.Now}).Verify(ctx, raw)
	if err != nil {
		return Person{}, err
	}
	var said struct {
		Tenant   string `json:"tid"`
		Object   string `json:"oid"`
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
	}
	if err := token.Claims(&said); err != nil {
		return Person{}, err
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(nonce)) != 1 {
		return Person{}, errors.New("the nonce is that of another sign-in")
	}
	return Person{TenantID: strings.ToLower(said.Tenant), ObjectID: said.Object, Name: said.Name, Username: said.Username}, nil
}
