package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// What starts runs.
const (
	TriggerSchedule      = "schedule"
	TriggerManual        = "manual"
	TriggerApproval      = "approval"
	TriggerConfiguration = "configuration"
	TriggerFollowUp      = "follow-up"
)

const (
	tickEvery  = 500 * time.Millisecond
	renewEvery = leaseTime / 3
)

// Recover takes over the runs that a process before this one left running. Only for a database that one process uses at a time.
func (e *Engine) Recover(ctx context.Context) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		runs, err := e.Store.OpenRuns(ctx, ident.ID{})
		if err != nil {
			return err
		}
		for _, run := range runs {
			if run.State != Running {
				continue
			}
			e.Logger.InfoContext(ctx, "run taken over", "run", run.ID.String(), "step", string(run.Step))
			fence := run.Fence
			run.LeaseUntil = time.Time{}
			if err := e.Store.SaveRun(ctx, run, fence); err != nil {
				return err
			}
			if err := e.Queue.Enqueue(ctx, run.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// Run starts what is due, watches connections, and renews this node's leases until the context ends.
func (e *Engine) Run(ctx context.Context) {
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { e.watch(ctx) })
	tick, renew := time.NewTicker(tickEvery), time.NewTicker(renewEvery)
	defer tick.Stop()
	defer renew.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			err = e.Tick(ctx)
		case <-renew.C:
			err = e.Store.RenewLeases(ctx, e.Node, e.Machine().Add(leaseTime))
		}
		if err != nil && ctx.Err() == nil {
			e.Logger.ErrorContext(ctx, "schedule", "error", err.Error())
		}
	}
}

// Tick starts the runs that are due and the ones that can go on, and announces credentials that end. It reads first and writes only if there is
// something to start.
func (e *Engine) Tick(ctx context.Context) error {
	return errors.Join(e.startAll(ctx), e.announceEnds(ctx))
}

// startAll starts the runs that are due and the ones that can go on.
func (e *Engine) startAll(ctx context.Context) error {
	due, err := e.due(ctx)
	if err != nil {
		return err
	}
	idle, err := e.idle(ctx)
	if err != nil || len(due)+len(idle) == 0 {
		return err
	}
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		for _, instance := range due {
			if err := e.startDue(ctx, instance.ID); err != nil {
				return err
			}
		}
		for _, run := range idle {
			if err := e.Queue.Enqueue(ctx, run.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

func (e *Engine) due(ctx context.Context) ([]Instance, error) {
	instances, err := e.Store.ListInstances(ctx, ident.ID{})
	if err != nil {
		return nil, err
	}
	now := e.Now()
	due := instances[:0]
	for _, instance := range instances {
		if instance.isDue(now) || instance.reconcileDue(now) {
			due = append(due, instance)
		}
	}
	return due, nil
}

// isDue reports whether a scheduled run is due. One that lies further ahead than any that is scheduled means that the clock was set back.
func (i Instance) isDue(now time.Time) bool {
	return i.AutoSync && (!now.Before(i.NextRunAt) || i.NextRunAt.Sub(now) > max(maxInterval, quarantineBackoff))
}

// idle returns the runs that could go on: queued first in line, done waiting, left by a
// node that died, or ours without anybody working on it, because its job ended with an error.
func (e *Engine) idle(ctx context.Context) ([]Run, error) {
	open, err := e.Store.OpenRuns(ctx, ident.ID{})
	if err != nil {
		return nil, err
	}
	now := e.Machine()
	byInstance := map[ident.ID][]Run{}
	for _, run := range open {
		byInstance[run.InstanceID] = append(byInstance[run.InstanceID], run)
	}
	var idle []Run
	for _, run := range open {
		leads := next(byInstance[run.InstanceID]).ID == run.ID
		_, working := e.active.Load(run.ID)
		switch {
		case working:
		case leads && (run.State == Queued || run.State == Waiting && run.waited(now)),
			run.State == Running && (run.Node == e.Node || now.After(run.LeaseUntil)):
			idle = append(idle, run)
		}
	}
	return idle, nil
}

// startDue starts the scheduled run of an instance unless one is under way, and its reconcile.
func (e *Engine) startDue(ctx context.Context, id ident.ID) error {
	instance, err := e.Store.Instance(ctx, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	now := e.Now()
	if err != nil {
		return err
	}
	if instance.reconcileDue(now) {
		if _, err := e.beginReconcile(ctx, instance, instance.Reconciles.kind(), TriggerSchedule, ""); err != nil {
			return err
		}
		if instance, err = e.Store.Instance(ctx, id); err != nil {
			return err
		}
	}
	if !instance.isDue(now) {
		return nil
	}
	instance.NextRunAt = now.Add(instance.Interval)
	if err := e.Store.SaveInstance(ctx, instance); err != nil {
		return err
	}
	open, err := e.Store.OpenRuns(ctx, id)
	if err != nil || slices.ContainsFunc(open, func(run Run) bool { return !run.Kind.Reconciles() }) {
		return err
	}
	_, err = e.enqueue(ctx, instance, Incremental, TriggerSchedule, "")
	return err
}

// enqueue adds a run behind the open ones of the instance. An equal run that is still queued will do. The first run of an instance is
// an initial one.
func (e *Engine) enqueue(ctx context.Context, instance Instance, kind Kind, trigger, by string) (Run, error) {
	open, err := e.Store.OpenRuns(ctx, instance.ID)
	if err != nil {
		return Run{}, err
	}
	if kind == Incremental && instance.Health.LastGoodAt.IsZero() {
		kind = Initial
	}
	for _, run := range open {
		if run.State == Queued && run.Kind == kind {
			return e.adopt(ctx, run, trigger, by)
		}
	}
	return e.add(ctx, instance, kind, trigger, by, behind(open))
}

// behind reports whether a new run waits for one of those that are open.
func behind(open []Run) bool {
	return slices.ContainsFunc(open, func(run Run) bool { return !run.Kind.Reconciles() || run.State == Running })
}

// add inserts a run; one that is behind others is taken up when the one before it ends.
func (e *Engine) add(ctx context.Context, instance Instance, kind Kind, trigger, by string, behind bool) (Run, error) {
	now := e.Now()
	run := Run{
		ID: ident.New(now), OrgID: instance.OrgID, InstanceID: instance.ID, Kind: kind, Trigger: trigger, RequestedBy: by, State: Queued,
		Step: StepPull, ConfigVersion: instance.ConfigVersion, QueuedAt: now,
	}
	if err := e.Store.InsertRun(ctx, run); err != nil || behind {
		return run, err
	}
	return run, e.Queue.Enqueue(ctx, run.ID)
}

// adopt makes a scheduled run that is still queued the one that was asked for, since whoever asked is told its id: it is kept when it finds
// nothing, and goes on when Auto Sync is switched off.
func (e *Engine) adopt(ctx context.Context, run Run, trigger, by string) (Run, error) {
	if run.Trigger != TriggerSchedule || trigger == TriggerSchedule {
		return run, nil
	}
	run.Trigger, run.RequestedBy = trigger, by
	return run, e.Store.SaveRun(ctx, run, run.Fence)
}
