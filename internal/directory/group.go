package directory

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Group is a group of one organization's directory (RFC 7643, section 4.2). Its members are rows of their own, see Member: a group is never
// read whole.
type Group struct {
	OrgID ident.ID
	ID    ident.ID
	// Attributes by canonical SCIM path; displayName is always there. Names repeat.
	Attributes attr.Record
	// Owner is the instance that manages the group; zero for none. OwnerName is its name, filled when reading.
	Owner     ident.ID
	OwnerName string
	// SourceID is the group's object id in the owner's tenant.
	SourceID string
	// Origin says where the group came from first: "Entra", "Manual".
	Origin string
	// Version grows with every write of attributes or owner, starting at 1: a run compares it (rule 3), and members who come and go at the
	// same time do not make it fail.
	Version int64
	// Revision grows with every write of the group, changes of its members included: it is the group's ETag.
	Revision int64
	// Members counts all members, SyncedMembers those whom the owner put in. Neither is counted again when it is read.
	Members, SyncedMembers int64
	// ToBeSynced: not all members in scope are there yet, as far as the owner knows. Awaited is how many are missing, 0 while that is unknown.
	ToBeSynced bool
	Awaited    int64
	// UpdatedAt is the time of the last write, changes of members included.
	CreatedAt, UpdatedAt time.Time
}

// Description is the path of what a group is for.
const Description = "description"

// Name returns the displayName.
func (g Group) Name() string { return g.Attributes.Text(attr.DisplayName) }

// Target gives the group to the rules of planning.
func (g Group) Target() plan.Target {
	return plan.Target{
		ID: g.ID, Version: g.Version, Record: g.Attributes, Owner: g.Owner, OwnerName: g.OwnerName, SourceID: g.SourceID,
	}
}

// GroupQuery selects a page of groups in the order of their names and, where names repeat, of their ids.
type GroupQuery struct {
	// Search keeps groups whose displayName contains the text, without regard to case.
	Search string
	// ExternalID keeps groups with exactly this external id, if not "".
	ExternalID string
	// Owner keeps only groups of the instance, if not zero.
	Owner ident.ID
	// Managed keeps groups that some instance manages, or, if false, that none does; nil keeps all.
	Managed *bool
	// ToBeSynced keeps only groups whose members are not all there yet.
	ToBeSynced bool
	// After is where the page begins: behind the group with this name key and id. Zero for the first page.
	After GroupPlace
	Limit int
}

// GroupPlace is a place in the order of groups.
type GroupPlace struct {
	NameKey string
	ID      ident.ID
}

// Place returns where the group stands in the order of groups.
func (g Group) Place() GroupPlace { return GroupPlace{NameKey: attr.NameKey(g.Name()), ID: g.ID} }

// GroupProgress says how far the members of a group are.
type GroupProgress struct {
	Group      ident.ID
	ToBeSynced bool
	Awaited    int64
}

// Groups keeps groups without their members. Methods join the transaction of the context.
type Groups interface {
	// GroupsByID returns those that exist, in no order.
	GroupsByID(ctx context.Context, org ident.ID, ids []ident.ID) ([]Group, error)
	// GroupsBy returns those that have one of the values in attr.ExternalID (exactly) or attr.DisplayName (by name key), in no order; neither
	// is unique.
	GroupsBy(ctx context.Context, org ident.ID, path string, values []string) ([]Group, error)
	ListGroups(ctx context.Context, org ident.ID, query GroupQuery) ([]Group, error)
	// CountGroups counts all groups that a query would list; After and Limit do not matter.
	CountGroups(ctx context.Context, org ident.ID, query GroupQuery) (int, error)
	InsertGroups(ctx context.Context, groups []Group) error
	// UpdateGroup replaces attributes, owner, version, time and progress if the stored version is the given one, and adds one to the revision;
	// else it fails as fault.Stale. The numbers of members stay.
	UpdateGroup(ctx context.Context, group Group, version int64) error
	// DeleteGroups removes groups. The rows of their members, unreachable from then on, stay: those of groups of which the archive has a copy
	// as long as it has, those of the others until SweepMembers removes them.
	DeleteGroups(ctx context.Context, org ident.ID, ids []ident.ID) error
	// SaveGroupProgress stores how far groups of the instance are; versions and revisions stay. Groups of others are passed over.
	SaveGroupProgress(ctx context.Context, org, instance ident.ID, progress []GroupProgress) error
}
