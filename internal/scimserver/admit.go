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
		wait, ok, remembered := s.Limiter.AllowSecret(secret, s.Machine())
		if known = remembered; !ok {
			return directory.Token{}, throttled(wait)
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
	if wait, ok := s.Limiter.Allow(token.Bearer(), s.Machine()); !ok {
		return directory.Token{}, throttled(wait)
	}
	return token, nil
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
