package graph

import (
	"context"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // the thumbprint by which Entra shows a certificate
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const (
	minKeyBits    = 2048
	assertionLife = 10 * time.Minute
	// clockSkew is how much earlier than now an assertion begins to be good.
	clockSkew = time.Minute
)

// Certificate is what an application signs with, whose public part its registration in Entra holds.
type Certificate struct {
	// Thumbprint is the SHA-1 of the certificate, in capitals without colons, as Entra shows it.
	Thumbprint string
	// Subject is whom the certificate names.
	Subject   string
	NotBefore time.Time
	NotAfter  time.Time

	key    *rsa.PrivateKey
	digest string // SHA-256 of the certificate: x5t#S256
}

// ParseCertificate reads a certificate and its RSA private key, of 2,048 bits or more and without a passphrase, from one PEM text. Its faults are
// Invalid and name nothing of the key.
func ParseCertificate(text string) (Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(text), []byte(text))
	if err != nil {
		reason, _, _ := strings.Cut(err.Error(), "\n")
		return Certificate{}, fault.New(fault.Invalid, "BadCertificate", "the certificate with its private key cannot be read: %s", reason).
			WithRemedy("Give one PEM text with CERTIFICATE and PRIVATE KEY, the key without a passphrase: cat cert.pem key.pem.")
	}
	key, isRSA := pair.PrivateKey.(*rsa.PrivateKey)
	if !isRSA || key.N.BitLen() < minKeyBits {
		return Certificate{}, fault.New(fault.Invalid, "BadCertificate", "the certificate's key is not an RSA key of %d bits or more, the only kind that Entra takes", minKeyBits).
			WithRemedy("Make one with: openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj /CN=rollcall -keyout key.pem -out cert.pem")
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return Certificate{}, fault.Wrap(fault.Invalid, "BadCertificate", err, "the certificate cannot be read")
	}
	short, long := sha1.Sum(leaf.Raw), sha256.Sum256(leaf.Raw) //nolint:gosec // a name, not a proof
	return Certificate{
		Thumbprint: strings.ToUpper(hex.EncodeToString(short[:])), Subject: leaf.Subject.String(), NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		key: key, digest: base64.RawURLEncoding.EncodeToString(long[:]),
	}, nil
}

// Assertion returns what signs assertions for the application with the certificate's key: PS256, named by x5t#S256
// (https://learn.microsoft.com/entra/identity-platform/certificate-credentials).
func (c Certificate) Assertion(clientID string, now func() time.Time) Assert {
	return func(_ context.Context, audience string) (string, error) {
		signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.PS256, Key: c.key}, (&jose.SignerOptions{}).WithType("JWT").WithHeader("x5t#S256", c.digest))
		if err != nil {
			return "", err
		}
		at := now()
		return jwt.Signed(signer).Claims(jwt.Claims{
			Issuer: clientID, Subject: clientID, Audience: jwt.Audience{audience}, ID: ident.New(at).String(),
			IssuedAt: jwt.NewNumericDate(at), NotBefore: jwt.NewNumericDate(at.Add(-clockSkew)), Expiry: jwt.NewNumericDate(at.Add(assertionLife)),
		}).Serialize()
	}
}
