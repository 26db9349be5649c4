package engine

import (
	"context"
	"fmt"
	"slices"

	"rollcall/internal/attr"
	"rollcall/internal/expr"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// matchCodes are the reasons for which a person is not matched.
var matchCodes = []string{"DuplicateTargetEntries", "OwnedByOther", "UnverifiedDomain"}

// scopeStep says whether the instance manages the person, and by which rule.
func (f foreseen) scopeStep(trace plan.Trace) ExplainedStep {
	decision := trace.Decision
	step := ExplainedStep{Name: ScopeStep, State: StepSkipped, Code: decision.Rule}
	step.fact("rule", decision.Rule)
	if userType := f.object.Record.Text("userType"); userType != "" {
		step.fact("user type", userType)
	}
	step.fact("sign-in blocked", trace.Blocked)
	hidden := f.rules.Mapping.RedactedSources()
	step.Filters = trace.Filters
	for _, filter := range step.Filters {
		for i := range filter.Clauses {
			if c := &filter.Clauses[i]; slices.Contains(hidden, c.Property) {
				c.Value = masked(c.Value)
			}
		}
	}
	switch {
	case decision.Never:
		step.Text = sentence("The person", decision.Reason)
	case f.object.State == plan.Deleted:
		step.Text = "The person is deleted in Entra, so that the scope does not matter."
	case f.object.State == plan.Gone:
		step.Text = "The person was purged in Entra, so that the scope does not matter."
	case decision.In:
		step.State, step.Text = StepOK, sentence("The person is in scope:", decision.Reason)
	default:
		step.Text = sentence("The person is not in scope:", decision.Reason)
	}
	return step
}

// missedGroups tells of selected groups that bring nobody, where the person is out because no selection takes him.
func (e *Engine) missedGroups(ctx context.Context, f foreseen, trace plan.Trace, step *ExplainedStep) error {
	if f.object.State != plan.Live || trace.Decision.Rule != scope.NotSelected {
		return nil
	}
	lost, err := e.lost(ctx, f.connection.ID, f.rules)
	if err != nil || len(lost) == 0 {
		return err
	}
	step.fact("groups that bring nobody", lost)
	step.Text += " " + lostSentence(lost)
	return nil
}

// matchStep says which user of the directory the person is.
func (f foreseen) matchStep(trace plan.Trace) ExplainedStep {
	step := ExplainedStep{Name: MatchStep, State: StepOK}
	for _, key := range trace.Keys {
		value := key.Value
		if slices.Contains(f.hidden, key.Path) {
			value = expr.Redacted
		}
		holders := make([]string, len(key.Found))
		for i, target := range key.Found {
			holders[i] = target.Label()
		}
		if len(holders) == 0 {
			holders = []string{"nobody"}
		}
		step.fact("who has "+key.Path+" "+value, holders)
	}
	if link := f.object.Link; !link.ObjectID.IsZero() {
		step.fact("linked to", link.ObjectID.String())
		step.fact("link says", string(link.Status))
	}
	switch {
	case f.does && f.change.Action == plan.Fail && slices.Contains(matchCodes, f.change.Reason.Code):
		step.State, step.Code, step.Text = StepFailed, f.change.Reason.Code, sentence("", f.change.Reason.Text)
	case trace.Linked != nil:
		step.Code, step.Text = "Linked", "The person is tied to "+trace.Linked.Label()+"."
	case f.object.State != plan.Live || !trace.Decision.In:
		step.State, step.Code, step.Text = StepSkipped, "NotLinked", "The person is tied to nobody, and nobody is looked for."
	case len(trace.Matches) == 1:
		step.Code = "Matched"
		step.Text = fmt.Sprintf("%s exists already, found by %s, and the person is tied to this user.", trace.Matches[0].Label(), trace.MatchedBy.Path)
	default:
		step.Code, step.Text = "NobodyFound", "No user of the directory is the person's."
	}
	return step
}

// actStep says what is written, and what is not.
func (e *Engine) actStep(ctx context.Context, f foreseen, trace plan.Trace, object ident.ID) (ExplainedStep, error) {
	step := ExplainedStep{Name: ActStep, State: StepSkipped, Attributes: f.attributes(trace)}
	change := f.change
	switch {
	case f.does && change.Action == plan.Fail && slices.Contains(matchCodes, change.Reason.Code):
		step.State, step.Text = StepNotReached, "Not reached."
	case !f.does && trace.Linked != nil:
		step.Code, step.Text = "Unchanged", "Nothing differs, so that nothing is written."
	case !f.does:
		step.Code, step.Text = "NotManaged", "Nothing is written, because the person is not in scope and tied to nobody."
	case change.Action == plan.Fail:
		step.State, step.Code, step.Text = StepFailed, change.Reason.Code, sentence("Nothing can be written:", change.Reason.Text)
	case change.Action == plan.Skip:
		step.Code, step.Text = change.Reason.Code, sentence("Nothing is written:", change.Reason.Text)
	default:
		step.State, step.Code = StepOK, change.Reason.Code
		step.Text = sentence(planText(plan.User, change.Action), change.Reason.Text)
	}
	if f.does {
		step.fact("action", string(change.Action))
	}
	if err := e.past(ctx, f, &step, object); err != nil {
		return step, err
	}
	if f.does && change.Action.Writes() && change.Removal {
		if err := e.guardFact(ctx, f, &step); err != nil {
			return step, err
		}
	}
	return step, nil
}

// guardFact says what the guard makes of a removal, or what was decided about it already.
func (e *Engine) guardFact(ctx context.Context, f foreseen, step *ExplainedStep) error {
	if waiting := step.Waiting; waiting != nil && waiting.State == Rejected && f.stands() {
		step.rejected(f.of)
		return nil
	}
	if waiting := step.Waiting; waiting != nil && waiting.State == Rejected {
		step.State, step.Code = StepSkipped, "Held"
		step.Text = fmt.Sprintf("Held: %s rejected another removal, so that this one waits for approval. %s", waiting.DecidedBy, step.Text)
		step.fact("guard", "held: another removal was rejected")
		return nil
	}
	if step.Waiting != nil && step.Waiting.State == Held && !f.named {
		step.State, step.Code = StepSkipped, "Held"
		step.Text = "Held: waits for approval, and is not written before (rollcall held list). " + step.Text
		step.fact("guard", "held: waits for approval")
		return nil
	}
	note, err := e.guardNote(ctx, f)
	if err != nil {
		return err
	}
	step.fact("guard", note)
	return nil
}

// stands reports whether the change is the one that stands open.
func (f foreseen) stands() bool {
	open := f.object.Open
	return open != nil && open.Fingerprint == f.changes[f.place].Fingerprint(f.run.ConfigVersion)
}

// rejected says of a removal that a person decided that it is not done.
func (s *ExplainedStep) rejected(of plan.ObjectType) {
	waiting := s.Waiting
	s.State, s.Code = StepSkipped, "Rejected"
	s.Text = fmt.Sprintf("The %s stays as it is, because %s rejected the removal on %s (held approve takes that back, with the id %s). Rejected was: %s",
		of, waiting.DecidedBy, waiting.At.UTC().Format(minutes), waiting.ID, s.Text)
	s.fact("guard", "rejected by "+waiting.DecidedBy)
	s.unwritten("the change was rejected")
}

// planText begins the sentence that says what a run does to a user or a group.
func planText(of plan.ObjectType, action plan.Action) string {
	return map[plan.Action]string{
		plan.Create: "A " + of.String() + " is created:", plan.Update: "The " + of.String() + " is updated:", plan.Deactivate: "The user becomes Inactive:",
		plan.Reactivate: "The user becomes Active again:", plan.Delete: "The " + of.String() + " is removed:", plan.Release: "The " + of.String() + " is let go:",
	}[action]
}

// guardNote says what the guard makes of a removal.
func (e *Engine) guardNote(ctx context.Context, f foreseen) (string, error) {
	settings, err := e.Store.Settings(ctx, f.instance.ID, f.run.ConfigVersion)
	if err != nil {
		return "", err
	}
	recent, err := e.Store.RecentRemovals(ctx, f.instance.ID, f.of, 0, e.Now().Add(-guardWindow))
	if err != nil {
		return "", err
	}
	if f.named {
		return fmt.Sprintf("not held, because it was asked for by name; it is counted among the removals of 24 hours, of which there were %d before", recent), nil
	}
	held, err := e.weigh(ctx, f.instance, f.of, settings.Thresholds, plan.Removals{Planned: 1, Recent: recent})
	if err != nil {
		return "", err
	}
	if held != "" {
		return "held for approval: " + held, nil
	}
	return "not held, unless the same run removes many others", nil
}

// attributes tells of every mapping, and of what the lifecycle writes beside them.
func (f foreseen) attributes(trace plan.Trace) []AttributeStep {
	var current attr.Record
	exists := true
	switch {
	case trace.Linked != nil:
		current = trace.Linked.Record
	case len(trace.Matches) == 1:
		current = trace.Matches[0].Record
	default:
		exists = false
	}
	writes := f.does && f.change.Action.Writes() && f.change.Action != plan.Delete
	var steps []AttributeStep
	add := func(step AttributeStep) {
		step.Before = current.Get(step.Target)
		if writes && f.change.After.Has(step.Target) {
			step.Written, step.After = true, f.change.After.Get(step.Target)
		}
		if slices.Contains(f.hidden, step.Target) {
			step.hide()
		}
		if !step.Written {
			step.Note = f.note(step, exists)
		}
		steps = append(steps, step)
	}
	for _, mapped := range trace.Attributes {
		add(AttributeStep{Trace: mapped})
	}
	for _, field := range f.change.After {
		known := slices.ContainsFunc(steps, func(step AttributeStep) bool { return step.Target == field.Name })
		if writes && !known {
			step := AttributeStep{}
			step.Target, step.Kind = field.Name, lifecycle
			add(step)
		}
	}
	return steps
}

// lifecycle is the kind of what no mapping writes.
const lifecycle = "lifecycle"

// hide masks all values of an attribute.
func (s *AttributeStep) hide() {
	s.Redacted, s.Value, s.Before, s.After = true, masked(s.Value), masked(s.Before), masked(s.After)
	for i := range s.Inputs {
		s.Inputs[i].Value = masked(s.Inputs[i].Value)
	}
}

func masked(value any) any {
	if value == nil {
		return nil
	}
	return expr.Redacted
}

// past adds what stands open about the person or group, and the latest changes of the object.
func (e *Engine) past(ctx context.Context, f foreseen, step *ExplainedStep, object ident.ID) error {
	open, err := e.Store.ListEntries(ctx, EntryQuery{
		Org: f.instance.OrgID, Instance: f.instance.ID, SourceID: f.object.SourceID, Open: true, Object: &f.of, Limit: 1, Bare: true,
	})
	if err != nil {
		return err
	}
	if len(open) > 0 {
		waiting := pastChange(concealed(open[0], f.hidden))
		step.Waiting = &waiting
	}
	if object.IsZero() {
		return nil
	}
	latest, err := e.Store.ListEntries(ctx, EntryQuery{
		Org: f.instance.OrgID, ObjectID: object, States: []EntryState{Applied, Planned, Parked}, Newest: true, Limit: latestChanges, Bare: true,
	})
	for _, entry := range latest {
		step.History = append(step.History, pastChange(concealed(entry, f.hidden)))
	}
	slices.SortStableFunc(step.History, func(a, b PastChange) int { return b.At.Compare(a.At) }) // what was held is applied long after it was planned
	return err
}

// latestChanges is how many changes an explanation tells of.
const latestChanges = 5

// concealed hides what mappings say now that nobody is shown, also where it was written down before they said so.
func concealed(entry Entry, hidden []string) Entry {
	for _, record := range []*attr.Record{&entry.Before, &entry.After} {
		for _, path := range hidden {
			if record.Get(path) != nil {
				*record = record.Clone()
				record.Set(path, attr.Seal(nil))
			}
		}
	}
	return entry
}
