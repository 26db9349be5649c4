package config

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/notify"
)

// setting is a setting by both its names, as people may have used either.
type setting struct{ flag, env string }

var (
	dataSetting       = setting{"--data", "ROLLCALL_DATA"}
	listenSetting     = setting{"--listen", "ROLLCALL_LISTEN"}
	baseSetting       = setting{"--base-url", "ROLLCALL_BASE_URL"}
	certSetting       = setting{"--tls-cert", "ROLLCALL_TLS_CERT"}
	keySetting        = setting{"--tls-key", "ROLLCALL_TLS_KEY"}
	proxySetting      = setting{"--trusted-proxies", "ROLLCALL_TRUSTED_PROXIES"}
	rateSetting       = setting{"--rate-limit", "ROLLCALL_RATE_LIMIT"}
	levelSetting      = setting{"--log-level", "ROLLCALL_LOG_LEVEL"}
	formatSetting     = setting{"--log-format", "ROLLCALL_LOG_FORMAT"}
	cloudNameSetting  = setting{"--cloud-name", "ROLLCALL_CLOUD_NAME"}
	cloudLoginSetting = setting{"--cloud-login-url", "ROLLCALL_CLOUD_LOGIN_URL"}
	cloudGraphSetting = setting{"--cloud-graph-url", "ROLLCALL_CLOUD_GRAPH_URL"}
	cloudCASetting    = setting{"--cloud-ca-file", "ROLLCALL_CLOUD_CA_FILE"}
	workloadSetting   = setting{"--workload-token-file", "ROLLCALL_WORKLOAD_TOKEN_FILE"}
	clockSetting      = setting{"--clock-url", "ROLLCALL_CLOCK_URL"}
	changesSetting    = setting{"--retention-changes-days", "ROLLCALL_RETENTION_CHANGES_DAYS"}
	auditSetting      = setting{"--retention-audit-days", "ROLLCALL_RETENTION_AUDIT_DAYS"}
	archiveSetting    = setting{"--retention-archive-days", "ROLLCALL_RETENTION_ARCHIVE_DAYS"}
	maxChangesSetting = setting{"--retention-max-changes-days", "ROLLCALL_RETENTION_MAX_CHANGES_DAYS"}
	maxAuditSetting   = setting{"--retention-max-audit-days", "ROLLCALL_RETENTION_MAX_AUDIT_DAYS"}
	maxArchiveSetting = setting{"--retention-max-archive-days", "ROLLCALL_RETENTION_MAX_ARCHIVE_DAYS"}
)

// problems collects one sentence for each bad setting.
type problems []string

// add says what is wrong with a setting and, after a colon, what to do.
func (p *problems) add(s setting, format string, args ...any) {
	*p = append(*p, s.flag+" ("+s.env+") "+fmt.Sprintf(format, args...))
}

// Check returns nil if a server can start with the settings, or one fault.Invalid with a line for every bad setting: its names, what
// is wrong, what to do. It makes the data folder if there is none, and reads the files that settings name.
func (c *Config) Check() error {
	var p problems
	c.checkData(&p)
	c.checkListen(&p)
	c.checkBaseURL(&p)
	c.checkTLS(&p)
	c.checkProxies(&p)
	c.checkRate(&p)
	c.checkLog(&p)
	c.Cloud.check(&p)
	c.checkWorkload(&p)
	c.SMTP.check(&p)
	c.checkClock(&p)
	c.Retention.check(&p)
	if len(p) == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "InvalidSettings", "%s", strings.Join(p, "\n"))
}

func (c *Config) checkData(p *problems) {
	if c.Data == "" {
		p.add(dataSetting, "is empty: name the folder for the database")
		return
	}
	err := os.MkdirAll(c.Data, 0o700)
	if err == nil {
		err = tryWriting(c.Data)
	}
	if err != nil {
		p.add(dataSetting, "%q cannot be written (%v): choose a folder in which this user may create files", c.Data, err)
	}
}

// tryWriting finds out what permissions, read-only mounts and full disks allow in the only way that is sure.
func tryWriting(dir string) error {
	file, err := os.CreateTemp(dir, ".write-test-*")
	if err != nil {
		return err
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

func (c *Config) checkListen(p *problems) {
	if _, valid := listenHost(c.Listen); !valid {
		p.add(listenSetting, "%q is not an address: give host and port, such as 127.0.0.1:8480 or :443", c.Listen)
	}
}

func (c *Config) checkBaseURL(p *problems) {
	if c.BaseURL == "" {
		if host, valid := listenHost(c.Listen); valid && !loopback(host) {
			p.add(baseSetting, "is missing, and the server listens beyond this machine: give the https address at which it is reached")
		}
		return
	}
	u, valid, safe := address(c.BaseURL)
	switch {
	case !valid || strings.Trim(u.Path, "/") != "":
		p.add(baseSetting, "%q is not the address of a server: give scheme and host only, such as https://rollcall.example.com", c.BaseURL)
	case !safe:
		p.add(baseSetting, "%q does not begin with https://: plain http is accepted for this machine only; set --tls-cert and --tls-key or use a proxy", c.BaseURL)
	}
}

func (c *Config) checkTLS(p *problems) {
	switch {
	case c.TLSCert == "" && c.TLSKey == "":
	case c.TLSKey == "":
		p.add(keySetting, "is missing beside --tls-cert: name the private key file too")
	case c.TLSCert == "":
		p.add(certSetting, "is missing beside --tls-key: name the certificate file too")
	default:
		if _, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey); err != nil {
			p.add(certSetting, "and --tls-key are no usable pair (%v): name PEM files that belong together and that this user may read", err)
		}
	}
}

func (c *Config) checkProxies(p *problems) {
	for _, text := range c.TrustedProxies {
		network, err := parseNetwork(text)
		switch {
		case err != nil:
			p.add(proxySetting, "%q is not a network: give addresses such as 10.0.0.0/8 or 192.0.2.7", text)
		case network.Bits() == 0:
			p.add(proxySetting, "%q is everybody, who could then pretend to be anybody: name the networks of the proxies", text)
		}
	}
}

// highestRate is more than a server answers, and so means no limit.
const highestRate = 1_000_000

func (c *Config) checkRate(p *problems) {
	if c.RateLimit < 1 || c.RateLimit > highestRate {
		p.add(rateSetting, "is %d: give a number of requests per second from 1 to %d", c.RateLimit, highestRate)
	}
}

func (c *Config) checkLog(p *problems) {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, c.LogLevel) {
		p.add(levelSetting, "%q is unknown: use debug, info, warn or error", c.LogLevel)
	}
	if !slices.Contains([]string{"text", "json"}, c.LogFormat) {
		p.add(formatSetting, "%q is unknown: use text or json", c.LogFormat)
	}
}

func (c Cloud) check(p *problems) {
	if c == (Cloud{}) {
		return
	}
	switch {
	case c.Name == "":
		p.add(cloudNameSetting, "is missing: name the custom cloud that the other --cloud settings describe")
	case slices.ContainsFunc(graph.Clouds(), func(known graph.Cloud) bool { return strings.EqualFold(known.Name, c.Name) }):
		p.add(cloudNameSetting, "%q is one of Microsoft's clouds, whose addresses are known: choose another name", c.Name)
	}
	checkAddress(p, cloudLoginSetting, c.LoginURL)
	checkAddress(p, cloudGraphSetting, c.GraphURL)
	checkAuthorities(p, cloudCASetting, c.CAFile)
}

func checkAuthorities(p *problems, s setting, file string) {
	if file == "" {
		return
	}
	text, err := os.ReadFile(file) //nolint:gosec // the operator's setting
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(text) {
		err = errors.New("no certificate in it")
	}
	if err != nil {
		p.add(s, "cannot be used (%v): name a PEM file with certificates that this user may read", err)
	}
}

// smtpSettings are the settings of the mail server by the code of what is wrong with them.
func smtpSetting(code string) setting {
	switch code {
	case "BadPort":
		return setting{"--smtp-port", "ROLLCALL_SMTP_PORT"}
	case "BadTLS", "TLSNeeded":
		return setting{"--smtp-tls", "ROLLCALL_SMTP_TLS"}
	case "BadUser", "MissingUser":
		return setting{"--smtp-user", "ROLLCALL_SMTP_USER"}
	case "BadLanguage":
		return setting{"--smtp-language", "ROLLCALL_SMTP_LANGUAGE"}
	case "BadEmail":
		return setting{"--smtp-from", "ROLLCALL_SMTP_FROM"}
	}
	return setting{"--smtp-host", "ROLLCALL_SMTP_HOST"}
}

func (s SMTP) check(p *problems) {
	checkAuthorities(p, setting{"--smtp-ca-file", "ROLLCALL_SMTP_CA_FILE"}, s.CAFile)
	account, err := s.Account()
	if err != nil {
		p.add(setting{"--smtp-password-file", "ROLLCALL_SMTP_PASSWORD_FILE"}, "cannot be read (%v): name a file with the password that this user may read", err)
		return
	}
	if s.Host == "" {
		err = notify.CheckLanguage(s.Language)
		if s.User != "" || s.From != "" || s.PasswordFile != "" {
			err = fault.New(fault.Invalid, "BadHost", "is missing beside the other --smtp settings")
		}
	} else {
		err = account.Check()
	}
	if wrong := fault.Of(err); wrong != nil {
		p.add(smtpSetting(wrong.Code), "does not do: %s. %s", wrong.Message, wrong.Remedy)
	}
}

func (c *Config) checkWorkload(p *problems) {
	if c.WorkloadTokenFile == "" {
		return
	}
	if _, err := os.ReadFile(c.WorkloadTokenFile); err != nil {
		p.add(workloadSetting, "cannot be read (%v): name the file that the platform writes, such as the one in AZURE_FEDERATED_TOKEN_FILE", err)
	}
}

func (c *Config) checkClock(p *problems) {
	switch {
	case c.ClockURL == "":
	case !c.AllowClock:
		p.add(clockSetting, "is for tests only: remove it, this server keeps the machine's time")
	default:
		checkAddress(p, clockSetting, c.ClockURL)
	}
}

func checkAddress(p *problems, s setting, text string) {
	_, valid, safe := address(text)
	switch {
	case !valid:
		p.add(s, "%q is not an address: give one such as https://graph.example.com", text)
	case !safe:
		p.add(s, "%q does not begin with https://: plain http is accepted for this machine only", text)
	}
}

// longestDays keeps deadlines within what times can express, and catches a slip of the finger.
const longestDays = 36_500

func (r Retention) check(p *problems) {
	for _, limit := range []struct {
		setting
		days, most int
		bound      setting
	}{
		{changesSetting, r.ChangesDays, r.MaxChangesDays, maxChangesSetting},
		{auditSetting, r.AuditDays, r.MaxAuditDays, maxAuditSetting},
		{archiveSetting, r.ArchiveDays, r.MaxArchiveDays, maxArchiveSetting},
	} {
		if limit.days < 1 || limit.days > longestDays {
			p.add(limit.setting, "is %d days: give a number from 1 to %d", limit.days, longestDays)
		}
		if limit.most != 0 && (limit.most < limit.days || limit.most > longestDays) {
			p.add(limit.bound, "is %d days: give a number from the %d days of %s to %d, or 0 for no bound", limit.most, limit.days, limit.flag, longestDays)
		}
	}
}
