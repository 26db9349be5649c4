package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// Connection is the organization's access to one tenant.
type Connection struct {
	ID         ident.ID `json:"id" format:"uuid" doc:"The connection's id."`
	TenantID   string   `json:"tenantId,omitempty" doc:"The Entra tenant: its id or one of its domains; absent until somebody signed in there."`
	TenantName string   `json:"tenantName,omitempty" doc:"The organization's display name in Entra."`
	Cloud      string   `json:"cloud" doc:"The Microsoft cloud."`
	ClientID   string   `json:"clientId" doc:"The app registration in Entra, or the managed identity."`
	// Credential is told without what is secret.
	Credential KnownCredential        `json:"credential" doc:"What proves the application; nothing secret is told."`
	State      engine.ConnectionState `json:"state" enum:"not-connected,waiting-for-consent,connected,refused" doc:"How far the connection has come."`
	// Explanation says it in words.
	Explanation string          `json:"explanation" doc:"What the state means here and what to do."`
	Since       time.Time       `json:"since,omitzero" doc:"Since when it has the state."`
	Reason      *engine.Failure `json:"reason,omitempty" doc:"Why it is not connected, as the tenant said last."`
	NextCheckAt time.Time       `json:"nextCheckAt,omitzero" doc:"When the tenant is asked again by itself; absent if it is not."`
	SignedIn    string          `json:"signedIn,omitempty" doc:"The account that signed in last to set it up, for showing only."`
	Permissions []Permission    `json:"permissions" nullable:"false" doc:"What the product asks for, with its use."`
	Reading     Reading         `json:"reading" doc:"How far the tenant was read ahead of any run, for pickers and previews."`
	Warnings    []Expiry        `json:"warnings,omitempty" nullable:"false" doc:"That the credential ends within 30 days, or has ended."`
	InstanceIDs []ident.ID      `json:"instanceIds" nullable:"false" doc:"The instances that use it."`
	CreatedAt   time.Time       `json:"createdAt" doc:"When it was made."`
}

// KnownCredential is what may be told of a credential.
type KnownCredential struct {
	Form       engine.CredentialForm `json:"form" enum:"client-secret,certificate,workload-identity,managed-identity" doc:"What it is."`
	Thumbprint string                `json:"thumbprint,omitempty" doc:"Of the certificate, SHA-1, as Entra shows it."`
	ExpiresAt  time.Time             `json:"expiresAt,omitzero" doc:"When it ends, if that is known; announced 30, 7 and 1 day before."`
}

// NewCredential is a credential that somebody enters.
type NewCredential struct {
	Form         engine.CredentialForm `json:"form,omitempty" enum:"client-secret,certificate,workload-identity,managed-identity" doc:"Certificate if absent and there is one, else client-secret. The last two are for servers whose configuration allows them."`
	ClientSecret string                `json:"clientSecret,omitempty" maxLength:"4096" writeOnly:"true" doc:"The secret's value. Sealed at rest and never told again."`
	ExpiresAt    time.Time             `json:"expiresAt,omitzero" doc:"When the client secret ends, as Entra shows it; that of a certificate is read from it."`
	Certificate  string                `json:"certificate,omitempty" maxLength:"65536" writeOnly:"true" doc:"Certificate and private key (RSA, without a passphrase) as one PEM text. Sealed at rest and never told again."`
}

// NewConnection describes a connection to make.
type NewConnection struct {
	TenantID   string        `json:"tenantId,omitempty" maxLength:"256" example:"contoso.onmicrosoft.com" doc:"The Entra tenant: its id or one of its domains. If absent whoever signs in tells it."`
	Cloud      string        `json:"cloud,omitempty" maxLength:"64" example:"global" doc:"The Microsoft cloud; global if absent."`
	ClientID   string        `json:"clientId" minLength:"1" maxLength:"256" example:"9f2c6d0e-8a35-4e39-9f4f-2a1f6d7c3b10" doc:"The app registration in Entra."`
	Credential NewCredential `json:"credential" doc:"What proves the application."`
}

// ConnectionPatch changes a connection; what is absent stays as it is.
type ConnectionPatch struct {
	TenantID   *string        `json:"tenantId,omitempty" maxLength:"256" doc:"Another tenant, as long as no instance uses the connection."`
	ClientID   *string        `json:"clientId,omitempty" minLength:"1" maxLength:"256" doc:"Another app registration in the same tenant, with its credential."`
	Credential *NewCredential `json:"credential,omitempty" doc:"Replaces the credential; instances that share it run at once if Auto Sync is on."`
}

// Permission is an application permission of Microsoft Graph.
type Permission struct {
	Name    string `json:"name" doc:"How Entra lists it."`
	Use     string `json:"use" doc:"What it is used for."`
	Needed  bool   `json:"needed" doc:"Nothing works without it."`
	Granted bool   `json:"granted" doc:"The tenant had granted it when it was asked last."`
}

// Reading says how far a tenant was read.
type Reading struct {
	Stage     string          `json:"stage,omitempty" enum:"users,groups,done" doc:"What is being read; absent before the tenant is connected."`
	Users     int             `json:"users" doc:"Users read so far, by a first or full read."`
	Expected  int             `json:"expected" doc:"Users that the tenant announced; 0 if it did not."`
	Groups    int             `json:"groups" doc:"Groups read so far."`
	StartedAt time.Time       `json:"startedAt,omitzero" doc:"When it was begun."`
	DoneAt    time.Time       `json:"doneAt,omitzero" doc:"When it was done last."`
	Failure   *engine.Failure `json:"failure,omitempty" doc:"Why it rests for a while; it goes on by itself."`
}

// InConnection is the part of a request that names a connection.
type InConnection struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The connection's id."`
}

func (s *server) serveConnections() {
	serve(s, operation{
		id: "listConnections", method: http.MethodGet, path: inOrg + "/connections", tag: "Connections", summary: "List connections",
		detail: "The oldest first.",
	}, s.listConnections)
	serve(s, operation{
		id: "createConnection", method: http.MethodPost, path: inOrg + "/connections", tag: "Connections", summary: "Make a connection",
		detail: "It asks the tenant nothing yet: send somebody to Microsoft with sendToMicrosoft, or check it.", status: http.StatusCreated,
		failures: []int{http.StatusConflict},
	}, s.createConnection)
	serve(s, operation{
		id: "getConnection", method: http.MethodGet, path: inOrg + "/connections/{id}", tag: "Connections", summary: "Read a connection",
	}, s.onConnection(s.Engine.GetConnection))
	serve(s, operation{
		id: "changeConnection", method: http.MethodPatch, path: inOrg + "/connections/{id}", tag: "Connections", summary: "Change a connection",
		detail: "What is absent stays as it is.", failures: []int{http.StatusConflict},
	}, s.changeConnection)
	serve(s, operation{
		id: "deleteConnection", method: http.MethodDelete, path: inOrg + "/connections/{id}", tag: "Connections", summary: "Delete a connection",
		detail: "Only one that no instance uses. Nothing changes in Entra.", failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *InConnection) (*struct{}, error) {
		return nil, s.Engine.DeleteConnection(ctx, orgOf(ctx), in.ID)
	})
	serve(s, operation{
		id: "checkConnection", method: http.MethodPost, path: inOrg + "/connections/{id}/check", tag: "Connections", summary: "Ask the tenant now what it grants",
		detail: "That it refuses is the connection's state, and no error.",
	}, s.onConnection(s.Engine.CheckConnection))
	serve(s, operation{
		id: "awaitConsent", method: http.MethodPost, path: inOrg + "/connections/{id}/wait", tag: "Connections", summary: "Wait until an administrator of the tenant consents",
		detail: "For accounts that may not consent: they request it in Entra. The server asks by itself from now on, often at first.",
	}, s.onConnection(s.Engine.WaitForConsent))
	serve(s, operation{
		id: "readTenant", method: http.MethodPost, path: inOrg + "/connections/{id}/read", tag: "Connections", summary: "Read the tenant again, ahead of any run",
		detail: "Users, and the names and the nesting of groups, for pickers and previews. Nothing is written anywhere else.", failures: []int{http.StatusConflict},
	}, s.onConnection(s.Engine.ReadTenant))
	s.serveConsent()
	s.serveWithdrawal()
	s.serveTenantGroups()
}

// onConnection makes an operation of what is done with one connection.
func (s *server) onConnection(do func(ctx context.Context, org, id ident.ID) (engine.Connection, error)) func(context.Context, *InConnection) (*body[Connection], error) {
	return func(ctx context.Context, in *InConnection) (*body[Connection], error) {
		connection, err := do(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		out, err := s.connectionOf(ctx, connection)
		return reply(out), err
	}
}

func (s *server) listConnections(ctx context.Context, _ *InOrganization) (*body[List[Connection]], error) {
	found, err := s.Engine.Store.ListConnections(ctx, orgOf(ctx))
	if err != nil {
		return nil, err
	}
	items := make([]Connection, len(found))
	for i, connection := range found {
		if items[i], err = s.connectionOf(ctx, connection); err != nil {
			return nil, err
		}
	}
	return reply(List[Connection]{Items: items}), nil
}

func (c NewCredential) credential() engine.Credential {
	return engine.Credential{Form: c.Form, ClientSecret: c.ClientSecret, ExpiresAt: c.ExpiresAt, Certificate: c.Certificate}
}

func (s *server) createConnection(ctx context.Context, in *struct {
	InOrganization
	Body NewConnection
},
) (*created[Connection], error) {
	connection, err := s.Engine.CreateConnection(ctx, orgOf(ctx), engine.NewConnection{
		TenantID: in.Body.TenantID, Cloud: in.Body.Cloud, ClientID: in.Body.ClientID, Credential: in.Body.Credential.credential(),
	})
	if err != nil {
		return nil, err
	}
	out, err := s.connectionOf(ctx, connection)
	return &created[Connection]{Location: at(ctx, "/connections/%s", connection.ID), Body: out}, err
}

func (s *server) changeConnection(ctx context.Context, in *struct {
	InConnection
	Body ConnectionPatch
},
) (*body[Connection], error) {
	change := engine.ConnectionChange{TenantID: in.Body.TenantID, ClientID: in.Body.ClientID}
	if in.Body.Credential != nil {
		credential := in.Body.Credential.credential()
		change.Credential = &credential
	}
	connection, err := s.Engine.ChangeConnection(ctx, orgOf(ctx), in.ID, change)
	if err != nil {
		return nil, err
	}
	out, err := s.connectionOf(ctx, connection)
	return reply(out), err
}

func (s *server) connectionOf(ctx context.Context, c engine.Connection) (Connection, error) {
	instances, err := s.Engine.Store.ListInstances(ctx, c.OrgID)
	users := []ident.ID{}
	for _, instance := range instances {
		if instance.ConnectionID == c.ID {
			users = append(users, instance.ID)
		}
	}
	standing := c.Standing
	p := standing.Prefetch
	return Connection{
		ID: c.ID, TenantID: c.TenantID, TenantName: standing.TenantName, Cloud: c.Cloud, ClientID: c.ClientID,
		Credential: KnownCredential{Form: c.Form, Thumbprint: c.Thumbprint, ExpiresAt: c.SecretExpiresAt},
		State:      c.State, Explanation: c.Explain(), Since: standing.Since, Reason: standing.Reason, NextCheckAt: standing.CheckAt, SignedIn: standing.SignedIn,
		Permissions: permissions(standing.Permissions),
		Reading: Reading{
			Stage: p.Stage, Users: p.Read, Expected: p.Expected, Groups: p.Groups, StartedAt: p.StartedAt, DoneAt: p.DoneAt, Failure: p.Failure,
		},
		Warnings: each(c.Warnings(s.Now()), expiryOf), InstanceIDs: users, CreatedAt: c.CreatedAt,
	}, err
}

func permissions(granted []string) []Permission {
	return each(graph.Permissions(), func(p graph.Permission) Permission {
		return Permission{Name: p.Name, Use: p.Use, Needed: p.Needed, Granted: slices.Contains(granted, p.Name)}
	})
}

// TenantGroup is a group of the tenant, for pickers.
type TenantGroup struct {
	ID       string `json:"id" doc:"The group's object id."`
	Name     string `json:"name" doc:"Its display name."`
	Children int    `json:"children" doc:"How many groups are its direct members."`
}

func (s *server) serveTenantGroups() {
	serve(s, operation{
		id: "listTenantGroups", method: http.MethodGet, path: inOrg + "/connections/{id}/groups", tag: "Connections", summary: "Find groups of the tenant",
		detail: "By name, as they were read last.",
	}, func(ctx context.Context, in *struct {
		InConnection
		Paging
		Query  string `query:"q" maxLength:"256" doc:"A part of the name, without regard to case."`
		Parent string `query:"parent" maxLength:"64" doc:"The object id of a group whose direct members are wanted."`
	},
	) (*body[List[TenantGroup]], error) {
		if _, err := s.Engine.GetConnection(ctx, orgOf(ctx), in.ID); err != nil {
			return nil, err
		}
		key, err := in.key(byTenantGroup)
		if err != nil {
			return nil, err
		}
		id, name, _ := strings.Cut(key, " ")
		found, err := s.Engine.Store.ListTenantGroups(ctx, in.ID, engine.GroupSearch{Text: in.Query, Parent: in.Parent, AfterName: name, AfterID: id}, in.Limit+1)
		return reply(page(in.Paging, byTenantGroup, found,
			func(g engine.TenantGroup) string { return g.ID + " " + g.Name }, func(g engine.TenantGroup) TenantGroup { return TenantGroup(g) })), err
	})
}
