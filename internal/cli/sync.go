package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"rollcall/internal/api"
	"rollcall/internal/engine"
)

type syncCommand struct {
	remote
	Name   string `arg:"" help:"Name or id of the instance."`
	Full   bool   `help:"Read the whole tenant again instead of what changed, and plan everybody anew." xor:"kind"`
	DryRun bool   `help:"Plan everybody and write nothing; see then: rollcall run report." xor:"kind"`
	Wait   bool   `help:"Show the progress and wait for the end; the exit code tells the result."`
}

// Help gives an example and the meaning of the exit code.
func (syncCommand) Help() string {
	return "Example: rollcall sync Demo --full --wait\n\nWith --wait the exit code is 0 when the run succeeded and nothing is held, 3 when it failed, and 7 when it " +
		"succeeded but removals are held for approval. Single users who failed do not make a run fail; they are counted."
}

// Run starts a run.
func (c *syncCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	kind := engine.Incremental
	switch {
	case c.Full:
		kind = engine.Full
	case c.DryRun:
		kind = engine.DryRun
	}
	var run api.Run
	err = server.call(ctx, http.MethodPost, server.here("instances", instance.ID.String(), "sync"), nil, api.SyncRequest{Kind: kind}, &run)
	if err != nil {
		return err
	}
	if c.Wait {
		if run, err = server.watch(ctx, in, run.ID); err != nil {
			return interrupted(err, run)
		}
	}
	switch {
	case c.JSON:
		err = writeJSON(in.stdout, run)
	case c.Wait:
		_, err = fmt.Fprintln(in.stdout, resultText(run))
	default:
		_, err = fmt.Fprintf(in.stdout, "Run %s is %s.\n", run.ID, run.State)
	}
	if err != nil || !c.Wait {
		return err
	}
	return server.result(ctx, run)
}

// interrupted says that the run goes on without the one who waited.
func interrupted(err error, run api.Run) error {
	if errors.Is(err, context.Canceled) {
		return &outcome{exitFailed, fmt.Sprintf("no longer waiting; the run goes on. See `rollcall run show %s`", run.ID)}
	}
	return err
}

// resultText is what became of a run, on one line.
func resultText(run api.Run) string {
	text := fmt.Sprintf("Run %s %s", run.ID, run.State)
	if took := took(run); took != "" {
		text += " after " + took
	}
	if counts := doneText(run); counts != "" {
		text += ": " + counts
	}
	return text + "."
}

// result turns the end of a run into the outcome of the command.
func (c *client) result(ctx context.Context, run api.Run) error {
	if run.State != engine.Succeeded {
		reason := "the run was canceled"
		if failure := run.Failure; failure != nil {
			reason = "the run failed: " + strings.TrimRight(failure.Message, ".")
			if failure.RequestID != "" {
				reason += " (request id " + failure.RequestID + ")"
			}
			reason += ". " + failure.Remedy
		}
		return &outcome{exitRunFailed, strings.TrimSpace(reason)}
	}
	if run.Kind == engine.DryRun {
		if heldIn(run) > 0 || run.Held != "" {
			return &outcome{exitHeld, wouldHold(run)}
		}
		return nil
	}
	var instance api.Instance
	if err := c.get(ctx, c.here("instances", run.InstanceID.String()), nil, &instance); err != nil {
		return err
	}
	if held := instance.Status.Users.Held; held > 0 {
		text := counted(held, "removal is", "removals are") + " held for approval"
		if run.Held != "" {
			text += ": " + run.Held
		}
		return &outcome{exitHeld, text + ". Look at them with `rollcall held list`"}
	}
	return nil
}

// wouldHold says what a real run would hold, and why; what is held already has no reason here.
func wouldHold(run api.Run) string {
	if run.Held != "" {
		return "a real run would hold removals for approval: " + run.Held
	}
	return fmt.Sprintf("%s held for approval already and would stay so; look at them with `rollcall held list`",
		counted(heldIn(run), "removal is", "removals are"))
}
