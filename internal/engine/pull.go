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
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	tenant, err := e.Tenant(w.connection)
	if err != nil {
		return err
	}
	puller := &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
	want := mirror.Want{Attributes: rules.Needs(), Full: w.run.Kind == Full}
	until := e.Machine().Add(saveEvery)
	for {
		progress, err := puller.Step(ctx, want, !w.run.Progress.PullBegun)
		if fault.Is(err, fault.Stale) { // another run of the connection took a page meanwhile, or the connection is gone
			if err := e.still(ctx, w); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
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
	anew, err := e.newDay(ctx, w)
	if err != nil {
		return err
	}
	if run.Kind == Full || anew {
		if err := e.Store.MarkAllDirty(ctx, w.instance); err != nil {
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
	e.rules.Store(key, rules)
	return rules, nil
}
