package directory

import (
	"context"
	"time"

	"rollcall/internal/audit"
	"rollcall/internal/ident"
)

// Organization owns one directory.
type Organization struct {
	ID   ident.ID
	Name string
	// RequireVerifiedDomain: outside the verified domains no user is created, and none is renamed into them (D10).
	RequireVerifiedDomain bool
	// BlockedSources are those whose tokens may not write over SCIM (B6), in the order of Sources.
	BlockedSources []Source
	// Retention is what the organization chose.
	Retention Days
	CreatedAt time.Time
}

// Domain is a verified domain of an organization.
type Domain struct {
	OrgID      ident.ID
	Name       string
	VerifiedAt time.Time
}

// Archived is the copy of a removed user.
type Archived struct {
	OrgID ident.ID
	// ID is the user's id in the directory.
	ID ident.ID
	// User as it was when removed. Name is his last one, FormerName the one before he was renamed for the recycle bin: the same if he was
	// not.
	User             User
	Name, FormerName string
	ArchivedAt       time.Time
	// KeepUntil is when the retention policy drops the copy.
	KeepUntil time.Time
	// Reason says why the user was removed.
	Reason string
	// Memberships are those that the user had then, so that he can have them again.
	Memberships []Membership
}

// Organizations keeps organizations, their domains, their archive and the audit log. Methods join the transaction of the context.
type Organizations interface {
	Organization(ctx context.Context, id ident.ID) (Organization, error)
	ListOrganizations(ctx context.Context) ([]Organization, error)
	// SaveOrganization inserts or replaces.
	SaveOrganization(ctx context.Context, org Organization) error
	Domains(ctx context.Context, org ident.ID) ([]Domain, error)
	// SaveDomain inserts; a domain that is there already, in this or another organization, fails as fault.Conflict.
	SaveDomain(ctx context.Context, domain Domain) error
	// DeleteDomain fails as fault.NotFound.
	DeleteDomain(ctx context.Context, org ident.ID, name string) error
}

// Archive keeps copies of removed users. Methods join the transaction of the context.
type Archive interface {
	SaveArchived(ctx context.Context, archived []Archived) error
	// ListArchived finds copies by either name (exactly, by name key) or all if name is "", newest first, after the given id.
	ListArchived(ctx context.Context, org ident.ID, name string, after ident.ID, limit int) ([]Archived, error)
	// ArchivedByID returns the copies with these ids that exist, in no order.
	ArchivedByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]Archived, error)
	// DeleteArchived removes copies; those that do not exist are passed over.
	DeleteArchived(ctx context.Context, org ident.ID, ids []ident.ID) error
	// DropArchived removes copies whose KeepUntil is before the time.
	DropArchived(ctx context.Context, before time.Time) (int, error)
}

// EventQuery selects a page of an audit log, newest first. What is zero keeps all.
type EventQuery struct {
	// Actor and Object keep events whose actor, or object, has the text in its name, without regard to case; of letters that are not ASCII a
	// few too many. Object also keeps those of the object with this id.
	Actor, Object string
	// Kind keeps events about this kind of object: what stands before the dot of Action.
	Kind string
	// From and Until bound when it was: from the first on, before the second.
	From, Until time.Time
	// After is the event behind which the page begins.
	After ident.ID
	Limit int
}

// AuditLog keeps what people and tokens did.
type AuditLog interface {
	AppendEvent(ctx context.Context, event audit.Event) error
	// DropEvents removes events of the organization, or of the server for the zero one, from before the time.
	DropEvents(ctx context.Context, org ident.ID, before time.Time) (int, error)
	// ListEvents returns events of the organization, or of the server for the zero one.
	ListEvents(ctx context.Context, org ident.ID, query EventQuery) ([]audit.Event, error)
}

// Keeping is what a change of the retention asks for. Methods join the transaction of the context.
type Keeping interface {
	// KeepArchived has the copies of removed users and groups end so long after they were archived.
	KeepArchived(ctx context.Context, org ident.ID, life time.Duration) error
	// CountExpiring counts what is from before the times, each up to the limit.
	CountExpiring(ctx context.Context, org ident.ID, ends Ends, limit int) (Expiring, error)
}
