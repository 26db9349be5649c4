package directory

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// ParkNames sets the names of users aside, so that others can take them in the same run. Whoever calls it sees to it that each of the
// users is renamed by ApplyChanges, or gets his name back by RestoreNames.
func (s *Service) ParkNames(ctx context.Context, org ident.ID, ids []ident.ID) error {
	return s.store.ParkNames(ctx, org, ids)
}

// RestoreNames gives users back the names that ParkNames set aside, and leaves those alone who have theirs. Whose name was taken
// meanwhile gets a temporary one that everybody can see, his id without dashes and then the name, until his instance plans him again.
func (s *Service) RestoreNames(ctx context.Context, org ident.ID, ids []ident.ID) error {
	if len(ids) == 0 {
		return nil
	}
	return s.store.InTx(ctx, func(ctx context.Context) error {
		users, err := s.store.UsersByID(ctx, org, distinct(ids))
		if err != nil {
			return err
		}
		keys := make([]string, len(users))
		for i, user := range users {
			keys[i] = attr.NameKey(user.Name())
		}
		found, err := s.store.UsersByNameKey(ctx, org, keys)
		if err != nil {
			return err
		}
		holders := make(map[string]ident.ID, len(found))
		for _, holder := range found {
			holders[attr.NameKey(holder.Name())] = holder.ID
		}
		for _, user := range users {
			if err := s.restoreName(ctx, user, holders); err != nil {
				return err
			}
		}
		return nil
	})
}

// restoreName writes the user, which gives him the key of his name; holders says who has a key.
func (s *Service) restoreName(ctx context.Context, user User, holders map[string]ident.ID) error {
	base := user.Version
	holder, held := holders[attr.NameKey(user.Name())]
	switch {
	case held && holder == user.ID:
		return nil
	case held:
		user.Attributes = user.Attributes.Clone()
		user.Attributes.Set(attr.UserName, strings.ReplaceAll(user.ID.String(), "-", "")+user.Name())
		user.Version, user.UpdatedAt = base+1, s.now()
	}
	holders[attr.NameKey(user.Name())] = user.ID
	return s.store.UpdateUser(ctx, user, base)
}

func distinct(ids []ident.ID) []ident.ID {
	sorted := slices.Clone(ids)
	slices.SortFunc(sorted, func(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(sorted)
}
