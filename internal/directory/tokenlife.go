package directory

import (
	"bytes"
	"cmp"
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// tokenUseStep is how exactly the last use of a token is kept: a write for every request would cost more than the request.
const tokenUseStep = time.Hour

// RotationOverlap is how long the old secret of a token lives on unless it is said otherwise.
const RotationOverlap = 24 * time.Hour

// TokenLives keeps what becomes of tokens. Methods join the transaction of the context.
type TokenLives interface {
	// UpdateToken replaces secrets, end, administrator and the latest notice.
	UpdateToken(ctx context.Context, token Token) error
	// TouchToken notes when the token was used.
	TouchToken(ctx context.Context, id ident.ID, at time.Time) error
	// DropAccessTokens removes access tokens that expired before the time.
	DropAccessTokens(ctx context.Context, before time.Time) (int, error)
	// UseAssertion notes until when an assertion is known as used; false if it was used before.
	UseAssertion(ctx context.Context, digest []byte, until time.Time) (bool, error)
	// DropAssertions forgets those that were to be known until before the time.
	DropAssertions(ctx context.Context, before time.Time) (int, error)
}

// Authenticate returns the token of a secret, if it is good now: known, not revoked, not expired, not replaced, its administrator still
// one, its user Active. Anything else is fault.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, secret string) (Token, error) {
	hash := hashOf(secret)
	token, err := s.store.TokenByHash(ctx, hash)
	if fault.Is(err, fault.NotFound) {
		return Token{}, fault.New(fault.Unauthenticated, "UnknownToken", "the token is not known").WithRemedy("Make a new one with `rollcall token create`.")
	}
	if err != nil {
		return Token{}, err
	}
	if err := s.checkLife(token, hash); err != nil {
		return Token{}, err
	}
	now := s.now()
	if step := now.Sub(token.UsedAt); step < 0 || step >= tokenUseStep {
		// A full disk must keep nobody from reading.
		if err := s.store.TouchToken(ctx, token.ID, now); err == nil {
			token.UsedAt = now
		}
	}
	return token, nil
}

// checkLife says why a token, or the one of its secrets that has the hash, is not good now.
func (s *Service) checkLife(token Token, hash []byte) error {
	switch {
	case !token.RevokedAt.IsZero():
		return fault.New(fault.Unauthenticated, "RevokedToken", "the token was revoked on %s", token.RevokedAt.Format(time.DateOnly))
	case !s.now().Before(token.ExpiresAt):
		return fault.New(fault.Unauthenticated, "ExpiredToken", "the token expired on %s", token.ExpiresAt.Format(time.DateOnly)).
			WithRemedy("Make a new one with `rollcall token create`.")
	case token.AdministratorRole == "" && token.UserID.IsZero():
		return fault.New(fault.Unauthenticated, "OrphanedToken", "the administrator for whom the token was made is none any more")
	case !bytes.Equal(hash, token.Hash) && !s.now().Before(token.OldUntil):
		return fault.New(fault.Unauthenticated, "RotatedToken", "the secret was replaced, and ended on %s", token.OldUntil.Format(time.DateOnly)).
			WithRemedy("Use the newer secret, or make another with `rollcall token rotate`.")
	case token.Suspended:
		return fault.New(fault.Unauthenticated, "SuspendedToken", "the token is suspended, because its user is Inactive")
	}
	return nil
}

// ListTokens returns an organization's tokens, for the zero organization all of the server, newest first. Access tokens are left out.
func (s *Service) ListTokens(ctx context.Context, org ident.ID) ([]Token, error) {
	return s.store.ListTokens(ctx, org)
}

// Rotation says how a token gets a new secret.
type Rotation struct {
	// Overlap is how long the old secret lives on, but not longer than it would have; nil means RotationOverlap, 0 that it ends at once.
	Overlap *time.Duration
	// Life is how long the token lives from now on; zero means TokenLife.
	Life time.Duration
}

// overlap checks the rotation and returns how long the old secret lives on.
func (r Rotation) overlap() (time.Duration, error) {
	overlap := RotationOverlap
	if r.Overlap != nil {
		overlap = *r.Overlap
	}
	if overlap < 0 || r.Life < 0 {
		return 0, fault.New(fault.Invalid, "TokenLife", "a secret cannot have ended before now")
	}
	return overlap, nil
}

// RotateToken gives a token a new secret, which is shown only now, and lets the old one live on for a while. A token has two secrets at
// most: one that was replaced before ends. From now on the token belongs to the administrator of the token that asks. org is the caller's
// organization as for RevokeToken. A token that was revoked is fault.Conflict.
func (s *Service) RotateToken(ctx context.Context, creator Token, org, id ident.ID, how Rotation) (Token, string, error) {
	overlap, err := how.overlap()
	if err != nil {
		return Token{}, "", err
	}
	secret, hash, err := newSecret(tokenPrefix)
	if err != nil {
		return Token{}, "", err
	}
	var token Token
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if token, err = s.tokenOf(ctx, org, id); err != nil {
			return err
		}
		if err := mayMake(creator, token.OrgID, "tokens"); err != nil {
			return err
		}
		if !token.RevokedAt.IsZero() {
			return fault.New(fault.Conflict, "RevokedToken", "the token was revoked on %s", token.RevokedAt.Format(time.DateOnly)).
				WithRemedy("Make a new one with `rollcall token create`.")
		}
		now := s.now()
		token.OldHash, token.OldUntil = token.Hash, earlier(now.Add(overlap), token.ExpiresAt)
		token.Hash, token.ExpiresAt, token.Notice = hash, now.Add(cmp.Or(how.Life, TokenLife)), NoNotice
		token.AdministratorID, token.AdministratorRole = creator.AdministratorID, creator.AdministratorRole
		if err := s.store.UpdateToken(ctx, token); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: token.OrgID, Action: "token.rotate", ObjectID: id.String(), ObjectName: token.Name,
			After: attr.From(map[string]any{
				"expiresAt": token.ExpiresAt.Format(time.RFC3339), "oldSecretUntil": token.OldUntil.Format(time.RFC3339),
			}),
		})
	})
	if err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

// tokenOf returns a token that callers of the organization may know of; for the zero organization any.
func (s *Service) tokenOf(ctx context.Context, org, id ident.ID) (Token, error) {
	token, err := s.store.Token(ctx, id)
	if err != nil {
		return Token{}, err
	}
	if !token.ClientID.IsZero() || !org.IsZero() && token.OrgID != org {
		return Token{}, fault.New(fault.NotFound, "UnknownToken", "there is no token %s", id)
	}
	return token, nil
}

// RevokeToken ends a token at once; one that was revoked before stays as it is. org is the caller's organization, zero for the server, whose
// callers may revoke any. A token of another organization is fault.NotFound, like one that does not exist.
func (s *Service) RevokeToken(ctx context.Context, org, id ident.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		token, err := s.tokenOf(ctx, org, id)
		if err != nil {
			return err
		}
		if !token.RevokedAt.IsZero() {
			return nil
		}
		if err := s.store.RevokeToken(ctx, id, s.now()); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: token.OrgID, Action: "token.revoke", ObjectID: id.String(), ObjectName: token.Name})
	})
}
