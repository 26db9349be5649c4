package engine

import (
	"context"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/mirror"
)

// puller returns the pull of the run's connection, and what it must achieve.
func (e *Engine) puller(ctx context.Context, w *work) (*mirror.Pull, mirror.Want, error) {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return nil, mirror.Want{}, err
	}
	tenant, err := e.Tenant(w.connection)
	if err != nil {
		return nil, mirror.Want{}, err
	}
	want, err := e.wanted(ctx, w, mirror.Want{Attributes: rules.Needs(), Full: w.run.Kind == Full})
	return &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}, want, err
}

// auditUsers compares the next users of the tenant with the mirror, and enters what follows for those of whom it differs after a pull. If the reconcile
// repairs, the mirror takes them in as the tenant has them, which makes them dirty.
func (e *Engine) auditUsers(ctx context.Context, w *work) error {
	puller, want, err := e.puller(ctx, w)
	if err != nil {
		return err
	}
	at := w.run.Progress.Reconciling.Users
	listed := at.Listed
	at, suspects, err := puller.Audit(ctx, at)
	var differ []mirror.User
	if err == nil && len(suspects) > 0 {
		if err = catchUp(ctx, puller, want); err == nil {
			differ, err = puller.Settle(ctx, &at, suspects, want.Attributes, w.run.Kind == Reconcile)
		}
	}
	if fault.Is(err, fault.Stale) {
		return e.still(ctx, w) // another instance of the connection pulls; the page is compared again
	}
	if err != nil {
		return err
	}
	w.pace.done += max(at.Listed-listed, 0)
	if at.Missing {
		w.pace.done += len(suspects)
	}
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		if err := e.reportDiffering(ctx, w, run, differ); err != nil {
			return err
		}
		run.Progress.Reconciling.Users = at
		run.Progress.Stage, run.Progress.Read, run.Progress.Expected = string(ReconcileTenantUsers), at.Listed, max(at.Expected, 0)
		if !at.Done {
			return nil
		}
		return e.usersAudited(ctx, w, run)
	})
}

// catchUp has the mirror hold what changed since the last pull: that is no difference.
func catchUp(ctx context.Context, puller *mirror.Pull, want mirror.Want) error {
	for first := true; ; first = false {
		progress, err := puller.Step(ctx, want, first)
		if err != nil || progress.Done || progress.Full { // a full read ends the comparison
			return err
		}
	}
}

// usersAudited begins what comes after the tenant's users: its groups, if anybody wants some, or the users of the mirror.
func (e *Engine) usersAudited(ctx context.Context, w *work, run *Run) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	if withGroups(rules) {
		run.enter(ReconcileTenantGroups)
		return nil
	}
	return e.beginUsers(ctx, w, run)
}

// beginUsers begins the comparison of the mirror's users with the destination.
func (e *Engine) beginUsers(ctx context.Context, w *work, run *Run) error {
	run.enter(ReconcileUsers)
	var err error
	run.Progress.ToPlan, err = e.Store.CountObjects(ctx, w.instance, true)
	return err
}

// reportDiffering enters what follows for people of whom the mirror differed from the tenant.
func (e *Engine) reportDiffering(ctx context.Context, w *work, run *Run, differ []mirror.User) error {
	if len(differ) == 0 {
		return nil
	}
	objects, err := e.objectsOf(ctx, w, differ)
	if err != nil {
		return err
	}
	return e.enterDrift(ctx, w, run, objects, "the last changes of the tenant had passed the mirror by; ")
}

// objectsOf returns what planning needs to know of users who may not be in the mirror, or be otherwise there.
func (e *Engine) objectsOf(ctx context.Context, w *work, users []mirror.User) ([]Object, error) {
	ids := make([]string, len(users))
	for i, user := range users {
		ids[i] = user.SourceID
	}
	known, err := e.Store.ObjectsOf(ctx, w.instance, ids)
	if err != nil {
		return nil, err
	}
	byID := make(map[string]Object, len(known))
	for _, object := range known {
		byID[object.SourceID] = object
	}
	objects := make([]Object, len(users))
	for i, user := range users {
		objects[i] = byID[user.SourceID]
		user.Seq = objects[i].Seq
		objects[i].User = user
	}
	return objects, nil
}

// auditGroups reads the members of some groups of the tenant in full. Whoever that adds to a group of the mirror, or takes out of it, is dirty for the
// runs that come.
func (e *Engine) auditGroups(ctx context.Context, w *work) error {
	puller, _, err := e.puller(ctx, w)
	if err != nil {
		return err
	}
	last, done, ready, err := puller.AuditGroups(ctx, w.run.Progress.Reconciling.GroupsAfter)
	if fault.Is(err, fault.Stale) {
		return e.still(ctx, w)
	}
	if err != nil {
		return err
	}
	w.pace.done += groupsWeigh
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		at := &run.Progress.Reconciling
		if at.GroupsAfter = last; done {
			if err := e.beginUsers(ctx, w, run); err != nil {
				return err
			}
		}
		if !done || !ready {
			run.Progress.PullBegun, at.CaughtUp = false, false // the pull reads them
		}
		return nil
	})
}

// groupsWeigh is how many objects reading some groups counts for: their members are not counted.
const groupsWeigh = 500

// comparesGroups reports whether a reconcile goes on with groups after the users.
func (e *Engine) comparesGroups(ctx context.Context, w *work, run *Run) (bool, error) {
	if _, able := w.target.(destination.Groups); !able {
		return false, nil
	}
	return e.keepsGroups(ctx, w, *run)
}
