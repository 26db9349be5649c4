package engine

import (
	"context"
	"slices"

	"rollcall/internal/plan"
)

// drifted makes the line of a reconcile about an object that differs although nothing about it had changed. because stands before the change's own
// reason.
func (p *planned) drifted(object Object, change plan.Change, because string) {
	fingerprint := change.Fingerprint(p.run.ConfigVersion)
	change.StatusBefore = object.Link.Status
	change.Reason.Text = drift + ": " + because + change.Reason.Text
	entry := p.entry(object.Seq, change, fingerprint)
	entry.Open = false
	if entry.State == Planned {
		p.foresee(&entry, object.Open)
	}
	p.run.Progress.count(drift, 1)
	p.inserts = append(p.inserts, entry)
}

// stands reports whether the journal says already what is to be done about the object.
func (o Object) stands(change plan.Change, configVersion int64) bool {
	return o.Open != nil && o.Open.Fingerprint == change.Fingerprint(configVersion)
}

// enterDrift judges people and enters what differs.
func (e *Engine) enterDrift(ctx context.Context, w *work, run *Run, people []Object, because string) error {
	if len(people) == 0 {
		return nil
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	judged, err := e.judge(ctx, w, rules, e.Now(), people)
	if err != nil {
		return err
	}
	batch := planned{run: run, now: e.Now()}
	var differ []string
	for i, object := range people {
		if judged.does[i] && !object.stands(judged.changes[i], run.ConfigVersion) {
			batch.drifted(object, judged.changes[i], because)
			differ = append(differ, object.SourceID)
		}
	}
	if err := e.writeDrift(ctx, w, batch); err != nil || run.Kind != Reconcile || len(differ) == 0 {
		return err
	}
	return e.Store.MarkDirty(ctx, w.instance, differ)
}

// writeDrift writes the lines of a reconcile.
func (e *Engine) writeDrift(ctx context.Context, w *work, batch planned) error {
	if len(batch.inserts) == 0 {
		return nil
	}
	if err := e.conceal(ctx, w, batch.inserts); err != nil {
		return err
	}
	return e.Store.InsertEntries(ctx, batch.inserts)
}

// compareUsers judges the next users of the mirror. Who is dirty is left to the run that plans him: of him it is known that he differs.
func (e *Engine) compareUsers(ctx context.Context, w *work, run *Run) error {
	objects, err := e.Store.AllObjects(ctx, w.instance, run.Progress.After, planBatch)
	if err != nil {
		return err
	}
	if len(objects) == 0 {
		groups, err := e.comparesGroups(ctx, w, run)
		if groups {
			run.enter(ReconcileGroups)
		} else {
			run.enter(ReconcileOwnedUsers)
		}
		return err
	}
	last := objects[len(objects)-1].Seq
	dirty := map[int64]bool{}
	for after := objects[0].Seq - 1; after < last; {
		some, err := e.Store.DirtyObjects(ctx, w.instance, after, planBatch)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		for _, object := range some {
			dirty[object.Seq] = true
		}
		after = some[len(some)-1].Seq
	}
	run.Progress.After = last
	run.Progress.Planned += len(objects)
	return e.enterDrift(ctx, w, run, slices.DeleteFunc(objects, func(o Object) bool { return dirty[o.Seq] }), "")
}

// compareGroups judges the next groups.
func (e *Engine) compareGroups(ctx context.Context, w *work, run *Run) error {
	groups, err := e.Store.AllGroupObjects(ctx, w.instance, run.Progress.After, planBatch)
	if err != nil {
		return err
	}
	if len(groups) == 0 {
		run.enter(ReconcileMembers)
		return nil
	}
	first, last := groups[0].Seq, groups[len(groups)-1].Seq
	dirty := map[int64]bool{}
	for after := first - 1; after < last; {
		some, err := e.Store.DirtyGroups(ctx, w.instance, after, planBatch)
		if err != nil {
			return err
		}
		if len(some) == 0 {
			break
		}
		for _, group := range some {
			dirty[group.Seq] = true
		}
		after = some[len(some)-1].Seq
	}
	run.Progress.After = last
	run.Progress.Planned += len(groups)
	return e.enterGroupDrift(ctx, w, run, slices.DeleteFunc(groups, func(g GroupObject) bool { return dirty[g.Seq] }), "")
}

// enterGroupDrift is to groups what enterDrift is to people.
func (e *Engine) enterGroupDrift(ctx context.Context, w *work, run *Run, groups []GroupObject, because string) error {
	if len(groups) == 0 {
		return nil
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	judged, err := e.judgeGroups(ctx, w, rules, groups)
	if err != nil {
		return err
	}
	batch := planned{run: run, now: e.Now()}
	var differ []string
	for i, group := range groups {
		object := group.object()
		if judged.does[i] && !object.stands(judged.changes[i], run.ConfigVersion) {
			batch.drifted(object, judged.changes[i], because)
			differ = append(differ, group.SourceID)
		}
	}
	if err := e.writeDrift(ctx, w, batch); err != nil || run.Kind != Reconcile || len(differ) == 0 {
		return err
	}
	return e.Store.MarkGroupsDirty(ctx, w.instance, differ, false)
}
