package directory

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
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
	// Hash is the SHA-256 of the secret. OldHash is that of the secret before it, which is good until OldUntil; nil for none.
	Hash, OldHash []byte
	OldUntil      time.Time
	// Source is on whose behalf the bearer writes over SCIM, and Profile how its requests are read.
	Source  Source
	Profile scim.Profile
	// TakeOver: over SCIM, what somebody else manages becomes the source's when it is written to.
	TakeOver bool
	// Blocked: the organization takes no writes from the source (B6); filled when reading.
	Blocked bool
	// ClientID is the client for which this is an access token; zero for tokens that people make.
	ClientID ident.ID
	// UsedAt is when the token was used last, to within tokenUseStep.
	UsedAt time.Time
}

// May reports whether the token allows the right now: its own role must, and that of its administrator; and no writes over SCIM from a
// source that is blocked.
func (t Token) May(right Right) bool {
	return t.Role.May(right) && t.AdministratorRole.May(right) && (!t.Blocked || right != WriteSCIM)
}

// CredentialState says whether a credential is accepted.
type CredentialState string

// The states. Orphaned: the administrator for whom it was made is none any more. Suspended: its user is Inactive.
const (
	CredentialGood      CredentialState = "good"
	CredentialExpired   CredentialState = "expired"
	CredentialRevoked   CredentialState = "revoked"
	CredentialSuspended CredentialState = "suspended"
	CredentialOrphaned  CredentialState = "orphaned"
)

// State says whether the token is accepted at the time.
func (t Token) State(now time.Time) CredentialState {
	switch {
	case !t.RevokedAt.IsZero():
		return CredentialRevoked
	case !now.Before(t.ExpiresAt):
		return CredentialExpired
	case t.AdministratorRole == "" && t.UserID.IsZero():
		return CredentialOrphaned
	case t.Suspended:
		return CredentialSuspended
	}
	return CredentialGood
}

// Bearer names who is behind the token, for limits: all access tokens of a client are one.
func (t Token) Bearer() ident.ID {
	if !t.ClientID.IsZero() {
		return t.ClientID
	}
	return t.ID
}

// Tokens keeps tokens and the administrators for whom they were made. Methods join the transaction of the context.
type Tokens interface {
	// SaveToken inserts a token.
	SaveToken(ctx context.Context, token Token) error
	// TokenByHash returns the token whose secret, or whose secret before that, has the hash. It fails as fault.NotFound.
	TokenByHash(ctx context.Context, hash []byte) (Token, error)
	Token(ctx context.Context, id ident.ID) (Token, error)
	// ListTokens returns the organization's tokens and, for the zero organization, all of the server; newest first. Access tokens are left out.
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
	// Source and Profile are for SCIM; "" means SourceSCIM and scim.Entra.
	Source  Source
	Profile scim.Profile
	// TakeOver: what others manage becomes the source's when it is written to, instead of being refused.
	TakeOver bool
}

const tokenPrefix = "rc_"

// CreateToken makes a token and returns it with its secret, which is shown only now. creator is the token that
// asks; the new one belongs to the same administrator.
func (s *Service) CreateToken(ctx context.Context, creator Token, want NewToken) (Token, string, error) {
	if err := checkNewToken(creator, want); err != nil {
		return Token{}, "", err
	}
	secret, hash, err := newSecret(tokenPrefix)
	if err != nil {
		return Token{}, "", err
	}
	now := s.now()
	token := Token{
		ID: ident.New(now), OrgID: want.OrgID, Name: want.Name, Role: want.Role, UserID: want.UserID,
		AdministratorID: creator.AdministratorID, CreatedAt: now, ExpiresAt: now.Add(cmp.Or(want.Life, TokenLife)), Hash: hash,
		Source: cmp.Or(want.Source, SourceSCIM), Profile: cmp.Or(want.Profile, scim.Entra), TakeOver: want.TakeOver,
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
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
			After: tokenRecord(token),
		})
	})
	if err != nil {
		return Token{}, "", err
	}
	return token, secret, nil
}

// newSecret makes a secret of 256 random bits and its hash.
func newSecret(prefix string) (secret string, hash []byte, err error) {
	raw := make([]byte, 32)
	if _, err := rand.Read(raw); err != nil {
		return "", nil, fault.Wrap(fault.Internal, "", err, "make a secret")
	}
	secret = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return secret, hashOf(secret), nil
}

func hashOf(secret string) []byte {
	hash := sha256.Sum256([]byte(secret))
	return hash[:]
}

// tokenRecord is what the audit log tells of a new token.
func tokenRecord(token Token) attr.Record {
	record := attr.From(map[string]any{"role": string(token.Role), "expiresAt": token.ExpiresAt.Format(time.RFC3339)})
	if token.Role.Provisions() {
		record.Set("source", string(token.Source))
		record.Set("profile", string(token.Profile))
	}
	if token.TakeOver {
		record.Set("takeOver", true)
	}
	return record
}

func checkNewToken(creator Token, want NewToken) error {
	switch {
	case strings.TrimSpace(want.Name) == "":
		return fault.New(fault.Invalid, "MissingName", "a token needs a name").WithRemedy("Say what it is for, for example --name backup.")
	case !slices.Contains(Roles(), want.Role):
		return fault.New(fault.Invalid, "UnknownRole", "%q is not a role", want.Role).WithRemedy("Use one of %v.", Roles())
	case (want.Role == DirectoryUser) != !want.UserID.IsZero():
		return fault.New(fault.Invalid, "TokenUser", "the role %q and a user belong together", DirectoryUser)
	case want.Life < 0:
		return fault.New(fault.Invalid, "TokenLife", "a token cannot have expired before it is made")
	}
	if err := checkProvisioning(want.OrgID, want.Role, want.Source, want.Profile); err != nil {
		return err
	}
	if err := checkTakeOver(want.Role, want.TakeOver); err != nil {
		return err
	}
	return mayMake(creator, want.OrgID, "tokens")
}

// mayMake fails as fault.Denied unless the creator may make credentials, named by what, of the organization now.
func mayMake(creator Token, org ident.ID, what string) error {
	switch {
	case !creator.May(Administer):
		return fault.New(fault.Denied, "Forbidden", "only a full administrator makes %s", what)
	case !creator.OrgID.IsZero() && creator.OrgID != org:
		return fault.New(fault.Denied, "Forbidden", "a token of one organization makes %s of that organization only", what)
	}
	return nil
}
