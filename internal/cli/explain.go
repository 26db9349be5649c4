package cli

import (
	"context"
	"fmt"
	"net/url"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

type explainCommand struct {
	remote
	Name string `arg:"" help:"Name or id of the instance."`
	User string `arg:"" help:"Who: object id or userPrincipalName in the tenant, or name or id of a user of the directory." name:"user"`
	Live bool   `help:"Read the person from the tenant now. Nothing of it is stored."`
}

// Help gives an example and the meaning of the exit code.
func (explainCommand) Help() string {
	return "Example: rollcall explain Demo anna@contoso.example --live\n\nTells whether the person is in scope and by which rule, which user of the directory it is, what a run would " +
		"write by which mapping and why not, what waits, and what was written last. Nothing is changed. The exit code is 5 when nobody is known by the " +
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
	if c.JSON {
		err = writeJSON(in.stdout, x)
	} else {
		err = writeExplanation(in, x)
	}
	if err != nil {
		return err
	}
	return unexplained(x)
}

// unexplained is the outcome where there was nobody to explain.
func unexplained(x api.Explanation) error {
	for _, step := range x.Steps {
		switch {
		case step.Name == engine.ConnectStep && step.State == engine.StepFailed && x.Live:
			return &outcome{exitUnreachable, "the tenant did not answer; without --live it is told what the last run knew"}
		case step.Name == engine.ImportStep && step.Code == "Unknown":
			return &outcome{exitNotFound, fmt.Sprintf("nobody is known as %q", x.Who)}
		}
	}
	return nil
}
