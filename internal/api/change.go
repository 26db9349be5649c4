package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Change is one planned action on one object: a line of the dry-run report, of the provisioning log, of the list of what is held.
type Change struct {
	ID         ident.ID `json:"id" format:"uuid" doc:"The change's id."`
	InstanceID ident.ID `json:"instanceId" format:"uuid" doc:"Whose change it is."`
	RunID      ident.ID `json:"runId" format:"uuid" doc:"The run that planned it, or took it over."`
	ObjectType string   `json:"objectType" enum:"User" doc:"What the object is."`
	// Action is what is done to the object.
	Action plan.Action `json:"action" enum:"match,create,update,deactivate,reactivate,delete,restore,release,skip,fail" doc:"What is done to the object."`
	// State says what became of it.
	State engine.EntryState `json:"state" enum:"planned,parked,applied,held,approved,rejected,failed,skipped,superseded,dropped,proposed" doc:"What became of it."`
	Open  bool              `json:"open" doc:"It waits for something: a decision, a retry, a change of the object."`
	// SourceID is the object's id in the tenant.
	SourceID   string   `json:"sourceId" doc:"The object's id in the tenant."`
	SourceName string   `json:"sourceName" doc:"What people call it there: display name and address."`
	ObjectID   ident.ID `json:"objectId,omitzero" format:"uuid" doc:"The object's id in the directory."`
	ObjectName string   `json:"objectName,omitempty" doc:"What people call it in the directory."`
	// Reason says why.
	Reason plan.Reason `json:"reason" doc:"Why."`
	// Before and After hold what changes, by SCIM path; null means absent.
	Before map[string]any `json:"before,omitempty" doc:"Values before, by SCIM path; null means none."`
	After  map[string]any `json:"after,omitempty" doc:"Values after, by SCIM path; null means none."`
	// Summary tells the same in one line.
	Summary   string    `json:"summary,omitempty" doc:"What changes, in one line."`
	Link      bool      `json:"link,omitempty" doc:"Ties an object that exists already to the tenant's."`
	Undoes    ident.ID  `json:"undoes,omitzero" format:"uuid" doc:"The change that this one takes back."`
	Attempts  int       `json:"attempts,omitempty" doc:"How often it failed."`
	FailedAt  time.Time `json:"failedAt,omitzero" doc:"When it failed first."`
	RetryAt   time.Time `json:"retryAt,omitzero" doc:"When it is tried again."`
	PlannedAt time.Time `json:"plannedAt" doc:"When it was planned."`
	SettledAt time.Time `json:"settledAt,omitzero" doc:"When it was applied, failed or closed."`
	DecidedBy string    `json:"decidedBy,omitempty" doc:"Who approved or rejected it."`
}

// Decision approves or rejects held changes of an instance: those named, or all of them.
type Decision struct {
	Instance ident.ID   `json:"instance" format:"uuid" doc:"The instance."`
	IDs      []ident.ID `json:"ids,omitempty" nullable:"false" maxItems:"10000" doc:"The changes."`
	All      bool       `json:"all,omitempty" doc:"All that is held now, in the place of ids."`
}

// Decided says how many changes were decided.
type Decided struct {
	Count int `json:"count" doc:"How many changes were decided."`
}

func (s *server) serveChanges() {
	serve(s, operation{
		id: "listChanges", method: http.MethodGet, path: inOrg + "/changes", tag: "Runs", summary: "List changes of all runs",
		detail: "In the order in which they were planned: the history of an object, or with open=true what waits.",
	}, s.listChanges)
	serve(s, operation{
		id: "listHeld", method: http.MethodGet, path: inOrg + "/held", tag: "Held", summary: "List what is held",
	}, s.listHeld)
	serve(s, operation{
		id: "approveHeld", method: http.MethodPost, path: inOrg + "/held/approve", tag: "Held", summary: "Approve held changes",
		detail:   "A run that starts at once applies those that are still what was approved. Give either ids or all.",
		failures: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *deciding) (*body[Decided], error) { return s.decide(ctx, in.Body, true) })
	serve(s, operation{
		id: "rejectHeld", method: http.MethodPost, path: inOrg + "/held/reject", tag: "Held", summary: "Reject held changes",
		detail:   "They are not proposed again until something changes. Give either ids or all.",
		failures: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *deciding) (*body[Decided], error) { return s.decide(ctx, in.Body, false) })
}

type deciding struct {
	InOrganization
	Body Decision
}

// ChangeFilter narrows a list of changes.
type ChangeFilter struct {
	State  []string `query:"state" enum:"planned,parked,applied,held,approved,rejected,failed,skipped,superseded,dropped,proposed" doc:"Only changes in one of these states, separated by commas."`
	Action []string `query:"action" enum:"match,create,update,deactivate,reactivate,delete,restore,release,skip,fail" doc:"Only these actions, separated by commas."`
}

// listEntries reads a page of the journal.
func (s *server) listEntries(ctx context.Context, query engine.EntryQuery, filter ChangeFilter, p Paging) (*body[List[Change]], error) {
	after, err := p.id(byEntry)
	if err != nil {
		return nil, err
	}
	query.Org, query.After, query.Limit = orgOf(ctx), after, p.Limit+1
	for _, state := range filter.State {
		query.States = append(query.States, engine.EntryState(state))
	}
	for _, action := range filter.Action {
		query.Actions = append(query.Actions, plan.Action(action))
	}
	entries, err := s.Engine.Store.ListEntries(ctx, query)
	return reply(page(p, byEntry, entries, func(e engine.Entry) string { return e.ID.String() }, changeOf)), err
}

func (s *server) listChanges(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only changes of this instance."`
	SourceID string   `query:"sourceId" maxLength:"256" doc:"Only changes of this object of the tenant."`
	ObjectID ident.ID `query:"objectId" format:"uuid" doc:"Only changes of this object of the directory."`
	Open     bool     `query:"open" doc:"Only changes that wait for something."`
	ChangeFilter
	Paging
},
) (*body[List[Change]], error) {
	query := engine.EntryQuery{Instance: in.Instance, SourceID: in.SourceID, ObjectID: in.ObjectID, Open: in.Open}
	return s.listEntries(ctx, query, in.ChangeFilter, in.Paging)
}

func (s *server) listHeld(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only what this instance holds."`
	Paging
},
) (*body[List[Change]], error) {
	query := engine.EntryQuery{Instance: in.Instance, Open: true, States: []engine.EntryState{engine.Held}}
	return s.listEntries(ctx, query, ChangeFilter{}, in.Paging)
}

// decide approves or rejects. An empty list of ids never means all.
func (s *server) decide(ctx context.Context, decision Decision, approve bool) (*body[Decided], error) {
	if decision.All == (len(decision.IDs) > 0) {
		return nil, fault.New(fault.Invalid, "BadDecision", "give either ids or all")
	}
	if slices.ContainsFunc(decision.IDs, ident.ID.IsZero) {
		return nil, fault.New(fault.Invalid, "BadDecision", "an id is empty")
	}
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), decision.Instance); err != nil {
		return nil, err
	}
	count, err := s.Engine.Decide(ctx, decision.Instance, decision.IDs, approve)
	return reply(Decided{Count: count}), err
}

func changeOf(entry engine.Entry) Change {
	change := Change{
		ID: entry.ID, InstanceID: entry.InstanceID, RunID: entry.RunID, ObjectType: "User", Action: entry.Action, State: entry.State,
		Open: entry.Open, SourceID: entry.SourceID, SourceName: entry.SourceName, ObjectID: entry.ObjectID, ObjectName: entry.ObjectName,
		Reason: entry.Reason, Before: attributesOf(entry.Before), After: attributesOf(entry.After), Link: entry.Link,
		Undoes: entry.Undoes, Attempts: entry.Attempts, FailedAt: entry.FailedAt, RetryAt: entry.RetryAt, PlannedAt: entry.PlannedAt, SettledAt: entry.SettledAt,
		DecidedBy: entry.DecidedBy,
	}
	if len(entry.After) > 0 {
		change.Summary = engine.Differences(entry.Change)
	}
	return change
}
