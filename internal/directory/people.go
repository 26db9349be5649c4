package directory

import (
	"context"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// CreateUser adds a user by hand. userName is required; active defaults to true. Paths may be written in any case and spacing. A name
// that is taken fails as fault.Conflict, a bad path or value, or a domain that is not verified (D10), as fault.Invalid.
func (s *Service) CreateUser(ctx context.Context, org ident.ID, attributes attr.Record) (User, error) {
	return s.createUser(ctx, org, "Manual", attributes)
}

func (s *Service) createUser(ctx context.Context, org ident.ID, origin string, attributes attr.Record) (User, error) {
	attributes, err := checkWritten(attributes)
	if err != nil {
		return User{}, err
	}
	attributes = attr.Record{}.Merge(attributes) // without what is nil
	if !attributes.Has(attr.Active) {
		attributes.Set(attr.Active, true)
	}
	if err := checkWhole(attributes); err != nil {
		return User{}, err
	}
	now := s.now()
	user := User{OrgID: org, ID: ident.New(now), Attributes: attributes, Origin: origin, Version: 1, CreatedAt: now, UpdatedAt: now}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.nameIsFree(ctx, org, user.Name(), user.ID); err != nil {
			return err
		}
		if err := s.nameIsAllowed(ctx, org, user.Name(), ""); err != nil {
			return err
		}
		if err := s.store.InsertUsers(ctx, []User{user}); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: org, Action: "user.create", ObjectID: user.ID.String(), ObjectName: user.Name(), After: attributes})
	})
	if err != nil {
		return User{}, err
	}
	return user, nil
}

// ChangeUser merges attributes into a user; nil removes one. Nothing is written when nothing differs. Managed users are refused as
// fault.Conflict: only their owner changes them (rule 2). version is the one that was read, 0 for whatever is there; another one fails as
// fault.Stale.
func (s *Service) ChangeUser(ctx context.Context, org, id ident.ID, partial attr.Record, version int64) (User, error) {
	var user User
	err := s.store.InTx(ctx, func(ctx context.Context) error {
		before, err := s.User(ctx, org, id)
		if err == nil {
			user, err = s.changeUser(ctx, before, Writer{}, partial, version)
		}
		return err
	})
	return user, err
}

// changeUser is ChangeUser of a user who was read in the transaction of the context.
func (s *Service) changeUser(ctx context.Context, before User, by Writer, partial attr.Record, version int64) (User, error) {
	partial, err := checkWritten(partial)
	if err != nil {
		return User{}, err
	}
	if err := mayWriteUser(before, by); err != nil {
		return User{}, err
	}
	if version != 0 && version != before.Version {
		return User{}, fault.New(fault.Stale, "VersionMismatch", "%s was changed meanwhile", before.Name()).WithRemedy("Read it again and repeat the change.")
	}
	user := before
	user.Attributes = before.Attributes.Merge(partial)
	renamed := attr.NameKey(user.Name()) != attr.NameKey(before.Name())
	if renamed || user.Active() {
		// No instance manages the user, so no recycle bin can give him back any more.
		user.Attributes.Delete(attr.DeletedAt)
	}
	if err := checkWhole(user.Attributes); err != nil {
		return User{}, err
	}
	was, is := difference(before.Attributes, user.Attributes)
	if len(is) == 0 {
		return user, nil
	}
	if renamed {
		if err := s.mayTakeName(ctx, user, before.Name()); err != nil {
			return User{}, err
		}
	}
	if err := s.writeChange(ctx, by, before, &user, was, is); err != nil {
		return User{}, err
	}
	return user, nil
}

func (s *Service) mayTakeName(ctx context.Context, user User, current string) error {
	if err := s.nameIsFree(ctx, user.OrgID, user.Name(), user.ID); err != nil {
		return err
	}
	return s.nameIsAllowed(ctx, user.OrgID, user.Name(), current)
}

func (s *Service) writeChange(ctx context.Context, by Writer, before User, user *User, was, is attr.Record) error {
	if !by.owns(before.Owner) {
		if err := s.takeUser(ctx, by, before, user); err != nil {
			return err
		}
	}
	user.Version, user.UpdatedAt = before.Version+1, s.now()
	if err := s.store.UpdateUser(ctx, *user, before.Version); err != nil {
		return err
	}
	var freed []string
	if old := attr.NameKey(before.Name()); old != attr.NameKey(user.Name()) {
		freed = []string{old}
	}
	if err := s.release(ctx, user.OrgID, freed, user.ID); err != nil {
		return err
	}
	return s.record(ctx, audit.Event{
		OrgID: user.OrgID, Action: "user.change", ObjectID: user.ID.String(), ObjectName: before.Name(), Before: was, After: is,
	})
}

// DeleteUser removes an unmanaged user and revokes his tokens; a copy goes to the archive. Managed users are refused as fault.Conflict.
func (s *Service) DeleteUser(ctx context.Context, org, id ident.ID) error {
	return s.RemoveUserIf(ctx, org, id, Writer{}, func(User) error { return nil })
}

// deleteUser is DeleteUser of a user who was read in the transaction of the context.
func (s *Service) deleteUser(ctx context.Context, user User, by Writer) error {
	if err := mayWriteUser(user, by); err != nil {
		return err
	}
	if !by.owns(user.Owner) {
		taken := takenObject{user.OrgID, user.ID, user.Name(), user.Owner, user.OwnerName, user.SourceID, false}
		if err := s.tellTaken(ctx, by, taken); err != nil {
			return err
		}
	}
	if err := s.remove(ctx, []User{user}, []string{"removed by " + audit.ActorOf(ctx).Name}); err != nil {
		return err
	}
	if err := s.release(ctx, user.OrgID, []string{attr.NameKey(user.Name())}, user.ID); err != nil {
		return err
	}
	return s.record(ctx, audit.Event{OrgID: user.OrgID, Action: "user.delete", ObjectID: user.ID.String(), ObjectName: user.Name(), Before: user.Attributes})
}

// mayWriteUser refuses a user whom somebody else manages, unless the writer takes him over.
func mayWriteUser(user User, by Writer) error {
	if by.owns(user.Owner) || by.TakeOver {
		return nil
	}
	managed := fault.New(fault.Conflict, "Managed", "%s is managed by %s and is read-only here", user.Name(), user.OwnerName)
	if SourceOf(user.Owner) != "" {
		return managed.WithRemedy("Write with a token of this source, or let go of the user with `rollcall user let-go`.")
	}
	return managed.WithRemedy("Change the person in Entra, or delete the instance: its users stay and become editable.")
}

func (s *Service) nameIsFree(ctx context.Context, org ident.ID, name string, self ident.ID) error {
	holders, err := s.store.UsersByNameKey(ctx, org, []string{attr.NameKey(name)})
	if err != nil {
		return err
	}
	for _, holder := range holders {
		if holder.ID != self {
			return fault.New(fault.Conflict, "NameHeld", "the name %s is held by %s (id %s)", name, holder.Label(), holder.ID)
		}
	}
	return nil
}

// nameIsAllowed applies D10 to a user who is called current so far, "" if he is new.
func (s *Service) nameIsAllowed(ctx context.Context, org ident.ID, name, current string) error {
	rule, err := s.domainRule(ctx, org)
	if err != nil || rule.allows(name, current) {
		return err
	}
	return fault.New(fault.Invalid, "InvalidDomain", "the domain of %s is not verified, and all users must have a verified domain", name).
		WithRemedy("Add the domain with `rollcall domain add`.")
}

// domainRule is an organization's switch of D10 and what it allows.
type domainRule struct {
	require bool
	domains []Domain
}

func (s *Service) domainRule(ctx context.Context, org ident.ID) (domainRule, error) {
	organization, err := s.store.Organization(ctx, org)
	if err != nil || !organization.RequireVerifiedDomain {
		return domainRule{}, err
	}
	domains, err := s.store.Domains(ctx, org)
	return domainRule{require: true, domains: domains}, err
}

// allows reports whether a user who is called current so far may get the name: nobody is renamed into a domain that is not verified, but
// whoever is in one already may stay there.
func (r domainRule) allows(name, current string) bool {
	domain := attr.Domain(name)
	return !r.require || current != "" && domain == attr.Domain(current) ||
		slices.ContainsFunc(r.domains, func(verified Domain) bool { return verified.Name == domain })
}
