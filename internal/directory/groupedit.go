package directory

import (
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// GroupEdit is what becomes of a group, in one transaction.
type GroupEdit struct {
	// Attributes is a partial record, as ChangeGroup takes it.
	Attributes attr.Record
	// Members are changed after it, one after the other.
	Members []MemberStep
}

// MemberStep is one change of a group's members: Add puts in, Remove takes out, RemoveWhere takes out all who fit, Only makes these the only
// ones. What Add and Remove cost does not depend on the size of the group; the others read it page by page.
type MemberStep struct {
	Add         []MemberRef
	Remove      []ident.ID
	RemoveWhere func(Member) bool
	// Only counts if OnlyThese is set: it may be empty.
	OnlyThese bool
	Only      []MemberRef
}

// EditGroup changes a group by what edit makes of it, in one transaction. An edit that is empty changes nothing, whoever owns the group. A
// member who cannot be one fails the whole as fault.Invalid, one whom the sync put in and who is to leave as fault.Conflict; otherwise it fails
// as ChangeGroup and AddMembers do, or as edit.
func (s *Service) EditGroup(ctx context.Context, org, id ident.ID, by Writer, edit func(Group) (GroupEdit, error)) (Group, error) {
	var group Group
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if group, err = s.Group(ctx, org, id); err != nil {
			return err
		}
		wanted, err := edit(group)
		if err != nil {
			return err
		}
		if len(wanted.Attributes) > 0 {
			if group, err = s.changeGroup(ctx, group, by, wanted.Attributes, 0); err != nil {
				return err
			}
		}
		for _, step := range wanted.Members {
			if err := s.memberStep(ctx, org, id, by, step); err != nil {
				return err
			}
		}
		if len(wanted.Members) > 0 {
			group, err = s.Group(ctx, org, id)
		}
		return err
	})
	if err != nil {
		return Group{}, err
	}
	return group, nil
}

func (s *Service) memberStep(ctx context.Context, org, group ident.ID, by Writer, step MemberStep) error {
	if len(step.Remove) > 0 {
		if err := s.removeAll(ctx, org, group, by, step.Remove); err != nil {
			return err
		}
	}
	leaves := step.RemoveWhere
	if step.OnlyThese {
		stay := make(map[ident.ID]bool, len(step.Only))
		for _, member := range step.Only {
			stay[member.ID] = true
		}
		leaves = func(member Member) bool { return !stay[member.Member] }
	}
	if leaves != nil {
		if err := s.removeWhere(ctx, org, group, by, leaves); err != nil {
			return err
		}
	}
	return s.addAll(ctx, org, group, append(slices.Clip(step.Add), step.Only...))
}

// removeWhere takes the members out who fit, page by page.
func (s *Service) removeWhere(ctx context.Context, org, group ident.ID, by Writer, leaves func(Member) bool) error {
	query := MemberQuery{Limit: memberPiece}
	for {
		members, err := s.store.ListMembers(ctx, org, group, query)
		if err != nil {
			return err
		}
		var out []ident.ID
		for _, member := range members {
			if query.After = member.Member; leaves(member) {
				out = append(out, member.Member)
			}
		}
		if len(out) > 0 {
			if err := s.removeAll(ctx, org, group, by, out); err != nil {
				return err
			}
		}
		if len(members) < memberPiece {
			return nil
		}
	}
}

// removeAll takes members out; one whom only the sync of the group's owner takes out fails it as fault.Conflict, or has the writer take over
// the group.
func (s *Service) removeAll(ctx context.Context, org, group ident.ID, by Writer, members []ident.ID) error {
	results, err := s.removeMembers(ctx, org, group, by, members)
	if err != nil {
		return err
	}
	failed := slices.IndexFunc(results, func(result MemberResult) bool { return result.Failure != nil })
	switch {
	case failed < 0:
		return nil
	case !by.TakeOver:
		return fault.New(fault.Conflict, results[failed].Failure.Code, "%s", results[failed].Failure.Text)
	}
	before, err := s.Group(ctx, org, group)
	if err != nil {
		return err
	}
	taken := before
	if err := s.takeGroup(ctx, by, before, &taken); err != nil {
		return err
	}
	taken.Version, taken.UpdatedAt = before.Version+1, s.now()
	if err := s.store.UpdateGroup(ctx, taken, before.Version); err != nil {
		return err
	}
	by.TakeOver = false
	return s.removeAll(ctx, org, group, by, members)
}

// addAll puts members in; one who cannot be a member fails it.
func (s *Service) addAll(ctx context.Context, org, group ident.ID, members []MemberRef) error {
	if len(members) == 0 {
		return nil
	}
	results, err := s.AddMembers(ctx, org, group, members)
	if err != nil {
		return err
	}
	for _, result := range results {
		if result.Failure != nil {
			return fault.New(fault.Invalid, result.Failure.Code, "%s", result.Failure.Text)
		}
	}
	return nil
}
