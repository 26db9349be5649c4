package directory

import (
	"context"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Store is all that the directory keeps.
type Store interface {
	// InTx runs fn in one transaction, which other callers' writes may share; a transaction already in the context is joined.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	Objects
	Organizations
	Archive
	AuditLog
	Keeping
	Credentials
	SignIns
}

// SignIns is what lets people in.
type SignIns interface {
	People
	Sessions
}

// Objects is what a directory is made of.
type Objects interface {
	Users
	GroupStore
	Resources
}

// GroupStore is all that the directory keeps of groups.
type GroupStore interface {
	Groups
	Memberships
	GroupArchive
}

// Credentials is what lets programs in.
type Credentials interface {
	Tokens
	TokenLives
	Clients
	NoticeStore
}

// Service is the only door for writes to directories.
type Service struct {
	store     Store
	now       func() time.Time
	retention Retention
	hashing   hashing
	// released is told, in the transaction, which name keys a person or token freed, and which users he changed or removed.
	released func(ctx context.Context, org ident.ID, names []string, users []ident.ID) error
	// takenOver is told, in the transaction, what a source takes over from an instance.
	takenOver func(ctx context.Context, taken TakenOver) error
}

// OnRelease has fn told, in the transaction of the write, which name keys a person or token freed, and which users he changed or removed.
// Call it before any write.
func (s *Service) OnRelease(fn func(ctx context.Context, org ident.ID, names []string, users []ident.ID) error) {
	s.released = fn
}

// release tells of a user whom a person or token changed or removed, and of the name key that became free, if one did.
func (s *Service) release(ctx context.Context, org ident.ID, freed []string, id ident.ID) error {
	if s.released == nil {
		return nil
	}
	return s.released(ctx, org, freed, []ident.ID{id})
}

// NewService returns the service over a store.
func NewService(store Store, now func() time.Time, retention Retention) *Service {
	return &Service{store: store, now: now, retention: retention, hashing: make(hashing, 4)}
}

// record appends an audit event in the transaction of the context.
func (s *Service) record(ctx context.Context, event audit.Event) error {
	event.At = s.now()
	event.ID = ident.New(event.At)
	event.Actor = audit.ActorOf(ctx)
	return s.store.AppendEvent(ctx, event)
}

// Record appends an audit event about something outside the directory, such as an approval, in the transaction of the context.
func (s *Service) Record(ctx context.Context, event audit.Event) error { return s.record(ctx, event) }

// Events returns the organization's audit log, newest first, after the given event.
func (s *Service) Events(ctx context.Context, org, after ident.ID, limit int) ([]audit.Event, error) {
	return s.SearchEvents(ctx, org, EventQuery{After: after, Limit: limit})
}

// SearchEvents returns a page of the organization's audit log, or of the server's for the zero organization.
func (s *Service) SearchEvents(ctx context.Context, org ident.ID, query EventQuery) ([]audit.Event, error) {
	return s.store.ListEvents(ctx, org, query)
}

// User returns one user by id.
func (s *Service) User(ctx context.Context, org, id ident.ID) (User, error) {
	users, err := s.store.UsersByID(ctx, org, []ident.ID{id})
	if err != nil {
		return User{}, err
	}
	if len(users) == 0 {
		return User{}, fault.New(fault.NotFound, "UnknownUser", "there is no user %s", id)
	}
	return users[0], nil
}

// ListUsers returns a page of users in the order of their names.
func (s *Service) ListUsers(ctx context.Context, org ident.ID, query UserQuery) ([]User, error) {
	return s.store.ListUsers(ctx, org, query)
}
