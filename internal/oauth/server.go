// Package oauth gives programs access tokens for what they know or what others sign for them (RFC 6749, RFC 7523).
//
// One endpoint, /oauth2/token, and one grant, client_credentials. A client proves who it is by a secret (RFC 6749, section 2.3.1) or, with
// workload identity federation, by an assertion that its issuer signed (RFC 7523, section 2.2): the client's registration says which issuer,
// subject and audience, and the issuer's keys are fetched by https and kept for a while.
package oauth

import (
	"crypto/sha256"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
	"rollcall/internal/ratelimit"
)

// Path is where tokens are asked for.
const Path = "/oauth2/token"

const (
	// maxBody is how large a request may be, in bytes: an assertion has a few thousand.
	maxBody = 64 << 10
	// attempts is how many requests a second one address may make: every one of them is checked against the database.
	attempts = 20
)

// Metrics counts answers.
type Metrics interface {
	// CountHTTP counts one answer; face is "oauth".
	CountHTTP(face, route string, status int)
}

// Config is what the endpoint is made of. All fields but TrustedProxies are required.
type Config struct {
	Directory *directory.Service
	Logger    *slog.Logger
	Metrics   Metrics
	// Now is the clock of the product, by which assertions expire; Machine that of the machine, for request ids and limits.
	Now, Machine func() time.Time
	// Keys fetches keys of issuers: Guarded makes it.
	Keys *http.Client
	// TrustedProxies are the networks of proxies whose X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
}

type server struct {
	Config
	issuers *issuers
	limit   *ratelimit.Limiter
}

// New builds the handler of Path.
func New(config Config) http.Handler {
	return &server{Config: config, issuers: newIssuers(config.Keys, config.Machine), limit: ratelimit.New(attempts)}
}

// granted is the answer to a good request (RFC 6749, section 5.1).
type granted struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	ExpiresIn   int    `json:"expires_in"`
	Scope       string `json:"scope"`
}

// ServeHTTP implements http.Handler.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := ident.New(s.Machine()).String()
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Pragma", "no-cache")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	out := &inbound.Answer{ResponseWriter: w}
	answer, err := s.grant(out, r)
	if err != nil {
		s.refuse(out, r, id, err)
	} else {
		s.write(out, r, http.StatusOK, answer)
	}
	s.Metrics.CountHTTP("oauth", Path, out.Status)
}

// grant makes an access token for a request.
func (s *server) grant(w http.ResponseWriter, r *http.Request) (granted, error) {
	ctx := r.Context()
	if err := s.mayTry(r); err != nil {
		return granted{}, err
	}
	asked, err := readRequest(w, r)
	if err != nil {
		return granted{}, err
	}
	client, err := s.authenticate(ctx, asked)
	if err != nil {
		return granted{}, err
	}
	token, secret, err := s.Directory.GrantAccess(ctx, client, asked.scopes)
	if err != nil {
		return granted{}, err
	}
	s.Logger.InfoContext(ctx, "access token granted", "request_id", w.Header().Get("X-Request-Id"), "client", client.ID.String(), "token", token.ID.String())
	var scopes []string
	for _, right := range []directory.Right{directory.ReadSCIM, directory.WriteSCIM} {
		if token.May(right) {
			scopes = append(scopes, string(right))
		}
	}
	return granted{
		AccessToken: secret, TokenType: "Bearer", ExpiresIn: int(directory.AccessTokenLife.Seconds()), Scope: strings.Join(scopes, " "),
	}, nil
}

// mayTry limits what one address may ask.
func (s *server) mayTry(r *http.Request) error {
	address := sha256.Sum256([]byte(inbound.ClientAddress(r, s.TrustedProxies)))
	wait, ok := s.limit.Allow(ident.ID(address[:len(ident.ID{})]), s.Machine())
	if ok {
		return nil
	}
	err := fault.New(fault.Throttled, "TooManyRequests", "too many requests come from this address").
		WithRemedy("Keep an access token until it expires; wait as Retry-After says.")
	err.RetryAfter = wait
	return err
}

func (s *server) write(w http.ResponseWriter, r *http.Request, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(document); err != nil {
		s.Logger.DebugContext(r.Context(), "answer not written", "error", err.Error())
	}
}

// failure is the answer to a bad request (RFC 6749, section 5.2).
type failure struct {
	Error       string `json:"error"`
	Description string `json:"error_description,omitempty"`
}

// refuse answers with an error, and is where errors that are ours are logged.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, id string, err error) {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Internal {
		s.Logger.ErrorContext(r.Context(), "request failed", "request_id", id, "error", err.Error())
		s.write(w, r, http.StatusInternalServerError, failure{"server_error", "internal error, request id " + id})
		return
	}
	status, code := http.StatusBadRequest, f.Code
	switch f.Kind {
	case fault.Unauthenticated:
		status, code = http.StatusUnauthorized, "invalid_client"
		if r.Header.Get("Authorization") != "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="rollcall"`)
		}
		s.Logger.InfoContext(r.Context(), "access token refused", "request_id", id, "code", f.Code, "error", err.Error())
	case fault.Denied:
		code = "invalid_scope"
	case fault.Throttled, fault.Unavailable:
		status, code = http.StatusServiceUnavailable, "temporarily_unavailable"
		if f.Kind == fault.Throttled {
			status = http.StatusTooManyRequests
		}
		w.Header().Set("Retry-After", inbound.RetryAfter(f.RetryAfter))
	case fault.NotFound:
		status = http.StatusMethodNotAllowed
		w.Header().Set("Allow", http.MethodPost)
	default: // the code is that of the RFC
	}
	s.write(w, r, status, failure{code, printable(err.Error())})
}

// printable leaves out of a text what a description may not have (RFC 6749, section 5.2).
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r < ' ' || r > '~' || r == '\\':
			return '?'
		}
		return r
	}, text)
}
