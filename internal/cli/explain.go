package cli

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

type explainCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
	User string `arg:"" help:"Who: object id or userPrincipalName in the tenant, or name or id of a user of the directory; or a group, where nobody is known by this." name:"user"`
	Live bool   `help:"Read the person or group from the tenant now. Nothing of it is stored."`
}

// Help gives an example and the meaning of the exit code.
func (explainCommand) Help() string {
	return "Example: rollcall explain Demo anna@contoso.example --live\n\nTells whether the person is in scope and by which rule, which user of the directory it is, what a run would " +
		"write by which mapping and why not, what waits, what was written last, and which groups the person is in or is to be in. Of a group it tells what " +
		"`rollcall group explain` does. Nothing is changed. The exit code is 5 when nobody is known by the " +
		"name, and 8 when the tenant, asked with --live, did not answer."
}

// Run explains a person.
func (c *explainCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	query := url.Values{"user": {c.User}}
	if c.Live {
		query.Set("live", "true")
	}
	var x api.Explanation
	if err := server.get(ctx, server.here("instances", instance.ID.String(), "explain"), query, &x); err != nil {
		return err
	}
	if isUnknown(x) {
		group, err := server.explainGroup(ctx, instance.ID, c.User, nil, c.Live)
		if err == nil && !isUnknown(group) {
			x = group
		}
	}
	return c.explained(in, x)
}

// isUnknown reports whether nothing is known by the name.
func isUnknown(x api.Explanation) bool {
	return slices.ContainsFunc(x.Steps, func(step api.Step) bool { return step.Name == engine.ImportStep && step.Code == "Unknown" })
}

// unexplained is the outcome where there was nobody to explain.
func unexplained(x api.Explanation) error {
	for _, step := range x.Steps {
		switch {
		case step.Name == engine.ConnectStep && step.State == engine.StepFailed && x.Live:
			return &outcome{exitUnreachable, "the tenant did not answer; without --live it is told what the last run knew"}
		case step.Name == engine.ImportStep && step.Code == "Unknown" && x.Type == groupType:
			return &outcome{exitNotFound, fmt.Sprintf("no group is known as %q. Name it by object id or displayName; --live asks the tenant now", x.Who)}
		case step.Name == engine.ImportStep && step.Code == "Unknown":
			return &outcome{exitNotFound, fmt.Sprintf("nobody is known as %q. Name the person by object id, userPrincipalName or userName; --live asks the tenant now", x.Who)}
		}
	}
	return nil
}
