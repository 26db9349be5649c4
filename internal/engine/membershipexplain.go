package engine

import (
	"context"
	"fmt"

	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// ExplainedMembership says what is made of one membership: of a person, or a group, in a group that an instance keeps.
type ExplainedMembership struct {
	// Who is what was asked for; "" where nobody was asked for by name.
	Who string `json:"who,omitempty"`
	// GroupID and GroupName are the group in the tenant, SourceID and Name the member; "" while the member is not known.
	GroupID   string `json:"groupId"`
	GroupName string `json:"groupName"`
	SourceID  string `json:"sourceId,omitempty"`
	Name      string `json:"name,omitempty"`
	// GroupObjectID and ObjectID are those of the directory; zero while there are none.
	GroupObjectID ident.ID `json:"groupObjectId,omitzero"`
	ObjectID      ident.ID `json:"objectId,omitzero"`
	// In: a direct member in the tenant, as far as is known.
	In bool `json:"in"`
	// Status is that of the member's tie, or the one that it is going to have; "" if there is none. Scope says why, as a sentence, where somebody was
	// asked for by name and nothing is written.
	Status plan.LinkStatus `json:"status,omitempty"`
	Scope  string          `json:"scope,omitempty"`
	// Synced: the instance put the member in. ByHand: somebody did, which no sync changes.
	Synced bool `json:"synced"`
	ByHand bool `json:"byHand"`
	// Action is plan.Join or plan.Leave where the membership changes, "" where it does not. State is StepOK if it changes, or did, StepFailed if it
	// could not be changed, and else StepSkipped.
	Action plan.Action `json:"action,omitempty"`
	State  StepState   `json:"state"`
	// Code is stable, for programs; Text is a sentence with full stop.
	Code string `json:"code"`
	Text string `json:"text"`
}

// membershipFacts are what the judgement of a membership depends on.
type membershipFacts struct {
	// kept: the group has an object, or is going to get one; live: it is not deleted; read: it is known who is in it.
	kept, live, read bool
	// pinned: an undo left the membership as it is. standing and by say what a person decided, or has to decide.
	pinned   bool
	standing EntryState
	by       string
	// named: the membership was asked for by name, so that it is not held.
	named bool
	// refused says why the destination has no place for the membership; nil if it has.
	refused *plan.Reason
}

// explainMemberships says of members of one group what is made of their memberships, each at its place. asked says of whom the tenant told just now
// whether they are in it, named that the guard holds none of them.
func (e *Engine) explainMemberships(
	ctx context.Context, w *work, group GroupObject, kept bool, members []MemberObject, asked func(ident.ID) bool, named bool,
) ([]ExplainedMembership, error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return nil, noGroups()
	}
	var objects, ids []ident.ID
	for _, member := range members {
		ids = append(ids, member.ID)
		if !member.Link.ObjectID.IsZero() {
			objects = append(objects, member.Link.ObjectID)
		}
	}
	marks, err := e.marksOf(ctx, w, target, group.Link.ObjectID, objects)
	if err != nil {
		return nil, err
	}
	open, err := e.Store.OpenAbout(ctx, w.instance.ID, group.Seq, idsOf(members))
	if err != nil {
		return nil, err
	}
	pins, err := e.Store.MemberPins(ctx, w.instance.ID, group.Seq, ids)
	if err != nil {
		return nil, err
	}
	schema, err := e.groupSchema(ctx, w)
	if err != nil {
		return nil, err
	}
	standing := newStanding(open)
	told := make([]ExplainedMembership, len(members))
	for i, member := range members {
		mark := marks[member.Link.ObjectID]
		membership := member.membership(mark.Has(directory.Synced))
		pin, pinned := pins[member.ID]
		facts := membershipFacts{
			kept: kept, live: group.State == plan.Live, read: group.readable() || asked(member.ID),
			pinned: pinned && pin.Holds(membership), named: named, refused: schema.Membership(membership.Group),
		}
		facts.standing, facts.by = standing.of(member.ID)
		told[i] = ExplainedMembership{
			GroupID: group.SourceID, GroupName: group.Label(), GroupObjectID: group.Link.ObjectID, SourceID: member.ID.String(),
			ObjectID: member.Link.ObjectID, In: member.In, Status: member.Link.Status, Synced: membership.Synced, ByHand: mark.Has(directory.ByHand),
		}
		told[i].judge(membership, facts)
	}
	return told, nil
}

// marksOf says by whom members were put into a group of the destination. Those put in by hand are known of the built-in directory.
func (e *Engine) marksOf(
	ctx context.Context, w *work, target destination.Groups, group ident.ID, members []ident.ID,
) (map[ident.ID]directory.Marks, error) {
	marks := make(map[ident.ID]directory.Marks, len(members))
	if group.IsZero() || len(members) == 0 {
		return marks, nil
	}
	synced, err := target.SyncedMembers(ctx, group, members)
	if err != nil {
		return nil, err
	}
	pairs := make([]directory.Pair, len(members))
	for i, member := range members {
		pairs[i] = directory.Pair{Group: group, Member: member}
	}
	rows, err := e.Directory.Memberships(ctx, w.instance.OrgID, pairs)
	for _, row := range rows {
		marks[row.Member] = row.Marks & directory.ByHand
	}
	for member, is := range synced {
		if is {
			marks[member] |= directory.Synced
		}
	}
	return marks, err
}

// judge says what is made of the membership.
func (x *ExplainedMembership) judge(m plan.Membership, f membershipFacts) {
	action, weighed := m.Decide()
	decided := weighed && (f.standing == Held && !f.named || f.standing == Rejected)
	say := func(state StepState, code, text string) { x.State, x.Code, x.Text = state, code, text }
	switch {
	case !f.kept:
		say(StepSkipped, "GroupNotKept", "The instance keeps no object of the group.")
	case !f.live:
		say(StepSkipped, "GroupDeleted", "The group is deleted in Entra; with it, its members go.")
	case !f.read && !m.In:
		say(StepSkipped, "MembersUnread", "Who is in the group is not known yet; a run of the instance reads it.")
	case f.pinned:
		say(StepSkipped, "Pinned", "Stays as it is, because an undo took the change back.")
	case action == plan.Join && f.refused != nil:
		say(StepFailed, f.refused.Code, "Is a member in Entra and in scope, but cannot join: "+f.refused.Text+".")
	case action == plan.Join:
		x.Action = action
		say(StepOK, "Joined", "Is a member in Entra and in scope, and joins.")
	case action == plan.Leave && !weighed:
		x.Action = action
		say(StepOK, "OutOfScope", "Leaves, because of not being in scope any more.")
	case decided && f.standing == Held:
		say(StepSkipped, "Held", "Left in Entra; the change waits for approval (rollcall held list).")
	case decided:
		say(StepSkipped, "Rejected", fmt.Sprintf("Left in Entra, and stays here, because %s rejected the change.", f.by))
	case action == plan.Leave:
		x.Action = action
		say(StepOK, "Left", "Left in Entra, and leaves.")
	default:
		x.unchanged(m)
	}
}

// unchanged says why a membership stays as it is.
func (x *ExplainedMembership) unchanged(m plan.Membership) {
	x.State = StepSkipped
	switch {
	case m.Synced:
		x.Code, x.Text = "There", "Is a member in Entra, and is in the group."
	case m.In && m.Status == "":
		x.Code, x.Text = "NotInDirectory", "Is a member in Entra, and joins as soon as the directory has this "+memberText(m)+"."
	case m.In && m.Status == plan.InBin:
		x.Code, x.Text = "InBin", "Is in the recycle bin of Entra, and keeps the place there was before."
	case m.In:
		x.Code, x.Text = "NotInScope", "Is a member in Entra, and not in scope."
	case x.ByHand:
		x.Code, x.Text = "ByHand", "Is not a member in Entra; was put in by hand, which no sync changes."
	default:
		x.Code, x.Text = "NotAMember", "Is not a member in Entra, nor here."
	}
}

func memberText(m plan.Membership) string {
	if m.Group {
		return "group"
	}
	return "person"
}

// foreseenAs gives a member the tie that the change of the person or group leads to.
func (m MemberObject) foreseenAs(change plan.Change, does bool) MemberObject {
	switch {
	case !does || !change.Action.Writes():
	case change.Action == plan.Delete || change.Action == plan.Release:
		m.Link = Link{SourceID: m.Link.SourceID, SourceSeq: m.Link.SourceSeq}
	default:
		if !change.ObjectID.IsZero() {
			m.Link.ObjectID = change.ObjectID
		}
		m.Link.Status = change.Status
	}
	return m
}

// mostMemberships is how many memberships of one person are explained.
const mostMemberships = 100

// tellGroups adds to an explanation of a person what is made of his memberships in the groups that the instance keeps.
func (e *Engine) tellGroups(ctx context.Context, f foreseen, x *Explanation) error {
	target, able := f.target.(destination.Groups)
	member, notID := ident.Parse(f.object.SourceID)
	if isMember := notID == nil; !able || !isMember {
		return nil
	}
	groups, err := e.groupsAbout(ctx, f.work, target, f.object)
	if err != nil {
		return err
	}
	for _, group := range groups[:min(len(groups), mostMemberships)] {
		source := group.source(f.rules)
		members, err := e.Store.MembersByID(ctx, f.instance, group.Seq, []ident.ID{member})
		if err != nil {
			return err
		}
		members[0] = members[0].foreseenAs(f.change, f.does)
		told, err := e.explainMemberships(ctx, f.work, group, source.Kept, members, func(ident.ID) bool { return false }, f.named)
		if err != nil {
			return err
		}
		told[0].Name = x.Name
		x.Memberships = append(x.Memberships, told[0])
	}
	return nil
}

// groupsAbout returns the groups that the instance keeps, or still has, and that a person is in, in the tenant or here.
func (e *Engine) groupsAbout(ctx context.Context, w *work, target destination.Groups, object Object) ([]GroupObject, error) {
	inEntra, err := e.Store.GroupsOf(ctx, w.connection.ID, []string{object.SourceID})
	if err != nil {
		return nil, err
	}
	seqs := map[int64]bool{}
	for _, seq := range inEntra[object.SourceID] {
		seqs[seq] = true
	}
	if !object.Link.ObjectID.IsZero() {
		synced, err := e.syncedIn(ctx, w, target, []ident.ID{object.Link.ObjectID})
		if err != nil {
			return nil, err
		}
		for _, seq := range synced[object.Link.ObjectID] {
			seqs[seq] = true
		}
	}
	if len(seqs) == 0 {
		return nil, nil
	}
	all, err := e.Store.AllGroups(ctx, w.connection.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, group := range all {
		if seqs[group.Seq] {
			ids = append(ids, group.SourceID)
		}
	}
	groups, err := e.Store.GroupObjectsOf(ctx, w.instance, ids)
	return keptFirst(groups), err
}

// keptFirst returns those of the groups that the instance keeps or has an object for, in the order in which the mirror got them.
func keptFirst(groups []GroupObject) []GroupObject {
	var kept []GroupObject
	for _, group := range groups {
		if group.Reached || !group.Link.ObjectID.IsZero() {
			kept = append(kept, group)
		}
	}
	sortGroups(kept)
	return kept
}
