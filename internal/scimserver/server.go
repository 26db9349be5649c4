// Package scimserver serves a directory over SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865).
//
// Each organization has its own address, /identity/scim/{orgId}/v2. Whatever is written goes through directory.Service: the rules of the
// directory, ownership and the audit log are the same as for everybody else. What clients may write, and how, is decided by the profile of
// their token. Members of groups are rows: no group is ever read whole, and changing a member costs the same in a group of any size.
package scimserver

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// Prefix is where the addresses of all organizations begin.
const Prefix = "/identity/scim/"

// The bounds of requests and answers.
const (
	maxBody       = 1 << 20
	maxOperations = 1000
	defaultCount  = 100
	maxCount      = 500
)

// Metrics counts answers.
type Metrics interface {
	// CountHTTP counts one answer. route is the pattern that matched, never the path; face is "scim".
	CountHTTP(face, route string, status int)
}

// Limiter says whether the bearer of a token may ask one thing more now.
type Limiter interface {
	// Allow reports whether he may and, if not, how long to wait.
	Allow(bearer ident.ID, now time.Time) (wait time.Duration, ok bool)
	// AllowSecret does so by the secret of a token, if it is known whose that is: a flood is turned away before anything is looked up.
	AllowSecret(secret string, now time.Time) (wait time.Duration, ok, known bool)
	// Remember notes whose a secret is.
	Remember(secret string, bearer ident.ID)
}

// Config is what the service is made of. All fields but BaseURL, TrustedProxies and Limiter are required.
type Config struct {
	Directory *directory.Service
	Logger    *slog.Logger
	Metrics   Metrics
	// Machine is the machine's clock: for request ids, durations and the limit.
	Machine func() time.Time
	// BaseURL is the public address of the server, without a path; "": the one that the client wrote.
	BaseURL string
	// TrustedProxies are the networks of proxies whose X-Forwarded headers are believed.
	TrustedProxies []netip.Prefix
	// Limiter limits the requests of each bearer; nil: no limit.
	Limiter Limiter
}

type server struct {
	Config
	mux           *http.ServeMux
	users, groups kind
	// buffers are those of answers, to be used again.
	buffers sync.Pool
}

// kind is a type of resource as the service serves it. Projections say what of it is shown.
type kind interface {
	resourceType() scim.ResourceType
	read(ctx context.Context, id ident.ID, show scim.Projection) (shown, error)
	query(ctx context.Context, query directory.ResourceQuery, show scim.Projection) (shownPage, error)
	create(ctx context.Context, body map[string]any, show scim.Projection) (shown, error)
	replace(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error)
	patch(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error)
	remove(ctx context.Context, id ident.ID, only condition) error
}

// shown is a resource as it is answered with.
type shown struct {
	id       ident.ID
	resource scim.Resource
	// version is the ETag, and location the address, also where the resource does not show them.
	version, location string
	// members are to be written behind the resource, page by page.
	members *memberList
	// template writes user, if it is not nil; then there is no resource.
	template *template
	user     *userView
}

type shownPage struct {
	items []shown
	total int
	next  string
}

// New builds the handler of all that is below Prefix.
func New(config Config) http.Handler {
	s := &server{Config: config, mux: http.NewServeMux()}
	s.users, s.groups = &userKind{server: s, types: scim.Users()}, &groupKind{server: s, types: scim.Groups()}
	s.serveDiscovery()
	s.serveResources(s.users)
	s.serveResources(s.groups)
	s.serveMe()
	s.route("POST", "/.search", directory.ReadSCIM, s.searchAll)
	s.route("GET", "", directory.ReadSCIM, s.everything)
	s.route("POST", "/Bulk", directory.WriteSCIM, s.bulk)
	s.mux.HandleFunc("/", s.elsewhere)
	return http.HandlerFunc(s.receive)
}

// serveResources registers what can be done with a kind of resource.
func (s *server) serveResources(k kind) {
	at := k.resourceType().Endpoint
	s.route("GET", at, directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error { return s.list(w, r, k) })
	s.route("POST", at, directory.WriteSCIM, func(w http.ResponseWriter, r *http.Request) error { return s.create(w, r, k) })
	s.route("POST", at+"/.search", directory.ReadSCIM, func(w http.ResponseWriter, r *http.Request) error { return s.search(w, r, k) })
	one := at + "/{id}"
	s.route("GET", one, directory.ReadSCIM, named(k, s.read))
	s.route("PUT", one, directory.WriteSCIM, named(k, s.replace))
	s.route("PATCH", one, directory.WriteSCIM, named(k, s.patch))
	s.route("DELETE", one, directory.WriteSCIM, named(k, s.remove))
}

// named calls a handler with the resource that the path names. What is no id names nothing.
func named(k kind, handler func(http.ResponseWriter, *http.Request, kind, ident.ID) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		id, err := ident.Parse(r.PathValue("id"))
		if err != nil {
			return unknown(k, r.PathValue("id"))
		}
		return handler(w, r, k, id)
	}
}

// route registers a handler below the address of an organization, for bearers with the right; "": also for requests without a token.
func (s *server) route(method, path string, needs directory.Right, handler func(http.ResponseWriter, *http.Request) error) {
	s.mux.HandleFunc(method+" "+Prefix+"{orgId}/v2"+path, func(w http.ResponseWriter, r *http.Request) {
		ctx, err := s.admit(r, needs)
		if err == nil {
			err = handler(w, r.WithContext(ctx))
		}
		if err != nil {
			s.refuse(w, r, err)
		}
	})
}
