package mirror

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Group is a group of the tenant that a selection needs, as last seen. Other groups are not kept.
type Group struct {
	// Seq is the row's place in its connection, in order of arrival.
	Seq      int64
	SourceID string
	// State is plan.Gone also for an id that the tenant never knew.
	State plan.SourceState
	// DeletedAt is when the group went to the recycle bin; zero for live groups and those that were never seen.
	DeletedAt time.Time
	// Record holds the copied properties by their Graph names; after a deletion, the last ones.
	Record attr.Record
	// Wanted: a selection needs the members. Those of other groups are not copied (rule 13).
	Wanted bool
	// Due: the members are to be read in full by this pull.
	Due bool
	// ReadIn is the generation of the last full read of the members that was believed, 0 before the first.
	ReadIn int64
	// Doubt is why the last full read was not believed: how many members it had fewer than announced, or less than 0 for a list that was empty,
	// not announced, or not there.
	Doubt int
	// Others counts the members of the last full read that are neither users nor groups.
	Others int
}

// Label is what people call the group: its name, or its id if it has none.
func (g Group) Label() string {
	if name := g.Record.Text("displayName"); name != "" {
		return name
	}
	return g.SourceID
}

// groupProperties are what is copied of a group, and what its delta links watch.
func groupProperties() []string { return []string{"displayName", "members"} }

// MemberKind says what a member is.
type MemberKind int8

// The kinds of members that are copied.
const (
	MemberUser  MemberKind = 1
	MemberGroup MemberKind = 2
)

// Member is a direct member of a group.
type Member struct {
	ID   ident.ID
	Kind MemberKind
}

// GroupCursor says how far the groups of one connection have been read. It is a part of the Cursor.
type GroupCursor struct {
	// Pending: the users have been read, and the groups come next.
	Pending bool `json:"pending,omitempty"`
	// Selection is the digest of the selection for which Wanted was computed, "" before the first. Nesting: it has to be computed again,
	// because groups joined or left groups.
	Selection string `json:"selection,omitempty"`
	Nesting   bool   `json:"nesting,omitempty"`
	// Unread: there are groups that are due. Again: all wanted ones are to become due. Doubts: some have a doubt, and are due in the next pull.
	Unread bool `json:"unread,omitempty"`
	Again  bool `json:"again,omitempty"`
	Doubts bool `json:"doubts,omitempty"`
	// Spent: there are groups whose members have to go.
	Spent bool `json:"spent,omitempty"`
	// Graph grows with everything that can change which groups a selection reaches.
	Graph int64 `json:"graph,omitempty"`
	// Generation counts full reads of members.
	Generation int64 `json:"generation,omitempty"`
	// Delta, Marks, Next, Pages and Replay are for groups what they are for users in Cursor.
	Delta   string    `json:"delta,omitempty"`
	DeltaAt time.Time `json:"deltaAt,omitzero"`
	Marks   []Mark    `json:"marks,omitempty"`
	Next    string    `json:"next,omitempty"`
	Pages   int       `json:"pages,omitempty"`
	Replay  string    `json:"replay,omitempty"`
	// Tries counts the runs that failed to read the page at Next. Restarted: Graph refused the links, and a read began anew for that.
	Tries     int  `json:"tries,omitempty"`
	Restarted bool `json:"restarted,omitempty"`
	// Read is the read of the groups that are due, nil if there is none.
	Read *GroupRead `json:"read,omitempty"`
}

// GroupStage is a part of a read of groups.
type GroupStage string

// The stages of a read of groups, in their order.
const (
	StageLookUp  GroupStage = "look-up" // which of the groups exist, and their names
	StageMembers GroupStage = "members" // their members, group by group, page by page
	StageChanges GroupStage = "changes" // what changed meanwhile
)

// GroupRead is a read of groups under way.
type GroupRead struct {
	Stage GroupStage `json:"stage"`
	// Link is the delta link from before the read, LinkAt when it was given.
	Link   string    `json:"link"`
	LinkAt time.Time `json:"linkAt,omitzero"`
	// After is the Seq of the group behind which the stage goes on.
	After int64 `json:"after,omitempty"`
	// Next is the page to go on at, of the members of the group behind After or of the changes. Pages counts them.
	Next  string `json:"next,omitempty"`
	Pages int    `json:"pages,omitempty"`
	// Tries counts the runs that failed to read the page.
	Tries int `json:"tries,omitempty"`
	// Listed counts the group's members that were read, Others those of them that are neither users nor groups. Expected is how many Graph
	// announced (-1: it did not say). First is the first member of the page before, by whom a page that is repeated is known.
	Listed   int    `json:"listed,omitempty"`
	Others   int    `json:"others,omitempty"`
	Expected int    `json:"expected,omitempty"`
	First    string `json:"first,omitempty"`
	// Dropping: the list was read and is believed; whom it lacks goes.
	Dropping bool `json:"dropping,omitempty"`
}

// GroupTenant is what the groups' part of a pull asks of Microsoft Graph.
type GroupTenant interface {
	LatestGroupsDelta(ctx context.Context, properties []string) (string, error)
	FollowGroups(ctx context.Context, link string) (graph.GroupPage, error)
	LookUpGroups(ctx context.Context, ids, properties []string) (map[string]graph.GroupExistence, error)
	Members(ctx context.Context, groupID string) (graph.MemberPage, error)
	FollowMembers(ctx context.Context, link string) (graph.MemberPage, error)
	MemberOf(ctx context.Context, userIDs []string) (map[string][]graph.Member, error)
}

// Groups keeps the wanted groups of mirrors. Methods join the transaction of the context.
type Groups interface {
	LoadGroups(ctx context.Context, connection ident.ID, sourceIDs []string) (map[string]Group, error)
	// SaveGroups inserts the groups whose Seq is 0 and replaces the others.
	SaveGroups(ctx context.Context, connection ident.ID, groups []Group) error
	// DropGroups removes groups, by Seq, that have no members.
	DropGroups(ctx context.Context, connection ident.ID, seqs []int64) error
	// DueGroups returns up to limit groups that are due, in the order of Seq, after a Seq.
	DueGroups(ctx context.Context, connection ident.ID, after int64, limit int) ([]Group, error)
	// AllGroups returns all groups in the order of Seq, and NestedGroups the ids of the groups that are members of each, by its Seq.
	AllGroups(ctx context.Context, connection ident.ID) ([]Group, error)
	NestedGroups(ctx context.Context, connection ident.ID) (map[int64][]ident.ID, error)
}

// Members keeps the members of wanted groups. Whoever is added to or taken out of a group becomes dirty for every instance that reaches the
// group (rule 13). Methods join the transaction of the context.
type Members interface {
	// LoadMembers returns those of the ids that are members of the group, by its Seq.
	LoadMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) (map[ident.ID]MemberKind, error)
	// SaveMembers adds members, or replaces their kind, seen in a generation.
	SaveMembers(ctx context.Context, connection ident.ID, group int64, members []Member, generation int64) error
	// SawMembers marks members as seen in a generation, nothing else.
	SawMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID, generation int64) error
	DropMembers(ctx context.Context, connection ident.ID, group int64, ids []ident.ID) error
	// DropUnseen removes up to limit members that the generation has not seen, and returns how many; for generation 0 any members. Users in the
	// recycle bin stay members: lists do not show them, and nothing tells of their memberships when they come back.
	DropUnseen(ctx context.Context, connection ident.ID, group, generation int64, limit int) (int, error)
	// Arrived notes users whose memberships are to be asked for, Arrivals returns up to limit of them, Settled forgets them.
	Arrived(ctx context.Context, connection ident.ID, sourceIDs []string) error
	Arrivals(ctx context.Context, connection ident.ID, limit int) ([]string, error)
	Settled(ctx context.Context, connection ident.ID, sourceIDs []string) error
}
