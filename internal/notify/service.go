package notify

import (
	"context"
	"crypto/x509"
	"log/slog"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/secret"
)

// Store keeps settings and the outbox. Methods join the transaction of the context.
type Store interface {
	// InTx runs fn in one transaction; one in the context already is joined.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	// MailSettings returns those of an organization; the zero value with its id if it has none.
	MailSettings(ctx context.Context, org ident.ID) (Settings, error)
	// SaveMailSettings inserts or replaces.
	SaveMailSettings(ctx context.Context, settings Settings) error
	// InsertMail adds a mail; one with the same organization, key and recipient stays alone.
	InsertMail(ctx context.Context, mail Mail) error
	// DueMails returns waiting mails whose next attempt is due, the first due ones first.
	DueMails(ctx context.Context, now time.Time, limit int) ([]Mail, error)
	// SaveMail replaces state, attempts, times and answer of a waiting mail with so many attempts; otherwise it fails as fault.Stale.
	SaveMail(ctx context.Context, mail Mail, attempts int) error
	// ListMails returns the newest mails of an organization.
	ListMails(ctx context.Context, org ident.ID, limit int) ([]Mail, error)
	// DropMails removes mails that were settled before the time.
	DropMails(ctx context.Context, before time.Time) (int, error)
}

// Recorder writes the audit log.
type Recorder interface {
	Record(ctx context.Context, event audit.Event) error
}

// Metrics counts what becomes of mails.
type Metrics interface {
	// CountMail counts an attempt by kind of mail, and outcome: sent, failed, refused or given-up.
	CountMail(kind, outcome string)
}

// Config is what a Service is made of. All fields but Default, Locked and Roots are required.
type Config struct {
	Store    Store
	Recorder Recorder
	Metrics  Metrics
	Logger   *slog.Logger
	Now      func() time.Time
	// Seal seals an organization's password; Open gives it back.
	Seal func(org ident.ID, password string) ([]byte, error)
	Open func(org ident.ID, sealed []byte) (string, error)
	// Default is the account for organizations without one of their own; without a Host there is none. Locked forbids them their own.
	Default Account
	Locked  bool
	// Roots are the authorities that certificates of mail servers may come from; nil for the machine's.
	Roots *x509.CertPool
	// BaseURL returns the public address of the server, for links.
	BaseURL func() string
}

// Service keeps the settings of e-mail and sends it.
type Service struct {
	Config
	words map[string]words
}

// New returns a service. Run sends.
func New(config Config) (*Service, error) {
	catalogues, err := loadWords()
	if err != nil {
		return nil, err
	}
	if config.Default.Host != "" {
		if err := config.Default.Check(); err != nil {
			return nil, err
		}
	}
	return &Service{Config: config, words: catalogues}, nil
}

// View is how e-mail is set for an organization. No password is in it.
type View struct {
	// Settings are the organization's own. Password: it has one.
	Settings Settings
	Password bool
	// Source says which account is used: SourceOrganization, SourceServer, or SourceNone. Host and From are that account's, Language that of the texts.
	Source               string
	Host, From, Language string
	// Locked: the operator forbids organizations their own accounts. Server: there is an account of the server.
	Locked, Server bool
}

// Where the account that is used comes from.
const (
	SourceOrganization = "organization"
	SourceServer       = "server"
	SourceNone         = "none"
)

// View tells how e-mail is set for an organization.
func (s *Service) View(ctx context.Context, org ident.ID) (View, error) {
	settings, err := s.Store.MailSettings(ctx, org)
	if err != nil {
		return View{}, err
	}
	view := View{Settings: settings, Password: len(settings.SealedPassword) > 0, Locked: s.Locked, Server: s.Default.Host != "", Source: SourceNone}
	view.Language = s.language(settings)
	switch {
	case settings.Own() && !s.Locked:
		view.Source, view.Host, view.From = SourceOrganization, settings.Host, settings.From
	case view.Server:
		view.Source, view.Host, view.From = SourceServer, s.Default.Host, s.Default.From
	}
	return view, nil
}

func (s *Service) language(settings Settings) string {
	for _, name := range []string{settings.Language, s.Default.Language} {
		if name != "" {
			return name
		}
	}
	return Languages()[0]
}

// CanSend reports whether there is an account for the organization.
func (s *Service) CanSend(ctx context.Context, org ident.ID) (bool, error) {
	view, err := s.View(ctx, org)
	return view.Source != SourceNone, err
}

// account returns the account that mails of an organization go by; found is false if there is none.
func (s *Service) account(ctx context.Context, org ident.ID) (account Account, found bool, err error) {
	settings, err := s.Store.MailSettings(ctx, org)
	if err != nil {
		return Account{}, false, err
	}
	if !settings.Own() || s.Locked {
		account = s.Default
		account.Language = s.language(settings)
		return account, account.Host != "", nil
	}
	account = Account{Host: settings.Host, Port: settings.Port, TLS: settings.TLS, User: settings.User, From: settings.From, Language: s.language(settings)}
	if len(settings.SealedPassword) > 0 {
		plain, err := s.Open(org, settings.SealedPassword)
		if err != nil {
			return Account{}, false, err
		}
		account.Password = secret.Text(plain)
	}
	return account, true, nil
}

// Change is what may be changed of an organization's settings; nil fields stay as they are.
type Change struct {
	// Host ""; back to the server's account, and the own one is forgotten with its password. A new host needs all that belongs to it.
	Host *string
	Port *int
	TLS  *TLSMode
	// User "" signs in no more, and the password is forgotten.
	User *string
	// Password replaces the one that is kept. Another host or user needs it again: the old password is not told to another server.
	Password *string
	From     *string
	// Language "" is that of the server's account.
	Language *string
}

// ChangeSettings changes how an organization sends mail. Errors of what was entered are fault.Invalid.
func (s *Service) ChangeSettings(ctx context.Context, org ident.ID, change Change) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		was, err := s.Store.MailSettings(ctx, org)
		if err != nil {
			return err
		}
		is, replaced, err := s.changed(was, change)
		if err != nil {
			return err
		}
		before, after := differences(was, is)
		if replaced {
			after.Set("password", "[replaced]")
		}
		if len(before)+len(after) == 0 {
			return nil
		}
		is.ChangedAt = s.Now()
		if err := s.Store.SaveMailSettings(ctx, is); err != nil {
			return err
		}
		return s.Recorder.Record(ctx, audit.Event{OrgID: org, Action: "email.change", ObjectID: org.String(), ObjectName: is.Host, Before: before, After: after})
	})
}

// changed returns what the change makes of settings, and whether the password is another one.
func (s *Service) changed(settings Settings, change Change) (Settings, bool, error) {
	was := settings
	put(&settings.Host, change.Host)
	put(&settings.Port, change.Port)
	put(&settings.TLS, change.TLS)
	put(&settings.User, change.User)
	put(&settings.From, change.From)
	put(&settings.Language, change.Language)
	if err := CheckLanguage(settings.Language); err != nil {
		return was, false, err
	}
	if !settings.Own() {
		return Settings{OrgID: settings.OrgID, Language: settings.Language}, false, nil
	}
	if s.Locked && (!was.Own() || settings.Host != was.Host) {
		return was, false, fault.New(fault.Denied, "MailLocked", "organizations of this server send mail with the server's account").
			WithRemedy("That is a setting of the server: rollcall serve --smtp-server-only.")
	}
	if settings.TLS == "" {
		settings.TLS = StartTLS
	}
	if settings.Port == 0 {
		settings.Port = settings.TLS.Port()
	}
	account := Account{Host: settings.Host, Port: settings.Port, TLS: settings.TLS, User: settings.User, From: settings.From, Language: settings.Language}
	entered := change.Password != nil && *change.Password != ""
	if entered {
		account.Password = secret.Text(*change.Password)
	}
	if err := account.Check(); err != nil {
		return was, false, err
	}
	moved := settings.Host != was.Host || settings.Port != was.Port || settings.User != was.User || settings.TLS != was.TLS
	switch {
	case entered:
		sealed, err := s.Seal(settings.OrgID, *change.Password)
		settings.SealedPassword = sealed
		return settings, true, err
	case settings.User == "":
		settings.SealedPassword = nil
		return settings, len(was.SealedPassword) > 0, nil
	case moved || change.Password != nil || len(was.SealedPassword) == 0:
		return was, false, fault.New(fault.Invalid, "MissingPassword", "the user of a mail server needs his password, also when server or user are others now").
			WithRemedy("Enter the password, or leave the user empty.")
	}
	return settings, false, nil
}

func put[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// differences are those of two settings for the audit log, without passwords.
func differences(was, is Settings) (before, after attr.Record) {
	for _, field := range []struct {
		name    string
		was, is any
	}{
		{"host", was.Host, is.Host},
		{"port", float64(was.Port), float64(is.Port)},
		{"tls", string(was.TLS), string(is.TLS)},
		{"user", was.User, is.User},
		{"from", was.From, is.From},
		{"language", was.Language, is.Language},
	} {
		if field.was != field.is {
			before.Set(field.name, field.was)
			after.Set(field.name, field.is)
		}
	}
	return before, after
}

// TestMail sends a test message now, and returns what the mail server said when it took it. Errors are faults that say what it answered else.
func (s *Service) TestMail(ctx context.Context, org ident.ID, to string) (string, error) {
	if err := CheckAddress(to); err != nil {
		return "", err
	}
	account, found, err := s.account(ctx, org)
	if err != nil {
		return "", err
	}
	if !found {
		return "", noAccount()
	}
	mail := Mail{ID: ident.New(s.Now()), OrgID: org, Kind: Test, To: to, Facts: Facts{Path: "/org/" + org.String() + "/email"}, CreatedAt: s.Now()}
	answer, err := s.send(ctx, account, mail)
	outcome := attr.From(map[string]any{"to": to})
	if err != nil {
		outcome.Set("failed", fault.Of(err).Message)
	}
	recorded := s.Recorder.Record(ctx, audit.Event{OrgID: org, Action: "email.test", ObjectID: org.String(), ObjectName: account.Host, After: outcome})
	if err != nil {
		return "", err
	}
	return answer, recorded
}

func noAccount() error {
	return fault.New(fault.Conflict, "NoMailServer", "no mail server is set").WithRemedy("Set one under Organization settings > E-mail, or with the server (rollcall serve --smtp-host).")
}

// send writes and posts a mail.
func (s *Service) send(ctx context.Context, account Account, mail Mail) (string, error) {
	message, err := s.words[account.Language].write(account.Language, mail.Kind, mail.Facts, s.BaseURL())
	if err != nil {
		return "", err
	}
	return account.post(ctx, letterTo{Message: message, to: mail.To, id: messageID(mail, account.From), at: s.Now()}, s.Roots)
}
