package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type provisionCommand struct {
	remote
	Name   string   `arg:"" help:"Name or id of the instance."`
	Users  []string `arg:"" optional:"" help:"Who, at most 25: object ids or userPrincipalNames in the tenant, or names or ids of users of the directory." name:"user"`
	Group  *string  `help:"A group instead: object id in the tenant, displayName if only one group has it, or id of a group of the directory." placeholder:"GROUP"`
	Member []string `help:"With --group: whose membership of it is provisioned, and who is provisioned before. May be given several times, at most 25." sep:"none" placeholder:"WHO"`
}

// Help gives an example and the meaning of the exit code.
func (provisionCommand) Help() string {
	return "Example: rollcall provision Demo anna@contoso.example\n\nReads these people from the tenant and does for them, and for nobody else, what any run would do: also while Auto Sync is off, " +
		"in quarantine, and before the tenant was read for the first time. Removals of people who are named are not held for approval, but counted. " +
		"With --group it does so for the members who are named, then for the group, then for exactly these memberships: " +
		"rollcall provision Demo --group Sales --member anna@contoso.example. " +
		"The command waits; its exit code is 0 when everybody was provisioned or skipped, 1 when somebody failed, and 3 when the run failed."
}

// Run provisions people on demand.
func (c *provisionCommand) Run(ctx context.Context, in *invocation) error {
	asked, err := c.asked()
	if err != nil {
		return err
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	var run api.Run
	err = server.call(ctx, http.MethodPost, server.here("instances", instance.ID.String(), "provision"), nil, asked, &run)
	if err != nil {
		return err
	}
	if run, err = server.watch(ctx, in, run.ID); err != nil {
		return interrupted(err, run)
	}
	var results api.List[api.Explanation]
	if err := server.get(ctx, server.here("runs", run.ID.String(), "results"), nil, &results); err != nil {
		return err
	}
	if c.JSON {
		err = writeJSON(in.stdout, struct {
			api.Run
			Results []api.Explanation `json:"results"`
		}{run, results.Items})
	} else {
		err = writeResults(in, results.Items)
	}
	if err != nil {
		return err
	}
	return c.result(run, results.Items)
}

// asked is what the arguments ask for.
func (c *provisionCommand) asked() (api.ProvisionRequest, error) {
	asked := api.ProvisionRequest{Users: c.Users, Members: c.Member}
	for _, who := range slices.Concat(c.Users, c.Member) {
		if strings.TrimSpace(who) == "" {
			return asked, fault.New(fault.Invalid, "EmptyArgument", "say who: an argument <user> or --member is empty").
				WithRemedy("It is an object id or userPrincipalName in the tenant, or name or id of a user of the directory.")
		}
	}
	switch {
	case c.Group != nil && strings.TrimSpace(*c.Group) == "":
		return asked, fault.New(fault.Invalid, "EmptyArgument", "say which group: --group is empty").
			WithRemedy("It is an object id in the tenant, a displayName, or the id of a group of the directory.")
	case c.Group != nil && len(c.Users) > 0:
		return asked, fault.New(fault.Invalid, "Both", "people and a group are named").WithRemedy("Name members of the group with --member.")
	case c.Group != nil:
		asked.Group = *c.Group
	case len(c.Member) > 0:
		return asked, fault.New(fault.Invalid, "NoGroup", "--member says whose membership, and no group is named").WithRemedy("Give --group as well.")
	case len(c.Users) == 0:
		return asked, fault.New(fault.Invalid, "Nobody", "nobody is named").WithRemedy("Name people, or a group with --group.")
	}
	return asked, nil
}

func writeResults(in *invocation, results []api.Explanation) error {
	for i, x := range results {
		if i > 0 {
			if _, err := fmt.Fprintln(in.stdout); err != nil {
				return err
			}
		}
		if err := writeResult(in, x); err != nil {
			return err
		}
	}
	return nil
}

// result turns the end of the run into the outcome of the command.
func (c *provisionCommand) result(run api.Run, results []api.Explanation) error {
	if run.State != engine.Succeeded {
		text := "the run was canceled"
		if run.Failure != nil {
			text = "the run failed: " + strings.TrimRight(run.Failure.Message, ".") + ". " + run.Failure.Remedy
		}
		return &outcome{exitRunFailed, strings.TrimSpace(text)}
	}
	var failed []string
	for _, x := range results {
		if x.Outcome == engine.OutcomeFailed {
			failed = append(failed, x.Who)
		}
	}
	if failed == nil {
		return nil
	}
	return &outcome{exitFailed, fmt.Sprintf("%d of %d could not be provisioned: %s; re-try with the same command", len(failed), len(results), strings.Join(failed, ", "))}
}
