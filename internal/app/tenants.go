package app

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/secret"
)

// tenants makes the Graph client of each connection once, so that its token and its connections are used again, and anew when the
// connection or its secret changed.
type tenants struct {
	clouds  map[string]graph.Cloud
	http    *http.Client
	sealer  *secret.Sealer
	now     func() time.Time
	logger  *slog.Logger
	observe func(graph.Call)
	version string
	// workloadFile holds the token of the workload's identity; "" where there is none. managed: connections may use the machine's identity.
	workloadFile string
	managed      bool

	mu    sync.Mutex
	known map[ident.ID]tenant
}

type tenant struct {
	connection engine.Connection
	client     *graph.Client
}

// sealContext ties a sealed secret to its connection.
func sealContext(connection ident.ID) string { return "connection/" + connection.String() }

// seal seals a connection's client secret.
func (t *tenants) seal(connection ident.ID, plain string) ([]byte, error) {
	return t.sealer.Seal(plain, sealContext(connection))
}

// open gives a connection's credential back.
func (t *tenants) open(connection ident.ID, sealed []byte) (string, error) {
	plain, err := t.sealer.Open(sealed, sealContext(connection))
	return plain.Reveal(), err
}

// sealValue seals a value in an instance's journal.
func (t *tenants) sealValue(instance ident.ID, plain string) ([]byte, error) {
	return t.sealer.Seal(plain, valueContext(instance))
}

// openValue gives a value back that sealValue sealed.
func (t *tenants) openValue(instance ident.ID, sealed []byte) (string, error) {
	plain, err := t.sealer.Open(sealed, valueContext(instance))
	return plain.Reveal(), err
}

// valueContext ties a sealed value to its instance.
func valueContext(instance ident.ID) string { return "journal/" + instance.String() }

// checkCloud fails as fault.Invalid for a cloud that this server does not know.
func (t *tenants) checkCloud(name string) error {
	if _, ok := t.clouds[name]; ok {
		return nil
	}
	names := make([]string, 0, len(t.clouds))
	for _, cloud := range graph.Clouds() {
		names = append(names, cloud.Name)
	}
	for known := range t.clouds {
		if !slices.Contains(names, known) {
			names = append(names, known)
		}
	}
	return fault.New(fault.Invalid, "UnknownCloud", "the cloud %q (--cloud) is not known to this server", name).
		WithRemedy("Use one of %s; a cloud of your own is a setting of the server (rollcall serve --cloud-name).", strings.Join(names, ", "))
}

// tenant returns the way to a connection's tenant.
func (t *tenants) tenant(connection engine.Connection) (mirror.Tenant, error) {
	return t.client(connection)
}

// login returns the way to the login service of a connection's tenant.
func (t *tenants) login(connection engine.Connection) (engine.Login, error) {
	return t.client(connection)
}

func (t *tenants) client(connection engine.Connection) (*graph.Client, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if known, ok := t.known[connection.ID]; ok && same(known.connection, connection) {
		return known.client, nil
	}
	if err := t.checkCloud(connection.Cloud); err != nil {
		return nil, err
	}
	config := graph.Config{
		Cloud: t.clouds[connection.Cloud], TenantID: connection.TenantID, SignInOnly: connection.TenantID == "", ClientID: connection.ClientID,
		HTTP: t.http, Now: t.now, Jitter: rand.Float64, Logger: t.logger, UserAgent: "Rollcall/" + t.version, Observe: t.observe,
	}
	if err := t.prove(&config, connection); err != nil {
		return nil, err
	}
	client, err := graph.NewClient(config)
	if err != nil {
		return nil, err
	}
	t.known[connection.ID] = tenant{connection, client}
	return client, nil
}

func same(a, b engine.Connection) bool {
	return a.TenantID == b.TenantID && a.Cloud == b.Cloud && a.ClientID == b.ClientID && a.Form == b.Form && bytes.Equal(a.SealedSecret, b.SealedSecret)
}

// graphHTTP returns the client for Graph: the machine's proxy settings and certificates, and those of caFile if there is one.
func graphHTTP(caFile string) (*http.Client, error) {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConns: 32, MaxIdleConnsPerHost: 8,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 15 * time.Second, ExpectContinueTimeout: time.Second,
	}
	roots, err := cloudRoots(caFile)
	if err != nil {
		return nil, err
	}
	if roots != nil {
		transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	}
	return &http.Client{Transport: transport}, nil
}

// cloudRoots returns the authorities that are trusted for a custom cloud: those of a file beside the machine's. nil without a file: the
// machine's alone.
func cloudRoots(caFile string) (*x509.CertPool, error) {
	if caFile == "" {
		return nil, nil
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool() // a machine without certificates of its own
	}
	text, err := os.ReadFile(caFile) //nolint:gosec // the operator's setting
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "CAFile", err, "the certificates of the custom cloud cannot be read")
	}
	if !pool.AppendCertsFromPEM(text) {
		return nil, fault.New(fault.Invalid, "CAFile", "%s holds no certificate in PEM form", caFile)
	}
	return pool, nil
}

// cloudsOf returns the clouds of Microsoft and the custom one.
func cloudsOf(custom graph.Cloud) (map[string]graph.Cloud, error) {
	clouds := map[string]graph.Cloud{}
	for _, cloud := range graph.Clouds() {
		clouds[cloud.Name] = cloud
	}
	if custom.Name == "" {
		return clouds, nil
	}
	if _, taken := clouds[custom.Name]; taken {
		return nil, fault.New(fault.Invalid, "CloudName", "the custom cloud cannot be named %q, as one of Microsoft's", custom.Name).
			WithRemedy("Give it another name, such as %q.", fmt.Sprintf("my-%s", custom.Name))
	}
	clouds[custom.Name] = custom
	return clouds, nil
}
