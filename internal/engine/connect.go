package engine

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// Credential is what somebody enters to prove an application.
type Credential struct {
	// Form; "" is FormCertificate with a certificate, else FormSecret.
	Form CredentialForm
	// ClientSecret is the secret's value; ExpiresAt when it ends, zero if that is not known.
	ClientSecret string
	ExpiresAt    time.Time
	// Certificate is the certificate with its private key, as one PEM text.
	Certificate string
}

// NewConnection describes a connection to make. It asks the tenant nothing.
type NewConnection struct {
	// TenantID may be "": then whoever signs in tells it.
	TenantID, Cloud, ClientID string
	Credential                Credential
}

// CreateConnection makes a connection that is not connected yet. One with the same tenant, cloud and client fails as fault.Conflict.
func (e *Engine) CreateConnection(ctx context.Context, org ident.ID, want NewConnection) (Connection, error) {
	now := e.Now()
	connection := Connection{
		ID: ident.New(now), OrgID: org, TenantID: strings.TrimSpace(want.TenantID), Cloud: cloudName(want.Cloud), ClientID: strings.TrimSpace(want.ClientID),
		State: NotConnected, Standing: Standing{Since: now}, CreatedAt: now,
	}
	var problems []error
	if connection.ClientID == "" {
		problems = append(problems, fault.New(fault.Invalid, "Missing", "a connection needs the client id of the app registration (--client-id)").
			WithRemedy("`rollcall entra register` says how to get one."))
	}
	if err := invalid(append(problems, e.CheckCloud(connection.Cloud), e.useCredential(&connection, want.Credential))); err != nil {
		return Connection{}, err
	}
	if connection.Form == FormManaged && connection.TenantID == "" {
		return Connection{}, fault.New(fault.Invalid, "Missing", "with a managed identity nobody signs in: the tenant's id is needed")
	}
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		existing, found, err := e.sameConnection(ctx, connection)
		switch {
		case err != nil:
			return err
		case found:
			return fault.New(fault.Conflict, "ConnectionExists", "the organization is connected with this tenant and application already: %s", existing.ID).
				WithRemedy("Use that connection, or change its credential.")
		}
		if err := e.Store.SaveConnection(ctx, connection); err != nil {
			return err
		}
		return e.recordConnection(ctx, connection, "connection.create", nil, connection.record())
	})
	return connection, err
}

// sameConnection finds one of the organization with the same tenant, cloud and client.
func (e *Engine) sameConnection(ctx context.Context, like Connection) (Connection, bool, error) {
	all, err := e.Store.ListConnections(ctx, like.OrgID)
	for _, c := range all {
		if strings.EqualFold(c.TenantID, like.TenantID) && c.Cloud == like.Cloud && strings.EqualFold(c.ClientID, like.ClientID) && c.ID != like.ID {
			return c, true, err
		}
	}
	return Connection{}, false, err
}

// useCredential makes a credential the connection's.
func (e *Engine) useCredential(connection *Connection, credential Credential) error {
	form := credential.Form
	if form == "" {
		if form = FormSecret; credential.Certificate != "" {
			form = FormCertificate
		}
	}
	if err := e.CheckForm(form); err != nil {
		return err
	}
	plain, thumbprint, ends := "", "", time.Time{}
	switch form {
	case FormSecret:
		if plain = strings.TrimSpace(credential.ClientSecret); plain == "" {
			return fault.New(fault.Invalid, "Missing", "the client secret is missing (--client-secret-file)")
		}
		ends = credential.ExpiresAt
		if err := e.checkSecretEnd(ends); err != nil {
			return err
		}
	case FormCertificate:
		certificate, err := graph.ParseCertificate(credential.Certificate)
		if err != nil {
			return err
		}
		plain, thumbprint, ends = credential.Certificate, certificate.Thumbprint, certificate.NotAfter
		if !ends.After(e.Now()) {
			return fault.New(fault.Invalid, "CertificateEnded", "the certificate ended on %s", ends.Format(time.DateOnly)).WithRemedy("Make a new one.")
		}
	case FormWorkload, FormManaged: // nothing is entered
	}
	connection.Form, connection.Thumbprint, connection.SealedSecret = form, thumbprint, nil
	connection.endSecret(ends)
	if plain == "" {
		return nil
	}
	var err error
	connection.SealedSecret, err = e.Seal(connection.ID, plain)
	return err
}

// ConnectionChange is what may be changed of a connection; nil fields stay as they are.
type ConnectionChange struct {
	// TenantID can be changed before the connection is used. ClientID comes with its Credential.
	TenantID, ClientID *string
	Credential         *Credential
}

// ChangeConnection changes a connection, and asks the tenant anew if it was asked before. Instances that share the connection and waited for
// another credential run at once.
func (e *Engine) ChangeConnection(ctx context.Context, org, id ident.ID, change ConnectionChange) (Connection, error) {
	return e.updateConnection(ctx, org, id, func(ctx context.Context, connection *Connection) error {
		before := connection.record()
		if err := e.changeConnection(ctx, connection, change); err != nil {
			return err
		}
		if connection.State == Refused {
			connection.Standing.CheckAt = e.Now()
		}
		if err := e.recordConnection(ctx, *connection, "connection.change", before, connection.record()); err != nil {
			return err
		}
		if change.Credential == nil {
			return nil
		}
		return e.syncOthers(ctx, *connection, ident.ID{})
	})
}

func (e *Engine) changeConnection(ctx context.Context, connection *Connection, change ConnectionChange) error {
	if change.TenantID != nil {
		users, err := e.sharing(ctx, *connection)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return fault.New(fault.Conflict, "ConnectionInUse", "an instance uses the connection, whose tenant stays the same").
				WithRemedy("Make another connection for another tenant.")
		}
		connection.TenantID = strings.TrimSpace(*change.TenantID)
	}
	if change.ClientID != nil {
		if change.Credential == nil || strings.TrimSpace(*change.ClientID) == "" {
			return fault.New(fault.Invalid, "Missing", "another app registration has another credential").
				WithRemedy("Enter its credential together with the client id.")
		}
		connection.ClientID = strings.TrimSpace(*change.ClientID)
	}
	if change.Credential == nil {
		return nil
	}
	return e.useCredential(connection, *change.Credential)
}

// DeleteConnection removes a connection that no instance uses, with its copy of the tenant. Nothing changes in Entra.
func (e *Engine) DeleteConnection(ctx context.Context, org, id ident.ID) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		connection, err := e.GetConnection(ctx, org, id)
		if err != nil {
			return err
		}
		if err := e.Store.DeleteConnection(ctx, id); err != nil {
			return err
		}
		return e.recordConnection(ctx, connection, "connection.delete", connection.record(), nil)
	})
}

// GetConnection returns a connection of the organization.
func (e *Engine) GetConnection(ctx context.Context, org, id ident.ID) (Connection, error) {
	connection, err := e.Store.Connection(ctx, id)
	if err == nil && connection.OrgID != org {
		return Connection{}, notFound("connection", id)
	}
	return connection, err
}

// updateConnection changes a connection of the organization in one transaction; of any for the zero organization.
func (e *Engine) updateConnection(ctx context.Context, org, id ident.ID, change func(context.Context, *Connection) error) (Connection, error) {
	var connection Connection
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if connection, err = e.Store.Connection(ctx, id); err != nil {
			return err
		}
		if !org.IsZero() && connection.OrgID != org {
			return notFound("connection", id)
		}
		if err := change(ctx, &connection); err != nil {
			return err
		}
		return e.Store.SaveConnection(ctx, connection)
	})
	return connection, err
}

// record is what the audit log tells of a connection.
func (c Connection) record() attr.Record {
	record := attr.From(map[string]any{"cloud": c.Cloud, "clientId": c.ClientID, "credential": string(c.Form), "state": string(c.State)})
	if c.TenantID != "" {
		record.Set("tenant", c.TenantID)
	}
	if c.Thumbprint != "" {
		record.Set("thumbprint", c.Thumbprint)
	}
	if !c.SecretExpiresAt.IsZero() {
		record.Set("expiresAt", stamp(c.SecretExpiresAt))
	}
	return record
}

func (e *Engine) recordConnection(ctx context.Context, connection Connection, action string, before, after attr.Record) error {
	return e.Directory.Record(ctx, audit.Event{
		OrgID: connection.OrgID, Action: action, ObjectID: connection.ID.String(), ObjectName: connection.name(), Before: before, After: after,
	})
}

// name is what people call the connection.
func (c Connection) name() string {
	switch {
	case c.Standing.TenantName != "":
		return c.Standing.TenantName
	case c.TenantID != "":
		return c.TenantID
	}
	return c.ClientID
}
