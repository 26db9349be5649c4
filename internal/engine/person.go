package engine

import (
	"context"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
)

// person is whom somebody named.
type person struct {
	// id is the object id in the tenant, in lower case; "" if nobody is known by the name.
	id string
	// synced is the directory user that carries the name or id, nil if there is none.
	synced *directory.User
}

// identify finds the person whom somebody names: by object id, by userPrincipalName, or by name or id of a directory user. The tenant is asked
// first whom it knows by the name, unless it is nil; who is not known there any more, because he is deleted, is found in the mirror.
func (e *Engine) identify(ctx context.Context, instance Instance, tenant mirror.Tenant, who string) (person, error) {
	who = strings.TrimSpace(who)
	if id, err := ident.Parse(who); err == nil {
		return e.identifyByID(ctx, instance, id, strings.ToLower(who))
	}
	var found person
	users, err := e.Directory.FindUsers(ctx, instance.OrgID, attr.UserName, []string{attr.NameKey(who)})
	if err != nil {
		return found, err
	}
	if len(users) > 0 {
		found.synced = &users[0]
	}
	if tenant != nil {
		id, err := tenant.UserID(ctx, who)
		if err != nil && !fault.Is(err, fault.Invalid) { // a name that cannot be asked for is nobody's
			return found, err
		}
		if id != "" {
			found.id = strings.ToLower(id)
			return found, nil
		}
	}
	user, err := e.mirrored(ctx, instance, who)
	if err != nil {
		return found, err
	}
	if found.id = user.SourceID; found.id == "" && found.synced != nil {
		found.id = sourceOf(*found.synced, instance)
	}
	return found, nil
}

// identifyByID takes the id for one of the tenant unless the mirror does not know it and the directory does.
func (e *Engine) identifyByID(ctx context.Context, instance Instance, id ident.ID, sourceID string) (person, error) {
	known, err := e.Store.LoadUsers(ctx, instance.ConnectionID, []string{sourceID}, true)
	if err != nil {
		return person{}, err
	}
	if _, isKnown := known[sourceID]; isKnown {
		return person{id: sourceID}, nil
	}
	users, err := e.Directory.UsersByID(ctx, instance.OrgID, []ident.ID{id})
	if err != nil || len(users) == 0 {
		return person{id: sourceID}, err
	}
	return person{id: sourceOf(users[0], instance), synced: &users[0]}, nil
}

// sourceOf is the person of the tenant whom a directory user belongs to; "" if that cannot be said.
func sourceOf(user directory.User, instance Instance) string {
	if user.Owner == instance.ID {
		return user.SourceID
	}
	external := user.Attributes.Text(attr.ExternalID)
	if _, err := ident.Parse(external); err != nil {
		return ""
	}
	return strings.ToLower(external)
}
