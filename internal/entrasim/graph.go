package entrasim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
)

const (
	graphPrefix      = "/v1.0/"
	graphContentType = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)

func (s *Server) graphRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	s.grantRoutes(mux)
	route := func(pattern string, handle func(*exchange)) {
		newRoute(mux, pattern, func(x *exchange) {
			if x.authorized() {
				handle(x)
			}
		})
	}
	route("GET /v1.0/users", (*exchange).listUsers)
	route("GET /v1.0/users/$count", (*exchange).countUsers)
	for _, delta := range []string{"delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"} {
		route("GET /v1.0/users/"+delta, (*exchange).deltaUsers)
		route("GET /v1.0/groups/"+delta, (*exchange).deltaGroups)
	}
	route("GET /v1.0/users/{id}", (*exchange).getUser)
	route("GET /v1.0/users/{id}/manager", (*exchange).getManager)
	route("GET /v1.0/groups", (*exchange).listGroups)
	route("GET /v1.0/groups/$count", (*exchange).countGroups)
	route("GET /v1.0/groups/{id}", (*exchange).getGroup)
	routeRelations(route)
	route("GET /v1.0/directory/deletedItems/microsoft.graph.user", (*exchange).listDeletedUsers)
	route("GET /v1.0/directory/deletedItems/microsoft.graph.group", (*exchange).listDeletedGroups)
	route("GET /v1.0/directory/deletedItems/{id}", (*exchange).getDeleted)
	route("POST /v1.0/directory/deletedItems/{id}/restore", (*exchange).restoreDeleted)
	route("DELETE /v1.0/directory/deletedItems/{id}", (*exchange).purgeDeleted)
	route("GET /v1.0/organization", (*exchange).organization)
	route("GET /v1.0/domains", (*exchange).listDomains)
	route("POST /v1.0/$batch", (*exchange).batch)
	route("/v1.0/", func(x *exchange) {
		segment, _, _ := strings.Cut(strings.TrimPrefix(x.request.URL.Path, graphPrefix), "/")
		x.graphError(http.StatusBadRequest, "BadRequest", "Resource not found for the segment '"+segment+"', or "+x.request.Method+
			" is not supported by it.")
	})
	return mux
}

// graphHeaders are on every answer of Graph, errors included.
func (x *exchange) graphHeaders() {
	h, id := x.header, x.requestID.String()
	h.Set("request-id", id)
	h.Set("client-request-id", orElse(x.request.Header.Get("client-request-id"), id))
	h.Set("x-ms-resource-unit", strconv.Itoa(x.resourceUnits()))
	h.Set("Cache-Control", "no-cache")
	h.Set("OData-Version", "4.0")
	h.Set("Date", x.now.Format(http.TimeFormat))
}

// resourceUnits is the price of a request as Graph's throttling page counts it. Nothing is throttled by it here.
func (x *exchange) resourceUnits() int {
	units := 1
	if x.request.Method == http.MethodGet {
		units = unitsOf(strings.Split(strings.TrimPrefix(x.request.URL.Path, graphPrefix), "/"))
	}
	q := parseQuery(x.request.URL.RawQuery)
	if q.has("$select") {
		units--
	}
	if q.has("$expand") {
		units++
	}
	if top, err := strconv.Atoi(q.get("$top")); err == nil && top < 20 {
		units--
	}
	return max(units, 1)
}

// unitsOf is the price of reading a path before its options.
func unitsOf(path []string) int {
	if len(path) == 1 && path[0] == "users" {
		return 2
	}
	if len(path) < 3 {
		return 1
	}
	switch path[2] {
	case "members":
		return 3
	case "transitiveMembers":
		return 5
	case "memberOf", "transitiveMemberOf":
		return 2
	default:
		return 1
	}
}

// An errorBody is Graph's error shape.
type errorBody struct {
	Error struct {
		Code    string     `json:"code"`
		Message string     `json:"message"`
		Inner   innerError `json:"innerError"`
	} `json:"error"`
}

type innerError struct {
	Date            string `json:"date"`
	RequestID       string `json:"request-id"`
	ClientRequestID string `json:"client-request-id"`
}

func (x *exchange) graphError(status int, code, message string) {
	var e errorBody
	e.Error.Code, e.Error.Message = code, message
	e.Error.Inner = innerError{x.now.Format("2006-01-02T15:04:05"), x.header.Get("request-id"), x.header.Get("client-request-id")}
	x.answerJSON(status, graphContentType, e)
}

// fail answers a *queryError, or any other error as a bad request.
func (x *exchange) fail(err error) {
	if q, ok := err.(*queryError); ok { //nolint:errorlint // our own errors are never wrapped
		x.graphError(q.status, q.code, q.message)
		return
	}
	x.graphError(http.StatusBadRequest, "Request_BadRequest", err.Error())
}

func (x *exchange) notFound(id string) {
	x.graphError(http.StatusNotFound, "Request_ResourceNotFound",
		"Resource '"+id+"' does not exist or one of its queried reference-property objects are not present.")
}

// authorized checks the bearer token. A revoked consent works at once here; in production tokens issued before keep
// their roles until they expire.
func (x *exchange) authorized() bool {
	if x.inner {
		return true
	}
	raw, found := strings.CutPrefix(x.request.Header.Get("Authorization"), "Bearer ")
	if !found {
		raw = ""
	}
	claims, err := x.server.keys.checkToken(raw, x.server.TenantID, x.now)
	if err != nil {
		x.unauthorized(err.Error())
		return false
	}
	app := x.server.app.now()
	switch {
	case app.removed:
		x.challenge("Authorization_IdentityNotFound", "The identity of the calling application could not be established.")
	case app.consentGone || len(claims.Roles) == 0:
		x.insufficient()
	default:
		return true
	}
	return false
}

func (x *exchange) unauthorized(message string) { x.challenge("InvalidAuthenticationToken", message) }

func (x *exchange) challenge(code, message string) {
	x.header.Set("WWW-Authenticate", `Bearer realm="", authorization_uri="`+x.baseURL()+`/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"`)
	x.graphError(http.StatusUnauthorized, code, message)
}

func (x *exchange) insufficient() {
	x.graphError(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
}

// metadata is the @odata.context of an answer.
func (x *exchange) metadata(fragment string) string {
	return x.baseURL() + graphPrefix + "$metadata#" + fragment
}

func (s *Server) organizationName() string {
	label, _, _ := strings.Cut(s.Domain, ".")
	return strings.ToUpper(label[:1]) + label[1:]
}

func (x *exchange) organization() {
	s := x.server
	var domains []map[string]any
	for _, d := range s.directory.people.domains.all() {
		domains = append(domains, map[string]any{
			"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": d == s.Domain,
			"isInitial": d == s.directory.people.domains.initial, "name": d, "type": "Managed",
		})
	}
	x.answerJSON(http.StatusOK, graphContentType, map[string]any{
		"@odata.context": x.metadata("organization"),
		"value": []any{map[string]any{
			"id": s.TenantID, "deletedDateTime": nil, "displayName": s.organizationName(), "countryLetterCode": "US",
			"preferredLanguage": "en", "tenantType": "AAD", "createdDateTime": "2015-01-01T00:00:00Z",
			"technicalNotificationMails": []string{"admin@" + s.Domain}, "onPremisesSyncEnabled": nil,
			"onPremisesLastSyncDateTime": nil, "verifiedDomains": domains,
		}},
	})
}

func (x *exchange) listDomains() {
	s := x.server
	var domains []map[string]any
	for _, d := range s.directory.people.domains.all() {
		domains = append(domains, map[string]any{
			"id": d, "authenticationType": "Managed", "availabilityStatus": nil, "isAdminManaged": true, "isDefault": d == s.Domain,
			"isInitial": d == s.directory.people.domains.initial, "isRoot": true, "isVerified": true,
			"supportedServices": []string{"Email", "OfficeCommunicationsOnline"}, "passwordValidityPeriodInDays": 2147483647,
			"passwordNotificationWindowInDays": 14, "state": nil,
		})
	}
	x.answerJSON(http.StatusOK, graphContentType, map[string]any{"@odata.context": x.metadata("domains"), "value": domains})
}

// appendString writes a JSON string; bytes that need no escape are copied in runs.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := range len(s) {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		default:
			dst = append(dst, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
		start = i + 1
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// rawJSON is JSON that was written by append.
type rawJSON = json.RawMessage
