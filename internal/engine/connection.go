package engine

import (
	"context"
	"time"

	"rollcall/internal/directory"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// ConnectionState says how far a connection has come.
type ConnectionState string

// The states of a connection.
const (
	// NotConnected: nobody has asked the tenant yet.
	NotConnected ConnectionState = "not-connected"
	// WaitingForConsent: somebody in Entra must consent; the engine asks by itself whether he did.
	WaitingForConsent ConnectionState = "waiting-for-consent"
	// Connected: the tenant grants what is needed.
	Connected ConnectionState = "connected"
	// Refused: the tenant refuses, for the standing's Reason. Where consent mends it, the engine asks by itself.
	Refused ConnectionState = "refused"
)

// CredentialForm is what proves a connection's application to Microsoft (B4).
type CredentialForm string

// The forms of credentials.
const (
	FormSecret      CredentialForm = "client-secret"
	FormCertificate CredentialForm = "certificate"
	// FormWorkload is a token that another issuer signed, in the file that the server's configuration names.
	FormWorkload CredentialForm = "workload-identity"
	// FormManaged is the identity of the machine, if the server's configuration allows it.
	FormManaged CredentialForm = "managed-identity"
)

// CredentialForms lists them.
func CredentialForms() []CredentialForm {
	return []CredentialForm{FormSecret, FormCertificate, FormWorkload, FormManaged}
}

// Connection is one organization's access to one tenant. Its credential is sealed.
type Connection struct {
	ID    ident.ID
	OrgID ident.ID
	// TenantID is the tenant's id or one of its domains; "" until the sign-in of somebody there tells it.
	TenantID string
	// Cloud names the Microsoft cloud: "global", "gcc-high", "dod", "china", or one of the server's configuration.
	Cloud    string
	ClientID string
	Form     CredentialForm
	// SealedSecret is the client secret, or the certificate with its key as PEM, sealed by package secret; nil for the other forms.
	SealedSecret []byte
	// Thumbprint is that of the certificate, as Entra shows it; "" for the other forms.
	Thumbprint string
	// SecretExpiresAt is when the credential ends: a secret as whoever entered it said, zero if he did not; a certificate as is written in
	// it. SecretNotice is the latest notice about that which was given.
	SecretExpiresAt time.Time
	SecretNotice    directory.Notice
	State           ConnectionState
	Standing        Standing
	CreatedAt       time.Time
}

// Standing is what the tenant said last, and how far it was read. It is stored as one document.
type Standing struct {
	// Since is since when the connection has its state.
	Since time.Time `json:"since,omitzero"`
	// Reason says why the connection is not connected; nil for none.
	Reason *Failure `json:"reason,omitempty"`
	// CheckAt is when the tenant is asked again by itself; zero if it is not. Checks counts how often that was done in this state.
	CheckAt time.Time `json:"checkAt,omitzero"`
	Checks  int       `json:"checks,omitempty"`
	// TenantName is the organization's display name, "" if it may not be read. Permissions are those granted when the tenant was asked last.
	TenantName  string   `json:"tenantName,omitempty"`
	Permissions []string `json:"permissions,omitempty"`
	// SignedIn is who signed in last to set the connection up, for showing.
	SignedIn string   `json:"signedIn,omitempty"`
	Prefetch Prefetch `json:"prefetch,omitzero"`
}

// SignIn is a browser that was sent to Microsoft and is expected back, once.
type SignIn struct {
	// Key is the SHA-256 of the state that comes back with the browser.
	Key          []byte
	OrgID        ident.ID
	ConnectionID ident.ID
	Step         SignInStep
	// Bound is the SHA-256 of what whoever began must show again: his session or token.
	Bound       []byte
	RedirectURI string
	// Nonce and SealedVerifier are of a sign-in; empty for the consent.
	Nonce          string
	SealedVerifier []byte
	// InstanceID is deleted after StepWithdraw; Shared: others may lose the consent with it.
	InstanceID ident.ID
	Shared     bool
	ExpiresAt  time.Time
}

// Connections keeps connections beside their instances. Methods join the transaction of the context.
type Connections interface {
	// ListConnections returns those of an organization, the oldest first; of all organizations for the zero id.
	ListConnections(ctx context.Context, org ident.ID) ([]Connection, error)
	// DeleteConnection removes a connection with its mirror; one that an instance uses fails as fault.Conflict.
	DeleteConnection(ctx context.Context, id ident.ID) error
	// SaveSignIn inserts, and forgets those that ended before now.
	SaveSignIn(ctx context.Context, signIn SignIn, now time.Time) error
	// SignIn fails as fault.NotFound.
	SignIn(ctx context.Context, key []byte) (SignIn, error)
	DropSignIn(ctx context.Context, key []byte) error
}

// Login is a connection's way to Microsoft's login service, and what the tenant grants.
type Login interface {
	Granted(ctx context.Context) (graph.Grant, error)
	SignInURL(signIn graph.SignIn) string
	ConsentURL(redirectURI, state string) string
	Redeem(ctx context.Context, signIn graph.SignIn, code string) (graph.Person, error)
	Withdraw(ctx context.Context, person graph.Person) error
	MemberOf(ctx context.Context, memberType string, ids []string) (map[string][]graph.Member, error)
	ListGroups(ctx context.Context, properties []string) (graph.GroupPage, error)
	FollowGroups(ctx context.Context, link string) (graph.GroupPage, error)
}

// enter changes the state. Who is in it already stays since when he was.
func (c *Connection) enter(state ConnectionState, reason *Failure, now time.Time) (changed bool) {
	changed = c.State != state
	if changed {
		c.State, c.Standing.Since, c.Standing.Checks = state, now, 0
	}
	c.Standing.Reason = reason
	return changed
}

// checkPace is how long after so many checks the next one follows: soon at first, since the administrator often sits in the next room.
func checkPace(checks int) time.Duration {
	switch {
	case checks < 20:
		return 15 * time.Second
	case checks < 80:
		return time.Minute
	case checks < 360:
		return 5 * time.Minute
	}
	return time.Hour
}
