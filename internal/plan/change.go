// Package plan compares wanted with current and lists the changes, each with its reason; orders them; checks the guard.
//
// It is pure: the same input gives the same plan. Rules.Draft says what a source object should become and what to look up for it,
// Rules.Decide makes the change, ResolveNames orders the changes that want each other's names, Thresholds.Check holds back removals.
package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// Action is what a change does to one object.
type Action string

// The actions. A dry run's report prints Matched for Match and Update, and the others by their names.
const (
	// Match: linked, and nothing to do; listed by dry runs only.
	Match Action = "match"
	// Create makes a new object in the destination.
	Create Action = "create"
	// Update changes attributes; with Change.Link it ties an object that exists already to its source first.
	Update Action = "update"
	// Deactivate makes the object Inactive: blocked, out of scope, or deleted in the tenant (then it is renamed as well).
	Deactivate Action = "deactivate"
	// Reactivate makes the object Active again.
	Reactivate Action = "reactivate"
	// Delete removes the object; a copy goes to the archive.
	Delete Action = "delete"
	// Restore puts an object back that was removed, from its copy in the archive, with the same id; only an undo does that.
	Restore Action = "restore"
	// Release lets go of an object that another instance claims, or of a group that is not selected any more.
	Release Action = "release"
	// Join puts members into a group, Leave takes them out.
	Join  Action = "join"
	Leave Action = "leave"
	// Skip: nothing is done on purpose, and the reason says why.
	Skip Action = "skip"
	// Fail: nothing can be done, and the reason says why.
	Fail Action = "fail"
)

// Writes reports whether the action changes the destination.
func (a Action) Writes() bool { return a != Match && a != Skip && a != Fail }

// Phase orders the changes of one run: a name is freed before somebody else takes it.
type Phase int

// The phases in their order.
const (
	Free      Phase = 1 // renames of deleted people, deactivations
	Write     Phase = 2 // creates and updates
	Reference Phase = 3 // references between objects, for destinations that need them apart
	Remove    Phase = 4 // deletions
)

// Reason says why a change is planned.
type Reason struct {
	// Code is stable, for programs: "Added", "InvalidDomain".
	Code string `json:"code"`
	// Text is a sentence about this object for people.
	Text string `json:"text"`
}

// Change is one planned action on one object.
type Change struct {
	Action Action
	// Object is what the change is about; for Members, source and object are the group.
	Object ObjectType
	Phase  Phase
	// Rank orders changes within a phase; set by ResolveNames.
	Rank int
	// Park: the object's present name is set aside before the phase begins, because names go round in a circle.
	Park bool
	// SourceID is the object's id in the tenant.
	SourceID string
	// ObjectID is the object's id in the destination; zero for Create until the engine gives it one.
	ObjectID ident.ID
	// SourceName and ObjectName are what people call it on either side: display name and address.
	SourceName, ObjectName string
	Reason                 Reason
	// Before and After hold what changes, by destination path; nil values mean absent. Create has no Before, Delete no After.
	Before, After attr.Record
	// Members are those who join or leave, in the order of their ids in the tenant.
	Members []Member
	// BaseVersion is the version of the object that the change was planned on.
	BaseVersion int64
	// Link: applying ties the object to its source for the first time.
	Link bool
	// Status of the link after applying; StatusBefore is the one before, "" if there was no link.
	Status, StatusBefore LinkStatus
	// TakesName and FreesName are name keys (attr.NameKey) that applying occupies and gives up; "" for none.
	TakesName, FreesName string
	// HolderID is the object that holds TakesName at planning time, if it is another one.
	HolderID   ident.ID
	HolderName string
	// Removal: the guard counts it.
	Removal bool
	// FollowUp: applying leaves more to do for the same object, in a run of its own.
	FollowUp bool
	// Timed are the paths whose values follow the clock. They are not part of the fingerprint, or an approval would not outlive the second in
	// which it is given. The journal does not keep them.
	Timed []string
	// Undoes is the entry of the journal that the change takes back; zero for none.
	Undoes ident.ID
}

// LinkStatus says how a linked object stands in its tenant.
type LinkStatus string

// The statuses of links.
const (
	InScope    LinkStatus = "in-scope"
	OutOfScope LinkStatus = "out-of-scope"
	InBin      LinkStatus = "deleted"
)

// Fingerprint identifies the change by configuration version, object, action, before and after, but for what follows the clock. An
// approval holds for a fingerprint.
func (c Change) Fingerprint(configVersion int64) string {
	hash := sha256.New()
	var version [8]byte
	binary.BigEndian.PutUint64(version[:], uint64(configVersion)) //nolint:gosec // only the bits matter
	hash.Write(version[:])
	buffer := make([]byte, 0, 512)
	for _, part := range []string{string(c.Action), c.SourceID, c.Reason.Code} {
		buffer = append(append(buffer, part...), 0)
	}
	if c.Action != Create {
		buffer = append(buffer, c.ObjectID[:]...)
	}
	if c.Action == Skip || c.Action == Fail {
		buffer = append(buffer, c.Reason.Text...)
	}
	for _, record := range []attr.Record{c.Before, c.After} {
		if len(c.Timed) > 0 {
			record = slices.DeleteFunc(record.Clone(), func(f attr.Field) bool { return slices.Contains(c.Timed, f.Name) })
		}
		buffer = record.AppendJSON(buffer)
	}
	for _, member := range c.Members {
		buffer = append(append(buffer, member.Source[:]...), member.Object[:]...)
	}
	hash.Write(buffer)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
