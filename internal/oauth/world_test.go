package oauth

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/store"
)

// world is a token endpoint over a real database, and an issuer that signs for others.
type world struct {
	*testing.T
	directory *directory.Service
	handler   http.Handler
	issuer    *signer
	now       time.Time
	org       ident.ID
	creator   directory.Token
	log       bytes.Buffer
	logger    *slog.Logger
	statuses  []int
}

// CountHTTP implements Metrics.
func (w *world) CountHTTP(face, route string, status int) {
	if face != "oauth" || route != Path {
		w.Errorf("counted %s %s", face, route)
	}
	w.statuses = append(w.statuses, status)
}

func (w *world) clock() time.Time { return w.now }

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, now: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC), issuer: newSigner(t)}
	w.logger = slog.New(slog.NewTextHandler(&w.log, nil))
	db, err := store.Open(t.Context(), store.Config{Path: filepath.Join(t.TempDir(), "rollcall.db"), Logger: w.logger, Now: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.directory = directory.NewService(db, w.clock, directory.Retention{})
	org, err := w.directory.CreateOrganization(t.Context(), "Contoso")
	if err != nil {
		t.Fatal(err)
	}
	administrator, err := w.directory.CreateAdministrator(t.Context(), org.ID, "Ada", directory.FullAdministrator)
	if err != nil {
		t.Fatal(err)
	}
	w.org = org.ID
	w.creator = directory.Token{OrgID: org.ID, Role: administrator.Role, AdministratorID: administrator.ID, AdministratorRole: administrator.Role}
	w.handler = New(Config{
		Directory: w.directory, Logger: w.logger, Metrics: w, Now: w.clock, Machine: w.clock,
		Keys: Guarded([]string{w.issuer.host()}, w.issuer.roots()),
	})
	return w
}

func (w *world) client(want directory.NewClient) (directory.Client, string) {
	w.Helper()
	client, secret, err := w.directory.CreateClient(w.Context(), w.creator, w.org, want)
	if err != nil {
		w.Fatal(err)
	}
	return client, secret
}

// federated makes a client for which the issuer signs.
func (w *world) federated() directory.Client {
	w.Helper()
	client, _ := w.client(directory.NewClient{Name: "Entra", Role: directory.SCIMWriter, Federation: directory.Federation{
		Issuer: w.issuer.server.URL, Subject: "subject", Audience: "api://rollcall",
	}})
	return client
}

// answer is what the endpoint says.
type answer struct {
	status int
	header http.Header
	granted
	failure
}

// ask sends a form; edit may change the request.
func (w *world) ask(form url.Values, edit func(*http.Request)) answer {
	w.Helper()
	r := httptest.NewRequestWithContext(w.Context(), http.MethodPost, Path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if edit != nil {
		edit(r)
	}
	recorder := httptest.NewRecorder()
	w.handler.ServeHTTP(recorder, r)
	out := answer{status: recorder.Code, header: recorder.Header()}
	if err := json.Unmarshal(recorder.Body.Bytes(), &out.granted); err != nil {
		w.Fatal(err)
	}
	if err := json.Unmarshal(recorder.Body.Bytes(), &out.failure); err != nil {
		w.Fatal(err)
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Pragma": "no-cache", "Content-Type": "application/json"} {
		if got := out.header.Get(name); got != want {
			w.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if out.header.Get("X-Request-Id") == "" || w.statuses[len(w.statuses)-1] != out.status {
		w.Errorf("request id %q, counted %v", out.header.Get("X-Request-Id"), w.statuses)
	}
	return out
}

// assert asks with an assertion.
func (w *world) assert(client directory.Client, assertion string) answer {
	w.Helper()
	w.now = w.now.Add(time.Second) // never too fast for the limit
	return w.ask(url.Values{
		"grant_type": {"client_credentials"}, "client_id": {client.ID.String()}, "client_assertion_type": {jwtBearer}, "client_assertion": {assertion},
	}, nil)
}

// signer is an issuer over https, with its discovery document and keys.
type signer struct {
	*testing.T
	server *httptest.Server
	mu     sync.Mutex
	keys   map[string]*ecdsa.PrivateKey
	// down: it answers with an error. fetches counts how often its keys were asked for.
	down    bool
	fetches int
	// named is the issuer that the discovery document names; "" for the right one.
	named string
}

func newSigner(t *testing.T) *signer {
	t.Helper()
	s := &signer{T: t, keys: map[string]*ecdsa.PrivateKey{}}
	s.addKey("one")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		named := s.named
		if named == "" {
			named = s.server.URL
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": named, "jwks_uri": s.server.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fetches++
		if s.down {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		set := jose.JSONWebKeySet{}
		for id, key := range s.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"})
		}
		_ = json.NewEncoder(w).Encode(set)
	})
	mux.HandleFunc("GET /elsewhere", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/keys", http.StatusFound) })
	s.server = httptest.NewTLSServer(mux)
	t.Cleanup(s.server.Close)
	return s
}

func (s *signer) host() string { return s.server.Listener.Addr().String() }

func (s *signer) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(s.server.Certificate())
	return pool
}

func (s *signer) addKey(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[id] = key
}

// set changes the issuer.
func (s *signer) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// claims are those of a good assertion at a time.
func (s *signer) claims(now time.Time) jwt.Claims {
	return jwt.Claims{
		Issuer: s.server.URL, Subject: "subject", Audience: jwt.Audience{"other", "api://rollcall"},
		Expiry: jwt.NewNumericDate(now.Add(time.Hour)), NotBefore: jwt.NewNumericDate(now), IssuedAt: jwt.NewNumericDate(now),
	}
}

// sign makes an assertion.
func (s *signer) sign(algorithm jose.SignatureAlgorithm, key any, id string, claims any) string {
	s.Helper()
	options := &jose.SignerOptions{}
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	made, err := jose.NewSigner(jose.SigningKey{Algorithm: algorithm, Key: key}, options)
	if err != nil {
		s.Fatal(err)
	}
	text, err := jwt.Signed(made).Claims(claims).Serialize()
	if err != nil {
		s.Fatal(err)
	}
	return text
}

// good makes an assertion with one of the issuer's keys.
func (s *signer) good(id string, now time.Time) string {
	s.Helper()
	return s.sign(jose.ES256, s.keys[id], id, s.claims(now))
}
