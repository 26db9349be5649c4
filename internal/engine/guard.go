package engine

import (
	"context"
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// guardWindow is over how long removals are added up.
const guardWindow = 24 * time.Hour

// guard holds back too many removals and settles who gets which name.
func (e *Engine) guard(ctx context.Context, w *work) error {
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		if err := e.holdRemovals(ctx, w, run); err != nil {
			return err
		}
		if run.Progress.Part == PartUsers {
			if err := e.resolveNames(ctx, w, run); err != nil {
				return err
			}
		}
		run.Step = StepApply
		if !run.Kind.Dry() {
			return nil
		}
		return e.nextPart(ctx, w, run)
	})
}

func (e *Engine) holdRemovals(ctx context.Context, w *work, run *Run) error {
	if run.Kind == OnDemand || run.Kind.Undoes() { // asked for by name; counted in the 24 hours all the same
		return nil
	}
	config, err := e.Store.Settings(ctx, w.instance.ID, run.ConfigVersion)
	switch {
	case err != nil:
		return err
	case run.Progress.Part == PartMembers:
		return e.holdLeaves(ctx, w, run, config.Thresholds.OfMembers())
	case run.Progress.Removals == 0:
		return nil
	}
	of := run.Progress.Part.of()
	recent, err := e.Store.RecentRemovals(ctx, w.instance.ID, of, 0, e.Now().Add(-guardWindow))
	if err != nil {
		return err
	}
	held, err := e.weigh(ctx, w.instance, of, config.Thresholds, plan.Removals{Planned: run.Progress.Removals, Recent: recent})
	if err != nil || held == "" {
		return err
	}
	return e.hold(ctx, run, 0, run.Progress.Removals, held)
}

// weigh says why removals of users or groups must be held, "" if they may pass.
func (e *Engine) weigh(
	ctx context.Context, instance Instance, of plan.ObjectType, thresholds plan.Thresholds, removals plan.Removals,
) (string, error) {
	total := removals.Planned + removals.Recent
	if of == plan.Group {
		share := thresholds.OfGroups()
		if total <= share.Count {
			return "", nil
		}
		managed, err := e.Store.CountGroupLinks(ctx, instance.ID)
		removals.Managed = managed
		return share.Check(removals, "managed groups"), err
	}
	if total <= min(thresholds.Count, thresholds.Absolute) {
		return "", nil // so few pass whatever their share is, and counting everybody is what costs most when one person leaves
	}
	links, err := e.Store.CountLinks(ctx, instance.ID)
	removals.Managed = links[plan.InScope]
	return thresholds.Check(removals), err
}

// hold keeps the run's removals back: those of the part, or those of one group's members.
func (e *Engine) hold(ctx context.Context, run *Run, group int64, count int, because string) error {
	outcome := "held"
	if group != 0 {
		outcome = heldMembers
	}
	run.Progress.count(outcome, count)
	switch {
	case run.Progress.Held == "":
		run.Progress.Held = because
	case len(run.Progress.Held) < longestHeld:
		run.Progress.Held += "; " + because
	}
	if run.Kind == DryRun {
		return e.Store.HoldProposed(ctx, run.ID, run.Progress.Part.of(), group)
	}
	held, err := e.Store.HoldRemovals(ctx, run.ID, run.Progress.Part.of(), group, e.Now())
	run.Progress.ToApply -= held
	if held > 0 {
		run.Progress.NewlyHeld.add(run.Progress.Part, count)
	}
	return err
}

// longestHeld is after how many characters no more reasons are added to why removals were held.
const longestHeld = 1000

// resolveNames orders the entries that want each other's names and fails those whose name stays taken.
func (e *Engine) resolveNames(ctx context.Context, w *work, run *Run) error {
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
	var failed []Entry
	for _, resolution := range plan.ResolveNames(claims) {
		entry := byID[resolution.Entry]
		if resolution.Rank == 0 && !resolution.Park && !resolution.Failed {
			continue
		}
		entry.Rank, entry.Park = resolution.Rank, resolution.Park
		switch {
		case resolution.Failed && run.Kind == Application:
			if err := e.nameChanged(ctx, w, &entry, run); err != nil {
				return err
			}
		case resolution.Failed:
			e.nameHeld(&entry, resolution.Holder, run)
		}
		if entry.Open {
			failed = append(failed, entry)
		}
		if err := e.Store.RankEntry(ctx, entry); err != nil {
			return err
		}
	}
	return e.wakeHolders(ctx, w, run, failed)
}

// wakeHolders has those who hold the names of others planned together with these in a follow-up run, if they wait for a name themselves: names that go
// round in a circle change hands only when all of them do in one run.
func (e *Engine) wakeHolders(ctx context.Context, w *work, run *Run, failed []Entry) error {
	var holders []ident.ID
	var sources []string
	for _, entry := range failed {
		if !entry.HolderID.IsZero() {
			holders, sources = append(holders, entry.HolderID), append(sources, entry.SourceID)
		}
	}
	if len(holders) == 0 {
		return nil
	}
	woken, err := e.Store.WakeHolders(ctx, w.instance.ID, run.ID, holders)
	if err != nil || woken == 0 {
		return err
	}
	run.Progress.FollowUp = true
	return e.Store.MarkDirty(ctx, w.instance, sources)
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
		return // the name follows in a run of its own, or fails there
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

// nameChanged supersedes a change that a dry run showed: its name was to be had then, and is not now.
func (e *Engine) nameChanged(ctx context.Context, w *work, entry *Entry, run *Run) error {
	entry.State, entry.Open, entry.SettledAt = Superseded, false, e.Now()
	entry.Reason = plan.Reason{Code: plan.ChangedSince, Text: "the name that it takes was to be had when the dry run was made, and is not any more"}
	run.Progress.ToApply--
	run.Progress.count("superseded", 1)
	run.Progress.FollowUp = true
	return e.Store.MarkDirty(ctx, w.instance, []string{entry.SourceID})
}

// failed notes one more failure of the entry; open entries are tried again.
func (entry *Entry) failed(now time.Time, open bool) {
	entry.State, entry.Open, entry.SettledAt = EntryFailed, open, now
	entry.Attempts++
	if entry.FailedAt.IsZero() {
		entry.FailedAt = now
	}
	entry.RetryAt = retryAt(entry.FailedAt, now)
}
