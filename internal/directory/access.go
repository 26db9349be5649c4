package directory

import (
	"bytes"
	"context"
	"crypto/sha256"
	"slices"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

const accessTokenPrefix = "rca_"

// LiveClient returns a client that is good now: known, not revoked, its administrator still one. Anything else is fault.Unauthenticated.
func (s *Service) LiveClient(ctx context.Context, id ident.ID) (Client, error) {
	client, err := s.store.Client(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return Client{}, fault.New(fault.Unauthenticated, "UnknownClient", "the client is not known")
	case err != nil:
		return Client{}, err
	case !client.RevokedAt.IsZero():
		return Client{}, fault.New(fault.Unauthenticated, "RevokedClient", "the client was revoked on %s", client.RevokedAt.Format(time.DateOnly))
	case client.AdministratorRole == "":
		return Client{}, fault.New(fault.Unauthenticated, "OrphanedClient", "the administrator for whom the client was made is none any more")
	}
	return client, nil
}

// AuthenticateClient returns the client with one of whose secrets somebody came. Anything else is fault.Unauthenticated.
func (s *Service) AuthenticateClient(ctx context.Context, id ident.ID, secret string) (Client, error) {
	client, err := s.LiveClient(ctx, id)
	if err != nil {
		return Client{}, err
	}
	secrets, err := s.store.ClientSecrets(ctx, id)
	if err != nil {
		return Client{}, err
	}
	hash := hashOf(secret)
	i := slices.IndexFunc(secrets, func(kept ClientSecret) bool { return bytes.Equal(kept.Hash, hash) })
	switch {
	case i < 0:
		return Client{}, fault.New(fault.Unauthenticated, "WrongSecret", "the secret is not one of the client's")
	case !s.now().Before(secrets[i].ExpiresAt):
		return Client{}, fault.New(fault.Unauthenticated, "ExpiredSecret", "the secret expired on %s", secrets[i].ExpiresAt.Format(time.DateOnly)).
			WithRemedy("Make another with `rollcall client rotate`.")
	}
	return client, nil
}

// UseAssertion notes that a client proved who it is by an assertion with this jti (RFC 7523, section 3), which is good until then. A second time is
// fault.Unauthenticated: whoever read an assertion cannot use it again.
func (s *Service) UseAssertion(ctx context.Context, client ident.ID, jti string, until time.Time) error {
	digest := sha256.Sum256(append(client[:], jti...))
	first, err := s.store.UseAssertion(ctx, digest[:], until)
	if err == nil && !first {
		return fault.New(fault.Unauthenticated, "UsedAssertion", "the assertion was used before").WithRemedy("Have the issuer sign another.")
	}
	return err
}

// GrantAccess makes an access token for a client whose identity was proved, and returns it with its secret. scopes are the rights that it
// asks for, none for all that it may have; one that it may not have now is fault.Denied.
func (s *Service) GrantAccess(ctx context.Context, client Client, scopes []Right) (Token, string, error) {
	for _, scope := range scopes {
		if !client.Role.May(scope) || !client.AdministratorRole.May(scope) {
			return Token{}, "", fault.New(fault.Denied, "Scope", "the client may not have the scope %q", scope)
		}
	}
	role := client.Role
	if len(scopes) > 0 && !slices.Contains(scopes, WriteSCIM) {
		role = SCIMReader
	}
	secret, hash, err := newSecret(accessTokenPrefix)
	if err != nil {
		return Token{}, "", err
	}
	now := s.now()
	token := Token{
		ID: ident.New(now), OrgID: client.OrgID, Name: client.Name, Role: role, AdministratorID: client.AdministratorID,
		AdministratorRole: client.AdministratorRole, CreatedAt: now, ExpiresAt: now.Add(AccessTokenLife), Hash: hash,
		Source: client.Source, Profile: client.Profile, TakeOver: client.TakeOver, ClientID: client.ID, UsedAt: now,
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		// Between the proof and now the client may have been revoked.
		if _, err := s.LiveClient(ctx, client.ID); err != nil {
			return err
		}
		return s.store.SaveToken(ctx, token)
	})
	if err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}
