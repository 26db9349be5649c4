package scimserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// userKind serves users.
type userKind struct {
	*server
	types scim.ResourceType
}

func (k *userKind) resourceType() scim.ResourceType { return k.types }

func (k *userKind) read(ctx context.Context, id ident.ID, show scim.Projection) (shown, error) {
	user, err := k.Directory.User(ctx, callerOf(ctx).org, id)
	if err != nil {
		return shown{}, err
	}
	return k.one(ctx, user, show)
}

func (k *userKind) query(ctx context.Context, query directory.ResourceQuery, show scim.Projection) (shownPage, error) {
	page, err := k.Directory.SearchUsers(ctx, callerOf(ctx).org, query)
	if err != nil {
		return shownPage{}, err
	}
	items, err := k.show(ctx, page.Users, show)
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
	return k.one(ctx, user, show)
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

// edit changes a user by what change makes of the resource.
func (k *userKind) edit(ctx context.Context, id ident.ID, only condition, show scim.Projection,
	change func(scim.Resource) (scim.Resource, error),
) (shown, error) {
	who := callerOf(ctx)
	user, err := k.Directory.EditUser(ctx, who.org, id, who.token.Writer(), func(ctx context.Context, user directory.User) (attr.Record, error) {
		if err := only.check(user.Version); err != nil {
			return nil, err
		}
		managers, err := k.Directory.ManagersOf(ctx, user.OrgID, []directory.User{user})
		if err != nil {
			return nil, err
		}
		before := k.types.FromRecord(user.Attributes)
		addManager(before, managers, user)
		after, err := change(before)
		if err != nil {
			return nil, err
		}
		return k.types.Changes(before, after, user.Attributes), nil
	})
	if err != nil {
		return shown{}, err
	}
	return k.one(ctx, user, show)
}

func (k *userKind) remove(ctx context.Context, id ident.ID, only condition) error {
	who := callerOf(ctx)
	return k.Directory.RemoveUserIf(ctx, who.org, id, who.token.Writer(), func(user directory.User) error { return only.check(user.Version) })
}

func (k *userKind) one(ctx context.Context, user directory.User, show scim.Projection) (shown, error) {
	items, err := k.show(ctx, []directory.User{user}, show)
	if err != nil {
		return shown{}, err
	}
	return items[0], nil
}

// show makes answers of users. Their groups and managers are read together, and only if they are wanted.
func (k *userKind) show(ctx context.Context, users []directory.User, show scim.Projection) ([]shown, error) {
	who := callerOf(ctx)
	ids := make([]ident.ID, len(users))
	for i, user := range users {
		ids[i] = user.ID
	}
	var groups map[ident.ID][]directory.Group
	if show.Wants("groups") {
		var err error
		if groups, err = k.Directory.GroupsOf(ctx, who.org, ids); err != nil {
			return nil, err
		}
	}
	managers, err := k.Directory.ManagersOf(ctx, who.org, users)
	if err != nil {
		return nil, err
	}
	items := make([]shown, len(users))
	for i, user := range users {
		resource := k.types.FromRecord(user.Attributes)
		digest := addManager(resource, managers, user)
		digest += addGroups(resource, groups[user.ID], who.base)
		addManagerAddress(resource, who.base)
		if show.Requests(scim.WebexUser, "provisionSource") {
			addSource(resource, scim.WebexUser, user.Origin)
		}
		items[i] = finish(k.types, resource, shown{
			id: user.ID, version: tag(user.Version, shortened(digest)), location: who.base + k.types.Endpoint + "/" + user.ID.String(),
		}, user.CreatedAt, user.UpdatedAt, show)
	}
	return items, nil
}

// addManager puts in the manager whom the directory found, and returns what it tells of him.
func addManager(resource scim.Resource, managers map[ident.ID]directory.User, user directory.User) string {
	manager, found := managers[user.ID]
	if !found {
		return ""
	}
	object := map[string]any{"value": manager.ID.String()}
	display := manager.Attributes.Text(attr.DisplayName)
	if display != "" {
		object["displayName"] = display
	}
	extension(resource, attr.EnterpriseUser)["manager"] = object
	return manager.ID.String() + display
}

func extension(resource scim.Resource, urn string) map[string]any {
	object, ok := resource[urn].(map[string]any)
	if !ok {
		object = map[string]any{}
		resource[urn] = object
	}
	return object
}

func addManagerAddress(resource scim.Resource, base string) {
	enterprise, _ := resource[attr.EnterpriseUser].(map[string]any)
	manager, _ := enterprise["manager"].(map[string]any)
	if id, ok := manager["value"].(string); ok {
		manager["$ref"] = base + "/Users/" + id
	}
}

// addGroups puts in the groups of a user, and returns what it tells of them.
func addGroups(resource scim.Resource, groups []directory.Group, base string) (told string) {
	if len(groups) == 0 {
		return ""
	}
	list := make([]any, len(groups))
	for i, group := range groups {
		id := group.ID.String()
		list[i] = map[string]any{"value": id, "$ref": base + "/Groups/" + id, "display": group.Name(), "type": "direct"}
		told += id + group.Name()
	}
	resource["groups"] = list
	return told
}

// shortened is a digest of what an answer tells of other objects; "" of nothing.
func shortened(told string) string {
	if told == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(told))
	return hex.EncodeToString(sum[:6])
}

// addSource puts in where an object came from first, in the words of Webex.
func addSource(resource scim.Resource, urn, origin string) {
	source := origin
	switch origin {
	case "Entra":
		source = "AAD"
	case "Directory Connector":
		source = "AD"
	}
	extension(resource, urn)["provisionSource"] = source
}

// finish adds what every resource has, and takes away what is not wanted.
func finish(types scim.ResourceType, resource scim.Resource, it shown, created, changed time.Time, show scim.Projection) shown {
	schemas := []any{types.Core.ID}
	for _, extension := range types.Extensions {
		if resource[extension.ID] != nil {
			schemas = append(schemas, extension.ID)
		}
	}
	resource["schemas"], resource["id"] = schemas, it.id.String()
	resource["meta"] = map[string]any{
		"resourceType": types.Name, "created": stamp(created), "lastModified": stamp(changed),
		"location": it.location, "version": it.version,
	}
	it.resource = show.Apply(resource)
	return it
}

// stamp is a time as it is stored, to the microsecond.
func stamp(at time.Time) string { return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }
