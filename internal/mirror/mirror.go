// Package mirror is the local copy of a tenant, filled page by page.
//
// A page and its cursor are committed together, so a pull may die anywhere and go on from the last good page. A failed, partial or
// shrunken read is no information: only an explicit removal, or an absence that was looked up object by object after a completed
// read, changes the state of anybody (design rule 7).
//
// Groups are copied as far as somebody's selection wants them (rule 13), or all of them, after the users of the same pull. First, and when
// groups become wanted, the tenant is asked which of them exist: all are listed, selected ones and those that the list lacks are looked up. The
// members of each are listed page by page; then the changes since before that are replayed, and once more by a later pull. After that a pull
// follows the changes. A member goes only when a change says that he left, when a list that was read to its end, with as many different members as
// were announced, lacks him, or when somebody asks for a group and for him by name (RefreshGroup). Nothing tells of the memberships of people and
// groups that come back from the recycle bin, so that these are asked for.
package mirror

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// User is a user of the tenant as last seen.
type User struct {
	// Seq is the row's place in its connection, in order of arrival.
	Seq      int64
	SourceID string
	State    plan.SourceState
	// DeletedAt is when the user went to the recycle bin; zero for live users.
	DeletedAt time.Time
	// Record holds the copied properties by their Graph names; after a deletion, the last ones.
	Record attr.Record
	// Hash is attr.Hash of the record's canonical JSON.
	Hash int64
}

// Source gives the user to the rules.
func (u User) Source() plan.Source {
	return plan.Source{ID: u.SourceID, State: u.State, DeletedAt: u.DeletedAt, Record: u.Record}
}

// Cursor says how far the mirror of one connection has read. It is stored as one document.
type Cursor struct {
	// Version grows with every save; a save on an older version fails as stale.
	Version int64 `json:"-"`
	// Attributes are the Graph properties that the last completed full read holds; nil before the first.
	Attributes []string `json:"attributes,omitempty"`
	// Delta is where the next incremental pull starts; "" before the first full read and after Graph refused it.
	Delta   string    `json:"delta,omitempty"`
	DeltaAt time.Time `json:"deltaAt,omitzero"`
	// Marks are up to two older delta links, the oldest first, from which a full read replays: the replica that serves its list can be
	// behind what Delta has told already.
	Marks []Mark `json:"marks,omitempty"`
	// Next is the page at which an incremental pull under way goes on, Pages counts those it has read, and Tries the runs that could not read
	// the next one.
	Next  string `json:"next,omitempty"`
	Pages int    `json:"pages,omitempty"`
	Tries int    `json:"tries,omitempty"`
	// Replay is the first delta link of the last full read, replayed once more by a later pull: the replica that served the list
	// can have been behind.
	Replay string `json:"replay,omitempty"`
	// Full is the full read under way, nil if there is none.
	Full *FullRead `json:"full,omitempty"`
	// Short is how many users fewer than announced the last full read listed, if it was given up for that.
	Short int `json:"short,omitempty"`
	// BinAgain is before when nobody is looked up again whose thirty days are over, because Graph still had all of them.
	BinAgain time.Time `json:"binAgain,omitzero"`
	// LastGood is when the last pull completed.
	LastGood time.Time `json:"lastGood,omitzero"`
	// Generation counts full reads.
	Generation int64 `json:"generation"`
	// Groups says how far the groups have been read.
	Groups GroupCursor `json:"groups,omitzero"`
}

// Mark is a delta link and when it was given.
type Mark struct {
	Link string    `json:"link"`
	At   time.Time `json:"at"`
}

// attributes are the Graph properties that the mirror is being kept with.
func (c Cursor) attributes() []string {
	if c.Full != nil {
		return c.Full.Attributes
	}
	return c.Attributes
}

// Stage is a part of a full read.
type Stage string

// The stages of a full read, in their order.
const (
	StageList   Stage = "list"   // all users, page by page
	StageReplay Stage = "replay" // what changed meanwhile
	StageBin    Stage = "bin"    // who of the missing is in the recycle bin
	StageVerify Stage = "verify" // look up the rest of the missing one by one
)

// FullRead is a full read under way.
type FullRead struct {
	Stage      Stage    `json:"stage"`
	Attributes []string `json:"attributes"`
	// Latest is the delta link from before the list, LatestAt when it was given. Fresh: it was taken for this read, so nothing but the
	// list tells of users whom the mirror does not know.
	Latest   string    `json:"latest"`
	LatestAt time.Time `json:"latestAt,omitzero"`
	Fresh    bool      `json:"fresh,omitempty"`
	// Restarted: the read began anew once because Graph no longer accepted its links.
	Restarted bool `json:"restarted,omitempty"`
	// Next is the page to go on at; "" starts the stage. Pages counts those of the stage, Tries the runs that asked for Next and did not get it.
	Next  string `json:"next,omitempty"`
	Pages int    `json:"pages,omitempty"`
	Tries int    `json:"tries,omitempty"`
	// Delta is the link with which the replay ended.
	Delta string `json:"delta,omitempty"`
	// Listed counts the users read, Expected is how many Graph announced (-1: it did not say).
	// First is the first user of the page before, by whom a page that is repeated is known.
	Listed   int    `json:"listed"`
	Expected int    `json:"expected"`
	First    string `json:"first,omitempty"`
	// Removed counts the users of the replay who left.
	Removed int `json:"removed,omitempty"`
	// Found counts the missing users that a look-up found alive.
	Found int `json:"found,omitempty"`
}

// Tenant is what a pull asks of Microsoft Graph.
type Tenant interface {
	GroupTenant
	LatestUsersDelta(ctx context.Context, properties []string) (string, error)
	ListUsers(ctx context.Context, properties []string) (graph.Page, error)
	DeletedUsers(ctx context.Context, properties []string) (graph.Page, error)
	Follow(ctx context.Context, link string) (graph.Page, error)
	LookUpUsers(ctx context.Context, ids, properties []string) (map[string]graph.Existence, error)
	UserID(ctx context.Context, userPrincipalName string) (string, error)
}

// Store keeps mirrors. All methods join the transaction that InTx put into the context.
type Store interface {
	// InTx runs fn in one transaction, which other callers' writes may share.
	InTx(ctx context.Context, fn func(ctx context.Context) error) error
	Cursor(ctx context.Context, connection ident.ID) (Cursor, error)
	// SaveCursor fails as fault.Stale when cursor.Version is not the stored one.
	SaveCursor(ctx context.Context, connection ident.ID, cursor Cursor) error
	Users
	Groups
	Members
	Arriving
}

// Users keeps the users of mirrors. Methods join the transaction of the context.
type Users interface {
	// LoadUsers returns the users with these source ids; without their records if bare.
	LoadUsers(ctx context.Context, connection ident.ID, sourceIDs []string, bare bool) (map[string]User, error)
	// SaveUsers inserts the users whose Seq is 0 and replaces the others, marks all as seen in the generation, and makes each dirty for
	// every instance of the connection (rule 4).
	SaveUsers(ctx context.Context, connection ident.ID, users []User, generation int64) error
	// SawUsers marks users, by Seq, as seen in the generation, nothing else.
	SawUsers(ctx context.Context, connection ident.ID, seqs []int64, generation int64) error
	// UnseenUsers returns up to limit live users, with records, that the generation has not seen, in the order of Seq, after afterSeq.
	UnseenUsers(ctx context.Context, connection ident.ID, generation, afterSeq int64, limit int) ([]User, error)
	// BinUsersBefore returns up to limit users that went to the recycle bin before the time, oldest first.
	BinUsersBefore(ctx context.Context, connection ident.ID, before time.Time, limit int) ([]User, error)
}
