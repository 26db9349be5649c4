package entrasim

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// graphAudience is the resource that a token for Graph is made for, whichever host stands in its place here.
const graphAudience = "https://graph.microsoft.com"

func (s *Server) loginRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	newRoute(mux, "GET /{tenant}/v2.0/.well-known/openid-configuration", (*exchange).discovery)
	newRoute(mux, "GET /{tenant}/discovery/v2.0/keys", (*exchange).discoveryKeys)
	newRoute(mux, "POST /{tenant}/oauth2/v2.0/token", (*exchange).token)
	newRoute(mux, "GET /{tenant}/oauth2/v2.0/authorize", (*exchange).authorize)
	newRoute(mux, "POST /{tenant}/oauth2/v2.0/authorize", (*exchange).authorize)
	newRoute(mux, "GET /{tenant}/v2.0/adminconsent", (*exchange).adminConsent)
	newRoute(mux, "POST /{tenant}/v2.0/adminconsent", (*exchange).adminConsent)
	newRoute(mux, "GET /{tenant}/admin-consent-requests", (*exchange).consentRequests)
	newRoute(mux, "POST /{tenant}/admin-consent-requests", (*exchange).decideConsentRequest)
	newRoute(mux, "/", func(x *exchange) {
		x.loginError(http.StatusNotFound, "invalid_request", 900561, "The endpoint does not exist or does not accept "+x.request.Method+" requests.")
	})
	return mux
}

// loginError answers in the shape of the login service, with an AADSTS code.
func (x *exchange) loginError(status int, code string, aadsts int, message string) {
	stamp := x.now.Format("2006-01-02 15:04:05Z")
	correlation := orElse(x.request.Header.Get("client-request-id"), x.server.requestID().String())
	x.answerJSON(status, "application/json; charset=utf-8", struct {
		Error         string `json:"error"`
		Description   string `json:"error_description"`
		Codes         []int  `json:"error_codes"`
		Timestamp     string `json:"timestamp"`
		TraceID       string `json:"trace_id"`
		CorrelationID string `json:"correlation_id"`
		URI           string `json:"error_uri"`
	}{
		code,
		fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", aadsts, message, x.requestID, correlation, stamp),
		[]int{aadsts},
		stamp, x.requestID.String(), correlation, fmt.Sprintf("%s/error?code=%d", x.baseURL(), aadsts),
	})
}

// ofTenant refuses a path that names another tenant.
func (x *exchange) ofTenant(code string) bool {
	segment := x.request.PathValue("tenant")
	if x.server.isTenant(segment) {
		return true
	}
	x.loginError(http.StatusBadRequest, code, 90002, "Tenant '"+segment+"' not found. Check to make sure you have the correct "+
		"tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there "+
		"are no active subscriptions for the tenant.")
	return false
}

func (x *exchange) discovery() {
	if !x.ofTenant("invalid_tenant") {
		return
	}
	base := x.baseURL() + "/" + x.server.TenantID
	x.answerJSON(http.StatusOK, "application/json; charset=utf-8", map[string]any{
		"token_endpoint":                        base + "/oauth2/v2.0/token",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"jwks_uri":                              base + "/discovery/v2.0/keys",
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"subject_types_supported":               []string{"pairwise"},
		"id_token_signing_alg_values_supported": []string{"RS256"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"issuer":                                base + "/v2.0",
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"tenant_region_scope":                   "EU",
		"cloud_instance_name":                   x.request.Host,
		"msgraph_host":                          x.request.Host,
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "tid", "ver"},
	})
}

func (x *exchange) discoveryKeys() {
	if !x.ofTenant("invalid_tenant") {
		return
	}
	x.answerJSON(http.StatusOK, "application/json; charset=utf-8", jose.JSONWebKeySet{Keys: []jose.JSONWebKey{x.server.keys.public()}})
}

// A tokenRequest is the form of a grant: client credentials (RFC 6749 section 4.4) or an authorization code (section 4.1.3 and RFC 7636).
type tokenRequest struct {
	grantType, clientID, secret, scope string
	assertion, assertionType           string
	code, redirect, verifier           string
}

func (x *exchange) tokenRequest() (tokenRequest, error) {
	if err := x.request.ParseForm(); err != nil {
		return tokenRequest{}, err
	}
	form := x.request.PostForm
	t := tokenRequest{
		grantType: form.Get("grant_type"), clientID: form.Get("client_id"), secret: form.Get("client_secret"), scope: form.Get("scope"),
		assertion: form.Get("client_assertion"), assertionType: form.Get("client_assertion_type"),
		code: form.Get("code"), redirect: form.Get("redirect_uri"), verifier: form.Get("code_verifier"),
	}
	if id, secret, ok := x.request.BasicAuth(); ok {
		// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
		if u, err := url.QueryUnescape(id); err == nil {
			id = u
		}
		if u, err := url.QueryUnescape(secret); err == nil {
			secret = u
		}
		t.clientID, t.secret = id, secret
	}
	return t, nil
}

// token issues an access token for Graph. Without consent Entra still issues one, with no roles in it; the resource refuses it.
func (x *exchange) token() {
	x.header.Set("Cache-Control", "no-store, no-cache")
	// A code names its tenant itself.
	if coded := x.request.PathValue("tenant") == anyTenant && x.request.PostFormValue("grant_type") == "authorization_code"; !coded && !x.ofTenant("invalid_request") {
		return
	}
	t, err := x.tokenRequest()
	if err != nil {
		x.loginError(http.StatusBadRequest, "invalid_request", 900144, "The request body could not be read as a form.")
		return
	}
	if !x.grantable(t) {
		return
	}
	if t.grantType == "authorization_code" {
		x.redeem(t)
		return
	}
	token, err := x.server.issueToken(x.now, x.server.app.now().roles())
	if err != nil {
		x.loginError(http.StatusInternalServerError, "server_error", 90033, "The token could not be signed.")
		return
	}
	x.answerJSON(http.StatusOK, "application/json; charset=utf-8", struct {
		Type      string `json:"token_type"`
		Expires   int    `json:"expires_in"`
		ExtExpiry int    `json:"ext_expires_in"`
		Token     string `json:"access_token"`
	}{"Bearer", int(accessTokenLife / time.Second), int(accessTokenLife / time.Second), token})
}

// grantable answers what is wrong with a request, or returns true.
func (x *exchange) grantable(t tokenRequest) bool {
	s := x.server
	app := s.app.now()
	switch {
	case t.grantType == "":
		x.loginError(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'grant_type'.")
	case t.grantType != "client_credentials" && t.grantType != "authorization_code":
		x.loginError(http.StatusBadRequest, "unsupported_grant_type", 70003, "The app requested an unsupported grant type '"+t.grantType+"'.")
	case t.clientID == "":
		x.loginError(http.StatusBadRequest, "invalid_request", 900144, "The request body must contain the following parameter: 'client_id'.")
	case app.removed, !strings.EqualFold(t.clientID, s.ClientID):
		x.loginError(http.StatusBadRequest, "unauthorized_client", 700016, "Application with identifier '"+t.clientID+
			"' was not found in the directory '"+s.organizationName()+"'. This can happen if the application has not been installed by "+
			"the administrator of the tenant or consented to by any user in the tenant.")
	case t.grantType == "client_credentials" && !x.isGraphScope(t.scope):
		x.loginError(http.StatusBadRequest, "invalid_scope", 70011, "The provided request must include a 'scope' input parameter. "+
			"The provided value for the input parameter 'scope' is not valid. The scope "+t.scope+" is not valid.")
	default:
		return x.proven(t)
	}
	return false
}

func (x *exchange) secretExpired() {
	x.loginError(http.StatusUnauthorized, "invalid_client", 7000222, "The provided client secret keys for app '"+x.server.ClientID+
		"' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using "+
		"certificate credentials for added security: https://aka.ms/certCreds.")
}

// isGraphScope accepts Graph's own name and any address of this server: a client may know either.
func (x *exchange) isGraphScope(scope string) bool {
	resource, ok := strings.CutSuffix(scope, "/.default")
	if !ok {
		return false
	}
	return strings.TrimSuffix(resource, "/") == graphAudience || x.server.isOwnAddress(resource, x.request.Host)
}
