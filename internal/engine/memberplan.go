package engine

import (
	"context"
	"maps"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// heldMembers is the outcome that counts members whose leaving is held.
const heldMembers = "held-members"

// memberBatch is how many memberships are planned in one transaction; so many members has a change at most.
const memberBatch = 1000

// MembersPlanned is how far planning members is. First come the groups all of whose members are compared: those in the mirror are put in, then
// those in the destination whom the mirror lacks taken out. Then come single memberships that changed.
type MembersPlanned struct {
	// Past is the last group that was compared, by its Seq. Taking: of the next one, the destination's members are looked at; After is the member
	// behind which that goes on.
	Past   int64    `json:"past,omitempty"`
	Taking bool     `json:"taking,omitempty"`
	After  ident.ID `json:"after,omitzero"`
	// Compared: no groups are left to compare. Dirty is the place behind which single memberships go on.
	Compared bool        `json:"compared,omitempty"`
	Dirty    MemberPlace `json:"dirty,omitzero"`
}

// planMembers turns the next memberships into entries.
func (e *Engine) planMembers(ctx context.Context, w *work) error {
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		done, err := e.yield(ctx, w, run)
		if err != nil {
			return err
		}
		switch {
		case done:
		case !run.Progress.Members.Compared:
			err = e.compareNext(ctx, w, run)
		default:
			done, err = e.planDirtyMembers(ctx, w, run)
		}
		if err == nil && done {
			run.Step = StepGuard
		}
		return err
	})
}

// compareNext compares the next members of the next group that is to be compared as a whole.
func (e *Engine) compareNext(ctx context.Context, w *work, run *Run) error {
	at := &run.Progress.Members
	group, found, err := e.nextWhole(ctx, w, run)
	if err != nil {
		return err
	}
	if !found {
		*at = MembersPlanned{Compared: true}
		return nil
	}
	if !group.readable() {
		// Nothing is known for sure of who is in it; it stays as it is until that is known.
		*at = MembersPlanned{Past: group.Seq}
		return nil
	}
	members, more, err := e.nextMembers(ctx, w, group, at)
	switch {
	case err != nil:
		return err
	case more && len(members) > 0:
		return e.comparePage(ctx, w, run, group, members)
	case more:
		return nil
	}
	*at = MembersPlanned{Past: group.Seq}
	if run.Kind == DryRun {
		return nil
	}
	group.Link.Whole = !group.Sure()
	return e.Store.SaveGroupLinks(ctx, w.instance, []GroupLink{group.Link})
}

// nextMembers returns the next members to compare of a group, each once: those in the mirror, then those whom the instance put in and the mirror
// does not have there. A page may be empty; more is false behind the last one.
func (e *Engine) nextMembers(ctx context.Context, w *work, group GroupObject, at *MembersPlanned) (members []MemberObject, more bool, err error) {
	if at.Taking {
		members, at.After, err = e.placed(ctx, w, group, at.After)
		if !group.Sure() { // a list that is not believed lets nobody leave
			members = slices.DeleteFunc(members, func(m MemberObject) bool { return m.Link.Status != plan.OutOfScope })
		}
		return members, !at.After.IsZero(), err
	}
	members, err = e.Store.MirrorMembers(ctx, w.instance, group.Seq, at.After, memberBatch)
	if err == nil && len(members) < memberBatch {
		at.Taking, at.After = true, ident.ID{}
	} else if err == nil {
		at.After = members[len(members)-1].ID
	}
	return members, true, err
}

// comparePage plans a page of a group that is compared as a whole. Of these memberships nothing more is to be planned.
func (e *Engine) comparePage(ctx context.Context, w *work, run *Run, group GroupObject, members []MemberObject) error {
	if err := e.enterMembers(ctx, w, run, group, members); err != nil || run.Kind == DryRun {
		return err
	}
	dirty, err := e.Store.DirtyMembers(ctx, w.instance, MemberPlace{Group: group.Seq}, 1)
	if err != nil || len(dirty) == 0 || dirty[0].Group != group.Seq {
		return err
	}
	places := make([]MemberPlace, 0, len(members))
	for _, member := range members {
		if !member.ID.IsZero() {
			places = append(places, MemberPlace{Group: group.Seq, Member: member.ID})
		}
	}
	return e.Store.ClearDirtyMembers(ctx, w.instance.ID, places)
}

// readable reports whether the mirror knows who is in the group.
func (g GroupObject) readable() bool { return g.Wanted && g.State == plan.Live && g.ReadIn > 0 }

// nextWhole returns the next group whose members are to be compared: for a dry run, every group that has an object or would get one.
func (e *Engine) nextWhole(ctx context.Context, w *work, run *Run) (GroupObject, bool, error) {
	past := run.Progress.Members.Past
	if run.Kind != DryRun {
		groups, err := e.Store.LinkedGroups(ctx, w.instance, true, past, 1)
		if err != nil || len(groups) == 0 {
			return GroupObject{}, false, err
		}
		return groups[0], true, nil
	}
	for {
		groups, err := e.Store.AllGroupObjects(ctx, w.instance, past, 1)
		if err != nil || len(groups) == 0 {
			return GroupObject{}, false, err
		}
		group := groups[0]
		past = group.Seq
		foreseen, err := e.Store.Foreseen(ctx, w.instance.ID, run.ID, plan.Group, []int64{group.Seq})
		if err != nil {
			return GroupObject{}, false, err
		}
		entry, proposed := foreseen[group.Seq]
		switch {
		case proposed && (entry.Action == plan.Delete || entry.Action == plan.Release):
			continue // with the group, its members go or stay
		case proposed && entry.Link:
			group.Link.ObjectID = entry.ObjectID
		}
		if !group.Link.ObjectID.IsZero() {
			return group, true, nil
		}
	}
}

// placed returns the next members whom the instance put into a group, but for those who are tied and in it by the mirror, and the last that was looked
// at; zero if there are no more. Whether somebody without a tie is in the tenant's group is told by his external id.
func (e *Engine) placed(ctx context.Context, w *work, group GroupObject, after ident.ID) (members []MemberObject, last ident.ID, err error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return nil, last, noGroups()
	}
	synced, err := target.ListSynced(ctx, group.Link.ObjectID, after, memberBatch)
	if err != nil || len(synced) == 0 {
		return nil, last, err
	}
	ids := make([]ident.ID, len(synced))
	for i, member := range synced {
		if ids[i], err = ident.Parse(member.SourceID); err != nil {
			ids[i] = ident.ID{}
		}
	}
	found, err := e.Store.MembersByID(ctx, w.instance, group.Seq, ids)
	if err != nil {
		return nil, last, err
	}
	unkept, err := e.unkept(ctx, w, found)
	for i, member := range found {
		if tied := member.Link.ObjectID; tied != synced[i].ID {
			member.In = member.In && tied.IsZero() // else somebody who has another object by now
			member.Link = Link{ObjectID: synced[i].ID}
			if unkept[member.ID] {
				member.Link.Status = plan.OutOfScope
			}
			member.ID = ident.ID{} // single memberships are found by ties only
		} else if member.In {
			continue // compared with those of the mirror
		}
		if synced[i].Group {
			member.Kind = mirror.MemberGroup
		}
		members = append(members, member)
	}
	return members, synced[len(synced)-1].ID, err
}

// unkept returns those of the members that are groups, have no object, and are not to have one.
func (e *Engine) unkept(ctx context.Context, w *work, members []MemberObject) (map[ident.ID]bool, error) {
	var sources []string
	unkept := map[ident.ID]bool{}
	for _, member := range members {
		if member.In && member.Kind == mirror.MemberGroup && member.Link.ObjectID.IsZero() {
			sources = append(sources, member.ID.String())
			unkept[member.ID] = true // also if the mirror has no row of it
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, err
	}
	groups, err := e.Store.GroupObjectsOf(ctx, w.instance, sources)
	for _, group := range groups {
		if id, wrong := ident.Parse(group.SourceID); wrong == nil && group.source(rules).Kept {
			delete(unkept, id)
		}
	}
	return unkept, err
}

// planDirtyMembers plans the next memberships that changed; done if there are none left.
func (e *Engine) planDirtyMembers(ctx context.Context, w *work, run *Run) (done bool, err error) {
	if run.Kind == DryRun {
		return true, nil // all groups have been compared
	}
	at := &run.Progress.Members
	places, err := e.Store.DirtyMembers(ctx, w.instance, at.Dirty, memberBatch)
	if err != nil || len(places) == 0 {
		return true, err
	}
	at.Dirty = places[len(places)-1]
	for rest := places; len(rest) > 0; {
		seq, ids := rest[0].Group, []ident.ID(nil)
		for len(rest) > len(ids) && rest[len(ids)].Group == seq {
			ids = append(ids, rest[len(ids)].Member)
		}
		if err := e.planChanged(ctx, w, run, seq, ids); err != nil {
			return false, err
		}
		rest = rest[len(ids):]
	}
	return false, e.Store.ClearDirtyMembers(ctx, w.instance.ID, places)
}

// planChanged plans some memberships of one group. While it is not known who is in it only those leave who are out of scope; it is compared as a whole
// when that is known again.
func (e *Engine) planChanged(ctx context.Context, w *work, run *Run, seq int64, ids []ident.ID) error {
	groups, err := e.Store.LinkedGroups(ctx, w.instance, false, seq-1, 1)
	if err != nil || len(groups) == 0 || groups[0].Seq != seq {
		return err // the group's object is gone
	}
	members, err := e.Store.MembersByID(ctx, w.instance, seq, ids)
	if err != nil {
		return err
	}
	group := groups[0]
	if !group.readable() {
		members = slices.DeleteFunc(members, func(m MemberObject) bool { return m.Link.Status != plan.OutOfScope })
		if !group.Link.Whole {
			group.Link.Whole = true
			if err := e.Store.SaveGroupLinks(ctx, w.instance, []GroupLink{group.Link}); err != nil {
				return err
			}
		}
	}
	return e.enterMembers(ctx, w, run, group, members)
}

// enterMembers writes into the journal what is to be done about some members of one group.
func (e *Engine) enterMembers(ctx context.Context, w *work, run *Run, group GroupObject, members []MemberObject) error {
	batch, err := e.judgeMembers(ctx, w, run, group, members)
	if err != nil {
		return err
	}
	return e.writeMembers(ctx, w, group, batch, len(members))
}

// writeMembers writes what was judged of so many members of a group.
func (e *Engine) writeMembers(ctx context.Context, w *work, group GroupObject, batch *joining, members int) error {
	run := batch.run
	run.Progress.Planned += members
	if len(batch.ended) > 0 && run.Kind != DryRun {
		if err := e.Store.DeleteMemberPins(ctx, w.instance.ID, group.Seq, batch.ended); err != nil {
			return err
		}
	}
	return e.write(ctx, w.instance, batch.planned)
}

// judgeMembers plans some members of one group.
func (e *Engine) judgeMembers(ctx context.Context, w *work, run *Run, group GroupObject, members []MemberObject) (*joining, error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return nil, noGroups()
	}
	if run.Kind == DryRun {
		if err := e.foreseeMembers(ctx, w, run, members); err != nil {
			return nil, err
		}
	}
	var ids []ident.ID
	for _, member := range members {
		if !member.Link.ObjectID.IsZero() {
			ids = append(ids, member.Link.ObjectID)
		}
	}
	synced, err := target.SyncedMembers(ctx, group.Link.ObjectID, ids)
	if err != nil {
		return nil, err
	}
	open, err := e.Store.OpenAbout(ctx, w.instance.ID, group.Seq, idsOf(members))
	if err != nil {
		return nil, err
	}
	members, pinned, ended, err := e.unpinned(ctx, w, group, members, synced)
	if err != nil {
		return nil, err
	}
	schema, err := e.groupSchema(ctx, w)
	if err != nil {
		return nil, err
	}
	batch := &joining{planned: planned{run: run, now: e.Now()}, group: group, open: newStanding(open), ended: ended, schema: schema}
	for _, id := range pinned {
		if stands, _ := batch.open.of(id); stands != Rejected { // which outlives the pin
			batch.open.drop(id, Dropped)
		}
	}
	for _, member := range members {
		if member.Link.ObjectID == group.Link.ObjectID {
			continue // a group that is in itself; the directory has no such member
		}
		batch.add(member, synced[member.Link.ObjectID])
	}
	batch.enter()
	return batch, nil
}

// foreseeMembers gives members the ties that they would have after the dry run's changes of users and groups.
func (e *Engine) foreseeMembers(ctx context.Context, w *work, run *Run, members []MemberObject) error {
	for kind, of := range map[mirror.MemberKind]plan.ObjectType{mirror.MemberUser: plan.User, mirror.MemberGroup: plan.Group} {
		places := map[int64]*MemberObject{}
		for i, member := range members {
			if member.Kind == kind && member.Link.SourceSeq != 0 {
				places[member.Link.SourceSeq] = &members[i]
			}
		}
		if len(places) == 0 {
			continue
		}
		foreseen, err := e.Store.Foreseen(ctx, w.instance.ID, run.ID, of, slices.Collect(maps.Keys(places)))
		if err != nil {
			return err
		}
		for place, entry := range foreseen {
			places[place].Link.foresee(entry)
		}
	}
	return nil
}

// foresee makes the tie what an entry would make of it.
func (l *Link) foresee(entry Entry) {
	switch {
	case entry.Action == plan.Delete:
		l.ObjectID, l.Status = ident.ID{}, ""
	case entry.Action == plan.Release:
		l.Status = plan.OutOfScope
	case entry.Action.Writes():
		l.ObjectID, l.Status = entry.ObjectID, entry.Status
	}
}
