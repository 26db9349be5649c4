package engine

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
	"rollcall/internal/source"
)

// TenantUser is a user of the tenant as the mirror holds him.
type TenantUser struct {
	source.User
	State plan.SourceState
	// Properties are the Graph properties that the mirror holds of everybody; what is not among them is not known, rather than empty.
	Properties []string
}

// TenantUser finds a user of the instance's tenant in the mirror, by object id or userPrincipalName in any case. Whoever is purged, or
// not in the mirror, fails as fault.NotFound.
func (e *Engine) TenantUser(ctx context.Context, instance Instance, who string) (TenantUser, error) {
	found, err := e.mirrored(ctx, instance, who)
	if err != nil {
		return TenantUser{}, err
	}
	if found.SourceID == "" || found.State == plan.Gone {
		return TenantUser{}, fault.New(fault.NotFound, "UnknownTenantUser", "the mirror of the tenant holds no user %q", who).
			WithRemedy("Give the object id or the userPrincipalName; whoever is new in the tenant is there after the next run.")
	}
	settings, err := e.Store.Settings(ctx, instance.ID, instance.ConfigVersion)
	if err != nil {
		return TenantUser{}, err
	}
	rules, err := settings.compile()
	if err != nil {
		return TenantUser{}, err
	}
	cursor, err := e.Store.Cursor(ctx, instance.ConnectionID)
	if err != nil {
		return TenantUser{}, err
	}
	user := source.User{ID: found.SourceID, Record: found.Record}
	blocked := user.Record.Has("accountEnabled") && !user.Record.Bool("accountEnabled")
	w := &work{instance: instance, connection: Connection{ID: instance.ConnectionID}}
	through, err := e.memberships(ctx, w, rules, []Object{{User: found}})
	if err != nil {
		return TenantUser{}, err
	}
	var membership scope.Membership
	if through != nil {
		membership = through[0]
	}
	user.SoftDeleted = blocked || found.State != plan.Live || !rules.Scope.DecideMember(user, membership).In
	return TenantUser{User: user, State: found.State, Properties: cursor.Attributes}, nil
}

// mirrored finds a user of the mirror; the zero User if there is none. Who is synchronised is found by the name he has in the directory, which usually
// is the same: that is quicker than to search all names.
func (e *Engine) mirrored(ctx context.Context, instance Instance, who string) (mirror.User, error) {
	ids := []string{who, strings.ToLower(who)}
	_, notAnID := ident.Parse(who)
	if notAnID != nil {
		synced, err := e.Directory.FindUsers(ctx, instance.OrgID, attr.UserName, []string{attr.NameKey(who)})
		if err != nil {
			return mirror.User{}, err
		}
		ids = nil
		for _, user := range synced {
			if user.Owner == instance.ID {
				ids = append(ids, user.SourceID)
			}
		}
	}
	users, err := e.Store.LoadUsers(ctx, instance.ConnectionID, ids, false)
	if err != nil {
		return mirror.User{}, err
	}
	for _, user := range users {
		if strings.EqualFold(user.SourceID, who) || named(user, who) {
			return user, nil
		}
	}
	if notAnID == nil {
		return mirror.User{}, nil
	}
	return e.Store.NamedTenantUser(ctx, instance.ConnectionID, who)
}

func named(user mirror.User, who string) bool {
	return user.State != plan.Gone && attr.NameKey(user.Record.Text("userPrincipalName")) == attr.NameKey(who)
}
