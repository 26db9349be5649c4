package entrasim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLag keeps the replica within what the change log remembers.
const maxLag = 24 * time.Hour

// A controlRoute is one endpoint of the control API, with the sentence that GET /sim/ says of it.
type controlRoute struct {
	pattern  string
	sentence string
	handle   func(*exchange) (status int, answer any, err error)
}

func controlTable() []controlRoute { return slices.Concat(tenantTable(), groupTable(), pushTable()) }

func groupTable() []controlRoute {
	return []controlRoute{
		{"GET /sim/groups", "Groups by ?q= (part of displayName), ?state=live|deleted, ?limit= (50, at most 1000) and ?offset=, with the numbers of their direct members.", (*exchange).simGroups},
		{"GET /sim/groups/{id}", "One group with the ids of its direct members, the first 1000 of each type.", (*exchange).simGroup},
		{"GET /sim/groups/{id}/members", "Direct members with type, state and name by ?limit= (50, at most 100000) and ?offset=.", (*exchange).simMembers},
		{"POST /sim/groups", `Creates a group from properties as Graph names them, {"kind":"security|microsoft365"}, and "members", "from" and "count" as join takes them, all optional.`, (*exchange).simCreateGroup},
		{"POST /sim/groups/bulk", `Makes {"groups":1000,"members":50,"kind":"security","name":"Bulk"}: each a stretch of the people; {"groups":1,"members":250000} is a huge one.`, (*exchange).simBulkGroups},
		{"POST /sim/groups/random", `Makes {"changes":200,"seed":7,"kinds":["join","leave","nest","unnest","rename","create","delete","restore","purge"]} random changes.`, (*exchange).simRandomGroups},
		{"PATCH /sim/groups/{id}", "Changes properties of a live group; null clears, the displayName too.", (*exchange).simChangeGroup},
		{"DELETE /sim/groups/{id}", "Deletes a group: a Microsoft 365 group into the recycle bin, for 30 days, a security group for good.", simGroupStep("delete-group")},
		{"POST /sim/groups/{id}/restore", "Restores a deleted Microsoft 365 group with its members.", simGroupStep("restore-group")},
		{"POST /sim/groups/{id}/purge", "Removes a deleted or live group for good.", simGroupStep("purge-group")},
		{"POST /sim/groups/{id}/join", `Lets many join in one step: {"members":["id or userPrincipalName",{"type":"device"}],"from":0,"count":25000}; a group as member nests; from and count choose people by number.`, simMembership("join")},
		{"POST /sim/groups/{id}/leave", "Lets many leave in one step, named as for join.", simMembership("leave")},
	}
}

func pushTable() []controlRoute {
	return []controlRoute{
		{"GET /sim/push", "The state of Entra's provisioning service: the job's status, what it tied, the last cycle.", (*exchange).simPush},
		{"PUT /sim/push", `Has it push to a SCIM service: {"tenant_url":"https://…/scim/v2?aadOptscim062020","secret_token":"…","all":true,"users":["id"],"groups":["id"]}; ends a quarantine.`, (*exchange).simConfigurePush},
		{"DELETE /sim/push", "Forgets the SCIM service, with what was tied.", (*exchange).simForgetPush},
		{"POST /sim/push/test", "Test Connection: {ok, message}.", (*exchange).simTestPush},
		{"POST /sim/push/cycle", `Runs a cycle: incremental, the first and with {"initial":true} all anew; answers what was done and what failed.`, (*exchange).simPushCycle},
		{"POST /sim/push/ondemand", `Provisions on demand: {"user":"id"} or {"group":"id","members":["id"]}, with at most five.`, (*exchange).simPushOnDemand},
	}
}

func tenantTable() []controlRoute {
	return []controlRoute{
		{"GET /sim/tenant", "Ids, secret, domains, addresses and counts of the tenant.", (*exchange).simTenant},
		{"GET /sim/users", "Users by ?q= (part of displayName, userPrincipalName or mail), ?state=live|deleted, ?limit= (50, at most 1000) and ?offset=.", (*exchange).simUsers},
		{"GET /sim/users/{id}", "One user by id or userPrincipalName; deleted ones by their former userPrincipalName.", (*exchange).simUser},
		{"POST /sim/users", "Creates a user from properties as Graph names them, all optional; 409 if the userPrincipalName is taken.", (*exchange).simCreate},
		{"PATCH /sim/users/{id}", "Changes properties of a live user; null clears; manager is an id, a userPrincipalName or null.", (*exchange).simChange},
		{"POST /sim/users/{id}/block", "Blocks the sign-in (accountEnabled false).", simStep("block")},
		{"POST /sim/users/{id}/unblock", "Unblocks the sign-in.", simStep("unblock")},
		{"DELETE /sim/users/{id}", "Deletes a user: into the recycle bin, for 30 days.", simStep("delete")},
		{"POST /sim/users/{id}/restore", "Restores a deleted user; body {userPrincipalName} gives a new name; 409 if the name is taken.", simStep("restore")},
		{"POST /sim/users/{id}/purge", "Removes a deleted or live user for good.", simStep("purge")},
		{"POST /sim/operations", `Does {"operations":[{"op","user","properties"}]} (create, change, block, unblock, delete, restore, purge) and {"op","group","properties","members","from","count"} (create-group, change-group, delete-group, restore-group, purge-group, join, leave) in order, as one visible step; stops at the first that fails.`, (*exchange).simOperations},
		{"POST /sim/random", `Makes {"changes":2000,"seed":7,"kinds":["change","block",…]} random changes, one per user.`, (*exchange).simRandom},
		{"GET /sim/clock", "The tenant's time and its distance from the base clock.", (*exchange).simClock},
		{"POST /sim/clock", `Moves the clock forward: {"advance":"720h"} or {"offset_ms":N}.`, (*exchange).simAdvance},
		{"GET /sim/faults", "The fault rules, with how often each fired.", (*exchange).simFaults},
		{"POST /sim/faults", `Adds a fault rule {route, method, kind, probability, times, skip, status, retry_after_seconds, delay_ms, seed}, such as {"route":"GET /v1.0/users/delta","kind":"error","status":503,"times":3}; ` + routeSyntax + ".", (*exchange).simAddFault},
		{"DELETE /sim/faults", "Removes all fault rules.", (*exchange).simRemoveFaults},
		{"DELETE /sim/faults/{rule}", "Removes one fault rule.", (*exchange).simRemoveFault},
		{"POST /sim/lag", `Sets how far the replica that answers Graph is behind: {"duration":"5s"}, at most 24h.`, (*exchange).simLag},
		{"POST /sim/delta/expire", "Lets all delta tokens issued so far expire.", (*exchange).simExpireDelta},
		{"POST /sim/delta/reset", "Answers all delta tokens issued so far with 410 Gone and a Location.", (*exchange).simResetDelta},
		{"GET /sim/app", "Whether the secret has expired, the consent was taken away and the application was removed, and how far the replica is behind.", (*exchange).simAppState},
		{"POST /sim/secret/expire", "Lets the client secret expire; access tokens live on.", simApp(func(a *appState) { a.secretExpired = true })},
		{"POST /sim/secret/restore", "Makes the client secret good again.", simApp(func(a *appState) { a.secretExpired = false })},
		{"POST /sim/certificates", `Registers a certificate of the application: {"certificate":"-----BEGIN CERTIFICATE-----…"}.`, (*exchange).simAddCertificate},
		{"POST /sim/federated", `Registers an issuer that signs for the application: {"issuer","subject","audience","keys":{"keys":[…]}}.`, (*exchange).simAddFederated},
		{"GET /sim/consent/requests", "Requests for admin consent, the oldest first.", (*exchange).simConsentRequests},
		{"POST /sim/consent/requests/{id}/approve", "Approves a request: consent is granted for the whole tenant.", simDecision(true)},
		{"POST /sim/consent/requests/{id}/deny", "Denies a request.", simDecision(false)},
		{"POST /sim/consent/workflow", `Lets who may not consent request it, or not: {"enabled":false}.`, (*exchange).simConsentWorkflow},
		{"POST /sim/consent/revoke", "Takes the consent away: Graph answers 403 at once.", simApp(func(a *appState) { a.consentGone = true })},
		{"POST /sim/consent/grant", "Gives the consent again; tokens issued without it stay useless.", simApp((*appState).consent)},
		{"POST /sim/app/remove", "Removes the application from the tenant: no token is issued, and Graph answers 401 at once.", simApp(func(a *appState) { a.removed = true })},
		{"POST /sim/app/restore", "Restores the application as it was; access tokens issued before work again.", simApp(func(a *appState) { a.removed = false })},
		{"GET /sim/stats", "Calls by route and status since the last DELETE.", (*exchange).simStats},
		{"DELETE /sim/stats", "Starts the counting anew.", (*exchange).simResetStats},
	}
}

func (s *Server) controlRoutes() *http.ServeMux {
	mux := http.NewServeMux()
	for _, c := range controlTable() {
		newRoute(mux, c.pattern, func(x *exchange) { x.answerControl(c.handle) })
	}
	newRoute(mux, "GET /sim/{$}", func(x *exchange) { x.answerControl((*exchange).simIndex) })
	newRoute(mux, "GET /sim/ca.pem", func(x *exchange) {
		x.header.Set("Content-Type", "application/x-pem-file")
		x.body = append(x.body[:0], x.server.CACertificate()...)
	})
	newRoute(mux, "/", func(x *exchange) {
		x.answerControl(func(x *exchange) (int, any, error) {
			return 0, nil, refuse(http.StatusNotFound, "%s %s does not exist: GET /sim/ lists what there is", x.request.Method, x.request.URL.Path)
		})
	})
	return mux
}

// A refusal is an answer of the control API that says what to do.
type refusal struct {
	status  int
	message string
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status, fmt.Sprintf(format, args...)}
}

func (x *exchange) answerControl(handle func(*exchange) (int, any, error)) {
	x.server.directory.advance(x.now)
	status, answer, err := handle(x)
	if r, ok := err.(*refusal); ok { //nolint:errorlint // our own errors are never wrapped
		status, answer = r.status, map[string]string{"error": r.message}
	} else if err != nil {
		status, answer = http.StatusBadRequest, map[string]string{"error": err.Error()}
	}
	x.answerJSON(status, "application/json; charset=utf-8", answer)
}

// readControl reads a JSON body and refuses members that are not known, so that a misspelt one is noticed.
func (x *exchange) readControl(v any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, x.request.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil && !errors.Is(err, io.EOF) {
		return refuse(http.StatusBadRequest, "the body is not what this endpoint takes: %v", err)
	}
	return nil
}

func (x *exchange) simIndex() (int, any, error) {
	endpoints := map[string]string{"GET /sim/ca.pem": "The certificate authority of the HTTPS listener."}
	for _, c := range controlTable() {
		endpoints[c.pattern] = c.sentence
	}
	return http.StatusOK, map[string]any{"endpoints": endpoints, "fault_kinds": allFaults}, nil
}

// Tenant describes the tenant: the answer of GET /sim/tenant.
type Tenant struct {
	TenantID     string   `json:"tenant_id"`
	ClientID     string   `json:"client_id"`
	ClientSecret string   `json:"client_secret"`
	Domains      []string `json:"domains"` // the primary one first, the initial one last
	Organization string   `json:"organization"`
	// GraphURL and LoginURL have no path: Graph is below GraphURL+"/v1.0/". Empty without the listener.
	GraphURL      string `json:"graph_url"`
	LoginURL      string `json:"login_url"`
	HTTPSGraphURL string `json:"https_graph_url"`
	HTTPSLoginURL string `json:"https_login_url"`
	// Users and Deleted are counted at the head, not at the lagging replica.
	Users   int `json:"users"`
	Deleted int `json:"deleted"`
	// Groups and DeletedGroups are counted so too.
	Groups        int       `json:"groups"`
	DeletedGroups int       `json:"deleted_groups"`
	Now           time.Time `json:"now"`
}

// Tenant tells what a client has to know.
func (s *Server) Tenant() Tenant {
	s.ready()
	now := s.now()
	d := s.directory
	d.advance(now)
	d.mu.RLock()
	alive, inBin := d.counts(head)
	groups, binnedGroups := d.groupCounts(head)
	d.mu.RUnlock()
	return Tenant{
		TenantID: s.TenantID, ClientID: s.ClientID, ClientSecret: s.ClientSecret,
		Domains: d.people.domains.all(), Organization: s.organizationName(),
		GraphURL: s.URL(), LoginURL: s.URL(), HTTPSGraphURL: s.HTTPSURL(), HTTPSLoginURL: s.HTTPSURL(),
		Users: alive, Deleted: inBin, Groups: groups, DeletedGroups: binnedGroups, Now: now,
	}
}

func (x *exchange) simTenant() (int, any, error) {
	t := x.server.Tenant()
	if t.GraphURL == "" { // served by somebody else's listener
		t.GraphURL, t.LoginURL = x.baseURL(), x.baseURL()
	}
	return http.StatusOK, t, nil
}

type clockState struct {
	Now      string `json:"now"`
	OffsetMS int64  `json:"offset_ms"`
}

func (x *exchange) clockState() clockState {
	return clockState{x.server.now().Format(time.RFC3339Nano), x.server.clock.get().Milliseconds()}
}

func (x *exchange) simClock() (int, any, error) { return http.StatusOK, x.clockState(), nil }

func (x *exchange) simAdvance() (int, any, error) {
	var body struct {
		Advance  string `json:"advance"`
		OffsetMS *int64 `json:"offset_ms"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	var next func(time.Duration) time.Duration
	switch step, err := time.ParseDuration(body.Advance); {
	case body.OffsetMS != nil && body.Advance == "":
		next = func(time.Duration) time.Duration { return time.Duration(*body.OffsetMS) * time.Millisecond }
	case err != nil || body.OffsetMS != nil:
		return 0, nil, refuse(http.StatusBadRequest, `give either "advance", a duration like "720h", or "offset_ms", a number`)
	default:
		next = func(offset time.Duration) time.Duration { return offset + step }
	}
	if !x.server.clock.advance(next) {
		return 0, nil, refuse(http.StatusBadRequest, "the clock only moves forward; it is %d ms ahead now", x.server.clock.get().Milliseconds())
	}
	x.server.directory.advance(x.server.now())
	return http.StatusOK, x.clockState(), nil
}

func (x *exchange) simFaults() (int, any, error) {
	return http.StatusOK, map[string]any{"faults": x.server.faults.list()}, nil
}

func (x *exchange) simAddFault() (int, any, error) {
	var r FaultRule
	if err := x.readControl(&r); err != nil {
		return 0, nil, err
	}
	r, err := x.server.faults.add(r)
	return http.StatusCreated, r, err
}

func (x *exchange) simRemoveFaults() (int, any, error) {
	x.server.faults.remove(0)
	return x.simFaults()
}

func (x *exchange) simRemoveFault() (int, any, error) {
	id, err := strconv.Atoi(x.request.PathValue("rule"))
	if err != nil || id < 1 || !x.server.faults.remove(id) {
		return 0, nil, refuse(http.StatusNotFound, "there is no fault rule %q: GET /sim/faults lists them", x.request.PathValue("rule"))
	}
	return x.simFaults()
}

func (x *exchange) simLag() (int, any, error) {
	var body struct {
		Duration string `json:"duration"`
	}
	if err := x.readControl(&body); err != nil {
		return 0, nil, err
	}
	lag, err := time.ParseDuration(body.Duration)
	if err != nil || lag < 0 || lag > maxLag {
		return 0, nil, refuse(http.StatusBadRequest, `"duration" must be like "5s", from "0s" to "24h"`)
	}
	d := x.server.directory
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lag = lag
	d.settle(x.now)
	return http.StatusOK, map[string]string{"duration": lag.String()}, nil
}

func (x *exchange) simExpireDelta() (int, any, error) {
	x.server.authority.end(func(a *authority) *int { return &a.expired })
	return http.StatusOK, map[string]time.Time{"expired_until": x.now}, nil
}

func (x *exchange) simResetDelta() (int, any, error) {
	x.server.authority.end(func(a *authority) *int { return &a.reset })
	return http.StatusOK, map[string]time.Time{"reset_until": x.now}, nil
}

func simApp(change func(*appState)) func(*exchange) (int, any, error) {
	return func(x *exchange) (int, any, error) {
		x.server.app.set(change)
		app := x.server.app.now()
		return http.StatusOK, map[string]bool{"secret_expired": app.secretExpired, "consent_revoked": app.consentGone, "app_removed": app.removed}, nil
	}
}

func (x *exchange) simAppState() (int, any, error) {
	app := x.server.app.now()
	d := x.server.directory
	d.mu.RLock()
	defer d.mu.RUnlock()
	return http.StatusOK, map[string]any{
		"secret_expired": app.secretExpired, "consent_revoked": app.consentGone, "app_removed": app.removed, "lag": d.lag.String(),
	}, nil
}

func (x *exchange) simStats() (int, any, error) {
	lines := x.server.calls.lines()
	graph, bytes := 0, 0
	for _, l := range lines {
		if strings.Contains(l.Route, graphPrefix) {
			graph += l.Calls
		}
		bytes += l.Bytes
	}
	return http.StatusOK, map[string]any{"routes": lines, "graph_calls": graph, "bytes": bytes}, nil
}

func (x *exchange) simResetStats() (int, any, error) {
	x.server.calls.reset()
	return x.simStats()
}
