package engine

import (
	"context"
	"time"
)

// planAnew reports whether everybody has to be planned although nothing changed in the tenant: because other settings come into force than
// those of the last good run, which may have left nobody dirty for them; or because a day began (UTC) since that was done last, and
// expressions that look at the clock give other values then. It notes the day.
func (e *Engine) planAnew(ctx context.Context, w *work) (bool, error) {
	rules, err := e.compiled(ctx, w)
	if err != nil || w.run.Kind == DryRun {
		return false, err
	}
	instance, err := e.Store.Instance(ctx, w.instance.ID)
	if err != nil {
		return false, err
	}
	health, today := &instance.Health, e.Now().UTC().Truncate(24*time.Hour)
	others := health.InForce != 0 && health.InForce != w.run.ConfigVersion
	if len(rules.Mapping.Timed()) == 0 || health.PlannedAt.UTC().Truncate(24*time.Hour).Equal(today) {
		return others, nil
	}
	health.PlannedAt = e.Now().UTC()
	return true, e.Store.SaveInstance(ctx, instance)
}
