package scimserver

import (
	"context"
	"net/http"
	"strings"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/inbound"
	"rollcall/internal/scim"
)

// caller is who asks, about which organization, and how his requests are read.
type caller struct {
	token   directory.Token
	org     ident.ID
	profile scim.Profile
	// base is the address of the organization's service, without a slash at its end.
	base string
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// admit lets a request pass whose token is good and has the right.
func (s *server) admit(r *http.Request, needs directory.Right) (context.Context, error) {
	ctx := r.Context()
	who := caller{profile: scim.Entra, base: s.base(r)}
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	secret = strings.TrimSpace(secret)
	if needs == "" && scheme == "" {
		return context.WithValue(ctx, callerKey{}, who), nil
	}
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return nil, fault.New(fault.Unauthenticated, missingToken, "the request has no bearer token").
			WithRemedy("Send the header Authorization: Bearer TOKEN; `rollcall token create` makes one.")
	}
	token, err := s.authenticate(ctx, secret)
	if err != nil {
		return nil, err
	}
	if who.org, err = s.organization(ctx, token, r.PathValue("orgId")); err != nil {
		return nil, err
	}
	if needs != "" && needs != ownAccount && !token.May(needs) {
		return nil, denied(token, needs)
	}
	who.token = token
	if token.Profile != "" {
		who.profile = token.Profile
	}
	x := exchangeOf(ctx)
	ctx = audit.WithActor(ctx, audit.Actor{TokenID: token.ID, Name: token.Name, Address: x.address, RequestID: x.id})
	return context.WithValue(ctx, callerKey{}, who), nil
}

// authenticate returns the token of a secret, if it is good and its bearer may ask now.
func (s *server) authenticate(ctx context.Context, secret string) (directory.Token, error) {
	known := s.Limiter == nil
	if !known {
		err := patiently(ctx, func() (wait time.Duration, ok bool) {
			wait, ok, known = s.Limiter.AllowSecret(secret, s.Machine())
			return wait, ok
		})
		if err != nil {
			return directory.Token{}, err
		}
	}
	token, err := s.Directory.Authenticate(ctx, secret)
	if err != nil {
		return directory.Token{}, err
	}
	exchangeOf(ctx).token = token.ID
	if known {
		return token, nil
	}
	s.Limiter.Remember(secret, token.Bearer())
	return token, patiently(ctx, func() (time.Duration, bool) { return s.Limiter.Allow(token.Bearer(), s.Machine()) })
}

// patience is how long a request is held that comes a little too early. A client that waits for each answer before it asks again is slowed down to what
// it may; who asks for more at a time is refused.
const patience = 25 * time.Millisecond

// patiently waits until a request is allowed, or fails as fault.Throttled.
func patiently(ctx context.Context, allow func() (wait time.Duration, ok bool)) error {
	for left := patience; ; {
		wait, ok := allow()
		switch {
		case ok:
			return nil
		case wait > left:
			return throttled(wait)
		}
		left -= max(wait, time.Millisecond)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

func throttled(wait time.Duration) error {
	err := fault.New(fault.Throttled, "TooManyRequests", "the bearer of this token asks too much at a time").WithRemedy("Wait as Retry-After says.")
	err.RetryAfter = wait
	return err
}

func denied(token directory.Token, right directory.Right) error {
	err := fault.New(fault.Denied, "Forbidden", "the right %q is missing: the token %q has the role %s", right, token.Name, token.Role)
	switch {
	case token.Blocked && token.Role.May(right):
		err.Message = "writes from the source " + string(token.Source) + " are blocked in this organization"
		return err.WithRemedy("An administrator lets them in again: `rollcall organization unblock %s`.", token.Source)
	case token.Role.May(right):
		err.Message += ", but its administrator is only " + string(token.AdministratorRole)
	}
	return err.WithRemedy("Use a token with this right; `rollcall token create` makes one.")
}

// organization finds the organization that a path names. To a token that is bound to another one, it does not exist.
func (s *server) organization(ctx context.Context, token directory.Token, text string) (ident.ID, error) {
	unknown := fault.New(fault.NotFound, "UnknownOrganization", "there is no organization %q", text).
		WithRemedy("The address is /identity/scim/ORGANIZATION/v2, with the id of the token's organization.")
	id, err := ident.Parse(text)
	if err != nil || id.IsZero() || !token.OrgID.IsZero() && token.OrgID != id {
		return ident.ID{}, unknown
	}
	if _, err := s.Directory.Organization(ctx, id); err != nil {
		if fault.Is(err, fault.NotFound) {
			return ident.ID{}, unknown
		}
		return ident.ID{}, err
	}
	return id, nil
}

// base is the address of the organization's service.
func (s *server) base(r *http.Request) string {
	root := s.BaseURL
	if root == "" {
		root = inbound.BaseURL(r, s.TrustedProxies)
	}
	return root + Prefix + r.PathValue("orgId") + "/v2"
}
