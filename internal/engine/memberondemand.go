package engine

import (
	"context"
	"maps"
	"slices"

	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// groupsAtOnce is for how many groups a run on demand plans memberships in one transaction.
const groupsAtOnce = 50

// askedMemberships are the memberships that a run on demand plans, by the Seqs of their groups.
type askedMemberships map[int64][]ident.ID

// planAskedMembers plans the next memberships of those who were asked for: in the group that was asked for, or else in all groups in which they are,
// or were put. Nobody else's is looked at.
func (e *Engine) planAskedMembers(ctx context.Context, w *work, run *Run) (done bool, err error) {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return false, err
	}
	memberships, err := e.askedMemberships(ctx, w, results)
	if err != nil {
		return false, err
	}
	past := run.Progress.Members.Past
	seqs := slices.DeleteFunc(slices.Sorted(maps.Keys(memberships)), func(seq int64) bool { return seq <= past })
	if len(seqs) == 0 {
		return true, nil
	}
	some := seqs[:min(len(seqs), groupsAtOnce)]
	for _, seq := range some {
		if err := e.planAskedIn(ctx, w, run, results, seq, memberships[seq]); err != nil {
			return false, err
		}
	}
	run.Progress.Members.Past = some[len(some)-1]
	return len(some) == len(seqs), e.Store.SaveResults(ctx, results)
}

// askedMemberships returns which memberships the run is to plan.
func (e *Engine) askedMemberships(ctx context.Context, w *work, results []Result) (askedMemberships, error) {
	group, people := askedOf(results)
	var sources []string
	for _, result := range people {
		if _, err := ident.Parse(result.SourceID); err == nil && result.underWay(plan.User) && !slices.Contains(sources, result.SourceID) {
			sources = append(sources, result.SourceID)
		}
	}
	if len(sources) == 0 {
		return nil, nil
	}
	if group == nil {
		return e.membershipsOfPeople(ctx, w, sources)
	}
	if group.SourceID == "" {
		return nil, nil
	}
	groups, err := e.Store.LoadGroups(ctx, w.connection.ID, []string{group.SourceID})
	found, known := groups[group.SourceID]
	if err != nil || !known {
		return nil, err
	}
	memberships := askedMemberships{}
	for _, source := range sources {
		memberships.add(found.Seq, source)
	}
	return memberships, nil
}

// membershipsOfPeople returns the memberships of people in the tenant and here.
func (e *Engine) membershipsOfPeople(ctx context.Context, w *work, sources []string) (askedMemberships, error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return nil, noGroups()
	}
	memberships := askedMemberships{}
	inEntra, err := e.Store.GroupsOf(ctx, w.connection.ID, sources)
	if err != nil {
		return nil, err
	}
	for source, seqs := range inEntra {
		for _, seq := range seqs {
			memberships.add(seq, source)
		}
	}
	people, err := e.Store.ObjectsOf(ctx, w.instance, sources)
	if err != nil {
		return nil, err
	}
	byObject := map[ident.ID]string{}
	for _, person := range people {
		if !person.Link.ObjectID.IsZero() {
			byObject[person.Link.ObjectID] = person.SourceID
		}
	}
	synced, err := e.syncedIn(ctx, w, target, slices.Collect(maps.Keys(byObject)))
	for object, seqs := range synced {
		for _, seq := range seqs {
			memberships.add(seq, byObject[object])
		}
	}
	return memberships, err
}

func (m askedMemberships) add(seq int64, source string) {
	id, err := ident.Parse(source)
	if err == nil && !slices.Contains(m[seq], id) {
		m[seq] = append(m[seq], id)
	}
}

// planAskedIn plans memberships in one group, and tells of them in the results. While the group's members were never read, it is known of people in
// the tenant only that they are in it, unless the run asked about this very group.
func (e *Engine) planAskedIn(ctx context.Context, w *work, run *Run, results []Result, seq int64, ids []ident.ID) error {
	slices.SortFunc(ids, func(a, b ident.ID) int { return slices.Compare(a[:], b[:]) })
	group, linked, err := e.linkedGroup(ctx, w, seq)
	if err != nil {
		return err
	}
	asked, _ := askedOf(results)
	if !linked {
		if asked == nil {
			return nil // it gets its object, and this member with it, by a run of the instance
		}
		groups, err := e.Store.GroupObjectsOf(ctx, w.instance, []string{asked.SourceID})
		if err != nil || len(groups) == 0 {
			return err
		}
		group = groups[0]
	}
	members, err := e.Store.MembersByID(ctx, w.instance, seq, ids)
	if err != nil {
		return err
	}
	told, err := e.toldOf(ctx, w, group, asked != nil, ids)
	if err != nil {
		return err
	}
	isTold := func(id ident.ID) bool { return told[id] }
	explained, err := e.explainMemberships(ctx, w, group, linked && group.Wanted, members, isTold, true)
	if err != nil {
		return err
	}
	noteMemberships(results, explained)
	members = slices.DeleteFunc(members, func(m MemberObject) bool { return !group.readable() && !m.In && !told[m.ID] })
	if !linked || !group.Wanted || group.State != plan.Live || len(members) == 0 {
		return nil
	}
	if err := e.enterMembers(ctx, w, run, group, members); err != nil {
		return err
	}
	places := make([]MemberPlace, len(members))
	for i, member := range members {
		places[i] = MemberPlace{Group: seq, Member: member.ID}
	}
	return e.Store.ClearDirtyMembers(ctx, w.instance.ID, places)
}

// toldOf says of whom the tenant told in this run whether he is in the group: of the users that it has, if it was asked about this group.
func (e *Engine) toldOf(ctx context.Context, w *work, group GroupObject, asked bool, ids []ident.ID) (map[ident.ID]bool, error) {
	told := map[ident.ID]bool{}
	if !asked || !group.Wanted {
		return told, nil
	}
	sources := make([]string, len(ids))
	for i, id := range ids {
		sources[i] = id.String()
	}
	users, err := e.Store.LoadUsers(ctx, w.connection.ID, sources, true)
	for i, id := range ids {
		told[id] = users[sources[i]].State == plan.Live
	}
	return told, err
}

// noteMemberships writes into the results of people what is made of their memberships. What an earlier round did stays told.
func noteMemberships(results []Result, explained []ExplainedMembership) {
	for i := range results {
		r := &results[i]
		for _, x := range explained {
			if x.SourceID != r.SourceID || r.Object != plan.User {
				continue
			}
			x.Name = r.Name
			place := slices.IndexFunc(r.Memberships, func(m ExplainedMembership) bool { return m.GroupID == x.GroupID })
			switch {
			case place < 0 && len(r.Memberships) < mostMemberships:
				r.Memberships = append(r.Memberships, x)
			case place >= 0 && x.Action != "":
				r.Memberships[place] = x
			}
		}
	}
}
