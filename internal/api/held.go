package api

import (
	"context"
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Decision approves or rejects held changes of an instance: those named, or all of them.
type Decision struct {
	Instance ident.ID   `json:"instance" format:"uuid" doc:"The instance."`
	IDs      []ident.ID `json:"ids,omitempty" nullable:"false" maxItems:"10000" doc:"The changes."`
	All      bool       `json:"all,omitempty" doc:"All that is held now, in the place of ids."`
	// Members of the one change that IDs names.
	Members []ident.ID `json:"members,omitempty" nullable:"false" maxItems:"1000" doc:"With the id of one change of members: only these, by their ids in the tenant or the directory; the others stay held."`
}

// Decided says how many changes were decided.
type Decided struct {
	Count int `json:"count" doc:"How many changes were decided."`
}

func (s *server) serveHeld() {
	serve(s, operation{
		id: "listHeld", method: http.MethodGet, path: inOrg + "/held", tag: "Held", summary: "List what is held, or was rejected",
	}, s.listHeld)
	serve(s, operation{
		id: "approveHeld", method: http.MethodPost, path: inOrg + "/held/approve", tag: "Held", summary: "Approve held changes",
		detail: "A run that starts at once applies those that are still what was approved. Give either ids or all; of one change of members also some of its members. " +
			"The id of a rejected change takes the rejection back.",
		failures: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *deciding) (*body[Decided], error) { return s.decide(ctx, in.Body, true) })
	serve(s, operation{
		id: "rejectHeld", method: http.MethodPost, path: inOrg + "/held/reject", tag: "Held", summary: "Reject held changes",
		detail:   "They are not proposed again until something changes. Give either ids or all; of one change of members also some of its members.",
		failures: []int{http.StatusNotFound},
	}, func(ctx context.Context, in *deciding) (*body[Decided], error) { return s.decide(ctx, in.Body, false) })
}

type deciding struct {
	InOrganization
	Body Decision
}

func (s *server) listHeld(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only what this instance holds."`
	Rejected bool     `query:"rejected" doc:"What was rejected and stays as it is, in the place of what is held."`
	ByObjectType
	Paging
},
) (*body[List[Change]], error) {
	state := engine.Held
	if in.Rejected {
		state = engine.Rejected
	}
	query := engine.EntryQuery{Instance: in.Instance, Open: true, States: []engine.EntryState{state}, Object: in.one()}
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
	if len(decision.Members) > 0 && len(decision.IDs) != 1 {
		return nil, fault.New(fault.Invalid, "BadDecision", "members are those of one change, and %d are named", len(decision.IDs))
	}
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), decision.Instance); err != nil {
		return nil, err
	}
	if len(decision.Members) > 0 {
		count, err := s.Engine.DecideMembers(ctx, decision.Instance, decision.IDs[0], decision.Members, approve)
		return reply(Decided{Count: count}), err
	}
	if decision.All {
		decision.IDs = nil
	}
	count, err := s.Engine.Decide(ctx, decision.Instance, decision.IDs, approve)
	return reply(Decided{Count: count}), err
}
