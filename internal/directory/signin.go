package directory

import (
	"context"
	"net/mail"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// The limits of sessions and invitations.
const (
	// SessionIdle is after how long without a request a session ends, SessionLife after how long in any case.
	SessionIdle = 8 * time.Hour
	SessionLife = 7 * 24 * time.Hour
	// sessionUseStep is how exactly the last use of a session is kept.
	sessionUseStep = 5 * time.Minute
	// InvitationLife is how long a one-time link is good.
	InvitationLife = time.Hour
)

// Session is a browser in which an administrator is signed in.
type Session struct {
	ID              ident.ID
	AdministratorID ident.ID
	// Hash is the SHA-256 of the secret in the cookie.
	Hash []byte
	// Address and Agent are those of the request that signed in.
	Address, Agent string
	CreatedAt      time.Time
	UsedAt         time.Time
	ExpiresAt      time.Time
}

// Sessions keeps who is signed in where. Methods join the transaction of the context.
type Sessions interface {
	SaveSession(ctx context.Context, session Session) error
	// SessionByHash fails as fault.NotFound.
	SessionByHash(ctx context.Context, hash []byte) (Session, error)
	// ListSessions returns the sessions of an administrator, the newest first.
	ListSessions(ctx context.Context, administrator ident.ID) ([]Session, error)
	TouchSession(ctx context.Context, id ident.ID, at time.Time) error
	// DeleteSessions removes all of the administrator.
	DeleteSessions(ctx context.Context, administrator ident.ID) error
	// DeleteSession removes one of the administrator, and reports whether there was such a one.
	DeleteSession(ctx context.Context, administrator, id ident.ID) (bool, error)
	// DropSessions removes those that expired, or were used last, before the times.
	DropSessions(ctx context.Context, expired, used time.Time) (int, error)
}

// People keeps administrators and invitations. Methods join the transaction of the context.
type People interface {
	// Administrator fails as fault.NotFound.
	Administrator(ctx context.Context, id ident.ID) (Administrator, error)
	// AdministratorByEmail looks the address up by its name key. It fails as fault.NotFound.
	AdministratorByEmail(ctx context.Context, email string) (Administrator, error)
	DeleteAdministrator(ctx context.Context, id ident.ID) error
	SaveInvitation(ctx context.Context, invitation Invitation) error
	// InvitationByHash fails as fault.NotFound.
	InvitationByHash(ctx context.Context, hash []byte) (Invitation, error)
	// ListInvitations of an organization, of the server for the zero one; newest first.
	ListInvitations(ctx context.Context, org ident.ID) ([]Invitation, error)
	// DeleteInvitation reports whether there was such a one.
	DeleteInvitation(ctx context.Context, org, id ident.ID) (bool, error)
}

// errSignIn is the same for an address that nobody has and for a wrong password.
func errSignIn() error {
	return fault.New(fault.Unauthenticated, "SignInFailed", "address and password do not belong together")
}

// SignIn makes a session for whoever knows the password, and returns it with the cookie's secret, which is shown only now. A wrong address
// or password is fault.Unauthenticated; limits are the caller's.
func (s *Service) SignIn(ctx context.Context, email, password, address, agent string) (Session, string, error) {
	administrator, err := s.store.AdministratorByEmail(ctx, email)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return Session{}, "", err
	}
	if !s.hashing.matches(password, administrator.Password) {
		return Session{}, "", errSignIn()
	}
	return s.startSession(ctx, administrator, address, agent)
}

// RenewSession gives whoever has the session a new one in its place, with a new secret, after which the old one is good no more.
func (s *Service) RenewSession(ctx context.Context, session Session, address, agent string) (renewed Session, secret string, err error) {
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		administrator, err := s.store.Administrator(ctx, session.AdministratorID)
		if err != nil {
			return err
		}
		if _, err := s.store.DeleteSession(ctx, session.AdministratorID, session.ID); err != nil {
			return err
		}
		renewed, secret, err = s.startSession(ctx, administrator, address, agent)
		return err
	})
	return renewed, secret, err
}

// newSession makes a session that is not kept yet.
func (s *Service) newSession(administrator ident.ID, address, agent string) (Session, string, error) {
	secret, hash, err := newSecret("")
	now := s.now()
	return Session{
		ID: ident.New(now), AdministratorID: administrator, Hash: hash, Address: address, Agent: strings.ToValidUTF8(agent[:min(len(agent), 300)], ""),
		CreatedAt: now, UsedAt: now, ExpiresAt: now.Add(SessionLife),
	}, secret, err
}

func (s *Service) startSession(ctx context.Context, administrator Administrator, address, agent string) (Session, string, error) {
	session, secret, err := s.newSession(administrator.ID, address, agent)
	if err != nil {
		return Session{}, "", err
	}
	administrator.SignedInAt = session.CreatedAt
	ctx = audit.WithActor(ctx, administrator.actor(audit.ActorOf(ctx), address))
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if err := s.store.SaveSession(ctx, session); err != nil {
			return err
		}
		if err := s.store.SaveAdministrator(ctx, administrator); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{OrgID: administrator.OrgID, Action: "administrator.signIn", ObjectID: administrator.ID.String(), ObjectName: administrator.Name})
	})
	return session, secret, err
}

// actor is the administrator as the audit log names him.
func (a Administrator) actor(known audit.Actor, address string) audit.Actor {
	return audit.Actor{Name: a.Label(), Address: address, RequestID: known.RequestID}
}

// Session returns the session of a cookie's secret and its administrator as he is now, if it is good: known, not idle for SessionIdle, not
// older than SessionLife. Anything else is fault.Unauthenticated.
func (s *Service) Session(ctx context.Context, secret string) (Session, Administrator, error) {
	over := fault.New(fault.Unauthenticated, "NoSession", "nobody is signed in")
	session, err := s.store.SessionByHash(ctx, hashOf(secret))
	if fault.Is(err, fault.NotFound) {
		return Session{}, Administrator{}, over
	}
	if err != nil {
		return Session{}, Administrator{}, err
	}
	now := s.now()
	if !now.Before(session.ExpiresAt) || now.Sub(session.UsedAt) >= SessionIdle {
		return Session{}, Administrator{}, over
	}
	administrator, err := s.store.Administrator(ctx, session.AdministratorID)
	if fault.Is(err, fault.NotFound) {
		return Session{}, Administrator{}, over
	}
	if now.Sub(session.UsedAt) >= sessionUseStep && s.store.TouchSession(ctx, session.ID, now) == nil { // a full disk must keep nobody from reading
		session.UsedAt = now
	}
	return session, administrator, err
}

// Sessions lists where the administrator is signed in, the newest first.
func (s *Service) Sessions(ctx context.Context, administrator ident.ID) ([]Session, error) {
	all, err := s.store.ListSessions(ctx, administrator)
	var live []Session
	for _, session := range all {
		if s.now().Before(session.ExpiresAt) && s.now().Sub(session.UsedAt) < SessionIdle {
			live = append(live, session)
		}
	}
	return live, err
}

// EndSession signs the administrator out of one session. It fails as fault.NotFound if he has no such one.
func (s *Service) EndSession(ctx context.Context, administrator, id ident.ID) error {
	ended, err := s.store.DeleteSession(ctx, administrator, id)
	if err == nil && !ended {
		return fault.New(fault.NotFound, "UnknownSession", "there is no session %s", id)
	}
	return err
}

// ChangePassword replaces the password of who is signed in and knows the old one. All his sessions end, and he gets a new one in place of the
// given one, with a new secret: whoever copied the old one is out. A wrong old password is fault.Denied, a new one that may not be used
// fault.Invalid.
func (s *Service) ChangePassword(ctx context.Context, here Session, old, password string) (renewed Session, secret string, err error) {
	administrator, err := s.store.Administrator(ctx, here.AdministratorID)
	if err != nil {
		return Session{}, "", err
	}
	if !s.hashing.matches(old, administrator.Password) {
		return Session{}, "", fault.New(fault.Denied, "WrongPassword", "the password that you use now is another one")
	}
	if err := CheckPassword(password, administrator.Name, administrator.Email); err != nil {
		return Session{}, "", err
	}
	hashed, err := s.hashing.hash(password)
	if err != nil {
		return Session{}, "", err
	}
	if renewed, secret, err = s.newSession(administrator.ID, here.Address, here.Agent); err != nil {
		return Session{}, "", err
	}
	err = s.store.InTx(ctx, func(ctx context.Context) error {
		if administrator, err = s.store.Administrator(ctx, administrator.ID); err != nil {
			return err
		}
		administrator.Password = hashed
		if err := s.store.SaveAdministrator(ctx, administrator); err != nil {
			return err
		}
		if err := s.store.DeleteSessions(ctx, administrator.ID); err != nil {
			return err
		}
		if err := s.store.SaveSession(ctx, renewed); err != nil {
			return err
		}
		return s.record(ctx, audit.Event{
			OrgID: administrator.OrgID, Action: "administrator.changePassword", ObjectID: administrator.ID.String(), ObjectName: administrator.Name,
		})
	})
	return renewed, secret, err
}

// Prefer notes an administrator's language and theme; "" for what the browser says.
func (s *Service) Prefer(ctx context.Context, id ident.ID, language, theme string) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		administrator, err := s.store.Administrator(ctx, id)
		if err != nil {
			return err
		}
		administrator.Language, administrator.Theme = language, theme
		return s.store.SaveAdministrator(ctx, administrator)
	})
}

// KeepTour notes how far the administrator is in the tour.
func (s *Service) KeepTour(ctx context.Context, id ident.ID, tour Tour) error {
	return s.store.InTx(ctx, func(ctx context.Context) error {
		administrator, err := s.store.Administrator(ctx, id)
		if err != nil {
			return err
		}
		administrator.Tour = tour
		return s.store.SaveAdministrator(ctx, administrator)
	})
}

// checkEmail fails as fault.Invalid unless the text is one bare address.
func checkEmail(email string) error {
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != strings.TrimSpace(email) || len(email) > 254 || !strings.Contains(attr.Domain(email), ".") && attr.Domain(email) != "localhost" {
		return fault.New(fault.Invalid, "BadEmail", "%q is not an e-mail address", email)
	}
	return nil
}
