package engine

import (
	"context"
	"time"

	"rollcall/internal/attr"
)

// Quarantine and its end (D11).
const (
	quarantineMinimum = 20
	quarantineShare   = 0.4
	quarantineBackoff = 24 * time.Hour
	disabledAfter     = 28 * 24 * time.Hour
)

// quarantine takes the instance into quarantine, or deeper. At entry, when the reason changes, and when the instance is disabled for it, this is
// announced once: as a log line, and as an event in the organization's audit log.
func (e *Engine) quarantine(ctx context.Context, instance *Instance, run *Run, failure *Failure) error {
	health := &instance.Health
	action := "quarantine.change"
	if health.Quarantine == nil {
		health.Quarantine = &Quarantine{Since: run.EndedAt}
		action = "quarantine.begin"
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
	return e.record(ctx, *instance, "quarantine.disable", attr.From(map[string]any{"autoSync": true}),
		attr.From(map[string]any{"autoSync": false, "code": q.Code, "reason": q.Reason}))
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
