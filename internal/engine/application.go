package engine

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Codes of a plan that cannot be applied any more: other settings were saved, or its retention is over.
const (
	planOutdated  = "PlanOutdated"
	planForgotten = "PlanForgotten"
)

// ApplyPlan asks for a run that applies exactly the changes that a dry run showed (D13), also while Auto Sync is off. It waits for its turn like every
// run.
//
// The run reads what changed in the tenant, and plans those objects anew that the dry run has changes of. A change that comes out as it was shown is
// applied; one that comes out otherwise is superseded, and for the next run. What the dry run would have held is held. Nothing else is written.
//
// What cannot be applied fails as Applicable says.
func (e *Engine) ApplyPlan(ctx context.Context, org, id ident.ID) (Run, error) {
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		dry, err := e.GetRun(ctx, org, id)
		if err != nil {
			return err
		}
		if err := e.Applicable(ctx, dry); err != nil {
			return err
		}
		instance, err := e.Store.Instance(ctx, dry.InstanceID)
		if err != nil {
			return err
		}
		open, err := e.Store.OpenRuns(ctx, instance.ID)
		if err != nil {
			return err
		}
		now := e.Now()
		run = Run{
			ID: ident.New(now), OrgID: org, InstanceID: instance.ID, Kind: Application, Trigger: TriggerManual, RequestedBy: audit.ActorOf(ctx).Name,
			State: Queued, Step: StepPull, ConfigVersion: dry.ConfigVersion, QueuedAt: now, Plan: dry.ID,
		}
		run.Progress.ToPlan = writes(dry.Progress.Counts)
		if err := e.Store.InsertRun(ctx, run); err != nil {
			return err
		}
		if !behind(open) {
			if err := e.Queue.Enqueue(ctx, run.ID); err != nil {
				return err
			}
		}
		return e.recordApplication(ctx, instance, dry, run)
	})
	return run, err
}

func (e *Engine) recordApplication(ctx context.Context, instance Instance, dry, run Run) error {
	return e.record(ctx, instance, "run.apply", nil, attr.From(map[string]any{
		"run": dry.ID.String(), "applyRun": run.ID.String(), "users": float64(writes(dry.Progress.Counts)), "groups": float64(writes(dry.Progress.Groups)),
	}))
}

// Applicable fails as fault.Conflict, and says why, if what a run showed cannot be applied: it is no dry run, is not over or failed, showed nothing to
// do, was applied already, is older than the journal is kept, or its instance was deleted or has other settings by now. What an application brought
// nothing of, because it failed before, can be applied again.
func (e *Engine) Applicable(ctx context.Context, dry Run) error {
	switch {
	case dry.Kind != DryRun:
		return fault.New(fault.Conflict, "NoPlan", "the run %s is no dry run, and only what a dry run showed can be applied", dry.ID)
	case dry.State != Succeeded:
		return fault.New(fault.Conflict, "NoPlan", "the dry run %s has not gone through, so that it is no whole plan", dry.ID).
			WithRemedy("Wait until it is over, or make a new dry run.")
	case writes(dry.Progress.Counts)+writes(dry.Progress.Groups) == 0:
		return fault.New(fault.Conflict, "NothingToApply", "the dry run %s showed nothing to do", dry.ID)
	}
	if err := e.planInForce(ctx, dry.InstanceID, dry.ID, dry.ConfigVersion); err != nil {
		return err
	}
	applications, err := e.Store.ApplicationsOf(ctx, dry.ID)
	if err != nil {
		return err
	}
	for _, run := range applications {
		if !run.State.Over() || run.State == Succeeded || run.Progress.Applied > 0 {
			return fault.New(fault.Conflict, "PlanApplied", "what the dry run %s showed was applied already, or is about to be, by the run %s", dry.ID, run.ID).
				WithRemedy("Make a new dry run for what is left to do.")
		}
	}
	first, err := e.Store.ListEntries(ctx, EntryQuery{Org: dry.OrgID, Run: dry.ID, Limit: 1, Bare: true})
	if err == nil && (len(first) == 0 || first[0].SourceName == "") {
		return scrubbedPlan(dry.ID)
	}
	return err
}

// ApplicationsOf returns the runs that apply what a dry run showed, newest first.
func (e *Engine) ApplicationsOf(ctx context.Context, dry Run) ([]Run, error) {
	if dry.Kind != DryRun {
		return nil, nil
	}
	return e.Store.ApplicationsOf(ctx, dry.ID)
}

// planInForce fails unless the instance of a plan has still the settings that the plan was made with.
func (e *Engine) planInForce(ctx context.Context, id, dry ident.ID, version int64) error {
	instance, err := e.Store.Instance(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound):
		return fault.New(fault.Conflict, "InstanceDeleted", "the instance of the dry run %s is deleted", dry)
	case err != nil:
		return err
	case instance.ConfigVersion != version:
		return fault.New(fault.Conflict, planOutdated, "the settings of %s were changed since the dry run %s, which showed what the former ones do",
			instance.Name, dry).WithRemedy("Make a new dry run.")
	}
	return nil
}

// refusedPlan reports whether a run failed because the plan that it was to apply is none any more, which says nothing of the instance's health.
func refusedPlan(cause error) bool {
	f := fault.Of(cause)
	return f != nil && (f.Code == planOutdated || f.Code == planForgotten)
}

func scrubbedPlan(dry ident.ID) error {
	return fault.New(fault.Conflict, planForgotten, "the journal does not hold any more what the dry run %s showed: its retention is over", dry).
		WithRemedy("Make a new dry run.")
}

// writes counts what is written of one side's counts.
func writes(counts map[string]int) (n int) {
	for outcome, count := range counts {
		switch plan.Action(outcome) {
		case plan.Create, plan.Update, plan.Deactivate, plan.Reactivate, plan.Delete, plan.Release, plan.Restore, plan.Join, plan.Leave:
			n += count
		default:
		}
	}
	return n
}
