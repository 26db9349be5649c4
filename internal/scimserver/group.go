package scimserver

import (
	"context"

	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// groupKind serves groups.
type groupKind struct {
	*server
	types scim.ResourceType
}

func (k *groupKind) resourceType() scim.ResourceType { return k.types }

func (k *groupKind) read(ctx context.Context, id ident.ID, show scim.Projection) (shown, error) {
	group, err := k.Directory.Group(ctx, callerOf(ctx).org, id)
	if err != nil {
		return shown{}, err
	}
	return k.show(ctx, group, show), nil
}

func (k *groupKind) query(ctx context.Context, query directory.ResourceQuery, show scim.Projection) (shownPage, error) {
	page, err := k.Directory.SearchGroups(ctx, callerOf(ctx).org, query)
	if err != nil {
		return shownPage{}, err
	}
	items := make([]shown, len(page.Groups))
	for i, group := range page.Groups {
		items[i] = k.show(ctx, group, show)
	}
	return shownPage{items: items, total: page.Total, next: page.Next}, nil
}

func (k *groupKind) create(ctx context.Context, body map[string]any, show scim.Projection) (shown, error) {
	who := callerOf(ctx)
	patch, err := k.types.ParseResource(body, who.profile)
	if err != nil {
		return shown{}, err
	}
	resource, err := k.types.Whole(patch, nil)
	if err != nil {
		return shown{}, err
	}
	var members []directory.MemberRef
	for _, edit := range patch.Members {
		refs, err := refsOf(edit.Members, who.profile)
		if err != nil {
			return shown{}, err
		}
		members = append(members, refs...)
	}
	group, err := k.Directory.ProvisionGroup(ctx, who.org, who.token.Source, k.types.ToRecord(resource), members)
	if err != nil {
		return shown{}, err
	}
	return k.show(ctx, group, show), nil
}

func (k *groupKind) replace(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error) {
	profile := callerOf(ctx).profile
	patch, err := k.types.ParseResource(body, profile)
	if err != nil {
		return shown{}, err
	}
	steps, err := stepsOf(patch.Members, profile)
	if err != nil {
		return shown{}, err
	}
	if len(steps) == 0 && profile == scim.Strict {
		// To the letter, members that are not named are none. Others leave them out of their requests because they are many.
		steps = []directory.MemberStep{{OnlyThese: true}}
	}
	return k.edit(ctx, id, only, show, steps, func(before scim.Resource) (scim.Resource, error) { return k.types.Whole(patch, before) })
}

func (k *groupKind) patch(ctx context.Context, id ident.ID, body map[string]any, only condition, show scim.Projection) (shown, error) {
	profile := callerOf(ctx).profile
	patch, err := k.types.ParsePatch(body, profile)
	if err != nil {
		return shown{}, err
	}
	steps, err := stepsOf(patch.Members, profile)
	if err != nil {
		return shown{}, err
	}
	patch.Members = nil // thousands may be named, and the group's turn to be written may be a while off
	return k.edit(ctx, id, only, show, steps, patch.Apply)
}

// edit changes a group by what change makes of the resource, and its members by the steps.
func (k *groupKind) edit(ctx context.Context, id ident.ID, only condition, show scim.Projection, steps []directory.MemberStep,
	change func(scim.Resource) (scim.Resource, error),
) (shown, error) {
	who := callerOf(ctx)
	group, err := k.Directory.EditGroup(ctx, who.org, id, who.token.Writer(), func(group directory.Group) (directory.GroupEdit, error) {
		if err := only.check(group.Revision); err != nil {
			return directory.GroupEdit{}, err
		}
		before := k.types.FromRecord(group.Attributes)
		after, err := change(before)
		if err != nil {
			return directory.GroupEdit{}, err
		}
		return directory.GroupEdit{Attributes: k.types.Changes(before, after, group.Attributes), Members: steps}, nil
	})
	if err != nil {
		return shown{}, err
	}
	return k.show(ctx, group, show), nil
}

func (k *groupKind) remove(ctx context.Context, id ident.ID, only condition) error {
	who := callerOf(ctx)
	return k.Directory.RemoveGroupIf(ctx, who.org, id, who.token.Writer(), func(group directory.Group) error { return only.check(group.Revision) })
}

// show makes the answer of a group. Its members are read when they are written, and only if they are wanted.
func (k *groupKind) show(ctx context.Context, group directory.Group, show scim.Projection) shown {
	who := callerOf(ctx)
	resource := k.types.FromRecord(group.Attributes)
	if show.Requests(scim.WebexGroup, "provisionSource") {
		addSource(resource, scim.WebexGroup, group.Origin)
	}
	it := shown{id: group.ID, version: tag(group.Revision, ""), location: who.base + k.types.Endpoint + "/" + group.ID.String()}
	if show.Wants("members") {
		it.members = &memberList{server: k.server, org: who.org, group: group.ID, base: who.base, show: show, none: group.Members == 0}
	}
	common{
		id: group.ID.String(), created: stamp(group.CreatedAt), changed: stamp(group.UpdatedAt), location: it.location, version: it.version,
	}.addTo(k.types, resource)
	it.resource = show.Apply(resource)
	return it
}
