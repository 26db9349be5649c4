package mirror

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Group is a group of the tenant that is wanted, as last seen. Other groups are not kept longer than an instance has to deal with them.
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
	// Wanted: a selection needs the members, or every group is wanted. Those of other groups are not copied (rule 13).
	Wanted bool
	// Due: the members are to be read in full by this pull.
	Due bool
	// ReadIn is the generation of the last full read of the members that brought all of them, or nearly all: see Sure. 0 before the first.
	ReadIn int64
	// ListedIn is the generation in which a list of the tenant's groups had the group last, 0 before the first. In that generation it is not looked up.
	ListedIn int64
	// Doubt is why the last full read was not believed: how many members it had fewer than announced, or less than 0 for a list that was empty,
	// not announced, or not there. It lasts until a full read is believed; every pull of live groups reads again.
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

// Sure reports whether who is no member in the mirror is none in the tenant either. Otherwise nobody may be taken for somebody who left only because
// the mirror lacks him: the last list of the members was not believed, and may have lacked him too. Who is in the mirror is a member in any case.
func (g Group) Sure() bool { return g.ReadIn > 0 && g.Doubt == 0 }

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
	// All: that selection wants every group of the tenant. List: the next read is to list them. Short is how many fewer than announced the last list
	// had, if it was given up for that.
	All   bool `json:"all,omitempty"`
	List  bool `json:"list,omitempty"`
	Short int  `json:"short,omitempty"`
	// Unread: there are groups that are due. Again: all wanted ones are to become due. Doubts: some have a doubt, and are due in the next pull.
	Unread bool `json:"unread,omitempty"`
	Again  bool `json:"again,omitempty"`
	Doubts bool `json:"doubts,omitempty"`
	// Spent: there are groups whose members have to go.
	Spent bool `json:"spent,omitempty"`
	// Graph grows with everything that can change which groups a selection reaches.
	Graph int64 `json:"graph,omitempty"`
	// Generation grows with every read of groups, and with every list of members.
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
	StageGroups  GroupStage = "list"    // all groups of the tenant and their names, page by page, if all are wanted
	StageLookUp  GroupStage = "look-up" // which of the other groups exist, and their names
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
	// Listing is how far the list of the tenant's groups was read; of the changes, only Next and Pages count.
	Listing
	// Open are the lists of members that are not done yet, of groups up to After.
	Open []MemberList `json:"open,omitempty"`
}

// MemberList is a list of the members of a group that is being read.
type MemberList struct {
	// Group is the group's Seq.
	Group int64 `json:"group"`
	Listing
	// Generation marks whom this list had. One that begins anew takes another.
	Generation int64 `json:"generation,omitempty"`
	// Others counts those that were read and are neither users nor groups, LastOthers identifies those of the last page by attr.Hash of their ids.
	Others     int     `json:"others,omitempty"`
	LastOthers []int64 `json:"lastOthers,omitempty"`
	// Dropping: the list was read and is believed; whom it lacks goes.
	Dropping bool `json:"dropping,omitempty"`
}

// Listing is how far a list was read.
type Listing struct {
	// Next is the page to go on at, "" at the beginning. Pages counts those that were read, Tries the runs that failed to read the next one.
	Next  string `json:"next,omitempty"`
	Pages int    `json:"pages,omitempty"`
	Tries int    `json:"tries,omitempty"`
	// Listed counts what was read, at the end of a list of members each of them once. Expected is how many Graph announced (-1: it did not say). First
	// is the first id of the page before, by which a page that is repeated is known.
	Listed   int    `json:"listed,omitempty"`
	Expected int    `json:"expected,omitempty"`
	First    string `json:"first,omitempty"`
	// Restarted: the list began anew because Graph no longer accepted its links.
	Restarted bool `json:"restarted,omitempty"`
}

// GroupTenant is what the groups' part of a pull asks of Microsoft Graph.
type GroupTenant interface {
	LatestGroupsDelta(ctx context.Context, properties []string) (string, error)
	ListGroups(ctx context.Context, properties []string) (graph.GroupPage, error)
	FollowGroups(ctx context.Context, link string) (graph.GroupPage, error)
	LookUpGroups(ctx context.Context, ids, properties []string) (map[string]graph.GroupExistence, error)
	Members(ctx context.Context, groupID string) (graph.MemberPage, error)
	FirstMembers(ctx context.Context, groupIDs []string) (map[string]graph.MemberPage, error)
	FollowMembers(ctx context.Context, link string) (graph.MemberPage, error)
	MemberOf(ctx context.Context, memberType string, ids []string) (map[string][]graph.Member, error)
}

// Groups keeps the wanted groups of mirrors. Methods join the transaction of the context.
type Groups interface {
	LoadGroups(ctx context.Context, connection ident.ID, sourceIDs []string) (map[string]Group, error)
	// SaveGroups inserts the groups whose Seq is 0 and replaces the others.
	SaveGroups(ctx context.Context, connection ident.ID, groups []Group) error
	// DropGroups removes groups, by Seq, that have no members; those that an instance still reaches or has an object for stay until that is over.
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
	// CountSeen counts the members that were seen in a generation last.
	CountSeen(ctx context.Context, connection ident.ID, group, generation int64) (int, error)
	// DropUnseen removes up to limit members that the generation has not seen, and returns how many; for generation 0 any members. Users and groups in
	// the recycle bin stay members: lists do not show them, and nothing tells of their memberships when they come back.
	DropUnseen(ctx context.Context, connection ident.ID, group, generation int64, limit int) (int, error)
}

// Arriving keeps who came, or came back from the recycle bin, after the groups were read: users and groups, by their ids in the tenant. Methods join the
// transaction of the context.
type Arriving interface {
	// Arrived notes whose memberships are to be asked for, Arrivals returns up to limit of them, Settled forgets them.
	Arrived(ctx context.Context, connection ident.ID, sourceIDs []string) error
	Arrivals(ctx context.Context, connection ident.ID, limit int) ([]string, error)
	Settled(ctx context.Context, connection ident.ID, sourceIDs []string) error
}
