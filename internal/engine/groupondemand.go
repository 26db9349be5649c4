package engine

import (
	"context"
	"strings"
	"time"

	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// ProvisionGroup asks for a run that provisions one group with some of its members, and nothing else (D14). It reads the group and these people
// from the tenant, and whether they are in the group; provisions the people as Provision does, then the object of the group; then puts those of
// them into it who are in it in the tenant, and takes the others out. Nobody else joins or leaves. Nested groups are no members here, as in Entra.
//
// which is an object id, a name that only one group of the mirror (or else of the directory) has, or the id of a group of the directory; members are
// people as Provision takes them, at most MostAsked, and may be none. No group, or too many members, fail as fault.Invalid; a destination without groups
// fails as fault.Conflict. What became of the group is the first of the Results, then come the members. Of a group that is unknown nothing is done for
// its members either.
//
// A group whose members were never read stays To Be Synced, and the next run of the instance completes it.
func (e *Engine) ProvisionGroup(ctx context.Context, id ident.ID, which string, members []string) (Run, error) {
	which = strings.TrimSpace(which)
	asked, err := namedPeople(members)
	if err != nil {
		return Run{}, err
	}
	if which == "" {
		return Run{}, fault.New(fault.Invalid, "Missing", "no group is named that is to be provisioned").
			WithRemedy("Name it by object id or displayName.")
	}
	instance, err := e.Store.Instance(ctx, id)
	if err != nil {
		return Run{}, err
	}
	if _, able := e.Destination(instance).(destination.Groups); !able {
		return Run{}, noGroups()
	}
	if _, err := e.identifyGroup(ctx, instance, which); err != nil { // a name of several groups is refused at once
		return Run{}, err
	}
	return e.demand(ctx, id, map[string]any{"group": which, "people": asked}, func(now time.Time) []Explanation {
		group := newExplanation(which, now, true)
		group.Object = plan.Group
		return append([]Explanation{group}, newExplanations(asked, now)...)
	})
}

// pullGroup reads the group, and whether the people are in it, from the tenant into the mirror.
func (e *Engine) pullGroup(ctx context.Context, w *work, puller *mirror.Pull, which string, people []string) (groupSubject, error) {
	s, err := e.identifyGroup(ctx, w.instance, which)
	if fault.Is(err, fault.Invalid) { // others came to be called so
		err = nil
	}
	if err != nil {
		return s, err
	}
	if s.asked = true; s.id != "" {
		want, err := e.wanted(ctx, w, mirror.Want{})
		if err != nil {
			return s, err
		}
		if err := s.lookGroup(ctx, people, want, puller.RefreshGroup); err != nil {
			return s, err
		}
	}
	s.cursor, err = e.Store.Cursor(ctx, w.connection.ID)
	return s, err
}

// beginGroupResult writes into the results what the tenant told of the group. The run goes on with it if the mirror keeps it, or it has an object; else
// it is over with it. Of a group that is unknown nothing is done for the members.
func (e *Engine) beginGroupResult(ctx context.Context, w *work, rules *plan.Rules, group *Result, people []Result, s groupSubject) error {
	group.Explanation = newExplanation(group.Who, e.Now(), true)
	group.Object = plan.Group
	if err := e.beginGroup(ctx, w, &group.Explanation, s); err != nil {
		return err
	}
	if !s.known() {
		for i := range people {
			people[i].set(ExplainedStep{
				Name: ImportStep, State: StepSkipped, Code: "GroupUnknown", Text: "The group is not known, so that nothing is done for its members.",
			})
			people[i].Outcome = OutcomeSkipped
		}
		return nil
	}
	if s.group.Seq != 0 {
		group.Outcome = ""
		return nil
	}
	f, err := e.foreseeGroup(ctx, w, rules, s)
	if err != nil {
		return err
	}
	return e.concludeGroup(ctx, &group.Explanation, f)
}

// askedPart is the part of a run on demand that follows the users: the group that was asked for, or the memberships of the people where the instance
// has groups.
func (e *Engine) askedPart(ctx context.Context, w *work, run Run) (Part, error) {
	if _, able := w.target.(destination.Groups); !able {
		return PartUsers, nil
	}
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return PartUsers, err
	}
	if group, _ := askedOf(results); group != nil {
		return PartGroups, nil
	}
	links, err := e.Store.CountGroupLinks(ctx, w.instance.ID)
	if err != nil || links == 0 {
		return PartUsers, err
	}
	return PartMembers, nil
}

// planAskedGroup plans the group that was asked for.
func (e *Engine) planAskedGroup(ctx context.Context, w *work, run *Run, rules *plan.Rules) error {
	results, err := e.Store.Results(ctx, run.ID)
	if err != nil {
		return err
	}
	group, _ := askedOf(results)
	if group == nil || !group.underWay(plan.Group) {
		return nil
	}
	groups, err := e.Store.LoadGroups(ctx, w.connection.ID, []string{group.SourceID})
	if err != nil {
		return err
	}
	s := groupSubject{id: group.SourceID, group: groups[group.SourceID]}
	f, err := e.foreseeGroup(ctx, w, rules, s)
	if err != nil {
		return err
	}
	f.named = true
	if run.Progress.Rounds == 0 {
		if err := e.concludeGroup(ctx, &group.Explanation, f); err != nil {
			return err
		}
		group.Step(ActStep).overtake()
		group.Outcome = ""
		if err := e.Store.SaveResults(ctx, results); err != nil {
			return err
		}
	}
	batch := planned{run: run, now: e.Now()}
	objects := []Object{f.object}
	batch.add(f.object, f.change, f.does, f.judged.drafts[0].InScope())
	run.Progress.Planned++
	if err := e.settlePins(ctx, w, &batch, f.judged, pinPlaces(objects)); err != nil {
		return err
	}
	return e.write(ctx, w.instance, batch)
}
