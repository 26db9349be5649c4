package engine

import (
	"context"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/notify"
)

// Quarantine and its end (D11).
const (
	quarantineMinimum = 20
	quarantineShare   = 0.4
	quarantineBackoff = 24 * time.Hour
	disabledAfter     = 28 * 24 * time.Hour
)

// quarantine takes the instance into quarantine, or deeper. At entry, when the reason changes, and when the instance is disabled for it, this is
// announced once: as a log line, as an event in the organization's audit log, and by mail.
func (e *Engine) quarantine(ctx context.Context, instance *Instance, run *Run, failure *Failure) error {
	health := &instance.Health
	action, kind := "quarantine.change", notify.QuarantineChanged
	if health.Quarantine == nil {
		health.Quarantine = &Quarantine{Since: run.EndedAt}
		action, kind = "quarantine.begin", notify.QuarantineBegun
	}
	q := *health.Quarantine
	if q.Code != failure.Code || action == "quarantine.begin" {
		e.Logger.ErrorContext(ctx, "instance in quarantine", "instance", instance.ID.String(), "code", failure.Code, "reason", failure.Message)
		before := attr.Record{}
		if q.Code != "" {
			before.Set("code", q.Code)
		}
		err := e.record(ctx, *instance, action, before, attr.From(map[string]any{"code": failure.Code, "reason": failure.Message, "run": run.ID.String()}))
		if err != nil {
			return err
		}
		if err := e.tellQuarantine(ctx, *instance, run, kind, q.Since, failure); err != nil {
			return err
		}
	}
	q.Code, q.Reason, q.Remedy = failure.Code, failure.Message, failure.Remedy
	q.Attempts++
	health.Quarantine = &q
	backoff := quarantineBackoff
	if shift := q.Attempts; shift < 16 {
		backoff = min(backoff, instance.Interval<<shift)
	}
	instance.NextRunAt = run.EndedAt.Add(backoff)
	if run.EndedAt.Sub(q.Since) < disabledAfter || !health.DisabledAt.IsZero() {
		return nil
	}
	health.DisabledAt, instance.AutoSync = run.EndedAt, false
	e.Logger.ErrorContext(ctx, "instance disabled after 28 days in quarantine", "instance", instance.ID.String())
	if err := e.tellQuarantine(ctx, *instance, run, notify.Disabled, q.Since, failure); err != nil {
		return err
	}
	return e.record(ctx, *instance, "quarantine.disable", attr.From(map[string]any{"autoSync": true}),
		attr.From(map[string]any{"autoSync": false, "code": q.Code, "reason": q.Reason}))
}

// tellQuarantine has people told of a step into quarantine, once for the run that made it.
func (e *Engine) tellQuarantine(ctx context.Context, instance Instance, run *Run, kind notify.Kind, since time.Time, failure *Failure) error {
	return e.tell(ctx, instance, kind, run.ID.String(), notify.Facts{Code: failure.Code, Reason: failure.Message, Remedy: failure.Remedy, Since: since})
}

// endQuarantine lets the instance leave quarantine, after a good run. That may be one by hand, long before the back-off is over.
func (e *Engine) endQuarantine(ctx context.Context, instance *Instance, run *Run) error {
	was := instance.Health.Quarantine
	if was == nil {
		return nil
	}
	if next := run.EndedAt.Add(instance.Interval); instance.NextRunAt.After(next) {
		instance.NextRunAt = next
	}
	instance.Health.Quarantine = nil
	e.Logger.InfoContext(ctx, "quarantine ended", "instance", instance.ID.String(), "since", was.Since)
	return e.record(ctx, *instance, "quarantine.end", attr.From(map[string]any{"code": was.Code, "since": was.Since.UTC().Format(time.RFC3339)}), nil)
}
