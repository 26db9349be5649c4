package engine

import (
	"context"
	"slices"
	"strings"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// MostAsked is how many people one run on demand provisions.
const MostAsked = 25

// maxRounds bounds how often a run on demand plans its people: again when somebody changed meanwhile, or passes through Inactive to removal.
const maxRounds = 3

// wholesome reports whether a run of the kind says something about the health of the instance: neither a rehearsal does, nor an undo, nor a
// run for a few.
func (k Kind) wholesome() bool { return !k.Dry() && !k.Undoes() && k != OnDemand }

// Provision asks for a run that provisions the named people and nobody else (D14): it reads them from the tenant, plans, and applies,
// also while Auto Sync is off or the instance is in quarantine, and before the tenant was read for the first time. It waits for its turn
// like every run. people are object ids, userPrincipalNames, or names or ids of directory users, at most MostAsked; none, or too many, fail as
// fault.Invalid. What became of each is in Results.
//
// The guard holds nothing that was asked for by name, and counts it in the removals of 24 hours. The list of people never to touch holds.
func (e *Engine) Provision(ctx context.Context, id ident.ID, people []string) (Run, error) {
	var asked []string
	for _, who := range people {
		if who = strings.TrimSpace(who); who != "" && !slices.Contains(asked, who) {
			asked = append(asked, who)
		}
	}
	switch count := len(asked); {
	case count == 0:
		return Run{}, fault.New(fault.Invalid, "Missing", "nobody is named who is to be provisioned").
			WithRemedy("Name people by object id or userPrincipalName.")
	case count > MostAsked:
		return Run{}, fault.New(fault.Invalid, "TooMany", "%d people are named; at most %d are provisioned on demand at a time", count, MostAsked).
			WithRemedy("Ask in several turns, or use a run of the instance (rollcall sync).")
	}
	var run Run
	err := e.Store.InTx(ctx, func(ctx context.Context) error {
		instance, err := e.Store.Instance(ctx, id)
		if err != nil {
			return err
		}
		open, err := e.Store.OpenRuns(ctx, id)
		if err != nil {
			return err
		}
		if run, err = e.add(ctx, instance, OnDemand, TriggerManual, audit.ActorOf(ctx).Name, len(open) > 0); err != nil {
			return err
		}
		results := make([]Result, len(asked))
		for i, who := range asked {
			results[i] = Result{OrgID: run.OrgID, RunID: run.ID, Place: i, Explanation: newExplanation(who, e.Now(), true)}
		}
		if err := e.Store.SaveResults(ctx, results); err != nil {
			return err
		}
		return e.record(ctx, instance, "instance.provision", nil, attr.From(map[string]any{"people": asked, "run": run.ID.String()}))
	})
	return run, err
}

// Results returns what a run on demand found and did about the people whom it was asked for, in their order. It fails as fault.NotFound for
// a run of another kind, and when its results are older than the journal is kept.
func (e *Engine) Results(ctx context.Context, run Run) ([]Result, error) {
	results, err := e.Store.Results(ctx, run.ID)
	if err == nil && len(results) == 0 {
		return nil, fault.New(fault.NotFound, "NoResults", "the run %s has no results of single people", run.ID).
			WithRemedy("Runs on demand have them, as long as the journal is kept; of other runs see the changes.")
	}
	return results, err
}

// pullAsked reads the people from the tenant into the mirror.
func (e *Engine) pullAsked(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	results, err := e.Store.Results(ctx, w.run.ID)
	if err != nil {
		return err
	}
	tenant, err := e.Tenant(w.connection)
	if err != nil {
		return err
	}
	subjects, ids, err := e.identifyAll(ctx, w, tenant, results)
	if err != nil {
		return err
	}
	puller := &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
	sightings, err := puller.Refresh(ctx, ids, rules.Needs())
	if err != nil {
		return err
	}
	if len(rules.Scope.Groups()) > 0 {
		if err := puller.RefreshGroups(ctx, ids); err != nil {
			return err
		}
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		run.Step, run.Progress.ToPlan, run.Progress.Read, run.Progress.PullBegun = StepPlan, len(ids), len(ids), true
		if err := e.beginResults(ctx, w, rules, results, subjects, sightings); err != nil {
			return err
		}
		if err := e.save(ctx, run); err != nil {
			return err
		}
		w.run = run
		return nil
	})
}

// beginResults writes down what the tenant told of the people.
func (e *Engine) beginResults(ctx context.Context, w *work, rules *plan.Rules, results []Result, subjects []subject, sightings map[string]mirror.Sighting) error {
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	if err != nil {
		return err
	}
	unread, err := e.unreadGroups(ctx, w.connection.ID, rules)
	if err != nil {
		return err
	}
	for i := range results {
		s := subjects[i]
		sighting := sightings[s.id]
		s.cursor, s.unread, s.presence, s.user, s.before = cursor, unread, sighting.Presence, sighting.User, sighting.Before
		results[i].Explanation = newExplanation(results[i].Who, e.Now(), true)
		if err := e.begin(ctx, w, rules, &results[i].Explanation, s); err != nil {
			return err
		}
	}
	return e.Store.SaveResults(ctx, results)
}

// identifyAll finds the people of the results, and lists their object ids, each once.
func (e *Engine) identifyAll(ctx context.Context, w *work, tenant mirror.Tenant, results []Result) (subjects []subject, ids []string, err error) {
	subjects = make([]subject, len(results))
	for i, result := range results {
		s := subject{asked: true}
		if s.person, err = e.identify(ctx, w.instance, tenant, result.Who); err != nil {
			return nil, nil, err
		}
		if subjects[i] = s; s.id != "" && !slices.Contains(ids, s.id) {
			ids = append(ids, s.id)
		}
	}
	return subjects, ids, nil
}

// planAsked plans the people who were found. With newer settings it begins again: planned with the old ones nobody would look at them again
// (rule 5).
func (e *Engine) planAsked(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	return e.Store.InTx(ctx, func(ctx context.Context) error {
		run := w.run.clone()
		instance, err := e.Store.Instance(ctx, run.InstanceID)
		if fault.Is(err, fault.NotFound) {
			return errFenced
		}
		if err != nil {
			return err
		}
		if instance.ConfigVersion != run.ConfigVersion {
			run.ConfigVersion, run.Step = instance.ConfigVersion, StepPull
		} else {
			run.Step = StepGuard
			if err := e.planPeople(ctx, w, &run, rules); err != nil {
				return err
			}
		}
		if err := e.save(ctx, run); err != nil {
			return err
		}
		w.run = run
		return nil
	})
}

func (e *Engine) planPeople(ctx context.Context, w *work, run *Run, rules *plan.Rules) error {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, result := range results {
		if result.SourceID != "" && result.Outcome == "" && !slices.Contains(ids, result.SourceID) {
			ids = append(ids, result.SourceID)
		}
	}
	objects, err := e.Store.ObjectsOf(ctx, w.instance, ids)
	if err != nil || len(objects) == 0 {
		return err
	}
	judged, err := e.judge(ctx, w, rules, e.Now(), objects)
	if err != nil {
		return err
	}
	if run.Progress.Rounds == 0 {
		if err := e.tellPlan(ctx, w, rules, judged, objects, results); err != nil {
			return err
		}
	}
	return e.enter(ctx, w, run, judged, objects)
}

// nextRound has a run on demand plan its people once more, because there is more to do for them than it did; else it settles the results.
func (e *Engine) nextRound(ctx context.Context, w *work, run *Run) (again bool, err error) {
	if run.Kind != OnDemand {
		return false, nil
	}
	again = run.Progress.FollowUp && run.Progress.Rounds+1 < maxRounds
	run.Progress.FollowUp = false // what is left is dirty, and for the instance's next run
	if !again {
		return false, e.settleResults(ctx, run)
	}
	run.Progress.Rounds++
	run.Step = StepPlan
	if err := e.save(ctx, *run); err != nil {
		return false, err
	}
	w.run = *run
	return true, nil
}
