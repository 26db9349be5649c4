package entrasim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// codeLife is that of an authorization code.
const codeLife = 10 * time.Minute

// A codeGrant is what an authorization code stands for.
type codeGrant struct {
	who                               account
	nonce, challenge, redirect, scope string
	expires                           time.Time
	spent                             bool
}

func grantOf(e signIn) codeGrant {
	return codeGrant{who: e.who, nonce: e.form.Get("nonce"), challenge: e.challenge, redirect: e.redirect, scope: strings.Join(e.scopes, " ")}
}

// codes are those that were issued.
type codes struct {
	mu    sync.Mutex
	known map[string]*codeGrant
}

func (c *codes) issue(grant codeGrant, now time.Time) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil {
		c.known = map[string]*codeGrant{}
	}
	for code, old := range c.known {
		if now.After(old.expires.Add(time.Hour)) {
			delete(c.known, code)
		}
	}
	code := "0." + rand.Text()
	grant.expires = now.Add(codeLife)
	c.known[code] = &grant
	return code
}

// take returns what a code stands for and spends it; known and before say whether there is such a code and whether it was spent before.
func (c *codes) take(code string) (grant codeGrant, known, before bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, known := c.known[code]
	if !known {
		return codeGrant{}, false, false
	}
	before = found.spent
	found.spent = true
	return *found, true, before
}

// redeem gives tokens for an authorization code (RFC 6749, section 4.1.3; RFC 7636).
func (x *exchange) redeem(t tokenRequest) {
	grant, known, before := x.server.codes.take(t.code)
	sum := sha256.Sum256([]byte(t.verifier))
	switch {
	case t.code == "":
		x.loginError(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'code'.")
	case !known:
		x.loginError(http.StatusBadRequest, "invalid_grant", 9002313, "Invalid request. Request is malformed or invalid.")
	case before:
		x.loginError(http.StatusBadRequest, "invalid_grant", 54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code.")
	case x.now.After(grant.expires):
		x.loginError(http.StatusBadRequest, "invalid_grant", 70008, "The provided authorization code or refresh token has expired due to inactivity.")
	case t.redirect != grant.redirect:
		x.loginError(http.StatusBadRequest, "invalid_grant", 500112, "The reply address '"+t.redirect+"' does not match the reply address provided when requesting Authorization code.")
	case grant.challenge != "" && base64.RawURLEncoding.EncodeToString(sum[:]) != grant.challenge:
		x.loginError(http.StatusBadRequest, "invalid_grant", 501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.")
	default:
		x.answerTokens(grant)
	}
}

// idClaims are those of an id token of version 2.0.
type idClaims struct {
	jwt.Claims
	Tenant   string `json:"tid"`
	Object   string `json:"oid"`
	Nonce    string `json:"nonce,omitempty"`
	Name     string `json:"name"`
	Username string `json:"preferred_username"`
	Version  string `json:"ver"`
}

func (x *exchange) answerTokens(grant codeGrant) {
	s := x.server
	object := s.accountID(grant.who).String()
	pairwise := sha256.Sum256([]byte(s.ClientID + object))
	claims := idClaims{
		Claims: jwt.Claims{
			Issuer: x.baseURL() + "/" + s.TenantID + "/v2.0", Audience: jwt.Audience{s.ClientID}, Subject: base64.RawURLEncoding.EncodeToString(pairwise[:]),
			IssuedAt: jwt.NewNumericDate(x.now), NotBefore: jwt.NewNumericDate(x.now), Expiry: jwt.NewNumericDate(x.now.Add(accessTokenLife)),
		},
		Tenant: s.TenantID, Object: object, Nonce: grant.nonce, Name: grant.who.name, Username: x.upn(grant.who), Version: "2.0",
	}
	id, err := s.signClaims(claims)
	if err == nil {
		var access string
		if names := x.delegated(strings.Fields(grant.scope)); len(names) > 0 {
			access, err = s.delegatedToken(grant.who, names, x.now)
		} else {
			access, err = s.issueToken(x.now, nil)
		}
		if err == nil {
			x.answerJSON(http.StatusOK, "application/json; charset=utf-8", map[string]any{
				"token_type": "Bearer", "scope": grant.scope, "expires_in": int(accessTokenLife / time.Second), "access_token": access, "id_token": id,
			})
			return
		}
	}
	x.loginError(http.StatusInternalServerError, "server_error", 90033, "The token could not be signed.")
}

// signClaims signs a token with the key of the login service.
func (s *Server) signClaims(claims any) (string, error) {
	s.keys.ready()
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: s.keys.private, KeyID: s.keys.keyID}},
		(&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
