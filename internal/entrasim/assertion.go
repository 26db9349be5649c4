package entrasim

import (
	"crypto/sha1" //nolint:gosec // the thumbprint by which Entra names a certificate
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// assertionType is that of RFC 7523, section 2.2.
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// A federatedCredential lets another issuer sign for the application.
type federatedCredential struct {
	Issuer   string             `json:"issuer"`
	Subject  string             `json:"subject"`
	Audience string             `json:"audience"` // api://AzureADTokenExchange if empty
	Keys     jose.JSONWebKeySet `json:"keys"`     // production reads them at the issuer's address
}

// proven answers what is wrong with how the application proves who it is, or returns true.
func (x *exchange) proven(t tokenRequest) bool {
	s := x.server
	app := s.app.now()
	switch {
	case t.assertion != "":
		return x.asserted(t, app)
	case t.secret == "":
		x.loginError(http.StatusUnauthorized, "invalid_client", 7000216, "'client_assertion', 'client_secret' or 'request' is required "+
			"for the '"+t.grantType+"' grant type.")
	case subtle.ConstantTimeCompare([]byte(t.secret), []byte(s.ClientSecret)) != 1:
		x.loginError(http.StatusUnauthorized, "invalid_client", 7000215, "Invalid client secret provided. Ensure the secret being sent in "+
			"the request is the client secret value, not the client secret ID, for a secret added to app '"+s.ClientID+"'.")
	case app.secretExpired:
		x.secretExpired()
	default:
		return true
	}
	return false
}

// asserted checks a client assertion: one that the application signed with the key of a certificate, or one that another issuer signed.
func (x *exchange) asserted(t tokenRequest, app appState) bool {
	token, err := jwt.ParseSigned(t.assertion, []jose.SignatureAlgorithm{jose.RS256, jose.PS256, jose.ES256})
	var claims jwt.Claims
	if err == nil {
		err = token.UnsafeClaimsWithoutVerification(&claims)
	}
	switch {
	case t.assertionType != assertionType:
		x.loginError(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_assertion_type'.")
		return false
	case err != nil:
		x.loginError(http.StatusUnauthorized, "invalid_client", 50027, "JWT token is invalid or malformed.")
		return false
	case claims.Expiry == nil, x.now.After(claims.Expiry.Time().Add(5 * time.Minute)), claims.NotBefore != nil && claims.NotBefore.Time().After(x.now.Add(5*time.Minute)):
		x.loginError(http.StatusUnauthorized, "invalid_client", 700024, "Client assertion is not within its valid time range.")
		return false
	}
	if !strings.EqualFold(claims.Issuer, x.server.ClientID) {
		return x.federated(token, claims, app)
	}
	return x.certified(token, claims, app)
}

func (x *exchange) certified(token *jwt.JSONWebToken, claims jwt.Claims, app appState) bool {
	certificate := app.certificateOf(token.Headers[0])
	var signed jwt.Claims
	switch {
	case certificate == nil, token.Claims(certificate.PublicKey, &signed) != nil:
		x.loginError(http.StatusUnauthorized, "invalid_client", 700027, "The certificate with identifier used to sign the client assertion is not "+
			"registered on application. [Reason - The key was not found.]")
	case x.now.After(certificate.NotAfter):
		x.loginError(http.StatusUnauthorized, "invalid_client", 700027, "The certificate used to sign the client assertion is expired. "+
			"[Reason - The key used is expired.]")
	case !slices.ContainsFunc(claims.Audience, x.isTokenAddress):
		x.loginError(http.StatusUnauthorized, "invalid_client", 700023, "Client assertion audience claim does not match Realm issuer.")
	case claims.Subject != claims.Issuer:
		x.loginError(http.StatusUnauthorized, "invalid_client", 700021, "Client assertion application identifier does not match 'client_id' parameter.")
	default:
		return true
	}
	return false
}

// isTokenAddress accepts the token endpoint under any of this server's and the tenant's names, and the issuer, as Entra does.
func (x *exchange) isTokenAddress(audience string) bool {
	rest, found := strings.CutPrefix(audience, x.baseURL()+"/")
	tenant, path, _ := strings.Cut(rest, "/")
	return found && x.server.isTenant(tenant) && (path == "oauth2/v2.0/token" || path == "v2.0")
}

func (x *exchange) federated(token *jwt.JSONWebToken, claims jwt.Claims, app appState) bool {
	for _, credential := range app.federated {
		if claims.Issuer != credential.Issuer || claims.Subject != credential.Subject || !claims.Audience.Contains(credential.Audience) {
			continue
		}
		for _, key := range credential.Keys.Keys {
			var signed jwt.Claims
			if token.Claims(key, &signed) == nil {
				return true
			}
		}
		x.loginError(http.StatusUnauthorized, "invalid_client", 5002730, "Invalid JWT token. No matching key was found in the issuer's key set.")
		return false
	}
	x.loginError(http.StatusUnauthorized, "invalid_client", 700213, "No matching federated identity record found for presented assertion subject '"+
		claims.Subject+"'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.")
	return false
}

// certificateOf returns the registered certificate that the header of an assertion names by one of its thumbprints.
func (a appState) certificateOf(header jose.Header) *x509.Certificate {
	for _, certificate := range a.certificates {
		long, short := sha256.Sum256(certificate.Raw), sha1.Sum(certificate.Raw) //nolint:gosec // a name, not a proof
		if header.ExtraHeaders["x5t#S256"] == base64.RawURLEncoding.EncodeToString(long[:]) ||
			header.ExtraHeaders["x5t"] == base64.RawURLEncoding.EncodeToString(short[:]) ||
			strings.EqualFold(header.KeyID, hex.EncodeToString(short[:])) {
			return certificate
		}
	}
	return nil
}

func (x *exchange) simAddCertificate() (int, any, error) {
	var in struct {
		Certificate string `json:"certificate"`
	}
	if err := x.readControl(&in); err != nil {
		return 0, nil, err
	}
	block, _ := pem.Decode([]byte(in.Certificate))
	if block == nil || block.Type != "CERTIFICATE" {
		return 0, nil, refuse(http.StatusBadRequest, "certificate is not a certificate in PEM form: send its public part, without the key")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return 0, nil, refuse(http.StatusBadRequest, "the certificate cannot be read: %v", err)
	}
	x.server.app.set(func(a *appState) { a.certificates = append(slices.Clone(a.certificates), certificate) })
	sum := sha1.Sum(certificate.Raw) //nolint:gosec // a name, not a proof
	return http.StatusCreated, map[string]any{"thumbprint": strings.ToUpper(hex.EncodeToString(sum[:])), "endDateTime": certificate.NotAfter.UTC()}, nil
}

func (x *exchange) simAddFederated() (int, any, error) {
	credential := federatedCredential{Audience: "api://AzureADTokenExchange"}
	if err := x.readControl(&credential); err != nil {
		return 0, nil, err
	}
	if credential.Issuer == "" || credential.Subject == "" || len(credential.Keys.Keys) == 0 {
		return 0, nil, refuse(http.StatusBadRequest, "issuer, subject and keys (a JSON Web Key Set) are needed")
	}
	x.server.app.set(func(a *appState) { a.federated = append(slices.Clone(a.federated), credential) })
	return http.StatusCreated, credential, nil
}
