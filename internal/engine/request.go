package engine

import (
	"context"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// SyncNow asks for a run: Incremental, Full or DryRun. An equal run that is still queued is returned instead.
func (e *Engine) SyncNow(ctx context.Context, id ident.ID, kind Kind) (Run, error) {
	if kind != Incremental && kind != Full && kind != DryRun {
		return Run{}, fault.New(fault.Invalid, "BadKind", "%q cannot be asked for; use incremental, full or dry-run", kind)
	}
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if run, err = e.enqueue(ctx, instance, kind, TriggerManual, audit.ActorOf(ctx).Name); err != nil {
			return err
		}
		return e.record(ctx, instance, "instance.sync", nil, attr.From(map[string]any{"kind": string(run.Kind), "run": run.ID.String()}))
	})
	return run, err
}

// Decide approves or rejects held changes, by entry id, or all if ids is nil. Approved ones are applied by a run that starts at once, if
// they are still what was approved (rule 9). Whoever approves a rejected change by its id takes the rejection back. It returns how many were decided:
// none of all is no error.
func (e *Engine) Decide(ctx context.Context, id ident.ID, ids []ident.ID, approve bool) (int, error) {
	state, action := Rejected, "held.reject"
	if approve {
		state, action = Approved, "held.approve"
	}
	var count int
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		by := audit.ActorOf(ctx).Name
		if count, err = e.Store.DecideEntries(ctx, instance, ids, state, by, e.Now()); err != nil {
			return err
		}
		switch {
		case count == 0 && ids == nil:
			return nil // nothing waits
		case count == 0:
			return fault.New(fault.NotFound, "NothingHeld", "none of these changes is held now").WithRemedy("List them with `rollcall held list`.")
		}
		if err := e.record(ctx, instance, action, nil, attr.From(map[string]any{"changes": float64(count)})); err != nil {
			return err
		}
		if !approve {
			return nil
		}
		_, err = e.enqueue(ctx, instance, Incremental, TriggerApproval, by)
		return err
	})
	return count, err
}

// DomainsChanged plans again whoever failed for the domain rule; called after domains or their switch changed.
func (e *Engine) DomainsChanged(ctx context.Context, org ident.ID) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		if err := e.Store.WakeCode(ctx, org, []string{"InvalidDomain", "UnverifiedDomain"}); err != nil {
			return err
		}
		return e.hasten(ctx, org)
	})
}
