package app

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// FirstStart is what the first start made.
type FirstStart struct {
	Organization directory.Organization
	// Token is the secret of a token of the server's administrator, and the only way in.
	Token     string
	ExpiresAt time.Time
}

// Bootstrap makes an organization, an administrator of the server and a token that lives for the given time, in a database without an
// organization. Where there is one but no token of the server is good any more, it makes a new token only: whoever can start the server may
// have one.
// Otherwise it makes nothing and made is false.
func (a *App) Bootstrap(ctx context.Context, organization string, life time.Duration) (start FirstStart, made bool, err error) {
	err = a.store.InTx(ctx, func(ctx context.Context) error {
		start, made = FirstStart{}, false
		organizations, err := a.Directory.ListOrganizations(ctx)
		if err != nil {
			return err
		}
		if len(organizations) > 0 {
			if open, err := a.anyToken(ctx); err != nil || open {
				return err
			}
			start.Organization = organizations[0]
		} else if start.Organization, err = a.Directory.CreateOrganization(ctx, organization); err != nil {
			return err
		}
		var token directory.Token
		token, start.Token, err = a.ServerToken(ctx, "first start", life)
		start.ExpiresAt, made = token.ExpiresAt, err == nil
		return err
	})
	return start, made && err == nil, err
}

// anyToken reports whether a token with which the server, and not only one of its organizations, can be administered is good now.
func (a *App) anyToken(ctx context.Context) (bool, error) {
	tokens, err := a.Directory.ListTokens(ctx, ident.ID{})
	return slices.ContainsFunc(tokens, func(token directory.Token) bool {
		return token.OrgID.IsZero() && token.RevokedAt.IsZero() && a.now().Before(token.ExpiresAt) && token.May(directory.Administer)
	}), err
}

// ServerToken makes a token for the server's administrator, who is made if there is none, and returns it with its secret.
func (a *App) ServerToken(ctx context.Context, name string, life time.Duration) (directory.Token, string, error) {
	owner, err := a.serverAdministrator(ctx)
	if err != nil {
		return directory.Token{}, "", err
	}
	creator := directory.Token{Role: owner.Role, AdministratorID: owner.ID, AdministratorRole: owner.Role}
	return a.Directory.CreateToken(ctx, creator, directory.NewToken{Name: name, Role: directory.FullAdministrator, Life: life})
}

func (a *App) serverAdministrator(ctx context.Context) (directory.Administrator, error) {
	administrators, err := a.Directory.Administrators(ctx, ident.ID{})
	if err != nil {
		return directory.Administrator{}, err
	}
	for _, administrator := range administrators {
		if administrator.Role == directory.FullAdministrator {
			return administrator, nil
		}
	}
	return a.Directory.CreateAdministrator(ctx, ident.ID{}, "Server administrator", directory.FullAdministrator)
}
