package directory

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// TakenOver is an object that an instance manages no more, because a source took it over or removed it.
type TakenOver struct {
	Instance ident.ID
	// SourceID is the object's id in the instance's tenant.
	SourceID string
	Group    bool
}

// OnTakeOver has fn told, in the transaction of the write, what a source takes over from an instance. Call it before any write.
func (s *Service) OnTakeOver(fn func(ctx context.Context, taken TakenOver) error) { s.takenOver = fn }

// takeUser makes the user, who is about to be written, the writer's. His memberships stay: those that his instance gave him are from now on like
// those that were put in by hand, because it does not know him any more and could not end them. The name under which he waits in the recycle bin
// stays until the source gives him another.
func (s *Service) takeUser(ctx context.Context, by Writer, before User, user *User) error {
	managers, err := s.ManagersOf(ctx, user.OrgID, []User{before})
	if err != nil {
		return err
	}
	if manager, there := managers[user.ID]; there && user.Attributes.Has(attr.Manager) {
		user.Attributes.Set(attr.ManagerValue, manager.ID.String())
	}
	user.Attributes.Delete(attr.Manager) // an id in the instance's tenant
	user.Attributes.Delete(attr.DeletedAt)
	user.Owner, user.SourceID = by.Source.Owner(), ""
	if err := s.handMarks(ctx, user.OrgID, before.Owner, user.ID); err != nil {
		return err
	}
	return s.tellTaken(ctx, by, takenObject{user.OrgID, user.ID, before.Name(), before.Owner, before.OwnerName, before.SourceID, false})
}

// takeGroup makes the group, which is about to be written, the writer's. Its members keep their marks, as when an instance lets go of it.
func (s *Service) takeGroup(ctx context.Context, by Writer, before Group, group *Group) error {
	group.Owner, group.SourceID, group.ToBeSynced, group.Awaited = by.Source.Owner(), "", false, 0
	if err := s.handMarks(ctx, group.OrgID, before.Owner, group.ID); err != nil {
		return err
	}
	return s.tellTaken(ctx, by, takenObject{group.OrgID, group.ID, before.Name(), before.Owner, before.OwnerName, before.SourceID, true})
}

type takenObject struct {
	org, id         ident.ID
	name            string
	owner           ident.ID
	ownerName, from string
	group           bool
}

// tellTaken records that an object changes hands, and tells the instance that loses it.
func (s *Service) tellTaken(ctx context.Context, by Writer, taken takenObject) error {
	action := "user.takeover"
	if taken.group {
		action = "group.takeover"
	}
	err := s.record(ctx, audit.Event{
		OrgID: taken.org, Action: action, ObjectID: taken.id.String(), ObjectName: taken.name,
		Before: attr.From(map[string]any{"owner": taken.ownerName}), After: attr.From(map[string]any{"owner": NameOwner(by.Source.Owner(), "")}),
	})
	if err != nil || s.takenOver == nil || SourceOf(taken.owner) != "" {
		return err
	}
	return s.takenOver(ctx, TakenOver{Instance: taken.owner, SourceID: taken.from, Group: taken.group})
}

// handMarks makes the memberships that an owner gave a user or group in groups of his own such as were put in by hand.
func (s *Service) handMarks(ctx context.Context, org, owner, member ident.ID) error {
	groups, err := s.GroupsOf(ctx, org, []ident.ID{member})
	if err != nil {
		return err
	}
	var pairs []Pair
	for _, group := range groups[member] {
		if group.Owner == owner {
			pairs = append(pairs, Pair{Group: group.ID, Member: member})
		}
	}
	if len(pairs) == 0 {
		return nil
	}
	rows, err := s.store.Memberships(ctx, org, pairs)
	if err != nil {
		return err
	}
	var save []Membership
	var tallies []Tally
	for _, row := range rows {
		if row.Marks.Has(Synced) {
			row.Marks = ByHand
			save, tallies = append(save, row), append(tallies, Tally{Group: row.Group, Synced: -1})
		}
	}
	if len(save) == 0 {
		return nil
	}
	return s.store.ChangeMembers(ctx, org, save, nil, tallies, s.now())
}

// LetGoUser ends that a source manages a user: from then on nobody does, and instances may match him. A user whom no source took over is
// fault.Conflict.
func (s *Service) LetGoUser(ctx context.Context, org, id ident.ID) (User, error) {
	var user User
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if user, err = s.User(ctx, org, id); err != nil {
			return err
		}
		if SourceOf(user.Owner) == "" {
			return notTaken(user.Name())
		}
		owner, version := user.OwnerName, user.Version
		user.Owner, user.OwnerName, user.Version, user.UpdatedAt = ident.ID{}, "", version+1, s.now()
		if err := s.store.UpdateUser(ctx, user, version); err != nil {
			return err
		}
		return s.recordLetGo(ctx, audit.Event{OrgID: org, Action: "user.letgo", ObjectID: id.String(), ObjectName: user.Name()}, owner, id)
	})
	return user, err
}

// LetGoGroup is LetGoUser for a group.
func (s *Service) LetGoGroup(ctx context.Context, org, id ident.ID) (Group, error) {
	var group Group
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if group, err = s.Group(ctx, org, id); err != nil {
			return err
		}
		if SourceOf(group.Owner) == "" {
			return notTaken(group.Name())
		}
		owner, version := group.OwnerName, group.Version
		group.Owner, group.OwnerName, group.Version, group.UpdatedAt = ident.ID{}, "", version+1, s.now()
		group.Revision++
		if err := s.store.UpdateGroup(ctx, group, version); err != nil {
			return err
		}
		return s.recordLetGo(ctx, audit.Event{OrgID: org, Action: "group.letgo", ObjectID: id.String(), ObjectName: group.Name()}, owner, id)
	})
	return group, err
}

func (s *Service) recordLetGo(ctx context.Context, event audit.Event, owner string, id ident.ID) error {
	event.Before = attr.From(map[string]any{"owner": owner})
	if err := s.record(ctx, event); err != nil {
		return err
	}
	return s.release(ctx, event.OrgID, nil, id)
}

func notTaken(name string) error {
	return fault.New(fault.Conflict, "NotTakenOver", "no source took %s over", name).
		WithRemedy("What an instance manages becomes editable when the instance lets go of it or is deleted.")
}
