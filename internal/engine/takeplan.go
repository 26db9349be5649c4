package engine

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// writingActions are the actions that change something.
var writingActions = []plan.Action{
	plan.Create, plan.Update, plan.Deactivate, plan.Reactivate, plan.Delete, plan.Restore, plan.Release, plan.Join, plan.Leave,
}

// beginApplication goes on to the plan of a run that applies what a dry run showed.
func (e *Engine) beginApplication(ctx context.Context, w *work) error {
	if err := e.planInForce(ctx, w.instance.ID, w.run.Plan, w.run.ConfigVersion); err != nil {
		return err
	}
	if err := e.reach(ctx, w); err != nil {
		return err
	}
	run := w.run.clone()
	run.Step = StepPlan
	return e.keep(ctx, w, run)
}

// planApplication takes over the next changes that the dry run showed. With other settings the run fails. If somebody reads the tenant in full
// meanwhile, the mirror may be behind until that is done, and the run helps reading first.
func (e *Engine) planApplication(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		if err := e.planInForce(ctx, run.InstanceID, run.Plan, run.ConfigVersion); err != nil {
			return err
		}
		cursor, err := e.Store.Cursor(ctx, w.connection.ID)
		if err != nil {
			return err
		}
		if cursor.Full != nil || cursor.Groups.Read != nil && withGroups(rules) {
			run.Step, run.Progress.PullBegun = StepPull, false
			return e.keep(ctx, w, run)
		}
		of, limit := run.Progress.Part.of(), planBatch
		if of == plan.Members {
			limit = undoneMembersBatch
		}
		rows, err := e.Store.ListEntries(ctx, EntryQuery{
			Org: run.OrgID, Run: run.Plan, Object: &of, States: []EntryState{Proposed, Held}, Actions: writingActions, After: run.Progress.AfterEntry,
			Limit: limit,
		})
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			run.Step, run.Progress.AfterEntry = StepGuard, ident.ID{}
		} else if err := e.takeOver(ctx, w, &run, rules, rows); err != nil {
			return err
		}
		return e.keep(ctx, w, run)
	})
}

// takeOver makes entries of changes that the dry run showed.
func (e *Engine) takeOver(ctx context.Context, w *work, run *Run, rules *plan.Rules, rows []Entry) error {
	if slices.ContainsFunc(rows, func(row Entry) bool { return row.SourceName == "" || row.Unnamed > 0 }) {
		return scrubbedPlan(run.Plan)
	}
	taking, held := taking{run: run, now: e.Now()}, run.Progress.held()
	run.Progress.AfterEntry = rows[len(rows)-1].ID
	var err error
	switch run.Progress.Part {
	case PartGroups:
		err = e.takeOverGroups(ctx, w, &taking, rules, rows)
	case PartMembers:
		for _, row := range rows {
			if err = e.takeOverMembers(ctx, w, &taking, row); err != nil {
				return err
			}
		}
	default:
		err = e.takeOverUsers(ctx, w, &taking, rules, rows)
	}
	if err != nil {
		return err
	}
	if run.Progress.held() > held && run.Progress.Held == "" {
		dry, err := e.Store.Run(ctx, run.Plan)
		if err != nil {
			return err
		}
		run.Progress.Held = dry.Progress.Held
	}
	if len(taking.left) == 0 {
		return nil
	}
	return e.Store.InsertEntries(ctx, taking.left)
}

// held counts what is held.
func (p *Progress) held() int { return p.Counts["held"] + p.Groups["held"] + p.Groups[heldMembers] }

func (e *Engine) takeOverUsers(ctx context.Context, w *work, taking *taking, rules *plan.Rules, rows []Entry) error {
	objects, err := e.Store.ObjectsOf(ctx, w.instance, sourcesOf(rows))
	if err != nil {
		return err
	}
	judged, err := e.judge(ctx, w, rules, taking.now, objects)
	if err != nil {
		return err
	}
	places := taking.same(rows, objects, judged)
	if err := e.Store.MarkDirty(ctx, w.instance, taking.again); err != nil || len(places) == 0 {
		return err
	}
	return e.enter(ctx, w, taking.batch(rows), judged.only(places), only(objects, places))
}

func (e *Engine) takeOverGroups(ctx context.Context, w *work, taking *taking, rules *plan.Rules, rows []Entry) error {
	groups, err := e.Store.GroupObjectsOf(ctx, w.instance, sourcesOf(rows))
	if err != nil {
		return err
	}
	slices.SortFunc(groups, func(a, b GroupObject) int { return int(a.Seq - b.Seq) })
	judged, err := e.judgeGroups(ctx, w, rules, groups)
	if err != nil {
		return err
	}
	objects := make([]Object, len(groups))
	for i, group := range groups {
		objects[i] = group.object()
	}
	places := taking.same(rows, objects, judged)
	if len(taking.again) > 0 { // none means all
		if err := e.Store.MarkGroupsDirty(ctx, w.instance, taking.again, false); err != nil {
			return err
		}
	}
	if len(places) == 0 {
		return nil
	}
	return e.enterJudgedGroups(ctx, w, taking.batch(rows), judged.only(places), only(objects, places))
}

func sourcesOf(rows []Entry) []string {
	ids := make([]string, len(rows))
	for i, row := range rows {
		ids[i] = row.SourceID
	}
	return ids
}

// taking collects what taking over changes of a dry run finds.
type taking struct {
	run *Run
	now time.Time
	// left are the changes that are not taken over, again their source objects that are to be planned by the next run.
	left  []Entry
	again []string
}

// same returns the places of the objects whose changes are what the dry run showed, and makes them the very ones; it leaves the others.
func (t *taking) same(rows []Entry, objects []Object, judged judged) []int {
	place := make(map[string]int, len(objects))
	for i, object := range objects {
		place[object.SourceID] = i
	}
	var places []int
	for _, row := range rows {
		i, known := place[row.SourceID]
		switch {
		case !known || !judged.does[i]:
			t.leave(row, Dropped)
		case judged.changes[i].Fingerprint(t.run.ConfigVersion) != row.Fingerprint:
			t.leave(row, Superseded)
			t.again = append(t.again, row.SourceID)
		default:
			become(&judged.changes[i], row)
			places = append(places, i)
		}
	}
	slices.Sort(places)
	return places
}

// become makes a change that was planned again the one that was shown: with its new object's id, without the name that it was shown without, because
// somebody holds that, and with its values that follow the clock.
func become(change *plan.Change, shown Entry) {
	if change.TakesName != "" && shown.TakesName == "" {
		*change = change.NameHeld("")
		change.Reason = shown.Reason
	}
	if change.Action == plan.Create {
		change.ObjectID = shown.ObjectID
	}
	for _, path := range change.Timed {
		value := shown.After.Get(path)
		if _, sealed := attr.Sealed(value); sealed || !change.After.Has(path) {
			continue
		}
		if shown.After.Has(path) {
			change.After.Set(path, value)
			continue
		}
		is := func(field attr.Field) bool { return field.Name == path }
		change.Before, change.After = slices.DeleteFunc(change.Before, is), slices.DeleteFunc(change.After, is)
	}
}

// leave notes a change that is not taken over: Superseded if another one is called for now, Dropped if none is.
func (t *taking) leave(row Entry, state EntryState) {
	row.RunID, row.ID = t.run.ID, ident.New(t.now)
	row.State, row.Open, row.PlannedAt, row.SettledAt = state, false, t.now, t.now
	row.Reason = plan.Reason{Code: plan.ChangedSince, Text: "was changed since the dry run, so that nothing is done before it is planned again"}
	if state == Dropped {
		row.Reason.Text = "nothing of it is to be done any more"
	} else {
		t.run.Progress.count("superseded", 1)
		t.run.Progress.FollowUp = true
	}
	t.run.Progress.Planned++
	t.left = append(t.left, row)
}

// batch plans what is the same; what the dry run would have held is held.
func (t *taking) batch(rows []Entry) planned {
	batch := planned{run: t.run, now: t.now, holds: map[string]bool{}}
	for _, row := range rows {
		if row.State == Held {
			batch.holds[row.SourceID] = true
		}
	}
	return batch
}

// only returns what was judged of the objects at some places.
func (j judged) only(places []int) judged {
	j.drafts, j.changes, j.does = only(j.drafts, places), only(j.changes, places), only(j.does, places)
	return j
}

func only[T any](all []T, places []int) []T {
	some := make([]T, len(places))
	for i, place := range places {
		some[i] = all[place]
	}
	return some
}
