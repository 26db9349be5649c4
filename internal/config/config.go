// Package config reads and checks settings.
//
// A setting is a flag of `rollcall serve` and an environment variable of the same meaning; kong reads both into Config, the flag
// wins. Check then says everything that is wrong at once, so that nobody has to start the server five times.
package config

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"

	"rollcall/internal/notify"
	"rollcall/internal/secret"
)

// Config is what a server needs to know before it starts. The fields hold what was given; the methods give checked values. The sealing
// key itself is not a field, lest it be printed: package secret reads it from the environment or the named file.
type Config struct {
	// Data is the folder of the database and everything else that must survive a restart.
	Data string `default:"rollcall-data" env:"ROLLCALL_DATA" help:"Folder for the database." placeholder:"DIR"`
	// Listen is the address of the server: host and port.
	Listen string `default:"127.0.0.1:8480" env:"ROLLCALL_LISTEN" help:"Address to listen on." placeholder:"HOST:PORT"`
	// BaseURL is the address at which people and Microsoft reach the server; empty is right on loopback only. See PublicURL.
	BaseURL string `env:"ROLLCALL_BASE_URL" help:"Public address of the server, https except on this machine." name:"base-url" placeholder:"URL"`

	// TLSCert and TLSKey are PEM files; both or none.
	TLSCert string `env:"ROLLCALL_TLS_CERT" help:"Certificate file (PEM), with its chain." name:"tls-cert" placeholder:"FILE"`
	TLSKey  string `env:"ROLLCALL_TLS_KEY" help:"Private key file of the certificate (PEM)." name:"tls-key" placeholder:"FILE"`

	// TrustedProxies are networks or single addresses; who connects from there may say on whose behalf (product I1). See Proxies.
	TrustedProxies []string `env:"ROLLCALL_TRUSTED_PROXIES" help:"Networks of reverse proxies whose X-Forwarded headers count." placeholder:"CIDR"`

	// RateLimit is how many requests a second each bearer of a SCIM token may make.
	RateLimit int `default:"200" env:"ROLLCALL_RATE_LIMIT" help:"Requests per second that the bearer of one SCIM token may make." name:"rate-limit" placeholder:"N"`

	// SealingKeyFile holds the key that seals credentials; empty if ROLLCALL_SEALING_KEY has it.
	SealingKeyFile string `env:"ROLLCALL_SEALING_KEY_FILE" help:"File with the key that seals credentials; or set ROLLCALL_SEALING_KEY." placeholder:"FILE"`

	// WorkloadTokenFile holds a token that the platform signed for this workload; connections may prove themselves with it. Only the server's
	// configuration names files. AllowManagedIdentity lets connections use the identity of the machine.
	WorkloadTokenFile    string `env:"ROLLCALL_WORKLOAD_TOKEN_FILE" help:"File with the token of the workload's identity, for connections that use workload identity federation." name:"workload-token-file" placeholder:"FILE"`
	AllowManagedIdentity bool   `env:"ROLLCALL_ALLOW_MANAGED_IDENTITY" help:"Let connections use the managed identity of this machine." name:"allow-managed-identity"`

	// LogLevel and LogFormat are those of telemetry.NewLogger.
	LogLevel  string `default:"info" env:"ROLLCALL_LOG_LEVEL" help:"debug, info, warn or error." placeholder:"LEVEL"`
	LogFormat string `default:"text" env:"ROLLCALL_LOG_FORMAT" help:"text or json." placeholder:"FORMAT"`

	// Cloud is a cloud beside Microsoft's own; only the server's configuration can name one (design rule 18).
	Cloud Cloud `embed:"" envprefix:"ROLLCALL_CLOUD_" prefix:"cloud-"`

	// SMTP is the server's way to send e-mail.
	SMTP SMTP `embed:"" envprefix:"ROLLCALL_SMTP_" prefix:"smtp-"`

	// ClockURL makes the server follow another clock, a simulated tenant's. Refused unless AllowClock.
	ClockURL string `env:"ROLLCALL_CLOCK_URL" help:"Clock of a simulated tenant to follow (tests only)." hidden:"" name:"clock-url" placeholder:"URL"`

	// Retention says how long what happened is kept.
	Retention Retention `embed:"" envprefix:"ROLLCALL_RETENTION_" prefix:"retention-"`

	// AllowClock permits ClockURL. Test builds and the demo set it; there is no flag for it.
	AllowClock bool `kong:"-"`
}

// Cloud is a custom cloud: hosts that answer like Microsoft's login and Graph. All fields empty: there is none.
type Cloud struct {
	// Name is how connections name it.
	Name string `env:"NAME" help:"Name of a custom cloud." placeholder:"NAME"`
	// LoginURL and GraphURL are the addresses without tenant and version.
	LoginURL string `env:"LOGIN_URL" help:"Login address of the custom cloud." name:"login-url" placeholder:"URL"`
	GraphURL string `env:"GRAPH_URL" help:"Graph address of the custom cloud." name:"graph-url" placeholder:"URL"`
	// CAFile has certificate authorities (PEM) that are trusted for this cloud, beside the machine's; may be empty.
	CAFile string `env:"CA_FILE" help:"Certificate authorities of the custom cloud (PEM)." name:"ca-file" placeholder:"FILE"`
}

// SMTP is a mail server for all organizations that have none of their own. No host: there is none.
type SMTP struct {
	Host string `env:"HOST" help:"Mail server for notifications." placeholder:"HOST"`
	// Port is 0 for the usual one of the TLS mode.
	Port int    `env:"PORT" help:"Its port; 587, 465 or 25 if absent, by the TLS mode." placeholder:"N"`
	TLS  string `default:"starttls" env:"TLS" help:"starttls, implicit, or none (for a mail server on this machine)." placeholder:"MODE"`
	// User signs in with the password in PasswordFile; without a user nobody does.
	User         string `env:"USER" help:"User to sign in as." placeholder:"NAME"`
	PasswordFile string `env:"PASSWORD_FILE" help:"File with the user's password." name:"password-file" placeholder:"FILE"`
	From         string `env:"FROM" help:"Sender's address." placeholder:"ADDRESS"`
	Language     string `default:"en" env:"LANGUAGE" help:"Language of mails: en or fr; organizations may choose another." placeholder:"TAG"`
	// CAFile has certificate authorities (PEM) that are trusted beside the machine's, for all mail servers.
	CAFile string `env:"CA_FILE" help:"Certificate authorities of mail servers (PEM)." name:"ca-file" placeholder:"FILE"`
	// ServerOnly forbids organizations mail servers of their own.
	ServerOnly bool `env:"SERVER_ONLY" help:"Let organizations send with this mail server only." name:"server-only"`
}

// Account returns the account, with the password of the file.
func (s SMTP) Account() (notify.Account, error) {
	if s.Host == "" {
		return notify.Account{Language: s.Language}, nil
	}
	account := notify.Account{Host: s.Host, Port: s.Port, TLS: notify.TLSMode(s.TLS), User: s.User, From: s.From, Language: s.Language}
	if account.Port == 0 {
		account.Port = account.TLS.Port()
	}
	if s.PasswordFile != "" {
		text, err := os.ReadFile(s.PasswordFile)
		if err != nil {
			return account, err
		}
		account.Password = secret.Text(strings.TrimSpace(string(text)))
	}
	return account, nil
}

// Retention is in days (product I5). Organizations may choose for themselves, up to a bound where the operator sets one.
type Retention struct {
	// ChangesDays is how long before- and after-images of changes are kept.
	ChangesDays int `default:"90" env:"CHANGES_DAYS" help:"Days to keep the images of changes." placeholder:"DAYS"`
	// AuditDays is how long audit events are kept.
	AuditDays int `default:"400" env:"AUDIT_DAYS" help:"Days to keep audit events." placeholder:"DAYS"`
	// ArchiveDays is how long copies of purged users are kept.
	ArchiveDays int `default:"365" env:"ARCHIVE_DAYS" help:"Days to keep the archive of purged users." placeholder:"DAYS"`
	// The longest that an organization may choose; 0 for no bound.
	MaxChangesDays int `default:"0" env:"MAX_CHANGES_DAYS" help:"The longest that an organization may keep the images of changes; 0 for any." placeholder:"DAYS"`
	MaxAuditDays   int `default:"0" env:"MAX_AUDIT_DAYS" help:"The longest that an organization may keep audit events; 0 for any." placeholder:"DAYS"`
	MaxArchiveDays int `default:"0" env:"MAX_ARCHIVE_DAYS" help:"The longest that an organization may keep its archive; 0 for any." placeholder:"DAYS"`
}

// TLS reports whether the server itself speaks TLS.
func (c *Config) TLS() bool { return c.TLSCert != "" }

// PublicURL returns the address at which the server is reached, without a slash at its end: BaseURL, or what Listen says.
func (c *Config) PublicURL() string {
	if c.BaseURL != "" {
		return strings.TrimRight(c.BaseURL, "/")
	}
	if c.TLS() {
		return "https://" + c.Listen
	}
	return "http://" + c.Listen
}

// Proxies returns the networks of trusted proxies. Call it after Check: what is no network is left out.
func (c *Config) Proxies() []netip.Prefix {
	var networks []netip.Prefix
	for _, text := range c.TrustedProxies {
		if network, err := parseNetwork(text); err == nil {
			networks = append(networks, network)
		}
	}
	return networks
}

// parseNetwork reads 10.0.0.0/8 or one address.
func parseNetwork(text string) (netip.Prefix, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "/") {
		network, err := netip.ParsePrefix(text)
		return network.Masked(), err
	}
	address, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return netip.PrefixFrom(address, address.BitLen()), nil
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}

// listenHost returns the host of an address to listen on, "" for every interface.
func listenHost(listen string) (host string, valid bool) {
	host, port, err := net.SplitHostPort(listen)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	return host, err == nil && !strings.ContainsAny(host, "/ ")
}

// address reports whether text is an absolute http or https address without user, query and fragment, and whether it is safe: https,
// or on this machine.
func address(text string) (u *url.URL, valid, safe bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return nil, false, false
	}
	switch u.Scheme {
	case "https":
		return u, true, true
	case "http":
		return u, true, loopback(u.Hostname())
	}
	return nil, false, false
}
