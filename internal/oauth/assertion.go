package oauth

import (
	"context"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
)

// algorithms are those by which assertions may be signed: all that need the issuer's private key.
var algorithms = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// leeway is how much clocks may differ.
const leeway = time.Minute

// checkAssertion fails as fault.Unauthenticated unless the client's issuer signed an assertion for it that is good now (RFC 7523, section
// 3), and as fault.Unavailable if the issuer's keys cannot be had. What the assertion claims is compared before any key is fetched: nobody
// makes this server ask others by sending what is wrong anyway. One that has a jti is good once.
func (s *server) checkAssertion(ctx context.Context, client directory.Client, assertion string) error {
	if client.Federation == (directory.Federation{}) {
		return fault.New(fault.Unauthenticated, "NoFederation", "the client has a secret and no issuer")
	}
	token, err := jwt.ParseSigned(assertion, algorithms)
	if err != nil {
		return fault.New(fault.Unauthenticated, "BadAssertion", "the assertion is no signed JSON Web Token")
	}
	var claims jwt.Claims
	if err := token.UnsafeClaimsWithoutVerification(&claims); err != nil {
		return fault.New(fault.Unauthenticated, "BadAssertion", "the claims of the assertion cannot be read")
	}
	if err := s.checkClaims(client.Federation, claims); err != nil {
		return err
	}
	keys, err := s.issuers.keys(ctx, client.Federation, token.Headers[0].KeyID)
	if err != nil {
		return err
	}
	for _, key := range keys {
		var signed jwt.Claims
		if err := token.Claims(key, &signed); err == nil {
			if err := s.checkClaims(client.Federation, signed); err != nil || signed.ID == "" {
				return err
			}
			return s.Directory.UseAssertion(ctx, client.ID, signed.ID, signed.Expiry.Time().Add(leeway))
		}
	}
	return fault.New(fault.Unauthenticated, "BadSignature", "none of the issuer's keys signed the assertion")
}

// checkClaims compares what an assertion says with what the client's registration wants.
func (s *server) checkClaims(want directory.Federation, claims jwt.Claims) error {
	now := s.Now()
	wrong := func(claim, is, wanted string) error {
		return fault.New(fault.Unauthenticated, "BadClaim", "the claim %s is %q, and the client is registered with %q", claim, is, wanted)
	}
	switch {
	case claims.Issuer != want.Issuer:
		return wrong("iss", claims.Issuer, want.Issuer)
	case claims.Subject != want.Subject:
		return wrong("sub", claims.Subject, want.Subject)
	case !claims.Audience.Contains(want.Audience):
		return fault.New(fault.Unauthenticated, "BadClaim", "the claim aud does not hold %q", want.Audience)
	case claims.Expiry == nil:
		return fault.New(fault.Unauthenticated, "BadClaim", "the assertion has no claim exp")
	case !now.Before(claims.Expiry.Time().Add(leeway)):
		return fault.New(fault.Unauthenticated, "ExpiredAssertion", "the assertion expired at %s", claims.Expiry.Time().UTC().Format(time.RFC3339))
	case claims.NotBefore != nil && now.Add(leeway).Before(claims.NotBefore.Time()):
		return fault.New(fault.Unauthenticated, "EarlyAssertion", "the assertion is good from %s only", claims.NotBefore.Time().UTC().Format(time.RFC3339))
	}
	return nil
}
