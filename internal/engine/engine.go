package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/directory"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// Store is all that the engine keeps.
type Store interface {
	mirror.Store
	Setup
	Working
	Plans
	Dirt
	Doing
	Ties
	Reading
}

// Queue hands runs to a node that works on them.
type Queue interface {
	// Enqueue asks, in the transaction of the context, for work on the run: at least one more Advance follows the commit.
	Enqueue(ctx context.Context, run ident.ID) error
}

// Observer is told what runs do, for metrics. Its methods return quickly.
type Observer interface {
	RunEnded(run Run, took time.Duration)
	EntriesSettled(action plan.Action, state EntryState, count int)
	// CredentialsExpiring tells how many credentials of a kind (ClientSecret, APIToken, OAuthSecret) end soon or have ended, by the latest notice about
	// them; what is not in counts is none.
	CredentialsExpiring(kind string, counts map[directory.Notice]int)
}

// Config is what an engine is made of. All fields but Mail are required.
type Config struct {
	Store     Store
	Directory *directory.Service
	// Destination returns where an instance writes.
	Destination func(Instance) destination.Destination
	// Tenant returns the way to a connection's tenant.
	Tenant func(Connection) (mirror.Tenant, error)
	// Login returns the way to the login service of a connection's tenant, whose id may not be known yet.
	Login func(Connection) (Login, error)
	// Seal seals a connection's credential; Open gives it back.
	Seal func(connection ident.ID, secret string) ([]byte, error)
	Open func(connection ident.ID, sealed []byte) (string, error)
	// SealValue seals a value in an instance's journal that nobody is shown; OpenValue gives it back.
	SealValue func(instance ident.ID, value string) ([]byte, error)
	OpenValue func(instance ident.ID, sealed []byte) (string, error)
	// CheckCloud fails when the cloud is not known to the server.
	CheckCloud func(name string) error
	// CheckForm fails when the server does not take credentials of the form.
	CheckForm func(form CredentialForm) error
	// CheckService fails as fault.Invalid when a remote service cannot be called as described; SealService seals its secret.
	CheckService func(NewService) error
	SealService  func(service ident.ID, secret string) ([]byte, error)
	// AskService asks a remote service what it offers and reads a page of users with the secret; "" stands for the one that is stored of it.
	AskService func(ctx context.Context, service RemoteService, secret string) (destination.Offer, error)
	Queue      Queue
	// Mail tells people what needs them; nil for nobody.
	Mail     Mail
	Observer Observer
	// Now is the clock of schedules; Machine is the machine's, for leases.
	Now, Machine func() time.Time
	// Node identifies this process among those that share the database.
	Node   ident.ID
	Logger *slog.Logger
}

// Engine runs instances.
type Engine struct {
	Config
	rules sync.Map // compiledKey → *plan.Rules without terms
	// active holds the ids of the runs that this process is working on.
	active sync.Map
	// announced is when the ends of credentials were looked at last; nil before the first time.
	announced atomic.Pointer[time.Time]
}

// New returns an engine. Call Recover, then Run.
func New(config Config) *Engine {
	// Whoever gives a name up, also a person by hand, wakes the changes that failed for it.
	e := &Engine{Config: config}
	config.Directory.OnRelease(e.released)
	config.Directory.OnTakeOver(e.takenOver)
	return e
}

const (
	// leaseTime is how long a node owns a run without renewing; renewals come every third of it.
	leaseTime = 15 * time.Second
	// turn is how long one job works on a run before it makes room for others.
	turn = 5 * time.Second
)

// errFenced: the run belongs to another node by now.
var errFenced = errors.New("the run was taken over by another node")

// work is a run with what belongs to it.
type work struct {
	run        Run
	instance   Instance
	connection Connection
	target     destination.Destination
	// names are digests of the name keys that the run's changes take, for mappings that offer several userNames; nil before they are needed.
	names takenNames
	// redacted are the paths whose values nobody is shown; nil before they are asked for.
	redacted []string
	// reached is what the groups of the scope bring, nil before it is needed.
	reached reached
	// pace is what a reconcile did since it was taken up.
	pace pace
	// prepared: a remote destination is ready for a plan.
	prepared bool
}

// Advance works on a run for a few seconds and reports whether there is more to do. Failures of the run are settled here; an error means
// that not even that was possible.
func (e *Engine) Advance(ctx context.Context, id ident.ID) (again bool, err error) {
	if _, working := e.active.LoadOrStore(id, true); working {
		return false, nil
	}
	defer e.active.Delete(id)
	w, ok, err := e.take(ctx, id)
	if err != nil || !ok {
		return false, err
	}
	if w.unwanted() {
		return false, e.cancel(ctx, w)
	}
	until := e.Machine().Add(turn)
	for !w.run.State.Over() && w.run.State != Waiting {
		if e.Machine().After(until) {
			return true, nil
		}
		err := e.step(ctx, w)
		switch {
		case err == nil:
		case errors.Is(err, errFenced):
			e.Logger.WarnContext(ctx, "run left to another node", "run", id.String())
			return false, nil
		case ctx.Err() != nil:
			return false, ctx.Err()
		default:
			if err := e.fail(ctx, w, err); err != nil {
				return false, err
			}
		}
		if stop, err := e.makeRoom(ctx, w); err != nil || stop {
			return false, err
		}
	}
	return false, nil
}

// take makes the run this node's, if it may be worked on now.
func (e *Engine) take(ctx context.Context, id ident.ID) (w *work, ok bool, err error) {
	err = e.Store.InTx(ctx, func(ctx context.Context) error {
		ok = false
		run, err := e.Store.Run(ctx, id)
		if err != nil {
			if fault.Is(err, fault.NotFound) {
				return nil
			}
			return err
		}
		instance, err := e.Store.Instance(ctx, run.InstanceID)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if ready, err := e.ready(ctx, run); err != nil || !ready {
			return err
		}
		connection, err := e.Store.Connection(ctx, instance.ConnectionID)
		if err != nil {
			return err
		}
		w, ok = &work{run: run, instance: instance, connection: connection, target: e.Destination(instance), pace: pace{since: e.Machine()}}, true
		return e.own(ctx, w)
	})
	return w, ok && err == nil, err
}

// ready reports whether the run may be worked on by this node now.
func (e *Engine) ready(ctx context.Context, run Run) (bool, error) {
	now := e.Machine()
	switch run.State {
	case Running:
		return run.Node == e.Node || now.After(run.LeaseUntil), nil
	case Waiting, Queued:
		if run.State == Waiting && !run.waited(now) {
			return false, nil
		}
		open, err := e.Store.OpenRuns(ctx, run.InstanceID)
		return err == nil && len(open) > 0 && next(open).ID == run.ID, err
	default:
		return false, nil
	}
}

// waited reports whether a waiting run goes on now. A wait longer than any that is granted means that the clock was set back.
func (r Run) waited(now time.Time) bool {
	return !now.Before(r.NotBefore) || r.NotBefore.Sub(now) > maxWait
}

// own saves the run as this node's, with a new fence unless it was already.
func (e *Engine) own(ctx context.Context, w *work) error {
	old := w.run.Fence
	run := w.run
	if run.State == Queued && run.StartedAt.IsZero() { // a reconcile that gave way goes on where it was
		run.StartedAt, run.Step = e.Now(), StepPull
		run.useSettingsOf(w.instance)
		run.Progress.Counts = map[string]int{}
		if run.Kind.Undoes() {
			run.Step = StepPlan // what Entra says has no part in it
		}
	}
	if run.State != Running || run.Node != e.Node {
		run.Fence++
	}
	run.State, run.Node, run.NotBefore, run.LeaseUntil = Running, e.Node, time.Time{}, e.Machine().Add(leaseTime)
	if err := e.Store.SaveRun(ctx, run, old); err != nil {
		return err
	}
	w.run = run
	return nil
}

// save stores the run under its fence, in the transaction of the context.
func (e *Engine) save(ctx context.Context, run Run) error {
	err := e.Store.SaveRun(ctx, run, run.Fence)
	if fault.Is(err, fault.Stale) {
		return errFenced
	}
	return err
}

// keep saves the run and goes on with it.
func (e *Engine) keep(ctx context.Context, w *work, run Run) error {
	err := e.save(ctx, run)
	if err == nil {
		w.run = run
	}
	return err
}

// advance does a piece of work and keeps what it makes of the run: both, or neither.
func (e *Engine) advance(ctx context.Context, w *work, do func(ctx context.Context, run *Run) error) error {
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		if err := do(ctx, &run); err != nil {
			return err
		}
		return e.keep(ctx, w, run)
	})
}

// step does the next durable piece of work of a run. A defect of the program fails the run, so that it is seen; it would be begun again
// without end otherwise.
func (e *Engine) step(ctx context.Context, w *work) (err error) {
	defer func() {
		if defect := recover(); defect != nil {
			e.Logger.ErrorContext(ctx, "defect", "run", w.run.ID.String(), "panic", fmt.Sprint(defect), "stack", string(debug.Stack()))
			err = fault.New(fault.Internal, "Defect", "the step %s met a defect of the program", w.run.Step).
				WithRemedy("Look at the server's log, and report it if it repeats.")
		}
	}()
	switch w.run.Step {
	case StepPull:
		if remote, is := w.target.(destination.Remote); is && !w.prepared {
			if ready, err := e.prepare(ctx, w, remote); err != nil || !ready {
				return err
			}
		}
		if w.run.Kind == OnDemand {
			return e.pullAsked(ctx, w)
		}
		if w.run.Progress.Reconciling.CaughtUp {
			return e.reconcile(ctx, w)
		}
		return e.pull(ctx, w)
	case StepPlan:
		return e.planNext(ctx, w)
	case StepGuard:
		return e.guard(ctx, w)
	case StepApply:
		return e.apply(ctx, w)
	default:
		return e.end(ctx, w)
	}
}

// planNext does the next piece of planning of a run, as its kind wants it.
func (e *Engine) planNext(ctx context.Context, w *work) error {
	switch kind := w.run.Kind; {
	case kind.Undoes():
		return e.planUndo(ctx, w)
	case kind == OnDemand:
		return e.planAsked(ctx, w)
	case kind.Reconciles():
		return e.reconcile(ctx, w)
	case kind == Application:
		return e.planApplication(ctx, w)
	default:
		return e.plan(ctx, w)
	}
}
