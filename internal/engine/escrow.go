package engine

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Escrow keeps what failed and waits for another try: open failed entries of the journal. Methods join the transaction of the context.
type Escrow interface {
	// RetryEntries makes the next try of open failed entries of the instance due, by id or all if ids is nil, and returns how many.
	RetryEntries(ctx context.Context, instance ident.ID, ids []ident.ID, due time.Time) (int, error)
	// Woken returns the instances of the organization with Auto Sync whose next run lies behind the time, and that have something to plan again
	// whose change failed: a person, a group, or members of a group.
	Woken(ctx context.Context, org ident.ID, now time.Time) ([]Instance, error)
}

// Working is runs, and what they try again.
type Working interface {
	Runs
	Escrow
}

// RetryNow has failed changes tried again by a run that starts at once, by entry id, or all if ids is empty. It returns how many, and the run: none
// and no run if all are nothing.
// Their schedule goes on as if the try had been due.
func (e *Engine) RetryNow(ctx context.Context, id ident.ID, ids []ident.ID) (int, Run, error) {
	var count int
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			ids = nil
		}
		if count, err = e.Store.RetryEntries(ctx, id, ids, e.Now()); err != nil {
			return err
		}
		switch {
		case count == 0 && ids == nil:
			return nil
		case count == 0:
			return fault.New(fault.NotFound, "NothingFailed", "none of these changes waits for another try now").
				WithRemedy("List them with `rollcall failed list`.")
		}
		if run, err = e.enqueue(ctx, instance, Incremental, TriggerManual, audit.ActorOf(ctx).Name); err != nil {
			return err
		}
		return e.record(ctx, instance, "failed.retry", nil, attr.From(map[string]any{"changes": float64(count), "run": run.ID.String()}))
	})
	return count, run, err
}

// hasten has the instances run at once whose failed changes were woken, instead of at the end of their interval (D16). One in quarantine keeps
// its distance: its runs fail as a whole.
func (e *Engine) hasten(ctx context.Context, org ident.ID) error {
	now := e.Now()
	woken, err := e.Store.Woken(ctx, org, now)
	if err != nil {
		return err
	}
	for _, instance := range woken {
		if instance.Health.Quarantine != nil {
			continue
		}
		instance.NextRunAt = now
		if err := e.Store.SaveInstance(ctx, instance); err != nil {
			return err
		}
	}
	return nil
}

// released plans again whoever failed for a name or an object that changed hands by a person or a token.
func (e *Engine) released(ctx context.Context, org ident.ID, names []string, objects []ident.ID) error {
	if err := e.Store.WakeFailed(ctx, org, names, objects); err != nil {
		return err
	}
	return e.hasten(ctx, org)
}
