package scimclient

import (
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"rollcall/internal/fault"
)

// Config says which service to call and as whom. Fields without a remark are required.
type Config struct {
	// BaseURL is the address below which /Users and /Groups are found: https, or http on this machine.
	BaseURL string
	// Profile is one of Profiles.
	Profile Profile
	// Token returns the bearer token.
	Token TokenSource
	// HTTP carries the transport: proxy, trusted certificates. Its redirect policy is replaced.
	HTTP *http.Client
	// Now is asked for the pace, and how far away the date of a Retry-After is.
	Now func() time.Time
	// Jitter returns a number from [0, 1) by which half of each back-off is multiplied, such as rand.Float64. Optional: nil waits the whole.
	Jitter func() float64
	// MaxRetryWait is the longest wait that is spent inside a call; who is asked to wait longer is told so at once. Optional: 30 s.
	MaxRetryWait time.Duration
	// UserAgent is sent with every request. Optional: "Rollcall".
	UserAgent string
	// Logger gets one debug record per repeated try. Optional.
	Logger *slog.Logger
}

// Client calls one service. It may be used by several goroutines; they share its pace.
type Client struct {
	config Config
	http   http.Client
	base   *url.URL
	pace   *pace
	slots  chan struct{} // one for each request that may be under way

	mu      sync.Mutex
	service *Service // what Discover found; nil before
}

const (
	requestTimeout      = 60 * time.Second // for one exchange, body included
	defaultMaxRetryWait = 30 * time.Second
	defaultUserAgent    = "Rollcall"
	maxRedirects        = 5
)

// New checks the configuration and makes no request. Its faults are Invalid and name the setting; what the program has to give is Internal.
func New(config Config) (*Client, error) {
	if config.HTTP == nil || config.Now == nil || config.Token == nil || config.Profile.Concurrency <= 0 {
		return nil, fault.New(fault.Internal, "", "scimclient: HTTP, Now, Token and a Profile are required")
	}
	base, err := address("the address of the SCIM service", config.BaseURL)
	if err != nil {
		return nil, err
	}
	if config.Jitter == nil {
		config.Jitter = func() float64 { return 1 }
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
		config: config, http: *config.HTTP, base: base,
		pace:  newPace(config.Profile.Rates, config.Now),
		slots: make(chan struct{}, config.Profile.Concurrency),
	}
	client.http.CheckRedirect = stayOnHost
	return client, nil
}

// address checks an address that a secret is sent to and returns it without a slash at its end. setting names it in the error.
func address(setting, text string) (*url.URL, error) {
	base, err := url.Parse(strings.TrimRight(strings.TrimSpace(text), "/"))
	switch {
	case err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "":
		return nil, fault.New(fault.Invalid, "InvalidURL", "%s is not an address such as https://example.com/scim/v2", setting).
			WithRemedy("Enter it without user name, query and fragment")
	case base.Scheme == "https", base.Scheme == "http" && loopback(base.Hostname()):
		return base, nil
	}
	return nil, fault.New(fault.Invalid, "InsecureURL", "%s does not begin with https://", setting).
		WithRemedy("Plain http is accepted for addresses of this machine only")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// stayOnHost refuses redirects that would take the token to another scheme, host or port, or make a GET of a write.
func stayOnHost(next *http.Request, via []*http.Request) error {
	first := via[0]
	switch {
	case next.URL.Scheme != first.URL.Scheme || !strings.EqualFold(next.URL.Host, first.URL.Host):
		return fault.New(fault.Invalid, LinkOffHost, "%s redirects to another host, %s, which is not followed", first.URL.Host, next.URL.Host).
			WithRemedy("Enter the address of the service itself; a proxy that asks people to sign in may be the cause")
	case next.Method != first.Method:
		return fault.New(fault.Invalid, LinkOffHost, "%s answers a %s with a redirect, which is not followed", first.URL.Host, first.Method).
			WithRemedy("Check the address of the service")
	case len(via) >= maxRedirects:
		return fault.New(fault.Invalid, LinkOffHost, "%s redirects without an end", first.URL.Host).WithRemedy("Check the address of the service")
	}
	return nil
}
