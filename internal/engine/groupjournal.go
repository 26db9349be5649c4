package engine

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// GroupObject is what planning needs to know of one group of the tenant.
type GroupObject struct {
	mirror.Group
	// Reached: the instance's selection reaches the group.
	Reached bool
	// Link is the group's tie; zero ObjectID if there is none.
	Link GroupLink
	// Open is the group's open entry, as in Object; nil if there is none.
	Open *Entry
}

// GroupLink is the lasting tie between a group of the tenant and its object.
type GroupLink struct {
	// Group is the Seq of the group in the mirror.
	Group    int64
	ObjectID ident.ID
	// Whole: all members are to be compared, not only those that changed.
	Whole bool
	// Awaited is how many members in scope are not there yet, as it was said last; -1 before the first time.
	Awaited int64
}

// GroupPlanning is what planning groups asks for. Groups and instances are as for users: dirty ones are planned again. Methods join the transaction
// of the context.
type GroupPlanning interface {
	// DirtyGroups returns up to limit groups after a Seq that changed since they were last planned, in the order of Seq: their properties, their
	// state, or whether the selection reaches them.
	DirtyGroups(ctx context.Context, instance Instance, after int64, limit int) ([]GroupObject, error)
	// AllGroupObjects returns up to limit groups after a Seq that the instance reaches or has an object for, in the order of Seq.
	AllGroupObjects(ctx context.Context, instance Instance, after int64, limit int) ([]GroupObject, error)
	// GroupNames counts the live groups that the instance reaches by name key (attr.NameKey of displayName, trimmed).
	GroupNames(ctx context.Context, instance Instance) (map[string]int, error)
	// ClearDirtyGroups removes the dirty rows of groups by Seq.
	ClearDirtyGroups(ctx context.Context, instance ident.ID, groups []int64) error
	// MarkGroupsDirty makes groups dirty, by their ids in the tenant; all that the instance reaches or has an object for if ids is nil. With whole,
	// those that have an object become Whole as well.
	MarkGroupsDirty(ctx context.Context, instance Instance, sourceIDs []string, whole bool) error
	// SaveGroupLinks inserts ties or replaces them. A group that is tied for the first time, or to another object, becomes dirty as a member of
	// the groups with objects that it is in.
	SaveGroupLinks(ctx context.Context, instance Instance, links []GroupLink) error
	// DeleteGroupLinks removes ties, with the dirty members of the groups.
	DeleteGroupLinks(ctx context.Context, instance Instance, groups []int64) error
	// Foreseen returns what a dry run proposes for users, or for groups, by their places: the proposed entries with Action, ObjectID, Status and Link only.
	Foreseen(ctx context.Context, instance, run ident.ID, of plan.ObjectType, places []int64) (map[int64]Entry, error)
}

// MemberPlace is a place in the order of memberships: by the group's Seq and the member's id.
type MemberPlace struct {
	Group  int64    `json:"group,omitempty"`
	Member ident.ID `json:"member,omitzero"`
}

// MemberObject is what planning needs to know of one membership.
type MemberObject struct {
	// ID is the member's object id in the tenant, Kind what he is; 0 if neither mirror nor links know him.
	ID   ident.ID
	Kind mirror.MemberKind
	// In: he is a direct member, by the mirror.
	In bool
	// Link is his tie, with SourceSeq as far as the mirror knows him; zero ObjectID if there is none. The status of a group's is plan.InScope, or
	// plan.InBin if the tenant has deleted the group.
	Link Link
}

// idsOf returns the ids of members in the tenant, and in the destination as far as they are tied.
func idsOf(members []MemberObject) []ident.ID {
	ids := make([]ident.ID, 0, 2*len(members))
	for _, member := range members {
		for _, id := range []ident.ID{member.ID, member.Link.ObjectID} {
			if !id.IsZero() {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// MemberPlanning is what planning members asks for. A membership is dirty when it came or went in the mirror, or when its member's tie came, changed
// its object or status, or went; but only if its group has an object, be it Whole or not. Methods join the transaction of the context.
type MemberPlanning interface {
	// DirtyMembers returns up to limit dirty memberships of groups with objects, after a place, in order.
	DirtyMembers(ctx context.Context, instance Instance, after MemberPlace, limit int) ([]MemberPlace, error)
	// MarkMembersDirty makes memberships dirty, whatever the group.
	MarkMembersDirty(ctx context.Context, instance ident.ID, group int64, members []ident.ID) error
	// ClearDirtyMembers removes dirty rows.
	ClearDirtyMembers(ctx context.Context, instance ident.ID, places []MemberPlace) error
	// LinkedGroups returns up to limit groups with an object, after a Seq, in the order of Seq, without Open; only those that are Whole if whole.
	LinkedGroups(ctx context.Context, instance Instance, whole bool, after int64, limit int) ([]GroupObject, error)
	// MirrorMembers returns up to limit direct members of a group, in the order of their ids, after one.
	MirrorMembers(ctx context.Context, instance Instance, group int64, after ident.ID, limit int) ([]MemberObject, error)
	// MembersByID returns what is known of each of the ids, at its place.
	MembersByID(ctx context.Context, instance Instance, group int64, ids []ident.ID) ([]MemberObject, error)
	// OpenMembers returns the open entries about the group's members, by its Seq, in the order of their ids, bare (EntryQuery.Bare).
	OpenMembers(ctx context.Context, instance ident.ID, group int64) ([]Entry, error)
	// OpenAbout returns those of them, with all their members, that name one of some members, by their ids in the tenant or in the destination.
	OpenAbout(ctx context.Context, instance ident.ID, group int64, members []ident.ID) ([]Entry, error)
}

// Announcing finds what is to be said of how far groups are. Methods join the transaction of the context.
type Announcing interface {
	// AnyAwaiting reports whether something other than "all are there" was said last of a group with an object, or nothing yet.
	AnyAwaiting(ctx context.Context, instance ident.ID) (bool, error)
	// Awaiting returns the ties of groups of which that was said last, and of those that await members now; and for the latter, by Seq, how many: the
	// members in scope whose own change failed and waits for another try.
	Awaiting(ctx context.Context, instance Instance) ([]GroupLink, map[int64]int64, error)
}

// Guarding is the journal as the guard uses it. Methods join the transaction of the context.
type Guarding interface {
	// HoldRemovals takes the run's planned removals of a type that nobody approved to Held and returns their number; only those of one group, by
	// its Seq, if it is not 0.
	HoldRemovals(ctx context.Context, run ident.ID, of plan.ObjectType, group int64, at time.Time) (int, error)
	// HoldProposed marks what a dry run proposes and HoldRemovals would hold as held; nobody is asked about it.
	HoldProposed(ctx context.Context, run ident.ID, of plan.ObjectType, group int64) error
	// RecentRemovals counts applied removals of a type, without approved ones, since the time: for plan.Members the members of one group, by its Seq.
	RecentRemovals(ctx context.Context, instance ident.ID, of plan.ObjectType, group int64, since time.Time) (int, error)
	// PlannedLeaves counts, for each group by Seq, the members whom planned (or, for a dry run, proposed) removals of the run take out, without
	// approved ones.
	PlannedLeaves(ctx context.Context, run ident.ID) (map[int64]int, error)
	// CountGroupLinks counts the instance's ties of groups.
	CountGroupLinks(ctx context.Context, instance ident.ID) (int, error)
	// SaveMembersOf replaces the members of an entry.
	SaveMembersOf(ctx context.Context, entry Entry) error
}
