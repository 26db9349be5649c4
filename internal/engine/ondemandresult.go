package engine

import (
	"context"
	"slices"

	"rollcall/internal/plan"
)

// tellPlan writes into the results what planning says of the people.
func (e *Engine) tellPlan(ctx context.Context, w *work, rules *plan.Rules, judged judged, objects []Object, results []Result) error {
	for i := range results {
		place := slices.IndexFunc(objects, func(object Object) bool { return object.SourceID == results[i].SourceID })
		if place < 0 {
			continue
		}
		f := foreseen{
			work: w, rules: rules, judged: judged, place: place, object: objects[place], named: true,
			change: judged.changes[place], does: judged.does[place],
		}
		if err := e.conclude(ctx, &results[i].Explanation, f); err != nil {
			return err
		}
		results[i].Step(ActStep).overtake()
		results[i].Outcome = ""
	}
	return e.Store.SaveResults(ctx, results)
}

// overtake forgets what stood open, because the run on demand replaces it: all but what a person rejected.
func (s *ExplainedStep) overtake() {
	if s.Waiting != nil && s.Waiting.State != Rejected {
		s.Waiting = nil
	}
}

// settleResults writes into the results what became of the changes.
func (e *Engine) settleResults(ctx context.Context, run *Run) error {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	entries, err := e.entriesOf(ctx, run)
	if err != nil {
		return err
	}
	for i := range results {
		results[i].settle(entries)
		results[i].settleMemberships(entries)
	}
	if group, people := askedOf(results); group != nil {
		group.sumUp(people)
	}
	return e.Store.SaveResults(ctx, results)
}

// entriesOf returns all entries of a run on demand, in the order of their ids.
func (e *Engine) entriesOf(ctx context.Context, run *Run) ([]Entry, error) {
	var all []Entry
	query := EntryQuery{Org: run.OrgID, Run: run.ID, Limit: planBatch}
	for {
		entries, err := e.Store.ListEntries(ctx, query)
		if err != nil || len(entries) == 0 {
			return all, err
		}
		all = append(all, entries...)
		query.After = entries[len(entries)-1].ID
	}
}

// underWay reports whether the run has more to do about the person or group of the result.
func (r *Result) underWay(of plan.ObjectType) bool {
	return r.Object == of && r.SourceID != "" && r.Outcome == ""
}

// settle gives the result its outcome from the entries of the run.
func (r *Result) settle(entries []Entry) {
	var last *Entry
	applied := false
	for i := range entries {
		if entry := &entries[i]; entry.SourceID == r.SourceID && entry.Object == r.Object {
			last = entry
			applied = applied || entry.State == Applied
		}
	}
	act := r.Step(ActStep)
	if last == nil {
		if r.Outcome == "" {
			r.Outcome = r.without()
		}
		return
	}
	if r.ObjectID.IsZero() || last.Action == plan.Create {
		r.ObjectID, r.ObjectName = last.ObjectID, last.ObjectName
	}
	switch {
	case last.State == EntryFailed:
		r.Outcome = OutcomeFailed
		if act.State != StepNotReached { // the step match says why
			act.State, act.Code, act.Text = StepFailed, last.Reason.Code, sentence("Nothing could be written:", last.Reason.Text)
		}
		waiting := pastChange(*last)
		act.Waiting = &waiting
	case applied:
		r.Outcome, act.State = OutcomeSuccess, StepOK
		act.Code, act.Text = last.Reason.Code, sentence(doneText(r.Object, last.Action), last.Reason.Text)
	case last.State == EntrySkipped, last.State == Held: // another removal was rejected, so that this one waits
		r.Outcome = OutcomeSkipped
	default: // superseded again and again
		r.Outcome, act.State, act.Code = OutcomeFailed, StepFailed, "Overtaken"
		act.Text = "The " + r.Object.String() + " changed each time that the change was to be written; the next run of the instance tries again."
	}
	if r.Outcome != OutcomeSuccess {
		act.unwritten("the change could not be written")
	}
}

// without is the outcome of somebody for whom the run planned no change.
func (r *Result) without() Outcome {
	for _, step := range r.Steps {
		if step.State == StepFailed {
			return OutcomeFailed
		}
	}
	return OutcomeSkipped
}

// unwritten takes back what the plan said would be written, and notes why.
func (s *ExplainedStep) unwritten(why string) {
	for i := range s.Attributes {
		if a := &s.Attributes[i]; a.Written {
			a.Written, a.After, a.Note = false, nil, why
		}
	}
}

// doneText begins the sentence that says what a run did to a user or a group.
func doneText(of plan.ObjectType, action plan.Action) string {
	return map[plan.Action]string{
		plan.Create: "A " + of.String() + " was created:", plan.Update: "The " + of.String() + " was updated:", plan.Deactivate: "The user became Inactive:",
		plan.Reactivate: "The user became Active again:", plan.Delete: "The " + of.String() + " was removed:", plan.Release: "The " + of.String() + " was let go:",
	}[action]
}

// breakOff writes into the results of a run that failed, or was canceled, how far it came.
func (e *Engine) breakOff(ctx context.Context, run *Run) error {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	failure := run.Failure
	if failure == nil {
		failure = &Failure{Kind: string(Canceled), Code: "Canceled", Message: "the run was canceled"}
	}
	name := ActStep
	if run.Step == StepPull {
		name = ConnectStep
	}
	for i := range results {
		r := &results[i]
		if r.Outcome != "" {
			continue
		}
		step := r.Step(name)
		step.State, step.Code, step.Text = StepFailed, codeOf(failure), failure.sentences()
		step.unwritten("the change could not be written")
		r.Outcome = OutcomeFailed
	}
	return e.Store.SaveResults(ctx, results)
}
