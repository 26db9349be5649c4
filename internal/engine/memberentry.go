package engine

import (
	"fmt"
	"slices"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// joining collects what planning some members of one group writes.
type joining struct {
	planned
	group GroupObject
	open  *standingMembers
	// joins come, leaves go by their own will, drops because they are out of scope; granted are leaves that a person approved.
	joins, leaves, drops []plan.Member
	granted              map[string][]plan.Member
	// refused would join, but the destination's schema of groups has no place for them: because.
	schema  *plan.Schema
	refused []plan.Member
	because plan.Reason
	// ended are the members whose pins ended.
	ended []ident.ID
}

func (j *joining) add(object MemberObject, synced bool) {
	membership := object.membership(synced)
	action, weighed := membership.Decide()
	named := membership.Object
	if named.IsZero() { // he has no object any more; what stands open may still name him
		action, named = "", membership.Source
	}
	stands, by := j.open.of(named)
	if stands != "" && j.run.Kind.Reconciles() {
		return // it is known, and waits
	}
	if action != plan.Leave {
		j.open.drop(named, Dropped)
	}
	switch {
	case action == plan.Join:
		if reason := j.schema.Membership(membership.Group); reason != nil {
			j.refused, j.because = append(j.refused, membership.Member), *reason
			return
		}
		j.joins = append(j.joins, membership.Member)
	case action == plan.Leave && !weighed:
		j.open.drop(membership.Object, Superseded)
		j.drops = append(j.drops, membership.Member)
	case action == plan.Leave && stands == Approved && j.run.Kind != DryRun:
		j.open.drop(membership.Object, Superseded)
		if j.granted == nil {
			j.granted = map[string][]plan.Member{}
		}
		j.granted[by] = append(j.granted[by], membership.Member)
	case action == plan.Leave && j.run.Kind == OnDemand && stands != Rejected: // asked for by name, be it held or not
		j.open.drop(membership.Object, Superseded)
		j.leaves = append(j.leaves, membership.Member)
	case action == plan.Leave && (stands == Held || stands == Rejected):
		if j.run.Kind == DryRun && stands == Held {
			j.run.Progress.count(heldMembers, 1)
		}
	case action == plan.Leave:
		j.leaves = append(j.leaves, membership.Member)
	}
}

// enter makes the entries.
func (j *joining) enter() {
	j.change(plan.Join, j.joins, "Joined", "joined the group in Entra, or came into scope", false)
	j.change(plan.Fail, j.refused, j.because.Code, "cannot join: "+j.because.Text, false)
	j.change(plan.Leave, j.drops, "OutOfScope", "left the scope of the sync, or the directory", false)
	j.change(plan.Leave, j.leaves, "Left", "left the group in Entra", true)
	for by, members := range j.granted {
		if entry := j.change(plan.Leave, members, "Left", "left the group in Entra", true); entry != nil {
			entry.ApprovedRemoval, entry.DecidedBy = true, by
		}
	}
	if j.run.Kind.Proposes() || j.open == nil {
		return
	}
	j.replaced, j.dropped, j.overtaken = j.open.changed(j.run.ConfigVersion)
}

// change makes the entry of some members; nil if there are none. In a dry run it is only proposed.
func (j *joining) change(action plan.Action, members []plan.Member, code, text string, removal bool) *Entry {
	if len(members) == 0 {
		return nil
	}
	source := j.group.object().Source()
	change := plan.Change{
		Action: action, Object: plan.Members, Phase: plan.Reference, SourceID: j.group.SourceID, ObjectID: j.group.Link.ObjectID,
		SourceName: plan.SourceName(source), ObjectName: plan.SourceName(source), Status: plan.InScope, Removal: removal, Members: members,
		Reason: plan.Reason{Code: code, Text: membersSentence(len(members), text)},
	}
	entry := j.entry(j.group.Seq, change, change.Fingerprint(j.run.ConfigVersion))
	switch {
	case j.run.Kind.Proposes() && action == plan.Fail:
		entry.Open = false
	case j.run.Kind.Proposes():
		entry.State = Proposed
		j.run.Progress.ToApply--
		j.run.Progress.count(string(action), len(members))
	}
	j.inserts = append(j.inserts, entry)
	return &j.inserts[len(j.inserts)-1]
}

func membersSentence(count int, text string) string {
	if count == 1 {
		return "1 member " + text
	}
	return fmt.Sprintf("%d members %s", count, text)
}

// standingMembers are the open entries about a group's members: who of them is held, approved or rejected to leave. Members are known by their ids
// in the destination: not everybody who was put in once has one in the tenant.
type standingMembers struct {
	entries []Entry
	place   map[ident.ID]int
	touched map[int]EntryState
}

func newStanding(open []Entry) *standingMembers {
	s := &standingMembers{entries: open, place: map[ident.ID]int{}, touched: map[int]EntryState{}}
	for i, entry := range open {
		for _, member := range entry.Members {
			s.place[member.Object] = i
			if !member.Source.IsZero() {
				s.place[member.Source] = i
			}
		}
	}
	return s
}

// of returns how it stands with somebody who is to leave, by his id in the tenant or in the destination, and who decided; "" if nothing is open about
// him.
func (s *standingMembers) of(member ident.ID) (EntryState, string) {
	i, stands := s.place[member]
	if !stands {
		return "", ""
	}
	return s.entries[i].State, s.entries[i].DecidedBy
}

// drop takes somebody out of his open entry. An entry that nobody is left in is closed in the state.
func (s *standingMembers) drop(member ident.ID, state EntryState) {
	i, stands := s.place[member]
	if !stands {
		return
	}
	entry := &s.entries[i]
	entry.Members = slices.DeleteFunc(slices.Clone(entry.Members), func(m plan.Member) bool {
		if m.Object != member && m.Source != member {
			return false
		}
		delete(s.place, m.Object)
		delete(s.place, m.Source)
		return true
	})
	s.touched[i] = state
}

// changed returns the entries that have fewer members now, and by what they become the ids of those that have none.
func (s *standingMembers) changed(configVersion int64) (fewer []Entry, dropped, overtaken []ident.ID) {
	for i, entry := range s.entries {
		state, touched := s.touched[i]
		switch {
		case !touched:
		case len(entry.Members) > 0:
			entry.Fingerprint = entry.Change.Fingerprint(configVersion)
			entry.Reason.Text = membersSentence(len(entry.Members), "left the group in Entra")
			fewer = append(fewer, entry)
		case state == Superseded:
			overtaken = append(overtaken, entry.ID)
		default:
			dropped = append(dropped, entry.ID)
		}
	}
	return fewer, dropped, overtaken
}
