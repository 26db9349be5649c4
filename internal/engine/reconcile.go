package engine

import (
	"context"
	"time"

	"rollcall/internal/fault"
	"rollcall/internal/mirror"
)

// ReconcileStage is a part of a reconcile.
type ReconcileStage string

// The stages of a reconcile, in their order: first the tenant with the mirror, then the mirror with the destination, then the destination with what
// the instance tied.
const (
	ReconcileTenantUsers  ReconcileStage = "tenant-users"
	ReconcileTenantGroups ReconcileStage = "tenant-groups"
	ReconcileUsers        ReconcileStage = "users"
	ReconcileGroups       ReconcileStage = "groups"
	ReconcileMembers      ReconcileStage = "members"
	ReconcileOwnedUsers   ReconcileStage = "owned-users"
	ReconcileOwnedGroups  ReconcileStage = "owned-groups"
)

// ofTenant reports whether the stage is about tenant and mirror.
func (s ReconcileStage) ofTenant() bool {
	return s == ReconcileTenantUsers || s == ReconcileTenantGroups
}

// part is what the journal's lines of the stage are about.
func (s ReconcileStage) part() Part {
	switch s {
	case ReconcileGroups, ReconcileOwnedGroups:
		return PartGroups
	case ReconcileMembers:
		return PartMembers
	default:
		return PartUsers
	}
}

// Reconciling is how far a reconcile is. Users and groups of the mirror go on behind Progress.After, members behind Progress.Members.
type Reconciling struct {
	// Stage that comes next; "" before the first.
	Stage ReconcileStage `json:"stage,omitempty"`
	// CaughtUp: the mirror holds the latest changes, and nobody reads the tenant in full.
	CaughtUp bool `json:"caughtUp,omitempty"`
	// Renewed: a remote destination reads all its objects again.
	Renewed bool `json:"renewed,omitempty"`
	// Users is how far the tenant's users were compared, GroupsAfter the last group whose members were asked for, by its Seq.
	Users       mirror.Audit `json:"users,omitzero"`
	GroupsAfter int64        `json:"groupsAfter,omitempty"`
	// Differs: the group whose members are compared differs in some of them.
	Differs bool `json:"differs,omitempty"`
	// Place is where the destination's list of what the instance owns goes on.
	Place string `json:"place,omitempty"`
}

// drift is the outcome that counts what a reconcile found: users, groups, and memberships.
const drift = "drift"

// Drift is how much a reconcile found: users, groups, and memberships.
func (p Progress) Drift() int { return p.Counts[drift] + p.Groups[drift] }

// pace is what a reconcile did since it was taken up last, by the machine's clock.
type pace struct {
	since time.Time
	done  int
}

// rest is how long work on so many objects has to pause, so that no more than perSecond are looked at in a second; 0 perSecond is no limit.
func (p pace) rest(now time.Time, perSecond int) time.Duration {
	if perSecond <= 0 {
		return 0
	}
	return p.since.Add(time.Duration(p.done) * time.Second / time.Duration(perSecond)).Sub(now)
}

// reconcile does the next piece of a reconcile whose mirror is up to date. Each piece is one transaction and is small: what is urgent waits no longer
// than for one of them (makeRoom).
func (e *Engine) reconcile(ctx context.Context, w *work) error {
	switch stage := w.run.Progress.Reconciling.Stage; stage {
	case ReconcileTenantUsers:
		return e.auditUsers(ctx, w)
	case ReconcileTenantGroups:
		return e.auditGroups(ctx, w)
	case ReconcileOwnedUsers:
		return e.auditOwned(ctx, w)
	default:
		return e.inReconcile(ctx, w, func(ctx context.Context, run *Run) error {
			switch stage {
			case ReconcileGroups:
				return e.compareGroups(ctx, w, run)
			case ReconcileMembers:
				return e.compareMembers(ctx, w, run)
			case ReconcileOwnedGroups:
				return e.compareOwnedGroups(ctx, w, run)
			default:
				return e.compareUsers(ctx, w, run)
			}
		})
	}
}

// inReconcile does a piece of the comparison of mirror and destination in a transaction, unless the mirror has to catch up first: because somebody
// reads the tenant in full (rule 7), or because other settings came into force.
func (e *Engine) inReconcile(ctx context.Context, w *work, do func(ctx context.Context, run *Run) error) error {
	before := w.run.Progress.Planned
	err := e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		instance, err := e.Store.Instance(ctx, run.InstanceID)
		if fault.Is(err, fault.NotFound) {
			return errFenced
		}
		if err != nil {
			return err
		}
		rules, err := e.compiled(ctx, w)
		if err != nil {
			return err
		}
		cursor, err := e.Store.Cursor(ctx, w.connection.ID)
		if err != nil {
			return err
		}
		others := instance.Health.InForce != 0 && instance.Health.InForce != run.ConfigVersion
		if others || cursor.Full != nil || cursor.Groups.Read != nil && withGroups(rules) {
			run.useSettingsOf(instance)
			run.Step, run.Progress.PullBegun, run.Progress.Reconciling.CaughtUp = StepPull, false, false
			return nil
		}
		return do(ctx, run)
	})
	w.pace.done += w.run.Progress.Planned - before
	return err
}

// useSettingsOf pins the newest settings; for a reconcile those in force, since newer ones may need what the mirror lacks (rule 5). What a dry run
// showed is applied with the settings of the dry run, or not at all.
func (r *Run) useSettingsOf(instance Instance) {
	if r.Kind == Application {
		return
	}
	r.ConfigVersion = instance.ConfigVersion
	if r.Kind.Reconciles() && instance.Health.InForce != 0 {
		r.ConfigVersion = instance.Health.InForce
	}
}

// caughtUp goes on where the reconcile was when its mirror is up to date.
func (e *Engine) caughtUp(ctx context.Context, w *work) error {
	run := w.run.clone()
	at := &run.Progress.Reconciling
	at.CaughtUp = true
	if at.Stage == "" {
		at.Stage = ReconcileTenantUsers
		run.Progress.Read = 0
	}
	if !at.Stage.ofTenant() {
		run.Step = StepPlan
	}
	return e.keep(ctx, w, run)
}

// enter begins a stage.
func (r *Run) enter(stage ReconcileStage) {
	p := &r.Progress
	p.Reconciling.Stage, p.Reconciling.Place = stage, ""
	p.Part, p.After, p.Members, p.ToPlan = stage.part(), 0, MembersPlanned{}, 0
	if !stage.ofTenant() {
		r.Step = StepPlan
	}
}

// makeRoom has a reconcile pause after a piece of work: while another run of the instance is due, which then overtakes it, and for as long as its pace
// asks for. The run goes on where it was. stop is true if it does not go on now.
func (e *Engine) makeRoom(ctx context.Context, w *work) (stop bool, err error) {
	if !w.run.Kind.Reconciles() || w.run.State != Running {
		return false, nil
	}
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		stop = false
		open, err := e.Store.OpenRuns(ctx, w.instance.ID)
		if err != nil {
			return err
		}
		for _, other := range open {
			if other.Kind.Reconciles() {
				continue
			}
			run := w.run.clone()
			run.State = Queued
			if err := e.save(ctx, run); err != nil {
				return err
			}
			w.run, stop = run, true
			return e.Queue.Enqueue(ctx, other.ID)
		}
		return nil
	})
	if err != nil || stop {
		return stop, err
	}
	if rest := w.pace.rest(e.Machine(), w.instance.Reconciles.PerSecond); rest >= tickEvery {
		return true, e.wait(ctx, w, rest)
	}
	return false, nil
}

// next returns the run whose turn it is among the open ones of an instance, which come oldest first. It is the one that has begun, also when its id
// does not sort first because the clock was set back meanwhile; but every other run overtakes a reconcile that has stopped between two pieces.
func next(open []Run) Run {
	first := open[0]
	for _, run := range open[1:] {
		if run.turn() < first.turn() {
			first = run
		}
	}
	return first
}

// turn is when a run has its turn among those of its instance: the lowest comes first.
func (r Run) turn() int {
	switch reconciles := r.Kind.Reconciles(); {
	case r.State == Running, !reconciles && r.State == Waiting:
		return 0
	case !reconciles:
		return 1
	case !r.StartedAt.IsZero():
		return 2
	default:
		return 3
	}
}
