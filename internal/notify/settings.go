package notify

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/secret"
)

// TLSMode is how the way to a mail server is protected.
type TLSMode string

// The modes.
const (
	// StartTLS begins in the clear and demands TLS before anything is said: port 587, mostly.
	StartTLS TLSMode = "starttls"
	// ImplicitTLS is TLS from the first byte: port 465.
	ImplicitTLS TLSMode = "implicit"
	// NoTLS is for a mail server on this machine only.
	NoTLS TLSMode = "none"
)

// TLSModes lists them.
func TLSModes() []TLSMode { return []TLSMode{StartTLS, ImplicitTLS, NoTLS} }

// Port is the usual one of the mode.
func (m TLSMode) Port() int {
	switch m {
	case ImplicitTLS:
		return 465
	case NoTLS:
		return 25
	default:
		return 587
	}
}

// Languages are those that mails are written in.
func Languages() []string { return []string{"en", "fr"} }

// Account is a way to send mail.
type Account struct {
	// Host is a name or an address; "" for no account.
	Host string
	Port int
	TLS  TLSMode
	// User signs in with Password; "" for a server that asks for neither.
	User     string
	Password secret.Text
	// From is the sender's address. Language is that of the texts.
	From, Language string
}

// Settings are what an organization has chosen. The zero value: the server's own account.
type Settings struct {
	OrgID ident.ID
	// Host, Port, TLS, User and From are as in Account; without a Host the server's account is used, and they mean nothing.
	Host string
	Port int
	TLS  TLSMode
	User string
	// SealedPassword is sealed by package secret; nil for none.
	SealedPassword []byte
	From           string
	// Language is that of the texts; "" for that of the server's account.
	Language  string
	ChangedAt time.Time
}

// Own reports whether the organization has an account of its own.
func (s Settings) Own() bool { return s.Host != "" }

// Check says what is wrong with an account, as a fault.Invalid; fields are named as in the API.
func (a Account) Check() error {
	switch {
	case !isHost(a.Host):
		return fault.New(fault.Invalid, "BadHost", "%q is not the name of a mail server", a.Host).WithRemedy("Enter a name such as smtp.example.com, without a port.")
	case a.Port < 1 || a.Port > 65535:
		return fault.New(fault.Invalid, "BadPort", "the port %d of the mail server is not between 1 and 65535", a.Port)
	case a.TLS != StartTLS && a.TLS != ImplicitTLS && a.TLS != NoTLS:
		return fault.New(fault.Invalid, "BadTLS", "%q is not a way to protect mail", a.TLS).WithRemedy("Use starttls, implicit or none.")
	case a.TLS == NoTLS && !loopback(a.Host):
		return fault.New(fault.Invalid, "TLSNeeded", "a mail server on another machine needs TLS").WithRemedy("Use starttls (port 587) or implicit (port 465).")
	case len(a.User) > 256 || strings.ContainsAny(a.User, "\r\n\x00"):
		return fault.New(fault.Invalid, "BadUser", "this cannot be a user of a mail server")
	case a.User == "" && a.Password != "":
		return fault.New(fault.Invalid, "MissingUser", "a password needs the user whose it is")
	}
	if err := CheckLanguage(a.Language); err != nil {
		return err
	}
	return CheckAddress(a.From)
}

// CheckLanguage refuses a language that mails are not written in; "" is none.
func CheckLanguage(tag string) error {
	if tag == "" || slices.Contains(Languages(), tag) {
		return nil
	}
	return fault.New(fault.Invalid, "BadLanguage", "mails are not written in %q", tag).WithRemedy("Use one of %s.", strings.Join(Languages(), ", "))
}

// isHost accepts names and addresses, and nothing that could be taken for more than that.
func isHost(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && len(host) <= 253 && !strings.HasPrefix(host, "-") && strings.Trim(host, ".") == host &&
		strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789.-") == ""
}

// loopback reports whether the host is this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && address.Unmap().IsLoopback()
}
