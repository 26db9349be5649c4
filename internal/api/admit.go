package api

import (
	"context"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"rollcall/internal/audit"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// missingToken is the code of requests without a token.
const missingToken = "MissingToken"

// ownOrganization in the place of an organization's id means the token's own, or the only one of the server.
const ownOrganization = "-"

// caller is who asks, and about which organization.
type caller struct {
	token directory.Token
	// org is zero for operations that are about no organization.
	org ident.ID
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

// orgOf returns the organization that the request is about.
func orgOf(ctx context.Context) ident.ID { return callerOf(ctx).org }

// admit lets a request pass whose token is good and may do what is asked.
func (s *server) admit(ctx huma.Context, next func(huma.Context)) {
	who, err := s.identify(ctx.Context(), ctx.Operation(), ctx.Header("Authorization"), ctx.Param("orgId"))
	if err != nil {
		r, w := humago.Unwrap(ctx)
		s.refuse(w, r, s.problem(ctx.Context(), err))
		return
	}
	x := exchangeOf(ctx.Context())
	inside := audit.WithActor(context.WithValue(ctx.Context(), callerKey{}, who), audit.Actor{
		TokenID: who.token.ID, Name: who.token.Name, Address: x.address, RequestID: x.id,
	})
	next(huma.WithContext(ctx, inside))
}

// identify finds out who asks and about which organization, and fails if he may not.
func (s *server) identify(ctx context.Context, op *huma.Operation, authorization, org string) (caller, error) {
	needs, listed := accesses[op.OperationID]
	if !listed {
		return caller{}, fault.New(fault.Internal, "", "nobody said who may do %s", op.OperationID)
	}
	scheme, secret, _ := strings.Cut(authorization, " ")
	secret = strings.TrimSpace(secret)
	if !strings.EqualFold(scheme, "Bearer") || secret == "" {
		return caller{}, fault.New(fault.Unauthenticated, missingToken, "the request has no bearer token").
			WithRemedy("Send the header Authorization: Bearer TOKEN; `rollcall token create` makes one.")
	}
	token, err := s.Directory.Authenticate(ctx, secret)
	if err != nil {
		return caller{}, err
	}
	exchangeOf(ctx).token = token.ID
	who := caller{token: token}
	if needs.server && !token.OrgID.IsZero() {
		return caller{}, fault.New(fault.Denied, "Forbidden", "the token is bound to one organization, and this is about the server").
			WithRemedy("Use a token of the server: `rollcall token create NAME --server-wide`, asked with one, makes another.")
	}
	if strings.Contains(op.Path, "{orgId}") {
		if who.org, err = s.organization(ctx, token, org); err != nil {
			return caller{}, err
		}
	}
	if needs.right != "" && !token.May(needs.right) {
		return caller{}, denied(token, needs.right)
	}
	return who, nil
}

func denied(token directory.Token, right directory.Right) error {
	roles := slices.DeleteFunc(directory.Roles(), func(role directory.Role) bool { return !role.May(right) })
	names := make([]string, len(roles))
	for i, role := range roles {
		names[i] = string(role)
	}
	err := fault.New(fault.Denied, "Forbidden", "the right %q is missing: the token %q has the role %s", right, token.Name, token.Role)
	if token.Role.May(right) {
		err.Message += ", but its administrator is only " + string(token.AdministratorRole)
	}
	return err.WithRemedy("Use a token with one of the roles that have it: %s.", strings.Join(names, ", "))
}

// organization finds the organization that a path names. To a token that is bound to another one, it does not exist.
func (s *server) organization(ctx context.Context, token directory.Token, text string) (ident.ID, error) {
	if text == ownOrganization {
		return s.ownOrganization(ctx, token)
	}
	unknown := fault.New(fault.NotFound, "UnknownOrganization", "there is no organization %q", text)
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

func (s *server) ownOrganization(ctx context.Context, token directory.Token) (ident.ID, error) {
	if !token.OrgID.IsZero() {
		return token.OrgID, nil
	}
	all, err := s.Directory.ListOrganizations(ctx)
	switch {
	case err != nil:
		return ident.ID{}, err
	case len(all) == 0:
		return ident.ID{}, fault.New(fault.NotFound, "UnknownOrganization", "there is no organization yet").WithRemedy("Create one.")
	case len(all) > 1:
		return ident.ID{}, fault.New(fault.Invalid, "AmbiguousOrganization", "the server has %d organizations", len(all)).
			WithRemedy("Say which one by its id: --org or ROLLCALL_ORG in the command line, in the place of %q in an address.", ownOrganization)
	}
	return all[0].ID, nil
}
