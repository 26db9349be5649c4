package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/notify"
)

// Prefix is where the operations of this version of the API begin.
const Prefix = "/api/v1"

// Answers reports whether the API answers for the path: what begins like its operations, its description, and what those who run the server ask.
func Answers(path string) bool {
	return path == "/api" || strings.HasPrefix(path, "/api/") || strings.HasPrefix(path, "/openapi") || strings.HasPrefix(path, "/schemas/") ||
		path == "/healthz" || path == "/readyz" || path == "/metrics"
}

// Metrics counts answers and tells the counts.
type Metrics interface {
	// CountHTTP counts one answer. route is the pattern that matched, never the path; face is "api".
	CountHTTP(face, route string, status int)
	// Handler serves /metrics.
	Handler() http.Handler
}

// Config is what the API is made of. All fields but BaseURL and TrustedProxies are required.
type Config struct {
	Engine    *engine.Engine
	Directory *directory.Service
	Mail      *notify.Service
	Logger    *slog.Logger
	Metrics   Metrics
	// Now is the clock of the product: whether a token has expired, how far a run is. Waiting and deadlines go by the engine's Machine.
	Now func() time.Time
	// Version of the server, told by /healthz and /me.
	Version string
	// BaseURL is the public address of the server, without a path; "": the one that the client wrote.
	BaseURL string
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// Ready fails while the server cannot do its work; /readyz tells it.
	Ready func(ctx context.Context) error
}

type server struct {
	Config
	huma huma.API
	mux  *http.ServeMux
}

// New builds the handler of the whole API. Streams of events end when the context of their request does, so let the server's BaseContext end
// when it is shut down.
func New(config Config) http.Handler {
	s := &server{Config: config, mux: http.NewServeMux()}
	s.huma = humago.New(s.mux, s.configuration())
	s.huma.UseMiddleware(s.admit)
	s.serveOrganizations()
	s.serveInstances()
	s.serveConnections()
	s.servePreview()
	s.serveSchemas()
	s.serveExpressions()
	s.serveLanguage()
	s.serveRuns()
	s.serveExplain()
	s.serveChanges()
	s.serveFailed()
	s.serveSummary()
	s.serveLog()
	s.serveUndo()
	s.serveUsers()
	s.serveGroups()
	s.serveDomains()
	s.serveEmail()
	s.serveTokens()
	s.serveClients()
	s.serveAudit()
	s.serveDescription()
	s.mux.HandleFunc("GET /healthz", s.health)
	s.mux.HandleFunc("GET /readyz", s.ready)
	s.mux.Handle("GET /metrics", s.Metrics.Handler())
	s.mux.HandleFunc("/", s.elsewhere)
	return http.HandlerFunc(s.receive)
}

// health says that the process answers.
func (s *server) health(w http.ResponseWriter, r *http.Request) {
	s.write(w, r, http.StatusOK, "application/json", map[string]string{"status": "ok", "version": s.Version})
}

// ready says whether the server can do its work.
func (s *server) ready(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.Logger.WarnContext(r.Context(), "not ready", "request_id", exchangeOf(r.Context()).id, "error", err.Error())
		p := newProblem(r.Context(), http.StatusServiceUnavailable, "NotReady", "the server cannot do its work now")
		p.Remedy = "The reason is in the server's log."
		s.refuse(w, r, p)
		return
	}
	s.write(w, r, http.StatusOK, "application/json", map[string]string{"status": "ready"})
}

// elsewhere answers for paths and methods that nothing is registered for.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodPut, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/" && pattern != "" {
			allowed = append(allowed, method)
			w.Header().Add("Allow", method)
		}
	}
	if len(allowed) > 0 {
		s.refuse(w, r, newProblem(r.Context(), http.StatusMethodNotAllowed, "MethodNotAllowed", "this path does not know the method "+r.Method))
		return
	}
	p := newProblem(r.Context(), http.StatusNotFound, "UnknownPath", "there is nothing at this path")
	p.Remedy = "The API is described at /openapi.json."
	s.refuse(w, r, p)
}

// write answers with a document.
func (s *server) write(w http.ResponseWriter, r *http.Request, status int, contentType string, document any) {
	w.Header().Set("Content-Type", contentType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(document); err != nil {
		s.Logger.DebugContext(r.Context(), "answer not written", "error", err.Error())
	}
}
