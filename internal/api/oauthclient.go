package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/oauth"
	"rollcall/internal/scim"
)

// Client is a program that gets access tokens for SCIM (OAuth 2.0).
type Client struct {
	ID       ident.ID         `json:"id" format:"uuid" doc:"The client's id: client_id."`
	Name     string           `json:"name" doc:"What the client is for."`
	Role     directory.Role   `json:"role" enum:"scim-writer,scim-reader" doc:"The most that an access token may be asked for."`
	Source   directory.Source `json:"source" enum:"SCIM,AAD,AD,OKTA" doc:"On whose behalf it writes."`
	Profile  scim.Profile     `json:"profile" enum:"entra,strict" doc:"How its requests are read."`
	TakeOver bool             `json:"takeOver,omitempty" doc:"What somebody else manages becomes its source's when it writes to it."`
	State    string           `json:"state" enum:"good,revoked,orphaned" doc:"Whether it gets tokens now. Orphaned: its administrator is none any more."`
	// Federation is whose assertions are taken; absent for a client with secrets.
	Federation *Federation    `json:"federation,omitempty" doc:"Whose assertions are taken; absent for a client with secrets."`
	Secrets    []ClientSecret `json:"secrets" nullable:"false" doc:"Its secrets, the oldest first; they are never told."`
	CreatedAt  time.Time      `json:"createdAt" doc:"When it was made."`
	RevokedAt  time.Time      `json:"revokedAt,omitzero" doc:"When it was revoked."`
	Warning    *Expiry        `json:"warning,omitempty" doc:"Its newest secret ends within 30 days, or has ended; absent for one that was made for less."`
	// TokenURL and TenantURL are what the page of the program asks for that will be the client.
	TokenURL  string `json:"tokenUrl" format:"uri" doc:"Where it asks for access tokens."`
	TenantURL string `json:"tenantUrl" format:"uri" doc:"Where the organization's SCIM service is."`
}

// Federation is what an assertion must say that another issuer signed (RFC 7523).
type Federation struct {
	Issuer   string `json:"issuer" minLength:"1" maxLength:"1024" example:"https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111/v2.0" doc:"The claim iss, an https address."`
	Subject  string `json:"subject" minLength:"1" maxLength:"1024" example:"22222222-2222-2222-2222-222222222222" doc:"The claim sub."`
	Audience string `json:"audience" minLength:"1" maxLength:"1024" example:"api://rollcall" doc:"What the claim aud must hold."`
	KeysURL  string `json:"keysUrl,omitempty" maxLength:"1024" example:"https://login.microsoftonline.com/common/discovery/v2.0/keys" doc:"Where the issuer's keys are, an https address; if absent, where its discovery document says."`
}

// ClientSecret is one secret of a client.
type ClientSecret struct {
	CreatedAt time.Time `json:"createdAt" doc:"When it was made."`
	ExpiresAt time.Time `json:"expiresAt" doc:"Until when it is good."`
}

// NewClient describes a client to make.
type NewClient struct {
	Name     string           `json:"name" minLength:"1" maxLength:"256" example:"Entra provisioning" doc:"What the client is for."`
	Role     directory.Role   `json:"role" enum:"scim-writer,scim-reader" example:"scim-writer" doc:"The most that an access token may be asked for."`
	Source   directory.Source `json:"source,omitempty" enum:"SCIM,AAD,AD,OKTA" example:"AAD" doc:"On whose behalf it writes; SCIM if absent."`
	Profile  scim.Profile     `json:"profile,omitempty" enum:"entra,strict" example:"entra" doc:"How its requests are read; entra if absent."`
	TakeOver bool             `json:"takeOver,omitempty" doc:"What somebody else manages becomes the source's when it is written to, instead of being refused; with the role scim-writer only."`
	// Federation makes a client for which another issuer signs, and which has no secret.
	Federation    *Federation `json:"federation,omitempty" doc:"Whose assertions are taken; if absent the client gets a secret."`
	ExpiresInDays int         `json:"expiresInDays,omitempty" minimum:"1" maximum:"3650" example:"365" doc:"Days until the secret expires; 365 if absent."`
}

// CreatedClient is a client with a new secret, which is told only once.
type CreatedClient struct {
	Client
	Secret string `json:"secret,omitempty" doc:"The client_secret. It is shown now and never again; absent for a client without one."`
}

func (s *server) serveClients() {
	serve(s, operation{
		id: "listClients", method: http.MethodGet, path: inOrg + "/clients", tag: "Tokens", summary: "List the programs that get access tokens",
		detail: listDetail,
	}, func(ctx context.Context, _ *InOrganization) (*body[List[Client]], error) {
		clients, err := s.Directory.Clients(ctx, orgOf(ctx))
		return reply(List[Client]{Items: each(clients, func(c directory.Client) Client { return s.clientOf(ctx, c) })}), err
	})
	serve(s, operation{
		id: "createClient", method: http.MethodPost, path: inOrg + "/clients", tag: "Tokens", summary: "Register a program that gets access tokens",
		status: http.StatusCreated,
		detail: "It asks for them at `" + oauth.Path + "` (OAuth 2.0, client credentials), with its secret or with an assertion of its issuer " +
			"(workload identity federation), and uses them with SCIM for an hour each. " + createDetail,
	}, s.createClient)
	serve(s, operation{
		id: "rotateClient", method: http.MethodPost, path: inOrg + "/clients/{id}/rotate", tag: "Tokens", summary: "Give a client a new secret",
		detail: rotateDetail, failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *struct {
		InOrganization
		ID   ident.ID `path:"id" format:"uuid" doc:"The client's id."`
		Body Rotation
	},
	) (*body[CreatedClient], error) {
		client, secret, err := s.Directory.RotateClient(ctx, callerOf(ctx).token, orgOf(ctx), in.ID, in.Body.rotation())
		return reply(CreatedClient{Client: s.clientOf(ctx, client), Secret: secret}), err
	})
	serve(s, operation{
		id: "revokeClient", method: http.MethodDelete, path: inOrg + "/clients/{id}", tag: "Tokens", summary: "Revoke a client",
		detail: "It ends at once, with its access tokens.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		ID ident.ID `path:"id" format:"uuid" doc:"The client's id."`
	},
	) (*struct{}, error) {
		return nil, s.Directory.RevokeClient(ctx, orgOf(ctx), in.ID)
	})
}

func (s *server) createClient(ctx context.Context, in *struct {
	InOrganization
	Body NewClient
},
) (*created[CreatedClient], error) {
	want := directory.NewClient{
		Name: in.Body.Name, Role: in.Body.Role, Source: in.Body.Source, Profile: in.Body.Profile, Life: days(in.Body.ExpiresInDays),
		TakeOver: in.Body.TakeOver,
	}
	if in.Body.Federation != nil {
		if in.Body.ExpiresInDays != 0 {
			return nil, fault.New(fault.Invalid, "Federation", "a client for which another issuer signs has no secret that could expire")
		}
		want.Federation = directory.Federation(*in.Body.Federation)
	}
	client, secret, err := s.Directory.CreateClient(ctx, callerOf(ctx).token, orgOf(ctx), want)
	return &created[CreatedClient]{
		Location: at(ctx, "/clients/%s", client.ID), Body: CreatedClient{Client: s.clientOf(ctx, client), Secret: secret},
	}, err
}

func (s *server) clientOf(ctx context.Context, client directory.Client) Client {
	shown := Client{
		ID: client.ID, Name: client.Name, Role: client.Role, Source: client.Source, Profile: client.Profile, State: string(client.State()),
		TakeOver: client.TakeOver,
		Secrets: each(client.Secrets, func(secret directory.ClientSecret) ClientSecret {
			return ClientSecret{CreatedAt: secret.CreatedAt, ExpiresAt: secret.ExpiresAt}
		}),
		CreatedAt: client.CreatedAt, RevokedAt: client.RevokedAt, TokenURL: exchangeOf(ctx).base + oauth.Path, TenantURL: tenantURL(ctx, client.OrgID),
		Warning: s.clientExpiry(client),
	}
	if client.Federation != (directory.Federation{}) {
		federation := Federation(client.Federation)
		shown.Federation = &federation
	}
	return shown
}
