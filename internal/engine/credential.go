package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Credentials keeps what is known of the ends of client secrets. Methods join the transaction of the context.
type Credentials interface {
	// ExpiringConnections returns the connections of all organizations whose client secret ends before the time, the next one first. When the
	// end is not known, the connection is none of them.
	ExpiringConnections(ctx context.Context, before time.Time) ([]Connection, error)
}

// Setup is what administrators entered.
type Setup interface {
	Instances
	Services
	Credentials
	Connections
	TenantUsers
	TenantGroups
}

// The kinds of credentials whose ends are announced.
const (
	ClientSecret = "client-secret"
	APIToken     = "api-token"
	OAuthSecret  = "oauth-secret"
)

// announceEvery is how often the ends of credentials are looked at, by the clock of schedules.
const announceEvery = time.Minute

// announceEnds gives the notices that are due about client secrets, tokens and clients (B4), each once: as a log line here, by mail, and as an event in the
// audit log, which are written with the mark that it was given. It announces instances that are overdue, too. Who is late, because the server was down, gets the latest notice only.
func (e *Engine) announceEnds(ctx context.Context) error {
	now := e.Now()
	if last := e.announced.Load(); last != nil && now.Sub(*last).Abs() < announceEvery {
		return nil
	}
	connections, err := e.Store.ExpiringConnections(ctx, now.Add(directory.FirstNotice))
	if err != nil {
		return err
	}
	counts := map[directory.Notice]int{}
	for _, connection := range connections {
		counts[directory.NoticeOf(connection.SecretExpiresAt, now)]++
	}
	e.Observer.CredentialsExpiring(ClientSecret, counts)
	for _, connection := range connections {
		if directory.NoticeOf(connection.SecretExpiresAt, now) <= connection.SecretNotice {
			continue
		}
		if err := e.announceSecret(ctx, connection.ID); err != nil {
			return err
		}
	}
	if err := e.announceTokens(ctx); err != nil {
		return err
	}
	if err := e.announceClients(ctx); err != nil {
		return err
	}
	if err := e.announceIdle(ctx); err != nil {
		return err
	}
	e.announced.Store(&now)
	return nil
}

func (e *Engine) announceTokens(ctx context.Context) error {
	tokens, err := e.Directory.ExpiringTokens(ctx)
	if err != nil {
		return err
	}
	counts := map[directory.Notice]int{}
	for _, token := range tokens {
		counts[token.NoticeAt(e.Now())]++
	}
	e.Observer.CredentialsExpiring(APIToken, counts)
	for _, token := range tokens {
		var notice directory.Notice
		var given bool
		err := e.Store.InTx(ctx, func(ctx context.Context) error {
			var err error
			if notice, given, err = e.Directory.AnnounceToken(ctx, token.ID); err != nil || !given {
				return err
			}
			to, err := e.keepers(ctx, token.OrgID)
			if err != nil {
				return err
			}
			return e.tellEnd(ctx, ending{token.OrgID, token.ID, APIToken, token.Name, token.ExpiresAt, notice, "/tokens"}, to)
		})
		if err != nil {
			return err
		}
		if given {
			e.Logger.WarnContext(ctx, "a token of this server ends", "token", token.ID.String(), "expires_at", token.ExpiresAt, "notice", notice.String())
		}
	}
	return nil
}

// announceSecret gives the notice that is due about a connection's client secret to every instance that uses it.
func (e *Engine) announceSecret(ctx context.Context, id ident.ID) error {
	var connection Connection
	var told []Instance
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		told = nil
		connection, err = e.Store.Connection(ctx, id)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		notice := directory.NoticeOf(connection.SecretExpiresAt, e.Now())
		if err != nil || notice <= connection.SecretNotice {
			return err
		}
		connection.SecretNotice = notice
		if err := e.Store.SaveConnection(ctx, connection); err != nil {
			return err
		}
		if told, err = e.sharing(ctx, connection); err != nil {
			return err
		}
		after := attr.From(map[string]any{
			"expiresAt": connection.SecretExpiresAt.UTC().Format(time.RFC3339), "notice": notice.String(),
		})
		if err := e.tellSecret(ctx, connection, told); err != nil {
			return err
		}
		return e.recordSecret(ctx, connection, told, after)
	})
	if err != nil {
		return err
	}
	for _, instance := range told {
		e.Logger.WarnContext(ctx, "the client secret of the tenant ends", "instance", instance.ID.String(), "expires_at", connection.SecretExpiresAt,
			"notice", connection.SecretNotice.String())
	}
	return nil
}

// tellSecret has those told by mail who use the connection.
func (e *Engine) tellSecret(ctx context.Context, connection Connection, users []Instance) error {
	sort := ClientSecret
	if connection.Form == FormCertificate {
		sort = "certificate"
	}
	return e.tellEnd(ctx, ending{
		connection.OrgID, connection.ID, sort, connection.name(), connection.SecretExpiresAt, connection.SecretNotice, "/connections/" + connection.ID.String(),
	}, addresses(users))
}

// recordSecret records a notice with all instances that use the connection, or with the connection if there are none.
func (e *Engine) recordSecret(ctx context.Context, connection Connection, users []Instance, after attr.Record) error {
	if len(users) == 0 {
		return e.recordConnection(ctx, connection, "secret.expire", nil, after)
	}
	for _, instance := range users {
		if err := e.record(ctx, instance, "secret.expire", nil, after); err != nil {
			return err
		}
	}
	return nil
}

// sharing returns the instances that use the connection.
func (e *Engine) sharing(ctx context.Context, connection Connection) ([]Instance, error) {
	all, err := e.Store.ListInstances(ctx, connection.OrgID)
	users := all[:0]
	for _, instance := range all {
		if instance.ConnectionID == connection.ID {
			users = append(users, instance)
		}
	}
	return users, err
}

// Expiry is the end of a credential, which stops an instance if nobody acts.
type Expiry struct {
	// Code is SecretExpires or SecretExpired.
	Code string
	// Message says what, Remedy what to do about it.
	Message, Remedy string
	// At is when it stops, or stopped.
	At time.Time
}

// Warnings are about the credential of the connection: it ends within a month, or has ended.
func (c Connection) Warnings(now time.Time) []Expiry {
	notice := directory.NoticeOf(c.SecretExpiresAt, now)
	if notice == directory.NoNotice {
		return nil
	}
	what, warning := "client secret", Expiry{
		Code: "SecretExpires", At: c.SecretExpiresAt,
		Remedy: "Create a new one in Entra (App registrations > the app > Certificates & secrets) and enter it with " +
			"`rollcall instance renew-secret`.",
	}
	if c.Form == FormCertificate {
		what = "certificate"
		warning.Remedy = "Make a new one, upload its public part in Entra (App registrations > the app > Certificates & secrets) and enter it with " +
			"`rollcall connection credential`."
	}
	verb := "ends"
	if notice == directory.Ended {
		warning.Code, verb = "SecretExpired", "ended"
	}
	warning.Message = fmt.Sprintf("The %s of the tenant %s %s %s", what, c.TenantID, verb, directory.Until(c.SecretExpiresAt, now))
	return []Expiry{warning}
}

// changeCredential replaces what the connection of the instance signs in with, for all instances that share it.
func (e *Engine) changeCredential(ctx context.Context, instance Instance, change Change, before, after *attr.Record) error {
	if change.ClientSecret == nil && change.SecretExpiresAt == nil && change.ClientID == nil {
		return nil
	}
	if err := e.checkCredential(change); err != nil {
		return err
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return err
	}
	if change.ClientID != nil {
		before.Set("clientId", connection.ClientID)
		connection.ClientID = strings.TrimSpace(*change.ClientID)
		after.Set("clientId", connection.ClientID)
	}
	ends := connection.SecretExpiresAt
	if change.ClientSecret != nil {
		if connection.SealedSecret, err = e.Seal(connection.ID, *change.ClientSecret); err != nil {
			return err
		}
		connection.Form, connection.Thumbprint = FormSecret, ""
		ends = time.Time{}
		after.Set("clientSecret", "[replaced]")
	}
	if change.SecretExpiresAt != nil {
		ends = *change.SecretExpiresAt
	}
	if !ends.Equal(connection.SecretExpiresAt) {
		before.Set("secretExpiresAt", stamp(connection.SecretExpiresAt))
		after.Set("secretExpiresAt", stamp(ends))
	}
	connection.endSecret(ends)
	if err := e.Store.SaveConnection(ctx, connection); err != nil || change.ClientSecret == nil {
		return err
	}
	return e.syncOthers(ctx, connection, instance.ID)
}

// endSecret notes when the secret ends. Notices that were given about another end do not count.
func (c *Connection) endSecret(ends time.Time) {
	if !ends.Equal(c.SecretExpiresAt) {
		c.SecretExpiresAt, c.SecretNotice = ends, directory.NoNotice
	}
}

// stamp is a time for the audit log; nothing for none.
func stamp(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return at.UTC().Format(time.RFC3339)
}

// syncOthers starts a run of each other instance that shares the connection, since it may have waited for the new secret.
func (e *Engine) syncOthers(ctx context.Context, connection Connection, but ident.ID) error {
	users, err := e.sharing(ctx, connection)
	if err != nil {
		return err
	}
	for _, other := range users {
		if other.ID == but || !other.AutoSync {
			continue
		}
		if _, err := e.enqueue(ctx, other, Incremental, TriggerConfiguration, audit.ActorOf(ctx).Name); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) checkCredential(change Change) error {
	switch {
	case change.ClientSecret != nil && strings.TrimSpace(*change.ClientSecret) == "":
		return fault.New(fault.Invalid, "Missing", "the client secret is empty")
	case change.ClientID != nil && strings.TrimSpace(*change.ClientID) == "":
		return fault.New(fault.Invalid, "Missing", "the client id is empty")
	case change.ClientID != nil && change.ClientSecret == nil:
		return fault.New(fault.Invalid, "Missing", "another app registration has another client secret").
			WithRemedy("Enter the client secret together with the client id.")
	}
	if change.ClientID != nil {
		if err := CheckClientID(*change.ClientID); err != nil {
			return err
		}
	}
	if change.SecretExpiresAt != nil {
		return e.checkSecretEnd(*change.SecretExpiresAt)
	}
	return nil
}

// checkSecretEnd refuses an end that is over already; zero means that nobody knows it.
func (e *Engine) checkSecretEnd(ends time.Time) error {
	if ends.IsZero() || ends.After(e.Now()) {
		return nil
	}
	return fault.New(fault.Invalid, "SecretEnded", "the client secret cannot have ended already, on %s", ends.UTC().Format(time.DateOnly)).
		WithRemedy("Enter the date that Entra shows beside the secret (App registrations > the app > Certificates & secrets), or none.")
}
