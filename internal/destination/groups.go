package destination

import (
	"context"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Groups is a destination that keeps groups, with members as rows: no call costs more in a large group than in a small one, and none reads a
// whole group.
type Groups interface {
	// GroupsByID returns the groups with these ids that exist, in no order.
	GroupsByID(ctx context.Context, ids []ident.ID) ([]plan.Target, error)
	// FindGroups returns the groups that have the values of the keys, under the very keys that were asked for: external ids exactly, names by name
	// key. Neither is unique. Keys that nothing has are not in the answer.
	FindGroups(ctx context.Context, keys []plan.Key) (map[plan.Key][]plan.Target, error)
	// ApplyGroups is to groups what Destination.Apply is to users.
	ApplyGroups(ctx context.Context, changes []plan.Change) ([]Result, error)
	Memberships
}

// Memberships are the members of the groups.
type Memberships interface {
	// SyncedMembers returns those of the ids that the instance put into the group.
	SyncedMembers(ctx context.Context, group ident.ID, ids []ident.ID) (map[ident.ID]bool, error)
	// ListSynced returns up to limit members whom the instance put into the group, in the order of their ids, after one.
	ListSynced(ctx context.Context, group, after ident.ID, limit int) ([]SyncedMember, error)
	// CountSynced returns how many members the instance put into each of the groups.
	CountSynced(ctx context.Context, groups []ident.ID) (map[ident.ID]int64, error)
	// ApplyMembers does what changes of plan.Members want, in the order given; results stand at the changes' places. An error means that nothing
	// was written.
	ApplyMembers(ctx context.Context, changes []plan.Change) ([]MembersResult, error)
	// SaveGroupProgress says of groups how many of their members in scope are not there yet: To Be Synced while there are some.
	SaveGroupProgress(ctx context.Context, awaited map[ident.ID]int64) error
	// SyncedIn returns the groups of the instance into which it put each of the members, users or groups: by group, who of them is in it.
	SyncedIn(ctx context.Context, members []ident.ID) (map[ident.ID][]ident.ID, error)
}

// SyncedMember is a member whom an instance put into a group.
type SyncedMember struct {
	ID ident.ID
	// SourceID is his object id in the tenant of the instance if that owns him, else his external id; "" if he has none.
	SourceID string
	Group    bool
}

// MembersResult is what became of a change of members.
type MembersResult struct {
	// Superseded: the group is gone, or is not the instance's; nothing was done.
	Superseded bool
	// Failure says why not all of the change could be done; nil otherwise.
	Failure *plan.Reason
	// Changed are those of the change's members for whom something changed: who was a member already by this instance is not among them, nor who
	// does not exist.
	Changed []plan.Member
}

// ReversibleGroups are groups in which changes can be taken back. ApplyGroups knows plan.Restore there: a removed group comes back with its id and
// with those of its members who still exist.
type ReversibleGroups interface {
	Groups
	// RemovedGroups returns those of the removed groups with these ids that can be restored, in no order, with the versions that they had.
	RemovedGroups(ctx context.Context, ids []ident.ID) ([]plan.Target, error)
}
