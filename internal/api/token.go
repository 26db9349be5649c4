package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Token lets a program act in an organization.
type Token struct {
	ID        ident.ID       `json:"id" format:"uuid" doc:"The token's id."`
	Name      string         `json:"name" doc:"What the token is for."`
	Role      directory.Role `json:"role" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,user" doc:"What the token may do, as far as its administrator may too."`
	UserID    ident.ID       `json:"userId,omitzero" format:"uuid" doc:"The directory user for whom the token acts."`
	State     string         `json:"state" enum:"good,expired,revoked,suspended,orphaned" doc:"Whether it is accepted now. Suspended: its user is Inactive. Orphaned: its administrator is none any more."`
	CreatedAt time.Time      `json:"createdAt" doc:"When it was made."`
	ExpiresAt time.Time      `json:"expiresAt" doc:"Until when it is good."`
	RevokedAt time.Time      `json:"revokedAt,omitzero" doc:"When it was revoked."`
}

// CreatedToken is a new token with its secret, which is told only once.
type CreatedToken struct {
	Token
	Secret string `json:"secret" doc:"The bearer token. It is shown now and never again."`
}

// NewToken describes a token to make.
type NewToken struct {
	Name   string         `json:"name" minLength:"1" maxLength:"256" example:"backup" doc:"What the token is for."`
	Role   directory.Role `json:"role" enum:"full-administrator,user-administrator,read-only-administrator,compliance-officer,user" example:"read-only-administrator" doc:"What it may do."`
	UserID ident.ID       `json:"userId,omitzero" format:"uuid" doc:"The directory user for whom the token acts; with the role user, and only then."`
	// ExpiresInDays is how long the token lives; 0 for 365.
	ExpiresInDays int `json:"expiresInDays,omitempty" minimum:"1" maximum:"3650" example:"90" doc:"Days until it expires; 365 if absent."`
}

// Me is what the token of the request is and may do.
type Me struct {
	TokenID        ident.ID          `json:"tokenId" format:"uuid" doc:"The token's id."`
	Name           string            `json:"name" doc:"What the token is for."`
	Role           directory.Role    `json:"role" doc:"The token's role."`
	Rights         []directory.Right `json:"rights" nullable:"false" doc:"What the token may do now: read, read-archive, read-audit, write-users, administer."`
	OrganizationID ident.ID          `json:"organizationId,omitzero" format:"uuid" doc:"The organization to which the token is bound; absent for a token of the server."`
	ExpiresAt      time.Time         `json:"expiresAt" doc:"Until when the token is good."`
	Version        string            `json:"version" doc:"The version of the server."`
}

func (s *server) serveTokens() {
	serve(s, operation{
		id: "getMe", method: http.MethodGet, path: "/me", tag: "Tokens", summary: "Say what the token is and may do",
	}, s.me)
	serve(s, operation{
		id: "listTokens", method: http.MethodGet, path: inOrg + "/tokens", tag: "Tokens", summary: "List the organization's tokens",
		detail: "Newest first, revoked and expired ones too. Secrets are never told.",
	}, func(ctx context.Context, _ *InOrganization) (*body[List[Token]], error) {
		tokens, err := s.Directory.ListTokens(ctx, orgOf(ctx))
		return reply(List[Token]{Items: each(tokens, s.tokenOf)}), err
	})
	serve(s, operation{
		id: "createToken", method: http.MethodPost, path: inOrg + "/tokens", tag: "Tokens", summary: "Make a token", status: http.StatusCreated,
		detail: "The secret is in the answer and never told again. The token never has more rights than the administrator for whom the token " +
			"of the request was made.",
	}, s.createToken)
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
}

func (s *server) tokenOf(token directory.Token) Token {
	return Token{
		ID: token.ID, Name: token.Name, Role: token.Role, UserID: token.UserID, State: s.tokenState(token),
		CreatedAt: token.CreatedAt, ExpiresAt: token.ExpiresAt, RevokedAt: token.RevokedAt,
	}
}

func (s *server) tokenState(token directory.Token) string {
	switch {
	case !token.RevokedAt.IsZero():
		return "revoked"
	case !s.Now().Before(token.ExpiresAt):
		return "expired"
	case token.AdministratorRole == "":
		return "orphaned"
	case token.Suspended:
		return "suspended"
	}
	return "good"
}

func (s *server) createToken(ctx context.Context, in *struct {
	InOrganization
	Body NewToken
},
) (*created[CreatedToken], error) {
	creator := callerOf(ctx).token
	token, secret, err := s.Directory.CreateToken(ctx, creator, directory.NewToken{
		OrgID: orgOf(ctx), Name: in.Body.Name, Role: in.Body.Role, UserID: in.Body.UserID,
		Life: time.Duration(in.Body.ExpiresInDays) * 24 * time.Hour,
	})
	token.AdministratorRole = creator.AdministratorRole
	return &created[CreatedToken]{
		Location: at(ctx, "/tokens/%s", token.ID), Body: CreatedToken{Token: s.tokenOf(token), Secret: secret},
	}, err
}

func (s *server) me(ctx context.Context, _ *struct{}) (*body[Me], error) {
	token := callerOf(ctx).token
	rights := []directory.Right{}
	for _, right := range []directory.Right{
		directory.ReadDirectory, directory.ReadArchive, directory.ReadAudit, directory.WriteUsers, directory.Administer,
	} {
		if token.May(right) {
			rights = append(rights, right)
		}
	}
	return reply(Me{
		TokenID: token.ID, Name: token.Name, Role: token.Role, Rights: rights, OrganizationID: token.OrgID, ExpiresAt: token.ExpiresAt,
		Version: s.Version,
	}), nil
}
