package directory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// TokenLife is how long a token lives unless it is said otherwise.
const TokenLife = 365 * 24 * time.Hour

// Token lets a program act. Its secret is shown once and stored hashed.
type Token struct {
	ID ident.ID
	// OrgID binds the token to one organization; zero: to the server, all organizations.
	OrgID ident.ID
	Name  string
	Role  Role
	// UserID is the directory user for whom the token acts (role DirectoryUser): it is suspended while that user is Inactive, and revoked
	// when he is removed.
	UserID ident.ID
	// AdministratorID is the person for whom the token was made; AdministratorRole, filled when reading, is what he may do now, "" when he
	// is no longer an administrator. The token never has more rights than he. That of a directory user has none of an administrator's
	// rights and lives as long as its user: it does not end with the administrator who made it.
	AdministratorID      ident.ID
	AdministratorRole    Role
	CreatedAt, ExpiresAt time.Time
	RevokedAt            time.Time
	// Suspended: the user for whom the token acts is Inactive; filled when reading.
	Suspended bool
	// Notice is the latest notice about the token's end that was given.
	Notice Notice
	// Hash is the SHA-256 of the secret.
	Hash []byte
}

// May reports whether the token allows the right now: its own role must, and that of its administrator.
func (t Token) May(right Right) bool { return t.Role.May(right) && t.AdministratorRole.May(right) }

// Tokens keeps tokens and the administrators for whom they were made. Methods join the transaction of the context.
type Tokens interface {
	SaveToken(ctx context.Context, token Token) error
	// TokenByHash fails as fault.NotFound.
	TokenByHash(ctx context.Context, hash []byte) (Token, error)
	Token(ctx context.Context, id ident.ID) (Token, error)
	// ListTokens returns the organization's tokens and, for the zero organization, all of the server; newest first.
	ListTokens(ctx context.Context, org ident.ID) ([]Token, error)
	RevokeToken(ctx context.Context, id ident.ID, at time.Time) error
	// RevokeUserTokens revokes what acts for the users.
	RevokeUserTokens(ctx context.Context, org ident.ID, users []ident.ID, at time.Time) error
	SaveAdministrator(ctx context.Context, administrator Administrator) error
	// Administrators of an organization; of the server for the zero organization.
	Administrators(ctx context.Context, org ident.ID) ([]Administrator, error)
}

// NewToken describes a token to make.
type NewToken struct {
	OrgID ident.ID
	Name  string
	Role  Role
	// UserID is the directory user for role DirectoryUser.
	UserID ident.ID
	// Life is how long the token lives; zero means TokenLife.
	Life time.Duration
}

const tokenPrefix = "rc_"

// CreateToken makes a token and returns it with its secret, which is shown only now. creator is the token that
// asks; the new one belongs to the same administrator.
func (s *Service) CreateToken(ctx context.Context, creator Token, want NewToken) (Token, string, error) {
	if err := checkNewToken(creator, want); err != nil {
		return Token{}, "", err
	}
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return Token{}, "", fault.Wrap(fault.Internal, "", err, "make a token")
	}
	secret := tokenPrefix + base64.RawURLEncoding.EncodeToString(raw)
	now := s.now()
	life := want.Life
	if life == 0 {
		life = TokenLife
	}
	hash := sha256.Sum256([]byte(secret))
	token := Token{
		ID: ident.New(now), OrgID: want.OrgID, Name: want.Name, Role: want.Role, UserID: want.UserID,
		AdministratorID: creator.AdministratorID, CreatedAt: now, ExpiresAt: now.Add(life), Hash: hash[:],
	}
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.exists(ctx, want.OrgID); err != nil {
			return err
		}
		if !want.UserID.IsZero() {
			if _, err := s.User(ctx, want.OrgID, want.UserID); err != nil {
				return err
			}
		}
		if err := s.store.SaveToken(ctx, token); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: token.OrgID, Action: "token.create", ObjectID: token.ID.String(), ObjectName: token.Name,
			After: attr.From(map[string]any{"role": string(token.Role), "expiresAt": token.ExpiresAt.Format(time.RFC3339)}),
		})
	})
	if err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

func checkNewToken(creator Token, want NewToken) error {
	known := false
	for _, role := range Roles() {
		known = known || role == want.Role
	}
	switch {
	case strings.TrimSpace(want.Name) == "":
		return fault.New(fault.Invalid, "MissingName", "a token needs a name").WithRemedy("Say what it is for, for example --name backup.")
	case !known:
		return fault.New(fault.Invalid, "UnknownRole", "%q is not a role", want.Role).WithRemedy("Use one of %v.", Roles())
	case (want.Role == DirectoryUser) != !want.UserID.IsZero():
		return fault.New(fault.Invalid, "TokenUser", "the role %q and a user belong together", DirectoryUser)
	case want.Life < 0:
		return fault.New(fault.Invalid, "TokenLife", "a token cannot have expired before it is made")
	case !creator.May(Administer):
		return fault.New(fault.Denied, "Forbidden", "only a full administrator makes tokens")
	case !creator.OrgID.IsZero() && creator.OrgID != want.OrgID:
		return fault.New(fault.Denied, "Forbidden", "a token of one organization makes tokens of that organization only")
	}
	return nil
}

// Authenticate returns the token of a secret, if it is good now: known, not revoked, not expired, its administrator still one, its user
// Active. Anything else is fault.Unauthenticated.
func (s *Service) Authenticate(ctx context.Context, secret string) (Token, error) {
	hash := sha256.Sum256([]byte(secret))
	token, err := s.store.TokenByHash(ctx, hash[:])
	if fault.Is(err, fault.NotFound) {
		return Token{}, fault.New(fault.Unauthenticated, "UnknownToken", "the token is not known").WithRemedy("Make a new one with `rollcall token create`.")
	}
	if err != nil {
		return Token{}, err
	}
	if err := s.checkLife(token); err != nil {
		return Token{}, err
	}
	return token, nil
}

func (s *Service) checkLife(token Token) error {
	switch {
	case !token.RevokedAt.IsZero():
		return fault.New(fault.Unauthenticated, "RevokedToken", "the token was revoked on %s", token.RevokedAt.Format(time.DateOnly))
	case !s.now().Before(token.ExpiresAt):
		return fault.New(fault.Unauthenticated, "ExpiredToken", "the token expired on %s", token.ExpiresAt.Format(time.DateOnly)).
			WithRemedy("Make a new one with `rollcall token create`.")
	case token.AdministratorRole == "" && token.UserID.IsZero():
		return fault.New(fault.Unauthenticated, "OrphanedToken", "the administrator for whom the token was made is none any more")
	case token.Suspended:
		return fault.New(fault.Unauthenticated, "SuspendedToken", "the token is suspended, because its user is Inactive")
	}
	return nil
}

// ListTokens returns an organization's tokens, for the zero organization all of the server, newest first.
func (s *Service) ListTokens(ctx context.Context, org ident.ID) ([]Token, error) {
	return s.store.ListTokens(ctx, org)
}

// RevokeToken ends a token at once; one that was revoked before stays as it is. org is the caller's organization, zero for the server, whose
// callers may revoke any. A token of another organization is fault.NotFound, like one that does not exist.
func (s *Service) RevokeToken(ctx context.Context, org, id ident.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		token, err := s.store.Token(ctx, id)
		if err != nil {
			return err
		}
		if !org.IsZero() && token.OrgID != org {
			return fault.New(fault.NotFound, "UnknownToken", "there is no token %s", id)
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
