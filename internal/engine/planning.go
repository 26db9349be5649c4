package engine

import (
	"context"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// planBatch is how many objects are planned in one transaction.
const planBatch = 1000

// plan turns the next objects of the run's part into entries.
func (e *Engine) plan(ctx context.Context, w *work) error {
	switch w.run.Progress.Part {
	case PartGroups:
		return e.planGroups(ctx, w)
	case PartMembers:
		return e.planMembers(ctx, w)
	default:
		return e.planUsers(ctx, w)
	}
}

// planUsers turns the next people into entries.
func (e *Engine) planUsers(ctx context.Context, w *work) error {
	return planNext(ctx, e, w, e.nextObjects, e.planObjects)
}

// planNext enters into the journal what is to be done about the next objects of the run's part. Where there are none, or the run leaves them to a later
// one, the part's plan is done.
func planNext[O any](
	ctx context.Context, e *Engine, w *work, next func(context.Context, *work) ([]O, error), enter func(context.Context, *work, *Run, *plan.Rules, []O) error,
) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		done, err := e.yield(ctx, w, run)
		if err != nil {
			return err
		}
		var objects []O
		if !done {
			if objects, err = next(ctx, w); err != nil {
				return err
			}
		}
		if len(objects) == 0 {
			run.Step = StepGuard
			return nil
		}
		return enter(ctx, w, run, rules, objects)
	})
}

func (e *Engine) nextObjects(ctx context.Context, w *work) ([]Object, error) {
	if w.run.Kind == DryRun {
		return e.Store.AllObjects(ctx, w.instance, w.run.Progress.After, planBatch)
	}
	return e.Store.DirtyObjects(ctx, w.instance, w.run.Progress.After, planBatch)
}

// yield reports whether the run leaves what it has not planned yet to a later one. So it does when newer settings were saved: all is dirty
// for these, and planned with the old ones nobody would look at it again (rule 5). So it does when somebody else reads the tenant in full:
// the list may come from a replica that is behind, and until the replay the mirror holds people who are deleted as alive (rule 7).
func (e *Engine) yield(ctx context.Context, w *work, run *Run) (bool, error) {
	if run.Kind == DryRun {
		return false, nil
	}
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if fault.Is(err, fault.NotFound) {
		return false, errFenced
	}
	if err != nil || run.outdated(instance) {
		return true, err
	}
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return false, err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	reading := cursor.Full != nil || cursor.Groups.Read != nil && withGroups(rules)
	run.Progress.FollowUp = run.Progress.FollowUp || reading
	return reading, err
}

func (e *Engine) planObjects(ctx context.Context, w *work, run *Run, rules *plan.Rules, objects []Object) error {
	judged, err := e.judge(ctx, w, rules, e.Now(), objects)
	if err != nil {
		return err
	}
	return e.enter(ctx, w, planned{run: run, now: judged.rules.Now}, judged, objects)
}

// enter writes into the journal what was judged.
func (e *Engine) enter(ctx context.Context, w *work, batch planned, judged judged, objects []Object) error {
	run := batch.run
	for i, object := range objects {
		batch.add(object, judged.changes[i], judged.does[i], judged.drafts[i].InScope())
	}
	if err := e.settlePins(ctx, w, &batch, judged, objects); err != nil {
		return err
	}
	run.Progress.Planned += len(objects)
	run.Progress.After = objects[len(objects)-1].Seq
	if err := e.conceal(ctx, w, batch.inserts, batch.replaced); err != nil {
		return err
	}
	return e.write(ctx, w.instance, batch)
}

// judged is what the rules say of some objects: everything at the object's place.
type judged struct {
	// rules with the terms of the destination.
	rules   plan.Rules
	drafts  []plan.Draft
	found   plan.Found
	changes []plan.Change
	// does: there is a change.
	does []bool
}

// judge plans objects. Runs and whoever asks what a run would do get the same answer, because they all ask here.
func (e *Engine) judge(ctx context.Context, w *work, rules *plan.Rules, now time.Time, objects []Object) (judged, error) {
	terms, err := w.target.Terms(ctx)
	if err != nil {
		return judged{}, err
	}
	j := judged{rules: *rules, changes: make([]plan.Change, len(objects)), does: make([]bool, len(objects))}
	j.rules.Domains, j.rules.RequireDomain, j.rules.Now = terms.Domains, terms.RequireDomain, now
	j.rules.Schema = terms.Schema
	if j.drafts, j.found, err = e.lookUp(ctx, w, &j.rules, objects); err != nil {
		return judged{}, err
	}
	taken, err := e.namesOf(ctx, w, &j.rules)
	if err != nil {
		return judged{}, err
	}
	j.found.Planned = taken.has
	for i := range objects {
		j.changes[i], j.does[i] = j.rules.Decide(j.drafts[i], j.found)
		taken.add(j.changes[i])
	}
	return j, nil
}

// groupSchema is what groups of the destination can hold; nil for everything, as in the built-in directory.
func (e *Engine) groupSchema(ctx context.Context, w *work) (*plan.Schema, error) {
	if _, remote := w.target.(destination.Remote); !remote {
		return nil, nil
	}
	terms, err := w.target.Terms(ctx)
	return terms.Groups, err
}

// lookUp drafts the objects and asks the destination what their changes depend on.
func (e *Engine) lookUp(ctx context.Context, w *work, rules *plan.Rules, objects []Object) ([]plan.Draft, plan.Found, error) {
	var found plan.Found
	linked, err := e.linked(ctx, w, objects)
	if err != nil {
		return nil, found, err
	}
	through, err := e.memberships(ctx, w, rules, objects)
	if err != nil {
		return nil, found, err
	}
	drafts := make([]plan.Draft, len(objects))
	var keys []plan.Key
	var leaving []ident.ID
	for i, object := range objects {
		var target *plan.Target
		if t, ok := linked[object.Link.ObjectID]; ok && !t.Owner.IsZero() {
			target = &t
		}
		source := object.Source()
		source.Tie = object.Link.Status
		if through != nil {
			source.Through = through[i]
		}
		drafts[i] = rules.Draft(source, target)
		keys = append(keys, rules.Keys(drafts[i])...)
		if target != nil && object.State == plan.Live && !drafts[i].InScope() {
			leaving = append(leaving, target.ID)
		}
	}
	if err := e.findPins(ctx, w, objects, &found); err != nil {
		return nil, found, err
	}
	if len(keys) > 0 {
		if found.ByKey, err = w.target.Find(ctx, keys); err != nil {
			return nil, found, err
		}
	}
	if len(leaving) > 0 {
		found.Claimed, err = e.Store.Claimants(ctx, w.instance.ID, leaving)
	}
	return drafts, found, err
}

func (e *Engine) linked(ctx context.Context, w *work, objects []Object) (map[ident.ID]plan.Target, error) {
	var ids []ident.ID
	for _, object := range objects {
		if !object.Link.ObjectID.IsZero() {
			ids = append(ids, object.Link.ObjectID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	targets, err := w.target.Objects(ctx, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[ident.ID]plan.Target, len(targets))
	for _, target := range targets {
		byID[target.ID] = target
	}
	return byID, nil
}

func (e *Engine) write(ctx context.Context, instance Instance, batch planned) error {
	for _, closing := range []struct {
		ids   []ident.ID
		state EntryState
	}{{batch.dropped, Dropped}, {batch.overtaken, Superseded}} {
		if len(closing.ids) == 0 {
			continue
		}
		if err := e.Store.CloseEntries(ctx, closing.ids, closing.state, batch.now); err != nil {
			return err
		}
	}
	if len(batch.replaced) > 0 {
		if err := e.Store.ReplaceEntries(ctx, batch.replaced); err != nil {
			return err
		}
	}
	if len(batch.postponed) > 0 {
		if err := e.Store.PostponeEntries(ctx, batch.postponed, batch.retryAt); err != nil {
			return err
		}
	}
	if len(batch.inserts) > 0 {
		if err := e.Store.InsertEntries(ctx, batch.inserts); err != nil {
			return err
		}
	}
	if batch.run.Kind == DryRun {
		return nil
	}
	if err := e.writePins(ctx, instance, batch); err != nil {
		return err
	}
	if batch.run.Progress.Part == PartGroups {
		return e.Store.ClearDirtyGroups(ctx, instance.ID, batch.seqs)
	}
	return e.Store.ClearDirty(ctx, instance.ID, batch.seqs)
}
