package entrasim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// accessTokenLife is the life of an access token, by the tenant's clock. (In production it varies from 60 to 90 minutes.)
const accessTokenLife = 3599 * time.Second

// grantedRoles are the application permissions that an administrator consented to.
var grantedRoles = []string{"User.Read.All", "User.ReadWrite.All", "GroupMember.Read.All", "Group.ReadWrite.All", "Organization.Read.All", "Domain.Read.All"}

// signingKeys is the key pair of the login service, made at the first token unless Server.SigningKey gives one: a restarted
// tenant has another one. Tokens that were checked once are remembered, as RSA would otherwise cost more than most answers.
type signingKeys struct {
	given   *rsa.PrivateKey
	once    sync.Once
	private *rsa.PrivateKey
	keyID   string

	mu      sync.Mutex
	checked map[string]accessClaims
}

// accessClaims are the claims of an access token for Graph.
type accessClaims struct {
	jwt.Claims
	AppID  string   `json:"appid"`
	Tenant string   `json:"tid"`
	Roles  []string `json:"roles,omitempty"`
	// Scopes, Object and Wids are of a token in somebody's name: its permissions, who he is, his roles in the tenant.
	Scopes  string   `json:"scp,omitempty"`
	Object  string   `json:"oid,omitempty"`
	Wids    []string `json:"wids,omitempty"`
	IDType  string   `json:"idtyp"`
	Version string   `json:"ver"`
}

func (k *signingKeys) ready() {
	k.once.Do(func() {
		private := k.given
		if private == nil {
			var err error
			if private, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
				panic(err) // the system's randomness cannot fail since Go 1.24
			}
		}
		sum := sha256.Sum256(private.N.Bytes())
		k.private, k.keyID = private, base64.RawURLEncoding.EncodeToString(sum[:20])
		k.checked = map[string]accessClaims{}
	})
}

func (k *signingKeys) public() jose.JSONWebKey {
	k.ready()
	return jose.JSONWebKey{Key: k.private.Public(), KeyID: k.keyID, Use: "sig"}
}

func (s *Server) issueToken(now time.Time, roles []string) (string, error) {
	claims := s.tokenClaims(now)
	claims.Roles = roles
	return s.signClaims(claims)
}

// tokenClaims are those of the application, without what it may do.
func (s *Server) tokenClaims(now time.Time) accessClaims {
	return accessClaims{
		Claims: jwt.Claims{
			Issuer: "https://sts.windows.net/" + s.TenantID + "/", Audience: jwt.Audience{graphAudience}, Subject: s.ClientID,
			IssuedAt: jwt.NewNumericDate(now), NotBefore: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(accessTokenLife)),
			ID: s.requestID().String(),
		},
		AppID: s.ClientID, Tenant: s.TenantID, IDType: "app", Version: "1.0",
	}
}

var (
	errTokenMissing = errors.New("Access token is empty.")                            //nolint:staticcheck // Graph's own words
	errTokenInvalid = errors.New("Access token validation failure.")                  //nolint:staticcheck // Graph's own words
	errTokenExpired = errors.New("Lifetime validation failed, the token is expired.") //nolint:staticcheck // Graph's own words
)

// checkToken returns the claims of a valid access token. Its life is measured by the tenant's clock.
func (k *signingKeys) checkToken(raw, tenant string, now time.Time) (accessClaims, error) {
	if raw == "" {
		return accessClaims{}, errTokenMissing
	}
	claims, err := k.claims(raw)
	switch {
	case err != nil || claims.Tenant != tenant || !slices.Contains(claims.Audience, graphAudience):
		return accessClaims{}, errTokenInvalid
	case claims.Expiry == nil || now.After(claims.Expiry.Time()):
		return accessClaims{}, errTokenExpired
	}
	return claims, nil
}

// claims checks the signature of a token that was not seen before.
func (k *signingKeys) claims(raw string) (accessClaims, error) {
	k.ready()
	k.mu.Lock()
	defer k.mu.Unlock()
	if c, ok := k.checked[raw]; ok {
		return c, nil
	}
	var c accessClaims
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return c, err
	}
	if err := token.Claims(k.private.Public(), &c); err != nil {
		return c, err
	}
	if len(k.checked) >= 64 {
		clear(k.checked)
	}
	k.checked[raw] = c
	return c, nil
}
