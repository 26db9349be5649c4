package scimserver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/scim"
)

// userView is a user as an answer shows him, with what other objects tell of him.
type userView struct {
	*directory.User
	base, location, version string
	// manager is the id of the manager whom the directory found, "" for none.
	manager, managerName string
	groups               []*groupLabel
}

// groupLabel is what users tell of a group that they are in. Many are in the same.
type groupLabel struct {
	object map[string]any
	json   []byte
	told   string
}

// memberGroups are the groups that users are in, by the user.
type memberGroups = map[ident.ID][]*directory.Group

// groupsOf reads the groups of users, if they are wanted.
func (k *userKind) groupsOf(ctx context.Context, users []directory.User, show scim.Projection) (memberGroups, error) {
	if !show.Wants("groups") {
		return nil, nil
	}
	ids := make([]ident.ID, len(users))
	for i := range users {
		ids[i] = users[i].ID
	}
	return k.Directory.GroupsOf(ctx, callerOf(ctx).org, ids)
}

// show makes answers of users who are in groups. Their managers are read together.
func (k *userKind) show(ctx context.Context, users []directory.User, groups memberGroups, show scim.Projection) ([]shown, error) {
	who := callerOf(ctx)
	managers, err := k.Directory.ManagersOf(ctx, who.org, users)
	if err != nil {
		return nil, err
	}
	items, views, labels := make([]shown, len(users)), make([]userView, len(users)), map[ident.ID]*groupLabel{}
	for i := range users {
		view := &views[i]
		view.User, view.base, view.location = &users[i], who.base, who.base+k.types.Endpoint+"/"+users[i].ID.String()
		if manager, found := managers[view.ID]; found {
			view.manager, view.managerName = manager.ID.String(), manager.Attributes.Text(attr.DisplayName)
		}
		view.groups = labelsOf(groups[view.ID], who.base, labels)
		view.version = tag(view.Version, view.digest())
		items[i] = shown{id: view.ID, version: view.version, location: view.location}
		if show.IsDefault() {
			if items[i].template = k.templateOf(view); items[i].template != nil {
				items[i].user = view
				continue
			}
		}
		resource := k.resourceOf(view.Attributes, view.facts())
		if show.Requests(scim.WebexUser, "provisionSource") {
			addSource(resource, scim.WebexUser, view.Origin)
		}
		items[i].resource = show.Apply(resource)
	}
	return items, nil
}

// labelsOf returns the labels of groups, of which some are known.
func labelsOf(groups []*directory.Group, base string, known map[ident.ID]*groupLabel) []*groupLabel {
	if len(groups) == 0 {
		return nil
	}
	labels := make([]*groupLabel, len(groups))
	for i, group := range groups {
		label := known[group.ID]
		if label == nil {
			id, name := group.ID.String(), group.Name()
			object := map[string]any{"value": id, "$ref": base + "/Groups/" + id, "display": name, "type": "direct"}
			label = &groupLabel{object: object, json: scim.AppendJSON(nil, object), told: id + name}
			known[group.ID] = label
		}
		labels[i] = label
	}
	return labels
}

// digest is one of what the view tells of other objects; "" of nothing.
func (v *userView) digest() string {
	if v.manager == "" && len(v.groups) == 0 {
		return ""
	}
	told := append([]byte(v.manager), v.managerName...)
	for _, group := range v.groups {
		told = append(told, group.told...)
	}
	sum := sha256.Sum256(told)
	return hex.EncodeToString(sum[:6])
}

// facts are what a resource of a user holds beside the attributes that are kept.
type facts struct {
	common
	base string
	// manager is "" for none, groups nil.
	manager, managerName, managerAddress string
	groups                               any
}

func (v *userView) facts() facts {
	f := facts{
		common: common{id: v.ID.String(), created: stamp(v.CreatedAt), changed: stamp(v.UpdatedAt), location: v.location, version: v.version},
		base:   v.base, manager: v.manager, managerName: v.managerName, managerAddress: v.base + "/Users/" + v.manager,
	}
	if len(v.groups) > 0 {
		list := make([]any, len(v.groups))
		for i, group := range v.groups {
			list[i] = group.object
		}
		f.groups = list
	}
	return f
}

// resourceOf makes the resource of a user.
func (k *userKind) resourceOf(attributes attr.Record, f facts) scim.Resource {
	resource := k.types.FromRecord(attributes)
	if f.manager != "" {
		addManager(resource, f.manager, f.managerName)["$ref"] = f.managerAddress
	} else if enterprise, ok := resource[attr.EnterpriseUser].(map[string]any); ok {
		manager, _ := enterprise["manager"].(map[string]any)
		if id, ok := manager["value"].(string); ok { // who is not there any more
			manager["$ref"] = f.base + "/Users/" + id
		}
	}
	if f.groups != nil {
		resource["groups"] = f.groups
	}
	f.addTo(k.types, resource)
	return resource
}

// addManager puts in the manager whom the directory found, and returns what stands of him.
func addManager(resource scim.Resource, id, name string) map[string]any {
	object := map[string]any{"value": id}
	if name != "" {
		object["displayName"] = name
	}
	extension(resource, attr.EnterpriseUser)["manager"] = object
	return object
}
