package directory

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// AccessTokenLife is how long access tokens of clients live.
const AccessTokenLife = time.Hour

// Client is a program that gets access tokens (RFC 6749, section 4.4) for a secret of its own, or for assertions that another issuer
// signed for it (RFC 7523).
type Client struct {
	OrgID ident.ID
	// ID is the client_id.
	ID   ident.ID
	Name string
	// Role is SCIMReader or SCIMWriter: the most that an access token may be asked for.
	Role    Role
	Source  Source
	Profile scim.Profile
	// TakeOver: as of a token.
	TakeOver bool
	// AdministratorID is the person for whom the client was made, as for tokens; AdministratorRole is filled when reading.
	AdministratorID   ident.ID
	AdministratorRole Role
	// Federation is whose assertions are taken; zero for a client with secrets.
	Federation           Federation
	CreatedAt, RevokedAt time.Time
	// Secrets are the client's, two at most, the oldest first; filled by Service.
	Secrets []ClientSecret
}

// State says whether the client gets tokens; that its secrets are over is not told by it.
func (c Client) State() CredentialState {
	switch {
	case !c.RevokedAt.IsZero():
		return CredentialRevoked
	case c.AdministratorRole == "":
		return CredentialOrphaned
	}
	return CredentialGood
}

// Federation is what an assertion must say: workload identity federation.
type Federation struct {
	// Issuer, Subject and Audience are the claims iss, sub and aud.
	Issuer, Subject, Audience string
	// KeysURL is where the issuer's keys are (RFC 7517); "" for where its discovery document says
	// (OpenID Connect Discovery 1.0, section 4).
	KeysURL string
}

// ClientSecret is one secret of a client, stored hashed.
type ClientSecret struct {
	ClientID             ident.ID
	Hash                 []byte
	CreatedAt, ExpiresAt time.Time
	// Notice is the latest notice about the secret's end that was given.
	Notice Notice
}

// Clients keeps clients and their secrets. Methods join the transaction of the context.
type Clients interface {
	// SaveClient inserts a client.
	SaveClient(ctx context.Context, client Client) error
	// Client fails as fault.NotFound.
	Client(ctx context.Context, id ident.ID) (Client, error)
	// ListClients returns those of an organization, newest first.
	ListClients(ctx context.Context, org ident.ID) ([]Client, error)
	// RevokeClient ends the client and its access tokens.
	RevokeClient(ctx context.Context, id ident.ID, at time.Time) error
	// ClientSecrets returns those of a client, the oldest first.
	ClientSecrets(ctx context.Context, client ident.ID) ([]ClientSecret, error)
	// SaveSecret inserts or replaces.
	SaveSecret(ctx context.Context, secret ClientSecret) error
	DeleteSecret(ctx context.Context, secret ClientSecret) error
}

// NewClient describes a client to make.
type NewClient struct {
	Name string
	// Role is SCIMReader or SCIMWriter.
	Role Role
	// Source and Profile: "" means SourceSCIM and scim.Entra.
	Source  Source
	Profile scim.Profile
	// TakeOver: as of a token.
	TakeOver bool
	// Federation: whose assertions are taken; zero for a client with a secret.
	Federation Federation
	// Life is how long the secret lives; zero means TokenLife.
	Life time.Duration
}
