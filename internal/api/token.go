package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// Token lets a program act in an organization, or in all of the server.
type Token struct {
	ID             ident.ID         `json:"id" format:"uuid" doc:"The token's id."`
	Name           string           `json:"name" doc:"What the token is for."`
	Role           directory.Role   `json:"role" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,scim-writer,scim-reader,user" doc:"What the token may do, as far as its administrator may too."`
	UserID         ident.ID         `json:"userId,omitzero" format:"uuid" doc:"The directory user for whom the token acts."`
	State          string           `json:"state" enum:"good,expired,revoked,suspended,orphaned" doc:"Whether it is accepted now. Suspended: its user is Inactive. Orphaned: its administrator is none any more."`
	CreatedAt      time.Time        `json:"createdAt" doc:"When it was made."`
	ExpiresAt      time.Time        `json:"expiresAt" doc:"Until when it is good."`
	OldSecretUntil time.Time        `json:"oldSecretUntil,omitzero" doc:"Until when the secret is good that was replaced last; absent when it ended."`
	RevokedAt      time.Time        `json:"revokedAt,omitzero" doc:"When it was revoked."`
	UsedAt         time.Time        `json:"usedAt,omitzero" doc:"When it was used last, to the hour; absent if never."`
	Source         directory.Source `json:"source,omitempty" enum:"SCIM,AAD,AD,OKTA" doc:"On whose behalf it writes over SCIM; of tokens for SCIM only."`
	Profile        scim.Profile     `json:"profile,omitempty" enum:"entra,strict" doc:"How its requests over SCIM are read; of tokens for SCIM only."`
	TakeOver       bool             `json:"takeOver,omitempty" doc:"What somebody else manages becomes its source's when it writes to it over SCIM."`
	Warning        *Expiry          `json:"warning,omitempty" doc:"It ends within 30 days, or has ended; absent for one that was made for less."`
}

// CreatedToken is a new token with its secret, which is told only once.
type CreatedToken struct {
	Token
	Secret string `json:"secret" doc:"The bearer token. It is shown now and never again."`
	// OrganizationID and TenantURL are what the page of the program asks for that will use the token.
	OrganizationID ident.ID `json:"organizationId,omitzero" format:"uuid" doc:"The organization to which the token is bound."`
	TenantURL      string   `json:"tenantUrl,omitempty" format:"uri" doc:"Where the organization's SCIM service is; of tokens for SCIM only."`
}

// NewToken describes a token to make.
type NewToken struct {
	Name   string         `json:"name" minLength:"1" maxLength:"256" example:"backup" doc:"What the token is for."`
	Role   directory.Role `json:"role" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,scim-writer,scim-reader,user" example:"read-only-administrator" doc:"What it may do."`
	UserID ident.ID       `json:"userId,omitzero" format:"uuid" doc:"The directory user for whom the token acts; with the role user, and only then."`
	// ExpiresInDays is how long the token lives; 0 for 365.
	ExpiresInDays int              `json:"expiresInDays,omitempty" minimum:"1" maximum:"3650" example:"90" doc:"Days until it expires; 365 if absent."`
	Source        directory.Source `json:"source,omitempty" enum:"SCIM,AAD,AD,OKTA" example:"SCIM" doc:"On whose behalf it writes over SCIM; SCIM if absent."`
	Profile       scim.Profile     `json:"profile,omitempty" enum:"entra,strict" example:"entra" doc:"How its requests over SCIM are read: as Entra and others really send them, or to the letter of the RFC; entra if absent."`
	TakeOver      bool             `json:"takeOver,omitempty" doc:"What somebody else manages becomes the source's when it is written to over SCIM, instead of being refused; with the role scim-writer only."`
}

// Me is what the token of the request is and may do.
type Me struct {
	TokenID        ident.ID          `json:"tokenId" format:"uuid" doc:"The token's id."`
	Name           string            `json:"name" doc:"What the token is for."`
	Role           directory.Role    `json:"role" doc:"The token's role."`
	Rights         []directory.Right `json:"rights" nullable:"false" doc:"What the token may do now: read, read-archive, read-audit, write-users, write-groups, administer, scim:read, scim:write."`
	OrganizationID ident.ID          `json:"organizationId,omitzero" format:"uuid" doc:"The organization to which the token is bound; absent for a token of the server."`
	ExpiresAt      time.Time         `json:"expiresAt" doc:"Until when the token is good."`
	Warning        *Expiry           `json:"warning,omitempty" doc:"The token ends within 30 days; absent for one that was made for less."`
	Version        string            `json:"version" doc:"The version of the server."`
}

func (s *server) serveTokens() {
	serve(s, operation{
		id: "getMe", method: http.MethodGet, path: "/me", tag: "Tokens", summary: "Say what the token is and may do",
	}, s.me)
	serve(s, operation{
		id: "listTokens", method: http.MethodGet, path: inOrg + "/tokens", tag: "Tokens", summary: "List the organization's tokens", detail: listDetail,
	}, func(ctx context.Context, _ *InOrganization) (*body[List[Token]], error) {
		tokens, err := s.Directory.ListTokens(ctx, orgOf(ctx))
		return reply(List[Token]{Items: each(tokens, s.tokenOf)}), err
	})
	serve(s, operation{
		id: "createToken", method: http.MethodPost, path: inOrg + "/tokens", tag: "Tokens", summary: "Make a token", status: http.StatusCreated,
		detail: createDetail,
	}, func(ctx context.Context, in *struct {
		InOrganization
		Body NewToken
	},
	) (*created[CreatedToken], error) {
		return s.createToken(ctx, in.Body)
	})
	serve(s, operation{
		id: "revokeToken", method: http.MethodDelete, path: inOrg + "/tokens/{id}", tag: "Tokens", summary: "Revoke a token",
		detail: "It ends at once.",
	}, func(ctx context.Context, in *struct {
		InOrganization
		ID ident.ID `path:"id" format:"uuid" doc:"The token's id."`
	},
	) (*struct{}, error) {
		return nil, s.Directory.RevokeToken(ctx, orgOf(ctx), in.ID)
	})
	s.serveServerTokens()
	s.serveRotation()
}

const (
	listDetail   = "Newest first, revoked and expired ones too. Secrets are never told."
	createDetail = "The secret is in the answer and never told again. The token never has more rights than the administrator for whom the token " +
		"of the request was made."
)

// serveServerTokens serves the tokens that are bound to no organization, to administrators of the server.
func (s *server) serveServerTokens() {
	serve(s, operation{
		id: "listServerTokens", method: http.MethodGet, path: "/tokens", tag: "Tokens", summary: "List the tokens of the server",
		detail: "Those that are good for all organizations. " + listDetail,
	}, func(ctx context.Context, _ *struct{}) (*body[List[Token]], error) {
		tokens, err := s.Directory.ListTokens(ctx, ident.ID{})
		tokens = slices.DeleteFunc(tokens, func(token directory.Token) bool { return !token.OrgID.IsZero() })
		return reply(List[Token]{Items: each(tokens, s.tokenOf)}), err
	})
	serve(s, operation{
		id: "createServerToken", method: http.MethodPost, path: "/tokens", tag: "Tokens", summary: "Make a token of the server", status: http.StatusCreated,
		detail: "It is good for all organizations and for the server itself. " + createDetail,
	}, func(ctx context.Context, in *struct{ Body NewToken }) (*created[CreatedToken], error) {
		if in.Body.Role == directory.DirectoryUser {
			return nil, fault.New(fault.Invalid, "TokenUser", "a token that acts for a directory user belongs to the user's organization").
				WithRemedy("Make it there.")
		}
		return s.createToken(ctx, in.Body)
	})
	serve(s, operation{
		id: "revokeServerToken", method: http.MethodDelete, path: "/tokens/{id}", tag: "Tokens", summary: "Revoke a token, whosever it is",
		detail: "A token of the server or of one of its organizations. It ends at once.",
	}, func(ctx context.Context, in *struct {
		ID ident.ID `path:"id" format:"uuid" doc:"The token's id."`
	},
	) (*struct{}, error) {
		return nil, s.Directory.RevokeToken(ctx, ident.ID{}, in.ID)
	})
}

func (s *server) tokenOf(token directory.Token) Token {
	shown := Token{
		ID: token.ID, Name: token.Name, Role: token.Role, UserID: token.UserID, State: string(token.State(s.Now())),
		CreatedAt: token.CreatedAt, ExpiresAt: token.ExpiresAt, RevokedAt: token.RevokedAt, UsedAt: token.UsedAt,
		Warning: s.tokenExpiry(token),
	}
	if s.Now().Before(token.OldUntil) {
		shown.OldSecretUntil = token.OldUntil
	}
	if token.Role.Provisions() {
		shown.Source, shown.Profile, shown.TakeOver = token.Source, token.Profile, token.TakeOver
	}
	return shown
}

// createToken makes a token of the organization that the request is about, of the server if it is about none.
func (s *server) createToken(ctx context.Context, want NewToken) (*created[CreatedToken], error) {
	creator, org := callerOf(ctx).token, orgOf(ctx)
	token, secret, err := s.Directory.CreateToken(ctx, creator, directory.NewToken{
		OrgID: org, Name: want.Name, Role: want.Role, UserID: want.UserID, Life: days(want.ExpiresInDays),
		Source: want.Source, Profile: want.Profile, TakeOver: want.TakeOver,
	})
	token.AdministratorRole = creator.AdministratorRole
	location := Prefix + "/tokens/" + token.ID.String()
	if !org.IsZero() {
		location = at(ctx, "/tokens/%s", token.ID)
	}
	return &created[CreatedToken]{Location: location, Body: s.createdToken(ctx, token, secret)}, err
}

// createdToken shows a token with its secret.
func (s *server) createdToken(ctx context.Context, token directory.Token, secret string) CreatedToken {
	shown := CreatedToken{Token: s.tokenOf(token), Secret: secret, OrganizationID: token.OrgID}
	if token.Role.Provisions() {
		shown.TenantURL = tenantURL(ctx, token.OrgID)
	}
	return shown
}

// tenantURL is where the SCIM service of an organization is.
func tenantURL(ctx context.Context, org ident.ID) string {
	return TenantURL(exchangeOf(ctx).base, org)
}

// TenantURL is where the SCIM service of an organization is on the server with this public address.
func TenantURL(base string, org ident.ID) string {
	return base + "/identity/scim/" + org.String() + "/v2"
}

// days is so many of them.
func days(count int) time.Duration { return time.Duration(count) * 24 * time.Hour }

func (s *server) me(ctx context.Context, _ *struct{}) (*body[Me], error) {
	token := callerOf(ctx).token
	rights := []directory.Right{}
	for _, right := range directory.Rights() {
		if token.May(right) {
			rights = append(rights, right)
		}
	}
	return reply(Me{
		TokenID: token.ID, Name: token.Name, Role: token.Role, Rights: rights, OrganizationID: token.OrgID, ExpiresAt: token.ExpiresAt,
		Warning: s.tokenExpiry(token), Version: s.Version,
	}), nil
}
