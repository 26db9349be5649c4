package api

import (
	"context"
	"net/http"

	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

// ProvisionRequest names the people to provision, or a group and some of its members.
type ProvisionRequest struct {
	Users   []string `json:"users,omitempty" nullable:"false" minItems:"1" maxItems:"25" doc:"People: object ids, userPrincipalNames, or names or ids of users of the directory. Not together with group."`
	Group   string   `json:"group,omitempty" minLength:"1" maxLength:"1024" doc:"A group instead: object id, a name that only one group has, or the id of a group of the directory."`
	Members []string `json:"members,omitempty" nullable:"false" maxItems:"25" doc:"People whose memberships of the group are provisioned, and who are provisioned before; nobody else's membership is looked at."`
}

func (s *server) serveExplain() {
	serve(s, operation{
		id: "explainUser", method: http.MethodGet, path: inOrg + "/instances/{id}/explain", tag: "Instances", summary: "Explain what is made of a person",
		detail: "For any person of the tenant: in scope or not and by which rule, which user of the directory, what would be written by which mapping and " +
			"why not, what waits, what was written last, and what is made of the memberships of the groups that the instance keeps. Nothing is changed. A " +
			"person whom nobody knows is no error: the step import says so.",
	}, s.explainUser)
	serve(s, operation{
		id: "explainGroup", method: http.MethodGet, path: inOrg + "/instances/{id}/explain-group", tag: "Instances", summary: "Explain what is made of a group",
		detail: "For any group of the tenant: whether the instance keeps it and how a selection reaches it, which group of the directory it is, what would be " +
			"written, who would join or leave, who is awaited and why. Of members by name only those who are asked for are told. Nothing is changed. A group " +
			"that nobody knows is no error: the step import says so.",
	}, s.explainGroup)
	serve(s, operation{
		id: "provisionUsers", method: http.MethodPost, path: inOrg + "/instances/{id}/provision", tag: "Instances", summary: "Provision people, or a group with chosen members, on demand",
		detail: "The answer is a run, which waits for its turn, reads these people from the tenant, and does for them, and for nobody else, what any run " +
			"would do, and in the groups that the instance keeps. With a group it reads this group, and who of the members is in it, provisions the members, " +
			"then the group, then exactly these memberships. Both work also while Auto Sync is off, in quarantine, and before the tenant was read for the first time. What became of each says " +
			"listRunResults. The guard holds nothing of it, and counts it in the removals of 24 hours.",
		status: http.StatusAccepted,
	}, s.provisionUsers)
	serve(s, operation{
		id: "listRunResults", method: http.MethodGet, path: inOrg + "/runs/{id}/results", tag: "Runs", summary: "List what a run on demand did for each person or group",
		detail: "In the order in which they were asked for, the group first; without an outcome while the run is under way. Kept as long as the changes of runs.",
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

func (s *server) explainGroup(ctx context.Context, in *struct {
	InInstance
	Group   string   `query:"group" required:"true" minLength:"1" maxLength:"1024" doc:"Object id, a name that only one group has, or the id of a group of the directory."`
	Members []string `query:"member,explode" maxItems:"25" doc:"People, or object ids of groups, each of whose membership is explained."`
	Live    bool     `query:"live" doc:"Read the group, and whether these people are in it, from the tenant now, without storing what it says."`
},
) (*body[Explanation], error) {
	instance, err := s.Engine.Instance(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	x, err := s.Engine.ExplainGroup(ctx, instance, in.Group, in.Members, in.Live)
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
	run, err := s.provision(ctx, in.ID, in.Body)
	return &created[Run]{Location: at(ctx, "/runs/%s", run.ID), Body: s.runOf(run)}, err
}

func (s *server) provision(ctx context.Context, instance ident.ID, asked ProvisionRequest) (engine.Run, error) {
	switch {
	case asked.Group != "" && len(asked.Users) > 0:
		return engine.Run{}, fault.New(fault.Invalid, "Both", "users and a group are named").
			WithRemedy("Name either users, or a group with members.")
	case asked.Group == "" && len(asked.Members) > 0:
		return engine.Run{}, fault.New(fault.Invalid, "Missing", "members are named and no group").WithRemedy("Name the group as well.")
	case asked.Group != "":
		return s.Engine.ProvisionGroup(ctx, instance, asked.Group, asked.Members)
	}
	return s.Engine.Provision(ctx, instance, asked.Users)
}

func (s *server) listRunResults(ctx context.Context, in *InRun) (*body[List[Explanation]], error) {
	run, err := s.Engine.GetRun(ctx, orgOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	results, err := s.Engine.Results(ctx, run)
	return reply(List[Explanation]{Items: each(results, func(r engine.Result) Explanation { return explanationOf(r.Explanation) })}), err
}
