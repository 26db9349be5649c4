package engine

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/notify"
)

// overdueRuns is how many runs in a row must have failed before it is announced that there was no good one.
const overdueRuns = 3

// announceOverdue announces that there was no good run in three intervals (D20), once until there is one: as a log line, as an event in the audit log,
// and by mail. In quarantine people have been told already. The caller saves the instance.
func (e *Engine) announceOverdue(ctx context.Context, instance *Instance) error {
	health := &instance.Health
	if !health.OverdueAt.IsZero() || health.Quarantine != nil || !health.DisabledAt.IsZero() || !instance.overdue(e.Now()) {
		return nil
	}
	health.OverdueAt = e.Now()
	e.Logger.ErrorContext(ctx, "no good run in three intervals", "instance", instance.ID.String(), "last_good", health.LastGoodAt)
	facts, after := notify.Facts{Since: health.LastGoodAt}, attr.Record{}
	if !health.LastGoodAt.IsZero() {
		after.Set("lastGoodAt", health.LastGoodAt.UTC().Format(time.RFC3339))
	}
	if failure := health.LastFailure; failure != nil {
		facts.Code, facts.Reason, facts.Remedy = failure.Code, failure.Message, failure.Remedy
		after.Set("code", failure.Code)
		after.Set("reason", failure.Message)
	}
	if err := e.tell(ctx, *instance, notify.Overdue, health.OverdueAt.UTC().Format(time.RFC3339Nano), facts); err != nil {
		return err
	}
	return e.record(ctx, *instance, "instance.overdue", nil, after)
}

// announceIdle announces the instances that are overdue because none of their runs comes to an end: none is at work, or it waits for the tenant. A run
// that is at work, such as a first one of many people, is not in the way of any good one.
func (e *Engine) announceIdle(ctx context.Context) error {
	instances, err := e.Store.ListInstances(ctx, ident.ID{})
	if err != nil {
		return err
	}
	now := e.Now()
	for _, instance := range instances {
		if !instance.overdue(now) || !instance.Health.OverdueAt.IsZero() || instance.Health.Quarantine != nil {
			continue
		}
		err := e.Store.InTx(ctx, func(ctx context.Context) error { return e.announceIfIdle(ctx, instance.ID) })
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
	}
	return nil
}

func (e *Engine) announceIfIdle(ctx context.Context, id ident.ID) error {
	instance, err := e.Store.Instance(ctx, id)
	if err != nil {
		return err
	}
	open, err := e.Store.OpenRuns(ctx, id)
	if err != nil || slices.ContainsFunc(open, func(run Run) bool { return !run.Kind.Reconciles() && run.State != Waiting }) {
		return err
	}
	if err := e.announceOverdue(ctx, &instance); err != nil {
		return err
	}
	return e.Store.SaveInstance(ctx, instance)
}
