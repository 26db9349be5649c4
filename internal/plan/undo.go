package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
)

// Codes of changes that take others back.
const (
	// Undone takes back what a run did; the object is pinned. UndoneDespiteEntra does so although Entra still gives the reason for what is
	// taken back: somebody gets access whom Entra has deleted, purged, blocked or put out of scope.
	Undone             = "Undone"
	UndoneDespiteEntra = "UndoneDespiteEntra"
	// Redone takes back an undo; the pin is lifted, and what Entra says holds again.
	Redone = "Redone"
)

// Codes of what cannot be taken back.
const (
	NotApplied    = "NotApplied"
	Scrubbed      = "Scrubbed"
	NeverTouch    = "NeverTouch"
	NotManaged    = "NotManaged"
	ObjectGone    = "ObjectGone"
	NotInArchive  = "NotInArchive"
	ChangedSince  = "ChangedSince"
	NothingToUndo = "NothingToUndo"
)

// Standing is how the object of an applied change stands now.
type Standing struct {
	// Source is the person as the mirror knows him; Gone if it does not hold him any more.
	Source Source
	// Current is the object in the destination, nil if there is none. Archived is the copy of a removed one, with the version that it had
	// then; nil if there is none.
	Current, Archived *Target
	// History of the object; it may be left empty when the versions tell that the change was the last one.
	History History
	// By names who asks for the undo, At is when.
	By string
	At time.Time
}

// LeavesVersion is the version of the object after the change. A removed object has the next version too, as if it were still there.
func (c Change) LeavesVersion() int64 { return c.BaseVersion + 1 }

// Latest reports whether the version of the object tells by itself that nothing happened to it since the change.
func (s Standing) Latest(done Change) bool {
	if done.Action == Delete {
		return s.Current == nil && s.Archived != nil && s.Archived.Version == done.BaseVersion
	}
	return s.Current != nil && s.Current.Version == done.LeavesVersion()
}

// TakeBack makes the change that takes an applied one back: nothing else than what it did, and only while its object stands as it left it.
// redo: the change took something back itself, with a pin. Where nothing can be done the result is a Skip that says why, or a Fail if the
// name is not to be had. found holds the holders of UndoKeys.
func (r *Rules) TakeBack(done Change, now Standing, redo bool, found Found) Change {
	draft := r.Draft(now.Source, now.Current)
	change := Change{
		Phase: Write, SourceID: done.SourceID, SourceName: done.SourceName, ObjectID: done.ObjectID, ObjectName: done.ObjectName,
		Status: done.statusBefore(), StatusBefore: done.Status,
	}
	if because, cannot := r.refuseUndo(draft, done, now); cannot {
		change.Action, change.Reason = Skip, because
		return change
	}
	change, does := change.invert(done, now)
	if !does {
		change.Action, change.Reason = Skip, Reason{Code: NothingToUndo, Text: "nothing of the change is left to take back"}
		return change
	}
	change.Reason = draft.whyUndo(done, change, now, redo)
	var current attr.Record
	if now.Current != nil {
		current = now.Current.Record
	}
	return r.checkName(change, current, found)
}

// UndoKeys lists the keys whose holders TakeBack must know.
func UndoKeys(done Change, now Standing) []Key {
	name := done.Before.Text(attr.UserName)
	if done.Action == Delete && now.Archived != nil {
		name = now.Archived.Record.Text(attr.UserName)
	}
	if name == "" {
		return nil
	}
	return []Key{matchKey(attr.UserName, name)}
}

// refuseUndo says why a change cannot be taken back.
func (r *Rules) refuseUndo(d Draft, done Change, now Standing) (Reason, bool) {
	if d.decision.Never {
		return Reason{Code: NeverTouch, Text: "is on the never-touch list"}, true
	}
	return now.refuse(r.Instance, done)
}

// refuse says why an instance's change cannot be taken back by how its object stands.
func (s Standing) refuse(instance ident.ID, done Change) (Reason, bool) {
	owned := done.Action != Release && done.Action != Delete
	if s.Latest(done) && (!owned || s.Current.Owner == instance) {
		return Reason{}, false
	}
	untouched, taken := s.History.Shows(done, s.version())
	switch {
	case taken:
		return Reason{Code: ChangedSince, Text: "was taken back already" + s.History.last()}, true
	case s.Current == nil && done.Action != Delete:
		return Reason{Code: ObjectGone, Text: "is not in the directory any more: removed" + s.History.lastAt(s.version())}, true
	case s.Current == nil && s.Archived == nil:
		return Reason{
			Code: NotInArchive, Text: "the archive does not hold the removed " + done.Object.String() + " any more: its retention is over",
		}, true
	case owned && s.Current.Owner != instance, done.Action == Release && !s.Current.Owner.IsZero():
		return Reason{Code: NotManaged, Text: s.Current.managed()}, true
	case !untouched:
		return Reason{Code: ChangedSince, Text: "was changed since" + s.History.lastAt(s.version())}, true
	}
	return Reason{}, false
}

// version is that of the object, or the one after its removal; 0 if the archive does not tell.
func (s Standing) version() int64 {
	switch {
	case s.Current != nil:
		return s.Current.Version
	case s.Archived != nil:
		return s.Archived.Version + 1
	}
	return 0
}

func (t Target) managed() string {
	switch {
	case t.Owner.IsZero():
		return "is not managed by any instance any more"
	case t.OwnerName == "":
		return "is managed by another instance now"
	}
	return "is managed by " + t.OwnerName + " now"
}

// invert fills in the content of the change that takes done back; false if there is none.
func (c Change) invert(done Change, now Standing) (Change, bool) {
	switch done.Action {
	case Delete:
		c.Action, c.BaseVersion, c.Link = Restore, now.version(), true
		c.After = now.Archived.Record.Clone()
		c.TakesName = attr.NameKey(c.After.Text(attr.UserName))
		return c, true
	case Create, Restore:
		c.Action, c.Phase = Delete, Free // whoever had the name before gets it back in the same run
		c.aim(*now.Current)
		c.Before = now.Current.Record.Clone()
		c.FreesName = attr.NameKey(c.Before.Text(attr.UserName))
		return c, true
	default:
	}
	c.aim(*now.Current)
	c, differs := c.compare(now.Current.Record, done.Before)
	switch {
	case done.Link:
		c.Action = Release
	case done.Action == Release:
		c.Action, c.Link = Update, true
	case c.Removal:
		c.Action = Deactivate
	case c.After.Bool(attr.Active):
		c.Action = Reactivate
	default:
		c.Action = Update
	}
	c.Removal = false // a person decided; no guard weighs it
	return c, differs || done.Link || done.Action == Release || done.Object == User && c.Status != c.StatusBefore
}

// statusBefore is that of the link before the change. Changes of older journals do not tell; then it is the usual one.
func (c Change) statusBefore() LinkStatus {
	switch {
	case c.StatusBefore != "":
		return c.StatusBefore
	case c.Action == Delete, c.Action == Reactivate && c.Before.Has(attr.DeletedAt):
		return InBin
	case c.Action == Release:
		return OutOfScope
	}
	return InScope
}

// whyUndo says what is taken back, and aloud if that gives somebody access whom Entra would not give any.
func (d Draft) whyUndo(done, change Change, now Standing, redo bool) Reason {
	code, text := undoing(done, change, redo)
	gains := change.After.Bool(attr.Active) && (now.Current == nil || !now.Current.Record.Bool(attr.Active))
	if cause := d.departed(); gains && cause != "" {
		text += "; ATTENTION: gives access again although " + cause
		if !redo {
			code = UndoneDespiteEntra
		}
	}
	return Reason{Code: code, Text: text}
}

// undoing says what is taken back, or done again.
func undoing(done, change Change, redo bool) (code, text string) {
	if redo {
		return Redone, "does again what was taken back: the " + change.Object.String() + " " + deed(change)
	}
	return Undone, "takes back that the " + done.Object.String() + " " + deed(done)
}

// departed says why the person would not be Active by what Entra says now; "" if he would be.
func (d Draft) departed() string {
	switch {
	case d.source.State == Gone:
		return "the person is purged in Entra"
	case d.source.State == Deleted:
		return "the person is deleted in Entra"
	case !d.decision.In:
		return "the person is out of scope: " + d.decision.Reason
	case d.blocked():
		return "sign-in is blocked in Entra"
	}
	return ""
}

// deed tells what a change does to a user or group, for a sentence that begins with it.
func deed(c Change) string {
	switch c.Action {
	case Create:
		return "was created"
	case Deactivate:
		return "was deactivated"
	case Reactivate:
		return "was reactivated"
	case Delete:
		return "was removed"
	case Restore:
		return "was restored from the archive"
	case Release:
		return "was let go"
	default:
	}
	names := make([]string, 0, len(c.After))
	for _, field := range c.After {
		names = append(names, field.Name)
	}
	slices.Sort(names)
	changed := "was updated"
	if len(names) > 0 {
		changed = fmt.Sprintf("was changed (%s)", strings.Join(names, ", "))
	}
	if c.Link {
		changed += " and taken over"
	}
	return changed
}
