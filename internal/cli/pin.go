package cli

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"rollcall/internal/api"
	"rollcall/internal/fault"
	"rollcall/internal/ident"
)

type pinListCommand struct {
	remote
	Instance string `help:"Only what this instance leaves out, such as Demo." placeholder:"NAME"`
}

// Help gives an example.
func (pinListCommand) Help() string { return "Example: rollcall pin list --instance Demo" }

// Run lists pins.
func (c *pinListCommand) Run(ctx context.Context, in *invocation) error {
	server, err := c.open()
	if err != nil {
		return err
	}
	names, query, err := server.instanceNames(ctx, c.Instance)
	if err != nil {
		return err
	}
	pins, err := list[api.Pin](ctx, server, server.here("pins"), paged(query, largestPage))
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, pins)
	}
	out := newTable("ID", "INSTANCE", "WHAT", "BY", "WHEN", "WHY", "OF THE RUN")
	for _, pin := range pins {
		out.add(pin.ID.String(), names[pin.InstanceID], pinned(pin), pin.By, short(pin.At), pin.Reason, pin.UndoneID.String())
	}
	return out.write(in.stdout, in.columns(), "Nothing is pinned.")
}

// pinned says what a pin keeps.
func pinned(pin api.Pin) string {
	switch pin.ObjectType {
	case objectGroup:
		return fmt.Sprintf("group %q", pin.ObjectName)
	case objectMembers:
		return counted(pin.Members, "member", "members") + fmt.Sprintf(" of group %q", pin.ObjectName)
	default:
		return pin.ObjectName
	}
}

type pinLiftCommand struct {
	remote
	IDs      []string `arg:"" help:"Ids of the pins, as in pin list." name:"id" optional:""`
	All      bool     `help:"All pins of the instance or run that is named."`
	Instance string   `help:"With --all: what this instance leaves out, such as Demo." placeholder:"NAME"`
	RunID    string   `help:"With --all: what was pinned because this run was taken back, or by this undo." name:"run" placeholder:"ID"`
}

// Help gives examples.
func (pinLiftCommand) Help() string {
	return "Example: rollcall pin lift 01932d5e-7c1a-7b3e-9f00-3c5d8e2a4b61\n\nExample: rollcall pin lift --all --instance Demo\n\n" +
		"What Entra says of the person or group holds again, or of all pinned members of a group: at once if Auto Sync is on, else with the next run."
}

// Run lifts pins.
func (c *pinLiftCommand) Run(ctx context.Context, in *invocation) error {
	if err := c.check(); err != nil {
		return err
	}
	server, err := c.open()
	if err != nil {
		return err
	}
	var lifted int
	if c.All {
		lifted, err = c.liftAll(ctx, server)
	} else {
		lifted, err = c.liftNamed(ctx, server)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(in.stdout, map[string]int{"lifted": lifted})
	}
	_, err = fmt.Fprintf(in.stdout, "%s lifted.\n", counted(lifted, "pin was", "pins were"))
	return err
}

// check refuses what says too much or too little.
func (c *pinLiftCommand) check() error {
	narrowed := c.Instance != "" || c.RunID != ""
	switch {
	case c.All && len(c.IDs) > 0:
		return fault.New(fault.Invalid, "Usage", "too much is said: --all and ids of single pins").WithRemedy("Give either the ids or --all.")
	case c.All && !narrowed:
		return fault.New(fault.Invalid, "Usage", "it is not said of what all pins are lifted").WithRemedy("Give --instance or --run.")
	case !c.All && narrowed:
		return fault.New(fault.Invalid, "Usage", "--instance and --run go with --all only").WithRemedy("Give --all, or the ids of pins.")
	case !c.All && len(c.IDs) == 0:
		return fault.New(fault.Invalid, "Usage", "it is not said which pins").WithRemedy("Name their ids, as in `rollcall pin list`, or give --all with --instance or --run.")
	}
	return nil
}

// liftNamed lifts single pins.
func (c *pinLiftCommand) liftNamed(ctx context.Context, server *client) (int, error) {
	ids := make([]ident.ID, 0, len(c.IDs))
	for _, text := range c.IDs {
		id, err := parseID("pin", text)
		if err != nil {
			return 0, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	for _, id := range ids {
		if err := server.call(ctx, http.MethodDelete, server.here("pins", id.String()), nil, nil, nil); err != nil {
			return 0, err
		}
	}
	return len(ids), nil
}

// liftAll lifts all pins of an instance or a run together.
func (c *pinLiftCommand) liftAll(ctx context.Context, server *client) (int, error) {
	_, query, err := server.instanceNames(ctx, c.Instance)
	if err != nil {
		return 0, err
	}
	if c.RunID != "" {
		run, err := parseID("run", c.RunID)
		if err != nil {
			return 0, err
		}
		if err := server.get(ctx, server.here("runs", run.String()), nil, &api.Run{}); err != nil {
			return 0, lookUp(err, noRun)
		}
		query.Set("run", run.String())
	}
	var lifted api.Lifted
	err = server.call(ctx, http.MethodDelete, server.here("pins"), query, nil, &lifted)
	return lifted.Count, err
}
