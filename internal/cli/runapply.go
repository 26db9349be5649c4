package cli

import (
	"context"
	"fmt"
	"net/http"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
)

type runApplyCommand struct {
	remote
	ID  string `arg:"" help:"Id of the dry run, as in run list." name:"id"`
	Yes bool   `help:"Apply it without asking." short:"y"`
}

// Help gives an example and says what happens.
func (runApplyCommand) Help() string {
	return "Example: rollcall run apply 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --yes\n\n" +
		"What the dry run showed is applied, as far as it is still what it was, also while Auto Sync is off; what changed since is left to the next run, and what the dry run " +
		"would have held is held. Nothing else is written. A dry run can be applied once, and as long as the settings of the instance stay those that it was made with. " +
		"The exit code is 0 when the run succeeded and nothing is held, 3 when it failed, and 7 when removals are held for approval."
}

// Run applies what a dry run showed.
func (c *runApplyCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("run", c.ID)
	if err != nil {
		return err
	}
	path := server.here("runs", id.String())
	var run api.Run
	if err := server.get(ctx, path, nil, &run); err != nil {
		return lookUp(err, noRun)
	}
	if run.Kind != engine.DryRun {
		return fault.New(fault.Conflict, "NoPlan", "the run %s is no dry run, and only what a dry run showed can be applied", id).
			WithRemedy("Make one: rollcall sync INSTANCE --dry-run --wait.")
	}
	switch {
	case !c.Yes && (c.JSON || !in.asksPeople()):
		return unconfirmed("nothing was applied, because nobody was asked; the dry run showed " + doneText(run))
	case !c.Yes && !in.confirm(ctx, fmt.Sprintf("The dry run of %s showed: %s. Apply exactly this?", short(run.QueuedAt), doneText(run))):
		return unconfirmed("nothing was applied")
	}
	if err := server.call(ctx, http.MethodPost, server.here("runs", id.String(), "apply"), nil, nil, &run); err != nil {
		return err
	}
	if run, err = server.watch(ctx, in, run.ID); err != nil {
		return interrupted(err, run)
	}
	if c.JSON {
		err = writeJSON(in.stdout, run)
	} else {
		_, err = fmt.Fprintln(in.stdout, resultText(run))
	}
	if err != nil {
		return err
	}
	if n := run.Counts["superseded"] + run.Groups["superseded"]; n > 0 {
		in.say("%s changed since the dry run, and is left to the next run; see `rollcall run show %s --state superseded`.", counted(n, "object was", "objects were"), run.ID)
	}
	return server.result(ctx, run)
}
