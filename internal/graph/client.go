package graph

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/outbound"
)

// Config says which tenant to read and as whom. Fields without a remark are required.
type Config struct {
	Cloud Cloud
	// TenantID is the tenant's id or one of its verified domains. SignInOnly: it is not known yet, and the client only signs people in.
	TenantID   string
	SignInOnly bool
	// ClientID is that of the app registration, or of the managed identity. One of the three that follow proves it.
	ClientID     string
	ClientSecret string
	Assert       Assert
	Managed      Managed
	// HTTP carries the transport: proxy, trusted certificates. Its redirect policy is replaced.
	HTTP *http.Client
	// Now is asked when tokens expire and how far away the date of a Retry-After is.
	Now func() time.Time
	// Jitter returns a number from [0, 1) by which each back-off is multiplied, such as rand.Float64.
	Jitter func() float64
	// Sleep waits, and returns the context's error if that ends first. Optional: nil waits on a timer.
	Sleep func(context.Context, time.Duration) error
	// Logger gets one debug record per repeated try. Optional.
	Logger *slog.Logger
	// MaxRetryWait is the longest wait that is spent inside a call; who is asked to wait longer gets a fault.Throttled at once.
	// Optional: 30 s.
	MaxRetryWait time.Duration
	// UserAgent is sent with every request. Optional: "Rollcall".
	UserAgent string
	// Observe is told of every HTTP exchange, from the goroutine that makes it. Optional.
	Observe func(Call)
}

// Call is one HTTP exchange, for metrics.
type Call struct {
	Method string
	// Route is the path's template, one of a small set: "/users", "/users/delta", "/$batch", "/oauth2/v2.0/token" and so on.
	Route string
	// Status of the answer; 0 if there was none.
	Status int
	// Duration from the first byte sent to the last one read.
	Duration time.Duration
	// Retry counts the tries before this one.
	Retry int
}

// Client reads one tenant. It may be used by several goroutines.
type Client struct {
	config  Config
	http    http.Client
	login   *url.URL
	graph   *url.URL
	tokens  tokens
	buffers sync.Pool // of *bytes.Buffer: the bodies of pages
}

const (
	requestTimeout      = 60 * time.Second // for one exchange, body included
	defaultMaxRetryWait = 30 * time.Second
	defaultUserAgent    = "Rollcall"
	maxRedirects        = 10
)

// NewClient checks the configuration and makes no request. Its faults are Invalid and name the setting; a missing HTTP, Now or Jitter is
// a defect of the program and Internal.
func NewClient(config Config) (*Client, error) {
	if config.HTTP == nil || config.Now == nil || config.Jitter == nil {
		return nil, fault.New(fault.Internal, "", "graph: HTTP, Now and Jitter are required")
	}
	if err := checkIdentity(config); err != nil {
		return nil, err
	}
	login, err := baseURL("the login address of cloud "+config.Cloud.Name, config.Cloud.LoginURL)
	if err != nil {
		return nil, err
	}
	base, err := baseURL("the Graph address of cloud "+config.Cloud.Name, config.Cloud.GraphURL)
	if err != nil {
		return nil, err
	}
	if config.Sleep == nil {
		config.Sleep = outbound.Sleep
	}
	if config.Logger == nil {
		config.Logger = slog.New(slog.DiscardHandler)
	}
	if config.MaxRetryWait <= 0 {
		config.MaxRetryWait = defaultMaxRetryWait
	}
	if config.UserAgent == "" {
		config.UserAgent = defaultUserAgent
	}
	client := &Client{
		config: config, http: *config.HTTP, login: login, graph: base, tokens: newTokens(),
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	client.http.CheckRedirect = stayOnHost
	return client, nil
}

func checkIdentity(config Config) error {
	tenant := strings.ToLower(config.TenantID)
	switch {
	case config.SignInOnly && tenant == "" && config.ClientID != "":
		return nil
	case tenant == "" || strings.ContainsAny(tenant, "/\\?#% \t\r\n") || strings.Trim(tenant, ".") == "":
		return fault.New(fault.Invalid, "InvalidTenant", "tenant %q is neither a tenant id nor a domain", config.TenantID)
	case tenant == "common" || tenant == "organizations" || tenant == "consumers":
		return fault.New(fault.Invalid, "InvalidTenant", "tenant %q names no single tenant", config.TenantID).
			WithRemedy("Enter the tenant id from the overview page of Microsoft Entra ID")
	case config.ClientID == "":
		return fault.New(fault.Invalid, "InvalidClient", "the client id is missing").
			WithRemedy("Enter the Application (client) ID of the app registration")
	case config.ClientSecret == "" && config.Assert == nil && config.Managed == nil:
		return fault.New(fault.Invalid, "InvalidClient", "the client secret is missing").
			WithRemedy("Create a client secret in the app registration and enter its value")
	}
	return nil
}

// stayOnHost refuses redirects to another scheme, host or port: they would take the token or the secret along.
func stayOnHost(next *http.Request, via []*http.Request) error {
	if !sameOrigin(next.URL, via[0].URL) {
		return fault.New(fault.Invalid, "LinkOffHost", "%s redirects to another host, %s, which is not followed", via[0].URL.Host, next.URL.Host).
			WithRemedy("A proxy or a wrong address of the cloud may be the cause")
	}
	if len(via) >= maxRedirects {
		return fault.New(fault.Unavailable, "TooManyRedirects", "%s redirects without an end", via[0].URL.Host)
	}
	return nil
}
