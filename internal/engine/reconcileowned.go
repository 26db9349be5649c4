package engine

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// mostSought is how many people are looked up at a time.
const mostSought = 100

// owned is what the destination holds that the instance owns and nothing ties.
type owned struct {
	targets []plan.Target
	// sources are the people of the mirror whom these say they belong to, by their ids; found are those of them who were not in it before.
	sources map[string]Object
	found   map[string]bool
}

// auditOwned looks at the next users whom the instance owns in the destination. Whom of them nothing ties is tied again to the person that he says he
// belongs to, and then treated as that person: he may be anybody, also out of scope or deleted. A person whom the mirror does not know is looked up; who
// is nowhere in the tenant is taken into the mirror as deleted now, so that his user is deactivated, behind the guard, and removed when thirty days are
// over (rule 8), like everybody who is deleted.
func (e *Engine) auditOwned(ctx context.Context, w *work) error {
	audited, able := w.target.(destination.Audited)
	if !able {
		return e.inReconcile(ctx, w, func(_ context.Context, run *Run) error {
			run.Step = StepEnd
			return nil
		})
	}
	targets, next, err := audited.OwnedObjects(ctx, w.run.Progress.Reconciling.Place, planBatch)
	if err != nil {
		return err
	}
	looked := len(targets)
	untied, err := e.untied(ctx, w, targets)
	if err != nil {
		return err
	}
	if err := e.seek(ctx, w, &untied); err != nil {
		return err
	}
	return e.inReconcile(ctx, w, func(ctx context.Context, run *Run) error {
		run.Progress.Planned += looked
		if run.Progress.Reconciling.Place = next; next == "" {
			if err := e.ownedUsersDone(ctx, w, run); err != nil {
				return err
			}
		}
		return e.tieAgain(ctx, w, run, untied)
	})
}

func (e *Engine) ownedUsersDone(ctx context.Context, w *work, run *Run) error {
	groups, err := e.comparesGroups(ctx, w, run)
	if groups {
		run.enter(ReconcileOwnedGroups)
	} else {
		run.Step = StepEnd
	}
	return err
}

// untied returns those of the targets that are not tied to the person whom they name.
func (e *Engine) untied(ctx context.Context, w *work, targets []plan.Target) (owned, error) {
	o := owned{sources: map[string]Object{}, found: map[string]bool{}}
	ids := make([]string, len(targets))
	for i, target := range targets {
		ids[i] = target.SourceID
	}
	objects, err := e.Store.ObjectsOf(ctx, w.instance, ids)
	if err != nil {
		return o, err
	}
	for _, object := range objects {
		o.sources[object.SourceID] = object
	}
	o.targets = slices.DeleteFunc(targets, func(t plan.Target) bool { return o.sources[t.SourceID].Link.ObjectID == t.ID })
	return o, nil
}

// seek looks up in the tenant whom the mirror does not know; if the reconcile repairs, the mirror takes in who is there.
func (e *Engine) seek(ctx context.Context, w *work, o *owned) error {
	var unknown []string
	for _, target := range o.targets {
		if _, err := ident.Parse(target.SourceID); err == nil && o.sources[target.SourceID].Seq == 0 {
			unknown = append(unknown, target.SourceID)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	puller, want, err := e.puller(ctx, w)
	if err != nil {
		return err
	}
	look := puller.Look
	if w.run.Kind == Reconcile {
		look = puller.Refresh
	}
	var there []mirror.User
	for some := range slices.Chunk(unknown, mostSought) {
		sightings, err := look(ctx, some, want.Attributes)
		if err != nil {
			return err
		}
		for _, sighting := range sightings {
			if sighting.User.SourceID != "" {
				there = append(there, sighting.User)
			}
		}
	}
	objects, err := e.objectsOf(ctx, w, there)
	for _, object := range objects {
		o.sources[object.SourceID], o.found[object.SourceID] = object, true
	}
	return err
}

// tieAgain enters what becomes of users whom nothing ties, and, if the reconcile repairs, ties them.
func (e *Engine) tieAgain(ctx context.Context, w *work, run *Run, o owned) error {
	batch := planned{run: run, now: e.Now()}
	var tied []Object
	for _, target := range o.targets {
		object := o.sources[target.SourceID]
		switch _, err := ident.Parse(target.SourceID); {
		case err != nil:
			batch.left(target, plan.User, "nobody of the tenant belongs to this user, which is managed by the sync; delete the user by hand, or keep it as it is")
		case !object.Link.ObjectID.IsZero():
			batch.left(target, plan.User, "this user is managed by the sync, and the person it belongs to is tied to another one; delete one of them by hand")
		default:
			if object.SourceID == "" {
				object = lost(target, e.Now())
			}
			object.Link = Link{SourceID: target.SourceID, SourceSeq: object.Seq, ObjectID: target.ID, Status: plan.InScope}
			tied = append(tied, object)
		}
	}
	if err := e.writeDrift(ctx, w, batch); err != nil || len(tied) == 0 {
		return err
	}
	tied, err := e.notMatched(ctx, w, tied, o.found)
	if err != nil || len(tied) == 0 {
		return err
	}
	if err := e.enterTies(ctx, w, run, tied); err != nil || run.Kind != Reconcile {
		return err
	}
	return e.saveTies(ctx, w, tied)
}

// left makes the line about an object of which the sync cannot say what is to become.
func (p *planned) left(target plan.Target, of plan.ObjectType, text string) {
	name := target.Record.Text(attr.DisplayName)
	if of == plan.User {
		name = target.Record.Text(attr.UserName)
	}
	p.drifted(Object{}, plan.Change{
		Action: plan.Skip, Object: of, Phase: plan.Write, SourceID: target.SourceID, ObjectID: target.ID, BaseVersion: target.Version, SourceName: target.SourceID,
		ObjectName: name, Reason: plan.Reason{Code: "NotTied", Text: text},
	}, "")
}

// lost is the person of a user who is nowhere in the tenant: deleted now, as far as anybody knows.
func lost(target plan.Target, now time.Time) Object {
	var record attr.Record
	record.Set("displayName", target.Record.Text(attr.DisplayName))
	record.Set("id", target.SourceID)
	record.Set("userPrincipalName", target.Record.Text(attr.UserName))
	return Object{User: mirror.User{
		SourceID: target.SourceID, State: plan.Deleted, DeletedAt: now.UTC().Truncate(time.Second), Record: record, Hash: attr.Hash(record.AppendJSON(nil)),
	}}
}

// notMatched leaves out whom a plan finds without the tie, by name or external id: they were entered when the mirror was compared. Those who were
// found just now are entered here.
func (e *Engine) notMatched(ctx context.Context, w *work, tied []Object, found map[string]bool) ([]Object, error) {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, err
	}
	free := slices.Clone(tied)
	for i := range free {
		free[i].Link = Link{}
	}
	judged, err := e.judge(ctx, w, rules, e.Now(), free)
	if err != nil {
		return nil, err
	}
	var others []Object
	for i, object := range tied {
		if !judged.does[i] || found[object.SourceID] {
			others = append(others, object)
		}
	}
	return others, nil
}

// enterTies enters that users are tied again, and what follows from that.
func (e *Engine) enterTies(ctx context.Context, w *work, run *Run, tied []Object) error {
	const because = "nothing tied the user to the person any more, so it is tied again; "
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	judged, err := e.judge(ctx, w, rules, e.Now(), tied)
	if err != nil {
		return err
	}
	batch := planned{run: run, now: e.Now()}
	for i, object := range tied {
		change := judged.changes[i]
		if !judged.does[i] {
			change = plan.Change{
				Action: plan.Match, Phase: plan.Write, SourceID: object.SourceID, ObjectID: object.Link.ObjectID, Status: object.Link.Status,
				SourceName: plan.SourceName(object.Source()), ObjectName: plan.SourceName(object.Source()),
				Reason: plan.Reason{Code: "Matched", Text: "nothing else differs"},
			}
		}
		batch.drifted(object, change, because)
	}
	return e.writeDrift(ctx, w, batch)
}

// saveTies ties users again and marks their people, so that the next run does what follows.
func (e *Engine) saveTies(ctx context.Context, w *work, tied []Object) error {
	var lost []mirror.User
	links := make([]Link, len(tied))
	ids := make([]string, len(tied))
	for i, object := range tied {
		links[i], ids[i] = object.Link, object.SourceID
		if object.Seq == 0 { // those who are there have been taken in
			lost = append(lost, object.User)
		}
	}
	if len(lost) > 0 {
		if err := e.Store.SaveUsers(ctx, w.connection.ID, lost, 0); err != nil {
			return err
		}
	}
	if err := e.Store.SaveLinks(ctx, w.instance.OrgID, w.instance.ID, links); err != nil {
		return err
	}
	return e.Store.MarkDirty(ctx, w.instance, ids)
}

// compareOwnedGroups looks at the next groups that the instance owns in the destination. One that nothing ties is tied again to the group of the mirror
// that it says it is; what the instance does not keep, it lets go then. A group that the mirror does not know is only said.
func (e *Engine) compareOwnedGroups(ctx context.Context, w *work, run *Run) error {
	audited, able := w.target.(destination.Audited)
	if !able {
		run.Step = StepEnd
		return nil
	}
	targets, next, err := audited.OwnedGroups(ctx, run.Progress.Reconciling.Place, planBatch)
	if err != nil {
		return err
	}
	run.Progress.Planned += len(targets)
	if run.Progress.Reconciling.Place = next; next == "" {
		run.Step = StepEnd
	}
	ids := make([]string, len(targets))
	for i, target := range targets {
		ids[i] = target.SourceID
	}
	groups, err := e.Store.GroupObjectsOf(ctx, w.instance, ids)
	if err != nil {
		return err
	}
	known := make(map[string]GroupObject, len(groups))
	for _, group := range groups {
		known[group.SourceID] = group
	}
	batch := planned{run: run, now: e.Now()}
	var tied []GroupObject
	for _, target := range targets {
		group := known[target.SourceID]
		switch {
		case group.Link.ObjectID == target.ID:
		case group.Seq == 0:
			batch.left(target, plan.Group, "no group of the tenant that the sync reads is this one, which is managed by the sync; delete the group by hand, or keep it as it is")
		case !group.Link.ObjectID.IsZero():
			batch.left(target, plan.Group, "this group is managed by the sync, and the group of the tenant is tied to another one; delete one of them by hand")
		default:
			group.Link = GroupLink{Group: group.Seq, ObjectID: target.ID, Whole: true, Awaited: -1}
			tied = append(tied, group)
		}
	}
	if err := e.writeDrift(ctx, w, batch); err != nil {
		return err
	}
	return e.tieGroupsAgain(ctx, w, run, tied)
}

// tieGroupsAgain enters what becomes of groups that nothing ties, and, if the reconcile repairs, ties them. Those that the instance keeps were entered
// when the mirror was compared: a plan finds them by their external ids.
func (e *Engine) tieGroupsAgain(ctx context.Context, w *work, run *Run, tied []GroupObject) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	tied = slices.DeleteFunc(tied, func(g GroupObject) bool {
		source := g.source(rules)
		return source.Kept && source.State == plan.Live
	})
	if len(tied) == 0 {
		return nil
	}
	const because = "nothing tied the group to that of the tenant any more, so it is tied again; "
	if err := e.enterGroupDrift(ctx, w, run, tied, because); err != nil || run.Kind != Reconcile {
		return err
	}
	links := make([]GroupLink, len(tied))
	ids := make([]string, len(tied))
	for i, group := range tied {
		links[i], ids[i] = group.Link, group.SourceID
	}
	if err := e.Store.SaveGroupLinks(ctx, w.instance, links); err != nil {
		return err
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, ids, false)
}
