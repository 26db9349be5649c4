package console

import (
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"
	_ "time/tzdata" // administrators' zones, on machines without them

	"rollcall/internal/directory"
	"rollcall/internal/engine"
	"rollcall/internal/inbound"
	"rollcall/internal/notify"
)

// Metrics counts answers.
type Metrics interface {
	// CountHTTP counts one answer. route is the pattern that matched; face is "console".
	CountHTTP(face, route string, status int)
}

// Config is what the console is made of. All fields but BaseURL, TrustedProxies and Simulator are required.
type Config struct {
	Engine    *engine.Engine
	Directory *directory.Service
	Mail      *notify.Service
	Logger    *slog.Logger
	Metrics   Metrics
	// Now is the product's clock: sessions, what is shown. Machine is the machine's: limits.
	Now, Machine func() time.Time
	Version      string
	// BaseURL is the public address of the server, without a path; "": the one that the client wrote.
	BaseURL string
	// TrustedProxies are the networks of proxies whose X-Forwarded headers are believed.
	TrustedProxies []netip.Prefix
	// Clouds are the names of the clouds that a tenant may live in, those of Microsoft first.
	Clouds []string
	// Bundle holds what `make web` built.
	Bundle fs.FS
	// Simulator is the address of a demo's simulated tenant; "" on any other server, which then has no pages about it.
	Simulator string
}

type server struct {
	Config
	assets    *assets
	words     map[string]*words
	templates map[string]func() (*template.Template, error) // by language
	guard     *http.CrossOriginProtection
	mux       *http.ServeMux
	limits    limits
	days      pastDays
	// simulator is nil without a simulated tenant.
	simulator *simulator
}

// New builds the handler of all pages.
func New(config Config) (http.Handler, error) {
	s := &server{Config: config, mux: http.NewServeMux(), guard: http.NewCrossOriginProtection(), limits: newLimits()}
	var err error
	if s.assets, err = openAssets(config.Bundle); err != nil {
		return nil, err
	}
	if s.words, err = loadWords(); err != nil {
		return nil, err
	}
	s.templates = s.sets()
	if config.BaseURL != "" {
		if err := s.guard.AddTrustedOrigin(config.BaseURL); err != nil {
			return nil, fmt.Errorf("trust the server's own address: %w", err)
		}
	}
	s.guard.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.failWith(w, s.open(r), http.StatusForbidden, "fail.crossOrigin")
	}))
	if config.Simulator != "" {
		s.simulator = newSimulator(config.Simulator)
	}
	s.routes()
	return http.HandlerFunc(s.receive), nil
}

// policy lets a page use the server's own files and nothing else. Momentum's elements set style attributes.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// receive is where every request comes in.
func (s *server) receive(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	if s.secure(r) {
		header.Set("Strict-Transport-Security", "max-age=31536000")
	}
	out := &inbound.Answer{ResponseWriter: w}
	defer func() { s.Metrics.CountHTTP("console", pattern(r), out.Status) }()
	if strings.HasPrefix(r.URL.Path, assetPath) {
		s.assets.ServeHTTP(out, r)
		return
	}
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Cookie, Accept-Language, Accept-Encoding, HX-Request")
	if s.assets.missing {
		http.Error(out, "The console's pages are not built: run `make web`, then build the server again. The API works without them.", http.StatusServiceUnavailable)
		return
	}
	s.guard.Handler(s.mux).ServeHTTP(out, r)
}

func pattern(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// secure reports whether the browser came by https.
func (s *server) secure(r *http.Request) bool {
	if s.BaseURL != "" {
		return strings.HasPrefix(s.BaseURL, "https://")
	}
	return strings.HasPrefix(inbound.BaseURL(r, s.TrustedProxies), "https://")
}
