package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"rollcall/internal/attr"
	"rollcall/internal/fault"
	"rollcall/internal/graph"
	"rollcall/internal/plan"
)

// begin fills the steps connect and import.
func (e *Engine) begin(ctx context.Context, w *work, rules *plan.Rules, x *Explanation, s subject) error {
	x.SourceID = s.id
	if s.user.SourceID != "" {
		x.Name = plan.SourceName(s.user.Source())
	}
	instance, err := e.Store.Instance(ctx, w.instance.ID) // its health changes while a run is under way
	if err != nil {
		return err
	}
	x.set(connectStep(w, instance, s))
	x.Outcome = OutcomeFailed
	if s.refused == nil {
		step := importStep(rules, s)
		x.Outcome = map[StepState]Outcome{StepFailed: OutcomeFailed, StepSkipped: OutcomeSkipped}[step.State]
		x.set(step)
	}
	return nil
}

func connectStep(w *work, instance Instance, s subject) ExplainedStep {
	step := ExplainedStep{Name: ConnectStep, State: StepOK}
	step.fact("tenant", w.connection.TenantID)
	step.fact("cloud", w.connection.Cloud)
	if s.cursor.LastGood.IsZero() {
		step.fact("last good pull", nil)
	} else {
		step.fact("last good pull", s.cursor.LastGood.UTC().Format(time.RFC3339))
	}
	if q := instance.Health.Quarantine; q != nil {
		step.fact("quarantine since", q.Since.UTC().Format(time.RFC3339))
	}
	failure := instance.Health.LastFailure
	switch {
	case s.refused != nil:
		failed := failureOf(s.refused)
		step.State, step.Code, step.Text = StepFailed, codeOf(failed), failed.sentences()
		if failed.RequestID != "" {
			step.fact("request id", failed.RequestID)
		}
	case s.asked:
		step.Code, step.Text = "Connected", "The tenant answered."
	case failure != nil && aboutTenant(failure):
		step.State, step.Code, step.Text = StepFailed, codeOf(failure), "The last run failed: "+failure.sentences()+" What follows is what the mirror holds."
	case s.cursor.LastGood.IsZero():
		step.State, step.Code, step.Text = StepSkipped, "NeverRead", "The tenant was not read yet."
	default:
		step.Code, step.Text = "Read", "The tenant was not asked; what follows is what its last good pull left in the mirror."
	}
	return step
}

// aboutTenant reports whether a run failed because the tenant could not be read.
func aboutTenant(f *Failure) bool {
	return slices.ContainsFunc([]fault.Kind{fault.Unauthenticated, fault.Denied, fault.Throttled, fault.Unavailable, fault.Expired},
		func(kind fault.Kind) bool { return kind.String() == f.Kind })
}

func codeOf(f *Failure) string {
	if f.Code != "" {
		return f.Code
	}
	return f.Kind
}

// sentences are message and remedy.
func (f *Failure) sentences() string {
	return strings.TrimSpace(sentence("", f.Message) + " " + sentence("", f.Remedy))
}

// importStep says what is known of the person.
func importStep(rules *plan.Rules, s subject) ExplainedStep {
	step := ExplainedStep{Name: ImportStep, State: StepOK}
	if s.synced != nil && s.user.SourceID == "" {
		managed := "nobody"
		if !s.synced.Owner.IsZero() {
			managed = s.synced.OwnerName
		}
		step.fact("directory user of this name", s.synced.Label()+", managed by "+managed)
	}
	if s.asked {
		step.fact("the tenant says", presenceText(s.presence))
	}
	switch {
	case s.user.SourceID == "":
		step.nobody(s)
		return step
	case len(s.lacks) > 0:
		step.State, step.Code = StepFailed, NeedsRead
		step.Text = fmt.Sprintf("The mirror does not hold %s yet, so that nobody can be decided on: a full read comes first. Ask the tenant itself to see more (--live).",
			strings.Join(s.lacks, ", "))
	case s.unread > 0:
		step.State, step.Code = StepFailed, NeedsRead
		step.Text = fmt.Sprintf("The members of %d groups of the scope are not known yet, so that nobody can be decided on: a run of the instance reads them first.", s.unread)
	default:
		step.Code, step.Text = "Known", sentence("The person", stateText(s))
	}
	step.fact("in Entra", stateWord(s.user.State))
	if !s.user.DeletedAt.IsZero() {
		step.fact("deleted at", s.user.DeletedAt.UTC().Format(time.RFC3339))
	}
	if s.asked && s.before.SourceID != "" {
		step.fact("changed since the last pull", changedSince(s))
	}
	hidden := rules.Mapping.RedactedSources()
	for _, property := range rules.Needs() {
		value := s.user.Record.Get(property)
		if slices.Contains(hidden, property) {
			value = masked(value)
		}
		step.fact(property, value)
	}
	return step
}

// nobody is the step of a person of whom the mirror has no record.
func (s *ExplainedStep) nobody(of subject) {
	s.State = StepFailed
	switch {
	case of.presence == graph.Binned:
		s.State, s.Code = StepSkipped, "Deleted"
		s.Text = "The person is in the tenant's recycle bin and was never synchronised, so that there is nothing to do."
	case of.asked:
		s.Code, s.Text = unknownCode, "The tenant knows no user by this id or userPrincipalName."
	case of.cursor.LastGood.IsZero():
		s.Code, s.Text = unknownCode, "The mirror is empty: the tenant was not read yet. Ask the tenant itself (--live)."
	default:
		s.Code, s.Text = unknownCode, "The mirror of the tenant holds no such user. Ask the tenant itself whether it knows him (--live)."
	}
}

func presenceText(p graph.Presence) string {
	switch p {
	case graph.Live:
		return "among the users"
	case graph.Binned:
		return "in the recycle bin"
	default:
		return "nowhere: neither among the users nor in the recycle bin"
	}
}

func stateWord(state plan.SourceState) string {
	return map[plan.SourceState]string{plan.Live: "live", plan.Deleted: "in the recycle bin", plan.Gone: "purged"}[state]
}

func stateText(s subject) string {
	switch s.user.State {
	case plan.Deleted:
		return "was deleted in Entra; this is what was last seen of him"
	case plan.Gone:
		return "was purged in Entra; this is what was last seen of him"
	default:
		return "is a user of the tenant"
	}
}

// changedSince lists the properties that the tenant tells otherwise than the mirror.
func changedSince(s subject) []string {
	changed := []string{}
	if s.user.State != s.before.State {
		changed = append(changed, "state")
	}
	for _, record := range []attr.Record{s.user.Record, s.before.Record} {
		for _, field := range record {
			if !attr.Equal(s.user.Record.Get(field.Name), s.before.Record.Get(field.Name)) && !slices.Contains(changed, field.Name) {
				changed = append(changed, field.Name)
			}
		}
	}
	return changed
}
