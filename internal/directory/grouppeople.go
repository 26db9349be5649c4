package directory

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// CreateGroup adds a group by hand. displayName is required; it may be that of another group. Paths may be written in any case and spacing;
// a bad path or value fails as fault.Invalid.
func (s *Service) CreateGroup(ctx context.Context, org ident.ID, attributes attr.Record) (Group, error) {
	return s.createGroup(ctx, org, "Manual", attributes)
}

func (s *Service) createGroup(ctx context.Context, org ident.ID, origin string, attributes attr.Record) (Group, error) {
	attributes, err := checkGroupWritten(attributes)
	if err != nil {
		return Group{}, err
	}
	attributes = attr.Record{}.Merge(attributes) // without what is nil
	if err := checkGroupName(attributes); err != nil {
		return Group{}, err
	}
	now := s.now()
	group := Group{
		OrgID: org, ID: ident.New(now), Attributes: attributes, Origin: origin, Version: 1, Revision: 1, CreatedAt: now, UpdatedAt: now,
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.InsertGroups(ctx, []Group{group}); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: org, Action: "group.create", ObjectID: group.ID.String(), ObjectName: group.Name(), After: attributes})
	})
	if err != nil {
		return Group{}, err
	}
	return group, nil
}

// ChangeGroup merges attributes into a group; nil removes one. Nothing is written when nothing differs. Managed groups are refused as
// fault.Conflict (rule 2). revision is the one that was read, 0 for whatever is there; another one fails as fault.Stale, also when only
// members came or left.
func (s *Service) ChangeGroup(ctx context.Context, org, id ident.ID, partial attr.Record, revision int64) (Group, error) {
	var group Group
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		before, err := s.Group(ctx, org, id)
		if err == nil {
			group, err = s.changeGroup(ctx, before, Writer{}, partial, revision)
		}
		return err
	})
	return group, err
}

// changeGroup is ChangeGroup of a group that was read in the transaction of the context.
func (s *Service) changeGroup(ctx context.Context, before Group, by Writer, partial attr.Record, revision int64) (Group, error) {
	partial, err := checkGroupWritten(partial)
	if err != nil {
		return Group{}, err
	}
	if err := mayWriteGroup(before, by); err != nil {
		return Group{}, err
	}
	if revision != 0 && revision != before.Revision {
		return Group{}, fault.New(fault.Stale, "VersionMismatch", "%s was changed meanwhile", before.Name()).WithRemedy("Read it again and repeat the change.")
	}
	group := before
	group.Attributes = before.Attributes.Merge(partial)
	if err := checkGroupName(group.Attributes); err != nil {
		return Group{}, err
	}
	was, is := difference(before.Attributes, group.Attributes)
	if len(is) == 0 {
		return group, nil
	}
	if !by.owns(before.Owner) {
		if err := s.takeGroup(ctx, by, before, &group); err != nil {
			return Group{}, err
		}
	}
	group.Version, group.Revision, group.UpdatedAt = before.Version+1, before.Revision+1, s.now()
	if err := s.store.UpdateGroup(ctx, group, before.Version); err != nil {
		return Group{}, err
	}
	err = s.record(ctx, audit.Event{
		OrgID: group.OrgID, Action: "group.change", ObjectID: group.ID.String(), ObjectName: before.Name(), Before: was, After: is,
	})
	if err != nil {
		return Group{}, err
	}
	return group, nil
}

// DeleteGroup removes an unmanaged group, whatever its size at the same cost; a copy goes to the archive, and its members stay in the
// directory. Managed groups are refused as fault.Conflict.
func (s *Service) DeleteGroup(ctx context.Context, org, id ident.ID) error {
	return s.RemoveGroupIf(ctx, org, id, Writer{}, func(Group) error { return nil })
}

// deleteGroup is DeleteGroup of a group that was read in the transaction of the context.
func (s *Service) deleteGroup(ctx context.Context, group Group, by Writer) error {
	if err := mayWriteGroup(group, by); err != nil {
		return err
	}
	if !by.owns(group.Owner) {
		taken := takenObject{group.OrgID, group.ID, group.Name(), group.Owner, group.OwnerName, group.SourceID, true}
		if err := s.tellTaken(ctx, by, taken); err != nil {
			return err
		}
	}
	if err := s.removeGroups(ctx, group.OrgID, map[ident.ID]string{group.ID: "removed by " + audit.ActorOf(ctx).Name}); err != nil {
		return err
	}
	return s.record(ctx, audit.Event{
		OrgID: group.OrgID, Action: "group.delete", ObjectID: group.ID.String(), ObjectName: group.Name(), Before: group.Attributes,
	})
}

// mayWriteGroup refuses a group that somebody else manages, unless the writer takes it over.
func mayWriteGroup(group Group, by Writer) error {
	if by.owns(group.Owner) || by.TakeOver {
		return nil
	}
	managed := fault.New(fault.Conflict, "Managed", "the group %s is managed by %s and is read-only here", group.Name(), group.OwnerName)
	if SourceOf(group.Owner) != "" {
		return managed.WithRemedy("Write with a token of this source, or let go of the group with `rollcall group let-go`.")
	}
	return managed.WithRemedy("Change the group in Entra, or take it out of the instance: it stays and becomes editable. Members may be added by hand all the same.")
}
