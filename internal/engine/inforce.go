package engine

import (
	"context"
	"slices"

	"rollcall/internal/fault"
)

// standIn lets a run go on with the settings that are in force when the tenant refuses to tell what newer ones need (rule 5): somebody who
// is dismissed meanwhile must not keep access because an attribute cannot be read. It reports whether it did; the run then begins its pull again.
// The refusal stays the instance's last failure until the newer settings are in force or others are saved.
func (e *Engine) standIn(ctx context.Context, w *work, cause error) (bool, error) {
	refused := fault.Is(cause, fault.Denied) || fault.Is(cause, fault.Invalid) || fault.Is(cause, fault.NotFound)
	if !refused || w.run.Kind != Incremental || w.run.Progress.Passed != 0 {
		return false, nil
	}
	instance, err := e.Store.Instance(ctx, w.instance.ID)
	if err != nil || instance.Health.InForce == 0 || instance.Health.InForce >= w.run.ConfigVersion {
		return false, err
	}
	run := w.run.clone()
	run.Progress.Passed, run.Progress.Refusal, run.ConfigVersion = run.ConfigVersion, failureOf(cause), instance.Health.InForce
	run.Progress.PullBegun = false
	older := *w
	older.run = run
	rules, err := e.compiled(ctx, &older)
	if err != nil {
		return false, err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	if err != nil {
		return false, err
	}
	for _, property := range rules.Needs() {
		if !slices.Contains(cursor.Attributes, property) {
			return false, nil
		}
	}
	e.Logger.WarnContext(ctx, "newer settings cannot be put in force", "instance", instance.ID.String(), "version", run.Progress.Passed,
		"in_force", run.ConfigVersion, "error", cause.Error())
	if err := e.Store.InTx(ctx, func(ctx context.Context) error { return e.save(ctx, run) }); err != nil {
		return false, err
	}
	w.run = run
	return true, nil
}

// outdated reports whether settings were saved that are newer than the run's, and than those that it had to pass over.
func (r Run) outdated(instance Instance) bool {
	return instance.ConfigVersion != r.ConfigVersion && instance.ConfigVersion != r.Progress.Passed
}

// putInForce notes the settings with which a good run planned, or why newer ones could not be.
func (h *Health) putInForce(run Run) {
	h.InForce, h.LastFailure = run.ConfigVersion, nil
	if refusal := run.Progress.Refusal; refusal != nil {
		pending := *refusal
		pending.Message = "The settings saved last are not in force, because the tenant refuses what they need (" + refusal.Message + "); the former ones are"
		h.LastFailure = &pending
	}
}
