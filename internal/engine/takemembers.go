package engine

import (
	"bytes"
	"context"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// takeOverMembers makes entries of those who join or leave a group by a change that the dry run showed.
func (e *Engine) takeOverMembers(ctx context.Context, w *work, taking *taking, row Entry) error {
	groups, err := e.Store.LinkedGroups(ctx, w.instance, false, row.SourceSeq-1, 1)
	if err != nil {
		return err
	}
	if len(groups) == 0 || groups[0].Seq != row.SourceSeq || groups[0].Link.ObjectID != row.ObjectID {
		taking.leave(row, Superseded) // when the group is tied, all of its members are compared
		return nil
	}
	group := groups[0]
	same, changed, done, err := e.sameMembers(ctx, w, group, row)
	if err != nil {
		return err
	}
	if len(done) > 0 {
		row.Members = done
		taking.leave(row, Dropped)
	}
	if len(changed) > 0 {
		row.Members = changed
		taking.leave(row, Superseded)
		if err := e.planMembersAgain(ctx, w, group, row); err != nil {
			return err
		}
	}
	if len(same) == 0 {
		return nil
	}
	batch, err := e.judgeMembers(ctx, w, taking.run, group, same)
	if err != nil {
		return err
	}
	if row.State == Held {
		batch.holdLeaves()
	}
	return e.writeMembers(ctx, w, group, batch, len(same))
}

// holdLeaves holds those who leave, but for those whose leaving a person approved.
func (j *joining) holdLeaves() {
	for i := range j.inserts {
		entry := &j.inserts[i]
		if entry.State != Planned || !entry.Removal || entry.ApprovedRemoval {
			continue
		}
		entry.State, entry.Open, entry.SettledAt = Held, true, j.now
		j.run.Progress.ToApply--
		j.run.Progress.count(heldMembers, len(entry.Members))
	}
}

// sameMembers takes the members of a change apart: those who would join or leave now as it says, those about whom it is otherwise, and those about whom
// nothing is to be done any more.
func (e *Engine) sameMembers(ctx context.Context, w *work, group GroupObject, row Entry) (same []MemberObject, changed, done []plan.Member, err error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return nil, nil, nil, noGroups()
	}
	now, err := e.membersNow(ctx, w, group, row)
	if err != nil {
		return nil, nil, nil, err
	}
	ids := make([]ident.ID, 0, len(row.Members))
	for _, member := range row.Members {
		ids = append(ids, member.Object)
	}
	synced, err := target.SyncedMembers(ctx, group.Link.ObjectID, ids)
	for _, member := range row.Members {
		object := now[member.Object]
		action, weighed := object.membership(synced[member.Object]).Decide()
		switch {
		case action == "":
			done = append(done, member)
		case action != row.Action || weighed != row.Removal || !group.knows(object, action):
			changed = append(changed, member)
		default:
			same = append(same, object)
		}
	}
	return same, changed, done, err
}

// knows reports whether the mirror knows enough of the group's members for somebody to join or leave. Who is out of scope leaves in any case.
func (g GroupObject) knows(member MemberObject, action plan.Action) bool {
	return member.Link.Status == plan.OutOfScope || g.readable() && (action == plan.Join || g.Sure())
}

// membersNow returns what is known now of the members of a change, by the ids of their objects.
func (e *Engine) membersNow(ctx context.Context, w *work, group GroupObject, row Entry) (map[ident.ID]MemberObject, error) {
	now := make(map[ident.ID]MemberObject, len(row.Members))
	var sources, strays []ident.ID
	for _, member := range row.Members {
		if member.Source.IsZero() {
			strays = append(strays, member.Object)
		} else {
			sources = append(sources, member.Source)
		}
	}
	members, err := e.Store.MembersByID(ctx, w.instance, group.Seq, sources)
	if err != nil {
		return nil, err
	}
	for _, member := range members {
		now[member.Link.ObjectID] = member
	}
	return now, e.straysNow(ctx, w, group, strays, now)
}

// straysNow adds those who are known by their objects only, because nothing of the tenant is tied to these: it goes through the members whom the instance
// put in, from the first of them to the last.
func (e *Engine) straysNow(ctx context.Context, w *work, group GroupObject, strays []ident.ID, now map[ident.ID]MemberObject) error {
	if len(strays) == 0 {
		return nil
	}
	compare := func(a, b ident.ID) int { return bytes.Compare(a[:], b[:]) }
	last := slices.MaxFunc(strays, compare)
	for after := before(slices.MinFunc(strays, compare)); compare(after, last) < 0; {
		members, at, err := e.placed(ctx, w, group, after)
		if err != nil {
			return err
		}
		for _, member := range members {
			if slices.Contains(strays, member.Link.ObjectID) {
				now[member.Link.ObjectID] = member
			}
		}
		if at.IsZero() {
			break
		}
		after = at
	}
	return nil
}

// before is the greatest id that is less than an id.
func before(id ident.ID) ident.ID {
	for i := len(id) - 1; i >= 0; i-- {
		if id[i]--; id[i] != 0xff {
			break
		}
	}
	return id
}

// planMembersAgain has the next run plan members of a change. Those who are not known by the tenant's ids, or leave for being out of scope, are found
// when the group is compared as a whole.
func (e *Engine) planMembersAgain(ctx context.Context, w *work, group GroupObject, row Entry) error {
	var sources []ident.ID
	for _, member := range row.Members {
		if !member.Source.IsZero() {
			sources = append(sources, member.Source)
		}
	}
	if len(sources) < len(row.Members) || row.Action == plan.Leave && !row.Removal {
		group.Link.Whole = true
		if err := e.Store.SaveGroupLinks(ctx, w.instance, []GroupLink{group.Link}); err != nil {
			return err
		}
	}
	return e.Store.MarkMembersDirty(ctx, w.instance.ID, row.SourceSeq, sources)
}
