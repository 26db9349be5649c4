package engine

import (
	"context"
	"time"
)

// newDay reports whether everybody has to be planned because a day began (UTC) since that was done last: expressions that look at the
// clock give other values then, although nothing changed in the tenant. It notes that it is done now.
func (e *Engine) newDay(ctx context.Context, w *work) (bool, error) {
	rules, err := e.compiled(ctx, w)
	if err != nil || w.run.Kind == DryRun || !rules.Mapping.UsesClock() {
		return false, err
	}
	instance, err := e.Store.Instance(ctx, w.instance.ID)
	if err != nil {
		return false, err
	}
	now := e.Now().UTC()
	if instance.Health.PlannedAt.UTC().Truncate(24 * time.Hour).Equal(now.Truncate(24 * time.Hour)) {
		return false, nil
	}
	instance.Health.PlannedAt = now
	return true, e.Store.SaveInstance(ctx, instance)
}
