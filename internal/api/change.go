package api

import (
	"context"
	"net/http"
	"time"

	"rollcall/internal/engine"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

// Change is one planned action on one object: a line of the dry-run report, of the provisioning log, of the list of what is held.
type Change struct {
	ID         ident.ID `json:"id" format:"uuid" doc:"The change's id."`
	InstanceID ident.ID `json:"instanceId" format:"uuid" doc:"Whose change it is."`
	RunID      ident.ID `json:"runId" format:"uuid" doc:"The run that planned it, or took it over."`
	ObjectType string   `json:"objectType" enum:"User,Group,Members" doc:"What it is about: a user, a group, or who is in a group. Of Members, source and object are the group."`
	// Action is what is done to the object.
	Action plan.Action `json:"action" enum:"match,create,update,deactivate,reactivate,delete,restore,release,join,leave,skip,fail" doc:"What is done to the object."`
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
	// MemberCount counts those whom listChangeMembers names.
	MemberCount int `json:"memberCount,omitempty" doc:"How many members join or leave; listChangeMembers names them, as long as the journal holds them."`
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

// ChangeMember is somebody who joins or leaves a group by a change.
type ChangeMember struct {
	Type     string   `json:"type" enum:"User,Group" doc:"What the member is."`
	SourceID ident.ID `json:"sourceId" format:"uuid" doc:"His id in the tenant."`
	ObjectID ident.ID `json:"objectId" format:"uuid" doc:"His id in the directory."`
	Name     string   `json:"name,omitempty" doc:"What people call him in the directory, or called him last; absent if nobody knows any more."`
}

func (s *server) serveChanges() {
	serve(s, operation{
		id: "listChanges", method: http.MethodGet, path: inOrg + "/changes", tag: "Runs", summary: "List changes of all runs",
		detail: "In the order in which they were planned: the history of an object, or with open=true what waits.",
	}, s.listChanges)
	serve(s, operation{
		id: "getChange", method: http.MethodGet, path: inOrg + "/changes/{id}", tag: "Runs", summary: "Read a change",
	}, func(ctx context.Context, in *InChange) (*body[Change], error) {
		entry, err := s.Engine.Change(ctx, orgOf(ctx), in.ID)
		if err != nil {
			return nil, err
		}
		return reply(changeOf(entry)), nil
	})
	serve(s, operation{
		id: "listChangeMembers", method: http.MethodGet, path: inOrg + "/changes/{id}/members", tag: "Runs", summary: "List who joins or leaves by a change",
		detail: "In the order of their ids in the tenant. Changes of users and groups have no members.",
	}, s.listChangeMembers)
	s.serveHeld()
}

// InChange is the part of a request that names a change.
type InChange struct {
	InOrganization
	ID ident.ID `path:"id" format:"uuid" doc:"The change's id."`
}

// ChangeFilter narrows a list of changes.
type ChangeFilter struct {
	State  []string `query:"state" enum:"planned,parked,applied,held,approved,rejected,failed,skipped,superseded,dropped,proposed" doc:"Only changes in one of these states, separated by commas."`
	Action []string `query:"action" enum:"match,create,update,deactivate,reactivate,delete,restore,release,join,leave,skip,fail" doc:"Only these actions, separated by commas."`
}

// ByObjectType narrows a list of changes by what they are about.
type ByObjectType struct {
	ObjectType string `query:"objectType" enum:"User,Group,Members" doc:"Only changes of users, of groups, or of who is in a group."`
}

// objectTypes are the types of objects by their names in the API.
var objectTypes = map[string]plan.ObjectType{"User": plan.User, "Group": plan.Group, "Members": plan.Members}

// one returns the type that is asked for, nil for all.
func (t ByObjectType) one() *plan.ObjectType {
	of, named := objectTypes[t.ObjectType]
	if !named {
		return nil
	}
	return &of
}

// listEntries reads a page of the journal.
func (s *server) listEntries(ctx context.Context, query engine.EntryQuery, filter ChangeFilter, p Paging) (*body[List[Change]], error) {
	after, err := p.id(byEntry)
	if err != nil {
		return nil, err
	}
	query.Org, query.After, query.Limit, query.Bare = orgOf(ctx), after, p.Limit+1, true
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
	ByObjectType
	ChangeFilter
	Paging
},
) (*body[List[Change]], error) {
	query := engine.EntryQuery{Instance: in.Instance, SourceID: in.SourceID, ObjectID: in.ObjectID, Open: in.Open, Object: in.one()}
	return s.listEntries(ctx, query, in.ChangeFilter, in.Paging)
}

func (s *server) listChangeMembers(ctx context.Context, in *struct {
	InChange
	Paging
},
) (*body[List[ChangeMember]], error) {
	after, err := in.id(byChangeMember)
	if err != nil {
		return nil, err
	}
	members, err := s.Engine.ChangeMembers(ctx, orgOf(ctx), in.ID, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	return reply(page(in.Paging, byChangeMember, members, func(m engine.NamedMember) string { return m.Object.String() }, changeMemberOf)), nil
}

func changeMemberOf(member engine.NamedMember) ChangeMember {
	out := ChangeMember{Type: "User", SourceID: member.Source, ObjectID: member.Object, Name: member.Name}
	if member.Group {
		out.Type = "Group"
	}
	return out
}

func objectTypeOf(of plan.ObjectType) string {
	switch of {
	case plan.Group:
		return "Group"
	case plan.Members:
		return "Members"
	default:
		return "User"
	}
}

func changeOf(entry engine.Entry) Change {
	change := Change{
		ID: entry.ID, InstanceID: entry.InstanceID, RunID: entry.RunID, ObjectType: objectTypeOf(entry.Object), Action: entry.Action, State: entry.State,
		Open: entry.Open, SourceID: entry.SourceID, SourceName: entry.SourceName, ObjectID: entry.ObjectID, ObjectName: entry.ObjectName,
		Reason: entry.Reason, Before: attributesOf(entry.Before), After: attributesOf(entry.After), Link: entry.Link,
		Undoes: entry.Undoes, Attempts: entry.Attempts, FailedAt: entry.FailedAt, RetryAt: entry.RetryAt, PlannedAt: entry.PlannedAt, SettledAt: entry.SettledAt,
		DecidedBy: entry.DecidedBy,
	}
	if entry.Object == plan.Members {
		change.MemberCount = entry.MemberCount()
	}
	if len(entry.After) > 0 || change.MemberCount > 0 {
		change.Summary = engine.Differences(entry)
	}
	if entry.Scrubbed() {
		change.Reason.Text = engine.ScrubbedText
	}
	return change
}
