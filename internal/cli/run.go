package cli

import (
	"context"
	"io"
	"net/url"
	"strconv"

	"rollcall/internal/api"
	"rollcall/internal/engine"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
	"rollcall/internal/plan"
)

type runListCommand struct {
	remote
	Instance string `help:"Only runs of this instance, such as Demo." placeholder:"NAME"`
	Limit    *int   `help:"How many runs to list at most; 0 for all. Without it 20, and with --json all." placeholder:"N"`
}

// Help gives an example.
func (runListCommand) Help() string { return "Example: rollcall run list --instance Demo --limit 5" }

// Run lists runs.
func (c *runListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	names, query, err := server.instanceNames(ctx, c.Instance)
	if err != nil {
		return err
	}
	runs, more, err := upTo[api.Run](ctx, server, server.here("runs"), query, c.atMost(c.Limit, 20))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, runs)
	}
	out := newTable("ID", "INSTANCE", "KIND", "TRIGGER", "STATE", "QUEUED", "TOOK", "COUNTS")
	for _, run := range runs {
		counts := countsText(run)
		if !run.Over() {
			counts = progressText(run, false)
		} else if run.Failure != nil {
			counts = run.Failure.Message
		}
		out.add(run.ID.String(), names[run.InstanceID], string(run.Kind), run.Trigger, string(run.State), short(run.QueuedAt), took(run), counts)
	}
	if err := out.write(in.stdout, in.columns(), "There was no run yet; start one with `rollcall sync NAME`."); err != nil {
		return err
	}
	in.sayMore(more)
	return nil
}

// instanceNames returns the names of all instances, and the query that keeps what belongs to the one that was named.
func (c *client) instanceNames(ctx context.Context, only string) (map[ident.ID]string, url.Values, error) {
	instances, err := list[api.Instance](ctx, c, c.here("instances"), nil)
	if err != nil {
		return nil, nil, err
	}
	names := map[ident.ID]string{}
	for _, instance := range instances {
		names[instance.ID] = instance.Name
	}
	query := url.Values{}
	if only != "" {
		instance, err := c.instance(ctx, only)
		if err != nil {
			return nil, nil, err
		}
		query.Set("instance", instance.ID.String())
	}
	return names, query, nil
}

// noRun is the remedy where there is no such run.
const noRun = "List them with `rollcall run list`; of scheduled runs in a row that found nothing to do only the last one is kept."

type runShowCommand struct {
	remote
	ID     string `arg:"" help:"Id of the run, as in run list." name:"id"`
	State  string `help:"Only changes in this state, such as failed." placeholder:"STATE"`
	Action string `help:"Only changes with this action, such as deactivate." placeholder:"ACTION"`
	Type   string `help:"Only changes of users, of groups, or of who is in a group: User, Group or Members." enum:"User,Group,Members," default:""`
	Limit  *int   `help:"How many changes to show at most; 0 for all. Without it 100, and with --json all." placeholder:"N"`
}

// Help gives an example.
func (runShowCommand) Help() string {
	return "Example: rollcall run show 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61 --state failed"
}

// Run shows a run.
func (c *runShowCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	id, err := parseID("run", c.ID)
	if err != nil {
		return err
	}
	var run api.Run
	if err := server.get(ctx, server.here("runs", id.String()), nil, &run); err != nil {
		return lookUp(err, noRun)
	}
	query := url.Values{}
	if c.State != "" {
		query.Set("state", c.State)
	}
	if c.Type != "" {
		query.Set("objectType", c.Type)
	}
	switch {
	case c.Action != "":
		query.Set("action", c.Action)
	case run.Kind.Dry() && run.Kind != engine.ReconcileReport && !c.JSON: // whoever looks at a dry run wants to see what would be done
		query.Set("action", "create,update,deactivate,reactivate,delete,restore,release,join,leave,skip,fail")
	}
	changes, more, err := upTo[api.Change](ctx, server, server.here("runs", id.String(), "changes"), query, c.atMost(c.Limit, 100))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, struct {
			api.Run
			Changes []api.Change `json:"changes"`
		}{run, changes})
	}
	names, _, err := server.instanceNames(ctx, "")
	if err != nil {
		return err
	}
	instance := run.InstanceID.String() // of one that was deleted
	if name := names[run.InstanceID]; name != "" {
		instance = name
	}
	return c.write(in, run, instance, changes, more)
}

func (c *runShowCommand) write(in *invocation, run api.Run, instance string, changes []api.Change, more bool) error {
	failure := ""
	if run.Failure != nil {
		failure = run.Failure.Message + ". " + run.Failure.Remedy
		if run.Failure.RequestID != "" {
			failure += " (request id " + run.Failure.RequestID + ")"
		}
	}
	by := run.Trigger
	if run.RequestedBy != "" {
		by += ", " + run.RequestedBy
	}
	state := string(run.State)
	if !run.Over() {
		state += ", " + progressText(run, false)
	}
	err := facts(
		in.stdout, "Run", run.ID.String(), "Instance", instance, "Kind", string(run.Kind), "Started by", by, "State", state, "Failure", failure,
		"Queued", short(run.QueuedAt), "Started", short(run.StartedAt), "Ended", short(run.EndedAt), "Took", took(run),
		"Counts", doneText(run), "Held", run.Held, "Configuration", "version "+strconv.FormatInt(run.ConfigVersion, 10),
	)
	if err != nil {
		return err
	}
	out := changeTable(changes)
	if _, err := io.WriteString(in.stdout, "\n"); err != nil {
		return err
	}
	empty := "No changes."
	if matched := run.Counts[string(plan.Match)]; matched > 0 && c.Action == "" && (c.Type == "" || c.Type == "User") {
		in.say("Not shown: %d who are linked already and unchanged; --action match shows them.", matched)
		empty = "Nothing else."
	}
	if err := out.write(in.stdout, in.columns(), empty); err != nil || !more {
		return err
	}
	in.say("There are more: --limit 0 shows all, rollcall run report writes them as CSV.")
	return nil
}

// changeTable lists changes with what they do.
func changeTable(changes []api.Change) *table {
	out := newTable("ACTION", "STATE", "WHO", "REASON", "CHANGES")
	for _, change := range changes {
		out.add(string(change.Action), string(change.State), who(change), change.Reason.Text, change.Summary)
	}
	return out
}

func parseID(what, text string) (ident.ID, error) {
	id, err := ident.Parse(text)
	if err != nil {
		thing := what
		if what == "held" || what == "failed" {
			thing = what + " change"
		}
		return id, fault.New(fault.Invalid, "BadID", "%q is not the id of a %s", text, thing).WithRemedy("List them with `rollcall %s list`.", what)
	}
	return id, nil
}
