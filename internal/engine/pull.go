package engine

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// saveEvery is how often the progress of a pull is saved; pages are saved by the mirror anyway.
const saveEvery = time.Second

// pull reads the tenant, page by page, until the mirror is up to date or it is time to make room.
func (e *Engine) pull(ctx context.Context, w *work) error {
	puller, want, err := e.puller(ctx, w)
	if err != nil {
		return err
	}
	until := e.Machine().Add(saveEvery)
	for {
		progress, err := puller.Step(ctx, want, !w.run.Progress.PullBegun)
		if err != nil {
			goesOn, err := e.pullFailed(ctx, w, err)
			if err != nil || !goesOn {
				return err
			}
			continue
		}
		first := !w.run.Progress.PullBegun
		w.run.Progress.note(progress)
		if progress.Done {
			return e.Store.InTx(ctx, func(ctx context.Context) error { return e.beginPlan(ctx, w) })
		}
		if first || e.Machine().After(until) {
			return e.Store.InTx(ctx, func(ctx context.Context) error { return e.save(ctx, w.run) })
		}
	}
}

// pullFailed says what becomes of a pull whose step failed: it goes on if another run of the connection took a page meanwhile; it begins
// again, in the run's next step, if older settings stand in; else the run fails.
func (e *Engine) pullFailed(ctx context.Context, w *work, cause error) (goesOn bool, err error) {
	if fault.Is(cause, fault.Stale) { // or the connection is gone
		return true, e.still(ctx, w)
	}
	if stands, err := e.standIn(ctx, w, cause); stands || err != nil {
		return false, err
	}
	return false, cause
}

// still fails as errFenced when the run is not this node's any more.
func (e *Engine) still(ctx context.Context, w *work) error {
	run, err := e.Store.Run(ctx, w.run.ID)
	if err == nil && run.Fence != w.run.Fence {
		return errFenced
	}
	return err
}

// note takes over how far the pull is.
func (p *Progress) note(pull mirror.Progress) {
	p.PullBegun, p.Stage = true, pull.Stage
	if pull.Full {
		p.Read = pull.Read
	} else {
		p.Read += pull.Read
	}
	p.Expected = max(pull.Expected, 0)
}

// beginPlan marks what else must be planned and counts it.
func (e *Engine) beginPlan(ctx context.Context, w *work) error {
	run := w.run
	if run.Kind == Application {
		return e.beginApplication(ctx, w)
	}
	if err := e.reach(ctx, w); err != nil {
		return err
	}
	if run.Kind.Reconciles() {
		return e.caughtUp(ctx, w)
	}
	anew, err := e.planAnew(ctx, w)
	if err != nil {
		return err
	}
	if run.Kind == Full || anew {
		if err := e.Store.MarkAllDirty(ctx, w.instance); err != nil {
			return err
		}
		if err := e.Store.MarkGroupsDirty(ctx, w.instance, nil, run.Kind == Full); err != nil {
			return err
		}
	}
	if run.Kind != DryRun {
		if err := e.Store.WakeDue(ctx, w.instance, e.Now()); err != nil {
			return err
		}
	}
	count, err := e.Store.CountObjects(ctx, w.instance, run.Kind == DryRun)
	if err != nil {
		return err
	}
	run.Step, run.Progress.ToPlan = StepPlan, count
	if err := e.save(ctx, run); err != nil {
		return err
	}
	w.run = run
	return nil
}

type compiledKey struct {
	instance [16]byte
	version  int64
}

// compiled returns the rules of the run's configuration, without the terms of the destination.
func (e *Engine) compiled(ctx context.Context, w *work) (*plan.Rules, error) {
	key := compiledKey{instance: w.instance.ID, version: w.run.ConfigVersion}
	if rules, ok := e.rules.Load(key); ok {
		return rules.(*plan.Rules), nil //nolint:errcheck,forcetypeassert // nothing else is ever stored
	}
	config, err := e.Store.Settings(ctx, w.instance.ID, w.run.ConfigVersion)
	if err != nil {
		return nil, err
	}
	rules, err := config.compile()
	if err != nil {
		return nil, err
	}
	rules.Instance = w.instance.ID
	e.rules.Range(func(old, _ any) bool { // earlier versions are hardly asked for again
		if k, ok := old.(compiledKey); ok && k.instance == key.instance && k.version < key.version {
			e.rules.Delete(old)
		}
		return true
	})
	e.rules.Store(key, rules)
	return rules, nil
}
