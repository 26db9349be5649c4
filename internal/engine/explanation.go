package engine

import (
	"time"

	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Outcome is what provisioning one person came to, or would come to.
type Outcome string

// The outcomes, in the words of Control Hub: Provisioning success, skipped, failed.
const (
	OutcomeSuccess Outcome = "success"
	// OutcomeSkipped: there is nothing to do, or it is not done on purpose.
	OutcomeSkipped Outcome = "skipped"
	OutcomeFailed  Outcome = "failed"
)

// Explanation says step by step what Rollcall makes of one person or group of the tenant, and why.
type Explanation struct {
	// Object is what it is about: plan.User or plan.Group.
	Object plan.ObjectType `json:"object,omitempty"`
	// Who is what was asked for: an object id, a userPrincipalName or name, or name or id of an object of the directory.
	Who string `json:"who"`
	// SourceID and Name are the person or group in the tenant; "" while it is not known.
	SourceID string `json:"sourceId,omitempty"`
	Name     string `json:"name,omitempty"`
	// ObjectID and ObjectName are the object of the directory that it is tied to, or would be.
	ObjectID   ident.ID `json:"objectId,omitzero"`
	ObjectName string   `json:"objectName,omitempty"`
	// At is when it was found out; Live: the person was read from the tenant then.
	At   time.Time `json:"at"`
	Live bool      `json:"live"`
	// Outcome: what a run would come to, or the run came to.
	Outcome Outcome `json:"outcome,omitempty"`
	// Steps are the five, in their order.
	Steps []ExplainedStep `json:"steps"`
	// Memberships of a person are those in the groups that the instance keeps, up to a hundred; of a group those that were asked about. What a run on
	// demand tells are those that it planned.
	Memberships []ExplainedMembership `json:"memberships,omitempty"`
}

// StepName names one of the five steps, as Entra's provisioning on demand has them.
type StepName string

// The steps in their order.
const (
	ConnectStep StepName = "connect" // reaching the tenant
	ImportStep  StepName = "import"  // what is known of the person
	ScopeStep   StepName = "scope"   // whether the instance manages him
	MatchStep   StepName = "match"   // which user of the directory he is
	ActStep     StepName = "act"     // what is written
)

// StepState says how a step went.
type StepState string

// The states of steps.
const (
	StepOK         StepState = "ok"
	StepSkipped    StepState = "skipped"
	StepFailed     StepState = "failed"
	StepNotReached StepState = "not reached"
)

// ExplainedStep is one of the five steps.
type ExplainedStep struct {
	Name  StepName  `json:"name"`
	State StepState `json:"state"`
	// Code is stable, for programs; "" for a step that was not reached.
	Code string `json:"code,omitempty"`
	// Text is a sentence with full stop.
	Text  string `json:"text"`
	Facts []Fact `json:"facts,omitempty"`
	// Filters are the scoping filters with the verdict of every clause; of the step scope.
	Filters []scope.FilterTrace `json:"filters,omitempty"`
	// Attributes say how each mapping came to its value; Waiting is what stands open about the person, History the latest changes of the
	// directory user, newest first; of the step act.
	Attributes []AttributeStep `json:"attributes,omitempty"`
	Waiting    *PastChange     `json:"waiting,omitempty"`
	History    []PastChange    `json:"history,omitempty"`
}

// Fact is a name and a value: a text, number, boolean, or a list of texts; nil for nothing.
type Fact struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// AttributeStep says how one attribute is made and what becomes of it.
type AttributeStep struct {
	mapping.Trace
	// Before is what the directory user has; After is what he gets. Both only if Written.
	Before  any  `json:"before,omitempty"`
	After   any  `json:"after,omitempty"`
	Written bool `json:"written"`
	// Note says why it is not written; without full stop.
	Note string `json:"note,omitempty"`
}

// PastChange is an entry of the journal.
type PastChange struct {
	ID     ident.ID    `json:"id"`
	RunID  ident.ID    `json:"runId"`
	At     time.Time   `json:"at"`
	Action plan.Action `json:"action"`
	State  EntryState  `json:"state"`
	Reason plan.Reason `json:"reason"`
	// Changes tells what it does to attributes: title: "Clerk" → "Chief".
	Changes string `json:"changes,omitempty"`
	// Attempts counts failures, RetryAt is when the next try is due, DecidedBy who approved or rejected.
	Attempts  int       `json:"attempts,omitempty"`
	RetryAt   time.Time `json:"retryAt,omitzero"`
	DecidedBy string    `json:"decidedBy,omitempty"`
}

func pastChange(entry Entry) PastChange {
	at := entry.SettledAt
	if at.IsZero() {
		at = entry.PlannedAt
	}
	return PastChange{
		ID: entry.ID, RunID: entry.RunID, At: at, Action: entry.Action, State: entry.State, Reason: entry.Reason,
		Changes: Differences(entry), Attempts: entry.Attempts, RetryAt: entry.RetryAt, DecidedBy: entry.DecidedBy,
	}
}

// newExplanation has all five steps, none of them reached.
func newExplanation(who string, at time.Time, live bool) Explanation {
	x := Explanation{Who: who, At: at, Live: live}
	for _, name := range []StepName{ConnectStep, ImportStep, ScopeStep, MatchStep, ActStep} {
		x.Steps = append(x.Steps, ExplainedStep{Name: name, State: StepNotReached, Text: "Not reached."})
	}
	return x
}

// set replaces the step of the same name.
func (x *Explanation) set(step ExplainedStep) {
	for i := range x.Steps {
		if x.Steps[i].Name == step.Name {
			x.Steps[i] = step
		}
	}
}

// Step returns one of the five steps.
func (x *Explanation) Step(name StepName) *ExplainedStep {
	for i := range x.Steps {
		if x.Steps[i].Name == name {
			return &x.Steps[i]
		}
	}
	return nil
}

func (s *ExplainedStep) fact(name string, value any) {
	s.Facts = append(s.Facts, Fact{Name: name, Value: value})
}
