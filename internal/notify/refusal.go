package notify

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"

	mail "github.com/wneessen/go-mail"

	"rollcall/internal/fault"
)

// step is how far a conversation with a mail server came.
type step int

const (
	stepConnect step = iota
	stepTLS
	stepSignIn
	stepSender
	stepRecipient
	stepContent
)

// Codes of the faults about a mail server.
const (
	MailServerGone   = "MailServerGone"
	MailServerTLS    = "MailServerTLS"
	MailSignIn       = "MailSignIn"
	MailServerBusy   = "MailServerBusy"
	SenderRefused    = "SenderRefused"
	RecipientRefused = "RecipientRefused"
	MessageRefused   = "MessageRefused"
)

// refusal makes the fault of what went wrong with a mail server: what it answered to the letter, and what to do.
func (a Account) refusal(err error, at step) error {
	where := net.JoinHostPort(a.Host, fmt.Sprint(a.Port))
	tell := func(kind fault.Kind, code, what, remedy string) error {
		return fault.New(kind, code, "%s", what).WithRemedy("%s", remedy)
	}
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return a.silence(err, at, where, tell)
	}
	said := fmt.Sprintf("%d %s", answer.Code, oneLine(answer.Msg))
	if answer.Code < 500 {
		return tell(fault.Unavailable, MailServerBusy, fmt.Sprintf("the mail server %s answered: %s", where, said), "It may take mail later; mails are tried again by themselves.")
	}
	switch at {
	case stepRecipient:
		return tell(fault.Invalid, RecipientRefused, fmt.Sprintf("the mail server %s refused the recipient: %s", where, said),
			"Check the address; a server that refuses to relay wants a user and a password.")
	case stepContent:
		return tell(fault.Invalid, MessageRefused, fmt.Sprintf("the mail server %s refused the message: %s", where, said), "Ask whoever runs the mail server for its rules.")
	case stepSender:
		return tell(fault.Invalid, SenderRefused, fmt.Sprintf("the mail server %s refused the sender: %s", where, said),
			"Use a sender's address that the mail server's user may send from; some servers want a user and a password.")
	default:
		if answer.Code == 530 || answer.Code == 534 || answer.Code == 535 || answer.Code == 538 {
			return tell(fault.Invalid, MailSignIn, fmt.Sprintf("the mail server %s refused the sign-in: %s", where, said),
				"Check user and password; with two-step verification many providers want an app password.")
		}
		return tell(fault.Unavailable, MailServerGone, fmt.Sprintf("the mail server %s answered: %s", where, said), "Check host and port, and ask whoever runs the mail server.")
	}
}

// silence is for what went wrong without an answer of the server.
func (a Account) silence(err error, at step, where string, tell func(kind fault.Kind, code, what, remedy string) error) error {
	var certificate *tls.CertificateVerificationError
	var noTLS tls.RecordHeaderError
	var unknown x509.UnknownAuthorityError
	var name *net.DNSError
	why := oneLine(err.Error())
	switch {
	case errors.As(err, &certificate), errors.As(err, &unknown):
		return tell(fault.Invalid, MailServerTLS, fmt.Sprintf("the certificate of the mail server %s is not trusted: %s", where, why),
			"Use the name that the certificate is for. Authorities of your own are a setting of the server (rollcall serve --smtp-ca-file).")
	case errors.As(err, &noTLS):
		return tell(fault.Invalid, MailServerTLS, fmt.Sprintf("the mail server %s does not begin with TLS", where), "Use starttls, mostly on port 587.")
	case strings.Contains(why, "does not support STARTTLS"):
		return tell(fault.Invalid, MailServerTLS, fmt.Sprintf("the mail server %s does not offer STARTTLS", where), "Use implicit TLS, mostly on port 465.")
	case errors.Is(err, mail.ErrNoSupportedAuthDiscovered), strings.Contains(why, "does not support SMTP AUTH"):
		return tell(fault.Invalid, MailSignIn, fmt.Sprintf("the mail server %s offers no way to sign in that is known here", where),
			"Leave the user empty if the server takes mail without, or use the port for submission (587 or 465).")
	case errors.As(err, &name):
		return tell(fault.Unavailable, MailServerGone, fmt.Sprintf("there is no mail server with the name %s: %s", a.Host, why), "Check the name.")
	case at == stepConnect:
		return tell(fault.Unavailable, MailServerGone, fmt.Sprintf("the mail server %s does not answer: %s", where, why),
			"Check host and port, and whether a firewall lets this server reach them.")
	case at == stepTLS:
		return tell(fault.Unavailable, MailServerTLS, fmt.Sprintf("the mail server %s broke off while TLS was begun: %s", where, why), "Check port and TLS mode.")
	}
	return tell(fault.Unavailable, MailServerGone, fmt.Sprintf("the mail server %s broke off: %s", where, why), "Check port and TLS mode: 587 with starttls, 465 with implicit.")
}

// forGood reports whether trying again is no use.
func forGood(err error) bool {
	f := fault.Of(err)
	return f != nil && (f.Code == RecipientRefused || f.Code == MessageRefused)
}
