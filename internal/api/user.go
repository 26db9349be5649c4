package api

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// User is a user of the directory.
type User struct {
	ID          ident.ID `json:"id" format:"uuid" doc:"The user's id."`
	UserName    string   `json:"userName" doc:"The name to sign in with, unique without regard to case."`
	DisplayName string   `json:"displayName" doc:"What people call the user."`
	Active      bool     `json:"active" doc:"The user may use the directory's services."`
	State       string   `json:"state" enum:"Active,Inactive,Deleted" doc:"Deleted: in the tenant's recycle bin."`
	// DeletedAt and RestorableUntil are those of a user in the tenant's recycle bin.
	DeletedAt       time.Time `json:"deletedAt,omitzero" doc:"Since when the user is in the tenant's recycle bin."`
	RestorableUntil time.Time `json:"restorableUntil,omitzero" doc:"Until when the user can be restored there."`
	ExternalID      string    `json:"externalId,omitempty" doc:"The object id in the tenant."`
	Source          string    `json:"source" doc:"Where the user came from first: Entra, SCIM, Directory Connector, Manual."`
	// Managed users are changed by their owner only.
	Managed bool     `json:"managed" doc:"An instance or a source owns the user, who is read-only here."`
	Owner   *Owner   `json:"owner,omitempty" doc:"The instance that manages the user, or the source that took him over."`
	Manager *Manager `json:"manager,omitempty" doc:"The user's manager, if he is in the directory."`
	// Version grows with every write, starting at 1. It is the ETag.
	Version   int64     `json:"version" doc:"Grows with every write; the ETag."`
	CreatedAt time.Time `json:"createdAt" doc:"When the user was created."`
	UpdatedAt time.Time `json:"updatedAt" doc:"When the user was written last."`
	// Attributes by SCIM path.
	Attributes map[string]any `json:"attributes" doc:"All attributes, by SCIM path."`
}

// Owner is the instance that manages a user or group, or the source that took it over.
type Owner struct {
	ID     ident.ID         `json:"id,omitzero" format:"uuid" doc:"The instance's id; absent for a source."`
	Name   string           `json:"name" doc:"What people call the owner: the instance's name."`
	Source directory.Source `json:"source,omitempty" enum:"SCIM,AAD,AD,OKTA" doc:"The source that took the object over; absent for an instance."`
}

// ownerOf shows an owner; nil for nobody.
func ownerOf(id ident.ID, name string) *Owner {
	source := directory.SourceOf(id)
	switch {
	case id.IsZero():
		return nil
	case source != "":
		return &Owner{Name: name, Source: source}
	}
	return &Owner{ID: id, Name: name}
}

// Manager is a user's manager in the directory.
type Manager struct {
	ID          ident.ID `json:"id" format:"uuid" doc:"The manager's id in the directory."`
	UserName    string   `json:"userName" doc:"The manager's userName."`
	DisplayName string   `json:"displayName" doc:"What people call the manager."`
}

// UserAttributes are those of a new user, or those to change.
type UserAttributes struct {
	// Attributes by SCIM path. When a user is changed, null removes one and those that are absent stay.
	Attributes map[string]any `json:"attributes" doc:"Values by SCIM path, such as userName or name.familyName. When changing a user, null removes a value."`
}

// InUser is the part of a request that names a user.
type InUser struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The user's id."`
}

// tagged is an answer about one version of a user.
type tagged struct {
	ETag string `header:"ETag" doc:"The user's version, for If-Match."`
	Body User
}

func (s *server) serveUsers() {
	serve(s, operation{
		id: "listUsers", method: http.MethodGet, path: inOrg + "/users", tag: "Users", summary: "List users", detail: "By name.",
	}, s.listUsers)
	serve(s, operation{
		id: "createUser", method: http.MethodPost, path: inOrg + "/users", tag: "Users", summary: "Create a user by hand",
		detail: "userName is required; active is true unless said otherwise.", status: http.StatusCreated,
		failures: []int{http.StatusConflict},
	}, s.createUser)
	serve(s, operation{
		id: "getUser", method: http.MethodGet, path: inOrg + "/users/{id}", tag: "Users", summary: "Read a user",
	}, func(ctx context.Context, in *InUser) (*tagged, error) {
		user, err := s.Directory.User(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return s.tag(ctx, user)
	})
	serve(s, operation{
		id: "changeUser", method: http.MethodPatch, path: inOrg + "/users/{id}", tag: "Users", summary: "Change a user",
		detail:   "Attributes that are absent stay, null removes one. A user whom an instance manages is read-only.",
		failures: []int{http.StatusConflict, http.StatusPreconditionFailed},
	}, s.changeUser)
	serve(s, operation{
		id: "deleteUser", method: http.MethodDelete, path: inOrg + "/users/{id}", tag: "Users", summary: "Delete a user",
		detail:   "A copy goes to the archive. A user whom an instance manages is read-only.",
		failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *InUser) (*struct{}, error) {
		return nil, s.Directory.DeleteUser(ctx, orgOf(ctx), in.ID)
	})
	serve(s, operation{
		id: "letGoUser", method: http.MethodPost, path: inOrg + "/users/{id}/let-go", tag: "Users", summary: "Let go of a user whom a source took over",
		detail: "From then on nobody manages him, and instances may match him again.", failures: []int{http.StatusConflict},
	}, func(ctx context.Context, in *InUser) (*tagged, error) {
		user, err := s.Directory.LetGoUser(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return s.tag(ctx, user)
	})
	s.serveArchive()
}

func (s *server) listUsers(ctx context.Context, in *struct {
	InOrganization
	Search  string   `query:"search" maxLength:"256" doc:"Only users whose userName or displayName contains this, without regard to case."`
	Active  string   `query:"active" enum:"true,false" doc:"Only users who are active, or who are not."`
	Deleted bool     `query:"deleted" doc:"Only users in the tenant's recycle bin."`
	Owner   ident.ID `query:"owner" format:"uuid" doc:"Only users whom this instance manages."`
	Paging
},
) (*body[List[User]], error) {
	after, err := in.key(byName)
	if err != nil {
		return nil, err
	}
	query := directory.UserQuery{Search: in.Search, Deleted: in.Deleted, Owner: in.Owner, After: after, Limit: in.Limit + 1}
	if in.Active != "" {
		active := in.Active == "true"
		query.Active = &active
	}
	users, err := s.Directory.ListUsers(ctx, orgOf(ctx), query)
	if err != nil {
		return nil, err
	}
	managers, err := s.managers(ctx, users)
	return reply(page(in.Paging, byName, users, func(u directory.User) string { return attr.NameKey(u.Name()) }, func(u directory.User) User {
		return userOf(u, managers[u.ID])
	})), err
}

func (s *server) tag(ctx context.Context, user directory.User) (*tagged, error) {
	managers, err := s.managers(ctx, []directory.User{user})
	return &tagged{ETag: fmt.Sprintf("%q", strconv.FormatInt(user.Version, 10)), Body: userOf(user, managers[user.ID])}, err
}

func (s *server) createUser(ctx context.Context, in *struct {
	InOrganization
	Body UserAttributes
},
) (*created[User], error) {
	attributes, err := recordOf(in.Body.Attributes)
	if err != nil {
		return nil, err
	}
	user, err := s.Directory.CreateUser(ctx, orgOf(ctx), attributes)
	if err != nil {
		return nil, err
	}
	out, err := s.tag(ctx, user)
	if err != nil {
		return nil, err
	}
	return &created[User]{Location: at(ctx, "/users/%s", user.ID), Body: out.Body}, nil
}

func (s *server) changeUser(ctx context.Context, in *struct {
	InUser
	IfMatch string `header:"If-Match" maxLength:"64" doc:"The ETag that was read: the change is refused if the user was changed meanwhile."`
	Body    UserAttributes
},
) (*tagged, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	attributes, err := recordOf(in.Body.Attributes)
	if err != nil {
		return nil, err
	}
	user, err := s.Directory.ChangeUser(ctx, orgOf(ctx), in.ID, attributes, version)
	if err != nil {
		return nil, err
	}
	return s.tag(ctx, user)
}

// versionOf reads If-Match (RFC 9110, section 13.1.1) with one tag; 0 for none, or for any version.
func versionOf(tag string) (int64, error) {
	tag = strings.TrimSpace(tag)
	if tag == "" || tag == "*" {
		return 0, nil
	}
	version, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(tag, "W/"), `"`), 10, 64)
	if err != nil || version < 1 {
		return 0, fault.New(fault.Invalid, "BadETag", "If-Match: %s is not an ETag of this server", tag)
	}
	return version, nil
}

func userOf(user directory.User, manager *Manager) User {
	out := User{
		ID: user.ID, UserName: user.Name(), DisplayName: user.Attributes.Text(attr.DisplayName), Active: user.Active(), State: "Inactive",
		DeletedAt: user.DeletedAt(), RestorableUntil: user.RestorableUntil(), ExternalID: user.Attributes.Text(attr.ExternalID),
		Source: user.Origin, Managed: !user.Owner.IsZero(), Manager: manager, Version: user.Version, CreatedAt: user.CreatedAt,
		UpdatedAt: user.UpdatedAt, Attributes: attributesOf(user.Attributes),
	}
	switch {
	case !out.DeletedAt.IsZero():
		out.State = "Deleted"
	case out.Active:
		out.State = "Active"
	}
	out.Owner = ownerOf(user.Owner, user.OwnerName)
	return out
}
