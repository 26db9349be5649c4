package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// Group is a group of the directory, without its members.
type Group struct {
	ID          ident.ID `json:"id" format:"uuid" doc:"The group's id."`
	DisplayName string   `json:"displayName" doc:"What people call the group. Other groups may have the same name."`
	Description string   `json:"description,omitempty" doc:"What the group is for."`
	ExternalID  string   `json:"externalId,omitempty" doc:"The object id in the tenant."`
	Source      string   `json:"source" doc:"Where the group came from first: Entra, Manual."`
	// Managed groups are changed by their owner only; members may be put in by hand.
	Managed bool   `json:"managed" doc:"An instance owns the group, which is read-only here; members may be put in by hand."`
	Owner   *Owner `json:"owner,omitempty" doc:"The instance that manages the group."`
	Members int64  `json:"members" doc:"How many direct members the group has."`
	// ToBeSynced and Awaited are those of a group that an instance manages.
	ToBeSynced bool  `json:"toBeSynced" doc:"Not all members in scope are there yet."`
	Awaited    int64 `json:"awaited,omitempty" doc:"How many members in scope are not there yet, as far as that is known."`
	// Version grows with every write, changes of members included. It is the ETag.
	Version   int64     `json:"version" doc:"Grows with every write, also when members come or leave; the ETag."`
	CreatedAt time.Time `json:"createdAt" doc:"When the group was created."`
	UpdatedAt time.Time `json:"updatedAt" doc:"When the group was written last, or members came or left."`
	// Attributes by SCIM path.
	Attributes map[string]any `json:"attributes" doc:"All attributes, by SCIM path."`
}

// GroupAttributes are those of a new group, or those to change.
type GroupAttributes struct {
	// Attributes by SCIM path. When a group is changed, null removes one and those that are absent stay.
	Attributes map[string]any `json:"attributes" doc:"Values by SCIM path: displayName, description, externalId. When changing a group, null removes a value."`
}

// InGroup is the part of a request that names a group.
type InGroup struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The group's id."`
}

// taggedGroup is an answer about one version of a group.
type taggedGroup struct {
	ETag string `header:"ETag" doc:"The group's version, for If-Match."`
	Body Group
}

func tagGroup(group directory.Group) *taggedGroup {
	return &taggedGroup{ETag: fmt.Sprintf("%q", strconv.FormatInt(group.Revision, 10)), Body: groupOf(group)}
}

func (s *server) serveGroups() {
	serve(s, operation{
		id: "listGroups", method: http.MethodGet, path: inOrg + "/groups", tag: "Groups", summary: "List groups", detail: "By name.",
	}, s.listGroups)
	serve(s, operation{
		id: "createGroup", method: http.MethodPost, path: inOrg + "/groups", tag: "Groups", summary: "Create a group by hand",
		detail: "displayName is required.", status: http.StatusCreated,
	}, s.createGroup)
	serve(s, operation{
		id: "getGroup", method: http.MethodGet, path: inOrg + "/groups/{id}", tag: "Groups", summary: "Read a group",
	}, func(ctx context.Context, in *InGroup) (*taggedGroup, error) {
		group, err := s.Directory.Group(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return tagGroup(group), nil
	})
	serve(s, operation{
		id: "changeGroup", method: http.MethodPatch, path: inOrg + "/groups/{id}", tag: "Groups", summary: "Change a group",
		detail:   "Attributes that are absent stay, null removes one. A group that an instance manages is read-only.",
		failures: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, s.changeGroup)
	serve(s, operation{
		id: "deleteGroup", method: http.MethodDelete, path: inOrg + "/groups/{id}", tag: "Groups", summary: "Delete a group",
		detail:   "Its members stay in the directory. A group that an instance manages is read-only.",
		failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *InGroup) (*struct{}, error) {
		return nil, s.Directory.DeleteGroup(ctx, orgOf(ctx), in.ID)
	})
	serve(s, operation{
		id: "letGoGroup", method: http.MethodPost, path: inOrg + "/groups/{id}/let-go", tag: "Groups", summary: "Let go of a group that a source took over",
		detail: "From then on nobody manages it, and instances may match it again.", failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *InGroup) (*taggedGroup, error) {
		group, err := s.Directory.LetGoGroup(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return tagGroup(group), nil
	})
	s.serveMembers()
}

func (s *server) listGroups(ctx context.Context, in *struct {
	InOrganization
	Search     string   `query:"search" maxLength:"256" doc:"Only groups whose displayName contains this, without regard to case."`
	ExternalID string   `query:"externalId" maxLength:"256" doc:"Only groups with this object id in the tenant."`
	Owner      ident.ID `query:"owner" format:"uuid" doc:"Only groups that this instance manages."`
	Managed    string   `query:"managed" enum:"true,false" doc:"Only groups that an instance manages, or that none does."`
	ToBeSynced bool     `query:"toBeSynced" doc:"Only groups whose members in scope are not all there yet."`
	Paging
},
) (*body[List[Group]], error) {
	after, err := in.place()
	if err != nil {
		return nil, err
	}
	query := directory.GroupQuery{
		Search: in.Search, ExternalID: in.ExternalID, Owner: in.Owner, ToBeSynced: in.ToBeSynced, After: after, Limit: in.Limit + 1,
	}
	if in.Managed != "" {
		managed := in.Managed == "true"
		query.Managed = &managed
	}
	groups, err := s.Directory.ListGroups(ctx, orgOf(ctx), query)
	return reply(page(in.Paging, byGroup, groups, func(g directory.Group) string { return g.ID.String() + g.Place().NameKey }, groupOf)), err
}

// place returns the place among groups that the cursor stands for: an id and a name key.
func (p Paging) place() (directory.GroupPlace, error) {
	key, err := p.key(byGroup)
	if err != nil || key == "" {
		return directory.GroupPlace{}, err
	}
	split := min(36, len(key)) // the length of an id
	id, err := ident.Parse(key[:split])
	if err != nil {
		return directory.GroupPlace{}, badCursor()
	}
	return directory.GroupPlace{ID: id, NameKey: key[split:]}, nil
}

func (s *server) createGroup(ctx context.Context, in *struct {
	InOrganization
	Body GroupAttributes
},
) (*created[Group], error) {
	attributes, err := recordOf(in.Body.Attributes)
	if err != nil {
		return nil, err
	}
	group, err := s.Directory.CreateGroup(ctx, orgOf(ctx), attributes)
	if err != nil {
		return nil, err
	}
	return &created[Group]{Location: at(ctx, "/groups/%s", group.ID), Body: groupOf(group)}, nil
}

func (s *server) changeGroup(ctx context.Context, in *struct {
	InGroup
	IfMatch string `header:"If-Match" maxLength:"64" doc:"The ETag that was read: the change is refused if the group, or who is in it, was changed meanwhile."`
	Body    GroupAttributes
},
) (*taggedGroup, error) {
	revision, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	attributes, err := recordOf(in.Body.Attributes)
	if err != nil {
		return nil, err
	}
	group, err := s.Directory.ChangeGroup(ctx, orgOf(ctx), in.ID, attributes, revision)
	if err != nil {
		return nil, err
	}
	return tagGroup(group), nil
}

func groupOf(group directory.Group) Group {
	out := Group{
		ID: group.ID, DisplayName: group.Name(), Description: group.Attributes.Text(directory.Description),
		ExternalID: group.Attributes.Text(attr.ExternalID), Source: group.Origin, Managed: !group.Owner.IsZero(), Members: group.Members,
		ToBeSynced: group.ToBeSynced, Awaited: group.Awaited, Version: group.Revision, CreatedAt: group.CreatedAt, UpdatedAt: group.UpdatedAt,
		Attributes: attributesOf(group.Attributes),
	}
	out.Owner = ownerOf(group.Owner, group.OwnerName)
	return out
}
