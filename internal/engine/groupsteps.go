package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/graph"
	"rollcall/internal/mapping"
	"rollcall/internal/mirror"
	"rollcall/internal/plan"
)

// importGroup says what is known of the group.
func (e *Engine) importGroup(ctx context.Context, w *work, s groupSubject) (ExplainedStep, error) {
	step := ExplainedStep{Name: ImportStep, State: StepOK}
	if s.asked && s.id != "" {
		step.fact("the tenant says", groupPresenceText(s.presence))
	}
	if !s.known() {
		if s.synced != nil {
			step.fact("directory group of this name", s.synced.Name())
		}
		step.noGroup(s)
		return step, nil
	}
	step.Code, step.Text = "Known", "The group is one of the tenant."
	if s.group.State != plan.Live {
		step.Text = "The group was deleted in Entra; this is what was last seen of it."
	}
	step.fact("in Entra", stateWord(s.group.State))
	if !s.group.DeletedAt.IsZero() {
		step.fact("deleted at", s.group.DeletedAt.UTC().Format(time.RFC3339))
	}
	step.fact("displayName", s.group.Record.Get("displayName"))
	switch {
	case !s.group.Wanted:
		step.fact("members", "not copied, because no selection wants the group")
	case s.group.ReadIn == 0:
		step.fact("members", "not read yet")
	default:
		counts, err := e.Store.CountMirrorMembers(ctx, w.connection.ID, s.group.Seq)
		if err != nil {
			return step, err
		}
		step.fact("people in it", counts[mirror.MemberUser])
		step.fact("groups in it", counts[mirror.MemberGroup])
		step.fact("other members", s.group.Others)
	}
	return step, nil
}

// noGroup is the step of a group of which nothing is known.
func (s *ExplainedStep) noGroup(of groupSubject) {
	s.State, s.Code = StepFailed, unknownCode
	switch {
	case of.presence == graph.Binned && of.id != "" && of.asked:
		s.State, s.Code = StepSkipped, "Deleted"
		s.Text = "The group is in the tenant's recycle bin and was never synchronised, so that there is nothing to do."
	case of.asked && of.id != "":
		s.Text = "The tenant knows no group by this id."
	case of.asked:
		s.Text = "No group is known by this name. One that the mirror does not hold is found by its object id only."
	default:
		s.Text = "The mirror of the tenant holds no such group. Give its object id, and ask the tenant itself (--live)."
	}
}

// unknownCode is that of the step import where nothing is known by the name.
const unknownCode = "Unknown"

func groupPresenceText(p graph.Presence) string {
	switch p {
	case graph.Live:
		return "among the groups"
	case graph.Binned:
		return "in the recycle bin"
	default:
		return "nowhere: neither among the groups nor in the recycle bin"
	}
}

// scopeGroup says whether the instance keeps the group, and by which rule.
func (f foreseenGroup) scopeGroup() ExplainedStep {
	step := ExplainedStep{Name: ScopeStep, State: StepSkipped, Code: f.rule}
	step.fact("rule", f.rule)
	if len(f.ways) > 0 {
		lines := make([]string, len(f.ways))
		for i, way := range f.ways {
			lines[i] = wayText(way)
		}
		step.fact("reached through", lines)
	}
	step.fact("brings people into scope", f.rules.Scope.ByMembership() && len(f.ways) > 0)
	switch {
	case f.group.State != plan.Live:
		step.Text = "The group is deleted in Entra, so that it does not matter whether it is kept."
	case f.judged.drafts[0].InScope():
		step.State, step.Text = StepOK, sentence("The group is kept:", f.why)
	default:
		step.Text = sentence("The group is not kept:", f.why)
	}
	return step
}

// wayText tells a way from a selected group.
func wayText(way []GroupRef) string {
	names := make([]string, len(way))
	for i, group := range way {
		names[i] = group.Name
	}
	return strings.Join(names, " > ")
}

// matchGroup says which group of the directory it is; linked is the one that it is tied to, nil if there is none.
func (f foreseenGroup) matchGroup(linked *plan.Target) (step ExplainedStep, aim *plan.Target) {
	step = ExplainedStep{Name: MatchStep, State: StepOK}
	rules := plan.GroupRules{Instance: f.instance.ID}
	var candidates []plan.Target
	for _, key := range rules.Keys(f.group.source(f.rules), linked) {
		found := f.found.ByKey[key]
		candidates = append(candidates, found...)
		value := key.Value
		if key.Path == attr.DisplayName {
			value = f.change.SourceName
		}
		holders := make([]string, len(found))
		for i, target := range found {
			holders[i] = target.Label() + ", " + ownerText(target)
		}
		if len(holders) == 0 {
			holders = []string{"none"}
		}
		step.fact("which has "+key.Path+" "+value, holders)
	}
	if id := f.group.Link.ObjectID; !id.IsZero() {
		step.fact("linked to", id.String())
	}
	place := slices.IndexFunc(candidates, func(t plan.Target) bool { return f.does && !f.change.ObjectID.IsZero() && t.ID == f.change.ObjectID })
	switch {
	case f.does && f.change.Action == plan.Fail && slices.Contains(groupMatchCodes, f.change.Reason.Code):
		step.State, step.Code, step.Text = StepFailed, f.change.Reason.Code, sentence("", f.change.Reason.Text)
	case linked != nil:
		step.Code, step.Text = "Linked", fmt.Sprintf("The group is tied to %s.", linked.Label())
		return step, linked
	case f.group.State != plan.Live || !f.judged.drafts[0].InScope():
		step.State, step.Code, step.Text = StepSkipped, "NotLinked", "The group is tied to none, and none is looked for."
	case place >= 0:
		step.Code = "Matched"
		step.Text = fmt.Sprintf("%s exists already, and the group is tied to it.", candidates[place].Label())
		return step, &candidates[place]
	default:
		step.Code, step.Text = "NothingFound", "No group of the directory is this one."
	}
	return step, nil
}

// groupMatchCodes are the reasons for which a group is not matched.
var groupMatchCodes = []string{"DuplicateTargetEntries", "OwnedByOther", NeedsRead}

func ownerText(target plan.Target) string {
	switch {
	case target.Owner.IsZero():
		return "managed by nobody"
	case target.OwnerName == "":
		return "managed by another instance"
	}
	return "managed by " + target.OwnerName
}

// actGroup says what is written, and what is not; aim is the object that there is, nil if there is none.
func (e *Engine) actGroup(ctx context.Context, f foreseenGroup, aim *plan.Target) (ExplainedStep, error) {
	step := ExplainedStep{Name: ActStep, State: StepSkipped, Attributes: f.groupAttributes(aim)}
	change := f.change
	switch {
	case f.does && change.Action == plan.Fail && slices.Contains(groupMatchCodes, change.Reason.Code):
		step.State, step.Text = StepNotReached, "Not reached."
	case !f.does && aim != nil:
		step.Code, step.Text = "Unchanged", "Nothing of the group itself differs, so that nothing of it is written."
	case !f.does:
		step.Code, step.Text = "NotManaged", "Nothing is written, because the group is not kept and tied to none."
	case change.Action == plan.Fail:
		step.State, step.Code, step.Text = StepFailed, change.Reason.Code, sentence("Nothing can be written:", change.Reason.Text)
	case change.Action == plan.Skip:
		step.Code, step.Text = change.Reason.Code, sentence("Nothing is written:", change.Reason.Text)
	default:
		step.State, step.Code = StepOK, change.Reason.Code
		step.Text = sentence(planText(plan.Group, change.Action), change.Reason.Text)
	}
	if f.does {
		step.fact("action", string(change.Action))
	}
	object := change.ObjectID
	if aim != nil {
		object = aim.ID
	}
	if err := e.past(ctx, f.foreseen, &step, object); err != nil {
		return step, err
	}
	if f.does && change.Action.Writes() && change.Removal {
		if err := e.guardFact(ctx, f.foreseen, &step); err != nil {
			return step, err
		}
	}
	return step, e.tellMembers(ctx, f, &step)
}

// groupAttributes tell of the two attributes that a group gets.
func (f foreseenGroup) groupAttributes(aim *plan.Target) []AttributeStep {
	var before attr.Record
	if aim != nil {
		before = aim.Record
	}
	writes := f.does && f.change.Action.Writes() && f.change.Action != plan.Delete && f.change.Action != plan.Release
	var steps []AttributeStep
	for _, made := range []struct{ target, source, value string }{
		{attr.DisplayName, "displayName", strings.TrimSpace(f.group.Record.Text("displayName"))},
		{attr.ExternalID, "objectId", f.group.SourceID},
	} {
		step := AttributeStep{Before: before.Get(made.target)}
		step.Target, step.Kind, step.Source, step.Value, step.Outcome = made.target, mapping.Direct, made.source, made.value, mapping.Valued
		step.Inputs = []mapping.Input{{Name: made.source, Value: made.value}}
		switch {
		case writes && f.change.After.Has(made.target):
			step.Written, step.After = true, f.change.After.Get(made.target)
		case aim != nil && attr.Equal(step.Before, step.Value):
			step.Note = "the group has it already"
		default:
			step.Note = "nothing is written of the group"
		}
		steps = append(steps, step)
	}
	return steps
}
