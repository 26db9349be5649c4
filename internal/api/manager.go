package api

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
)

// managers returns the managers of a page of users, by the users' ids.
func (s *server) managers(ctx context.Context, users []directory.User) (map[ident.ID]*Manager, error) {
	found, err := s.Directory.ManagersOf(ctx, orgOf(ctx), users)
	managers := make(map[ident.ID]*Manager, len(found))
	for user, manager := range found {
		managers[user] = managerOf(manager)
	}
	return managers, err
}

func managerOf(user directory.User) *Manager {
	return &Manager{ID: user.ID, UserName: user.Name(), DisplayName: user.Attributes.Text(attr.DisplayName)}
}
