package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

// Email says how an organization sends mail. Its password is never told.
type Email struct {
	Source string `json:"source" enum:"organization,server,none" doc:"Whose mail server is used: the organization's own, the server's, or none."`
	Host   string `json:"host,omitempty" doc:"The mail server that is used."`
	From   string `json:"from,omitempty" doc:"The sender's address that is used."`
	// Port, TLS, User and PasswordSet describe the organization's own account.
	Port        int            `json:"port,omitempty" doc:"Port of the organization's own mail server."`
	TLS         notify.TLSMode `json:"tls,omitempty" enum:"starttls,implicit,none" doc:"How the way to it is protected."`
	User        string         `json:"user,omitempty" doc:"Who signs in there."`
	PasswordSet bool           `json:"passwordSet" doc:"A password is kept for it, sealed."`
	Language    string         `json:"language" enum:"en,fr" doc:"Language of mails."`
	OwnAllowed  bool           `json:"ownAllowed" doc:"The organization may have a mail server of its own."`
}

// EmailPatch changes how an organization sends mail; what is absent stays as it is.
type EmailPatch struct {
	Host     *string         `json:"host,omitempty" maxLength:"253" example:"smtp.example.com" doc:"Own mail server; empty: back to the server's, and the own one is forgotten."`
	Port     *int            `json:"port,omitempty" minimum:"1" maximum:"65535" example:"587" doc:"Its port; the usual one of the TLS mode if never told."`
	TLS      *notify.TLSMode `json:"tls,omitempty" enum:"starttls,implicit,none" doc:"starttls unless said otherwise; none only for a mail server on the same machine."`
	User     *string         `json:"user,omitempty" maxLength:"256" doc:"Who signs in; empty: nobody."`
	Password *string         `json:"password,omitempty" maxLength:"1024" writeOnly:"true" doc:"Sealed at rest and never told again. Another host, port, TLS mode or user needs it again."`
	From     *string         `json:"from,omitempty" maxLength:"254" example:"rollcall@example.com" doc:"Sender's address."`
	Language *string         `json:"language,omitempty" enum:"en,fr" doc:"Language of mails."`
}

// EmailTest asks for a test message.
type EmailTest struct {
	To string `json:"to" minLength:"3" maxLength:"254" example:"operations@example.com" doc:"Who gets it."`
}

// EmailTested is what became of it.
type EmailTested struct {
	To     string `json:"to" doc:"Who gets it."`
	Answer string `json:"answer" doc:"What the mail server said when it took the message."`
}

// EmailMessage is a mail of the last thirty days.
type EmailMessage struct {
	ID        ident.ID         `json:"id" format:"uuid" doc:"The mail's id."`
	Kind      notify.Kind      `json:"kind" enum:"quarantine-begun,quarantine-changed,disabled,held,credential-ends,overdue" doc:"What it is about."`
	To        string           `json:"to" doc:"Who gets it."`
	About     string           `json:"about" doc:"Name of the instance or credential."`
	State     notify.MailState `json:"state" enum:"waiting,sent,refused,given-up" doc:"How far it is."`
	Attempts  int              `json:"attempts" doc:"How often it was tried."`
	CreatedAt time.Time        `json:"createdAt" doc:"When what it tells of happened."`
	NextAt    time.Time        `json:"nextAt,omitzero" doc:"When it is tried next, if it waits."`
	SettledAt time.Time        `json:"settledAt,omitzero" doc:"When it was sent or given up."`
	Answer    string           `json:"answer,omitempty" doc:"What the mail server answered last."`
}

// Notification says who is told about an instance by e-mail (C5).
type Notification struct {
	Addresses []string `json:"addresses" nullable:"false" maxItems:"20" doc:"E-mail addresses."`
	OnFailure bool     `json:"onFailure" doc:"Send an email notification when a failure occurs."`
}

// NotificationPatch changes Notification; what is absent stays as it is, or, for a new instance, is nobody and false.
type NotificationPatch struct {
	Addresses *[]string `json:"addresses,omitempty" maxItems:"20" doc:"E-mail addresses, in place of those there are."`
	OnFailure *bool     `json:"onFailure,omitempty" doc:"Send an email notification when a failure occurs."`
}

// over returns what the patch makes of a notification; nil if there is no patch.
func (p *NotificationPatch) over(n engine.Notification) *engine.Notification {
	if p == nil {
		return nil
	}
	if p.Addresses != nil {
		n.Addresses = *p.Addresses
	}
	if p.OnFailure != nil {
		n.OnFailure = *p.OnFailure
	}
	return &n
}

func notificationOf(n engine.Notification) Notification {
	return Notification{Addresses: append([]string{}, n.Addresses...), OnFailure: n.OnFailure}
}

// listedMails is how many mails are listed.
const listedMails = 100

func (s *server) serveEmail() {
	serve(s, operation{
		id: "getEmail", method: http.MethodGet, path: inOrg + "/email", tag: "Organizations", summary: "Read how mail is sent",
	}, func(ctx context.Context, _ *InOrganization) (*body[Email], error) { return s.email(ctx) })
	serve(s, operation{
		id: "changeEmail", method: http.MethodPatch, path: inOrg + "/email", tag: "Organizations", summary: "Change how mail is sent",
		detail: "An own mail server, or the server's. The operator may forbid own ones.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body EmailPatch
	},
	) (*body[Email], error) {
		if err := s.Mail.ChangeSettings(ctx, orgOf(ctx), notify.Change(in.Body)); err != nil {
			return nil, err
		}
		return s.email(ctx)
	})
	serve(s, operation{
		id: "testEmail", method: http.MethodPost, path: inOrg + "/email/test", tag: "Organizations", summary: "Send a test message",
		detail: "Now, not through the outbox. A refusal says what the mail server answered, and what to do.", failures: []int{http.StatusConflict, http.StatusServiceUnavailable},
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body EmailTest
	},
	) (*body[EmailTested], error) {
		answer, err := s.Mail.TestMail(ctx, orgOf(ctx), in.Body.To)
		return reply(EmailTested{To: in.Body.To, Answer: answer}), err
	})
	serve(s, operation{
		id: "listEmailMessages", method: http.MethodGet, path: inOrg + "/email/messages", tag: "Organizations", summary: "List mails and what became of them",
		detail: "The newest hundred of those that wait or were settled in the last thirty days.",
	}, func(ctx context.Context, _ *InOrganization) (*body[List[EmailMessage]], error) {
		mails, err := s.Mail.Store.ListMails(ctx, orgOf(ctx), listedMails)
		return reply(List[EmailMessage]{Items: each(mails, emailMessageOf)}), err
	})
}

func (s *server) email(ctx context.Context) (*body[Email], error) {
	view, err := s.Mail.View(ctx, orgOf(ctx))
	out := Email{Source: view.Source, Host: view.Host, From: view.From, Language: view.Language, OwnAllowed: !view.Locked}
	if view.Source == notify.SourceOrganization {
		own := view.Settings
		out.Port, out.TLS, out.User, out.PasswordSet = own.Port, own.TLS, own.User, view.Password
	}
	return reply(out), err
}

func emailMessageOf(m notify.Mail) EmailMessage {
	out := EmailMessage{
		ID: m.ID, Kind: m.Kind, To: m.To, About: m.Facts.Instance + m.Facts.Name, State: m.State, Attempts: m.Attempts, CreatedAt: m.CreatedAt,
		SettledAt: m.SettledAt, Answer: m.Answer,
	}
	if m.State == notify.Waiting {
		out.NextAt = m.NextAt
	}
	return out
}
