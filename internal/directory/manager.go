package directory

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// tenantUser names a user by the instance that owns him and his object id in its tenant.
type tenantUser struct {
	owner    ident.ID
	sourceID string
}

// ManagersOf returns the managers of users, by the users' ids, with two look-ups at most. A synchronised user names his manager by the
// object id in the tenant, any other by the id in the directory (attr.Manager, attr.ManagerValue). Who is not there is left out.
func (s *Service) ManagersOf(ctx context.Context, org ident.ID, users []User) (map[ident.ID]User, error) {
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
	bySource, err := s.usersBySource(ctx, org, sourceIDs)
	if err != nil {
		return nil, err
	}
	byID, err := s.usersByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	managers := make(map[ident.ID]User, len(wanted)+len(direct))
	for user, named := range wanted {
		if manager, there := bySource[named]; there {
			managers[user] = manager
		}
	}
	for user, id := range direct {
		if manager, there := byID[id]; there {
			managers[user] = manager
		}
	}
	return managers, nil
}

func (s *Service) usersBySource(ctx context.Context, org ident.ID, sourceIDs []string) (map[tenantUser]User, error) {
	if len(sourceIDs) == 0 {
		return nil, nil
	}
	found, err := s.FindUsers(ctx, org, attr.ExternalID, sourceIDs)
	users := make(map[tenantUser]User, len(found))
	for _, user := range found {
		users[tenantUser{user.Owner, user.SourceID}] = user
	}
	return users, err
}

func (s *Service) usersByID(ctx context.Context, org ident.ID, ids []ident.ID) (map[ident.ID]User, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := s.UsersByID(ctx, org, ids)
	users := make(map[ident.ID]User, len(found))
	for _, user := range found {
		users[user.ID] = user
	}
	return users, err
}
