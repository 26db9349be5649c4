package engine

import (
	"context"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// nextPart ends a part of the run and begins the next one: groups when the users are done, members when the groups are. Instances that have
// nothing to do with groups have no such parts.
func (e *Engine) nextPart(ctx context.Context, w *work, run *Run) error {
	p := &run.Progress
	p.Removals, p.After = 0, 0
	switch p.Part {
	case PartUsers:
		next, err := e.partAfterUsers(ctx, w, *run)
		if err != nil || next == PartUsers {
			run.Step = StepEnd
			return err
		}
		p.Part, run.Step = next, StepPlan
	case PartGroups:
		p.Part, run.Step = PartMembers, StepPlan
	default:
		run.Step = StepEnd
		return e.announce(ctx, w, run)
	}
	return nil
}

// partAfterUsers is what follows the users: the groups, of a run on demand for people their memberships, or PartUsers if nothing does.
func (e *Engine) partAfterUsers(ctx context.Context, w *work, run Run) (Part, error) {
	if run.Kind == OnDemand {
		return e.askedPart(ctx, w, run)
	}
	has, err := e.keepsGroups(ctx, w, run)
	if err != nil || !has {
		return PartUsers, err
	}
	return PartGroups, nil
}

// keepsGroups reports whether the run has parts about groups: the instance keeps groups, or still has some that it kept.
func (e *Engine) keepsGroups(ctx context.Context, w *work, run Run) (bool, error) {
	if run.Kind.Undoes() {
		return false, nil
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return false, err
	}
	if _, able := w.target.(destination.Groups); !able {
		return false, nil
	}
	if keepsObjects(rules) {
		return true, nil
	}
	links, err := e.Store.CountGroupLinks(ctx, w.instance.ID)
	return links > 0, err
}

// noGroups is the fault of a destination that is asked for groups and keeps none.
func noGroups() error {
	return fault.New(fault.Conflict, "NoGroups", "this destination keeps no groups").WithRemedy("Switch Sync group objects off.")
}

// planGroups turns the next groups into entries.
func (e *Engine) planGroups(ctx context.Context, w *work) error {
	return planNext(ctx, e, w, e.nextGroups, e.enterGroups)
}

func (e *Engine) nextGroups(ctx context.Context, w *work) ([]GroupObject, error) {
	if w.run.Kind == DryRun {
		return e.Store.AllGroupObjects(ctx, w.instance, w.run.Progress.After, planBatch)
	}
	return e.Store.DirtyGroups(ctx, w.instance, w.run.Progress.After, planBatch)
}

// enterGroups writes into the journal what is to be done about groups.
func (e *Engine) enterGroups(ctx context.Context, w *work, run *Run, rules *plan.Rules, groups []GroupObject) error {
	judged, err := e.judgeGroups(ctx, w, rules, groups)
	if err != nil {
		return err
	}
	objects := make([]Object, len(groups))
	for i, group := range groups {
		objects[i] = group.object()
	}
	return e.enterJudgedGroups(ctx, w, planned{run: run, now: e.Now()}, judged, objects)
}

// enterJudgedGroups writes into the journal what was judged of groups.
func (e *Engine) enterJudgedGroups(ctx context.Context, w *work, batch planned, judged judged, objects []Object) error {
	for i, object := range objects {
		batch.add(object, judged.changes[i], judged.does[i], judged.drafts[i].InScope())
	}
	batch.run.Progress.Planned += len(objects)
	batch.run.Progress.After = objects[len(objects)-1].Seq
	if err := e.settlePins(ctx, w, &batch, judged, pinPlaces(objects)); err != nil {
		return err
	}
	return e.write(ctx, w.instance, batch)
}

// object gives the group to what is the same for users and groups.
func (g GroupObject) object() Object {
	object := Object{
		User: mirror.User{Seq: g.Seq, SourceID: g.SourceID, State: g.State, DeletedAt: g.DeletedAt, Record: g.Record},
		Open: g.Open,
	}
	if !g.Link.ObjectID.IsZero() {
		object.Link = Link{SourceID: g.SourceID, SourceSeq: g.Seq, ObjectID: g.Link.ObjectID, Status: plan.InScope}
	}
	return object
}

// pinPlaces gives groups the places under which their pins are kept: below zero, where no user is.
func pinPlaces(groups []Object) []Object {
	placed := make([]Object, len(groups))
	for i, group := range groups {
		group.Seq = -group.Seq
		placed[i] = group
	}
	return placed
}

// judgeGroups plans groups, with the names of those that the instance reaches.
func (e *Engine) judgeGroups(ctx context.Context, w *work, rules *plan.Rules, groups []GroupObject) (judged, error) {
	names, err := e.Store.GroupNames(ctx, w.instance)
	if err != nil {
		return judged{}, err
	}
	return e.judgeGroupsAmong(ctx, w, rules, names, groups)
}

// judgeGroupsAmong plans groups that stand beside others: names counts all that are reached by name key. Runs and whoever asks what a run would do
// get the same answer, because they all ask here.
func (e *Engine) judgeGroupsAmong(ctx context.Context, w *work, rules *plan.Rules, names map[string]int, groups []GroupObject) (judged, error) {
	target, able := w.target.(destination.Groups)
	if !able {
		return judged{}, noGroups()
	}
	j := judged{changes: make([]plan.Change, len(groups)), does: make([]bool, len(groups)), drafts: make([]plan.Draft, len(groups))}
	linked, err := e.linkedGroups(ctx, target, groups)
	if err != nil {
		return j, err
	}
	groupRules := plan.GroupRules{Instance: w.instance.ID, Namesakes: func(nameKey string) int { return names[nameKey] }}
	sources := make([]plan.GroupSource, len(groups))
	objects := make([]Object, len(groups))
	var keys []plan.Key
	for i, group := range groups {
		sources[i], objects[i] = group.source(rules), group.object()
		keys = append(keys, groupRules.Keys(sources[i], linked[group.Link.ObjectID])...)
	}
	if len(keys) > 0 {
		if j.found.ByKey, err = target.FindGroups(ctx, keys); err != nil {
			return j, err
		}
	}
	if groupRules.CameBack, err = e.cameBack(ctx, w, sources, linked, groups); err != nil {
		return j, err
	}
	if groupRules.Schema, err = e.groupSchema(ctx, w); err != nil {
		return j, err
	}
	if err := e.findPins(ctx, w, pinPlaces(objects), &j.found); err != nil {
		return j, err
	}
	j.found.Known = pinnedOfGroups()
	for i, group := range groups {
		object := linked[group.Link.ObjectID]
		j.drafts[i] = sources[i].Draft(object)
		j.changes[i], j.does[i] = groupRules.Decide(sources[i], object, j.found)
	}
	return j, nil
}

// cameBack returns which groups without an object had one that went when they were deleted in the tenant.
func (e *Engine) cameBack(ctx context.Context, w *work, sources []plan.GroupSource, linked map[ident.ID]*plan.Target, groups []GroupObject) (map[string]bool, error) {
	var ids []string
	for i, source := range sources {
		if source.Kept && source.State == plan.Live && linked[groups[i].Link.ObjectID] == nil {
			ids = append(ids, source.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return e.Store.RemovedWith(ctx, w.instance.ID, ids)
}

// linkedGroups returns the objects of groups that have one, by their ids.
func (e *Engine) linkedGroups(ctx context.Context, target destination.Groups, groups []GroupObject) (map[ident.ID]*plan.Target, error) {
	var ids []ident.ID
	for _, group := range groups {
		if !group.Link.ObjectID.IsZero() {
			ids = append(ids, group.Link.ObjectID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	byID, err := targetsByID(target.GroupsByID(ctx, ids))
	for id, object := range byID {
		if object.Owner.IsZero() {
			delete(byID, id) // somebody let go of it; it is matched like any other
		}
	}
	return byID, err
}

// source gives the group to the rules, which say whether it is kept.
func (g GroupObject) source(rules *plan.Rules) plan.GroupSource {
	source := plan.GroupSource{Source: plan.Source{ID: g.SourceID, State: g.State, DeletedAt: g.DeletedAt, Record: g.Record}}
	kept, all := rules.Scope.Objects()
	switch {
	case !kept:
		source.Because = "is not kept any more, because Sync group objects is off"
	case all:
		source.Kept, source.Because = true, "all groups are kept"
	case g.Reached || g.State != plan.Live && !g.spared():
		// a group that is deleted reaches nothing, and a nested one is in no group any more
		source.Kept, source.Because = true, "is selected, or is inside a selected group"
	default:
		source.Because = "is not selected any more, nor inside a selected group"
	}
	return source
}

// spared reports whether nobody selects the group any more and a person said that it is not to be deleted with the tenant's.
func (g GroupObject) spared() bool { return !g.Wanted && g.Open != nil && g.Open.State == Rejected }

// applyGroup notes what an applied change of a group ties and unties.
func (s *settled) applyGroup(entry Entry) {
	switch {
	case entry.Action == plan.Delete || entry.Action == plan.Release:
		s.ungrouped = append(s.ungrouped, entry.SourceSeq)
		s.objects = append(s.objects, entry.ObjectID)
		s.release(entry)
	case entry.Link:
		s.groups = append(s.groups, GroupLink{Group: entry.SourceSeq, ObjectID: entry.ObjectID, Whole: true, Awaited: -1})
	}
}

// settleGroups writes the ties of groups that a batch changed.
func (e *Engine) settleGroups(ctx context.Context, w *work, batch settled) error {
	if len(batch.groups) > 0 {
		if err := e.Store.SaveGroupLinks(ctx, w.instance, batch.groups); err != nil {
			return err
		}
	}
	if err := e.untieGroups(ctx, w.instance, batch.ungrouped); err != nil {
		return err
	}
	if len(batch.groupsAgain) == 0 {
		return nil
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, batch.groupsAgain, false)
}

// untieGroups removes the ties of groups that are not the instance's any more, with all that hangs on them.
func (e *Engine) untieGroups(ctx context.Context, instance Instance, groups []int64) error {
	if len(groups) == 0 {
		return nil
	}
	if err := e.closeMembers(ctx, instance.ID, groups); err != nil {
		return err
	}
	if err := e.Store.DeleteGroupLinks(ctx, instance, groups); err != nil {
		return err
	}
	return e.Store.DeleteGroupMemberPins(ctx, instance.ID, groups)
}

// closeMembers drops what stands open about members of groups that are not kept any more.
func (e *Engine) closeMembers(ctx context.Context, instance ident.ID, groups []int64) error {
	var closed []ident.ID
	for _, group := range groups {
		open, err := e.Store.OpenMembers(ctx, instance, group)
		if err != nil {
			return err
		}
		for _, entry := range open {
			closed = append(closed, entry.ID)
		}
	}
	if len(closed) == 0 {
		return nil
	}
	return e.Store.CloseEntries(ctx, closed, Dropped, e.Now())
}
