package engine

import (
	"context"
	"errors"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
)

// WaitForConsent lets a connection wait until somebody in Entra consents (B2): from now on the engine asks by itself. One that is connected
// stays so.
func (e *Engine) WaitForConsent(ctx context.Context, org, id ident.ID) (Connection, error) {
	return e.updateConnection(ctx, org, id, func(ctx context.Context, c *Connection) error {
		if c.State == Connected || c.State == WaitingForConsent {
			return nil
		}
		if c.TenantID == "" {
			return fault.New(fault.Invalid, "Missing", "nobody has told the tenant yet").WithRemedy("Sign in first, or enter the tenant's id.")
		}
		before := c.record()
		c.enter(WaitingForConsent, nil, e.Now())
		c.Standing.CheckAt = e.Now().Add(checkPace(0))
		return e.recordConnection(ctx, *c, "connection.wait", before, c.record())
	})
}

// CheckConnection asks the tenant now what it grants. Only that it could not be asked is an error; that it refuses is the connection's state.
func (e *Engine) CheckConnection(ctx context.Context, org, id ident.ID) (Connection, error) {
	connection, err := e.GetConnection(ctx, org, id)
	if err != nil {
		return Connection{}, err
	}
	if connection.TenantID == "" {
		return connection, fault.New(fault.Invalid, "Missing", "nobody has told the tenant yet").WithRemedy("Sign in first, or enter the tenant's id.")
	}
	var grant graph.Grant
	login, err := e.Login(connection)
	if err == nil {
		grant, err = login.Granted(ctx)
	}
	if ctx.Err() != nil {
		return connection, ctx.Err()
	}
	settled, failed := e.updateConnection(ctx, org, id, func(ctx context.Context, c *Connection) error { return e.heard(ctx, c, grant, err) })
	if failed != nil {
		return connection, failed
	}
	if !answered(err) {
		return settled, err
	}
	return settled, nil
}

// answered reports whether the tenant said something, and not only a machine between here and there.
func answered(err error) bool {
	return err == nil || fault.Is(err, fault.Denied) || fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Invalid)
}

// heard notes what the tenant said.
func (e *Engine) heard(ctx context.Context, c *Connection, grant graph.Grant, err error) error {
	now, before := e.Now(), c.record()
	c.Standing.Checks++
	if err == nil && otherTenant(c.TenantID, grant.TenantID) {
		err = fault.New(fault.Denied, wrongTenantCode, "the application answers for the tenant %s, and the connection is for %s", grant.TenantID, c.TenantID).
			WithRemedy("Correct tenant id and client id.")
	}
	if err == nil {
		c.Standing.TenantName, c.Standing.Permissions = grant.TenantName, grant.Permissions
		return e.connected(ctx, c)
	}
	reason := failureOf(err)
	if consentMends(reason.Code) {
		c.Standing.Permissions = grant.Permissions
	}
	switch {
	case !answered(err):
		if !c.Standing.CheckAt.IsZero() {
			c.Standing.CheckAt = now.Add(checkPace(c.Standing.Checks))
		}
		return nil
	case consentMends(reason.Code) && c.State == WaitingForConsent:
		c.Standing.Reason = reason
		c.Standing.CheckAt = now.Add(checkPace(c.Standing.Checks))
		return nil
	case consentMends(reason.Code) && c.State == NotConnected:
		c.Standing.Reason = reason
		return nil
	}
	return e.disconnected(ctx, c, reason, before)
}

// connected notes that the tenant grants what is needed: the copy of the tenant begins to fill, and instances that waited go on.
func (e *Engine) connected(ctx context.Context, c *Connection) error {
	before := c.record()
	c.Standing.CheckAt = time.Time{}
	if !c.enter(Connected, nil, e.Now()) {
		return nil
	}
	c.Standing.Prefetch.begin(e.Now())
	if err := e.recordConnection(ctx, *c, "connection.connect", before, c.record()); err != nil {
		return err
	}
	users, err := e.sharing(ctx, *c)
	if err != nil {
		return err
	}
	for _, instance := range users {
		if q := instance.Health.Quarantine; !instance.AutoSync || q == nil || !q.awaitsConsent() {
			continue
		}
		if _, err := e.enqueue(ctx, instance, Incremental, TriggerConfiguration, ""); err != nil {
			return err
		}
	}
	return nil
}

// disconnected notes that the tenant refuses. The configuration is kept; where consent mends it, the tenant is asked again by itself.
func (e *Engine) disconnected(ctx context.Context, c *Connection, reason *Failure, before attr.Record) error {
	c.Standing.CheckAt = time.Time{}
	changed := c.enter(Refused, reason, e.Now())
	if consentMends(reason.Code) {
		c.Standing.CheckAt = e.Now().Add(checkPace(c.Standing.Checks))
	}
	if !changed {
		return nil
	}
	e.Logger.WarnContext(ctx, "tenant refuses", "connection", c.ID.String(), "code", reason.Code, "reason", reason.Message)
	after := c.record()
	after.Set("code", reason.Code)
	return e.recordConnection(ctx, *c, "connection.refuse", before, after)
}

// consentMends reports whether somebody in Entra ends the failure by consent, or by bringing the application back.
func consentMends(code string) bool { return Quarantine{Code: code}.awaitsConsent() }

// LacksConsent reports whether the tenant refuses for a reason that consent ends (B5).
func (c Connection) LacksConsent() bool {
	return c.State == Refused && c.Standing.Reason != nil && consentMends(c.Standing.Reason.Code)
}

// heardByRun notes on the connection what a run of one of its instances heard from the tenant. failure is nil for a good pull.
func (e *Engine) heardByRun(ctx context.Context, id ident.ID, kind fault.Kind, failure *Failure) error {
	c, err := e.Store.Connection(ctx, id)
	if err != nil || failure == nil && c.State == Connected {
		return err
	}
	before := c.record()
	switch {
	case failure == nil:
		c.Standing.CheckAt, c.Standing.Reason = time.Time{}, nil
		if c.Standing.TenantName == "" { // a pull does not tell it
			c.Standing.CheckAt = e.Now()
		}
		c.enter(Connected, nil, e.Now())
		err = e.recordConnection(ctx, c, "connection.connect", before, c.record())
	case kind != fault.Unauthenticated && kind != fault.Denied, consentMends(failure.Code) && c.State == WaitingForConsent:
		return nil
	case c.State == Refused && c.Standing.Reason != nil && c.Standing.Reason.Code == failure.Code:
		return nil
	default:
		if consentMends(failure.Code) {
			c.Standing.Permissions = nil // which ones are left the next question tells
		}
		err = e.disconnected(ctx, &c, failure, before)
	}
	if err != nil {
		return err
	}
	return e.Store.SaveConnection(ctx, c)
}

// watchEvery is how often connections are looked at that wait for their tenant, or are read ahead of any run.
const watchEvery = time.Second

// watch asks tenants that are waited for and reads those that were connected, until the context ends.
func (e *Engine) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := e.Watch(ctx); err != nil && ctx.Err() == nil {
				e.Logger.WarnContext(ctx, "connections", "error", err.Error())
			}
		}
	}
}

// Watch does once what is due about connections: a question to each tenant that is waited for, and for each that was connected a few seconds of
// reading it ahead of any run.
func (e *Engine) Watch(ctx context.Context) error {
	all, err := e.Store.ListConnections(ctx, ident.ID{})
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range all {
		now := e.Now()
		if at := c.Standing.CheckAt; !at.IsZero() && (!now.Before(at) || at.Sub(now) > checkPace(c.Standing.Checks)) {
			_, err := e.CheckConnection(ctx, c.OrgID, c.ID)
			errs = append(errs, err)
		}
		if c.State == Connected && c.Standing.Prefetch.due(now) {
			errs = append(errs, e.prefetch(ctx, c.ID))
		}
	}
	return errors.Join(errs...)
}

// The two ways in which an administrator of the tenant can consent (B2).
const waysToConsent = "An Entra administrator consents in one of two ways: Identity > Applications > Enterprise applications > Activity > Admin consent requests > " +
	"the app > Review permissions and accept; or the app > Security > Permissions > Grant admin consent. The server asks by itself and goes on"

// Explain says in plain words what the connection's state means and what to do.
func (c Connection) Explain() string {
	reason, remedy := "", ""
	if c.Standing.Reason != nil {
		reason, remedy = c.Standing.Reason.Message, c.Standing.Reason.Remedy
	}
	switch c.State {
	case Connected:
		return "The tenant grants what is needed."
	case WaitingForConsent:
		return sentences("Somebody in Entra must consent", waysToConsent)
	case Refused:
		if c.LacksConsent() {
			return waitingFor(reason, "Renew the consent, or: "+remedy)
		}
		return sentences(reason, remedy)
	case NotConnected:
	}
	return sentences("Nobody has asked the tenant yet", reason, "Sign in at Microsoft and consent, or wait until somebody does who may")
}
