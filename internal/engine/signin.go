package engine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/url"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// SignInStep is what a browser is sent to Microsoft for.
type SignInStep string

// The steps. Somebody signs in to tell the tenant, then consents for it; where the tenant is known, consent is all that is needed.
const (
	StepSignIn  SignInStep = "sign-in"
	StepConsent SignInStep = "consent"
)

// signInLife is how long the browser may stay at Microsoft.
const signInLife = 10 * time.Minute

// Leave asks where to send a browser.
type Leave struct {
	// Step; "" is StepConsent where the tenant's id is known, else StepSignIn.
	Step SignInStep
	// PublicURL is the server's address as people reach it, without a path.
	PublicURL string
	// Bound is what the browser's owner must show again when he is back: the id of his session or token.
	Bound string
}

// Departure is where to send the browser.
type Departure struct {
	URL         string
	Step        SignInStep
	RedirectURI string
	ExpiresAt   time.Time
}

// RedirectURI returns where the browser comes back to, which the app registration must list: https, or http on this machine (B0).
func RedirectURI(publicURL string) (string, error) {
	u, err := url.Parse(strings.TrimRight(publicURL, "/"))
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fault.New(fault.Invalid, "PublicURL", "%q is not the public address of a server", publicURL).
			WithRemedy("Give scheme and host only, such as https://rollcall.example.com (--base-url).")
	}
	ip := net.ParseIP(u.Hostname())
	if u.Scheme == "http" && !strings.EqualFold(u.Hostname(), "localhost") && (ip == nil || !ip.IsLoopback()) {
		return "", fault.New(fault.Invalid, "PublicURL", "Microsoft sends browsers back to https addresses only, and %q is none", publicURL).
			WithRemedy("Give the server TLS (--tls-cert and --tls-key) or a proxy that has it, and set --base-url. Plain http works on this machine only.")
	}
	return u.String() + graph.CallbackPath, nil
}

// SendAway begins a sign-in or a consent at Microsoft (B1), also to renew consent (B5).
func (e *Engine) SendAway(ctx context.Context, org, id ident.ID, leave Leave) (Departure, error) {
	connection, err := e.GetConnection(ctx, org, id)
	if err != nil {
		return Departure{}, err
	}
	redirect, err := RedirectURI(leave.PublicURL)
	if err != nil {
		return Departure{}, err
	}
	step := leave.Step
	if step == "" {
		if step = StepConsent; connection.TenantID == "" {
			step = StepSignIn
		}
	}
	switch {
	case connection.Form == FormManaged:
		return Departure{}, fault.New(fault.Invalid, "ManagedIdentity", "a managed identity has no page for consent").
			WithRemedy("Grant it the permissions with Microsoft's command line (POST /servicePrincipals/{id}/appRoleAssignments), then check the connection.")
	case step == StepConsent && connection.TenantID == "":
		return Departure{}, fault.New(fault.Invalid, "Missing", "nobody has told the tenant yet").WithRemedy("Sign in first, or enter the tenant's id.")
	}
	return e.depart(ctx, connection, SignIn{Step: step, RedirectURI: redirect}, leave.Bound)
}

// depart keeps what the browser must bring back for the step, and makes the address.
func (e *Engine) depart(ctx context.Context, connection Connection, kept SignIn, bound string) (Departure, error) {
	login, err := e.Login(connection)
	if err != nil {
		return Departure{}, err
	}
	now := e.Now()
	state := rand.Text() + rand.Text()
	kept.Key, kept.OrgID, kept.ConnectionID, kept.Bound, kept.ExpiresAt = digestOf(state), connection.OrgID, connection.ID, digestOf(bound), now.Add(signInLife)
	departure := Departure{Step: kept.Step, RedirectURI: kept.RedirectURI, ExpiresAt: kept.ExpiresAt}
	if kept.Step == StepConsent {
		departure.URL = login.ConsentURL(kept.RedirectURI, state)
	} else {
		verifier := rand.Text() + rand.Text()
		kept.Nonce = rand.Text()
		if kept.SealedVerifier, err = e.Seal(connection.ID, verifier); err != nil {
			return Departure{}, err
		}
		departure.URL = login.SignInURL(graph.SignIn{
			RedirectURI: kept.RedirectURI, State: state, Nonce: kept.Nonce, Verifier: verifier, ToWithdraw: kept.Step == StepWithdraw,
		})
	}
	return departure, e.Store.SaveSignIn(ctx, kept, now)
}

func digestOf(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// Return is what a browser brings back from Microsoft: the parameters of the redirect address, and who shows them.
type Return struct {
	// Bound is that of Leave.
	Bound string
	State string
	// Code is that of a sign-in. AdminConsent and Tenant are of a consent.
	Code, AdminConsent, Tenant string
	// Error, ErrorSubcode and ErrorDescription say why there is none.
	Error, ErrorSubcode, ErrorDescription string
}

// Arrival is what became of it.
type Arrival struct {
	Connection Connection
	Step       SignInStep
	// Deleted is the instance that was deleted, after StepWithdraw.
	Deleted ident.ID
	// Next is where the browser must go now, to consent after it signed in; nil if it may stay.
	Next *Departure
}

// WelcomeBack takes what a browser brings back, once. A state that is unknown, used, too old, or somebody else's is fault.Invalid and changes
// nothing. That Microsoft refused is no error: the connection's state and reason say it; only after StepWithdraw it is one, and nothing was changed.
func (e *Engine) WelcomeBack(ctx context.Context, org ident.ID, back Return) (Arrival, error) {
	kept, err := e.takeSignIn(ctx, org, back)
	if err != nil {
		return Arrival{}, err
	}
	connection, err := e.GetConnection(ctx, org, kept.ConnectionID)
	if err != nil {
		return Arrival{}, err
	}
	arrival := Arrival{Connection: connection, Step: kept.Step}
	switch {
	case kept.Step == StepWithdraw && back.Error != "":
		err = notWithdrawn(back)
	case kept.Step == StepWithdraw:
		err = e.withdrawn(ctx, &arrival, kept, back)
	case back.Error != "":
		arrival.Connection, err = e.declined(ctx, connection, back)
	case kept.Step == StepSignIn:
		err = e.signedIn(ctx, &arrival, kept, back)
	default:
		arrival.Connection, err = e.consented(ctx, connection, back)
	}
	return arrival, err
}

// Begun returns what a browser was sent away for, as long as it may come back: by its state, to whom it is bound. A state that is unknown, used, too
// old, or somebody else's is fault.Invalid.
func (e *Engine) Begun(ctx context.Context, state, bound string) (SignIn, error) {
	kept, err := e.Store.SignIn(ctx, digestOf(state))
	switch {
	case fault.Is(err, fault.NotFound):
		return SignIn{}, unknownSignIn()
	case err != nil:
		return SignIn{}, err
	case subtle.ConstantTimeCompare(kept.Bound, digestOf(bound)) != 1, !e.Now().Before(kept.ExpiresAt):
		return SignIn{}, unknownSignIn()
	}
	return kept, nil
}

func unknownSignIn() error {
	return fault.New(fault.Invalid, "UnknownSignIn", "this way back from Microsoft is not known, was used before, is older than ten minutes, or was begun by somebody else").
		WithRemedy("Begin again.")
}

func (e *Engine) takeSignIn(ctx context.Context, org ident.ID, back Return) (SignIn, error) {
	var kept SignIn
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if kept, err = e.Begun(ctx, back.State, back.Bound); err != nil {
			return err
		}
		if kept.OrgID != org {
			return unknownSignIn()
		}
		return e.Store.DropSignIn(ctx, kept.Key)
	})
	return kept, err
}

// signedIn takes the tenant over from who signed in, and sends him on to consent.
func (e *Engine) signedIn(ctx context.Context, arrival *Arrival, kept SignIn, back Return) error {
	login, err := e.Login(arrival.Connection)
	if err != nil {
		return err
	}
	person, err := e.redeem(ctx, login, kept, back)
	if err != nil {
		return err
	}
	arrival.Connection, err = e.updateConnection(ctx, kept.OrgID, kept.ConnectionID, func(ctx context.Context, connection *Connection) error {
		if otherTenant(connection.TenantID, person.TenantID) {
			connection.enter(Refused, wrongTenant(person.TenantID, connection.TenantID), e.Now())
			return nil
		}
		before := connection.record()
		if connection.TenantID == "" {
			connection.TenantID = person.TenantID
		}
		connection.Standing.SignedIn = person.Username
		return e.recordConnection(ctx, *connection, "connection.sign-in", before, attr.From(map[string]any{"tenant": person.TenantID, "account": person.Username}))
	})
	if err != nil || arrival.Connection.State == Refused && arrival.Connection.Standing.Reason.Code == wrongTenantCode {
		return err
	}
	next, err := e.depart(ctx, arrival.Connection, SignIn{Step: StepConsent, RedirectURI: kept.RedirectURI}, back.Bound)
	arrival.Next = &next
	return err
}

// redeem gives the code for who signed in.
func (e *Engine) redeem(ctx context.Context, login Login, kept SignIn, back Return) (graph.Person, error) {
	verifier, err := e.Open(kept.ConnectionID, kept.SealedVerifier)
	if err != nil {
		return graph.Person{}, err
	}
	return login.Redeem(ctx, graph.SignIn{RedirectURI: kept.RedirectURI, Nonce: kept.Nonce, Verifier: verifier, ToWithdraw: kept.Step == StepWithdraw}, back.Code)
}

const wrongTenantCode = "WrongTenant"

// otherTenant compares ids; a domain cannot be compared.
func otherTenant(wanted, got string) bool {
	_, err := ident.Parse(wanted)
	return err == nil && got != "" && !strings.EqualFold(wanted, got)
}

func wrongTenant(got, wanted string) *Failure {
	return failureOf(fault.New(fault.Denied, wrongTenantCode, "this was done in the tenant %s, and the connection is for %s", got, wanted).
		WithRemedy("Begin again with an account of the right tenant, or make another connection."))
}

// consented asks the tenant whether it consented: that a browser says so proves nothing.
func (e *Engine) consented(ctx context.Context, connection Connection, back Return) (Connection, error) {
	if !strings.EqualFold(back.AdminConsent, "true") {
		return connection, fault.New(fault.Invalid, "NoConsent", "Microsoft's answer says nothing of a consent").WithRemedy("Begin again.")
	}
	if otherTenant(connection.TenantID, back.Tenant) {
		return e.refuse(ctx, connection, wrongTenant(printableID(back.Tenant), connection.TenantID))
	}
	if _, err := e.WaitForConsent(ctx, connection.OrgID, connection.ID); err != nil { // it can take minutes until tokens carry a consent
		return connection, err
	}
	return e.CheckConnection(ctx, connection.OrgID, connection.ID)
}

func printableID(text string) string {
	if id, err := ident.Parse(text); err == nil {
		return id.String()
	}
	return "of another id"
}

// declined notes why there is no consent. Who may not consent can have requested it, so that the connection waits (B2).
func (e *Engine) declined(ctx context.Context, connection Connection, back Return) (Connection, error) {
	if mayNotConsent(back) {
		return e.WaitForConsent(ctx, connection.OrgID, connection.ID)
	}
	f := fault.New(fault.Denied, "SignInFailed", "Microsoft refused: %s", firstWords(back.ErrorDescription, back.Error)).WithRemedy("Begin again.")
	if back.declinedByPerson() {
		f = fault.New(fault.Denied, "ConsentDeclined", "the administrator declined to consent at Microsoft").WithRemedy("Begin again, and choose Accept.")
	}
	return e.refuse(ctx, connection, failureOf(f))
}

func (r Return) declinedByPerson() bool {
	return r.ErrorSubcode == "cancel" || r.Error == "access_denied" || r.Error == "permission_denied"
}

// mayNotConsent reports whether the account may not consent: AADSTS65001, 90093, 90094 and 90095
// (https://learn.microsoft.com/entra/identity-platform/reference-error-codes).
func mayNotConsent(back Return) bool {
	for _, code := range []string{"AADSTS65001", "AADSTS90093", "AADSTS90094", "AADSTS90095"} {
		if strings.HasPrefix(back.ErrorDescription, code+":") {
			return true
		}
	}
	return back.ErrorSubcode != "cancel" && back.Error == "consent_required" && !strings.HasPrefix(back.ErrorDescription, "AADSTS65004:")
}

// firstWords is the beginning of a text from outside, without its trace.
func firstWords(text, otherwise string) string {
	text, _, _ = strings.Cut(text, "\n")
	text, _, _ = strings.Cut(text, " Trace ID:")
	if text = strings.TrimSpace(text); text == "" {
		text = otherwise
	}
	if runes := []rune(text); len(runes) > 300 {
		text = string(runes[:300])
	}
	return strings.TrimRight(text, ".")
}

func (e *Engine) refuse(ctx context.Context, connection Connection, reason *Failure) (Connection, error) {
	return e.updateConnection(ctx, connection.OrgID, connection.ID, func(ctx context.Context, c *Connection) error {
		if c.State == Connected { // what works goes on working: only a new consent was not given
			return nil
		}
		before := c.record()
		c.Standing.CheckAt = time.Time{}
		if !c.enter(Refused, reason, e.Now()) {
			return nil
		}
		return e.recordConnection(ctx, *c, "connection.refuse", before, c.record())
	})
}
