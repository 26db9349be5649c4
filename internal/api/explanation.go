package api

import (
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/mapping"
	"rollcall/internal/plan"
	"rollcall/internal/scope"
)

// Explanation says step by step what is made of one person or group of the tenant, and why.
type Explanation struct {
	Type        string                `json:"type" enum:"user,group" doc:"What it is about."`
	Who         string                `json:"who" doc:"What was asked for: an object id, a userPrincipalName or name, or name or id of an object of the directory."`
	SourceID    string                `json:"sourceId,omitempty" doc:"The object id in the tenant; absent if nothing is known by the name."`
	Name        string                `json:"name,omitempty" doc:"What people call the person or group: display name and address."`
	ObjectID    ident.ID              `json:"objectId,omitzero" format:"uuid" doc:"The user or group of the directory that it is tied to, or is going to be."`
	ObjectName  string                `json:"objectName,omitempty" doc:"What people call that object."`
	At          time.Time             `json:"at" doc:"When it was found out."`
	Live        bool                  `json:"live" doc:"It was read from the tenant then; else it is what the mirror of the tenant holds."`
	Outcome     engine.Outcome        `json:"outcome,omitempty" enum:"success,skipped,failed" doc:"What provisioning came to, or would come to; absent while a run is under way."`
	Steps       []Step                `json:"steps" nullable:"false" doc:"The five steps connect, import, scope, match and act, in this order."`
	Memberships []ExplainedMembership `json:"memberships,omitempty" nullable:"false" doc:"Of a person those in the groups that the instance keeps, up to a hundred; of a group those that were asked about; of a run on demand those that it planned."`
}

// ExplainedMembership says what is made of one membership.
type ExplainedMembership struct {
	Who           string           `json:"who,omitempty" doc:"What was asked for; absent where nobody was asked for by name."`
	GroupID       string           `json:"groupId" doc:"The group's object id in the tenant."`
	GroupName     string           `json:"groupName" doc:"What people call the group in the tenant."`
	SourceID      string           `json:"sourceId,omitempty" doc:"The member's object id in the tenant; absent if nobody is known by the name."`
	Name          string           `json:"name,omitempty" doc:"What people call the member."`
	GroupObjectID ident.ID         `json:"groupObjectId,omitzero" format:"uuid" doc:"The group of the directory; absent while there is none."`
	ObjectID      ident.ID         `json:"objectId,omitzero" format:"uuid" doc:"The user or group of the directory who is the member; absent while there is none."`
	In            bool             `json:"in" doc:"A direct member in the tenant, as far as is known."`
	Status        plan.LinkStatus  `json:"status,omitempty" doc:"How the member's tie stands, or is going to: in-scope, out-of-scope, deleted; absent if there is none."`
	Scope         string           `json:"scope,omitempty" doc:"Whether and why the member is in scope, as a sentence, where asked for by name."`
	Synced        bool             `json:"synced" doc:"The instance put the member in."`
	ByHand        bool             `json:"byHand" doc:"A person or a token put the member in, which no sync changes."`
	Action        plan.Action      `json:"action,omitempty" enum:"join,leave" doc:"What changes; absent if nothing does."`
	State         engine.StepState `json:"state" enum:"ok,skipped,failed" doc:"ok: it changes, or did; skipped: it stays as it is; failed: it could not be changed, or nobody is known by the name."`
	Code          string           `json:"code" doc:"A short, stable word for programs."`
	Text          string           `json:"text" doc:"The same as a sentence."`
}

// Step is one of the five steps of provisioning a person or group.
type Step struct {
	Name       engine.StepName   `json:"name" enum:"connect,import,scope,match,act" doc:"connect: reaching the tenant. import: what is known of the person or group. scope: whether the instance manages it. match: which object of the directory it is. act: what is written."`
	State      engine.StepState  `json:"state" enum:"ok,skipped,failed,not reached" doc:"How the step went."`
	Code       string            `json:"code,omitempty" doc:"A short, stable word for programs; absent for a step that was not reached."`
	Text       string            `json:"text" doc:"The same as a sentence."`
	Facts      []Fact            `json:"facts" nullable:"false" doc:"What the step looked at."`
	Filters    []FilterVerdict   `json:"filters,omitempty" nullable:"false" doc:"The scoping filters; of the step scope."`
	Attributes []AttributeResult `json:"attributes,omitempty" nullable:"false" doc:"How each attribute is made and what becomes of it; of the step act."`
	Waiting    *PastChange       `json:"waiting,omitempty" doc:"The change of the person or group that waits for a decision, a retry or a change; of the step act."`
	History    []PastChange      `json:"history,omitempty" nullable:"false" doc:"The latest changes of the object of the directory, the newest first; of the step act."`
}

// Fact is a name and a value.
type Fact struct {
	Name  string `json:"name" doc:"What it is."`
	Value any    `json:"value" doc:"A text, number, boolean, list or object; null for nothing."`
}

// FilterVerdict says how a scoping filter judged a person.
type FilterVerdict struct {
	Name    string          `json:"name" doc:"The filter's name in quotes, or its number."`
	Passed  bool            `json:"passed" doc:"All its clauses hold; one such filter is enough."`
	Clauses []ClauseVerdict `json:"clauses" nullable:"false" doc:"Its clauses."`
}

// ClauseVerdict says how a clause judged a person.
type ClauseVerdict struct {
	Clause   string `json:"clause" example:"city EQUALS \"Berlin\"" doc:"The clause."`
	Property string `json:"property" doc:"The property of Microsoft Graph that it looks at."`
	Value    any    `json:"value" doc:"What the property holds; null for nothing."`
	Holds    bool   `json:"holds" doc:"The clause holds."`
}

// AttributeResult says how one attribute is made and what becomes of it.
type AttributeResult struct {
	Target   string          `json:"target" doc:"The attribute, by SCIM path."`
	Kind     mapping.Kind    `json:"kind" doc:"direct, constant, expression or none, as its mapping says; lifecycle for what no mapping writes."`
	Source   string          `json:"source,omitempty" doc:"The attribute of the tenant, the constant, or the expression."`
	Inputs   []Fact          `json:"inputs,omitempty" nullable:"false" doc:"The attributes of the tenant that the mapping names, with their values."`
	Outcome  mapping.Outcome `json:"outcome,omitempty" doc:"What the mapping makes: value, only on create, offered, default, cleared, no value, ignored, user ignored, problem."`
	Value    any             `json:"value,omitempty" doc:"The value that the mapping gives; absent if it gives none."`
	Offers   []string        `json:"offers,omitempty" nullable:"false" doc:"The userNames that SelectUniqueValue offers, the best first."`
	Text     string          `json:"text,omitempty" doc:"A problem or a warning."`
	Redacted bool            `json:"redacted,omitempty" doc:"Nobody is shown the values: the mapping says Redact."`
	Before   any             `json:"before,omitempty" doc:"What the user of the directory has; absent if nothing."`
	After    any             `json:"after,omitempty" doc:"What is written; absent if nothing is, or if the attribute is emptied."`
	Written  bool            `json:"written" doc:"It is written."`
	Note     string          `json:"note,omitempty" doc:"Why it is not written."`
}

// PastChange is a line of the provisioning log.
type PastChange struct {
	ID        ident.ID          `json:"id" format:"uuid" doc:"The change's id."`
	RunID     ident.ID          `json:"runId" format:"uuid" doc:"The run that planned it, or took it over."`
	At        time.Time         `json:"at" doc:"When it was applied, failed or closed, or else planned."`
	Action    plan.Action       `json:"action" doc:"What is done."`
	State     engine.EntryState `json:"state" doc:"What became of it."`
	Reason    plan.Reason       `json:"reason" doc:"Why."`
	Changes   string            `json:"changes,omitempty" doc:"What changes, in one line."`
	Attempts  int               `json:"attempts,omitempty" doc:"How often it failed."`
	RetryAt   time.Time         `json:"retryAt,omitzero" doc:"When it is tried again."`
	DecidedBy string            `json:"decidedBy,omitempty" doc:"Who approved or rejected it."`
}

func explanationOf(x engine.Explanation) Explanation {
	return Explanation{
		Type: x.Object.String(), Who: x.Who, SourceID: x.SourceID, Name: x.Name, ObjectID: x.ObjectID, ObjectName: x.ObjectName, At: x.At, Live: x.Live, Outcome: x.Outcome,
		Steps:       each(x.Steps, stepOf),
		Memberships: each(x.Memberships, func(m engine.ExplainedMembership) ExplainedMembership { return ExplainedMembership(m) }),
	}
}

func stepOf(s engine.ExplainedStep) Step {
	step := Step{
		Name: s.Name, State: s.State, Code: s.Code, Text: s.Text, Facts: each(s.Facts, func(f engine.Fact) Fact { return Fact(f) }),
		Filters: each(s.Filters, verdictOf), Attributes: each(s.Attributes, attributeOf),
		History: each(s.History, func(p engine.PastChange) PastChange { return PastChange(p) }),
	}
	if s.Waiting != nil {
		waiting := PastChange(*s.Waiting)
		step.Waiting = &waiting
	}
	return step
}

func verdictOf(f scope.FilterTrace) FilterVerdict {
	return FilterVerdict{Name: f.Name, Passed: f.Passed, Clauses: each(f.Clauses, func(c scope.ClauseTrace) ClauseVerdict { return ClauseVerdict(c) })}
}

func attributeOf(a engine.AttributeStep) AttributeResult {
	return AttributeResult{
		Target: a.Target, Kind: a.Kind, Source: a.Source, Inputs: each(a.Inputs, func(i mapping.Input) Fact { return Fact(i) }), Outcome: a.Outcome,
		Value: a.Value, Offers: a.Offers, Text: a.Text, Redacted: a.Redacted, Before: a.Before, After: a.After, Written: a.Written, Note: a.Note,
	}
}
