package engine

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// EntryState says what became of a planned change.
type EntryState string

// The states of journal entries.
const (
	// Planned: will be applied by its run. Parked: the same, and the object's name is set aside already.
	Planned EntryState = "planned"
	Parked  EntryState = "parked"
	// Applied: the destination holds it.
	Applied EntryState = "applied"
	// Held: too many removals; a person decides. Approved: he said yes. Rejected: he said no, until something changes.
	Held     EntryState = "held"
	Approved EntryState = "approved"
	Rejected EntryState = "rejected"
	// EntryFailed: could not be done; retried. EntrySkipped: not done on purpose.
	EntryFailed  EntryState = "failed"
	EntrySkipped EntryState = "skipped"
	// Superseded: the object or its source changed before it was applied; planned again. Dropped: no longer called for.
	Superseded EntryState = "superseded"
	Dropped    EntryState = "dropped"
	// Proposed: part of a dry run.
	Proposed EntryState = "proposed"
)

// Entry is one change in the journal: the line of the dry-run report, the approval page, the provisioning log, the retry list.
type Entry struct {
	ID         ident.ID
	OrgID      ident.ID
	InstanceID ident.ID
	RunID      ident.ID
	plan.Change
	// SourceSeq is the source object's place in the mirror: among its users, or for groups and their members among its groups.
	SourceSeq int64
	// Unnamed is how many members the change is about whom Members does not name: all, if they were not asked for (EntryQuery.Bare), or the entry's
	// retention is over.
	Unnamed int
	State   EntryState
	// Open: held, approved, rejected, failed and skipped entries wait for something. An object has at most one open entry, not counting those about
	// the members of a group.
	Open bool
	// Fingerprint of the change (plan.Change.Fingerprint).
	Fingerprint string
	// Approved: a person let the removal pass, so the guard does not count it.
	ApprovedRemoval bool
	// Attempts counts failures; the first was at FailedAt, the next try is due at RetryAt.
	Attempts          int
	FailedAt, RetryAt time.Time
	// PlannedAt is when the entry was written, SettledAt when it was applied, failed, or closed.
	PlannedAt, SettledAt time.Time
	// DecidedBy names who approved or rejected.
	DecidedBy string
}

// MemberCount is how many members join or leave by the change, whether it names them or not.
func (entry Entry) MemberCount() int { return len(entry.Members) + entry.Unnamed }

// Link is the lasting tie between a source object and an object of the destination.
type Link struct {
	SourceID string
	// SourceSeq is the source object's place in the mirror; 0 if it is not at hand.
	SourceSeq int64
	ObjectID  ident.ID
	Status    plan.LinkStatus
}

// Object is what planning needs to know of one source object.
type Object struct {
	mirror.User
	// Link is the object's tie; zero ObjectID if there is none.
	Link Link
	// Open is the object's open entry with ID, RunID, State, Fingerprint, Attempts, FailedAt and Action only; nil if there is none.
	Open *Entry
}

// Plans is what planning asks for, of users, groups and who is in them.
type Plans interface {
	Planning
	GroupPlanning
	MemberPlanning
}

// Doing is what comes after the plan.
type Doing interface {
	Guarding
	Applying
	Announcing
}

// Planning is the journal as planning uses it. Methods join the transaction of the context.
type Planning interface {
	// DirtyObjects returns up to limit objects after a Seq that changed since they were last planned, in the order of Seq. A run goes through
	// them once: who changes again behind its place is for the next one, or the journal would hold two changes of one object.
	DirtyObjects(ctx context.Context, instance Instance, after int64, limit int) ([]Object, error)
	// AllObjects returns up to limit objects of the mirror after a Seq, in the order of Seq.
	AllObjects(ctx context.Context, instance Instance, after int64, limit int) ([]Object, error)
	// CountObjects returns how many objects are dirty; all of the mirror if all.
	CountObjects(ctx context.Context, instance Instance, all bool) (int, error)
	// InsertEntries adds entries.
	InsertEntries(ctx context.Context, entries []Entry) error
	// CloseEntries takes open entries, by id, to a final state.
	CloseEntries(ctx context.Context, ids []ident.ID, state EntryState, at time.Time) error
	// ReplaceEntries writes entries over stored ones of the same ids, in whatever run, phase and state these were: retries and approvals
	// that a new run takes over.
	ReplaceEntries(ctx context.Context, entries []Entry) error
	// PostponeEntries sets the retry of open failed entries: attempts is added to, and retryAt replaces the old time.
	PostponeEntries(ctx context.Context, ids []ident.ID, retryAt []time.Time) error
	// ClearDirty removes the dirty rows of objects by Seq.
	ClearDirty(ctx context.Context, instance ident.ID, seqs []int64) error
}

// Dirt marks objects as changed, so that the next plan looks at them. Methods join the transaction of the context.
type Dirt interface {
	Reaching
	MarkAllDirty(ctx context.Context, instance Instance) error
	MarkDirty(ctx context.Context, instance Instance, sourceIDs []string) error
	// WakeDue marks the objects of open failed entries whose retry is due.
	WakeDue(ctx context.Context, instance Instance, now time.Time) error
	// WakeFailed marks the objects, of every instance of the organization, whose open failed entry wants one of the name keys, or is about
	// one of the objects; they failed for what has just changed.
	WakeFailed(ctx context.Context, org ident.ID, names []string, objects []ident.ID) error
	// WakeCode marks the objects, of every instance of the organization, whose open failed entry has one of the codes.
	WakeCode(ctx context.Context, org ident.ID, codes []string) error
	// WakeRun marks the objects of a run's planned and parked entries and supersedes these, because the run ended before applying them.
	// Removals that a person approved are approved again: nobody is asked twice because a run failed.
	WakeRun(ctx context.Context, instance Instance, run ident.ID, at time.Time) (int, error)
	// Sweep forgets users of the mirror who are gone and have no link any more, and groups that nobody wants, reaches or has an object for.
	Sweep(ctx context.Context, connection ident.ID) error
}

// Applying is the journal as guard and apply use it. Methods join the transaction of the context.
type Applying interface {
	// NameClaims returns the planned (or, for a dry run, proposed) entries of the run that take a name which another object holds or
	// another entry takes too, and the entries of such holders.
	NameClaims(ctx context.Context, run ident.ID) ([]Entry, error)
	// WantedNames calls each with the name keys that planned (or proposed) entries of the run take.
	WantedNames(ctx context.Context, run ident.ID, each func(nameKey []byte)) error
	// WakeHolders makes the people of the instance dirty whose objects these are and whose own open failed entry is not of the run, and returns how many.
	WakeHolders(ctx context.Context, instance, run ident.ID, objects []ident.ID) (int, error)
	// RankEntry stores rank, park flag, and what changes when a name cannot be had: the whole change and the state.
	RankEntry(ctx context.Context, entry Entry) error
	// NextEntries returns up to limit planned entries of the run in the order of phase, rank, id, and fewer where these are about very many members
	// of groups. With parking, only those that want their name set aside and are not parked yet.
	NextEntries(ctx context.Context, run ident.ID, parking bool, limit int) ([]Entry, error)
	// SettleApplied takes planned or parked entries to Applied, and closes them.
	SettleApplied(ctx context.Context, run ident.ID, ids []ident.ID, at time.Time) error
	// SettleEntry stores state, open, attempts, times and reason of one entry.
	SettleEntry(ctx context.Context, entry Entry) error
}

// Links keeps the ties. Methods join the transaction of the context.
type Links interface {
	SaveLinks(ctx context.Context, org, instance ident.ID, links []Link) error
	DeleteLinks(ctx context.Context, instance ident.ID, sourceIDs []string) error
	// RemovedWith returns those of the groups, by their ids in the tenant, whose objects were removed because they were deleted there.
	RemovedWith(ctx context.Context, instance ident.ID, groups []string) (map[string]bool, error)
	// CountLinks counts by status.
	CountLinks(ctx context.Context, instance ident.ID) (map[plan.LinkStatus]int, error)
	// Claimants names, for objects of the destination, another instance with Auto Sync on whose open failed entry OwnedByOther is about the
	// object. A claim that is to be planned again is none: its person may have left that scope as well.
	Claimants(ctx context.Context, instance ident.ID, objects []ident.ID) (map[ident.ID]string, error)
}

// EntryQuery selects a page of journal entries.
type EntryQuery struct {
	Org ident.ID
	// Run, Instance, SourceID and ObjectID keep only entries of these, if given.
	Run, Instance, ObjectID ident.ID
	SourceID                string
	// IDs keeps only these entries; nil for all.
	IDs []ident.ID
	// States keeps only these; empty for all. Open keeps only open ones.
	States []EntryState
	Open   bool
	// Actions keeps only these; empty for all. Object keeps only those about objects of a type; nil for all.
	Actions []plan.Action
	Object  *plan.ObjectType
	// After is the entry behind which the page begins; entries come in the order of their ids, with Newest the other way round.
	After  ident.ID
	Newest bool
	Limit  int
	// Bare leaves Members out, which are up to 33 kB of an entry; Entry.MemberCount tells how many they are.
	Bare bool
}

// Review is the journal as people read it and decide on it. Methods join the transaction of the context.
type Review interface {
	ListEntries(ctx context.Context, query EntryQuery) ([]Entry, error)
	// CountOpen counts an instance's open entries about objects of a type by state; of plan.Members the members that they are about.
	CountOpen(ctx context.Context, instance ident.ID, of plan.ObjectType) (map[EntryState]int, error)
	// DecideEntries takes held entries of the instance, by id or all if ids is nil, to Approved or Rejected, marks their objects dirty, and
	// returns how many. By id, rejected ones are approved as well.
	DecideEntries(ctx context.Context, instance Instance, ids []ident.ID, state EntryState, by string, at time.Time) (int, error)
	// ScrubEntries empties before, after, names and members of up to limit closed entries of the organization's runs before the given one, and returns how many.
	// Entry.MemberCount stays.
	ScrubEntries(ctx context.Context, org, before ident.ID, limit int) (int, error)
	// CountMirror counts the users of a connection's mirror by state.
	CountMirror(ctx context.Context, connection ident.ID) (map[plan.SourceState]int, error)
}
