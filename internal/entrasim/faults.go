package entrasim

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// A faultKind is what a rule does to the requests that it meets.
type faultKind string

const (
	faultLatency       faultKind = "latency"        // waits delay_ms in real time, then goes on
	faultThrottle      faultKind = "throttle"       // 429, with Retry-After if retry_after_seconds is given
	faultError         faultKind = "error"          // a 5xx (or any other status); 503 if none is given
	faultCut           faultKind = "cut"            // the connection ends in the middle of the body
	faultInvalidJSON   faultKind = "invalid-json"   // the second half of the body is garbage
	faultEmptyPage     faultKind = "empty-page"     // a page without values, its links intact: those users are missing
	faultEmptyEnd      faultKind = "empty-end"      // a page without values and without links: the rest is missing
	faultTruncatedPage faultKind = "truncated-page" // half of the values are missing, the links are intact
	faultRepeatPage    faultKind = "repeat-page"    // the next link leads to this same page again
	faultExpiredDelta  faultKind = "expired-delta"  // a delta request with a token is told that the token has expired
	faultResetDelta    faultKind = "reset-delta"    // a delta request with a token gets 410 with a Location
	faultShortPage     faultKind = "short-page"     // half of the values are missing, and the next link leads to 503 each time it is followed
	faultLostPage      faultKind = "lost-page"      // a delta page without values, and the next link leads to 410: the first round tells all again
	faultSwapPages     faultKind = "swap-pages"     // a delta page changes places with the one after it
	faultDeltaSkip     faultKind = "delta-skip"     // a closing delta link stands at the true head, not at the lagging replica's
	faultExpiredSecret faultKind = "expired-secret" // the token endpoint says that the secret has expired
	faultNoConsent     faultKind = "no-consent"     // Graph answers 403 Authorization_RequestDenied
	faultUnauthorized  faultKind = "unauthorized"   // Graph answers 401 InvalidAuthenticationToken
)

// pageFaults are about collections, deltaFaults about those of a delta, bodyFaults about a whole answer, tokenFaults about a
// delta token.
var (
	pageFaults  = []faultKind{faultEmptyPage, faultEmptyEnd, faultTruncatedPage, faultRepeatPage, faultShortPage}
	deltaFaults = []faultKind{faultLostPage, faultSwapPages}
	bodyFaults  = []faultKind{faultCut, faultInvalidJSON}
	tokenFaults = []faultKind{faultExpiredDelta, faultResetDelta}
	allFaults   = slices.Concat([]faultKind{faultLatency, faultThrottle, faultError}, bodyFaults, pageFaults, deltaFaults, tokenFaults,
		[]faultKind{faultDeltaSkip, faultExpiredSecret, faultNoConsent, faultUnauthorized})
)

// A FaultRule is one rule of POST /sim/faults. Of several rules that fit a request the first that fires is used; latency
// comes on top. The control API itself is never faulted.
type FaultRule struct {
	ID int `json:"id"`
	// Route chooses requests by path: a prefix ("/v1.0/users"), or a pattern in which * stands for anything and {name} for one
	// segment ("/{tenant}/oauth2*") but delta, $count and a name in microsoft.graph, or an exact path when it ends in $
	// ("/v1.0/users$"). Empty means every path. A method before it, as GET /sim/stats prints routes ("GET /v1.0/users/delta"), is
	// taken for Method. One that no request can fit is refused.
	Route string `json:"route"`
	// Method restricts the rule to one method; empty means all.
	Method string `json:"method,omitempty"`
	// Kind is what happens; GET /sim/ lists the kinds.
	Kind faultKind `json:"kind"`
	// Probability is from 0 to 1; absent means 1.
	Probability *float64 `json:"probability,omitempty"`
	// Times is after how often the rule ends; 0 means never.
	Times int `json:"times,omitempty"`
	// Skip lets the first requests pass that fit the rule.
	Skip int `json:"skip,omitempty"`
	// Status is the status of kind error, 503 if 0.
	Status int `json:"status,omitempty"`
	// RetryAfterSeconds is sent with throttle and error; absent means no header.
	RetryAfterSeconds *int `json:"retry_after_seconds,omitempty"`
	// DelayMS is how long latency waits.
	DelayMS int `json:"delay_ms,omitempty"`
	// Seed makes the draws repeatable; 0 means the tenant's seed.
	Seed uint64 `json:"seed,omitempty"`
	// Fired is how often the rule did something, Seen how often a request fitted.
	Fired int `json:"fired"`
	Seen  int `json:"seen"`

	pattern *regexp.Regexp
	draws   *rand.Rand
}

// faults holds the rules in the order in which they were made.
type faults struct {
	mu     sync.Mutex
	seed   uint64
	lastID int
	rules  []*FaultRule
}

// add checks a rule and puts it after the others.
func (f *faults) add(r FaultRule) (FaultRule, error) {
	if !slices.Contains(allFaults, r.Kind) {
		return r, fmt.Errorf("unknown kind %q: use one of %v", r.Kind, allFaults)
	}
	if r.Probability != nil && (*r.Probability < 0 || *r.Probability > 1) {
		return r, fmt.Errorf("probability %v must be from 0 to 1", *r.Probability)
	}
	if r.Times < 0 || r.Skip < 0 || r.DelayMS < 0 || r.RetryAfterSeconds != nil && *r.RetryAfterSeconds < 0 {
		return r, fmt.Errorf("times, skip, delay_ms and retry_after_seconds must not be negative")
	}
	if r.Status != 0 && (r.Status < 400 || r.Status > 599) {
		return r, fmt.Errorf("status %d must be from 400 to 599", r.Status)
	}
	if err := r.readRoute(); err != nil {
		return r, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lastID++
	r.ID, r.Fired, r.Seen = f.lastID, 0, 0
	seed := r.Seed
	if seed == 0 {
		seed = f.seed
	}
	r.draws = rand.New(rand.NewPCG(seed, uint64(f.lastID))) //nolint:gosec // G404, G115: draws must be repeatable
	f.rules = append(f.rules, &r)
	return r, nil
}

// list returns copies of the rules.
func (f *faults) list() []FaultRule {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := make([]FaultRule, 0, len(f.rules))
	for _, r := range f.rules {
		out = append(out, *r)
	}
	return out
}

// remove takes away one rule, or all of them for id 0.
func (f *faults) remove(id int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.rules)
	f.rules = slices.DeleteFunc(f.rules, func(r *FaultRule) bool { return id == 0 || r.ID == id })
	return id == 0 || len(f.rules) < before
}

// fire tells whether a rule of this kind strikes now.
func (f *faults) fire(kind faultKind, x *exchange) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Kind == kind && r.fits(x) && r.strikes() {
			return true
		}
	}
	return false
}

// choose returns the rule that strikes a request, and how long it has to wait before.
func (f *faults) choose(x *exchange) (chosen *FaultRule, delay time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Kind == faultDeltaSkip || chosen != nil && r.Kind != faultLatency || !r.fits(x) || !r.strikes() {
			continue
		}
		if r.Kind == faultLatency {
			delay += time.Duration(r.DelayMS) * time.Millisecond
			continue
		}
		c := *r
		chosen = &c
	}
	return chosen, delay
}

// strikes counts a fitting request and draws.
func (r *FaultRule) strikes() bool {
	r.Seen++
	if r.Seen <= r.Skip || r.Times > 0 && r.Fired >= r.Times {
		return false
	}
	if r.Probability != nil && r.draws.Float64() >= *r.Probability {
		return false
	}
	r.Fired++
	return true
}

// fits tells whether the rule is about this request and its kind can do something to it.
func (r *FaultRule) fits(x *exchange) bool {
	path := x.request.URL.Path
	if r.Method != "" && !strings.EqualFold(r.Method, x.request.Method) || !r.matches(path) {
		return false
	}
	isGraph := strings.HasPrefix(path, graphPrefix)
	switch {
	case slices.Contains(pageFaults, r.Kind):
		return isCollection(path)
	case slices.Contains(bodyFaults, r.Kind):
		return !x.inner
	case slices.Contains(tokenFaults, r.Kind):
		return isDelta(path) && hasDeltaToken(x.request.URL.RawQuery)
	case slices.Contains(deltaFaults, r.Kind), r.Kind == faultDeltaSkip:
		return isDelta(path)
	case r.Kind == faultExpiredSecret:
		return strings.HasSuffix(path, "/oauth2/v2.0/token")
	case r.Kind == faultNoConsent, r.Kind == faultUnauthorized:
		return isGraph
	default:
		return true
	}
}

func isDelta(path string) bool {
	set, function, _ := strings.Cut(strings.TrimPrefix(path, graphPrefix), "/")
	function = strings.TrimSuffix(function, "()")
	return (set == "users" || set == "groups") && (function == "delta" || function == "microsoft.graph.delta")
}

// isCollection tells whether a path is answered by pages.
func isCollection(path string) bool {
	segments := strings.Split(strings.TrimPrefix(path, graphPrefix), "/")
	switch {
	case isDelta(path):
		return true
	case segments[0] == "users" || segments[0] == "groups":
		return len(segments) == 1 || len(segments) > 2 && segments[2] != "manager" && !strings.HasSuffix(path, "/$count")
	default:
		return strings.HasPrefix(path, graphPrefix+"directory/deletedItems/microsoft.graph.")
	}
}

func hasDeltaToken(rawQuery string) bool {
	q := parseQuery(rawQuery)
	token := q.get("$deltatoken")
	return q.get("$skiptoken") != "" || token != "" && !strings.EqualFold(token, "latest")
}

// inject does what the rules say before the request is answered; true means that the fault is the answer. The rest
// is left in spoil for the page and for send.
func (x *exchange) inject() bool {
	r, delay := x.server.faults.choose(x)
	if delay > 0 {
		wait(x.request.Context(), delay)
	}
	if r == nil {
		return false
	}
	if r.RetryAfterSeconds != nil {
		x.header.Set("Retry-After", fmt.Sprint(*r.RetryAfterSeconds))
	}
	switch r.Kind {
	case faultThrottle:
		x.throttled()
	case faultError:
		x.broken(r.Status)
	case faultExpiredDelta:
		x.deltaExpired()
	case faultResetDelta:
		q := parseQuery(x.request.URL.RawQuery)
		c, _ := x.server.decodeCursor(orElse(q.get("$deltatoken"), q.get("$skiptoken")), cursorDelta, cursorSkip)
		x.deltaReset(strings.Split(strings.TrimPrefix(x.request.URL.Path, graphPrefix), "/")[0], c.Select)
	case faultExpiredSecret:
		x.secretExpired()
	case faultNoConsent:
		x.insufficient()
	case faultUnauthorized:
		x.unauthorized(errTokenInvalid.Error())
	default:
		x.spoil = r.Kind
		return false
	}
	return true
}

func (x *exchange) throttled() {
	if !strings.HasPrefix(x.request.URL.Path, graphPrefix) {
		x.loginError(http.StatusTooManyRequests, "temporarily_unavailable", 90055, "The tenant is throttled: too many requests.")
		return
	}
	s := x.server
	x.header.Set("x-ms-throttle-scope", "Tenant_Application/ReadWrite/"+s.ClientID+"/"+s.TenantID)
	x.header.Set("x-ms-throttle-information", "ResourceUnitLimitExceeded")
	x.header.Set("x-ms-throttle-limit-percentage", "1.2")
	x.graphError(http.StatusTooManyRequests, "TooManyRequests", "Too many requests.")
}

func (x *exchange) broken(status int) {
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	if !strings.HasPrefix(x.request.URL.Path, graphPrefix) {
		x.loginError(status, "temporarily_unavailable", 90033, "A transient error has occurred. Please try again.")
		return
	}
	code := "UnknownError"
	switch status {
	case http.StatusServiceUnavailable:
		code = "serviceNotAvailable"
	case http.StatusInternalServerError:
		code = "Service_InternalServerError"
	case http.StatusBadGateway:
		code = "BadGateway"
	case http.StatusGatewayTimeout:
		code = "GatewayTimeout"
	}
	x.graphError(status, code, http.StatusText(status)+".")
}
