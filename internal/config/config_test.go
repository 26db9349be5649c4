package config_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"

	"rollcall/internal/config"
	"rollcall/internal/fault"
)

// parse reads a command line as serve does.
func parse(t *testing.T, args ...string) config.Config {
	t.Helper()
	var c config.Config
	parser, err := kong.New(&c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.Parse(args); err != nil {
		t.Fatal(err)
	}
	return c
}

// good returns settings that pass.
func good(t *testing.T) config.Config {
	t.Helper()
	return parse(t, "--data", filepath.Join(t.TempDir(), "data"))
}

func TestTheDefaultsPassAndAreWhatTheDocumentsSay(t *testing.T) {
	t.Chdir(t.TempDir())
	c := parse(t)
	if err := c.Check(); err != nil {
		t.Error(err)
	}
	want := config.Config{
		Data: "rollcall-data", Listen: "127.0.0.1:8480", RateLimit: 200, LogLevel: "info", LogFormat: "text",
		SMTP:      config.SMTP{TLS: "starttls", Language: "en"},
		Retention: config.Retention{ChangesDays: 90, AuditDays: 400, ArchiveDays: 365},
	}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if c.PublicURL() != "http://127.0.0.1:8480" || c.TLS() {
		t.Errorf("public address %s, TLS %v", c.PublicURL(), c.TLS())
	}
}

func TestEverySettingCanComeFromTheEnvironmentAndTheFlagWins(t *testing.T) {
	for name, value := range map[string]string{
		"DATA": "d", "LISTEN": ":1", "BASE_URL": "https://r.example/", "TLS_CERT": "c", "TLS_KEY": "k",
		"TRUSTED_PROXIES": "10.0.0.0/8,192.0.2.7", "SEALING_KEY_FILE": "s", "RATE_LIMIT": "50", "LOG_LEVEL": "warn", "LOG_FORMAT": "json",
		"WORKLOAD_TOKEN_FILE": "w", "ALLOW_MANAGED_IDENTITY": "true",
		"CLOUD_NAME": "sim", "CLOUD_LOGIN_URL": "https://l", "CLOUD_GRAPH_URL": "https://g", "CLOUD_CA_FILE": "ca", "CLOCK_URL": "https://t",
		"SMTP_HOST": "m", "SMTP_PORT": "2525", "SMTP_TLS": "implicit", "SMTP_USER": "u", "SMTP_PASSWORD_FILE": "p", "SMTP_FROM": "f@example.com", "SMTP_LANGUAGE": "fr",
		"SMTP_CA_FILE": "sca", "SMTP_SERVER_ONLY": "true",
		"RETENTION_CHANGES_DAYS": "1", "RETENTION_AUDIT_DAYS": "2", "RETENTION_ARCHIVE_DAYS": "3",
		"RETENTION_MAX_CHANGES_DAYS": "4", "RETENTION_MAX_AUDIT_DAYS": "5", "RETENTION_MAX_ARCHIVE_DAYS": "6",
	} {
		t.Setenv("ROLLCALL_"+name, value)
	}
	want := config.Config{
		Data: "d", Listen: ":2", BaseURL: "https://r.example/", TLSCert: "c", TLSKey: "k",
		WorkloadTokenFile: "w", AllowManagedIdentity: true,
		TrustedProxies: []string{"10.0.0.0/8", "192.0.2.7"}, SealingKeyFile: "s", RateLimit: 50, LogLevel: "warn", LogFormat: "json",
		Cloud: config.Cloud{Name: "sim", LoginURL: "https://l", GraphURL: "https://g", CAFile: "ca"},
		SMTP: config.SMTP{
			Host: "m", Port: 2525, TLS: "implicit", User: "u", PasswordFile: "p", From: "f@example.com", Language: "fr", CAFile: "sca", ServerOnly: true,
		},
		ClockURL: "https://t", Retention: config.Retention{ChangesDays: 1, AuditDays: 2, ArchiveDays: 3, MaxChangesDays: 4, MaxAuditDays: 5, MaxArchiveDays: 6},
	}
	c := parse(t, "--listen", ":2")
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("settings (-want +got):\n%s", diff)
	}
	if c.PublicURL() != "https://r.example" {
		t.Errorf("public address %s", c.PublicURL())
	}
	var proxies []string
	for _, network := range c.Proxies() {
		proxies = append(proxies, network.String())
	}
	if diff := cmp.Diff([]string{"10.0.0.0/8", "192.0.2.7/32"}, proxies); diff != "" {
		t.Errorf("proxies (-want +got):\n%s", diff)
	}
}

func TestABadSettingIsNamedByFlagAndVariableWithItsRemedy(t *testing.T) {
	cert, key := certificate(t)
	_, otherKey := certificate(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	mail := config.SMTP{Host: "smtp.example.com", TLS: "starttls", From: "rollcall@example.com", Language: "en"}
	sim := config.Cloud{Name: "sim", LoginURL: "https://127.0.0.1:1", GraphURL: "http://127.0.0.1:2"}
	for name, test := range map[string]struct {
		spoil      func(*config.Config)
		flag, says string
	}{
		"no data folder":           {func(c *config.Config) { c.Data = "" }, "--data", "name the folder"},
		"data folder is a file":    {func(c *config.Config) { c.Data = file }, "--data", "choose a folder"},
		"data folder below a file": {func(c *config.Config) { c.Data = file + "/x" }, "--data", "choose a folder"},
		"listen without port":      {func(c *config.Config) { c.Listen = "localhost" }, "--listen", "host and port"},
		"listen on a bad port":     {func(c *config.Config) { c.Listen = "127.0.0.1:65536" }, "--listen", "host and port"},
		"listen on an address":     {func(c *config.Config) { c.Listen = "http://127.0.0.1:80" }, "--listen", "host and port"},
		"no base beyond loopback":  {func(c *config.Config) { c.Listen = ":8480" }, "--base-url", "https address"},
		"base without https":       {func(c *config.Config) { c.BaseURL = "http://r.example" }, "--base-url", "https://"},
		"base with a path":         {func(c *config.Config) { c.BaseURL = "https://r.example/x" }, "--base-url", "scheme and host"},
		"base without scheme":      {func(c *config.Config) { c.BaseURL = "r.example" }, "--base-url", "scheme and host"},
		"base with a user":         {func(c *config.Config) { c.BaseURL = "https://a:b@r.example" }, "--base-url", "scheme and host"},
		"certificate alone":        {func(c *config.Config) { c.TLSCert = cert }, "--tls-key", "too"},
		"key alone":                {func(c *config.Config) { c.TLSKey = key }, "--tls-cert", "too"},
		"no token of the workload": {func(c *config.Config) { c.WorkloadTokenFile = "/none" }, "--workload-token-file", "AZURE_FEDERATED_TOKEN_FILE"},
		"missing files":            {func(c *config.Config) { c.TLSCert, c.TLSKey = "/none", "/none" }, "--tls-cert", "PEM files"},
		"another's key":            {func(c *config.Config) { c.TLSCert, c.TLSKey = cert, otherKey }, "--tls-cert", "belong together"},
		"proxy by name":            {func(c *config.Config) { c.TrustedProxies = []string{"proxy"} }, "--trusted-proxies", "10.0.0.0/8"},
		"proxy is everybody":       {func(c *config.Config) { c.TrustedProxies = []string{"0.0.0.0/0"} }, "--trusted-proxies", "networks"},
		"a limit of nothing":       {func(c *config.Config) { c.RateLimit = 0 }, "--rate-limit", "from 1"},
		"log level":                {func(c *config.Config) { c.LogLevel = "loud" }, "--log-level", "debug"},
		"log format":               {func(c *config.Config) { c.LogFormat = "xml" }, "--log-format", "json"},
		"cloud without name":       {func(c *config.Config) { c.Cloud = sim; c.Cloud.Name = "" }, "--cloud-name", "name"},
		"cloud named as another":   {func(c *config.Config) { c.Cloud = sim; c.Cloud.Name = "GCC-High" }, "--cloud-name", "another name"},
		"cloud without login":      {func(c *config.Config) { c.Cloud = sim; c.Cloud.LoginURL = "" }, "--cloud-login-url", "address"},
		"cloud without https":      {func(c *config.Config) { c.Cloud = sim; c.Cloud.GraphURL = "http://g.example" }, "--cloud-graph-url", "https://"},
		"authorities missing":      {func(c *config.Config) { c.Cloud = sim; c.Cloud.CAFile = "/none" }, "--cloud-ca-file", "PEM"},
		"mail by a bad host":       {func(c *config.Config) { c.SMTP = mail; c.SMTP.Host = "smtp://x" }, "--smtp-host", "smtp.example.com"},
		"mail in the clear":        {func(c *config.Config) { c.SMTP = mail; c.SMTP.TLS = "none" }, "--smtp-tls", "starttls"},
		"mail without a sender":    {func(c *config.Config) { c.SMTP = mail; c.SMTP.From = "" }, "--smtp-from", "operations@example.com"},
		"mail without a host":      {func(c *config.Config) { c.SMTP = mail; c.SMTP.Host = "" }, "--smtp-host", "missing"},
		"mail with a lost file":    {func(c *config.Config) { c.SMTP = mail; c.SMTP.PasswordFile = "/none" }, "--smtp-password-file", "password"},
		"mail without any TLS CA":  {func(c *config.Config) { c.SMTP = mail; c.SMTP.CAFile = file }, "--smtp-ca-file", "no certificate"},
		"authorities without any":  {func(c *config.Config) { c.Cloud = sim; c.Cloud.CAFile = file }, "--cloud-ca-file", "no certificate"},
		"clock outside of tests":   {func(c *config.Config) { c.ClockURL = "http://127.0.0.1/clock" }, "--clock-url", "remove"},
		"clock without https":      {func(c *config.Config) { c.AllowClock, c.ClockURL = true, "http://t.example" }, "--clock-url", "https://"},
		"a bound below what holds": {func(c *config.Config) { c.Retention.MaxAuditDays = 399 }, "--retention-max-audit-days", "400 days of --retention-audit-days"},
		"changes kept for no time": {func(c *config.Config) { c.Retention.ChangesDays = 0 }, "--retention-changes-days", "from 1"},
		"audit kept for no time":   {func(c *config.Config) { c.Retention.AuditDays = -1 }, "--retention-audit-days", "from 1"},
		"archive kept for ever":    {func(c *config.Config) { c.Retention.ArchiveDays = 1e9 }, "--retention-archive-days", "36500"},
	} {
		t.Run(name, func(t *testing.T) {
			c := good(t)
			test.spoil(&c)
			err := c.Check()
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("Check() = %v, want invalid", err)
			}
			variable := "ROLLCALL_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(test.flag, "--"), "-", "_"))
			if text := err.Error(); !strings.HasPrefix(text, test.flag+" ("+variable+") ") ||
				!strings.Contains(text, test.says) || strings.Contains(text, "\n") {
				t.Errorf("Check() = %q, want one sentence that begins with %s (%s) and says %q", text, test.flag, variable, test.says)
			}
		})
	}
}

func TestEverythingWrongIsSaidAtOnce(t *testing.T) {
	err := (&config.Config{}).Check()
	if err == nil {
		t.Fatal("no settings at all pass")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 8 { // data, listen, rate, level, format, three retentions
		t.Errorf("%d problems:\n%v", len(lines), err)
	}
}

func TestUnusualButGoodSettingsPass(t *testing.T) {
	cert, key := certificate(t)
	for name, set := range map[string]func(*config.Config){
		"public":          func(c *config.Config) { c.Listen, c.BaseURL = ":443", "https://r.example/" },
		"own TLS":         func(c *config.Config) { c.TLSCert, c.TLSKey = cert, key },
		"IPv6 loopback":   func(c *config.Config) { c.Listen, c.BaseURL = "[::1]:0", "http://[::1]:8480" },
		"localhost":       func(c *config.Config) { c.Listen, c.BaseURL = "localhost:8480", "http://localhost:8480" },
		"proxies":         func(c *config.Config) { c.TrustedProxies = []string{"10.1.2.3/8", "::1", " 192.0.2.7"} },
		"clock of a test": func(c *config.Config) { c.AllowClock, c.ClockURL = true, "http://127.0.0.1:8481/sim/clock" },
		"cloud of a sandbox": func(c *config.Config) {
			c.Cloud = config.Cloud{Name: "sim", LoginURL: "https://[::1]:1", GraphURL: "http://localhost:2", CAFile: cert}
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := good(t)
			set(&c)
			if err := c.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheDataFolderIsMadeForItsOwnerOnly(t *testing.T) {
	c := good(t)
	if err := c.Check(); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(c.Data)
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder %v, %v, want mode 0700", info, err)
	}
	if left, err := os.ReadDir(c.Data); err != nil || len(left) != 0 {
		t.Errorf("checking left %v in it (%v)", left, err)
	}
}

// certificate makes a certificate and its key and returns their files.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: pkcs8}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}
