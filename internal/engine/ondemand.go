package engine

import (
	"context"
	"slices"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/audit"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// MostAsked is how many people one run on demand provisions, alone or as members of a group.
const MostAsked = 25

// maxRounds bounds how often a run on demand plans its people: again when somebody changed meanwhile, or passes through Inactive to removal.
const maxRounds = 3

// wholesome reports whether a run of the kind says something about the health of the instance: neither a rehearsal does, nor a reconcile, nor
// an undo, nor a run for a few.
func (k Kind) wholesome() bool { return !k.Proposes() && !k.Undoes() && k != OnDemand }

// Provision asks for a run that provisions the named people and nobody else (D14): it reads them from the tenant, plans, and applies,
// also while Auto Sync is off or the instance is in quarantine, and before the tenant was read for the first time. It waits for its turn
// like every run. people are object ids, userPrincipalNames, or names or ids of directory users, at most MostAsked; none, or too many, fail as
// fault.Invalid. What became of each is in Results.
//
// The guard holds nothing that was asked for by name, and counts it in the removals of 24 hours. The list of people never to touch holds.
func (e *Engine) Provision(ctx context.Context, id ident.ID, people []string) (Run, error) {
	asked, err := namedPeople(people)
	if err != nil {
		return Run{}, err
	}
	if len(asked) == 0 {
		return Run{}, fault.New(fault.Invalid, "Missing", "nobody is named who is to be provisioned").
			WithRemedy("Name people by object id or userPrincipalName.")
	}
	return e.demand(ctx, id, map[string]any{"people": asked}, func(now time.Time) []Explanation {
		return newExplanations(asked, now)
	})
}

// newExplanations has one for each of the people.
func newExplanations(people []string, now time.Time) []Explanation {
	all := make([]Explanation, len(people))
	for i, who := range people {
		all[i] = newExplanation(who, now, true)
	}
	return all
}

// demand asks for a run on demand, whose results begin as the explanations, and records what was asked for.
func (e *Engine) demand(ctx context.Context, id ident.ID, what map[string]any, begin func(now time.Time) []Explanation) (Run, error) {
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
		begun := begin(e.Now())
		results := make([]Result, len(begun))
		for i, x := range begun {
			results[i] = Result{OrgID: run.OrgID, RunID: run.ID, Place: i, Explanation: x}
		}
		if err := e.Store.SaveResults(ctx, results); err != nil {
			return err
		}
		what["run"] = run.ID.String()
		return e.record(ctx, instance, "instance.provision", nil, attr.From(what))
	})
	return run, err
}

// Results returns what a run on demand found and did about the people whom it was asked for, in their order, after the group if it was asked for one.
// It fails as fault.NotFound for
// a run of another kind, and when its results are older than the journal is kept.
func (e *Engine) Results(ctx context.Context, run Run) ([]Result, error) {
	results, err := e.Store.Results(ctx, run.ID)
	if err == nil && len(results) == 0 {
		return nil, fault.New(fault.NotFound, "NoResults", "the run %s has no results of single people", run.ID).
			WithRemedy("Runs on demand have them, as long as the journal is kept; of other runs see the changes.")
	}
	return results, err
}

// pullAsked reads the people, and the group if one was asked for, from the tenant into the mirror.
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
	group, people := askedOf(results)
	subjects, ids, err := e.identifyAll(ctx, w, tenant, people)
	if err != nil {
		return err
	}
	puller := &mirror.Pull{Connection: w.connection.ID, Tenant: tenant, Store: e.Store, Now: e.Now}
	sightings, err := puller.Refresh(ctx, ids, rules.Needs())
	if err != nil {
		return err
	}
	var s groupSubject
	if group != nil {
		s, err = e.pullGroup(ctx, w, puller, group.Who, living(sightings))
	} else if withGroups(rules) {
		err = puller.RefreshGroups(ctx, ids)
	}
	if err != nil {
		return err
	}
	w.reached = nil // somebody may have joined a group
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		run.Step, run.Progress.ToPlan, run.Progress.Read, run.Progress.PullBegun = StepPlan, len(ids), len(ids), true
		if err := e.beginResults(ctx, w, rules, people, subjects, sightings); err != nil {
			return err
		}
		if group != nil {
			if err := e.beginGroupResult(ctx, w, rules, group, people, s); err != nil {
				return err
			}
		}
		return e.Store.SaveResults(ctx, results)
	})
}

// living are the ids of those who are among the users of the tenant.
func living(sightings map[string]mirror.Sighting) []string {
	var ids []string
	for id, sighting := range sightings {
		if sighting.Presence == graph.Live {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// askedOf takes the results of a run apart: that of the group, nil if it was asked for none, and those of the people.
func askedOf(results []Result) (group *Result, people []Result) {
	if len(results) > 0 && results[0].Object == plan.Group {
		return &results[0], results[1:]
	}
	return nil, results
}

// beginResults writes into the results what the tenant told of the people.
func (e *Engine) beginResults(ctx context.Context, w *work, rules *plan.Rules, results []Result, subjects []subject, sightings map[string]mirror.Sighting) error {
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	if err != nil {
		return err
	}
	for i := range results {
		s := subjects[i]
		sighting := sightings[s.id]
		s.cursor, s.presence, s.user, s.before = cursor, sighting.Presence, sighting.User, sighting.Before
		if s.unread, err = e.unreadFor(ctx, w, rules, s.user); err != nil {
			return err
		}
		results[i].Explanation = newExplanation(results[i].Who, e.Now(), true)
		if err := e.begin(ctx, w, rules, &results[i].Explanation, s); err != nil {
			return err
		}
	}
	return nil
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

// planAsked plans what was found: the people, then the group, then memberships, as far as the run has these parts. With newer settings it begins again: planned with the old ones nobody would look at them again
// (rule 5).
func (e *Engine) planAsked(ctx context.Context, w *work) error {
	rules, err := e.compiled(ctx, w)
	if err != nil {
		return err
	}
	return e.advance(ctx, w, func(ctx context.Context, run *Run) error {
		instance, err := e.Store.Instance(ctx, run.InstanceID)
		if fault.Is(err, fault.NotFound) {
			return errFenced
		}
		if err != nil {
			return err
		}
		if instance.ConfigVersion != run.ConfigVersion {
			run.ConfigVersion, run.Step = instance.ConfigVersion, StepPull
			run.Progress.beginAgain()
			return nil
		}
		return e.planAskedPart(ctx, w, run, rules)
	})
}

// planAskedPart plans the run's part, or the next piece of it.
func (e *Engine) planAskedPart(ctx context.Context, w *work, run *Run, rules *plan.Rules) error {
	done := true
	var err error
	switch run.Progress.Part {
	case PartGroups:
		err = e.planAskedGroup(ctx, w, run, rules)
	case PartMembers:
		done, err = e.planAskedMembers(ctx, w, run)
	default:
		err = e.planPeople(ctx, w, run, rules)
	}
	if done {
		run.Step = StepGuard
	}
	return err
}

// beginAgain has a run on demand plan from its first part on.
func (p *Progress) beginAgain() {
	p.Part, p.Removals, p.After, p.Members = PartUsers, 0, 0, MembersPlanned{}
}

func (e *Engine) planPeople(ctx context.Context, w *work, run *Run, rules *plan.Rules) error {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	var ids []string
	for _, result := range results {
		if result.underWay(plan.User) && !slices.Contains(ids, result.SourceID) {
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
	return e.enter(ctx, w, planned{run: run, now: judged.rules.Now}, judged, objects)
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
	run.Progress.beginAgain()
	run.Step = StepPlan
	if err := e.save(ctx, *run); err != nil {
		return false, err
	}
	w.run = *run
	return true, nil
}
