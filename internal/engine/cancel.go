package engine

import (
	"context"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Abandon ends all runs that are not over, and their unapplied changes are planned again by whatever run is next. It takes the place of
// Recover when the database is a copy: what was under way belongs to the original, and a copy writes nothing by itself (I3).
func (e *Engine) Abandon(ctx context.Context) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		runs, err := e.Store.OpenRuns(ctx, ident.ID{})
		if err != nil {
			return err
		}
		for _, run := range runs {
			instance, err := e.Store.Instance(ctx, run.InstanceID)
			if fault.Is(err, fault.NotFound) {
				continue // nobody works on it
			}
			if err != nil {
				return err
			}
			e.Logger.InfoContext(ctx, "run abandoned", "run", run.ID.String(), "step", string(run.Step))
			run.Fence++
			if err := e.Store.SaveRun(ctx, run, run.Fence-1); err != nil {
				return err
			}
			if err := e.cancel(ctx, &work{run: run, instance: instance, target: e.Destination(instance)}); err != nil {
				return err
			}
		}
		return nil
	})
}

// unwanted reports whether the run began by itself and Auto Sync was switched off since (D20).
func (w *work) unwanted() bool {
	return !w.instance.AutoSync && (w.run.Trigger == TriggerSchedule || w.run.Trigger == TriggerConfiguration)
}

// cancel ends a run between two steps and gives its unapplied entries back.
func (e *Engine) cancel(ctx context.Context, w *work) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		run.State, run.EndedAt = Canceled, e.Now()
		if run.StartedAt.IsZero() {
			run.StartedAt = run.EndedAt
		}
		if err := e.giveBack(ctx, w, &run); err != nil {
			return err
		}
		return e.close(ctx, w, run)
	})
}

// giveBack has the unapplied changes of a run that ends planned again by a later one.
func (e *Engine) giveBack(ctx context.Context, w *work, run *Run) error {
	if run.Kind.Dry() {
		return nil
	}
	if err := e.unparkRun(ctx, w.target, *run); err != nil {
		return err
	}
	given, err := e.Store.WakeRun(ctx, w.instance, run.ID, run.EndedAt)
	if err == nil && given > 0 {
		run.Progress.count("superseded", given)
	}
	if err == nil && run.Kind == OnDemand {
		err = e.breakOff(ctx, run)
	}
	return err
}
