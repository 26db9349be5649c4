package directory

import (
	"bytes"
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// origin is where objects come from that a program writes on behalf of the source.
func (s Source) origin() string {
	switch s {
	case SourceAAD:
		return "Entra"
	case SourceAD:
		return "Directory Connector"
	default:
		return "SCIM"
	}
}

// ProvisionUser adds a user on behalf of a source. Otherwise it is CreateUser.
func (s *Service) ProvisionUser(ctx context.Context, org ident.ID, source Source, attributes attr.Record) (User, error) {
	return s.createUser(ctx, org, source.origin(), attributes)
}

// ProvisionGroup adds a group with members on behalf of a source. A member who cannot be one fails the whole as fault.Invalid. Otherwise it
// is CreateGroup.
func (s *Service) ProvisionGroup(ctx context.Context, org ident.ID, source Source, attributes attr.Record, members []MemberRef) (Group, error) {
	var group Group
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if group, err = s.createGroup(ctx, org, source.origin(), attributes); err != nil || len(members) == 0 {
			return err
		}
		if err := s.addAll(ctx, org, group.ID, members); err != nil {
			return err
		}
		group, err = s.Group(ctx, org, group.ID)
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return group, nil
}

// EditUser changes a user by what edit makes of him, in one transaction: nobody else changes him between. edit returns a partial record, as
// ChangeUser takes it; an empty one changes nothing, whoever owns the user. What an owner other than the writer manages is refused, or taken over, as
// by says. It fails as ChangeUser does, or as edit.
func (s *Service) EditUser(ctx context.Context, org, id ident.ID, by Writer, edit func(context.Context, User) (attr.Record, error)) (User, error) {
	var user User
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if user, err = s.User(ctx, org, id); err != nil {
			return err
		}
		partial, err := edit(ctx, user)
		if err != nil || len(partial) == 0 {
			return err
		}
		user, err = s.changeUser(ctx, user, by, partial, 0)
		return err
	})
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// RemoveUserIf is DeleteUser of a user whom check, in the same transaction, does not refuse.
func (s *Service) RemoveUserIf(ctx context.Context, org, id ident.ID, by Writer, check func(User) error) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		user, err := s.User(ctx, org, id)
		if err != nil {
			return err
		}
		if err := check(user); err != nil {
			return err
		}
		return s.deleteUser(ctx, user, by)
	})
}

// RemoveGroupIf is DeleteGroup of a group that check, in the same transaction, does not refuse.
func (s *Service) RemoveGroupIf(ctx context.Context, org, id ident.ID, by Writer, check func(Group) error) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		group, err := s.Group(ctx, org, id)
		if err != nil {
			return err
		}
		if err := check(group); err != nil {
			return err
		}
		return s.deleteGroup(ctx, group, by)
	})
}

// GroupsOf returns the groups that users are direct members of, by the user, in the order of the groups' ids. Users share them.
func (s *Service) GroupsOf(ctx context.Context, org ident.ID, users []ident.ID) (map[ident.ID][]*Group, error) {
	pairs, err := s.store.PairsOf(ctx, org, users)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	slices.SortFunc(pairs, func(a, b Pair) int { return bytes.Compare(a.Group[:], b.Group[:]) })
	var ids []ident.ID
	for i, pair := range pairs {
		if i == 0 || pair.Group != pairs[i-1].Group {
			ids = append(ids, pair.Group)
		}
	}
	found, err := s.store.GroupsByID(ctx, org, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[ident.ID]*Group, len(found))
	for i := range found {
		byID[found[i].ID] = &found[i]
	}
	byMember := make(map[ident.ID][]*Group, len(users))
	for _, pair := range pairs {
		if group := byID[pair.Group]; group != nil {
			byMember[pair.Member] = append(byMember[pair.Member], group)
		}
	}
	return byMember, nil
}
