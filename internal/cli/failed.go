package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"rollcall/internal/api"
	"rollcall/internal/fault"
)

type failedListCommand struct {
	remote
	Instance string `help:"Only what failed of this instance, such as Demo." placeholder:"NAME"`
}

// Help gives an example.
func (failedListCommand) Help() string { return "Example: rollcall failed list --instance Demo" }

// Run lists what waits for another try.
func (c *failedListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	names, query, err := server.instanceNames(ctx, c.Instance)
	if err != nil {
		return err
	}
	changes, err := list[api.Change](ctx, server, server.here("failed"), paged(query, largestPage))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, changes)
	}
	out := newTable("ID", "INSTANCE", "ACTION", "WHO", "TRIES", "FIRST FAILED", "NEXT TRY", "REASON")
	for _, change := range changes {
		out.add(
			change.ID.String(), names[change.InstanceID], string(change.Action), who(change), strconv.Itoa(change.Attempts), short(change.FailedAt),
			short(change.RetryAt), change.Reason.Text,
		)
	}
	if err := out.write(in.stdout, in.columns(), "Nothing failed."); err != nil || len(changes) == 0 {
		return err
	}
	in.say("%d failed. Each is tried again by itself, and at once when its cause changes; now with `rollcall failed retry INSTANCE ID…`, --all means all.", len(changes))
	return nil
}

type failedRetryCommand struct {
	remote
	Name string   `arg:"" help:"Name or id of the instance."`
	IDs  []string `arg:"" help:"Ids of the changes, as in failed list." name:"id" optional:""`
	All  bool     `help:"All that failed of the instance and waits for another try."`
}

// Help gives an example.
func (failedRetryCommand) Help() string {
	return "Example: rollcall failed retry Demo --all\n\nA run of the instance tries them, also while Auto Sync is off; it does all else that is to be done as well. " +
		"One person alone: rollcall provision."
}

// Run asks for another try.
func (c *failedRetryCommand) Run(ctx context.Context, in *invocation) error {
	if c.All == (len(c.IDs) > 0) {
		return fault.New(fault.Invalid, "Usage", "it is not said which changes, or too much").
			WithRemedy("Name their ids, as in `rollcall failed list`, or give --all.")
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	instance, err := server.instance(ctx, c.Name)
	if err != nil {
		return err
	}
	retry := api.Retry{Instance: instance.ID, All: c.All}
	for _, text := range c.IDs {
		id, err := parseID("failed", text)
		if err != nil {
			return err
		}
		if !slices.Contains(retry.IDs, id) {
			retry.IDs = append(retry.IDs, id)
		}
	}
	var retried api.Retried
	if err := server.call(ctx, http.MethodPost, server.here("failed", "retry"), nil, retry, &retried); err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, retried)
	}
	if retried.Run == nil {
		_, err = fmt.Fprintln(in.stdout, "Nothing waits for another try.")
		return err
	}
	_, err = fmt.Fprintf(in.stdout, "%s tried again by the run %s.\n", counted(retried.Count, "change is", "changes are"), retried.Run.ID)
	return err
}
