package api

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// tenantUser names a user by the instance that owns him and his object id in its tenant.
type tenantUser struct {
	owner    ident.ID
	sourceID string
}

// managers resolves the managers of a page of users, with two look-ups at most, by the users' ids. A synchronised user names his manager
// by the object id in the tenant, any other by the id in the directory (attr.Manager, attr.ManagerValue). Who is not there is left out.
func (s *server) managers(ctx context.Context, users []directory.User) (map[ident.ID]*Manager, error) {
	wanted := map[ident.ID]tenantUser{}
	direct := map[ident.ID]ident.ID{}
	var sourceIDs []string
	var ids []ident.ID
	for _, user := range users {
		if source := user.Attributes.Text(attr.Manager); source != "" {
			wanted[user.ID] = tenantUser{user.Owner, source}
			sourceIDs = append(sourceIDs, source)
		} else if id, err := ident.Parse(user.Attributes.Text(attr.ManagerValue)); err == nil {
			direct[user.ID] = id
			ids = append(ids, id)
		}
	}
	bySource, err := s.managersBySource(ctx, sourceIDs)
	if err != nil {
		return nil, err
	}
	byID, err := s.managersByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	managers := map[ident.ID]*Manager{}
	for user, manager := range wanted {
		managers[user] = bySource[manager]
	}
	for user, manager := range direct {
		managers[user] = byID[manager]
	}
	return managers, nil
}

func (s *server) managersBySource(ctx context.Context, sourceIDs []string) (map[tenantUser]*Manager, error) {
	if len(sourceIDs) == 0 {
		return nil, nil
	}
	found, err := s.Directory.FindUsers(ctx, orgOf(ctx), attr.ExternalID, sourceIDs)
	if err != nil {
		return nil, err
	}
	managers := make(map[tenantUser]*Manager, len(found))
	for _, user := range found {
		managers[tenantUser{user.Owner, user.SourceID}] = managerOf(user)
	}
	return managers, nil
}

func (s *server) managersByID(ctx context.Context, ids []ident.ID) (map[ident.ID]*Manager, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.Directory.UsersByID(ctx, orgOf(ctx), ids)
	if err != nil {
		return nil, err
	}
	managers := make(map[ident.ID]*Manager, len(found))
	for _, user := range found {
		managers[user.ID] = managerOf(user)
	}
	return managers, nil
}

func managerOf(user directory.User) *Manager {
	return &Manager{ID: user.ID, UserName: user.Name(), DisplayName: user.Attributes.Text(attr.DisplayName)}
}
