package scimserver

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// userKind serves users.
type userKind struct {
	*server
	types     scim.ResourceType
	templates templates
}

func (k *userKind) resourceType() scim.ResourceType { return k.types }

func (k *userKind) read(ctx context.Context, id ident.ID, show scim.Projection) (shown, error) {
	user, err := k.Directory.User(ctx, callerOf(ctx).org, id)
	if err != nil {
		return shown{}, err
	}
	groups, err := k.groupsOf(ctx, []directory.User{user}, show)
	if err != nil {
		return shown{}, err
	}
	return k.one(ctx, user, groups, show)
}

func (k *userKind) query(ctx context.Context, query directory.ResourceQuery, show scim.Projection) (shownPage, error) {
	page, err := k.Directory.SearchUsers(ctx, callerOf(ctx).org, query)
	if err != nil {
		return shownPage{}, err
	}
	groups, err := k.groupsOf(ctx, page.Users, show)
	if err != nil {
		return shownPage{}, err
	}
	items, err := k.show(ctx, page.Users, groups, show)
	return shownPage{items: items, total: page.Total, next: page.Next}, err
}

func (k *userKind) create(ctx context.Context, body map[string]any, show scim.Projection) (shown, error) {
	who := callerOf(ctx)
	patch, err := k.types.ParseResource(body, who.profile)
	if err != nil {
		return shown{}, err
	}
	resource, err := k.types.Whole(patch, nil)
	if err != nil {
		return shown{}, err
	}
	user, err := k.Directory.ProvisionUser(ctx, who.org, who.token.Source, k.types.ToRecord(resource))
	if err != nil {
		return shown{}, err
	}
	return k.one(ctx, user, nil, show) // who is new is in no group
}

func (k *userKind) replace(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error) {
	patch, err := k.types.ParseResource(body, callerOf(ctx).profile)
	if err != nil {
		return shown{}, err
	}
	return k.edit(ctx, id, only, show, func(before scim.Resource) (scim.Resource, error) { return k.types.Whole(patch, before) })
}

func (k *userKind) patch(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error) {
	patch, err := k.types.ParsePatch(body, callerOf(ctx).profile)
	if err != nil {
		return shown{}, err
	}
	return k.edit(ctx, id, only, show, patch.Apply)
}

// edit changes a user by what change makes of the resource. The groups of the answer are read where the user is written: the connection that
// writes has their pages, and no other one has any that are good after a write.
func (k *userKind) edit(ctx context.Context, id ident.ID, only condition, show scim.Projection,
	change func(scim.Resource) (scim.Resource, error),
) (shown, error) {
	who := callerOf(ctx)
	var groups memberGroups
	user, err := k.Directory.EditUser(ctx, who.org, id, who.token.Writer(), func(ctx context.Context, user directory.User) (attr.Record, error) {
		if err := only.check(user.Version); err != nil {
			return nil, err
		}
		managers, err := k.Directory.ManagersOf(ctx, user.OrgID, []directory.User{user})
		if err != nil {
			return nil, err
		}
		if groups, err = k.groupsOf(ctx, []directory.User{user}, show); err != nil {
			return nil, err
		}
		before := k.types.FromRecord(user.Attributes)
		if manager, found := managers[user.ID]; found {
			addManager(before, manager.ID.String(), manager.Attributes.Text(attr.DisplayName))
		}
		after, err := change(before)
		if err != nil {
			return nil, err
		}
		return k.types.Changes(before, after, user.Attributes), nil
	})
	if err != nil {
		return shown{}, err
	}
	return k.one(ctx, user, groups, show)
}

func (k *userKind) remove(ctx context.Context, id ident.ID, only condition) error {
	who := callerOf(ctx)
	return k.Directory.RemoveUserIf(ctx, who.org, id, who.token.Writer(), func(user directory.User) error { return only.check(user.Version) })
}

func (k *userKind) one(ctx context.Context, user directory.User, groups memberGroups, show scim.Projection) (shown, error) {
	items, err := k.show(ctx, []directory.User{user}, groups, show)
	if err != nil {
		return shown{}, err
	}
	return items[0], nil
}
