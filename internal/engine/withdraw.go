package engine

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// StepWithdraw has an administrator of the tenant sign in to take its consent back; then an instance is deleted (C9).
const StepWithdraw SignInStep = "withdraw"

// checksOfWithdrawal is how many checks count as done when a consent was taken back here: tokens that carry it are given for some minutes still, and
// nobody is in a hurry to have it back.
const checksOfWithdrawal = 80

// Withdrawal asks for an instance to be deleted after its tenant's consent was taken back.
type Withdrawal struct {
	// PublicURL and Bound are those of Leave.
	PublicURL, Bound string
	// Shared: the consent may be taken from other instances as well, which stop until it is renewed.
	Shared bool
}

// SharingConsent returns the other instances that read the tenant by the same consent: those of the instance's connection.
func (e *Engine) SharingConsent(ctx context.Context, instance Instance) ([]Instance, error) {
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return nil, err
	}
	users, err := e.sharing(ctx, connection)
	var others []Instance
	for _, other := range users {
		if other.ID != instance.ID {
			others = append(others, other)
		}
	}
	return others, err
}

// SendToWithdraw sends a browser to Microsoft, where an administrator of the tenant signs in; when he is back, the consent is taken back in his
// name and the instance deleted. If other instances need the consent it fails as fault.Conflict, unless that was said to be so.
func (e *Engine) SendToWithdraw(ctx context.Context, org, id ident.ID, want Withdrawal) (Departure, error) {
	instance, err := e.Instance(ctx, org, id)
	if err != nil {
		return Departure{}, err
	}
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return Departure{}, err
	}
	if connection.Form == FormManaged {
		return Departure{}, fault.New(fault.Invalid, "ManagedIdentity", "a managed identity has no consent that somebody gave").
			WithRemedy("Delete the instance without it, and take the permissions of the identity back with Microsoft's command line.")
	}
	if err := e.checkSharing(ctx, instance, want.Shared); err != nil {
		return Departure{}, err
	}
	redirect, err := RedirectURI(want.PublicURL)
	if err != nil {
		return Departure{}, err
	}
	return e.depart(ctx, connection, SignIn{Step: StepWithdraw, RedirectURI: redirect, InstanceID: id, Shared: want.Shared}, want.Bound)
}

func (e *Engine) checkSharing(ctx context.Context, instance Instance, shared bool) error {
	others, err := e.SharingConsent(ctx, instance)
	if err != nil || len(others) == 0 || shared {
		return err
	}
	return fault.New(fault.Conflict, "ConsentShared", "the consent is that of %d other instances too, such as %s, which would stop", len(others), others[0].Name).
		WithRemedy("Say that they may stop (--shared), or delete the instance and leave the consent as it is.")
}

// withdrawn takes the consent back in the name of who signed in, and deletes the instance. Whatever fails before the consent is gone leaves both.
func (e *Engine) withdrawn(ctx context.Context, arrival *Arrival, kept SignIn, back Return) error {
	instance, err := e.Instance(ctx, kept.OrgID, kept.InstanceID)
	if err != nil {
		return err
	}
	if err := e.checkSharing(ctx, instance, kept.Shared); err != nil { // another one may have come meanwhile
		return err
	}
	connection := arrival.Connection
	login, err := e.Login(connection)
	if err != nil {
		return err
	}
	person, err := e.redeem(ctx, login, kept, back)
	if err != nil {
		return err
	}
	if otherTenant(connection.TenantID, person.TenantID) {
		return fault.New(fault.Denied, wrongTenantCode, "somebody of the tenant %s signed in, and the connection is for %s; nothing was changed", person.TenantID, connection.TenantID).
			WithRemedy("Begin again with an account of the right tenant.")
	}
	if err := login.Withdraw(ctx, person); err != nil {
		return err
	}
	if arrival.Connection, err = e.noteWithdrawn(ctx, connection, person); err != nil {
		return err
	}
	arrival.Deleted = instance.ID
	return e.DeleteInstance(ctx, instance.ID) // by itself: it may have to wait for a remote service
}

// noteWithdrawn leaves the connection as one whose consent was removed (B5), for those who share it.
func (e *Engine) noteWithdrawn(ctx context.Context, connection Connection, person graph.Person) (Connection, error) {
	return e.updateConnection(ctx, connection.OrgID, connection.ID, func(ctx context.Context, c *Connection) error {
		before := c.record()
		c.enter(Refused, failureOf(fault.New(fault.Denied, graph.ConsentMissing, "the consent was taken back here").
			WithRemedy("An Entra administrator consents again.")), e.Now())
		c.Standing.Permissions, c.Standing.Checks = nil, checksOfWithdrawal
		c.Standing.CheckAt = e.Now().Add(checkPace(checksOfWithdrawal))
		after := c.record()
		after.Set("account", person.Username)
		return e.recordConnection(ctx, *c, "connection.withdraw", before, after)
	})
}

// notWithdrawn says why Microsoft sent the browser back with nothing. The connection stays as it is: nothing was done.
func notWithdrawn(back Return) error {
	switch {
	case mayNotConsent(back):
		return fault.New(fault.Denied, graph.WithdrawalDenied, "the account may not take the consent back, and nothing was deleted").
			WithRemedy("Sign in as an administrator of Entra, such as a Privileged Role Administrator or a Cloud Application Administrator.")
	case back.declinedByPerson():
		return fault.New(fault.Denied, "WithdrawalCanceled", "the sign-in at Microsoft was canceled, and nothing was deleted").
			WithRemedy("Begin again, or delete the instance without taking the consent back.")
	}
	return fault.New(fault.Denied, "SignInFailed", "Microsoft refused, and nothing was deleted: %s", firstWords(back.ErrorDescription, back.Error)).WithRemedy("Begin again.")
}
