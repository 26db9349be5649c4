package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Invitation is a one-time link with which somebody becomes an administrator.
type Invitation struct {
	// OrgID is the organization that he will look after; zero for the server.
	OrgID ident.ID
	ID    ident.ID
	Role  Role
	// Email is for whom it is meant; "" for whoever has the link.
	Email     string
	Hash      []byte
	CreatedAt time.Time
	ExpiresAt time.Time
}

// NewAdministrator is what somebody who was invited says of himself.
type NewAdministrator struct{ Name, Email, Password string }

// PersonRoles lists the roles that people have, the mightiest first.
func PersonRoles() []Role {
	return []Role{FullAdministrator, UserAdministrator, ReadOnlyAdministrator, ComplianceOfficer}
}

// Invite makes a one-time link's secret, which is shown only now. email may be "".
func (s *Service) Invite(ctx context.Context, org ident.ID, role Role, email string) (Invitation, string, error) {
	if !slices.Contains(PersonRoles(), role) {
		return Invitation{}, "", fault.New(fault.Invalid, "UnknownRole", "%q is not a role of people", role)
	}
	email = strings.TrimSpace(email)
	if email != "" {
		if err := checkEmail(email); err != nil {
			return Invitation{}, "", err
		}
	}
	secret, hash, err := newSecret("")
	if err != nil {
		return Invitation{}, "", err
	}
	now := s.now()
	invitation := Invitation{OrgID: org, ID: ident.New(now), Role: role, Email: email, Hash: hash, CreatedAt: now, ExpiresAt: now.Add(InvitationLife)}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.exists(ctx, org); err != nil {
			return err
		}
		if err := s.store.SaveInvitation(ctx, invitation); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "administrator.invite", ObjectID: invitation.ID.String(), ObjectName: email, After: attr.From(map[string]any{"role": string(role)}),
		})
	})
	return invitation, secret, err
}

// Invitation returns the invitation of a secret that is good now; anything else is fault.NotFound.
func (s *Service) Invitation(ctx context.Context, secret string) (Invitation, error) {
	invitation, err := s.store.InvitationByHash(ctx, hashOf(secret))
	if err != nil {
		return Invitation{}, err
	}
	if !s.now().Before(invitation.ExpiresAt) {
		return Invitation{}, fault.New(fault.NotFound, "UnknownInvitation", "the link has expired")
	}
	return invitation, nil
}

// Invitations lists those of an organization, of the server for the zero one, that are good now.
func (s *Service) Invitations(ctx context.Context, org ident.ID) ([]Invitation, error) {
	all, err := s.store.ListInvitations(ctx, org)
	return slices.DeleteFunc(all, func(i Invitation) bool { return !s.now().Before(i.ExpiresAt) }), err
}

// Uninvite takes an invitation back. It fails as fault.NotFound.
func (s *Service) Uninvite(ctx context.Context, org, id ident.ID) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.store.DeleteInvitation(ctx, org, id)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "UnknownInvitation", "there is no invitation %s", id)
		}
		return s.record(ctx, audit.Event{OrgID: org, Action: "administrator.uninvite", ObjectID: id.String()})
	})
}

// AcceptInvitation makes an administrator of whoever has the link, uses the link up and signs him in. It fails as fault.NotFound for a
// link that is not good, fault.Invalid (MissingName, BadEmail, OtherEmail, Password…) for what he says, and fault.Conflict (EmailHeld).
func (s *Service) AcceptInvitation(ctx context.Context, secret string, who NewAdministrator, address, agent string) (Session, string, error) {
	who.Name, who.Email = strings.TrimSpace(who.Name), strings.TrimSpace(who.Email)
	invitation, err := s.Invitation(ctx, secret)
	if err != nil {
		return Session{}, "", err
	}
	switch {
	case who.Name == "" || len(who.Name) > 200:
		return Session{}, "", fault.New(fault.Invalid, "MissingName", "an administrator needs a name")
	case invitation.Email != "" && attr.NameKey(invitation.Email) != attr.NameKey(who.Email):
		return Session{}, "", fault.New(fault.Invalid, "OtherEmail", "the invitation is for %s", invitation.Email)
	}
	if err := checkEmail(who.Email); err != nil {
		return Session{}, "", err
	}
	if err := CheckPassword(who.Password, who.Name, who.Email); err != nil {
		return Session{}, "", err
	}
	hashed, err := s.hashing.hash(who.Password)
	if err != nil {
		return Session{}, "", err
	}
	now := s.now()
	administrator := Administrator{
		ID: ident.New(now), OrgID: invitation.OrgID, Name: who.Name, Email: who.Email, Role: invitation.Role, Password: hashed, CreatedAt: now,
	}
	if err := s.join(audit.WithActor(ctx, administrator.actor(audit.ActorOf(ctx), address)), invitation, administrator); err != nil {
		return Session{}, "", err
	}
	return s.startSession(ctx, administrator, address, agent)
}

// join adds the administrator and uses the invitation up, once.
func (s *Service) join(ctx context.Context, invitation Invitation, administrator Administrator) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		found, err := s.store.DeleteInvitation(ctx, invitation.OrgID, invitation.ID)
		if err != nil {
			return err
		}
		if !found {
			return fault.New(fault.NotFound, "UnknownInvitation", "the link was used already")
		}
		_, err = s.store.AdministratorByEmail(ctx, administrator.Email)
		if !fault.Is(err, fault.NotFound) {
			if err == nil {
				err = fault.New(fault.Conflict, "EmailHeld", "there is an administrator with this address")
			}
			return err
		}
		if err := s.store.SaveAdministrator(ctx, administrator); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: administrator.OrgID, Action: "administrator.create", ObjectID: administrator.ID.String(), ObjectName: administrator.Name,
			After: attr.From(map[string]any{"role": string(administrator.Role), "email": administrator.Email}),
		})
	})
}

// ChangeRole gives an administrator another role and signs him out everywhere. The last full administrator who can sign in keeps his:
// fault.Conflict.
func (s *Service) ChangeRole(ctx context.Context, org, id ident.ID, role Role) error {
	if !slices.Contains(PersonRoles(), role) {
		return fault.New(fault.Invalid, "UnknownRole", "%q is not a role of people", role)
	}
	return s.changeAdministrator(ctx, org, id, role, func(ctx context.Context, administrator Administrator) error {
		before := attr.From(map[string]any{"role": string(administrator.Role)})
		administrator.Role = role
		if err := s.store.SaveAdministrator(ctx, administrator); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "administrator.changeRole", ObjectID: id.String(), ObjectName: administrator.Name,
			Before: before, After: attr.From(map[string]any{"role": string(role)}),
		})
	})
}

// RemoveAdministrator ends somebody's being an administrator; his tokens end with it. The last full administrator who can sign in cannot be
// removed: fault.Conflict.
func (s *Service) RemoveAdministrator(ctx context.Context, org, id ident.ID) error {
	return s.changeAdministrator(ctx, org, id, "", func(ctx context.Context, administrator Administrator) error {
		if err := s.store.DeleteAdministrator(ctx, id); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: org, Action: "administrator.remove", ObjectID: id.String(), ObjectName: administrator.Name,
			Before: attr.From(map[string]any{"role": string(administrator.Role), "email": administrator.Email}),
		})
	})
}

func (s *Service) changeAdministrator(ctx context.Context, org, id ident.ID, role Role, write func(context.Context, Administrator) error) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		all, err := s.store.Administrators(ctx, org)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(a Administrator) bool { return a.ID == id })
		if at < 0 {
			return fault.New(fault.NotFound, "UnknownAdministrator", "there is no administrator %s", id)
		}
		mighty := func(a Administrator) bool { return a.Role == FullAdministrator && a.Password != "" && a.ID != id }
		if all[at].Role == FullAdministrator && role != FullAdministrator && !slices.ContainsFunc(all, mighty) {
			return fault.New(fault.Conflict, "LastFullAdministrator", "%s is the last full administrator", all[at].Name).
				WithRemedy("Make somebody else a full administrator first.")
		}
		if err := s.store.DeleteSessions(ctx, id); err != nil {
			return err
		}
		return write(ctx, all[at])
	})
}
