package engine

import (
	"context"
	"time"

	"rollcall/internal/plan"
)

// guardWindow is over how long removals are added up.
const guardWindow = 24 * time.Hour

// guard holds back too many removals and settles who gets which name.
func (e *Engine) guard(ctx context.Context, w *work) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		if err := e.holdRemovals(ctx, w, &run); err != nil {
			return err
		}
		if err := e.resolveNames(ctx, &run); err != nil {
			return err
		}
		run.Step = StepApply
		if run.Kind.Dry() {
			run.Step = StepEnd
		}
		if err := e.save(ctx, run); err != nil {
			return err
		}
		w.run = run
		return nil
	})
}

func (e *Engine) holdRemovals(ctx context.Context, w *work, run *Run) error {
	removals := run.Progress.Removals
	if removals == 0 || run.Kind == OnDemand { // asked for by name; counted in the 24 hours all the same
		return nil
	}
	config, err := e.Store.Settings(ctx, w.instance.ID, run.ConfigVersion)
	if err != nil {
		return err
	}
	recent, err := e.Store.RecentRemovals(ctx, w.instance.ID, e.Now().Add(-guardWindow))
	if err != nil {
		return err
	}
	if removals+recent <= min(config.Thresholds.Count, config.Thresholds.Absolute) {
		return nil // so few pass whatever their share is, and counting everybody is what costs most when one person leaves
	}
	links, err := e.Store.CountLinks(ctx, w.instance.ID)
	if err != nil {
		return err
	}
	run.Progress.Held = config.Thresholds.Check(plan.Removals{Planned: removals, Recent: recent, Managed: links[plan.InScope]})
	if run.Progress.Held == "" {
		return nil
	}
	if run.Kind == DryRun {
		run.Progress.count("held", removals)
		return nil
	}
	held, err := e.Store.HoldRemovals(ctx, run.ID, e.Now())
	if err != nil {
		return err
	}
	run.Progress.ToApply -= held
	run.Progress.count("held", held)
	return nil
}

// resolveNames orders the entries that want each other's names and fails those whose name stays taken.
func (e *Engine) resolveNames(ctx context.Context, run *Run) error {
	entries, err := e.Store.NameClaims(ctx, run.ID)
	if err != nil || len(entries) == 0 {
		return err
	}
	claims := make([]plan.Claim, len(entries))
	byID := make(map[[16]byte]Entry, len(entries))
	for i, entry := range entries {
		byID[entry.ID] = entry
		claims[i] = claimOf(entry)
	}
	for _, resolution := range plan.ResolveNames(claims) {
		entry := byID[resolution.Entry]
		if resolution.Rank == 0 && !resolution.Park && !resolution.Failed {
			continue
		}
		entry.Rank, entry.Park = resolution.Rank, resolution.Park
		if resolution.Failed {
			e.nameHeld(&entry, resolution.Holder, run)
		}
		if err := e.Store.RankEntry(ctx, entry); err != nil {
			return err
		}
	}
	return nil
}

func claimOf(entry Entry) plan.Claim {
	return plan.Claim{
		Entry: entry.ID, Object: entry.ObjectID, Phase: entry.Phase, Takes: entry.TakesName, Frees: entry.FreesName,
		Holder: entry.HolderID, HolderName: entry.HolderName, SourceName: entry.SourceName,
		Blocked: entry.State != Planned && entry.State != Proposed,
	}
}

// nameHeld fails an entry whose name cannot be had. A deactivation goes on without the name. The rest of the change is kept, so that it is
// recognised when it is planned again.
func (e *Engine) nameHeld(entry *Entry, holder string, run *Run) {
	without := entry.NameHeld(holder)
	if without.Action != plan.Fail {
		entry.Change = without
		return
	}
	now := e.Now()
	entry.Reason = without.Reason
	dry := entry.State == Proposed
	if dry {
		run.Progress.count(string(entry.Action), -1)
	} else {
		run.Progress.ToApply--
	}
	run.Progress.count("failed", 1)
	entry.failed(now, !dry && !run.Kind.Undoes())
}

// failed notes one more failure of the entry; open entries are tried again.
func (entry *Entry) failed(now time.Time, open bool) {
	entry.State, entry.Open, entry.SettledAt = EntryFailed, open, now
	entry.Attempts++
	if entry.FailedAt.IsZero() {
		entry.FailedAt = now
	}
	entry.RetryAt = retryAt(entry.FailedAt, entry.Attempts, now)
}
