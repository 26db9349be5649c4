package api

import (
	"context"
	"net/http"

	"rollcall/internal/engine"
)

// ProvisionRequest names the people to provision.
type ProvisionRequest struct {
	Users []string `json:"users" nullable:"false" minItems:"1" maxItems:"25" doc:"Object ids, userPrincipalNames, or names or ids of users of the directory."`
}

func (s *server) serveExplain() {
	serve(s, operation{
		id: "explainUser", method: http.MethodGet, path: inOrg + "/instances/{id}/explain", tag: "Instances", summary: "Explain what is made of a person",
		detail: "For any person of the tenant: in scope or not and by which rule, which user of the directory, what would be written by which mapping and " +
			"why not, what waits, and what was written last. Nothing is changed. A person whom nobody knows is no error: the step import says so.",
	}, s.explainUser)
	serve(s, operation{
		id: "provisionUsers", method: http.MethodPost, path: inOrg + "/instances/{id}/provision", tag: "Instances", summary: "Provision people on demand",
		detail: "The answer is a run, which waits for its turn, reads these people from the tenant, and does for them, and for nobody else, what any run " +
			"would do: also while Auto Sync is off, in quarantine, and before the tenant was read for the first time. What became of each says " +
			"listRunResults. The guard holds nothing of it, and counts it in the removals of 24 hours.",
		status: http.StatusAccepted,
	}, s.provisionUsers)
	serve(s, operation{
		id: "listRunResults", method: http.MethodGet, path: inOrg + "/runs/{id}/results", tag: "Runs", summary: "List what a run on demand did for each person",
		detail: "In the order in which they were asked for; without an outcome while the run is under way. Kept as long as the changes of runs.",
	}, s.listRunResults)
}

func (s *server) explainUser(ctx context.Context, in *struct {
	InInstance
	User string `query:"user" required:"true" minLength:"1" maxLength:"1024" doc:"Object id, userPrincipalName, or name or id of a user of the directory."`
	Live bool   `query:"live" doc:"Read the person from the tenant now, without storing what it says. Without it, it is what the mirror of the tenant holds."`
},
) (*body[Explanation], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	x, err := s.Engine.Explain(ctx, instance, in.User, in.Live)
	return reply(explanationOf(x)), err
}

func (s *server) provisionUsers(ctx context.Context, in *struct {
	InInstance
	Body ProvisionRequest
},
) (*created[Run], error) {
	if _, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID); err != nil {
		return nil, err
	}
	run, err := s.Engine.Provision(ctx, in.ID, in.Body.Users)
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) listRunResults(ctx context.Context, in *InRun) (*body[List[Explanation]], error) {
	run, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	results, err := s.Engine.Results(ctx, run)
	return reply(List[Explanation]{Items: each(results, func(r engine.Result) Explanation { return explanationOf(r.Explanation) })}), err
}
