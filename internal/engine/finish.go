package engine

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// end closes a run that went through: health, the next run, what is queued behind it.
func (e *Engine) end(ctx context.Context, w *work) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		if again, err := e.nextRound(ctx, w, &run); err != nil || again {
			return err
		}
		run.State, run.EndedAt = Succeeded, e.Now()
		run.Progress.FollowUp = run.followedUp(w.instance.AutoSync)
		if !run.Kind.Dry() {
			if err := e.Store.Sweep(ctx, w.connection.ID); err != nil {
				return err
			}
		}
		if run.Kind.wholesome() {
			if err := e.good(ctx, &run); err != nil {
				return err
			}
		}
		return e.close(ctx, w, run)
	})
}

// followedUp reports whether another run is to start at once behind one that went through.
func (r Run) followedUp(autoSync bool) bool {
	switch r.Kind {
	case Undo: // who is pinned shows at once
		return autoSync && r.Progress.Applied > 0
	case Application: // what is not in the plan is for runs that begin by themselves
		return autoSync && r.Progress.FollowUp
	case Reconcile: // who asked for it by hand wants to see it repaired
		return r.Progress.Drift() > 0 && (autoSync || r.Trigger == TriggerManual)
	default:
		return r.Progress.FollowUp
	}
}

// good notes a run that went through in the health of its instance.
func (e *Engine) good(ctx context.Context, run *Run) error {
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if err != nil {
		return err
	}
	health := &instance.Health
	previous := health.LastRun
	health.LastRun, health.LastRunAt, health.BadRuns = run.ID, run.EndedAt, 0
	health.putInForce(*run)
	if failed, attempted := run.Progress.attempts(); attempted >= quarantineMinimum && float64(failed) >= quarantineShare*float64(attempted) {
		err = e.quarantine(ctx, &instance, run, &Failure{
			Kind: fault.Unavailable.String(), Code: "TooManyFailures",
			Message: fmt.Sprintf("%d of %d changes of the run failed", failed, attempted),
			Remedy:  "Look at the failed changes of the run; their reasons say what to do.",
		})
	} else {
		health.LastGoodAt, health.OverdueAt = run.EndedAt, time.Time{}
		err = e.endQuarantine(ctx, &instance, run)
	}
	if err != nil {
		return err
	}
	if err := e.Store.SaveInstance(ctx, instance); err != nil {
		return err
	}
	if !run.Kind.Undoes() { // which asks the tenant nothing
		if err := e.heardByRun(ctx, instance.ConnectionID, fault.Internal, nil); err != nil {
			return err
		}
	}
	return e.dropEmpty(ctx, previous, *run)
}

// attempts counts the changes that failed and all that were tried.
func (p Progress) attempts() (failed, attempted int) {
	failed = p.Counts["failed"] + p.Groups["failed"]
	attempted = failed
	for _, action := range []plan.Action{plan.Create, plan.Update, plan.Deactivate, plan.Reactivate, plan.Delete, plan.Release} {
		attempted += p.Counts[string(action)] + p.Groups[string(action)]
	}
	return failed, attempted
}

// empty reports whether a run found nothing to do by itself, so that the next such run may replace its row.
func (r Run) empty() bool {
	return r.Trigger == TriggerSchedule && r.Kind == Incremental && r.State == Succeeded && r.Progress.Planned == 0
}

// dropEmpty removes the previous run's row when both found nothing: a poll every two seconds leaves one row, not 43,200 a day.
func (e *Engine) dropEmpty(ctx context.Context, previous ident.ID, run Run) error {
	if !run.empty() || previous.IsZero() || previous == run.ID {
		return nil
	}
	last, err := e.Store.Run(ctx, previous)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || !last.empty() {
		return err
	}
	return e.Store.DropRun(ctx, previous)
}

// close saves a run that is over and starts what waits behind it.
func (e *Engine) close(ctx context.Context, w *work, run Run) error {
	if err := e.save(ctx, run); err != nil {
		return err
	}
	if run.Kind.Reconciles() {
		if err := e.reconciled(ctx, run); err != nil {
			return err
		}
	}
	if run.Progress.FollowUp && run.State == Succeeded {
		if _, err := e.enqueue(ctx, w.instance, Incremental, TriggerFollowUp, ""); err != nil {
			return err
		}
	}
	if run.Progress.Applied > 0 { // it may have let go of what others failed for
		if err := e.hasten(ctx, run.OrgID); err != nil {
			return err
		}
	}
	open, err := e.Store.OpenRuns(ctx, run.InstanceID)
	if err != nil {
		return err
	}
	if len(open) > 0 {
		if err := e.Queue.Enqueue(ctx, next(open).ID); err != nil {
			return err
		}
	}
	if err := e.tellHeld(ctx, run); err != nil {
		return err
	}
	w.run = run
	e.Observer.RunEnded(run, run.EndedAt.Sub(run.StartedAt))
	return nil
}

// fail settles a run that could not go on: it waits if it was asked to, else its unapplied entries are given back and it ends.
func (e *Engine) fail(ctx context.Context, w *work, cause error) error {
	if f := fault.Of(cause); f != nil && f.Kind == fault.Throttled && f.RetryAfter > 0 {
		return e.wait(ctx, w, f.RetryAfter)
	}
	e.Logger.WarnContext(ctx, "run failed", "run", w.run.ID.String(), "instance", w.instance.ID.String(), "step", string(w.run.Step), "error", cause.Error())
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		run.State, run.EndedAt, run.Failure = Failed, e.Now(), failureOf(cause)
		if err := e.giveBack(ctx, w, &run); err != nil {
			return err
		}
		if run.Kind.wholesome() && !refusedPlan(cause) {
			if err := e.bad(ctx, &run, fault.KindOf(cause)); err != nil {
				return err
			}
		}
		return e.close(ctx, w, run)
	})
}

// maxWait bounds what a tenant may ask for: approvals and dry runs queue behind a run that waits, and asking once an hour harms nobody.
const maxWait = time.Hour

func (e *Engine) wait(ctx context.Context, w *work, d time.Duration) error {
	run := w.run.clone()
	run.State, run.NotBefore = Waiting, e.Machine().Add(min(d, maxWait))
	if err := e.Store.InTx(ctx, func(ctx context.Context) error { return e.save(ctx, run) }); err != nil {
		return err
	}
	w.run = run
	return nil
}

// bad notes a failed run in the health of its instance.
func (e *Engine) bad(ctx context.Context, run *Run, kind fault.Kind) error {
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if err != nil {
		return err
	}
	health := &instance.Health
	health.LastRun, health.LastRunAt, health.LastFailure = run.ID, run.EndedAt, run.Failure
	health.BadRuns++
	if kind == fault.Unauthenticated || kind == fault.Denied {
		if err := e.quarantine(ctx, &instance, run, run.Failure); err != nil {
			return err
		}
		if err := e.heardByRun(ctx, instance.ConnectionID, kind, run.Failure); err != nil {
			return err
		}
	}
	if health.BadRuns >= overdueRuns {
		if err := e.announceOverdue(ctx, &instance); err != nil {
			return err
		}
	}
	return e.Store.SaveInstance(ctx, instance)
}
