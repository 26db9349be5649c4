package entrasim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Server is a simulated Entra tenant with its login service and its Microsoft Graph. The zero value is a tenant of
// 1,000 people, ready to be started or to be used as an http.Handler. The fields are read at the first use and must
// not be changed afterwards.
type Server struct {
	// Users is how many people are generated: 0 means 1,000, a negative number none. 10 to 1,000,000 are intended.
	// They take no memory until they are changed.
	Users int

	// Groups is how many groups are generated: 0 means one for 50 people and four more, a negative number none. The first has
	// everybody, the next three hold each other in a cycle. They take no memory either.
	Groups int

	// GroupMembers is how many people each generated group but the first has: 0 means 50, a negative number none. Two
	// neighbours share half of theirs.
	GroupMembers int

	// GroupNesting makes every so manieth group hold the next two: 0 means 10, a negative number that no group holds another.
	GroupNesting int

	// Seed chooses the people, all ids and the secret; 0 means 1. The same seed gives the same tenant.
	Seed uint64

	// Domain is the primary verified domain, "contoso.example" if empty. Two more follow from it: for contoso.example
	// these are contoso-europe.example and the initial contoso.onmicrosoft.example.
	Domain string

	// TenantID, ClientID and ClientSecret are what a client needs; each is derived from the seed if empty. In production
	// the first two are GUIDs given by Entra and a secret has up to 24 months. Only one application exists here.
	TenantID, ClientID, ClientSecret string

	// SigningKey signs the access tokens (RS256, 2048 bits or more); nil means one that is made at the first token, which takes
	// longer than anything else in the life of a small tenant.
	SigningKey *rsa.PrivateKey

	// Lag is how far the replica that answers Graph is behind, by the tenant's clock; POST /sim/lag changes it. In
	// production each request may meet another replica, so that answers can even go back in time; that is not modelled.
	Lag time.Duration

	// Now is the base clock, by default the machine's. The tenant's time is Now plus what POST /sim/clock added, never
	// less. Everything follows it: tokens, the recycle bin, delta links, the lag. Only latency faults wait for real.
	Now func() time.Time

	// life tells this tenant from those before and after a restart, which have the same secret but other changes.
	life      string
	once      sync.Once
	directory *directory
	keys      signingKeys
	authority authority
	faults    faults
	calls     callStats
	app       application
	codes     codes
	clock     clock
	routes    routes
	push      pushService
	requests  atomic.Uint64
	started   listeners
}

// application is what the tenant thinks of the one application that may read it.
type application struct {
	mu    sync.Mutex
	state appState
}

// appState is the state of the application. An application that was removed has lost neither its consent nor its secret when it is restored.
type appState struct {
	secretExpired, consentGone, removed bool
	// withdrawn are application permissions that were taken away one by one; delegations are consents that somebody's name is used.
	withdrawn   []string
	delegations []delegatedGrant
	// certificates and federated are what the application may prove itself with beside the secret.
	certificates []*x509.Certificate
	federated    []federatedCredential
	// workflowOff: who may not consent cannot request it either. requests were made, the oldest first.
	workflowOff bool
	requests    []consentRequest
}

func (a *application) now() appState {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

func (a *application) set(change func(*appState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.state)
}

// clock is the distance between the tenant's time and the base clock.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) get() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.offset
}

// advance sets the offset to next(offset) unless that lies before it.
func (c *clock) advance(next func(time.Duration) time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := next(c.offset)
	if n < c.offset {
		return false
	}
	c.offset = n
	return true
}

type routes struct {
	graph, login, control *http.ServeMux
}

// Kinds of ids that are derived from the seed.
const (
	spaceUsers uint64 = iota + 1
	spaceGroups
	spaceServer
	spaceRequests
	spaceOthers
	spaceAccounts
)

func (s *Server) space(kind uint64) idSpace { return idSpace(mix(s.Seed<<8 | kind)) }

// ready fills in the defaults and generates the tenant, once.
func (s *Server) ready() {
	s.once.Do(func() {
		if s.Users == 0 {
			s.Users = 1000
		}
		if s.Seed == 0 {
			s.Seed = 1
		}
		own := s.space(spaceServer)
		s.Domain = orElse(s.Domain, "contoso.example")
		s.TenantID = orElse(s.TenantID, own.id(1).String())
		s.ClientID = orElse(s.ClientID, own.id(2).String())
		s.ClientSecret = orElse(s.ClientSecret, "sim~"+own.id(3).compact())
		if s.Now == nil {
			s.Now = time.Now //nolint:forbidigo // the zero value has to know the time
		}
		s.directory = newDirectory(people{
			seed: s.Seed, size: max(s.Users, 0), ids: s.space(spaceUsers), domains: domainsOf(s.Domain),
		}, s.groupSeed(), s.Lag)
		s.keys.given = s.SigningKey
		s.faults.seed = s.Seed
		s.life = rand.Text()
		s.routes = routes{graph: s.graphRoutes(), login: s.loginRoutes(), control: s.controlRoutes()}
	})
}

func orElse(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}

// now is the tenant's time.
func (s *Server) now() time.Time { return s.Now().Add(s.clock.get()).UTC() }

// requestID is a new id for an answer; the ids of one server repeat with its seed.
func (s *Server) requestID() guid {
	n := s.requests.Add(1)
	var g guid
	binary.BigEndian.PutUint64(g[0:], mix(uint64(s.space(spaceRequests))^n))
	binary.BigEndian.PutUint64(g[8:], mix(n))
	g[6], g[8] = g[6]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

// isTenant tells whether a segment of a login path names this tenant: by its id or one of its domains.
func (s *Server) isTenant(segment string) bool {
	if strings.EqualFold(segment, s.TenantID) {
		return true
	}
	for _, d := range s.directory.people.domains.all() {
		if strings.EqualFold(segment, d) {
			return true
		}
	}
	return false
}

// ServeHTTP answers Graph under /v1.0/, the control API under /sim/, and the login service everywhere else.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.ready()
	x := newExchange(s, r)
	defer x.release()
	x.run()
	x.send(w)
}
