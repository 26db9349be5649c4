package plan

import (
	"fmt"

	"rollcall/internal/ident"
)

// GroupStanding is how the object of an applied change of a group stands now.
type GroupStanding struct {
	Standing
	// Tied is the object that the group of the tenant is tied to now; zero if there is none.
	Tied ident.ID
}

// TakeBack is to groups what Rules.TakeBack is to users. Names repeat, so that none is ever held. A group that is removed or let go leaves after
// its members, so that these are taken back first.
func (r GroupRules) TakeBack(done Change, now GroupStanding, redo bool) Change {
	change := Change{
		Object: Group, Phase: Write, SourceID: done.SourceID, SourceName: done.SourceName, ObjectID: done.ObjectID, ObjectName: done.ObjectName,
		Status: InScope, StatusBefore: done.Status,
	}
	if because, cannot := now.refuse(r.Instance, done); cannot {
		change.Action, change.Reason = Skip, because
		return change
	}
	inverse, does := change.invert(done, now.Standing)
	switch {
	case !does:
		change.Action, change.Reason = Skip, Reason{Code: NothingToUndo, Text: "nothing of the change is left to take back"}
		return change
	case inverse.Link && !now.Tied.IsZero() && now.Tied != done.ObjectID:
		change.Action, change.Reason = Skip, Reason{Code: ChangedSince, Text: "is tied to another group of the directory by now, " + now.Tied.String()}
		return change
	case inverse.Action == Delete || inverse.Action == Release:
		inverse.Phase = Remove
	}
	code, text := undoing(done, inverse, redo)
	if inverse.Link && now.Source.State != Live {
		text += "; the group is deleted in Entra"
	}
	inverse.Reason = Reason{Code: code, Text: text}
	return inverse
}

// MembersStanding is how a group, and those of its members whom an applied change put in or took out, stand now.
type MembersStanding struct {
	// Current is the group, nil if it does not exist.
	Current *Target
	// Returns: the same undo restores the group, or ties it, before it comes to the members. Then nothing is known of who is in it.
	Returns bool
	// Synced are those whom the instance has in the group now, by their ids in the destination; Gone those who do not exist and do not come back
	// by the same undo.
	Synced, Gone map[ident.ID]bool
}

// TakeBackMembers makes the change that takes out again whom an applied one put in, or the other way round: those of its members who are now
// as it left them. Where there are none, or the group is gone or not the instance's, the result is a Skip that says so. redo is as in
// TakeBack.
func (r GroupRules) TakeBackMembers(done Change, now MembersStanding, redo bool) Change {
	change := Change{
		Action: Skip, Object: Members, Phase: Reference, SourceID: done.SourceID, SourceName: done.SourceName, ObjectID: done.ObjectID,
		ObjectName: done.ObjectName, Status: InScope, StatusBefore: done.Status,
	}
	switch {
	case now.Returns:
	case now.Current == nil:
		change.Reason = Reason{Code: ObjectGone, Text: "is not in the directory any more"}
		return change
	case now.Current.Owner != r.Instance:
		change.Reason = Reason{Code: NotManaged, Text: now.Current.managed()}
		return change
	}
	for _, member := range done.Members {
		if now.Returns || now.left(done.Action, member.Object) {
			change.Members = append(change.Members, member)
		}
	}
	since := len(done.Members) - len(change.Members)
	if len(change.Members) == 0 {
		change.Reason = Reason{Code: ChangedSince, Text: changedSince(since, len(done.Members))}
		return change
	}
	change.Action = Leave
	if done.Action == Leave {
		change.Action = Join
	}
	change.Reason = Reason{Code: Undone, Text: "takes back that " + moved(done.Action, len(change.Members))}
	if redo {
		change.Reason = Reason{Code: Redone, Text: "does again what was taken back: " + moved(change.Action, len(change.Members))}
	}
	if since > 0 {
		change.Reason.Text += "; " + changedSince(since, len(done.Members))
	}
	return change
}

// left reports whether a member is as an action left him.
func (s MembersStanding) left(action Action, member ident.ID) bool {
	if action == Join {
		return s.Synced[member]
	}
	return !s.Synced[member] && !s.Gone[member]
}

func changedSince(count, of int) string {
	if of == 1 {
		return "the member changed since, or is gone"
	}
	return fmt.Sprintf("%d of %d members changed since, or are gone", count, of)
}

// moved tells what an action did to members, for a sentence.
func moved(action Action, count int) string {
	did := "joined"
	if action == Leave {
		did = "left"
	}
	if count == 1 {
		return "1 member " + did + " the group"
	}
	return fmt.Sprintf("%d members %s the group", count, did)
}
