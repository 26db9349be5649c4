package directory

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Group returns one group by id; it fails as fault.NotFound.
func (s *Service) Group(ctx context.Context, org, id ident.ID) (Group, error) {
	groups, err := s.store.GroupsByID(ctx, org, []ident.ID{id})
	if err != nil {
		return Group{}, err
	}
	if len(groups) == 0 {
		return Group{}, fault.New(fault.NotFound, "UnknownGroup", "there is no group %s", id)
	}
	return groups[0], nil
}

// GroupsByID returns the groups with these ids that exist, in no order.
func (s *Service) GroupsByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]Group, error) {
	return s.store.GroupsByID(ctx, org, ids)
}

// FindGroups returns the groups that have one of the values, in no order: of attr.ExternalID (exactly) or attr.DisplayName (without regard
// to case). Several groups may have the same value.
func (s *Service) FindGroups(ctx context.Context, org ident.ID, path string, values []string) ([]Group, error) {
	return s.store.GroupsBy(ctx, org, path, values)
}

// ListGroups returns a page of groups.
func (s *Service) ListGroups(ctx context.Context, org ident.ID, query GroupQuery) ([]Group, error) {
	return s.store.ListGroups(ctx, org, query)
}

// CountGroups counts all groups that a query would list; After and Limit do not matter.
func (s *Service) CountGroups(ctx context.Context, org ident.ID, query GroupQuery) (int, error) {
	return s.store.CountGroups(ctx, org, query)
}

// Members returns a page of a group's direct members; it fails as fault.NotFound.
func (s *Service) Members(ctx context.Context, org, group ident.ID, query MemberQuery) ([]Member, error) {
	if _, err := s.Group(ctx, org, group); err != nil {
		return nil, err
	}
	return s.store.ListMembers(ctx, org, group, query)
}

// Memberships returns those of the pairs that exist, in no order.
func (s *Service) Memberships(ctx context.Context, org ident.ID, pairs []Pair) ([]Membership, error) {
	return s.store.Memberships(ctx, org, pairs)
}

// MemberOf returns a page of the groups that a user or group is a direct member of, in the order of their ids, behind the given one.
func (s *Service) MemberOf(ctx context.Context, org, member, after ident.ID, limit int) ([]MemberOf, error) {
	return s.store.ListMemberOf(ctx, org, member, after, limit)
}
