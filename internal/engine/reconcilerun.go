package engine

import (
	"context"
	"fmt"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Reconciles says when and how an instance compares both sides completely (D19).
type Reconciles struct {
	// Every is the time between the begins of two, 0 for never by itself. They begin by themselves only while Auto Sync is on.
	Every time.Duration
	// Repair what differs; otherwise it is only reported.
	Repair bool
	// PerSecond is how many objects are looked at in a second at most, 0 for no limit.
	PerSecond int
}

// Limits of Reconciles.
const (
	minReconcileEvery = time.Minute
	maxReconcileEvery = 366 * 24 * time.Hour
	mostPerSecond     = 1_000_000
	// reconcileAgain is when a reconcile that failed is tried again, if the next one is not due earlier.
	reconcileAgain = 24 * time.Hour
)

// DefaultReconciles is weekly, with repair, and slow enough for a tenant, a database and a destination that do other work: 500,000 people, each
// looked at in the tenant, in the mirror and in the destination, in about twenty minutes.
func DefaultReconciles() Reconciles {
	return Reconciles{Every: 7 * 24 * time.Hour, Repair: true, PerSecond: 2000}
}

// Check fails as fault.Invalid; nil is the default.
func (r *Reconciles) Check() error {
	switch {
	case r == nil:
		return nil
	case r.Every != 0 && (r.Every < minReconcileEvery || r.Every > maxReconcileEvery):
		return fault.New(fault.Invalid, "BadInterval", "a reconcile every %s is not between %s and a year; 0 is never", r.Every, minReconcileEvery)
	case r.PerSecond < 0 || r.PerSecond > mostPerSecond:
		return fault.New(fault.Invalid, "BadPace", "a reconcile looks at 1 to %d objects in a second; 0 is no limit", mostPerSecond)
	}
	return nil
}

// text tells it in the audit log.
func (r Reconciles) text() string {
	what, pace := "only reported", "without limit"
	if r.Repair {
		what = "repaired"
	}
	if r.PerSecond > 0 {
		pace = fmt.Sprintf("%d a second", r.PerSecond)
	}
	if r.Every == 0 {
		return fmt.Sprintf("never; %s, %s", what, pace)
	}
	return fmt.Sprintf("every %s, %s, %s", r.Every, what, pace)
}

// kind is that of the runs that begin by themselves.
func (r Reconciles) kind() Kind {
	if r.Repair {
		return Reconcile
	}
	return ReconcileReport
}

// LastReconcile is what the last reconcile left behind, and when it was begun.
type LastReconcile struct {
	Run ident.ID `json:"run"`
	// BegunAt is when it was asked for; EndedAt is zero while it is not over.
	BegunAt time.Time `json:"begunAt"`
	EndedAt time.Time `json:"endedAt,omitzero"`
	// Repairs: what differs is repaired by the runs after it.
	Repairs bool `json:"repairs,omitempty"`
	// Drift is how many users, groups and memberships differed.
	Drift int `json:"drift"`
	// Failure says why it did not go through; nil otherwise.
	Failure *Failure `json:"failure,omitempty"`
}

// NextReconcileAt is when the next reconcile begins by itself; zero if none does.
func (i Instance) NextReconcileAt() time.Time {
	if !i.AutoSync || i.Reconciles.Every == 0 || i.Health.LastGoodAt.IsZero() {
		return time.Time{}
	}
	last := i.Health.Reconcile
	if last == nil {
		return i.CreatedAt.Add(i.Reconciles.Every)
	}
	every := i.Reconciles.Every
	if last.Failure != nil {
		every = min(every, reconcileAgain)
	}
	return last.BegunAt.Add(every)
}

// reconcileDue reports whether a reconcile begins by itself now: not while runs are held off.
func (i Instance) reconcileDue(now time.Time) bool {
	at := i.NextReconcileAt()
	if at.IsZero() || i.Health.Quarantine != nil || !i.Health.DisabledAt.IsZero() {
		return false
	}
	return !now.Before(at) || at.Sub(now) > maxReconcileEvery // the clock was set back
}

// Reconcile asks for a run that compares the tenant, the mirror and the destination completely (D19): with repair, what differs is planned by the runs
// that follow, behind their guards; without, it is only said. The run gives way to all others. One of the same kind that is not over is returned
// instead. Before the first good run it fails as fault.Conflict: that one reads everything.
func (e *Engine) Reconcile(ctx context.Context, id ident.ID, repair bool) (Run, error) {
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		if instance.Health.LastGoodAt.IsZero() {
			return fault.New(fault.Conflict, "NeverRun", "the instance %s has not had a good run yet, so there is nothing to compare", instance.Name).
				WithRemedy("Start its first run with `rollcall sync`; it reads and plans everything.")
		}
		kind := Reconciles{Repair: repair}.kind()
		if run, err = e.beginReconcile(ctx, instance, kind, TriggerManual, audit.ActorOf(ctx).Name); err != nil {
			return err
		}
		return e.record(ctx, instance, "instance.reconcile", nil, attr.From(map[string]any{"kind": string(kind), "run": run.ID.String()}))
	})
	return run, err
}

// beginReconcile adds a reconcile unless one of the kind is open, and notes it.
func (e *Engine) beginReconcile(ctx context.Context, instance Instance, kind Kind, trigger, by string) (Run, error) {
	open, err := e.Store.OpenRuns(ctx, instance.ID)
	if err != nil {
		return Run{}, err
	}
	for _, run := range open {
		if run.Kind == kind {
			return run, nil
		}
	}
	run, err := e.add(ctx, instance, kind, trigger, by, len(open) > 0)
	if err != nil {
		return run, err
	}
	instance.Health.Reconcile = &LastReconcile{Run: run.ID, BegunAt: run.QueuedAt, Repairs: kind == Reconcile}
	return run, e.Store.SaveInstance(ctx, instance)
}

// reconciled notes the end of a reconcile in the health of its instance.
func (e *Engine) reconciled(ctx context.Context, run Run) error {
	instance, err := e.Store.Instance(ctx, run.InstanceID)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	last := instance.Health.Reconcile
	if last == nil || last.Run != run.ID {
		last = &LastReconcile{Run: run.ID, BegunAt: run.QueuedAt, Repairs: run.Kind == Reconcile}
	}
	last.EndedAt, last.Drift, last.Failure = run.EndedAt, run.Progress.Drift(), run.Failure
	instance.Health.Reconcile = last
	level := e.Logger.InfoContext
	if last.Drift > 0 {
		level = e.Logger.WarnContext
	}
	level(ctx, "reconciled", "run", run.ID.String(), "instance", instance.ID.String(), "state", string(run.State), "drift", last.Drift, "repairs", last.Repairs)
	return e.Store.SaveInstance(ctx, instance)
}
