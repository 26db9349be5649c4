package engine

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/destination"
	"rollcall/internal/fault"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// ExplainGroup says what Rollcall makes of one group of the instance's tenant, and why, in the five steps of Explain: whether it is kept and how a
// selection reaches it, which group of the directory it is, what would be written, and who would join or leave. which is an object id, a name that
// only one group of the mirror (or else of the directory) has, or the id of a group of the directory. members, at most MostAsked, are people, as
// Explain takes them, or object ids of groups, each of whose memberships is explained by itself; nobody else's is listed. It writes nothing. With live
// the group, and whether these people are in it, is read from the tenant now; the other members are told as the mirror has them.
//
// A group that nobody knows is no error: the step import says so. A name that several have fails as fault.Invalid, and so do too many members; a
// destination without groups fails as fault.Conflict.
func (e *Engine) ExplainGroup(ctx context.Context, instance Instance, which string, members []string, live bool) (Explanation, error) {
	x := newExplanation(which, e.Now(), live)
	x.Object = plan.Group
	members, err := namedPeople(members)
	if err != nil {
		return x, err
	}
	w, rules, err := e.looking(ctx, instance)
	if err != nil {
		return x, err
	}
	asked, err := e.askedMembers(ctx, w, members, live)
	if err != nil {
		return x, err
	}
	s, err := e.groupSubjectOf(ctx, w, which, asked.ids(), live)
	if err != nil {
		return x, err
	}
	if err := e.beginGroup(ctx, w, &x, s); err != nil || !s.known() {
		return x, err
	}
	f, err := e.foreseeGroup(ctx, w, rules, s)
	if err != nil {
		return x, err
	}
	if err := e.concludeGroup(ctx, &x, f); err != nil {
		return x, err
	}
	x.Memberships, err = e.explainAsked(ctx, f, asked, x.At)
	return x, err
}

// looking is work that writes nothing, with the newest settings.
func (e *Engine) looking(ctx context.Context, instance Instance) (*work, *plan.Rules, error) {
	connection, err := e.Store.Connection(ctx, instance.ConnectionID)
	if err != nil {
		return nil, nil, err
	}
	w := &work{
		run: Run{ConfigVersion: instance.ConfigVersion}, instance: instance, connection: connection, target: e.Destination(instance),
	}
	rules, err := e.compiled(ctx, w)
	return w, rules, err
}

// beginGroup fills the steps connect and import.
func (e *Engine) beginGroup(ctx context.Context, w *work, x *Explanation, s groupSubject) error {
	x.SourceID = s.id
	if s.group.SourceID != "" {
		x.Name = s.group.Label()
	}
	instance, err := e.Store.Instance(ctx, w.instance.ID)
	if err != nil {
		return err
	}
	x.set(connectStep(w, instance, subject{cursor: s.cursor, asked: s.asked, refused: s.refused}))
	x.Outcome = OutcomeFailed
	if s.refused == nil {
		step, err := e.importGroup(ctx, w, s)
		if err != nil {
			return err
		}
		x.Outcome = map[StepState]Outcome{StepFailed: OutcomeFailed, StepSkipped: OutcomeSkipped}[step.State]
		x.set(step)
	}
	return nil
}

// foreseenGroup is what planning says of one group, for the steps that tell about it.
type foreseenGroup struct {
	foreseen
	group   GroupObject
	nesting *mirror.Nesting
	told    map[string]bool
	// why and rule say whether the group is kept.
	rule, why string
	// ways lead from selected groups to the group.
	ways [][]GroupRef
}

// foreseeGroup plans the group as it was found.
func (e *Engine) foreseeGroup(ctx context.Context, w *work, rules *plan.Rules, s groupSubject) (foreseenGroup, error) {
	f := foreseenGroup{foreseen: foreseen{work: w, rules: rules, of: plan.Group}, told: s.told}
	stored, err := e.Store.GroupObjectsOf(ctx, w.instance, []string{s.id})
	if err != nil {
		return f, err
	}
	if len(stored) > 0 {
		f.group = stored[0]
	}
	f.group.Group = s.group
	if f.nesting, err = mirror.LoadNesting(ctx, e.Store, w.connection.ID); err != nil {
		return f, err
	}
	f.reach()
	f.object = f.group.object()
	if f.judged, err = e.judgeGroups(ctx, w, rules, []GroupObject{f.group}); err != nil {
		return f, err
	}
	f.change, f.does = f.changes[0], f.judged.does[0]
	return f, e.settleName(ctx, &f)
}

// reach says whether and why the group is kept. What a run computed last may be older than the settings, or than what the tenant said now.
func (f *foreseenGroup) reach() {
	selection := f.rules.Scope.Groups()
	c := newClimb(f.nesting, selection)
	c.from(f.group.SourceID)
	f.ways = c.ways
	_, selected := c.selected[f.group.SourceID]
	_, isKnown := f.nesting.Group(f.group.SourceID)
	if len(f.ways) == 0 && selected && !isKnown && f.group.State == plan.Live {
		f.ways = [][]GroupRef{{{ID: f.group.SourceID, Name: f.group.Label()}}}
	}
	f.group.Reached = len(f.ways) > 0 && f.group.State == plan.Live
	kept, all := f.rules.Scope.Objects()
	switch {
	case !kept:
		f.rule, f.why = "ObjectsOff", "Sync group objects is off"
	case all:
		f.rule, f.why = "AllGroups", "all groups are kept"
	case selected:
		f.rule, f.why = "Selected", "it is selected"
	case f.group.Reached:
		f.rule, f.why = "Nested", "it is inside a selected group"
	default:
		f.rule, f.why = "NotSelected", "it is neither selected nor, as far as is known, inside a selected group"
		if unread := f.nesting.Unread(selection); unread > 0 {
			f.why += fmt.Sprintf("; the members of %d groups of the scope are not known yet", unread)
		}
	}
}

// settleName fails a change that would take over a group of the directory by its name, or make one beside it, while it is not known whether the name
// is unique in the tenant.
func (e *Engine) settleName(ctx context.Context, f *foreseenGroup) error {
	if !f.does || !f.change.Link {
		return nil
	}
	external := plan.Key{Path: attr.ExternalID, Value: f.group.SourceID}
	name := attr.NameKey(f.change.SourceName)
	named := f.found.ByKey[plan.Key{Path: attr.DisplayName, Value: name}]
	named = slices.DeleteFunc(slices.Clone(named), func(t plan.Target) bool { return !t.Owner.IsZero() || t.Record.Text(attr.ExternalID) != "" })
	if len(named) != 1 || f.change.Action != plan.Create && len(f.found.ByKey[external]) > 0 {
		return nil
	}
	certain, err := e.knowsNames(ctx, f.work)
	if err != nil || certain {
		return err
	}
	f.change = plan.Change{
		Action: plan.Fail, Object: plan.Group, Phase: f.change.Phase, SourceID: f.change.SourceID, SourceName: f.change.SourceName, Status: f.change.Status,
		Reason: plan.Reason{Code: NeedsRead, Text: fmt.Sprintf(
			"nobody manages the group %s of the directory, and whether only this group of the tenant has the name is known when a run of the instance has read its groups",
			named[0].Label())},
	}
	return nil
}

// knowsNames reports whether the names of all groups that the instance reaches are known.
func (e *Engine) knowsNames(ctx context.Context, w *work) (bool, error) {
	reach, err := e.Store.Reach(ctx, w.instance.ID)
	if err != nil {
		return false, err
	}
	cursor, err := e.Store.Cursor(ctx, w.connection.ID)
	return reach == Reach{ConfigVersion: w.run.ConfigVersion, Graph: cursor.Groups.Graph} && cursor.Groups.Delta != "", err
}

// concludeGroup fills the steps that planning answers, and the outcome.
func (e *Engine) concludeGroup(ctx context.Context, x *Explanation, f foreseenGroup) error {
	if f.hidden == nil {
		f.hidden = []string{} // groups have no values that nobody is shown
	}
	target, able := f.target.(destination.Groups)
	if !able {
		return noGroups()
	}
	linked, err := e.linkedGroups(ctx, target, []GroupObject{f.group})
	if err != nil {
		return err
	}
	object := linked[f.group.Link.ObjectID]
	x.set(f.scopeGroup())
	match, aim := f.matchGroup(object)
	x.set(match)
	if aim != nil {
		x.ObjectID, x.ObjectName = aim.ID, aim.Label()
	}
	act, err := e.actGroup(ctx, f, aim)
	if err != nil {
		return err
	}
	x.set(act)
	x.Outcome = outcomeOf(match, act)
	return nil
}

// outcomeOf is what the steps that planning answers come to.
func outcomeOf(match, act ExplainedStep) Outcome {
	switch {
	case match.State == StepFailed || act.State == StepFailed:
		return OutcomeFailed
	case act.State == StepOK:
		return OutcomeSuccess
	default:
		return OutcomeSkipped
	}
}

// namedPeople are those who were named, each once and without blanks.
func namedPeople(people []string) ([]string, error) {
	asked := trimmed(people)
	if count := len(asked); count > MostAsked {
		return nil, fault.New(fault.Invalid, "TooMany", "%d people are named; at most %d are looked at by name", count, MostAsked).
			WithRemedy("Ask in several turns.")
	}
	return asked, nil
}
