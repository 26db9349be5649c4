package directory

import (
	"context"
	"time"

	"rollcall/internal/ident"
)

// MemberType says what a member of a group is, in the words of SCIM (RFC 7643, section 4.2).
type MemberType string

// The types of members. Groups may be members of each other in a circle; nothing here follows them.
const (
	UserMember  MemberType = "User"
	GroupMember MemberType = "Group"
)

// Marks say who put a member into a group. A member stays while one mark is left.
type Marks uint8

// The marks.
const (
	// Synced: the owner of the group put the member in.
	Synced Marks = 1 << iota
	// ByHand: a person or a token did. A sync never takes this mark away.
	ByHand
)

// Has reports whether all of the marks are there.
func (m Marks) Has(marks Marks) bool { return m&marks == marks }

// Pair names one membership: who is a member of what.
type Pair struct{ Group, Member ident.ID }

// Membership is one row: a member of a group.
type Membership struct {
	Pair
	Type  MemberType
	Marks Marks
}

// Member is a membership as the group shows it.
type Member struct {
	Membership
	// DisplayName is that of the user or group; UserName is "" for a group.
	DisplayName, UserName string
	// Active: the user may use the directory's services; true for a group. Deleted: he is in the tenant's recycle bin, and keeps his
	// memberships there.
	Active, Deleted bool
}

// KnownMember is a user or group, who can be a member.
type KnownMember struct {
	Type MemberType
	// Label is that of the user, or the name of the group; "" if it was not asked for.
	Label string
}

// SyncedMember is a member whom the owner of a group put in.
type SyncedMember struct {
	ID   ident.ID
	Type MemberType
	// SourceID is the member's object id in the tenant of the group's owner, "" if the member is not managed by the same instance.
	SourceID string
}

// MemberOf is a membership as the member shows it.
type MemberOf struct {
	Membership
	Of Group
}

// MemberQuery selects a page of a group's members in the order of their ids.
type MemberQuery struct {
	// Type keeps members of the type, if not "".
	Type MemberType
	// After is the id behind which the page begins; zero for the first page.
	After ident.ID
	Limit int
}

// Tally is what a batch of changes adds to the numbers of a group's members.
type Tally struct {
	Group           ident.ID
	Members, Synced int64
	// Visible: somebody came or left. Then the group gets a new revision and time; a change of marks alone gives it neither.
	Visible bool
}

// Memberships keeps the members of groups. Methods join the transaction of the context. What one call costs depends on the rows that it
// names, never on the size of their groups.
type Memberships interface {
	// Memberships returns those of the pairs that exist, in no order.
	Memberships(ctx context.Context, org ident.ID, pairs []Pair) ([]Membership, error)
	// MembershipsOf returns all that the members have in groups that exist or are in the archive, in no order.
	MembershipsOf(ctx context.Context, org ident.ID, members []ident.ID) ([]Membership, error)
	// ListMembers returns a page of a group's members.
	ListMembers(ctx context.Context, org, group ident.ID, query MemberQuery) ([]Member, error)
	// ListMemberOf returns a page of the groups that a user or group is a direct member of, in the order of their ids, behind the given one.
	ListMemberOf(ctx context.Context, org, member, after ident.ID, limit int) ([]MemberOf, error)
	// KnownMembers tells of each of the ids that is a user or group what it is, and how it is called if labels are wanted.
	KnownMembers(ctx context.Context, org ident.ID, ids []ident.ID, labels bool) (map[ident.ID]KnownMember, error)
	// ListSyncedMembers returns up to limit members with the mark Synced of a group that the instance owns, in the order of their ids, after one.
	ListSyncedMembers(ctx context.Context, org, instance, group, after ident.ID, limit int) ([]SyncedMember, error)
	// ChangeMembers saves rows, new ones or with other marks, removes others, and adds to the numbers of their groups, in the archive too.
	ChangeMembers(ctx context.Context, org ident.ID, save []Membership, remove []Pair, tallies []Tally, at time.Time) error
	// SweepMembers removes up to limit rows of groups that are neither there nor in the archive, of all organizations, and returns how many.
	SweepMembers(ctx context.Context, limit int) (int, error)
}
