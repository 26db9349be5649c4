package api

import (
	"context"
	"net/http"
	"slices"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// Retry has failed changes of an instance tried again now: those named, or all of them.
type Retry struct {
	Instance ident.ID   `json:"instance" format:"uuid" doc:"The instance."`
	IDs      []ident.ID `json:"ids,omitempty" nullable:"false" maxItems:"10000" doc:"The changes."`
	All      bool       `json:"all,omitempty" doc:"All that wait for another try now, in the place of ids."`
}

// Retried says how many changes are tried again, and by which run.
type Retried struct {
	Count int  `json:"count" doc:"How many changes are tried again."`
	Run   *Run `json:"run,omitempty" doc:"The run that tries them; it waits for the one before it. Absent where nothing waits."`
}

func (s *server) serveFailed() {
	serve(s, operation{
		id: "listFailed", method: http.MethodGet, path: inOrg + "/failed", tag: "Failed", summary: "List what failed and waits for another try",
		detail: "With the number of tries, the first failure, the next try and the reason. The next try is 6, 12 and 24 hours after the first failure, " +
			"then daily; and at once when the object, its mapping, the domain rule, or whoever holds the name or the object changes.",
	}, s.listFailed)
	serve(s, operation{
		id: "retryFailed", method: http.MethodPost, path: inOrg + "/failed/retry", tag: "Failed", summary: "Try failed changes again now",
		detail: "A run of the instance starts at once, also while Auto Sync is off; it does all else that is to be done as well. Give either ids or all.",
		status: http.StatusAccepted, failures: []int{http.StatusNotFound},
	}, s.retryFailed)
}

func (s *server) listFailed(ctx context.Context, in *struct {
	InOrganization
	Instance ident.ID `query:"instance" format:"uuid" doc:"Only what failed of this instance."`
	Paging
},
) (*body[List[Change]], error) {
	query := engine.EntryQuery{Instance: in.Instance, Open: true, States: []engine.EntryState{engine.EntryFailed}}
	return s.listEntries(ctx, query, ChangeFilter{}, in.Paging)
}

// retryFailed asks for another try. An empty list of ids never means all.
func (s *server) retryFailed(ctx context.Context, in *struct {
	InOrganization
	Body Retry
},
) (*created[Retried], error) {
	want := in.Body
	if want.All == (len(want.IDs) > 0) {
		return nil, fault.New(fault.Invalid, "BadRetry", "give either ids or all")
	}
	if slices.ContainsFunc(want.IDs, ident.ID.IsZero) {
		return nil, fault.New(fault.Invalid, "BadRetry", "an id is empty")
	}
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), want.Instance); err != nil {
		return nil, err
	}
	count, run, err := s.Engine.RetryNow(ctx, want.Instance, want.IDs)
	if err != nil {
		return nil, err
	}
	if count == 0 {
		return &created[Retried]{}, nil
	}
	told := s.runOf(run)
	return &created[Retried]{Location: at(ctx, "/runs/%s", run.ID), Body: Retried{Count: count, Run: &told}}, nil
}
